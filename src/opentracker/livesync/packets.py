"""The packets of live sync: read, and written within their bounds.

A packet is the sender's id (4 bytes), a type (32 bits), and records up to its end; what is left
behind the last whole record means nothing. Numbers are in network order. The packets of peers are
those of the C tracker; beacon, inquire and tell are those it had in 2009.

Nothing here knows a socket, a clock or a key.
"""

from struct import pack, unpack_from

GROUP = b"\xe0\x00\x17\x05"
PORT = 9696
ID_BYTES = 4
HEAD_BYTES = 8
MOST_PACKET_BYTES = 1472

PEERS_V4, PEERS_V6 = 0, 1
# A beacon has the type of IPv6 peers, and is shorter than one of their records.
BEACON, INQUIRE, TELL = 1, 2, 3

SEEDING, COMPLETED, STOPPED = 0x80, 0x40, 0x20

# A packet of peers is sent once it has this many, or after a while.
MOST_V4, MOST_V6 = 52, 36
MOST_TOLD = 45

_BEFORE_PEER = 20
_AFTER_PEER = 2
_TOLD_BYTES = 32
_MAPPED = b"\0" * 10 + b"\xff\xff"
_UINT32_MOST = 0xFFFFFFFF


def head(tracker_id, kind):
    """Returns the 8 bytes that every packet begins with."""
    return tracker_id + bytes((0, 0, 0, kind))


def type_of(packet, size):
    """Returns the type of packet[:size], or -1 if it has no record or a type beyond 255."""
    if size <= HEAD_BYTES or packet[4] or packet[5] or packet[6]:
        return -1
    return packet[7]


def sender_of(packet):
    """Returns the 4 bytes of the sender's id."""
    return bytes(packet[:ID_BYTES])


def peers(packet, size, peer_bytes):
    """Yields (info_hash, compact peer, flags) of a packet of peers.

    `peer_bytes`: 6 or 18, what a peer has in this packet. An IPv4 address that was written as an
    IPv6 one gives a peer of 6 bytes all the same.
    """
    layout = ">20s6sB" if peer_bytes == 6 else ">20s18sB"
    record = _BEFORE_PEER + peer_bytes + _AFTER_PEER
    for at in range(HEAD_BYTES, size - record + 1, record):
        info_hash, peer, flags = unpack_from(layout, packet, at)
        yield info_hash, peer[12:] if peer[:12] == _MAPPED else peer, flags


class Outbox:
    """The records of peers of one family that wait for a packet.

    `tracker_id`: 4 bytes. `aside`: bytes of a packet of 1,472 that something else needs.
    """

    def __init__(self, tracker_id, peer_bytes, aside=0):
        kind, most = (PEERS_V4, MOST_V4) if peer_bytes == 6 else (PEERS_V6, MOST_V6)
        record = _BEFORE_PEER + peer_bytes + _AFTER_PEER
        self._head = head(tracker_id, kind)
        self._most = min(most, (MOST_PACKET_BYTES - HEAD_BYTES - aside) // record)
        self._records = []

    def add(self, info_hash, peer, flags):
        """Adds a record; tells whether the packet is full, and to be taken."""
        self._records.append(info_hash + peer + bytes((flags, 0)))
        return len(self._records) >= self._most

    def waits(self):
        """Tells whether there is a record."""
        return bool(self._records)

    def take(self):
        """Returns the packet of what waits, which waits no longer."""
        packet = self._head + b"".join(self._records)
        self._records = []
        return packet


def beacon(tracker_id, torrents):
    """Returns the packet that says how many torrents a node has counts of."""
    return head(tracker_id, BEACON) + pack(">Q", torrents)


def is_beacon(packet, size):
    """Tells whether a packet is a beacon, and not one of IPv6 peers."""
    return size == HEAD_BYTES + 8 and type_of(packet, size) == BEACON


def beacon_torrents(packet):
    """Returns how many torrents the sender of a beacon has counts of."""
    return unpack_from(">Q", packet, HEAD_BYTES)[0]


def inquire(tracker_id, asked):
    """Returns the packet that asks the node with the id `asked` for its counts."""
    return head(tracker_id, INQUIRE) + asked


def inquire_asked(packet, size):
    """Returns the id of the node that is asked, b"" if none is."""
    return bytes(packet[HEAD_BYTES : HEAD_BYTES + ID_BYTES]) if size >= 12 else b""


def tell(tracker_id, counts):
    """Returns the packet that tells up to MOST_TOLD counts: (info_hash, minutes, downloaded).

    Minutes: since the last announce, while the swarm has no peers.
    """
    records = [hash_ + pack(">IQ", minutes, downloaded) for hash_, minutes, downloaded in counts]
    return head(tracker_id, TELL) + b"".join(records)


def told(packet, size):
    """Yields (info_hash, minutes, downloaded) of a tell; downloaded is cut to 32 bits."""
    for at in range(HEAD_BYTES, size - _TOLD_BYTES + 1, _TOLD_BYTES):
        info_hash, minutes, downloaded = unpack_from(">20sIQ", packet, at)
        yield info_hash, minutes, min(downloaded, _UINT32_MOST)
