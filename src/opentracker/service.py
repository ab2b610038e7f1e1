"""A tracker with all that its settings switch on; what is off is not even imported.

The server has sockets, time and signals; here is what they mean to each part.
"""

from os import urandom

from opentracker import mistakes, runtime
from opentracker.counters import Counters
from opentracker.frontends import HttpFrontend, UdpFrontend
from opentracker.fulllog import FullLog
from opentracker.fullscrape import Modesty
from opentracker.jobs import Jobs
from opentracker.lifecycle import read_again
from opentracker.log import log
from opentracker.pages import Pages
from opentracker.permissions import Permissions
from opentracker.pools import Pools
from opentracker.sources import Sources
from opentracker.stats import Statistics
from opentracker.tracker import Tracker

_SWEEP_ROUND_SECONDS = 120
_CONNECTION_ID_SECONDS = 120
_REPORT_SECONDS = 600
_PATIENCE_MS = 2000


class Service:
    """The parts of a running tracker, made in three steps: this, `open`, `start`."""

    def __init__(self, settings):
        """Raises MemoryError or OSError if the memory for the pools can't be had."""
        self.settings = settings
        self.counters = Counters()
        self.jobs = Jobs()
        self.tracker = Tracker(Pools(settings.memory_kib, runtime.reserve, runtime.native))
        self.tracker_id = int.from_bytes(urandom(4), "big")
        self.statistics = Statistics(
            self.tracker, self.counters, self.tracker_id, runtime.seconds, runtime.NAME
        )
        self.pages = Pages(self.tracker, self.counters, self.statistics, runtime.seconds)
        self.http = HttpFrontend(self.tracker, self.counters, Sources(settings), self.pages)
        self.pages.full_log = FullLog(self.http)
        self.udp = UdpFrontend(self.tracker, self.counters)
        if self.tracker.pools.native and not settings.debug:
            announces = runtime.Announces(self.tracker.pools, self.counters, runtime.reserve)
            self.http.announces = self.udp.announces = announces
            self.http.exchanges = runtime.exchanges_of(announces, self.counters)
        self._completions = None
        self._cluster = None
        self._persistence = None
        self._status_file = None
        if settings.woodpeckers:
            self.statistics.spot_woodpeckers()
        self._fifos = None
        self._second = 0
        self._refused = 0
        self._take_settings()
        mistakes.show_tracebacks(settings.debug)
        if settings.debug:
            from opentracker import debuglog

            debuglog.attach(self.http, self.udp)

    def open(self):
        """Opens what can't be opened later: before root is left and the directory is changed.

        Raises OSError.
        """
        # What any client may ask for: another user may not read what root has been started from.
        runtime.load_all()
        if self.settings.rootdir:
            _load_what_may_be_wanted()
        if self.settings.status_file:
            from opentracker import statusfile  # noqa: F401  (while root can read it)
        if self.settings.syslog:
            from opentracker.completions import Completions

            self._completions = Completions()
            self.tracker.watchers.append(self._completions)
        if self.settings.livesync_listen:
            from opentracker.livesync.cluster import open_cluster

            # As the C tracker sends its number from nearly all machines.
            own_id = self.tracker_id.to_bytes(4, "little")
            self._cluster = open_cluster(
                self.settings, self.tracker, self.counters, self.jobs, own_id
            )

    def start(self):
        """Reads what is to be known before the first request, with the rights that are left."""
        settings = self.settings
        self._reload_lists(False)
        self.jobs.finish()
        if settings.status_file:
            from opentracker.statusfile import StatusFile

            self._status_file = StatusFile(settings, self.statistics, self.jobs, runtime)
        if settings.fifo_add or settings.fifo_delete:
            from opentracker.fifos import Fifos

            self._fifos = Fifos(settings, self.tracker.access, self.jobs, runtime.open_fifo)
        if settings.state_file or settings.load_file:
            from opentracker.persistence import Persistence

            self._persistence = Persistence(settings, self.tracker, self.jobs, runtime)
            self._persistence.load()
            self._work_before_serving()

    def _work_before_serving(self):
        """Lets the first clients wait for the jobs, but not forever."""
        start = runtime.milliseconds()
        while self.jobs.work():
            if (runtime.milliseconds() - start) & 0xFFFF > _PATIENCE_MS:
                return

    def readers(self):
        """Returns (descriptor, what to call when it is readable) of all that the loop waits for."""
        readers = []
        if self._cluster:
            readers.append((self._cluster.link.fileno(), self._cluster.link.serve))
        if self._fifos:
            readers += self._fifos.readers()
        return readers

    def tick(self, second):
        """Does what the passing of time brings; called about once a second."""
        before, self._second = self._second, second
        pools = self.tracker.pools
        pools.advance(second // 60)
        entries = pools.swarms.entries()
        share = entries * (second - before) // _SWEEP_ROUND_SECONDS + 1
        pools.sweep(min(entries, share))
        for _ in range(min(_periods(before, second, _CONNECTION_ID_SECONDS), 2)):
            self.udp.turn()
        if self._completions:
            self._completions.flush()
        if self._status_file:
            self._status_file.tick(second)
        if self._cluster:
            self._cluster.tick(second)
        if _periods(before, second, _REPORT_SECONDS):
            self._report_refusals()

    def reload(self):
        """Reads configuration and lists again; what is wrong with them is logged."""
        if read_again(self.settings):
            self._take_settings()
        self._reload_lists(True)
        if self._persistence:
            self._persistence.save()

    def _reload_lists(self, serving):
        settings, tracker = self.settings, self.tracker
        if not tracker.access and (settings.whitelist or settings.blacklist):
            from opentracker.accesslist import AccessLists

            tracker.access = AccessLists(settings, tracker.pools, self.jobs, runtime, serving)
        if tracker.access:
            tracker.access.reload()

    def stop(self):
        """Saves what is to be saved, and sends what is to be sent."""
        if self._persistence:
            self._persistence.finish()
        self.jobs.finish()
        if self._cluster:
            self._cluster.close()
        if self._status_file:
            self._status_file.remove()

    def _take_settings(self):
        """Hands on what may change while the tracker runs."""
        settings = self.settings
        self.pages.permissions = self.permissions = Permissions(settings)
        if not settings.modest_fullscrapes:
            self.pages.modesty = None
        elif not self.pages.modesty:
            self.pages.modesty = Modesty()
        self.http.redirect_url = settings.redirect_url
        self.http.stats_path = settings.stats_path
        self.http.sources = self.pages.sources = Sources(settings)
        if self._cluster:
            self._cluster.take_settings(settings)
        if self._status_file:
            self._status_file.take_settings(settings)

    def _report_refusals(self):
        refused = self.tracker.pools.refused - self._refused
        if refused:
            self._refused += refused
            log(
                "no room for %d announces in the last %d minutes; tracker.memory is %d KiB"
                % (refused, _REPORT_SECONDS // 60, self.settings.memory_kib)
            )


def _load_what_may_be_wanted():
    """Imports and opens libraries while they are in reach: a chroot leaves them outside."""
    for name in ("accesslist", "fifos", "persistence", "statedump", "statefile"):
        __import__("opentracker." + name)


def _periods(before, now, length):
    """Returns how many periods of `length` seconds have begun since `before`."""
    return now // length - before // length
