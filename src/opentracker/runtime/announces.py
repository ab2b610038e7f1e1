"""Announces that need nothing but known peers, in machine code where MicroPython can emit it.

The truth is `frontends`; this does the same for announces without an event or with "started" of
peers that stay on their side, by UDP if the connection id was found right before. It leaves the
others alone. The system's share included, such an announce takes 2 to 6 us instead of 8 by UDP,
and 13 to 16 instead of 30 by HTTP (x86-64, scripts/bench, at two tempos of the machine).
"""

from array import array
from os import urandom

from opentracker.runtime import announces_http, announces_udp
from opentracker.udp import ANNOUNCE_BYTES

_TRUSTED = 256  # sources whose connection ids are kept, for each family


class Announces:
    """Answers announces for `pools` (Pools in machine code); `counters` count them.

    shortest  bytes of the shortest packet that may be an announce
    """

    shortest = ANNOUNCE_BYTES

    def __init__(self, pools, counters):
        self.swarms = pools.swarms
        self._counters = counters
        self.said = array("I", bytes(12))  # port, numwant, whether it seeds
        self._trusted = {4: _table(4), 16: _table(16)}
        self.tools = (
            array("I", urandom(16)),  # the secret of the two tables that follow
            self._trusted[4],
            self._trusted[16],
            bytearray(20),  # an info_hash
            bytearray(6),  # a compact peer
            bytearray(18),
            pools.arena.bytes,
            pools.keys.state,
            pools.renewed,
            array("I", bytes(16)),  # what census writes
            array("I", urandom(4)),  # the last random number
            self.said,
        )

    def trust(self, ip, packet):
        """Takes note that a packet from a packed address had a right connection id."""
        announces_udp.remember(self._trusted[len(ip)], self.tools[0], ip, len(ip) >> 2, packet)

    def forget(self):
        """Trusts nobody any more: connection ids have got older."""
        for table in self._trusted.values():
            announces_udp.clear(table, len(table))

    def answer_http(self, raw, ip, keep_alive, reply):
        """Answers the complete request that `raw` begins with, from a packed address, or returns 0.

        Returns where the reply begins in `reply` (upper 16 bits) and ends.
        """
        swarms = self.swarms
        place = announces_http.answer(
            self.tools, swarms.directory, swarms.mask, raw, ip, keep_alive, reply
        )
        if place:
            self._counters.tcp_announces += 1
            self._counters.numwants[self.said[1]] += 1
        return place

    def answer(self, layout, first, end):
        """Answers packets of a batch (`Batch.layout`), number `first` and on, but for `end`.

        Returns the number of the first that is another's to answer, or `end`.
        """
        swarms = self.swarms
        number = announces_udp.answer(self.tools, layout, swarms.directory, swarms.mask, first, end)
        self._counters.udp_announces += number - first
        return number


def _table(ip_bytes):
    return array("I", bytes(_TRUSTED * (ip_bytes + 8)))
