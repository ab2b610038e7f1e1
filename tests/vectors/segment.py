"""Nodes of live sync on a segment that is made of lists, and the time that passes for them."""

from makers import pools_of

from opentracker.counters import Counters
from opentracker.livesync.cluster import Cluster
from opentracker.livesync.scrapesync import ScrapeSync
from opentracker.tracker import Tracker

HASH = b"0123456789abcdefghij"
NETWORK = [(b"\xc6\x33\x64\0", 24)]
KEY = "a key of all"


def peer_v4(number):
    return bytes((10, 0, number >> 8, number & 255)) + b"\x1a\xe1"


class Hub:
    """A segment: what one socket sends the others receive when they are served."""

    def __init__(self):
        self.sockets = []
        self.sent = []

    def socket(self, number, fails=False):
        self.sockets.append(Socket(self, bytes((0xC6, 0x33, 0x64, number)), fails))
        return self.sockets[-1]


class Socket:
    def __init__(self, hub, ip, fails):
        self.ip = ip
        self.waiting = []
        self.rejoined = 0
        self._hub = hub
        self._fails = fails

    def send(self, packet):
        if self._fails:
            raise OSError(19, "No such device")
        self._hub.sent.append(packet)
        for other in self._hub.sockets:
            if other is not self:
                other.waiting.append((packet, self.ip))

    def serve(self, take):
        waiting, self.waiting = self.waiting, []
        for packet, ip in waiting:
            take(packet, len(packet), ip)

    def rejoin(self):
        self.rejoined += 1

    def fileno(self):
        return 1

    def close(self):
        self._hub.sockets.remove(self)


class Settings:
    def __init__(self, **settings):
        self.livesync_networks = NETWORK
        self.admin_networks = []
        self.livesync_key = None
        self.livesync_v6_records = False
        for name in settings:
            setattr(self, name, settings[name])


class Jobs:
    def __init__(self):
        self.jobs = []

    def add(self, job):
        self.jobs.append(job)

    def finish(self):
        """Runs all jobs; returns in how many steps."""
        steps = 0
        while self.jobs:
            for _ in self.jobs.pop(0):
                steps += 1
        return steps


class Node:
    """A tracker with its part in live sync, on a hub."""

    def __init__(self, hub, number, counts_after=0, fails=False, kib=512, **settings):
        self.tracker = Tracker(pools_of(kib))
        self.counters = Counters()
        self.jobs = Jobs()
        self.id = bytes((number,)) * 4
        self.socket = hub.socket(number, fails)
        self.cluster = Cluster(
            self.tracker, self.counters, self.socket, Settings(**settings), self.id
        )
        if counts_after:
            sync = ScrapeSync(self.tracker, self.cluster.link, self.jobs, counts_after)
            self.cluster.scrape_sync = sync

    def announce(self, hash_, peer, seeding=False, completed=False, stopped=False):
        self.tracker.announce(hash_, peer, seeding, completed, stopped)

    def counts(self, hash_):
        """(seeders, leechers, downloaded) of a swarm."""
        pools = self.tracker.pools
        swarm = pools.find(hash_)
        seeders, leechers, _, _ = pools.census(swarm)
        return seeders, leechers, pools.downloaded(swarm)


def run(nodes, *seconds):
    """What happens at the given seconds, until everything said has been heard."""
    for second in seconds:
        for node in nodes:
            node.cluster.tick(second)
            node.jobs.finish()
        while any(node.socket.waiting for node in nodes):
            for node in nodes:
                node.cluster.link.serve()


def run_through(nodes, first, last):
    """The same for all seconds from the first to the last."""
    for second in range(first, last + 1):
        run(nodes, second)


def pair(**settings):
    hub = Hub()
    return hub, Node(hub, 1, **settings), Node(hub, 2, **settings)


class Denying:
    """Access lists that deny one torrent."""

    def __init__(self, denied):
        self._denied = denied

    def allows(self, hash_):
        return hash_ != self._denied

    def hides(self, hash_):
        return hash_ == self._denied
