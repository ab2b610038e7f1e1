"""What the vectors of the pools and frontends are made of: plain memory, swarms, peers, numbers."""

import entropy  # noqa: F401

from opentracker.config import Settings
from opentracker.counters import Counters
from opentracker.frontends import HttpFrontend, UdpFrontend
from opentracker.pools import Pools
from opentracker.sources import Sources


def reserve(size):
    """Zeroed memory on the heap, and the same as 32-bit words: what Pools takes, without libc."""
    memory = bytearray(size)
    try:
        import uctypes
    except ImportError:
        return memory, memoryview(memory).cast("I")
    words = uctypes.ARRAY | 0, size // 4 | uctypes.UINT32
    return memory, uctypes.struct(uctypes.addressof(memory), words)


# The hot paths of the pools in machine code, or None: set by vec_pools_native.
kernel = [None]


def pools_of(kib):
    """Empty pools with a budget of `kib` KiB."""
    return Pools(kib, reserve, kernel[0])


def http_frontend(tracker, redirect_url=None):
    """An HttpFrontend with the settings that nobody has changed, and no pages."""
    frontend = HttpFrontend(tracker, Counters(), Sources(Settings()), None)
    frontend.redirect_url = redirect_url
    return frontend


def udp_frontend(tracker):
    return UdpFrontend(tracker, Counters())


def scattered(number):
    """A number of 32 bits without order, a different one for each (MurmurHash3's last step).

    Real addresses and info_hashes have no order either. Those that have are a test of their own.
    """
    number = (number ^ number >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    number = (number ^ number >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return number ^ number >> 16


def info_hash(number):
    """The info_hash number `number`, a different one for each."""
    return b"%08x: swarm %04d" % (scattered(number), number % 10000)


def ipv4(number):
    """The packed IPv4 address number `number`, a different one for each."""
    return scattered(number).to_bytes(4, "big")


def ipv6(number):
    """The packed IPv6 address number `number`, each in a /64 of its own."""
    return b"\x20\x01\x0d\xb8" + scattered(number).to_bytes(4, "big") + b"\0" * 7 + b"\1"


def peer_v4(number, port=6881):
    return ipv4(number) + port.to_bytes(2, "big")


def peer_v6(number, port=6881):
    return ipv6(number) + port.to_bytes(2, "big")


class Numbers:
    """Pseudo-random numbers, the same on every interpreter (Lehmer's generator, 2**31 - 1)."""

    def __init__(self, seed):
        self._state = seed

    def below(self, limit):
        """A number from 0 to limit - 1, for limits far below 2**31."""
        self._state = self._state * 48271 % 0x7FFFFFFF
        return self._state % limit

    def bytes(self, size):
        return bytes([self.below(256) for _ in range(size)])


class Replaced:
    """`with Replaced(module, "name", value):` gives a module's global another value meanwhile."""

    def __init__(self, module, name, value):
        self._module, self._name, self._value = module, name, value

    def _exchange(self):
        kept = getattr(self._module, self._name)
        setattr(self._module, self._name, self._value)
        self._value = kept

    def __enter__(self):
        self._exchange()

    def __exit__(self, *_error):
        self._exchange()
