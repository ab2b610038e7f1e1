"""gzip on MicroPython: the C library libz through ffi.

Its state lies outside the heap until `close`.
"""

import errno
import sys

import ffi
import uctypes

_NAMES = "libz.so.1", "libz.so"

# A level as the C tracker's. The window of 4 KiB and tables to match take 54 KiB a stream instead
# of 268; what they compress here, info_hashes and small numbers, becomes 1.5% larger by that.
_LEVEL, _DEFLATED, _GZIP_WINDOW, _TABLES, _STRATEGY = 7, 8, 16 + 12, 6, 0
_MORE, _FINISH = 0, 4
_OK, _END, _NO_PROGRESS = 0, 1, -5
_OUT_BYTES = 2048

# A z_stream in words; its counts have 32 bits, behind which the compiler pads.
_WORD = 8 if sys.maxsize > 1 << 32 else 4
_NEXT_IN, _SIZE_IN, _NEXT_OUT, _SIZE_OUT, _WORDS = 0, 1, 3, 4, 14


def load():
    """Returns the library, or None if there is none."""
    for name in _NAMES:
        try:
            return ffi.open(name)
        except OSError:
            pass
    return None


class Gzip:
    """One gzip stream (RFC 1952)."""

    def __init__(self, library):
        self._deflate = library.func("i", "deflate", "pi")
        self._end = library.func("i", "deflateEnd", "p")
        self._out = bytearray(_OUT_BYTES)
        self._stream = bytearray(_WORDS * _WORD)
        start = library.func("i", "deflateInit2_", "piiiiipi")
        settings = _LEVEL, _DEFLATED, _GZIP_WINDOW, _TABLES, _STRATEGY
        # Of the version only the first digit counts.
        if start(self._stream, *settings + (b"1", len(self._stream))) != _OK:
            raise MemoryError

    def compress(self, data):
        """Takes bytes and returns what is there of the compressed stream, often nothing."""
        return self._run(data, _MORE)

    def flush(self):
        """Returns the rest of the stream."""
        return self._run(b"", _FINISH)

    def close(self):
        """Frees the state. Call it once, and nothing after it."""
        self._end(self._stream)

    def _run(self, data, flush):
        self._set(_NEXT_IN, uctypes.addressof(data), _WORD)
        self._set(_SIZE_IN, len(data), 4)
        parts = []
        while True:
            self._set(_NEXT_OUT, uctypes.addressof(self._out), _WORD)
            self._set(_SIZE_OUT, _OUT_BYTES, 4)
            if self._deflate(self._stream, flush) not in (_OK, _END, _NO_PROGRESS):
                raise OSError(errno.EIO)
            at = _SIZE_OUT * _WORD
            room = int.from_bytes(self._stream[at : at + 4], sys.byteorder)
            parts.append(bytes(self._out[: _OUT_BYTES - room]))
            if room:
                return b"".join(parts)

    def _set(self, word, value, size):
        at = word * _WORD
        self._stream[at : at + size] = value.to_bytes(size, sys.byteorder)
