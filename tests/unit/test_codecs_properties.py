"""The codecs against any bytes, and against how the standard library reads and writes them."""

from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from bencode2 import bdecode
from hypothesis import example, given
from hypothesis import strategies as st
from makers import http_frontend, ipv4, ipv6, pools_of, udp_frontend

from opentracker import http, udp
from opentracker.bencode import encode
from opentracker.config import Settings
from opentracker.fulllog import FullLog
from opentracker.http import ANNOUNCE, ROOT, SCRAPE, BadRequest, Failure
from opentracker.pages import Pages
from opentracker.permissions import Permissions
from opentracker.stats import Statistics
from opentracker.tracker import Tracker
from support.runtimes import TOP

SAVED_REQUESTS = sorted((TOP / "tests" / "fixtures" / "requests").glob("*.txt"))

HASH = b"abcdefghijklmnopqrst"
U32 = st.integers(0, 0xFFFFFFFF)
U64 = st.integers(0, 0xFFFFFFFFFFFFFFFF)
HASHES = st.binary(min_size=20, max_size=20)
ADDRESSES = st.builds(
    lambda make, number: make(number),
    st.sampled_from([ipv4, ipv6]),
    U32.map(lambda number: number % 5),
)
NAMES = st.sampled_from(
    [
        b"info_hash",
        b"port",
        b"left",
        b"event",
        b"numwant",
        b"compact",
        b"compact6",
        b"peer_id",
        b"x",
    ]
)
VALUES = st.one_of(
    st.binary(max_size=30),
    st.just(HASH),
    st.sampled_from([b"completed", b"stopped", b"0", b"1", b"-1", b"%30", b"%", b"%zz", b"a#b"]),
    st.integers(-(10**12), 10**12).map(lambda number: b"%d" % number),
)
PARAMETERS = st.lists(st.builds(b"%b=%b".__mod__, st.tuples(NAMES, VALUES)), max_size=8)
TARGETS = st.builds(
    bytes.__add__,
    st.sampled_from(
        [b"/announce?", b"/scrape?", b"/announce ?", b"/a?", b"/", b"/sc", b"//?", b""]
    ),
    PARAMETERS.map(b"&".join),
)
REQUESTS = st.one_of(
    st.binary(max_size=200),
    st.builds(b"GET %b HTTP/1.1\r\n\r\n".__mod__, TARGETS),
    st.builds(b"GET /%b\n\n".__mod__, st.binary(max_size=100)),
    st.builds(b"GET /announce?%b\n\n".__mod__, st.binary(max_size=100)),
)


@given(REQUESTS, st.binary(max_size=20))
@example(b"GET /announce?info_hash=" + HASH + b"&port=0000000080\n\n", b"")
def test_any_request_is_parsed_or_refused(raw, rest):
    try:
        request = http.parse(raw + rest, len(raw))
    except BadRequest as problem:
        assert problem.status in (400, 404)
        return
    except Failure as failure:
        assert bdecode(failure.reply)[b"failure reason"] == http.MISSING_INFO_HASH
        return
    assert request.kind in (ANNOUNCE, SCRAPE, ROOT)
    if request.kind == SCRAPE:
        assert 1 <= len(request.info_hashes) <= 64
        assert all(type(each) is bytes and len(each) == 20 for each in request.info_hashes)
    if request.kind == ANNOUNCE:
        assert type(request.info_hash) is bytes and len(request.info_hash) == 20
        assert 0 <= request.port <= 65535 and 0 <= request.numwant <= 200


def frontend_with_pages():
    frontend = http_frontend(Tracker(pools_of(64)), b"https://example.org/")
    tracker, counters = frontend._tracker, frontend._counters
    statistics = Statistics(tracker, counters, 1, lambda: 0, "tests")
    frontend.pages = Pages(tracker, counters, statistics, lambda: 0)
    frontend.pages.permissions = Permissions(Settings())
    frontend.pages.sources = frontend.sources
    frontend.pages.full_log = FullLog(frontend)
    return frontend


@given(REQUESTS, ADDRESSES, st.booleans())
@example(b"GET /stats?mode=top10 HTTP/1.1\r\n\r\n", b"\x7f\0\0\1", True)
@example(b"GET /scrape HTTP/1.0\r\n\r\n", b"\x7f\0\0\1", False)
def test_any_request_is_answered(raw, address, keep_alive):
    frontend = frontend_with_pages()
    reply = bytes(frontend.answer(raw, len(raw), address, keep_alive))
    reply += b"".join(frontend.stream or ())
    head, _, body = reply.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    assert status in (200, 302, 400, 403, 404)
    lines = head.split(b"\r\n")
    assert b"Content-Length: %d" % len(body) in lines or frontend.stream
    assert not (frontend.keep_alive and not keep_alive)
    if status == 200 and not frontend.stream and b"/stats" not in raw:
        bdecode(body)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_the_end_of_a_request_does_not_depend_on_how_it_arrives(raw, rest):
    whole = raw + b"\r\n\r\n" + rest
    end = http.end_of_request(whole, len(whole))
    assert whole[:end].endswith((b"\n\n", b"\r\n\r\n"))
    for received in range(len(whole) + 1):
        assert http.end_of_request(whole, received) == (end if received >= end else 0)


@given(st.binary(max_size=100))
def test_keep_alive_never_raises(raw):
    assert http.wants_keep_alive(raw, len(raw)) in (False, True)


def escapes(byte):
    """All ways to write a byte in a query; itself only where that is allowed."""
    ways = [b"%%%02x" % byte, b"%%%02X" % byte]
    plain = quote_from_bytes(bytes([byte]), safe="!'()*+,-./:;<>?=@_~") == chr(byte)
    return ways + [bytes([byte])] * plain


WRITTEN = HASHES.flatmap(
    lambda text: st.tuples(*[st.sampled_from(escapes(byte)) for byte in text])
).map(b"".join)


@given(WRITTEN)
def test_percent_decoding_is_the_standard_librarys(text):
    raw = b"GET /announce?info_hash=" + text + b"\n\n"
    assert http.parse(raw, len(raw)).info_hash == unquote_to_bytes(text)


@given(st.integers(0, 65535), st.integers(0, 12), st.booleans())
def test_any_way_to_write_a_port(port, zeros, escaped):
    text = b"0" * zeros + b"%d" % port
    if escaped:
        text = b"".join([b"%%%02x" % byte for byte in text])
    raw = b"GET /announce?info_hash=" + HASH + b"&port=" + text + b"\n\n"
    assert http.parse(raw, len(raw)).port == port


@given(st.lists(HASHES, min_size=1, max_size=70))
def test_what_is_scraped_comes_in_order(hashes):
    query = "&".join("info_hash=" + quote_from_bytes(each, safe="") for each in hashes)
    raw = b"GET /scrape?" + query.encode() + b" HTTP/1.0\n\n"
    assert http.parse(raw, len(raw)).info_hashes == hashes[:64]


@given(U32, U32, U32, st.integers(0, 200), st.integers(0, 200))
def test_what_announces_are_told_is_bencoded(complete, downloaded, incomplete, v4, v6):
    body = http.announce_body(complete, downloaded, incomplete, 1701, 6 * v4) + b"4" * 6 * v4
    if v6:
        body += http.peers6_key(18 * v6) + b"6" * 18 * v6
    expected = {
        b"complete": complete,
        b"downloaded": downloaded,
        b"incomplete": incomplete,
        b"interval": 1701,
        b"min interval": 850,
        b"peers": b"4" * 6 * v4,
    }
    if v6:
        expected[b"peers6"] = b"6" * 18 * v6
    assert bdecode(body + b"e") == expected
    assert encode(expected) == body + b"e"


@given(st.dictionaries(HASHES, st.tuples(U32, U32, U32), max_size=64))
def test_what_scrapes_are_told_is_bencoded(files):
    names = b"complete", b"downloaded", b"incomplete"
    in_order = {each: dict(zip(names, files[each])) for each in sorted(files)}
    body = http.scrape_body([(each, *files[each]) for each in sorted(files)])
    assert body == encode({b"files": in_order})
    assert bdecode(body) == {b"files": in_order}


BENCODED = st.recursive(
    st.one_of(st.integers(), st.binary()), lambda inner: st.dictionaries(st.binary(), inner)
)


@given(BENCODED)
def test_bencode_is_decoded_by_others(value):
    assert bdecode(encode(value)) == value


@pytest.mark.parametrize("path", SAVED_REQUESTS, ids=lambda path: path.stem)
def test_requests_of_real_clients(path):
    """Their announces, as the standard library understands them, and in pieces."""
    raw = path.read_bytes()
    for received in range(len(raw)):
        assert http.end_of_request(raw, received) == 0
    assert http.end_of_request(raw, len(raw)) == len(raw)
    request = http.parse(raw, len(raw))
    query = raw.split(b" ")[1].partition(b"?")[2]
    told = dict(part.split(b"=", 1) for part in query.split(b"&"))
    assert request.info_hash == unquote_to_bytes(told[b"info_hash"])
    assert request.port == int(told[b"port"])
    assert request.numwant == int(told[b"numwant"])
    assert request.seeding == (told[b"left"] == b"0")
    assert not request.completed and not request.stopped


# UDP


def reply_of(frontend, packet, address):
    """The reply to a packet; what is behind it has to stay as it was."""
    reply = bytearray(b"\xee" * udp.MOST_REPLY_BYTES)
    buffer = bytearray(packet + b"\xff" * (2048 - len(packet)))
    size = frontend.answer(buffer, len(packet), address, reply)
    assert 0 <= size <= len(reply) and reply[size:] == b"\xee" * (len(reply) - size)
    return bytes(reply[:size])


PACKETS = st.one_of(
    st.binary(max_size=1600),
    st.builds(
        lambda head, action, rest: head + action.to_bytes(4, "big") + rest,
        st.sampled_from([udp.MAGIC, bytes(8), b"\xff" * 8]),
        st.integers(0, 4),
        st.binary(max_size=200),
    ),
)


@given(PACKETS, ADDRESSES)
def test_who_proves_nothing_gets_no_more_than_it_sent(packet, address):
    frontend = udp_frontend(Tracker(pools_of(64)))
    reply = reply_of(frontend, packet, address)
    assert len(reply) <= len(packet)
    if reply:
        assert reply[4:8] == packet[12:16]
        assert reply[3] in (udp.CONNECT, udp.ERROR)
    assert frontend._tracker.pools.swarms.count == 0


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(max_size=160), ADDRESSES), max_size=10))
def test_who_is_connected_may_send_anything(packets):
    tracker = Tracker(pools_of(64))
    frontend = udp_frontend(tracker)
    for action, rest, address in packets:
        connected = reply_of(frontend, udp.MAGIC + b"\0\0\0\0txid", address)
        packet = connected[8:16] + action.to_bytes(4, "big") + b"txid" + rest
        reply = reply_of(frontend, packet, address)
        assert reply[:8] in (b"", action.to_bytes(4, "big") + b"txid")
        answered = action == udp.SCRAPE or (action == udp.ANNOUNCE and len(packet) >= 98)
        assert bool(reply) == answered


@given(HASHES, U64, U32, U32, st.integers(0, 65535))
def test_announces_are_read_as_they_are_written(info_hash, left, event, numwant, port):
    packet = bytes(8) + b"\0\0\0\1txid" + info_hash + bytes(28) + left.to_bytes(8, "big") + bytes(8)
    packet += event.to_bytes(4, "big") + bytes(8) + numwant.to_bytes(4, "big")
    packet += port.to_bytes(2, "big")
    assert len(packet) == udp.ANNOUNCE_BYTES
    connection_id, action, transaction, *fields = udp.read_announce(packet)
    assert (connection_id, action, transaction) == (bytes(8), udp.ANNOUNCE, b"txid")
    assert fields == [info_hash, left.to_bytes(8, "big"), event, numwant, port.to_bytes(2, "big")]
