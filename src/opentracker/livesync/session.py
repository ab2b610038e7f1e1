"""A connection between two bridges, as bytes: a handshake, then frames. No socket, no clock.

The side that called says its id of 4 bytes, the other answers with its own. Ours says a hello right
behind its id if it called, and in reply to a hello if not, so that the C proxy is told nothing that
it does not read as nothing.

With a key (livesync.cluster.key, the same on both sides) each says at once id, hello and 16 random
bytes. From then on everything is in chunks: size (2 bytes), content, tail (see seal.py) by a key
made of the shared one, both sides' random bytes and the direction. The content of the first chunk
is the sender's id and the receiver's, that of the others is frames. So nobody without the key can
say anything, nor say again what was said before. Everybody on the way can read it.
"""

from opentracker.livesync.frames import READS_V6, SIGNS, BadStream, FrameReader, hello
from opentracker.livesync.seal import TAIL_BYTES, Seal

ID_BYTES = 4
NONCE_BYTES = 16

_HELLO_END = ID_BYTES + 4
_GREETING_BYTES = _HELLO_END + NONCE_BYTES
_LEAST_CHUNK, _MOST_CHUNK = TAIL_BYTES + 2 * ID_BYTES, 16384
# No packet of live sync, which the shared key signs too, begins like one of these.
_BY_CALLER, _BY_CALLED = b"bridge>>", b"bridge<<"


class Session:
    """One side of a connection.

    peer_id  the other side's id, None until it said it
    is_up    whether the handshake is done, so that frames may be sent
    unsent   bytes to be sent; whoever sends them takes them off
    """

    def __init__(self, own_id, calls, admits, key=None, nonce=b""):
        """`calls`: whether this side opened the connection. `nonce`: 16 random bytes with a key.

        `admits(peer_id)` is asked before the handshake is done, and raises BadStream or does not.
        """
        self.peer_id = None
        self.is_up = False
        self.unsent = b""
        self._own_id = own_id
        self._calls = calls
        self._admits = admits
        self._nonce = nonce
        self._frames = FrameReader(key is not None)
        self._unread = b""
        self._key = key and Seal(key.encode())
        self._ours = self._theirs = None
        self._chunks = 0
        self._said_hello = calls or key is not None
        self._greeting = own_id
        if self._said_hello:
            self._greeting += hello(READS_V6 | (SIGNS if key else 0)) + nonce
        if calls:
            self.unsent = self._greeting

    @property
    def knows_hello(self):
        """Whether the other side is one of ours, as far as it has said."""
        return self._frames.abilities is not None

    @property
    def reads_v6(self):
        """Whether the other side reads records of IPv6 peers."""
        return (self._frames.abilities or 0) & READS_V6 != 0

    def send(self, frames):
        """Adds frames, not none and of 16,000 bytes at most, to `unsent`."""
        self.unsent += self._sealed(frames) if self._ours else frames

    def records(self, data):
        """Yields (info_hash, record) for each record that the next bytes complete.

        The generator has to be run to its end. Raises BadStream, which ends the connection.
        """
        data = self._unread + data
        self._unread = b""
        if self.peer_id is None:
            size = _GREETING_BYTES if self._key else ID_BYTES
            if len(data) < size:
                self._unread = data
                return
            self._meet(data[:size])
            data = data[size:]
        if self._key:
            yield from self._read_chunks(data)
            return
        yield from self._frames.records(data)
        if self.knows_hello and not self._said_hello:
            self._said_hello = True
            self.unsent += hello(READS_V6)

    def _meet(self, greeting):
        peer_id = greeting[:ID_BYTES]
        if peer_id == self._own_id:
            raise BadStream("this bridge has reached itself")
        if self._key:
            self._agree_on_keys(greeting)
        else:
            self._admits(peer_id)
        self.peer_id = peer_id
        if not self._calls:
            self.unsent += self._greeting
        if self._key:
            self.unsent += self._sealed(self._own_id + peer_id)
        else:
            self.is_up = True

    def _agree_on_keys(self, greeting):
        for _ in self._frames.records(greeting[ID_BYTES:_HELLO_END]):
            pass
        if not (self._frames.abilities or 0) & SIGNS:
            raise BadStream("the other side has no livesync.cluster.key")
        nonces = greeting[_HELLO_END:], self._nonce
        if self._calls:
            nonces = nonces[1], nonces[0]
        by_caller = self._made_key(_BY_CALLER + nonces[0] + nonces[1])
        by_called = self._made_key(_BY_CALLED + nonces[0] + nonces[1])
        self._ours, self._theirs = by_caller, by_called
        if not self._calls:
            self._ours, self._theirs = by_called, by_caller

    def _made_key(self, text):
        return Seal(self._key.mac(text))

    def _sealed(self, content):
        chunk = self._ours.seal(content)
        return bytes((len(chunk) >> 8, len(chunk) & 0xFF)) + chunk

    def _read_chunks(self, data):
        while len(data) > 2:
            size = data[0] << 8 | data[1]
            if not _LEAST_CHUNK <= size <= _MOST_CHUNK:
                raise BadStream("chunk of %d bytes" % size)
            if len(data) < 2 + size:
                break
            self._chunks += 1
            chunk = data[2 : 2 + size]
            data = data[2 + size :]
            if self._theirs.count_of(chunk, size) != self._chunks:
                raise BadStream("the other side has another livesync.cluster.key")
            content = chunk[: size - TAIL_BYTES]
            if self.is_up:
                yield from self._frames.records(content)
            else:
                self._believe(content)
        self._unread = data

    def _believe(self, content):
        if content != self.peer_id + self._own_id:
            raise BadStream("the other side does not know whom it speaks to")
        self._admits(self.peer_id)
        self.is_up = True
