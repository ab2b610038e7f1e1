"""Announces in machine code are answered as the frontend answers them, or are left to it.

Two trackers get the same packets, one by the frontend alone. Where there is no machine code both
do, so there the tests say nothing new, and are short.
"""

from array import array
from random import randrange, seed
from struct import pack, unpack

from makers import ipv4, peer_v4, peer_v6, reserve
from vec_native import SWARMS, inventory

from opentracker.counters import Counters
from opentracker.frontends import UdpFrontend
from opentracker.pools import Pools
from opentracker.tracker import Tracker

try:
    from opentracker.runtime import Announces, native
except ImportError:  # an interpreter without sockets has no runtime
    Announces = native = None

KIB = 512
SLOT = 64
MOST = 16


class Side:
    """A tracker that gets packets by the batch, as a socket of one family hands them over."""

    def __init__(self, machine_code):
        self.pools = Pools(KIB, reserve, machine_code)
        self.counters = Counters()
        self.tracker = Tracker(self.pools)
        self.udp = UdpFrontend(self.tracker, self.counters)
        if machine_code:
            self.udp.announces = Announces(self.pools, self.counters)
        self.answered = 0
        self._packets = [bytearray(1536) for _ in range(MOST)]
        self._replies = [bytearray(1280) for _ in range(MOST)]
        self._names = bytearray(SLOT * MOST)

    def exchange(self, packets, ips, owners=None):
        """The replies to packets from sources; the connection ids in front are made here.

        `owners` are the sources that got these ids, if they are others.
        """
        ids = [self.udp.connection_ids.make(ip) for ip in owners or ips]
        whole = [connection_id + packet for connection_id, packet in zip(ids, packets)]
        sizes, written = array("I", [len(packet) for packet in whole]), array("I", bytes(4 * MOST))
        ip_at = 4 if len(ips[0]) == 4 else 8
        for number, ip in enumerate(ips):
            name = SLOT * number + ip_at
            self._names[name : name + len(ip)] = ip
            self._packets[number][: sizes[number]] = whole[number]
        packets, replies, names = self._packets, self._replies, self._names
        layout = sizes, written, packets, replies, names, 1, 1, len(ips[0])
        shortcut = self.udp.shortcut()
        for number, ip in enumerate(ips):
            if shortcut and shortcut.answer(layout, number, number + 1) > number:
                self.answered += 1
            else:
                written[number] = self.udp.answer(
                    packets[number], sizes[number], ip, replies[number]
                )
        return [bytes(reply[:size]) for reply, size in zip(replies, written[: len(ips)])]


def announce(info_hash, transaction, port, left=0, event=0, numwant=-1):
    """An announce packet without its connection id."""
    start = pack(">II20s20s", 1, transaction, info_hash, b"-XX0001-000000000001")
    numbers = pack(">QQQIIIiH", 7, left, 9, event, 0x01020304, 5, numwant, port)
    return start + numbers


def random_packet(number):
    """Mostly an announce that machine code may answer; else all that may be different about it."""
    packet = announce(
        SWARMS[randrange(len(SWARMS))],
        number,
        randrange(40) and 1 + randrange(40),
        left=(0, 1, 1 << 32, 5 << 56)[randrange(4)] if number & 1 else 0,
        event=(0, 0, 0, 2, 2, 1, 3, 4, 1 << 8, 2 << 24)[randrange(10)],
        numwant=(-1, 0, 1, 7, 30, 66, 67, 200, 255, 256, 1 << 24)[randrange(11)],
    )
    kind = randrange(20)
    if kind == 0:
        return packet[: randrange(len(packet))]
    if kind == 1:
        return bytes([randrange(256) for _ in range(4)]) + packet[4:]
    if kind == 2:
        return b"\0\0\0\2" + packet[4:]
    return packet + bytes(kind)


def same(one, other, width, peers):
    """Whether two replies are the same but for the interval and for which peers they have."""
    if len(one) != len(other) or one[:8] != other[:8]:
        return False
    if one[:4] != b"\0\0\0\1":
        return one == other
    for reply in (one, other):
        assert 1620 <= unpack(">I", reply[8:12])[0] <= 1979
        sent = [reply[at : at + width] for at in range(20, len(reply), width)]
        assert len(set(sent)) == len(sent)
        assert set(sent) <= set(peers)
    return one[12:20] == other[12:20]


def compare(ip_bytes, rounds, sources):
    """Both sides, after many batches of random packets from random sources."""
    fast, plain = Side(native), Side(None)
    width = ip_bytes + 2
    known = [ip + bytes([0, port]) for ip in sources for port in range(1, 41)]
    for step in range(rounds if native else 20):
        ips = [sources[randrange(len(sources))] for _ in range(1 + randrange(16))]
        packets = [random_packet(step * 16 + index) for index in range(len(ips))]
        owners = ips[1:] + ips[:1] if step % 8 == 0 else ips
        both = [side.exchange(packets, ips, owners) for side in (fast, plain)]
        for info_hash in SWARMS if step % 10 == 0 else ():
            assert inventory(fast.pools, info_hash) == inventory(plain.pools, info_hash), step
        for packet, one, other in zip(packets, both[0], both[1]):
            assert same(one, other, width, known), (step, packet, one, other)
        if step % 9 == 0:
            for side in (fast, plain):
                side.pools.advance(step // 9)
        if step % 31 == 0:
            for side in (fast, plain):
                side.udp.turn()
    assert fast.pools.renewals() == plain.pools.renewals()
    for name in ("udp_announces", "udp_connects", "udp_scrapes", "udp_mismatches"):
        assert getattr(fast.counters, name) == getattr(plain.counters, name), name
    assert fast.answered > rounds // 2 if native else not fast.answered


def test_a_long_list_has_pages_of_its_own():
    seed(7)
    fast, plain = Side(native), Side(None)
    for ip_bytes in (4, 16):
        for number in range(700 if native else 300):
            peer = peer_v4(number) if ip_bytes == 4 else peer_v6(number)
            for side in (fast, plain):
                side.tracker.announce(SWARMS[0], peer, number % 3 == 0, False, False)
        known = inventory(plain.pools, SWARMS[0])[2][ip_bytes == 16]
        for peer in known[:: len(known) // 60]:
            port = unpack(">H", peer[-2:])[0]
            packet = announce(SWARMS[0], 1, port, numwant=(50, -1)[port & 1])
            for _ in range(2):
                one, other = [side.exchange([packet], [peer[:-2]])[0] for side in (fast, plain)]
                assert same(one, other, ip_bytes + 2, known)
        assert fast.answered >= 30 if native else not fast.answered


def test_ipv4():
    seed(5)
    compare(4, 300, [ipv4(number) for number in range(6)])


def test_ipv6():
    seed(6)
    compare(16, 300, [peer_v6(number)[:16] for number in range(6)])


def test_only_the_last_right_connection_id_of_a_source_counts():
    fast = Side(native)
    ip, port = ipv4(1), 7
    packet = announce(SWARMS[0], 1, port)
    assert len(fast.exchange([packet], [ip])[0]) == 26
    before = fast.answered
    assert len(fast.exchange([packet], [ip])[0]) == 26
    assert fast.answered == before + (native is not None)
    told = fast.exchange([packet], [ipv4(2)], [ip])
    assert told[0][:4] == b"\0\0\0\3", "another's id"
    before = fast.answered
    fast.udp.turn()
    assert len(fast.exchange([packet], [ip])[0]) == 26
    assert fast.answered == before, "after a turn an id is checked anew"


def test_lists_and_watchers_have_their_say():
    fast = Side(native)
    packet = announce(SWARMS[0], 1, 7)
    for _ in range(2):
        fast.exchange([packet], [ipv4(1)])
    before = fast.answered

    class Deny:
        purging = True

        def allows(self, info_hash):
            return info_hash != SWARMS[0]

    fast.tracker.access = Deny()
    assert fast.exchange([packet], [ipv4(1)])[0][:4] == b"\0\0\0\3", "known, but not for long"
    fast.pools.drop(fast.pools.find(SWARMS[0]))
    fast.tracker.access.purging = False
    assert fast.exchange([packet], [ipv4(1)])[0][:4] == b"\0\0\0\3"
    allowed = announce(SWARMS[1], 1, 7)
    for _ in range(2):
        assert fast.exchange([allowed], [ipv4(1)])[0][:4] == b"\0\0\0\1"
    assert fast.answered == before + (native is not None), "what is known is allowed"
    before = fast.answered
    fast.tracker.access = None
    told = []

    class Watcher:
        def announced(self, *what):
            told.append(what)

    fast.tracker.watchers.append(Watcher())
    fast.exchange([packet], [ipv4(1)])
    assert len(told) == 1
    assert fast.answered == before
