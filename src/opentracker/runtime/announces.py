"""Requests that need nothing but known swarms, in machine code where MicroPython can emit it.

The truth is `frontends`; this does the same for announces without an event or with "started" of
peers that stay on their side. By UDP these may be new to a swarm that is known, and connects and
scrapes are answered too, all for sources whose connection ids are known since ids last got older.
The others are left alone.

In process, a UDP announce takes 2 us of processor time instead of 12 (docs/architecture.md has
more); an HTTP announce takes 21 instead of 75 with the system's share (x86-64, scripts/bench).
"""

from array import array
from os import urandom

from opentracker.runtime import announces_http, announces_udp
from opentracker.runtime.announces_udp import SETS, WAYS
from opentracker.runtime.batch import BATCH
from opentracker.udp import MAGIC


class Announces:
    """Answers requests for `pools` (Pools in machine code); `counters` count them.

    route    what `batch` does between receiving and sending

    `reserve` is that of `opentracker.runtime`: 120 KiB for trusted sources, touched as they come.
    """

    def __init__(self, pools, counters, reserve):
        self.route = announces_udp.route
        self.swarms = pools.swarms
        self._counters = counters
        self.said = array("I", bytes(12))  # port, numwant, whether it seeds
        self._answered = array("I", bytes(12))  # UDP connects, announces, scrapes
        self._added = array("I", bytes(20))  # new peers, as `native.add` counts them
        self._lists = pools.lists
        self._trusted = _table(4, reserve), _table(16, reserve)
        self.tools = (
            array("I", urandom(32)),  # the secret of the two tables that follow
            self._trusted[0],
            self._trusted[1],
            bytearray(20),  # an info_hash
            bytearray(6),  # a compact peer
            bytearray(18),
            pools.arena.bytes,
            pools.keys.state,
            pools.renewed,
            array("I", bytes(16)),  # what census writes
            array("I", urandom(4)),  # the last random number
            self.said,
            array("I", bytes(4 * BATCH)),  # seats
            array("I", MAGIC + b"\0\0\0\0" + b"\0\0\0\1" + b"\0\0\0\2"),
            self._answered,
            pools.ledger.held,
            len(pools.ledger.held) - 1,
            pools.ledger.allowance,
            self._added,
        )

    def trust(self, ip, fresh, given, displaces=True):
        """Takes note that a packed address has a right connection id, which `given` begins with.

        `fresh` is its id of this period. Only who `displaces` others has shown that the address is
        its own.
        """
        announces_udp.remember(self.tools, ip, len(ip) >> 2, fresh, given, displaces)

    def forget(self):
        """Trusts nobody any more: connection ids have got older."""
        for table in self._trusted:
            announces_udp.turn(table)

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
        if number > first:
            answered, counters = self._answered, self._counters
            counters.udp_connects += answered[0]
            counters.udp_announces += answered[1]
            counters.udp_scrapes += answered[2]
            answered[0] = answered[1] = answered[2] = 0
            if self._added[0]:
                self._count_added()
        return number

    def _count_added(self):
        added = self._added
        added[0] = 0
        for family, lists in enumerate(self._lists):
            lists.count += added[1 + 2 * family]
            lists.seeders += added[2 + 2 * family]
            added[1 + 2 * family] = added[2 + 2 * family] = 0


def _table(ip_bytes, reserve):
    table, _words = reserve(4 + SETS * WAYS * (ip_bytes + 20))
    announces_udp.turn(table)
    return table
