"""mode=top10 and mode=top100: the torrents with the most peers, seeders and leechers."""

from binascii import hexlify

from opentracker.stats.ranking import Ranking


def top_torrents(tracker, size):
    """Yields the page of the `size` largest torrents, after b"" for each page of the table."""
    pools, access = tracker.pools, tracker.access
    swarms = pools.swarms
    by_peers, by_seeds, by_leechers = Ranking(size), Ranking(size), Ranking(size)
    cursor = 0
    while True:
        for swarm in swarms.records(swarms.page_of_entry(cursor)):
            seeders, leechers, _, _ = pools.census(swarm)
            peers = seeders + leechers
            if (
                peers >= by_peers.least
                or seeders >= by_seeds.least
                or leechers >= by_leechers.least
            ):
                info_hash = swarms.info_hash(swarm)
                if access and access.hides(info_hash):
                    continue
                by_peers.offer(peers, info_hash)
                by_seeds.offer(seeders, info_hash)
                by_leechers.offer(leechers, info_hash)
        yield b""
        cursor = swarms.following(cursor)
        if not cursor:
            break
    yield _section(size, b"peers", by_peers)
    yield _section(size, b"seeds", by_seeds)
    yield _section(size, b"leechers", by_leechers)


def _section(size, what, ranking):
    lines = [b"\t%d\t%s\n" % (count, hexlify(name).upper()) for count, name in ranking.counts()]
    return b"Top %d torrents by %s:\n" % (size, what) + b"".join(lines)
