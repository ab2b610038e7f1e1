"""Live sync between nodes on hosts of their own, and what they make of packets made by hand."""

import hashlib
import hmac
import re
import signal
import struct

import pytest

from clients.netns import Network, ip
from support import wire
from support.live_sync import (
    COMPLETED,
    DEADLINE,
    HASH,
    PORT,
    SEEDING,
    STOPPED,
    SYNC_PORT,
    Node,
    Segment,
    packet_of,
    record,
    wait_for_counts,
    wait_until,
)
from support.runtimes import RUNTIMES, command, need_tool
from support.tracker import Daemon, StartFailed

SUBNET = "198.51.100.0/24"
KEY = "a-key-that-all-have"
OTHER_HASH = b"another, of a packet"
# Who is on which runtime: each with its own kind, and with the other.
PAIRS = [("cpython", "cpython"), ("micropython", "micropython"), ("cpython", "micropython")]
TRIPLES = [("cpython", "micropython", "cpython"), ("micropython", "cpython", "micropython")]

pytestmark = pytest.mark.requires_root


@pytest.fixture
def network():
    """To be named before `launch`, so that trackers end before their network does."""
    need_tool("ip")
    with Network() as network:
        yield network


@pytest.fixture
def cluster(network, launch, public_path):
    """cluster(*runtimes, lines=...) starts nodes; returns them, and the host of the clients."""

    def start(*runtimes, lines=("livesync.cluster.node_ip " + SUBNET,)):
        client = network.add_host("client")
        nodes = []
        for number, runtime in enumerate(runtimes, 1):
            host = network.add_host("node%d" % number)
            nodes.append(Node(host, launch, runtime, public_path, *lines))
        return nodes, client

    return start


def sealed(packet, count, key):
    packet += struct.pack(">Q", count)
    return packet + hmac.new(key.encode(), packet, hashlib.sha256).digest()[:16]


def announce_by_udp(target, port):
    with wire.UdpClient(target) as client:
        client.announce(HASH, port)


# L1: send


def test_L1_packets_are_those_of_the_c_tracker(runtime, cluster):
    [node], client = cluster(runtime)
    segment = Segment(client)
    v4, v6 = client.address[4], client.address[6]
    node.announce(client, 6881, left=0)
    node.announce(client, 6882, left=7)
    node.announce(client, 6882, left=0, event="completed")
    node.announce(client, 6882, left=0)  # known, and nothing new
    node.announce(client, 6882, left=7, event="stopped")
    node.announce(client, 6883, left=0, event="stopped")
    client.call(announce_by_udp, (node.host.address[4], PORT), 6884)
    tracker_id = node.tracker_id()
    packet, sender, ttl = segment.hear()
    expected = packet_of(
        0,
        record(HASH, v4, 6881, SEEDING),
        record(HASH, v4, 6882, 0),
        record(HASH, v4, 6882, SEEDING | COMPLETED),
        record(HASH, v4, 6882, STOPPED),
        record(HASH, v4, 6883, SEEDING | STOPPED),
        record(HASH, v4, 6884, SEEDING),
        tracker_id=tracker_id,
    )
    assert packet.hex() == expected.hex()
    assert sender == (node.host.address[4], SYNC_PORT) and ttl == 1

    node.announce(client, 6881, family=6, left=7)
    node.announce(client, 6881, family=6, left=7, event="stopped")
    packet, sender, _ = segment.hear()
    records = record(HASH, v6, 6881, 0), record(HASH, v6, 6881, STOPPED)
    assert packet.hex() == packet_of(1, *records, tracker_id=tracker_id).hex()
    assert sender == (node.host.address[4], SYNC_PORT)


def test_L1_packets_are_full_where_the_c_trackers_are(runtime, cluster):
    [node], client = cluster(runtime)
    segment = Segment(client)
    for family, most, size in ((4, 52, 1464), (6, 36, 1448)):
        node.announce(client, 1000, family=family)
        packet, _, _ = segment.hear()  # after this nothing is sent for 15 s but what is full
        for port in range(2000, 2000 + most):
            node.announce(client, port, family=family)
        packet, _, _ = segment.hear()
        assert len(packet) == size
        width = (size - 8) // most
        ports = [
            struct.unpack(">H", packet[at - 4 : at - 2])[0]
            for at in range(8 + width, size + 1, width)
        ]
        assert ports == list(range(2000, 2000 + most))


@pytest.mark.parametrize("runtimes", PAIRS, ids="-".join)
def test_L1_two_nodes_keep_one_swarm_in_step(runtimes, cluster):
    """Both ways, both families: peers come, complete and stop at one node, and at the other."""
    (one, two), client = cluster(*runtimes)
    for family in (4, 6):
        one.announce(client, 6881, family=family, left=7)
        two.announce(client, 6882, family=family, left=0)
    wait_for_counts((one, two), client, (2, 2, 0))
    v4, v6 = client.address[4], client.address[6]
    everybody = sorted((ip, port) for ip in (v4, v6) for port in (6881, 6882))
    for node in (one, two):
        assert wire.peers(node.announce(client, 1, event="stopped", left=0)) == []
        assert wire.peers(node.announce(client, 6881, left=7)) == everybody
    one.announce(client, 6881, left=0, event="completed")
    wait_for_counts((one, two), client, (3, 1, 1))
    for node, port in ((one, 6881), (two, 6882)):
        for family in (4, 6):
            node.announce(client, port, family=family, left=0, event="stopped")
    wait_for_counts((one, two), client, (0, 0, 1))


@pytest.mark.parametrize("runtimes", TRIPLES, ids="-".join)
def test_L1_a_killed_node_catches_up(runtimes, cluster):
    """Three nodes: what clients announce to the others is what one that comes back gets to know."""
    nodes, client = cluster(*runtimes)
    one, two, three = nodes
    one.announce(client, 6881, left=7)
    wait_for_counts(nodes, client, (0, 1, 0))
    two.tracker.kill()
    two.start()
    assert two.counts(client) == (0, 0, 0)
    one.announce(client, 6881, left=0, event="completed")
    three.announce(client, 6882, left=7)
    wait_for_counts(nodes, client, (1, 1, 1))
    two.announce(client, 6881, left=0, event="stopped")
    wait_for_counts(nodes, client, (0, 1, 1))


def test_L1_an_interface_that_was_down(runtime, cluster):
    """What can't be sent is lost, with a line in the log, and all goes on when it is up again."""
    [node], client = cluster(runtime)
    segment = Segment(client)
    ip("-n", node.host.namespace, "link", "set", "eth0", "down")
    node.announce(node.host, 6881, left=7)
    node.tracker.wait_for_log("live sync: packets not sent: 1; Network is", DEADLINE)
    ip("-n", node.host.namespace, "link", "set", "eth0", "up")
    node.announce(client, 6882, left=7)
    packet, _, _ = segment.hear()
    assert packet[8:] == record(HASH, client.address[4], 6882, 0)
    segment.say(packet_of(0, record(OTHER_HASH, "192.0.2.1", 1, SEEDING)))
    wait_for_counts([node], client, (1, 0, 0), OTHER_HASH)


# L2: receive


def test_L2_only_nodes_are_believed(runtime, network, cluster):
    """Not the host without a name in the configuration, nor an echo of the own packets."""
    believed = network.add_host("believed")
    lines = ["livesync.cluster.node_ip " + believed.address[4]]
    [node], client = cluster(runtime, lines=lines)
    stranger, friend = Segment(client), Segment(believed)
    stranger.say(packet_of(0, record(HASH, "192.0.2.1", 1, SEEDING)))
    node.tracker.wait_for_log(
        "live sync: packets ignored: 1, from addresses that livesync.cluster.node_ip does not "
        "name; the last from " + re.escape(client.address[4])
    )
    own_id = node.tracker_id()
    friend.say(packet_of(0, record(HASH, "192.0.2.2", 2, SEEDING), tracker_id=own_id))
    friend.say(packet_of(7, record(HASH, "192.0.2.3", 3, SEEDING)))
    friend.say(packet_of(0, record(HASH, "192.0.2.4", 4, SEEDING)[:-1]))
    friend.say(packet_of(0, record(HASH, "192.0.2.5", 0, SEEDING)))
    friend.say(packet_of(0, record(HASH, "224.0.0.1", 6, SEEDING)))
    friend.say(b"")
    friend.say(packet_of(0, record(HASH, "192.0.2.7", 7, SEEDING), b"\xff" * 27))
    friend.say(packet_of(1, record(HASH, "2001:db8::7", 7, 0), b"\xff" * 39))
    wait_until(lambda: node.counts(client)[1], "nothing learnt")
    peers = wire.peers(node.announce(client, 8, left=7))
    assert peers == [("192.0.2.7", 7), (client.address[4], 8), ("2001:db8::7", 7)]
    assert node.synced_records() == 4
    friend.say(packet_of(0, record(HASH, "192.0.2.7", 7, STOPPED)))
    friend.say(packet_of(1, record(HASH, "2001:db8::7", 7, STOPPED | SEEDING)))
    wait_for_counts([node], client, (0, 1, 0))
    assert node.synced_records() == 6


def test_L2_what_is_sent_to_the_host_itself_is_not_read(runtime, cluster):
    [node], client = cluster(runtime)
    segment = Segment(client)
    packet = packet_of(0, record(HASH, "192.0.2.1", 1, SEEDING))
    segment.socket.sendto(packet, (node.host.address[4], SYNC_PORT))
    segment.say(packet_of(0, record(OTHER_HASH, "192.0.2.2", 2, SEEDING)))
    wait_for_counts([node], client, (1, 0, 0), OTHER_HASH)
    assert node.counts(client) == (0, 0, 0)


def test_L2_completions_count(runtime, cluster):
    [node], client = cluster(runtime)
    segment = Segment(client)
    segment.say(packet_of(0, record(HASH, "192.0.2.1", 1, SEEDING | COMPLETED)))
    wait_for_counts([node], client, (1, 0, 1))


def test_L2_without_the_key_nothing_changes(cluster):
    """Nor with packets recorded before, though they come from an address that is believed.

    The two runtimes share the key with each other.
    """
    lines = ["livesync.cluster.node_ip " + SUBNET, "livesync.cluster.key " + KEY]
    (one, two), client = cluster(*RUNTIMES, lines=lines)
    segment = Segment(client)
    one.announce(client, 6881, left=7)
    one.announce(client, 6881, left=7, family=6)
    wait_for_counts((one, two), client, (0, 2, 0))
    one.announce(client, 6881, left=7, event="stopped")
    wait_for_counts((one, two), client, (0, 1, 0))

    recorded = []
    while not any(len(packet) == 8 + 28 + 24 and packet[34] == STOPPED for packet in recorded):
        recorded.append(segment.hear()[0])
    added = [packet for packet in recorded if len(packet) == 8 + 28 + 24 and packet[34] == 0]
    assert len(added) == 1 and added[0][8:36] == record(HASH, client.address[4], 6881, 0)
    stop = packet_of(1, record(HASH, client.address[6], 6881, STOPPED))
    spoofed = packet_of(0, record(HASH, "192.0.2.1", 1, SEEDING))
    for packet in (
        stop,
        spoofed,
        sealed(stop, 1, "another-key"),
        sealed(spoofed, 2, "another-key"),
        *recorded,
    ):
        segment.say(packet)
    for node in (one, two):
        node.tracker.wait_for_log(
            "live sync: packets ignored: ., without the right livesync.cluster.key"
        )
    two.announce(client, 6882, left=7)
    wait_for_counts((one, two), client, (0, 2, 0))
    one.announce(client, 6883, left=7)
    wait_for_counts((one, two), client, (0, 3, 0))


def test_L2_the_key_can_replace_the_addresses(runtime, cluster):
    nodes, client = cluster(runtime, runtime, lines=["livesync.cluster.key 0123456789abcdef"])
    for node in nodes:
        assert "is believed" not in node.tracker.log()
    nodes[0].announce(client, 6881, left=7)
    wait_for_counts(nodes, client, (0, 1, 0))


def test_L2_an_address_of_another_host_is_a_clear_error(runtime, network):
    """In one line, with the exit status of other addresses that can't be had."""
    host = network.add_host("node")
    options = ["-i", host.address[4], "-p", PORT, "-i", "203.0.113.9", "-s", SYNC_PORT]
    with pytest.raises(StartFailed) as failed:
        Daemon(command(runtime, *options), {("udp", SYNC_PORT)}, netns=host.namespace)
    assert "exited with status 111" in str(failed.value)
    message = "livesync.cluster.listen: 203.0.113.9:9696: Cannot assign requested address"
    assert message in str(failed.value)


def test_L2_a_reload_changes_who_is_believed(runtime, cluster):
    [node], client = cluster(runtime, lines=["livesync.cluster.node_ip 203.0.113.1"])
    segment = Segment(client)
    segment.say(packet_of(0, record(HASH, "192.0.2.1", 1, SEEDING)))
    node.tracker.wait_for_log("live sync: packets ignored: 1")
    node.configure("livesync.cluster.node_ip " + SUBNET)
    node.tracker.send_signal(signal.SIGHUP)
    node.tracker.wait_for_log("reloaded; changed: livesync.cluster.node_ip")
    segment.say(packet_of(0, record(HASH, "192.0.2.2", 2, SEEDING)))
    wait_for_counts([node], client, (1, 0, 0))


def test_L2_nobody_believed_is_a_warning(runtime, cluster):
    [node], client = cluster(runtime, lines=[])
    node.tracker.wait_for_log("no other node is believed without livesync.cluster.node_ip")
    segment = Segment(client)
    segment.say(packet_of(0, record(HASH, "192.0.2.1", 1, SEEDING)))
    node.tracker.wait_for_log("live sync: packets ignored: 1")
    assert node.counts(client) == (0, 0, 0)


# L3: records of old builds for IPv6


def test_L3_type_0_of_old_ipv6_builds_is_read(runtime, cluster):
    """By setting, and without sending anything that such a build would misread."""
    lines = ["livesync.cluster.node_ip " + SUBNET, "livesync.cluster.v6_records yes"]
    [node], client = cluster(runtime, lines=lines)
    segment = Segment(client)
    mapped = record(HASH, "::ffff:192.0.2.1", 1, 0)
    segment.say(packet_of(0, record(HASH, "2001:db8::1", 1, SEEDING), mapped))
    wait_for_counts([node], client, (1, 1, 0))
    expected = [("192.0.2.1", 1), (client.address[4], 2), ("2001:db8::1", 1)]
    assert wire.peers(node.announce(client, 2, left=7)) == expected
    segment.say(packet_of(0, record(HASH, "2001:db8::1", 1, STOPPED)))
    wait_for_counts([node], client, (0, 2, 0))
    assert node.tracker.stop() == 0  # when it sends what waits
    segment.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        segment.hear()


# L5: batch sync


def test_L5_batch_sync_is_gone(start):
    """Its page is none, as in every C tracker since 2008."""
    tracker = start()
    for path in ("/sync", "/sync?changeset=de"):
        assert wire.get(tracker, path)[0] == 404


def test_L5_keywords_of_batch_sync_warn(start, tmp_path):
    config = tmp_path / "config"
    config.write_text("batchsync.cluster.admin_ip 192.0.2.1\n")
    tracker = start("-f", config)
    tracker.wait_for_log(
        r"config:1: batchsync.cluster.admin_ip: has no effect: batch sync over HTTP is no more; "
        "live sync replaces it"
    )


# L6: scrape sync


def test_L6_a_node_that_comes_up_asks_for_counts(runtime, cluster):
    lines = ["livesync.cluster.node_ip " + SUBNET, "livesync.cluster.scrape_sync 30"]
    [node], client = cluster(runtime, lines=lines)
    segment = Segment(client)
    segment.say(packet_of(1, struct.pack(">Q", 2)))
    packet, _, _ = segment.hear()
    assert packet == node.tracker_id() + struct.pack(">I", 2) + b"hand"
    told = [struct.pack(">20sIQ", HASH, 5, 7), struct.pack(">20sIQ", OTHER_HASH, 0, 3)]
    segment.say(packet_of(3, *told, b"rest"))
    wait_for_counts([node], client, (0, 0, 7))
    assert node.counts(client, OTHER_HASH) == (0, 0, 3)
    # Counts only grow, and one that is up for less than 30 minutes tells nothing.
    segment.say(packet_of(3, struct.pack(">20sIQ", OTHER_HASH, 0, 2)))
    segment.say(packet_of(2, node.tracker_id()))
    segment.say(packet_of(3, struct.pack(">20sIQ", HASH, 5, 8)))
    wait_for_counts([node], client, (0, 0, 8))
    assert node.counts(client, OTHER_HASH) == (0, 0, 3)


def test_L6_a_node_tells_its_counts(network, launch, tmp_path):
    """A minute after it came up; in two clusters at once, each with one node of both runtimes."""
    lines = ["livesync.cluster.node_ip " + SUBNET, "livesync.cluster.scrape_sync 1"]
    client = network.add_host("client")
    hosts = [network.add_host("node%d" % number) for number in range(4)]
    tellers, learners = [], []
    for number, runtime in enumerate(("cpython", "micropython")):
        port = SYNC_PORT + number
        teller = Node(hosts[number], launch, runtime, tmp_path, *lines, sync_port=port)
        segment = Segment(client, port)
        teller.announce(client, 6881, left=0, event="completed")
        teller.announce(client, 6881, left=0, event="stopped")
        segment.hear()  # what is told of peers, before there is another node to hear it
        tellers.append((teller, segment))
    for number, runtime in enumerate(("micropython", "cpython")):
        port = SYNC_PORT + number
        learner = Node(hosts[2 + number], launch, runtime, tmp_path, *lines, sync_port=port)
        learners.append(learner)
        assert learner.counts(client) == (0, 0, 0)
    for (teller, segment), learner in zip(tellers, learners):
        segment.socket.settimeout(90)
        heard = [segment.hear()[0]]
        while heard[-1][4:8] != b"\0\0\0\3":
            heard.append(segment.hear()[0])
        asked, told = learner.tracker_id(), teller.tracker_id()
        assert heard[0] == told + b"\0\0\0\1" + struct.pack(">Q", 1)
        assert heard[1] == asked + b"\0\0\0\2" + told
        assert heard[-1] == told + b"\0\0\0\3" + struct.pack(">20sIQ", HASH, 1, 1)
        wait_for_counts([learner], client, (0, 0, 1))
