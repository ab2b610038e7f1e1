"""The pools' hot paths in machine code, where MicroPython can emit it: x86, ARM 32-bit, RISC-V 32.

Elsewhere compiling this file is a SyntaxError, so nothing imports it but in a `try`. The truth is
the plain code in `pools`; this does the same to the same memory for the common cases, and says when
a case is not common.

The layouts are those of `pools.swarms`, `pools.blocks`, `pools.peers` and `pools.directory`.
"""

from array import array
from os import urandom

import micropython
from micropython import const

# ruff: noqa: F821  (ptr8, ptr16 and ptr32 are types of the viper compiler)

_SWARM_BYTES = const(20)
# The state: a key for each byte that is hashed, what else the functions have to know, and the swarm
# and block that `renew` has looked for a peer in.
_SWARM_KEYS = const(0)
_PEER_KEYS = const(20)
_GROUP_KEYS = const(38)
_MINUTE = const(46)
_IS_WIDE = const(47)
_RECORD = const(48)
_BLOCK = const(49)
_STATE_WORDS = const(50)
_MOST_NARROW_PAGES = const(65536)


class Keys:
    """The secrets of the hashes, and the minute: what `renew` needs besides the arena."""

    def __init__(self, pages=0):
        """`pages` in the arena: a directory of more than 65,536 has 32 bits for each."""
        self.state = array("I", urandom(4 * _STATE_WORDS))
        self.state[_IS_WIDE] = pages > _MOST_NARROW_PAGES
        self.set_minute(0)

    def set_minute(self, minute):
        """Sets the minute (0 to 63) that peers are marked with."""
        self.state[_MINUTE] = minute

    def hash_swarm(self, info_hash):
        """Returns the keyed hash of an info_hash, 25 bits."""
        return keyed_hash(self.state, _SWARM_KEYS, info_hash, _SWARM_BYTES)

    def hash_peer(self, peer):
        """Returns the keyed hash of a compact peer, 25 bits."""
        return keyed_hash(self.state, _PEER_KEYS, peer, len(peer))

    def hash_group(self, group):
        """Returns the keyed hash of an address group (4 or 8 bytes), 25 bits."""
        return keyed_hash(self.state, _GROUP_KEYS, group, len(group))


@micropython.viper
def keyed_hash(state, first: int, text, size: int) -> int:
    # Multilinear hashing: bytes times secret 32-bit keys; the upper 25 bits of the sum are
    # universal (Lemire and Kaser, "Strongly universal string hashing is fast").
    keys = ptr32(state)
    byte = ptr8(text)
    total = 0
    index = 0
    while index < size:
        total += byte[index] * keys[first + index]
        index += 1
    return (total >> 7) & 0x1FFFFFF


@micropython.viper
def find(state, memory, directory, mask: int, info_hash) -> int:
    """Returns the swarm of an info_hash, or 0."""
    keys = ptr32(state)
    byte = ptr8(info_hash)
    total = 0
    index = 0
    while index < _SWARM_BYTES:
        total += byte[index] * keys[index]
        index += 1
    number = (total >> 7) & mask
    if keys[_IS_WIDE]:
        wide = ptr32(directory)
        page = wide[number] << 8
    else:
        narrow = ptr16(directory)
        page = narrow[number] << 8
    words = ptr32(memory)
    wanted = ptr32(info_hash)
    begin = wanted[0]
    bytes8 = ptr8(memory)
    slots = bytes8[page << 2]
    at = page + 1
    slot = 0
    while slot < slots:
        if words[at] == begin:
            index = 1
            while index < 5 and words[at + index] == wanted[index]:
                index += 1
            if index == 5:
                return page + 86 + 10 * slot
        at += 5
        slot += 1
    return 0


@micropython.viper
def renew(
    state, memory, directory, mask: int, info_hash, peer, width: int, seeding: int, renewed
) -> int:
    """Marks a known peer that stays on its side as announced; returns its swarm, else 0.

    The age it had is counted in `renewed`, and its last word is set to it.
    """
    keys = ptr32(state)
    keys[_BLOCK] = 0
    record = int(find(state, memory, directory, mask, info_hash))
    if record == 0:
        return 0
    bytes8 = ptr8(memory)
    bytes16 = ptr16(memory)
    words = ptr32(memory)
    ref = words[record + (2 if width == 6 else 3)]
    if ref == 0:
        return 0
    block = ref
    if ref == 2:
        block = (record << 2) + 16
    elif ref & 1:
        list_of_pages = ref >> 2
        level = words[list_of_pages + 3]
        number = int(keyed_hash(state, _PEER_KEYS, peer, width)) & (2 * level - 1)
        if number >= words[list_of_pages + 2]:
            number = number & (level - 1)
        block = words[list_of_pages + 4 + number]
    leechers = bytes8[block]
    peers = leechers + bytes8[block + 1]
    address = ptr16(peer)
    units = width >> 1
    port = address[units - 1]
    at = (block >> 1) + 1 + units
    end = at + units * peers
    index = 0
    while at < end:
        if bytes16[at] == port:
            index = 1
            while index < units and bytes16[at - index] == address[units - 1 - index]:
                index += 1
            if index == units:
                break
        at += units
    if at >= end:
        keys[_RECORD] = record
        keys[_BLOCK] = block
        return 0
    index = peers - (end - at) // units
    if seeding != (1 if index >= leechers else 0):
        return 0
    minute = keys[_MINUTE]
    mark = block + 4 + width * bytes8[block + 2] + index
    age = (minute - bytes8[mark]) & 63
    ages = ptr32(renewed)
    ages[age] = ages[age] + 1
    ages[64] = age
    bytes8[mark] = bytes8[mark] & 0x80 | minute
    bytes8[(record << 2) + 3] = bytes8[(record << 2) + 3] | 0x80
    return record


@micropython.viper
def add(
    state, memory, peer, width: int, seeding: int, held, mask: int, allowance: int, added
) -> int:
    """Adds the peer that `renew` has just not found, if its block has room; returns its swarm or 0.

    `held`, its mask and `allowance` are the ledger's. The peer is counted in `added`: all, IPv4
    peers and seeders, IPv6 peers and seeders. All else is done as `PeerLists.put` does it.
    """
    keys = ptr32(state)
    bytes8 = ptr8(memory)
    bytes16 = ptr16(memory)
    words = ptr32(memory)
    block = keys[_BLOCK]
    if block == 0:
        return 0
    leechers = bytes8[block]
    peers = leechers + bytes8[block + 1]
    capacity = bytes8[block + 2]
    group = 4 if width == 6 else 8
    cost = 1 if width == 6 else 3
    address = ptr8(peer)
    total = 0
    index = 0
    while index < group:
        total += address[index] * keys[_GROUP_KEYS + index]
        index += 1
    owed = ptr32(held)
    owner = (total >> 7) & mask
    if peers == capacity or owed[owner] + cost > allowance:
        return 0
    owed[owner] = owed[owner] + cost
    record = keys[_RECORD]
    ref = words[record + (2 if width == 6 else 3)]
    if ref & 1:
        side = (ref >> 2) + seeding
        words[side] = words[side] + 1
    counts = ptr32(added)
    counts[0] = counts[0] + 1
    side = 1 if width == 6 else 3
    counts[side] = counts[side] + 1
    counts[side + 1] = counts[side + 1] + seeding
    # A leecher takes the place of the first seeder, which goes to the end.
    units = width >> 1
    first = (block >> 1) + 2
    marks = block + 4 + width * capacity
    at = first + units * peers
    place = peers
    if not seeding:
        place = leechers
        index = 0
        while index < units:
            bytes16[at + index] = bytes16[first + units * place + index]
            index += 1
        bytes8[marks + peers] = bytes8[marks + place]
        at = first + units * place
    bytes8[block + seeding] = bytes8[block + seeding] + 1
    unit = ptr16(peer)
    index = 0
    while index < units:
        bytes16[at + index] = unit[index]
        index += 1
    bytes8[marks + place] = keys[_MINUTE]
    bytes8[(record << 2) + 3] = bytes8[(record << 2) + 3] | 0x80
    return record


@micropython.viper
def sample(memory, block: int, width: int, want: int, chance: int, out, at: int):
    """Does what `pools.blocks.sample` does; `chance` is a random number of 16 bits."""
    source = ptr8(memory)
    target = ptr8(out)
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
        # An address is six bytes at least. Constant offsets from pointers that move take half the
        # time of indices; 16 bits at a time, where the place allows it, half the time of 8.
        end = at + size
        from_place = int(source) + place
        to_place = int(target) + at
        if at & 1:
            while at < end:
                from_byte = ptr8(from_place)
                to_byte = ptr8(to_place)
                to_byte[0] = from_byte[0]
                to_byte[1] = from_byte[1]
                to_byte[2] = from_byte[2]
                to_byte[3] = from_byte[3]
                to_byte[4] = from_byte[4]
                to_byte[5] = from_byte[5]
                from_place += 6
                to_place += 6
                at += 6
        else:
            while at < end:
                from_unit = ptr16(from_place)
                to_unit = ptr16(to_place)
                to_unit[0] = from_unit[0]
                to_unit[1] = from_unit[1]
                to_unit[2] = from_unit[2]
                from_place += 6
                to_place += 6
                at += 6


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
    number = 0
    is_whole = 0
    tries = 8 if want <= 64 else 0
    while tries > 0:
        tries -= 1
        number = (chance * pages) >> 16
        page = words[directory + 4 + number]
        peers = source[page] + source[page + 1]
        chance = (chance * 16381 + 13849) & 0xFFFF
        if (chance * source[page + 2]) >> 16 < peers:
            chance = (chance * 16381 + 13849) & 0xFFFF
            if want <= peers:
                sample(memory, page, width, want, chance, out, at)
                return
            is_whole = 1
            break
        chance = (chance * 16381 + 13849) & 0xFFFF
    total = words[directory] + words[directory + 1]
    unseen = total
    wanted = want
    if is_whole == 0:
        number = (chance * pages) >> 16
        chance = (chance * 16381 + 13849) & 0xFFFF
    front = at
    back = at + want * width
    while want > 0:
        page = words[directory + 4 + number]
        peers = source[page] + source[page + 1]
        unseen -= peers
        run = peers if is_whole else peers * wanted * pages // (4 * total) + 1
        is_whole = 0
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
            block = (record << 2) + 16 if ref == 2 else ref
            leechers += source[block]
            seeders += source[block + 1]
        result[family] = seeders + leechers - before
        family += 1
    result[0] = seeders
    result[1] = leechers
