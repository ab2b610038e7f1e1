"""HTTP announces in machine code are answered as the frontend answers them, or are left to it.

Two trackers get the same requests, one by the frontend alone. Where there is no machine code both
do, so there the tests say nothing new, and are short.
"""

from random import randrange, seed

from makers import ipv4, peer_v6, reserve
from vec_frontends import escaped
from vec_native import SWARMS, inventory

from opentracker.config import Settings
from opentracker.counters import Counters
from opentracker.frontends import HttpFrontend
from opentracker.pools import Pools
from opentracker.sources import Sources
from opentracker.tracker import Tracker

try:
    from opentracker.runtime import Announces, native
except ImportError:  # an interpreter without sockets has no runtime
    Announces = native = None

KIB = 512
PEER_ID = b"-TR3000-_.~123456789"
HEADERS = b" HTTP/1.1\r\nHost: here\r\n\r\n"


class NoPages:
    def answer(self, *_request):
        return b"another page", None

    def log_network(self, *_request):
        return None


class Side:
    """A tracker, and how many of its replies came from machine code."""

    def __init__(self, machine_code):
        self.pools = Pools(KIB, reserve, machine_code)
        self.counters = Counters()
        self.tracker = Tracker(self.pools)
        self.http = HttpFrontend(self.tracker, self.counters, Sources(Settings()), NoPages())
        self.answered = 0
        if machine_code:
            self.http.announces = self
            self._announces = Announces(self.pools, self.counters, reserve)

    def answer_http(self, *request):
        place = self._announces.answer_http(*request)
        self.answered += place != 0
        return place

    def ask(self, request, ip, keep_alive):
        return bytes(self.http.answer(request, len(request), ip, keep_alive))


def pick(*choices):
    return choices[randrange(len(choices))]


def mostly(usual, *others):
    return usual if randrange(8) else pick(*others)


def parameters():
    """A query's (name, value)s in any order: those of clients, and what is odd about some."""
    found = [
        (b"info_hash", escaped(SWARMS[randrange(5)])),
        (b"peer_id", mostly(PEER_ID, b"short", escaped(bytes(range(20))), PEER_ID + b"x")),
        (
            b"port",
            mostly(b"%d" % (1 + randrange(30)), b"0", b"65535", b"65536", b"-1", b"007", b""),
        ),
        (b"uploaded", b"%d" % randrange(10000)),
        (b"left", pick(b"0", b"1", b"000", b"00100", b"4294967296", b"-0", b"", b"none", b"%30")),
        (b"event", mostly(b"started", b"", b"paused", b"stopped", b"completed", b"Started")),
        (b"numwant", mostly(b"50", b"0", b"1", b"7", b"200", b"201", b"-1", b"x", b"1234567890")),
        (b"compact", mostly(b"1", b"0", b"", b"2", b"x")),
        (b"key", mostly(b"1A2b3C", b"", b"a-b", b"a%20b", b'"')),
        (b"no_peer_id", b"1"),
        (b"ip", b"1.2.3.4"),
        (b"info_hash", b"x" * 20),
        (b"compact6", b"1"),
    ]
    chosen = [each for each in found[:10] if randrange(9)]
    if not randrange(10):
        chosen.append(pick(*found[2:]))
    for index in range(len(chosen)):
        other = randrange(len(chosen))
        chosen[index], chosen[other] = chosen[other], chosen[index]
    return chosen


def random_request():
    query = b"&".join([name + b"=" + value for name, value in parameters()])
    request = b"GET /announce?" + query + HEADERS
    if randrange(6) == 0:
        at = randrange(len(request) - 4)
        strange = pick(0, 10, 13, 32, 35, 37, 38, 43, 45, 61, 64, 128, 255, randrange(256))
        request = request[:at] + bytes([strange]) + request[at + 1 :]
    return request


def split(reply):
    """(all that does not depend on chance, IPv4 peers, IPv6 peers) of a reply."""
    at = reply.find(b"e8:intervali")
    if at < 0:
        return reply, [], []
    rest = reply[at + 12 :]
    seconds, rest = number_in(rest)
    assert 1620 <= seconds <= 1979
    assert rest[:17] == b"e12:min intervali"
    half, rest = number_in(rest[17:])
    assert half == seconds // 2
    assert rest[:7] == b"e5:peer"
    size, rest = number_in(rest[8:])
    v4, rest = peers(rest[1 : 1 + size], 6), rest[1 + size :]
    v6 = []
    if rest != b"e" and rest[:8] == b"6:peers6":
        size, rest = number_in(rest[8:])
        v6, rest = peers(rest[1 : 1 + size], 18), rest[1 + size :]
    return reply[:at] + rest, v4, v6


def number_in(text):
    digits = 0
    while text[digits : digits + 1].isdigit():
        digits += 1
    return int(text[:digits]), text[digits:]


def peers(text, width):
    found = [text[at : at + width] for at in range(0, len(text), width)]
    assert len(set(found)) == len(found)
    return found


def all_peers(pools, family):
    found = set()
    for info_hash in SWARMS + [b"x" * 20]:
        found.update(inventory(pools, info_hash)[2][family])
    return found


def compare(sources, rounds):
    fast, plain = Side(native), Side(None)
    for step in range(rounds if native else 100):
        request, ip, keep_alive = random_request(), pick(*sources), randrange(2) == 1
        replies = [split(side.ask(request, ip, keep_alive)) for side in (fast, plain)]
        assert replies[0][0] == replies[1][0], (step, request, replies)
        for family, (one, other) in enumerate(zip(replies[0][1:], replies[1][1:])):
            assert len(one) == len(other), (step, request)
            assert step % 8 or set(one) <= all_peers(fast.pools, family), (step, request)
        assert fast.http.keep_alive == plain.http.keep_alive, (step, request)
        if step % 100 == 0:
            for side in (fast, plain):
                side.pools.advance(step // 100)
            for info_hash in SWARMS:
                assert inventory(fast.pools, info_hash) == inventory(plain.pools, info_hash), step
    assert fast.pools.renewals() == plain.pools.renewals()
    one, other = fast.counters, plain.counters
    assert (one.tcp_announces, list(one.numwants)) == (other.tcp_announces, list(other.numwants))
    assert one.errors == other.errors
    assert fast.answered > rounds // 20 if native else not fast.answered


def test_clients_of_both_families():
    seed(8)
    sources = [ipv4(number) for number in range(3)]
    compare(sources + [peer_v6(number)[:16] for number in range(3)], 4000)


def test_a_usual_announce_needs_no_more():
    fast = Side(native)
    request = (
        b"GET /announce?info_hash=%s&peer_id=%s&port=6881&uploaded=0&downloaded=0&left=5&numwant=80"
        b"&key=5F0DA2B7&compact=1&supportcrypto=1&event=started HTTP/1.1\r\n\r\n"
    ) % (escaped(SWARMS[1]), PEER_ID)
    first = split(fast.ask(request, ipv4(1), False))
    assert first == split(fast.ask(request, ipv4(1), False))
    assert first[0].endswith(b"d8:completei0e10:downloadedi0e10:incompletei1e")
    assert fast.answered == (native is not None)
    fast.http.sources.proxies = fast.http.sources
    fast.http.sources.peer_address = lambda *_: ipv4(2)
    fast.ask(request, ipv4(1), False)
    assert fast.answered == (native is not None), "a proxy may speak for others"
