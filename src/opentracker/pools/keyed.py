"""Hashing under a secret, so that nobody outside can choose what collides.

The number a byte string spells is multiplied by a secret factor, modulo a secret prime of 30 bits:
two strings of up to 20 bytes become the same number only if the prime divides their difference,
which has at most five such factors among some 27 million primes. Numbers in a row may still march
in step then, so the product with itself is folded.
"""

from os import urandom


class Keys:
    """The secrets of one Pools."""

    def __init__(self):
        self._prime = secret_prime()
        self._swarm_factor = _secret_factor()
        self._peer_factor = _secret_factor()

    def hash_swarm(self, info_hash):
        """Returns the keyed hash of an info_hash, 25 bits."""
        number = int.from_bytes(info_hash, "big") * self._swarm_factor % self._prime
        return _folded(number)

    def hash_peer(self, peer):
        """Returns the keyed hash of an address, 25 bits."""
        number = int.from_bytes(peer, "big") * self._peer_factor % self._prime
        return _folded(number)

    def set_minute(self, minute):
        """Nothing here depends on the minute."""


def _folded(number):
    # hash() of a small number is the number, but as a small int: what is left of a long one is
    # still long on MicroPython, and 1.23 can't take that for an index.
    return hash(number * (number | 1) >> 13 & 0x1FFFFFF)


def secret_prime():
    """Returns a random prime between 2**29 and 2**30 (a small int on every MicroPython)."""
    while True:
        candidate = (int.from_bytes(urandom(4), "big") & 0x1FFFFFFF) | 0x20000001
        if pow(2, candidate - 1, candidate) == 1 and pow(3, candidate - 1, candidate) == 1:
            return candidate


def _secret_factor():
    return int.from_bytes(urandom(4), "big") & 0x0FFFFFFF | 0x10000000
