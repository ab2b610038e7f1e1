"""The status file: when it is written, what is counted, and which torrents are the largest."""

import json
import os
from binascii import hexlify

from files import Scratch
from makers import Replaced, info_hash, peer_v4, peer_v6, pools_of
from vec_persistence import Jobs
from vec_statefile import System

from opentracker import statusfile
from opentracker.config import Settings
from opentracker.counters import Counters
from opentracker.stats import Statistics
from opentracker.statusfile import StatusFile
from opentracker.tracker import Tracker


class Clock(System):
    """Whatever is done takes a millisecond."""

    now = 65000

    @classmethod
    def milliseconds(cls):
        cls.now = (cls.now + 1) & 0xFFFF
        return cls.now


class Tower:
    """A tracker with a status file, a clock that is set, and somebody who may look."""

    def __init__(self, path, kib=512):
        self.tracker = Tracker(pools_of(kib))
        self.counters = Counters()
        self.now = 0
        self.jobs = Jobs()
        self.path = path
        self.modified = 1000
        settings = Settings()
        settings.status_file = path
        settings.directory = "/"
        statistics = Statistics(self.tracker, self.counters, 1, lambda: self.now, "a runtime")
        with Replaced(statusfile, "_modified", self._modified):
            self.file = StatusFile(settings, statistics, self.jobs, Clock)

    def _modified(self, path):
        assert path == self.path + ".watched"
        return self.modified

    def tick(self, seconds=1, look=False):
        """Lets seconds pass; then what the file says, None if there is none."""
        with Replaced(statusfile, "_modified", self._modified):
            for _ in range(seconds):
                self.now += 1
                if look:
                    self.modified += 1
                self.file.tick(self.now)
                self.jobs.work()
        return self.content()

    def content(self):
        # Asked for by name: where MicroPython is emulated, a file that is gone may still be opened.
        if self.path.rpartition("/")[2] not in os.listdir("/tmp"):
            return None
        with open(self.path) as file:
            return json.loads(file.read())

    def announce(self, swarm, peers, seeders=0):
        for number in range(peers):
            peer = peer_v6(number) if number % 3 == 2 else peer_v4(number)
            self.tracker.announce(info_hash(swarm), peer, number < seeders, False, False)


def test_it_is_written_while_somebody_looks():
    with Scratch() as scratch:
        tower = Tower(scratch.path)
        assert tower.tick(30) is None
        assert tower.tick(look=True)["metrics"]["uptime_seconds"] == 31
        assert tower.tick(look=True)["metrics"]["uptime_seconds"] == 31
        assert tower.tick()["metrics"]["uptime_seconds"] == 33
        assert tower.tick(40)["metrics"]["uptime_seconds"] == 41, "10 s after the last look"
        tower.modified = None
        assert tower.tick(2)["metrics"]["uptime_seconds"] == 41
        tower.file.remove()
        assert tower.content() is None
        tower.file.remove()


def test_requests_are_counted_by_two_seconds():
    with Scratch() as scratch:
        tower = Tower(scratch.path)
        history = tower.tick(1, look=True)["history"]
        assert history == {"seconds": 2, "http": [], "udp": []}
        counters = tower.counters
        counters.tcp_announces, counters.tcp_scrapes, counters.tcp_full_scrapes = 5, 30, 200
        counters.errors[3] = 1000
        counters.udp_packets = 70000
        history = tower.tick(4, look=True)["history"]
        assert history == {"seconds": 2, "http": [1235, 0], "udp": [70000, 0]}
        for _ in range(151):
            counters.udp_packets += 1
            tower.tick(2)
        history = tower.tick(1, look=True)["history"]
        assert history["http"] == [0] * 150
        assert history["udp"] == [1] * 149 + [0]
        tower.now += 20
        counters.tcp_announces += 9
        history = tower.tick(2, look=True)["history"]
        assert history["http"] == [0] * 140 + [9] + [0] * 9, "the loop was busy for 20 seconds"
        tower.now += 2000
        history = tower.tick(2, look=True)["history"]
        assert history["http"] == history["udp"] == [0] * 150


def test_the_largest_torrents_are_found_in_many():
    with Scratch() as scratch:
        tower = Tower(scratch.path)
        for swarm in range(1000):
            tower.announce(swarm, 1 + (swarm % 100 == 0) * (1 + swarm // 100))
        tower.announce(7, 40, seeders=13)
        top = tower.tick(60, look=True)["top"]
        found = [(each["info_hash"], each["seeders"], each["leechers"]) for each in top]
        wanted = [(7, 13, 27)] + [(swarm, 0, 2 + swarm // 100) for swarm in range(900, 0, -100)]
        assert found == [(hexlify(info_hash(n)).decode(), s, p) for n, s, p in wanted]
        tower.tracker.announce(info_hash(900), peer_v4(1), True, True, False)
        tower.tracker.pools.drop(tower.tracker.pools.find(info_hash(7)))
        top = tower.tick(2, look=True)["top"]
        first = {"seeders": 1, "leechers": 10, "completed": 1}
        first["info_hash"] = hexlify(info_hash(900)).decode()
        assert top[0] == first, "figures of this moment, and nothing of what has left"


def test_what_cannot_be_written_is_told_once():
    with Scratch(statusfile) as scratch:
        tower = Tower(scratch.path + "/status.json")
        tower.tick(20, look=True)
        assert len(scratch.lines) == 1, scratch.lines
        assert scratch.lines[0].startswith("cannot write the status to " + tower.path + ": ")
