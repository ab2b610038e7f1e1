"""Hashing under a secret, so that nobody outside can choose what collides.

The hash of a byte string is the number it spells modulo a secret prime of 30 bits. Two different
strings of up to 20 bytes collide only if the prime divides their difference, which has at most
five such factors among some 27 million primes.
"""

from os import urandom


def secret_prime():
    """Returns a random prime between 2**29 and 2**30 (a small int on every MicroPython)."""
    while True:
        candidate = (int.from_bytes(urandom(4), "big") & 0x1FFFFFFF) | 0x20000001
        if pow(2, candidate - 1, candidate) == 1 and pow(3, candidate - 1, candidate) == 1:
            return candidate
