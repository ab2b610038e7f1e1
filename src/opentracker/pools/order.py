"""The info_hashes of all swarms in order, in little memory and small steps.

The table's own order is that of a keyed hash. So it is walked in rounds: each picks the least of
the info_hashes that are still to come, sorts them, and the next begins where they end. What comes
or goes meanwhile may be among them or not.
"""

_KEYS, _KEY_BYTES = 4, 20
_LEAST, _GREATEST = bytes(_KEY_BYTES), b"\xff" * _KEY_BYTES
_PAGES_IN_A_STEP = 64
_MOST_RETURNED = 64
_SAMPLE = 31


class InOrder:
    """Gives the info_hashes of `pools`, picking `most` in a round; it holds up to twice as many."""

    def __init__(self, pools, most):
        self._pools = pools
        self._most = most
        self._reached = _LEAST
        self._begin_round(_LEAST)

    def step(self):
        """Returns what comes next, sorted; [] if that takes another step, None at the end.

        One may come twice, then in a row.
        """
        if self._is_walking:
            self._walk()
            return []
        if not self._parts:
            if self._last == _GREATEST:
                return None
            self._begin_round(self._last)
            return []
        part = self._parts.pop()
        if len(part) > _MOST_RETURNED:
            middle = _middle(part)
            self._parts.append([info_hash for info_hash in part if info_hash > middle])
            self._parts.append([info_hash for info_hash in part if info_hash <= middle])
            return []
        part.sort()
        if part:
            self._reached = part[-1]
        return part

    def forget(self):
        """Lets go of what it holds; the next steps will find it again."""
        self._begin_round(self._reached)

    def _begin_round(self, first):
        """Starts to pick the least from `first` on. At the end they are all up to `_last`."""
        self._first, self._last = first, _GREATEST
        self._parts = [[]]
        self._is_walking = True
        self._cursor = 0

    def _walk(self):
        swarms, memory = self._pools.swarms, self._pools.arena.bytes
        picked = self._parts[0]
        for _ in range(_PAGES_IN_A_STEP):
            page = swarms.page_of_entry(self._cursor)
            _pick(memory, page, self._first, self._last, picked)
            if len(picked) > 2 * self._most:
                self._last = last = _middle(picked)
                picked = [info_hash for info_hash in picked if info_hash <= last]
            self._cursor = swarms.following(self._cursor)
            if not self._cursor:
                self._is_walking = False
                break
        self._parts[0] = picked


def _pick(memory, page, first, last, picked):
    """Appends the info_hashes of a page that are in first..last to the list `picked`."""
    low, high = first[0], last[0]
    start = page + _KEYS
    for at in range(start, start + _KEY_BYTES * memory[page], _KEY_BYTES):
        if low <= memory[at] <= high:
            info_hash = bytes(memory[at : at + _KEY_BYTES])
            if first <= info_hash <= last:
                picked.append(info_hash)


def _middle(info_hashes):
    """Returns one that about half of `info_hashes`, which are more than some dozen, are beyond."""
    step = len(info_hashes) // _SAMPLE
    return sorted([info_hashes[index * step] for index in range(_SAMPLE)])[_SAMPLE // 2]
