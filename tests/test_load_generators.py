"""The traffic of the C project's load generators: shell loops that announce at full speed.

Each request is one connection by netcat, of HTTP/1.0 and without a header. The first script
announces to 16 swarms, the second to 65,536. They look at no reply; these tests look at each.
"""

import os
import random
import resource
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from bencode2 import bdecode

from support import wire

REQUESTS = 8000
CLIENTS = 4
MEMORY_KIB = 256


def few_swarms(dice):
    """A request of testsuite.sh."""
    digit, a, b = (dice.randrange(16) for _ in range(3))
    port = dice.randrange(256)
    target = "/announce?info_hash=0123456789012345678%%%02X&ip=%d.%d.13.16&port=%d"
    return request_line(target % (digit, a, b, port))


def many_swarms(dice):
    """A request of testsuite2.sh."""
    first, second, a, port = (dice.randrange(256) for _ in range(4))
    target = "/announce?info_hash=012345678901234567%%%02X%%%02X&ip=%d.17.13.15&port=%d"
    return request_line(target % (first, second, a, port))


def request_line(target):
    """As an echo that understands \\n leaves it: with the end that it adds."""
    return b"GET %s HTTP/1.0\n\n" % target.encode()


def exchange(tracker, raw):
    """What netcat does: it sends, and reads to the end."""
    with socket.create_connection(tracker.addr, 10) as connection:
        connection.sendall(raw)
        return wire.read_to_end(connection)


def client_of(tracker, script, seed):
    """A loop of the script; returns how many announces were refused for want of memory."""
    dice = random.Random(seed)
    refused = 0
    for _ in range(REQUESTS // CLIENTS):
        raw = script(dice)
        status, headers, body = wire.parse_reply(exchange(tracker, raw))
        assert status == 200, (raw, body)
        assert int(headers["content-length"]) == len(body)
        reply = bdecode(body)
        if b"failure reason" in reply:
            assert b"retry in" in reply, (raw, reply)
            refused += 1
        else:
            assert 1620 <= reply[b"interval"] <= 1979
            assert all(0 < port < 256 for _, port in wire.peers(reply))
    return refused


def resident_kib(tracker):
    with open(f"/proc/{tracker.pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


@pytest.mark.parametrize("script", [few_swarms, many_swarms], ids=lambda script: script.__name__)
def test_X1_load_generators_at_full_speed_do_no_harm(start, tmp_path, script):
    config = tmp_path / "conf"
    config.write_text(f"tracker.memory {MEMORY_KIB}\n")
    tracker = start("-f", config)
    before = resident_kib(tracker)
    descriptors = len(os.listdir(f"/proc/{tracker.pid}/fd"))
    with ThreadPoolExecutor(CLIENTS) as pool:
        loops = [pool.submit(client_of, tracker, script, seed) for seed in range(CLIENTS)]
        refused = sum(loop.result() for loop in loops)
    assert tracker.running
    assert len(os.listdir(f"/proc/{tracker.pid}/fd")) == descriptors
    assert resident_kib(tracker) < before + MEMORY_KIB + 1024
    if script is few_swarms:
        assert refused == 0, "16 swarms fit"
        hashes = [b"0123456789012345678" + bytes([digit]) for digit in range(16)]
        swarms = wire.scrape(tracker, *hashes)
        assert set(swarms) == set(hashes)
        assert all(swarm[b"complete"] + swarm[b"incomplete"] > 30 for swarm in swarms.values())
    else:
        assert refused > 0, "more swarms than fit"
    reply = wire.announce(tracker, b"another client's own", 6881)
    assert b"interval" in reply or b"retry in" in reply
