"""Scrape sync: nodes that tell each other how often torrents were downloaded."""

import entropy  # noqa: F401
from makers import info_hash
from segment import HASH, KEY, Denying, Hub, Node, pair, peer_v4, run, run_through

from opentracker.livesync import packets


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
