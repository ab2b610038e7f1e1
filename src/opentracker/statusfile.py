"""The status file: figures for pages that show a running tracker, written while somebody looks.

Whoever looks changes the file that is called the same with `.watched` at the end, which has to be
there: while its time of change moves, the status file is written anew every two seconds. It is a
JSON object:

    metrics   the object of the statistics' mode=json
    serving   URLs to announce to
    history   {"seconds": 2, "http": [...], "udp": [...]}: requests in each two seconds of the last
              five minutes, oldest first
    top       [{"info_hash": 40 hex digits, "seeders": .., "leechers": .., "completed": ..}, ...]:
              the ten torrents with the most peers
"""

import os
from array import array
from binascii import hexlify
from json import dumps

from opentracker import config
from opentracker.hosts import announce_urls
from opentracker.log import log
from opentracker.oserror import describe
from opentracker.stats.export import as_json
from opentracker.stats.ranking import Ranking

PERIOD_SECONDS = 2
_PERIODS = 150
_PATIENCE_SECONDS = 10  # until nobody looks any more
_TOP = 10
# Of each second, for the walk over all swarms while somebody looks.
_SURVEY_MS = 20
_MODIFIED = 8


class StatusFile:
    """The status file of a tracker; `tick` has to be called about once a second."""

    def __init__(self, settings, statistics, jobs, system):
        """`statistics` are an `opentracker.stats.Statistics`, `system` is `opentracker.runtime`."""
        self._path = config.path_of(settings, settings.status_file)
        self._statistics = statistics
        self._jobs = jobs
        self._system = system
        self._history = _History(statistics.counters)
        self._survey = _Survey(statistics.tracker, system.milliseconds)
        self._watched = _modified(self._path + ".watched")
        self._watched_until = 0
        self._written = -PERIOD_SECONDS
        self._working = False
        self._problem = ""
        self.take_settings(settings)

    def take_settings(self, settings):
        """Learns where the tracker listens."""
        self._serving = announce_urls(settings.listeners)

    def tick(self, second):
        """Counts, and has the file written if somebody looks."""
        self._history.advance(second)
        watched = _modified(self._path + ".watched")
        if watched != self._watched:
            self._watched = watched
            self._watched_until = second + _PATIENCE_SECONDS
        if watched and second < self._watched_until and not self._working:
            self._working = True
            self._jobs.add(self._work(second))

    def remove(self):
        """Leaves no figures behind that nobody keeps up."""
        _remove(self._path)

    def _work(self, second):
        try:
            yield from self._survey.walk()
            if second - self._written >= PERIOD_SECONDS:
                self._written = second
                yield from self._write()
        finally:
            self._working = False

    def _write(self):
        text = b'{"metrics": %s, "serving": %s, "history": ' % (
            as_json(self._statistics),
            dumps(self._serving).encode(),
        )
        yield
        text += self._history.as_json()
        yield
        text += b', "top": %s}\n' % self._survey.as_json()
        self._replace(text)

    def _replace(self, text):
        new = self._path + ".new"
        problem = ""
        _remove(new)
        try:
            with self._system.create(new) as file:
                file.write(text)
            os.rename(new, self._path)
        except OSError as error:
            _remove(new)
            problem = "cannot write the status to %s: %s" % (self._path, describe(error))
        if problem and problem != self._problem:
            log(problem)
        self._problem = problem


class _History:
    """Requests in each period of the last minutes."""

    def __init__(self, counters):
        self._counters = counters
        self._series = array("I", bytes(4 * _PERIODS)), array("I", bytes(4 * _PERIODS))
        self._before = self._totals()
        self._period = 0
        self._first = 0

    def _totals(self):
        """(HTTP, UDP): requests since the start."""
        counters = self._counters
        http = counters.tcp_announces + counters.tcp_scrapes + counters.tcp_full_scrapes
        return http + sum(counters.errors), counters.udp_packets

    def advance(self, second):
        """Ends the period if it has passed; one in which nobody could count stays empty."""
        period = second // PERIOD_SECONDS
        if period == self._period:
            return
        now = self._totals()
        for series, total, before in zip(self._series, now, self._before):
            series[self._period % _PERIODS] = total - before
        self._before = now
        for missed in range(max(self._period + 1, period - _PERIODS), period):
            for series in self._series:
                series[missed % _PERIODS] = 0
        self._period = period
        self._first = max(self._first, period - _PERIODS)

    def as_json(self):
        """The periods that have passed, as JSON (bytes)."""
        periods = range(self._first, self._period)
        lists = [[series[each % _PERIODS] for each in periods] for series in self._series]
        return b'{"seconds": %d, "http": %s, "udp": %s}' % (
            PERIOD_SECONDS,
            dumps(lists[0]).encode(),
            dumps(lists[1]).encode(),
        )


class _Survey:
    """The largest torrents, found in a walk over all swarms that goes on from second to second."""

    def __init__(self, tracker, milliseconds):
        self._tracker = tracker
        self._milliseconds = milliseconds
        self._cursor = 0
        self._ranking = Ranking(_TOP)
        self._found = []

    def walk(self):
        """Goes on for a while, to the end of the table at most (steps of a job)."""
        pools, ranking = self._tracker.pools, self._ranking
        swarms = pools.swarms
        spent = 0
        while spent < _SURVEY_MS:
            start = self._milliseconds()
            for swarm in swarms.records(swarms.page_of_entry(self._cursor)):
                seeders, leechers, _, _ = pools.census(swarm)
                if seeders + leechers >= ranking.least:
                    ranking.offer(seeders + leechers, swarms.info_hash(swarm))
            self._cursor = swarms.following(self._cursor)
            spent += (self._milliseconds() - start) & 0xFFFF
            yield
            if not self._cursor:
                self._found = [info_hash for _, info_hash in ranking.counts()]
                self._ranking = Ranking(_TOP)
                return

    def as_json(self):
        """What the last whole walk found, with the figures of this moment, as JSON (bytes)."""
        listed = []
        for info_hash in self._found:
            listed += self._torrent(info_hash)
        return b"[%s]" % b", ".join(listed)

    def _torrent(self, info_hash):
        access, pools = self._tracker.access, self._tracker.pools
        swarm = pools.find(info_hash)
        if not swarm or access and access.hides(info_hash):
            return []
        seeders, leechers, _, _ = pools.census(swarm)
        text = b'{"info_hash": "%s", "seeders": %d, "leechers": %d, "completed": %d}'
        return [text % (hexlify(info_hash), seeders, leechers, pools.downloaded(swarm))]


def _modified(path):
    """What changes when a file does; None if there is none."""
    try:
        return os.stat(path)[_MODIFIED]
    except OSError:
        return None


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass
