"""Announces over HTTP of known peers, which MicroPython may answer in machine code.

However a request comes, in pieces or many at once, and whatever its headers say, it is answered as
all others are, and its connection ends or stays as it asks.
"""

import json
import socket
import threading
import time

import pytest

from opentracker.http import wants_keep_alive
from support.wire import announce, connect, decode, get, parse_reply, peers, read_to_end

HASH = b"\x17" * 20
FIRST_LINE = b"GET /announce?info_hash=%s&peer_id=%s&port=6881&left=5&compact=1 HTTP/1.1\r\n" % (
    b"%17" * 20,
    b"-XX0001-abcdefghijkl",
)
KEEP = FIRST_LINE + b"Host: here\r\nConnection: keep-alive\r\n\r\n"
HEADERS = (
    b"",
    b"Host: here\r\nAccept: */*\r\n",
    b"Connection: close\r\n",
    b"connection: Close\r\nCookie: keep-alive\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: Keep-Alive\r\nHost: here\r\n",
    b"Host: here\r\nCONNECTION: KEEP-ALIVE\r\n",
    b"connection:keep-alive\r\n",
    b"Connection:  keep-alive\r\n",
    b"Connection: keep-alive, Upgrade\r\n",
    b"Connection: Upgrade, keep-alive\r\n",
    b"Connections: keep-alive\r\n",
    b"Cookie: a\r\nConnection: keep-alive\r\n",
    b"X-Connection: keep-alive\r\n",
)
OTHERS = 60


def replies_of(received):
    """All whole replies in what was received, as (status, headers, body), and the rest."""
    replies = []
    while True:
        head, end, body = received.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]) if end else 0
        if not end or len(body) < length:
            return replies, received
        replies.append(parse_reply(bytes(head + end + body[:length])))
        received = body[length:]


def receive(connection, count):
    """`count` replies, with nothing behind them."""
    received = b""
    while len(replies_of(received)[0]) < count:
        chunk = connection.recv(65536)
        assert chunk, f"closed after {received!r}"
        received += chunk
    replies, rest = replies_of(received)
    assert not rest and len(replies) == count
    return replies


@pytest.fixture
def tracker(start):
    """A tracker that knows the peer of FIRST_LINE, and others for it to be told of."""
    tracker = start()
    for port in range(1, OTHERS + 1):
        announce(tracker, HASH, port, left=port % 2)
    with connect(tracker) as client:
        client.sendall(FIRST_LINE + b"\r\n")
        read_to_end(client)
    return tracker


def check(reply):
    answer = decode(reply)
    assert (answer[b"complete"], answer[b"incomplete"]) == (OTHERS // 2, OTHERS // 2 + 1)
    assert len(set(peers(answer))) == 50


@pytest.mark.parametrize("headers", HEADERS)
def test_a_connection_stays_if_its_headers_ask_for_it(tracker, headers):
    request = FIRST_LINE + headers + b"\r\n"
    with connect(tracker) as client:
        client.sendall(request)
        if not wants_keep_alive(request, len(request)):
            replies, rest = replies_of(read_to_end(client))
            assert not rest
            (reply,) = replies
            check(reply)
            assert b"keep-alive" not in reply[1].get("connection", "").encode()
            return
        for _ in range(3):
            (reply,) = receive(client, 1)
            check(reply)
            client.sendall(request)
        check(receive(client, 1)[0])


def test_requests_come_in_pieces_and_in_bunches(tracker):
    with connect(tracker) as client:
        for cut in (1, 14, len(KEEP) // 2, len(KEEP) - 3, len(KEEP) - 1):
            client.sendall(KEEP[:cut])
            time.sleep(0.05)
            client.sendall(KEEP[cut:])
            check(receive(client, 1)[0])
        client.sendall(KEEP * 7 + KEEP[:20])
        for reply in receive(client, 7):
            check(reply)
        client.sendall(KEEP[20:])
        check(receive(client, 1)[0])
        client.sendall(KEEP.replace(b"\r\n", b"\n"))
        check(receive(client, 1)[0])
        client.sendall(FIRST_LINE + b"Connection: close\r\n\r\n")
        (reply,), rest = replies_of(read_to_end(client))
        check(reply)
        assert not rest


def test_who_reads_late_gets_all_replies(tracker):
    requests = 4000
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(30)
        client.connect(("127.0.0.1", tracker.port))

        def ask():
            for _ in range(requests):
                client.sendall(KEEP)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        time.sleep(1.5)
        received, count = bytearray(), 0
        while count < requests:
            received += client.recv(65536)
            replies, rest = replies_of(bytes(received))
            count += len(replies)
            received = bytearray(rest)
            for reply in replies:
                check(reply)
        asking.join()
    assert count == requests and not received


def test_all_of_it_is_counted(tracker):
    def counted():
        counters = json.loads(get(tracker, "/stats?mode=json")[2])
        return counters["tcp_connections"], counters["announces"]["tcp"]

    before = counted()
    for _ in range(5):
        with connect(tracker) as client:
            client.sendall(FIRST_LINE + b"\r\n")
            read_to_end(client)
    with connect(tracker) as client:
        for _ in range(5):
            client.sendall(KEEP)
            receive(client, 1)
    accepted, announced = counted()
    assert (accepted - before[0], announced - before[1]) == (7, 10)  # one asked for the counts


def test_who_leaves_in_the_middle_harms_nobody(tracker):
    for cut in (0, 1, 40, len(KEEP) - 1):
        with connect(tracker) as client:
            client.sendall(KEEP[:cut])
    with connect(tracker) as client:
        client.sendall(KEEP)
        receive(client, 1)
    with connect(tracker) as client:
        client.sendall(KEEP)
        check(receive(client, 1)[0])
