"""The mode --bridge: what the nodes of one site say by live sync is said at other sites too.

What is heard from the multicast group waits for its turn and goes to all neighbours: one of the 256
first bytes of info_hashes after the other, all of them in two minutes. What neighbours send goes to
the group at once, as live sync, marked as something that came from elsewhere. What is so marked is
never sent to a neighbour, whoever marked it: so nothing goes round in circles, however many bridges
a site has, as long as one of them is ours. It follows that each site has to be connected to each
other site.
"""

from os import urandom
from selectors import EVENT_READ, DefaultSelector

from opentracker import mistakes, runtime
from opentracker.addresses import format_endpoint
from opentracker.lifecycle import CannotStart, read_again
from opentracker.livesync.frames import frames_of
from opentracker.livesync.link import Link
from opentracker.livesync.neighbours import Neighbours
from opentracker.livesync.packets import (
    COMPLETED,
    GROUP,
    ID_BYTES,
    PEERS_V4,
    PEERS_V6,
    SEEDING,
    STOPPED,
    Outbox,
    is_beacon,
    peers,
)
from opentracker.livesync.waiting import LISTS, Waiting
from opentracker.log import log
from opentracker.oserror import describe

CYCLE_SECONDS = 120

# The C tracker has this bit of the flags for peers that it knows by live sync. It never sends it,
# and makes no difference by it.
_FROM_ELSEWHERE = 0x10
_MEANINGFUL = SEEDING | COMPLETED | STOPPED

_PIECE = 256  # records in frames that are made at once
_MOST_PIECES = 16  # a second
# Of a flood from a neighbour, no more than the nodes of a site can take in.
_MOST_PACKETS = 250  # a second
_REPORT_SECONDS = 600


class Bridge:
    """A bridge on its sockets. Opening them is all that happens before `run`."""

    def __init__(self, settings, signals):
        """`signals` is a runtime.Signals."""
        self._settings = settings
        self._signals = signals
        self._selector = DefaultSelector()
        try:
            self._waiting = Waiting(settings.memory_kib * 1024, runtime.reserve)
        except (MemoryError, OSError):
            raise CannotStart("tracker.memory: no %d KiB to be had" % settings.memory_kib)
        self._link = self._neighbours = None
        self._running = True
        self._second = 0
        self._turn = 0
        self._packets = 0
        self._reported = 0

    def open(self):
        """Opens all sockets, or none: CannotStart says which can't be had."""
        settings = self._settings
        self._link = Link(self._open_socket(), self._hear, urandom(ID_BYTES))
        self._neighbours = Neighbours(
            self._selector, self._link.id, urandom(16), settings, self._pass_on
        )
        self._trust()
        self._v4 = Outbox(self._link.id, 6, self._link.aside)
        self._v6 = Outbox(self._link.id, 18, self._link.aside)
        try:
            self._neighbours.open(settings.bridge_listen)
        except CannotStart:
            self.close()
            raise

    def _open_socket(self):
        from opentracker.runtime.multicast import MulticastSocket

        ip, port = self._settings.livesync_listen
        try:
            return MulticastSocket(GROUP, port, ip)
        except OSError as error:
            where = format_endpoint(ip, port)
            raise CannotStart("livesync.cluster.listen: %s: %s" % (where, describe(error)))

    def run(self):
        """Connects sites until a signal ends it."""
        mistakes.show_tracebacks(self._settings.debug)
        readers = self._neighbours.readers() + [(self._link.fileno(), self._link.serve)]
        if self._signals.fileno() >= 0:
            readers.append((self._signals.fileno(), self._obey_signals))
        for descriptor, handler in readers:
            self._selector.register(descriptor, EVENT_READ, handler)
        runtime.tune()
        self._turn = self._due(runtime.seconds())
        self._guard(self._tick, runtime.seconds())
        while self._running:
            for key, _ in self._selector.select(1):
                self._guard(self._handle, key.data)
            if runtime.seconds() != self._second:
                self._guard(self._tick, runtime.seconds())
        self._guard(self._flush, (self._v4, self._v6))

    def close(self):
        """Closes every socket, once."""
        if self._neighbours:
            self._neighbours.close()
        if self._link:
            self._link.close()
        self._selector.close()

    def _guard(self, step, subject):
        try:
            step(subject)
        except Exception as error:  # A mistake of ours must not end the service.
            mistakes.tell(error)

    def _handle(self, ready):
        if callable(ready):
            ready()
        else:
            self._neighbours.ready(ready)

    def _tick(self, second):
        self._second = second
        self._packets = 0
        self._link.tick(second)
        self._flush((self._v4, self._v6))
        self._neighbours.tick(second)
        self._send_due(self._due(second))
        if second - self._reported >= _REPORT_SECONDS:
            self._reported = second
            self._report()

    def _due(self, second):
        """Returns how many lists have had their turn by a second."""
        return second * LISTS // CYCLE_SECONDS

    def _send_due(self, due):
        """Sends the lists whose turn has come. In a flood it falls behind, by a cycle at most."""
        self._turn = max(self._turn, due - LISTS)
        pieces = _MOST_PIECES
        while self._turn < due and pieces:
            first = self._turn % LISTS
            records = self._waiting.take(first, _PIECE)
            if records:
                self._neighbours.send(*frames_of(first, records))
                pieces -= 1
            if len(records) < _PIECE:
                self._turn += 1

    def _hear(self, packet, size, kind):
        """Takes a packet of this site's nodes."""
        if kind == PEERS_V4:
            records = peers(packet, size, 6)
        elif kind == PEERS_V6 and not is_beacon(packet, size):
            records = peers(packet, size, 18)
        else:
            return
        add = self._waiting.add
        for info_hash, peer, flags in records:
            if not flags & _FROM_ELSEWHERE:
                add(info_hash, peer, flags & _MEANINGFUL)

    def _pass_on(self, info_hash, record):
        """Takes a record of another site."""
        peer = record[:-1]
        outbox = self._v4 if len(peer) == 6 else self._v6
        if outbox.add(info_hash, peer, record[-1] & _MEANINGFUL | _FROM_ELSEWHERE):
            self._flush((outbox,))
            self._packets += 1
            if self._packets >= _MOST_PACKETS:
                self._neighbours.pause()

    def _flush(self, outboxes):
        for outbox in outboxes:
            if outbox.waits():
                self._link.send(outbox.take())

    def _trust(self):
        settings = self._settings
        nodes = settings.livesync_networks + settings.admin_networks
        self._link.trust(nodes, settings.livesync_key)
        self._neighbours.trust(settings)

    def _report(self):
        if self._waiting.lost:
            log(
                "bridge: no room for %d records in the last %d minutes; tracker.memory is %d KiB"
                % (self._waiting.lost, _REPORT_SECONDS // 60, self._settings.memory_kib)
            )
            self._waiting.lost = 0
        self._neighbours.report()

    def _obey_signals(self):
        for name in self._signals.read():
            if name == "HUP":
                if read_again(self._settings):
                    self._trust()
            else:
                log("ends by signal " + name)
                self._running = False
