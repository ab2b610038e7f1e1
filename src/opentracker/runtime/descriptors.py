"""TCP on MicroPython by plain system calls through ffi: a connection is its descriptor.

MicroPython's own sockets take two calls to stop blocking and one more to see that a read has got
everything: seven calls a connection, of which four remain here.
"""

import errno
import os
import sys

_MSG_DONTWAIT, _MSG_NOSIGNAL = 0x40, 0x4000
_EAGAIN = errno.EAGAIN
_V4_BYTES, _V6_BYTES = 16, 28


class Descriptors:
    """The calls, on descriptors. OSError is raised for what goes wrong."""

    def __init__(self, libc):
        self._accept = libc.func("i", "accept", "ipp")
        self._recv = libc.func("l", "recv", "ipLi")
        self._send = libc.func("l", "send", "ipLi")
        self._close = libc.func("i", "close", "i")
        self.calls = (self._accept, self._recv, self._send, self._close)
        self.name = bytearray(_V6_BYTES)  # the address of who was accepted last
        # The kernel writes back what it used, which is the same for every address of a family.
        self._room_v4 = bytearray(_V4_BYTES.to_bytes(4, sys.byteorder))
        self._room_v6 = bytearray(_V6_BYTES.to_bytes(4, sys.byteorder))

    def accept(self, listener, ip_bytes):
        """Returns (connection, packed ip), or None if nobody waits at the descriptor `listener`."""
        connection = self._accept(listener, self.name, self.room(ip_bytes))
        if connection < 0:
            self.check()
            return None
        try:
            return connection, self.ip(ip_bytes)
        except MemoryError:
            self._close(connection)
            raise

    def room(self, ip_bytes):
        """Returns the length of an address with `ip_bytes` bytes of ip, for the kernel to read."""
        return self._room_v4 if ip_bytes == 4 else self._room_v6

    def ip(self, ip_bytes):
        """Returns the packed ip of who was accepted last."""
        return bytes(self.name[4:8] if ip_bytes == 4 else self.name[8:24])

    def check(self):
        """Raises OSError if the last call failed for more than that it would have to wait."""
        if os.errno() != _EAGAIN:
            raise OSError(os.errno())

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
        if size < 0:
            self.check()
        return size
