"""Whose address is stored, what is logged and for whom, the process, and loads of requests."""

import datetime
import ipaddress
import os
import random
import re
import signal
import socket
import subprocess

import pytest

from opentracker.udp import ConnectionIds
from support.runtimes import command, need_runtime
from support.tracker import Daemon, free_port, reload
from support.wire import (
    PEER_ID,
    UdpClient,
    announce,
    connect,
    decode,
    get,
    http,
    parse_reply,
    peers,
    query,
    scrape,
)
from test_process import can_listen, proc_status, redirected, run

HASH = b"\x39" * 20
HERE, PROXY, OUTER_PROXY, ELSEWHERE = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
CLIENT, OTHER, CLIENT_V6 = "11.22.33.44", "55.66.77.88", "2a00:1450::7"


@pytest.fixture
def configured(start, public_path):
    """configured(*lines, ...) starts a tracker with a configuration file, `public_path`/config."""

    def start_one(*lines, **how):
        (public_path / "config").write_text("".join(line + "\n" for line in lines))
        return start("-f", public_path / "config", **how)

    return start_one


def announced(tracker, *headers, source=HERE, info_hash=HASH, port=7, **params):
    """The status of an announce with more headers, and the decoded body if it was served."""
    fields = {"info_hash": info_hash, "port": port, "left": 1, **params}
    path = b"/announce?" + query(fields.items())
    status, _, body = reply = get(tracker, path, headers, source)
    return status, decode(reply) if status == 200 else body


def stored(tracker, *headers, **how):
    """The peers of a torrent of its own after one announce."""
    status, reply = announced(tracker, *headers, info_hash=os.urandom(20), **how)
    assert status == 200
    return peers(reply)


# ip=


def test_H15_private_clients_tell_their_address(start):
    tracker = start()
    for ip in (CLIENT, CLIENT_V6):
        assert stored(tracker, ip=ip) == [(ip, 7)]
    announced(tracker, ip=CLIENT)
    announced(tracker, ip=OTHER, left=0)
    assert peers(announced(tracker)[1]) == [(CLIENT, 7), (HERE, 7), (OTHER, 7)]
    announced(tracker, ip=CLIENT, event="stopped")
    assert peers(announced(tracker)[1]) == [(HERE, 7), (OTHER, 7)]


def test_H15_special_addresses_and_port_0_are_not_stored(start):
    tracker = start()
    for ip in ("192.168.1.1", "127.0.0.9", "0.0.0.0", "224.0.0.1", "203.0.113.5", "::1", "fe80::1"):
        assert stored(tracker, ip=ip) == [(HERE, 7)], ip
    assert stored(tracker, ip=CLIENT, port=0) == []


def test_H15_what_is_no_address_is_refused(start):
    tracker = start()
    for ip in ("1.2.3", "localhost", "1.2.3.4:5", "a" * 4000, b"\xff\x00"):
        assert announced(tracker, ip=ip)[0] == 400, ip
    assert scrape(tracker, HASH) == {}
    assert announced(tracker)[0] == 200


def test_H15_others_are_not_heard_unless_switched_on(configured, public_path):
    """A proxy stands in for the clients outside that tests on one machine don't have."""
    outside = "X-Forwarded-For: " + OTHER
    tracker = configured("access.proxy " + PROXY)
    for ip in (CLIENT, CLIENT_V6, "nonsense"):
        assert stored(tracker, outside, source=PROXY, ip=ip) == [(OTHER, 7)]
    (public_path / "config").write_text(f"access.proxy {PROXY}\ntracker.ip_from_query yes\n")
    reload(tracker, "changed: tracker.ip_from_query")
    assert stored(tracker, outside, source=PROXY, ip=CLIENT) == [(CLIENT, 7)]
    assert stored(tracker, outside, source=PROXY, ip="10.0.0.1") == [(OTHER, 7)]
    assert announced(tracker, outside, source=PROXY, ip="nonsense")[0] == 400


def test_H15_udp_has_no_such_thing(start):
    tracker = start()
    with UdpClient(tracker) as client:
        address = int.from_bytes(socket.inet_aton(CLIENT), "big")
        assert client.announce(HASH, 7, ip=address).peers == [(HERE, 7)]


# X-Forwarded-For


@pytest.fixture
def behind_proxies(configured):
    return configured(f"access.proxy {PROXY}", f"access.proxy {OUTER_PROXY}/32")


def test_H16_the_rightmost_stranger_is_the_peer(behind_proxies):
    for value, address in (
        (CLIENT, CLIENT),
        (CLIENT_V6, CLIENT_V6),
        (f"[{CLIENT_V6}]:4711", CLIENT_V6),
        (f"{OTHER}, {CLIENT}:4711", CLIENT),
        (f"{OTHER}, {CLIENT}, {OUTER_PROXY}", CLIENT),
        (f"10.0.0.1,{CLIENT},{PROXY},{OUTER_PROXY}", CLIENT),
        ("10.0.0.1", "10.0.0.1"),
    ):
        for name in ("X-Forwarded-For", "x-forwarded-FOR"):
            told = stored(behind_proxies, f"{name}: {value}", source=PROXY)
            assert told == [(address, 7)], value
    headers = [f"X-Forwarded-For: {value}" for value in (OTHER, CLIENT, OUTER_PROXY)]
    assert stored(behind_proxies, *headers, source=PROXY) == [(CLIENT, 7)]


def test_H16_what_is_no_address_leaves_the_proxy(behind_proxies):
    for value in ("", "unknown", f"{CLIENT}, unknown", "224.0.0.1", "0.0.0.0", "x" * 7000):
        told = stored(behind_proxies, f"X-Forwarded-For: {value}", source=PROXY)
        assert told == [(PROXY, 7)], value
    assert stored(behind_proxies, source=PROXY) == [(PROXY, 7)]


def test_H16_only_blessed_proxies_are_believed(behind_proxies, launch):
    header = f"X-Forwarded-For: {CLIENT}"
    for source in (HERE, ELSEWHERE):
        assert stored(behind_proxies, header, source=source) == [(source, 7)]
    blessed = launch(behind_proxies.runtime, "-A", "127.0.0.4/31")
    assert stored(blessed, header, source=ELSEWHERE) == [(CLIENT, 7)]
    assert stored(blessed, header, source=HERE) == [(HERE, 7)]


def test_H16_each_request_of_a_connection_tells_for_itself(behind_proxies):
    path = b"/announce?" + query([("info_hash", HASH), ("port", 7), ("left", 1)])
    head = b"GET " + path + b" HTTP/1.1\r\nConnection: keep-alive\r\n"
    forwarded = b"X-Forwarded-For: %s\r\n"
    body_like_a_header = b"\r\n" + forwarded % b"1.1.1.1"
    with connect(behind_proxies, PROXY) as connection:
        connection.sendall(head + forwarded % CLIENT.encode() + b"\r\n")
        connection.sendall(head + forwarded % OTHER.encode() + b"\r\n")
        connection.sendall(head + b"\r\n")
        connection.sendall(head[: head.index(b"\r\n")] + b"\r\n" + body_like_a_header + b"\r\n")
        replies = b""
        while chunk := connection.recv(65536):
            replies += chunk
    assert replies.count(b"HTTP/1.1 200 OK") >= 4
    assert peers(announced(behind_proxies)[1]) == [(CLIENT, 7), (HERE, 7), (PROXY, 7), (OTHER, 7)]


def test_H16_what_follows_the_headers_is_not_one(behind_proxies):
    path = b"/announce?" + query([("info_hash", HASH), ("port", 7), ("left", 1)])
    request = b"GET " + path + b" HTTP/1.1\r\nX-Forwarded-For: %s\r\n\r\n" % CLIENT.encode()
    reply = http(behind_proxies, request + b"X-Forwarded-For: 1.1.1.1\r\n\r\n", PROXY)
    assert peers(decode(parse_reply(reply))) == [(CLIENT, 7)]


def test_H16_a_reload_changes_who_is_believed(configured, public_path):
    header = f"X-Forwarded-For: {CLIENT}"
    tracker = configured()
    assert stored(tracker, header, source=PROXY) == [(PROXY, 7)]
    (public_path / "config").write_text(f"access.proxy {PROXY}\n")
    reload(tracker, "changed: access.proxy")
    assert stored(tracker, header, source=PROXY) == [(CLIENT, 7)]
    (public_path / "config").write_text("")
    reload(tracker, "changed: access.proxy")
    assert stored(tracker, header, source=PROXY) == [(PROXY, 7)]


def test_H16_private_networks_end_at_the_proxy(configured, public_path):
    """Where nobody is named to read statistics, a proxy lets none but private clients read them."""
    tracker = configured(f"access.proxy {PROXY}")
    outside, inside = f"X-Forwarded-For: {CLIENT}", "X-Forwarded-For: 192.168.7.7"
    for path in ("/stats?mode=conn", "/stats?mode=tpbs&format=txt", "/scrape"):
        for headers, source, status in (
            ([], HERE, 200),
            ([], PROXY, 200),
            ([inside], PROXY, 200),
            ([outside], PROXY, 403),
            ([inside, outside], PROXY, 403),
            ([outside], HERE, 200),
        ):
            assert get(tracker, path, headers, source)[0] == status, (path, headers, source)
    lines = f"access.proxy {PROXY}\naccess.stats {PROXY}\n"
    (public_path / "config").write_text(lines)
    reload(tracker, "changed: access.stats")
    assert get(tracker, "/stats?mode=conn", [outside], PROXY)[0] == 200
    assert get(tracker, "/scrape", [outside], PROXY)[0] == 403


# The process


@pytest.mark.requires_root
def test_P1_root_is_confined_and_becomes_somebody_else(runtime, public_path):
    need_runtime(runtime)
    port = free_port()
    options = ["-i", HERE, "-p", port, "-P", port, "-d", public_path, "-u", "daemon"]
    line = ["setpriv", "--groups=0,4,24", *command(runtime, *options)]
    uid, gid = (subprocess.check_output(["id", f"-{what}", "daemon"], text=True) for what in "ug")
    with Daemon(line, {("tcp", port), ("udp", port)}) as tracker:
        tracker.wait_for_log("serving udp")
        status = proc_status(tracker.pid)
        assert status["Uid"] == [uid.strip()] * 4
        assert status["Gid"] == [gid.strip()] * 4
        assert status["Groups"] == [gid.strip()]
        assert os.readlink(f"/proc/{tracker.pid}/root") == str(public_path)
        assert os.readlink(f"/proc/{tracker.pid}/cwd") == str(public_path)
        announce((HERE, port), HASH, 7)
        assert scrape((HERE, port), HASH)[HASH][b"complete"] == 1
        assert tracker.stop() == 0


@pytest.mark.requires_root
def test_P1_root_refuses_to_stay_root(runtime):
    for options in (["-u", "root"], ["-u", "nobody-of-that-name"], ["-d", "/no/such/directory"]):
        port = free_port()
        status, out, errors = run(runtime, "-i", HERE, "-p", port, "-P", port, *options)
        assert (status, out, len(errors)) == (111, "", 1)
        assert can_listen(port)


def test_P1_others_change_directory_only(runtime, public_path):
    need_runtime(runtime)
    port = free_port()
    line = command(runtime, "-i", HERE, "-p", port, "-P", port, "-d", public_path)
    if os.geteuid() == 0:
        line = ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", *line]
    with Daemon(line, {("tcp", port), ("udp", port)}) as tracker:
        tracker.wait_for_log("serving udp")
        assert os.readlink(f"/proc/{tracker.pid}/root") == "/"
        assert os.readlink(f"/proc/{tracker.pid}/cwd") == str(public_path)
        assert tracker.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_P2_it_ends_cleanly(start, number):
    tracker = start()
    announce(tracker, HASH, 7)
    with connect(tracker) as unfinished:
        unfinished.sendall(b"GET /ann")
        assert tracker.stop(number) == 0
    assert can_listen(tracker.port)


def test_P2_a_hangup_reloads(configured, public_path):
    tracker = configured("tracker.redirect_url http://one.example/")
    announce(tracker, HASH, 7)
    (public_path / "config").write_text("tracker.redirect_url http://two.example/\n")
    reload(tracker, "changed: tracker.redirect_url")
    assert redirected(tracker) == "http://two.example/"
    assert scrape(tracker, HASH)[HASH][b"complete"] == 1


def test_P2_a_hangup_without_a_file_changes_nothing(start):
    tracker = start()
    announce(tracker, HASH, 7)
    reload(tracker, "changed: nothing")
    assert scrape(tracker, HASH)[HASH][b"complete"] == 1


# Syslog

# In a mount namespace of its own the tracker gets a /dev whose log is a socket of the test.
WITH_LOG = """set -e
mount -t tmpfs dev "$1"
for name in null zero random urandom; do
    : > "$1/$name"
    mount --bind "/dev/$name" "$1/$name"
done
ln -s "$2" "$1/log"
mount --rbind "$1" /dev
shift 2
exec "$@"
"""
LINE = re.compile(
    rb"<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d opentracker: time=(\S+)\+0000 event=completed "
    rb"info_hash=([0-9A-F]{40}) peer_id=([0-9A-F]{40}|) ip=(\S+)"
)


class SystemLog:
    """A socket that takes what programs send to /dev/log, and a tracker that finds it there."""

    def __init__(self, path):
        self.path = path
        self._dev = path.parent / "dev"
        self._dev.mkdir()
        self.listen()

    def listen(self):
        self.path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(10)
        self._socket.bind(str(self.path))
        self.path.chmod(0o666)

    def close(self):
        self._socket.close()

    def receive(self):
        return self._socket.recv(4096)

    def tracker(self, runtime, *options):
        need_runtime(runtime)
        port = free_port()
        line = command(runtime, *options, "-i", HERE, "-p", port, "-P", port)
        within = ["unshare", "--mount", "sh", "-c", WITH_LOG, "sh", self._dev, self.path, *line]
        tracker = Daemon(within, {("tcp", port), ("udp", port)})
        tracker.addr = HERE, port
        return tracker


@pytest.fixture
def system_log(public_path):
    log = SystemLog(public_path / "log")
    yield log
    log.close()


@pytest.fixture
def syslog_yes(public_path):
    config = public_path / "config"
    config.write_text("tracker.syslog yes\n")
    return ["-f", config]


@pytest.mark.requires_root
def test_P3_completions_are_in_the_system_log(runtime, system_log, syslog_yes, public_path):
    """Also from within a directory that has no /dev/log."""
    inner = public_path / "inner"
    inner.mkdir()
    with system_log.tracker(runtime, *syslog_yes, "-d", inner) as tracker:
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, tzinfo=None)
        announce(tracker, HASH, 1, left=5)
        announce(tracker, HASH, 1, event="completed")
        announce(tracker, HASH, 1, event="completed")  # is not counted again
        announce(tracker, HASH, 2)
        announce(tracker, HASH, 3, event="stopped")
        announce(tracker, HASH, 4, event="completed", peer_id=None, ip=CLIENT_V6)
        with UdpClient(tracker, source=ELSEWHERE) as client:
            client.announce(HASH, 5, event="completed")
            client.announce(HASH, 6, event="completed", left=7)
        expected = [
            (PEER_ID.hex().upper(), HERE),
            ("", CLIENT_V6),
            ("", ELSEWHERE),
        ]
        for peer_id, ip in expected:
            time, *rest = LINE.fullmatch(system_log.receive()).groups()
            assert rest == [each.encode() for each in (HASH.hex().upper(), peer_id, ip)]
            at = datetime.datetime.strptime(time.decode(), "%Y-%m-%dT%H:%M:%S")
            assert before <= at <= datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        announce(tracker, b"\x3a" * 20, 1, event="completed")
        assert b"info_hash=3A3A" in system_log.receive(), "nothing else came in between"
        assert tracker.stop() == 0
        assert "missing" not in tracker.log()


@pytest.mark.requires_root
def test_P3_a_new_system_log_is_found(runtime, system_log, syslog_yes):
    with system_log.tracker(runtime, *syslog_yes) as tracker:
        announce(tracker, HASH, 1, event="completed")
        assert LINE.fullmatch(system_log.receive())
        system_log.close()
        system_log.listen()
        announce(tracker, HASH, 2, event="completed")
        assert LINE.fullmatch(system_log.receive())
        system_log.close()
        announce(tracker, HASH, 3, event="completed")
        tracker.wait_for_log("/dev/log: .*; completions are missing in the system log")
        system_log.listen()
        announce(tracker, HASH, 4, event="completed")
        assert LINE.fullmatch(system_log.receive())
        assert tracker.stop() == 0


@pytest.mark.requires_root
def test_P3_a_slow_system_log_holds_nobody_up(runtime, system_log, syslog_yes):
    """Some lines wait until it takes them, more are lost, and peers are served meanwhile."""
    with open("/proc/sys/net/unix/max_dgram_qlen") as file:
        count = int(file.read()) + 200
    with system_log.tracker(runtime, *syslog_yes) as tracker:
        for port in range(1, count + 1):
            announce(tracker, HASH, port, event="completed", numwant=0)
        assert scrape(tracker, HASH)[HASH][b"downloaded"] == count
        tracker.wait_for_log("/dev/log: too slow; completions are missing in the system log")
        for _ in range(64):  # as many as the tracker keeps
            assert LINE.fullmatch(system_log.receive())
        assert tracker.log().count("missing") == 1
        assert tracker.stop() == 0


def test_P3_nothing_is_logged_by_default(start):
    tracker = start()
    announce(tracker, HASH, 1, event="completed")
    assert scrape(tracker, HASH)[HASH][b"downloaded"] == 1
    assert "completed" not in tracker.log()


# Secrets


def tracker_id(tracker):
    status, _, body = get(tracker, "/stats?mode=everything")
    assert status == 200
    return re.search(rb"<tracker_id>(\d+)</tracker_id>", body).group(1)


def connection_id(tracker, source):
    with UdpClient(tracker, source=source) as client:
        return client.connect().connection_id


def test_P4_two_starts_have_nothing_in_common(launch, runtime):
    """Neither the id that is public nor those that prove an address."""
    trackers = [launch(runtime) for _ in range(3)]
    assert len({tracker_id(tracker) for tracker in trackers}) == 3
    ids = [connection_id(each, source) for each in trackers for source in (HERE, ELSEWHERE)]
    assert len(set(ids)) == len(ids)
    assert len({each[:4] for each in ids}) == len({each[4:] for each in ids}) == len(ids)
    for tracker in trackers:
        public = int(tracker_id(tracker))
        told = connection_id(tracker, HERE)
        assert public.to_bytes(4, "big") not in told
        assert public.to_bytes(4, "little") not in told
        assert told == connection_id(tracker, HERE)


def test_P4_secrets_are_none_of_the_numbers_that_choose_peers():
    """Whoever works out the state of that generator learns nothing of connection ids."""
    made = []
    for _ in range(2):
        random.seed(1)
        made.append(ConnectionIds().make(socket.inet_aton(HERE)))
    assert made[0] != made[1]


# The log of requests

ADDED, REMOVED = b"Successfully added.\n", b"Successfully removed.\n"


@pytest.fixture
def administered(start):
    return start("-A", PROXY)


def lognet(tracker, value, source=PROXY):
    status, headers, body = get(tracker, f"/announce?lognet={value}", source=source)
    assert (status, headers["content-type"]) == (200, "text/plain")
    return body


def full_log(tracker):
    status, headers, body = get(tracker, "/stats?mode=fulllog", source=PROXY)
    assert (status, headers["content-type"]) == (200, "text/plain")
    return body


def test_T6_fulllog_has_the_requests_of_listed_networks(administered):
    request = b"GET /announce?x=%d HTTP/1.0\r\nHost: tracker\r\n\r\n"
    assert full_log(administered) == b""
    http(administered, request % 0, ELSEWHERE)
    assert lognet(administered, "127.0.0.4/31") == ADDED
    assert lognet(administered, "2001:db8::/32") == ADDED
    http(administered, request % 1, ELSEWHERE)
    http(administered, request % 2, HERE)
    http(administered, request % 3, "127.0.0.5")
    log = full_log(administered)
    pattern = b"".join(
        rb"(\d{8,}): %s\n%s\n\*\n\n" % (re.escape(source), re.escape(request % number))
        for source, number in ((ELSEWHERE.encode(), 1), (b"127.0.0.5", 3))
    )
    assert re.fullmatch(pattern, log), log
    assert full_log(administered) == b""
    assert lognet(administered, "-") == REMOVED
    http(administered, request % 4, ELSEWHERE)
    assert full_log(administered) == b""


def test_T6_fulllog_is_for_blessed_addresses_only(administered, launch):
    runtime = administered.runtime
    for value in ("127.0.0.0/8", "-", "nonsense"):
        status, reply = announced(administered, source=ELSEWHERE, lognet=value)
        assert (status, peers(reply)) == (200, [(ELSEWHERE, 7)])
        assert b"failure reason" in lognet(administered, value, source=ELSEWHERE)
    assert full_log(administered) == b""
    assert get(administered, "/stats?mode=fulllog", source=ELSEWHERE)[0] == 403
    # Who is named stays so behind a proxy, and makes nobody else so.
    forwarded = f"X-Forwarded-For: {ELSEWHERE}"
    assert get(administered, "/stats?mode=fulllog", [forwarded], PROXY)[0] == 403
    assert get(administered, "/announce?lognet=-", [forwarded], PROXY)[2].startswith(b"d14:failure")
    assert get(administered, "/stats?mode=fulllog", [f"X-Forwarded-For: {PROXY}"], PROXY)[0] == 200
    # By default statistics are for private networks, but this is for those that are named.
    unnamed = launch(runtime)
    assert b"failure reason" in lognet(unnamed, "127.0.0.0/8", source=HERE)
    assert get(unnamed, "/stats?mode=fulllog", source=HERE)[0] == 403
    assert get(unnamed, "/stats?mode=conn", source=HERE)[0] == 200


def test_T6_fulllog_refuses_what_is_no_network(administered):
    for value in ("nonsense", "127.0.0.1/33", "1.2.3"):
        status, _, _ = get(administered, f"/announce?lognet={value}", source=PROXY)
        assert status == 400, value


def test_T6_fulllog_is_bounded(administered):
    lognet(administered, ELSEWHERE)
    padding = b"X: " + b"x" * 6000
    for number in range(40):
        path = b"/announce?x=%d" % number
        http(administered, b"GET %s HTTP/1.0\r\n%s\r\n\r\n" % (path, padding), ELSEWHERE)
    log = full_log(administered)
    assert b"x=39 " in log
    assert b"x=0 " not in log
    assert 20000 < len(log) <= 65536


# Load


def generated(numbers, suite):
    """One announce as the C project's generators of load send it: (info_hash, ip, port, bytes)."""
    port = numbers.randrange(256)
    if suite == 1:
        ending = bytes([numbers.randrange(16)])
        ip = f"{numbers.randrange(16)}.{numbers.randrange(16)}.13.16"
    else:
        ending = numbers.randbytes(2)
        ip = f"{numbers.randrange(256)}.17.13.15"
    start = b"0123456789012345678"[: 20 - len(ending)]
    escaped = b"".join(b"%%%02X" % byte for byte in ending)
    line = b"GET /announce?info_hash=%s%s&ip=%s&port=%d HTTP/1.0\n\n"
    return start + ending, ip, port, line % (start, escaped, ip.encode(), port)


@pytest.mark.parametrize("suite", [1, 2])
def test_X1_load_generators_are_served(start, suite):
    tracker = start()
    numbers = random.Random(suite)
    swarms = {}
    for _ in range(500):
        info_hash, ip, port, request = generated(numbers, suite)
        is_public = ipaddress.ip_address(ip).is_global and int(ip.split(".")[0]) < 224
        peer = ip if is_public else HERE, port
        swarms.setdefault(info_hash, set()).update({peer} if port else set())
        reply = decode(parse_reply(http(tracker, request)))
        assert reply[b"complete"] == 0
        assert reply[b"incomplete"] == len(swarms[info_hash])
        assert set(peers(reply)) <= swarms[info_hash]
    for info_hash, swarm in swarms.items():
        assert peers(announced(tracker, info_hash=info_hash, port=0, numwant=200)[1]) == sorted(
            swarm
        )
