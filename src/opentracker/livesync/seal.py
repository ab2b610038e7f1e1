"""The shared key: a tail on each packet, and who is known to be alive.

The tail is a count of the sender's packets (8 bytes) and the first 16 bytes of an HMAC-SHA256
(RFC 2104, RFC 4868) of all before it. It is shorter than a record, so that trackers without the
key take it for the rest that they ignore.

A sender's count only grows, so none of its packets counts twice. A node that has just come up knows
no counts yet; what a dead node once said must mean nothing to it. So it takes packets only of nodes
that have echoed a number which it made up at its start, and asks others to do so: two more types of
packets, which trackers without the key ignore too.
"""

from hashlib import sha256
from os import urandom

from opentracker.livesync.packets import HEAD_BYTES, ID_BYTES, head, sender_of, type_of

TAIL_BYTES = 24

# A challenge names a node, or EVERYONE, and has a number, which the answer gives back.
CHALLENGE, ANSWER = 4, 5
EVERYONE = b"\0" * ID_BYTES

_COUNT_BYTES = 8
_MAC_BYTES = 16
_BLOCK_BYTES = 64
_NONCE_BYTES = 8
_NAMED_END = HEAD_BYTES + ID_BYTES
_MOST_KNOWN = 64
_MOST_REPLIES_A_SECOND = 16


class Seal:
    """Seals packets with a key (bytes), and tells those that were."""

    def __init__(self, key):
        if len(key) > _BLOCK_BYTES:
            key = sha256(key).digest()
        key += b"\0" * (_BLOCK_BYTES - len(key))
        self._inner = bytes([byte ^ 0x36 for byte in key])
        self._outer = bytes([byte ^ 0x5C for byte in key])
        self._count = 0

    def seal(self, packet):
        """Returns a packet with its tail."""
        self._count += 1
        packet += self._count.to_bytes(_COUNT_BYTES, "big")
        return packet + self.mac(packet)

    def count_of(self, packet, size):
        """Returns the count in the tail of packet[:size], -1 if the tail is none of this key's."""
        end = size - _MAC_BYTES
        if end < HEAD_BYTES + _COUNT_BYTES:
            return -1
        difference = 0
        for given, right in zip(packet[end:size], self.mac(packet[:end])):
            difference |= given ^ right
        return -1 if difference else int.from_bytes(packet[end - _COUNT_BYTES : end], "big")

    def mac(self, data):
        """Returns the first 16 bytes of the HMAC of `data`."""
        inner = sha256(self._inner)
        inner.update(data)
        return sha256(self._outer + inner.digest()).digest()[:_MAC_BYTES]


class Acquaintances:
    """The nodes that are known to be alive, and how far each has counted its packets."""

    def __init__(self, own_id, send):
        """`send(packet)` seals and sends."""
        self._own_id = own_id
        self._send = send
        self._nonce = urandom(_NONCE_BYTES)
        self._known = []  # (id, count), the one heard last at the end
        self._replies = 0

    def greet(self):
        """Asks everybody to make themselves known."""
        self._challenge(EVERYONE)

    def tick(self):
        """To be called every second: makes room for more challenges and answers."""
        self._replies = 0

    def admits(self, packet, size, count):
        """Tells whether packet[:size], without its tail, is news of a node that is alive."""
        sender, kind = sender_of(packet), type_of(packet, size)
        before = self._count_of(sender)
        if before >= count:
            return False
        if kind == ANSWER:
            expected = self._own_id + self._nonce
            if bytes(packet[HEAD_BYTES:size]) == expected:
                self._remember(sender, count)
            return False
        if kind == CHALLENGE and size == _NAMED_END + _NONCE_BYTES:
            self._answer(sender, packet)
        if before < 0:
            self._challenge(sender)
            return False
        self._remember(sender, count)
        return kind != CHALLENGE

    def _challenge(self, asked):
        self._reply(CHALLENGE, asked + self._nonce)

    def _answer(self, sender, packet):
        asked = bytes(packet[HEAD_BYTES:_NAMED_END])
        if asked in (self._own_id, EVERYONE):
            self._reply(ANSWER, sender + bytes(packet[_NAMED_END : _NAMED_END + _NONCE_BYTES]))

    def _reply(self, kind, content):
        if self._replies < _MOST_REPLIES_A_SECOND:
            self._replies += 1
            self._send(head(self._own_id, kind) + content)

    def _count_of(self, sender):
        for known, count in self._known:
            if known == sender:
                return count
        return -1

    def _remember(self, sender, count):
        self._known = [entry for entry in self._known if entry[0] != sender]
        self._known.append((sender, count))
        if len(self._known) > _MOST_KNOWN:
            self._known.pop(0)
            # The forgotten node's old answer must not bring it back.
            self._nonce = urandom(_NONCE_BYTES)
