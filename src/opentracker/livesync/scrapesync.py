"""Scrape sync: a node that comes up learns how often torrents were downloaded before.

Every minute a node that is up long enough sends a beacon with the number of its torrents. Who hears
one and has not asked that node yet, inquires. The node that is asked tells its counts to all, some
packets a second, and not again for a while, however many ask. A count only ever grows by what is
told.
"""

from opentracker.livesync.packets import (
    BEACON,
    INQUIRE,
    MOST_TOLD,
    TELL,
    beacon,
    beacon_torrents,
    inquire,
    inquire_asked,
    sender_of,
    tell,
    told,
)

_BEACON_SECONDS = 60
_PAUSE_SECONDS = 300
_PACKETS_A_SECOND = 20
_PAGES_A_SECOND = 250
_MOST_ASKED = 64
_TRIES = 3
_SWARM_LIFETIME = 24 * 60


class ScrapeSync:
    """The counts' part of live sync, on a Link."""

    def __init__(self, tracker, link, jobs, minutes):
        """`minutes`: for how long a node has to be up until it is asked for its counts."""
        self._tracker = tracker
        self._link = link
        self._jobs = jobs
        self._up = 60 * minutes
        self._second = 0
        self._next_beacon = self._up
        self._next_telling = self._up
        self._wanted = False
        self._asked = []  # [id, tries left, when to try again], the one asked first at the start
        self._cursor = -1  # where the walk of a telling has come to, -1 if there is none
        self._counts = []
        self._walks = False

    def tick(self, second):
        """To be called once a second."""
        self._second = second
        if second >= self._next_beacon:
            self._next_beacon = second + _BEACON_SECONDS
            self._link.send(beacon(self._link.id, self._tracker.pools.swarms.count))
        if self._wanted and self._cursor < 0 and second >= self._next_telling:
            self._wanted = False
            self._cursor = 0
        if self._cursor >= 0 and not self._walks:
            self._walks = True
            self._jobs.add(self._walk())

    def take(self, packet, size, kind):
        """Takes a packet of one of the types that are about counts."""
        if kind == BEACON:
            if beacon_torrents(packet):
                self._inquire(sender_of(packet))
        elif kind == INQUIRE:
            if inquire_asked(packet, size) == self._link.id:
                self._wanted = True
        elif kind == TELL:
            self._learn(packet, size)

    def _inquire(self, node):
        """Asks a node, and again at later beacons as long as it does not tell."""
        for entry in self._asked:
            if entry[0] == node:
                break
        else:
            entry = [node, _TRIES, 0]
            self._asked.append(entry)
            if len(self._asked) > _MOST_ASKED:
                self._asked.pop(0)
        if entry[1] and self._second >= entry[2]:
            entry[1] -= 1
            entry[2] = self._second + 2 * _PAUSE_SECONDS
            self._link.send(inquire(self._link.id, node))

    def _learn(self, packet, size):
        node = sender_of(packet)
        for entry in self._asked:
            if entry[0] == node:
                entry[1] = 0
        access, pools = self._tracker.access, self._tracker.pools
        for info_hash, minutes, downloaded in told(packet, size):
            if downloaded and not (access and not access.allows(info_hash)):
                swarm = pools.find(info_hash)
                if swarm:
                    minutes = min(minutes, pools.idle_minutes(swarm))
                if minutes < _SWARM_LIFETIME:
                    pools.restore_swarm(info_hash, downloaded, minutes)

    def _walk(self):
        """Tells as much as one second may, and yields between the steps."""
        try:
            sent = 0
            for _ in range(_PAGES_A_SECOND):
                self._read_page()
                if len(self._counts) >= MOST_TOLD:
                    self._tell(MOST_TOLD)
                    sent += 1
                if not self._cursor:
                    self._end()
                    return
                if sent >= _PACKETS_A_SECOND:
                    return
                yield
        finally:
            self._walks = False

    def _read_page(self):
        pools = self._tracker.pools
        swarms = pools.swarms
        for swarm in swarms.records(swarms.page_of_entry(self._cursor)):
            downloaded = pools.downloaded(swarm)
            if downloaded:
                count = swarms.info_hash(swarm), pools.idle_minutes(swarm), downloaded
                self._counts.append(count)
        self._cursor = swarms.following(self._cursor)

    def _tell(self, count):
        self._link.send(tell(self._link.id, self._counts[:count]))
        self._counts = self._counts[count:]

    def _end(self):
        while self._counts:
            self._tell(MOST_TOLD)
        self._cursor = -1
        self._next_telling = self._second + _PAUSE_SECONDS
