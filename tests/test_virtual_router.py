"""The package on a small router: 32 bits, 64 MiB of RAM, a serial console and a slow processor."""

import json
import random
import re
import time

import pytest

from support.virtual_router import VirtualRouter
from support.wire import (
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
from test_package import build, checkout  # noqa: F401  (a fixture)

INIT = "/etc/init.d/opentracker"
DEADLINE = 240
DENIED, SERVED = b"\x47" * 20, b"\x48" * 20
NEIGHBOUR = "10.0.2.2"  # how the router sees this machine

# What is in RAM of the stand-ins for uci and procd, and of scripts/router.
OTHERS = re.compile(r"/tmp/(\.uci|run/(procd|opentracker-router))(/|$)")

# Memory
BUDGET = 512
SLACK = 4096
SWARMS = 40
BATCH = 250
RECYCLED = 250
FULL = 0.85  # of the budget: strangers leave an eighth of the pages to established swarms


@pytest.fixture
def router(tmp_path):
    """A router that has just booted; it has to end well, with nobody killed for want of memory."""
    found = VirtualRouter(tmp_path)
    try:
        yield found
        assert "Out of memory" not in found.console_log()
        assert found.stop() == 0
    finally:
        found.stop()


def install(router, built):
    done = router.do("install", built.file("opentracker_*_all.ipk"))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def enable(run, *options):
    for option in ("enabled=1", *options):
        run(f"uci set opentracker.main.{option}")
    run("uci commit opentracker")
    run(f"{INIT} restart")


def wait_until(check):
    """What `check` returns as soon as that is true and it raises no error."""
    end = time.monotonic() + DEADLINE
    while True:
        try:
            found = check()
        except OSError as error:
            found, why = None, error
        else:
            why = found
        if found:
            return found
        assert time.monotonic() < end, f"still {why!r}"
        time.sleep(0.2)


def statistics(router):
    status, _, body = get(router, "/stats?mode=json")
    assert status == 200, body
    return json.loads(body)


def wait_until_it_serves(router):
    """qemu accepts connections, and closes them while nobody listens behind it."""
    wait_until(lambda: http(router, b"GET /stats?mode=json HTTP/1.0\r\n\r\n"))


def pid(run):
    return run("pidof micropython").strip()


def files(run):
    """All that is stored on the router, in its flash and in its RAM."""
    return set(run("find / /tmp -xdev -type f -o -xdev -type l -o -xdev -type d").splitlines())


def test_it_has_what_a_small_openwrt_router_has(router):
    with router.shell() as run:
        assert int(re.search(r"MemTotal: +(\d+)", run("cat /proc/meminfo"))[1]) < 64 * 1024
        assert run("uname -m").startswith("armv7")
        for absent in ("base64", "stat", "timeout", "stty", "od", "python3"):
            run(f"command -v {absent}", status=127)
        assert run("uci -q get opentracker.main.enabled", status=1) == ""
        assert run("opkg list-installed") == "base-files - 1\nmicropython-nossl - 1\n"


def test_a_package_s_life(router, built, checkout):  # noqa: F811
    with router.shell() as run:
        before = files(run)
    told = install(router, built)
    assert re.search(r"^installed: +opentracker \S+-r1$", told, re.M), told
    assert re.search(r"^service: +off", told, re.M), told
    with router.shell() as run:
        run(f"{INIT} running", status=1)
        enable(run)
        wait_until_it_serves(router)
        assert "running" in run(f"{INIT} status")
    assert_it_serves(router)
    with router.shell() as run:
        assert_a_list_is_taken_over(router, run)
    assert_upgrades_keep_peers(router, checkout)
    assert_little_is_left(router, before)


def assert_it_serves(router):
    for info_hash in (DENIED, SERVED):
        announce(router, info_hash, 7001)
        with UdpClient(router) as client:
            reply = client.announce(info_hash, 7002, left=1)
        assert (reply.seeders, reply.leechers) == (1, 1)
        assert sorted(reply.peers) == [(NEIGHBOUR, 7001), (NEIGHBOUR, 7002)]
        assert peers(announce(router, info_hash, 7001)) == sorted(reply.peers)


def assert_a_list_is_taken_over(router, run):
    before = pid(run)
    run(f"echo {DENIED.hex()} no more >/etc/opentracker/denied.txt")
    run("uci set opentracker.main.blacklist_file=/etc/opentracker/denied.txt")
    run("uci set opentracker.main.port=99999")
    assert "99999 is not a port" in run(f"{INIT} check", status=1)
    run("uci revert opentracker")
    run("uci set opentracker.main.blacklist_file=/etc/opentracker/denied.txt")
    run("uci commit opentracker")
    run(f"{INIT} reload")
    wait_until(lambda: DENIED not in scrape(router, DENIED, SERVED))
    assert scrape(router, SERVED)[SERVED][b"incomplete"] == 1
    assert b"failure reason" in announce(router, DENIED, 7001)
    assert pid(run) == before


def assert_upgrades_keep_peers(router, checkout):  # noqa: F811
    makefile = checkout / "package" / "Makefile"
    text = makefile.read_text()
    makefile.write_text(text.replace("PKG_RELEASE:=1\n", "PKG_RELEASE:=2\n"))
    with router.shell() as run:
        before = pid(run)
    told = install(router, build(checkout))
    assert re.search(r"^installed: +opentracker (\S+)-r2, over \1-r1$", told, re.M), told
    wait_until_it_serves(router)
    assert scrape(router, SERVED)[SERVED] == {b"complete": 1, b"downloaded": 0, b"incomplete": 1}
    assert b"failure reason" in announce(router, DENIED, 7001)
    with router.shell() as run:
        assert pid(run) != before
        assert "blacklist_file '/etc/opentracker/denied.txt'" in run("uci export opentracker")


def assert_little_is_left(router, before):
    """What somebody has edited stays, as with opkg, and what the tracker has in RAM."""
    done = router.do("uninstall")
    assert done.returncode == 0, done.stdout + done.stderr
    with router.shell() as run:
        run("pidof micropython", status=1)
        left = files(run) - before
        assert before - files(run) == set()
        assert "opentracker" not in run("opkg list-installed")
    assert {path for path in left if not path.startswith("/tmp/")} == {
        "/etc/config/opentracker",
        "/etc/config/opentracker-opkg",
        "/etc/opentracker",
        "/etc/opentracker/denied.txt",
    }
    in_ram = {path for path in left if path.startswith("/tmp/") and not OTHERS.match(path)}
    assert {path for path in in_ram if not path.startswith("/tmp/run/opentracker")} == set()


# Memory


class Announcer:
    """A client in a private network, which says whom it announces for, on one connection."""

    def __init__(self, router, seed):
        self._connection = connect(router, timeout=DEADLINE)
        self._reader = self._connection.makefile("rb")
        self._dice = random.Random(seed)
        self.refused = 0

    def announce(self, info_hash, address, port=7001):
        fields = {"info_hash": info_hash, "ip": address, "port": port, "left": 1, "numwant": 0}
        request = b"GET /announce?%s HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"
        self._connection.sendall(request % query({**fields, "compact": 1}.items()))
        head = b"".join(iter(self._reader.readline, b"\r\n"))
        size = int(re.search(rb"Content-Length: (\d+)", head, re.I)[1])
        reply = decode(parse_reply(head + b"\r\n" + self._reader.read(size)))
        self.refused += b"failure reason" in reply

    def flood(self, count):
        """Start as many swarms, each from another address."""
        for _ in range(count):
            address = "81.%d.%d.%d" % tuple(self._dice.randrange(256) for _ in range(3))
            self.announce(self._dice.randbytes(20), address)

    def close(self):
        self._reader.close()
        self._connection.close()


def available(run):
    """How much memory of the whole machine programs may still have, in KiB."""
    return int(re.search(r"MemAvailable: +(\d+)", run("cat /proc/meminfo"))[1])


def established(router):
    """Swarms of two peers each."""
    announcer = Announcer(router, 1)
    hashes = [bytes([number]) * 20 for number in range(SWARMS)]
    for info_hash in hashes:
        announcer.announce(info_hash, "82.1.1.1")
        announcer.announce(info_hash, "82.1.1.2", 7002)
    announcer.close()
    return hashes


def test_a_flood_takes_no_more_memory_than_it_may(router, built):
    install(router, built)
    with router.shell() as run:
        before = available(run)
        enable(run, f"memory={BUDGET}")
    wait_until_it_serves(router)
    hashes = established(router)
    figures = fill(router, hashes)
    with router.shell() as run:
        assert before - available(run) <= BUDGET + SLACK
        assert "VmRSS" in run("cat /proc/$(pidof micropython)/status")
        log = run("dmesg")
        for word in ("Out of memory", "oom", "page allocation failure"):
            assert word not in log
        shown = run(f"{INIT} status")
    assert figures["memory_budget_bytes"] == BUDGET * 1024
    assert re.search(r"^memory +\d+ of %d KiB$" % BUDGET, shown, re.M), shown


def fill(router, hashes):
    """Flood the router until that displaces itself; those of `hashes` go on being answered."""
    announcer = Announcer(router, 2)
    try:
        with UdpClient(router, timeout=DEADLINE) as client:
            while True:
                announcer.flood(BATCH)
                asked = random.choice(hashes)
                assert client.scrape(asked).counts == [(0, 0, 2)]
                assert client.announce(asked, 7003, left=1).leechers >= 2
                client.announce(asked, 7003, left=1, event="stopped")
                figures = statistics(router)
                assert figures["memory_used_bytes"] <= figures["memory_budget_bytes"]
                if figures["torrents_recycled"] >= RECYCLED:
                    break
            counts = [client.scrape(each).counts for each in hashes]
            assert counts == [[(0, 0, 2)]] * len(hashes)
    finally:
        announcer.close()
    assert figures["memory_used_bytes"] > FULL * figures["memory_budget_bytes"]
    return figures


# procd


def test_a_tracker_that_dies_is_started_again(router, built):
    install(router, built)
    with router.shell() as run:
        enable(run)
        wait_until_it_serves(router)
        before = pid(run)
        run(f"kill -KILL {before}")
        wait_until(lambda: before not in run("pidof micropython || true").split())
        wait_until_it_serves(router)
        assert pid(run) != before
        run(f"{INIT} stop")
        run("pidof micropython", status=1)
        assert re.search(r"procd: \S+micropython ended with status 137", run("logread"))
