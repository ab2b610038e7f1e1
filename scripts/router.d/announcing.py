"""Announces as clients send them, one at a time: HTTP on a connection each, and UDP."""

import os
import random
import socket
import struct
import urllib.parse

TIMEOUT = 3
WANTED = 50
PROTOCOL = 0x41727101980
CONNECT, ANNOUNCE, ERROR = 0, 1, 3
NONE, STARTED, STOPPED = 0, 2, 3
EVENTS = {NONE: "", STARTED: "&event=started", STOPPED: "&event=stopped"}
ADDRESS_SIZE = {socket.AF_INET: 6, socket.AF_INET6: 18}


class Refused(Exception):
    """The tracker answered, but with an error of its own, or with something else."""


class Peer:
    """One of a swarm's peers, which are all on this computer and differ in their ports."""

    def __init__(self, info_hash, port):
        self.info_hash = info_hash
        self.port = port
        self.id = b"-BN0001-" + os.urandom(6).hex().encode()


class Http:
    """Announces over HTTP."""

    def __init__(self, family, address):
        self._family = family
        self._address = address
        self._host = "[%s]" % address[0] if family == socket.AF_INET6 else address[0]

    def announce(self, peer, event=NONE):
        """The number of peers in the reply."""
        query = urllib.parse.urlencode(
            {
                "info_hash": peer.info_hash,
                "peer_id": peer.id,
                "port": peer.port,
                "uploaded": 0,
                "downloaded": 0,
                "left": 1,
                "compact": 1,
                "numwant": WANTED,
            }
        )
        text = "GET /announce?%s%s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n"
        request = text % (query, EVENTS[event], self._host, self._address[1])
        with socket.socket(self._family, socket.SOCK_STREAM) as client:
            client.settimeout(TIMEOUT)
            client.connect(self._address)
            client.sendall(request.encode())
            reply = b"".join(iter(lambda: client.recv(8192), b""))
        return self._peers(reply.partition(b"\r\n\r\n"))

    def _peers(self, parts):
        head, _, body = parts
        if body.startswith(b"d14:failure reason"):
            raise Refused(_bytes_after(body, b"14:failure reason").decode(errors="replace"))
        if not head.startswith(b"HTTP/1.") or b" 200 " not in head[:16]:
            raise Refused(head[:40].decode(errors="replace") or "an empty reply")
        key = b"6:peers6" if self._family == socket.AF_INET6 else b"5:peers"
        return len(_bytes_after(body, key)) // ADDRESS_SIZE[self._family]

    def close(self):
        pass


class Udp:
    """Announces over UDP, from a socket of its own."""

    def __init__(self, family, address):
        self._family = family
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(address)
        self._connection = None

    def announce(self, peer, event=NONE):
        """The number of peers in the reply."""
        if self._connection is None:
            self._connection = self._ask(struct.pack(">QL", PROTOCOL, CONNECT))[:8]
        head = self._connection + struct.pack(">L", ANNOUNCE)
        rest = peer.info_hash + peer.id
        rest += struct.pack(">QQQLLLlH", 0, 1, 0, event, 0, 0, WANTED, peer.port)
        try:
            reply = self._ask(head, rest)
        except Refused:
            self._connection = None  # a connection id is good for a few minutes
            raise
        return (len(reply) - 12) // ADDRESS_SIZE[self._family]

    def _ask(self, head, rest=b""):
        """The reply behind its head, which is that of the request; others are passed over."""
        number = struct.pack(">L", random.getrandbits(32))
        self._socket.send(head + number + rest)
        while True:
            reply = self._socket.recv(4096)
            if reply[4:8] == number:
                action = struct.unpack(">L", reply[:4])[0]
                if action == ERROR:
                    raise Refused(reply[8:].decode(errors="replace"))
                return reply[8:]

    def close(self):
        self._socket.close()


def _bytes_after(body, key):
    """The bencoded string after a key, empty if there is none."""
    rest = body.partition(key)[2]
    size, colon, rest = rest.partition(b":")
    if not colon or not size.isdigit():
        return b""
    return rest[: int(size)]
