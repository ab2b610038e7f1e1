"""The tracker as a process: its start and its end, signals, users, and its memory."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from support.runtimes import command, need_runtime
from support.tracker import Daemon, free_port, reload
from support.wire import Failed, UdpClient, announce, get, peers, scrape

HASH = b"\x37" * 20
AS_ROOT = os.geteuid() == 0
PREFIX = "opentracker: "
REFUSED = 111  # the exit status when the system refuses


def run(runtime, *options, **how):
    """Run it to its end: (exit status, standard output, lines of standard error)."""
    need_runtime(runtime)
    done = subprocess.run(
        command(runtime, *options), capture_output=True, text=True, timeout=30, **how
    )
    return done.returncode, done.stdout, done.stderr.splitlines()


def proc_status(pid):
    """The fields of /proc/PID/status, each as a list of words."""
    text = Path(f"/proc/{pid}/status").read_text()
    return {name: value.split() for name, _, value in (x.partition(":") for x in text.splitlines())}


def resident_kib(pid):
    return int(proc_status(pid)["VmRSS"][0])


def can_listen(port):
    """Whether nobody listens on a port, by TCP or by UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                taken.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


# Ends


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(start, number):
    tracker = start()
    announce(tracker, HASH, 1)
    idle = [socket.create_connection(tracker.addr, 10) for _ in range(5)]
    for connection in idle:  # without a word, the kernel keeps them from the tracker for a while
        connection.sendall(b"GET")
    assert tracker.stop(number) == 0
    assert can_listen(tracker.port)
    assert tracker.log().splitlines()[-1] == f"{PREFIX}ends by signal {number.name[3:]}"
    for connection in idle:
        with connection:
            try:
                assert connection.recv(1) == b""
            except ConnectionResetError:
                pass  # another way to hear that it is closed


def test_it_ends_under_load(start):
    tracker = start()
    with UdpClient(tracker) as client:
        client.connect()
        for number in range(200):
            client.send(client.connection_id + b"\0\0\0\2tran" + HASH)
            if number == 100:
                tracker.send_signal(signal.SIGTERM)
    assert tracker.wait() == 0


def test_its_port_is_free_at_once(start):
    """Connections that it closed linger, and keep no next tracker from the port."""
    port = free_port()
    for _ in range(3):
        tracker = start(port=port)
        for _ in range(3):
            get(tracker, "/x")
        assert tracker.stop() == 0


# Reload


def redirected(tracker):
    status, headers, _ = get(tracker, "/")
    return headers.get("location") if status == 302 else None


def test_a_reload_changes_settings_and_keeps_peers(start, public_path):
    config = public_path / "config"
    config.write_text("tracker.redirect_url http://one.example/\n")
    tracker = start("-f", "config", cwd=public_path)
    announce(tracker, HASH, 1)
    with UdpClient(tracker) as client:
        client.connect()
        assert redirected(tracker) == "http://one.example/"
        config.write_text("tracker.redirect_url http://two.example/\ntracker.connections 9\n")
        reload(tracker, "changed: tracker.connections, tracker.redirect_url")
        assert redirected(tracker) == "http://two.example/"
        config.write_text("# nothing\n")
        reload(tracker, "changed: tracker.connections, tracker.redirect_url")
        assert redirected(tracker) is None
        reload(tracker, "changed: nothing")
        assert client.scrape(HASH).counts == [(1, 0, 0)], "the connection id is still good"
    assert peers(announce(tracker, HASH, 2)) == [("127.0.0.1", 1), ("127.0.0.1", 2)]


def test_a_reload_tells_what_needs_a_restart(start, public_path):
    config = public_path / "config"
    config.write_text("")
    tracker = start("-f", config)
    config.write_text("tracker.memory 512\ntracker.redirect_url http://one.example/\n")
    log = reload(tracker, "restart")
    assert any("restart: tracker.memory" in line for line in log)
    assert redirected(tracker) == "http://one.example/"


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        ("tracker.redirect_url http://two.example/\ntracker.memroy 1\n", [r"config:2: .*memory"]),
        ("tracker.redirect_url\n", ["config:1: tracker.redirect_url: "]),
        ("listen.tcp nonsense\nx\n", ["config:1: listen.tcp: ", "config:2: "]),
        (None, ["cannot read .*config: "]),
    ],
)
def test_a_broken_file_changes_nothing(start, public_path, content, messages):
    config = public_path / "config"
    config.write_text("tracker.redirect_url http://one.example/\n")
    tracker = start("-f", config)
    announce(tracker, HASH, 1)
    config.unlink()
    if content is not None:
        config.write_text(content)
    log = reload(tracker, "nothing reloaded")
    assert len(log) == len(messages) + 1
    for line, message in zip(log, messages):
        assert line.startswith(PREFIX)
        assert re.search(message, line)
    assert redirected(tracker) == "http://one.example/"
    assert scrape(tracker, HASH)[HASH][b"complete"] == 1


def test_many_signals_at_once_are_no_trouble(start, public_path):
    config = public_path / "config"
    config.write_text("tracker.redirect_url http://one.example/\n")
    tracker = start("-f", config)
    for _ in range(50):
        tracker.send_signal(signal.SIGHUP)
    tracker.wait_for_log("changed: nothing")
    assert redirected(tracker) == "http://one.example/"


# What keeps it from starting


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_port_that_is_taken_starts_nothing(runtime, transport):
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    port, other_port = free_port(), free_port()
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", port))
        if transport == "tcp":
            taken.listen()
        ports = ["-p", other_port, "-P", other_port, "-p", port, "-P", port]
        status, out, errors = run(runtime, "-i", "127.0.0.1", *ports)
        switch = {"tcp": "-p", "udp": "-P"}[transport]
        where = f"{transport.upper()} 127.0.0.1:{port}"
        assert (status, out) == (REFUSED, "")
        assert errors == [f"{PREFIX}{switch}: {where}: Address already in use"]
        assert can_listen(other_port)


def test_a_second_tracker_on_the_same_port_says_so(start, runtime):
    first = start()
    ports = ["-p", first.port, "-P", first.port]
    for address in ("127.0.0.1", "0.0.0.0"):
        status, out, errors = run(runtime, "-i", address, *ports)
        assert (status, out, len(errors)) == (REFUSED, "", 1)
        assert errors[0].endswith(f"TCP {address}:{first.port}: Address already in use")
    assert get(first, "/x")[0] == 404


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tracker.memroy 5", "config:3: unknown keyword .*tracker.memory"),
        ("tracker.memory much", "config:3: tracker.memory: .*much"),
        ("tracker.memory 1", "config:3: tracker.memory: .*256"),
        ("tracker.connections 7", "config:3: tracker.connections: .*8"),
        ("tracker.redirect_url", "config:3: tracker.redirect_url: .*URL"),
        ("listen.tcp 127.0.0.1:65536", "config:3: listen.tcp: .*65536"),
        ("listen.udp 127.0.0.1:0", "config:3: listen.udp: .*0"),
        ("listen.tcp_udp localhost", "config:3: listen.tcp_udp: .*localhost"),
    ],
)
def test_a_mistake_in_the_file_is_shown(runtime, tmp_path, line, message):
    port = free_port()
    (tmp_path / "config").write_text(f"# first\nlisten.tcp_udp 127.0.0.1:{port}\n  {line}\n")
    status, out, errors = run(runtime, "-f", "config", cwd=tmp_path)
    assert (status, out, len(errors)) == (1, "", 1)
    assert re.match(PREFIX + message, errors[0]), errors
    assert can_listen(port)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("listen.tcp 192.0.2.99:6969", "config:3: listen.tcp: .*Cannot assign requested address"),
        ("listen.udp [2001:db8::99]:7000", "config:3: listen.udp: .*Cannot assign"),
    ],
)
def test_an_address_of_others_is_shown(runtime, tmp_path, line, message):
    port = free_port()
    (tmp_path / "config").write_text(f"# first\nlisten.tcp_udp 127.0.0.1:{port}\n  {line}\n")
    status, out, errors = run(runtime, "-f", "config", cwd=tmp_path)
    assert (status, out, len(errors)) == (REFUSED, "", 1)
    assert re.match(PREFIX + message, errors[0]), errors
    assert can_listen(port)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-f", "/no/such/file"], "cannot read /no/such/file: No such file or directory"),
        (["-f", "/"], "cannot read /: .+"),
        (["-f"], "-f: .*FILE"),
        (["-p", "65536"], "-p: .*65536"),
        (["-p", "0"], "-p: .*0"),
        (["-P", "x"], "-P: .*x"),
        (["-i", "localhost"], "-i: .*localhost"),
        (["-m", "255"], "-m: .*256"),
        (["-m", "999999999"], "-m: .*1048576"),
        (["-Z"], "command line: unknown switch .*-Z"),
        (["--chekc"], "command line: .*--check"),
        (["serve"], "command line: unknown argument .*serve"),
    ],
)
def test_a_mistake_on_the_command_line_is_shown(runtime, options, message):
    status, out, errors = run(runtime, *options)
    assert (status, out, len(errors)) == (1, "", 1)
    assert re.match(PREFIX + message, errors[0]), errors


def test_all_mistakes_are_shown_at_once(runtime, tmp_path):
    (tmp_path / "config").write_text("x 1\ntracker.memory 2\n")
    status, _, errors = run(runtime, "-f", "config", "-p", "0", cwd=tmp_path)
    assert status == 1
    places = [line.split(": ")[1] for line in errors]
    assert places == ["config:1", "config:2", "-p"]


# What only prints


def test_check_reads_and_listens_nowhere(runtime, tmp_path):
    config = tmp_path / "config"
    config.write_text("tracker.memory 512\ntracker.redirect_url http://one.example/\n")
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        options = ["--check", "-f", config, "-i", "127.0.0.1", "-p", port]
        assert run(runtime, *options) == (0, "", [f"{PREFIX}the configuration is good"])
    config.write_text("tracker.memory 1\n")
    status, _, errors = run(runtime, "--check", "-f", config)
    assert (status, len(errors)) == (1, 1)
    assert "config:1: tracker.memory" in errors[0]


@pytest.mark.parametrize("switch", ["--version", "-v"])
def test_version(runtime, switch):
    status, out, errors = run(runtime, switch)
    assert (status, errors) == (0, [])
    assert re.fullmatch(r"opentracker \d{4}\.\d+\.\d+\n", out)


@pytest.mark.parametrize("switch", ["--help", "-h"])
def test_help(runtime, switch):
    status, out, errors = run(runtime, switch)
    assert (status, errors) == (0, [])
    assert out.startswith("Usage: opentracker ")
    for word in ("-f FILE", "-p PORT", "-m KIB", "--check", "tracker.redirect_url URL"):
        assert word in out
    assert max(map(len, out.splitlines())) < 80


def test_where_it_serves_is_told(start):
    tracker = start()
    tracker.wait_for_log(re.escape(f"serving {tracker.udp_url}\n"))
    lines = tracker.log().splitlines()
    urls = [line for line in lines if "serving" in line]
    assert urls == [f"{PREFIX}serving {url}" for url in (tracker.url, tracker.udp_url)]
    assert all(line.startswith(PREFIX) for line in lines)


def test_nothing_is_logged_per_request(start):
    tracker = start()
    tracker.wait_for_log("serving udp")
    before = tracker.log()
    with UdpClient(tracker) as client:
        for number in range(20):
            announce(tracker, HASH, number + 1)
            get(tracker, "/nonsense")
            client.scrape(HASH)
    assert tracker.log() == before


def test_a_reload_right_after_the_start_does_no_harm(runtime, public_path):
    """procd may send one before the sockets are open: it waits until the tracker serves."""
    need_runtime(runtime)
    port = free_port()
    config = public_path / "config"
    config.write_text(f"listen.tcp_udp 127.0.0.1:{port}\ntracker.memory 262144\n")
    line = command(runtime, "-f", config)
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    try:
        while not signals_are_blocked_or_caught(process.pid):
            assert process.poll() is None
        process.send_signal(signal.SIGHUP)
        lines = iter(process.stderr.readline, "")
        assert any("reloaded; changed: nothing" in line for line in lines)
        assert get(("127.0.0.1", port), "/x")[0] == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def signals_are_blocked_or_caught(pid):
    hangup = 1 << signal.SIGHUP - 1
    status = proc_status(pid)
    return any(int(status[mask][0], 16) & hangup for mask in ("SigBlk", "SigCgt"))


# Listening elsewhere


def listening_at(*endpoints):
    return "".join(f"listen.tcp_udp {endpoint}\n" for endpoint in endpoints)


def test_a_reload_moves_the_sockets_and_loses_no_peer(start, public_path):
    old, new = free_port(), free_port()
    config = public_path / "config"
    config.write_text(listening_at(f"127.0.0.1:{old}"))
    tracker = start("-f", config, port=old)
    announce(tracker, HASH, 1)
    config.write_text(listening_at(f"127.0.0.1:{new}", f"[::1]:{new}"))
    lines = reload(tracker, "serving udp://\\[::1\\]")
    assert PREFIX + "reloaded; changed: listen.tcp, listen.udp" in "\n".join(lines)
    assert can_listen(old)
    for host in ("127.0.0.1", "::1"):
        assert scrape((host, new), HASH)[HASH][b"complete"] == 1
        with UdpClient((host, new)) as client:
            assert client.scrape(HASH).counts == [(1, 0, 0)]


def test_a_reload_goes_from_all_addresses_to_one_on_the_same_port(start, public_path):
    port = free_port()
    config = public_path / "config"
    config.write_text(listening_at(f"0.0.0.0:{port}"))
    tracker = start("-f", config, port=port)
    for endpoint in (f"127.0.0.2:{port}", f"0.0.0.0:{port}"):
        config.write_text(listening_at(endpoint))
        reload(tracker, "serving udp://")
        assert get(("127.0.0.2", port), "/x")[0] == 404
        with UdpClient(("127.0.0.2", port)) as client:
            client.connect()
    assert get(("127.0.0.1", port), "/x")[0] == 404


def test_a_reload_that_can_not_listen_leaves_all_sockets_as_they_are(start, public_path):
    port, third = free_port(), free_port()
    config = public_path / "config"
    config.write_text(listening_at(f"127.0.0.1:{port}"))
    tracker = start("-f", config, port=port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        occupied = taken.getsockname()[1]
        config.write_text(listening_at(f"127.0.0.1:{third}", f"127.0.0.1:{occupied}"))
        lines = reload(tracker, "goes on listening")
        assert f"TCP 127.0.0.1:{occupied}: Address already in use" in "\n".join(lines)
    assert get(tracker, "/x")[0] == 404
    with UdpClient(tracker) as client:
        client.connect()
    assert can_listen(third)
    reload(tracker, f"serving udp://127.0.0.1:{occupied}")
    assert can_listen(port) and get(("127.0.0.1", third), "/x")[0] == 404


# Root


@pytest.mark.requires_root
@pytest.mark.parametrize("user", [None, "nobody", "daemon"])
def test_root_becomes_somebody_else(runtime, public_path, user):
    """Altogether: the groups that root was in are left too."""
    need_runtime(runtime)
    port = free_port()
    options = ["-i", "127.0.0.1", "-p", port, "-P", port, "-d", public_path]
    options += ["-u", user] if user else []
    line = ["setpriv", "--groups=0,4,24", *command(runtime, *options)]
    with Daemon(line, {("tcp", port), ("udp", port)}) as tracker:
        tracker.wait_for_log("serving udp")
        status = proc_status(tracker.pid)
        entry = subprocess.check_output(["getent", "passwd", user or "nobody"], text=True).split(
            ":"
        )
        assert status["Uid"] == [entry[2]] * 4
        assert status["Gid"] == [entry[3]] * 4
        assert status["Groups"] == [entry[3]]
        assert os.readlink(f"/proc/{tracker.pid}/root") == str(public_path)
        announce(("127.0.0.1", port), HASH, 1)
        assert scrape(("127.0.0.1", port), HASH)[HASH][b"complete"] == 1
        assert tracker.stop() == 0


@pytest.mark.requires_root
def test_root_without_directory_goes_to_the_root_directory(start, public_path):
    tracker = start(cwd=public_path)
    tracker.wait_for_log("serving udp")
    assert os.readlink(f"/proc/{tracker.pid}/root") == "/"
    assert os.readlink(f"/proc/{tracker.pid}/cwd") == "/"


@pytest.mark.requires_root
def test_what_is_out_of_reach_can_not_be_reloaded(start, public_path):
    """Confined to a directory, it can't see a configuration outside, and goes on without."""
    config = public_path / "config"
    config.write_text("tracker.redirect_url http://one.example/\n")
    inner = public_path / "inner"
    inner.mkdir()
    tracker = start("-f", config, "-d", inner)
    tracker.wait_for_log("serving udp")
    reload(tracker, "cannot read .*\n.*nothing reloaded")
    assert redirected(tracker) == "http://one.example/"


@pytest.mark.requires_root
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-u", "root"], 'user "root" is root; name another with -u'),
        (["-u", "nobody-here"], 'there is no user "nobody-here" to run as'),
        (["-d", "/no/such/directory"], ".*No such file or directory"),
    ],
)
def test_root_goes_on_as_nobody_else(runtime, options, message):
    port = free_port()
    ports = ["-i", "127.0.0.1", "-p", port, "-P", port]
    status, out, errors = run(runtime, *ports, *options)
    assert (status, out, len(errors)) == (REFUSED, "", 1)
    assert re.fullmatch(PREFIX + message, errors[0]), errors
    assert can_listen(port)


def test_everybody_else_stays_who_they_are(runtime, public_path):
    """They can't become another user; the directory is changed to."""
    need_runtime(runtime)
    port = free_port()
    ports = ["-i", "127.0.0.1", "-p", port, "-P", port]
    line = command(runtime, *ports, "-d", public_path)
    if AS_ROOT:
        line = ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", *line]
    with Daemon(line, {("tcp", port), ("udp", port)}) as tracker:
        tracker.wait_for_log("serving udp")
        uid = subprocess.check_output(["id", "-u", "daemon"], text=True).strip()
        assert proc_status(tracker.pid)["Uid"] == [uid if AS_ROOT else str(os.getuid())] * 4
        assert os.readlink(f"/proc/{tracker.pid}/root") == "/"
        assert os.readlink(f"/proc/{tracker.pid}/cwd") == str(public_path)
        assert get(("127.0.0.1", port), "/x")[0] == 404
        assert tracker.stop() == 0


# Process 1


class FirstProcess(Daemon):
    """A daemon that is process 1 of a namespace, which knows no default for signals.

    `pid` is the daemon as seen from outside.
    """

    def __init__(self, command, expected):
        super().__init__(["unshare", "--pid", "--fork", "--kill-child", *command], expected)

    def _wait_until_listening(self, expected):
        unshare = self.pid
        while self.pid == unshare and self.running:
            children = Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()
            self.pid = int(children[0]) if children else unshare
        super()._wait_until_listening(expected)

    def send_signal(self, number):
        os.kill(self.pid, number)


@pytest.mark.requires_root
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_work_as_process_1(runtime, public_path, number):
    need_runtime(runtime)
    config = public_path / "config"
    config.write_text("tracker.redirect_url http://one.example/\n")
    port = free_port()
    listen = ["-i", "127.0.0.1", "-p", port, "-P", port]
    expected = {("tcp", port), ("udp", port)}
    with FirstProcess(command(runtime, *listen, "-f", config), expected) as tracker:
        assert proc_status(tracker.pid)["NSpid"][1:] == ["1"]
        tracker.wait_for_log("serving udp")
        tracker.addr = "127.0.0.1", port
        config.write_text("tracker.redirect_url http://two.example/\n")
        reload(tracker, "changed: tracker.redirect_url")
        assert redirected(tracker) == "http://two.example/"
        tracker.send_signal(number)
        assert tracker.wait() == 0
        assert "Traceback" not in tracker.log(), tracker.log()


# Memory

BUDGET = 256
SLACK = 2048  # KiB that an interpreter may grow by besides


def flood(client, count, info_hashes=None):
    """Announce `count` torrents that nobody else has; returns how many were refused."""
    refused = 0
    for number in range(count):
        info_hash = os.urandom(20) if info_hashes is None else info_hashes[number]
        refused += isinstance(client.announce(info_hash, 7001, num_want=0), Failed)
    return refused


def test_a_flood_stays_within_the_budget(start):
    tracker = start("-m", BUDGET)
    with UdpClient(tracker) as flooder, UdpClient(tracker, source="127.0.0.2") as other:
        announce(tracker, HASH, 1)
        flood(flooder, 100)
        before = resident_kib(tracker.pid)
        flood(flooder, 15000)
        assert resident_kib(tracker.pid) - before < BUDGET + SLACK
        # Another address can still start swarms, which last through more of the flood.
        own = [os.urandom(20) for _ in range(20)]
        assert flood(other, len(own), own) == 0
        flood(flooder, 2000)
        assert other.scrape(*own).counts == [(1, 0, 0)] * len(own)
        reply = announce(tracker, own[0], 2, source="127.0.0.3")
        assert peers(reply) == [("127.0.0.2", 7001), ("127.0.0.3", 2)]
        assert resident_kib(tracker.pid) - before < BUDGET + SLACK
        assert "MemoryError" not in tracker.log()


def test_a_full_tracker_says_so_and_serves_on(start):
    """Established swarms of many addresses fill the budget; then newcomers are told to wait."""
    tracker = start("-m", BUDGET)
    known = []
    for number in range(10000):
        source = f"127.1.{number // 100 + 1}.1"
        with UdpClient(tracker, source=source) as client:
            info_hash = os.urandom(20)
            reply = client.announce(info_hash, 7001, num_want=0)
            if isinstance(reply, Failed):
                break
            client.announce(info_hash, 7001, num_want=0)
            known.append(info_hash)
    assert isinstance(reply, Failed), "never full"
    assert len(known) > 1000
    assert reply.message == b"This tracker is full, please try again later."
    answer = announce(tracker, info_hash, 1, source=source)
    assert sorted(answer) == [b"failure reason", b"retry in"]
    assert answer[b"failure reason"] == reply.message
    assert 1 <= answer[b"retry in"] <= 60
    with UdpClient(tracker) as client:
        counts = [
            count for at in range(0, 1000, 50) for count in client.scrape(*known[at:][:50]).counts
        ]
        assert counts == [(1, 0, 0)] * 1000
    assert announce(tracker, known[0], 1)[b"complete"] >= 1
    assert get(tracker, "/x")[0] == 404
    assert "MemoryError" not in tracker.log()
