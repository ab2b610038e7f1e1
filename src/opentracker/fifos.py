"""Named pipes that add torrents to an access list and take them off it, until it is read again.

Each line that is written there names a torrent as a line of the file would.
"""

from opentracker import config
from opentracker.infolines import InfoLines
from opentracker.log import log
from opentracker.oserror import describe

# How much of one is read before other jobs have their turn.
_READS_AT_ONCE = 64


class Fifos:
    """The pipes that `settings` name, and their effect on `access` (AccessLists)."""

    def __init__(self, settings, access, jobs, open_fifo):
        """Opens and makes them; one that can't be had is logged and left out."""
        self._pipes = []
        for name, listed in (("fifo_add", True), ("fifo_delete", False)):
            path = getattr(settings, name)
            if path:
                try:
                    opened = open_fifo(config.path_of(settings, path))
                except (OSError, ValueError) as error:
                    why = describe(error) if isinstance(error, OSError) else str(error)
                    log("access.%s: %s: %s; going on without" % (name, path, why))
                else:
                    self._pipes.append(_Pipe("access." + name, opened, listed, access, jobs))

    def readers(self):
        """Returns (descriptor, what to call when it is readable) of each."""
        return [(pipe.opened.fileno(), pipe.ready) for pipe in self._pipes]


class _Pipe:
    def __init__(self, keyword, opened, listed, access, jobs):
        self.opened = opened
        self._keyword = keyword
        self._listed = listed
        self._access = access
        self._jobs = jobs
        self._lines = InfoLines()
        self._queued = False

    def ready(self):
        """Has what came read when its turn comes, for a list must not change while it is read."""
        if not self._queued:
            self._queued = True
            self._jobs.add(self._work())

    def _work(self):
        try:
            yield from self._read()
        except (MemoryError, OSError):
            log(self._keyword + ": no memory for more changes; put them in the file, send SIGHUP")
        self._queued = False

    def _read(self):
        lines = self._lines
        ignored = lines.ignored
        lost = 0
        for _ in range(_READS_AT_ONCE):
            text = self.opened.read()
            if not text:
                break
            for info_hash in lines.take(text):
                if not self._access.change(info_hash, self._listed):
                    lost += 1
            yield
            yield from self._access.fold()
        if lines.ignored > ignored:
            log("%s: %d lines without info_hash ignored" % (self._keyword, lines.ignored - ignored))
        if lost:
            log("%s: %d torrents lost: no list or no memory for them" % (self._keyword, lost))
