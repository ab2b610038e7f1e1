"""UDP requests in machine code are answered as the frontend answers them, or are left to it.

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
    from opentracker.runtime import Announces, batch, native
except ImportError:  # an interpreter without sockets has no runtime
    Announces = batch = native = None

KIB = 512
SLOT = 64
MOST = 16
MAGIC = b"\x00\x00\x04\x17\x27\x10\x19\x80"
NOWHERE = b"in none of the pools"
NOW, BEFORE, LONG_AGO = 0, 1, 2  # when a connection id was handed out, in periods


class Side:
    """A tracker that gets packets by the batch, as a socket of one family hands them over."""

    def __init__(self, machine_code):
        self.pools = Pools(KIB, reserve, machine_code)
        self.counters = Counters()
        self.tracker = Tracker(self.pools)
        self.udp = UdpFrontend(self.tracker, self.counters)
        if machine_code:
            self.udp.announces = Announces(self.pools, self.counters, reserve)
        self.answered = 0
        self._ids = [{}, {}, {}]
        self._packets = [bytearray(1536) for _ in range(MOST)]
        self._replies = [bytearray(1280) for _ in range(MOST)]
        self._names = bytearray(SLOT * MOST)
        self._spent = 0

    def totals(self):
        """What is counted of all swarms together."""
        pools = self.pools
        held = sum(pools.ledger.held) - self._spent
        return pools.peers(), pools.seeders(), pools.expired, held

    def spend_all_but(self, units, ip):
        """Leaves so much of its allowance to an address, and to those it shares it with."""
        ledger = self.pools.ledger
        slot = ledger.slot(ip + bytes(2))
        self._spent += ledger.allowance - units - ledger.held[slot]
        ledger.held[slot] = ledger.allowance - units

    def turn(self):
        """Has connection ids get older."""
        self._ids[:] = [{}] + self._ids[:2]
        self.udp.turn()

    def id_of(self, ip, when=NOW):
        """The connection id that a source got in this period, or would have got before."""
        if ip not in self._ids[when]:
            self._ids[when][ip] = self.udp.connection_ids.make(ip) if when == NOW else b"none yet"
        return self._ids[when][ip]

    def exchange(self, packets, ips, owners=None, whens=None):
        """The replies to packets from sources; what stands in front of them is made here.

        `owners` are the sources that got their connection ids, if they are others, and `whens` the
        periods in which they did.
        """
        whole = []
        for packet, owner, when in zip(packets, owners or ips, whens or [NOW] * len(ips)):
            is_connect = packet[:4] == b"\0\0\0\0" and when == NOW
            whole.append((MAGIC if is_connect else self.id_of(owner, when)) + packet)
        sizes, written = array("I", [len(packet) for packet in whole]), array("I", bytes(4 * MOST))
        ip_at = 4 if len(ips[0]) == 4 else 8
        for number, ip in enumerate(ips):
            name = SLOT * number + ip_at
            self._names[name : name + len(ip)] = ip
            self._packets[number][: sizes[number]] = whole[number]
        packets, replies, names = self._packets, self._replies, self._names
        layout = sizes, written, packets, replies, names, 1, 1, len(ips[0])
        shortcut = self.udp.shortcut()
        number = 0
        while number < len(ips):
            if shortcut:
                end = shortcut.answer(layout, number, len(ips))
                self.answered += end - number
                number = end
            if number < len(ips):
                written[number] = self.udp.answer(
                    packets[number], sizes[number], ips[number], replies[number]
                )
                number += 1
        return [bytes(reply[:size]) for reply, size in zip(replies, written[: len(ips)])]


def announce(info_hash, transaction, port, left=0, event=0, numwant=-1):
    """An announce packet without its connection id."""
    start = pack(">II20s20s", 1, transaction, info_hash, b"-XX0001-000000000001")
    numbers = pack(">QQQIIIiH", 7, left, 9, event, 0x01020304, 5, numwant, port)
    return start + numbers


def connect(transaction):
    """A connect packet without its magic."""
    return pack(">II", 0, transaction)


def scrape(info_hashes, transaction):
    """A scrape packet without its connection id."""
    return pack(">II", 2, transaction) + b"".join(info_hashes)


def random_packet(number):
    """Mostly what machine code may answer; else all that may be different about it."""
    kind = randrange(30)
    if kind < 5:
        packet = connect(number)
    elif kind < 10:
        asked = [(SWARMS + [NOWHERE])[randrange(len(SWARMS) + 1)] for _ in range(randrange(4))]
        packet = scrape(asked, number)
    else:
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
        return pack(">I", (2, 3, 256, 1 << 24)[randrange(4)]) + packet[4:]
    return packet + bytes(kind)


def same(one, other, width, peers):
    """Whether two replies are the same but for the interval and for which peers they have."""
    if len(one) != len(other) or one[:8] != other[:8]:
        return False
    if one[:4] == b"\0\0\0\0":
        return True
    if one[:4] != b"\0\0\0\1":
        return one == other
    for reply in (one, other):
        assert 1620 <= unpack(">I", reply[8:12])[0] <= 1979
        sent = [reply[at : at + width] for at in range(20, len(reply), width)]
        assert len(set(sent)) == len(sent)
        assert set(sent) <= peers
    return one[12:20] == other[12:20]


def compare(ip_bytes, rounds, sources):
    """Both sides, after many batches of random packets from random sources."""
    fast, plain = Side(native), Side(None)
    width = ip_bytes + 2
    known = {ip + bytes([0, port]) for ip in sources for port in range(1, 41)}
    for step in range(rounds if native else 20):
        ips = [sources[randrange(len(sources))] for _ in range(1 + randrange(16))]
        packets = [random_packet(step * 16 + index) for index in range(len(ips))]
        owners = ips[1:] + ips[:1] if step % 8 == 0 else ips
        whens = [(NOW, NOW, NOW, BEFORE, LONG_AGO)[randrange(5)] for _ in ips]
        both = [side.exchange(packets, ips, owners, whens) for side in (fast, plain)]
        for info_hash in SWARMS if step % 10 == 0 else ():
            assert inventory(fast.pools, info_hash) == inventory(plain.pools, info_hash), step
        for packet, one, other in zip(packets, both[0], both[1]):
            assert same(one, other, width, known), (step, packet, one, other)
        for side, replies in zip((fast, plain), both):
            for ip, reply in zip(ips, replies):
                if reply[:4] == b"\0\0\0\0":
                    assert reply[8:] == side.id_of(ip), "an id of this period"
        if step % 9 == 0:
            for side in (fast, plain):
                side.pools.advance(step // 2)
                side.pools.sweep(side.pools.swarms.entries())
        if step % 31 == 0:
            for side in (fast, plain):
                side.turn()
        assert fast.totals() == plain.totals(), step
    assert fast.pools.renewals() == plain.pools.renewals()
    assert fast.pools.expired > 50 or not native
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
        members = set(known)
        for peer in known[:: len(known) // 40]:
            port = unpack(">H", peer[-2:])[0]
            packet = announce(SWARMS[0], 1, port, numwant=(50, -1)[port & 1])
            for _ in range(2):
                one, other = [side.exchange([packet], [peer[:-2]])[0] for side in (fast, plain)]
                assert same(one, other, ip_bytes + 2, members)
        assert fast.answered >= 20 if native else not fast.answered


def test_ipv4():
    seed(5)
    compare(4, 130, [ipv4(number) for number in range(6)])


def test_ipv6():
    seed(6)
    compare(16, 130, [peer_v6(number)[:16] for number in range(6)])


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
    fast.turn()
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


def test_as_many_torrents_as_a_packet_has_are_scraped():
    fast, plain = Side(native), Side(None)
    ip = ipv4(1)
    for side in (fast, plain):
        for number in range(60):
            peer = ip + bytes([1, number + 1])
            for info_hash in SWARMS[number % 3 :: 2]:
                side.tracker.announce(info_hash, peer, number % 4 == 0, number % 8 == 0, False)
        side.tracker.announce(SWARMS[0], peer_v6(1), True, True, False)
        side.exchange([connect(1)], [ip])
    for count in (0, 1, 2, 74, 75, 76, 80):
        asked = [(SWARMS + [NOWHERE])[number % 6] for number in range(count)]
        for rest in (b"", b"half of one"):
            one, other = [
                side.exchange([scrape(asked, 9) + rest], [ip])[0] for side in (fast, plain)
            ]
            assert one == other and len(one) == 8 + 12 * min(count, 75)
    assert unpack(">III", one[8:20]) == (6, 4, 15)
    assert fast.counters.udp_scrapes == plain.counters.udp_scrapes == 14
    assert fast.answered == 14 if native else not fast.answered


def test_an_id_of_the_last_period_is_good_but_not_handed_out():
    fast = Side(native)
    ip = ipv4(1)
    packet = announce(SWARMS[0], 1, 7)
    old = fast.exchange([connect(1)], [ip])[0][8:]
    assert old == fast.id_of(ip)
    assert len(fast.exchange([packet], [ip])[0]) == 26
    fast.turn()
    for _ in range(2):
        before = fast.answered
        assert len(fast.exchange([packet], [ip], [ip], [BEFORE])[0]) == 26
        told = [fast.exchange([connect(2)], [ip])[0][8:] for _ in range(2)]
        assert told == [fast.id_of(ip)] * 2 and fast.id_of(ip) != old
        assert len(fast.exchange([packet], [ip])[0]) == 26
    assert fast.answered == before + (4 if native else 0), "both ids are known"
    fast.turn()
    for _ in range(2):
        assert fast.exchange([packet], [ip], [ip], [LONG_AGO])[0][:4] == b"\0\0\0\3"
        assert len(fast.exchange([packet], [ip], [ip], [BEFORE])[0]) == 26


def test_more_sources_than_seats():
    """Those that have shown their ids keep out those that have not, and all are answered."""
    fast = Side(native)
    for first in range(0, 2304, MOST):
        ips = [ipv4(number) for number in range(first, first + MOST)]
        for ip, reply in zip(ips, fast.exchange([connect(1)] * MOST, ips)):
            assert reply[8:] == fast.id_of(ip)
    packets = [announce(SWARMS[number % 5], 1, 7) for number in range(MOST)]
    for _ in range(2):
        before = fast.answered
        for first in range(0, 320, MOST):
            ips = [ipv4(number) for number in range(first, first + MOST)]
            for reply in fast.exchange(packets, ips):
                assert reply[:4] == b"\0\0\0\1"
    assert fast.answered - before > 280 if native else not fast.answered
    assert fast.counters.udp_announces == 640


def test_replies_are_routed_alike():
    seed(8)
    for ip_bytes, at, size, units in ((4, 16, 10, 16), (16, 16, 10, 16), (16, 12, 5, 8)):
        controls = bytearray([randrange(256) for _ in range(SLOT * MOST)])
        for number in range(0, MOST, 2):
            controls[SLOT * number + at : SLOT * number + at + 2] = b"\xfe\x80"
        sizes_in = array("I", [randrange(100) for _ in range(units * MOST)])
        sizes_out = array("I", bytes(4 * units * MOST))
        given = controls, sizes_in, sizes_out
        results = []
        for route in (batch.route, Side(native).udp.announces.route) if native else ():
            mine = bytearray(controls), array("I", sizes_in), array("I", sizes_out)
            route(mine + (at, size, units, ip_bytes, 40), 13)
            assert all(one != other for one, other in zip(mine, given))
            results.append(mine)
        assert results[1:] == results[:1]


def test_new_peers_of_known_swarms_are_added():
    """Until a block is full, which the frontend makes larger, or an address holds too much."""
    seed(9)
    for ip_bytes in (4, 16):
        fast, plain = Side(native), Side(None)
        ips = [peer_v6(n)[:16] if ip_bytes == 16 else ipv4(n) for n in range(9)]
        most = 50 if native else 5
        known = {ip + bytes([0, port]) for ip in ips for port in range(1, most + 1)}
        for port in range(1, most + 1):
            packets = [announce(SWARMS[n % 2], n, port, randrange(3)) for n in range(9)]
            both = [side.exchange(packets, ips) for side in (fast, plain)]
            for one, other in zip(both[0], both[1]):
                assert same(one, other, ip_bytes + 2, known)
            assert fast.totals() == plain.totals()
        for info_hash in SWARMS[:2]:
            assert inventory(fast.pools, info_hash) == inventory(plain.pools, info_hash)
        for port in range(1, 16):
            if port == 11:
                for side in (fast, plain):
                    side.spend_all_but(2, ips[0])
            packet = announce(SWARMS[2], 1, port)
            one, other = [side.exchange([packet], ips[:1])[0] for side in (fast, plain)]
            assert one[:8] == other[:8] and one[12:20] == other[12:20] and len(one) == len(other)
            assert fast.totals() == plain.totals()
        assert inventory(fast.pools, SWARMS[2]) == inventory(plain.pools, SWARMS[2])
        assert fast.pools.peers() == 9 * most + (12 if ip_bytes == 4 else 10)
        assert fast.answered > 350 if native else not fast.answered
