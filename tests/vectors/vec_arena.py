"""The arena: pages and blocks are handed out once, never overlap, and all come back."""

from inventory import Claims
from makers import Numbers, reserve

from opentracker.pools.arena import BLOCK_SIZES, PAGE, Arena, size_that_fits

SMALL_SIZES = BLOCK_SIZES[:-1]
BLOCKS_IN_A_PAGE = (50, 31, 21, 16, 12, 9, 7, 5, 4, 3, 2)


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


def test_a_cut_page_holds_as_many_blocks_as_fit():
    for size, blocks in zip(SMALL_SIZES, BLOCKS_IN_A_PAGE):
        arena = arena_of(2)
        taken = take_all(arena, size)
        assert len(taken) == 2 * blocks, size
        check(arena, taken)


def test_blocks_do_not_overlap():
    for size in SMALL_SIZES:
        arena = arena_of(3)
        taken = take_all(arena, size)
        for number, block in enumerate(taken):
            arena.bytes[block : block + size] = bytes([number]) * size
        for number, block in enumerate(taken):
            assert arena.bytes[block : block + size] == bytes([number]) * size
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
