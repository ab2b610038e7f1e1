"""Records that wait for their turn to be sent to other sites, in memory of a fixed size.

A list for each of the 256 first bytes of info_hashes, in slots of one arena. Nothing is allocated
for a record, and nothing waits for ever: each list is taken when its turn comes.
`pools.arena` says why struct.pack_into writes them.
"""

from struct import pack_into

LISTS = 256

# A slot: the next one of its list (a word, 0 for none), an info_hash without its first byte, the
# length of the record, the record (7 or 19 bytes).
_SLOT_WORDS = 11
_REST_AT, _LENGTH_AT, _RECORD_AT = 4, 23, 24


class Waiting:
    """The lists. `reserve` is runtime.reserve, `size` bytes what it is asked for."""

    def __init__(self, size, reserve):
        self.lost = 0  # records for which there was no room
        self._memory, self._words = reserve(size)
        self._end = size // (4 * _SLOT_WORDS)
        self._untouched = 1  # slot 0 is none
        self._free = 0
        self._first = [0] * LISTS
        self._last = [0] * LISTS

    def add(self, info_hash, peer, flags):
        """Appends a record: 20 bytes, a compact peer of 6 or 18, and 0 to 255."""
        slot = self._take_slot()
        if not slot:
            self.lost += 1
            return
        self._words[slot * _SLOT_WORDS] = 0
        at = slot * _SLOT_WORDS * 4
        length = len(peer) + 1
        packing = "19sB6sB" if length == 7 else "19sB18sB"
        pack_into(packing, self._memory, at + _REST_AT, info_hash[1:], length, peer, flags)
        number = info_hash[0]
        if self._first[number]:
            self._words[self._last[number] * _SLOT_WORDS] = slot
        else:
            self._first[number] = slot
        self._last[number] = slot

    def take(self, number, most):
        """Takes up to `most` records off list `number`: (rest of the info_hash, record), in order.

        A record is what frames have: the peer and the flags.
        """
        taken = []
        slot = self._first[number]
        while slot and len(taken) < most:
            at = slot * _SLOT_WORDS * 4
            end = at + _RECORD_AT + self._memory[at + _LENGTH_AT]
            rest = bytes(self._memory[at + _REST_AT : at + _LENGTH_AT])
            taken.append((rest, bytes(self._memory[at + _RECORD_AT : end])))
            after = self._words[slot * _SLOT_WORDS]
            self._words[slot * _SLOT_WORDS] = self._free
            self._free = slot
            slot = after
        self._first[number] = slot
        return taken

    def _take_slot(self):
        """Returns a slot that nobody has, 0 if there is none."""
        slot = self._free
        if slot:
            self._free = self._words[slot * _SLOT_WORDS]
        elif self._untouched < self._end:
            slot = self._untouched
            self._untouched += 1
        return slot
