"""TCP on MicroPython by plain system calls through ffi: a connection is its descriptor.

MicroPython's own sockets take two calls to stop blocking and one more to see that a read has got
everything: seven calls a connection, of which four remain here.
"""

import errno
import os
import sys

_MSG_DONTWAIT, _MSG_NOSIGNAL = 0x40, 0x4000
_EAGAIN = errno.EAGAIN
_ADDRESS_BYTES = 28


class Descriptors:
    """The calls, on descriptors. OSError is raised for what goes wrong."""

    def __init__(self, libc):
        self._accept = libc.func("i", "accept", "ipp")
        self._recv = libc.func("l", "recv", "ipLi")
        self._send = libc.func("l", "send", "ipLi")
        self._close = libc.func("i", "close", "i")
        self._address = bytearray(_ADDRESS_BYTES)
        # The kernel never needs more room than it said it used, so this is set once.
        self._room = bytearray(_ADDRESS_BYTES.to_bytes(4, sys.byteorder))

    def accept(self, listener, ip_bytes):
        """Returns (connection, packed ip), or None if nobody waits at the descriptor `listener`."""
        connection = self._accept(listener, self._address, self._room)
        if connection < 0:
            if os.errno() == _EAGAIN:
                return None
            raise OSError(os.errno())
        return connection, bytes(self._address[4:8] if ip_bytes == 4 else self._address[8:24])

    def read(self, connection, view):
        """Returns the bytes read, 0 at the end, -1 if none are there."""
        return self._result(self._recv(connection, view, len(view), _MSG_DONTWAIT))

    def write(self, connection, data):
        """Returns the bytes written, -1 if none can be."""
        flags = _MSG_DONTWAIT | _MSG_NOSIGNAL
        return self._result(self._send(connection, data, len(data), flags))

    def close(self, connection):
        """Closes it."""
        self._close(connection)

    def number(self, connection):
        """Returns the descriptor to wait for."""
        return connection

    def _result(self, size):
        if size < 0 and os.errno() != _EAGAIN:
            raise OSError(os.errno())
        return size
