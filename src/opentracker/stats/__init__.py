"""What /stats shows: each mode's page, made when it is asked for from counters and from the pools.

The texts are those of the C tracker, to the byte. Two modes are ours: `json` and `prometheus`.
"""

from opentracker.stats import text
from opentracker.stats.everything import everything
from opentracker.stats.export import as_json, as_prometheus
from opentracker.stats.subnets import busiest_networks
from opentracker.stats.top import top_torrents
from opentracker.version import VERSION

_TYPES = {
    b"json": b"application/json",
    b"prometheus": b"text/plain; version=0.0.4; charset=utf-8",
}


class Statistics:
    """Pages of statistics on one tracker.

    version_text  names this program, its version and what it runs on
    tracker_id    the number of this tracker, 0 to 4294967295, for everybody to see
    woodpeckers   counts networks that announce too often, or None
    """

    def __init__(self, tracker, counters, tracker_id, seconds, runtime_name):
        """`seconds()` is the time since the start, `runtime_name` what `runtime.NAME` is."""
        self.tracker = tracker
        self.pools = tracker.pools
        self.counters = counters
        self.tracker_id = tracker_id
        self.seconds = seconds
        self.version = VERSION
        self.runtime_name = runtime_name
        self.version_text = "opentracker %s, the one in Python, on %s" % (VERSION, runtime_name)
        self.woodpeckers = None
        self._counts_networks = False

    def spot_woodpeckers(self):
        """Counts from now on which networks announce too often, for mode=woodpeckers."""
        from opentracker.stats.woodpeckers import Woodpeckers

        self.woodpeckers = Woodpeckers(self.pools)
        self.tracker.watchers.append(self.woodpeckers)

    def page(self, mode):
        """Returns the page of a mode (bytes); KeyError if there is no such mode.

        It is bytes; or a generator, if making it takes time: of b"" for each step of it that is
        done, and in the end of the page in pieces of 16 KiB at most; or None, if there is nothing
        behind the mode: always for "busy", and for "woodpeckers" unless they are spotted. Whoever
        does not take a generator to its end closes it.
        """
        return _MODES[mode](self)

    def networks(self):
        """Yields the page of mode=s24s. What one takes of memory is much: others wait meanwhile."""
        while self._counts_networks:
            yield b""
        self._counts_networks = True
        try:
            yield from busiest_networks(self.pools)
        finally:
            self._counts_networks = False

    def content_type(self, mode):
        """Returns the value (bytes) of the page's Content-Type."""
        return _TYPES.get(mode, b"text/plain")


def _woodpeckers(stats):
    return stats.woodpeckers.page() if stats.woodpeckers else None


_MODES = {
    b"peer": text.peers,
    b"torr": text.torrents,
    b"conn": text.connections,
    b"tcp4": text.tcp,
    b"udp4": text.udp,
    b"scrp": text.scrapes,
    b"fscr": text.full_scrapes,
    b"completed": text.completed,
    b"syncs": text.syncs,
    b"herr": text.http_errors,
    b"renew": text.renewals,
    b"numwants": text.numwants,
    b"version": text.version,
    b"everything": everything,
    b"top10": lambda stats: top_torrents(stats.tracker, 10),
    b"top100": lambda stats: top_torrents(stats.tracker, 100),
    b"s24s": Statistics.networks,
    b"busy": lambda stats: None,
    b"woodpeckers": _woodpeckers,
    b"json": as_json,
    b"prometheus": as_prometheus,
}
