"""MicroPython: the C library through ffi, or None where there is no ffi."""

import socket

try:
    import ffi
except ImportError:
    ffi = None

libc = None
if ffi:
    try:
        libc = ffi.open(None)
    except OSError:
        pass

# Some numbers of Linux differ on MIPS, where SOL_SOCKET gives it away.
MIPS = socket.SOL_SOCKET == 0xFFFF
