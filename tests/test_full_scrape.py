"""Listings of all torrents: full scrapes and the statedump, how they are sent, and to whom."""

import contextlib
import gzip
import os
import re
import shutil
import socket
import struct
import subprocess
import time
from typing import NamedTuple

import pytest
from bencode2 import bdecode, bencode

from support.c_tracker import VERSIONS, CTracker
from support.runtimes import RUNTIMES, TOP, need_runtime, need_tool
from support.tracker import Daemon, free_port
from support.wire import (
    UdpClient,
    announce,
    announce_body,
    as_bytes,
    connect,
    get,
    http,
    parse_reply,
    read_to_end,
)
from test_process import reload, resident_kib

HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
REDIRECT = "http://example.org/"
TPBS = "/stats?mode=tpbs&format="
DUMP = "/stats?mode=statedump"
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
EMPTY = b"d5:filesdee"
MOST_CHUNK = 16384
SMALL_BUFFER = 4096
MANY = 3000

# In the order of their hashes: (info_hash, seeders, leechers, completed by then).
SWARMS = (
    (b"\x00" * 19 + b"\x01", 1, 0, 1),
    (b"0123456789abcdefghij", 2, 1, 2),
    (b"d5:filesd20:e10:\r\n\r\n", 0, 3, 0),
    (b"\xfe\x00" * 10, 0, 0, 1),
    (b"\xff" * 10 + b" \x00+&=A~.-_", 0, 1, 0),
)


class Listing(NamedTuple):
    """A reply whose framing was right."""

    status_line: str
    headers: dict
    chunks: list
    body: bytes


def fetch(target, path, *headers, version=b"HTTP/1.1", source=None):
    """GET a path and check how the reply is framed; headers as bytes or text."""
    lines = [b"GET %s %s" % (as_bytes(path), version), *map(as_bytes, headers)]
    return framed(http(target, b"\r\n".join(lines) + b"\r\n\r\n", source))


def framed(raw):
    """A whole reply: in chunks, of a stated length, or as long as the connection was open."""
    head, end, body = raw.partition(b"\r\n\r\n")
    assert end, raw
    status_line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    chunks = []
    if headers.get("transfer-encoding") == "chunked":
        assert "content-length" not in headers
        chunks = list(chunks_of(body))
        body = b"".join(chunks)
    assert int(headers.get("content-length", len(body))) == len(body)
    return Listing(status_line, headers, chunks, body)


def chunks_of(body):
    """What chunks carry (RFC 9112, without extensions and trailers), which are all of `body`."""
    while True:
        size, end, body = body.partition(b"\r\n")
        assert end and re.fullmatch(rb"0|[1-9a-f][0-9a-f]*", size), (size, body[:40])
        count = int(size, 16)
        assert body[count : count + 2] == b"\r\n", (count, len(body))
        if not count:
            assert body == b"\r\n", body
            return
        yield body[:count]
        body = body[count + 2 :]


def fill(target):
    """Announce until there are exactly the SWARMS."""
    for info_hash, seeders, leechers, completed in SWARMS:
        for number in range(seeders):
            announce(target, info_hash, 100 + number, left=0, event="completed")
        for number in range(leechers):
            announce(target, info_hash, 200 + number, left=1)
        if completed > seeders:
            announce(target, info_hash, 300, left=0, event="completed")
            announce(target, info_hash, 300, left=0, event="stopped")


def expected(form):
    """What a listing of the SWARMS is in a form."""
    return b"".join(map(as_bytes, LINES[form]()))


def _ben():
    files = {
        info_hash: {b"complete": seeders, b"downloaded": completed, b"incomplete": leechers}
        for info_hash, seeders, leechers, completed in SWARMS
    }
    return [bencode({b"files": files})]


LINES = {
    "ben": _ben,
    "bin": lambda: [of + struct.pack(">II", seeds, leech) for of, seeds, leech, _ in SWARMS],
    "txt": lambda: [f"{of.hex().upper()}:{seeds}:{leech}\n" for of, seeds, leech, _ in SWARMS],
    "txtp": lambda: [f"{x[0].hex().upper()}:{x[1]}:{x[2]}:{x[3]}\n" for x in SWARMS],
    "url": lambda: [f"{escaped(of)}:{seeds}:{leech}\n" for of, seeds, leech, _ in SWARMS],
}


def escaped(info_hash):
    text = info_hash.decode("latin-1")
    return re.sub(r"[^A-Za-z0-9$./=_~-]", lambda match: f"%{ord(match[0]):02x}", text)


def fill_with_many(tracker, count=MANY, port=6881):
    """Announce `count` torrents of one leecher each by UDP; returns their info_hashes, sorted."""
    info_hashes = [os.urandom(20) for _ in range(count)]
    with UdpClient(tracker) as client:
        client.connect()
        for start in range(0, count, 50):
            window = info_hashes[start : start + 50]
            for info_hash in window:
                head = client.connection_id + struct.pack(">II", 1, 7)
                client.send(head + announce_body(info_hash, port, left=1))
            for _ in window:
                assert client.receive()[:4] == b"\0\0\0\1"
    return sorted(info_hashes)


def hashes_in(body):
    """The info_hashes of a listing in the form bin."""
    assert len(body) % 28 == 0
    return [body[at : at + 20] for at in range(0, len(body), 28)]


# F1


def test_F1_full_scrape_is_bencoded(start):
    tracker = start()
    assert (
        http(tracker, b"GET /scrape HTTP/1.1\r\n\r\n") == HEAD + b"b\r\n" + EMPTY + b"\r\n0\r\n\r\n"
    )
    fill(tracker)
    listing = fetch(tracker, "/scrape")
    assert listing.body == expected("ben")
    assert set(bdecode(listing.body)[b"files"]) == {swarm[0] for swarm in SWARMS}
    assert fetch(tracker, "//scrape").body == listing.body


def test_F1_only_the_plain_path_is_a_full_scrape(start):
    tracker = start()
    fill(tracker)
    for line in (b"/scrape/ HTTP/1.1", b"/scrape", b"/scrape  HTTP/1.1", b"/scrape? HTTP/1.1"):
        assert http(tracker, b"GET " + line + b"\r\n\r\n").startswith(b"HTTP/1.0 400 "), line
    assert fetch(tracker, "/scrape", version=b"HTTP/7").body == expected("ben")


def test_F1_torrents_denied_are_left_out(start, public_path):
    (public_path / "black").write_text(SWARMS[1][0].hex() + "\n")
    tracker = start("-b", public_path / "black")
    fill_allowed = [swarm for swarm in SWARMS if swarm[0] != SWARMS[1][0]]
    for info_hash, *_ in fill_allowed:
        announce(tracker, info_hash, 1, left=1)
    assert hashes_in(fetch(tracker, TPBS + "bin").body) == [swarm[0] for swarm in fill_allowed]
    (public_path / "black").write_text(SWARMS[2][0].hex() + "\n")
    reload(tracker, "blacklist")
    deadline = time.monotonic() + 10
    while SWARMS[2][0] in (found := hashes_in(fetch(tracker, TPBS + "bin").body)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert found == [swarm[0] for swarm in fill_allowed if swarm[0] != SWARMS[2][0]]


def test_F1_full_scrapes_are_for_who_may_have_them(start, public_path):
    (public_path / "config").write_text(f"access.fullscrape {ELSEWHERE}\n")
    tracker = start("-f", public_path / "config")
    for path in ("/scrape", TPBS + "txt", DUMP):
        status, headers, _ = get(tracker, path)
        assert (status, headers["content-type"]) == (403, "text/html"), path
    assert fetch(tracker, "/scrape", source=ELSEWHERE).body == EMPTY


# Side by side with the C tracker


@pytest.fixture(scope="module", params=VERSIONS)
def c_listings(request):
    """(version, {path: Listing}) of the C tracker."""
    info_hashes = [swarm[0] for swarm in SWARMS]
    with CTracker(request.param, info_hashes, REDIRECT, "-A", HERE) as tracker:
        target = HERE, tracker.port
        paths = ["/scrape", *(TPBS + form for form in LINES), DUMP]
        # With no torrents later versions end some listings twice, so only this one is asked for.
        listings = {path: [fetch(target, path)] if path == "/scrape" else [] for path in paths}
        fill(target)
        for path in paths:
            listings[path].append(fetch(target, path))
        return request.param, listings


def test_F1_F2_D1_listings_are_those_of_the_c_tracker(c_listings, start):
    version, listings = c_listings
    tracker = start()
    ours = {path: [fetch(tracker, path)] if len(listings[path]) > 1 else [] for path in listings}
    fill(tracker)
    for path in listings:
        ours[path].append(fetch(tracker, path))
    for path, theirs in listings.items():
        for their, our in zip(theirs, ours[path]):
            assert our.status_line == "HTTP/1.1 200 OK"
            assert without_base(our.body) == without_base(plain(their)), (version, path)
            if version != "2021":
                assert our.headers == their.headers, (version, path)
    assert ours["/scrape"][1].body == expected("ben")


def plain(listing):
    """The body of a listing; builds of 2021 compress some of them, asked or not."""
    is_gzip = listing.headers.get("content-encoding") == "gzip"
    return gzip.decompress(listing.body) if is_gzip else listing.body


def without_base(body):
    """A statedump without its minutes; other listings as they are."""
    return re.sub(rb"(?m)^([0-9A-F]{40}):\d{8}:", rb"\1:<minutes>:", body)


# F2


@pytest.mark.parametrize("form", LINES)
def test_F2_every_format_to_the_byte(start, form):
    tracker = start()
    assert fetch(tracker, TPBS + form).body == (EMPTY if form == "ben" else b"")
    fill(tracker)
    assert fetch(tracker, TPBS + form).body == expected(form)


def test_F2_no_format_is_ben_and_an_unknown_one_an_error(start):
    tracker = start()
    fill(tracker)
    assert fetch(tracker, "/stats?mode=tpbs").body == expected("ben")
    for form in ("x", "BEN", "txtpp", "statedump"):
        assert get(tracker, TPBS + form)[0] == 400, form
    assert get(tracker, TPBS)[0] == 400


# F3


def accepting(coding):
    return b"Accept-Encoding: " + coding


@pytest.mark.parametrize("path", ["/scrape", TPBS + "txt", DUMP])
def test_F3_gzip_for_who_accepts_it(start, path):
    tracker = start()
    fill(tracker)
    wanted = without_base(fetch(tracker, path).body)
    for value in (b"gzip", b"deflate, GZIP;q=0.5", b"br;q=1, *"):
        listing = fetch(tracker, path, accepting(value))
        assert listing.headers["content-encoding"] == "gzip", value
        assert without_base(gzip.decompress(listing.body)) == wanted
    for value in (b"", b"deflate", b"gzip;q=0", b"identity", b"*;q=0", b"gzipped"):
        listing = fetch(tracker, path, accepting(value))
        assert "content-encoding" not in listing.headers, value
        assert without_base(listing.body) == wanted
    hint = fetch(tracker, path, b"User-Agent: gzip")
    assert "content-encoding" not in hint.headers


def test_F3_gzip_of_many_is_smaller_and_the_same(start):
    tracker = start()
    fill_with_many(tracker)
    whole = fetch(tracker, "/scrape")
    small = fetch(tracker, "/scrape", accepting(b"gzip"))
    assert gzip.decompress(small.body) == whole.body
    assert 3 * len(small.body) < 2 * len(whole.body)


def test_F3_curl_reads_it(start, tmp_path):
    tracker = start()
    fill(tracker)
    fill_with_many(tracker, 500)
    plain_body = fetch(tracker, "/scrape").body
    url = f"http://{tracker.host}:{tracker.port}/scrape"
    for options in ([], ["--compressed"], ["--http1.0"], ["--compressed", "--http1.0"]):
        out = tmp_path / "body"
        command = [need_tool("curl"), "-sS", "--fail", "-m", "20", *options, "-o", out, url]
        subprocess.run(command, check=True)
        assert out.read_bytes() == plain_body, options


@pytest.mark.requires_root
def test_F3_gzip_from_where_only_root_may_read(runtime, tmp_path):
    """The tracker leaves root, and with it the reach of what it has not loaded by then."""
    for name in ("scripts", "src"):
        shutil.copytree(TOP / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".cache").symlink_to(TOP / ".cache")
    tmp_path.chmod(0o700)
    need_runtime(runtime)
    port = free_port()
    command = [tmp_path / "scripts" / "run", "--on", runtime, "-i", HERE, "-p", port]
    with Daemon(command, {("tcp", port)}, cwd="/") as tracker:
        listing = fetch((HERE, port), "/scrape", accepting(b"gzip"))
        assert gzip.decompress(listing.body) == EMPTY, tracker.log()


@pytest.mark.parametrize("runtime", ["cpython-3.14"])
def test_F3_zstd_where_the_standard_library_has_it(start, runtime):
    from_zstd = need_tool("zstd")
    tracker = start()
    fill_with_many(tracker)
    whole = fetch(tracker, "/scrape").body
    for value, coding in (
        (b"zstd", "zstd"),
        (b"gzip, zstd", "zstd"),
        (b"*", "zstd"),
        (b"gzip, zstd;q=0.9", "gzip"),
        (b"zstd;q=0, gzip", "gzip"),
    ):
        listing = fetch(tracker, "/scrape", accepting(value))
        assert listing.headers["content-encoding"] == coding, value
        command = [from_zstd, "-dc"] if coding == "zstd" else ["gzip", "-dc"]
        done = subprocess.run(command, input=listing.body, capture_output=True, check=True)
        assert done.stdout == whole


@pytest.mark.parametrize("runtime", ["micropython-armhf", "micropython-s390x"])
def test_F3_gzip_on_other_processors(start, runtime):
    tracker = start()
    fill_with_many(tracker, 300)
    listing = fetch(tracker, "/scrape", accepting(b"gzip"))
    assert listing.headers["content-encoding"] == "gzip"
    assert gzip.decompress(listing.body) == fetch(tracker, "/scrape").body


def test_F3_only_so_many_are_compressed_at_once(start):
    tracker = start("-m", 8192)
    fill_with_many(tracker, 20000)
    with contextlib.ExitStack() as stack:
        stalled = [stack.enter_context(reader(tracker, accepting(b"gzip"))) for _ in range(12)]
        heads = [receive_head(connection) for connection in stalled]
        compressed = [head for head in heads if b"gzip" in head]
        assert 1 <= len(compressed) <= 8
    assert eventually(lambda: b"gzip" in head_of(tracker, accepting(b"gzip")))


# F4


def test_F4_chunks_and_no_chunks_for_http_1_0(start):
    tracker = start()
    fill_with_many(tracker)
    listing = fetch(tracker, "/scrape")
    assert listing.status_line == "HTTP/1.1 200 OK"
    assert len(listing.chunks) > 10
    assert max(map(len, listing.chunks)) <= MOST_CHUNK
    for headers in ((), (accepting(b"gzip"),)):
        old = fetch(tracker, "/scrape", *headers, version=b"HTTP/1.0")
        assert "transfer-encoding" not in old.headers
        assert "content-length" not in old.headers
        assert plain(old) == listing.body


def test_F4_several_at_once_are_all_whole(start):
    tracker = start()
    wanted = fill_with_many(tracker)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(tracker)) for _ in range(20)]
        for connection in connections:
            connection.sendall(b"GET " + as_bytes(TPBS + "bin") + b" HTTP/1.1\r\n\r\n")
        for connection in connections:
            assert hashes_in(framed(read_to_end(connection)).body) == wanted


def test_F4_clients_that_have_no_more_to_say_get_it_whole(start):
    tracker = start()
    wanted = fill_with_many(tracker)
    with connect(tracker) as connection:
        connection.sendall(b"GET " + as_bytes(TPBS + "bin") + b" HTTP/1.1\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert hashes_in(framed(read_to_end(connection)).body) == wanted


def test_F4_clients_that_stop_reading_hold_up_nobody(start):
    tracker = start("-m", 8192)
    fill_with_many(tracker, 20000)
    with contextlib.ExitStack() as stack:
        stalled = [stack.enter_context(reader(tracker)) for _ in range(12)]
        for connection in stalled:
            receive_head(connection)
        assert len(hashes_in(fetch(tracker, TPBS + "bin").body)) == 20000
        assert announce(tracker, b"\x05" * 20, 5, left=1)[b"incomplete"] == 1
        late = framed(read_to_end(stalled[0]))
        assert len(bdecode(late.body)[b"files"]) >= 20000


def test_F4_clients_that_vanish_leave_nothing_behind(start):
    tracker = start("-m", 8192)
    fill_with_many(tracker, 10000)
    fetch(tracker, "/scrape", accepting(b"gzip"))
    open_files = len(os.listdir(f"/proc/{tracker.pid}/fd"))
    memory = resident_kib(tracker.pid)
    for number in range(200):
        headers = (accepting(b"gzip"),) if number % 2 else ()
        with reader(tracker, *headers) as connection:
            if number % 4 > 1:
                receive_head(connection)
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert eventually(lambda: len(os.listdir(f"/proc/{tracker.pid}/fd")) <= open_files)
    assert len(bdecode(fetch(tracker, "/scrape").body)[b"files"]) == 10000
    assert resident_kib(tracker.pid) < memory + 2048
    assert b"gzip" in head_of(tracker, accepting(b"gzip"))


def test_F4_memory_does_not_grow_with_the_torrents(start):
    """Neither while a listing is sent nor while clients leave one where it is."""
    tracker = start("-m", 16384)
    fill_with_many(tracker, 40000)
    before = resident_kib(tracker.pid)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            receive_head(stack.enter_context(reader(tracker)))
        body = fetch(tracker, "/scrape").body
        assert len(body) > 2500000
        assert resident_kib(tracker.pid) < before + 2048


def test_F4_announces_go_on_meanwhile(start):
    tracker = start("-m", 16384)
    wanted = fill_with_many(tracker, 20000)
    with UdpClient(tracker) as client, reader(tracker, path=TPBS + "bin") as connection:
        client.connect()
        received = bytearray()
        while not received.endswith(b"\r\n0\r\n\r\n"):
            received += connection.recv(4096)
            client.announce(os.urandom(20), 1, left=1)
        found = hashes_in(framed(bytes(received)).body)
    assert found == sorted(found)
    assert set(wanted) <= set(found)


def reader(tracker, *headers, path="/scrape"):
    """A connection that has asked for a listing and takes little at once."""
    connection = socket.socket()
    connection.settimeout(20)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    connection.connect(tracker.addr)
    lines = [b"GET " + as_bytes(path) + b" HTTP/1.1", *headers]
    connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
    return connection


def receive_head(connection):
    """Waits for the head of a reply, and leaves it there."""
    deadline = time.monotonic() + 20
    while b"\r\n\r\n" not in (received := connection.recv(4096, socket.MSG_PEEK)):
        assert time.monotonic() < deadline and received
    return received.partition(b"\r\n\r\n")[0]


def head_of(tracker, *headers):
    with reader(tracker, *headers) as connection:
        return receive_head(connection)


def eventually(condition, deadline=15):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


# F5


def test_F5_modest_full_scrapes(start, public_path):
    (public_path / "config").write_text("tracker.modest_fullscrapes yes\n")
    tracker = start("-f", public_path / "config")
    fill(tracker)
    assert fetch(tracker, "/scrape").body == expected("ben")
    for _ in range(2):
        reply = http(tracker, b"GET /scrape HTTP/1.1\r\n\r\n")
        assert reply.startswith(b"HTTP/1.0 402 Payment Required\r\nContent-Type: text/html\r\n")
        assert parse_reply(reply)[2] == b"<title>Payment Required</title>\n"
    assert fetch(tracker, "/scrape", source=ELSEWHERE).body == expected("ben")
    assert fetch(tracker, TPBS + "ben").body == expected("ben")
    assert fetch(tracker, DUMP).body
    assert tracker.log().count("FULL SCRAPE") == 2
    assert "402 Payment Required" in stats_errors(tracker)


def stats_errors(tracker):
    """The labels of the HTTP errors that were counted."""
    body = get(tracker, "/stats?mode=everything")[2].decode()
    return re.findall(r'<count code="([^"]+)">[1-9]', body)


def test_F5_full_scrapes_are_not_counted_unless_asked(start):
    tracker = start()
    for _ in range(3):
        assert fetch(tracker, "/scrape").body == EMPTY


# F6


def test_F6_every_full_scrape_is_logged(start):
    tracker = start()
    fetch(tracker, "/scrape")
    fetch(tracker, "/scrape", source=ELSEWHERE)
    for path in (TPBS + "ben", DUMP, "/scrape?info_hash=" + 20 * "a"):
        get_any(tracker, path)
    lines = [line for line in tracker.log().splitlines() if "FULL SCRAPE" in line]
    assert [re.sub(r"^opentracker: ", "", line) for line in lines] == [
        f"[00000000] scrp:  {HERE} - FULL SCRAPE",
        f"[00000000] scrp:  {ELSEWHERE} - FULL SCRAPE",
    ]


def get_any(tracker, path):
    assert http(tracker, b"GET " + as_bytes(path) + b" HTTP/1.1\r\n\r\n").startswith(
        b"HTTP/1.1 200 "
    )


def test_F6_ipv6_addresses_are_told_as_such(start):
    tracker = start(host="::1")
    assert fetch(tracker, "/scrape").body == EMPTY
    assert "[00000000] scrp:  ::1 - FULL SCRAPE\n" in tracker.log()


# S3


def test_S3_all_listings_are_in_the_order_of_the_info_hashes(start):
    tracker = start("-m", 16384)
    wanted = fill_with_many(tracker, 30000)
    assert hashes_in(fetch(tracker, TPBS + "bin").body) == wanted
    body = fetch(tracker, "/scrape").body
    assert list(bdecode(body)[b"files"]) == wanted
    assert bencode(bdecode(body)) == body
    assert list(text_hashes(fetch(tracker, TPBS + "txt").body)) == wanted
    assert list(text_hashes(fetch(tracker, TPBS + "txtp").body)) == wanted
    assert list(text_hashes(fetch(tracker, DUMP).body)) == wanted


def test_S3_info_hashes_that_begin_alike_are_in_order(start):
    tracker = start("-m", 4096)
    info_hashes = [b"\x80" * 18 + struct.pack(">H", 7 * number % 65536) for number in range(2000)]
    with UdpClient(tracker) as client:
        for info_hash in info_hashes:
            client.announce(info_hash, 1, left=1)
    assert hashes_in(fetch(tracker, TPBS + "bin").body) == sorted(info_hashes)


def text_hashes(body):
    for line in body.splitlines():
        yield bytes.fromhex(line[:40].decode())


# D1


def test_D1_statedump(start):
    tracker = start()
    assert fetch(tracker, DUMP).body == b""
    first_minute = int(time.time()) // 60
    fill(tracker)
    body = fetch(tracker, DUMP + "&format=ben").body
    last_minute = int(time.time()) // 60
    lines = body.decode().splitlines(keepends=True)
    assert len(lines) == len(SWARMS)
    for line, (info_hash, _, _, completed) in zip(lines, SWARMS):
        match = re.fullmatch(r"([0-9A-F]{40}):(\d+):(\d+)\n", line)
        assert match, line
        assert bytes.fromhex(match[1]) == info_hash
        assert first_minute <= int(match[2]) <= last_minute
        assert int(match[3]) == completed


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_D1_the_dump_is_compressed_only_for_who_accepts_it(start, runtime):
    tracker = start()
    fill(tracker)
    plain_dump = fetch(tracker, DUMP)
    assert "content-encoding" not in plain_dump.headers
    small = fetch(tracker, DUMP, accepting(b"gzip"))
    assert without_base(gzip.decompress(small.body)) == without_base(plain_dump.body)
