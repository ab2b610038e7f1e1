"""The running tracker on a 32-bit and on a big-endian MicroPython, and on the oldest CPython."""

import signal

import pytest

from support.runtimes import FOREIGN_RUNTIMES
from support.tracker import free_port
from support.wire import Failed, UdpClient, announce, get, peers, scrape

HASH = b"\x47" * 20
UNKNOWN = b"\x48" * 20

pytestmark = pytest.mark.parametrize("runtime", FOREIGN_RUNTIMES)


def test_it_serves_both_protocols_and_families(start):
    port = free_port("::")
    start("-i", "::", "-p", port, "-P", port)
    v4, v6, other_v4 = ("127.0.0.1", port), ("::1", port), ("127.0.0.2", port)
    assert peers(announce(v4, HASH, 7001, left=1)) == [("127.0.0.1", 7001)]
    assert peers(announce(v6, HASH, 7002)) == [("127.0.0.1", 7001), ("::1", 7002)]
    with UdpClient(v4) as client, UdpClient(v6) as client_v6, UdpClient(other_v4) as other:
        done = client.announce(HASH, 7001, event="completed")
        assert (done.leechers, done.seeders, done.peers) == (0, 2, [("127.0.0.1", 7001)])
        assert client_v6.announce(HASH, 7003, left=2**33).peers == [("::1", 7003), ("::1", 7002)]
        for each in (client, client_v6, other):
            assert each.scrape(HASH, UNKNOWN).counts == [(2, 1, 1), (0, 0, 0)]
            assert each.reply_source[:2] == each.address[:2]
        client.connection_id = client_v6.connection_id
        assert isinstance(client.scrape(HASH), Failed)
    assert scrape(v6, HASH, UNKNOWN) == {HASH: {b"complete": 2, b"downloaded": 1, b"incomplete": 1}}
    announce(v6, HASH, 7002, event="stopped")
    assert peers(announce(v4, HASH, 7001)) == [("127.0.0.1", 7001), ("::1", 7003)]


def test_it_remembers_many_peers(start):
    """More than fit one block of memory, in many swarms."""
    tracker = start()
    hashes = [bytes([number]) * 20 for number in range(64)]
    with UdpClient(tracker) as client:
        for info_hash in hashes:
            client.announce(info_hash, 7001, num_want=0)
        for port in range(1, 301):
            client.announce(HASH, port, num_want=0)
        assert client.scrape(*hashes).counts == [(1, 0, 0)] * 64
        reply = client.announce(HASH, 1)
        assert len(set(reply.peers)) == 200
    assert announce(tracker, HASH, 1)[b"complete"] == 300


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals(start, tmp_path, number):
    config = tmp_path / "config"
    config.write_text("tracker.redirect_url http://one.example/\n")
    tracker = start("-f", config)
    assert get(tracker, "/")[0] == 302
    tracker.wait_for_log("serving udp")
    tracker.send_signal(signal.SIGHUP)
    tracker.wait_for_log("reloaded")
    assert get(tracker, "/")[0] == 302
    assert tracker.stop(number) == 0
    assert tracker.log().endswith(f"ends by signal {number.name[3:]}\n")
