"""The init script in busybox ash, with stand-ins for procd and uci: each branch, each mistake."""

import resource
import subprocess
import sys

import pytest

from support import wire
from support.openwrt import CONFIG, INIT_SCRIPT, Router
from support.runtimes import TOP, need_tool
from support.tracker import free_port

HASH = "0123456789abcdef0123456789abcdef01234567"
OTHER_HASH = "f" * 40
LAN = "192.0.2.1"


@pytest.fixture
def router(tmp_path):
    """A router whose procd starts nothing."""
    router = Router(tmp_path)
    router.interface("lan", LAN)
    yield router
    router.procd.close()


@pytest.fixture
def live(public_path, runtime):
    """A router whose procd starts the tracker; its LAN is 127.0.0.1."""
    router = Router(public_path, runtime, starts=True)
    yield router
    router.procd.close()


def done(router, action="start", *lines, **how):
    """Write a configuration, run a command that has to succeed, return what it printed."""
    if lines or how:
        router.config(*lines, **how)
    result = router.do(action)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def refused(router, action, *lines):
    """The messages of a command that has to fail, with all else as it was."""
    before, events = router.state(), list(router.procd.events)
    instance = router.procd.instance
    router.config(*lines)
    result = router.do(action)
    assert result.returncode == 1
    assert (router.state(), router.procd.events) == (before, events)
    assert (router.procd.instance is None) == (instance is None)
    return result.stderr.splitlines()


# Start


def test_start_asks_procd_for_all_that_keeps_a_router_safe(router):
    done(router, "start", "list interface 'lan'")
    instance = router.procd.instance
    modules = f"{router.root}/usr/lib/opentracker"
    interpreter = f"{router.root}/usr/bin/micropython"
    conf = f"{router.run_folder}/opentracker.conf"
    assert instance.params == {
        "command": [interpreter, "-X", "heapsize=1wM", f"{modules}/launch.py", "-f", conf],
        "env": [f"MICROPYPATH=.frozen:{modules}"],
        "file": [conf],
        "user": ["opentracker"],
        "group": ["opentracker"],
        "reload_signal": ["HUP"],
        "respawn": [],
        "term_timeout": ["20"],
        "stdout": ["1"],
        "stderr": ["1"],
    }
    assert instance.jail == instance.data == []
    assert router.procd.triggers == ["opentracker", "lan"]
    assert router.conf().splitlines()[1:] == [
        "tracker.memory 7750",
        f"listen.tcp_udp {LAN}:6969",
        f"tracker.state_file {router.run_folder}/state",
        f"tracker.status_file {router.run_folder}/status.json",
        "listen.tcp 127.0.0.1:6969",
    ]
    assert ["procd_set_config_changed", "firewall"] not in router.procd.calls()


def test_files_are_the_trackers_to_read_and_roots_to_write(router):
    done(router, "start", "option livesync_key 'correct-horse'", f"list whitelist '{HASH}'")
    assert router.run_folder.stat().st_mode & 0o7777 == 0o1770
    names = sorted(path.name for path in router.run_folder.iterdir())
    assert names == ["facts", "opentracker.conf", "status.json.watched", "whitelist"]
    for name in names:
        assert (router.run_folder / name).stat().st_mode & 0o7777 == 0o640
    owners = (router.root / "owners").read_text().splitlines()
    assert all(line.startswith("root:opentracker ") for line in owners)
    assert len(owners) == 1 + len(names)


def test_disabled_is_told_with_the_way_out(router):
    done(router, "start", enabled=0)
    assert router.procd.instance is None and router.procd.events == []
    assert router.procd.triggers == ["opentracker"]
    assert "uci set opentracker.main.enabled=1" in router.log()
    router.config(enabled=1)
    done(router, "reload")
    assert router.procd.events == ["start"]


def test_who_had_the_c_tracker_is_told_the_way(router):
    conf = router.root / "etc/opentracker.conf"
    conf.write_text("listen.tcp_udp 0.0.0.0\n")
    told = done(router, "start", enabled=0)
    assert f"opentracker --to-uci {conf} prints it as" in told
    assert conf.read_text() == "listen.tcp_udp 0.0.0.0\n"


def test_what_is_shipped_is_disabled_and_right(router):
    (router.root / "etc/config/opentracker").write_bytes(CONFIG.read_bytes())
    assert done(router, "check") == "the configuration is good\n"
    done(router)
    assert router.procd.events == []


def test_mistakes_at_the_start_are_all_told(router):
    told = refused_at_start(router, "option port '99999'", "option memory '1'")
    assert told == [
        "opentracker: opentracker.main.port: 99999 is not a port (1-65535)",
        "opentracker: opentracker.main.memory: 1 is not a number of KiB (256-1048576)",
        "opentracker: not started",
    ]
    assert router.log().splitlines() == ["daemon.err " + line[13:] for line in told]
    assert router.procd.triggers == ["opentracker", "lan"]  # a right value starts it


def refused_at_start(router, *lines):
    router.config(*lines)
    result = router.do("start")
    assert result.returncode == 1
    assert router.procd.instance is None
    return result.stderr.splitlines()


def test_a_second_start_changes_nothing(router):
    done(router, "start", "list interface 'lan'")
    done(router)
    done(router, "boot")
    assert router.procd.events == ["start"]


# Jail


@pytest.fixture
def jailer(router):
    router.program("sbin/ujail", "")
    return router


def test_a_jail_has_the_folders_that_are_needed(jailer):
    done(
        jailer,
        "start",
        "option whitelist_file '%s'" % listed(jailer, "mnt/usb/list", HASH),
        f"option state_file '{jailer.root}/srv/new/state'",
    )
    instance = jailer.procd.instance
    root = jailer.root
    assert instance.jail == [["opentracker", "log"]]
    assert instance.params["no_new_privs"] == ["1"]
    assert instance.writable == [f"{root}/var/run/opentracker", f"{root}/srv/new"]
    assert instance.readable == [
        f"{root}/usr/lib/opentracker",
        f"{root}/etc/opentracker",
        f"{root}/mnt/usb",
    ]
    assert f"opentracker:opentracker {root}/srv/new" in (root / "owners").read_text()


def test_a_folder_is_mounted_once(jailer):
    done(jailer, "start", f"option state_file '{jailer.root}/etc/opentracker/state'")
    folders = jailer.procd.instance.readable + jailer.procd.instance.writable
    assert len(folders) == len(set(folders)) == 3


def test_a_jail_can_be_left_out(jailer):
    done(jailer, "start", "option jail '0'")
    assert jailer.procd.instance.jail == []
    assert "no_new_privs" not in jailer.procd.instance.params


def listed(router, name, *lines):
    """Write a list file; returns its path."""
    path = router.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines))
    return path


# Firewall and mDNS


def test_the_firewall_is_opened_for_the_internet_and_closed_again(router):
    router.interface("wan", "203.0.113.5")
    done(router, "start", "option wan '1'", "option port '7000'")
    assert "listen.tcp_udp 203.0.113.5:7000" in router.conf()
    assert router.procd.triggers == ["opentracker", "lan", "wan", "wan6"]
    strings = [call[1:] for call in router.procd.instance.data if call[0] == "json_add_string"]
    for protocol in ("tcp", "udp"):
        rule = [["proto", protocol], ["dest_port", "7000"], ["target", "ACCEPT"]]
        at = strings.index(rule[0])
        assert strings[at : at + 3] == rule and strings[at - 1] == ["src", "wan"]
    changed = ["procd_set_config_changed", "firewall"]
    assert router.procd.calls().count(changed) == 1
    done(router, "reload")
    assert router.procd.calls().count(changed) == 1
    done(router, "reload", "option wan '0'")
    assert router.procd.calls().count(changed) == 2
    assert router.procd.instance.data == []
    done(router, "reload", "option wan '1'")
    done(router, "stop")
    assert router.procd.calls().count(changed) == 4


def test_mdns_announces_the_port(router):
    done(router, "start", "option mdns '1'", "option port '7000'")
    service = ["procd_add_mdns_service", "bittorrent-tracker", "tcp", "7000", "path=/announce"]
    assert service in router.procd.instance.data


# Reload


def test_a_reload_without_a_change_leaves_the_tracker_alone(router):
    done(router, "start", "option connections '100'")
    before = router.state()
    done(router, "reload")
    assert router.procd.events == ["start"] and router.state() == before


def test_a_reload_takes_over_what_can_change(router):
    done(router, "start", "option connections '100'")
    done(router, "reload", "option connections '200'", "option port '7000'")
    assert router.procd.events == ["start", "HUP"]
    assert "tracker.connections 200" in router.conf()
    assert f"listen.tcp_udp {LAN}:7000" in router.conf()


def test_a_reload_starts_what_does_not_run(router):
    router.config("option connections '100'")
    done(router, "reload")
    assert router.procd.events == ["start"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("option memory '1000'", "memory"),
        ("option heap '1500'", "heap"),
        ("option jail '0'", "jail"),
        ("option syslog '1'", "syslog"),
    ],
)
def test_what_cannot_change_restarts_and_is_told(router, line, name):
    done(router, "start", "list interface 'lan'")
    told = done(router, "reload", line)
    assert router.procd.events == ["start", "stop", "start"]
    assert f"restarts, keeping its peers, for the change of: {name}" in told
    assert f"restarts, keeping its peers, for the change of: {name}" in router.log()
    done(router, "reload")
    assert router.procd.events == ["start", "stop", "start"]


def test_another_state_file_does_not_have_the_peers_and_is_told(router):
    done(router, "start", "list interface 'lan'")
    told = done(
        router, "reload", "option memory '1000'", f"option state_file '{router.root}/tmp/s'"
    )
    assert told == (
        "opentracker: restarts, leaving its peers in the old state file, for the change of:"
        " memory state_file\n"
    )


@pytest.mark.parametrize("action", ["reload", "start", "restart"])
def test_mistakes_leave_the_running_tracker_alone(router, action):
    done(router, "start", "list interface 'lan'")
    told = refused(router, action, "option port '99999'", "list stats 'x'")
    assert told[:2] == [
        "opentracker: opentracker.main.port: 99999 is not a port (1-65535)",
        "opentracker: opentracker.main.stats: x is not an address or network, such as"
        " 192.168.1.0/24",
    ]
    assert told[2].startswith("opentracker: nothing changed")
    assert len(told) == 3
    assert "99999 is not a port" in router.log()
    done(router, "reload", "list interface 'lan'")
    assert router.procd.events == ["start"]


@pytest.mark.parametrize("action", ["reload", "start", "restart"])
def test_broken_uci_leaves_the_running_tracker_alone(router, action):
    done(router, "start", "list interface 'lan'")
    told = refused(router, action, "list interface 'lan'", "potion port '1'")
    assert told[0] == "opentracker: uci: Parse error (invalid command) at line 4, byte 0"
    (router.root / "etc/config/opentracker").unlink()
    result = router.do(action)
    assert result.returncode == 1 and "Entry not found" in result.stderr
    assert router.procd.events == ["start"]


@pytest.mark.parametrize("action", ["reload", "start"])
def test_mistakes_do_not_keep_a_tracker_that_died_from_its_respawn(router, action):
    done(router, "start", "list interface 'lan'")
    before = router.state()
    router.procd.crash()
    router.config("option port '99999'")
    result = router.do(action)
    assert result.returncode == 1
    assert result.stderr.splitlines()[1].startswith("opentracker: nothing changed")
    assert router.procd.events == ["start", "crash", "start"]
    assert router.state() == before
    done(router, "stop")
    assert refused(router, action, "option port '99999'")[1] == "opentracker: not started"


def test_no_sections_leave_the_running_tracker_alone(router):
    done(router, "start", "list interface 'lan'")
    (router.root / "etc/config/opentracker").write_text("")
    result = router.do("reload")
    assert result.returncode == 1
    assert "opentracker: there is no section of this type" in result.stderr
    assert router.procd.events == ["start"]


def test_disabling_stops_it(router):
    done(router, "start", "option wan '1'")
    done(router, "reload", "option wan '1'", enabled=0)
    assert router.procd.events == ["start", "stop"]
    assert "disabled" not in router.log()  # whoever reloads knows
    assert (router.run_folder / "facts").read_bytes() == b""


def test_a_mistake_does_not_disable_it(router):
    done(router, "start", "list interface 'lan'")
    told = refused(router, "reload", "option enabled 'yess'")
    assert told[0] == "opentracker: opentracker.main.enabled: yess is neither yes nor no"
    for word in ("no", "off", "false", "disabled"):
        done(router, "reload", enabled="yes")
        done(router, "reload", enabled=word)
    assert router.procd.events == ["start", "stop"] * 4


def test_an_anonymous_section_is_as_good(router):
    path = router.root / "etc/config/opentracker"
    path.write_text("config opentracker\n\toption enabled '1'\n\toption port '7000'\n")
    done(router)
    assert f"listen.tcp_udp {LAN}:7000" in router.conf()
    path.write_text("config opentracker\n\toption enabled '1'\n\toption port '0'\n")
    assert "opentracker.@opentracker[0].port: 0 is not" in router.do("reload").stderr


def test_restart_takes_all_over(router):
    done(router, "start", "option memory '1000'")
    done(router, "restart", "option memory '2000'")
    assert router.procd.events == ["start", "stop", "start"]
    assert "tracker.memory 2000" in router.conf()
    done(router, "stop")
    assert router.procd.instance is None
    assert router.do("reload").returncode == 0
    assert router.procd.events[3:] == ["stop", "start"]


# Interfaces


def test_an_interface_without_an_address_is_waited_for(router):
    router.interface("guest")
    told = done(router, "start", "list interface 'guest'")
    assert router.procd.events == []
    assert router.procd.triggers == ["opentracker", "guest"]
    assert "opentracker.main.interface: guest has no address yet" in told
    router.interface("guest", "198.51.100.1", "fd00::1")
    done(router, "reload")
    assert router.procd.events == ["start"]
    assert "listen.tcp_udp 198.51.100.1:6969\nlisten.tcp_udp [fd00::1]:6969\n" in router.conf()


def test_an_interface_that_goes_and_comes_back_costs_nothing(router):
    done(router, "start", "list interface 'lan'")
    router.interface("lan")
    done(router, "reload")
    assert router.procd.events == ["start"]
    assert "lan has no address yet" in router.log()
    router.interface("lan", LAN)
    done(router, "reload")
    router.interface("lan", "192.0.2.99")
    done(router, "reload")
    assert router.procd.events == ["start", "HUP"]
    assert "listen.tcp_udp 192.0.2.99:6969" in router.conf()


def test_interfaces_that_are_up_do_not_wait_for_others(router):
    done(router, "start", "list interface 'lan'", "list interface 'vpn'")
    assert router.procd.events == ["start"]
    assert "vpn has no address yet" in router.log()
    assert router.procd.triggers == ["opentracker", "lan", "vpn"]


def test_names_of_interfaces_reach_no_shell(router):
    told = refused_at_start(router, "list interface '$(touch /tmp/x); a b'")
    assert "is not" in told[0]
    assert not (router.root / "tmp/x").exists()


def test_all_interfaces(router):
    done(router, "start", "list interface '*'")
    assert "listen.tcp_udp [::]:6969" in router.conf()


# Lists


def test_a_list_in_a_file_is_read_where_it_is(router):
    path = listed(router, "etc/opentracker/white.txt", HASH)
    done(router, "start", f"option whitelist_file '{path}'")
    assert router.procd.instance.params["file"][1:] == [str(path)]
    assert not (router.run_folder / "whitelist").exists()
    listed(router, "etc/opentracker/white.txt", HASH, OTHER_HASH)
    done(router, "reload")
    assert router.procd.events == ["start", "HUP"]


def test_both_kinds_of_lists_become_one(router):
    path = listed(router, "etc/opentracker/black.txt", "\ufeff" + HASH)
    lines = [f"option blacklist_file '{path}'", "option jail '0'"]
    done(router, "start", *lines, f"list blacklist '{OTHER_HASH}'")
    made = router.run_folder / "blacklist"
    assert made.read_text() == f"{OTHER_HASH}\n{HASH}\n"
    assert router.procd.instance.params["file"][1:] == [str(made)]
    listed(router, "etc/opentracker/black.txt", "a" * 40)
    done(router, "reload")
    assert router.procd.events == ["start", "HUP"]
    assert made.read_text() == f"{OTHER_HASH}\n{'a' * 40}\n"
    done(router, "reload", *lines)
    assert router.procd.events == ["start", "HUP", "HUP"]
    assert not made.exists()


def test_a_list_that_is_not_there_changes_nothing(router):
    done(router, "start", "list interface 'lan'")
    for line in ([], [f"list whitelist '{HASH}'"]):
        told = refused(router, "reload", f"option whitelist_file '{router.root}/no/list'", *line)
        assert told[0] == (
            f"opentracker: opentracker.main.whitelist_file: cannot read {router.root}/no/list:"
            " No such file or directory"
        )
    told = refused(router, "reload", f"option blacklist_file '{router.root}/tmp'")
    assert "it is not a regular file" in told[0]


def test_a_million_lines_pass_by_the_shell(router):
    path = router.root / "etc/opentracker/white.txt"
    with open(path, "wb") as file:
        for _ in range(100):
            file.write((HASH.encode() + b"\n") * 10000)
    router.config(f"option whitelist_file '{path}'", f"list whitelist '{OTHER_HASH}'")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done(router)
    made = router.run_folder / "whitelist"
    assert made.stat().st_size == path.stat().st_size + 41 > 40_000_000
    assert "1000001 in " in done(router, "lists")
    grown = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before
    assert grown < 20_000, f"{grown} KiB more than anything before"


@pytest.mark.requires_root
def test_a_full_tmp_changes_nothing(router):
    path = listed(router, "etc/opentracker/white.txt", *[HASH] * 5000)
    router.run_folder.mkdir()
    command = [need_tool("mount"), "-t", "tmpfs", "-o", "size=64k", "tmpfs", router.run_folder]
    subprocess.run(command, check=True)
    try:
        done(router, "start", "list interface 'lan'")
        both = [f"option whitelist_file '{path}'", f"list whitelist '{OTHER_HASH}'"]
        told = refused(router, "reload", *both)
        assert "No space left on device" in told[0]
        (router.run_folder / "other").write_bytes(bytes(45056))
        fill(router.run_folder / "other")
        told = refused(router, "reload", "option port '7000'")
        assert "No space left on device" in told[0], told
        (router.run_folder / "other").unlink()
        done(router, "reload", "option port '7000'")
        assert router.procd.events == ["start", "HUP"]
    finally:
        subprocess.run([need_tool("umount"), router.run_folder], check=True)


def fill(path):
    """Make a file as long as it can be."""
    with open(path, "ab", buffering=0) as file:
        try:
            while file.write(bytes(512)):
                pass
        except OSError:
            pass


# Commands for people


def test_check_tells_mistakes_and_logs_nothing(router):
    done(router, "start", "list interface 'lan'")
    log, state = router.log(), router.state()
    router.config("option port '99999'")
    result = router.do("check")
    assert result.returncode == 1
    assert result.stderr == "opentracker: opentracker.main.port: 99999 is not a port (1-65535)\n"
    router.config("option port '7000'", f"list whitelist '{HASH}'")
    assert done(router, "check") == "the configuration is good\n"
    router.interface("lan")
    result = router.do("check")
    assert result.returncode == 3 and "lan has no address yet" in result.stderr
    assert (router.log(), router.state()) == (log, state)
    assert list((router.root / "tmp").iterdir()) == []


def test_lists_tells_what_is_in_them(router):
    assert done(router, "lists", "list interface 'lan'") == "no lists: all torrents are served\n"
    path = listed(router, "etc/opentracker/white.txt", HASH, "# why", "", OTHER_HASH, "x", "y")
    told = done(router, "lists", f"option whitelist_file '{path}'", f"list blacklist '{HASH}'")
    assert told.splitlines()[0] == (f"whitelist: 2 in {path}, 2 lines ignored, the first is line 5")
    assert told.splitlines()[1].startswith("blacklist: 1 in ")


def test_status_of_what_does_not_run(router):
    router.config()
    result = router.do("status")
    assert result.returncode == 3
    assert result.stdout.startswith("not running; ")


def test_status_of_what_does_not_answer(router):
    done(router, "start", f"option port '{free_port()}'")
    result = router.do("status")
    assert result.returncode == 1
    assert "running, but it does not answer at http://127.0.0.1:" in result.stdout
    assert "; logread -e opentracker may say why" in result.stdout


def test_status_of_another_program_s_port(router):
    done(router, "start", "list interface 'lan'")
    router.program("bin/uclient-fetch", "#!/bin/sh\necho hello\n")
    result = router.do("status")
    assert result.returncode == 1
    assert "what answers at http://127.0.0.1:6969/stats?mode=json is not it" in result.stdout


def test_status_of_a_bridge(router):
    bridge = ["option livesync_listen '192.0.2.1'", "list bridge_connect '203.0.113.1'"]
    done(router, "start", "option bridge '1'", "option livesync_key 'correct-horse'", *bridge)
    assert router.procd.instance.params["command"][-1] == "--bridge"
    assert done(router, "status") == "running as a bridge, which keeps no peers\n"


# The whole way


def test_a_reload_takes_a_list_over_without_losing_a_peer(live):
    port = free_port()
    path = listed(live, "etc/opentracker/white.txt", HASH)
    lines = [f"option port '{port}'", f"option whitelist_file '{path}'"]
    done(live, "start", *lines)
    live.procd.wait_for_log("1 info_hash in")
    pid, address = live.procd.pid, ("127.0.0.1", port)
    assert b"failure reason" not in wire.announce(address, bytes.fromhex(HASH), 1001)
    assert b"failure reason" in wire.announce(address, bytes.fromhex(OTHER_HASH), 1001)

    listed(live, "etc/opentracker/white.txt", HASH, OTHER_HASH)
    done(live, "reload")
    live.procd.wait_for_log("2 info_hashes in")
    assert b"failure reason" not in wire.announce(address, bytes.fromhex(OTHER_HASH), 1001)
    found = wire.peers(wire.announce(address, bytes.fromhex(HASH), 1002))
    assert ("127.0.0.1", 1001) in found

    assert live.do("reload", before=bad_value(live, lines)).returncode == 1
    assert live.procd.alive and live.procd.pid == pid
    found = wire.peers(wire.announce(address, bytes.fromhex(HASH), 1003))
    assert {("127.0.0.1", 1001), ("127.0.0.1", 1002)} <= set(found)
    assert live.procd.events == ["start", "HUP"]

    live.config(*lines)
    told = done(live, "status")
    assert f"listening  on 127.0.0.1:{port}\n" in told
    assert "peers      4 (4 by IPv4, 0 by IPv6), 4 of them seed\n" in told
    assert "swarms     2\n" in told and "KiB\n" in told
    assert "refused    0 announces for want of memory, 1 by the lists\n" in told
    assert "whitelist  2 torrents\n" in told


def bad_value(router, lines):
    router.config(*lines, "option memory 'much'")
    return ""


def test_a_reload_moves_to_another_port_without_losing_a_peer(live):
    first, second = free_port(), free_port()
    done(live, "start", f"option port '{first}'")
    live.procd.wait_for_log("serving")
    pid = live.procd.pid
    wire.announce(("127.0.0.1", first), bytes.fromhex(HASH), 1001)
    done(live, "reload", f"option port '{second}'")
    live.procd.wait_for_log(f"serving udp://127.0.0.1:{second}")
    found = wire.peers(wire.announce(("127.0.0.1", second), bytes.fromhex(HASH), 1002))
    assert ("127.0.0.1", 1001) in found
    assert live.procd.pid == pid


def test_a_change_that_needs_a_restart_keeps_the_peers(live):
    port = free_port()
    done(live, "start", f"option port '{port}'", "option memory '1000'")
    live.procd.wait_for_log("serving")
    address = ("127.0.0.1", port)
    wire.announce(address, bytes.fromhex(HASH), 1001)
    pid = live.procd.pid
    done(live, "reload", f"option port '{port}'", "option memory '2000'")
    assert live.procd.pid != pid
    live.procd.wait_for_log("2000 KiB for peers")
    live.procd.wait_for_log("1 peer")
    found = wire.peers(wire.announce(address, bytes.fromhex(HASH), 1002))
    assert ("127.0.0.1", 1001) in found
    done(live, "stop")
    assert not live.procd.alive


def test_an_occupied_port_is_told(live, launch, runtime):
    other = launch(runtime)
    router_port = free_port()
    done(live, "start", f"option port '{router_port}'")
    live.procd.wait_for_log("serving")
    done(live, "reload", f"option port '{other.port}'")
    live.procd.wait_for_log("Address already in use; it goes on listening where it did")
    assert live.procd.alive
    reply = wire.announce(("127.0.0.1", router_port), bytes.fromhex(HASH), 1001)
    assert b"failure reason" not in reply


# The script itself


def test_it_uses_only_what_openwrt_s_shell_has():
    text = INIT_SCRIPT.read_text()
    assert text.startswith("#!/bin/sh /etc/rc.common\n")
    assert INIT_SCRIPT.stat().st_mode & 0o777 == 0o755
    for word in ("[[", "function ", "<<<", "<(", "${!", "+=", "sleep", "readlink", "&>"):
        assert word not in text


def test_the_shipped_configuration_is_what_the_script_makes_of_the_table():
    made = subprocess.run(
        [sys.executable, TOP / "scripts/sample", "--uci"], capture_output=True, check=True
    )
    assert CONFIG.read_bytes() == made.stdout, "scripts/sample --uci > files/etc/config/opentracker"
