"""The UDP tracker protocol (BEP 15): packets read, packets written, and connection ids.

Nothing here knows a socket. Integers are in network order; a reply is written into a buffer of at
least MOST_REPLY_BYTES.
"""

from hashlib import sha256
from os import urandom
from struct import pack_into, unpack_from

CONNECT, ANNOUNCE, SCRAPE, ERROR = 0, 1, 2, 3

MAGIC = b"\x00\x00\x04\x17\x27\x10\x19\x80"
ANNOUNCE_BYTES = 98
MOST_SCRAPED = 75
# An IPv6 reply must fit the smallest IPv6 packet, 1,280 bytes. The field is unsigned here, so the
# usual -1 asks for as many as there may be.
MOST_NUMWANT_V4, MOST_NUMWANT_V6 = 200, 66
MOST_REQUEST_BYTES = 16 + 20 * MOST_SCRAPED
MOST_REPLY_BYTES = 20 + 6 * 200

COMPLETED, STOPPED = 1, 3

WRONG_CONNECTION_ID = b"Connection ID missmatch.\0"

NONE_LEFT = b"\0" * 8


def action_of(packet, size):
    """Returns the action of a request, or ERROR if it is none to be answered."""
    if size < 16 or packet[8] or packet[9] or packet[10]:
        return ERROR
    action = packet[11]
    if action == CONNECT and packet[:8] != MAGIC:
        return ERROR
    if action == ANNOUNCE and size < ANNOUNCE_BYTES:
        return ERROR
    return action if action < ERROR else ERROR


def read_announce(packet):
    """Returns the fields of an announce.

    They are connection id, action, transaction id, info_hash, left, event, numwant, port; action,
    event and numwant as numbers, the others as bytes.
    """
    return unpack_from(">8sI4s20s28x8s8xI8xI2s", packet, 0)


def write_connect(reply, packet, connection_id):
    """Writes the reply to a connect; returns its size."""
    reply[0:8] = packet[8:16]
    reply[8:16] = connection_id
    return 16


def write_announce(reply, transaction, interval, leechers, seeders):
    """Writes the 20 bytes of an announce reply that its compact peers follow."""
    pack_into(">I4sIII", reply, 0, ANNOUNCE, transaction, interval, leechers, seeders)


def start_scrape(reply, packet):
    """Writes the 8 bytes of a scrape reply that its swarms follow."""
    reply[0:8] = packet[8:16]


def scraped(packet, index):
    """Returns the info_hash number `index` of a scrape."""
    return unpack_from("20s", packet, 16 + 20 * index)[0]


def write_scrape(reply, index, seeders, completed, leechers):
    """Writes the 12 bytes of the scraped swarm number `index`."""
    pack_into(">III", reply, 8 + 12 * index, seeders, completed & 0xFFFFFFFF, leechers)


def write_error(reply, packet, text):
    """Writes an error reply; returns its size."""
    end = 8 + len(text)
    pack_into(">I4s", reply, 0, ERROR, bytes(packet[12:16]))
    reply[8:end] = text
    return end


class ConnectionIds:
    """Connection ids that prove a source address, and expire.

    An id is a hash of the address and the number of the current period under a secret. It is good
    in its period and the one after, so with `turn()` called every 2 minutes it lives 2 to 4
    minutes. The ids of this period are remembered, a bounded number of them, since most are asked
    for twice: `fresh` has them by address.
    """

    _MOST_REMEMBERED = 512

    def __init__(self):
        self._secret = urandom(32)
        self._period = 0
        self.fresh = {}
        self._old = {}

    def turn(self):
        """Starts a new period."""
        self._period += 1
        self._old = self.fresh
        self.fresh = {}

    def make(self, address):
        """Returns the id (8 bytes) for a packed source address."""
        made = self.fresh.get(address)
        if made is None:
            made = self._hash(address, self._period)
            if len(self.fresh) < self._MOST_REMEMBERED:
                self.fresh[address] = made
        return made

    def is_valid(self, address, given):
        """Tells whether `given` (8 bytes) is an id that `address` has got lately."""
        if given == self.fresh.get(address) or given == self.make(address):
            return True
        old = self._old.get(address)
        return given == (self._hash(address, self._period - 1) if old is None else old)

    def _hash(self, address, period):
        return sha256(self._secret + (period & 0xFFFFFF).to_bytes(3, "big") + address).digest()[:8]
