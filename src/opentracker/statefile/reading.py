"""Reading the state file: all of it is checked before anything is restored."""

import os
import struct
from errno import ENOENT
from hashlib import sha256

from opentracker.log import log
from opentracker.oserror import describe
from opentracker.pools import PEER_LIFETIME, SWARM_LIFETIME, V4, V6
from opentracker.pools.blocks import COMPLETED, MINUTE_MASK
from opentracker.statefile import layout

_CHECKED_AT_ONCE = 200  # records
_RESTORED_AT_ONCE = 50  # swarms and peers
_FILE_KIND, _REGULAR = 0o170000, 0o100000


class Damaged(Exception):
    """Says what is wrong with a state file, and where."""


def load(pools, path, wall_seconds, allows):
    """Restores what is in the file at `path`: a generator of short steps.

    `wall_seconds` is the time since 1970. A file that is no good is logged, kept as `path`.damaged,
    and nothing of it is restored. What `allows(info_hash)` denies is left out.
    """
    file = None
    try:
        if os.stat(path)[0] & _FILE_KIND != _REGULAR:
            log("cannot load the state from %s: it is no regular file; starting without" % path)
            return
        file = open(path, "rb")
        yield from _check(_Reader(file))
        file.seek(0)
        yield from _Restoration(pools, allows).run(_Reader(file), wall_seconds, path)
    except Damaged as error:
        _put_aside(path, str(error))
    except MemoryError:
        _put_aside(path, "out of memory")
    except OSError as error:
        if error.errno != ENOENT:
            _put_aside(path, describe(error))
    finally:
        if file:
            file.close()


def _put_aside(path, reason):
    aside = path + ".damaged"
    try:
        os.rename(path, aside)
        fate = "it is kept as " + aside
    except OSError as error:
        fate = "it can't be renamed: " + describe(error)
    log("cannot load the state from %s: %s; starting without, %s" % (path, reason, fate))


class _Reader:
    """Goes through a file record by record.

    After `next`, `kind` is what the record is, `at` where it begins in `buffer`. `written` is the
    time in the header, in seconds since 1970.
    """

    def __init__(self, file):
        self.buffer = bytearray(layout.BUFFER_BYTES)
        self.at = 0
        self.kind = 0
        self._file = file
        self._view = memoryview(self.buffer)
        self._end = 0
        self._passed = 0  # bytes of the file before those in the buffer
        self._at_end = False
        self._sum = sha256()
        self._fill()
        self.written = self._header()
        self._size = layout.HEADER_BYTES

    def next(self):
        """Goes to the next record and returns its kind; Damaged if it is not sound."""
        self.at += self._size
        if self._end - self.at < layout.LARGEST_RECORD and not self._at_end:
            self._fill()
        left = self._end - self.at
        if not left:
            raise self._cut_off()
        self.kind = self.buffer[self.at]
        self._size = self._size_of_record(left)
        if self._size > left:
            raise self._cut_off()
        return self.kind

    def peers(self):
        """Returns the number of peers of a PEERS record."""
        return self.buffer[self.at + 2] + self.buffer[self.at + 3]

    def close(self):
        """Checks what follows the END record: the checksum, and nothing else."""
        self.at += self._size
        self._fill()
        rest = self._end - self.at
        if rest < layout.DIGEST_BYTES:
            raise self._cut_off()
        if rest > layout.DIGEST_BYTES:
            raise self.damaged("it goes on after its end")
        if bytes(self.buffer[self.at : self._end]) != self._sum.digest():
            raise Damaged("it has changed: the checksum is not that of its %d bytes" % self._passed)

    def damaged(self, text):
        """Returns Damaged with the place of the record."""
        return Damaged("%s at byte %d" % (text, self._passed + self.at))

    def _cut_off(self):
        return Damaged("it is cut off after %d bytes" % (self._passed + self._end))

    def _size_of_record(self, left):
        if self.kind == layout.SWARM:
            return layout.SWARM_BYTES
        if self.kind == layout.END:
            return layout.END_BYTES
        if self.kind not in layout.PEERS:
            raise self.damaged("it has an unknown record")
        if left < layout.PEERS_BYTES:
            return layout.PEERS_BYTES
        width = layout.WIDTHS[layout.PEERS.index(self.kind)]
        size = layout.PEERS_BYTES + self.peers() * (width + 1)
        if not layout.PEERS_BYTES < size <= layout.LARGEST_RECORD:
            raise self.damaged("it has a block of %d peers" % self.peers())
        return size

    def _header(self):
        begin = bytes(self.buffer[: min(self._end, len(layout.MAGIC))])
        if begin != layout.MAGIC[: len(begin)]:
            raise Damaged("it is no state file")
        if self._end < layout.HEADER_BYTES:
            raise self._cut_off()
        _, version, written = struct.unpack_from(layout.HEADER, self.buffer, 0)
        if version != layout.FORMAT:
            raise Damaged("it has format %d, not %d" % (version, layout.FORMAT))
        return written

    def _fill(self):
        """Moves what is left to the front of the buffer, and reads on."""
        left = self._end - self.at
        self._sum.update(self._view[: self.at])
        self.buffer[:left] = self.buffer[self.at : self._end]
        self._passed += self.at
        self.at = 0
        while left < layout.BUFFER_BYTES and not self._at_end:
            count = self._file.readinto(self._view[left:])
            self._at_end = not count
            left += count
        self._end = left


def _check(reader):
    """Goes through the whole file; Damaged says what is wrong with it."""
    swarms = peers = records = 0
    while reader.next() != layout.END:
        if reader.kind == layout.SWARM:
            swarms += 1
        elif swarms:
            peers += reader.peers()
        else:
            raise reader.damaged("it has peers of no swarm")
        records += 1
        if records % _CHECKED_AT_ONCE == 0:
            yield
    if struct.unpack_from(layout.END_RECORD, reader.buffer, reader.at)[1:] != (swarms, peers):
        raise reader.damaged("it has other counts than %d swarms, %d peers" % (swarms, peers))
    reader.close()


class _Restoration:
    """Restores the records of a file that has been checked, and counts what becomes of them."""

    def __init__(self, pools, allows):
        self._pools = pools
        self._allows = allows
        self._minutes = 0  # since the file was written
        # The swarm at hand, None if it is denied; which of its peers are there now, or have no room
        self._info_hash = None
        self._downloaded = self._idle = self._flags = self._here = self._homeless = 0
        # What has become of swarms and of peers
        self._swarms = self._old_swarms = self._refused_swarms = self._denied = 0
        self._peers = self._old_peers = self._refused_peers = 0
        self._recycled = pools.recycled

    def run(self, reader, wall_seconds, path):
        # A router that has no clock of its own starts in the past.
        self._minutes = max(wall_seconds - reader.written, 0) // 60
        work = 0
        while reader.next() != layout.END:
            if reader.kind == layout.SWARM:
                self._finish_swarm()
                self._begin_swarm(reader)
            elif self._info_hash:
                peers = reader.peers()
                for start in range(0, peers, _RESTORED_AT_ONCE):
                    self._restore_peers(reader, start, min(start + _RESTORED_AT_ONCE, peers))
                    if peers > _RESTORED_AT_ONCE:
                        yield
                work += peers
            work += 1
            if work >= _RESTORED_AT_ONCE:
                work = 0
                yield
        self._finish_swarm()
        log("restored from %s, %d minutes old: %s" % (path, self._minutes, self._summary()))

    def _summary(self):
        text = "%d swarms and %d peers" % (self._swarms, self._peers)
        for reason, swarms, peers in (
            ("too old", self._old_swarms, self._old_peers),
            ("without room", self._refused_swarms, self._refused_peers),
            ("displaced by others", self._pools.recycled - self._recycled, 0),
            ("denied", self._denied, 0),
        ):
            if swarms or peers:
                text += "; %s: %d swarms" % (reason, swarms)
            if peers:
                text += " and %d peers" % peers
        return text

    def _begin_swarm(self, reader):
        _, info_hash, self._downloaded, self._idle, self._flags = struct.unpack_from(
            layout.SWARM_RECORD, reader.buffer, reader.at
        )
        self._here = self._homeless = 0
        self._info_hash = info_hash if self._allows(info_hash) else None
        self._denied += self._info_hash is None

    def _restore_peers(self, reader, start, end):
        restore_peer, info_hash = self._pools.restore_peer, self._info_hash
        buffer, at, peers = reader.buffer, reader.at, reader.peers()
        family = V4 if reader.kind == layout.PEERS[V4] else V6
        width = layout.WIDTHS[family]
        minute, leechers = buffer[at + 1], buffer[at + 2]
        at += layout.PEERS_BYTES
        marks = at + peers * width
        for index in range(start, end):
            mark = buffer[marks + index]
            age = ((minute - mark) & MINUTE_MASK) + self._minutes
            if age >= PEER_LIFETIME:
                self._old_peers += 1
                continue
            peer = bytes(buffer[at + index * width : at + (index + 1) * width])
            if restore_peer(info_hash, family, peer, index >= leechers, mark >= COMPLETED, age):
                self._here += 1
            else:
                self._homeless += 1

    def _finish_swarm(self):
        """Restores what peers do not bring: the count of downloads, and that it is established."""
        pools, info_hash = self._pools, self._info_hash
        if not info_hash:
            return
        idle = self._idle + self._minutes
        restored = self._here != 0
        due = self._downloaded and (restored or idle <= SWARM_LIFETIME)
        if due:
            restored = pools.restore_swarm(info_hash, self._downloaded, idle)
        if restored and self._flags & layout.ESTABLISHED:
            pools.establish(info_hash)
        self._swarms += restored
        if not restored and (due or self._homeless):
            self._refused_swarms += 1
        elif not restored:
            self._old_swarms += 1
        self._peers += self._here
        self._refused_peers += self._homeless
