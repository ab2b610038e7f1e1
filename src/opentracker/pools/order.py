"""The info_hashes of all swarms in order, in little memory and small steps.

The table's own order is that of a keyed hash. So it is walked in rounds: each picks the least of
the info_hashes that are still to come, sorts them, and the next begins where they end. What comes
or goes meanwhile may be among them or not.
"""

_KEYS, _KEY_BYTES = 4, 20
_LEAST, _GREATEST = bytes(_KEY_BYTES), b"\xff" * _KEY_BYTES
_PAGES_IN_A_STEP = 64
_SORTED_IN_A_STEP = 256
_SAMPLE = 31


def in_order(pools, most):
    """Yields sorted lists of info_hashes, none of them before those of the last, and [] for steps.

    Some come twice, then in a row. `most()` says before each round how many to pick; up to twice as
    many are held.
    """
    first = _LEAST
    while True:
        this_round = _Round(first, most())
        cursor = this_round.walk(pools, 0)
        while cursor:
            yield []
            cursor = this_round.walk(pools, cursor)
        yield from _sorted_parts(this_round.picked)
        first = this_round.last
        if first == _GREATEST:
            return


class _Round:
    """Picks the least info_hashes from `first` on; in the end all up to `last` are `picked`."""

    def __init__(self, first, most):
        self.picked = []
        self.last = _GREATEST
        self._first = first
        self._most = most

    def walk(self, pools, cursor):
        """Visits some pages from directory entry `cursor` on; returns the next, 0 at the end."""
        swarms, memory = pools.swarms, pools.arena.bytes
        for _ in range(_PAGES_IN_A_STEP):
            page = swarms.page_of_entry(cursor)
            _pick(memory, page, self._first, self.last, self.picked)
            if len(self.picked) > 2 * self._most:
                self._keep_lower_half()
            cursor = swarms.following(cursor)
            if not cursor:
                break
        return cursor

    def _keep_lower_half(self):
        self.last = last = _middle(self.picked)
        self.picked = [info_hash for info_hash in self.picked if info_hash <= last]


def _pick(memory, page, first, last, picked):
    """Appends the info_hashes of a page that are in first..last to the list `picked`."""
    low, high = first[0], last[0]
    start = page + _KEYS
    for at in range(start, start + _KEY_BYTES * memory[page], _KEY_BYTES):
        if low <= memory[at] <= high:
            info_hash = bytes(memory[at : at + _KEY_BYTES])
            if first <= info_hash <= last:
                picked.append(info_hash)


def _sorted_parts(info_hashes):
    """Yields sorted lists that together are `info_hashes` in order, and [] between the steps."""
    parts = [info_hashes]
    while parts:
        part = parts.pop()
        if len(part) <= _SORTED_IN_A_STEP:
            part.sort()
            yield part
            continue
        middle = _middle(part)
        parts.append([info_hash for info_hash in part if info_hash > middle])
        parts.append([info_hash for info_hash in part if info_hash <= middle])
        yield []


def _middle(info_hashes):
    """Returns one that about half of `info_hashes`, which are more than some dozen, are beyond."""
    step = len(info_hashes) // _SAMPLE
    return sorted([info_hashes[index * step] for index in range(_SAMPLE)])[_SAMPLE // 2]
