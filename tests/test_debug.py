"""--debug: the line that each request gets."""

import re

from support.wire import UdpClient, announce, get, http

HASH = b"\x3b" * 20
HERE = "127.0.0.1"
CLIENT_V6 = "2a00:1450::7"


def debug_line(tracker, known):
    match = tracker.wait_for_log(r"(?s)\A.{%d}(.*\n)" % known)
    return match.group(1)


def told(tracker, ask, *arguments, **fields):
    """The line that a request gets, without the prefix."""
    known = len(tracker.log())
    ask(tracker, *arguments, **fields)
    line = debug_line(tracker, known)
    assert line.startswith("opentracker: debug: ") and line.count("\n") == 1
    return line[len("opentracker: debug: ") : -1]


def test_debug_tells_what_http_requests_meant(start):
    tracker = start("--debug")
    tracker.wait_for_log("serving udp")
    announce(tracker, HASH, 1)
    line = told(tracker, announce, HASH, 2, left=5, event="completed", numwant=9)
    size = r"\(\d+ bytes\)"
    assert re.fullmatch(
        f"{HERE} http announce info_hash={HASH.hex()} port=2 left=>0 event=completed numwant=9"
        f" -> 200 OK seeders=1 leechers=1 peers=2 {size}",
        line,
    ), line
    line = told(tracker, announce, HASH, 3, ip=CLIENT_V6)
    assert f" numwant=50 for {CLIENT_V6} -> 200 OK seeders=2 leechers=1 peers=3 " in line
    line = told(tracker, announce, HASH, 2, event="stopped", left=5)
    assert " event=stopped numwant=50 -> 200 OK seeders=2 leechers=0 peers=0 " in line
    line = told(tracker, get, "/scrape?" + f"info_hash={'x' * 20}&" * 5)
    hashes = f" info_hash={'78' * 20}" * 3
    assert re.fullmatch(f"{HERE} http scrape{hashes} and 2 more -> 200 OK {size}", line), line
    line = told(tracker, get, "/stats?mode=conn")
    assert re.fullmatch(f'{HERE} http stats mode="conn" -> 200 OK {size}', line), line


def test_debug_tells_why_http_requests_are_refused(start):
    tracker = start("--debug")
    tracker.wait_for_log("serving udp")
    for path, why, status in (
        ("/announce?port=x", "a parameter is wrong or missing", "400 Invalid Request"),
        ("/announce?compact=0", "compact=0 is not served", "400 Invalid Request"),
        ("/announce?x=%zz&%", "not understood", "400 Invalid Request"),
        ("/favicon.ico", "nothing is there", "404 Not Found"),
    ):
        line = told(tracker, get, path)
        shown = f'{HERE} http "GET {path} HTTP/1.1", {why} -> {status} ('
        assert line.startswith(shown), line
    line = told(tracker, get, "/announce?port=1")
    assert '-> 200 OK failure "Your client forgot to send your torrent' in line
    line = told(tracker, get, f"/announce?info_hash={'x' * 20}&ip=no%22ne")
    assert ' ip="no\\x22ne", no address -> 400 Invalid Request (' in line


def test_debug_shows_what_clients_send_without_harm(start):
    tracker = start("--debug")
    tracker.wait_for_log("serving udp")
    line = told(tracker, http, b'GET /\x1b[2J"\\\xff\x00\r' + b"A" * 5000 + b"\n\n")
    assert line.startswith(HERE + r' http "GET /\x1b[2J\x22\x5c\xff\x00\x0dAAAAA')
    assert len(line) < 1000
    assert all(" " <= char <= "~" for char in line)


def test_debug_tells_udp_too(start):
    tracker = start("--debug")
    tracker.wait_for_log("serving udp")
    with UdpClient(tracker) as client:

        def ask(_tracker, method, *arguments, **fields):
            return getattr(client, method)(*arguments, **fields)

        line = told(tracker, ask, "connect")
        cid = client.connection_id.hex()
        assert line == f"{HERE} udp connect -> connection_id={cid} (16 bytes)"
        line = told(tracker, ask, "announce", HASH, 9, left=0, event="completed")
        assert line == (
            f"{HERE} udp announce info_hash={HASH.hex()} port=9 left=0 event=completed numwant=-1"
            " -> seeders=1 leechers=0 peers=1 (26 bytes)"
        )
        line = told(tracker, ask, "scrape", HASH, b"\x01" * 20)
        assert line == (
            f"{HERE} udp scrape info_hash={HASH.hex()} info_hash={'01' * 20}"
            " -> seeders=1 completed=1 leechers=0 and seeders=0 completed=0 leechers=0 (32 bytes)"
        )
        line = told(tracker, ask, "send", b"\x00hello\n")
        assert line == f'{HERE} udp 7 bytes, no request, "\\x00hello\\x0a" -> no reply (0 bytes)'
        client.connection_id = b"12345678"
        line = told(tracker, ask, "scrape", HASH)
        assert '-> error "Connection ID missmatch.\\x00" (' in line


def test_debug_has_a_line_for_each_request_of_a_connection(start):
    tracker = start("--debug")
    tracker.wait_for_log("serving udp")
    known = len(tracker.log())
    keep = b"GET /announce?x HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"
    http(tracker, keep * 3 + b"GET /announce?x HTTP/1.1\r\n\r\n")
    assert tracker.log()[known:].count("debug: ") == 4
