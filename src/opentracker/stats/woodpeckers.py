"""mode=woodpeckers: the networks whose peers announce much more often than they were asked to."""

from array import array

from opentracker.stats.ranking import Ranking
from opentracker.stats.subnets import MOST_LISTED, listed, v4_28, v6_68

SOONEST, LATEST = 1, 19  # minutes after its last announce that a peer is too early
ROUND_MINUTES = 2

_SETS = 256
_SET = 8
_SETS_A_STEP = 32


class Woodpeckers:
    """A watcher of announces (`Tracker.watchers`) that counts early ones by network.

    Each network has a place in one of 256 sets of 8. In a full set each announce from elsewhere
    takes one off the smallest count, and its place once there is nothing left; so a count is never
    too high, and those that peck all the time stay. Counts are halved every two minutes.
    """

    def __init__(self, pools):
        self._pools = pools
        self._networks = [None] * (_SETS * _SET)
        self._counts = array("I", bytes(4 * _SETS * _SET))
        self._rounds = array("H", bytes(2 * _SETS))

    def announced(self, info_hash, peer, seeding, completed, age, counted, peer_id):
        """Counts the announce if it came too early."""
        if SOONEST <= age <= LATEST:
            networks_in = v4_28 if len(peer) == 6 else v6_68
            self._count(networks_in(peer, 0, len(peer))[0])

    def stopped(self, info_hash, peer, seeding):
        """Nobody is too early to stop."""

    def _count(self, network):
        number = hash(network) % _SETS
        self._settle(number)
        networks, counts = self._networks, self._counts
        first = smallest = number * _SET
        for place in range(first, first + _SET):
            if networks[place] == network:
                counts[place] += 1
                return
            if counts[place] < counts[smallest]:
                smallest = place
        if counts[smallest]:
            counts[smallest] -= 1
        else:
            networks[smallest] = network
            counts[smallest] = 1

    def _settle(self, number):
        """Halves the counts of a set for each round that has begun since they were touched."""
        round_now = self._pools.minute // ROUND_MINUTES & 0xFFFF
        passed = (round_now - self._rounds[number]) & 0xFFFF
        if passed:
            self._rounds[number] = round_now
            for place in range(number * _SET, number * _SET + _SET):
                self._counts[place] >>= min(passed, 30)

    def page(self):
        """Yields the page, after b"" for each step; its IPv6 part only if there are any."""
        v4, v6 = Ranking(MOST_LISTED), Ranking(MOST_LISTED)
        for number in range(_SETS):
            self._settle(number)
            for place in range(number * _SET, number * _SET + _SET):
                network = self._networks[place]
                if network is not None:
                    ranking = v4 if isinstance(network, int) else v6
                    ranking.offer(self._counts[place], network)
            if number % _SETS_A_STEP == 0:
                yield b""
        yield listed(28, v4)
        if v6.counts():
            yield listed(68, v6)
