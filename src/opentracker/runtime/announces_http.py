"""HTTP announces of known peers in machine code; `announces` hands them over.

A reply is written from its peers backwards: they have a place where they are aligned, and what
stands before them has numbers of any length.
"""

import micropython
from micropython import const
from opentracker.runtime.native import census, renew, sample, sample_pages

# ruff: noqa: F821  (ptr8, ptr16 and ptr32 are types of the viper compiler)

# The tools, which `announces.Announces` lists.
_HASH = const(3)
_PEER_V4 = const(4)
_PEER_V6 = const(5)
_MEMORY = const(6)
_STATE = const(7)
_RENEWED = const(8)
_COUNTS = const(9)
_RANDOM = const(10)
_SAID = const(11)

# Parameters by number, each in 10 bytes, from 0.
_NAME_BYTES = const(10)
_NAMES = b"".join(
    [
        name + bytes(10 - len(name))
        for name in (
            b"info_hash", b"peer_id", b"port", b"left", b"numwant",
            b"event", b"compact", b"compact6", b"ip", b"lognet",
        )
    ]
)  # fmt: skip
_INFO_HASH = const(0)
_PEER_ID = const(1)
_PORT = const(2)
_LEFT = const(3)
_NUMWANT = const(4)
_EVENT = const(5)
_COMPACT = const(6)
_COMPACT6 = const(7)
_LOGNET = const(9)
_UNKNOWN = const(10)

# Kinds of bytes. Names have the first three, values digits and letters; info_hash and peer_id may
# have all of them, and escapes.
_DIGIT = const(1)
_LETTER = const(2)
_LINE = const(4)
_MARK = const(8)
_HEX = const(16)
_IN_NAMES = const(7)
_IN_VALUES = const(3)
_IN_BYTES = const(15)
_KINDS = bytearray(256)
for _kind, _bytes in (
    (_DIGIT, b"0123456789"),
    (_LETTER, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (_LINE, b"_"),
    (_MARK, b"-.~"),
    (_HEX, b"0123456789abcdefABCDEF"),
):
    for _byte in _bytes:
        _KINDS[_byte] |= _kind


def _backwards(*parts):
    """Returns texts as they are written from the last on, each with a NUL behind it."""
    return b"".join([bytes(reversed(part)) + b"\0" for part in reversed(parts)])


# What stands before each number of a reply, and before the peers.
_BODY = _backwards(
    b"d8:completei",
    b"e10:downloadedi",
    b"e10:incompletei",
    b"e8:intervali",
    b"e12:min intervali",
    b"e5:peers",
    b":",
)
_PEERS6 = b"6:peers6"
_HEAD = _backwards(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ", b"\r\n\r\n")
_KEEP = _backwards(
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\nContent-Length: ",
    b"\r\n\r\n",
)
_PEERS_AT = const(256)  # in the buffer: more than head and body need


@micropython.viper
def read(raw, info_hash, said) -> int:
    """Reads the announce that `raw` begins with, a complete request.

    Returns where its query has ended, 0 if it is not a common one. That has an info_hash and a
    port, and means in each parameter what it says at first sight. `said` becomes the port, numwant,
    and whether it seeds.
    """
    text = ptr8(raw)
    kinds = ptr8(_KINDS)
    start = ptr8(b"GET /announce?")
    at = 0
    while at < 14:
        if text[at] != start[at]:
            return 0
        at += 1
    names = ptr8(_NAMES)
    wanted = ptr8(info_hash)
    numbers = ptr32(said)
    numbers[0] = 0
    numbers[1] = 50
    numbers[2] = 0
    hashes = 0
    byte = 38
    while byte == 38:
        first = at
        while kinds[text[at]] & _IN_NAMES:
            at += 1
        length = at - first
        if text[at] != 61 or length == 0:
            return 0
        byte = text[first]
        name = 0
        cursor = 0
        while name < _UNKNOWN:
            if names[cursor] == byte:
                index = 1
                while index < length and names[cursor + index] == text[first + index]:
                    index += 1
                if index == length and (length == _NAME_BYTES or names[cursor + index] == 0):
                    break
            cursor += _NAME_BYTES
            name += 1
        at += 1
        first = at
        if name <= _PEER_ID:
            if name == _INFO_HASH and hashes:
                return 0
            count = 0
            while count < 20:
                byte = text[at]
                if byte == 37:
                    if not kinds[text[at + 1]] & kinds[text[at + 2]] & _HEX:
                        return 0
                    byte = text[at + 1]
                    index = text[at + 2]
                    byte = ((byte & 15) + 9 * (byte >> 6) << 4) + (index & 15) + 9 * (index >> 6)
                    at += 2
                elif not kinds[byte] & _IN_BYTES:
                    return 0
                if name == _INFO_HASH:
                    wanted[count] = byte
                    hashes = 1
                count += 1
                at += 1
        elif name >= _EVENT:
            while kinds[text[at]] & _IN_VALUES:
                at += 1
            count = at - first
            if name == _EVENT:
                # Nothing, or the one that changes nothing.
                if count and count != 7:
                    return 0
                started = ptr8(b"started")
                index = 0
                while index < count:
                    if text[first + index] != started[index]:
                        return 0
                    index += 1
            elif count == 0 or name > _COMPACT and name <= _LOGNET:
                return 0
            elif name == _COMPACT:
                # A number that is not 0.
                at = first
                while text[at] == 48:
                    at += 1
                if not kinds[text[at]] & _DIGIT or count > 9:
                    return 0
                while kinds[text[at]] & _DIGIT:
                    at += 1
        else:
            number = 0
            while kinds[text[at]] & _DIGIT:
                if name == _LEFT:
                    # As many digits as one likes: only whether all of them are 0 matters.
                    number |= text[at] - 48
                elif at - first < 9:
                    number = 10 * number + text[at] - 48
                at += 1
            count = at - first
            if count == 0 or count > 9 and name != _LEFT:
                return 0
            if name == _LEFT:
                if number == 0:
                    numbers[2] = 1
            elif name == _PORT:
                if number > 65535:
                    return 0
                numbers[0] = number
            else:
                numbers[1] = number if number < 200 else 200
        byte = text[at]
        at += 1
    return at if byte == 32 and hashes and numbers[0] else 0


@micropython.viper
def answer(tools, directory, mask: int, raw, ip, keep: int, reply) -> int:
    """Answers the complete request that `raw` begins with; returns what `respond` does, or 0."""
    if int(read(raw, tools[_HASH], tools[_SAID])) == 0:
        return 0
    return int(respond(tools, directory, mask, ip, 0, int(len(ip)), keep, reply))


@micropython.viper
def respond(tools, directory, mask: int, ip, ip_at: int, ip_bytes: int, keep: int, reply) -> int:
    """Answers what was `read` from an address, ip[ip_at:]; returns the place of the reply, or 0.

    It begins where the upper half of 32 bits says, and ends where the lower half does.
    """
    numbers = ptr32(tools[_SAID])
    wanted = tools[_HASH]
    # The peer.
    compact = tools[_PEER_V4 if ip_bytes == 4 else _PEER_V6]
    address = ptr8(compact)
    source = ptr8(ip)
    index = 0
    while index < ip_bytes:
        address[index] = source[ip_at + index]
        index += 1
    address[index] = numbers[0] >> 8
    address[index + 1] = numbers[0]
    memory = tools[_MEMORY]
    width = ip_bytes + 2
    state = tools[_STATE]
    swarm = int(
        renew(
            state, memory, directory, mask, wanted, compact, width, numbers[2], tools[_RENEWED]
        )  # fmt: skip
    )
    if swarm == 0:
        return 0
    counted = tools[_COUNTS]
    census(memory, swarm, counted)
    counts = ptr32(counted)
    words = ptr32(memory)
    downloaded = words[swarm + 1]
    if downloaded < 0:
        return 0
    # How many of each family.
    want = numbers[1]
    v4 = counts[2]
    v6 = counts[3]
    if v4 + v6 > want:
        if v6:
            take = want >> 2
            take_v4 = v4 if v4 < take else take
            take_v6 = v6 if v6 < take else take
            rest = want - take_v4 - take_v6
            left_v4 = v4 - take_v4
            left_v6 = v6 - take_v6
            take_v4 += (rest * (1024 * left_v4 // (left_v4 + left_v6))) >> 10
            take_v6 += (rest * (1024 * left_v6 // (left_v4 + left_v6))) >> 10
            if take_v4 + take_v6 < want and take_v6 < v6:
                take_v6 += 1
            if take_v4 + take_v6 < want and take_v4 < v4:
                take_v4 += 1
            v4 = take_v4
            v6 = take_v6
        else:
            v4 = want
    random = ptr32(tools[_RANDOM])
    chance = (random[0] * 1664525 + 1013904223) & 0x3FFFFFFF
    interval = 1620 + (((chance >> 14) * 360) >> 16)
    chance = (chance * 1664525 + 1013904223) & 0x3FFFFFFF
    # The peers.
    out = ptr8(reply)
    at = _PEERS_AT
    family = 2
    while family < 4:
        take = v4 if family == 2 else v6
        if take:
            if family == 3:
                key = ptr8(_PEERS6)
                index = 0
                while index < 8:
                    out[at + index] = key[index]
                    index += 1
                at += 8 + (4 if v6 > 55 else 3 if v6 > 5 else 2)
                put_number(reply, at, 18 * v6)
                out[at] = 58
                at += 1
            width = 6 if family == 2 else 18
            ref = words[swarm + family]
            if ref & 1:
                sample_pages(memory, ref >> 2, width, take, chance >> 14, reply, at)
            else:
                block = (swarm << 2) + 16 if ref == 2 else ref
                sample(memory, block, width, take, chance >> 14, reply, at)
            at += width * take
            chance = (chance * 1664525 + 1013904223) & 0x3FFFFFFF
        family += 1
    random[0] = chance
    out[at] = 101
    end = at + 1
    # The rest of the body, and the head.
    parts = ptr8(_BODY)
    at = _PEERS_AT
    index = 0
    part = 0
    while index < 8:
        while parts[part]:
            at -= 1
            out[at] = parts[part]
            part += 1
        part += 1
        if index == 6:
            number = end - at
            parts = ptr8(_KEEP if keep else _HEAD)
            part = 0
            while parts[part]:
                at -= 1
                out[at] = parts[part]
                part += 1
            part += 1
        elif index < 6:
            number = interval
            if index == 0:
                number = 6 * v4
            elif index == 1:
                number = interval >> 1
            elif index == 3:
                number = counts[1]
            elif index == 4:
                number = downloaded
            elif index == 5:
                number = counts[0]
        if index < 7:
            at = int(put_number(reply, at, number))
        index += 1
    return (at << 16) + end


@micropython.viper
def put_number(reply, end: int, number: int) -> int:
    """Writes a number that is not negative in decimal, to end at `end`; returns where it begins."""
    out = ptr8(reply)
    while number > 9:
        end -= 1
        rest = number // 10
        out[end] = 48 + number - 10 * rest
        number = rest
    end -= 1
    out[end] = 48 + number
    return end
