"""Live sync: nodes that hear each other of peers, and what they make of what they hear."""

import entropy  # noqa: F401
from makers import Replaced, info_hash, peer_v6
from segment import (
    HASH,
    KEY,
    NETWORK,
    Denying,
    Hub,
    Node,
    Settings,
    pair,
    peer_v4,
    run,
    run_through,
)

from opentracker.livesync import link as link_module

PEER = b"\x7f\0\0\1\x1a\xe1"


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
