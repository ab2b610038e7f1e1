"""High-level I/O multiplexing: CPython's selectors module for MicroPython, over select.poll.

What differs from CPython's:
- select() returns the same list every time and refills it, and most pairs in it are not allocated
  anew. Copy what has to outlive the next call.
- No signal interrupts select().
It polls file descriptors, which takes a port whose poll() accepts them, such as unix.
"""

import select
from collections import namedtuple

EVENT_READ = 1
EVENT_WRITE = 2

_BOTH = EVENT_READ | EVENT_WRITE
_MEANING = {select.POLLIN: EVENT_READ, select.POLLOUT: EVENT_WRITE}  # all else may concern both
_MAX_MS = 0x3FFFFFFF  # 12 days: the largest small int of a 32-bit build

SelectorKey = namedtuple("SelectorKey", ("fileobj", "fd", "events", "data"))


class PollSelector:
    """A selector over select.poll.

    Descriptors are small numbers that are handed out again and again, which wears out a dict of
    MicroPython (a look-up in vain gets slower with every key that ever was). They index a list.
    """

    def __init__(self):
        self._poll = select.poll()
        # By fd: None or (SelectorKey, events), the pair that select() returned last, kept so that
        # the next one need not be allocated.
        self._pairs = []
        self._count = 0
        self._ready = []
        self._map = _Map(self)

    def register(self, fileobj, events, data=None):
        """Watch a file object, or descriptor, for `events`; returns its SelectorKey.

        ValueError if the events or the object are invalid, KeyError if it is registered already.
        """
        fd = self._fd_of(fileobj)
        pair = _new_pair(fileobj, fd, events, data)
        if self._pair_of(fd):
            raise KeyError("%r (FD %d) is already registered" % (fileobj, fd))
        while len(self._pairs) <= fd:
            self._pairs.append(None)
        # Last of all that can fail, so that nothing is half registered.
        self._poll.register(fd, _poll_mask(events))
        self._pairs[fd] = pair
        self._count += 1
        return pair[0]

    def unregister(self, fileobj):
        """Stop watching; returns the SelectorKey. KeyError if it is not registered."""
        key = self._key_of(fileobj)
        self._pairs[key.fd] = None
        self._count -= 1
        self._poll.unregister(key.fd)
        return key

    def modify(self, fileobj, events, data=None):
        """Change the events and the data; returns the new SelectorKey.

        KeyError if it is not registered, ValueError if the events are invalid.
        """
        key = self._key_of(fileobj)
        pair = _new_pair(key.fileobj, key.fd, events, data)
        if events != key.events:
            self._poll.modify(key.fd, _poll_mask(events))
        self._pairs[key.fd] = pair
        return pair[0]

    def select(self, timeout=None):
        """Wait for events; returns a list of (SelectorKey, events), empty after `timeout` seconds.

        None waits for ever, zero or less does not wait. An error or a hang-up counts as both
        events, as far as they are watched.
        """
        ready = self._ready
        # Not clear(), which would give the list's memory back.
        del ready[:]
        for fd, mask in self._poll.ipoll(_milliseconds(timeout)):
            pair = self._pairs[fd]
            if pair:
                events = pair[0].events & _MEANING.get(mask, _BOTH)
                if events != pair[1]:
                    pair = self._pairs[fd] = (pair[0], events)
                ready.append(pair)
        return ready

    def get_key(self, fileobj):
        """The SelectorKey of a file object. KeyError if it is not registered."""
        if self._map is None:
            raise RuntimeError("Selector is closed")
        return self._key_of(fileobj)

    def get_map(self):
        """A mapping of file objects to SelectorKeys, or None after close()."""
        return self._map

    def close(self):
        """Forget all file objects. They stay open."""
        self._pairs = []
        self._count = 0
        self._poll = self._map = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _pair_of(self, fd):
        return self._pairs[fd] if fd < len(self._pairs) else None

    def _key_of(self, fileobj):
        pair = self._pair_of(self._fd_of(fileobj))
        if not pair:
            raise KeyError("%r is not registered" % (fileobj,))
        return pair[0]

    def _fd_of(self, fileobj):
        """The descriptor of an object, also of one that was closed while it was registered."""
        try:
            return _fileno(fileobj)
        except ValueError:
            for pair in self._pairs:
                if pair and pair[0].fileobj is fileobj:
                    return pair[0].fd
            raise


DefaultSelector = PollSelector


class _Map:
    """The read-only mapping that get_map() returns; iteration yields descriptors, as CPython's."""

    def __init__(self, selector):
        self._selector = selector

    def __len__(self):
        return self._selector._count

    def __getitem__(self, fileobj):
        return self._selector._key_of(fileobj)

    def __contains__(self, fileobj):
        return self.get(fileobj) is not None

    def __iter__(self):
        return iter(self.keys())

    def get(self, fileobj, default=None):
        try:
            return self[fileobj]
        except (KeyError, ValueError):
            return default

    def keys(self):
        return [key.fd for key in self.values()]

    def values(self):
        return [pair[0] for pair in self._selector._pairs if pair]

    def items(self):
        return [(key.fd, key) for key in self.values()]


def _fileno(fileobj):
    """The descriptor of a file object or of itself. ValueError if there is none."""
    fd = fileobj
    if not isinstance(fd, int):
        try:
            fd = int(fileobj.fileno())
        except (AttributeError, TypeError, ValueError, OSError):
            raise ValueError("Invalid file object: %r" % (fileobj,))
    if fd < 0:
        raise ValueError("Invalid file descriptor: %d" % fd)
    return fd


def _new_pair(fileobj, fd, events, data):
    if not events or events & ~_BOTH:
        raise ValueError("Invalid events: %r" % (events,))
    return SelectorKey(fileobj, fd, events, data), events


def _poll_mask(events):
    mask = 0
    if events & EVENT_READ:
        mask |= select.POLLIN
    if events & EVENT_WRITE:
        mask |= select.POLLOUT
    return mask


def _milliseconds(timeout):
    """What poll takes for a timeout in seconds, rounded up so that it does not spin."""
    if timeout is None:
        return -1
    if timeout <= 0:
        return 0
    if timeout >= _MAX_MS // 1000:
        return _MAX_MS
    milliseconds = int(timeout * 1000)
    return milliseconds if milliseconds >= timeout * 1000 else milliseconds + 1
