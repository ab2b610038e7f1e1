"""What outlives a restart (row D2): the state file, and statedumps that -l loads."""

import gzip
import os
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from support.c_tracker import VERSIONS, CTracker
from support.runtimes import RUNTIMES
from support.state import make_older, read_state, state_of_many
from support.tracker import free_port
from support.wire import UdpClient, announce, get, peers, scrape, unchunked

HASHES = [bytes([number]) * 20 for number in range(0x31, 0x3A)]
ONE, OTHER, THIRD = HASHES[:3]


@pytest.fixture
def folder():
    """A directory in which everybody may write, as the tracker leaves root."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


@pytest.fixture
def run(launch, runtime, folder):
    """run(...) starts a tracker of both families that keeps its state in `folder`."""
    return runner(launch, runtime, folder)


def runner(launch, runtime, folder):
    port = free_port("::")

    def run(*lines, on=runtime):
        config = folder / "config"
        config.write_text("\n".join([f"tracker.state_file {folder}/state", *lines]) + "\n")
        config.chmod(0o644)
        return launch(on, "-f", config, "-i", "::", "-p", port, "-P", port)

    return run


def v4(tracker, source="127.0.0.1"):
    return source, tracker.port


def v6(tracker):
    return "::1", tracker.port


def stop(tracker, number=signal.SIGTERM):
    assert tracker.stop(number) == 0, tracker.log()


def fill(tracker):
    """Two swarms of peers of both protocols and families, and one that has been left."""
    announce(v4(tracker), ONE, 1001, left=1)
    announce(v4(tracker), ONE, 1002, event="completed")
    announce(v6(tracker), ONE, 1003, event="completed")
    announce(v6(tracker), ONE, 1004, left=1)
    with UdpClient(v4(tracker)) as client, UdpClient(v6(tracker)) as client_v6:
        client.announce(ONE, 1005, left=1)
        client_v6.announce(OTHER, 1006, event="completed")
        client.announce(THIRD, 1007, event="completed")
        client.announce(THIRD, 1007, event="stopped")


KEPT = {
    ONE: {b"complete": 2, b"downloaded": 2, b"incomplete": 3},
    OTHER: {b"complete": 1, b"downloaded": 1, b"incomplete": 0},
    THIRD: {b"complete": 0, b"downloaded": 1, b"incomplete": 0},
}
PEERS_OF_ONE = [
    ("127.0.0.1", 1001),
    ("127.0.0.1", 1002),
    ("127.0.0.1", 1005),
    ("::1", 1003),
    ("::1", 1004),
]


def assert_all_is_there(tracker):
    assert scrape(v4(tracker), ONE, OTHER, THIRD) == KEPT
    with UdpClient(v4(tracker)) as client, UdpClient(v6(tracker)) as client_v6:
        assert client.scrape(ONE, OTHER, THIRD).counts == [(2, 2, 3), (1, 1, 0), (0, 1, 0)]
        assert sorted(client.announce(ONE, 1001, left=1).peers) == PEERS_OF_ONE[:3]
        assert sorted(client_v6.announce(ONE, 1004, left=1).peers) == PEERS_OF_ONE[3:]
    assert peers(announce(v4(tracker), ONE, 1001, left=1)) == PEERS_OF_ONE


# Restarts


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_D2_swarms_and_peers_outlive_a_restart(run, folder, number):
    tracker = run()
    fill(tracker)
    stop(tracker, number)
    assert f"saved 3 swarms and 6 peers to {folder}/state\n" in tracker.log()
    assert sorted(path.name for path in folder.iterdir()) == ["config", "state"]
    assert stat.S_IMODE((folder / "state").stat().st_mode) == 0o600
    written, swarms = read_state(folder / "state")
    assert abs(time.time() - written) < 3600
    assert swarms[ONE][-1][b"\x7f\0\0\1\x03\xea"] == (True, True, 0)
    assert swarms[OTHER][-1] == {bytes(15) + b"\1\x03\xee": (True, True, 0)}
    for _ in range(2):
        tracker = run()
        tracker.wait_for_log(r"restored from .*, 0 minutes old: 3 swarms and 6 peers\n")
        assert_all_is_there(tracker)
        # Whose download has been counted is not counted again; everybody else is.
        announce(v4(tracker), ONE, 1002, event="completed")
        announce(v6(tracker), ONE, 1003, event="completed")
        assert_all_is_there(tracker)
        stop(tracker)
    tracker = run()
    announce(v4(tracker), ONE, 1001, event="completed")
    assert scrape(v4(tracker), ONE)[ONE] == {
        b"complete": 3,
        b"downloaded": 3,
        b"incomplete": 2,
    }


def test_D2_what_is_saved_at_a_reload_outlives_a_crash(run, folder):
    tracker = run()
    fill(tracker)
    tracker.send_signal(signal.SIGHUP)
    tracker.wait_for_log("saved 3 swarms and 6 peers")
    announce(v4(tracker), ONE, 1099)
    assert tracker.running
    tracker.kill()
    tracker = run()
    assert_all_is_there(tracker)


FOREIGN = "micropython-s390x", "micropython-armhf", "cpython-3.9"


@pytest.mark.parametrize(
    ("writer", "reader"),
    [RUNTIMES, RUNTIMES[::-1]]
    + [pair for on in FOREIGN for pair in ((on, RUNTIMES[1]), (RUNTIMES[1], on))],
)
def test_D2_another_runtime_reads_what_one_has_saved(launch, folder, writer, reader):
    run = runner(launch, writer, folder)
    tracker = run(on=writer)
    fill(tracker)
    stop(tracker)
    tracker = run(on=reader)
    assert_all_is_there(tracker)


def test_D2_peers_grow_older_while_nothing_runs(run, folder):
    tracker = run()
    fill(tracker)
    stop(tracker)
    make_older(folder / "state", 40)
    tracker = run()
    tracker.wait_for_log(r", 40 minutes old: 3 swarms and 6 peers\n")
    assert_all_is_there(tracker)  # which renews some
    stop(tracker)
    ages = {peer: age for peer, (_, _, age) in read_state(folder / "state")[1][ONE][-1].items()}
    assert [ages[b"\x7f\0\0\1" + port] for port in (b"\x03\xe9", b"\x03\xea")] == [0, 40]
    make_older(folder / "state", 5)
    tracker = run()
    tracker.wait_for_log(r", 5 minutes old: 3 swarms and 2 peers; too old: 0 swarms and 4 peers\n")
    assert scrape(v4(tracker), *HASHES) == {
        ONE: {b"complete": 0, b"downloaded": 2, b"incomplete": 2},
        OTHER: {b"complete": 0, b"downloaded": 1, b"incomplete": 0},
        THIRD: {b"complete": 0, b"downloaded": 1, b"incomplete": 0},
    }


def test_D2_counts_are_kept_for_a_day(run, folder):
    tracker = run()
    fill(tracker)
    stop(tracker)
    make_older(folder / "state", 24 * 60 - 2)
    tracker = run()
    counts = {info_hash: swarm[b"downloaded"] for info_hash, swarm in KEPT.items()}
    found = scrape(v4(tracker), *HASHES)
    assert {info_hash: found[info_hash][b"downloaded"] for info_hash in found} == counts
    assert all(swarm[b"complete"] + swarm[b"incomplete"] == 0 for swarm in found.values())
    stop(tracker)
    make_older(folder / "state", 3)
    tracker = run()
    tracker.wait_for_log(": 0 swarms and 0 peers; too old: 3 swarms\n")
    assert scrape(v4(tracker), *HASHES) == {}


def test_D2_a_clock_that_went_back_is_no_obstacle(run, folder):
    tracker = run()
    fill(tracker)
    stop(tracker)
    make_older(folder / "state", -1000000)
    tracker = run()
    tracker.wait_for_log(", 0 minutes old: 3 swarms and 6 peers")
    assert_all_is_there(tracker)


def test_D2_access_lists_decide_what_comes_back(run, folder):
    tracker = run()
    fill(tracker)
    stop(tracker)
    (folder / "list").write_text(ONE.hex() + "\n" + OTHER.hex() + "\n")
    (folder / "list").chmod(0o644)
    tracker = run(f"access.whitelist {folder}/list")
    tracker.wait_for_log("2 swarms and 6 peers; denied: 1 swarms")
    assert scrape(v4(tracker), ONE, OTHER, THIRD) == {ONE: KEPT[ONE], OTHER: KEPT[OTHER]}
    stop(tracker)
    tracker = run(f"access.blacklist {folder}/list")
    tracker.wait_for_log("0 swarms and 0 peers; denied: 2 swarms")


def test_D2_a_smaller_memory_takes_what_fits(run, folder):
    (folder / "state").write_bytes(state_of_many(20000, int(time.time())))
    (folder / "state").chmod(0o666)
    tracker = run("tracker.memory 256")
    found = tracker.wait_for_log(r"old: (\d+) swarms and (\d+) peers; without room: (\d+) swarms")
    assert 1000 < int(found[1]) < 20000 and int(found[1]) + int(found[3]) == 20000
    stop(tracker)
    assert len(read_state(folder / "state")[1]) == int(found[1])


def test_D2_a_relative_name_is_within_the_root_directory(launch, runtime, folder):
    port = free_port()
    config = folder / "config"
    config.write_text("tracker.state_file kept/state\ntracker.load_file dump\n")
    config.chmod(0o644)
    (folder / "kept").mkdir()
    (folder / "kept").chmod(0o777)
    (folder / "dump").write_text(THIRD.hex() + ":99999999:5\n")
    (folder / "dump").chmod(0o644)
    for _ in range(2):
        options = ("-f", config, "-d", folder, "-i", "127.0.0.1", "-p", port, "-P", port)
        tracker = launch(runtime, *options, port=port)
        tracker.wait_for_log("loaded from the statedump dump: 1 torrents\n")
        announce(tracker, ONE, 1)
        stop(tracker)
        assert set(read_state(folder / "kept" / "state")[1]) == {ONE, THIRD}
    assert "restored from kept/state, 0 minutes old: 2 swarms and 1 peers\n" in tracker.log()


# What goes wrong


def busy_tracker(run, folder):
    """A tracker with so much to save that it takes many turns of its loop."""
    (folder / "state").write_bytes(state_of_many(30000, int(time.time())))
    (folder / "state").chmod(0o666)
    tracker = run("tracker.memory 16384")
    tracker.wait_for_log("restored from .* 30000 swarms and 30000 peers", deadline=60)
    return tracker


def save_until(tracker, folder, caught):
    """Have a tracker save, until caught() in the midst of it; the first time should do."""
    new = folder / "state.new"
    for saves in range(1, 21):
        tracker.send_signal(signal.SIGHUP)
        while tracker.log().count("saved 3000") < saves:
            if new.exists() and caught() and new.exists():
                return
            assert tracker.running
    raise AssertionError("never found in the midst of a save")


def stopped(tracker):
    """Has it stop where it is (SIGSTOP)."""
    tracker.send_signal(signal.SIGSTOP)
    while "State:\tT" not in Path(f"/proc/{tracker.pid}/status").read_text():
        pass
    return True


def stopped_or_not(tracker, folder):
    """Whether it has been stopped in the midst of a save; if not, it goes on."""
    if stopped(tracker) and (folder / "state.new").exists():
        return True
    tracker.send_signal(signal.SIGCONT)
    return False


def test_D2_killed_while_it_saves_it_leaves_the_old_file(run, folder):
    tracker = busy_tracker(run, folder)
    save_until(tracker, folder, lambda: stopped_or_not(tracker, folder))
    before = (folder / "state").read_bytes()
    tracker.kill()
    assert (folder / "state.new").exists()
    assert (folder / "state").read_bytes() == before
    tracker = run("tracker.memory 16384")
    tracker.wait_for_log("restored from .* 30000 swarms and 30000 peers", deadline=60)
    stop(tracker)
    assert len(read_state(folder / "state")[1]) == 30000
    assert not (folder / "state.new").exists()


def test_D2_told_to_end_while_it_saves_it_saves_the_end(run, folder):
    tracker = busy_tracker(run, folder)
    save_until(tracker, folder, lambda: stopped_or_not(tracker, folder))
    tracker.send_signal(signal.SIGTERM)
    tracker.send_signal(signal.SIGCONT)
    assert tracker.wait() == 0
    assert tracker.log().endswith(f"saved 30000 swarms and 30000 peers to {folder}/state\n")
    assert len(read_state(folder / "state")[1]) == 30000
    assert not (folder / "state.new").exists()


def test_D2_it_serves_while_it_saves(run, folder):
    tracker = busy_tracker(run, folder)
    with UdpClient(v4(tracker)) as client:
        client.announce(ONE, 1)
        save_until(tracker, folder, lambda: client.announce(ONE, 1).seeders == 1)


@pytest.mark.parametrize("size", [0, 1, 17, 18, 40, 60, 100, 150, -33, -32, -1])
def test_D2_a_file_that_is_cut_off_is_refused_as_a_whole(run, folder, size):
    tracker = run()
    fill(tracker)
    stop(tracker)
    whole = (folder / "state").read_bytes()
    size = size if size >= 0 else len(whole) + size
    assert_refused(run, folder, whole[:size], f"it is cut off after {size} bytes")


@pytest.mark.parametrize("place", [0, 9, 17, 18, 30, 39, 47, 49, 100, 160, 200, -33, -32, -1])
def test_D2_a_file_that_has_changed_is_refused_as_a_whole(run, folder, place):
    tracker = run()
    fill(tracker)
    stop(tracker)
    changed = bytearray((folder / "state").read_bytes())
    changed[place] ^= 0x11
    assert_refused(run, folder, bytes(changed), "it ")


@pytest.mark.parametrize(
    "data",
    [b"\0" * 65536, b"#!/bin/sh\nexit 0\n", gzip.compress(b"state")],
    ids=["zeros", "script", "gzip"],
)
def test_D2_a_file_of_something_else_is_refused(run, folder, data):
    assert_refused(run, folder, data, "it is no state file")


def assert_refused(run, folder, data, reason):
    """The file is put aside, the tracker starts with nothing, and saves again at its end."""
    path = folder / "state"
    path.write_bytes(data)
    path.chmod(0o666)
    tracker = run()
    line = tracker.wait_for_log("cannot load .*")[0]
    assert line.startswith(f"cannot load the state from {path}: {reason}"), line
    assert line.endswith(f"; starting without, it is kept as {path}.damaged"), line
    assert scrape(v4(tracker), *HASHES) == {}
    assert (folder / "state.damaged").read_bytes() == data
    announce(v4(tracker), OTHER, 7)
    stop(tracker)
    assert set(read_state(path)[1]) == {OTHER}
    assert (folder / "state.damaged").read_bytes() == data


def test_D2_what_is_no_file_is_left_alone(run, folder):
    (folder / "state").mkdir()
    tracker = run()
    tracker.wait_for_log(f"cannot load the state from {folder}/state: it is no regular file")
    announce(v4(tracker), ONE, 1)
    stop(tracker)
    assert f"cannot save the state to {folder}/state: Is a directory; what" in tracker.log()
    assert sorted(path.name for path in folder.iterdir()) == ["config", "state"]


def test_D2_a_first_start_and_a_directory_that_is_read_only(run, folder):
    tracker = run()
    announce(v4(tracker), ONE, 1)
    folder.chmod(0o555)
    assert "state" not in tracker.log()
    stop(tracker)
    assert tracker.log().endswith(
        f"cannot save the state to {folder}/state: Permission denied; what was saved before stays\n"
    )
    tracker = run()
    tracker.wait_for_log(f"the state will not be saved to {folder}/state: Permission denied\n")
    folder.chmod(0o777)


@pytest.mark.requires_root
def test_D2_a_disk_that_is_full_keeps_what_it_has(run, folder):
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", str(disk)], check=True
    )
    try:
        tracker = run(f"tracker.state_file {disk}/state")
        fill(tracker)
        tracker.send_signal(signal.SIGHUP)
        tracker.wait_for_log("saved 3 swarms")
        before = (disk / "state").read_bytes()
        with UdpClient(v4(tracker)) as client:
            for number in range(2000):
                client.announce(number.to_bytes(20, "big"), 1, num_want=0)
        stop(tracker)
        assert f"cannot save the state to {disk}/state: No space left on device" in tracker.log()
        assert (disk / "state").read_bytes() == before
        assert [path.name for path in disk.iterdir()] == ["state"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# Statedumps


def downloads(tracker, *info_hashes):
    """{info_hash: downloaded} of what a scrape knows."""
    found = scrape(tracker, *info_hashes)
    return {info_hash: swarm[b"downloaded"] for info_hash, swarm in found.items()}


def dump_of(tracker):
    """The statedump of a tracker, unpacked if it came compressed."""
    status, headers, body = get(tracker, "/stats?mode=statedump")
    assert status == 200
    if headers.get("transfer-encoding") == "chunked":
        body = unchunked(body)
    return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


def write_dump(folder, content):
    path = folder / "dump"
    path.write_bytes(content)
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_D2_a_statedump_of_the_c_tracker_is_loaded(start, folder, version):
    with CTracker(version, HASHES, "http://tracker.example/", "-A", "127.0.0.1") as c_tracker:
        target = ("127.0.0.1", c_tracker.port)
        for number, info_hash in enumerate(HASHES):
            for port in range(1, number + 1):
                announce(target, info_hash, port, event="completed")
            announce(target, info_hash, 1001, left=1)
        expected = downloads(target, *HASHES)
        assert sorted(expected.values()) == list(range(len(HASHES)))
        dump = dump_of(target)
    assert dump.count(b"\n") == len(HASHES)
    path = write_dump(folder, dump)
    del expected[HASHES[0]]  # never downloaded, and nobody is left
    tracker = start("-l", path)
    tracker.wait_for_log(r"loaded from the statedump .*: 8 torrents; too old .*: 1\n")
    assert downloads(tracker, *HASHES) == expected
    assert all(swarm[b"incomplete"] == 0 for swarm in scrape(tracker, *HASHES).values())


def test_D2_our_own_statedump_keeps_every_count(start, folder):
    tracker = start("-A", "127.0.0.1")
    for number, info_hash in enumerate(HASHES):
        for port in range(1, number + 2):
            announce(tracker, info_hash, port, event="completed")
    expected = downloads(tracker, *HASHES)
    assert sorted(expected.values()) == list(range(1, 10))
    dump = dump_of(tracker)
    for _ in range(3):
        stop(tracker)
        tracker = start("-A", "127.0.0.1", "-l", write_dump(folder, dump))
        tracker.wait_for_log("loaded from the statedump .*: 9 torrents\n")
        assert downloads(tracker, *HASHES) == expected
        assert dump_of(tracker) == dump


def test_D2_a_statedump_and_a_state_file_do_not_add_up(run, folder):
    now = int(time.time()) // 60
    dump = write_dump(
        folder, b"".join(b"%s:%d:2\n" % (each.hex().encode(), now) for each in (ONE, THIRD))
    )
    tracker = run()
    fill(tracker)
    stop(tracker)
    for _ in range(2):
        tracker = run(f"tracker.load_file {dump}")
        tracker.wait_for_log("loaded from the statedump .*: 2 torrents\n")
        assert downloads(v4(tracker), *HASHES) == {ONE: 2, OTHER: 1, THIRD: 2}
        assert peers(announce(v4(tracker), ONE, 1001, left=1)) == PEERS_OF_ONE
        stop(tracker)


def test_D2_broken_lines_make_no_torrents(start, folder):
    now = int(time.time()) // 60
    good = b"%s:%d:3 and a comment\r\n" % (ONE.hex().upper().encode(), now)
    bad = (
        OTHER.hex().encode()[:-1] + b"g:%d:1\n" % now,
        OTHER.hex().encode()[:20] + b"\n",
        OTHER.hex().encode() + b":%d\n" % now,
        OTHER.hex().encode() + b":%d:-1\n" % now,
        OTHER.hex().encode() + b"\n",
        b"x" * 100000 + b"\n",
    )
    old = THIRD.hex().encode() + b":%d:9" % (now - 24 * 60 - 2)
    tracker = start("-A", "127.0.0.1", "-l", write_dump(folder, good + b"".join(bad) + good + old))
    tracker.wait_for_log(
        r": 2 torrents; too old or never downloaded: 1; 6 lines ignored, the first is line 2\n"
    )
    assert dump_of(tracker) == ONE.hex().upper().encode() + b":%d:3\n" % now


def test_D2_a_statedump_that_cannot_be_loaded_is_said_once(start, folder):
    path = folder / "dump"
    text = f"cannot load the statedump {path}: %s; going on without\n"
    tracker = start("-l", path)
    tracker.wait_for_log("cannot load")
    assert tracker.log().count(text % "No such file or directory") == 1
    announce(tracker, ONE, 1)
    write_dump(folder, gzip.compress(ONE.hex().encode() + b":99999999:1\n"))
    tracker = start("-l", path)
    tracker.wait_for_log("cannot load")
    assert text % "it is compressed; unpack it with gunzip" in tracker.log()
    assert scrape(tracker, ONE) == {}
