"""A block of peers of one address family: what an IPv4 or IPv6 list is made of.

    0   u8   leechers
    1   u8   seeders
    2   u8   capacity in peers
    3   u8   the minute (modulo 64) before which no peer can expire, or UNKNOWN
    4        addresses, 6 or 18 bytes each as BEP 23 and BEP 7 send them: leechers, then seeders
    ...      a mark for each address, in the same order

Addresses lie side by side so that `find` searches them in C and a sample of them is a few large
copies. A mark holds the minute of the last announce modulo 64, which tells ages up to an hour
apart, and whether this peer's completed event has been counted.
"""

from struct import pack_into

from opentracker.pools.arena import put

SEEDERS, CAPACITY, DUE, ADDRESSES = 1, 2, 3, 4
UNKNOWN = 0x40
MINUTES = 64
MINUTE_MASK = MINUTES - 1
COMPLETED = 0x80


def bytes_for(peers, width):
    """Returns the size in bytes of a block of `peers` with addresses of `width` bytes."""
    return ADDRESSES + peers * (width + 1)


def capacity_of(size, width):
    """Returns how many peers a block of `size` bytes holds."""
    return (size - ADDRESSES) // (width + 1)


def create(memory, block, size, width):
    """Makes an empty block of `size` bytes at offset `block`."""
    memory[block] = memory[block + SEEDERS] = 0
    memory[block + CAPACITY] = capacity_of(size, width)
    memory[block + DUE] = UNKNOWN


def find(memory, block, width, prefix):
    """Returns the index of a peer whose compact address begins with `prefix`, or -1."""
    start = block + ADDRESSES
    end = start + (memory[block] + memory[block + SEEDERS]) * width
    at = memory.find(prefix, start, end)
    while at >= 0 and (at - start) % width:
        at = memory.find(prefix, at + 1, end)
    return (at - start) // width if at >= 0 else -1


def address_at(memory, block, width, index):
    """Returns the compact address of the peer at `index`."""
    at = block + ADDRESSES + width * index
    return bytes(memory[at : at + width])


def mark_at(memory, block, width):
    """Returns the offset of the first mark."""
    return block + ADDRESSES + width * memory[block + CAPACITY]


def insert(memory, block, peer, mark, seeding):
    """Adds a peer to a block that has room."""
    width = len(peer)
    leechers = memory[block]
    peers = leechers + memory[block + SEEDERS]
    if seeding:
        index = peers
        memory[block + SEEDERS] += 1
    else:
        index = leechers
        _move(memory, block, width, leechers, peers)
        memory[block] = leechers + 1
    at = block + ADDRESSES + width * index
    pack_into("6s" if width == 6 else "18s", memory, at, peer)
    memory[mark_at(memory, block, width) + index] = mark


def delete(memory, block, width, index):
    """Removes the peer at `index`; peers after it may change their places."""
    leechers = memory[block]
    last = leechers + memory[block + SEEDERS] - 1
    if index < leechers:
        leechers -= 1
        _move(memory, block, width, leechers, index)
        _move(memory, block, width, last, leechers)
        memory[block] = leechers
    else:
        _move(memory, block, width, last, index)
        memory[block + SEEDERS] -= 1


def change_side(memory, block, width, index):
    """Makes the leecher at `index` a seeder, or the seeder a leecher."""
    leechers = memory[block]
    border = leechers - 1 if index < leechers else leechers
    start, marks = block + ADDRESSES, mark_at(memory, block, width)
    one, other = start + width * index, start + width * border
    peer, mark = bytes(memory[one : one + width]), memory[marks + index]
    _move(memory, block, width, border, index)
    put(memory, other, peer)
    memory[marks + border] = mark
    step = -1 if index < leechers else 1
    memory[block] = leechers + step
    memory[block + SEEDERS] -= step


def copy(memory, block, target, width):
    """Copies all peers of a block to the new block `target`, which is large enough."""
    leechers, seeders = memory[block], memory[block + SEEDERS]
    peers = leechers + seeders
    memory[target], memory[target + SEEDERS] = leechers, seeders
    source, place, size = block + ADDRESSES, target + ADDRESSES, width * peers
    put(memory, place, memory[source : source + size])
    source, place = mark_at(memory, block, width), mark_at(memory, target, width)
    put(memory, place, memory[source : source + peers])


def _move(memory, block, width, source, target):
    if source != target:
        start = block + ADDRESSES
        one, other = start + width * source, start + width * target
        pack_into("6s" if width == 6 else "18s", memory, other, memory[one : one + width])
        marks = mark_at(memory, block, width)
        memory[marks + target] = memory[marks + source]


def sample(memory, block, width, want, chance, out, at):
    """Writes `want` distinct random addresses to `out` from `at` on, leechers first.

    `want` is at most the number of peers, `chance` a random number of 16 bits. Larger samples are
    four runs of neighbours, a quarter of the block apart, so that leechers and seeders are in them
    as in the block; every peer is as likely as any other. With memoryviews for `memory` and `out`
    it takes a quarter less on CPython, a third less on MicroPython.
    """
    peers = memory[block] + memory[block + SEEDERS]
    start = block + ADDRESSES
    if want >= peers:
        size = peers * width
        out[at : at + size] = memory[start : start + size]
        return
    first = chance * peers >> 16
    begin = start + first * width
    if want < 12 or peers < 2 * want:
        over = first + want - peers
        if over > 0:
            size = over * width
            out[at : at + size] = memory[start : start + size]
            at += size
            want -= over
        size = want * width
        out[at : at + size] = memory[begin : begin + size]
        return
    step, run = peers >> 2, want >> 2
    last = want - 3 * run
    # Runs that begin past the end begin at the start instead, and so come first; so does what the
    # last run before them has past the end.
    before_end = (peers - first - 1) // step + 1
    if before_end > 4:
        before_end = 4
    over = first + (before_end - 1) * step + (run if before_end < 4 else last) - peers
    over = over * width if over > 0 else 0
    wrapped = begin + (before_end * step - peers) * width
    step *= width
    run *= width
    last *= width
    if over:
        out[at : at + over] = memory[start : start + over]
        at += over
    if before_end < 4:
        for _ in range(before_end, 3):
            out[at : at + run] = memory[wrapped : wrapped + run]
            at += run
            wrapped += step
        out[at : at + last] = memory[wrapped : wrapped + last]
        at += last
        last = run
    for _ in range(1, before_end):
        out[at : at + run] = memory[begin : begin + run]
        at += run
        begin += step
    last -= over
    out[at : at + last] = memory[begin : begin + last]


def window(memory, block, width, begin, count, out, front, back):
    """Writes `count` neighbours from `begin` on: leechers at `front`, seeders before `back`.

    Past the last peer it goes on with the first. Returns the number of leechers.
    """
    leechers = memory[block]
    end = begin + count
    over = end - leechers - memory[block + SEEDERS]
    if end <= leechers:
        size = count * width
        start = block + ADDRESSES + begin * width
        out[front : front + size] = memory[start : start + size]
        return count
    written = 0
    if over > 0:
        end -= over
        written = _copy_out(memory, block, width, 0, over, out, front, back)
        back -= (over - written) * width
        front += written * width
    return written + _copy_out(memory, block, width, begin, end, out, front, back)


def _copy_out(memory, block, width, begin, end, out, front, back):
    leechers = memory[block]
    border = begin
    start = block + ADDRESSES + width * begin
    if begin < leechers:
        border = end if end < leechers else leechers
        size = width * (border - begin)
        out[front : front + size] = memory[start : start + size]
        start += size
    if border < end:
        size = width * (end - border)
        out[back - size : back] = memory[start : start + size]
    return border - begin
