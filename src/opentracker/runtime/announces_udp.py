"""UDP requests in machine code; `announces` hands them over.

Each function from `answer` on takes packets of a batch, number `number` and on but for `end`, as
long as they are of its kind and its to answer, and returns the number of the next one: a call from
one function to another costs as much as looking through a page of the table (0.1 us on x86-64).
"""

import micropython
from micropython import const
from opentracker.runtime.native import add, census, find, renew, sample, sample_pages

# ruff: noqa: F821  (ptr8, ptr16 and ptr32 are types of the viper compiler)

# The tools, which `announces.Announces` lists.
_SECRET = const(0)
_TRUSTED_V4 = const(1)
_TRUSTED_V6 = const(2)
_HASH = const(3)
_PEER_V4 = const(4)
_PEER_V6 = const(5)
_MEMORY = const(6)
_STATE = const(7)
_RENEWED = const(8)
_COUNTS = const(9)
_RANDOM = const(10)
_SEATS = const(12)
_HEADS = const(13)
_ANSWERED = const(14)
_HELD = const(15)
_HELD_MASK = const(16)
_ALLOWANCE = const(17)
_ADDED = const(18)

# A table of trusted sources begins with the number of the period of connection ids. Then come SETS
# sets of WAYS seats for sources whose keyed hashes have the same low bits. A seat has the address,
# the period it is from, the id of this period, and another right one (which may be the same).
SETS = const(512)
WAYS = const(4)

# Words of what begins a packet, as `heads` has them.
_MAGIC = const(0)
_CONNECT = const(2)
_ANNOUNCE = const(3)
_SCRAPE = const(4)


@micropython.viper
def route(routing, received: int):
    """Does what `batch.route` does."""
    control = ptr8(routing[0])
    sizes_in = ptr32(routing[1])
    sizes_out = ptr32(routing[2])
    at = int(routing[3])
    size = int(routing[4])
    units = int(routing[5])
    ip_bytes = int(routing[6])
    room = int(routing[7])
    while received:
        interface = at
        if ip_bytes == 16:
            interface = at + 16
        if ip_bytes == 4 or control[at] != 0xFE or control[at + 1] != 0x80:
            index = 0
            while index < 4:
                control[interface + index] = 0
                index += 1
        sizes_out[size] = sizes_in[size]
        sizes_in[size] = room
        at += 64
        size += units
        received -= 1


@micropython.viper
def turn(table):
    """Starts a period: all seats are outdated."""
    known = ptr32(table)
    known[0] = known[0] + 1


@micropython.viper
def seat(tools, names, at: int, step: int, words: int, number: int, end: int):
    """Finds the seats of the sources of packets in the table of their family.

    Each source is `words` words of `names`, from at + step * number on. Its seat becomes a word of
    the tools' seats: twice the word it begins with, plus 1 if the source has it. One that is not
    the source's is an outdated one of its set, or else the one that it may take.
    """
    known = ptr32(tools[_TRUSTED_V4 if words == 1 else _TRUSTED_V6])
    keys = ptr32(tools[_SECRET])
    seats = ptr32(tools[_SEATS])
    name = ptr32(names)
    units = ptr16(names)
    size = words + 5
    period = known[0]
    while number < end:
        source = at + step * number
        total = 0
        index = 0
        while index < 2 * words:
            total += units[2 * source + index] * keys[index]
            index += 1
        place = 1 + ((total >> 15) & (SETS - 1)) * WAYS * size
        free = place + ((total >> 28) & (WAYS - 1)) * size
        last = place + WAYS * size
        while place < last:
            if known[place + words] != period:
                free = place
            else:
                index = 0
                while index < words and known[place + index] == name[source + index]:
                    index += 1
                if index == words:
                    break
            place += size
        seats[number] = 2 * place + 1 if place < last else 2 * free
        number += 1


@micropython.viper
def remember(tools, address, words: int, fresh, given, displaces: int):
    """Gives the source of an id that is right a seat, if need be another's who `displaces` it.

    `fresh` is its id of this period; `given` begins with the right one.
    """
    seat(tools, address, 0, 0, words, 0, 1)
    known = ptr32(tools[_TRUSTED_V4 if words == 1 else _TRUSTED_V6])
    seats = ptr32(tools[_SEATS])
    place = seats[0] >> 1
    period = place + words
    if not displaces and not seats[0] & 1 and known[period] == known[0]:
        return
    source = ptr32(address)
    index = 0
    while index < words:
        known[place + index] = source[index]
        index += 1
    known[period] = known[0]
    made = ptr32(fresh)
    right = ptr32(given)
    index = 0
    while index < 2:
        known[period + 1 + index] = made[index]
        known[period + 3 + index] = right[index]
        index += 1


@micropython.viper
def answer(tools, layout, directory, mask: int, number: int, end: int) -> int:
    """Answers packets of any kind, and counts them by their kind."""
    words = int(layout[7]) >> 2
    seat(tools, layout[4], 1 if words == 1 else 2, 16, words, number, end)
    heads = ptr32(tools[_HEADS])
    answered = ptr32(tools[_ANSWERED])
    packets = layout[2]
    first = -1
    while first < number and number < end:
        first = number
        packet = ptr32(packets[number])
        head = packet[2]
        if head == heads[_ANNOUNCE]:
            number = int(announce(tools, layout, directory, mask, number, end))
            answered[1] = answered[1] + number - first
        elif head == heads[_CONNECT]:
            number = int(connect(tools, layout, number, end))
            answered[0] = answered[0] + number - first
        elif head == heads[_SCRAPE]:
            number = int(scrape(tools, layout, directory, mask, number, end))
            answered[2] = answered[2] + number - first
    return number


@micropython.viper
def connect(tools, layout, number: int, end: int) -> int:
    """Answers connects of sources that have a seat."""
    sizes_in = ptr32(layout[0])
    sizes_out = ptr32(layout[1])
    packets = layout[2]
    replies = layout[3]
    step_in = int(layout[5])
    step_out = int(layout[6])
    words = int(layout[7]) >> 2
    known = ptr32(tools[_TRUSTED_V4 if words == 1 else _TRUSTED_V6])
    seats = ptr32(tools[_SEATS])
    heads = ptr32(tools[_HEADS])
    while number < end and seats[number] & 1 and sizes_in[number * step_in] >= 16:
        given = ptr32(packets[number])
        if given[0] != heads[_MAGIC] or given[1] != heads[_MAGIC + 1]:
            break
        if given[2] != heads[_CONNECT]:
            break
        fresh = (seats[number] >> 1) + words + 1
        out = ptr32(replies[number])
        out[0] = heads[_CONNECT]
        out[1] = given[3]
        out[2] = known[fresh]
        out[3] = known[fresh + 1]
        sizes_out[number * step_out] = 16
        number += 1
    return number


@micropython.viper
def announce(tools, layout, directory, mask: int, number: int, end: int) -> int:
    """Answers announces without an event, or with "started", of peers of known swarms."""
    sizes_in = ptr32(layout[0])
    sizes_out = ptr32(layout[1])
    packets = layout[2]
    replies = layout[3]
    step_in = int(layout[5])
    step_out = int(layout[6])
    words = int(layout[7]) >> 2
    width = 4 * words + 2
    family = 2 if words == 1 else 3
    most = 200 if words == 1 else 66
    known = ptr32(tools[_TRUSTED_V4 if words == 1 else _TRUSTED_V6])
    seats = ptr32(tools[_SEATS])
    heads = ptr32(tools[_HEADS])
    wanted = tools[_HASH]
    info_hash = ptr32(wanted)
    compact = tools[_PEER_V4 if words == 1 else _PEER_V6]
    peer = ptr16(compact)
    memory = tools[_MEMORY]
    cells = ptr32(memory)
    state = tools[_STATE]
    renewed = tools[_RENEWED]
    held = tools[_HELD]
    slots = int(tools[_HELD_MASK])
    allowance = int(tools[_ALLOWANCE])
    added = tools[_ADDED]
    counted = tools[_COUNTS]
    counts = ptr32(counted)
    numbers = ptr32(tools[_RANDOM])
    while number < end and seats[number] & 1 and sizes_in[number * step_in] >= 98:
        packet = packets[number]
        given = ptr32(packet)
        if given[2] != heads[_ANNOUNCE]:
            break
        source = seats[number] >> 1
        right = source + words + 1
        if given[0] != known[right] or given[1] != known[right + 1]:
            right += 2
        if given[0] != known[right] or given[1] != known[right + 1]:
            break
        # The event: none, or the one with the number that a scrape has among actions.
        if given[20] != heads[_CONNECT] and given[20] != heads[_SCRAPE]:
            break
        asked = ptr16(packet)
        if asked[48] == 0:
            break
        index = 0
        while index < 5:
            info_hash[index] = given[4 + index]
            index += 1
        name = ptr16(known)
        index = 0
        while index < 2 * words:
            peer[index] = name[2 * source + index]
            index += 1
        peer[index] = asked[48]
        seeding = 0 if given[16] | given[17] else 1
        swarm = int(renew(state, memory, directory, mask, wanted, compact, width, seeding, renewed))
        if swarm == 0:
            swarm = int(add(state, memory, compact, width, seeding, held, slots, allowance, added))
        if swarm == 0:
            break
        census(memory, swarm, counted)
        # The reply.
        chance = (numbers[0] * 1664525 + 1013904223) & 0x3FFFFFFF
        interval = 1620 + (((chance >> 14) * 360) >> 16)
        chance = (chance * 1664525 + 1013904223) & 0x3FFFFFFF
        numbers[0] = chance
        reply = replies[number]
        head = ptr32(reply)
        head[0] = heads[_ANNOUNCE]
        head[1] = given[3]
        out = ptr8(reply)
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
        want = counts[family]
        if want > most:
            want = most
        text = ptr8(packet)
        if not text[92] | text[93] | text[94] and text[95] < want:
            want = text[95]
        if want:
            ref = cells[swarm + family]
            if ref & 1:
                sample_pages(memory, ref >> 2, width, want, chance >> 14, reply, 20)
            else:
                block = (swarm << 2) + 16 if ref == 2 else ref
                sample(memory, block, width, want, chance >> 14, reply, 20)
        sizes_out[number * step_out] = 20 + width * want
        number += 1
    return number


@micropython.viper
def scrape(tools, layout, directory, mask: int, number: int, end: int) -> int:
    """Answers scrapes."""
    sizes_in = ptr32(layout[0])
    sizes_out = ptr32(layout[1])
    packets = layout[2]
    replies = layout[3]
    step_in = int(layout[5])
    step_out = int(layout[6])
    words = int(layout[7]) >> 2
    known = ptr32(tools[_TRUSTED_V4 if words == 1 else _TRUSTED_V6])
    seats = ptr32(tools[_SEATS])
    heads = ptr32(tools[_HEADS])
    wanted = tools[_HASH]
    info_hash = ptr32(wanted)
    memory = tools[_MEMORY]
    cells = ptr32(memory)
    state = tools[_STATE]
    counted = tools[_COUNTS]
    counts = ptr32(counted)
    while number < end and seats[number] & 1 and sizes_in[number * step_in] >= 16:
        given = ptr32(packets[number])
        if given[2] != heads[_SCRAPE]:
            break
        right = (seats[number] >> 1) + words + 1
        if given[0] != known[right] or given[1] != known[right + 1]:
            right += 2
        if given[0] != known[right] or given[1] != known[right + 1]:
            break
        scraped = (sizes_in[number * step_in] - 16) // 20
        if scraped > 75:
            scraped = 75
        reply = replies[number]
        head = ptr32(reply)
        head[0] = heads[_SCRAPE]
        head[1] = given[3]
        out = ptr8(reply)
        at = 8
        item = 0
        while item < scraped:
            index = 0
            while index < 5:
                info_hash[index] = given[4 + 5 * item + index]
                index += 1
            swarm = int(find(state, memory, directory, mask, wanted))
            census(memory, swarm, counted)
            counts[2] = counts[1]
            counts[1] = cells[swarm + 1] if swarm else 0
            index = 0
            while index < 3:
                count = counts[index]
                out[at] = count >> 24
                out[at + 1] = count >> 16
                out[at + 2] = count >> 8
                out[at + 3] = count
                at += 4
                index += 1
            item += 1
        sizes_out[number * step_out] = at
        number += 1
    return number
