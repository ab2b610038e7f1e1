"""What an announce and a scrape mean, whatever protocol they came by."""

from random import getrandbits

from opentracker.pools import NEW, V4, V6

FULL = b"This tracker is full, please try again later."
FULL_RETRY_MINUTES = 5
UNAUTHORISED = b"Requested download is not authorized for use with this tracker."

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
    """The rules between the protocols and the pools.

    access    the access lists, or None: `allows(info_hash)` for announces, `hides(info_hash)` for
              scrapes; `purging` unless what is in the pools is allowed for certain
    watchers  who is told of what clients announce:
              announced(info_hash, peer, seeding, completed, age, counted, peer_id) with the
              minutes since the peer's last announce, -1 for a new one, and whether a completed
              event was counted; stopped(info_hash, peer, seeding)
    """

    def __init__(self, pools):
        self.pools = pools
        self.access = None
        self.watchers = []

    def announce(self, info_hash, peer, seeding, completed, stopped, peer_id=b""):
        """Applies an announce of `peer` (compact: 6 bytes, or 18 for IPv6).

        Returns the swarm, or 0 if it is unknown to a stop or to a peer without a port. Raises
        Denied if the access lists say so, TrackerFull if the peer can't be stored.
        """
        pools = self.pools
        family = V4 if len(peer) == 6 else V6
        if stopped:
            for watcher in self.watchers:
                watcher.stopped(info_hash, peer, seeding)
            return pools.stop(info_hash, family, peer)
        if self.access and not self.access.allows(info_hash):
            raise Denied()
        if not peer[-1] and not peer[-2]:
            # Nobody can connect to port 0: such a peer is answered, and not handed out.
            return pools.find(info_hash)
        if self.watchers:
            return self._announce_and_tell(info_hash, peer, seeding, completed, peer_id)
        swarm = pools.announce(info_hash, family, peer, seeding, completed)
        if not swarm:
            raise TrackerFull()
        return swarm

    def _announce_and_tell(self, info_hash, peer, seeding, completed, peer_id):
        pools = self.pools
        before = pools.completed()
        swarm = pools.announce(info_hash, V4 if len(peer) == 6 else V6, peer, seeding, completed)
        if not swarm:
            raise TrackerFull()
        age = -1 if pools.age() == NEW else pools.age()
        counted = pools.completed() != before
        for watcher in self.watchers:
            watcher.announced(info_hash, peer, seeding, completed, age, counted, peer_id)
        return swarm

    def asks_nobody(self):
        """Tells whether an announce of a known peer concerns nobody but the pools."""
        return not self.watchers and not (self.access and self.access.purging)

    def learn(self, info_hash, peer, seeding, completed, stopped):
        """Applies what another tracker says of a peer; no watcher is told.

        Returns False if the access lists or the memory have no room for it.
        """
        pools = self.pools
        family = V4 if len(peer) == 6 else V6
        if stopped:
            pools.stop(info_hash, family, peer)
            return True
        if self.access and not self.access.allows(info_hash) or not (peer[-1] or peer[-2]):
            return False
        return pools.announce(info_hash, family, peer, seeding, completed) != 0

    def find(self, info_hash):
        """Returns the swarm of an info_hash for a scrape, or 0."""
        if self.access and self.access.hides(info_hash):
            return 0
        return self.pools.find(info_hash)


class Denied(Exception):
    """The access lists don't allow this torrent."""


class TrackerFull(Exception):
    """The memory budget has no room for this peer."""
