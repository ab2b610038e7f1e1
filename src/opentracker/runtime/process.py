"""MicroPython: signals, and leaving root."""

import os
import sys

from opentracker.runtime.libc import MIPS, libc

_SIG_BLOCK = 1 if MIPS else 0


class Signals:
    """A signalfd: MicroPython's own handlers do not wake a poll, and one jumps out of any C code.

    Without ffi nothing is read here, and signals do what they do by default.
    """

    _NAMES = {1: "HUP", 2: "INT", 15: "TERM"}
    _INFO_BYTES = 128
    _SET_BYTES = 128

    def __init__(self):
        self._number = -1
        if libc:
            wanted = bytearray(self._SET_BYTES)
            libc.func("i", "sigemptyset", "p")(wanted)
            add = libc.func("i", "sigaddset", "pi")
            for number in self._NAMES:
                add(wanted, number)
            libc.func("i", "sigprocmask", "ipp")(_SIG_BLOCK, wanted, None)
            self._number = libc.func("i", "signalfd", "ipi")(-1, wanted, 0)
            self._read = libc.func("l", "read", "ipL")
            self._info = bytearray(self._INFO_BYTES)

    def fileno(self):
        """Returns the descriptor, or -1 if there is none."""
        return self._number

    def read(self):
        """Call it only if the descriptor is readable: it would wait for a signal."""
        if self._read(self._number, self._info, self._INFO_BYTES) != self._INFO_BYTES:
            return []
        return [self._NAMES[int.from_bytes(self._info[:4], sys.byteorder)]]


def settle(user, directory):
    if not _is_root():
        if directory:
            os.chdir(directory)
        return
    if not libc:
        raise ValueError("without ffi it can not leave root; start it as another user")
    uid, gid = _look_up(user)
    if not uid or not gid:
        raise ValueError('user "%s" is root; name another with -u' % user)
    if directory:
        _call("chroot", "s", directory)
    os.chdir("/")
    _call("setgroups", "Lp", 1, gid.to_bytes(4, sys.byteorder))
    _call("setgid", "I", gid)
    _call("setuid", "I", uid)
    if _is_root_now():
        raise ValueError("still root after leaving it")


def _call(name, types, *arguments):
    if libc.func("i", name, types)(*arguments):
        raise OSError(os.errno())


def _is_root_now():
    return not libc.func("I", "getuid", "")() or not libc.func("I", "geteuid", "")()


def _is_root():
    if libc:
        return _is_root_now()
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("Uid:"):
                return "0" in line.split()[1:]
    return False


def _look_up(user):
    """Returns user and group id of a name in /etc/passwd."""
    with open("/etc/passwd") as users:
        for line in users:
            fields = line.split(":")
            if fields[0] == user and len(fields) > 3:
                return int(fields[2]), int(fields[3])
    raise ValueError('there is no user "%s" to run as' % user)
