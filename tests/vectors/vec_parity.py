"""Rows of docs/parity.md that take more time than a test of a running tracker can wait for."""

from makers import info_hash, peer_v4, peer_v6, pools_of

from opentracker.pools import V4, V6

HASH = info_hash(0)
PEER_MINUTES = 45
DAY = 24 * 60


def go_to(pools, minute):
    """Lets time pass as the server does: never long without a sweep."""
    while pools.minute < minute:
        pools.advance(min(minute, pools.minute + 5))
        pools.sweep(pools.swarms.entries())


def census(pools, of):
    swarm = pools.find(of)
    return pools.census(swarm)[:2] if swarm else None


def test_S1_peers_last_45_minutes_and_downloads_24_hours():
    for family, make in ((V4, peer_v4), (V6, peer_v6)):
        pools = pools_of(64)
        downloaded, other = info_hash(1), info_hash(2)
        pools.announce(downloaded, family, make(1), True, True)
        pools.announce(other, family, make(2), False, False)
        go_to(pools, PEER_MINUTES - 1)
        assert census(pools, downloaded) == (1, 0)
        assert census(pools, other) == (0, 1)
        go_to(pools, PEER_MINUTES)
        assert census(pools, other) is None
        for minute in (PEER_MINUTES, DAY // 2, DAY - 1):
            go_to(pools, minute)
            assert census(pools, downloaded) == (0, 0)
            assert pools.downloaded(pools.find(downloaded)) == 1
        go_to(pools, DAY + PEER_MINUTES + 5)
        assert census(pools, downloaded) is None


def test_S1_an_announce_starts_the_time_anew():
    pools = pools_of(64)
    for minute in range(0, 10 * PEER_MINUTES, PEER_MINUTES - 1):
        go_to(pools, minute)
        pools.announce(HASH, V4, peer_v4(1), False, False)
    go_to(pools, minute + PEER_MINUTES - 1)
    assert census(pools, HASH) == (0, 1)
    go_to(pools, minute + PEER_MINUTES)
    assert census(pools, HASH) is None
