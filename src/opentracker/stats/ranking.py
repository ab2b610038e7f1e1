"""The highest of many counts, found in one walk and in bounded memory."""


class Ranking:
    """The `size` names with the highest counts; where counts are equal, the lowest names.

    Names are of one type that can be ordered. A name that is offered again is listed once.
    """

    def __init__(self, size):
        self.least = 1
        self._size = size
        self._entries = []  # (-count, name), ascending

    def offer(self, count, name):
        """Takes note of a count. One below `least` need not be offered."""
        entries = self._entries
        entry = -count, name
        if count < self.least or (len(entries) == self._size and entry > entries[-1]):
            return
        for place, known in enumerate(entries):
            if known[1] == name:
                entries.pop(place)
                break
        entries.insert(self._place_of(entry), entry)
        if len(entries) > self._size:
            entries.pop()
        self.least = -entries[-1][0] if len(entries) == self._size else 1

    def _place_of(self, entry):
        low, high = 0, len(self._entries)
        while low < high:
            middle = (low + high) // 2
            if self._entries[middle] < entry:
                low = middle + 1
            else:
                high = middle
        return low

    def is_full(self):
        """Tells whether there are `size` names in it."""
        return len(self._entries) == self._size

    def counts(self):
        """Returns (count, name)s, the highest count first."""
        return [(-count, name) for count, name in self._entries]
