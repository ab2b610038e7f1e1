"""Live sync: the bytes of its packets, the shared key, and who is known to be alive."""

import entropy  # noqa: F401

from opentracker.livesync import packets
from opentracker.livesync.packets import Outbox, peers, type_of
from opentracker.livesync.seal import Acquaintances, Seal

ID = b"\x79\xfd\x71\x0b"
HASH = b"0123456789abcdefghij"
PEER = b"\x7f\0\0\1\x1a\xe1"
HEAD_V4 = ID + b"\0\0\0\0"
HEAD_V6 = ID + b"\0\0\0\1"
V6_PEER = b"\x20\x01\x0d\xb8" + b"\0" * 11 + b"\1\x1a\xe1"


# Packets


def packet_of(outbox, records):
    for record in records:
        assert not outbox.add(*record)
    return outbox.take()


def test_records_are_the_c_trackers():
    """A packet that a C tracker of 2021 sent: two peers, one seeding, and one that stopped."""
    records = [
        (HASH, PEER, packets.SEEDING),
        (HASH, PEER[:5] + b"\xe2", 0),
        (HASH, PEER[:5] + b"\xe2", packets.STOPPED),
    ]
    sent = HEAD_V4 + HASH + b"\x7f\0\0\1\x1a\xe1\x80\0" + HASH + b"\x7f\0\0\1\x1a\xe2\0\0"
    sent += HASH + b"\x7f\0\0\1\x1a\xe2\x20\0"
    assert packet_of(Outbox(ID, 6), records) == sent
    assert type_of(sent, len(sent)) == packets.PEERS_V4
    assert packets.sender_of(sent) == ID
    assert list(peers(sent, len(sent), 6)) == records


def test_records_of_ipv6():
    sent = packet_of(Outbox(ID, 18), [(HASH, V6_PEER, packets.SEEDING | packets.COMPLETED)])
    assert sent == HEAD_V6 + HASH + V6_PEER + b"\xc0\0"
    assert len(sent) == 48 and type_of(sent, len(sent)) == packets.PEERS_V6
    assert list(peers(sent, 48, 18)) == [(HASH, V6_PEER, 0xC0)]


def test_a_packet_is_full_where_the_c_trackers_is():
    """And with a key where the tail has room left of 1,472 bytes."""
    for width, aside, most, size in (
        (6, 0, 52, 1464),
        (18, 0, 36, 1448),
        (6, 24, 51, 1436),
        (18, 24, 36, 1448),
    ):
        outbox = Outbox(ID, width, aside)
        assert not outbox.waits()
        for number in range(most - 1):
            assert not outbox.add(HASH, b"\1" * width, 0), number
            assert outbox.waits()
        assert outbox.add(HASH, b"\2" * width, 0)
        packet = outbox.take()
        assert len(packet) == size and size + aside <= 1472
        assert not outbox.waits() and len(outbox.take()) == 8


def test_what_is_no_whole_record_means_nothing():
    for width, head in ((6, HEAD_V4), (18, HEAD_V6)):
        record = HASH + b"\1" * width + b"\x80\x07"
        for count in (0, 1, 2, 52):
            for rest in (0, 1, 24, len(record) - 1):
                packet = head + record * count + b"\xff" * rest
                # In a buffer that held more before.
                buffer = bytearray(packet + record)
                found = list(peers(buffer, len(packet), width))
                assert found == [(HASH, b"\1" * width, 0x80)] * count, (width, count, rest)


def test_types():
    for packet, kind in (
        (b"", -1),
        (HEAD_V4, -1),
        (HEAD_V4 + b"x", 0),
        (ID + b"\0\0\0\x03x", 3),
        (ID + b"\0\0\0\xffx", 255),
        (ID + b"\0\0\1\0x", -1),
        (ID + b"\0\1\0\0x", -1),
        (ID + b"\x80\0\0\0x", -1),
    ):
        assert type_of(packet, len(packet)) == kind, packet


def test_mapped_addresses_are_of_ipv4():
    mapped = b"\0" * 10 + b"\xff\xff" + PEER
    packet = HEAD_V4 + HASH + mapped + b"\0\0" + HASH + V6_PEER + b"\x20\0"
    assert list(peers(packet, len(packet), 18)) == [(HASH, PEER, 0), (HASH, V6_PEER, 0x20)]


def test_beacon_inquire_and_tell():
    beacon = packets.beacon(ID, 0x0102030405060708)
    assert beacon == HEAD_V6 + b"\1\2\3\4\5\6\7\x08"
    assert packets.is_beacon(beacon, 16) and packets.beacon_torrents(beacon) == 0x0102030405060708
    assert not list(peers(beacon, 16, 18))
    assert not packets.is_beacon(HEAD_V6 + b"\0" * 40, 48)
    inquire = packets.inquire(ID, b"abcd")
    assert inquire == ID + b"\0\0\0\2abcd"
    assert packets.inquire_asked(inquire, 12) == b"abcd"
    assert packets.inquire_asked(inquire, 11) == b""
    tell = packets.tell(ID, [(HASH, 7, 3), (HASH, 0, 1 << 33)])
    assert tell[:40] == ID + b"\0\0\0\3" + HASH + b"\0\0\0\7" + b"\0\0\0\0\0\0\0\3"
    assert tell[60:] == b"\0\0\0\0" + b"\0\0\0\2\0\0\0\0"
    assert list(packets.told(tell + b"rest", len(tell) + 4)) == [
        (HASH, 7, 3),
        (HASH, 0, 0xFFFFFFFF),
    ]
    assert len(packets.tell(ID, [(HASH, 0, 1)] * packets.MOST_TOLD)) + 24 <= 1472


# The key


def test_the_tail_is_a_count_and_an_hmac():
    """The HMACs are those that CPython's hmac module gives."""
    packet = b"\1\2\3\4\0\0\0\0some records"
    for key, mac in (
        (b"Jefe", b"\x3e\x3e\xec\x4a\x08\x29\xe5\xf2\xb7\x0d\xec\x33\xce\xa4\x43\x54"),
        (b"k" * 64, b"\x62\xdc\x70\x1f\x79\x21\x18\x4b\x3c\x90\xe6\xa5\xa5\x6e\x8e\x29"),
        (b"\xaa" * 131, b"\xe0\x84\x61\x70\x3c\xbf\xeb\x80\x64\x7e\x20\xf9\xb1\xaa\xc3\x5d"),
    ):
        seal = Seal(key)
        assert seal.seal(packet) == packet + b"\0\0\0\0\0\0\0\1" + mac
        assert seal.seal(packet)[: len(packet) + 8] == packet + b"\0\0\0\0\0\0\0\2"


def test_any_other_tail_is_refused():
    ours, theirs = Seal(b"a key of ours"), Seal(b"a key of others")
    sealed = ours.seal(HEAD_V4 + HASH + PEER + b"\x80\0")
    assert ours.count_of(sealed, len(sealed)) == 1
    assert ours.count_of(bytearray(sealed + b"more"), len(sealed)) == 1
    assert theirs.count_of(sealed, len(sealed)) == -1
    for index in range(len(sealed)):
        forged = bytearray(sealed)
        forged[index] ^= 1 << index % 8
        assert ours.count_of(forged, len(forged)) == -1, index
    for size in range(len(sealed)):
        assert ours.count_of(sealed, size) == -1, size
    for packet in (b"", b"\0" * 24, b"\0" * 32, HEAD_V4, HEAD_V4 + b"\0" * 24):
        assert ours.count_of(packet, len(packet)) == -1


def test_c_nodes_take_the_tail_for_a_partial_record():
    for outbox, width in ((Outbox(ID, 6, 24), 6), (Outbox(ID, 18, 24), 18)):
        while not outbox.add(HASH, b"\1" * width, 0):
            pass
        packet = outbox.take()
        sealed = Seal(b"key").seal(packet)
        assert len(sealed) == len(packet) + 24 <= 1472
        found = list(peers(sealed, len(sealed), width))
        assert found == list(peers(packet, len(packet), width))


class Member:
    """Acquaintances whose packets go to a list, and come with the count they were sent with."""

    def __init__(self, own_id):
        self.id = own_id
        self.count = 0
        self.sent = []
        self.acquaintances = Acquaintances(own_id, self.send)
        self.acquaintances.tick()

    def send(self, packet):
        self.count += 1
        self.sent.append((packet, self.count))

    def says(self, records=b"records"):
        self.send(HEAD_V4.replace(ID, self.id) + records)
        return self.sent[-1]

    def hears(self, heard):
        packet, count = heard
        return self.acquaintances.admits(packet, len(packet), count)


def converse(*members):
    """Delivers all that is sent, until nobody has more to say."""
    while any(member.sent for member in members):
        for member in members:
            sent, member.sent = member.sent, []
            for other in members:
                for packet in sent if other is not member else ():
                    other.hears(packet)


def test_strangers_are_asked_first():
    one, two = Member(b"1111"), Member(b"2222")
    lost = two.says()
    assert not one.hears(lost)
    converse(one, two)
    assert not one.hears(lost)
    assert one.hears(two.says())
    assert two.hears(one.says())


def test_a_greeting_makes_all_known_to_each_other():
    members = [Member(b"1111"), Member(b"2222"), Member(b"3333")]
    for member in members:
        member.acquaintances.tick()
        member.acquaintances.greet()
        converse(*members)
        for other in members:
            other.acquaintances.tick()
    for member in members:
        heard = member.says()
        for other in members:
            assert other is member or other.hears(heard)


def test_nothing_counts_twice():
    one, two = Member(b"1111"), Member(b"2222")
    two.acquaintances.greet()
    converse(one, two)
    recorded = [two.says() for _ in range(5)]
    assert [one.hears(heard) for heard in recorded] == [True] * 5
    assert [one.hears(heard) for heard in recorded] == [False] * 5
    assert one.hears(two.says()) and not one.hears(recorded[4])


def test_what_a_dead_node_said_is_nothing_to_a_new_one():
    """An answer echoes a number of the asker's own run."""
    one, dead = Member(b"1111"), Member(b"2222")
    one.acquaintances.greet()
    heard, dead.sent = one.sent, []
    for packet in heard:
        dead.hears(packet)
    dead.says()
    recorded = dead.sent
    assert [one.hears(packet) for packet in recorded][-1]
    again = Member(b"1111")
    again.acquaintances.greet()
    for _ in range(3):
        again.acquaintances.tick()
        assert not any(again.hears(packet) for packet in recorded)


def test_only_so_many_are_known():
    one, first = Member(b"1111"), Member(b"\0\0\0\1")
    recorded = []
    for number in range(1, 80):
        other = Member(number.to_bytes(4, "big")) if number > 1 else first
        one.acquaintances.tick()
        one.acquaintances.greet()
        for packet in one.sent:
            other.hears(packet)
        one.sent = []
        for packet in other.sent:
            recorded += [packet] if other is first else []
            one.hears(packet)
        assert one.hears(other.says()), number
    # The first is forgotten by now, and its old answers don't bring it back.
    for packet in recorded:
        assert not one.hears(packet)
    assert not one.hears(first.says())


def test_challenges_and_answers_are_rationed():
    one = Member(b"1111")
    for number in range(2, 60):
        stranger = Member(number.to_bytes(4, "big"))
        stranger.acquaintances.greet()
        for packet in stranger.sent:
            one.hears(packet)
    assert len(one.sent) == 16
