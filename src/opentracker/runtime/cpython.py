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
    "DatagramSocket",
    "Listener",
    "Signals",
    "close",
    "missing",
    "native",
    "number",
    "print_exception",
    "read",
    "reserve",
    "seconds",
    "settle",
    "tune",
    "write",
]

NAME = "CPython %d.%d.%d" % sys.version_info[:3]

native = None

_BACKLOG = 1024
# With data to read the kernel hands a connection over; without, a second later.
_DEFER_SECONDS = 1

_IP_PKTINFO = 8
_IPV6_RECVPKTINFO, _IPV6_PKTINFO = 49, 50
_ANCILLARY_BYTES = 64
_PACKET_BYTES = 2048
_PACKETS_AT_ONCE = 64
_STREAM = int(socket.SOCK_STREAM)


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
        self._family = int(self._socket.family)
        self.fileno = self._socket.fileno
        self.close = self._socket.close

    def accept(self):
        # What socket.accept() does, less its Python layer: 4.8 instead of 6.5 us for a whole
        # connection with accept, read, write and close.
        try:
            number, address = self._socket._accept()
        except BlockingIOError:
            return None
        accepted = socket.SocketType(self._family, _STREAM, 0, number)
        accepted.setblocking(False)
        return accepted, _packed(address[0])


def number(connection):
    return connection.fileno()


def close(connection):
    connection.close()


def read(connection, view):
    try:
        return connection.recv_into(view)
    except BlockingIOError:
        return -1


def write(connection, data):
    try:
        return connection.send(data)
    except BlockingIOError:
        return -1


class DatagramSocket:
    def __init__(self, ip, port):
        self._socket = _open(ip, port, socket.SOCK_DGRAM)
        self._receive = self._socket.recvfrom_into
        self._packet = bytearray(_PACKET_BYTES)
        self._packets = [self._packet]
        self._reply = bytearray(_PACKET_BYTES)
        self._view = memoryview(self._reply)
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

    def serve(self, answer):
        receive = self._receive_asked if self._is_wildcard else self._receive
        send = self._send_asked if self._is_wildcard else self._socket.sendto
        packet, reply, view = self._packet, self._reply, self._view
        for _ in range(_PACKETS_AT_ONCE):
            try:
                size, address = receive(packet)
            except OSError:
                return
            size = answer(packet, size, _packed(address[0]), reply)
            try:
                if size:
                    send(view[:size], address)
            except OSError:
                pass  # A full buffer, or a source that can't be answered: as if it got lost.

    def _receive_asked(self, packet):
        size, self._asked, _, address = self._socket.recvmsg_into(self._packets, _ANCILLARY_BYTES)
        return size, address

    def _send_asked(self, reply, address):
        source = [_as_source(*self._asked[0])] if self._asked else ()
        self._socket.sendmsg([reply], source, 0, address)


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
