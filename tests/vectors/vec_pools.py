"""The pools: what they remember and for how long, whom they hand out, and who gets the memory."""

from random import seed

from inventory import Inventory
from makers import Numbers, info_hash, ipv6, peer_v4, peer_v6, pools_of

from opentracker.pools import V4, V6
from opentracker.pools.arena import PAGE

HASH = info_hash(0)
FAMILIES = ((V4, peer_v4), (V6, peer_v6))
DAY = 24 * 60
YEAR = 365 * DAY
# fmt: off
LONG = (
    "test_leaps_of_the_clock", "test_every_peer_is_as_likely", "test_the_smallest_budget",
    "test_a_flooding_address_displaces_itself", "test_nothing_is_half_stored",
    "test_crafted_info_hashes_take_no_more_memory", "test_crafted_addresses_take_no_more_memory",
)
# fmt: on


def announce(pools, peer, of=HASH, seeding=False, completed=False):
    return pools.announce(of, V4 if len(peer) == 6 else V6, peer, seeding, completed)


def stop(pools, peer, of=HASH):
    return pools.stop(of, V4 if len(peer) == 6 else V6, peer)


def sweep(pools):
    pools.sweep(pools.swarms.entries())


def go_to(pools, minute):
    """Lets time pass as the server does: never long without a sweep."""
    while pools.minute < minute:
        pools.advance(min(minute, pools.minute + 5))
        sweep(pools)


def peers_of(pools, of=HASH):
    """The number of peers of a swarm, None if it is unknown."""
    swarm = pools.find(of)
    return sum(pools.census(swarm)[:2]) if swarm else None


def sample(pools, family, want, of=HASH):
    """A sample of a swarm as a list of peers; what surrounds it has to stay as it was."""
    width = 18 if family else 6
    out = bytearray(b"\xee" * (2 * 7 + width * want))
    pools.sample(pools.find(of), family, want, out, 7)
    assert out[:7] == out[7 + width * want :] == b"\xee" * 7
    return [bytes(out[at : at + width]) for at in range(7, 7 + width * want, width)]


def is_as_new(pools):
    """Whether the pools hold nothing at all; Inventory would tell of a leak."""
    inventory = Inventory(pools)
    pages = pools.arena.pages - 1 - inventory.claims.count("free")
    return not inventory.swarms and pages == inventory.claims.count("table")


# How long


def test_a_peer_lives_45_minutes():
    for _, make in FAMILIES:
        for born in list(range(0, 130, 7)) + [YEAR, 10 * YEAR + 63]:
            pools = pools_of(64)
            pools.advance(born)
            announce(pools, make(1))
            go_to(pools, born + 44)
            assert peers_of(pools) == 1
            go_to(pools, born + 45)
            assert peers_of(pools) is None
            assert pools.expired == 1 and is_as_new(pools)


def test_each_announce_starts_the_45_minutes_anew():
    for _, make in FAMILIES:
        pools = pools_of(64)
        for minute in range(0, 400, 44):
            go_to(pools, minute)
            announce(pools, make(1), seeding=minute % 3 == 0)
            assert peers_of(pools) == 1
        go_to(pools, minute + 44)
        assert peers_of(pools) == 1
        go_to(pools, minute + 45)
        assert peers_of(pools) is None


def test_peers_expire_each_in_their_minute():
    for _, make in FAMILIES:
        for batch in (1, 3, 8):
            pools = pools_of(128)
            for minute in range(40):
                go_to(pools, minute)
                for number in range(batch):
                    announce(pools, make(minute * batch + number), seeding=number % 2 == 0)
            for minute in range(44, 85):
                go_to(pools, minute)
                left = max(0, 84 - minute) * batch
                assert (peers_of(pools) or 0) == min(left, 40 * batch), (batch, minute)
            assert is_as_new(pools)


def test_an_old_peer_expires_in_time_among_young_ones():
    """Also if its page is joined with another meanwhile."""
    for attempt in range(12):
        pools = pools_of(64)
        for number in range(200):
            announce(pools, peer_v4(number))
        go_to(pools, 10)
        announce(pools, peer_v4(attempt))
        go_to(pools, 30)
        for number in range(100, 195):
            announce(pools, peer_v4(number))
        for minute, peers in ((44, 200), (45, 96), (54, 96), (55, 95), (74, 95)):
            go_to(pools, minute)
            assert peers_of(pools) == peers, (attempt, minute)
        go_to(pools, 75)
        assert is_as_new(pools)


def test_downloaded_is_remembered_for_a_day():
    for _, make in FAMILIES:
        for stops in (True, False):
            pools = pools_of(64)
            pools.advance(77)
            announce(pools, make(1), seeding=True, completed=True)
            if stops:
                stop(pools, make(1))
            go_to(pools, 77 + 50)
            assert peers_of(pools) == 0
            go_to(pools, 77 + DAY)
            assert pools.downloaded(pools.find(HASH)) == 1
            Inventory(pools)
            go_to(pools, 77 + DAY + 1)
            assert pools.find(HASH) == 0 and is_as_new(pools)


def test_a_remembered_swarm_goes_on():
    pools = pools_of(64)
    for downloaded in (1, 2, 3):
        announce(pools, peer_v4(1), seeding=True, completed=True)
        assert pools.downloaded(pools.find(HASH)) == downloaded
        go_to(pools, pools.minute + 20 * 60)
        assert peers_of(pools) == 0 and pools.downloaded(pools.find(HASH)) == downloaded
    go_to(pools, pools.minute + 4 * 60 + 1)
    assert is_as_new(pools)


def test_a_stopped_swarm_without_downloads_is_remembered_for_a_minute():
    for _, make in FAMILIES:
        pools = pools_of(64)
        announce(pools, make(1), seeding=True)
        stop(pools, make(1))
        sweep(pools)
        assert peers_of(pools) == 0
        go_to(pools, 1)
        assert pools.find(HASH) == 0 and is_as_new(pools)


def test_a_swarm_lives_as_long_as_either_family():
    pools = pools_of(64)
    announce(pools, peer_v4(1))
    announce(pools, peer_v6(1))
    stop(pools, peer_v4(1))
    go_to(pools, 30)
    announce(pools, peer_v4(2))
    stop(pools, peer_v6(1))
    go_to(pools, 74)
    assert peers_of(pools) == 1
    go_to(pools, 75)
    assert is_as_new(pools)


def test_leaps_of_the_clock():
    """What has expired is gone after one more sweep, what has not is still there."""
    for leap in (
        16,
        31,
        44,
        45,
        46,
        59,
        60,
        61,
        63,
        64,
        65,
        75,
        100,
        DAY,
        30 * DAY,
        YEAR,
        9 * YEAR,
    ):
        pools = pools_of(128)
        for minute in range(0, 45, 5):
            go_to(pools, minute)
            for number in range(30):
                announce(pools, peer_v4(number), info_hash(100 * minute + number))
                announce(pools, peer_v4(100 * minute + number))
        pools.advance(40 + leap)
        sweep(pools)
        alive = [minute for minute in range(0, 45, 5) if 40 + leap - minute < 45]
        assert (peers_of(pools) or 0) == 30 * len(alive), leap
        expected = {HASH} if alive else set()
        for minute in alive:
            expected |= {info_hash(100 * minute + number) for number in range(30)}
        assert set(Inventory(pools).swarms) == expected, leap


def test_leaps_and_the_memory_of_downloaded():
    for leap in (46, DAY, DAY + 1, 2 * DAY, 30 * DAY, 46 * DAY, YEAR, 9 * YEAR):
        pools = pools_of(64)
        announce(pools, peer_v4(1), seeding=True, completed=True)
        stop(pools, peer_v4(1))
        pools.advance(leap)
        sweep(pools)
        assert (pools.find(HASH) != 0) == (leap <= DAY), leap


def test_a_sweep_in_shares_is_a_sweep():
    pools = pools_of(128)
    for number in range(800):
        announce(pools, peer_v4(number), info_hash(number))
    pools.advance(15)
    pools.advance(30)
    pools.advance(45)
    for _ in range(2 * pools.swarms.entries()):
        pools.sweep(1)
    assert pools.expired == 800 and is_as_new(pools)


# What is told of a swarm


def test_census_and_sides():
    for _, make in FAMILIES:
        pools = pools_of(128)
        for size in (1, 2, 3, 10, 53, 54, 145, 146, 250):
            for number in range(size):
                announce(pools, make(number), seeding=number % 3 == 0)
            seeders = (size + 2) // 3
            assert tuple(pools.census(pools.find(HASH)))[:2] == (seeders, size - seeders)
            Inventory(pools)
            for number in range(size):
                announce(pools, make(number), seeding=number % 3 != 0)
            assert tuple(pools.census(pools.find(HASH)))[:2] == (size - seeders, seeders)
            Inventory(pools)
    assert tuple(pools.census(0)) == (0, 0, 0, 0) and pools.downloaded(0) == 0


def test_completed_counts_once_however_the_list_grows():
    for _, make in FAMILIES:
        pools = pools_of(128)
        for size in (1, 2, 5, 30, 100, 250):
            for number in range(size):
                announce(pools, make(number), seeding=True, completed=True)
            assert pools.downloaded(pools.find(HASH)) == size
        for number in range(size):
            announce(pools, make(number), seeding=False, completed=True)
            announce(pools, make(number), seeding=True, completed=True)
        assert pools.downloaded(pools.find(HASH)) == size


def test_bytes_across_two_neighbours_are_nobody():
    """Neither a peer that stopped or announces, nor an info_hash."""
    for first, second in ((b"aaaaab", b"bbbbbb"), (b"aaaaaa", b"aaaaab"), (b"abcabc", b"abcabd")):
        pools = pools_of(64)
        announce(pools, first)
        announce(pools, second)
        known = {first, second}
        for shift in range(1, 6):
            for between in (
                (first + second)[shift : shift + 6],
                (second + first)[shift : shift + 6],
            ):
                if between not in known:
                    stop(pools, between)
                    assert set(Inventory(pools).swarms[HASH].peers) == known
                    announce(pools, between)
                    known.add(between)
                    assert set(Inventory(pools).swarms[HASH].peers) == known
    pools = pools_of(64)
    announce(pools, peer_v4(1), b"x" * 19 + b"y")
    announce(pools, peer_v4(1), b"y" * 20)
    for shift in range(1, 19):
        assert pools.find(b"x" * (19 - shift) + b"y" * (1 + shift)) == 0
    assert pools.find(b"x" * 19 + b"y") and pools.find(b"y" * 20)


# Samples


def test_samples_are_distinct_members_and_leechers_come_first():
    for family, make in FAMILIES:
        pools = pools_of(256)
        for size in (1, 2, 3, 7, 12, 25, 49, 100, 144, 146, 300, 700):
            for number in range(size):
                announce(pools, make(number), seeding=number % 4 == 0)
            members = {make(number): number % 4 == 0 for number in range(size)}
            for want in (1, 2, 11, 12, 13, 15, 50, 66, 199, 200):
                for _ in range(4 if want <= size else 0):
                    found = sample(pools, family, want)
                    assert len(set(found)) == want and set(found) <= set(members), (size, want)
                    seeding = [members[peer] for peer in found]
                    assert seeding == sorted(seeding), (size, want)


def test_samples_of_seeders_or_leechers_alone():
    for seeding in (False, True):
        pools = pools_of(64)
        for size in (5, 60, 300):
            for number in range(size):
                announce(pools, peer_v4(number), seeding=seeding)
            for want in (1, 5, 50, 200):
                if want <= size:
                    assert len(set(sample(pools, V4, want))) == want


def unfairness(size, want, draws):
    """How much more the draws of `size` peers differ than if all were equally likely: about 1.

    That is the chi-square over its mean. Neighbours are drawn together, so it varies more than
    usual, but its mean is the same.
    """
    pools = pools_of(256)
    seed(size)
    for number in range(size):
        announce(pools, peer_v4(number), seeding=number % 3 == 0)
    drawn = dict.fromkeys([peer_v4(number) for number in range(size)], 0)
    for _ in range(draws):
        for peer in sample(pools, V4, want):
            drawn[peer] += 1
    chance = want / size
    deviations = [(times - draws * chance) ** 2 for times in drawn.values()]
    return sum(deviations) / (size * draws * chance * (1 - chance))


def test_every_peer_is_as_likely():
    for size, want, draws in (
        (3, 1, 300),
        (10, 4, 400),
        (30, 11, 400),
        (30, 15, 400),
        (100, 15, 800),
        (120, 50, 2500),
        (144, 67, 2000),
        (350, 50, 1000),
        (700, 50, 1500),
        (700, 200, 500),
        (1000, 50, 1500),
    ):
        assert unfairness(size, want, draws) < 6, (size, want)


# Memory


def kind_of(pools, family):
    """How the list of HASH is stored: "nothing", "inline", "block" or "directory"."""
    reference = Inventory(pools).swarms[HASH].references[family]
    if reference <= 2:
        return ("nothing", None, "inline")[reference]
    return "directory" if reference & 1 else "block"


# The most peers of either family that a block of half a page holds, and those of a run.
LAST_OF_A_BLOCK = (71, 96, 116, 26, 35, 42)


def test_lists_grow_and_all_memory_comes_back():
    for family, make in FAMILIES:
        largest_block = 53 if family else 145
        for leave in ("stop", "expire", "half stop"):
            pools = pools_of(128)
            for size in range(1, 251):
                announce(pools, make(size), seeding=size % 2 == 0)
                if size in LAST_OF_A_BLOCK + (1, 2, 3, 9, largest_block, largest_block + 1, 250):
                    kind = "inline" if size == 1 else "block"
                    kind = "directory" if size > largest_block else kind
                    assert kind_of(pools, family) == kind, (family, size)
            for number in range(1, {"stop": 251, "expire": 1, "half stop": 126}[leave]):
                stop(pools, make(number))
                if number % 50 == 0:
                    Inventory(pools)
            go_to(pools, 46)
            assert is_as_new(pools), leave
            assert not any(pools.ledger.held)


def test_lists_shrink_as_peers_expire():
    for family, make in FAMILIES:
        pools = pools_of(128)
        for number in range(400):
            announce(pools, make(number))
        go_to(pools, 30)
        for stays, kind, pages in ((130, "directory", 9), (20, "block", 1), (1, "block", 1)):
            for number in range(stays):
                announce(pools, make(number))
            go_to(pools, pools.minute + 40)
            assert peers_of(pools) == stays
            if (family, stays) != (V4, 130):  # which fit one page, if barely
                assert kind_of(pools, family) == kind
            assert Inventory(pools).claims.count("block") <= pages


def test_lists_shrink_as_peers_stop():
    """Who stays may stay for days: what the others had goes to other swarms."""
    pools = pools_of(128)
    for number in range(1000):
        announce(pools, peer_v4(number))
    for number in range(1, 1000):
        stop(pools, peer_v4(number))
    for minute in range(30, 6 * 60, 30):
        go_to(pools, minute)
        announce(pools, peer_v4(0))
    claims = Inventory(pools).claims
    assert claims.count("free") >= pools.arena.pages - 4


def sizes_of(pools, family, swarms):
    """The sizes of the blocks that the lists of some swarms are made of."""
    blocks = [pools.blocks_of(pools.find(info_hash(number)), family) for number in swarms]
    return [pools.arena.block_size(block) for each in blocks for block in each]


def test_lists_of_about_a_hundred_peers_share_runs():
    for family, make, middle, most in ((V4, peer_v4, 96, 116), (V6, peer_v6, 35, 42)):
        for peers, size, pages in ((middle, 680, 16), (middle + 1, 816, 20), (most, 816, 20)):
            pools = pools_of(128)
            for number in range(24):
                for peer in range(peers):
                    announce(pools, make(200 * number + peer), info_hash(number))
            assert sizes_of(pools, family, range(24)) == 24 * [size]
            assert Inventory(pools).claims.count("cut") == pages


def test_lists_shrink_to_the_smallest_block_with_room_for_one_more():
    """Or nearly: who left has to be found out by the sweep, which looks when somebody is due."""
    for family, make, steps in (
        (V4, peer_v4, ((116, PAGE), (115, 816), (95, 680), (70, 504), (40, 336), (3, 32))),
        (V6, peer_v6, ((42, PAGE), (41, 816), (34, 680), (25, 504), (14, 336), (3, 84))),
    ):
        for peers, size in steps:
            pools = pools_of(64)
            largest = 145 if family == V4 else 53
            for number in range(largest):
                announce(pools, make(number), info_hash(1))
            assert sizes_of(pools, family, [1]) == [PAGE]
            go_to(pools, 30)
            for number in range(peers):
                announce(pools, make(number), info_hash(1))
            go_to(pools, 46)
            assert peers_of(pools, info_hash(1)) == peers
            assert sizes_of(pools, family, [1]) == [size], (family, peers)
            Inventory(pools)


def without_runs(pools, runs=0):
    """Takes pages of the arena till each fourth and `runs` runs are left; returns those taken."""
    arena = pools.arena
    taken = [arena.take_page() for _ in range(arena.free_pages)]
    left = [page for page in taken if page // PAGE % 4 == 0 or 3 <= page // PAGE // 4 < 3 + runs]
    for page in left:
        arena.give_page(page)
    return [page for page in taken if page not in left]


def give_back(pools, pages):
    for page in pages:
        pools.arena.give_page(page)
    Inventory(pools)


def test_without_runs_lists_get_pages():
    for family, make, most in ((V4, peer_v4, 71), (V6, peer_v6, 26)):
        pools = pools_of(64)
        taken = without_runs(pools)
        for peer in range(most + 1):
            for number in range(3):
                free = pools.arena.free_pages
                assert announce(pools, make(200 * number + peer), info_hash(number))
        assert sizes_of(pools, family, range(3)) == 3 * [PAGE]
        assert pools.arena.free_pages == free and not pools.refused
        give_back(pools, taken)


def test_in_want_of_a_run_lists_stay_where_they_are():
    for family, make, most, middle in ((V4, peer_v4, 145, 71), (V6, peer_v6, 53, 26)):
        pools = pools_of(64)
        taken = without_runs(pools)
        for number in range(most):
            announce(pools, make(number), info_hash(1))
        free = pools.arena.free_pages
        block = pools.blocks_of(pools.find(info_hash(1)), family)
        for number in range(most - 1, middle - 2, -1):
            stop(pools, make(number), info_hash(1))
            assert pools.blocks_of(pools.find(info_hash(1)), family) == block or number < middle
            assert pools.arena.free_pages == free
        assert sizes_of(pools, family, [1]) == [504]
        give_back(pools, taken)


def test_a_list_that_shrinks_never_gets_a_larger_block():
    """Though one of the size it wants may be had from a larger class only, or as a page."""
    for others in (0, 3):  # with three the run is full
        pools = pools_of(64)
        taken = without_runs(pools, runs=1)
        first = pools.arena.take_block(816)
        for number in range(1 + others):
            for peer in range(110):
                announce(pools, peer_v4(200 * number + peer), info_hash(number))
        assert sizes_of(pools, V4, range(1 + others)) == (1 + others) * [816]
        go_to(pools, 30)
        for number in range(1 + others):
            for peer in range(110 if number else 80):
                announce(pools, peer_v4(200 * number + peer), info_hash(number))
        free = pools.arena.free_pages
        go_to(pools, 46)
        assert peers_of(pools, info_hash(0)) == 80
        assert sizes_of(pools, V4, range(1 + others)) == (1 + others) * [816]
        assert pools.arena.free_pages == free
        pools.arena.give_block(first)
        give_back(pools, taken)


def test_one_peer_of_either_family_needs_no_block():
    for first, second in ((peer_v4, peer_v6), (peer_v6, peer_v4)):
        pools = pools_of(64)
        free = pools.arena.free_pages
        announce(pools, first(1))
        assert pools.arena.free_pages == free
        announce(pools, second(1))
        assert pools.arena.free_pages == free - 1
        stop(pools, first(1))
        announce(pools, first(2))
        announce(pools, second(2))
        Inventory(pools)
        assert tuple(pools.census(pools.find(HASH))) == (
            0,
            3,
            pools.lists[0].count,
            pools.lists[1].count,
        )
        for peer in (first(2), second(1), second(2)):
            stop(pools, peer)
        go_to(pools, 1)
        assert is_as_new(pools)


def test_the_table_grows_and_shrinks():
    pools = pools_of(128)
    for number in range(1, 1001):
        announce(pools, peer_v4(number), info_hash(number))
        if number % 200 == 0:
            inventory = Inventory(pools)
            assert set(inventory.swarms) == {info_hash(each) for each in range(1, number + 1)}
    assert inventory.claims.count("table") < 110
    go_to(pools, 30)
    for number in range(1, 101):
        announce(pools, peer_v4(number), info_hash(number))
    go_to(pools, 70)
    for _ in range(10):
        sweep(pools)
    inventory = Inventory(pools)
    assert set(inventory.swarms) == {info_hash(each) for each in range(1, 101)}
    assert inventory.claims.count("table") < 20
    go_to(pools, 100)
    assert is_as_new(pools)


def test_random_use_is_accounted_for():
    for random in (Numbers(1), Numbers(2)):
        pools = pools_of(64)
        for step in range(1500):
            make = peer_v4 if random.below(2) else peer_v6
            # Few swarms are large: the product of two is more often small.
            number = random.below(1 + random.below(30))
            peer = make(random.below(1 + 300 // (1 + number)))
            if random.below(4):
                announce(pools, peer, info_hash(number), random.below(2) == 1, random.below(3) == 0)
            else:
                stop(pools, peer, info_hash(number))
            if step % 100 == 99:
                go_to(pools, pools.minute + random.below(12))
                Inventory(pools)
        go_to(pools, pools.minute + DAY + 30)
        assert is_as_new(pools)
        assert not any(pools.ledger.held)


# Who gets the memory when it is short


def flood(pools, swarms, peer_of, start=100000):
    """Announces a new swarm for each number; returns how many were taken."""
    taken = 0
    for number in range(start, start + swarms):
        taken += announce(pools, peer_of(number), info_hash(number)) != 0
    return taken


def establish(pools, swarms, peers):
    """Makes swarms 1, 2.. of as many peers each, all from different addresses."""
    for swarm in range(1, swarms + 1):
        for peer in range(peers):
            assert announce(pools, peer_v4(1000 * swarm + peer), info_hash(swarm))


def join(pools, peer, of):
    """Announces till it is stored: two pages to make one of are sought at random, a few times."""
    for _ in range(20):
        if announce(pools, peer, of):
            return
    raise AssertionError("no room for a peer of an established swarm")


def bystanders(pools, peers, culprit):
    """Those of `peers` that do not happen to share an entry of the ledger with `culprit`."""
    return [peer for peer in peers if pools.ledger.slot(peer) != pools.ledger.slot(culprit)]


def test_the_smallest_budget():
    for kib in (64, 256):
        pools = pools_of(kib)
        assert pools.budget == 1024 * kib
        assert pools.budget - 16 * 1024 < len(pools.arena.bytes) < pools.budget
        flood(pools, 30 * kib, peer_v4)
        assert pools.budget * 3 // 4 < pools.used_bytes() <= pools.budget
        Inventory(pools)


def test_every_refusal_is_counted():
    pools = pools_of(64)
    taken = flood(pools, 2000, peer_v4)
    assert pools.refused == 2000 - taken
    assert pools.swarms.count == taken - pools.recycled
    assert pools.expired == 0


def test_a_flooding_address_displaces_itself():
    for peer_of in (
        lambda number: peer_v4(7),
        lambda number: peer_v4(7, number % 65535 + 1),
        lambda number: ipv6(7)[:12] + number.to_bytes(4, "big") + b"\1\2",
    ):
        pools = pools_of(64)
        taken = flood(pools, 3000, peer_of)
        assert pools.recycled and taken + pools.refused == 3000
        assert max(pools.ledger.held) <= pools.ledger.allowance
        assert pools.used_bytes() < pools.budget * 3 // 4
        refused, recycled = pools.refused, pools.recycled
        # Nobody else notices, not in a new swarm, not in one of the flood's.
        for make in (peer_v4, peer_v6):
            peers = bystanders(pools, [make(number) for number in range(100, 150)], peer_of(0))
            for number, peer in enumerate(peers):
                for of in (info_hash(number), info_hash(1000 + number)):
                    assert announce(pools, peer, of) and peers_of(pools, of)
        assert pools.refused == refused
        assert pools.recycled <= recycled + 200
        Inventory(pools)


def test_strangers_leave_established_swarms_alone():
    pools = pools_of(64)
    establish(pools, 10, 10)
    announce(pools, peer_v4(5), info_hash(50))
    announce(pools, peer_v4(5), info_hash(50))  # a second announce counts, too
    for number in range(1, 11):
        announce(pools, peer_v6(number), info_hash(number))
    flood(pools, 2000, peer_v4)
    flood(pools, 500, lambda number: peer_v4(7), start=500000)
    assert pools.arena.free_pages >= pools.arena.pages // 8 - 1
    for number in range(1, 11):
        assert peers_of(pools, info_hash(number)) == 11
    assert peers_of(pools, info_hash(50)) == 1
    Inventory(pools)


def test_established_swarms_stay_open():
    pools = pools_of(64)
    establish(pools, 10, 2)
    flood(pools, 2000, peer_v4)
    refused = pools.refused
    for peer in range(2, 40):
        for swarm in range(1, 11):
            join(pools, peer_v4(1000 * swarm + peer), info_hash(swarm))
            join(pools, peer_v6(1000 * swarm + peer), info_hash(swarm))
    assert pools.refused - refused < 40
    for swarm in range(1, 11):
        assert peers_of(pools, info_hash(swarm)) == 40 + 38
    Inventory(pools)


def test_established_swarms_grow_into_the_place_of_strangers():
    pools = pools_of(64)
    establish(pools, 2, 2)
    flood(pools, 1000, peer_v4)
    strangers, refused = pools.swarms.count - 2, pools.refused
    for peer in range(2, 1500):
        join(pools, peer_v4(5000 + peer), info_hash(1))
    assert peers_of(pools, info_hash(1)) == 1500
    assert pools.refused - refused < 75
    assert pools.recycled > 0 and pools.swarms.count < strangers
    Inventory(pools)


def test_a_stranger_is_refused_when_all_is_established():
    pools = pools_of(64)
    number = 0
    while not pools.refused:
        number += 1
        assert number < 1000
        for make in (peer_v4, peer_v6):
            announce(pools, make(number), info_hash(number))
    assert pools.find(info_hash(number)) == 0
    swarms = pools.swarms.count
    for attempt in range(3):
        assert announce(pools, peer_v4(5000), info_hash(number)) == 0
        assert pools.refused >= attempt + 2
    assert pools.swarms.count == swarms
    Inventory(pools)


def test_expired_swarms_go_first():
    pools = pools_of(64)
    flood(pools, 2000, peer_v4)
    recycled, refused = pools.recycled, pools.refused
    for minute in (15, 30, 45):
        pools.advance(minute)
    assert flood(pools, 60, peer_v4, start=500000) == 60
    assert (pools.recycled, pools.refused) == (recycled, refused)
    assert pools.expired > 60
    Inventory(pools)


def test_no_address_holds_more_than_half():
    """Not even in established swarms; there its newest peers replace older ones."""
    random = Numbers(5)
    ports = list({random.below(65535) + 1 for _ in range(4600)})
    for peers, units in (
        ([peer_v4(7, port) for port in ports], 1),
        ([ipv6(7)[:8] + random.bytes(8) + b"\1\2" for _ in range(1700)], 3),
    ):
        pools = pools_of(64)
        establish(pools, 8, 2)
        slot = pools.ledger.slot(peers[0])
        assert len(peers) * units > pools.ledger.allowance + 300
        for number, peer in enumerate(peers):
            assert announce(pools, peer, info_hash(1 + number % 8))
            assert pools.ledger.held[slot] <= pools.ledger.allowance
        assert pools.ledger.held[slot] > pools.ledger.allowance * 19 // 20
        assert pools.used_bytes() < pools.budget
        assert peer in Inventory(pools).swarms[info_hash(1 + number % 8)].peers
        others = bystanders(pools, [peer_v4(number) for number in range(100, 140)], peer)
        for number, peer in enumerate(others):
            assert announce(pools, peer, info_hash(100 + number))
            assert announce(pools, peer, info_hash(1))


def test_nothing_is_half_stored():
    """An address that has spent its allowance to the last unit starts a swarm."""
    for units_left in (0, 1, 9, 10, 11, 12):
        pools = pools_of(64)
        establish(pools, 1, 2)
        announce(pools, peer_v4(7), info_hash(5))
        stop(pools, peer_v4(7), info_hash(5))
        slot = pools.ledger.slot(peer_v4(7))
        port = 0
        while pools.ledger.held[slot] < pools.ledger.allowance - units_left:
            port += 1
            assert announce(pools, peer_v4(7, port), info_hash(1))
        swarm = announce(pools, peer_v4(7), info_hash(6))
        assert peers_of(pools, info_hash(6)) == (1 if swarm else None), units_left
        Inventory(pools)


# What an attacker chooses


def one_bit_apart(number):
    """160 numbers of one bit each, then others of two."""
    flipped = bytearray(20)
    for place in (number % 160, number // 160 * 7 + number % 160 + 1):
        flipped[place // 8 % 20] |= 1 << place % 8
    if number < 160:
        flipped = bytearray(20)
        flipped[number // 8] = 1 << number % 8
    return bytes(flipped)


def table_pages(hash_of):
    """The pages that 900 swarms take; one secret in fifty is bad luck, so it is tried thrice."""
    pages = []
    for _ in range(3):
        pools = pools_of(256)
        for number in range(900):
            announce(pools, peer_v4(number), hash_of(number))
        inventory = Inventory(pools)
        if len(inventory.swarms) == 900:
            pages.append(inventory.claims.count("table"))
    return min(pages)


def test_crafted_info_hashes_take_no_more_memory():
    usual = table_pages(info_hash)
    for hash_of in (
        lambda number: number.to_bytes(20, "big"),
        lambda number: number.to_bytes(20, "little"),
        lambda number: b"\xff" * 16 + number.to_bytes(4, "big"),
        lambda number: number.to_bytes(4, "big") + b"\xff" * 16,
        lambda number: (number << 10).to_bytes(20, "big"),
        lambda number: (number << 64).to_bytes(20, "big"),
        lambda number: bytes(8) + number.to_bytes(4, "big") + bytes(8),
        lambda number: (number * 0x10001000100010001).to_bytes(20, "big"),
        lambda number: b"%020d" % number,
        one_bit_apart,
    ):
        assert table_pages(hash_of) < usual * 3 // 2


def list_pages(peer_of, peers):
    """The pages that a swarm of `peers` takes, likewise."""
    pages = []
    for _ in range(3):
        pools = pools_of(256)
        for number in range(peers):
            announce(pools, peer_of(number))
        claims = Inventory(pools).claims
        if peers_of(pools) > peers * 0.95:
            pages.append(claims.count("block"))
    return min(pages)


def near(address, port=6881):
    """Peers whose addresses lie side by side."""
    return (0x0A000000 + address).to_bytes(4, "big") + port.to_bytes(2, "big")


def test_crafted_addresses_take_no_more_memory():
    usual = list_pages(peer_v4, 1000)
    for peer_of in (
        near,
        lambda number: near(0, number + 1),
        lambda number: near(number % 16, 1 + number // 16),
        lambda number: near(number << 8),
        lambda number: near(number << 16 & 0xFFFFFF | number >> 8),
        lambda number: number.to_bytes(4, "little") + b"\1\1",
    ):
        assert list_pages(peer_of, 1000) <= 2 * usual
    usual = list_pages(peer_v6, 400)
    for peer_of in (
        lambda number: number.to_bytes(16, "little") + b"\1\1",
        lambda number: b"\x20\x01" + bytes(6) + number.to_bytes(8, "big") + b"\1\1",
        lambda number: b"\x20\x01" + bytes(2) + number.to_bytes(4, "big") + bytes(8) + b"\1\1",
        lambda number: peer_v6(0, number + 1),
    ):
        assert list_pages(peer_of, 400) <= 2 * usual
