"""Exchanges over TCP in machine code: `exchanges` hands them over."""

import micropython
from micropython import const
from opentracker.runtime.announces_http import read, respond

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

# Of the tools.
_HASH = const(3)
_SAID = const(11)

# What is left of an exchange that is another's: its connection, how many bytes were read, and
# where in the reply what could not be sent begins and ends.
_CONNECTION = const(0)
_SIZE = const(1)
_BEGIN = const(2)
_END = const(3)

_DONT_WAIT = const(0x40)
_DONT_WAIT_NO_SIGNAL = const(0x4040)


@micropython.viper
def read_headers(raw, at: int, size: int) -> int:
    """Tells what the headers of the request in raw[:size] say, whose first line goes on at `at`.

    Returns 2 if they ask to keep the connection, 1 if not, 0 if they end before or after `size`,
    or do not say it as clients do.
    """
    text = ptr8(raw)
    header = ptr8(b"connection: keep-alive\r")
    last = size - 2
    if size < 4 or text[last] != 13 or text[size - 1] != 10 or text[last - 1] != 10:
        return 0
    answer = 1
    while True:
        while text[at] != 10:
            at += 1
        at += 1
        byte = text[at]
        if byte == 13 or byte == 10:
            return answer if at == last else 0
        if byte | 32 == 99:
            index = 0
            while index < 23 and text[at + index] | 32 == header[index] | 32:
                index += 1
            if index == 23:
                answer = 2
            elif index >= 11 and (index > 12 or text[at + 12] | 32 != 99):
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
    tools = means[_TOOLS]
    at = int(read(buffer, tools[_HASH], tools[_SAID]))
    if at == 0 or int(read_headers(buffer, at, size)) != (2 if keep else 1):
        return 0
    reply = means[_REPLY]
    place = int(respond(tools, directory, mask, ip, ip_at, ip_bytes, keep, reply))
    if place == 0:
        return 0
    said = ptr32(tools[_SAID])
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
        left[_CONNECTION] = int(connection)
        if int(exchange(means, directory, mask, connection, name, ip_at, ip_bytes, 0)) == 0:
            return accepted
        left[_CONNECTION] = -1
        close(connection)
    left[_SIZE] = 0
    return accepted
