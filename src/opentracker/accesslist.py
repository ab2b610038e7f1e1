"""Which torrents are served: those of a whitelist, all but those of a blacklist, or both at once.

Lists are read in the background, and swapped when they are complete. A torrent that a new list
denies leaves with its peers at once.
"""

import os

from opentracker import config
from opentracker.infohashes import InfoHashes
from opentracker.infolines import InfoLines
from opentracker.log import log
from opentracker.oserror import describe
from opentracker.pools import keyed

_SHORTEST_LINE = 41
_CHUNK = 2048
_TRIES = 3
# Changes beside a list until they become part of it.
_MOST_CHANGES = 512

_FILE_TYPE, _REGULAR_FILE = 0o170000, 0o100000
_MODE, _INODE, _SIZE, _MODIFIED = 0, 1, 6, 8

_WHILE_EMPTY = {"whitelist": "no torrent is allowed", "blacklist": "no torrent is denied"}


class AccessLists:
    """The lists that `settings` name; what they deny leaves `pools`.

    `jobs` is an `opentracker.jobs.Jobs`: files are read and lists changed as its jobs, one after
    the other. `memory` is `opentracker.runtime`, or what has its reserve, release and native.

    purging  whether lists are changing; else no torrent that they deny is in `pools`
    """

    def __init__(self, settings, pools, jobs, memory, serving=False):
        """Starts with lists that are empty: a whitelist allows nothing until `reload` is done.

        In a tracker that is `serving` already nothing is listed until then.
        """
        self._settings = settings
        self._pools = pools
        self._jobs = jobs
        self._memory = memory
        self._hash = (memory.native or keyed).Keys().hash_swarm
        self._white = _List() if settings.whitelist and not serving else None
        self._black = _List() if settings.blacklist and not serving else None
        self._asked = False
        self.purging = False

    def allows(self, info_hash):
        """Tells whether the torrent of an info_hash (20 bytes) is served."""
        if self._black and self._black.holds(info_hash):
            return False
        return not self._white or self._white.holds(info_hash)

    def hides(self, info_hash):
        """Tells whether a torrent is denied while its swarm may still be there."""
        return self.purging and not self.allows(info_hash)

    def sizes(self):
        """Returns (name, number of info_hashes) of each list in use."""
        lists = ("whitelist", self._white), ("blacklist", self._black)
        return [(name, known.count) for name, known in lists if known]

    # Files

    def reload(self):
        """Has the files read. What is wrong with them is logged, and then the old list stays."""
        if not self._asked:
            self._asked = True
            self._jobs.add(self._reload())

    def _reload(self):
        self._asked = False
        settings = self._settings
        self.purging = True
        self._white = yield from self._renewed(self._white, "whitelist", settings.whitelist)
        self._black = yield from self._renewed(self._black, "blacklist", settings.blacklist)
        yield from self._purge()
        self.purging = False

    def _renewed(self, known, name, path):
        if not path:
            if known:
                known.replace(None)
            return None
        try:
            hashes, lines = yield from self._read(config.path_of(self._settings, path))
        except MemoryError:
            problem = "no memory for " + path
        except OSError as error:
            problem = "cannot read %s: %s" % (path, describe(error))
        except ValueError as error:
            problem = "cannot read %s: %s" % (path, error)
        else:
            if hashes.count or lines.says_empty():
                known = known or _List()
                known.replace(hashes)
                log("access.%s: %s%s" % (name, _contents(hashes, path), _ignored(lines)))
                return known
            hashes.release()
            problem = "no info_hash in %s%s" % (path, _ignored(lines))
            if known and known.count:
                problem += "; a list that is to be empty needs a line with a #"
        log("access.%s: %s; %s" % (name, problem, _remains(known, name)))
        return known

    def _read(self, path):
        """Returns (InfoHashes, InfoLines) of a file. Raises MemoryError, OSError, ValueError."""
        for _ in range(_TRIES):
            stamp = _stamp(path)
            lines = InfoLines()
            hashes = InfoHashes(stamp[0] // _SHORTEST_LINE + 1, self._memory, self._hash)
            try:
                whole = yield from _fill(hashes, lines, path)
                if whole and _stamp(path) == stamp:
                    yield from hashes.arrange()
                    return hashes, lines
            except (MemoryError, OSError, ValueError):
                hashes.release()
                raise
            hashes.release()
        raise ValueError("it changes while it is read")

    def _purge(self):
        """Removes all swarms that are not allowed."""
        pools = self._pools
        swarms = pools.swarms
        cursor = 0
        while True:
            for swarm in swarms.records(swarms.page_of_entry(cursor)):
                if not self.allows(swarms.info_hash(swarm)):
                    pools.drop(swarm)
            cursor = swarms.following(cursor)
            if not cursor:
                return
            yield

    # Changes

    def change(self, info_hash, listed):
        """Has an info_hash be as if it were in the file, or as if it were not, until a reload.

        It is the file of the whitelist, or of the blacklist if there is no whitelist. Returns
        whether there was room for it.
        """
        changed = self._white or self._black
        if not changed or len(changed.changes) >= 2 * _MOST_CHANGES:
            return False
        changed.change(info_hash, listed)
        if not self.allows(info_hash):
            swarm = self._pools.find(info_hash)
            if swarm:
                self._pools.drop(swarm)
        return True

    def fold(self):
        """Makes many changes part of their list (steps of a job). Raises MemoryError or OSError."""
        changed = self._white or self._black
        if not changed or len(changed.changes) < _MOST_CHANGES:
            return
        old, changes = changed.hashes, changed.changes
        count = old.count if old else 0
        hashes = InfoHashes(count + len(changes), self._memory, self._hash)
        try:
            for number in range(count):
                info_hash = old.at(number)
                if changes.get(info_hash, True):
                    hashes.add(info_hash)
                if number % 32 == 0:
                    yield
            for info_hash in changes:
                if changes[info_hash]:
                    hashes.add(info_hash)
            yield from hashes.arrange()
        except (MemoryError, OSError):
            hashes.release()
            raise
        changed.replace(hashes)


class _List:
    """The info_hashes of a file, and what has changed since it was read: info_hash -> listed."""

    def __init__(self):
        self.count = 0
        self.hashes = None
        self.changes = {}

    def holds(self, info_hash):
        if self.changes:
            listed = self.changes.get(info_hash)
            if listed is not None:
                return listed
        return self.hashes is not None and self.hashes.holds(info_hash)

    def replace(self, hashes):
        old = self.hashes
        self.hashes = hashes
        self.changes = {}
        self.count = hashes.count if hashes else 0
        if old:
            old.release()

    def change(self, info_hash, listed):
        self.count += listed - self.holds(info_hash)
        self.changes[info_hash] = listed


def _stamp(path):
    """Returns what tells whether a file is as it was; its size in bytes comes first."""
    status = os.stat(path)
    if status[_MODE] & _FILE_TYPE != _REGULAR_FILE:
        raise ValueError("it is not a regular file")
    return status[_SIZE], status[_INODE], status[_MODIFIED]


def _fill(hashes, lines, path):
    """Adds what a file holds; False: it is longer than it was."""
    with open(path, "rb") as file:
        text = file.read(_CHUNK)
        found = lines.start(text)
        while text:
            for info_hash in found:
                if not hashes.add(info_hash):
                    return False
            yield
            text = file.read(_CHUNK)
            found = lines.take(text) if text else lines.end()
    return all(hashes.add(info_hash) for info_hash in found)


def _contents(hashes, path):
    if not hashes.count:
        return "an empty list in " + path
    return "%d info_hash%s in %s" % (hashes.count, "" if hashes.count == 1 else "es", path)


def _ignored(lines):
    if not lines.ignored:
        return ""
    if lines.ignored == 1:
        return ", 1 line ignored (line %d)" % lines.first_ignored
    return ", %d lines ignored (the first is line %d)" % (lines.ignored, lines.first_ignored)


def _remains(known, name):
    """Says what is in force where a file gave nothing."""
    if not known:
        return "there still is no " + name
    if known.count:
        return "the old list of %d stays" % known.count
    return _WHILE_EMPTY[name] + "; set it right and send SIGHUP"
