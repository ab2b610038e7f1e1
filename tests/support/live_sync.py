"""Nodes of live sync on hosts of their own, and sockets that hear them and say anything."""

import re
import socket
import struct
import time

from . import wire

PORT = 6969
SYNC_PORT = 9696
GROUP = "224.0.23.5"
HASH = b"live sync's one hash"
DEADLINE = 25  # what waits is sent after 15 seconds at most
IP_RECVTTL = 12  # Linux; not in the socket module

SEEDING, COMPLETED, STOPPED = 0x80, 0x40, 0x20


class Node:
    """A tracker on a host of its own."""

    def __init__(self, host, launch, runtime, path, *lines, sync_port=SYNC_PORT):
        self.host = host
        self._sync_port = sync_port
        self._launch = launch, runtime
        self._path = path / host.name
        self.configure(*lines)
        self.start()

    def configure(self, *lines):
        v4, v6 = self.host.address[4], self.host.address[6]
        own_lines = [
            f"listen.tcp_udp {v4}:{PORT}",
            f"listen.tcp_udp [{v6}]:{PORT}",
            f"livesync.cluster.listen {v4}:{self._sync_port}",
            f"access.stats {v4}",
        ]
        self._path.write_text("".join(line + "\n" for line in [*own_lines, *lines]))

    def start(self):
        launch, runtime = self._launch
        where = {"port": PORT, "host": self.host.address[4], "netns": self.host.namespace}
        self.tracker = launch(runtime, "-f", self._path, **where)
        self.tracker.wait_for_log("serving ")  # when it is in the group

    def announce(self, client, port, family=4, info_hash=HASH, **params):
        """What it answers to a client's host."""
        target = self.host.address[family], PORT
        return client.call(lambda: wire.announce(target, info_hash, port, **params))

    def counts(self, client, info_hash=HASH):
        """(seeders, leechers, downloaded)"""
        target = self.host.address[4], PORT
        found = client.call(wire.scrape, target, info_hash)
        swarm = found.get(info_hash, {})
        return tuple(swarm.get(key, 0) for key in (b"complete", b"incomplete", b"downloaded"))

    def tracker_id(self):
        """The 4 bytes that its packets begin with, from its statistics."""
        target = self.host.address[4], PORT
        status, _, body = self.host.call(wire.get, target, "/stats?mode=everything")
        number = re.search(rb"<tracker_id>(\d+)</tracker_id>", body)
        assert status == 200 and number, body
        return struct.pack("<I", int(number[1]))

    def synced_records(self):
        target = self.host.address[4], PORT
        _, _, body = self.host.call(wire.get, target, "/stats?mode=syncs")
        return int(body.split()[0])


class Segment:
    """A socket in the group on one host: it hears the nodes, and says anything."""

    def __init__(self, host, port=SYNC_PORT):
        self.host = host
        self.port = port
        self.socket = host.call(self._open)
        self.socket.settimeout(DEADLINE)

    def _open(self):
        address = socket.inet_aton(self.host.address[4])
        new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        new.bind((GROUP, self.port))
        new.setsockopt(
            socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + address
        )
        new.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, address)
        new.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        new.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        return new

    def say(self, packet):
        self.socket.sendto(packet, (GROUP, self.port))

    def hear(self):
        """(packet, sender, TTL) of the next packet."""
        packet, [(_, _, ttl)], _, sender = self.socket.recvmsg(2048, 64)
        return packet, sender, struct.unpack("i", ttl)[0]


def wait_until(condition, what):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def wait_for_counts(nodes, client, counts, info_hash=HASH):
    for node in nodes:
        wait_until(
            lambda node=node: node.counts(client, info_hash) == counts,
            f"{node.host.name}: {node.counts(client, info_hash)}, not {counts}",
        )


def record(info_hash, ip, port, flags):
    """A record of a peer as live sync has it."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return info_hash + socket.inet_pton(family, ip) + struct.pack(">HBB", port, flags, 0)


def packet_of(kind, *records, tracker_id=b"hand"):
    return tracker_id + struct.pack(">I", kind) + b"".join(records)
