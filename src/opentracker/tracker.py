"""What an announce and a scrape mean, whatever protocol they came by."""

from random import getrandbits

from opentracker.pools import V4, V6

FULL = b"This tracker is full, please try again later."
FULL_RETRY_MINUTES = 5

_SHORTEST_INTERVAL = 27 * 60
_INTERVAL_SPREAD = 6 * 60


def interval():
    """Returns a re-announce interval of 27 to 33 minutes in seconds, so that clients spread out."""
    return _SHORTEST_INTERVAL + (getrandbits(16) * _INTERVAL_SPREAD >> 16)


def share_between_families(want, have_v4, have_v6):
    """Returns how many IPv4 and IPv6 peers an HTTP reply of up to `want` carries.

    Each family gets a quarter if it has that many; the rest is shared in proportion.
    """
    if have_v4 + have_v6 <= want:
        return have_v4, have_v6
    take_v4, take_v6 = min(have_v4, want >> 2), min(have_v6, want >> 2)
    rest = want - take_v4 - take_v6
    left_v4, left_v6 = have_v4 - take_v4, have_v6 - take_v6
    take_v4 += rest * (1024 * left_v4 // (left_v4 + left_v6)) >> 10
    take_v6 += rest * (1024 * left_v6 // (left_v4 + left_v6)) >> 10
    if take_v4 + take_v6 < want and take_v6 < have_v6:
        take_v6 += 1
    if take_v4 + take_v6 < want and take_v4 < have_v4:
        take_v4 += 1
    return take_v4, take_v6


class Tracker:
    """The rules between the protocols and the pools."""

    def __init__(self, pools):
        self.pools = pools

    def announce(self, info_hash, peer, seeding, completed, stopped):
        """Applies an announce of `peer` (compact: 6 bytes, or 18 for IPv6).

        Returns the swarm, or 0 if it is unknown to a stop or to a peer without a port. Raises
        TrackerFull if the peer can't be stored.
        """
        pools = self.pools
        family = V4 if len(peer) == 6 else V6
        if stopped:
            return pools.stop(info_hash, family, peer)
        if not peer[-1] and not peer[-2]:
            # Nobody can connect to port 0: such a peer is answered, and not handed out.
            return pools.find(info_hash)
        swarm = pools.announce(info_hash, family, peer, seeding, completed)
        if not swarm:
            raise TrackerFull()
        return swarm


class TrackerFull(Exception):
    """The memory budget has no room for this peer."""
