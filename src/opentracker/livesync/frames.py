"""The stream between two bridges: frames, as the C project's proxy sends and reads them.

A frame holds torrents whose info_hashes begin with the same byte: type (1 byte), that byte, number
of torrents (2 bytes, big-endian), then for each torrent the other 19 bytes of its info_hash and its
peers. A peer is a record: 4 bytes of IPv4 address, 2 of port, 1 of flags as in live sync.

    type 0     the number of peers (base 128, lowest digit first, 0x80 set in all but the last),
               then the peers
    type 1, 2  so many peers
    type 0x80  as type 0, with addresses of 16 bytes. Only between two of ours.

What is written here is of types 0 and 0x80 only. The C proxy looks at a torrent when 27 bytes of it
are there, so that the last of type 1, which has 26, would wait there for the next frame.

An empty frame of type 0, which the C proxy never sends, is a hello: its second byte is a set of
bits that says what its sender knows beyond the C proxy. The C proxy reads an empty frame as nothing
if it has not got more than 26 bytes behind it by then; else it loses its way in the stream.
"""

RECORD_V4 = 7
RECORD_V6 = 19

# A hello's bits: reads type 0x80; signs all that follows (see session.py).
READS_V6, SIGNS = 1, 2

_COUNTED, _COUNTED_V6 = 0, 0x80
_HEADER_BYTES = 4
_REST_BYTES = 19  # of an info_hash without its first byte
_MOST_DIGITS = 4  # of a number of peers, which keeps it below 2**28


class BadStream(Exception):
    """Says in a few words why a stream can't be read any further."""


def hello(abilities):
    """The empty frame that tells `abilities`, a set of bits from 0 to 255."""
    return bytes((_COUNTED, abilities, 0, 0))


def frames_of(first, records):
    """(frame with IPv4, frame with IPv6) of records, each b"" if it would be empty.

    `first` is the byte that all info_hashes begin with. The records are pairs (the other 19 bytes,
    record of RECORD_V4 or RECORD_V6 bytes), of at most 65,535 info_hashes. Those of a torrent keep
    their order.
    """
    v4, v6 = {}, {}
    for rest, record in records:
        torrents = v4 if len(record) == RECORD_V4 else v6
        if rest not in torrents:
            torrents[rest] = []
        torrents[rest].append(record)
    return _frame(_COUNTED, first, v4), _frame(_COUNTED_V6, first, v6)


def _frame(kind, first, torrents):
    if not torrents:
        return b""
    parts = [bytes((kind, first, len(torrents) >> 8, len(torrents) & 0xFF))]
    for rest in torrents:
        records = torrents[rest]
        parts.append(rest)
        parts.append(_digits(len(records)))
        parts += records
    return b"".join(parts)


def _digits(number):
    digits = []
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(digits + [number])


class FrameReader:
    """Reads a stream that arrives in pieces; what it keeps between them is under 24 bytes.

    abilities: the bits of the hello that came last, None before one came. Type 0x80 is read from
    those who have said that they read it themselves. `key`: whether there is one to sign with.
    """

    def __init__(self, key=False):
        self.abilities = None
        self._key = key
        self._unread = b""
        self._first = b""
        self._kind = 0
        self._width = RECORD_V4
        self._torrents = 0  # to come in the frame at hand
        self._info_hash = b""
        self._peers = 0  # to come of the torrent at hand

    def records(self, data):
        """Yields (info_hash, record) for each record that the next piece completes.

        The generator has to be run to its end. Raises BadStream; nothing can be read after that.
        """
        data = self._unread + data
        at, end = 0, len(data)
        while True:
            if self._peers:
                start, at = at, at + self._width
                if at > end:
                    break
                self._peers -= 1
                yield self._info_hash, data[start:at]
                continue
            start = at
            at = self._read_torrent(data, at) if self._torrents else self._read_header(data, at)
            if not at:
                break
        self._unread = data[start:]

    def _read_header(self, data, at):
        """Reads a frame's header; returns where it ends, 0 if it is not all there."""
        if len(data) - at < _HEADER_BYTES:
            return 0
        kind, first, high, low = data[at : at + _HEADER_BYTES]
        if kind > 2 and not (kind == _COUNTED_V6 and (self.abilities or 0) & READS_V6):
            raise BadStream("frame of unknown type %d" % kind)
        self._kind, self._first = kind, bytes((first,))
        self._width = RECORD_V6 if kind == _COUNTED_V6 else RECORD_V4
        self._torrents = high << 8 | low
        if kind == _COUNTED and not self._torrents:
            self._hear_hello(first)
        return at + _HEADER_BYTES

    def _hear_hello(self, abilities):
        if abilities & SIGNS and not self._key:
            raise BadStream("the other side has a livesync.cluster.key, this one has none")
        self.abilities = abilities

    def _read_torrent(self, data, at):
        """Reads up to a torrent's first peer; returns where that begins, 0 if not all is there."""
        end = at + _REST_BYTES
        if end > len(data):
            return 0
        peers = self._kind
        if self._kind == _COUNTED or self._kind == _COUNTED_V6:
            peers, end = self._read_number(data, end)
            if not end:
                return 0
        self._info_hash = self._first + data[at : at + _REST_BYTES]
        self._peers = peers
        self._torrents -= 1
        return end

    def _read_number(self, data, at):
        """(number, where it ends), the latter 0 if it is not all there."""
        number = 0
        for index, digit in enumerate(data[at : at + _MOST_DIGITS]):
            number |= (digit & 0x7F) << 7 * index
            if digit < 0x80:
                return number, at + index + 1
        if len(data) - at >= _MOST_DIGITS:
            raise BadStream("a number of peers without an end")
        return 0, 0
