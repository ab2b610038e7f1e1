"""What the C tracker does, row by row of docs/parity.md: HTTP, UDP, samples, and the command line.

Each test proves one row by itself. All details, next to the C tracker's own answers, are in
test_side_by_side.py.
"""

import os
import re
import select
import signal
import socket
import struct
import subprocess

import pytest

from support.runtimes import TOP, command, need_runtime
from support.tracker import Daemon, free_port
from support.wire import (
    PEER_ID,
    PROTOCOL_ID,
    Connected,
    Failed,
    UdpClient,
    announce,
    connect,
    decode,
    get,
    http,
    parse_reply,
    peers,
    query,
    read_to_end,
    scrape,
)

HASH = b"\x47" * 20
HASHES = [struct.pack(">I", number) * 5 for number in range(1, 81)]
QUERY = query([("info_hash", HASH), ("port", 6881)])
MISSING_HASH = (
    b"d14:failure reason80:Your client forgot to send your torrent's info_hash."
    b" Please upgrade your client.e"
)
DENIED = b"d14:failure reason63:Requested download is not authorized for use with this tracker.e"
SAMPLE = TOP / "files" / "opentracker.conf.sample"
PREFIX = "opentracker: "


def run(runtime, *options, **how):
    """Run it to its end: (exit status, lines of standard error)."""
    need_runtime(runtime)
    line = command(runtime, *options)
    done = subprocess.run(line, capture_output=True, text=True, timeout=30, **how)
    return done.returncode, done.stderr.splitlines()


def check(runtime, *options, **how):
    """What --check says of options: (exit status, messages)."""
    status, lines = run(runtime, "--check", *options, **how)
    return status, [line.removeprefix(PREFIX) for line in lines]


@pytest.fixture
def configured(start, public_path):
    """configured(*lines, ...) starts a tracker with a configuration file of these lines."""

    def start_one(*lines, **how):
        config = public_path / "config"
        config.write_text("".join(line + "\n" for line in lines))
        return start("-f", config, cwd=public_path, **how)

    return start_one


@pytest.fixture
def dual_stack(start):
    """A tracker of both families on one port, with its addresses for each."""
    port = free_port("::")
    start("-i", "::", "-p", port, "-P", port)
    return ("127.0.0.1", port), ("::1", port)


def announce_url(suffix=b""):
    return b"/announce?" + QUERY + suffix


def fill(target, count, first=1, left=1):
    """Have peers with ports from `first` in the swarm of HASH."""
    with UdpClient(target) as client:
        for port in range(first, first + count):
            client.announce(HASH, port, left=left, num_want=0)


def refuses(target):
    try:
        connect(target).close()
    except ConnectionRefusedError:
        return True
    return False


# HTTP


def test_H1_every_path_that_begins_with_a_announces(start):
    tracker = start()
    paths = (b"/announce", b"/a", b"//announce", b"/announce.php", b"/about", b"/%61nnounce")
    for number, path in enumerate(paths, 1):
        port = query([("port", number), ("info_hash", HASH)])
        reply = decode(get(tracker, path + b"?" + port))
        assert (reply[b"complete"], reply[b"incomplete"]) == (0, number)
        assert len(reply[b"peers"]) == 6 * number
    status, headers, body = get(
        tracker, b"/announce?" + query([("info_hash", b"x" * 20)]) + b"&port=6881"
    )
    assert (status, headers["content-type"]) == (200, "text/plain")
    assert re.fullmatch(
        rb"d8:completei0e10:downloadedi0e10:incompletei1e8:intervali\d{4}e12:min intervali\d{3}e"
        rb"5:peers6:\x7f\x00\x00\x01\x1a\xe1e",
        body,
    )


def test_H2_both_families_are_listed_and_share_numwant(dual_stack):
    v4, v6 = dual_stack
    announce(v4, HASH, 1)
    reply = announce(v6, HASH, 1)
    assert reply[b"peers"] == b"\x7f\0\0\1\0\1"
    assert reply[b"peers6"] == bytes(15) + b"\1\0\1"
    assert reply[b"incomplete"] == 0 and reply[b"complete"] == 2
    fill(v4, 122)
    fill(v6, 121)
    for wanted, share in {
        0: (0, 0),
        1: (0, 1),
        2: (1, 1),
        3: (1, 2),
        5: (2, 3),
        50: (25, 25),
    }.items():
        reply = announce(v4, HASH, 1, numwant=wanted)
        assert (len(reply[b"peers"]) // 6, len(reply.get(b"peers6", b"")) // 18) == share


@pytest.mark.parametrize(("family", "address"), [("ipv4", "127.0.0.1"), ("ipv6", "::1")])
def test_H3_one_family_alone(configured, family, address):
    port = free_port("::")
    configured(f"tracker.family {family}", f"listen.tcp_udp [::]:{port}", port=port)
    other = "::1" if family == "ipv4" else "127.0.0.1"
    reply = announce((address, port), HASH, 1)
    assert peers(reply) == [(address, 1)]
    with UdpClient((address, port)) as client:
        assert client.announce(HASH, 2).peers.count((address, 1)) == 1
    assert refuses((other, port))


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\n\n", b"\r\nHost: x\n\n"])
def test_H4_how_a_request_ends(start, end):
    with connect(start()) as connection:
        connection.sendall(b"GET " + announce_url() + b" HTTP/1.1" + end)
        assert parse_reply(read_to_end(connection))[0] == 200


@pytest.mark.parametrize("no_end", [b"\r\r", b"\n\r\n", b"\r\n", b" "])
def test_H4_what_does_not_end_a_request(start, no_end):
    with connect(start()) as connection:
        connection.sendall(b"GET " + announce_url() + b" HTTP/1.1" + no_end)
        assert not select.select([connection], [], [], 0.3)[0]
        connection.sendall(b"\n\n")
        assert parse_reply(read_to_end(connection))[0] == 200


def test_H4_a_request_has_8192_bytes_at_most(start):
    tracker = start()
    head, end = b"GET " + announce_url() + b" HTTP/1.1\r\nX: ", b"\r\n\r\n"
    for size, status in ((8192, 200), (8193, 500), (9000, 500)):
        filler = b"x" * (size - len(head) - len(end))
        with connect(tracker) as connection:
            connection.sendall(head[:10])
            connection.sendall(head[10:] + filler + end)
            assert parse_reply(read_to_end(connection))[0] == status, size


def test_H5_percent_decoding_and_character_rules(start):
    tracker = start()
    info_hash = b"abcdefghijklm+no%&=\xff"
    announce(tracker, info_hash, 1)
    found = b"d5:filesd20:" + info_hash + b"d8:completei1e10:downloadedi0e10:incompletei0eeee"
    nothing = b"d5:filesdee"
    escaped = b"abcdefghijklm+no%25%26%3d%ff"
    for request, status, body in (
        (b"info_hash=" + escaped, 200, found),
        (b"info_hash=" + escaped.replace(b"3d", b"3D").replace(b"ff", b"FF"), 200, found),
        (b"%69nfo_hash=%61" + escaped[1:], 200, found),
        (b"info_hash=" + escaped.replace(b"%3d", b"="), 200, found),
        (b"info_hash=" + escaped.replace(b"+", b"%20"), 200, nothing),
        (b"x=a%26b&y=1&info_hash=" + escaped, 200, found),
        (b"info_hash=" + escaped.replace(b"%ff", b"%fg"), 400, None),
        (b"info_hash=" + escaped.replace(b"%ff", b"\xff"), 400, None),
        (b"info_hash=" + escaped.replace(b"%26", b"&"), 400, None),
        (b'info_hash="' + escaped[1:], 400, None),
        (b"x=[1]&info_hash=" + escaped, 400, None),
        (b"Info_Hash=" + escaped, 400, None),
    ):
        found_status, _, found_body = get(tracker, b"/scrape?" + request)
        assert found_status == status, request
        assert body is None or found_body == body, request


def test_H6_parameters_of_an_announce(start):
    tracker = start()
    fill(tracker, 250, first=1000)
    for suffix, status, listed in (
        (b"", 200, 50),
        (b"&numwant=0", 200, 0),
        (b"&numwant=7", 200, 7),
        (b"&numwant=-1", 200, 50),
        (b"&numwant=201", 200, 200),
        (b"&compact=1&compact6=1", 200, 50),
        (b"&key=1&no_peer_id=1&uploaded=x&corrupt=&trackerid=&ipv6=::1&supportcrypto=1", 200, 50),
        (b"&event=started", 200, 50),
        (b"&event=", 200, 50),
        (b"&event=paused", 200, 50),
        (b"&left=5&peer_id=" + PEER_ID, 200, 50),
        (b"&port=6882", 200, 50),
        (b"&numwant=x", 400, None),
        (b"&numwant=", 400, None),
        (b"&compact=0", 400, None),
        (b"&compact6=0", 400, None),
        (b"&compact=x", 400, None),
        (b"&port=65536", 400, None),
        (b"&port=x", 400, None),
        (b"&port=", 400, None),
        (b"&left=", 400, None),
        (b"&peer_id=short", 400, None),
        (b"&info_hash=" + b"x" * 20, 400, None),
    ):
        found, _, body = get(tracker, announce_url(suffix))
        assert found == status, suffix
        if status == 200:
            assert len(decode((found, {}, body))[b"peers"]) == 6 * listed, suffix
    assert get(tracker, b"/announce?port=1&info_hash=" + b"x" * 19)[0] == 400
    assert get(tracker, b"/announce?port=1&info_hash=" + b"x" * 21)[0] == 400


def test_H6_who_is_a_seeder(start):
    tracker = start()
    for left, seeding in ((b"", 0), (b"&left=1", 0), (b"&left=0", 1), (b"&left=00", 1)):
        reply = decode(get(tracker, announce_url(left)))
        assert (reply[b"complete"], reply[b"incomplete"]) == (seeding, 1 - seeding), left


def test_H7_intervals_are_spread(start):
    tracker = start()
    intervals = []
    for _ in range(60):
        reply = announce(tracker, HASH, 1)
        assert reply[b"min interval"] == reply[b"interval"] // 2
        intervals.append(reply[b"interval"])
    assert 1620 <= min(intervals) < max(intervals) <= 1979
    assert len(set(intervals)) > 10


def test_H8_what_counts_as_completed(start):
    tracker = start()
    for port, fields, downloaded in (
        (1, {"left": 1, "event": "completed"}, 0),
        (1, {"left": 0}, 0),
        (1, {"left": 0, "event": "completed"}, 1),
        (1, {"left": 0, "event": "completed"}, 1),
        (2, {"left": 0, "event": "completed"}, 2),
        (2, {"left": 0, "event": "stopped"}, 2),
        (2, {"left": 0, "event": "completed"}, 3),
        (3, {"left": 0, "event": "started"}, 3),
    ):
        announce(tracker, HASH, port, **fields)
        assert scrape(tracker, HASH)[HASH][b"downloaded"] == downloaded, (port, fields)


def test_H9_a_stop_and_its_reply(start):
    tracker = start()
    announce(tracker, HASH, 6881)
    announce(tracker, HASH, 6882, left=1)
    for complete, incomplete, url in (
        (0, 1, announce_url(b"&event=stopped&left=0")),
        (0, 1, announce_url(b"&event=stopped&left=0")),
        (0, 0, b"/announce?port=1&event=stopped&info_hash=" + b"x" * 20),
    ):
        body = get(tracker, url)[2]
        assert re.fullmatch(
            rb"d8:completei%de10:incompletei%de8:intervali\d{4}e12:min intervali\d{3}e5:peers0:e"
            % (complete, incomplete),
            body,
        ), body
    assert peers(announce(tracker, HASH, 6882, left=1)) == [("127.0.0.1", 6882)]


def test_H10_failure_reasons(start, public_path):
    (public_path / "list").write_text(HASH.hex() + "\n")
    tracker = start("-w", "list", cwd=public_path)
    tracker.wait_for_log("serving udp")
    assert get(tracker, "/announce?port=1")[2] == MISSING_HASH
    assert get(tracker, "/announce?")[2] == MISSING_HASH
    status, _, body = get(tracker, b"/announce?port=1&info_hash=" + b"x" * 20)
    assert (status, body) == (200, DENIED)
    assert decode(get(tracker, announce_url()))[b"incomplete"] == 1
    stopped = get(tracker, b"/announce?port=1&event=stopped&info_hash=" + b"x" * 20)
    assert b"failure reason" not in decode(stopped)


def test_H11_a_space_before_the_question_mark(start):
    tracker = start()
    assert b"peers" in decode(get(tracker, b"/announce ?" + QUERY))
    assert scrape(tracker, HASH)[HASH][b"incomplete"] == 1
    assert HASH in decode(get(tracker, b"/scrape ?" + QUERY))[b"files"]
    assert get(tracker, b"/announce " + QUERY)[0] == 400
    assert get(tracker, b"/announce")[0] == 400


def test_H12_scrape_of_many_and_of_64_at_most(start):
    tracker = start()
    with UdpClient(tracker) as client:
        for info_hash in HASHES:
            client.announce(info_hash, 1, left=1, num_want=0)
    one = b"20:%sd8:completei0e10:downloadedi0e10:incompletei1ee"
    unknown = b"x" * 20
    for asked, told in (
        ([HASHES[3], HASHES[1]], [HASHES[3], HASHES[1]]),
        ([HASHES[1], unknown, HASHES[1]], [HASHES[1], HASHES[1]]),
        ([unknown], []),
        (HASHES, HASHES[:64]),
    ):
        path = b"/scrape?" + query([("info_hash", info_hash) for info_hash in asked])
        expected = b"".join(one % info_hash for info_hash in told)
        status, headers, body = get(tracker, path)
        assert (status, headers["content-type"]) == (200, "text/plain")
        assert body == b"d5:filesd" + expected + b"ee"
    for path in (b"/scrape?", b"/scrape?info_hash=short", b"/scrape?port=1"):
        assert get(tracker, path)[0] == 400


def test_H13_error_pages_and_the_redirect(configured):
    tracker = configured(
        "tracker.redirect_url http://example.org/~tracker?x=1",
        "access.stats 192.0.2.1",
        "access.fullscrape 127.0.0.1",
        "tracker.modest_fullscrapes yes",
    )
    assert http(tracker, b"GET /scrape HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
    for request, code, text in (
        (b"POST /announce HTTP/1.1", b"400 Invalid Request", b"Invalid Request"),
        (b"GET /announce?port=x HTTP/1.1", b"400 Invalid Request", b"Invalid Request"),
        (b"GET /scrape HTTP/1.1", b"402 Payment Required", b"Payment Required"),
        (b"GET /stats HTTP/1.1", b"403 Access Denied", b"Access Denied"),
        (b"GET /nowhere HTTP/1.1", b"404 Not Found", b"Not Found"),
        (b"GET /?x HTTP/1.1", b"404 Not Found", b"Not Found"),
        (b"GET /" + b"x" * 9000, b"500 Internal Server Error", b"Internal Server Error"),
    ):
        reply = http(tracker, request + b"\r\n\r\n")
        assert reply == (
            b"HTTP/1.0 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
            b"<title>%s</title>\n" % (code, len(text) + 16, text)
        ), request
    assert http(tracker, b"GET / HTTP/1.1\r\n\r\n") == (
        b"HTTP/1.0 302 Found\r\nContent-Length: 0\r\n"
        b"Location: http://example.org/~tracker?x=1\r\n\r\n"
    )


def test_H14_connections_are_kept_for_who_asks(start):
    request = b"GET " + announce_url() + b" HTTP/1.1\r\n%s\r\n"
    with connect(start()) as connection:
        for _ in range(3):
            connection.sendall(request % b"Connection: keep-alive\r\n")
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK") and body.startswith(b"d8:complete")
        connection.sendall(request % b"")
        assert parse_reply(read_to_end(connection))[0] == 200


# UDP


def test_U1_connect_announce_scrape_and_error(start):
    with UdpClient(start()) as client:
        connected = client.connect()
        assert isinstance(connected, Connected) and len(connected.raw) == 16
        announced = client.announce(HASH, 6881, left=1)
        assert announced.raw[20:] == b"\x7f\0\0\1\x1a\xe1"
        assert 1620 <= announced.interval <= 1979
        assert (announced.leechers, announced.seeders) == (1, 0)
        assert len(client.announce(HASH, 6881, left=1, num_want=0).raw) == 20
        assert client.announce(HASH, 6881, left=0, event="completed").seeders == 1
        assert client.scrape(HASH, HASHES[0]).counts == [(1, 1, 0), (0, 0, 0)]
        assert len(client.announce(HASH, 6881, event="stopped").raw) == 20
        assert client.scrape(HASH).counts == [(0, 1, 0)]
        wrong = bytes(8) + struct.pack(">I4s", 2, b"tran") + HASH
        assert client.exchange(wrong) == b"\0\0\0\3tranConnection ID missmatch.\0"
        for ignored in (
            b"x" * 15,
            PROTOCOL_ID[:-1] + b"x" + bytes(4) + b"tran",
            client.connection_id + struct.pack(">I4s", 3, b"tran") + bytes(82),
            client.connection_id + struct.pack(">I4s", 1, b"tran") + bytes(81),
        ):
            assert client.silent(ignored, 0.2)


def test_U2_connection_ids_belong_to_an_address(start):
    tracker = start()
    with UdpClient(tracker) as one, UdpClient(tracker, source="127.0.0.2") as other:
        one.connect()
        other.connect()
        assert one.connection_id != other.connection_id
        other.connection_id = one.connection_id
        assert isinstance(other.scrape(HASH), Failed)
        with UdpClient(tracker) as another_port:
            another_port.connection_id = one.connection_id
            assert another_port.scrape(HASH).counts == [(0, 0, 0)]


def test_U3_over_ipv6_66_peers_at_most(dual_stack):
    for target in dual_stack:
        fill(target, 210)
    for target, most in zip(dual_stack, (200, 66)):
        with UdpClient(target) as client:
            for wanted, listed in ((-1, most), (1000, most), (most - 1, most - 1), (0, 0)):
                reply = client.announce(HASH, 1, left=1, num_want=wanted)
                assert len(set(reply.peers)) == listed
                assert (reply.leechers, reply.seeders) == (420, 0)
                assert {address for address, _ in reply.peers} <= {target[0]}


def test_U4_scrape_of_75_at_most(start):
    with UdpClient(start()) as client:
        for info_hash in HASHES:
            client.announce(info_hash, 1, left=0, num_want=0)
        for count in (1, 74, 75):
            assert client.scrape(*HASHES[:count]).counts == [(1, 0, 0)] * count
        assert client.scrape(*HASHES[:76]).counts == [(1, 0, 0)] * 75
        assert client.scrape().counts == []


def test_U5_udp_workers_are_accepted(configured):
    tracker = configured("listen.udp.workers 4")
    with UdpClient(tracker) as client:
        client.announce(HASH, 6881)
        assert client.scrape(HASH).counts == [(1, 0, 0)]
    assert "config:1: listen.udp.workers: has no effect" in tracker.log()
    tracker.send_signal(signal.SIGHUP)
    tracker.wait_for_log("changed: nothing")
    with UdpClient(tracker) as client:
        assert client.scrape(HASH).counts == [(1, 0, 0)], "it has to survive SIGHUP"


# Swarms


def test_S2_samples_are_random_and_distinct_leechers_first(start):
    tracker = start()
    fill(tracker, 60, first=1, left=1)
    fill(tracker, 30, first=30000, left=0)
    seen = set()
    for wanted in (1, 10, 50, 70, 89, 90, 200):
        for _ in range(5):
            compact = announce(tracker, HASH, 1, left=1, numwant=wanted)[b"peers"]
            ports = [port for (port,) in struct.iter_unpack(">4xH", compact)]
            assert len(ports) == len(set(ports)) == min(wanted, 90)
            assert [port >= 30000 for port in ports] == sorted(port >= 30000 for port in ports)
            seen.update([compact] if wanted == 10 else [])
    assert len(seen) > 1, "the same sample every time"


# Configuration and command line


def test_C1_grammar_and_diagnostics(runtime, tmp_path):
    config = tmp_path / "config"
    config.write_bytes(
        b"\xef\xbb\xbf# comment\r\n\r\n  \t tracker.user \t nobody \t\r\n"
        b"listen.tcp 127.0.0.1:80 # the web\nlisten.udp 127.0.0.1\ntracker.redirect_url /?a=b#c"
    )
    assert check(runtime, "-f", config) == (0, ["the configuration is good"])
    config.write_text(
        "tracker.usr nobody\n\nTracker.User nobody\nlisten.tcp localhost\ntracker.user\n"
        "tracker.user = nobody\nlisten.udp 127.0.0.1:70000\n"
    )
    assert check(runtime, "-f", "config", cwd=tmp_path) == (
        1,
        [
            'config:1: unknown keyword "tracker.usr"; did you mean tracker.user?',
            'config:3: unknown keyword "Tracker.User"; did you mean tracker.user?',
            "config:4: listen.tcp: localhost is not an IP address",
            "config:5: tracker.user: needs a value: USER",
            "config:6: tracker.user: = nobody is not a single word",
            "config:7: listen.udp: 70000 is not a port (1-65535)",
        ],
    )
    missing = "cannot read missing: No such file or directory"
    assert check(runtime, "-f", "missing", cwd=tmp_path) == (1, [missing])


def test_C2_every_keyword_of_the_sample(runtime, tmp_path):
    """Without the "#" in front: legal, and told of only what can't have an effect."""
    config = tmp_path / "config"
    config.write_text(re.sub(r"(?m)^#(?=[a-z])", "", SAMPLE.read_text()))
    lines = config.read_text().splitlines()
    status, messages = check(runtime, "-f", "config", cwd=tmp_path)
    told = [re.fullmatch(r"config:(\d+): (\S+): has no effect.*", each) for each in messages[:-1]]
    assert (status, messages[-1]) == (0, "the configuration is good")
    assert {match[2] for match in told} == {
        "batchsync.cluster.admin_ip",
        "livesync.proxy.listen",
        "livesync.proxy.connect",
    }
    assert all(lines[int(match[1]) - 1].startswith(match[2] + " ") for match in told)


def test_C3_networks(configured, runtime, public_path):
    tracker = configured("access.stats 127.0.0.2/31", "access.stats 127.1.0.0/16")
    for source, status in (
        ("127.0.0.1", 403),
        ("127.0.0.2", 200),
        ("127.0.0.3", 200),
        ("127.0.0.4", 403),
        ("127.1.255.255", 200),
        ("127.2.0.0", 403),
    ):
        assert get(tracker, "/stats", source=source)[0] == status, source
    config = public_path / "networks"
    for keyword in (
        "access.stats",
        "access.proxy",
        "access.fullscrape",
        "livesync.cluster.node_ip",
    ):
        for network, status in (
            ("10.0.0.0/8", 0),
            ("10.1.2.3", 0),
            ("2001:db8::/32", 0),
            ("::/0", 0),
            ("10.0.0.0/33", 1),
            ("2001:db8::/129", 1),
            ("10.0.0.0/", 1),
            ("10.0.0.0/255.0.0.0", 1),
        ):
            if runtime == "cpython" or status:
                config.write_text(f"{keyword} {network}\n")
                assert check(runtime, "-f", config)[0] == status, (keyword, network)


def test_C3_networks_of_administrators(start):
    tracker = start("-A", "127.0.0.2/31", "-A", "127.1.2.3")
    for source, status in (("127.0.0.1", 403), ("127.0.0.3", 200), ("127.1.2.3", 200)):
        assert get(tracker, "/stats", source=source)[0] == status, source


def test_C4_switches_from_left_to_right(start, public_path):
    (public_path / "config").write_text("tracker.redirect_url http://file.example/\n")
    (public_path / "white").write_text(HASH.hex())
    ports = [free_port() for _ in range(2)]
    switches = ["-i", "127.0.0.2", "-p", ports[0], "-i", "127.0.0.1", "-p", ports[1]]
    switches += ["-P", ports[1], "-u", "nobody", "-d", public_path, "-w", "white"]
    switches += ["-A", "127.0.0.3", "-f", public_path / "config"]
    for number, (last, expected) in enumerate(
        (([], "http://file.example/"), (["-r", "http://switch.example/"], "http://switch.example/"))
    ):
        before = ["-r", "http://early.example/"] if number == 0 else []
        tracker = start(*before, *switches, *last)
        target = ("127.0.0.1", ports[1])
        assert get(target, "/")[1]["location"] == expected
        assert refuses(("127.0.0.1", ports[0])) and not refuses(("127.0.0.2", ports[0]))
        assert b"failure reason" not in announce(target, HASH, 1)
        assert b"failure reason" in announce(target, HASHES[0], 1)
        assert get(target, "/stats", source="127.0.0.3")[0] == 200
        assert get(target, "/stats")[0] == 403
        assert tracker.stop() == 0


def test_C4_every_switch_is_known(runtime, tmp_path):
    (tmp_path / "config").write_text("")
    line = (
        "-i 127.0.0.1 -p 1 -P 2 -s 9696 -f config -r /x -d / -u nobody -A 10.0.0.0/8 -A ::1 "
        "-w white -b black -l dump"
    )
    status, messages = check(runtime, *line.split(), cwd=tmp_path)
    assert (status, messages) == (0, ["the configuration is good"])
    for switch in ("-v", "-h"):
        assert run(runtime, switch) == (0, [])
    for wrong in (["-x"], ["-p"], ["-p", "x"], ["-i", "x"], ["-A", "x"], ["-s", "9696"]):
        status, messages = check(runtime, *wrong)
        assert status == 1 and len(messages) == 1, messages


def listening(pid, port):
    """Which of tcp, tcp6, udp and udp6 a network namespace has bound on a port of all addresses."""
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/{pid}/net/{table}") as file:
            for line in file.readlines()[1:]:
                address, _, number = line.split()[1].partition(":")
                if int(number, 16) == port and not int(address, 16):
                    found.add(table)
    return found


@pytest.mark.requires_root
def test_C5_port_6969_of_all_addresses(runtime):
    """In a network namespace of its own, as the port may be somebody's."""
    need_runtime(runtime)
    line = ["unshare", "--net", *command(runtime)]
    with Daemon(line, {("tcp", 6969), ("udp", 6969)}) as tracker:
        tracker.wait_for_log("serving udp")
        assert listening(tracker.pid, 6969) == {"tcp", "tcp6", "udp", "udp6"}
        assert tracker.stop() == 0


def test_C5_several_sockets(configured):
    ports = [free_port() for _ in range(3)]
    configured(
        f"listen.tcp_udp 127.0.0.1:{ports[0]}",
        f"listen.tcp 127.0.0.2:{ports[1]}",
        f"listen.udp 127.0.0.2:{ports[2]}",
        port=ports[0],
    )
    announce(("127.0.0.1", ports[0]), HASH, 1)
    for target in (("127.0.0.1", ports[0]), ("127.0.0.2", ports[1])):
        assert scrape(target, HASH)[HASH][b"complete"] == 1
    for target in (("127.0.0.1", ports[0]), ("127.0.0.2", ports[2])):
        with UdpClient(target) as client:
            assert client.scrape(HASH).counts == [(1, 0, 0)]
    assert refuses(("127.0.0.2", ports[0])) and refuses(("127.0.0.2", ports[2]))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_C6_status_0_of_what_ends_well(start, number):
    assert start().stop(number) == 0


def test_C6_statuses_0_1_and_111(runtime, tmp_path):
    port = free_port()
    (tmp_path / "wrong").write_text("no.such.keyword x\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        for status, options in (
            (0, ["-v"]),
            (0, ["-h"]),
            (0, ["--check"]),
            (1, ["-x"]),
            (1, ["-p"]),
            (1, ["-i", "nowhere"]),
            (1, ["-f", tmp_path / "missing"]),
            (1, ["-f", tmp_path / "wrong"]),
            (1, ["--check", "-f", tmp_path / "wrong"]),
            (111, ["-i", "127.0.0.1", "-p", port]),
            (111, ["-i", "192.0.2.99", "-P", port]),
            (111, ["-i", "127.0.0.1", "-P", port, "-d", "/no/such/directory"]),
        ):
            assert run(runtime, *options)[0] == status, options


@pytest.mark.requires_root
@pytest.mark.parametrize("user", ["root", "nobody-here"])
def test_C6_status_111_of_who_would_stay_root(runtime, user):
    assert os.geteuid() == 0
    options = ["-i", "127.0.0.1", "-P", free_port(), "-u", user]
    status, messages = run(runtime, *options)
    assert (status, len(messages)) == (111, 1)
