"""The log of requests: what clients of listed networks send, kept in memory until it is fetched.

A network is listed by an announce with lognet=ADDRESS[/BITS], and all are struck off by lognet=-.
Whose requests are kept is nobody else's business, so both that and fetching the log are for
addresses that are blessed by name; who may is decided elsewhere. What is kept is bounded: the
oldest networks and requests make room for new ones, and all goes before memory runs out.
"""

from time import time

from opentracker.addresses import format_ip
from opentracker.errors import PARAMETER, BadRequest
from opentracker.networks import Networks, parse_network

MOST_NETWORKS = 64
MOST_BYTES = 32768


class FullLog:
    """Listens in on the `answer` of an HttpFrontend, while there are networks listed."""

    def __init__(self, frontend):
        self._frontend = frontend
        self._answer = None
        self._listed = []
        self._networks = None
        self._kept = []
        self._bytes = 0

    def change(self, value):
        """Does what a lognet parameter says; returns what to answer. BadRequest if it is wrong."""
        if value == b"-":
            self._listed = []
            if self._answer:
                self._frontend.answer, self._answer = self._answer, None
                self._frontend.overheard = False
            return b"Successfully removed.\n"
        try:
            network = parse_network(str(value, "utf-8"))
        except ValueError:
            raise BadRequest(PARAMETER)
        if network not in self._listed:
            self._listed = self._listed[1 - MOST_NETWORKS :] + [network]
        self._networks = Networks(self._listed)
        if not self._answer:
            self._answer = self._frontend.answer
            self._frontend.answer = self._keep_and_answer
            self._frontend.overheard = True
        return b"Successfully added.\n"

    def take(self):
        """Returns the log as (bytes, a generator of its parts), and forgets it."""
        parts, self._kept = self._kept, []
        size, self._bytes = self._bytes, 0
        return size, (part for part in parts)

    def _keep_and_answer(self, raw, size, address, keep_alive):
        if self._networks.holds(address):
            try:
                self._keep(raw[:size], address)
            except MemoryError:
                self.take()
        return self._answer(raw, size, address, keep_alive)

    def _keep(self, request, address):
        part = b"%08d: %s\n%s\n*\n\n" % (int(time()), format_ip(address).encode(), request)
        self._kept.append(part)
        self._bytes += len(part)
        while self._bytes > MOST_BYTES:
            self._bytes -= len(self._kept.pop(0))
