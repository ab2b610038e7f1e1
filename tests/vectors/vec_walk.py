"""Walks over all swarms that pause, ages of announces, and what is restored from elsewhere."""

from inventory import Inventory
from makers import Numbers, info_hash, peer_v4, peer_v6, pools_of

from opentracker.pools import NEW, V4, V6

HASH = info_hash(0)
LONG = ("test_restoring_more_than_fits_ends_without_room_and_without_damage",)


def walk(pools, between=None):
    """The info_hashes that a walk meets, with `between` called after each page."""
    met, cursor = [], 0
    while True:
        page = pools.swarms.page_of_entry(cursor)
        met += [pools.swarms.info_hash(swarm) for swarm in pools.swarms.records(page)]
        cursor = pools.swarms.following(cursor)
        if between:
            between()
        if not cursor:
            return met


def fill(pools, numbers):
    for number in numbers:
        assert pools.announce(info_hash(number), V4, peer_v4(number), False, False)


def test_a_walk_meets_every_swarm_once():
    pools = pools_of(512)
    assert walk(pools) == []
    fill(pools, range(1000))
    assert sorted(walk(pools)) == sorted([info_hash(number) for number in range(1000)])


def test_a_walk_misses_nothing_that_stays_while_pages_split():
    pools = pools_of(1024)
    fill(pools, range(300))
    newcomers = [300]

    def between():
        fill(pools, range(newcomers[0], newcomers[0] + 20))
        newcomers[0] += 20

    met = set(walk(pools, between))
    assert newcomers[0] > 1000
    assert not [number for number in range(300) if info_hash(number) not in met]


def test_a_walk_misses_nothing_that_stays_while_pages_merge():
    pools = pools_of(1024)
    fill(pools, range(2000))
    leaving = list(range(300, 2000))
    pages = pools.arena.free_pages

    def between():
        for _ in range(25):
            if leaving:
                number = leaving.pop()
                pools.stop(info_hash(number), V4, peer_v4(number))
        pools.sweep(16)

    pools.advance(1)
    met = set(walk(pools, between))
    assert pools.arena.free_pages > pages + 20
    assert not [number for number in range(300) if info_hash(number) not in met]


def test_the_age_of_an_announce_is_that_of_its_peer():
    pools = pools_of(256)
    for family, peer in ((V4, peer_v4(1)), (V6, peer_v6(1))):
        pools.announce(HASH, family, peer, False, False)
        assert pools.age() == NEW
        pools.advance(pools.minute + 7)
        pools.announce(HASH, family, peer, False, False)
        assert pools.age() == 7
        pools.announce(HASH, family, peer, True, False)
        assert pools.age() == 0
    assert pools.renewals() == [2] + 6 * [0] + [2] + 37 * [0]
    pools.announce(HASH, V4, peer_v4(2), False, False)
    assert pools.age() == NEW
    assert sum(pools.renewals()) == 4


def test_totals_count_families_and_completions_together():
    pools = pools_of(256)
    pools.announce(HASH, V4, peer_v4(1), True, True)
    pools.announce(HASH, V6, peer_v6(1), False, False)
    pools.announce(HASH, V6, peer_v6(1), True, True)
    pools.announce(HASH, V6, peer_v6(1), True, True)
    pools.announce(HASH, V4, peer_v4(2), False, True)
    assert (pools.peers(), pools.seeders(), pools.completed()) == (3, 2, 2)
    pools.stop(HASH, V4, peer_v4(1))
    assert (pools.peers(), pools.seeders(), pools.completed()) == (2, 1, 2)


def test_a_restored_peer_is_as_old_as_it_was():
    pools = pools_of(256)
    assert pools.restore_peer(HASH, V4, peer_v4(1), True, True, 40)
    assert pools.restore_peer(HASH, V4, peer_v4(2), False, False, 10)
    assert pools.restore_peer(HASH, V6, peer_v6(3), False, False, 44)
    assert pools.restore_swarm(HASH, 5, 0)
    assert list(pools.census(pools.find(HASH))) == [1, 2, 2, 1]
    assert pools.completed() == 0
    Inventory(pools)
    pools.announce(HASH, V4, peer_v4(1), True, True)
    assert pools.age() == 40
    assert pools.downloaded(pools.find(HASH)) == 5, "its completion was counted before"
    pools.advance(1)
    pools.sweep(pools.swarms.entries())
    assert list(pools.census(pools.find(HASH))) == [1, 1, 2, 0]
    pools.advance(35)
    pools.sweep(pools.swarms.entries())
    assert list(pools.census(pools.find(HASH))) == [1, 0, 1, 0]


def test_restoring_leaves_those_alone_that_have_announced():
    pools = pools_of(256)
    pools.announce(HASH, V4, peer_v4(1), False, False)
    assert pools.restore_peer(HASH, V4, peer_v4(1), True, True, 30)
    assert list(pools.census(pools.find(HASH))) == [0, 1, 1, 0]
    pools.announce(HASH, V4, peer_v4(1), True, True)
    assert pools.age() == 0 and pools.downloaded(pools.find(HASH)) == 1
    assert pools.restore_swarm(HASH, 1, 0) and pools.downloaded(pools.find(HASH)) == 1


def test_a_restored_swarm_keeps_its_count_for_the_rest_of_its_day():
    pools = pools_of(256)
    assert pools.restore_swarm(HASH, 7, 1400)
    swarm = pools.find(HASH)
    assert pools.downloaded(swarm) == 7 and pools.idle_minutes(swarm) == 1400
    assert pools.restore_swarm(HASH, 6, 1430)
    assert pools.downloaded(swarm) == 7 and pools.idle_minutes(swarm) == 1400
    pools.advance(40)
    assert pools.downloaded(pools.find(HASH)) == 7
    pools.advance(41)
    pools.sweep(pools.swarms.entries())
    assert not pools.find(HASH)
    Inventory(pools)


def test_restoring_more_than_fits_ends_without_room_and_without_damage():
    pools = pools_of(256)
    numbers = Numbers(5)
    refused = 0
    for number in range(6000):
        of = info_hash(number)
        if number % 3:
            refused += not pools.restore_peer(of, V4, peer_v4(number), False, False, number % 45)
        else:
            refused += not pools.restore_swarm(of, 1 + numbers.below(9), numbers.below(1440))
    assert refused and pools.swarms.count > 1000 and pools.refused == 0
    Inventory(pools)


def test_dropping_a_swarm_gives_everything_back():
    pools = pools_of(512)
    free = pools.arena.free_pages
    for number in range(400):
        pools.announce(HASH, V4, peer_v4(number), number & 1, False)
        pools.announce(HASH, V6, peer_v6(number), number & 1, False)
    assert len(pools.blocks_of(pools.find(HASH), V4)) > 1
    pools.drop(pools.find(HASH))
    assert not pools.find(HASH) and not pools.peers() and not pools.seeders()
    assert pools.arena.free_pages == free
    assert not any(pools.ledger.held)
    Inventory(pools)
