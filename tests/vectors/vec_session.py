"""Handshakes between bridges: with the C proxy's bytes, with ours, with keys right and wrong."""

import entropy  # noqa: F401

from opentracker.livesync.frames import BadStream, frames_of
from opentracker.livesync.session import Session

REST = b"bcdefghijklmnopqrst"
HASH = b"a" + REST
PEER = b"\x7f\0\0\1\x1a\xe1\x80"
PEER_V6 = b"\x20\1\x0d\xb8" + bytes(11) + b"\1\x1a\xe1\x40"
FRAME, _ = frames_of(97, [(REST, PEER)])
_, FRAME_V6 = frames_of(97, [(REST, PEER_V6)])
HELLO = b"\0\1\0\0"
KEY = "correct-horse-battery"


def nobody(peer_id):
    """Has no other connection."""


def taken(peer_id):
    raise BadStream("connected already")


def pair(key=None, other_key=None):
    caller = Session(b"AAAA", True, nobody, key, b"n" * 16 if key else b"")
    called = Session(b"BBBB", False, nobody, other_key, b"m" * 16 if other_key else b"")
    return caller, called


def said(session):
    unsent, session.unsent = session.unsent, b""
    return unsent


def exchange(caller, called):
    """Lets both say what they have to say; returns what went each way."""
    ways = [b"", b""]
    while caller.unsent or called.unsent:
        for way, (sender, receiver) in enumerate(((caller, called), (called, caller))):
            data = said(sender)
            ways[way] += data
            assert list(receiver.records(data)) == []
    return ways


def error_of(session, data):
    try:
        list(session.records(data))
    except BadStream as error:
        return str(error)
    return None


def test_the_c_proxy_is_called():
    """It answers 4 bytes with 4 bytes, and reads the hello between as an empty frame."""
    caller, _ = pair()
    assert said(caller) == b"AAAA" + HELLO
    assert not caller.is_up
    assert list(caller.records(b"CC")) == [] and not caller.is_up
    assert list(caller.records(b"CC" + FRAME)) == [(HASH, PEER)]
    assert caller.is_up and caller.peer_id == b"CCCC"
    assert not caller.knows_hello and not caller.reads_v6
    caller.send(FRAME)
    assert said(caller) == FRAME


def test_the_c_proxy_calls():
    _, called = pair()
    assert said(called) == b""
    assert list(called.records(b"CCCC" + FRAME)) == [(HASH, PEER)]
    assert called.is_up and not called.reads_v6
    assert said(called) == b"BBBB", "not a byte that the C proxy does not expect"


def test_two_of_ours_know_each_other():
    caller, called = pair()
    assert exchange(caller, called) == [b"AAAA" + HELLO, b"BBBB" + HELLO]
    for one, other in ((caller, called), (called, caller)):
        assert one.is_up and one.reads_v6 and one.peer_id == other._own_id
        one.send(FRAME + FRAME_V6)
        assert list(other.records(said(one))) == [(HASH, PEER), (HASH, PEER_V6)]


def test_bytes_may_come_one_by_one():
    for key in (None, KEY):
        caller, called = pair(key, key)
        records = []
        for _ in range(3):
            for sender, receiver in ((caller, called), (called, caller)):
                for byte in said(sender):
                    assert list(receiver.records(bytes((byte,)))) == []
        caller.send(FRAME)
        for byte in said(caller):
            records += called.records(bytes((byte,)))
        assert records == [(HASH, PEER)]


def test_who_is_turned_down_hears_nothing():
    called = Session(b"BBBB", False, taken)
    assert error_of(called, b"AAAA") == "connected already"
    assert called.unsent == b"" and not called.is_up
    assert error_of(Session(b"BBBB", False, nobody), b"BBBB") == "this bridge has reached itself"
    caller = Session(b"AAAA", True, taken)
    assert error_of(caller, b"BBBB") == "connected already"


def test_a_key_signs_both_ways():
    caller, called = pair(KEY, KEY)
    there, back = exchange(caller, called)
    assert there.startswith(b"AAAA\0\3\0\0" + b"n" * 16)
    assert back.startswith(b"BBBB\0\3\0\0" + b"m" * 16)
    for one, other in ((caller, called), (called, caller)):
        assert one.is_up and one.reads_v6
        for _ in range(2):
            one.send(FRAME)
            sealed = said(one)
            assert len(sealed) == 2 + len(FRAME) + 24
            assert list(other.records(sealed)) == [(HASH, PEER)]


def test_without_the_same_key_nobody_is_heard():
    another = "another-horse"
    caller, called = pair(KEY, another)
    assert list(called.records(said(caller))) == []
    answer = said(called)
    assert error_of(caller, answer) == "the other side has another livesync.cluster.key"
    assert not caller.is_up and not called.is_up
    caller, called = pair(KEY, None)
    wrong = "the other side has a livesync.cluster.key, this one has none"
    assert error_of(called, said(caller)) == wrong
    caller, called = pair(None, KEY)
    assert error_of(called, said(caller)) is None, "a greeting could still be whole"
    wrong = "the other side has no livesync.cluster.key"
    assert error_of(called, bytes(16)) == wrong


def test_what_was_signed_can_not_be_changed_repeated_or_sent_back():
    changed = "the other side has another livesync.cluster.key"
    for spoil in (
        lambda sealed: sealed + sealed,
        lambda sealed: sealed[:5] + b"!" + sealed[6:],
        lambda sealed: b"\0\x20" + sealed[2:],
    ):
        caller, called = pair(KEY, KEY)
        exchange(caller, called)
        caller.send(FRAME)
        assert error_of(called, spoil(said(caller))) == changed
    caller, called = pair(KEY, KEY)
    exchange(caller, called)
    caller.send(FRAME)
    assert error_of(caller, said(caller)) == changed
    # The same bytes as in another connection, whose other side had another nonce.
    caller, called = pair(KEY, KEY)
    recorded = said(caller)
    list(called.records(recorded))
    list(caller.records(said(called)))
    recorded += said(caller)
    anew = Session(b"BBBB", False, nobody, KEY, b"k" * 16)
    assert error_of(anew, recorded) == changed
    assert not anew.is_up


def test_chunks_have_bounds():
    for size in (0, 31, 16385, 65535):
        caller, called = pair(KEY, KEY)
        exchange(caller, called)
        assert error_of(caller, bytes((size >> 8, size & 255, 0))) == "chunk of %d bytes" % size


def test_the_key_is_proved_before_others_are_turned_down():
    called = Session(b"BBBB", False, taken, KEY, b"m" * 16)
    caller, _ = pair(KEY)
    assert error_of(called, said(caller)) is None
    list(caller.records(said(called)))
    assert error_of(called, said(caller)) == "connected already"
