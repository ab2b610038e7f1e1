"""CPython: the standard library has everything."""

import mmap
import os
import pwd
import signal
import socket
import sys
import time
import traceback

__all__ = [
    "NAME",
    "Connection",
    "DatagramSocket",
    "Listener",
    "Signals",
    "missing",
    "print_exception",
    "reserve",
    "seconds",
    "settle",
    "tune",
]

NAME = "CPython %d.%d.%d" % sys.version_info[:3]

_BACKLOG = 1024
# With data to read the kernel hands a connection over; without, a second later.
_DEFER_SECONDS = 1

_IP_PKTINFO = 8
_IPV6_RECVPKTINFO, _IPV6_PKTINFO = 49, 50
_ANCILLARY_BYTES = 64
_PACKET_BYTES = 2048


def missing():
    return []


def reserve(size):
    memory = mmap.mmap(-1, size)
    return memory, memoryview(memory).cast("I")


def tune():
    pass


_start = time.monotonic()


def seconds():
    return int(time.monotonic() - _start)


def print_exception(error):
    traceback.print_exception(type(error), error, error.__traceback__)


def _open(ip, port, kind):
    family = socket.AF_INET if len(ip) == 4 else socket.AF_INET6
    new = socket.socket(family, kind)
    try:
        new.setblocking(False)
        if family == socket.AF_INET6:
            new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        new.bind((socket.inet_ntop(family, ip), port))
    except OSError:
        new.close()
        raise
    return new


def _packed(text):
    if ":" in text:
        return socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
    return socket.inet_aton(text)


class Listener:
    def __init__(self, ip, port):
        self._socket = _open(ip, port, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _DEFER_SECONDS)
        self._socket.listen(_BACKLOG)
        self.fileno = self._socket.fileno
        self.close = self._socket.close

    def accept(self):
        try:
            accepted, address = self._socket.accept()
        except BlockingIOError:
            return None
        accepted.setblocking(False)
        return Connection(accepted, address[0])


class Connection:
    def __init__(self, accepted, ip):
        self.ip = _packed(ip)
        self.fileno = accepted.fileno
        self.close = accepted.close
        self._socket = accepted

    def read(self, view):
        try:
            return self._socket.recv_into(view)
        except BlockingIOError:
            return -1

    def write(self, view):
        try:
            return self._socket.send(view)
        except BlockingIOError:
            return -1


class DatagramSocket:
    def __init__(self, ip, port):
        self.packet = bytearray(_PACKET_BYTES)
        self.reply = bytearray(_PACKET_BYTES)
        self.ip = b""
        self._socket = _open(ip, port, socket.SOCK_DGRAM)
        self._buffers = [self.packet]
        self._view = memoryview(self.reply)
        self._address = None
        self._asked = ()
        self.fileno = self._socket.fileno
        self.close = self._socket.close
        self._is_wildcard = not any(ip)
        if self._is_wildcard:
            self._tell_what_was_asked(len(ip))

    def _tell_what_was_asked(self, width):
        """A wildcard socket: learns from each packet which address to answer from."""
        if width == 4:
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        else:
            self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)

    def receive(self):
        try:
            if self._is_wildcard:
                size, self._asked, _, self._address = self._socket.recvmsg_into(
                    self._buffers, _ANCILLARY_BYTES
                )
            else:
                size, self._address = self._socket.recvfrom_into(self.packet)
        except BlockingIOError:
            return -1
        self.ip = _packed(self._address[0])
        return size

    def send(self, size):
        try:
            if self._is_wildcard:
                source = [_as_source(*self._asked[0])] if self._asked else ()
                self._socket.sendmsg([self._view[:size]], source, 0, self._address)
            else:
                self._socket.sendto(self._view[:size], self._address)
        except OSError:
            pass  # A full buffer, or a source address that can't be answered: as if it got lost.


def _as_source(level, kind, info):
    """Turns the IP_PKTINFO or IPV6_PKTINFO of a packet into that of its reply.

    The interface is left to routing, but for link-local addresses, which mean nothing without.
    """
    if level == socket.IPPROTO_IP:
        return level, kind, b"\0\0\0\0" + info[4:8] + b"\0\0\0\0"
    return level, kind, info if info[:2] == b"\xfe\x80" else info[:16] + b"\0\0\0\0"


class Signals:
    _NAMES = {signal.SIGTERM: "TERM", signal.SIGINT: "INT", signal.SIGHUP: "HUP"}

    def __init__(self):
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        theirs.setblocking(False)
        self._theirs = theirs
        for number in self._NAMES:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        self.fileno = self._ours.fileno

    def read(self):
        try:
            numbers = self._ours.recv(64)
        except BlockingIOError:
            return []
        return [self._NAMES[number] for number in numbers if number in self._NAMES]


def settle(user, directory):
    if os.getuid() and os.geteuid():
        if directory:
            os.chdir(directory)
        return
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ValueError('there is no user "%s" to run as' % user) from None
    if directory:
        os.chroot(directory)
    os.chdir("/")
    os.setgroups([entry.pw_gid])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if 0 in os.getresuid() + os.getresgid():
        raise ValueError('user "%s" is root; name another with -u' % user)
