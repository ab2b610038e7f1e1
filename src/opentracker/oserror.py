"""What an OSError means, in words, on interpreters that know numbers only."""

import errno

# MIPS has numbers of its own from 35 on. What MicroPython's errno has no name for, and can happen
# to files, sockets and processes:
_MIPS = errno.EADDRINUSE == 125
_NAMELESS = {
    4: "Interrupted system call",
    17: "File exists",
    20: "Not a directory",
    23: "Too many open files in system",
    24: "Too many open files",
    27: "File too large",
    28: "No space left on device",
    30: "Read-only file system",
    32: "Broken pipe",
    78 if _MIPS else 36: "File name too long",
    90 if _MIPS else 40: "Too many levels of symbolic links",
    124 if _MIPS else 97: "Address family not supported by protocol",
    126 if _MIPS else 99: "Cannot assign requested address",
    128 if _MIPS else 101: "Network is unreachable",
}
_NAMED = {
    "EACCES": "Permission denied",
    "EADDRINUSE": "Address already in use",
    "EBADF": "Bad file descriptor",
    "ECONNREFUSED": "Connection refused",
    "ECONNRESET": "Connection reset by peer",
    "EHOSTUNREACH": "No route to host",
    "EINVAL": "Invalid argument",
    "EIO": "Input/output error",
    "EISDIR": "Is a directory",
    "ENOBUFS": "No buffer space available",
    "ENODEV": "No such device",
    "ENOENT": "No such file or directory",
    "ENOMEM": "Cannot allocate memory",
    "EPERM": "Operation not permitted",
    "ETIMEDOUT": "Connection timed out",
}


def describe(error):
    """The system's words for an OSError; its number or its own text where there are none."""
    text = getattr(error, "strerror", None)  # CPython
    if text:
        return text
    code = error.errno
    for name in _NAMED:
        if getattr(errno, name, None) == code:
            return _NAMED[name]
    if isinstance(code, int):
        return _NAMELESS.get(code, "error %d" % code)
    return str(error)
