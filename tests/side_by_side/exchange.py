"""Cases of requests, sent to any tracker in the same way, and what stays of the replies.

A case has info_hashes of its own, so that no case sees what another one left behind. In the bytes
of its steps stands

    <hash>, <hash 1>, ..   for its info_hashes: percent-encoded in HTTP, 20 bytes in UDP
    <id>                   for the connection id that the tracker gave the sender
"""

import re
import select
import socket
import time
from hashlib import sha1
from typing import NamedTuple, Optional

from support.wire import CONNECT, PROTOCOL_ID

# By this a reply shows which of its peers are leechers and which are seeders.
FIRST_SEEDER_PORT = 30000

LOOPBACK = "127.0.0.1"
IP_BIND_ADDRESS_NO_PORT = 24  # socket has no name for it
PEER_SIZES = {4: 6, 6: 18}
_SOCKETS = {4: socket.AF_INET, 6: socket.AF_INET6}
_PLACEHOLDER = re.compile(rb"<hash( \d+)?>")
_INTERVALS = re.compile(rb"8:intervali(\d+)e12:min intervali(\d+)e")
_MARK = b"mark"


class Step(NamedTuple):
    """One request; its parts are sent one by one, each when the one before it has been read."""

    transport: str
    parts: tuple
    source: str = LOOPBACK
    size: Optional[int] = None  # of a datagram that is cut off
    sampled: bool = False  # more peers to choose from than fit the reply

    @property
    def family(self):
        return 6 if ":" in self.source else 4


class Case(NamedTuple):
    name: str
    steps: tuple

    @property
    def needs_ipv6(self):
        return any(step.family == 6 for step in self.steps)

    def info_hashes(self):
        found = [_PLACEHOLDER.finditer(part) for step in self.steps for part in step.parts]
        return {self.info_hash(match) for matches in found for match in matches}

    def info_hash(self, match):
        return sha1(self.name.encode() + (match[1] or b"")).digest()

    def fill(self, part, encode):
        return _PLACEHOLDER.sub(lambda match: encode(self.info_hash(match)), part)

    def unfill(self, reply, parts):
        """Put the placeholders of a request back into the HTTP reply to it."""
        for match in _PLACEHOLDER.finditer(b"".join(parts)):
            reply = reply.replace(self.info_hash(match), match[0])
        return reply


def percent_encoded(data):
    return b"".join(b"%%%02X" % byte for byte in data)


class Correspondent:
    """Sends cases to one tracker, which listens on `port` of 127.0.0.1, and of ::1 if it can."""

    def __init__(self, port):
        self.port = port
        self._udp = {}

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        for sender, _ in self._udp.values():
            sender.close()

    def replies(self, case):
        """The normalised replies to the steps of a case, b"" for silence."""
        return [self._reply(case, step) for step in case.steps]

    def _reply(self, case, step):
        if step.transport == "http":
            parts = [case.fill(part, percent_encoded) for part in step.parts]
            reply, is_open = self._http(parts, step)
            reply = case.unfill(normal_http(reply, step.sampled), step.parts)
            return reply + b"<stays open>" * is_open
        sender, connection_id = self._udp_sender(step.source)
        datagram = case.fill(b"".join(step.parts), bytes).replace(b"<id>", connection_id)
        return normal_udp(self._answer(sender, datagram[: step.size]), step)

    # HTTP

    def _http(self, parts, step):
        """(reply, whether the tracker leaves the connection open behind it).

        A request that has no end gets one with the end of input. Others don't, so that the tracker
        is who closes, and its side of the connection the one that lingers.
        """
        with socket.socket(_SOCKETS[step.family]) as connection:
            connection.settimeout(10)
            connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            connection.bind((step.source, 0))
            connection.connect(self._target(step.source))
            try:
                for part in parts[:-1]:
                    connection.sendall(part)
                    wait_until_read(connection)
                connection.sendall(parts[-1])
                if not has_end(b"".join(parts)) or not readable(connection, 1):
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has answered and closed before it had read everything
            return read_reply(connection)

    def _target(self, source):
        return ("::1" if ":" in source else LOOPBACK), self.port

    # UDP

    def _udp_sender(self, source):
        """(connected socket, connection id) of a source address, made when first needed."""
        if source not in self._udp:
            sender = socket.socket(_SOCKETS[6 if ":" in source else 4], socket.SOCK_DGRAM)
            sender.settimeout(10)
            sender.bind((source, 0))
            sender.connect(self._target(source))
            self._udp[source] = sender, self._connection_id(sender)
        return self._udp[source]

    @staticmethod
    def _connection_id(sender):
        sender.send(PROTOCOL_ID + bytes(4) + b"make")
        reply = sender.recv(65536)
        assert (len(reply), reply[:8]) == (16, bytes(4) + b"make"), reply
        return reply[8:]

    @staticmethod
    def _answer(sender, datagram):
        """The reply, or b"" if that to a second request comes without one to the first."""
        sender.send(datagram)
        sender.send(PROTOCOL_ID + CONNECT.to_bytes(4, "big") + _MARK)
        reply = sender.recv(65536)
        if reply[4:8] == _MARK:
            return b""
        mark = sender.recv(65536)
        assert mark[4:8] == _MARK, f"two replies to {datagram!r}: {reply!r}, {mark!r}"
        assert not readable(sender), f"a late reply to {datagram!r}"
        return reply


def has_end(request):
    return b"\n\n" in request or b"\r\n\r\n" in request


def read_reply(connection):
    """(all that comes, whether nothing more comes though the connection is not closed)."""
    received = bytearray()
    while True:
        if is_whole(received) and not readable(connection, 0.3):
            return bytes(received), True
        try:
            chunk = connection.recv(65536)
        except ConnectionResetError:  # how a close looks when the tracker left input unread
            chunk = b""
        if not chunk:
            return bytes(received), False
        received += chunk


def is_whole(reply):
    head, end, body = reply.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return end and length and len(body) >= int(length[1])


def readable(receiver, seconds=0):
    return bool(select.select([receiver], [], [], seconds)[0])


def wait_until_read(connection):
    """Wait until the other end, on this host, has taken all that was sent to it, or replies."""
    ours = "%04X" % connection.getsockname()[1]
    theirs = "%04X" % connection.getpeername()[1]
    table = "/proc/net/tcp" + ("6" if connection.family == socket.AF_INET6 else "")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with open(table) as file:
            rows = [line.split() for line in file if ours in line]
        unread = {(row[1][-4:], row[2][-4:]): row[4].partition(":")[2] for row in rows}
        if int(unread.get((theirs, ours), "0"), 16) == 0 or readable(connection):
            return
        time.sleep(0.01)
    raise AssertionError("nobody reads what was sent")


# Normal forms: what two trackers can't have in common is replaced where it is as it should be, and
# left where it is not. As the length of a body is stated rightly or not at all, bodies that are
# equal make replies that are equal.


def normal_http(reply, sampled=False):
    head, end, body = reply.partition(b"\r\n\r\n")
    if b"\r\nTransfer-Encoding: chunked" in head:
        body = _normal_chunks(body)
    right_length = b"Content-Length: %d" % len(body)
    lines = [b"Content-Length: right" if x == right_length else x for x in head.split(b"\r\n")]
    body = _INTERVALS.sub(_normal_intervals, body, count=1)
    for key, family in ((b"5:peers", 4), (b"6:peers6", 6)):
        body = _normal_list(body, key, PEER_SIZES[family], sampled)
    return b"\r\n".join(lines) + end + body


def _normal_chunks(body):
    """What was sent in chunks, in one; anything else as it is."""
    whole = []
    rest = body
    while True:
        size, end, rest = rest.partition(b"\r\n")
        if not end or not re.fullmatch(rb"[1-9a-f][0-9a-f]*|0", size):
            return body
        count = int(size, 16)
        if rest[count : count + 2] != b"\r\n":
            return body
        whole.append(rest[:count])
        rest = rest[count + 2 :]
        if not count:
            return body if rest else b"<chunks>" + b"".join(whole)


def _normal_intervals(match):
    interval, least = map(int, match.groups())
    if not 1620 <= interval <= 1979 or least != interval // 2:
        return match[0]
    return b"8:intervali<random>e12:min intervali<half of it>e"


def _normal_list(body, key, size, sampled):
    match = re.search(re.escape(key) + rb"([1-9]\d*):", body)
    if not match:
        return body
    end = match.end() + int(match[1])
    return body[: match.end()] + normal_peers(body[match.end() : end], size, sampled) + body[end:]


def normal_udp(reply, step):
    action, rest = reply[:4], reply[8:]
    if action == b"\0\0\0\0" and len(rest) == 8:
        return reply[:8] + b"<new id>"
    if action == b"\0\0\0\1" and len(rest) >= 12:
        peers = normal_peers(rest[12:], PEER_SIZES[step.family], step.sampled)
        is_right = 1620 <= int.from_bytes(rest[:4], "big") <= 1979
        rest = (b"<random>" if is_right else rest[:4]) + rest[4:12] + peers
    return reply[:8] + rest


def normal_peers(compact, size, sampled):
    """Compact peers, each run of leechers and each run of seeders sorted; a sample: their number.

    Of a sample only the number, and that they are different ones with leechers first.
    """
    if len(compact) % size:
        return compact
    peers = [compact[start : start + size] for start in range(0, len(compact), size)]
    roles = [_is_seeder(peer) for peer in peers]
    if sampled and len(set(peers)) == len(peers) and roles == sorted(roles):
        return b"<%d different peers, leechers first>" % len(peers)
    runs = []
    for peer, role in zip(peers, roles):
        if not runs or runs[-1][0] != role:
            runs.append((role, []))
        runs[-1][1].append(peer)
    return b"".join(b"".join(sorted(run)) for _, run in runs)


def _is_seeder(peer):
    return int.from_bytes(peer[-2:], "big") >= FIRST_SEEDER_PORT
