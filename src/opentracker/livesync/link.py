"""A node's end of the multicast group: what it sends, and whose packets it believes.

Whoever speaks live sync stands on this: it gives a Link the packets to send, and is given those
that came from nodes which are believed, by address and, if there is a key, by their seal.
"""

from opentracker.addresses import format_ip
from opentracker.livesync.packets import sender_of, type_of
from opentracker.livesync.seal import TAIL_BYTES, Acquaintances, Seal
from opentracker.log import log
from opentracker.networks import Networks
from opentracker.oserror import describe

_REPORT_SECONDS = 300
_REJOIN_SECONDS = 60

_STRANGERS = "from addresses that livesync.cluster.node_ip does not name"
_UNSEALED = "without the right livesync.cluster.key"


class Link:
    """What packets are sent with and come from; `aside` is how many bytes of each are not free."""

    def __init__(self, socket, take, own_id):
        """`socket`: what runtime.multicast.MulticastSocket offers. `own_id`: 4 bytes.

        `take(packet, size, kind)` gets what is believed; the size is that without a seal.
        """
        self.id = own_id
        self.aside = 0
        self._socket = socket
        self._take = take
        self._seal = None
        self._acquaintances = None
        self._nodes = Networks([])
        self._anybody = False
        self._refused = {}
        self._unsent = 0
        self._send_error = None
        self._next_report = self._next_rejoin = 0
        self.fileno = socket.fileno
        self.close = socket.close

    def trust(self, networks, key):
        """Sets whom to believe: (packed ip, bits) of nodes, and a key (str) or None.

        With a key and no networks every node that has the key is believed. The key stays what it
        was set to first; that is when the others are asked to make themselves known.
        """
        if key and not self._seal:
            self.aside = TAIL_BYTES
            self._seal = Seal(key.encode())
            self._acquaintances = Acquaintances(self.id, self.send)
            self._acquaintances.greet()
        self._nodes = Networks(networks)
        self._anybody = bool(self._seal) and not networks

    def send(self, packet):
        """Sends a packet, with a seal if there is a key. What can't be sent is lost."""
        if self._seal:
            packet = self._seal.seal(packet)
        try:
            self._socket.send(packet)
        except OSError as error:
            self._unsent += 1
            self._send_error = error
            self._next_rejoin = 0

    def serve(self):
        """Takes some of the packets that are there."""
        self._socket.serve(self._receive)

    def tick(self, second):
        """To be called once a second, with the seconds of a clock that never goes back."""
        if self._acquaintances:
            self._acquaintances.tick()
        if second >= self._next_rejoin:
            self._next_rejoin = second + _REJOIN_SECONDS
            self._socket.rejoin()
        if second >= self._next_report and (self._refused or self._unsent):
            self._next_report = second + _REPORT_SECONDS
            self._report()

    def _receive(self, packet, size, source):
        kind = type_of(packet, size)
        if kind < 0 or sender_of(packet) == self.id:
            return
        if not self._anybody and not self._nodes.holds(source):
            self._refuse(_STRANGERS, source)
            return
        if self._seal:
            count = self._seal.count_of(packet, size)
            if count < 0:
                self._refuse(_UNSEALED, source)
                return
            size -= TAIL_BYTES
            if not self._acquaintances.admits(packet, size, count):
                return
        self._take(packet, size, kind)

    def _refuse(self, why, source):
        number, _ = self._refused.get(why, (0, None))
        self._refused[why] = number + 1, source

    def _report(self):
        for why in self._refused:
            number, source = self._refused[why]
            log(
                "live sync: packets ignored: %d, %s; the last from %s"
                % (number, why, format_ip(source))
            )
        if self._unsent:
            why = describe(self._send_error)
            log("live sync: packets not sent: %d; %s" % (self._unsent, why))
        self._refused = {}
        self._unsent = 0
