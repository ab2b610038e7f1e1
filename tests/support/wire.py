"""Minimal tracker clients that show every byte: HTTP, and UDP (BEP 15).

An address is a (host, port) pair or anything with such an `addr`, a Tracker for example.
"""

import ipaddress
import os
import socket
import struct
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from bencode2 import bdecode, bencode

TIMEOUT = 30
PEER_ID = b"-XX0001-000000000001"

PROTOCOL_ID = bytes.fromhex("0000041727101980")
CONNECT, ANNOUNCE, SCRAPE, ERROR = range(4)
EVENTS = {"": 0, "completed": 1, "started": 2, "stopped": 3}


def address(target):
    return getattr(target, "addr", target)


def resolve(target, kind):
    """(family, socket address) of an address given in numbers."""
    host, port = address(target)
    found = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    return found[0][0], found[0][4]


# HTTP


def connect(target, source=None, timeout=TIMEOUT):
    """A TCP connection to a tracker, from the address `source` if given."""
    return socket.create_connection(address(target), timeout, source and (source, 0))


def http(target, raw_request, source=None, timeout=TIMEOUT):
    """Send bytes, return all bytes that come until the tracker closes."""
    with connect(target, source, timeout) as connection:
        connection.sendall(raw_request)
        return read_to_end(connection)


def read_to_end(connection):
    received = bytearray()
    while True:
        try:
            chunk = connection.recv(65536)
        except ConnectionResetError:  # how a close looks when the tracker left input unread
            chunk = b""
        if not chunk:
            return bytes(received)
        received += chunk


def get(target, path, headers=(), source=None):
    """GET a path; returns (status, {lower-case name: value}, body)."""
    lines = [b"GET %s HTTP/1.1" % as_bytes(path), b"Host: tracker"]
    lines += [as_bytes(header) for header in headers]
    return parse_reply(http(target, b"\r\n".join(lines) + b"\r\n\r\n", source))


def parse_reply(raw):
    """Split one whole HTTP reply; its length must be the one it states."""
    head, separator, body = raw.partition(b"\r\n\r\n")
    assert separator, f"not an HTTP reply: {raw!r}"
    status_line, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    length = headers.get("content-length")
    assert length is None or int(length) == len(body), f"stated {length}, sent {len(body)}: {raw!r}"
    return int(status_line.split()[1]), headers, body


def unchunked(body):
    """The bytes of a body that came in chunks."""
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return whole


def as_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("latin-1")


def query(params):
    """Encode (name, value) pairs, values of any bytes; those that are None are left out."""
    return b"&".join(
        as_bytes(name) + b"=" + quote_from_bytes(as_bytes(value), safe="").encode()
        for name, value in params
        if value is not None
    )


def announce(target, info_hash, port, source=None, **params):
    """Announce by HTTP; returns the decoded reply, {bytes: ...}."""
    defaults = {"peer_id": PEER_ID, "uploaded": 0, "downloaded": 0, "left": 0, "compact": 1}
    fields = {"info_hash": info_hash, "port": port, **defaults, **params}
    return decode(get(target, b"/announce?" + query(fields.items()), source=source))


def scrape(target, *info_hashes, source=None):
    """Scrape by HTTP; returns {info_hash: {b"complete": ..., ...}}."""
    path = b"/scrape?" + query(("info_hash", info_hash) for info_hash in info_hashes)
    return decode(get(target, path, source=source))[b"files"]


def decode(reply):
    """The bencoded body of a reply, which has to be exactly what a bencoder would write."""
    status, _, body = reply
    assert status == 200, f"status {status}: {body!r}"
    value = bdecode(body)
    assert bencode(value) == body, f"not canonical bencode: {body!r}"
    return value


def peers(reply):
    """All peers of a decoded announce reply as a sorted list of (address, port)."""
    found = unpack_peers(reply[b"peers"], 4) + unpack_peers(reply.get(b"peers6", b""), 16)
    return sorted(found)


def unpack_peers(compact, address_size):
    """A list of (address, port) from compact peers of 4- or 16-byte addresses."""
    size = address_size + 2
    assert len(compact) % size == 0, f"{len(compact)} bytes are no {size}-byte peers"
    return [
        (
            str(ipaddress.ip_address(compact[start : start + address_size])),
            int.from_bytes(compact[start + address_size : start + size], "big"),
        )
        for start in range(0, len(compact), size)
    ]


# UDP


class Connected(NamedTuple):
    connection_id: bytes
    raw: bytes


class Announced(NamedTuple):
    interval: int
    leechers: int
    seeders: int
    peers: list
    raw: bytes


class Scraped(NamedTuple):
    counts: list  # of (seeders, completed, leechers)
    raw: bytes


class Failed(NamedTuple):
    message: bytes
    raw: bytes


class UdpClient:
    """A client with a socket of its own, bound to the address `source` if given.

    Replies are parsed and checked (action, transaction id, length); a tracker's error comes back
    as Failed, silence raises TimeoutError. `reply_source` is where the last reply came from.
    """

    def __init__(self, target, family=None, source=None, timeout=TIMEOUT):
        found, self.address = resolve(target, socket.SOCK_DGRAM)
        self.family = family or found
        self.socket = socket.socket(self.family, socket.SOCK_DGRAM)
        self.socket.settimeout(timeout)
        if source:
            self.socket.bind((source, 0))
        self.connection_id = None
        self.reply_source = None

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.socket.close()

    def send(self, datagram):
        self.socket.sendto(datagram, self.address)

    def receive(self):
        datagram, self.reply_source = self.socket.recvfrom(65536)
        return datagram

    def exchange(self, datagram):
        """Send any bytes, return the bytes of the reply."""
        self.send(datagram)
        return self.receive()

    def silent(self, datagram, seconds=0.5):
        """Whether the tracker leaves a datagram without a reply."""
        usual = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            self.exchange(datagram)
        except socket.timeout:
            return True
        finally:
            self.socket.settimeout(usual)
        return False

    def connect(self):
        transaction = os.urandom(4)
        request = PROTOCOL_ID + struct.pack(">I", CONNECT) + transaction
        body, raw = self._request(request, CONNECT, transaction)
        if body is None:
            return Failed(raw[8:], raw)
        assert len(body) == 8, f"connect reply: {raw!r}"
        self.connection_id = body
        return Connected(body, raw)

    def announce(self, info_hash, port, **fields):
        """Announce, after a connect if there was none; `fields` as of announce_body()."""
        transaction = os.urandom(4)
        request = self._head(ANNOUNCE, transaction) + announce_body(info_hash, port, **fields)
        body, raw = self._request(request, ANNOUNCE, transaction)
        if body is None:
            return Failed(raw[8:], raw)
        interval, leechers, seeders = struct.unpack(">3I", body[:12])
        address_size = 16 if self.family == socket.AF_INET6 else 4
        return Announced(interval, leechers, seeders, unpack_peers(body[12:], address_size), raw)

    def scrape(self, *info_hashes):
        transaction = os.urandom(4)
        request = self._head(SCRAPE, transaction) + b"".join(info_hashes)
        body, raw = self._request(request, SCRAPE, transaction)
        if body is None:
            return Failed(raw[8:], raw)
        return Scraped(list(struct.iter_unpack(">3I", body)), raw)

    def _head(self, action, transaction):
        if self.connection_id is None:
            self.connect()
        return self.connection_id + struct.pack(">I", action) + transaction

    def _request(self, request, action, transaction):
        """(body, raw reply); the body is None if the reply is an error."""
        raw = self.exchange(request)
        assert len(raw) >= 8, f"short reply: {raw!r}"
        assert raw[4:8] == transaction, f"another transaction's reply: {raw!r}"
        got = int.from_bytes(raw[:4], "big")
        assert got in (action, ERROR), f"action {got} for {action}: {raw!r}"
        return (None if got == ERROR else raw[8:]), raw


def announce_body(
    info_hash,
    port,
    peer_id=PEER_ID,
    downloaded=0,
    left=0,
    uploaded=0,
    event="",
    ip=0,
    key=0,
    num_want=-1,
):
    """The 82 bytes of a UDP announce behind its head."""
    transfer = struct.pack(">3Q", downloaded, left, uploaded)
    rest = struct.pack(">3IiH", EVENTS.get(event, event), ip, key, num_want, port)
    return info_hash + peer_id + transfer + rest
