"""Work that takes long, done in small steps between the turns of the event loop.

A job is a generator whose every step takes a millisecond or less.
"""

from opentracker.runtime import milliseconds

# How long a turn of the loop works on jobs before it looks at the sockets again.
SLICE_MS = 3


class Jobs:
    """Jobs in the order in which they came; each is done before the next begins."""

    def __init__(self):
        self._waiting = []

    def add(self, job):
        """Takes a generator, to be run to its end."""
        self._waiting.append(job)

    def work(self):
        """Works for a moment; tells whether there is more to do."""
        start = milliseconds()
        while self._waiting and (milliseconds() - start) & 0xFFFF < SLICE_MS:
            self._step()
        return bool(self._waiting)

    def finish(self):
        """Does all that is left, however long it takes."""
        while self._waiting:
            self._step()

    def _step(self):
        job = self._waiting.pop(0)
        try:
            next(job)
        except StopIteration:
            return
        self._waiting.insert(0, job)
