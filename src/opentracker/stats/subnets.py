"""mode=s24s: the networks with the most peers, counted exactly in bounded memory.

There may be as many networks as peers, so they are not all counted at once:

* A first walk over all peers counts them in buckets by a hash of their network. No network can have
  more peers than its bucket.
* The next walk counts the networks of the fullest buckets one by one. When these get too many, it
  goes on with the fuller half of their buckets.
* So goes the next walk with the fullest buckets that are left, until none of them is as full as
  the networks on the list.

Real swarms take three walks; the more evenly peers are spread over networks, the more it takes.
"""

from array import array
from os import urandom

from opentracker.addresses import format_ip
from opentracker.pools import V4, V6
from opentracker.pools.blocks import ADDRESSES, SEEDERS
from opentracker.stats.ranking import Ranking

MOST_LISTED = 128

_MOST_COUNTED = 4096
_BUCKET_BITS = 14
_BUCKETS = 1 << _BUCKET_BITS
_MOST_IN_A_BUCKET = (1 << 15) - 1  # ranks stay small ints where these have 31 bits
_SAMPLE = 33
_PEERS_A_STEP = 256
_NETWORKS_A_STEP = 256

# MicroPython's hash of bytes is no secret: behind these nobody can aim at it.
_SALT = urandom(2)


def v4_28(memory, start, end):
    """Returns the /28 networks (28-bit numbers) of the compact IPv4 peers in memory[start:end]."""
    return [
        memory[at] << 20 | memory[at + 1] << 12 | memory[at + 2] << 4 | memory[at + 3] >> 4
        for at in range(start, end, 6)
    ]


def v4_24(memory, start, end):
    """Returns the /24 networks (24-bit numbers) of compact IPv4 peers."""
    return [memory[at] << 16 | memory[at + 1] << 8 | memory[at + 2] for at in range(start, end, 6)]


def v6_68(memory, start, end):
    """Returns the /68 networks (salt, then 9 bytes) of compact IPv6 peers."""
    return [
        _SALT + bytes(memory[at : at + 8]) + bytes((memory[at + 8] & 0xF0,))
        for at in range(start, end, 18)
    ]


def v6_48(memory, start, end):
    """Returns the /48 networks (salt, then 6 bytes) of compact IPv6 peers."""
    return [_SALT + bytes(memory[at : at + 6]) for at in range(start, end, 18)]


def listed(bits, ranking):
    """Returns the part of a page that shows a ranking of networks of `bits` bits."""
    lines = [
        b"%08d: %s\n" % (count, format_ip(_packed(network, bits)).encode())
        for count, network in ranking.counts()
    ]
    return b"Networks, limit /%d:\n" % bits + b"".join(lines) + b"\n"


def _packed(network, bits):
    if isinstance(network, int):
        return (network << (32 - bits)).to_bytes(4, "big")
    prefix = network[len(_SALT) :]
    return prefix + bytes(16 - len(prefix))


def busiest_networks(pools):
    """Yields the page part by part, after b"" for each step; IPv6 has parts if it has peers."""
    parts = [(V4, 28, v4_28), (V4, 24, v4_24)]
    if pools.lists[V6].count:
        parts += [(V6, 68, v6_68), (V6, 48, v6_48)]
    for family, bits, networks_in in parts:
        ranking = Ranking(MOST_LISTED)
        yield from _rank(pools, family, networks_in, ranking)
        yield listed(bits, ranking)


def _rank(pools, family, networks_in, ranking):
    buckets = _Buckets()
    yield from _walk(pools, family, networks_in, buckets)
    top = _MOST_IN_A_BUCKET + 1 << _BUCKET_BITS
    while True:
        count = _Count(buckets, top)
        yield from _walk(pools, family, networks_in, count)
        for offered, network in enumerate(count.networks, 1):
            ranking.offer(count.networks[network], network)
            if offered % _NETWORKS_A_STEP == 0:
                yield b""
        top = count.lowest
        if not top or (ranking.is_full() and top >> _BUCKET_BITS < ranking.least):
            return


class _Buckets:
    """How many peers there are by a hash of their network."""

    def __init__(self):
        self._peers = array("H", bytes(2 * _BUCKETS))

    def add(self, networks):
        peers = self._peers
        for network in networks:
            bucket = hash(network) & (_BUCKETS - 1)
            if peers[bucket] < _MOST_IN_A_BUCKET:
                peers[bucket] += 1

    def tidy(self):
        """Returns the steps of what has to be done between the additions: there is nothing."""
        return ()

    def rank(self, network):
        """Returns a number that is higher the fuller the network's bucket is, its own for each."""
        bucket = hash(network) & (_BUCKETS - 1)
        return self._peers[bucket] << _BUCKET_BITS | bucket


class _Count:
    """The peers of each network whose bucket has a rank from `lowest` to below `top`."""

    def __init__(self, buckets, top):
        self.networks = {}
        self.lowest = 0
        self._rank = buckets.rank
        self._top = top
        self._most = _MOST_COUNTED

    def add(self, networks):
        counted, rank, lowest, top = self.networks, self._rank, self.lowest, self._top
        for network in networks:
            if lowest <= rank(network) < top:
                counted[network] = counted.get(network, 0) + 1

    def tidy(self):
        """Leaves the emptier half of the buckets to the next walk if there are too many networks.

        Yields after each step.
        """
        if len(self.networks) <= self._most:
            return
        sample = []
        for network in self.networks:
            sample.append(self._rank(network))
            if len(sample) == _SAMPLE:
                break
        self.lowest = sorted(sample)[len(sample) // 2]
        kept = {}
        for done, network in enumerate(self.networks):
            if self._rank(network) >= self.lowest:
                kept[network] = self.networks[network]
            if done % _NETWORKS_A_STEP == 0:
                yield b""
        if len(kept) == len(self.networks):
            self._most *= 2  # All of these share a bucket; there can't be many such.
        self.networks = kept


def _walk(pools, family, networks_in, counter):
    """Adds the networks of all peers to `counter`, block by block; yields b"" after each step."""
    swarms, memory = pools.swarms, pools.arena.bytes
    width = pools.lists[family].width
    cursor = 0
    while True:
        peers = 0
        later = []
        for swarm in swarms.records(swarms.page_of_entry(cursor)):
            found = pools.blocks_of(swarm, family)
            if len(found) > 1 or peers > _PEERS_A_STEP:
                later.append(swarms.info_hash(swarm))
            elif found:
                start, end = _addresses(memory, found[0], width)
                counter.add(networks_in(memory, start, end))
                peers += (end - start) // width
        yield from counter.tidy()
        yield b""
        for info_hash in later:
            number = 0
            while True:
                # Looked up anew: blocks may have moved since the last step.
                swarm = pools.find(info_hash)
                found = pools.blocks_of(swarm, family) if swarm else []
                if number >= len(found):
                    break
                start, end = _addresses(memory, found[number], width)
                counter.add(networks_in(memory, start, end))
                number += 1
                yield from counter.tidy()
                yield b""
        cursor = swarms.following(cursor)
        if not cursor:
            return


def _addresses(memory, block, width):
    start = block + ADDRESSES
    return start, start + width * (memory[block] + memory[block + SEEDERS])
