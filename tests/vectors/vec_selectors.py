"""The selectors interface: CPython's own module and ours for MicroPython keep the same contract.

Interpreters without sockets run what needs none.
"""

import selectors
from selectors import EVENT_READ, EVENT_WRITE, PollSelector

try:
    import socket
except ImportError:
    socket = None

try:
    from time import ticks_diff, ticks_ms
except ImportError:
    from time import monotonic

    def ticks_ms():
        return monotonic() * 1000

    def ticks_diff(end, start):
        return end - start


BOTH = EVENT_READ | EVENT_WRITE
FIRST_PORT, LAST_PORT = 40000, 40200


class Sockets:
    """Sockets on the loopback, closed once each, at the latest when the block ends."""

    def __enter__(self):
        self.open = []
        return self

    def __exit__(self, *exception):
        for each in self.open:
            each.close()

    def socket(self, kind):
        sock = socket.socket(socket.AF_INET, kind)
        self.open.append(sock)
        return sock

    def bound(self, kind):
        """(socket, its address) at some free port."""
        sock = self.socket(kind)
        for port in range(FIRST_PORT, LAST_PORT):
            address = socket.getaddrinfo("127.0.0.1", port)[0][-1]
            try:
                sock.bind(address)
                return sock, address
            except OSError:
                pass
        raise OSError("no free port")

    def udp(self):
        """A socket to which a datagram is on its way, and who sent it."""
        sender, (receiver, address) = self.socket(socket.SOCK_DGRAM), self.bound(socket.SOCK_DGRAM)
        sender.sendto(b"x", address)
        return receiver, sender

    def tcp(self):
        """Both ends of a connection."""
        listener, address = self.bound(socket.SOCK_STREAM)
        listener.listen(1)
        client = self.socket(socket.SOCK_STREAM)
        client.connect(address)
        server = listener.accept()[0]
        self.open.append(server)
        return server, client

    def close(self, sock):
        self.open.remove(sock)
        sock.close()


def raises(kind, function, *arguments):
    try:
        function(*arguments)
    except kind:
        return True
    return False


def test_names():
    assert (EVENT_READ, EVENT_WRITE) == (1, 2)
    key = selectors.SelectorKey("file", 3, EVENT_READ, "data")
    assert (key.fileobj, key.fd, key.events, key.data) == ("file", 3, 1, "data") == tuple(key)
    with selectors.DefaultSelector() as selector:
        assert len(selector.get_map()) == 0


def test_what_can_not_be_registered():
    class NoDescriptor:
        def fileno(self):
            return -1

    with PollSelector() as selector:
        for fileobj in (-1, "file", None, object(), NoDescriptor()):
            assert raises(ValueError, selector.register, fileobj, EVENT_READ)
        for events in (0, 4, BOTH + 4, -1):
            assert raises(ValueError, selector.register, 0, events)
        assert len(selector.get_map()) == 0


def test_unknown_objects():
    with PollSelector() as selector:
        assert raises(KeyError, selector.unregister, 5)
        assert raises(KeyError, selector.modify, 5, EVENT_READ)
        assert raises(KeyError, selector.get_key, 5)
        assert raises(KeyError, lambda: selector.get_map()[5])
        assert 5 not in selector.get_map()
        assert raises(ValueError, selector.unregister, "file")


def test_closed_selector():
    selector = PollSelector()
    selector.close()
    assert selector.get_map() is None
    assert raises(RuntimeError, selector.get_key, 0)


def test_nothing_registered_waits_for_the_timeout():
    if socket is None:
        return  # poll() of these builds does not sleep
    with PollSelector() as selector:
        for timeout, least in ((0, 0), (-1, 0), (0.05, 50), (0.0001, 0.1)):
            start = ticks_ms()
            assert selector.select(timeout) == []
            assert least - 1 <= ticks_diff(ticks_ms(), start) < least + 2000


def _register_and_map():
    with Sockets() as sockets, PollSelector() as selector:
        one, two = sockets.udp()
        key = selector.register(one, EVENT_READ, "data")
        assert tuple(key) == (one, one.fileno(), EVENT_READ, "data")
        assert selector.register(two.fileno(), BOTH).fileobj == two.fileno()
        assert raises(KeyError, selector.register, one, EVENT_READ)
        assert raises(KeyError, selector.register, one.fileno(), EVENT_WRITE)
        assert selector.get_key(one) == selector.get_key(one.fileno()) == key
        table = selector.get_map()
        assert len(table) == 2 and one in table and table[one] == key
        assert sorted(table) == sorted(table.keys()) == sorted([one.fileno(), two.fileno()])
        assert sorted(key.fd for key in table.values()) == sorted(fd for fd, _ in table.items())
        assert table.get(one) == key and table.get(9999) is None
        assert selector.unregister(one) == key
        assert one not in table and len(table) == 1
        assert raises(KeyError, selector.unregister, one)


def _readable_and_writable():
    with Sockets() as sockets, PollSelector() as selector:
        receiver, sender = sockets.udp()
        selector.register(receiver, EVENT_READ, "in")
        selector.register(sender, EVENT_WRITE, "out")
        for _ in range(3):  # the same answer every time
            ready = sorted((key.data, events) for key, events in selector.select(1))
            assert ready == [("in", EVENT_READ), ("out", EVENT_WRITE)]
        receiver.recv(1)
        assert [key.data for key, _ in selector.select()] == ["out"]
        selector.unregister(sender)
        assert selector.select(0) == []


def _modify():
    with Sockets() as sockets, PollSelector() as selector:
        sock, _ = sockets.udp()
        selector.register(sock, EVENT_READ, 1)
        assert tuple(selector.modify(sock, BOTH, 2)) == (sock, sock.fileno(), BOTH, 2)
        assert [(key.data, events) for key, events in selector.select(1)] == [(2, BOTH)]
        sock.recv(1)
        assert [events for _, events in selector.select(1)] == [EVENT_WRITE]
        selector.modify(sock, EVENT_READ, 3)
        assert selector.select(0) == []
        assert selector.get_key(sock).data == 3


def _hang_up_is_what_is_watched():
    for watched in (EVENT_READ, EVENT_WRITE, BOTH):
        with Sockets() as sockets, PollSelector() as selector:
            server, client = sockets.tcp()
            client.send(b"x")
            selector.register(server, watched)
            sockets.close(client)
            server.recv(1)
            server.send(b"x")  # answered by a reset
            wanted = [watched]
            for _ in range(100):
                if [events for _, events in selector.select(0.01)] == wanted:
                    break
            else:
                raise AssertionError(selector.select(0))


def _closed_descriptor_does_not_hide():
    with Sockets() as sockets, PollSelector() as selector:
        sock, _ = sockets.udp()
        key = selector.register(sock, EVENT_READ)
        sockets.close(sock)
        assert selector.select(1) == [(key, EVENT_READ)]
        assert selector.unregister(sock) == key
        assert selector.select(0) == []


def _unregistered_while_handled():
    with Sockets() as sockets, PollSelector() as selector:
        for _ in range(3):
            selector.register(sockets.udp()[0], EVENT_READ)
        handled = 0
        for key, _ in selector.select(1):
            for other in list(selector.get_map().values()):
                if other is not key:
                    selector.unregister(other.fileobj)
            handled += 1
        assert handled == 3 and len(selector.get_map()) == 0


def _descriptors_are_used_again():
    with PollSelector() as selector:
        for turn in range(300):
            with Sockets() as sockets:
                sock, _ = sockets.udp()
                selector.register(sock, EVENT_READ, turn)
                assert [key.data for key, _ in selector.select(1)] == [turn]
                selector.unregister(sock)
        assert len(selector.get_map()) == 0


if socket:
    test_register_and_map = _register_and_map
    test_readable_and_writable = _readable_and_writable
    test_modify = _modify
    test_hang_up_is_what_is_watched = _hang_up_is_what_is_watched
    test_closed_descriptor_does_not_hide = _closed_descriptor_does_not_hide
    test_unregistered_while_handled = _unregistered_while_handled
    test_descriptors_are_used_again = _descriptors_are_used_again
