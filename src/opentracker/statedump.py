"""Statedumps, the C tracker's and this one's: what `-l` loads.

A line for each torrent, `<info_hash in hex>:<minute>:<downloaded>`, with the minute since 1970 of
its last announce. Whatever follows is ignored, and so is every line that says anything else.
"""

from opentracker import infolines
from opentracker.log import log
from opentracker.oserror import describe
from opentracker.pools import SWARM_LIFETIME

_CHUNK_BYTES = 2048
_LINES_AT_ONCE = 50
_KEPT_OF_A_LINE = 128
_MOST_DIGITS = 10
_MOST_DOWNLOADED = 0xFFFFFFFF
_GZIP = b"\x1f\x8b"


def load(pools, path, minute, allows):
    """Restores the torrents of a statedump at `minute` since 1970: a generator of short steps.

    Counts of torrents that are there already only grow, to what the dump says. Torrents are left
    out that nobody has downloaded, or announced for 24 hours, or that `allows(info_hash)` denies.
    What can't be read is logged.
    """
    torrents = _Torrents(pools, minute, allows)
    try:
        with open(path, "rb") as file:
            for lines in _lines(file):
                torrents.take(lines)
                yield
    except (OSError, ValueError) as error:
        reason = describe(error) if isinstance(error, OSError) else str(error)
        log("cannot load the statedump %s: %s; going on without" % (path, reason))
    except MemoryError:
        log("cannot load the statedump %s: out of memory; going on without" % path)
    else:
        log("loaded from the statedump %s: %s" % (path, torrents.summary()))


def _lines(file):
    """Yields the beginnings of a few lines at a time. Raises OSError or ValueError."""
    chunk = file.read(_CHUNK_BYTES)
    if chunk.startswith(_GZIP):
        raise ValueError("it is compressed; unpack it with gunzip")
    rest = b""
    while chunk:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()[:_KEPT_OF_A_LINE]
        for start in range(0, len(lines), _LINES_AT_ONCE):
            yield lines[start : start + _LINES_AT_ONCE]
        chunk = file.read(_CHUNK_BYTES)
    if rest:
        yield [rest]


class _Torrents:
    """Restores torrent after torrent, and counts what becomes of them."""

    def __init__(self, pools, minute, allows):
        self._pools = pools
        self._minute = minute
        self._allows = allows
        self._number = self._ignored = self._first_ignored = 0
        self._restored = self._old = self._denied = self._refused = 0
        self._recycled = pools.recycled

    def take(self, lines):
        for line in lines:
            self._number += 1
            torrent = parse(line)
            if torrent:
                self._restore(torrent)
            else:
                self._ignored += 1
                self._first_ignored = self._first_ignored or self._number

    def _restore(self, torrent):
        info_hash, minute, downloaded = torrent
        # A router that has no clock of its own starts in the past.
        idle = max(self._minute - minute, 0)
        if idle > SWARM_LIFETIME or not downloaded:
            self._old += 1
        elif not self._allows(info_hash):
            self._denied += 1
        elif self._pools.restore_swarm(info_hash, downloaded, idle):
            self._restored += 1
        else:
            self._refused += 1

    def summary(self):
        # While there is no room, each takes the place of another.
        displaced = self._pools.recycled - self._recycled
        text = "%d torrents" % (self._restored - displaced)
        for reason, torrents in (
            ("too old or never downloaded", self._old),
            ("without room", self._refused + displaced),
            ("denied", self._denied),
        ):
            if torrents:
                text += "; %s: %d" % (reason, torrents)
        if self._ignored:
            text += "; %d lines ignored, the first is line %d" % (
                self._ignored,
                self._first_ignored,
            )
        return text


def parse(line):
    """Returns (info_hash, minute, downloaded) of a line (bytes), or None if it is none of those."""
    info_hash = infolines.parse(line)
    if not info_hash or line[40:41] != b":":
        return None
    minute, end = _number(line, 41)
    downloaded, _ = _number(line, end + 1)
    if minute < 0 or line[end : end + 1] != b":" or not 0 <= downloaded <= _MOST_DOWNLOADED:
        return None
    return info_hash, minute, downloaded


def _number(line, start):
    """Returns the decimal number at `start`, or -1 if there is none, and where it ends."""
    end = start
    while end < len(line) and 48 <= line[end] <= 57:
        end += 1
    if not 0 < end - start <= _MOST_DIGITS:
        return -1, end
    return int(line[start:end]), end
