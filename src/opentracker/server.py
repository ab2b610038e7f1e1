"""The event loop: sockets on one side, the frontends on the other, and a clock of one second.

Everything happens in this one thread, in turns that are short by construction: a turn serves a
bounded number of connections and packets of each socket, and a second's share of the sweep.
"""

from selectors import EVENT_READ, DefaultSelector

from opentracker import config, runtime
from opentracker.addresses import format_endpoint
from opentracker.connections import Connections
from opentracker.frontends import HttpFrontend, UdpFrontend
from opentracker.log import log
from opentracker.oserror import describe
from opentracker.pools import Pools
from opentracker.tracker import Tracker

_SWEEP_ROUND_SECONDS = 120
_CONNECTION_ID_SECONDS = 120
_REPORT_SECONDS = 600


class CannotStart(Exception):
    """Says in one line what keeps the server from starting."""


class Server:
    """A tracker on its sockets. Opening them is all that happens before `run`."""

    def __init__(self, settings):
        self._settings = settings
        self._selector = DefaultSelector()
        try:
            self.tracker = Tracker(Pools(settings.memory_kib, runtime.reserve, runtime.native))
        except (MemoryError, OSError):
            raise CannotStart("tracker.memory: no %d KiB to be had" % settings.memory_kib)
        self._http = HttpFrontend(self.tracker, settings.redirect_url)
        self._udp = UdpFrontend(self.tracker)
        self._connections = Connections(self._selector, self._http, settings.connections)
        self._tcp = []
        self._udp_sockets = []
        self._running = True
        self._second = 0
        self._accepting = True
        self._refused = 0
        self._signals = None

    def open(self):
        """Opens all sockets, or none: CannotStart says which can't be had."""
        try:
            for listener in self._settings.listeners:
                self._open_one(listener)
        except CannotStart:
            self.close()
            raise
        self._signals = runtime.Signals()

    def _open_one(self, listener):
        try:
            if listener.transport == "tcp":
                self._tcp.append(runtime.Listener(listener.ip, listener.port))
            else:
                self._udp_sockets.append(runtime.DatagramSocket(listener.ip, listener.port))
        except OSError as error:
            where = format_endpoint(listener.ip, listener.port)
            text = "%s: %s %s: %s" % (
                listener.where,
                listener.transport.upper(),
                where,
                describe(error),
            )
            if not listener.optional:
                raise CannotStart(text)
            log(text + "; going on without")

    def settle(self):
        """Leaves root and goes to the root directory; CannotStart if that fails."""
        try:
            runtime.settle(self._settings.user, self._settings.rootdir)
        except ValueError as error:
            raise CannotStart(str(error))
        except OSError as error:
            raise CannotStart("cannot change to user and directory: " + describe(error))

    def run(self):
        """Serves until a signal ends it."""
        self._accept(True)
        for datagrams in self._udp_sockets:
            self._selector.register(datagrams.fileno(), EVENT_READ, datagrams)
        if self._signals.fileno() >= 0:
            self._selector.register(self._signals.fileno(), EVENT_READ, self._signals)
        runtime.tune()
        while self._running:
            for key, _ in self._selector.select(1):
                self._guard(self._handle, key.data)
            if runtime.seconds() != self._second:
                self._guard(self._tick, runtime.seconds())

    def _guard(self, step, subject):
        try:
            step(subject)
        except Exception as error:  # A mistake of ours must not end the service.
            runtime.print_exception(error)

    def _handle(self, ready):
        if isinstance(ready, runtime.DatagramSocket):
            ready.serve(self._udp.answer)
        elif isinstance(ready, runtime.Listener):
            if self._accepting and not self._connections.accept_from(ready):
                self._accept(False)
        elif ready is self._signals:
            for name in ready.read():
                self._obey(name)
        else:
            self._connections.ready(ready)

    def _accept(self, accepting):
        """Starts or stops accepting connections. It is stopped while descriptors are short."""
        self._accepting = accepting
        for listener in self._tcp:
            if accepting:
                self._selector.register(listener.fileno(), EVENT_READ, listener)
            else:
                self._selector.unregister(listener.fileno())

    def _tick(self, second):
        passed = second - self._second
        periods = second // _CONNECTION_ID_SECONDS - self._second // _CONNECTION_ID_SECONDS
        reports = second // _REPORT_SECONDS - self._second // _REPORT_SECONDS
        self._second = self._connections.now = second
        pools = self.tracker.pools
        pools.advance(second // 60)
        entries = pools.swarms.entries()
        pools.sweep(min(entries, entries * passed // _SWEEP_ROUND_SECONDS + 1))
        for _ in range(min(periods, 2)):
            self._udp.connection_ids.turn()
        if reports:
            self._report_refusals()
        self._connections.expire()
        if not self._accepting:
            self._accept(True)

    def _report_refusals(self):
        refused = self.tracker.pools.refused - self._refused
        if refused:
            self._refused += refused
            log(
                "no room for %d announces in the last %d minutes; tracker.memory is %d KiB"
                % (refused, _REPORT_SECONDS // 60, self._settings.memory_kib)
            )

    def _obey(self, signal):
        if signal == "HUP":
            self._reload()
        else:
            log("ends by signal " + signal)
            self._running = False

    def _reload(self):
        try:
            new = config.reload(self._settings)
        except config.ConfigError as error:
            for message in error.messages:
                log(message)
            log("nothing reloaded, everything stays as it was")
            return
        applied, needs_restart = config.take_over(self._settings, new)
        self._http.redirect_url = self._settings.redirect_url
        self._connections.set_places(self._settings.connections)
        for warning in new.warnings:
            log(warning)
        log("reloaded; changed: " + (", ".join(applied) or "nothing"))
        if needs_restart:
            log("to take effect this needs a restart: " + ", ".join(needs_restart))

    def close(self):
        """Closes every socket, once."""
        self._connections.close_all()
        for opened in self._tcp + self._udp_sockets:
            opened.close()
        self._tcp = []
        self._udp_sockets = []
        self._selector.close()
