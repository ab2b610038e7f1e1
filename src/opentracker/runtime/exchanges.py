"""Whole exchanges over TCP in machine code: a connection accepted, read from, answered and closed.

The system calls stand in one row with the answers of `announces_http`, which halves the processor
time of an announce (48 to 25 us, x86-64). Whatever is not such an announce is left, with what was
read of it, to who asks: nothing is lost, and nothing is read twice.
"""

from array import array

import uctypes

from opentracker.query import MOST_NUMWANT
from opentracker.runtime import exchanges_native

_MOST_REQUEST_BYTES = 8192
_CONNECTION, _SIZE, _BEGIN, _END = 0, 1, 2, 3


class Exchanges:
    """Has `announces` (an Announces) answer on connections of `descriptors` (Descriptors).

    What an exchange leaves to others, when there is such a thing:

    request   what was read: bytes, or None if nothing is there yet
    unsent    bytes of the reply that the kernel did not take
    accepted  how many connections the last `accept` has accepted
    """

    def __init__(self, announces, descriptors, counters):
        self.request = None
        self.unsent = b""
        self.accepted = 0
        self._announces = announces
        self._descriptors = descriptors
        self._counters = counters
        self._buffer = bytearray(_MOST_REQUEST_BYTES)
        self._view = memoryview(self._buffer)
        self._reply = bytearray(600 + 18 * MOST_NUMWANT)
        self._left = array("i", bytes(16))
        self._means = descriptors.calls + (
            self._buffer,
            self._reply,
            uctypes.addressof(self._reply),
            counters.numwants,
            self._left,
            announces.tools,
        )

    def accept(self, listener, most):
        """Serves up to `most` connections that wait at a Listener; `accepted` becomes their number.

        Returns (connection, packed ip) of the last if that is left, None if none is. OSError is
        raised as by the Listener, or for a connection that is closed then.
        """
        left, counters = self._left, self._counters
        left[_CONNECTION] = -1
        try:
            self.accepted = accepted = self._serve(listener, most)
            counters.tcp_accepts += accepted
            connection = left[_CONNECTION]
            if connection < 0:
                counters.tcp_announces += accepted
                if not accepted:
                    self._descriptors.check()
                return None
            counters.tcp_announces += accepted if left[_END] else accepted - 1
            self._take_rest()
            return connection, self._descriptors.ip(listener.ip_bytes)
        except (MemoryError, OSError):
            if left[_CONNECTION] >= 0:
                self._descriptors.close(left[_CONNECTION])
            raise

    def _serve(self, listener, most):
        swarms, descriptors, ip_bytes = self._announces.swarms, self._descriptors, listener.ip_bytes
        return exchanges_native.serve(
            self._means,
            swarms.directory,
            swarms.mask,
            listener.fileno(),
            descriptors.name,
            descriptors.room(ip_bytes),
            ip_bytes,
            most,
        )

    def serve(self, connection, ip):
        """Answers the next request of a kept connection; tells whether all is done."""
        swarms = self._announces.swarms
        done = exchanges_native.exchange(
            self._means, swarms.directory, swarms.mask, connection, ip, 0, len(ip), 1
        )
        if done or self._left[_END]:
            self._counters.tcp_announces += 1
        if not done:
            self._take_rest()
        return done

    def _take_rest(self):
        """Notes what the exchange leaves. OSError as reading and writing raise it."""
        size, begin, end = self._left[_SIZE], self._left[_BEGIN], self._left[_END]
        self.request, self.unsent = None, b""
        if size < 0:
            self._descriptors.check()
        if end:
            self.unsent = bytes(self._reply[begin:end])
        elif size >= 0:
            self.request = bytes(self._view[:size])
