"""Exchanges over TCP in machine code: `exchanges` hands them over."""

import micropython
from micropython import const
from opentracker.runtime.announces_http import answer

# ruff: noqa: F821  (ptr8 and ptr32 are types of the viper compiler)

# The means, which `exchanges.Exchanges` lists.
_ACCEPT = const(0)
_RECV = const(1)
_SEND = const(2)
_CLOSE = const(3)
_BUFFER = const(4)
_REPLY = const(5)
_REPLY_ADDRESS = const(6)
_NUMWANTS = const(7)
_LEFT = const(8)
_TOOLS = const(9)
_SAID = const(10)

# What is left of an exchange that is another's: its connection, how many bytes were read, and
# where in the reply what could not be sent begins and ends.
_CONNECTION = const(0)
_SIZE = const(1)
_BEGIN = const(2)
_END = const(3)

_DONT_WAIT = const(0x40)
_DONT_WAIT_NO_SIGNAL = const(0x4040)


@micropython.viper
def has_ended(raw, size: int) -> int:
    """Tells whether raw[:size] is one whole request, as clients write them: CR LF CR LF ends it.

    Returns 0 if not, 1 if so, 2 if a header of it may ask to keep the connection.
    """
    text = ptr8(raw)
    last = size - 4
    if last < 0 or text[last] != 13 or text[last + 1] != 10 or text[last + 2] != 13:
        return 0
    if text[last + 3] != 10:
        return 0
    may_keep = 1
    at = 14
    while at < last:
        byte = text[at]
        if byte == 10:
            if text[at + 1] == 10 or text[at + 1] == 13:
                return 0
        elif byte == 45 and text[at - 1] == 112:
            may_keep = 2
        at += 1
    return may_keep


@micropython.viper
def asks_to_keep(raw, size: int) -> int:
    """Tells whether a whole request has the header Connection: keep-alive as clients write it."""
    text = ptr8(raw)
    header = ptr8(b"\nConnection: Keep-Alive\r")
    at = 14
    while at < size - 24:
        if text[at] == 10:
            index = 1
            while index < 24 and text[at + index] | 32 == header[index] | 32:
                index += 1
            if index == 24:
                return 1
        at += 1
    return 0


@micropython.viper
def exchange(
    means, directory, mask: int, connection, ip, ip_at: int, ip_bytes: int, keep: int
) -> int:
    """Reads a request and answers it; returns 1 if all of the reply was sent.

    With `keep` the request has to ask to keep the connection, else it must not.
    """
    left = ptr32(means[_LEFT])
    left[_BEGIN] = left[_END] = 0
    buffer = means[_BUFFER]
    receive = means[_RECV]
    size = int(receive(connection, buffer, 8192, _DONT_WAIT))
    left[_SIZE] = size
    if size <= 0:
        return 0
    ended = int(has_ended(buffer, size))
    if ended != (2 if keep else 1):
        return 0
    if keep and int(asks_to_keep(buffer, size)) == 0:
        return 0
    reply = means[_REPLY]
    place = int(answer(means[_TOOLS], directory, mask, buffer, ip, ip_at, ip_bytes, keep, reply))
    if place == 0:
        return 0
    said = ptr32(means[_SAID])
    numwants = ptr32(means[_NUMWANTS])
    numwants[said[1]] = numwants[said[1]] + 1
    begin = place >> 16
    end = place & 0xFFFF
    address = int(means[_REPLY_ADDRESS])
    send = means[_SEND]
    sent = int(send(connection, address + begin, end - begin, _DONT_WAIT_NO_SIGNAL))
    if sent == end - begin:
        return 1
    left[_SIZE] = sent
    left[_BEGIN] = begin + (sent if sent > 0 else 0)
    left[_END] = end
    return 0


@micropython.viper
def serve(means, directory, mask: int, listener, name, room, ip_bytes: int, most: int) -> int:
    """Serves up to `most` connections that wait at a listener; returns how many it accepted.

    It stops at one that is another's, which is then told of by what is left.
    """
    left = ptr32(means[_LEFT])
    left[_CONNECTION] = -1
    accept = means[_ACCEPT]
    close = means[_CLOSE]
    ip_at = 4 if ip_bytes == 4 else 8
    accepted = 0
    while accepted < most:
        connection = accept(listener, name, room)
        if int(connection) < 0:
            left[_SIZE] = -1
            return accepted
        accepted += 1
        if int(exchange(means, directory, mask, connection, name, ip_at, ip_bytes, 0)) == 0:
            left[_CONNECTION] = int(connection)
            return accepted
        close(connection)
    left[_SIZE] = 0
    return accepted
