"""The log of requests: whose are kept, how they read, and how much of them there is."""

from makers import http_frontend, pools_of

from opentracker.addresses import parse_ip
from opentracker.errors import PARAMETER, BadRequest
from opentracker.fulllog import MOST_BYTES, MOST_NETWORKS, FullLog
from opentracker.tracker import Tracker

ADDED, REMOVED = b"Successfully added.\n", b"Successfully removed.\n"
REQUEST = b"GET /announce?x=%d HTTP/1.1\r\nHost: tracker\r\n\r\n"
WANT_KEEP_ALIVE = False


class Logged:
    """A frontend with a log, and what clients do to both."""

    def __init__(self):
        self.http = http_frontend(Tracker(pools_of(64)))
        self.log = FullLog(self.http)

    def ask(self, source, number=0, rest=b""):
        """Sends a request, which is answered as usual."""
        request = REQUEST % number
        raw = request + rest
        reply = bytes(self.http.answer(raw, len(request), parse_ip(source), WANT_KEEP_ALIVE))
        assert reply.startswith(b"HTTP/1.1 200 OK\r\n") and b"14:failure reason" in reply

    def take(self):
        """What is kept, as (address, request) pairs, after a check of its form."""
        size, parts = self.log.take()
        found = []
        for part in parts:
            size -= len(part)
            line, end, request = part.partition(b"\n")
            seconds, colon, address = line.partition(b": ")
            assert end and colon and seconds.isdigit() and len(seconds) >= 8
            assert request.endswith(b"\n*\n\n")
            found.append((address.decode(), request[:-4]))
        assert size == 0
        return found


def is_refused(log, value):
    try:
        log.change(value)
    except BadRequest as problem:
        assert problem.reason == PARAMETER
        return True
    return False


def test_nothing_is_kept_before_a_network_is_listed():
    logged = Logged()
    logged.ask("10.0.0.1")
    assert logged.take() == []


def test_requests_of_listed_networks_are_kept_in_order():
    logged = Logged()
    assert logged.log.change(b"10.0.0.0/24") == ADDED
    assert logged.log.change(b"2001:db8::/32") == ADDED
    assert logged.log.change(b"11.0.0.1") == ADDED
    listed = "10.0.0.255", "2001:db8::7", "11.0.0.1", "10.0.0.0"
    for number, source in enumerate(listed):
        logged.ask("10.0.1.0", 100)
        logged.ask(source, number)
        logged.ask("11.0.0.2", 100)
        logged.ask("2001:db9::7", 100)
    assert logged.take() == [(source, REQUEST % number) for number, source in enumerate(listed)]
    assert logged.take() == []


def test_only_the_request_itself_is_kept():
    logged = Logged()
    logged.log.change(b"10.0.0.1")
    logged.ask("10.0.0.1", rest=b"GET /next")
    assert logged.take() == [("10.0.0.1", REQUEST % 0)]


def test_striking_off():
    logged = Logged()
    assert logged.log.change(b"-") == REMOVED
    logged.log.change(b"10.0.0.1")
    logged.ask("10.0.0.1", 1)
    assert logged.log.change(b"-") == REMOVED
    assert logged.log.change(b"-") == REMOVED
    logged.ask("10.0.0.1", 2)
    assert logged.take() == [("10.0.0.1", REQUEST % 1)]
    logged.log.change(b"10.0.0.2")
    logged.ask("10.0.0.1", 3)
    logged.ask("10.0.0.2", 4)
    assert logged.take() == [("10.0.0.2", REQUEST % 4)]


def test_what_else_listens_is_kept_listening():
    """Who takes the place of `answer` before stays in between, and comes back."""
    logged = Logged()
    usual, heard = logged.http.answer, []

    def listen(raw, size, address, keep_alive):
        heard.append(address)
        return usual(raw, size, address, keep_alive)

    logged.http.answer = listen
    logged.log.change(b"10.0.0.1")
    logged.ask("10.0.0.1")
    logged.log.change(b"-")
    logged.ask("10.0.0.1")
    assert heard == [parse_ip("10.0.0.1")] * 2
    assert logged.http.answer == listen


def test_what_is_no_network_is_refused():
    logged = Logged()
    for value in (b"", b"x", b"10.0.0.0/33", b"10.0.0.0/", b"10.0.0", b"--", b"\xff", b"::/129"):
        assert is_refused(logged.log, value), value
    logged.ask("10.0.0.1")
    assert logged.take() == []


def test_the_oldest_networks_make_room():
    logged = Logged()
    for _ in range(2):
        logged.log.change(b"11.0.0.0")
    for number in range(1, MOST_NETWORKS):
        logged.log.change(b"11.0.0.%d" % number)
    logged.ask("11.0.0.0")
    assert len(logged.take()) == 1
    logged.log.change(b"12.0.0.0")
    for source in ("11.0.0.0", "11.0.0.1", "11.0.0.%d" % (MOST_NETWORKS - 1), "12.0.0.0"):
        logged.ask(source)
    assert [address for address, _ in logged.take()] == [
        "11.0.0.1",
        "11.0.0.%d" % (MOST_NETWORKS - 1),
        "12.0.0.0",
    ]


def test_the_oldest_requests_make_room():
    logged = Logged()
    logged.log.change(b"10.0.0.1")
    size = len(b"1234567890: 10.0.0.1\n" + REQUEST % 1000 + b"\n*\n\n")
    most = MOST_BYTES // size
    for number in range(1000, 1000 + most + 10):
        logged.ask("10.0.0.1", number)
    kept = [request for _, request in logged.take()]
    assert kept == [REQUEST % number for number in range(1010, 1010 + most)]
    logged.ask("10.0.0.1", 1)
    assert len(logged.take()) == 1
