"""The running tracker's statistics: each mode by its row of docs/parity.md, and beside C's.

What each number is and how rankings are found is in vectors/vec_stats.py.
"""

import collections
import ipaddress
import json
import re
import select
import struct
import time
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from opentracker.version import VERSION
from support.c_tracker import DUAL_STACK, VERSIONS, CTracker
from support.runtimes import RUNTIMES
from support.tracker import free_port
from support.wire import (
    ANNOUNCE,
    Connected,
    UdpClient,
    announce,
    announce_body,
    connect,
    get,
    http,
    parse_reply,
    query,
    read_to_end,
    scrape,
)

HASHES = [struct.pack(">I", number * 2654435761 % 2**32) * 5 for number in range(1, 31)]
REDIRECT_URL = "http://tracker.example/"
HERE = "127.0.0.1"
UPTIME = r"(\d+) seconds \(0 hours\)\n"
XML_TYPES = {"tracker_id": "1", "version": "\n1\n", "uptime": "1"}
PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def page(target, mode, content_type="text/plain"):
    """The text of a mode's page."""
    status, headers, body = get(target, f"/stats?mode={mode}")
    assert (status, headers["content-type"]) == (200, content_type), body
    assert "content-length" in headers
    return body.decode()


def status_of(target, path, **how):
    return get(target, path, **how)[0]


def source_of(number):
    """One of many addresses of this host, in networks of all sizes."""
    return f"127.{number % 3}.{number % 5}.{number * 7 % 250 + 1}"


def send_traffic(target):
    """What every counter but the slow ones counts. Returns {info_hash: [(source, seeding)]}."""
    torrents = collections.defaultdict(list)
    for number, info_hash in enumerate(HASHES):
        for peer in range(number % 7 + 1):
            source, seeding = source_of(number + 11 * peer), peer % 3 == 0
            event = "completed" if seeding else "started"
            announce(target, info_hash, 7000 + peer, source, left=0 if seeding else 1, event=event)
            torrents[info_hash].append((source, seeding))
    announce(target, HASHES[0], 7000, source_of(0), left=0)
    announce(target, HASHES[1], 9, source_of(1), left=1)
    announce(target, HASHES[1], 9, source_of(1), left=1, event="stopped")
    scrape(target, *sorted(HASHES[:3]))
    with UdpClient(target) as client:
        assert isinstance(client.connect(), Connected)
        for peer in range(3):
            client.announce(HASHES[2], 8000 + peer, left=1)
            torrents[HASHES[2]].append((HERE, False))
        client.scrape(HASHES[0])
        client.scrape(*HASHES)
        client.connection_id = b"no such."
        client.announce(HASHES[2], 9000)
    for path in ("/announce?port=x&info_hash=1", "/announce?numwant=x", "/scrape?info_hash=1"):
        assert status_of(target, path) == 400
    assert status_of(target, "/announce?compact=0&" + query_of(HASHES[0])) == 400
    assert status_of(target, "/scrape?nothing=here") == 400
    assert http(target, b"POST / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.0 400 ")
    assert status_of(target, "/") == 302
    return torrents


def query_of(info_hash):
    return query([("info_hash", info_hash), ("port", 6881)]).decode()


@pytest.fixture
def busy(start):
    """(tracker, {info_hash: [(source, seeding)]}) after some traffic."""
    tracker = start("-r", REDIRECT_URL)
    return tracker, send_traffic(tracker)


def numbers_of(page_text, what):
    """(first, second, seconds, rest) of a page in MRTG's form, whose last line begins so."""
    match = re.fullmatch(rf"(\d+)\n(\d+)\n{UPTIME}opentracker{what}(.*)", page_text)
    assert match, page_text
    return int(match[1]), int(match[2]), max(1, int(match[3])), match[4]


# T1


def test_T1_peers_and_torrents(busy):
    tracker, torrents = busy
    peers = [seeding for peers in torrents.values() for _, seeding in peers]
    serving = f"opentracker serving {len(HASHES)} torrents\nopentracker"
    assert page(tracker, "peer") == f"{len(peers)}\n{sum(peers)}\n{serving}"
    assert get(tracker, "/stats")[2] == get(tracker, "/stats?unknown=1")[2]
    assert get(tracker, "/stats")[2].decode() == page(tracker, "peer")
    assert page(tracker, "torr") == f"{len(HASHES)}\n0\n{serving}"


def test_T1_connections(busy):
    tracker, torrents = busy
    announced = sum(len(peers) for peers in torrents.values())
    accepts = announced - 3 + 3 + 1 + 7  # three came over UDP
    first, second, seconds, rest = numbers_of(page(tracker, "tcp4"), " tcp4 stats, ")
    assert (first, second) == (accepts + 1, announced)
    assert rest == f"{first // seconds} conns/s :: {second // seconds} success/s."
    first, second, seconds, rest = numbers_of(page(tracker, "udp4"), " udp4 stats, ")
    assert (first, second) == (7, 4)
    assert rest == f"{first // seconds} conns/s :: {second // seconds} success/s."
    first, second, seconds, rest = numbers_of(page(tracker, "conn"), " connections, ")
    assert (first, second) == (accepts + 3 + 7, announced + 4)
    assert rest == f"{first // seconds} conns/s :: {second // seconds} success/s."
    first, second, seconds, rest = numbers_of(page(tracker, "syncs"), " connections, ")
    assert (first, second) == (0, 0)
    assert (
        rest == f"{(accepts + 4 + 7) // seconds} conns/s :: {(announced + 4) // seconds} success/s."
    )


def test_T1_scrapes(busy):
    tracker, _ = busy
    first, second, seconds, rest = numbers_of(page(tracker, "scrp"), " scrape stats, ")
    assert (first, second, rest) == (1, 2, f"{3 // seconds} scrape/s (tcp and udp)")


def test_T1_full_scrapes_are_counted(busy):
    tracker, _ = busy
    what = " full scrape stats, "
    assert numbers_of(page(tracker, "fscr"), what)[:2] == (0, 0)
    sizes = []
    for path in ("/scrape", "/stats?mode=tpbs&format=bin", "/stats?mode=tpbs&format=txt"):
        raw = http(tracker, f"GET {path} HTTP/1.0\r\n\r\n".encode())
        sizes.append(len(raw.partition(b"\r\n\r\n")[2]))
    first, second, seconds, rest = numbers_of(page(tracker, "fscr"), what)
    assert (first, second) == (3000, sum(sizes)) and sizes[1] == 28 * len(HASHES)
    assert rest == f"{3 // seconds} conns/s :: {second // seconds} bytes/s."


def test_T1_completed(busy):
    tracker, torrents = busy
    count = sum(seeding for peers in torrents.values() for _, seeding in peers)
    assert numbers_of(page(tracker, "completed"), ", ") == (
        count,
        0,
        numbers_of(page(tracker, "completed"), ", ")[2],
        f"{count} completed/h.",
    )


# Beside the C tracker


def comparable(mode, text):
    """A page without what differs from run to run or is known to differ (see the callers)."""
    text = re.sub(r"\d+ seconds", "<uptime>", text)
    text = re.sub(r"\d+ (conns|success|scrape|bytes)/s", r"<rate> \1/s", text)
    if mode == "herr":
        return text.partition("403")[0]
    if mode == "renew":
        counts = [int(count) for count in re.findall(r"(?m)^\d\d (\d+)$", text)]
        return re.sub(r"(?m)^(\d\d) \d+$", r"\1 <count>", text), sum(counts)
    if mode == "everything":
        text = re.sub(r"<tracker_id>\d+<", "<tracker_id>1<", text)
        text = re.sub(r"(?s)<version>\n.*\n  </version>", "<version>\n1\n  </version>", text)
        text = re.sub(r"<uptime>\d+<", "<uptime>1<", text)
        renewals = [int(count) for count in re.findall(r'interval="\d\d">(\d+)<', text)]
        return re.sub(r'(interval="\d\d")>\d+<', r"\1><", text), sum(renewals)
    return text


def sections(text):
    """{title: lines} of a page of top10, top100 or s24s, in order."""
    found, title = {}, None
    for line in text.split("\n"):
        if line.startswith(("Top ", "Networks,")):
            title = line
            found[title] = []
        else:
            found[title].append(line)
    return found


@pytest.fixture(params=VERSIONS)
def c_pages(request):
    """(version, {mode: page} of the C tracker after the traffic)."""
    with CTracker(request.param, HASHES, REDIRECT_URL, "-A", HERE) as tracker:
        target = HERE, tracker.port
        send_traffic(target)
        return request.param, {mode: page(target, mode) for mode in COMPARED}


COMPARED = (
    *("peer", "torr", "conn", "tcp4", "udp4", "scrp", "fscr", "completed", "syncs", "herr"),
    *("renew", "everything", "top10", "top100", "s24s"),
)


def test_T1_T2_T3_T4_pages_are_those_of_the_c_tracker(c_pages, start):
    version, theirs = c_pages
    tracker = start("-r", REDIRECT_URL, "-A", HERE)
    send_traffic(tracker)
    ours = {mode: page(tracker, mode) for mode in COMPARED}
    for mode in COMPARED[:12]:
        assert comparable(mode, ours[mode]) == comparable(mode, theirs[mode]), mode
    for mode in ("top10", "top100"):
        found, expected = sections(ours[mode]), sections(theirs[mode])
        if version not in DUAL_STACK:
            leechers = found.popitem()[0]
            assert leechers.endswith(" by leechers:")
            found[list(found)[-1]].append("")
        if version == "2025":  # It lists those with as many peers from the highest hash on.
            found, expected = counts_only(found), counts_only(expected)
        assert found == expected
    if version not in DUAL_STACK:  # The others take IPv4 networks for IPv6 ones.
        assert ours["s24s"] == theirs["s24s"]


def counts_only(found):
    return {title: [line.split("\t")[:2] for line in lines] for title, lines in found.items()}


# T2


def test_T2_http_errors_under_their_own_labels(start, public_path):
    config = public_path / "config"
    config.write_text(f"tracker.redirect_url {REDIRECT_URL}\naccess.stats 127.0.0.1\n")
    port = free_port()
    listen = ("-i", HERE, "-p", port, "-P", port)
    tracker = start("-f", config, *listen, "-A", HERE, cwd=public_path)
    assert status_of(tracker, "/") == 302
    for _ in range(2):
        assert http(tracker, b"POST /announce? HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.0 400 ")
    for _ in range(3):
        assert status_of(tracker, "/announce?port=x") == 400
    for _ in range(4):
        assert status_of(tracker, "/announce?compact=0") == 400
    for _ in range(5):
        assert status_of(tracker, "/stats", source="127.0.0.2") == 403
    for _ in range(6):
        assert status_of(tracker, "/nowhere") == 404
    for _ in range(7):
        assert status_of(tracker, "/stats?mode=busy") == 500
    assert page(tracker, "herr") == (
        "302 RED 1\n400 ... 2\n400 PAR 3\n400 COM 4\n403 IP  5\n404 INV 6\n500 SRV 7\n"
    )


def test_T2_renewals_by_minutes(busy):
    tracker, _ = busy
    lines = page(tracker, "renew").split("\n")
    assert [line.split(" ")[0] for line in lines] == [f"{n:02}" for n in range(45)] + [""]
    # The one that announced again did so at once, but maybe over the border of a minute.
    assert sum(int(line.split(" ")[1]) for line in lines[:2]) == 1
    assert {line.split(" ")[1] for line in lines[2:45]} == {"0"}


def test_T2_version_names_this_program(start, runtime):
    text = page(start(), "version")
    assert VERSION in text and text.startswith("opentracker ") and text.count("\n") == 1
    assert text.endswith("\n") and runtime.lower() in text.lower()


# T3


@pytest.mark.parametrize("size", [10, 100])
def test_T3_top_torrents_by_peers_seeds_and_leechers(busy, size):
    tracker, torrents = busy
    expected = []
    for what, counts in (
        ("peers", {name: len(peers) for name, peers in torrents.items()}),
        ("seeds", {name: sum(seeding for _, seeding in it) for name, it in torrents.items()}),
        ("leechers", {name: sum(not s for _, s in it) for name, it in torrents.items()}),
    ):
        best = sorted((-count, name) for name, count in counts.items() if count)[:size]
        expected += [f"Top {size} torrents by {what}:\n"]
        expected += [f"\t{-count}\t{name.hex().upper()}\n" for count, name in best]
    assert page(tracker, f"top{size}") == "".join(expected)


def networks(addresses, bits):
    """A part of mode=s24s for these addresses."""
    found = collections.Counter(
        ipaddress.ip_network((address, bits), strict=False) for address in addresses
    )
    best = sorted((-count, network) for network, count in found.items())[:128]
    lines = [f"{-count:08}: {network.network_address}\n" for count, network in best]
    return f"Networks, limit /{bits}:\n" + "".join(lines) + "\n"


def test_T3_networks_with_most_peers(busy):
    tracker, torrents = busy
    addresses = [source for peers in torrents.values() for source, _ in peers]
    assert len({address.rpartition(".")[0] for address in addresses}) > 10
    assert page(tracker, "s24s") == networks(addresses, 28) + networks(addresses, 24)


def test_T3_networks_of_ipv6_have_parts_of_their_own(start):
    port = free_port("::")
    start("-i", "::", "-p", port, "-P", port)
    addresses = [
        f"2a00:1450:{number % 3}:0:{number % 2}000::{number + 1:x}" for number in range(20)
    ]
    for number, address in enumerate(addresses):
        announce((HERE, port), HASHES[0], 1000 + number, ip=address)
    announce((HERE, port), HASHES[0], 6881)
    expected = networks([HERE], 28) + networks([HERE], 24)
    expected += networks(addresses, 68) + networks(addresses, 48)
    assert page(("::1", port), "s24s") == expected


def announce_many(tracker, info_hash, ports):
    """Announces over UDP for each of `ports`, some dozens under way at once."""
    with UdpClient(tracker) as client:
        client.connect()
        head = client.connection_id + struct.pack(">I", ANNOUNCE) + b"many"
        for first in range(0, len(ports), 50):
            batch = ports[first : first + 50]
            for port in batch:
                client.send(head + announce_body(info_hash, port, left=1, num_want=0))
            for _ in batch:
                assert client.receive()[4:8] == b"many"


def test_T3_slow_pages_hold_up_nobody(start):
    tracker = start("-m", 8192)
    for number in range(8):
        announce_many(tracker, HASHES[number], range(1, 5000))
    with UdpClient(tracker) as client, connect(tracker, timeout=60) as connection:
        client.connect()
        connection.sendall(b"GET /stats?mode=s24s HTTP/1.1\r\n\r\n")
        served = 0
        while not select.select([connection], [], [], 0)[0]:
            client.announce(HASHES[0], 6881)
            served += 1
        status, _, body = parse_reply(read_to_end(connection))
    assert status == 200
    peers = 8 * 4999 + (6881 > 4999)
    assert (
        body.decode().count(f"{peers:08}: 127.0.0.0\n")
        + body.decode().count(f"{peers - 1:08}: 127.0.0.0\n")
        == 2
    )
    # A tracker that does nothing else meanwhile serves one before and one behind.
    assert served > 4


# T4


def test_T4_everything_is_wellformed_xml(busy):
    tracker, torrents = busy
    text = page(tracker, "everything")
    root = ElementTree.fromstring(text)
    assert root.tag == "stats" and text.endswith("</stats>")
    assert 0 <= int(root.findtext("tracker_id")) < 2**32
    assert root.findtext("version").strip() == page(tracker, "version").strip()
    peers = [seeding for it in torrents.values() for _, seeding in it]
    for path, value in (
        ("torrents/count_mutex", len(torrents)),
        ("torrents/count_iterator", len(torrents)),
        ("peers/count", len(peers)),
        ("seeds/count", sum(peers)),
        ("completed/count", sum(peers)),
        ("connections/tcp/announce", len(peers)),
        ("connections/tcp/scrape", 1),
        ("connections/udp/overall", 7),
        ("connections/udp/connect", 1),
        ("connections/udp/announce", 3),
        ("connections/udp/scrape", 2),
        ("connections/udp/missmatch", 1),
        ("connections/livesync/count", 0),
        ("debug/mutex_stall/count", 0),
    ):
        assert int(root.findtext(path)) == value, path
    codes = {count.get("code"): int(count.text) for count in root.iterfind("debug/http_error/*")}
    assert codes["302 Redirect"] == 1 and codes["400 Invalid Parameter (compact=0)"] == 1
    intervals = [count.get("interval") for count in root.iterfind("debug/renew/*")]
    assert intervals == [f"{minute:02}" for minute in range(45)]


def test_T4_tracker_id_is_one_of_its_own(launch, runtime):
    found = {
        ElementTree.fromstring(page(launch(runtime), "everything")).findtext("tracker_id")
        for _ in range(3)
    }
    assert len(found) == 3


# T5


def test_T5_busy_is_an_error(start):
    tracker = start()
    status, headers, body = get(tracker, "/stats?mode=busy")
    assert (status, headers["content-type"]) == (500, "text/html")
    assert body == b"<title>Internal Server Error</title>\n"
    for mode in ("", "peers", "PEER", "%00"):
        assert status_of(tracker, f"/stats?mode={mode}") == 400, mode


# T6


def test_T6_numwants(start):
    tracker = start()
    for numwant in (None, 0, 7, 7, 200, 5000, -1):
        announce(tracker, HASHES[0], 6881, numwant=numwant)
    lines = page(tracker, "numwants").split("\n")
    counts = {0: 1, 7: 2, 50: 2, 200: 2}
    assert lines == [f"{n:03} => {counts.get(n, 0)}" for n in range(201)] + [""]


def test_T6_woodpeckers_are_an_error_unless_they_are_spotted(start):
    assert status_of(start(), "/stats?mode=woodpeckers") == 500


def test_T6_woodpeckers_are_spotted(launch, public_path):
    config = public_path / "config"
    config.write_text("tracker.woodpeckers yes\n")
    trackers = []
    for runtime in RUNTIMES:
        port = free_port()
        listen = ("-i", HERE, "-p", port, "-P", port)
        trackers.append(launch(runtime, "-f", config, *listen, cwd=public_path))
        assert page(trackers[-1], "woodpeckers") == "Networks, limit /28:\n\n"
    deadline = time.monotonic() + 90
    while trackers:
        assert time.monotonic() < deadline
        time.sleep(0.5)
        for tracker in trackers[:]:
            announce(tracker, HASHES[0], 6881, "127.1.2.3")
            text = page(tracker, "woodpeckers")
            if "00000001: 127.1.2.0\n" in text:
                assert text == "Networks, limit /28:\n00000001: 127.1.2.0\n\n"
                trackers.remove(tracker)


# T7


def test_T7_statistics_are_for_who_may_see_them(start, public_path):
    config = public_path / "config"
    lines = ("access.stats 127.0.0.8/30", "access.stats 127.0.0.77", "access.stats 127.1.0.0/16")
    config.write_text("\n".join(lines) + "\n")
    port = free_port()
    tracker = start("-f", config, "-i", HERE, "-p", port, "-P", port, cwd=public_path)
    for source, status in (
        *(("127.0.0.1", 403), ("127.0.0.7", 403), ("127.0.0.8", 200), ("127.0.0.11", 200)),
        *(("127.0.0.12", 403), ("127.0.0.77", 200), ("127.1.250.3", 200), ("127.2.0.1", 403)),
    ):
        assert status_of(tracker, "/stats", source=source) == status, source
        assert status_of(tracker, "/stats?mode=json", source=source) == status, source
    forwarded = get(tracker, "/stats", [b"X-Forwarded-For: 127.0.0.8"], source="127.0.0.1")
    assert forwarded[0] == 403
    assert forwarded[2] == b"<title>Access Denied</title>\n"


def test_T7_switch_A_blesses_networks(start):
    tracker = start("-A", "127.0.0.2", "-A", "127.3.0.0/16")
    sources = ("127.0.0.1", "127.0.0.2", "127.3.9.9")
    assert [status_of(tracker, "/stats", source=source) for source in sources] == [403, 200, 200]


@pytest.mark.parametrize("path", ["private/numbers", "announcements", "scores"])
def test_T7_statistics_have_a_path_of_their_own(start, public_path, path):
    config = public_path / "config"
    config.write_text(f"access.stats_path {path}\n")
    port = free_port()
    tracker = start("-f", config, "-i", HERE, "-p", port, "-P", port, cwd=public_path)
    text = "0\n0\nopentracker serving 0 torrents\nopentracker"
    for found in (f"/{path}", f"//{path}?mode=peer", f"/{path}?x=y&mode=torr"):
        status, _, body = get(tracker, found)
        assert (status, body.decode()) == (200, text), found
    for absent in ("/stats", "/stats?mode=peer", f"/{path}/", f"/{path.upper()}"):
        assert status_of(tracker, absent) in (400, 404), absent
    assert status_of(tracker, "/stats") == 404


# T8


def test_T8_statistics_are_no_announce_url(start):
    tracker = start()
    everything = query_of(HASHES[0])
    for path in (
        *(f"/stats?{everything}", f"/stats?mode=peer&{everything}", "/stats?info_hash=1"),
        *(f"/stats?{everything}&mode=top10", "/stats?mode=torr&%69nfo_hash=" + "1" * 20),
        *("/stats?info_hash=", "/stats?mode=json&info_hash"),
    ):
        assert status_of(tracker, path) == 400, path
    assert status_of(tracker, "/stats?mode=peer&infohash=1") == 200
    assert page(tracker, "torr").startswith("0\n")


# For programs


def test_json_is_one_object_of_all_counters(busy, runtime):
    tracker, torrents = busy
    found = json.loads(page(tracker, "json", "application/json"))
    assert found["version"] == VERSION and runtime in found["runtime"].lower()
    peers = [seeding for it in torrents.values() for _, seeding in it]
    assert found["torrents"] == len(torrents)
    assert found["peers"] == {"ipv4": len(peers), "ipv6": 0}
    assert found["seeders"] == {"ipv4": sum(peers), "ipv6": 0}
    assert found["announces"] == {"tcp": len(peers), "udp": 3}
    assert found["http_errors"]["302_redirect"] == 1
    assert found["memory_budget_bytes"] == 4096 * 1024
    assert 0 < found["memory_used_bytes"] < found["memory_budget_bytes"]
    assert found["numwants"] == {"50": len(peers)}
    names = [name for name in found if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name)]
    assert not names


def test_prometheus_reads_its_page(busy):
    tracker, torrents = busy
    text = page(tracker, "prometheus", PROMETHEUS_TYPE)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
    }
    peers = [seeding for it in torrents.values() for _, seeding in it]
    assert samples["opentracker_torrents",] == len(torrents)
    assert samples["opentracker_peers", "ipv4"] == len(peers)
    assert samples["opentracker_announces_total", "udp"] == 3
    assert samples["opentracker_http_errors_total", "400_compact"] == 1
    assert samples["opentracker_memory_budget_bytes",] == 4096 * 1024
    info = families["opentracker_info"].samples[0]
    assert info.value == 1 and info.labels["version"] == VERSION
    check_names(text, families)


def check_names(text, families):
    """What promtool asks of names, and of the order of lines."""
    heads = re.findall(r"(?m)^# (HELP|TYPE) (\S+) (.*)$", text)
    names = [name for _, name, _ in heads[::2]]
    assert [kind for kind, _, _ in heads] == ["HELP", "TYPE"] * len(names)
    assert names == [name for _, name, _ in heads[1::2]] and len(set(names)) == len(names)
    in_order = [re.match(r"\w+", line)[0] for line in text.splitlines() if line[0] != "#"]
    assert list(dict.fromkeys(in_order)) == [name for name in names if name in in_order]
    for (_, name, text_of_help), (_, _, kind) in zip(heads[::2], heads[1::2]):
        assert re.fullmatch(r"opentracker(_[a-z0-9]+)+", name)
        assert name.endswith("_total") == (kind == "counter"), name
        assert text_of_help.endswith(".") and kind in ("counter", "gauge")
        units = "minutes|hours|milliseconds|kib|mib|kilobytes|megabytes|percent"
        assert not re.search(rf"_({units}|count|sum|bucket|gauge|counter)(_|$)", name), name
    assert all(family.type in ("counter", "gauge") for family in families.values())


def test_json_and_prometheus_say_the_same(busy):
    tracker, _ = busy
    found = json.loads(page(tracker, "json", "application/json"))
    text = page(tracker, "prometheus", PROMETHEUS_TYPE)
    for name in ("version", "runtime", "tracker_id"):
        assert f'{name}="{found.pop(name)}"' in text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    del families["opentracker_info"]
    changing = {"uptime_seconds", "tcp_connections", "memory_used_bytes"}
    for name, value in found.items():
        family = families.pop("opentracker_" + name)
        counts = value if isinstance(value, dict) else {None: value}
        samples = {next(iter(it.labels.values()), None): it.value for it in family.samples}
        assert set(samples) == set(counts), name
        assert name in changing or samples == counts, name
    assert not families


@pytest.mark.parametrize("mode", ["json", "prometheus"])
def test_what_limits_refused_is_told(start, public_path, mode):
    (public_path / "list").write_text(HASHES[0].hex() + "\n")
    tracker = start("-w", "list", "-m", 256, cwd=public_path)
    reply = announce(tracker, HASHES[1], 6881)
    assert b"failure reason" in reply
    content_type = {"json": "application/json", "prometheus": PROMETHEUS_TYPE}[mode]
    text = page(tracker, mode, content_type)
    if mode == "json":
        found = json.loads(text)
        assert found["announces_denied"] == 1 and found["announces"]["tcp"] == 1
        assert found["access_list_torrents"] == {"whitelist": 1}
        assert found["memory_budget_bytes"] == 256 * 1024
    else:
        assert "\nopentracker_announces_denied_total 1\n" in text
        assert '\nopentracker_access_list_torrents{list="whitelist"} 1\n' in text
        assert "\nopentracker_memory_budget_bytes 262144\n" in text
