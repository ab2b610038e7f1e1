"""The pools' hot paths in machine code, where MicroPython can emit it: x86, ARM 32-bit, RISC-V 32.

Elsewhere compiling this file is a SyntaxError, so nothing imports it but in a `try`. The truth is
the plain code in `pools`; this does the same to the same memory for the common cases, and says when
a case is not common. Of a UDP announce it saves 9 of 12 us (x86-64, 1,000 swarms of 200 peers).

The layouts are those of `pools.swarms`, `pools.blocks`, `pools.peers` and `pools.directory`.
"""

from array import array
from os import urandom

import micropython

# ruff: noqa: F821  (ptr8, ptr16 and ptr32 are types of the viper compiler)

_MINUTE, _SWARM_KEYS, _PEER_KEYS, _STATE_WORDS = 0, 1, 11, 20


class Keys:
    """The secrets of the hashes, and the minute: what `renew` needs besides the arena."""

    def __init__(self):
        self.state = array("I", urandom(4 * _STATE_WORDS))
        self.set_minute(0)

    def set_minute(self, minute):
        """Sets the minute (0 to 63) that peers are marked with."""
        self.state[_MINUTE] = minute

    def hash_swarm(self, info_hash):
        """Returns the keyed hash of an info_hash, 17 bits."""
        return keyed_hash(self.state, _SWARM_KEYS, info_hash, 10)

    def hash_peer(self, peer):
        """Returns the keyed hash of a compact peer, 17 bits."""
        return keyed_hash(self.state, _PEER_KEYS, peer, len(peer) >> 1)


@micropython.viper
def keyed_hash(state, first: int, text, units: int) -> int:
    # Multilinear hashing: 16-bit units times secret 32-bit keys; the upper 17 bits of the sum are
    # universal (Lemire and Kaser, "Strongly universal string hashing is fast").
    keys = ptr32(state)
    unit = ptr16(text)
    total = 0
    index = 0
    while index < units:
        total += unit[index] * keys[first + index]
        index += 1
    return (total >> 15) & 0x1FFFF


@micropython.viper
def renew(
    state, memory, directory, mask: int, info_hash, peer, width: int, seeding: int, renewed
) -> int:
    """Marks a known peer that stays on its side as announced; returns its swarm, else 0.

    The age it had is counted in `renewed`, and its last word is set to it.
    """
    keys = ptr32(state)
    bytes8 = ptr8(memory)
    bytes16 = ptr16(memory)
    words = ptr32(memory)
    wanted = ptr32(info_hash)
    pages = ptr16(directory)
    page = pages[int(keyed_hash(state, 1, info_hash, 10)) & mask] << 10
    slots = bytes8[page]
    slot = 0
    at = (page >> 2) + 1
    while slot < slots:
        unit = 0
        while unit < 5 and words[at + unit] == wanted[unit]:
            unit += 1
        if unit == 5:
            break
        at += 5
        slot += 1
    if slot == slots:
        return 0
    record = (page >> 2) + 86 + 10 * slot
    ref = words[record + (2 if width == 6 else 3)]
    if ref == 0:
        return 0
    units = width >> 1
    block = ref
    if ref == 2:
        block = (record << 2) + 16
    elif ref & 1:
        list_of_pages = ref >> 2
        level = words[list_of_pages + 3]
        number = int(keyed_hash(state, 11, peer, units)) & (2 * level - 1)
        if number >= words[list_of_pages + 2]:
            number = number & (level - 1)
        block = words[list_of_pages + 4 + number]
    leechers = bytes8[block]
    peers = leechers + bytes8[block + 1]
    address = ptr16(peer)
    port = address[units - 1]
    at = (block >> 1) + 2
    index = 0
    while index < peers:
        if bytes16[at + units - 1] == port:
            unit = units - 2
            while unit >= 0 and bytes16[at + unit] == address[unit]:
                unit -= 1
            if unit < 0:
                break
        at += units
        index += 1
    if index == peers or seeding != (1 if index >= leechers else 0):
        return 0
    mark = block + 4 + width * bytes8[block + 2] + index
    age = (keys[0] - bytes8[mark]) & 63
    ages = ptr32(renewed)
    ages[age] = ages[age] + 1
    ages[64] = age
    bytes8[mark] = bytes8[mark] & 0x80 | keys[0]
    bytes8[(record << 2) + 3] = bytes8[(record << 2) + 3] | 0x80
    return record


@micropython.viper
def sample(memory, block: int, width: int, want: int, chance: int, out, at: int):
    """Does what `pools.blocks.sample` does; `chance` is a random number of 16 bits."""
    source = ptr8(memory)
    target = ptr8(out)
    source16 = ptr16(memory)
    target16 = ptr16(out)
    peers = source[block] + source[block + 1]
    start = block + 4
    runs = 1 if want < 12 or peers < 2 * want else 4
    step = peers // runs
    run = want // runs
    last = want - (runs - 1) * run
    first = 0 if want >= peers else (chance * peers) >> 16
    before_end = (peers - first + step - 1) // step
    if before_end > runs:
        before_end = runs
    over = first + (before_end - 1) * step + (last if before_end == runs else run) - peers
    if over < 0:
        over = 0
    index = before_end - runs - 1
    while index < before_end:
        if index == before_end - runs - 1:
            place = start
            size = over * width
        elif index < 0:
            place = start + (first + (index + runs) * step - peers) * width
            size = (last if index == -1 else run) * width
        else:
            place = start + (first + index * step) * width
            size = (last if index == runs - 1 else run) * width
            if index == before_end - 1:
                size -= over * width
        index += 1
        if not at & 1:
            # Addresses have an even number of bytes, and lie at even places.
            unit = place >> 1
            end = unit + (size >> 1)
            at >>= 1
            while unit < end:
                target16[at] = source16[unit]
                at += 1
                unit += 1
            at <<= 1
            size = 0
        while size > 0:
            target[at] = source[place]
            at += 1
            place += 1
            size -= 1


@micropython.viper
def window(
    memory, block: int, width: int, begin: int, count: int, out, front: int, back: int
) -> int:
    """Does what `pools.blocks.window` does."""
    source = ptr8(memory)
    end = begin + count
    over = end - source[block] - source[block + 1]
    written = 0
    if over > 0:
        end -= over
        written = int(_copy_out(memory, block, width, 0, over, out, front, back))
        back -= (over - written) * width
        front += written * width
    return written + int(_copy_out(memory, block, width, begin, end, out, front, back))


@micropython.viper
def _copy_out(
    memory, block: int, width: int, begin: int, end: int, out, front: int, back: int
) -> int:
    source = ptr8(memory)
    target = ptr8(out)
    leechers = source[block]
    border = begin
    if begin < leechers:
        border = end if end < leechers else leechers
    place = block + 4 + begin * width
    size = (border - begin) * width
    index = 0
    while index < size:
        target[front + index] = source[place + index]
        index += 1
    place += size
    size = (end - border) * width
    back -= size
    index = 0
    while index < size:
        target[back + index] = source[place + index]
        index += 1
    return border - begin


@micropython.viper
def sample_pages(memory, directory: int, width: int, want: int, chance: int, out, at: int):
    """Does what `pools.directory.sample` does."""
    source = ptr8(memory)
    words = ptr32(memory)
    pages = words[directory + 2]
    tries = 8 if want <= 64 else 0
    while tries > 0:
        tries -= 1
        page = words[directory + 4 + ((chance * pages) >> 16)]
        peers = source[page] + source[page + 1]
        chance = (chance * 16381 + 13849) & 0xFFFF
        if want <= peers and (chance * source[page + 2]) >> 16 < peers:
            chance = (chance * 16381 + 13849) & 0xFFFF
            sample(memory, page, width, want, chance, out, at)
            return
        chance = (chance * 16381 + 13849) & 0xFFFF
    total = words[directory] + words[directory + 1]
    unseen = total
    wanted = want
    number = (chance * pages) >> 16
    chance = (chance * 16381 + 13849) & 0xFFFF
    front = at
    back = at + want * width
    while want > 0:
        page = words[directory + 4 + number]
        peers = source[page] + source[page + 1]
        unseen -= peers
        run = peers * wanted * pages // (4 * total) + 1
        if run < want - unseen:
            run = want - unseen
        if run > peers:
            run = peers
        if run > want:
            run = want
        want -= run
        begin = (chance * peers) >> 16
        chance = (chance * 16381 + 13849) & 0xFFFF
        leechers = int(window(memory, page, width, begin, run, out, front, back))
        front += leechers * width
        back -= (run - leechers) * width
        number += 1
        if number == pages:
            number = 0


@micropython.viper
def census(memory, record: int, counts):
    """Writes what `Pools.census` returns to `counts`, four 32-bit words."""
    source = ptr8(memory)
    words = ptr32(memory)
    result = ptr32(counts)
    seeders = 0
    leechers = 0
    family = 2
    while family < 4:
        ref = words[record + family] if record else 0
        before = seeders + leechers
        if ref & 1:
            leechers += words[ref >> 2]
            seeders += words[(ref >> 2) + 1]
        elif ref:
            block = ref if ref > 2 else (record << 2) + 16
            leechers += source[block]
            seeders += source[block + 1]
        result[family] = seeders + leechers - before
        family += 1
    result[0] = seeders
    result[1] = leechers
