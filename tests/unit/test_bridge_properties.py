"""The stream between bridges against any bytes, and against what was written."""

from hypothesis import example, given
from hypothesis import strategies as st

from opentracker.livesync.frames import READS_V6, BadStream, FrameReader, frames_of, hello
from opentracker.livesync.session import Session

FIRSTS = st.integers(0, 255)
RESTS = st.binary(min_size=18, max_size=18).flatmap(
    lambda rest: st.sampled_from([rest + b"a", rest + b"b", b"c" * 19])
)
V4 = st.binary(min_size=7, max_size=7)
V6 = st.binary(min_size=19, max_size=19)
RECORDS = st.lists(st.tuples(RESTS, st.one_of(V4, V6)), max_size=40)
CUTS = st.lists(st.integers(1, 40), max_size=40)
KEYS = st.sampled_from([None, "correct-horse-battery"])


def pieces(stream, cuts):
    """A stream cut into pieces of some sizes, the rest as the last."""
    cut = []
    for size in cuts:
        cut.append(stream[:size])
        stream = stream[size:]
    return [*cut, stream]


def by_torrent(records):
    """{(info_hash, length of a record): records in their order}"""
    found = {}
    for info_hash, record in records:
        found.setdefault((info_hash, len(record)), []).append(record)
    return found


@given(st.lists(st.tuples(FIRSTS, RECORDS), max_size=4), CUTS)
def test_what_is_written_is_read(buckets, cuts):
    stream, expected = hello(READS_V6), []
    for first, records in buckets:
        stream += b"".join(frames_of(first, records))
        expected += [(bytes([first]) + rest, record) for rest, record in records]
    reader = FrameReader()
    read = [each for piece in pieces(stream, cuts) for each in reader.records(piece)]
    assert by_torrent(read) == by_torrent(expected)
    assert reader._unread == b""


def c_frames(first, torrents):
    """What the C proxy writes of {19 bytes: list of peers}, empty frames included."""
    by_count = {1: [], 2: [], 0: []}
    for rest, peers in torrents.items():
        by_count[len(peers) if len(peers) < 3 else 0].append((rest, peers))
    counted = list(by_count[0])
    stream = b""
    for kind in (1, 2):
        if len(by_count[kind]) > 4 or not counted:
            stream += bytes([kind, first]) + len(by_count[kind]).to_bytes(2, "big")
            stream += b"".join(rest + b"".join(peers) for rest, peers in by_count[kind])
        else:
            counted += by_count[kind]
    if counted:
        stream += bytes([0, first]) + len(counted).to_bytes(2, "big")
        for rest, peers in counted:
            number, digits = len(peers), []
            while number:
                digits.append(number if number <= 0x7F else 0x80 | number & 0x7F)
                number >>= 7
            stream += rest + bytes(digits) + b"".join(peers)
    return stream


@given(FIRSTS, st.dictionaries(RESTS, st.lists(V4, min_size=1, max_size=300), max_size=8), CUTS)
@example(0, {b"c" * 19: [b"1234567"] * 2}, [])
def test_what_the_c_proxy_writes_is_read(first, torrents, cuts):
    reader = FrameReader()
    stream = c_frames(first, torrents)
    read = [each for piece in pieces(stream, cuts) for each in reader.records(piece)]
    head = bytes([first])
    expected = [(head + rest, peer) for rest, peers in torrents.items() for peer in peers]
    assert by_torrent(read) == by_torrent(expected)
    assert reader.abilities is None


@given(st.binary(max_size=400), CUTS, st.booleans())
def test_any_stream_is_read_or_refused_and_little_of_it_kept(stream, cuts, reads_v6):
    reader = FrameReader()
    if reads_v6:
        assert list(reader.records(hello(READS_V6))) == []
    try:
        for piece in pieces(stream, cuts):
            for info_hash, record in reader.records(piece):
                assert len(info_hash) == 20 and len(record) in (7, 19)
            assert len(reader._unread) < 24
    except BadStream as error:
        assert str(error)


@given(st.binary(max_size=400), CUTS, st.booleans(), KEYS)
def test_any_stream_ends_a_session_or_is_read(stream, cuts, calls, key):
    session = Session(b"AAAA", calls, lambda peer_id: None, key, b"n" * 16 if key else b"")
    try:
        for piece in pieces(stream, cuts):
            for _ in session.records(piece):
                assert session.is_up
    except BadStream as error:
        assert str(error)
    if key:
        assert not session.is_up


@given(KEYS, CUTS, CUTS, st.tuples(FIRSTS, RECORDS.filter(len)))
def test_sessions_meet_however_their_bytes_arrive(key, cuts, other_cuts, bucket):
    nonces = (b"n" * 16, b"m" * 16) if key else (b"", b"")
    caller = Session(b"AAAA", True, lambda peer_id: None, key, nonces[0])
    called = Session(b"BBBB", False, lambda peer_id: None, key, nonces[1])
    for _ in range(3):
        for sender, receiver, sizes in ((caller, called, cuts), (called, caller, other_cuts)):
            said, sender.unsent = sender.unsent, b""
            for piece in pieces(said, sizes):
                assert list(receiver.records(piece)) == []
    assert caller.is_up and called.is_up and caller.reads_v6 and called.reads_v6
    first, records = bucket
    caller.send(b"".join(frames_of(first, records)))
    read = [each for piece in pieces(caller.unsent, cuts) for each in called.records(piece)]
    expected = [(bytes([first]) + rest, record) for rest, record in records]
    assert by_torrent(read) == by_torrent(expected)
