"""Sequences of announces and scrapes through both frontends: what is counted, and who is told."""

from makers import (
    http_frontend,
    info_hash,
    ipv4,
    ipv6,
    peer_v4,
    peer_v6,
    pools_of,
    udp_frontend,
)

from opentracker import udp
from opentracker.errors import COMPACT, INTERNAL, NOT_FOUND, PARAMETER, PARSE
from opentracker.http import error_page, wants_keep_alive
from opentracker.tracker import FULL, FULL_RETRY_MINUTES, Tracker, TrackerFull

HASH = info_hash(1)
UNKNOWN_HASH = info_hash(2)
HERE, THERE = ipv4(1), ipv4(2)
HERE_V6, THERE_V6 = ipv6(1), ipv6(2)


# A client that shows what it got


def decode(text):
    """The value of bencoded bytes; AssertionError if they are not what a bencoder writes."""
    value, end = _decode(text, 0)
    assert end == len(text)
    return value


def _decode(text, at):
    if text[at : at + 1] == b"i":
        end = text.find(b"e", at)
        value = int(text[at + 1 : end])
        assert b"%d" % value == text[at + 1 : end]
        return value, end + 1
    if text[at : at + 1] == b"d":
        found, last, at = {}, None, at + 1
        while text[at : at + 1] != b"e":
            key, at = _decode(text, at)
            assert last is None or key > last
            found[key], at = _decode(text, at)
            last = key
        return found, at + 1
    colon = text.find(b":", at)
    size = int(text[at:colon])
    assert len(text) >= colon + 1 + size
    return text[colon + 1 : colon + 1 + size], colon + 1 + size


def escaped(value):
    return "".join(["%%%02x" % byte for byte in value]).encode()


def split(compact, width):
    assert len(compact) % width == 0
    return [compact[at : at + width] for at in range(0, len(compact), width)]


class Client:
    """Both frontends of one tracker."""

    def __init__(self, kib=256, redirect_url=None):
        self.pools = pools_of(kib)
        self.http = http_frontend(Tracker(self.pools), redirect_url)
        self.udp = udp_frontend(Tracker(self.pools))
        self.counters = self.http._counters

    def raw(self, line, address=HERE, headers=b""):
        """The whole HTTP reply to a request line."""
        request = b"GET " + line + b" HTTP/1.1\r\n" + headers + b"\r\n"
        buffer = request + b"GET /announce?x["
        keep_alive = wants_keep_alive(buffer, len(request))
        return bytes(self.http.answer(buffer, len(request), address, keep_alive))

    def body(self, line, address=HERE):
        """The body of a successful HTTP reply, which has the length it says."""
        head, _, body = self.raw(line, address).partition(b"\r\n\r\n")
        assert head == b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d" % len(
            body
        )
        return body

    def announce(self, query, address=HERE, of=HASH):
        """The decoded reply to an announce; interval and min interval, checked, are left out."""
        reply = decode(self.body(b"/announce?info_hash=" + escaped(of) + b"&" + query, address))
        seconds = reply.pop(b"interval")
        assert 1620 <= seconds <= 1979
        assert reply.pop(b"min interval") == seconds // 2
        return reply

    def counts(self, query, address=HERE, of=HASH):
        """(complete, downloaded, incomplete) of an announce reply."""
        reply = self.announce(query, address, of)
        return reply[b"complete"], reply.get(b"downloaded"), reply[b"incomplete"]

    def peers(self, query, address=HERE):
        """The IPv4 and the IPv6 peers of an announce reply, each sorted."""
        reply = self.announce(query, address)
        return sorted(split(reply[b"peers"], 6)), sorted(split(reply.get(b"peers6", b""), 18))

    def scrape(self, *hashes):
        """The counts of a scrape reply by info_hash, as a list."""
        query = b"&".join([b"info_hash=" + escaped(each) for each in hashes])
        body = self.body(b"/scrape?" + query)
        assert body[:9] == b"d5:filesd" and body[-2:] == b"ee"
        entries, at = [], 9
        while at < len(body) - 2:
            key, at = _decode(body, at)
            value, at = _decode(body, at)
            entries.append((key, value[b"complete"], value[b"downloaded"], value[b"incomplete"]))
        return entries

    def exchange(self, packet, address=HERE):
        """The UDP reply to a packet, b"" for silence."""
        reply = bytearray(b"\xee" * udp.MOST_REPLY_BYTES)
        buffer = bytearray(packet + b"\xff" * (2048 - len(packet)))
        size = self.udp.answer(buffer, len(packet), address, reply)
        assert not any(byte != 0xEE for byte in reply[size:])
        return bytes(reply[:size])

    def connection_id(self, address):
        reply = self.exchange(udp.MAGIC + b"\0\0\0\0txid", address)
        assert len(reply) == 16 and reply[:8] == b"\0\0\0\0txid"
        return reply[8:]

    def udp_announce(self, address=HERE, port=6881, left=1, event=0, want=0xFFFFFFFF, of=HASH):
        """The whole reply to a UDP announce."""
        head = self.connection_id(address) + b"\0\0\0\1txid" + of + b"p" * 20 + bytes(8)
        numbers = left.to_bytes(8, "big") + bytes(8) + event.to_bytes(4, "big") + bytes(8)
        rest = want.to_bytes(4, "big") + port.to_bytes(2, "big")
        return self.exchange(head + numbers + rest, address)

    def udp_told(self, address=HERE, **fields):
        """(seeders, leechers, peers sorted) of the reply to a UDP announce."""
        reply = self.udp_announce(address, **fields)
        assert reply[:8] == b"\0\0\0\1txid"
        interval, leechers, seeders = [
            int.from_bytes(reply[at : at + 4], "big") for at in (8, 12, 16)
        ]
        assert 1620 <= interval <= 1979
        return seeders, leechers, sorted(split(reply[20:], len(address) + 2))

    def udp_scrape(self, *hashes):
        """The (seeders, completed, leechers) of a UDP scrape reply."""
        request = self.connection_id(HERE) + b"\0\0\0\2txid" + b"".join(hashes)
        reply = self.exchange(request)
        assert reply[:8] == b"\0\0\0\2txid" and len(reply) % 12 == 8
        numbers = [int.from_bytes(reply[at : at + 4], "big") for at in range(8, len(reply), 4)]
        return [tuple(numbers[at : at + 3]) for at in range(0, len(numbers), 3)]


# Counting, the same for both protocols

NONE, COMPLETED, STARTED, STOPPED, PAUSED = 0, 1, 2, 3, 4
NAMES = b"", b"completed", b"started", b"stopped", b"paused"

# Who announces: the number of the address, and the port.
A, B, A_TOO = (1, 6881), (2, 6881), (1, 6882)

# Announces to a new swarm: who, left, event, and (complete, downloaded, incomplete) thereafter.
SEQUENCES = {
    "a leecher becomes a seeder and is counted once": (
        (A, 5, STARTED, (0, 0, 1)),
        (A, 0, COMPLETED, (1, 1, 0)),
        (A, 0, COMPLETED, (1, 1, 0)),
        (A, 0, NONE, (1, 1, 0)),
    ),
    "who comes complete is counted if it says so": (
        (A, 0, COMPLETED, (1, 1, 0)),
        (B, 0, STARTED, (2, 1, 0)),
        (B, 0, COMPLETED, (2, 2, 0)),
    ),
    "a leecher's completed is dropped": (
        (A, 5, COMPLETED, (0, 0, 1)),
        (A, 5, COMPLETED, (0, 0, 1)),
        (A, 0, NONE, (1, 0, 0)),
        (A, 0, COMPLETED, (1, 1, 0)),
    ),
    "a seeder may leech again, and is not counted again": (
        (A, 0, COMPLETED, (1, 1, 0)),
        (A, 5, NONE, (0, 1, 1)),
        (A, 0, COMPLETED, (1, 1, 0)),
    ),
    "after a stop it counts again": (
        (A, 0, COMPLETED, (1, 1, 0)),
        (A, 0, STOPPED, (0, 1, 0)),
        (A, 0, COMPLETED, (1, 2, 0)),
    ),
    "other events are none": (
        (A, 5, PAUSED, (0, 0, 1)),
        (A, 0, PAUSED, (1, 0, 0)),
        (A, 0, STARTED, (1, 0, 0)),
        (A, 5, NONE, (0, 0, 1)),
    ),
    "a stop of who is not there changes nothing": (
        (A, 5, NONE, (0, 0, 1)),
        (B, 0, STOPPED, (0, 0, 1)),
        (A_TOO, 5, STOPPED, (0, 0, 1)),
        (A, 0, STOPPED, (0, 0, 0)),
        (A, 0, STOPPED, (0, 0, 0)),
    ),
    "each port of an address is a peer": (
        (A, 5, NONE, (0, 0, 1)),
        (A_TOO, 0, NONE, (1, 0, 1)),
        (A, 5, STOPPED, (1, 0, 0)),
        (A_TOO, 0, STOPPED, (0, 0, 0)),
    ),
    "whole multiples of 4 GiB are left": (
        (A, 1 << 32, COMPLETED, (0, 0, 1)),
        (A, 1 << 63, COMPLETED, (0, 0, 1)),
    ),
}


def test_counting_by_http():
    for address_of in (ipv4, ipv6):
        for name, steps in SEQUENCES.items():
            client = Client()
            for (number, port), left, event, counts in steps:
                query = b"port=%d&left=%d&event=%s" % (port, left, NAMES[event])
                told = client.counts(query, address_of(number))
                complete, _, incomplete = counts
                assert told == ((complete, None, incomplete) if event == STOPPED else counts), name
                assert client.scrape(HASH) == [(HASH,) + counts], name


def test_counting_by_udp():
    for address_of in (ipv4, ipv6):
        for name, steps in SEQUENCES.items():
            client = Client()
            for (number, port), left, event, counts in steps:
                told = client.udp_told(address_of(number), port=port, left=left, event=event)
                assert told[:2] == (counts[0], counts[2]), name
                assert client.udp_scrape(HASH) == [counts], name


def test_protocols_and_families_share_swarms():
    client = Client()
    assert client.counts(b"port=6881") == (0, 0, 1)
    assert client.udp_told(HERE, left=0, event=COMPLETED)[:2] == (1, 0)
    assert client.counts(b"port=6881&left=0&event=completed") == (1, 1, 0)
    assert client.udp_told(HERE_V6)[:2] == (1, 1)
    assert client.counts(b"port=6881&left=0&event=completed", HERE_V6) == (2, 2, 0)
    assert client.udp_scrape(HASH) == [(2, 2, 0)]
    assert client.udp_told(HERE, event=STOPPED) == (1, 0, [])
    assert client.counts(b"port=6881&event=stopped", HERE_V6) == (0, None, 0)


def test_completed_counts_again_after_expiry():
    client = Client()
    for downloaded in (1, 2):
        assert client.counts(b"port=1&left=0&event=completed") == (1, downloaded, 0)
        client.pools.advance(client.pools.minute + 45)
        client.pools.sweep(client.pools.swarms.entries())
        assert client.scrape(HASH) == [(HASH, 0, downloaded, 0)]


# Stops


def test_stopped_replies_have_no_downloaded_and_no_peers():
    client = Client()
    client.announce(b"port=1&left=0&event=completed", THERE)
    client.announce(b"port=1", THERE_V6)
    for address in (HERE, HERE_V6):
        for query in (b"port=1&event=stopped", b"event=stopped&numwant=9", b"event=stopped&left=0"):
            for of, complete, incomplete in ((HASH, 1, 1), (UNKNOWN_HASH, 0, 0)):
                assert client.announce(query, address, of) == {
                    b"complete": complete,
                    b"incomplete": incomplete,
                    b"peers": b"",
                }
    assert client.scrape(UNKNOWN_HASH) == []


def test_stopped_wins_over_completed():
    client = Client()
    assert client.counts(b"port=1&left=0&event=completed&event=stopped") == (0, None, 0)
    assert client.scrape(HASH) == []


def test_udp_stops_get_20_bytes():
    client = Client()
    client.udp_announce(THERE)
    for address in (HERE, HERE_V6):
        for of, leechers in ((HASH, 1), (UNKNOWN_HASH, 0)):
            assert client.udp_told(address, event=STOPPED, of=of) == (0, leechers, [])


# Who is told of whom


def test_everyone_is_told_of_everyone():
    """The asking one included, whatever it has left."""
    client = Client()
    v4 = sorted([peer_v4(1, 1), peer_v4(2, 256), peer_v4(3, 65535)])
    v6 = sorted([peer_v6(1, 1), peer_v6(2, 256)])
    for number, peer in enumerate(v4 + v6):
        port = int.from_bytes(peer[-2:], "big")
        client.announce(b"port=%d&left=%d" % (port, number % 2), peer[:-2])
    assert client.peers(b"port=1&left=1", HERE) == (v4, v6)
    assert client.peers(b"port=1&left=0", HERE_V6) == (v4, v6)
    assert client.udp_told(HERE, port=1)[2] == v4
    assert client.udp_told(HERE_V6, port=1)[2] == v6
    assert client.udp_told(HERE, port=1)[:2] == client.udp_told(HERE_V6, port=1)[:2] == (2, 3)


def test_peers_is_always_there_and_peers6_only_with_peers():
    client = Client()
    assert client.announce(b"port=1&numwant=0")[b"peers"] == b""
    assert b"peers6" not in client.announce(b"port=1")
    alone = client.announce(b"port=1", HERE_V6, UNKNOWN_HASH)
    assert (alone[b"peers"], alone[b"peers6"]) == (b"", peer_v6(1, 1))
    assert b"peers6" not in client.announce(b"port=1&numwant=0", HERE_V6)


def filled(v4, v6):
    """A client of a tracker with that many peers in one swarm, a third of them seeding."""
    client = Client()
    tracker = Tracker(client.pools)
    for number in range(v4):
        tracker.announce(HASH, peer_v4(number), number % 3 == 0, False, False)
    for number in range(v6):
        tracker.announce(HASH, peer_v6(number), number % 3 == 0, False, False)
    return client


def test_numwant_by_http():
    for have_v4, have_v6, query, v4, v6 in (
        (300, 0, b"", 50, 0),
        (300, 0, b"&numwant=0", 0, 0),
        (300, 0, b"&numwant=1", 1, 0),
        (300, 0, b"&numwant=-1", 50, 0),
        (300, 0, b"&numwant=200", 200, 0),
        (300, 0, b"&numwant=1000", 200, 0),
        (0, 210, b"&numwant=1000", 0, 200),
        (30, 0, b"", 30, 0),
        (20, 30, b"", 20, 30),
        (122, 121, b"&numwant=1", 0, 1),
        (122, 121, b"&numwant=5", 2, 3),
        (122, 121, b"", 25, 25),
        (300, 10, b"&numwant=200", 190, 10),
        (300, 100, b"&numwant=200", 133, 67),
    ):
        client = filled(have_v4, have_v6)
        told_v4, told_v6 = client.peers(b"port=0" + query)
        assert (len(told_v4), len(told_v6)) == (v4, v6), (have_v4, have_v6, query)
        assert len(set(told_v4)) == v4 and set(told_v4) <= {peer_v4(each) for each in range(300)}
        assert len(set(told_v6)) == v6 and set(told_v6) <= {peer_v6(each) for each in range(300)}


def test_numwant_by_udp():
    client = filled(300, 100)
    for want, v4, v6 in (
        (0, 0, 0),
        (1, 1, 1),
        (50, 50, 50),
        (66, 66, 66),
        (67, 67, 66),
        (200, 200, 66),
        (201, 200, 66),
        (0xFFFFFFFF, 200, 66),
    ):
        for address, peers in ((HERE, v4), (HERE_V6, v6)):
            seeders, leechers, told = client.udp_told(address, port=0, want=want)
            assert (seeders, leechers) == (134, 266)
            assert len(told) == len(set(told)) == peers, (want, address)


def test_leechers_come_first():
    client = filled(90, 0)
    leechers = {peer_v4(number) for number in range(90) if number % 3}
    for _ in range(20):
        for reply in (
            client.announce(b"port=0")[b"peers"],
            client.udp_announce(HERE, port=0, want=50)[20:],
        ):
            leeching = [peer in leechers for peer in split(reply, 6)]
            assert leeching == sorted(leeching, reverse=True)
            assert 20 <= leeching.count(True) <= 50


def test_port_0():
    client = filled(2, 0)
    for address in (HERE, HERE_V6):
        assert client.counts(b"port=0&left=0&event=completed", address) == (1, 0, 1)
        assert client.counts(b"left=0", address) == (1, 0, 1)
        assert client.udp_told(address, port=0, left=0, event=COMPLETED)[:2] == (1, 1)
        assert client.counts(b"port=0", address, UNKNOWN_HASH) == (0, 0, 0)
        assert client.udp_told(address, port=0, of=UNKNOWN_HASH) == (0, 0, [])
    assert client.peers(b"port=0") == (sorted([peer_v4(0), peer_v4(1)]), [])
    assert client.scrape(UNKNOWN_HASH) == []


# Scrapes


def test_scrape_in_the_order_of_the_request():
    client = Client()
    for number in (1, 2, 3):
        client.announce(b"port=1&left=0", of=info_hash(number))
    client.announce(b"port=2&left=0&event=completed", of=info_hash(2))
    first, second, third = [(info_hash(number), 1, 0, 0) for number in (1, 2, 3)]
    second = (info_hash(2), 2, 1, 0)
    hashes = info_hash(3), info_hash(9), info_hash(1), info_hash(2), info_hash(3)
    assert client.scrape(*hashes) == [third, first, second, third]
    assert client.scrape(info_hash(9)) == []
    assert client.udp_scrape(*hashes) == [(1, 0, 0), (0, 0, 0), (1, 0, 0), (2, 1, 0), (1, 0, 0)]


def test_limits_of_scrapes():
    client = Client()
    client.announce(b"port=1")
    assert len(client.scrape(*[HASH] * 64)) == len(client.scrape(*[HASH] * 65)) == 64
    for hashes, answered in ((0, 0), (1, 1), (74, 74), (75, 75), (76, 75), (100, 75)):
        assert client.udp_scrape(*[HASH] * hashes) == [(0, 0, 1)] * answered
    assert client.udp_scrape(HASH, HASH[:19]) == [(0, 0, 1)]


# Errors


def test_error_pages():
    client = Client()
    for line, reason in (
        (b"/announce", PARSE),
        (b"/announce?info_hash=%4", PARSE),
        (b"/announce?info_hash=short", PARAMETER),
        (b"/announce?compact=0", COMPACT),
        (b"/scrape?", PARAMETER),
        (b"/scrape?info_hash=short", PARAMETER),
        (b"/", NOT_FOUND),
        (b"//", NOT_FOUND),
        (b"/?x", NOT_FOUND),
        (b"/favicon.ico", NOT_FOUND),
    ):
        before = list(client.counters.errors)
        assert client.raw(line) == error_page(reason), line
        before[reason] += 1
        assert client.counters.errors == before, line
    assert client.pools.swarms.count == 0


def test_missing_info_hash():
    assert Client().body(b"/announce?port=1") == (
        b"d14:failure reason80:Your client forgot to send your torrent's info_hash. "
        b"Please upgrade your client.e"
    )


def test_redirect_of_the_root():
    client = Client(redirect_url=b"https://example.org/")
    redirect = b"HTTP/1.0 302 Found\r\nContent-Length: 0\r\nLocation: https://example.org/\r\n\r\n"
    for line, expected in (
        (b"/", redirect),
        (b"//", redirect),
        (b"/?x", error_page(NOT_FOUND)),
        (b"/x", error_page(NOT_FOUND)),
    ):
        assert client.raw(line, headers=b"Connection: keep-alive\r\n") == expected
        assert not client.http.keep_alive


def test_keep_alive():
    client = Client()
    announce = b"/announce?port=1&info_hash=" + HASH.replace(b" ", b"%20")
    asks = b"Host: tracker\r\nConnection: keep-alive\r\n"
    for line, headers, kept in (
        (announce, asks, True),
        (announce, b"", False),
        (announce, b"Connection: close\r\n", False),
        (announce + b"&event=stopped", asks, True),
        (b"/scrape?info_hash=" + HASH.replace(b" ", b"%20"), asks, True),
        (b"/announce?port=1", asks, True),
        (b"/announce", asks, False),
        (b"/announce?port=1", b"", False),
        (b"/favicon.ico", asks, False),
    ):
        reply = client.raw(line, headers=headers)
        assert client.http.keep_alive == kept
        assert (b"\r\nConnection: keep-alive\r\n" in reply) == kept
        head, _, body = reply.partition(b"\r\n\r\n")
        assert head.endswith(b"\r\nContent-Length: %d" % len(body))


def test_wrong_connection_ids():
    client = Client()
    mine, others = client.connection_id(HERE), client.connection_id(THERE)
    told = b"\0\0\0\3txidConnection ID missmatch.\0"
    for wrong in (others, bytes(8), udp.MAGIC, mine[:7] + bytes([mine[7] ^ 1])):
        scrape = wrong + b"\0\0\0\2txid" + HASH
        assert client.exchange(scrape) == told
        assert client.exchange(wrong + b"\0\0\0\1txid" + HASH + bytes(62)) == told
        # Who can't prove where it is gets no more bytes than it sent.
        assert client.exchange(scrape[:33]) == told
        for size in (16, 17, 32):
            assert client.exchange(scrape[:size]) == b""
    assert client.udp_scrape(HASH) == [(0, 0, 0)]


def test_connection_ids_expire():
    client = Client()
    scrape = client.connection_id(HERE) + b"\0\0\0\2txid" + HASH
    for action in (2, 2, udp.ERROR):
        assert client.exchange(scrape)[:8] == b"\0\0\0%ctxid" % action
        client.udp.connection_ids.turn()


def test_silence():
    client = Client()
    mine = client.connection_id(HERE)
    for packet in (
        b"",
        b"x",
        bytes(16),
        mine + b"\0\0\0\3txid",
        mine + b"\0\0\0\1txid" + bytes(81),
    ):
        assert client.exchange(packet) == b""


# Nothing fits any more


def full():
    """A client of a tracker full of established swarms, and an info_hash that it refuses."""
    client = Client(kib=256)
    tracker = Tracker(client.pools)
    for number in range(10000):
        try:
            for _ in range(2):
                tracker.announce(info_hash(number), peer_v4(number), False, False, False)
        except TrackerFull:
            return client, info_hash(number)
    raise AssertionError("10000 swarms in 256 KiB")


def test_a_full_tracker_says_so():
    client, refused = full()
    line = b"/announce?port=1&info_hash=" + escaped(refused)
    for address in (HERE, HERE_V6):
        assert decode(client.body(line, address)) == {
            b"failure reason": FULL,
            b"retry in": FULL_RETRY_MINUTES,
        }
        assert client.udp_announce(address, of=refused) == b"\0\0\0\3txid" + FULL
    assert client.scrape(refused) == []
    assert client.pools.refused == 5


def test_a_full_tracker_goes_on_serving():
    client, refused = full()
    known = info_hash(1)
    assert client.counts(b"port=6881&left=0&event=completed", ipv4(1), known) == (1, 1, 0)
    assert client.udp_told(ipv4(1), of=known) == (0, 1, [peer_v4(1)])
    assert client.counts(b"port=1&event=stopped", THERE, refused) == (0, None, 0)
    assert client.udp_told(THERE, event=STOPPED, of=refused) == (0, 0, [])
    assert client.counts(b"port=0", THERE, refused) == (0, 0, 0)
    assert client.scrape(known, refused) == [(known, 0, 1, 1)]


class OutOfMemory:
    """A tracker whose interpreter has no memory left."""

    pools = None

    def announce(self, *_arguments):
        raise MemoryError


def test_memory_errors_are_answered():
    client = Client()
    client.http = http_frontend(OutOfMemory())
    assert client.raw(b"/announce?info_hash=" + escaped(HASH)) == error_page(INTERNAL)
    assert not client.http.keep_alive
    client.udp = udp_frontend(OutOfMemory())
    assert client.udp_announce() == b"\0\0\0\3txid" + FULL
