"""Real BitTorrent clients find each other through the tracker alone, and a file arrives."""

import contextlib
import os
import time

import pytest

from clients.clients import CLIENTS, Torrent
from clients.netns import Network
from clients.swarm import Swarm
from support import wire
from support.runtimes import TOP, need_tool

TRACKER_PORT = 6969
FILE_SIZE = 3 << 20
QUIET_SECONDS = 12  # longer than the 10 s after which clients look anew whom to serve

# Who meets where; the first of each swarm seeds. Over IPv6, aria2 has no UDP trackers at all, and
# transmission only since 4.1: 3.00 asks the name server for "[2001".
SWARMS = {
    ("cpython", 4): {
        "http": ("aria2", "transmission", "libtorrent"),
        "udp": ("libtorrent", "aria2", "transmission"),
    },
    ("cpython", 6): {
        "http": ("transmission", "libtorrent", "aria2"),
        "udp": ("libtorrent", "transmission-4.1", "libtorrent"),
    },
    ("micropython", 4): {
        "http": ("transmission", "libtorrent", "aria2"),
        "udp": ("aria2", "transmission", "libtorrent"),
    },
    ("micropython", 6): {
        "http": ("libtorrent", "aria2", "transmission"),
        "udp": ("transmission-4.1", "libtorrent", "libtorrent"),
    },
}

SAVED_REQUESTS = sorted((TOP / "tests" / "fixtures" / "requests").glob("*.txt"))


@pytest.fixture
def network():
    """To be named before `launch`, so that trackers end before their network does."""
    need_tool("ip")
    with Network() as network:
        yield network


def need_clients(kinds):
    for kind in kinds:
        CLIENTS[kind].program()


@pytest.mark.requires_root
@pytest.mark.parametrize("family", [4, 6], ids=["IPv4", "IPv6"])
def test_file_arrives(runtime, family, network, launch, tmp_path):
    """One swarm by HTTP and one by UDP, on hosts that have addresses of one family only."""
    plan = SWARMS[runtime, family]
    need_clients(kind for kinds in plan.values() for kind in kinds)
    host = network.add_host("tracker", [family])
    tracker = launch(runtime, host=host.address[family], port=TRACKER_PORT, netns=host.namespace)
    urls = {"http": tracker.url, "udp": tracker.udp_url}

    with contextlib.ExitStack() as running:
        swarms = {}
        for scheme, (seeder, *_leechers) in plan.items():
            torrent = Torrent(scheme + ".bin", os.urandom(FILE_SIZE), urls[scheme])
            swarm = Swarm(network, tracker, host, torrent, tmp_path)
            swarms[scheme] = running.enter_context(swarm)
            swarm.add(seeder, seeds=True)
        for scheme, (_seeder, *leechers) in plan.items():
            swarms[scheme].wait_for_counts(complete=1, downloaded=0, incomplete=0)
            for leecher in leechers:
                swarms[scheme].add(leecher)
        for swarm in swarms.values():
            swarm.wait_for_file()
            swarm.wait_for_counts(complete=3, downloaded=2, incomplete=0)
        for swarm in swarms.values():
            swarm.end()


@pytest.mark.requires_root
def test_nothing_arrives_from_another_trackers_swarm(network, launch, tmp_path):
    """The same file and the same network, but seeders and leechers at two trackers.

    This is about the clients, so one runtime is enough: had they another way to find each other,
    the test above would not be one of the tracker.
    """
    kinds = ("aria2", "transmission", "libtorrent")
    need_clients(kinds)
    content = os.urandom(FILE_SIZE)

    def add_swarm(name):
        host = network.add_host(name)
        tracker = launch("cpython", host=host.address[4], port=TRACKER_PORT, netns=host.namespace)
        return Swarm(network, tracker, host, Torrent("file.bin", content, tracker.url), tmp_path)

    with add_swarm("there") as seeders, add_swarm("here") as leechers:
        for kind in kinds:
            seeders.add(kind, seeds=True)
            leechers.add(kind)
        seeders.wait_for_counts(complete=3, downloaded=0, incomplete=0)
        leechers.wait_for_counts(complete=0, downloaded=0, incomplete=3)
        time.sleep(QUIET_SECONDS)
        assert [client.pieces() for client in leechers.clients] == [0, 0, 0], leechers.story(
            "got data"
        )
        assert seeders.counts() == (3, 0, 0)
        assert leechers.counts() == (0, 0, 3)


@pytest.mark.parametrize("path", SAVED_REQUESTS, ids=lambda path: path.stem)
def test_saved_request_is_understood(path, start):
    """What each client sent once, to the byte: see clients/capture.py."""
    tracker = start()
    reply = wire.decode(wire.parse_reply(wire.http(tracker, path.read_bytes())))
    assert (reply[b"complete"], reply[b"incomplete"]) == (0, 1)
    assert reply[b"interval"] >= 1200
