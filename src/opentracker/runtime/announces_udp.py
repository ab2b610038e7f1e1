"""UDP announces of known peers in machine code; `announces` hands them over."""

import micropython
from micropython import const
from opentracker.runtime.native import census, renew, sample, sample_pages

# ruff: noqa: F821  (ptr8, ptr16 and ptr32 are types of the viper compiler)

# The tools, which `announces.Announces` lists.
_SECRET = const(0)
_IDS_V4 = const(1)
_IDS_V6 = const(2)
_HASH = const(3)
_PEER_V4 = const(4)
_PEER_V6 = const(5)
_MEMORY = const(6)
_STATE = const(7)
_RENEWED = const(8)
_COUNTS = const(9)
_RANDOM = const(10)


@micropython.viper
def clear(table, words: int):
    kept = ptr32(table)
    while words > 0:
        words -= 1
        kept[words] = 0


@micropython.viper
def place_of(secret, address, at: int, words: int) -> int:
    """Returns where in a table the connection id of an address (at[at:]) belongs, as a word."""
    factors = ptr32(secret)
    parts = ptr32(address)
    total = 0
    index = 0
    while index < words:
        part = parts[at + index]
        total += (part & 0xFFFF) * factors[index & 3] + ((part >> 16) & 0xFFFF) * factors[index & 1]
        index += 1
    return ((total >> 8) & 255) * (words + 2)


@micropython.viper
def remember(table, secret, address, words: int, packet):
    kept = ptr32(table)
    given = ptr32(packet)
    source = ptr32(address)
    place = int(place_of(secret, address, 0, words))
    index = 0
    while index < words:
        kept[place + index] = source[index]
        index += 1
    kept[place + words] = given[0]
    kept[place + words + 1] = given[1]


@micropython.viper
def answer(tools, layout, directory, mask: int, number: int, end: int) -> int:
    sizes_in = ptr32(layout[0])
    sizes_out = ptr32(layout[1])
    packets = layout[2]
    replies = layout[3]
    names = layout[4]
    step_in = int(layout[5])
    step_out = int(layout[6])
    width = int(layout[7]) + 2
    while number < end and sizes_in[number * step_in] >= 98:
        written = int(
            announce(tools, directory, mask, packets[number], names, number, width, replies[number])
        )
        if written == 0:
            break
        sizes_out[number * step_out] = written
        number += 1
    return number


@micropython.viper
def announce(tools, directory, mask: int, packet, names, number: int, width: int, reply) -> int:
    """Answers one announce of 98 bytes or more; returns the size of the reply, or 0."""
    asked = ptr8(packet)
    if asked[11] != 1 or asked[8] | asked[9] | asked[10] | asked[80] | asked[81] | asked[82]:
        return 0
    if asked[83] & 0xFD or not asked[96] | asked[97]:
        return 0
    # The connection id: the last right one of this source.
    words = (width - 2) >> 2
    source = 16 * number + (1 if words == 1 else 2)
    place = int(place_of(tools[_SECRET], names, source, words))
    kept = ptr32(tools[_IDS_V4 if words == 1 else _IDS_V6])
    given = ptr32(packet)
    name = ptr32(names)
    if kept[place + words] != given[0] or kept[place + words + 1] != given[1]:
        return 0
    index = 0
    while index < words:
        if kept[place + index] != name[source + index]:
            return 0
        index += 1
    # The peer.
    wanted = tools[_HASH]
    info_hash = ptr32(wanted)
    index = 0
    while index < 5:
        info_hash[index] = given[4 + index]
        index += 1
    compact = tools[_PEER_V4 if words == 1 else _PEER_V6]
    units = ptr16(compact)
    name16 = ptr16(names)
    index = 0
    while index < 2 * words:
        units[index] = name16[2 * source + index]
        index += 1
    units[index] = ptr16(packet)[48]
    seeding = 0 if given[16] | given[17] else 1
    memory = tools[_MEMORY]
    swarm = int(
        renew(
            tools[_STATE], memory, directory, mask, wanted, compact, width, seeding, tools[_RENEWED]
        )
    )
    if swarm == 0:
        return 0
    counted = tools[_COUNTS]
    census(memory, swarm, counted)
    counts = ptr32(counted)
    # The reply.
    numbers = ptr32(tools[_RANDOM])
    chance = (numbers[0] * 1664525 + 1013904223) & 0x3FFFFFFF
    interval = 1620 + (((chance >> 14) * 360) >> 16)
    chance = (chance * 1664525 + 1013904223) & 0x3FFFFFFF
    numbers[0] = chance
    out = ptr8(reply)
    out[0] = out[1] = out[2] = 0
    out[3] = 1
    index = 4
    while index < 8:
        out[index] = asked[8 + index]
        index += 1
    out[8] = out[9] = 0
    out[10] = interval >> 8
    out[11] = interval
    index = 0
    while index < 2:
        count = counts[1 - index]
        out[12 + 4 * index] = count >> 24
        out[13 + 4 * index] = count >> 16
        out[14 + 4 * index] = count >> 8
        out[15 + 4 * index] = count
        index += 1
    want = counts[2 if words == 1 else 3]
    most = 200 if words == 1 else 66
    if want > most:
        want = most
    if not asked[92] | asked[93] | asked[94] and asked[95] < want:
        want = asked[95]
    if want == 0:
        return 20
    cells = ptr32(memory)
    ref = cells[swarm + (2 if words == 1 else 3)]
    if ref & 1:
        sample_pages(memory, ref >> 2, width, want, chance >> 14, reply, 20)
    else:
        block = (swarm << 2) + 16 if ref == 2 else ref
        sample(memory, block, width, want, chance >> 14, reply, 20)
    return 20 + width * want
