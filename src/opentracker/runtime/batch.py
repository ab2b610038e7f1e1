"""UDP in batches on MicroPython: recvmmsg and sendmmsg through ffi, on memory outside the heap.

One call receives up to BATCH packets, one sends their replies: of the 4.8 us that a connect took
packet by packet, 2 are left (x86-64). Each packet comes with the address it was sent to, and its
reply leaves from there.

The structs are made of words: C libraries that declare 32 bits for a length pad it so that the same
bytes are right. Only the length of an address has 32 bits everywhere.
"""

import sys

import uctypes

BATCH = 16
_ROUNDS = 4
_PACKET_BYTES = 1536
_REPLY_BYTES = 1280
_MSG_DONTWAIT = 0x40

_IPPROTO_IP, _IPPROTO_IPV6 = 0, 41
_IP_PKTINFO = 8
_IPV6_RECVPKTINFO = 49

_WORD = 8 if sys.maxsize > 1 << 32 else 4
_HALVES = _WORD // 4
_LOW = _HALVES - 1 if sys.byteorder == "big" else 0

# struct mmsghdr in units of 32 bits: a struct msghdr (address, its length, vector, its length,
# ancillary data, its length, flags), then the size of the message.
_UNITS = 8 * _HALVES
_CONTROL_SIZE = 5 * _HALVES + _LOW
_MESSAGE_SIZE = 7 * _HALVES
_VECTOR_SIZE = _HALVES + _LOW


class Batch:
    """The buffers and structs of one UDP socket whose addresses have `ip_bytes` bytes."""

    def __init__(self, libc, socket, ip_bytes, is_wildcard):
        self._number = socket.fileno()
        self._receive = libc.func("i", "recvmmsg", "ipIip")
        self._send = libc.func("i", "sendmmsg", "ipIi")
        self._calloc = libc.func("p", "calloc", "LL")
        self._ip_bytes = ip_bytes
        self._ip_at = 4 if ip_bytes == 4 else 8
        self._is_wildcard = is_wildcard
        # The address answered from lies in the ancillary data: a header, then in_pktinfo
        # (interface, own address, address asked) or in6_pktinfo (address asked, interface).
        self._info_at = _WORD + 8
        info_bytes = 12 if ip_bytes == 4 else 20
        self._control_bytes = -(-(self._info_at + info_bytes) // _WORD) * _WORD
        if is_wildcard:
            if ip_bytes == 4:
                socket.setsockopt(_IPPROTO_IP, _IP_PKTINFO, 1)
            else:
                socket.setsockopt(_IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
        self._lay_out()

    def _lay_out(self):
        name_bytes = 16 if self._ip_bytes == 4 else 28
        names, names_at = self._memory(BATCH * 32)
        controls, controls_at = self._memory(BATCH * 64)
        self._names_at = names_at
        self._controls = controls
        self.packets, vectors_in = self._buffers(_PACKET_BYTES)
        self.replies, vectors_out = self._buffers(_REPLY_BYTES)
        self._vectors_out = _uint32s(vectors_out, BATCH * 2 * _HALVES)
        rows_in, rows_out = [], []
        for index in range(BATCH):
            for rows, vectors in ((rows_in, vectors_in), (rows_out, vectors_out)):
                rows += [
                    names_at + 32 * index,
                    _as_length(name_bytes),
                    vectors + 2 * _WORD * index,
                    1,
                    controls_at + 64 * index if self._is_wildcard else 0,
                    self._control_bytes if self._is_wildcard else 0,
                    0,
                    0,
                ]
        self._incoming, self._in_units = self._words(rows_in)
        self._outgoing, self._out_units = self._words(rows_out)

    def _buffers(self, size):
        """Returns BATCH buffers, and the address of an iovec for each."""
        buffers, rows = [], []
        for _ in range(BATCH):
            buffer, address = self._memory(size)
            buffers.append(buffer)
            rows += [address, size]
        _, units = self._words(rows)
        return buffers, uctypes.addressof(units)

    def _words(self, numbers):
        """Writes words to new memory; returns it as bytes, and as 32-bit units."""
        memory, address = self._memory(len(numbers) * _WORD)
        memory[:] = b"".join([number.to_bytes(_WORD, sys.byteorder) for number in numbers])
        return memory, _uint32s(address, len(numbers) * _HALVES)

    def _memory(self, size):
        address = self._calloc(1, size)
        if not address:
            raise MemoryError
        return uctypes.bytearray_at(address, size), address

    def serve(self, answer):
        """Answers the packets that are there: answer(packet, size, ip, reply) gives reply sizes."""
        units, vectors = self._in_units, self._vectors_out
        packets, replies = self.packets, self.replies
        name, ip_bytes = self._names_at + self._ip_at, self._ip_bytes
        for _ in range(_ROUNDS):
            received = self._receive(self._number, self._incoming, BATCH, _MSG_DONTWAIT, None)
            first = 0
            for index in range(received):
                size = answer(
                    packets[index],
                    units[_UNITS * index + _MESSAGE_SIZE],
                    uctypes.bytes_at(name + 32 * index, ip_bytes),
                    replies[index],
                )
                vectors[2 * _HALVES * index + _VECTOR_SIZE] = size
                if not size:
                    self._send_replies(first, index)
                    first = index + 1
            if received > 0:
                self._send_replies(first, received)
                self._make_room(received)
            if received < BATCH:
                return

    def _send_replies(self, first, end):
        """Sends replies `first` to `end`; what the kernel can't take or route is lost."""
        if self._is_wildcard:
            for index in range(first, end):
                self._route(index)
        while first < end:
            at = first * _UNITS * 4
            sent = self._send(self._number, memoryview(self._outgoing)[at:], end - first, 0)
            first += sent if sent > 0 else 1

    def _route(self, index):
        """Turns the ancillary data of a packet into that of its reply.

        The interface is left to routing, but for link-local addresses, which mean nothing without.
        """
        controls = self._controls
        at = 64 * index + self._info_at
        if self._ip_bytes == 4:
            controls[at : at + 4] = b"\0\0\0\0"
        elif controls[at : at + 2] != b"\xfe\x80":
            controls[at + 16 : at + 20] = b"\0\0\0\0"
        size = _UNITS * index + _CONTROL_SIZE
        self._out_units[size] = self._in_units[size]

    def _make_room(self, received):
        """Gives packets room again for the ancillary data that the last ones came without."""
        if self._is_wildcard:
            for index in range(received):
                self._in_units[_UNITS * index + _CONTROL_SIZE] = self._control_bytes


def _uint32s(address, count):
    return uctypes.struct(address, (uctypes.ARRAY | 0, count | uctypes.UINT32))


def _as_length(number):
    """Returns the word whose first 32 bits are `number`."""
    return number << 32 if _LOW else number
