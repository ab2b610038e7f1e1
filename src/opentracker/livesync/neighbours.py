"""The connections of a bridge to those of other sites: who is called, who may call, who is lost."""

from hashlib import sha256
from selectors import EVENT_READ, EVENT_WRITE

from opentracker import runtime
from opentracker.addresses import format_endpoint, format_ip
from opentracker.lifecycle import CannotStart
from opentracker.livesync.frames import BadStream
from opentracker.livesync.session import NONCE_BYTES, Session
from opentracker.log import log
from opentracker.networks import Networks
from opentracker.oserror import describe
from opentracker.runtime.outgoing import connect, detect_loss

MOST_CONNECTIONS = 20

_HANDSHAKE_SECONDS = 30
# Between calls of the same neighbour, more or less: of two who call each other at the same moment
# each turns the other down, and they must not do so for ever.
_RETRY_SECONDS, _RETRY_SPREAD = 25, 11
# How long a neighbour that was called may take to say hello before it is taken for a C proxy.
_HELLO_SECONDS = 5
_MOST_UNSENT = 32768
_READ_BYTES = 4096
_ACCEPTED_AT_ONCE = 8
_MOST_LINES = 64  # of the log, on those who call, between two reports


class _Target:
    """A neighbour to be called."""

    def __init__(self, ip, port):
        self.ip = ip
        self.name = format_endpoint(ip, port)
        self.port = port
        self.connection = None
        self.due = 0
        self.is_missed = False  # and somebody has been told


class _Connection:
    """A connection, and the Session on it."""

    def __init__(self, handle, session, name, target, deadline):
        self.handle = handle
        self.number = runtime.number(handle)
        self.session = session
        self.name = name
        self.target = target
        self.deadline = deadline  # of the handshake, None when it is done
        self.frames_from = 0  # the second
        self.events = 0
        self.misses_v6 = False


class Neighbours:
    """All of them. `take(info_hash, record)` is given what they say."""

    def __init__(self, selector, own_id, secret, settings, take):
        """`own_id`: 4 bytes, `secret`: some random ones."""
        self._selector = selector
        self._own_id = own_id
        self._secret = secret
        self._key = settings.livesync_key
        self._take = take
        self._targets = [_Target(ip, port) for ip, port in settings.bridge_connect]
        self._listeners = []
        self._connections = []
        self._view = memoryview(bytearray(_READ_BYTES))
        self._second = 0
        self._nonces = 0
        self._is_paused = False
        self._lines = _MOST_LINES
        self._turned_down = set()  # what has been said since the last report
        self._strangers = 0
        self._stranger = None
        self._unsent_frames = 0
        self.trust(settings)

    def trust(self, settings):
        """Sets who may call: who is called, nodes by address, with a key and no nodes anybody."""
        nodes = settings.livesync_networks + settings.admin_networks
        self._anybody = bool(self._key) and not nodes
        self._may_call = Networks(nodes + [(each.ip, 8 * len(each.ip)) for each in self._targets])

    def open(self, endpoints):
        """Opens the listeners; CannotStart if one can't be had."""
        for ip, port in endpoints:
            try:
                listener = runtime.Listener(ip, port)
                self._listeners.append(listener)
                detect_loss(listener)
            except OSError as error:
                where = format_endpoint(ip, port)
                raise CannotStart("livesync.proxy.listen: %s: %s" % (where, describe(error)))

    def readers(self):
        """Returns (descriptor, what to call when it is readable) of the listeners."""
        return [
            (each.fileno(), lambda each=each: self._accept_from(each)) for each in self._listeners
        ]

    def close(self):
        """Closes everything."""
        for connection in self._connections:
            runtime.close(connection.handle)
        for listener in self._listeners:
            listener.close()
        self._connections, self._listeners = [], []

    def pause(self):
        """Reads nothing more before the next tick, so that it piles up at those who send it."""
        self._is_paused = True

    def tick(self, second):
        """To be called once a second: goes on reading, calls, and gives up waiting."""
        self._second = second
        self._is_paused = False
        for connection in list(self._connections):
            if connection.deadline is not None and connection.deadline <= second:
                self._lose(connection, "no handshake within %d seconds" % _HANDSHAKE_SECONDS)
            else:
                self._watch(connection)
        for target in self._targets:
            if not target.connection and target.due <= second:
                self._call(target)

    def send(self, v4, v6):
        """Sends frames (see frames_of) to all neighbours that are connected and read them."""
        for connection in list(self._connections):
            session = connection.session
            if not session.is_up:
                continue
            if not session.knows_hello and self._second < connection.frames_from:
                continue
            frames = v4 + v6 if session.reads_v6 else v4
            if v6 and not session.reads_v6:
                self._miss_v6(connection)
            if not frames:
                continue
            if len(session.unsent) + len(frames) > _MOST_UNSENT:
                self._unsent_frames += 1
                continue
            self._attempt(connection, self._send, frames)

    def ready(self, connection):
        """Goes on with a connection that can be read from or written to."""
        if connection in self._connections:  # not lost earlier in this turn of the loop
            self._attempt(connection, self._go_on)

    def report(self):
        """Logs what has been refused since the last report."""
        if self._strangers:
            log(
                "bridge: turned down %d calls from addresses that livesync.cluster.node_ip does "
                "not name, the last of them from %s" % (self._strangers, format_ip(self._stranger))
            )
        if self._unsent_frames:
            log("bridge: dropped %d frames for slow connections" % self._unsent_frames)
        if self._lines < 0:
            log("bridge: %d more lines about calls are left out" % -self._lines)
        self._lines, self._strangers, self._unsent_frames = _MOST_LINES, 0, 0
        self._turned_down = set()

    def _accept_from(self, listener):
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted = listener.accept()
            except OSError:
                return  # That caller has gone again.
            if accepted is None:
                return
            handle, ip = accepted
            if not self._anybody and not self._may_call.holds(ip):
                runtime.close(handle)
                self._strangers += 1
                self._stranger = ip
            elif len(self._connections) - self._calls() >= MOST_CONNECTIONS - len(self._targets):
                runtime.close(handle)
                self._turn_down(format_ip(ip), "no more connections")
            else:
                self._begin(handle, format_ip(ip), None)

    def _calls(self):
        return len([1 for each in self._connections if each.target])

    def _call(self, target):
        try:
            handle = connect(target.ip, target.port)
        except OSError as error:
            self._miss(target, describe(error))
            return
        target.connection = self._begin(handle, target.name, target)

    def _begin(self, handle, name, target):
        nonce = self._new_nonce() if self._key else b""
        session = Session(self._own_id, target is not None, self._admits, self._key, nonce)
        deadline = self._second + _HANDSHAKE_SECONDS
        connection = _Connection(handle, session, name, target, deadline)
        self._connections.append(connection)
        self._watch(connection)
        return connection

    def _new_nonce(self):
        self._nonces += 1
        return sha256(self._secret + b"%d" % self._nonces).digest()[:NONCE_BYTES]

    def _admits(self, peer_id):
        for each in self._connections:
            if each.session.is_up and each.session.peer_id == peer_id:
                raise BadStream("connected already")

    def _attempt(self, connection, step, *arguments):
        try:
            step(connection, *arguments)
        except BadStream as problem:
            self._lose(connection, str(problem))
        except MemoryError:
            self._lose(connection, "no memory for what it sends or gets")
        except OSError as error:
            self._lose(connection, describe(error))
        else:
            self._watch(connection)

    def _go_on(self, connection):
        self._send(connection)
        if self._is_paused:
            return
        size = runtime.read(connection.handle, self._view)
        if not size:
            raise BadStream("closed by the other side")
        if size > 0:
            for info_hash, record in connection.session.records(bytes(self._view[:size])):
                self._take(info_hash, record)
            if connection.deadline is not None and connection.session.is_up:
                self._come_up(connection)
            self._send(connection)

    def _send(self, connection, frames=b""):
        session = connection.session
        if frames:
            session.send(frames)
        if session.unsent:
            sent = runtime.write(connection.handle, session.unsent)
            if sent > 0:
                session.unsent = session.unsent[sent:]

    def _watch(self, connection):
        events = 0 if self._is_paused else EVENT_READ
        if connection.session.unsent:
            events |= EVENT_WRITE
        if events == connection.events:
            return
        if not connection.events:
            self._selector.register(connection.number, events, connection)
        elif not events:
            self._selector.unregister(connection.number)
        else:
            self._selector.modify(connection.number, events, connection)
        connection.events = events

    def _come_up(self, connection):
        connection.deadline = None
        if connection.target:
            connection.target.is_missed = False
            connection.frames_from = self._second + _HELLO_SECONDS
            log("bridge: connected to " + connection.name)
        else:
            self._say("bridge: connected by " + connection.name)

    def _lose(self, connection, why):
        if connection.events:
            self._selector.unregister(connection.number)
        runtime.close(connection.handle)
        self._connections.remove(connection)
        if connection.target:
            connection.target.connection = None
            self._miss(connection.target, why)
        elif connection.deadline is None:
            self._say("bridge: lost %s: %s" % (connection.name, why))
        else:
            self._turn_down(connection.name, why)

    def _miss(self, target, why):
        spread = self._own_id[self._second & 3] % _RETRY_SPREAD
        target.due = self._second + _RETRY_SECONDS + spread
        if not target.is_missed:
            target.is_missed = True
            log("bridge: not connected to %s: %s; tries again and again" % (target.name, why))

    def _miss_v6(self, connection):
        if not connection.misses_v6:
            connection.misses_v6 = True
            log("bridge: %s does not read IPv6 peers, it is told of IPv4 only" % connection.name)

    def _turn_down(self, name, why):
        text = "bridge: turned down %s: %s" % (name, why)
        if text not in self._turned_down and len(self._turned_down) < _MOST_LINES:
            self._turned_down.add(text)
            self._say(text)

    def _say(self, text):
        self._lines -= 1
        if self._lines >= 0:
            log(text)
