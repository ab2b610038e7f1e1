"""The machine code of runtime.native does to the same memory what the plain code does.

Where there is none (CPython, and processors MicroPython has no emitter for) the plain code stands
in for it, so the tests run and say nothing new.
"""

from random import randrange, seed

from makers import info_hash as hash_number
from makers import peer_v4, reserve

from opentracker.pools import V4, V6, Pools, blocks, directory

try:
    from opentracker import runtime
    from opentracker.runtime import native
except ImportError:  # an interpreter without sockets has no runtime
    runtime = native = None

KIB = 512
SWARMS = [bytes([number]) * 20 for number in range(5)]


def filled(capacity, width):
    """Memory with one block at offset 64, filled with random peers to a random degree."""
    memory = bytearray(64 + blocks.bytes_for(capacity, width))
    blocks.create(memory, 64, len(memory) - 64, width)
    for number in range(randrange(capacity) + 1):
        address = bytes([randrange(256) for _ in range(width - 2)]) + number.to_bytes(2, "big")
        blocks.insert(memory, 64, address, randrange(64), randrange(2) == 1)
    return memory


def test_samples_of_a_block_are_the_same_bytes():
    seed(1)
    fast_code = native or blocks
    for width in (6, 18):
        for _ in range(60):
            memory = filled(53, width)
            have = memory[64] + memory[65]
            want, chance = randrange(have) + 1, randrange(65536)
            plain, fast = bytearray(1200), bytearray(1200)
            blocks.sample(memory, 64, width, want, chance, plain, 7)
            fast_code.sample(memory, 64, width, want, chance, fast, 7)
            assert plain == fast, (width, have, want, chance)


def test_windows_of_a_block_are_the_same_bytes():
    seed(2)
    fast_code = native or blocks
    for width in (6, 18):
        for _ in range(60):
            memory = filled(53, width)
            have = memory[64] + memory[65]
            count, begin = randrange(have) + 1, randrange(have)
            back = 7 + count * width
            plain, fast = bytearray(1200), bytearray(1200)
            leechers = blocks.window(memory, 64, width, begin, count, plain, 7, back)
            assert fast_code.window(memory, 64, width, begin, count, fast, 7, back) == leechers
            assert plain == fast, (width, have, count, begin)


def address(number, width):
    return bytes(width - 4) + number.to_bytes(4, "big")


def test_samples_of_many_pages_are_the_same_bytes():
    seed(3)
    for family, width, count in ((V4, 6, 900), (V6, 18, 300)):
        pools = Pools(KIB, reserve, native)
        for number in range(count):
            pools.announce(SWARMS[0], family, address(number + 1, width), number % 3 == 0, False)
        swarm = pools.find(SWARMS[0])
        memory, words = pools.arena.bytes, pools.arena.words
        ref = words[swarm + 2 + family]
        assert ref & 1
        for _ in range(40):
            want, chance = randrange(200 if family == V4 else 66) + 1, randrange(65536)
            plain, fast = bytearray(1300), bytearray(1300)
            directory.sample(memory, words, ref >> 2, width, want, chance, plain, 20)
            if native:
                native.sample_pages(memory, ref >> 2, width, want, chance, fast, 20)
                assert plain == fast, (width, want, chance)
            found = [bytes(plain[at : at + width]) for at in range(20, 20 + want * width, width)]
            assert len(set(found)) == want


def test_both_kinds_of_pools_keep_the_same_peers():
    seed(4)
    both = [Pools(KIB, reserve, native), Pools(KIB, reserve)]
    for step in range(3000):
        info_hash = SWARMS[randrange(5)]
        family = randrange(2)
        peer = address(randrange(randrange(20, 130)) + 1, 18 if family else 6)
        seeding, completed = randrange(2) == 1, randrange(8) == 0
        for pools in both:
            if step % 7:
                assert pools.announce(info_hash, family, peer, seeding, completed)
            else:
                pools.stop(info_hash, family, peer)
        if not step % 100:
            for pools in both:
                pools.advance(step // 100)
                pools.sweep(pools.swarms.entries())
        assert inventory(both[0], info_hash) == inventory(both[1], info_hash), step
    assert both[0].arena.free_pages > 0 and both[0].expired == both[1].expired


def test_swarms_are_found_in_directories_of_16_and_of_32_bits():
    for kib in (65536, 131072) if native else ():
        pools = Pools(kib, runtime.reserve, native)
        table = pools.swarms
        hashes = [hash_number(number) for number in range(400)]
        for number, info_hash in enumerate(hashes):
            assert pools.announce(info_hash, V4, peer_v4(number), False, False)
        found = pools.keys.state, pools.arena.bytes, table.directory, table.mask
        for number, info_hash in enumerate(hashes):
            swarm = pools.find(info_hash)
            assert swarm and native.find(*found, info_hash) == swarm
            assert pools.announce(info_hash, V4, peer_v4(number), False, False) == swarm
            assert pools.age() == 0, "it was known"
        assert table.mask > 15 and not native.find(*found, hash_number(400))
        runtime.release(pools.arena.bytes, pools.arena.words)


def inventory(pools, info_hash):
    """What there is to see of a swarm: its counts, and all of its peers by family."""
    swarm = pools.find(info_hash)
    counts = tuple(pools.census(swarm))
    lists = []
    for family, width, count in ((V4, 6, counts[2]), (V6, 18, counts[3])):
        out = bytearray(count * width + 1)
        if count:
            pools.sample(swarm, family, count, out, 0)
        lists.append(sorted([bytes(out[at * width : at * width + width]) for at in range(count)]))
    return counts, pools.downloaded(swarm), lists
