"""The running tracker over UDP: where its replies go to and come from, and what they carry.

What every single packet is answered with is in test_side_by_side.py.
"""

import random
import socket
import struct
import subprocess
import time

import pytest

from clients.netns import ADDRESS, PREFIX_LENGTH, Network, ip
from support.tracker import Tracker, free_port
from support.wire import (
    PROTOCOL_ID,
    Connected,
    Failed,
    UdpClient,
    announce,
    announce_body,
    scrape,
)

HASH = b"\x27" * 20
HASHES = [struct.pack(">I", number) * 5 for number in range(80)]
CONNECT = PROTOCOL_ID + bytes(4)
PORT = 6969
ELSEWHERE = ("203.0.113.1", "2001:db8:1::1")  # not in the client's network


def test_a_client_s_life(start):
    tracker = start()
    with UdpClient(tracker) as client:
        first = client.announce(HASH, 7001, left=1, event="started")
        assert (first.leechers, first.seeders, first.peers) == (1, 0, [("127.0.0.1", 7001)])
        assert 1620 <= first.interval <= 1979
        assert client.scrape(HASH).counts == [(0, 0, 1)]
        done = client.announce(HASH, 7001, left=0, event="completed")
        assert (done.leechers, done.seeders) == (0, 1)
        assert client.scrape(HASH, HASHES[1], HASH).counts == [(1, 1, 0), (0, 0, 0), (1, 1, 0)]
        gone = client.announce(HASH, 7001, left=0, event="stopped")
        assert (gone.leechers, gone.seeders, gone.peers) == (0, 0, [])
        assert client.scrape(HASH).counts == [(0, 1, 0)]


def test_http_and_udp_share_the_swarms(start):
    tracker = start()
    announce(tracker, HASH, 7001, left=1)
    with UdpClient(tracker) as client:
        reply = client.announce(HASH, 7002, left=0)
        assert sorted(reply.peers) == [("127.0.0.1", 7001), ("127.0.0.1", 7002)]
        assert (reply.leechers, reply.seeders) == (1, 1)
        client.announce(HASH, 7001, event="stopped")
    assert scrape(tracker, HASH)[HASH] == {b"complete": 1, b"downloaded": 0, b"incomplete": 0}


def test_an_id_is_good_for_its_address_only(start):
    tracker = start()
    with UdpClient(tracker) as one, UdpClient(tracker, source="127.0.0.2") as other:
        one.connect()
        other.connect()
        assert one.connection_id != other.connection_id
        one.connection_id = other.connection_id
        assert one.announce(HASH, 7001).message == b"Connection ID missmatch.\0"
        assert one.scrape(HASH).message == b"Connection ID missmatch.\0"
        assert other.scrape(HASH).counts == [(0, 0, 0)]
        # Another port of the same address is fine: routers change it between two packets.
        with UdpClient(tracker, source="127.0.0.2") as again:
            again.connection_id = other.connection_id
            assert again.scrape(HASH).counts == [(0, 0, 0)]


def test_ids_are_another_tracker_s_business(start):
    with UdpClient(start()) as one, UdpClient(start()) as other:
        one.connect()
        other.connection_id = one.connection_id
        assert isinstance(other.scrape(HASH), Failed)


def test_an_error_is_no_larger_than_its_request(start):
    with UdpClient(start()) as client:
        wrong = bytes(8) + struct.pack(">I4s", 2, b"tran")
        assert client.silent(wrong)
        reply = client.exchange(wrong + HASH)
        assert reply == struct.pack(">I4s", 3, b"tran") + b"Connection ID missmatch.\0"
        assert len(reply) <= len(wrong + HASH)


def test_garbage_does_no_harm(start):
    chance = random.Random(2)
    with UdpClient(start()) as client:
        client.connect()
        announced = client.connection_id + struct.pack(">I4s", 1, b"tran")
        announced += announce_body(HASH, 7001)
        mark = CONNECT + b"mark"
        for number in range(500):
            garbage = chance.randbytes(chance.choice((0, 1, 15, 16, 40, 98, 500, 1500)))
            if number % 2:
                garbage = bytearray(announced)
                for _ in range(chance.randint(1, 5)):
                    garbage[chance.randrange(len(garbage))] = chance.randrange(256)
            client.send(garbage)
            reply = client.exchange(mark)
            if reply[4:8] != b"mark":
                assert reply[:4] in [struct.pack(">I", action) for action in range(4)]
                assert client.receive()[4:8] == b"mark"
        assert isinstance(client.connect(), Connected)


@pytest.mark.parametrize("size", [0, 1, 2047, 2048, 2049, 8192, 9000, 65507])
def test_datagrams_of_any_size(start, size):
    with UdpClient(start()) as client:
        client.connect()
        scraped = client.connection_id + struct.pack(">I4s", 2, b"tran") + bytes(65507)
        if size < 16:
            assert client.silent(scraped[:size])
        else:
            reply = client.exchange(scraped[:size])
            assert reply == struct.pack(">I4s", 2, b"tran") + bytes(12 * 75)
        assert client.scrape(HASH).counts == [(0, 0, 0)]


def test_clients_that_are_gone_do_no_harm(start):
    """Nobody takes the replies, of which the kernel tells."""
    tracker = start()
    for _ in range(100):  # which fit the tracker's receive buffer
        with UdpClient(tracker) as client:
            client.send(CONNECT + b"tran")
    with UdpClient(tracker) as client:
        assert isinstance(client.connect(), Connected)


def test_75_torrents_are_scraped_at_once(start):
    tracker = start()
    with UdpClient(tracker) as client:
        for number, info_hash in enumerate(HASHES):
            client.announce(info_hash, 7001, left=number % 2)
        expected = [(1 - number % 2, 0, number % 2) for number in range(75)]
        assert client.scrape(*HASHES[:75]).counts == expected
        assert client.scrape(*HASHES).counts == expected


# IPv6


@pytest.fixture
def dual_stack(start):
    """A tracker of both families on one port, with its addresses for each."""
    port = free_port("::")
    start("-i", "::", "-p", port, "-P", port)
    return ("127.0.0.1", port), ("::1", port)


def test_both_families_are_counted_and_one_is_listed(dual_stack):
    with UdpClient(dual_stack[0]) as v4, UdpClient(dual_stack[1]) as v6:
        v4.announce(HASH, 7004, left=0)
        reply = v6.announce(HASH, 7006, left=1)
        assert (reply.leechers, reply.seeders, reply.peers) == (1, 1, [("::1", 7006)])
        reply = v4.announce(HASH, 7004, left=0)
        assert (reply.leechers, reply.seeders, reply.peers) == (1, 1, [("127.0.0.1", 7004)])
        assert v4.scrape(HASH).counts == v6.scrape(HASH).counts == [(1, 0, 1)]


def test_replies_fit_the_smallest_packets(dual_stack):
    """200 IPv4 peers, 66 IPv6 peers: with those a reply is not fragmented."""
    with UdpClient(dual_stack[0]) as v4, UdpClient(dual_stack[1]) as v6:
        for port in range(1, 211):
            v4.announce(HASH, port, num_want=0)
            v6.announce(HASH, port, num_want=0)
        for client, most, address in ((v4, 200, "127.0.0.1"), (v6, 66, "::1")):
            for wanted in (-1, 0, 1, most - 1, most, most + 1, 1000):
                reply = client.announce(HASH, 1, num_want=wanted)
                assert (reply.leechers, reply.seeders) == (0, 420)
                assert len(reply.peers) == len(set(reply.peers))
                assert len(reply.peers) == (min(wanted, most) if wanted >= 0 else most)
                assert set(reply.peers) <= {(address, port) for port in range(1, 211)}


# A reply leaves from the address that was asked


def assert_answers_from(address, port):
    with UdpClient((address, port)) as client:
        for reply in (client.connect(), client.announce(HASH, 7001), client.scrape(HASH)):
            assert not isinstance(reply, Failed)
            assert client.reply_source[:2] == client.address[:2]


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
@pytest.mark.parametrize("asked", ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.1.2.3"])
def test_replies_leave_from_the_loopback_address_that_was_asked(start, wildcard, asked):
    port = free_port(wildcard)
    start("-i", wildcard, "-P", port)
    assert_answers_from(asked, port)


def more_addresses():
    return [ADDRESS[family] % number for family in (4, 6) for number in (101, 102, 103)]


def add_address(host, address, device):
    family = 6 if ":" in address else 4
    at_once = ["nodad"] if family == 6 else []  # no duplicate can be there to wait for
    prefixed = f"{address}/{PREFIX_LENGTH[family]}"
    ip("-n", host.namespace, "address", "add", prefixed, "dev", device, *at_once)


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        tracker = network.add_host("tracker")
        client = network.add_host("client")
        for address in more_addresses():
            add_address(tracker, address, "eth0")
        # As on a router, which has addresses on more than one interface.
        ip("-n", tracker.namespace, "link", "add", "eth1", "type", "veth", "peer", "eth2")
        for end in ("eth1", "eth2"):
            ip("-n", tracker.namespace, "link", "set", end, "up")
        for address in ELSEWHERE:
            add_address(tracker, address, "eth1")
        for family, address in zip((4, 6), ELSEWHERE):
            route = ["route", "add", address, "via", tracker.address[family]]
            ip("-n", client.namespace, f"-{family}", *route)
        for host in network.hosts:
            deadline = time.monotonic() + 10
            while output_of_ip(host, "address", "show", "tentative"):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield network


def output_of_ip(host, *arguments):
    command = ["ip", "-n", host.namespace, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.requires_root
def test_replies_leave_from_the_address_that_was_asked(network, runtime, launch):
    host, client = network.hosts
    launch(runtime, "-i", "::", "-P", PORT, netns=host.namespace)
    link_local = link_local_of(host)
    for asked in (*host.address.values(), *more_addresses(), *ELSEWHERE, link_local):
        client.call(assert_answers_from, asked, PORT)


def link_local_of(host):
    """The link-local address of a host's eth0, with the zone it has on the next one."""
    listing = output_of_ip(host, "-6", "-brief", "address", "show", "dev", "eth0", "scope", "link")
    return listing.split()[2].partition("/")[0] + "%eth0"


def test_a_bound_address_is_what_it_answers_from(launch, runtime):
    port = free_port("127.0.0.2")
    with Tracker(runtime, port=port, host="127.0.0.2") as tracker:
        assert_answers_from("127.0.0.2", port)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", port))
            client.send(CONNECT + b"tran")
            with pytest.raises(ConnectionRefusedError):
                client.recv(16)
        assert tracker.stop() == 0
