"""Hashing under a secret, so that nobody outside can choose what collides.

Where `hash()` of bytes is SipHash, a secret in front of the text keys it, whatever key the process
has. That spares a scrape a fifth of its time in Python (CPython 3.11).

Elsewhere the number a byte string spells is multiplied by a secret factor, modulo a secret prime of
30 bits: two strings of up to 20 bytes become the same number only if the prime divides their
difference, which has at most five such factors among some 27 million primes. Numbers in a row may
still march in step then, so the product with itself is folded.
"""

import sys
from os import urandom


class FactorKeys:
    """The secrets of one Pools, for any interpreter."""

    def __init__(self):
        self._prime = secret_prime()
        self._swarm_factor = _secret_factor()
        self._peer_factor = _secret_factor()
        self._group_factor = _secret_factor()

    def hash_swarm(self, info_hash):
        """Returns the keyed hash of an info_hash, a number whose lowest 25 bits are one."""
        prime = self._prime
        number = int.from_bytes(info_hash, "big") % prime * self._swarm_factor % prime
        # hash() of a small number is the number, but as a small int: what is left of a long one
        # is still long on MicroPython, and 1.23 can't take that for an index.
        return hash(number * (number | 1) >> 13 & 0x1FFFFFF)

    def hash_peer(self, peer):
        """Returns the keyed hash of an address, as good."""
        prime = self._prime
        number = int.from_bytes(peer, "big") % prime * self._peer_factor % prime
        return hash(number * (number | 1) >> 13 & 0x1FFFFFF)

    def hash_group(self, group):
        """Returns the keyed hash of an address group, as good."""
        prime = self._prime
        number = int.from_bytes(group, "big") % prime * self._group_factor % prime
        return hash(number * (number | 1) >> 13 & 0x1FFFFFF)

    def set_minute(self, minute):
        """Nothing here depends on the minute."""


class SipKeys:
    """The same where hash() of bytes is SipHash."""

    def __init__(self):
        self._swarm_secret = urandom(16)
        self._peer_secret = urandom(16)
        self._group_secret = urandom(16)

    def hash_swarm(self, info_hash):
        return hash(self._swarm_secret + info_hash)

    def hash_peer(self, peer):
        return hash(self._peer_secret + peer)

    def hash_group(self, group):
        return hash(self._group_secret + group)

    def set_minute(self, minute):
        pass


def _has_siphash():
    info = getattr(sys, "hash_info", None)
    return info is not None and info.algorithm.startswith("siphash") and not info.cutoff


Keys = SipKeys if _has_siphash() else FactorKeys


def secret_prime():
    """Returns a random prime between 2**29 and 2**30 (a small int on every MicroPython)."""
    while True:
        candidate = (int.from_bytes(urandom(4), "big") & 0x1FFFFFFF) | 0x20000001
        if pow(2, candidate - 1, candidate) == 1 and pow(3, candidate - 1, candidate) == 1:
            return candidate


def _secret_factor():
    return int.from_bytes(urandom(4), "big") & 0x0FFFFFFF | 0x10000000
