"""The peers of a swarm in one address family: a list that grows from one peer to thousands.

A list is named by the reference in its swarm's record:

    0             no peers
    INLINE        one peer, in the record itself
    even offset   a block
    odd           a directory of pages, each a block (see `directory`)

So finding a peer costs the same in every swarm: a search through one block, in C.
"""

from random import getrandbits

from opentracker.pools import blocks, directory
from opentracker.pools.arena import PAGE, size_that_fits
from opentracker.pools.blocks import COMPLETED, DUE, MINUTE_MASK, MINUTES, UNKNOWN
from opentracker.pools.swarms import DOWNLOADED, INLINE_BYTES, PEERS_V4, PEERS_V6

INLINE = 2

_SPLITS_AT_ONCE = 64

# What `put` returns, but for a known peer: the minutes since its last announce.
NO_ROOM, ADDED = -1, MINUTES


class PeerLists:
    """The lists of one family, in the arena that holds their swarms."""

    def __init__(self, arena, ledger, width, cell, keyed_hash, native):
        """`width`: bytes of a compact address, 6 or 18. `cell`: word of the record it is in.

        `native`: `runtime.native` or None.
        """
        self.width = width
        self.count = 0
        self.seeders = 0
        self.completed = 0
        self.minute = 0
        self._arena = arena
        self._memory = arena.bytes
        self._view = memoryview(arena.bytes)
        self._words = arena.words
        self._ledger = ledger
        self._units = 1 if width == 6 else 3
        self._group_bytes = 4 if width == 6 else 8
        self._cell = cell
        self._directories = directory.Directories(arena, width, keyed_hash)
        self._page_of = self._directories.page_of
        self._native = native
        self._sample_block = native.sample if native else blocks.sample

    def put(self, record, peer, seeding, completed):
        """Stores or renews a peer; counts `completed` once for a seeder.

        Returns the minutes since its last announce, ADDED for a new peer, or NO_ROOM.
        """
        memory = self._memory
        words = self._words
        ref = words[record + self._cell]
        if ref & 1:
            block = self._page_of(ref, peer)
        elif ref > INLINE:
            block = ref
        elif ref:
            block = (record << 2) + INLINE_BYTES
        else:
            return self._start(record, peer, seeding, completed)
        width = self.width
        leechers = memory[block]
        start = block + 4
        end = start + (leechers + memory[block + 1]) * width
        at = memory.find(peer, start, end)
        while at >= 0 and (at - start) % width:
            at = memory.find(peer, at + 1, end)
        if at < 0:
            return self._add(record, ref, block, peer, seeding, completed)
        index = (at - start) // width
        mark = start + width * memory[block + 2] + index
        before = memory[mark]
        memory[mark] = before & COMPLETED | self.minute
        if completed and seeding and not before & COMPLETED:
            memory[mark] |= COMPLETED
            self._count_completed(record)
        if seeding != (index >= leechers):
            self._change_side(ref, block, index, seeding)
        return (self.minute - before) & MINUTE_MASK

    def replace(self, record, peer, seeding, completed):
        """Stores a new peer in the place of one of its own address group, if there is one.

        For when there is no room: a group may spend what it holds on another of its peers.
        """
        ref = self._words[record + self._cell]
        block = self._home(record, ref, peer)
        if not block:
            return NO_ROOM
        group = peer[: self._group_bytes]
        index = blocks.find(self._memory, block, self.width, group)
        if index < 0:
            return NO_ROOM
        self._forget(ref, block, index)
        self._insert(record, ref, block, peer, seeding, completed)
        self._ledger.held[self._ledger.slot(peer)] += self._units
        return ADDED

    def remove(self, record, peer):
        """Removes a peer. Returns the minutes since its last announce, or -1 if it is unknown."""
        ref = self._words[record + self._cell]
        memory = self._memory
        block, index = self._find(record, peer)
        if index < 0:
            return -1
        mark = memory[blocks.mark_at(memory, block, self.width) + index]
        self._forget(ref, block, index)
        self._free_if_empty(record)
        if (memory[block] + memory[block + 1]) * 2 < memory[block + 2]:
            self._shrink(record)
        return (self.minute - mark) & MINUTE_MASK

    def knows(self, record, peer):
        """Tells whether the list has `peer`."""
        return self._find(record, peer)[1] >= 0

    def backdate(self, record, peer, age, counted):
        """Sets how many minutes ago a known peer announced, and whether its completion counts."""
        block, index = self._find(record, peer)
        mark = (self.minute - age) & MINUTE_MASK | (COMPLETED if counted else 0)
        self._memory[blocks.mark_at(self._memory, block, self.width) + index] = mark
        self._memory[block + DUE] = UNKNOWN

    def blocks(self, record):
        """Returns the offsets of the blocks that the list is made of."""
        ref = self._words[record + self._cell]
        if not ref:
            return []
        return self._directories.pages(ref) if ref & 1 else [self._home(record, ref, b"")]

    def expire(self, record, lifetime):
        """Removes peers that announced `lifetime` minutes ago or earlier; returns how many."""
        words = self._words
        ref = words[record + self._cell]
        if not ref:
            return 0
        gone = 0
        for block in self.blocks(record):
            gone += self._expire_block(ref, block, lifetime)
        if gone:
            self._free_if_empty(record)
            self._shrink(record)
        return gone

    def clear(self, record):
        """Removes all peers of the list."""
        self.expire(record, 0)

    def census(self, record, ref):
        """Returns (seeders, leechers) of the list that `ref` names, which is not 0."""
        if ref & 1:
            return self._words[(ref >> 2) + directory.SEEDERS], self._words[ref >> 2]
        if ref == INLINE:
            ref = (record << 2) + INLINE_BYTES
        return self._memory[ref + 1], self._memory[ref]

    def sample(self, record, want, out, at):
        """Writes `want` distinct random compact addresses to `out` from `at` on, leechers first.

        `want` is at least 1 and at most the number of peers in the list.
        """
        ref = self._words[record + self._cell]
        width, chance = self.width, getrandbits(16)
        if ref & 1:
            if self._native:
                self._native.sample_pages(self._memory, ref >> 2, width, want, chance, out, at)
            else:
                directory.sample(self._view, self._words, ref >> 2, width, want, chance, out, at)
        else:
            block = ref if ref > INLINE else self._home(record, ref, b"")
            self._sample_block(self._view, block, width, want, chance, out, at)

    # Where a peer belongs

    def _find(self, record, peer):
        """Returns (block, index) of a peer; the index is -1 if the list doesn't have it."""
        block = self._home(record, self._words[record + self._cell], peer)
        return block, blocks.find(self._memory, block, self.width, peer) if block else -1

    def _home(self, record, ref, peer):
        """Returns the block that holds `peer` or has to, or 0 if the list is empty."""
        if ref & 1:
            return self._directories.page_of(ref, peer)
        return ref if ref != INLINE else (record << 2) + INLINE_BYTES

    # Adding

    def _start(self, record, peer, seeding, completed):
        if not self._ledger.allows(peer, self._units):
            return NO_ROOM
        memory = self._memory
        block = (record << 2) + INLINE_BYTES
        if self._inline_is_free(record):
            size = blocks.bytes_for(1, self.width)
            self._words[record + self._cell] = INLINE
        else:
            wanted = blocks.bytes_for(1, self.width)
            block = self._arena.take_block(wanted)
            if not block:
                return NO_ROOM
            size = size_that_fits(wanted)
            self._words[record + self._cell] = block
        blocks.create(memory, block, size, self.width)
        self._insert(record, 0, block, peer, seeding, completed)
        self._ledger.held[self._ledger.slot(peer)] += self._units
        return ADDED

    def _inline_is_free(self, record):
        other = PEERS_V6 if self._cell == PEERS_V4 else PEERS_V4
        return self._words[record + other] != INLINE

    def _add(self, record, ref, block, peer, seeding, completed):
        ledger = self._ledger
        slot = ledger.slot(peer)
        if ledger.held[slot] + self._units > ledger.allowance:
            return NO_ROOM
        memory = self._memory
        if memory[block] + memory[block + 1] == memory[block + 2]:
            block = self._grow(record, ref, block, peer)
            if not block:
                return NO_ROOM
            ref = self._words[record + self._cell]
        self._insert(record, ref, block, peer, seeding, completed)
        ledger.held[slot] += self._units
        return ADDED

    def _insert(self, record, ref, block, peer, seeding, completed):
        mark = self.minute
        if completed and seeding:
            mark |= COMPLETED
            self._count_completed(record)
        blocks.insert(self._memory, block, peer, mark, seeding)
        self._count(ref, 1, seeding)

    def _count_completed(self, record):
        self._words[record + DOWNLOADED] += 1
        self.completed += 1

    def _count(self, ref, peers, seeding):
        self.count += peers
        if seeding:
            self.seeders += peers
        if ref & 1:
            self._directories.count(ref, peers if seeding else 0, 0 if seeding else peers)

    def _change_side(self, ref, block, index, seeding):
        blocks.change_side(self._memory, block, self.width, index)
        step = 1 if seeding else -1
        self.seeders += step
        if ref & 1:
            self._directories.count(ref, step, -step)

    # Growing: a larger block, then pages, then one more page

    def _grow(self, record, ref, block, peer):
        """Makes room for `peer`; returns the block it goes to, or 0."""
        if not ref & 1:
            wanted = blocks.bytes_for(self._memory[block + 2] + 1, self.width)
            if wanted <= PAGE:
                return self._move_to(self._arena.take_block(wanted), record, ref, block)
            ref = self._directories.begin(block)
            if not ref:
                return 0
            self._words[record + self._cell] = ref
        return self._split_for(record, peer)

    def _move_to(self, target, record, ref, block):
        """Moves a list to the new block `target` unless that is 0; returns `target`."""
        if target:
            blocks.create(self._memory, target, self._arena.block_size(target), self.width)
            blocks.copy(self._memory, block, target, self.width)
            self._words[record + self._cell] = target
            if ref != INLINE:
                self._arena.give_block(block)
        return target

    def _split_for(self, record, peer):
        """Splits pages, the next ones in turn, until `peer` has room; returns its page, or 0.

        If its page is not among the next ones, or the list is as long as can be, whoever announced
        longest ago on that page makes room.
        """
        memory, directories, cell = self._memory, self._directories, record + self._cell
        for _ in range(_SPLITS_AT_ONCE):
            ref = self._words[cell]
            page = directories.page_of(ref, peer)
            if memory[page] + memory[page + 1] < memory[page + 2]:
                return page
            if directories.is_longest(ref):
                break
            ref = directories.split(ref)
            if not ref:
                return 0
            self._words[cell] = ref
        ref = self._words[cell]
        page = directories.page_of(ref, peer)
        if memory[page] + memory[page + 1] == memory[page + 2]:
            self._forget(ref, page, self._oldest(page))
        return page

    def _oldest(self, block):
        memory = self._memory
        marks = blocks.mark_at(memory, block, self.width)
        oldest = highest_age = 0
        for index in range(memory[block] + memory[block + 1]):
            age = (self.minute - memory[marks + index]) & MINUTE_MASK
            if age > highest_age:
                oldest, highest_age = index, age
        return oldest

    # Removing and shrinking

    def _forget(self, ref, block, index):
        memory = self._memory
        slot = self._ledger.slot(blocks.address_at(memory, block, self.width, index))
        self._ledger.held[slot] -= self._units
        self._count(ref, -1, index >= memory[block])
        blocks.delete(memory, block, self.width, index)

    def _expire_block(self, ref, block, lifetime):
        memory = self._memory
        minute = self.minute
        due = memory[block + DUE]
        if lifetime and due != UNKNOWN and 0 < (due - minute) & MINUTE_MASK <= lifetime:
            return 0
        marks = blocks.mark_at(memory, block, self.width)
        gone = oldest = 0
        for index in range(memory[block] + memory[block + 1] - 1, -1, -1):
            age = (minute - memory[marks + index]) & MINUTE_MASK
            if age >= lifetime:
                self._forget(ref, block, index)
                gone += 1
            elif age > oldest:
                oldest = age
        memory[block + DUE] = (minute + lifetime - oldest) & MINUTE_MASK
        return gone

    def _free_if_empty(self, record):
        words = self._words
        ref = words[record + self._cell]
        if not ref or self.census(record, ref) != (0, 0):
            return
        if ref & 1:
            self._directories.give(ref)
        elif ref != INLINE:
            self._arena.give_block(ref)
        words[record + self._cell] = 0

    def _shrink(self, record):
        """Gives back memory that the list has not needed since peers left."""
        ref = self._words[record + self._cell]
        if ref & 1:
            shrunk = self._directories.shrink(ref)
            if shrunk != ref:
                self._words[record + self._cell] = shrunk
                self._shrink(record)
        elif ref > INLINE:
            self._shrink_block(record, ref)

    def _shrink_block(self, record, ref):
        """Moves a list to a smaller block if one has room for it and a peer more."""
        memory, arena = self._memory, self._arena
        wanted = blocks.bytes_for(memory[ref] + memory[ref + 1] + 1, self.width)
        size = arena.block_size(ref)
        if size_that_fits(wanted) >= size:
            return
        target = arena.take_block(wanted)
        if target and arena.block_size(target) >= size:  # in want of a run
            arena.give_block(target)
        else:
            self._move_to(target, record, ref, ref)
