"""The arena: pages and blocks are handed out once, never overlap, and all come back."""

from inventory import Claims
from makers import Numbers, reserve

from opentracker.pools.arena import BLOCK_SIZES, PAGE, Arena, size_that_fits

RUN = 4 * PAGE
SMALL_SIZES = BLOCK_SIZES[:-3]
BLOCKS_IN_A_PAGE = (50, 31, 21, 16, 12, 9, 7, 5, 4, 3, 2)
LARGE_SIZES = BLOCK_SIZES[-3:-1]
BLOCKS_IN_A_RUN = (6, 5)


def arena_of(pages):
    """An arena with room for `pages` pages besides the one that is never handed out."""
    return Arena(*reserve((pages + 1) * PAGE))


def check(arena, blocks=(), pages=()):
    claims = Claims(arena)
    for block in blocks:
        claims.block(block, "taken")
    for page in pages:
        claims.page(page, "taken")
    claims.close()


def is_as_new(arena):
    return arena.free_pages == arena.pages - 1 and not any(arena._lists[:-2])


def take_all(arena, size):
    """All blocks of `size` that there are."""
    taken = []
    while True:
        block = arena.take_block(size)
        if not block:
            return taken
        taken.append(block)


def test_memory_is_seen_twice():
    memory, words = reserve(PAGE)
    words[3] = 0xFFFFFFFF
    assert memory[8:20] == b"\0\0\0\0\xff\xff\xff\xff\0\0\0\0"
    memory[4:8] = b"\1\1\1\1"
    assert words[1] == 0x01010101


def test_pages_are_handed_out_once():
    arena = arena_of(5)
    pages = [arena.take_page() for _ in range(5)]
    assert sorted(pages) == [PAGE * number for number in (1, 2, 3, 4, 5)]
    assert arena.take_page() == 0 == arena.free_pages
    check(arena, pages=pages)


def test_pages_come_back():
    arena = arena_of(5)
    pages = [arena.take_page() for _ in range(4)]
    for page in (pages.pop(1), pages.pop(2)):
        arena.give_page(page)
        assert page not in pages
    check(arena, pages=pages)
    pages += [arena.take_page() for _ in range(3)]
    assert sorted(pages) == [PAGE * number for number in (1, 2, 3, 4, 5)]
    assert arena.take_page() == 0
    check(arena, pages=pages)


def test_a_broken_page_at_the_end_is_not_used():
    memory, words = reserve(3 * PAGE + 512)
    arena = Arena(memory, words)
    assert [arena.take_page() for _ in range(3)] == [PAGE, 2 * PAGE, 0]


def test_every_size_gets_the_smallest_block_that_fits():
    for size in range(1, PAGE + 1):
        arena = arena_of(7)
        block = arena.take_block(size)
        served = arena.block_size(block)
        assert block % 4 == 0 and size <= served
        assert served == min(each for each in BLOCK_SIZES if each >= size) == size_that_fits(size)


def test_nothing_is_larger_than_a_page():
    try:
        size_that_fits(PAGE + 1)
    except ValueError:
        return
    raise AssertionError("a block larger than a page")


def test_a_block_begins_where_a_page_does_only_if_it_is_one():
    for size in BLOCK_SIZES:
        arena = arena_of(15)
        for block in take_all(arena, size):
            assert (block % PAGE == 0) == (arena.block_size(block) == PAGE), (size, block)


def test_a_cut_page_holds_as_many_blocks_as_fit():
    for size, blocks in zip(SMALL_SIZES, BLOCKS_IN_A_PAGE):
        arena = arena_of(2)
        taken = take_all(arena, size)
        assert len(taken) == 2 * blocks, size
        check(arena, taken)


def test_blocks_do_not_overlap():
    for size in BLOCK_SIZES:
        arena = arena_of(11)
        taken = take_all(arena, size)
        for number, block in enumerate(taken):
            arena.bytes[block : block + size] = bytes([number & 255]) * size
        for number, block in enumerate(taken):
            assert arena.bytes[block : block + size] == bytes([number & 255]) * size
        check(arena, taken)


def test_a_page_without_used_blocks_is_given_back():
    for backwards in (False, True):
        for size, blocks in zip(SMALL_SIZES, BLOCKS_IN_A_PAGE):
            arena = arena_of(3)
            taken = take_all(arena, size)
            given = list(reversed(taken)) if backwards else taken
            for number, block in enumerate(given):
                assert arena.free_pages == number // blocks
                arena.give_block(block)
                check(arena, given[number + 1 :])
            assert is_as_new(arena)


def test_no_class_hoards():
    arena = arena_of(4)
    for size in BLOCK_SIZES:
        taken = take_all(arena, size)
        assert arena.free_pages == 0
        for block in taken:
            arena.give_block(block)
        assert is_as_new(arena)


def test_open_pages_serve_when_no_page_is_left():
    arena = arena_of(2)
    taken = [arena.take_block(336), arena.take_block(504)]
    assert arena.take_page() == 0 == arena.take_block(20) == arena.take_block(PAGE)
    taken += [arena.take_block(336), arena.take_block(336), arena.take_block(504)]
    assert 0 not in taken
    assert arena.take_block(336) == 0 == arena.take_block(504)
    check(arena, taken)
    arena.give_block(taken.pop(0))
    taken.append(arena.take_block(300))
    assert taken[-1]
    check(arena, taken)


# Runs: four pages side by side


def sizes_of(arena, blocks):
    return [arena.block_size(block) for block in blocks]


def runs_left(arena):
    """How many runs the arena can still cut; takes them all."""
    return sizes_of(arena, take_all(arena, 816)).count(816) // 5


def test_a_run_holds_as_many_blocks_as_fit_and_pages_serve_after_the_last():
    for size, blocks in zip(LARGE_SIZES, BLOCKS_IN_A_RUN):
        arena = arena_of(14)  # of which 4 to 11 make two runs
        taken = take_all(arena, size)
        assert sizes_of(arena, taken) == 2 * blocks * [size] + 6 * [PAGE]
        assert sorted(taken[2 * blocks :]) == [PAGE * number for number in (1, 2, 3, 12, 13, 14)]
        assert arena.free_pages == 0
        check(arena, taken)


def test_a_larger_open_run_serves_before_a_page():
    arena = arena_of(9)
    taken = [arena.take_block(816)]
    taken += [arena.take_block(600) for _ in range(5)]
    assert sizes_of(arena, taken) == 5 * [816] + [PAGE]
    check(arena, taken)
    arena.give_block(taken.pop(2))
    taken.append(arena.take_block(680))
    assert arena.block_size(taken[-1]) == 816
    check(arena, taken)


def test_pages_skipped_for_a_run_are_not_lost():
    for first in range(1, 5):
        arena = arena_of(8)
        taken = [arena.take_page() for _ in range(first)]
        taken.append(arena.take_block(816))
        assert arena.block_size(taken[-1]) == (816 if first < 4 else PAGE)
        assert arena.free_pages == (4 - first if first < 4 else 3)
        check(arena, taken)
        while arena.free_pages:
            taken.append(arena.take_page())
            assert taken[-1]
        check(arena, taken)


def test_pages_before_the_run_that_come_back_make_one_with_those_skipped():
    arena = arena_of(12)
    pages = [arena.take_page() for _ in range(6)]
    for page in pages[3:]:  # 4, 5 and 6; 7 was never touched
        arena.give_page(page)
    taken = pages[:3] + [arena.take_block(816)]
    assert taken[-1] // RUN == 1
    check(arena, taken)


def test_a_run_without_used_blocks_is_given_back_as_pages():
    for size, blocks in zip(LARGE_SIZES, BLOCKS_IN_A_RUN):
        for backwards in (False, True):
            arena = arena_of(11)
            taken = [arena.take_block(size) for _ in range(2 * blocks)]
            given = list(reversed(taken)) if backwards else taken
            for number, block in enumerate(given):
                assert arena.free_pages == 3 + number // blocks * 4
                arena.give_block(block)
                check(arena, given[number + 1 :])
            assert is_as_new(arena)
            pages = take_all(arena, PAGE)
            assert len(pages) == 11
            check(arena, pages=pages)


def test_four_free_pages_are_a_run_again():
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)):
        arena = arena_of(11)
        taken = take_all(arena, PAGE)
        for count, place in enumerate(order):
            arena.give_page(RUN + place * PAGE)
            taken.remove(RUN + place * PAGE)
            check(arena, taken)
            block = arena.take_block(816)
            assert arena.block_size(block) == (816 if count == 3 else PAGE)
            check(arena, taken + [block])
            arena.give_block(block)
        assert runs_left(arena) == 1


def test_a_free_run_becomes_pages_only_when_no_other_page_is_free():
    arena = arena_of(8)
    block = arena.take_block(816)
    taken = [arena.take_page() for _ in range(4)]  # all that there are beside the run
    arena.give_block(block)
    arena.give_page(taken.pop(1))
    taken.append(arena.take_page())
    assert arena.free_pages == 4 and taken[-1] // RUN != 1
    taken.append(arena.take_page())
    assert taken[-1] // RUN == 1
    check(arena, taken)
    arena.give_page(taken.pop())
    assert runs_left(arena) == 1


def test_the_ends_of_the_arena_make_no_run():
    for pages in range(1, 16):
        arena = arena_of(pages)
        taken = take_all(arena, PAGE)
        assert len(taken) == pages
        for page in taken:
            arena.give_page(page)
        check(arena)
        assert runs_left(arena) == max(0, (pages + 1) // 4 - 1)
        assert arena.free_pages == 0


def test_a_large_arena_has_more_pages_aside():
    for pages, aside in ((4096, 1), (4097, 2), (4102, 2)):
        arena = Arena(*reserve(pages * PAGE))
        assert arena.free_pages == pages - aside
        taken = [arena.take_block(816), arena.take_page()]
        assert taken == [RUN + 16, 3 * PAGE]  # the last of those skipped
        taken += take_all(arena, PAGE)
        assert len(taken) == 1 + pages - aside - 4
        assert min(taken) == aside * PAGE and max(taken) == (pages - 1) * PAGE
        for block in taken:
            arena.give_block(block)
        check(arena)
        assert runs_left(arena) == pages // 4 - 1


def test_runs_come_back_however_long_it_goes_on():
    arena, random = arena_of(43), Numbers(7)
    for _ in range(12):
        taken, fallen = [], 0
        for step in range(400):
            if random.below(100) < 70 or not taken:
                # Half of all blocks are large, the others small ones and pages.
                size = (600, 700, 800, 1 + random.below(504), PAGE, 700)[random.below(6)]
                block = arena.take_block(size)
                fallen += block and size < PAGE == arena.block_size(block)
                taken += [block] if block else []
            else:
                arena.give_block(taken.pop(random.below(len(taken))))
            if step % 100 == 99:
                check(arena, taken)
        assert fallen, "there was a run for all of them"
        for block in taken:
            arena.give_block(block)
        assert is_as_new(arena)
        taken = [arena.take_block(816) for _ in range(50)]
        assert sizes_of(arena, taken) == 50 * [816]
        for block in taken:
            arena.give_block(block)
        assert is_as_new(arena)


def test_random_use_leaves_nothing_behind():
    for seed in (1, 2, 3):
        arena, random = arena_of(40), Numbers(seed)
        taken = []
        for step in range(1200):
            # Until the middle the arena fills up, then it stays nearly full.
            if random.below(100) < (80 if step < 600 else 55):
                block = arena.take_block(1 + random.below(PAGE))
                assert block or arena.free_pages == 0
                taken += [block] if block else []
            elif taken:
                arena.give_block(taken.pop(random.below(len(taken))))
            if step % 50 == 0:
                check(arena, taken)
        assert len(taken) > 20
        for block in taken:
            arena.give_block(block)
        assert is_as_new(arena)
        check(arena)
