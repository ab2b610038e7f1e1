"""The event loop: sockets on one side, the frontends on the other, and a clock of one second.

Everything happens in this one thread, in turns that are short by construction: a turn serves a
bounded number of connections and packets of each socket, and a second's share of the sweep.
"""

from selectors import EVENT_READ, DefaultSelector

from opentracker import mistakes, runtime
from opentracker.connections import Connections
from opentracker.hosts import announce_urls
from opentracker.lifecycle import CannotStart
from opentracker.log import log
from opentracker.oserror import describe
from opentracker.service import Service
from opentracker.sockets import CannotListen, Sockets


class Server:
    """A tracker on its sockets. Opening them is all that happens before `run`."""

    def __init__(self, settings, signals):
        """`signals` is a runtime.Signals."""
        self._settings = settings
        self._signals = signals
        self._selector = DefaultSelector()
        try:
            self.service = service = Service(settings)
        except (MemoryError, OSError):
            raise CannotStart("tracker.memory: no %d KiB to be had" % settings.memory_kib)
        self._connections = Connections(
            self._selector, service.http, service.counters, settings.connections
        )
        self._sockets = Sockets()
        self._running = True
        self._reloading = False
        self._second = 0
        self._accepting = True

    def open(self):
        """Opens all sockets, or none: CannotStart says which can't be had."""
        try:
            self._sockets.open(self._settings.listeners)
            self.service.open()
        except (CannotStart, CannotListen) as error:
            self.close()
            raise CannotStart(str(error))
        except OSError as error:
            self.close()
            raise CannotStart(describe(error))

    def run(self):
        """Serves until a signal ends it."""
        self._guard(Service.start, self.service)
        self._listen()
        if self._signals.fileno() >= 0:
            self._selector.register(self._signals.fileno(), EVENT_READ, self._obey_signals)
        for descriptor, handler in self.service.readers():
            self._selector.register(descriptor, EVENT_READ, handler)
        runtime.tune()
        self._busy = False
        while self._running:
            for key, _ in self._selector.select(0 if self._busy else 1):
                self._guard(self._handle, key.data)
            if self._reloading:  # Not before all sockets that were ready have had their turn.
                self._guard(Server._reload, self)
            if runtime.seconds() != self._second:
                self._guard(self._tick, runtime.seconds())
            self._busy = False
            self._guard(self._work, self._connections)
            self._guard(self._work, self.service.jobs)
        self._guard(Service.stop, self.service)

    def _work(self, worker):
        self._busy = worker.work() or self._busy

    def _guard(self, step, subject):
        try:
            step(subject)
        except Exception as error:  # A mistake of ours must not end the service.
            mistakes.tell(error)

    def _handle(self, ready):
        if isinstance(ready, runtime.DatagramSocket):
            service = self.service
            service.counters.udp_packets += ready.serve(service.udp.answer, service.udp.shortcut())
        elif isinstance(ready, runtime.Listener):
            if self._accepting and not self._connections.accept_from(ready):
                self._accept(False)
        elif callable(ready):
            ready()
        else:
            self._connections.ready(ready)

    def _listen(self):
        self._accept(True)
        for datagrams in self._sockets.udp():
            self._selector.register(datagrams.fileno(), EVENT_READ, datagrams)

    def _listen_elsewhere(self):
        """Goes over to the sockets that the settings ask for; if it can't, all stay as they are."""
        if self._accepting:
            self._accept(False)
        for datagrams in self._sockets.udp():
            self._selector.unregister(datagrams.fileno())
        try:
            changed = self._sockets.open(self._settings.listeners)
        except CannotListen as error:
            log("%s; it goes on listening where it did" % error)
            changed = False
        self._listen()
        if changed:
            for url in announce_urls(self._settings.listeners):
                log("serving " + url)

    def _accept(self, accepting):
        """Starts or stops accepting connections. It is stopped while descriptors are short."""
        self._accepting = accepting
        for listener in self._sockets.tcp():
            if accepting:
                self._selector.register(listener.fileno(), EVENT_READ, listener)
            else:
                self._selector.unregister(listener.fileno())

    def _tick(self, second):
        self._second = self._connections.now = second
        self.service.tick(second)
        self._connections.expire()
        if not self._accepting:
            self._accept(True)

    def _obey_signals(self):
        for name in self._signals.read():
            if name == "HUP":
                self._reloading = True
            else:
                log("ends by signal " + name)
                self._running = False

    def _reload(self):
        self._reloading = False
        self.service.reload()
        self._listen_elsewhere()
        self._connections.set_places(self._settings.connections)

    def close(self):
        """Closes every socket, once."""
        self._connections.close_all()
        self._sockets.close()
        self._selector.close()
