"""HTTP announces of known peers in machine code; `announces` hands them over."""

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

# Parameters by number, from 0; a name ends with NUL, and so do the names.
_NAMES = b"info_hash\0peer_id\0port\0left\0numwant\0event\0compact\0compact6\0ip\0lognet\0\0"
_INFO_HASH = const(0)
_PEER_ID = const(1)
_PORT = const(2)
_LEFT = const(3)
_NUMWANT = const(4)
_EVENT = const(5)
_COMPACT = const(6)
_LOGNET = const(9)

# Kinds of bytes. Names have the first three, values digits and letters; info_hash and peer_id may
# have all of them, and escapes.
_DIGIT = const(1)
_LETTER = const(2)
_LINE = const(4)
_MARK = const(8)
_IN_NAMES = const(7)
_IN_VALUES = const(3)
_KINDS = bytearray(256)
for _kind, _bytes in (
    (_DIGIT, b"0123456789"),
    (_LETTER, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (_LINE, b"_"),
    (_MARK, b"-.~"),
):
    for _byte in _bytes:
        _KINDS[_byte] = _kind

# What stands before each number of a reply, and before the peers.
_BODY = (
    b"d8:completei\0e10:downloadedi\0e10:incompletei\0e8:intervali\0e12:min intervali\0"
    b"e5:peers\0:\0"
)
_PEERS6 = b"6:peers6"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
_KEEP = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\nContent-Length: "
_HEAD_BYTES = const(59)
_KEEP_BYTES = const(83)
_BODY_AT = const(128)  # in the buffer, where the head ends


@micropython.viper
def read(raw, size: int, info_hash, said) -> int:
    """Reads the announce raw[:size], a complete request; returns 0 if it is not a common one.

    A common one has an info_hash and a port, and means in each parameter what it says at first
    sight. `said` becomes the port, numwant, and whether it seeds.
    """
    text = ptr8(raw)
    start = ptr8(b"GET /announce?")
    at = 0
    while at < 14:
        if text[at] != start[at]:
            return 0
        at += 1
    kinds = ptr8(_KINDS)
    names = ptr8(_NAMES)
    wanted = ptr8(info_hash)
    numbers = ptr32(said)
    numbers[0] = 0
    numbers[1] = 50
    numbers[2] = 0
    hashes = 0
    byte = 38
    while byte == 38:
        begin = at
        byte = text[at]
        while kinds[byte] & _IN_NAMES:
            at += 1
            byte = text[at]
        length = at - begin
        if byte != 61 or length == 0:
            return 0
        name = 0
        cursor = 0
        while names[cursor]:
            same = 0
            while same < length and names[cursor + same] == text[begin + same]:
                same += 1
            if same == length and names[cursor + same] == 0:
                break
            while names[cursor]:
                cursor += 1
            cursor += 1
            name += 1
        # The value.
        at += 1
        begin = at
        count = 0
        number = 0
        seen = 0
        byte = text[at]
        while byte != 38 and byte != 32:
            kind = kinds[byte]
            seen |= kind
            if byte == 37 and name <= _PEER_ID:
                value = 0
                index = 1
                while index < 3:
                    byte = text[at + index]
                    if kinds[byte] & _DIGIT:
                        byte -= 48
                    else:
                        byte = (byte | 32) - 87
                        if byte < 10 or byte > 15:
                            return 0
                    value = (value << 4) + byte
                    index += 1
                at += 2
                byte = value
            elif kind == 0 or kind > _IN_VALUES and name > _PEER_ID:
                return 0
            elif count < 9:
                number = 10 * number + byte - 48
            if name == _INFO_HASH and count < 20:
                wanted[count] = byte
            count += 1
            at += 1
            byte = text[at]
        if name <= _PEER_ID:
            if count != 20 or name == _INFO_HASH and hashes:
                return 0
            if name == _INFO_HASH:
                hashes = 1
        elif name == _EVENT:
            # Nothing, or the one that changes nothing.
            if count and count != 7:
                return 0
            started = ptr8(b"started")
            index = 0
            while index < count:
                if text[begin + index] != started[index]:
                    return 0
                index += 1
        elif count == 0 or name > _COMPACT and name <= _LOGNET:
            return 0
        elif name == _LEFT:
            # As many digits as one likes: only whether all of them are 0 matters.
            if seen != _DIGIT:
                return 0
            index = 0
            while index < count and text[begin + index] == 48:
                index += 1
            if index == count:
                numbers[2] = 1
        elif name <= _COMPACT:
            if seen != _DIGIT or count > 9:
                return 0
            if name == _PORT:
                if number > 65535:
                    return 0
                numbers[0] = number
            elif name == _NUMWANT:
                numbers[1] = number if number < 200 else 200
            elif number == 0:
                return 0
        at += 1
    return 1 if hashes and numbers[0] else 0


@micropython.viper
def answer(tools, directory, mask: int, raw, size: int, ip, ip_bytes: int, keep: int, reply) -> int:
    """Answers an announce from an address; returns where the reply begins and ends, 0 if not.

    Its begin is the upper half of 32 bits.
    """
    wanted = tools[_HASH]
    said = tools[_SAID]
    if int(read(raw, size, wanted, said)) == 0:
        return 0
    numbers = ptr32(said)
    # The peer.
    compact = tools[_PEER_V4 if ip_bytes == 4 else _PEER_V6]
    address = ptr8(compact)
    source = ptr8(ip)
    index = 0
    while index < ip_bytes:
        address[index] = source[index]
        index += 1
    address[index] = numbers[0] >> 8
    address[index + 1] = numbers[0]
    memory = tools[_MEMORY]
    swarm = int(
        renew(
            tools[_STATE],
            memory,
            directory,
            mask,
            wanted,
            compact,
            ip_bytes + 2,
            numbers[2],
            tools[_RENEWED],
        )
    )
    if swarm == 0:
        return 0
    counted = tools[_COUNTS]
    census(memory, swarm, counted)
    counts = ptr32(counted)
    words = ptr32(memory)
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
    # The body up to the peers.
    random = ptr32(tools[_RANDOM])
    chance = (random[0] * 1664525 + 1013904223) & 0x3FFFFFFF
    interval = 1620 + (((chance >> 14) * 360) >> 16)
    chance = (chance * 1664525 + 1013904223) & 0x3FFFFFFF
    random[0] = chance
    out = ptr8(reply)
    parts = ptr8(_BODY)
    at = _BODY_AT
    part = 0
    index = 0
    while index < 7:
        while parts[part]:
            out[at] = parts[part]
            at += 1
            part += 1
        part += 1
        if index < 6:
            number = interval
            if index == 0:
                number = counts[0]
            elif index == 1:
                number = words[swarm + 1]
                if number < 0:
                    return 0
            elif index == 2:
                number = counts[1]
            elif index == 4:
                number = interval >> 1
            elif index == 5:
                number = 6 * v4
            at = int(put_number(reply, at, number))
        index += 1
    # The peers.
    family = 2
    while family < 4:
        take = v4 if family == 2 else v6
        if take:
            if family == 3:
                key = ptr8(_PEERS6)
                index = 0
                while index < 8:
                    out[at] = key[index]
                    at += 1
                    index += 1
                at = int(put_number(reply, at, 18 * v6))
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
    out[at] = 101
    at += 1
    # The head, which ends where the body begins.
    first = ptr8(_KEEP if keep else _HEAD)
    size = _KEEP_BYTES if keep else _HEAD_BYTES
    length = at - _BODY_AT
    begin = _BODY_AT - 4 - (4 if length > 999 else 3 if length > 99 else 2) - size
    index = 0
    while index < size:
        out[begin + index] = first[index]
        index += 1
    put_number(reply, begin + size, length)
    out[_BODY_AT - 4] = out[_BODY_AT - 2] = 13
    out[_BODY_AT - 3] = out[_BODY_AT - 1] = 10
    return (begin << 16) + at


@micropython.viper
def put_number(reply, at: int, number: int) -> int:
    """Writes a number that is not negative in decimal; returns where it ends."""
    out = ptr8(reply)
    scale = 1
    while number // scale > 9:
        scale *= 10
    while scale:
        out[at] = 48 + number // scale % 10
        at += 1
        scale //= 10
    return at
