"""What each address group holds: one IPv4 address, or one IPv6 /64.

Counts are kept by a keyed hash of the group, so the ledger has a fixed size; groups that share a
slot share its allowance. Units are about 10 bytes: 1 for an IPv4 peer, 3 for an IPv6 peer, 9 for
having started a swarm, which its starter pays for as long as the swarm lasts.
"""

from array import array

SWARM_UNITS = 9
UNIT_BYTES = 10
MOST_SLOTS = 32768


class Ledger:
    """Counts the units that address groups hold, up to `allowance` for each."""

    def __init__(self, slots, allowance, keyed_hash):
        """`slots`: size of the table, a power of two up to MOST_SLOTS."""
        self.allowance = allowance
        self.held = array("I", bytes(4 * slots))
        self._mask = slots - 1
        self._hash = keyed_hash

    def slot(self, peer):
        """Returns the slot of a compact peer (6 or 18 bytes: address, port)."""
        group = peer[:4] if len(peer) == 6 else peer[:8]
        return self._hash(group) & self._mask

    def allows(self, peer, units):
        """Tells whether the group of `peer` may hold `units` more."""
        return self.held[self.slot(peer)] + units <= self.allowance
