"""Sets of info_hashes, as long as an access list, outside the garbage-collected heap.

The info_hashes lie side by side, in the order of their buckets: those of a bucket have the low bits
of a keyed hash in common, so nobody outside can choose what goes into the same one. A word for each
bucket says where it starts. With 4 to 8 info_hashes in a bucket that is 20.5 to 21 bytes for each.
`pools.arena` says why they are written by struct.pack_into.
"""

from struct import pack_into

_BYTES = 20
_MOST_IN_A_BUCKET = 8
_MOST_BUCKETS = 1 << 17  # as many as the hash has bits
_STEP = 32


class InfoHashes:
    """A set that is filled, arranged, and from then on only asked.

    `memory` has reserve(size) and release(memory, words) as in `opentracker.runtime`; `keyed_hash`
    makes a number of at least 17 bits of an info_hash.
    """

    def __init__(self, room, memory, keyed_hash):
        """Starts an empty set with room for `room` info_hashes. Raises MemoryError or OSError."""
        self.count = 0
        self._hash = keyed_hash
        self._memory = memory
        self._kept = [memory.reserve(max(room, 1) * _BYTES)]
        self._bytes = self._kept[0][0]
        self._starts = None
        self._mask = 0

    def add(self, info_hash):
        """Adds an info_hash (20 bytes) to a set that is not arranged; False: there is no room."""
        at = self.count * _BYTES
        if at + _BYTES > len(self._bytes):
            return False
        pack_into("20s", self._bytes, at, info_hash)
        self.count += 1
        return True

    def arrange(self):
        """Makes the set ready to be asked: a generator of short steps. Duplicates leave.

        Raises MemoryError or OSError if there is no memory for it.
        """
        buckets = 1
        while buckets * _MOST_IN_A_BUCKET < self.count and buckets < _MOST_BUCKETS:
            buckets *= 2
        self._mask = buckets - 1
        starts = self._reserve_words(buckets + 1)
        ends = self._reserve_words(buckets + 1)
        for numbers in _steps(self.count):
            for number in numbers:
                starts[self._hash(self.at(number)) & self._mask] += 1
            yield
        start = 0
        for numbers in _steps(buckets + 1):
            for bucket in numbers:
                size = starts[bucket] * _BYTES
                starts[bucket] = ends[bucket] = start
                start += size
            yield
        yield from self._deal_out(starts, ends, buckets)
        self._memory.release(*self._kept.pop())
        self._starts = starts

    def _reserve_words(self, count):
        self._kept.append(self._memory.reserve(4 * count))
        return self._kept[-1][1]

    def _deal_out(self, starts, filled, buckets):
        """Brings all into their buckets, and drops duplicates bucket by bucket.

        `starts` says where buckets start, with one more behind the last; `filled` the same, and
        then up to where each holds what belongs to it.
        """
        memory = self._bytes
        steps = end = kept = 0
        for bucket in range(buckets):
            starts[bucket], at, end = kept, end, starts[bucket + 1]
            while at < end:
                steps += 1
                if steps % _STEP == 0:
                    yield
                info_hash = bytes(memory[at : at + _BYTES])
                if at >= filled[bucket]:
                    home = self._hash(info_hash) & self._mask
                    there = filled[home]
                    filled[home] = there + _BYTES
                    if there != at:
                        pack_into("20s", memory, at, memory[there : there + _BYTES])
                        pack_into("20s", memory, there, info_hash)
                        continue
                at += _BYTES
                if not self._find(info_hash, starts[bucket], kept):
                    pack_into("20s", memory, kept, info_hash)
                    kept += _BYTES
        starts[buckets] = kept
        self.count = kept // _BYTES

    def _find(self, info_hash, start, end):
        find = self._bytes.find
        at = find(info_hash, start, end)
        while at >= 0 and at % _BYTES:
            at = find(info_hash, at + 1, end)
        return at >= 0

    def holds(self, info_hash):
        """Tells whether an arranged set holds an info_hash (20 bytes)."""
        bucket = self._hash(info_hash) & self._mask
        starts = self._starts
        return self._find(info_hash, starts[bucket], starts[bucket + 1])

    def at(self, number):
        """Returns one of the info_hashes; `number` is 0 to count - 1."""
        return bytes(self._bytes[number * _BYTES : number * _BYTES + _BYTES])

    def release(self):
        """Gives the memory back, arranged or not. Nothing may be asked any more."""
        self._bytes = self._starts = None
        while self._kept:
            self._memory.release(*self._kept.pop())


def _steps(count):
    """Cuts 0 to count - 1 into ranges of what is done in one step."""
    return (range(start, min(start + _STEP, count)) for start in range(0, count, _STEP))
