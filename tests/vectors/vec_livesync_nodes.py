"""Live sync: nodes that hear each other, and what they make of what they hear."""

import entropy  # noqa: F401
from makers import Replaced, info_hash, peer_v6, pools_of

from opentracker.counters import Counters
from opentracker.livesync import link as link_module
from opentracker.livesync import packets
from opentracker.livesync.cluster import Cluster
from opentracker.livesync.scrapesync import ScrapeSync
from opentracker.tracker import Tracker

HASH = b"0123456789abcdefghij"
PEER = b"\x7f\0\0\1\x1a\xe1"
NETWORK = [(b"\xc6\x33\x64\0", 24)]
KEY = "a key of all"


def peer_v4(number):
    return bytes((10, 0, number >> 8, number & 255)) + b"\x1a\xe1"


class Hub:
    """A segment: what one socket sends the others receive when they are served."""

    def __init__(self):
        self.sockets = []
        self.sent = []

    def socket(self, number, fails=False):
        self.sockets.append(Socket(self, bytes((0xC6, 0x33, 0x64, number)), fails))
        return self.sockets[-1]


class Socket:
    def __init__(self, hub, ip, fails):
        self.ip = ip
        self.waiting = []
        self.rejoined = 0
        self._hub = hub
        self._fails = fails

    def send(self, packet):
        if self._fails:
            raise OSError(19, "No such device")
        self._hub.sent.append(packet)
        for other in self._hub.sockets:
            if other is not self:
                other.waiting.append((packet, self.ip))

    def serve(self, take):
        waiting, self.waiting = self.waiting, []
        for packet, ip in waiting:
            take(packet, len(packet), ip)

    def rejoin(self):
        self.rejoined += 1

    def fileno(self):
        return 1

    def close(self):
        self._hub.sockets.remove(self)


class Settings:
    def __init__(self, **settings):
        self.livesync_networks = NETWORK
        self.admin_networks = []
        self.livesync_key = None
        self.livesync_v6_records = False
        for name in settings:
            setattr(self, name, settings[name])


class Jobs:
    def __init__(self):
        self.jobs = []

    def add(self, job):
        self.jobs.append(job)

    def finish(self):
        """Runs all jobs; returns in how many steps."""
        steps = 0
        while self.jobs:
            for _ in self.jobs.pop(0):
                steps += 1
        return steps


class Node:
    """A tracker with its part in live sync, on a hub."""

    def __init__(self, hub, number, counts_after=0, fails=False, kib=512, **settings):
        self.tracker = Tracker(pools_of(kib))
        self.counters = Counters()
        self.jobs = Jobs()
        self.id = bytes((number,)) * 4
        self.socket = hub.socket(number, fails)
        self.cluster = Cluster(
            self.tracker, self.counters, self.socket, Settings(**settings), self.id
        )
        if counts_after:
            sync = ScrapeSync(self.tracker, self.cluster.link, self.jobs, counts_after)
            self.cluster.scrape_sync = sync

    def announce(self, hash_, peer, seeding=False, completed=False, stopped=False):
        self.tracker.announce(hash_, peer, seeding, completed, stopped)

    def counts(self, hash_):
        """(seeders, leechers, downloaded) of a swarm."""
        pools = self.tracker.pools
        swarm = pools.find(hash_)
        seeders, leechers, _, _ = pools.census(swarm)
        return seeders, leechers, pools.downloaded(swarm)


def run(nodes, *seconds):
    """What happens at the given seconds, until everything said has been heard."""
    for second in seconds:
        for node in nodes:
            node.cluster.tick(second)
            node.jobs.finish()
        while any(node.socket.waiting for node in nodes):
            for node in nodes:
                node.cluster.link.serve()


def run_through(nodes, first, last):
    """The same for all seconds from the first to the last."""
    for second in range(first, last + 1):
        run(nodes, second)


def pair(**settings):
    hub = Hub()
    return hub, Node(hub, 1, **settings), Node(hub, 2, **settings)


def test_peers_come_and_go_at_the_other_node():
    for key in (None, KEY):
        hub, one, two = pair(livesync_key=key)
        run((one, two), 1, 2, 3)
        for peer in (peer_v4(1), peer_v6(1)):
            one.announce(HASH, peer, seeding=True)
        run((one, two), 15, 18)
        assert two.counts(HASH) == (2, 0, 0)
        assert two.counters.sync_records == 2 and one.counters.sync_records == 0
        before = len(hub.sent)
        for peer in (peer_v4(1), peer_v6(1)):
            one.announce(HASH, peer, seeding=True, stopped=True)
        run((one, two), 19, 29)
        assert len(hub.sent) == before
        run((one, two), 30)
        assert two.counts(HASH) == one.counts(HASH) == (0, 0, 0)
        assert two.counters.sync_records == 4


def test_a_packet_waits_15_seconds_at_most():
    hub, one, two = pair()
    run((one, two), 20)
    one.announce(HASH, peer_v4(1))
    run((one, two), 21)  # nothing was sent for long
    assert two.counts(HASH) == (0, 1, 0)
    one.announce(HASH, peer_v4(2))
    run_through((one, two), 22, 35)
    assert two.counts(HASH) == (0, 1, 0)
    run((one, two), 36)
    assert two.counts(HASH) == (0, 2, 0)


def test_a_full_packet_leaves_at_once():
    hub, one, two = pair()
    run((one, two), 1)
    for number in range(53):
        assert len(hub.sent) == number // 52
        one.announce(info_hash(number), peer_v4(number))
    assert len(hub.sent) == 1 and len(hub.sent[0]) == 1464
    one.cluster.close()
    assert len(hub.sent) == 2 and len(hub.sent[1]) == 8 + 28
    run((two,), 2)
    assert two.tracker.pools.swarms.count == 53


def test_what_is_told():
    """New peers, those not heard of for more than 10 minutes, completions and stops."""
    hub, one, _ = pair()
    pools = one.tracker.pools
    told = []
    one.cluster._tell = lambda hash_, peer, flags: told.append(flags)

    def flags_of(minute, **what):
        told[:] = []
        pools.advance(minute)
        one.announce(HASH, peer_v4(1), **what)
        return told[:]

    assert flags_of(0) == [0]
    assert flags_of(0) == flags_of(10) == flags_of(20, seeding=True) == []
    assert flags_of(31) == [0]
    assert flags_of(32, seeding=True, completed=True) == [0xC0]
    assert flags_of(33, seeding=True, completed=True) == []
    assert flags_of(44, seeding=True, completed=True) == [0xC0]
    assert flags_of(44, stopped=True) == [0x20]
    assert flags_of(44, seeding=True, stopped=True) == [0xA0]
    assert flags_of(44, seeding=True, completed=True) == [0xC0]


def test_what_came_by_sync_is_not_told():
    hub, one, two = pair()
    three = Node(hub, 3)
    nodes = one, two, three
    one.announce(HASH, peer_v4(1), seeding=True, completed=True)
    run(nodes, 20, 40, 60)
    assert len(hub.sent) == 1
    assert one.counts(HASH) == two.counts(HASH) == three.counts(HASH) == (1, 0, 1)
    # Nor when it then announces here, as it was heard of just now.
    two.announce(HASH, peer_v4(1), seeding=True)
    run(nodes, 80)
    assert len(hub.sent) == 1


def test_own_packets_and_strangers_are_ignored():
    hub, one, two = pair()
    record = HASH + PEER + b"\x80\0"
    stranger = hub.socket(200)
    stranger.ip = b"\xc6\x33\x65\1"
    stranger.send(b"\3\3\3\3\0\0\0\0" + record)
    two.socket.send(one.id + b"\0\0\0\0" + record)
    lines = []
    with Replaced(link_module, "log", lines.append):
        run((one,), 1, 2)
        assert lines == [
            "live sync: packets ignored: 1, from addresses that livesync.cluster.node_ip does not "
            "name; the last from 198.51.101.1"
        ]
    assert one.counts(HASH) == (0, 0, 0) and one.counters.sync_records == 0
    two.socket.send(two.id + b"\0\0\0\0" + record)
    run((one,), 3)
    assert one.counts(HASH) == (1, 0, 0) and one.counters.sync_records == 1


def test_packets_that_are_none():
    hub, one, two = pair()
    for packet in (
        b"",
        b"\2",
        two.id + b"\0\0\0\0",
        two.id + b"\0\0\0\0" + HASH + PEER + b"\x80",
        two.id + b"\0\0\0\2" + HASH + PEER + b"\x80\0",
        two.id + b"\0\0\0\3" + b"\xff" * 64,
        two.id + b"\0\0\0\4" + b"\0" * 12,
        two.id + b"\1\0\0\0" + HASH + PEER + b"\x80\0",
        two.id + b"\0\0\0\1" + HASH + PEER + b"\x80\0",
        two.id + b"\xff" * 1468,
    ):
        two.socket.send(packet)
    run((one,), 1)
    assert one.tracker.pools.swarms.count == 0 and one.counters.sync_records == 0


def test_addresses_that_are_nobodys_are_not_learnt():
    hub, one, two = pair()
    nobody = [b"\0\0\0\0", b"\0\1\2\3", b"\xe0\0\0\1", b"\xff\xff\xff\xff", b"\xf0\0\0\1"]
    for ip in nobody:
        two.socket.send(two.id + b"\0\0\0\0" + HASH + ip + b"\x1a\xe1\x80\0")
    two.socket.send(two.id + b"\0\0\0\0" + HASH + b"\x0a\0\0\1\0\0\x80\0")
    for ip in (b"\0" * 16, b"\xff\x02" + b"\0" * 13 + b"\1"):
        two.socket.send(two.id + b"\0\0\0\1" + HASH + ip + b"\x1a\xe1\x80\0")
    run((one,), 1)
    assert one.tracker.pools.swarms.count == 0
    assert one.counters.sync_records == len(nobody) + 3


class Denying:
    """Access lists that deny one torrent."""

    def __init__(self, denied):
        self._denied = denied

    def allows(self, hash_):
        return hash_ != self._denied

    def hides(self, hash_):
        return hash_ == self._denied


def test_access_lists_apply():
    hub, one, two = pair()
    one.tracker.access = Denying(HASH)
    for hash_ in (HASH, info_hash(1)):
        two.announce(hash_, peer_v4(1))
    run((one, two), 20)
    assert one.counts(HASH) == (0, 0, 0) and one.counts(info_hash(1)) == (0, 1, 0)
    assert one.counters.sync_records == 2


def test_only_the_key_makes_a_node():
    hub = Hub()
    settings = {"livesync_key": KEY, "livesync_networks": []}
    one, two = Node(hub, 1, **settings), Node(hub, 2, **settings)
    spoofer = Node(hub, 3, livesync_key="another key")
    keyless = Node(hub, 4)
    nodes = one, two, spoofer, keyless
    lines = []
    with Replaced(link_module, "log", lines.append):
        run(nodes, 1, 2, 3)
        spoofer.announce(HASH, peer_v4(1))
        keyless.announce(HASH, peer_v4(2))
        one.announce(HASH, peer_v4(3))
        run(nodes, 20, 320, 620)
    assert two.counts(HASH) == (0, 1, 0)
    # Those without read what has no need to be secret.
    assert keyless.counts(HASH) == (0, 3, 0)
    assert spoofer.counts(HASH) == (0, 1, 0)
    refused = [line for line in lines if "without the right livesync.cluster.key" in line]
    assert 2 <= len(refused) <= 9, lines
    keyless.socket.send(keyless.id + b"\0\0\0\0" + HASH + peer_v4(3) + b"\x20\0")
    run(nodes, 621)
    assert two.counts(HASH) == (0, 1, 0) and keyless.counts(HASH) == (0, 3, 0)


def test_recorded_packets_change_nothing():
    hub, one, two = pair(livesync_key=KEY)
    run((one, two), 1, 2, 3)
    one.announce(HASH, peer_v4(1))
    run((one, two), 20)
    one.announce(HASH, peer_v4(1), stopped=True)
    run((one, two), 40)
    recorded = list(hub.sent)
    assert two.counts(HASH) == (0, 0, 0)
    again = Node(hub, 3, livesync_key=KEY)
    recorder = hub.socket(1)
    for second in (41, 42, 43, 44):
        for packet in recorded:
            recorder.send(packet)
        run((two, again), second)
    assert two.counts(HASH) == again.counts(HASH) == (0, 0, 0)
    assert again.tracker.pools.swarms.count == 0


def test_type_0_of_old_builds_for_ipv6():
    hub = Hub()
    one = Node(hub, 1, livesync_v6_records=True)
    old = hub.socket(9)
    mapped = b"\0" * 10 + b"\xff\xff" + peer_v4(1)
    old.send(b"\x09\x09\x09\x09\0\0\0\0" + HASH + peer_v6(1) + b"\x80\0" + HASH + mapped + b"\0\0")
    run((one,), 1)
    assert one.counts(HASH) == (1, 1, 0)
    old.send(b"\x09\x09\x09\x09\0\0\0\0" + HASH + peer_v6(1) + b"\xa0\x2c")
    run((one,), 2)
    assert one.counts(HASH) == (0, 1, 0)
    # Nothing is sent that such a build would take for garbage.
    hub.sent = []
    one.announce(HASH, peer_v4(5))
    one.announce(HASH, peer_v6(5))
    run((one,), 20, 40)
    one.cluster.close()
    assert hub.sent == []


def test_what_can_not_be_sent_is_told_rarely():
    hub = Hub()
    one = Node(hub, 1, fails=True)
    lines = []
    with Replaced(link_module, "log", lines.append):
        for second in range(1, 290):
            one.announce(info_hash(second), peer_v4(second))
            run((one,), second)
        assert lines == ["live sync: packets not sent: 1; No such device"], lines
        run((one,), 500)
        assert len(lines) == 2 and "packets not sent: 19" in lines[1], lines
    # At the start, after each of the failures, and once more.
    assert one.socket.rejoined == 22


def test_nodes_are_believed_anew():
    """What is believed may change while the tracker runs."""
    hub, one, two = pair()
    one.cluster.take_settings(Settings(livesync_networks=[(b"\x0a\0\0\0", 8)]))
    two.announce(HASH, peer_v4(1))
    with Replaced(link_module, "log", lambda line: None):
        run((one, two), 20)
    assert one.counts(HASH) == (0, 0, 0)
    one.cluster.take_settings(Settings(livesync_networks=[], admin_networks=NETWORK))
    two.announce(HASH, peer_v4(2))
    run((one, two), 40)
    assert one.counts(HASH) == (0, 1, 0)


# Counts


def complete(node, count, first=0):
    """Completed downloads in `count` swarms, all of whose peers are gone."""
    for number in range(first, first + count):
        node.announce(info_hash(number), peer_v4(number), True, True)
        node.announce(info_hash(number), peer_v4(number), stopped=True)


def heads(hub, *kinds):
    return [packet[:8] for packet in hub.sent if packet[7] in kinds]


def test_a_node_that_comes_up_learns_the_counts():
    for key in (None, KEY):
        hub = Hub()
        settings = {"counts_after": 30, "livesync_key": key}
        one = Node(hub, 1, **settings)
        complete(one, 100)
        one.announce(info_hash(7), peer_v4(7), seeding=True)
        one.announce(HASH, peer_v4(1))
        run_through((one,), 1, 1860)
        beacons = heads(hub, packets.BEACON)
        assert len(beacons) == 2 and beacons[0] == one.id + b"\0\0\0\1"
        one.tracker.pools.advance(41)
        two, three = Node(hub, 2, **settings), Node(hub, 3, **settings)
        two.cluster.tick(1)
        three.cluster.tick(1)
        hub.sent = []
        # The two of them count their own seconds; here they are one clock's.
        run_through((one, two, three), 1861, 1924)
        inquiries = [packet for packet in hub.sent if packet[7] == packets.INQUIRE]
        assert sorted([packet[:4] for packet in inquiries]) == [two.id, three.id]
        tells = [packet for packet in hub.sent if packet[7] == packets.TELL]
        assert [len(packet) - (24 if key else 0) for packet in tells] == [1448, 1448, 328]
        for node in (two, three):
            assert [node.counts(info_hash(number))[2] for number in range(100)] == [1] * 100
            assert node.counts(HASH) == (0, 0, 0)
            swarm = node.tracker.pools.find(info_hash(5))
            assert node.tracker.pools.idle_minutes(swarm) == 41


def test_counts_only_grow():
    hub = Hub()
    one = Node(hub, 1, counts_after=1)
    complete(one, 1)
    teller = hub.socket(9)
    for downloaded, expected in ((0, 1), (5, 5), (3, 5), (1 << 40, 0xFFFFFFFF)):
        teller.send(packets.tell(b"9999", [(info_hash(0), 5, downloaded)]))
        run((one,), 1)
        assert one.counts(info_hash(0))[2] == expected
    # It is forgotten when it would have been without.
    assert one.tracker.pools.idle_minutes(one.tracker.pools.find(info_hash(0))) == 0
    teller.send(packets.tell(b"9999", [(HASH, 24 * 60, 5), (info_hash(2), 24 * 60 - 1, 5)]))
    one.tracker.access = Denying(info_hash(3))
    teller.send(packets.tell(b"9999", [(info_hash(3), 5, 5)]))
    run((one,), 2)
    assert one.counts(HASH) == one.counts(info_hash(3)) == (0, 0, 0)
    assert one.counts(info_hash(2)) == (0, 0, 5)


def test_without_the_setting_counts_are_nobodys_business():
    hub, one, two = pair()
    complete(one, 1)
    run_through((one,), 1, 199)
    hub.sent = []
    two.socket.send(packets.inquire(two.id, one.id))
    two.socket.send(packets.tell(two.id, [(info_hash(0), 5, 7)]))
    two.socket.send(packets.beacon(two.id, 9))
    hub.sent = []
    run_through((one,), 200, 299)
    assert hub.sent == [] and one.counts(info_hash(0)) == (0, 0, 1)


def test_nobody_is_told_before_the_time():
    hub = Hub()
    one = Node(hub, 1, counts_after=2)
    complete(one, 1)
    asker = hub.socket(9)
    asker.send(packets.inquire(b"9999", b"8888"))
    run_through((one,), 1, 199)
    assert not heads(hub, packets.TELL)
    again = Node(hub, 2, counts_after=2)
    complete(again, 1)
    asker.send(packets.inquire(b"9999", again.id))
    run_through((again,), 1, 119)
    assert not heads(hub, packets.TELL)
    run((again,), 120)
    assert len(heads(hub, packets.TELL)) == 1


def test_many_inquiries_make_one_telling():
    """A few packets each second, in small steps, and a pause after the last of them."""
    hub = Hub()
    one = Node(hub, 1, counts_after=1, kib=2048)
    complete(one, 2000)
    asker = hub.socket(9)
    run((one,), 59)
    told = {}
    for second in range(60, 700):
        hub.sent = []
        asker.send(packets.inquire(b"9999", one.id))
        one.cluster.link.serve()
        one.cluster.tick(second)
        steps = one.jobs.finish()
        tells = len(heads(hub, packets.TELL))
        assert steps >= tells - 6
        if tells:
            told[second] = tells
    assert told == {
        60 + 302 * n + second: (20, 20, 5)[second] for n in (0, 1, 2) for second in (0, 1, 2)
    }


def test_an_unanswered_inquiry_is_repeated_a_few_times():
    hub = Hub()
    one = Node(hub, 1, counts_after=1)
    other = hub.socket(9)
    inquired = []
    for second in range(1, 4000):
        if second % 60 == 0:
            other.send(packets.beacon(b"9999", 5))
        before = len(heads(hub, packets.INQUIRE))
        run((one,), second)
        if len(heads(hub, packets.INQUIRE)) > before:
            inquired.append(second)
    assert inquired == [60, 660, 1260]
    # One that has told is asked no more, and one that has nothing to tell is not asked at all.
    for number, name in ((0, b"aaaa"), (5, b"bbbb")):
        other.send(packets.beacon(name, number))
        run((one,), 4000)
        other.send(packets.tell(name, [(HASH, 5, 5)]))
        run((one,), 4001)
        other.send(packets.beacon(name, number))
        run((one,), 4700)
    assert len(heads(hub, packets.INQUIRE)) == 4


def test_only_so_many_nodes_are_remembered():
    hub = Hub()
    one = Node(hub, 1, counts_after=1)
    other = hub.socket(9)
    for number in range(1000):
        other.send(packets.beacon(number.to_bytes(4, "big"), 5))
    run((one,), 1)
    assert len(heads(hub, packets.INQUIRE)) == 1000
    assert len(one.cluster.scrape_sync._asked) == 64
