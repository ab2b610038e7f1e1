"""The table of swarms: extendible hashing over pages of the arena.

The directory is a power-of-two list of page numbers, chosen by the low bits of the keyed hash of
the info_hash. A page that is full splits in two by the next bit; two half-empty sisters merge.
So the table takes a page at a time, gives pages back, and never has to be copied as a whole.

A page holds up to 17 swarms: a count, the number of hash bits its swarms share, the minute when it
was last searched for room, and a spare byte; then the info_hashes side by side, which `find`
searches in C; then as many records of 40 bytes:

    0   u16  minute in which the swarm fell empty (little endian)
    2   u15  slot of the address group that started it (little endian); the top bit is set once
             the swarm is established (a second peer, or a second announce)
    4   u32  downloaded: completed events counted
    8   ref  its IPv4 peers
    12  ref  its IPv6 peers
    16       room for a list of one peer of either family, so that a swarm of one needs no block

References are read by `peers`. A record is known by its word index: `words[record]`. It moves
when the table changes, so keep it no longer than one request.
"""

from array import array
from struct import pack_into

from opentracker.pools.arena import PAGE_BITS, put

SWARMS_IN_A_PAGE = 17
_KEYS = 4
_RECORDS = _KEYS + 20 * SWARMS_IN_A_PAGE
RECORD_BYTES = 40
DOWNLOADED, PEERS_V4, PEERS_V6 = 1, 2, 3
INLINE_BYTES = 16
FLAGS_BYTE = 3
ESTABLISHED = 0x80

_DEPTH, _ASKED = 1, 2
_PARTS = (_KEYS, 20), (_RECORDS, RECORD_BYTES)  # what a page has of each swarm


class SwarmTable:
    """Finds, adds and removes swarms by info_hash (20 bytes)."""

    def __init__(self, arena, max_depth, keyed_hash):
        """Starts an empty table in `arena`; its directory has at most 2**max_depth entries."""
        self.count = 0
        self.arena = arena
        self._max_depth = max_depth
        self._hash = keyed_hash
        self._depth = 0
        self.mask = 0
        page = arena.take_page()
        arena.words[page >> 2] = 0
        self.directory = array("H" if arena.pages <= 65536 else "I", [page >> PAGE_BITS])

    def page_of(self, info_hash):
        """Returns the offset of the page where `info_hash` is, or would be."""
        return self.directory[self._hash(info_hash) & self.mask] << 10

    def find(self, info_hash):
        """Returns the record of `info_hash`, or 0."""
        memory = self.arena.bytes
        page = self.directory[self._hash(info_hash) & self.mask] << 10
        start = page + 4
        end = start + 20 * memory[page]
        at = memory.find(info_hash, start, end)
        while at >= 0 and (at - start) % 20:
            at = memory.find(info_hash, at + 1, end)
        return (page + 344 >> 2) + (at - start >> 1) if at >= 0 else 0

    def add(self, info_hash, page):
        """Returns a new record for `info_hash` in `page`, which is `page_of` it and not full."""
        arena = self.arena
        slot = arena.bytes[page]
        key = page + _KEYS + 20 * slot
        pack_into("20s", arena.bytes, key, info_hash)
        record = page + _RECORDS + RECORD_BYTES * slot
        pack_into("40s", arena.bytes, record, b"")
        arena.bytes[page] = slot + 1
        self.count += 1
        return record >> 2

    def remove(self, record):
        """Removes a record whose lists are empty. The last of its page moves into its place."""
        memory = self.arena.bytes
        page = record >> 8 << PAGE_BITS
        last = memory[page] - 1
        slot = self.slot_of(record)
        if slot != last:
            for start, size in _PARTS:
                one, other = page + start + size * slot, page + start + size * last
                put(memory, one, memory[other : other + size])
        memory[page] = last
        self.count -= 1

    def info_hash(self, record):
        """Returns the info_hash (20 bytes) of a record."""
        page = record >> 8 << PAGE_BITS
        key = page + _KEYS + 20 * self.slot_of(record)
        return bytes(self.arena.bytes[key : key + 20])

    def slot_of(self, record):
        """Returns the number of a record in its page, 0 to 16."""
        return ((record & 255) - (_RECORDS >> 2)) // (RECORD_BYTES >> 2)

    # Fields of a record

    def is_empty(self, record):
        """Tells whether a swarm has no peers."""
        words = self.arena.words
        return not words[record + PEERS_V4] and not words[record + PEERS_V6]

    def establish(self, record):
        """Makes a swarm an established one."""
        self.arena.bytes[(record << 2) + FLAGS_BYTE] |= ESTABLISHED

    def is_established(self, record):
        """Tells whether a second peer has joined, or any has announced twice."""
        return self.arena.bytes[(record << 2) + FLAGS_BYTE] & ESTABLISHED != 0

    def is_protected(self, record):
        """Tells whether a swarm is established and has peers."""
        return self.is_established(record) and not self.is_empty(record)

    def owner(self, record):
        """Returns the slot of the address group that started a swarm."""
        at = (record << 2) + 2
        return self.arena.bytes[at] | (self.arena.bytes[at + 1] & ~ESTABLISHED) << 8

    def set_owner(self, record, slot):
        """Sets the slot of who started a new swarm."""
        at = (record << 2) + 2
        self.arena.bytes[at] = slot & 255
        self.arena.bytes[at + 1] = slot >> 8

    def emptied(self, record):
        """Returns the minute (modulo 65536) in which a swarm without peers fell empty."""
        at = record << 2
        return self.arena.bytes[at] | self.arena.bytes[at + 1] << 8

    def set_emptied(self, record, minute):
        """Sets that minute."""
        at = record << 2
        self.arena.bytes[at] = minute & 255
        self.arena.bytes[at + 1] = minute >> 8 & 255

    # Pages

    def records(self, page):
        """Returns the records of a page, last first, so that the caller may remove each."""
        first = page + _RECORDS >> 2
        return range(
            first + (self.arena.bytes[page] - 1) * (RECORD_BYTES >> 2),
            first - 1,
            -(RECORD_BYTES >> 2),
        )

    def is_full(self, page):
        """Tells whether a page has no room for one more swarm."""
        return self.arena.bytes[page] == SWARMS_IN_A_PAGE

    def is_due(self, page, minute):
        """Tells whether this is the first time that it is asked of `page` in this minute."""
        memory = self.arena.bytes
        if memory[page + _ASKED] == minute & 255:
            return False
        memory[page + _ASKED] = minute & 255
        return True

    def entries(self):
        """Returns the number of directory entries; `page_at` takes 0 to entries() - 1."""
        return self.mask + 1

    def page_of_entry(self, index):
        """Returns the page of a directory entry."""
        return self.directory[index] << PAGE_BITS

    def following(self, cursor):
        """Returns the directory entry after `cursor` of a walk over all pages, 0 after the last.

        A walk begins with entry 0 and may pause between pages. It counts in the bits from the
        highest of a page's depth down, which neither splits nor merges put out of step: every swarm
        that is there all the time is met at least once, and twice only if its page was merged.
        """
        depth = self.arena.bytes[(self.directory[cursor] << PAGE_BITS) + _DEPTH]
        bit = 1 << depth >> 1
        cursor &= (1 << depth) - 1
        while cursor & bit:
            cursor ^= bit
            bit >>= 1
        return cursor | bit

    def page_at(self, index):
        """Returns the page of a directory entry, or 0 if an entry before it named it already."""
        page = self.directory[index] << PAGE_BITS
        depth = self.arena.bytes[page + _DEPTH]
        return 0 if index >> depth else page

    def split(self, page, info_hash):
        """Splits the page of `info_hash` in two by one more bit; tells whether it could."""
        memory = self.arena.bytes
        depth = memory[page + _DEPTH]
        if depth == self._max_depth:
            return False
        sister = self.arena.take_page()
        if not sister:
            return False
        if depth == self._depth:
            self.directory = self.directory + self.directory
            self._depth += 1
            self.mask = (1 << self._depth) - 1
        bit = 1 << depth
        low = self._hash(info_hash) & (bit - 1)
        for index in range(low | bit, self.mask + 1, bit << 1):
            self.directory[index] = sister >> PAGE_BITS
        memory[page + _DEPTH] = memory[sister + _DEPTH] = depth + 1
        self._deal_out(page, sister, bit)
        return True

    def merge(self, index):
        """Merges the page of directory entry `index` with its sister if both fit in one.

        Tells whether a page was given back.
        """
        memory = self.arena.bytes
        page = self.directory[index] << PAGE_BITS
        sister = self.sister_at(index)
        if not sister or memory[page] + memory[sister] > SWARMS_IN_A_PAGE:
            return False
        depth = memory[page + _DEPTH]
        bit = 1 << (depth - 1)
        while memory[sister]:
            self._move_last(sister, page)
        for entry in range(index & (bit - 1), self.mask + 1, bit):
            self.directory[entry] = page >> PAGE_BITS
        memory[page + _DEPTH] = depth - 1
        self.arena.give_page(sister)
        return True

    def sister_at(self, index):
        """Returns the page that `merge(index)` would merge with, or 0 if there is none."""
        memory = self.arena.bytes
        depth = memory[(self.directory[index] << PAGE_BITS) + _DEPTH]
        if not depth:
            return 0
        bit = 1 << (depth - 1)
        sister = self.directory[(index & (2 * bit - 1)) ^ bit] << PAGE_BITS
        return sister if memory[sister + _DEPTH] == depth else 0

    def _deal_out(self, page, sister, bit):
        """Moves the swarms of `page` whose hash has `bit` to the empty page `sister`."""
        memory = self.arena.bytes
        memory[sister] = 0
        slot = memory[page]
        while slot:
            slot -= 1
            key = page + _KEYS + 20 * slot
            if self._hash(memory[key : key + 20]) & bit:
                self._swap_with_last(page, slot)
                self._move_last(page, sister)

    def _swap_with_last(self, page, slot):
        memory = self.arena.bytes
        last = memory[page] - 1
        for start, size in _PARTS:
            one, other = page + start + size * slot, page + start + size * last
            kept = bytes(memory[one : one + size])
            put(memory, one, memory[other : other + size])
            put(memory, other, kept)

    def _move_last(self, page, target):
        memory = self.arena.bytes
        slot, last = memory[target], memory[page] - 1
        for start, size in _PARTS:
            source, place = page + start + size * last, target + start + size * slot
            put(memory, place, memory[source : source + size])
        memory[target] = slot + 1
        memory[page] = last
