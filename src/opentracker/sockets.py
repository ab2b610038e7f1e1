"""The sockets that a tracker listens on, and how it moves to others while it serves.

A listener is an `opentracker.listeners.Listener`; what belongs to the same transport, address and
port is the same socket.
"""

from opentracker import runtime
from opentracker.addresses import format_endpoint
from opentracker.log import log
from opentracker.oserror import describe


class CannotListen(Exception):
    """Says in one line which socket can't be had."""


class Sockets:
    """Open sockets: `tcp` are runtime.Listeners, `udp` are runtime.DatagramSockets."""

    def __init__(self):
        self._open = {}

    def tcp(self):
        """Returns the listening TCP sockets."""
        return [opened for key, opened in self._open.items() if key[0] == "tcp"]

    def udp(self):
        """Returns the UDP sockets."""
        return [opened for key, opened in self._open.items() if key[0] == "udp"]

    def open(self, listeners):
        """Opens a socket for each listener, but for those that are optional and can't be had.

        What is open already stays, what is not in `listeners` is closed. Tells whether anything
        changed. Raises CannotListen, and then all is as it was before.
        """
        before = dict(self._open)
        wanted = [tuple(listener[:3]) for listener in listeners]
        unwanted = [key for key in self._open if key not in wanted]
        try:
            for key, listener in zip(wanted, listeners):
                if key not in self._open:
                    self._open_one(key, listener, unwanted)
        except CannotListen:
            self._go_back(before)
            raise
        for key in unwanted:
            self._close_one(key)
        return set(self._open) != set(before)

    def close(self):
        """Closes all sockets."""
        for key in list(self._open):
            self._close_one(key)

    def _open_one(self, key, listener, unwanted):
        """Opens a socket; those that leave make room for it, if they have its port."""
        rivals = [other for other in unwanted if other[0] == key[0] and other[2] == key[2]]
        try:
            try:
                self._open[key] = _opened(key)
            except OSError:
                if not rivals:
                    raise
                for rival in rivals:
                    self._close_one(rival)
                self._open[key] = _opened(key)
        except OSError as error:
            text = "%s: %s: %s" % (listener.where, _named(key), describe(error))
            if not listener.optional:
                raise CannotListen(text)
            log(text + "; going on without")

    def _go_back(self, before):
        for key in list(self._open):
            if key not in before:
                self._close_one(key)
        for key in before:
            if key not in self._open:
                try:
                    self._open[key] = _opened(key)
                except OSError as error:
                    log("%s is lost: %s" % (_named(key), describe(error)))

    def _close_one(self, key):
        if key in self._open:
            self._open.pop(key).close()


def _opened(key):
    transport, ip, port = key
    return (runtime.Listener if transport == "tcp" else runtime.DatagramSocket)(ip, port)


def _named(key):
    transport, ip, port = key
    return "%s %s" % (transport.upper(), format_endpoint(ip, port))
