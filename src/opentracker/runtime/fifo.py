"""Named pipes on MicroPython, by plain system calls through ffi."""

import errno
import os

_FILE_EXISTS = 17
_KIND, _IS_FIFO = 0o170000, 0o010000
_READ_WRITE = 2
_BYTES = 1024


class _Fifo:
    def __init__(self, libc, number):
        self._number = number
        self._read = libc.func("l", "read", "ipL")
        self._buffer = bytearray(_BYTES)

    def fileno(self):
        return self._number

    def read(self):
        size = self._read(self._number, self._buffer, _BYTES)
        if size < 0:
            if os.errno() == errno.EAGAIN:
                return b""
            raise OSError(os.errno())
        return bytes(self._buffer[:size])


def open_fifo(libc, path, on_mips):
    """Opens the named pipe `path`, made if it is missing. OSError or ValueError says why not."""
    if libc.func("i", "mkfifo", "sI")(path, 0o755) < 0:
        if os.errno() != _FILE_EXISTS:
            raise OSError(os.errno())
        if os.stat(path)[0] & _KIND != _IS_FIFO:
            raise ValueError("is not a named pipe")
    without_waiting = 0o200 if on_mips else 0o4000
    # With a writer of its own it never comes to an end.
    number = libc.func("i", "open", "sii")(path, _READ_WRITE | without_waiting, 0)
    if number < 0:
        raise OSError(os.errno())
    return _Fifo(libc, number)
