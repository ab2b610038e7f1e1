"""Connections for which memory runs out: each ends as a whole, and nothing of it stays."""

import pytest
from makers import Replaced

from opentracker import connections
from opentracker.connections import Connections
from opentracker.counters import Counters

REQUEST = b"GET /scrape HTTP/1.1\r\n\r\n"
PLACES = 8


class Client:
    """A connection to a client who has sent `unread` and takes `room` bytes."""

    def __init__(self, unread, room=0):
        self.unread, self.room, self.sent, self.is_open = unread, room, b"", True

    def read(self, view):
        size = len(self.unread)
        view[:size] = self.unread
        self.unread = b""
        return size or -1

    def write(self, data):
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.sent += taken
        return len(taken) or -1

    def close(self):
        assert self.is_open
        self.is_open = False


class Listener:
    def __init__(self, *clients):
        self.clients = list(clients)

    def accept(self):
        return (self.clients.pop(0), bytes(4)) if self.clients else None


class Selector(dict):
    full = False

    def register(self, number, events, data):
        assert number not in self
        if self.full:
            raise MemoryError
        self[number] = data

    def unregister(self, number):
        del self[number]

    def modify(self, number, events, data):
        assert number in self


class Heavy(bytes):
    """A reply for whose copy there is no memory."""

    def __getitem__(self, index):
        raise MemoryError


class Frontend:
    """Answers as it is told, with `stream` behind the reply."""

    keep_alive = False
    stream = None
    exchanges = None

    def __init__(self, reply, streams):
        self.reply, self.streams, self.open = reply, streams, 0

    def shortcut(self):
        return None

    def answer(self, raw, size, address, keep_alive):
        if self.streams:
            self.stream = self.rest()
            next(self.stream)
        return self.reply

    def rest(self):
        self.open += 1
        try:
            yield b""
            yield b"rest"
        finally:
            self.open -= 1


@pytest.fixture
def calls():
    """What connections do with sockets goes to Clients instead."""
    names = {"read": Client.read, "write": Client.write, "close": Client.close, "number": id}
    replaced = [Replaced(connections, name, call) for name, call in names.items()]
    for each in replaced:
        each.__enter__()
    yield
    for each in replaced:
        each.__exit__()


def serving(reply, streams):
    selector, frontend = Selector(), Frontend(reply, streams)
    return selector, frontend, Connections(selector, frontend, Counters(), PLACES)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("reply", [b"reply", Heavy(b"reply")])
@pytest.mark.parametrize("request_there", [REQUEST, REQUEST[:-2]])
def test_who_finds_no_memory_leaves_nothing_behind(calls, streams, reply, request_there):
    selector, frontend, served = serving(reply, streams)
    # Without room for the reply each needs a place. Twice as many come as there are places.
    clients = [Client(request_there) for _ in range(2 * PLACES)]
    selector.full = reply == b"reply"
    served.accept_from(Listener(*clients))
    for waiting in list(selector.values()):
        waiting.connection.unread = REQUEST[-2:]
        served.ready(waiting)
    assert not any(client.is_open for client in clients)
    assert not selector and not frontend.open
    # All the places are free again, and whoever comes next gets a reply of his own.
    selector.full = False
    frontend.reply, frontend.streams = b"another", False
    clients = [Client(b"G") for _ in range(PLACES)] + [Client(REQUEST, 100)]
    served.accept_from(Listener(*clients))
    assert [client.is_open for client in clients] == [True] * PLACES + [False]
    assert clients[-1].sent == b"another"
    served.close_all()
    assert not any(client.is_open for client in clients)
    assert not selector


def test_a_place_is_left_although_its_stream_fails_to_end(calls):
    selector, frontend, served = serving(b"reply", False)

    def unwilling():
        try:
            yield b""
            yield b""
        finally:
            raise MemoryError

    frontend.stream = unwilling()
    next(frontend.stream)
    client = Client(REQUEST)
    served.accept_from(Listener(client))
    served.now = 10000
    with pytest.raises(MemoryError):
        served.expire()
    served.expire()
    assert not client.is_open
    assert not selector


@pytest.mark.parametrize("places", [1, PLACES - 1, PLACES, PLACES + 3])
def test_places_may_become_more_or_fewer_while_some_are_taken(calls, places):
    selector, _, served = serving(b"reply", False)
    clients = [Client(b"G") for _ in range(PLACES - 2)]
    served.accept_from(Listener(*clients))
    served.set_places(places)
    kept = min(places, PLACES - 2)
    assert sum(client.is_open for client in clients) <= kept
    more = [Client(b"G") for _ in range(places + 1)]
    served.accept_from(Listener(*more))
    assert sum(client.is_open for client in clients + more) == len(selector) == places
    served.set_places(PLACES)
    served.close_all()
    assert not selector and not any(client.is_open for client in clients + more)
