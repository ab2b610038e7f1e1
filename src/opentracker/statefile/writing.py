"""Writing the state file, in short steps while the tracker serves."""

import os
import struct
from hashlib import sha256

from opentracker.log import log
from opentracker.oserror import describe
from opentracker.pools import V4, V6
from opentracker.pools.blocks import ADDRESSES, CAPACITY, MINUTE_MASK, SEEDERS
from opentracker.statefile import layout

_BLOCKS_AT_ONCE = 8


def save(pools, path, wall_seconds, system):
    """Writes the state of `pools` at `wall_seconds` since 1970: a generator of short steps.

    The last step puts the new file in the old one's place. Until then, or if it fails (which is
    logged), or if the generator is closed, the old one stays. `system`: `opentracker.runtime`.
    """
    new = path + ".new"
    writer = None
    try:
        _remove(new)
        writer = _Writer(system.create(new))
        writer.begin(wall_seconds)
        yield from _write_swarms(pools, writer)
        writer.finish()
        yield
        system.sync(writer.file)
        writer.close()
        os.rename(new, path)
        log("saved %d swarms and %d peers to %s" % (writer.swarms, writer.peers, path))
        writer = None
    except (OSError, MemoryError) as error:
        reason = "out of memory" if isinstance(error, MemoryError) else describe(error)
        log("cannot save the state to %s: %s; what was saved before stays" % (path, reason))
    finally:
        if writer:
            writer.give_up()
            _remove(new)


def try_out(path, system):
    """Logs, before there is anything to save, what will keep `save` from beginning."""
    new = path + ".new"
    _remove(new)
    try:
        system.create(new).close()
    except OSError as error:
        log("the state will not be saved to %s: %s" % (path, describe(error)))
    _remove(new)


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass


class _Writer:
    """Puts records together in a buffer, from where they go to the file and the checksum."""

    def __init__(self, file):
        self.file = file
        self.swarms = 0
        self.peers = 0
        self._out = bytearray(layout.BUFFER_BYTES)
        self._view = memoryview(self._out)
        self._used = 0
        self._sum = sha256()

    def begin(self, wall_seconds):
        at = self._room(layout.HEADER_BYTES)
        written = max(wall_seconds, 0)
        struct.pack_into(layout.HEADER, self._out, at, layout.MAGIC, layout.FORMAT, written)

    def swarm(self, info_hash, downloaded, idle, established):
        at = self._room(layout.SWARM_BYTES)
        struct.pack_into(
            layout.SWARM_RECORD,
            self._out,
            at,
            layout.SWARM,
            info_hash,
            downloaded,
            idle,
            layout.ESTABLISHED if established else 0,
        )
        self.swarms += 1

    def block(self, memory, block, family, minute):
        """Writes the peers of a block of `pools.blocks`."""
        leechers, seeders = memory[block], memory[block + SEEDERS]
        peers = leechers + seeders
        width = layout.WIDTHS[family]
        size = peers * width
        at = self._room(layout.PEERS_BYTES + size + peers)
        out = self._out
        out[at] = layout.PEERS[family]
        out[at + 1] = minute & MINUTE_MASK
        out[at + 2] = leechers
        out[at + 3] = seeders
        at += layout.PEERS_BYTES
        start = block + ADDRESSES
        out[at : at + size] = memory[start : start + size]
        at += size
        start += width * memory[block + CAPACITY]
        out[at : at + peers] = memory[start : start + peers]
        self.peers += peers

    def finish(self):
        at = self._room(layout.END_BYTES)
        struct.pack_into(layout.END_RECORD, self._out, at, layout.END, self.swarms, self.peers)
        self._flush()
        self.file.write(self._sum.digest())

    def close(self):
        file, self.file = self.file, None
        file.close()

    def give_up(self):
        """Closes the file, whatever has become of it."""
        try:
            if self.file:
                self.close()
        except OSError:
            pass

    def _room(self, size):
        """Returns where in the buffer to write `size` bytes."""
        at = self._used
        if at + size > layout.BUFFER_BYTES:
            self._flush()
            at = 0
        self._used = at + size
        return at

    def _flush(self):
        written = self._view[: self._used]
        self._sum.update(written)
        self.file.write(written)
        self._used = 0


def _write_swarms(pools, writer):
    table = pools.swarms
    cursor = 0
    while True:
        long = []
        for swarm in table.records(table.page_of_entry(cursor)):
            v4, v6 = pools.blocks_of(swarm, V4), pools.blocks_of(swarm, V6)
            if len(v4) > 1 or len(v6) > 1:
                long.append(table.info_hash(swarm))
            elif v4 or v6 or pools.downloaded(swarm):
                _write_head(pools, writer, swarm)
                _write_blocks(pools, writer, v4, V4)
                _write_blocks(pools, writer, v6, V6)
        cursor = table.following(cursor)
        for info_hash in long:
            yield from _write_long(pools, writer, info_hash)
        if not cursor:
            return
        yield


def _write_head(pools, writer, swarm):
    table = pools.swarms
    writer.swarm(
        table.info_hash(swarm),
        pools.downloaded(swarm),
        pools.idle_minutes(swarm),
        table.is_established(swarm),
    )


def _write_blocks(pools, writer, blocks, family):
    for block in blocks:
        writer.block(pools.arena.bytes, block, family, pools.minute)


def _write_long(pools, writer, info_hash):
    """Writes a swarm of many blocks, a few in each step."""
    swarm = pools.find(info_hash)
    if swarm:
        _write_head(pools, writer, swarm)
    for family in (V4, V6):
        begin = before = 0
        while swarm:
            blocks = pools.blocks_of(swarm, family)
            if len(blocks) < before:
                begin = 0  # What was in the last ones is now in some that were written before.
            before = len(blocks)
            if begin >= before:
                break
            _write_blocks(pools, writer, blocks[begin : begin + _BLOCKS_AT_ONCE], family)
            begin += _BLOCKS_AT_ONCE
            yield
            swarm = pools.find(info_hash)
