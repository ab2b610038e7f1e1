"""--bridge: between sites of our own, and with a C proxy played by the tests, byte by byte.

A site is a host with a network of its own for live sync (lan0), on which the tests are a tracker of
the C project, and one that all sites share for TCP (eth0).
"""

import re
import resource
import signal
import socket
import struct
import time

import pytest

from clients.netns import Network, ip
from support import wire
from support.runtimes import RUNTIMES, need_tool

SYNC_PORT = 9696
PORT = 9009
TRACKER_PORT = 6969
GROUP = "224.0.23.5"
LAN = "10.9.0.%d"
LAN_NETWORK = "10.9.0.0/24"

C_ID = b"\x79\xfd\x71\x0b"
OTHER_ID = b"\x01\x02\x03\x04"
REST = b"bcdefghijklmnopqrst"
PEER = bytes.fromhex("7f0000011ae1")
OTHER_PEER = bytes.fromhex("7f0000011ae2")
SEEDING, COMPLETED, STOPPED, FROM_SYNC = 0x80, 0x40, 0x20, 0x10
HELLO = b"\0\1\0\0"

CYCLE = 120
LISTS = 256
DEADLINE = CYCLE + 16 + 10  # a cycle, the tracker's 15 s before it, and some for a slow machine

pytestmark = pytest.mark.requires_root


@pytest.fixture
def network():
    """To be named before `launch`, so that programs end before their network does."""
    need_tool("ip")
    with Network() as network:
        yield network


class Site:
    """A host with its own lan0."""

    def __init__(self, network, name, launch, path):
        self.host = network.add_host(name)
        self._launch = launch
        self._path = path
        namespace = self.host.namespace
        ip("-n", namespace, "link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
        for number in (1, 2):
            ip("-n", namespace, "address", "add", LAN % number + "/24", "dev", "lan0")
        for end in ("lan0", "lan1"):
            ip("-n", namespace, "link", "set", end, "up")

    @property
    def address(self):
        return self.host.address[4]

    def config(self, name):
        return self._path / f"{self.host.name}-{name}.conf"

    def _start(self, runtime, name, lines, *switches):
        path = self.config(name)
        path.write_text("".join(line + "\n" for line in lines))
        return self._launch(
            runtime, *switches, "-f", path, port=TRACKER_PORT, netns=self.host.namespace
        )

    def bridge(self, runtime, *lines, name="bridge"):
        """Starts a bridge; `uptime` is about how long it runs."""
        livesync = [f"livesync.cluster.listen {LAN % 1}", "tracker.memory 1024"]
        bridge = self._start(runtime, name, livesync + list(lines), "--bridge")
        bridge.uptime = uptime_since(time.monotonic())
        return bridge

    def tracker(self, runtime, *lines):
        livesync = [f"livesync.cluster.listen {LAN % 1}"]
        listen = [f"listen.tcp_udp {LAN % 1}:{TRACKER_PORT}"]
        listen += [f"listen.tcp_udp [{self.host.address[6]}]:{TRACKER_PORT}"]
        return self._start(runtime, "tracker", livesync + listen + list(lines))

    def announce(self, info_hash, port, family=4, **params):
        """What the tracker answers to a client on this host."""
        target = (LAN % 1 if family == 4 else self.host.address[6]), TRACKER_PORT
        return self.host.call(lambda: wire.announce(target, info_hash, port, **params))

    def counts(self, info_hash):
        """(seeders, leechers, downloaded)"""
        swarms = self.host.call(wire.scrape, (LAN % 1, TRACKER_PORT), info_hash)
        swarm = swarms.get(info_hash, {})
        return tuple(swarm.get(key, 0) for key in (b"complete", b"incomplete", b"downloaded"))

    def peers(self, info_hash):
        """The ports of the peers that the tracker hands out, to one who does not stay."""
        ports = {port for _, port in wire.peers(self.announce(info_hash, 7999, left=1))}
        self.announce(info_hash, 7999, event="stopped")
        return ports - {7999}

    def group(self):
        """A socket in the group, of a node with an address of its own."""

        def open_socket():
            lan = socket.inet_aton(LAN % 2)
            new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            new.bind((GROUP, SYNC_PORT))
            membership = socket.inet_aton(GROUP) + lan
            new.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            new.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, lan)
            return new

        return Group(self.host.call(open_socket))

    def connect(self, site, own_port=0):
        """A connection from this host to the bridge of a site."""
        own = self.address, own_port
        there = site.address, PORT
        return self.host.call(lambda: socket.create_connection(there, 10, own))

    def listener(self):
        def listen():
            new = socket.create_server((self.address, PORT))
            new.settimeout(DEADLINE)
            return new

        return self.host.call(listen)


class Group:
    """The live sync of a site, as a tracker of the C project sees it."""

    def __init__(self, opened):
        self.socket = opened
        self.socket.settimeout(10)

    def say(self, *records, sender=OTHER_ID, kind=0):
        packet = sender + struct.pack(">I", kind) + b"".join(records)
        self.socket.sendto(packet, (GROUP, SYNC_PORT))

    def hear(self):
        """The next packet of somebody else."""
        while True:
            packet = self.socket.recv(2048)
            if packet[:4] != OTHER_ID:
                return packet


def uptime_since(start):
    return lambda: time.monotonic() - start


def soon(bridge, seconds=3):
    """A first byte of info_hashes whose turn comes in some seconds."""
    return int((bridge.uptime() + seconds) * LISTS / CYCLE) % LISTS


def record(info_hash, peer, flags):
    """As live sync has it, the age included."""
    return info_hash + peer + bytes((flags, 0))


def receive(connection, size):
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        assert chunk, f"closed after {data!r}"
        data += chunk
    return data


def is_closed(connection):
    """Whether the other side closes, without a word."""
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


def handshake(connection, own_id=C_ID):
    """What the C proxy does when it connects; returns the bridge's id."""
    connection.sendall(own_id)
    return receive(connection, 4)


@pytest.fixture
def sites(network, launch, public_path):
    """sites(name, ...) makes sites."""

    def make(*names):
        return [Site(network, name, launch, public_path) for name in names]

    return make


def listening(site):
    """Settings of a bridge that waits for others."""
    return (
        f"livesync.proxy.listen {site.address}:{PORT}",
        f"livesync.cluster.node_ip {LAN_NETWORK}",
    )


def test_L4_sends_frames_as_the_c_proxy_reads_them(sites, runtime):
    home, far = sites("home", "far")
    bridge = home.bridge(runtime, *listening(home), f"livesync.cluster.node_ip {far.address}")
    group = home.group()
    with far.connect(home) as proxy:
        own_id = handshake(proxy)
        assert own_id not in (C_ID, bytes(4))
        first = bytes((soon(bridge),))
        later = bytes(((first[0] + 2) % LISTS,))
        group.say(record(first + REST, PEER, SEEDING), record(later + REST, PEER, 0))
        group.say(record(first + REST, PEER, STOPPED), record(first + REST, OTHER_PEER, 0)[:-1])
        stop = first + b"\0\1" + REST + b"\2" + PEER + bytes((SEEDING,)) + PEER + bytes((STOPPED,))
        expected = b"\0" + stop + b"\0" + later + b"\0\1" + REST + b"\1" + PEER + b"\0"
        proxy.settimeout(DEADLINE)
        assert receive(proxy, len(expected)) == expected
        assert "connected by " + far.address in bridge.log()


def test_L4_reads_frames_as_the_c_proxy_sends_them(sites, runtime):
    home, far = sites("home", "far")
    home.bridge(runtime, *listening(home), f"livesync.cluster.node_ip {far.address}")
    group = home.group()
    with far.connect(home) as proxy:
        own_id = handshake(proxy)
        proxy.sendall(b"\1a\0\1" + REST + PEER + b"\x80" + b"\2a\0\0")
        proxy.sendall(b"\1a\0\0" + b"\2a\0\1" + REST + PEER + b"\x20" + OTHER_PEER + b"\x40")
        proxy.sendall(b"\0b\0\2" + REST + b"\1" + PEER + b"\0" + bytes(19) + b"\x80\1")
        proxy.sendall((PEER + b"\x80") * 128)
        expected = [
            record(b"a" + REST, PEER, SEEDING | FROM_SYNC),
            record(b"a" + REST, PEER, STOPPED | FROM_SYNC),
            record(b"a" + REST, OTHER_PEER, COMPLETED | FROM_SYNC),
            record(b"b" + REST, PEER, FROM_SYNC),
        ]
        expected += [record(b"b" + bytes(19), PEER, SEEDING | FROM_SYNC)] * 128
        heard = []
        while len(heard) < len(expected):
            packet = group.hear()
            assert packet[:8] == own_id + bytes(4), "its own id, and records of type 0"
            assert len(packet) <= 8 + 52 * 28 and len(packet) % 28 == 8
            heard += [packet[at : at + 28] for at in range(8, len(packet), 28)]
        assert heard == expected


def test_L4_calls_a_c_proxy(sites, runtime):
    """It is told 4 bytes, and then nothing but an empty frame before it has surely read that."""
    home, far = sites("home", "far")
    with far.listener() as listener:
        bridge = home.bridge(
            runtime,
            f"livesync.proxy.connect {far.address}:{PORT}",
            f"livesync.cluster.node_ip {LAN_NETWORK}",
        )
        group = home.group()
        proxy, _ = listener.accept()
        with proxy:
            proxy.settimeout(DEADLINE)
            own_id = receive(proxy, 4)
            proxy.sendall(C_ID)
            assert receive(proxy, 4) == HELLO
            bridge.wait_for_log("connected to " + far.address)
            first = bytes((soon(bridge, 7),))
            peer_v6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + b"\x1a\xe1"
            group.say(first + REST + peer_v6 + b"\x80\0", kind=1)
            group.say(record(first + REST, PEER, COMPLETED | SEEDING))
            frame = b"\0" + first + b"\0\1" + REST + b"\1" + PEER + b"\xc0"
            assert receive(proxy, len(frame)) == frame
            bridge.wait_for_log("does not read IPv6 peers, it is told of IPv4 only")
            proxy.sendall(b"\1a\0\1" + REST + PEER + b"\x80")
            expected = own_id + bytes(4) + record(b"a" + REST, PEER, SEEDING | FROM_SYNC)
            assert group.hear() == expected


def test_L4_what_another_bridge_said_is_not_sent_back(sites, runtime):
    home, far = sites("home", "far")
    bridge = home.bridge(runtime, *listening(home), f"livesync.cluster.node_ip {far.address}")
    group = home.group()
    with far.connect(home) as proxy:
        own_id = handshake(proxy)
        first = bytes((soon(bridge),))
        group.say(record(first + REST, PEER, SEEDING | FROM_SYNC))
        group.say(record(first + REST, PEER, SEEDING), sender=own_id)
        group.say(record(first + REST, OTHER_PEER, SEEDING))
        frame = b"\0" + first + b"\0\1" + REST + b"\1" + OTHER_PEER + b"\x80"
        proxy.settimeout(DEADLINE)
        assert receive(proxy, len(frame)) == frame
        proxy.settimeout(2)
        with pytest.raises(TimeoutError):
            proxy.recv(1)


def test_L4_turns_down_who_is_not_welcome(sites, runtime):
    home, far, strange = sites("home", "far", "strange")
    bridge = home.bridge(runtime, *listening(home), f"livesync.cluster.node_ip {far.address}")
    with strange.connect(home) as stranger:
        assert is_closed(stranger)
    with far.connect(home) as proxy:
        own_id = handshake(proxy)
        for unwelcome in (C_ID, own_id):
            with far.connect(home) as another:
                another.sendall(unwelcome)
                assert is_closed(another)
        with far.connect(home) as another:
            assert handshake(another, OTHER_ID) == own_id, "another bridge of the same address"
        bridge.wait_for_log(f"turned down {far.address}: connected already")
        bridge.wait_for_log(f"turned down {far.address}: this bridge has reached itself")
        bridge.wait_for_log(f"lost {far.address}: closed by the other side")
        proxy.sendall(b"\3a\0\1" + bytes(50))
        assert is_closed(proxy)
    bridge.wait_for_log(f"lost {far.address}: frame of unknown type 3")
    with far.connect(home) as again:
        assert handshake(again) == own_id


def test_L4_a_reload_changes_who_may_call(sites, runtime):
    home, far = sites("home", "far")
    bridge = home.bridge(runtime, *listening(home))
    with far.connect(home) as proxy:
        assert is_closed(proxy)
    with home.config("bridge").open("a") as config:
        config.write(f"livesync.cluster.node_ip {far.address}\n")
    bridge.send_signal(signal.SIGHUP)
    bridge.wait_for_log("reloaded; changed: livesync.cluster.node_ip")
    with far.connect(home) as proxy:
        handshake(proxy)


def test_L4_has_twenty_connections(sites, runtime):
    home, far = sites("home", "far")
    lines = (*listening(home), f"livesync.cluster.node_ip {far.address}")
    bridge = home.bridge(runtime, *lines)
    proxies = []
    try:
        for number in range(20):
            proxies.append(far.connect(home))
            handshake(proxies[-1], struct.pack(">I", number + 1))
        with far.connect(home) as another:
            another.sendall(C_ID)
            assert is_closed(another)
        bridge.wait_for_log("no more connections")
        proxies.pop().close()
        bridge.wait_for_log("lost ")
        with far.connect(home) as another:
            handshake(another)
    finally:
        for proxy in proxies:
            proxy.close()


def test_L4_connects_again_and_gives_up_on_the_silent(sites, launch):
    """On both runtimes at a time: it takes half a minute."""
    far, *homes = sites("far", *RUNTIMES)
    with far.listener() as listener:
        bridges = {}
        for runtime, home in zip(RUNTIMES, homes):
            connect = f"livesync.proxy.connect {far.address}:{PORT}"
            nodes = f"livesync.cluster.node_ip {far.address}"
            bridges[home.address] = home.bridge(runtime, connect, *listening(home), nodes)
        silent = [far.connect(home) for home in homes]
        ids = {}
        for _ in homes:
            proxy, (address, _) = listener.accept()
            with proxy:
                ids[address] = receive(proxy, 8)
                proxy.sendall(C_ID)
                bridges[address].wait_for_log("connected to " + far.address)
        start = time.monotonic()
        for _ in homes:
            proxy, (address, _) = listener.accept()
            with proxy:
                assert receive(proxy, 8) == ids.pop(address)
        assert not ids
        assert 20 < time.monotonic() - start < 50
        for connection in silent:
            connection.settimeout(40)
            assert is_closed(connection)
            connection.close()
    for bridge in bridges.values():
        lost = f"not connected to {far.address}:{PORT}: closed by the other side; tries again"
        assert bridge.log().count(lost) == 1
        bridge.wait_for_log(f"turned down {far.address}: no handshake within 30 seconds")


def test_L4_a_flood_from_a_neighbour_is_slowed_down(sites, runtime):
    """More than a site takes in a second waits at the sender; nothing grows here."""
    home, far = sites("home", "far")
    bridge = home.bridge(runtime, *listening(home), f"livesync.cluster.node_ip {far.address}")
    with far.connect(home) as proxy:
        handshake(proxy)
        frame = b"\0a\0\1" + REST + b"\xff\x7f" + (PEER + b"\x80") * 16383
        before = resident_kib(bridge.pid)
        sent, start = 0, time.monotonic()
        while time.monotonic() - start < 6:
            proxy.sendall(frame)
            sent += 16383
        assert sent / (time.monotonic() - start) < 60000
        assert resident_kib(bridge.pid) < before + 2048
    bridge.wait_for_log("lost " + far.address, 30)


def resident_kib(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


@pytest.mark.parametrize("option", ["listen", "connect"])
def test_L4_needs_to_be_told_where(launch, runtime, tmp_path, option):
    """Settings without which there is nothing to bridge are refused, in words."""
    path = tmp_path / "conf"
    path.write_text(f"livesync.proxy.{option} 127.0.0.1:{PORT}\n")
    with pytest.raises(AssertionError, match="--bridge: needs livesync.cluster.listen"):
        launch(runtime, "--bridge", "-f", path, port=PORT)
    path.write_text("livesync.cluster.listen 127.0.0.1\n")
    with pytest.raises(AssertionError, match="--bridge: needs livesync.proxy.listen or"):
        launch(runtime, "--bridge", "-f", path, port=PORT)


# The whole of it: two sites, each with a tracker and a bridge, three times at the same time.
KEY = "livesync.cluster.key correct-horse-battery"
PAIRS = [
    ("cpython", "cpython", 6, ()),
    ("micropython", "micropython", 4, ()),
    ("cpython", "micropython", 6, (KEY,)),
]


def test_L4_two_sites_keep_in_step(sites, launch):
    """What a peer announces at one site is known at the other within a cycle, its stop too."""
    pairs = []
    for number, (here, there, family, lines) in enumerate(PAIRS):
        left, right = sites(f"left{number}", f"right{number}")
        lines = (f"livesync.cluster.node_ip {LAN_NETWORK}", *lines)
        node = f"livesync.cluster.node_ip {right.host.address[family]}"
        endpoint = f"{left.address}:{PORT}" if family == 4 else f"[{left.host.address[6]}]:{PORT}"
        listen, connect = f"livesync.proxy.listen {endpoint}", f"livesync.proxy.connect {endpoint}"
        left.tracker(here, *lines)
        right.tracker(there, *lines)
        bridges = left.bridge(here, listen, *lines, node), right.bridge(there, connect, *lines)
        bridges[1].wait_for_log("connected to " + re.escape(endpoint), 40)
        pairs += [(left, right, bridges[0]), (right, left, bridges[1])]
    for here, _, bridge in pairs:
        here.hash = bytes((soon(bridge, 8),)) + here.host.name.encode().ljust(19)
        here.announce(here.hash, 7001)
        here.announce(here.hash, 7002, left=1)
        here.announce(here.hash, 7003, left=1)
        here.announce(here.hash, 7003, event="completed")
        here.announce(here.hash, 7004, family=6)
    wait_for_counts(pairs, (3, 1, 1))
    for here, there, _ in pairs:
        assert there.peers(here.hash) == {7001, 7002, 7003, 7004}, "the last of them by IPv6"
        here.announce(here.hash, 7001, event="stopped")
        here.announce(here.hash, 7004, family=6, event="stopped")
    wait_for_counts(pairs, (1, 1, 1))
    for here, there, _ in pairs:
        assert there.peers(here.hash) == {7002, 7003}


def wait_for_counts(pairs, counts):
    """Until each site's tracker counts what it should of what the other one was told."""
    deadline = time.monotonic() + DEADLINE
    for here, there, _ in pairs:
        while there.counts(here.hash) != counts:
            assert time.monotonic() < deadline, (there.host.name, there.counts(here.hash))
            time.sleep(1)
