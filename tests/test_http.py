"""The running tracker over HTTP: connections, their ends and limits, and what their replies carry.

What every single request is answered with is in test_side_by_side.py.
"""

import os
import random
import select
import socket
import struct
import subprocess
import time

import pytest

from support.runtimes import RUNTIMES, command
from support.tracker import Daemon, free_port
from support.wire import (
    UdpClient,
    announce,
    connect,
    get,
    http,
    parse_reply,
    peers,
    read_to_end,
    scrape,
)

HASH = b"\x17" * 20
OTHER_HASH = b"\x18" * 20
KEEP = b"Connection: keep-alive\r\n"
REDIRECT = "http://example.org/"
SETTLE = 15  # seconds in which a tracker surely has noticed what its clients did
NO_LINGER = struct.pack("ii", 1, 0)
RESET_ERRORS = select.POLLERR | select.POLLHUP


def scrape_of(info_hash, headers=b""):
    escaped = b"".join(b"%%%02x" % byte for byte in info_hash)
    return b"GET /scrape?info_hash=%s HTTP/1.1\r\n%s\r\n" % (escaped, headers)


def receive(connection, count):
    """The first `count` whole replies, each as (status, headers, body); then nothing may follow."""
    received = bytearray()
    replies = []
    while len(replies) < count:
        head, end, body = received.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]) if end else 0
        if end and len(body) >= length:
            replies.append(parse_reply(bytes(head + end + body[:length])))
            received = body[length:]
        else:
            chunk = connection.recv(65536)
            assert chunk, f"closed after {len(replies)} of {count} replies and {received!r}"
            received += chunk
    assert not received, f"more than {count} replies: {received!r}"
    return replies


def is_closed(connection):
    return read_to_end(connection) == b""


def is_open(connection, seconds=0.3):
    """Whether nothing happens on a connection for a while, not even its end."""
    return not select.select([connection], [], [], seconds)[0]


def eventually(condition, deadline=SETTLE):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def files_at_rest(tracker):
    """How many files it has open once it serves, without any connection."""
    assert get(tracker, "/scrape?")[0] == 400
    return open_files(tracker.pid)


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# One request per connection, or more


@pytest.mark.parametrize(
    "headers", [b"", b"Connection: close\r\n", b"X: keep-alive\r\n", b"Keep-Alive: 5\r\n"]
)
def test_connection_is_closed_behind_the_reply(start, headers):
    status, sent, _ = parse_reply(http(start(), scrape_of(HASH, headers)))
    assert status == 200
    assert "connection" not in sent


@pytest.mark.parametrize(
    "header", [b"Connection: keep-alive", b"Connection: Keep-Alive", b"connection:keep-alive"]
)
def test_connection_is_kept_for_who_asks(start, header):
    tracker = start()
    with connect(tracker) as connection:
        for _ in range(50):
            connection.sendall(scrape_of(HASH, header + b"\r\n"))
            [(status, headers, body)] = receive(connection, 1)
            assert (status, headers["connection"], body) == (200, "keep-alive", b"d5:filesdee")
        assert is_open(connection)
        connection.sendall(scrape_of(HASH))
        [(status, headers, _)] = receive(connection, 1)
        assert (status, "connection" in headers) == (200, False)
        assert is_closed(connection)


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET / HTTP/1.1", 302),
        (b"GET /nowhere HTTP/1.1", 404),
        (b"GET /scrape? HTTP/1.1", 400),
        (b"POST / HTTP/1.1", 400),
    ],
)
def test_connection_is_closed_behind_an_error(start, request_line, status):
    tracker = start("-r", REDIRECT)
    with connect(tracker) as connection:
        connection.sendall(scrape_of(HASH, KEEP))
        receive(connection, 1)
        connection.sendall(request_line + b"\r\n" + KEEP + b"\r\n" + scrape_of(HASH, KEEP))
        found, headers, _ = parse_reply(read_to_end(connection))
        assert (found, "connection" in headers) == (status, False)


def test_pipelined_requests_are_answered_in_order(start):
    tracker = start()
    for count in range(1, 4):
        announce(tracker, HASH, 6880 + count)
    mixed = [HASH, OTHER_HASH, OTHER_HASH, HASH] * 50
    with connect(tracker) as connection:
        connection.sendall(b"".join(scrape_of(info_hash, KEEP) for info_hash in mixed))
        bodies = [body for _, _, body in receive(connection, len(mixed))]
        assert [HASH in body for body in bodies] == [wanted == HASH for wanted in mixed]
        assert all(b"8:completei3e" in body for body in bodies if HASH in body)
        # The last one that is answered is the one that does not ask for more.
        connection.sendall(scrape_of(HASH) + scrape_of(OTHER_HASH, KEEP))
        parse_reply(read_to_end(connection))


@pytest.mark.parametrize("first_headers", [KEEP, b""])
def test_requests_may_be_split_anywhere(start, first_headers):
    tracker = start()
    text = scrape_of(HASH, first_headers)
    wanted = 1
    if first_headers:
        text, wanted = text + scrape_of(HASH, KEEP), 2
    connections = []
    for offset in range(1, len(text)):
        connections.append(connect(tracker))
        connections[-1].sendall(text[:offset])
    for offset, connection in enumerate(connections, 1):
        with connection:
            connection.sendall(text[offset:])
            assert [status for status, _, _ in receive(connection, wanted)] == [200] * wanted
    assert len(connections) > 90


def test_requests_may_come_byte_by_byte(start):
    tracker = start()
    with connect(tracker) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in scrape_of(HASH, KEEP) * 2:
            connection.send(bytes([byte]))
        receive(connection, 2)


@pytest.mark.parametrize(
    ("text", "replies"),
    [
        (b"", 0),
        (b"GET", 0),
        (scrape_of(HASH)[:-1], 0),
        (scrape_of(HASH), 1),
        (scrape_of(HASH, KEEP), 1),
        (scrape_of(HASH, KEEP) * 5, 5),
        (scrape_of(HASH, KEEP) * 5 + b"GET", 5),
    ],
)
def test_half_closed_connections_get_their_replies(start, text, replies):
    with connect(start()) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        receive(connection, replies)
        assert is_closed(connection)


@pytest.mark.parametrize("parts", [1, 2, 50])
@pytest.mark.parametrize("ending", [b"", b"\r\n\r\n"])
def test_too_large_requests_are_refused(start, parts, ending):
    tracker = start()
    text = b"GET /scrape?info_hash=x HTTP/1.1\r\nX: " + b"x" * 8192 + ending
    size = len(text) // parts + 1
    with connect(tracker) as connection:
        for begin in range(0, len(text), size):
            connection.sendall(text[begin : begin + size])
            time.sleep(0.5 / parts)
        status, _, _ = parse_reply(read_to_end(connection))
        assert status == 500
    assert get(tracker, "/scrape?info_hash=" + 20 * "x")[0] == 200


def test_the_root_leads_where_it_is_told(start):
    status, headers, body = get(start("-r", REDIRECT), "/")
    assert (status, headers["location"], body) == (302, REDIRECT, b"")
    assert get(start(), "/")[0] == 404


# Limits


@pytest.fixture
def few_places(tmp_path):
    """Options for a tracker that waits for 8 connections only."""
    config = tmp_path / "config"
    config.write_text("tracker.connections 8\n")
    return "-f", config


@pytest.mark.parametrize("sent", [b"", b"GET /scr", scrape_of(HASH, KEEP)])
def test_idle_connections_keep_nobody_out(start, few_places, sent):
    tracker = start(*few_places)
    before = files_at_rest(tracker)
    idle = [connect(tracker) for _ in range(8)]
    for connection in idle:
        connection.sendall(sent)
    assert eventually(lambda: open_files(tracker.pid) == before + 8)
    for _ in range(3):
        assert get(tracker, "/scrape?info_hash=" + 20 * "x")[0] == 200
    more = [connect(tracker) for _ in range(20)]
    for connection in more:
        connection.sendall(b"GET")
    with connect(tracker) as kept:
        for _ in range(3):
            kept.sendall(scrape_of(HASH, KEEP))
            receive(kept, 1)
        assert open_files(tracker.pid) <= before + 8
    for connection in idle + more:
        connection.close()
    assert eventually(lambda: open_files(tracker.pid) == before)


def test_few_descriptors_are_enough(runtime):
    """With room for a dozen connections, though 256 are allowed and 40 come."""
    port = free_port()
    options = ["-i", "127.0.0.1", "-p", port, "-P", port]
    limited = ["sh", "-c", 'ulimit -n 24; exec "$@"', "sh", *command(runtime, *options)]
    with Daemon(limited, {("tcp", port), ("udp", port)}) as tracker:
        target = ("127.0.0.1", port)
        idle = [connect(target) for _ in range(40)]
        for connection in idle:
            connection.sendall(b"GET")
        for _ in range(20):
            assert get(target, "/scrape?info_hash=" + 20 * "x")[0] == 200
        assert open_files(tracker.pid) <= 24
        assert is_at_rest(tracker.pid)
        assert tracker.stop() == 0
        assert "Traceback" not in tracker.log(), tracker.log()


def test_no_descriptor_is_waited_for(start):
    """While there is none, not even one connection is accepted, and nothing spins."""
    tracker = start()
    assert get(tracker, "/")[0] == 404
    numbers = {int(number) for number in os.listdir(f"/proc/{tracker.pid}/fd")}
    limit_descriptors(tracker.pid, min(set(range(100)) - numbers))
    with connect(tracker) as connection, UdpClient(tracker) as udp:
        connection.sendall(scrape_of(HASH))
        assert is_open(connection, 1.5)
        assert is_at_rest(tracker.pid)
        assert udp.scrape(HASH).counts == [(0, 0, 0)]
        limit_descriptors(tracker.pid, 64)
        assert parse_reply(read_to_end(connection))[0] == 200


def limit_descriptors(pid, count):
    """Let a process have no new descriptors but those below `count`.

    That takes the user it runs as: not even root may do it, in a container.
    """
    with open(f"/proc/{pid}/status") as file:
        ids = {line.split()[0]: int(line.split()[1]) for line in file if "id:" in line}
    user = {"user": ids["Uid:"], "group": ids["Gid:"], "extra_groups": []}
    command = ["prlimit", f"--pid={pid}", f"--nofile={count}:"]
    subprocess.run(command, check=True, **(user if os.geteuid() == 0 else {}))


def is_at_rest(pid):
    before = processor_seconds(pid)
    time.sleep(1.5)
    return processor_seconds(pid) - before < 0.5


def test_the_deadline_is_30_seconds(launch):
    """For who says nothing, who dawdles, and who does not read; on all runtimes at once."""
    began = time.monotonic()
    waiting = {}
    for runtime in RUNTIMES:
        tracker = launch(runtime)
        waiting[connect(tracker)] = f"{runtime}: says nothing"
        waiting[connect(tracker)] = f"{runtime}: dawdles"
        waiting[stuffed(tracker)] = f"{runtime}: does not read"
    events = select.poll()
    numbers = {connection.fileno(): connection for connection in waiting}
    for number in numbers:
        events.register(number, 0 if waiting[numbers[number]].endswith("read") else select.POLLIN)
    ends = {}
    patience = time.monotonic() + 75
    while len(ends) < len(waiting) and time.monotonic() < patience:
        for number, _ in events.poll(1000):
            ends[waiting[numbers[number]]] = time.monotonic() - began
            events.unregister(number)
        for connection, name in waiting.items():
            if name.endswith("dawdles") and name not in ends:
                connection.sendall(b"G")
    for connection in waiting:
        connection.close()
    assert sorted(ends) == sorted(waiting.values())
    assert min(ends.values()) >= 29, ends


def stuffed(tracker):
    """A connection whose client has asked for more than fits all buffers, and reads nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(tracker.addr)
    connection.setblocking(False)
    requests = scrape_of(HASH, KEEP) * 100
    while select.select([], [connection], [], 1)[1]:
        connection.send(requests)
    return connection


# Whatever comes


def test_garbage_does_no_harm(start):
    tracker = start()
    before = files_at_rest(tracker)
    chance = random.Random(1)
    announced = b"GET /announce?info_hash=" + b"a" * 20 + b"&port=1&left=0 HTTP/1.1\r\n\r\n"
    for number in range(400):
        if number % 2:
            garbage = chance.randbytes(chance.choice((1, 10, 100, 1000, 9000)))
        else:
            garbage = bytearray(announced)
            for _ in range(chance.randint(1, 5)):
                garbage[chance.randrange(len(garbage))] = chance.randrange(256)
        with connect(tracker) as connection:
            try:
                connection.sendall(garbage)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has refused that already
            reply = read_to_end(connection)
            assert not reply or parse_reply(reply)[0] in (200, 400, 404, 500)
    assert get(tracker, "/scrape?info_hash=" + 20 * "x")[0] == 200
    assert eventually(lambda: open_files(tracker.pid) == before)


def test_no_descriptor_leaks(start):
    tracker = start()
    before = files_at_rest(tracker)
    endings = (
        scrape_of(HASH),
        scrape_of(HASH, KEEP),
        scrape_of(HASH, KEEP) * 3 + b"GET",
        b"GET /no",
        b"\xff\r\n\r\n",
        b"x" * 9000,
        b"",
    )
    for abort in (False, True):
        for text in endings * 20:
            with connect(tracker) as connection:
                if abort:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                connection.sendall(text)
    assert eventually(lambda: open_files(tracker.pid) == before)
    assert get(tracker, "/scrape?info_hash=" + 20 * "x")[0] == 200


# Swarms


@pytest.fixture
def dual_stack(start):
    """A tracker of both families on one port, with its addresses for each."""
    port = free_port("::")
    start("-i", "::", "-p", port, "-P", port)
    return ("127.0.0.1", port), ("::1", port)


def test_both_families_meet_in_one_swarm(dual_stack):
    v4, v6 = dual_stack
    reply = announce(v4, HASH, 1004)
    assert reply[b"peers"] == b"\x7f\0\0\1\x03\xec"
    assert b"peers6" not in reply
    reply = announce(v6, HASH, 1006, left=1)
    assert (reply[b"complete"], reply[b"incomplete"]) == (1, 1)
    assert reply[b"peers6"] == bytes(15) + b"\1\x03\xee"
    assert peers(reply) == [("127.0.0.1", 1004), ("::1", 1006)]
    assert peers(announce(v4, HASH, 1004)) == peers(reply)
    gone = announce(v4, HASH, 1004, event="stopped")
    assert (gone[b"peers"], gone[b"complete"], gone[b"incomplete"]) == (b"", 0, 1)
    reply = announce(v6, HASH, 1006, left=0, event="completed")
    assert reply[b"peers"] == b""
    for target in dual_stack:
        counts = {b"complete": 1, b"downloaded": 1, b"incomplete": 0}
        assert scrape(target, HASH) == {HASH: counts}


def test_numwant_is_shared_by_the_families(dual_stack):
    for count, target in zip((122, 121), dual_stack):
        for port in range(1, count + 1):
            announce(target, HASH, port, numwant=0)
    shares = {0: (0, 0), 1: (0, 1), 2: (1, 1), 3: (1, 2), 5: (2, 3), 50: (25, 25), None: (25, 25)}
    for target in dual_stack:
        for wanted, share in shares.items():
            found = peers(announce(target, HASH, 1, numwant=wanted))
            assert len(set(found)) == len(found)
            by_family = [":" in address for address, _ in found]
            assert (by_family.count(False), by_family.count(True)) == share


def test_leechers_come_first(start):
    tracker = start()
    seeders, leechers = range(30000, 30030), range(1, 61)
    for port in seeders:
        announce(tracker, HASH, port, left=0, numwant=0)
    for port in leechers:
        announce(tracker, HASH, port, left=1, numwant=0)
    everybody = set(seeders) | set(leechers)
    seen = set()
    for wanted in (1, 10, 50, 89, 90, 200) * 5:
        reply = announce(tracker, HASH, 1, left=1, numwant=wanted)
        compact = reply[b"peers"]
        ports = [port for (port,) in struct.iter_unpack(">4xH", compact)]
        assert len(ports) == len(set(ports)) == min(wanted, len(everybody))
        assert set(ports) <= everybody
        assert [port in seeders for port in ports] == sorted(port in seeders for port in ports)
        if wanted == 10:
            seen.add(compact)
    assert len(seen) > 1, "the same sample every time"
