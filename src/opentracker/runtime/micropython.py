"""MicroPython's unix port: sockets by its own module, the rest of the system through ffi.

Without ffi (no OpenWrt build is) the tracker runs with less; `missing` says with what.
"""

import errno
import gc
import socket
import sys
import time

import uctypes

from opentracker.runtime.batch import Batch
from opentracker.runtime.descriptors import Descriptors
from opentracker.runtime.libc import MIPS, libc
from opentracker.runtime.process import Signals, settle  # noqa: F401

# SyntaxError: this processor has no emitter. ImportError: the file was left out.
try:
    from opentracker.runtime import native
    from opentracker.runtime.announces import Announces
    from opentracker.runtime.exchanges import Exchanges
except (ImportError, SyntaxError, ValueError):
    native = Announces = Exchanges = None

NAME = "MicroPython " + ".".join([str(part) for part in sys.implementation[1][:3]])

_EAGAIN = errno.EAGAIN

_IPPROTO_IP, _IPPROTO_TCP, _IPPROTO_IPV6 = 0, 6, 41
_IP_PKTINFO, _IPV6_RECVPKTINFO = 8, 49
_IPV6_V6ONLY = 26
_TCP_DEFER_ACCEPT = 9

_BACKLOG = 1024
# With data to read the kernel hands a connection over; without, a second later.
_DEFER_SECONDS = 1
_PACKET_BYTES = 2048
_PACKETS_AT_ONCE = 64
_ORDER = sys.byteorder
_LARGER_THAN_ANY_HOLE = 65536
_HEAP_BLOCK = 32 if sys.maxsize > 1 << 32 else 16


def missing():
    if libc:
        return []
    return [
        "this MicroPython has no ffi: no reload and no clean end by signals, no leaving root, "
        "and UDP replies from wildcard addresses may leave from another address"
    ]


class _System:
    """The C library and memory outside the heap."""

    def __init__(self, libc):
        self.libc = libc
        self._calloc = libc.func("p", "calloc", "LL")

    def function(self, name, types):
        return self.libc.func("i", name, types)

    def memory(self, size):
        address = self._calloc(1, size)
        if not address:
            raise MemoryError
        return uctypes.bytearray_at(address, size), address

    def units(self, memory):
        return _uint32s(memory)


def _uint32s(memory):
    address = uctypes.addressof(memory)
    return uctypes.struct(address, (uctypes.ARRAY | 0, len(memory) // 4 | uctypes.UINT32))


_system = _System(libc) if libc else None


def reserve(size):
    memory = _system.memory(size)[0] if _system else bytearray(size)
    return memory, _uint32s(memory)


def release(memory, words):
    if libc:
        libc.func("v", "free", "p")(memory)
        try:
            libc.func("i", "malloc_trim", "L")(0)
        except OSError:
            pass  # Only glibc has it, and only glibc keeps large pieces.


def tune():
    global _plugs
    _plugs = _plug_holes()
    # Collecting before the heap is full leaves room for what needs much at once. What is used until
    # then is touched now, so that the process takes at its start what it will take of memory.
    threshold = (gc.mem_free() + gc.mem_alloc()) // 2
    gc.threshold(threshold)
    try:
        bytearray(threshold * 3 // 4)
    except MemoryError:
        pass
    gc.collect()


_plugs = None


def _plug_holes():
    """Fills the holes that start-up left in the heap; returns what keeps them filled.

    Every allocation of more than one block is searched for from the lowest hole on, past all that
    lives above it: with the holes filled an HTTP announce takes 17 us instead of 22 (x86-64). It
    takes a quarter of what is free at most.
    """
    gc.collect()
    most = gc.mem_free() // (4 * _HEAP_BLOCK)
    chain = ()
    try:
        top = uctypes.addressof(bytearray(_LARGER_THAN_ANY_HOLE))
    except MemoryError:
        return chain
    while most and id(chain) < top:
        chain = (chain,)
        most -= 1
    gc.collect()
    return chain


_last = time.ticks_ms()
_milliseconds = 0
_seconds = 0


def seconds():
    # Milliseconds wrap after 12 days where ints are small, so they are added up.
    global _last, _milliseconds, _seconds
    now = time.ticks_ms()
    _milliseconds += time.ticks_diff(now, _last)
    _last = now
    if _milliseconds >= 1000:
        _seconds += _milliseconds // 1000
        _milliseconds %= 1000
    return _seconds


milliseconds = time.ticks_ms


def print_exception(error):
    sys.print_exception(error, sys.stderr)


def _native(number, size):
    return number.to_bytes(size, _ORDER)


def socket_address(ip, port):
    port = bytes((port >> 8, port & 255))
    if len(ip) == 4:
        return _native(socket.AF_INET, 2) + port + ip + bytes(8)
    return _native(socket.AF_INET6, 2) + port + bytes(4) + ip + bytes(4)


def _open(ip, port, kind, shared=False):
    new = socket.socket(socket.AF_INET if len(ip) == 4 else socket.AF_INET6, kind)
    try:
        new.setblocking(False)
        if len(ip) == 16:
            new.setsockopt(_IPPROTO_IPV6, _IPV6_V6ONLY, 1)
        if shared or kind == socket.SOCK_STREAM:
            new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        new.bind(socket_address(ip, port))
    except OSError:
        new.close()
        raise
    return new


class Listener:
    def __init__(self, ip, port):
        self._socket = _open(ip, port, socket.SOCK_STREAM)
        self._socket.setsockopt(_IPPROTO_TCP, _TCP_DEFER_ACCEPT, _DEFER_SECONDS)
        self._socket.listen(_BACKLOG)
        self.ip_bytes = len(ip)
        self.setsockopt = self._socket.setsockopt
        self.fileno = self._socket.fileno
        self.close = self._socket.close

    def accept(self):
        return _connections.accept(self.fileno() if libc else self._socket, self.ip_bytes)


class _Sockets:
    """What `Descriptors` does, for builds without ffi: connections are sockets."""

    def accept(self, listener, ip_bytes):
        try:
            connection, address = listener.accept()
        except OSError as error:
            if error.errno == _EAGAIN:
                return None
            raise
        connection.setblocking(False)
        return connection, bytes(address[4:8] if ip_bytes == 4 else address[8:24])

    def read(self, connection, view):
        size = connection.readinto(view)
        return -1 if size is None else size

    def write(self, connection, data):
        size = connection.write(data)
        return -1 if size is None else size

    def close(self, connection):
        connection.close()

    def number(self, connection):
        return connection.fileno()


def connection_of(new):
    return new.fileno() if libc else new


_connections = Descriptors(libc) if libc else _Sockets()


def exchanges_of(announces, counters):
    return Exchanges(announces, _connections, counters) if libc else None


read = _connections.read
write = _connections.write
close = _connections.close
number = _connections.number


class DatagramSocket:
    """UDP: in batches if there is ffi, else one by one, from an address that the kernel chooses."""

    def __init__(self, ip, port):
        self._socket = _open(ip, port, socket.SOCK_DGRAM)
        self.fileno = self._socket.fileno
        self.close = self._socket.close
        self._batch = None
        if libc:
            if not any(ip):
                self._tell_what_was_asked(len(ip))
            self._batch = Batch(_system, self.fileno(), len(ip), not any(ip))
        else:
            self._reply = bytearray(_PACKET_BYTES)
            self._view = memoryview(self._reply)

    def _tell_what_was_asked(self, ip_bytes):
        if ip_bytes == 4:
            self._socket.setsockopt(_IPPROTO_IP, _IP_PKTINFO, 1)
        else:
            self._socket.setsockopt(_IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)

    def serve(self, answer, announces=None):
        if self._batch:
            return self._batch.serve(answer, announces)
        for served in range(_PACKETS_AT_ONCE):
            try:
                packet, address = self._socket.recvfrom(_PACKET_BYTES)
            except OSError:
                return served
            ip = bytes(address[4:8] if len(address) == 16 else address[8:24])
            size = answer(packet, len(packet), ip, self._reply)
            try:
                if size:
                    self._socket.sendto(self._view[:size], address)
            except OSError:
                pass  # A full buffer, or a source that can't be answered: as if it got lost.
        return _PACKETS_AT_ONCE


def shared_datagrams(ip, port):
    return _open(ip, port, socket.SOCK_DGRAM, True)


def ip_of(address):
    return bytes(address[4:8])


def unix_datagrams(path):
    new = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        new.setblocking(False)
        new.connect(_native(socket.AF_UNIX, 2) + path.encode() + b"\0")
    except OSError:
        new.close()
        raise
    return new


def open_fifo(path):
    if not libc:
        raise ValueError("needs ffi, which this MicroPython does not have")
    from opentracker.runtime.fifo import open_fifo

    return open_fifo(libc, path, MIPS)


def create(path):
    if not libc:
        return open(path, "wb")
    set_mask = libc.func("i", "umask", "i")
    before = set_mask(0o077)
    try:
        return open(path, "wb")
    finally:
        set_mask(before)


def sync(file):
    file.flush()  # MicroPython's waits for the disk.


_zlib = None


def encodings():
    global _zlib
    if libc and _zlib is None:
        from opentracker.runtime import libz  # Only when somebody wants it.

        _zlib = libz.load() or False
    return (b"gzip",) if _zlib else ()


def compressor(_encoding):
    from opentracker.runtime import libz

    return libz.Gzip(_zlib)


def load_all():
    if libc:
        from opentracker.runtime import fifo  # noqa: F401

        encodings()
