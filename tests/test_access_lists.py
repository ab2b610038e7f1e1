"""Whitelists and blacklists (rows A1 to A4): files, SIGHUP, named pipes, and what leaves."""

import os
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from support.c_tracker import VERSIONS, CTracker
from support.tracker import reload
from support.wire import (
    Announced,
    Failed,
    UdpClient,
    announce,
    announce_body,
    get,
    peers,
    query,
    scrape,
)

TEXT = b"Requested download is not authorized for use with this tracker."
REFUSED = {b"failure reason": TEXT}
HASHES = [bytes([number]) * 20 for number in range(0x31, 0x3A)]
ONE, OTHER, THIRD = HASHES[:3]


@pytest.fixture
def folder():
    """A directory in which everybody may write, as the tracker leaves root."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


def write(path, *lines, end="\n"):
    """Write info_hashes and lines of text to a file that everybody may read."""
    texts = [line.hex() if isinstance(line, bytes) else line for line in lines]
    path.write_text("\n".join(texts) + end)
    path.chmod(0o644)
    return path


def allowed(tracker, info_hash, **fields):
    """Whether an announce is answered; what says no has to be the reply that clients know."""
    reply = announce(tracker, info_hash, 1, **fields)
    assert reply == REFUSED or b"peers" in reply, reply
    return reply != REFUSED


def allowed_by_udp(client, info_hash):
    reply = client.announce(info_hash, 2)
    if isinstance(reply, Failed):
        assert reply.message == TEXT
    return isinstance(reply, Announced)


def wait_until(condition, tracker):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, tracker.log()
        time.sleep(0.02)


# A1: whitelist


def test_A1_a_whitelist_serves_what_it_holds_and_nothing_else(start, folder):
    tracker = start("-w", write(folder / "white", ONE, OTHER))
    with UdpClient(tracker) as client:
        for info_hash in HASHES:
            wanted = info_hash in (ONE, OTHER)
            assert allowed(tracker, info_hash) == wanted
            assert allowed(tracker, info_hash, event="completed") == wanted
            assert allowed_by_udp(client, info_hash) == wanted
        assert client.scrape(*HASHES[:3]).counts == [(2, 1, 0), (2, 1, 0), (0, 0, 0)]
    assert set(scrape(tracker, *HASHES)) == {ONE, OTHER}
    assert peers(announce(tracker, ONE, 3)) == [("127.0.0.1", port) for port in (1, 2, 3)]


def test_A1_a_refusal_is_to_the_byte_what_clients_know(start, folder):
    tracker = start("-w", write(folder / "white", ONE))
    path = b"/announce?" + query([("info_hash", OTHER), ("port", 1), ("left", 0), ("compact", 1)])
    status, _, body = get(tracker, path)
    assert (status, body) == (200, b"d14:failure reason63:" + TEXT + b"e")
    with UdpClient(tracker) as client:
        client.connect()
        head = client.connection_id + b"\0\0\0\1tran"
        reply = client.exchange(head + announce_body(OTHER, 1))
        assert reply == b"\0\0\0\3tran" + TEXT


def test_A1_a_stop_always_passes(start, folder):
    tracker = start("-w", write(folder / "white", ONE))
    for info_hash in (ONE, OTHER):
        assert allowed(tracker, info_hash, event="stopped")
        with UdpClient(tracker) as client:
            assert isinstance(client.announce(info_hash, 1, event="stopped"), Announced)


def test_A1_one_hash_without_an_end_of_line_is_a_list(start, folder):
    tracker = start("-w", write(folder / "white", ONE, end=""))
    assert allowed(tracker, ONE)
    assert not allowed(tracker, OTHER)
    assert "access.whitelist: 1 info_hash in " in tracker.log()


def test_A1_comments_blank_lines_and_windows_files_are_understood(start, folder):
    content = "\ufeff" + "\r\n".join(
        ["# ours", "", "  # indented", ONE.hex().upper() + "  # one", "", OTHER.hex(), "   "]
    )
    (folder / "white").write_bytes(content.encode())
    tracker = start("-w", folder / "white")
    assert allowed(tracker, ONE)
    assert allowed(tracker, OTHER)
    assert not allowed(tracker, THIRD)
    assert "ignored" not in tracker.log()


ODD_LINES = [
    HASHES[0].hex() + " a comment",
    HASHES[1].hex() + "\r",
    HASHES[2].hex() + "\tand a column",
    HASHES[3].hex() + "0",
    " " + HASHES[4].hex(),
    HASHES[5].hex()[:39],
    HASHES[6].hex()[:39] + "g",
    "#" + HASHES[7].hex(),
    HASHES[8].hex() + "g",
    "",
    "x" * 5000,
    (b"\xab" * 20).hex().upper(),
    (b"\xcd" * 20).hex().replace("c", "C"),
    (b"\xef" * 20).hex() + "# a comment",
    (b"\x10" * 20).hex() + HASHES[0].hex(),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_A1_odd_lines_mean_what_they_mean_to_the_c_tracker(start, folder, version):
    asked = HASHES + [b"\xab" * 20, b"\xcd" * 20, b"\xef" * 20, b"\x10" * 20, b"\x73" * 20]
    first, last = b"\x71" * 20, b"\x72" * 20
    ours = start("-w", write(folder / "white", first, *ODD_LINES, last))
    # It may crash when it is to read its list again before it has read it once.
    with CTracker(version, [first, b"\x74" * 20], "http://tracker.example/") as c_tracker:
        theirs = ("127.0.0.1", c_tracker.port)
        wait_until(lambda: allowed_by_c(theirs, first), c_tracker)
        write(c_tracker.whitelist, first, *ODD_LINES, last)
        c_tracker.send_signal(signal.SIGHUP)
        wait_until(lambda: allowed_by_c(theirs, last), c_tracker)
        decisions = [allowed_by_c(theirs, info_hash) for info_hash in asked]
    assert [allowed(ours, info_hash) for info_hash in asked] == decisions
    assert True in decisions
    assert False in decisions


def allowed_by_c(target, info_hash):
    return announce(target, info_hash, 1) != REFUSED


@pytest.mark.parametrize("missing", ["absent", "directory", "pipe", "empty", "junk"])
def test_A1_without_a_list_that_can_be_read_nothing_is_served(start, folder, missing):
    path = folder / "white"
    reason = spoil(path, missing)
    tracker = start("-w", path)
    for info_hash in HASHES:
        assert not allowed(tracker, info_hash)
    tracker.wait_for_log("access.whitelist: .*%s.*; no torrent is allowed; .*SIGHUP" % reason)
    remove(path)
    write(path, ONE)
    reload(tracker, "1 info_hash in ")
    assert allowed(tracker, ONE)
    assert not allowed(tracker, OTHER)


def spoil(path, how):
    """Put something at `path` that is no list; returns what the log has to say of it."""
    if how == "directory":
        path.mkdir()
    elif how == "pipe":
        os.mkfifo(path)
    elif how in ("empty", "junk"):
        path.write_text({"empty": "\n", "junk": "x\ny\n# z\n\nz\n"}[how])
        path.chmod(0o644)
        ignored = r", 3 lines ignored \(the first is line 1\)" if how == "junk" else ""
        return "no info_hash in %s%s" % (path, ignored)
    reasons = {"absent": "No such file", "directory": "not a regular", "pipe": "not a regular"}
    return "cannot read %s: .*%s" % (path, reasons[how])


def remove(path):
    if path.is_dir():
        path.rmdir()
    elif path.exists():
        path.unlink()


@pytest.mark.parametrize("keyword", ["tracker.rootdir", None])
def test_A1_paths_are_relative_to_the_root_directory_or_to_the_start(start, folder, keyword):
    """As root the directory is all that the tracker sees when it reads the list."""
    write(folder / "white", ONE)
    config = folder / "config"
    config.write_text("access.whitelist white\n" + (f"{keyword} {folder}\n" if keyword else ""))
    tracker = start("-f", config, cwd="/" if keyword else folder)
    assert allowed(tracker, ONE)
    assert not allowed(tracker, OTHER)


# A2: blacklist


def test_A2_a_blacklist_refuses_what_it_holds_and_nothing_else(start, folder):
    tracker = start("-b", write(folder / "black", ONE, OTHER))
    with UdpClient(tracker) as client:
        for info_hash in HASHES:
            wanted = info_hash not in (ONE, OTHER)
            assert allowed(tracker, info_hash) == wanted
            assert allowed_by_udp(client, info_hash) == wanted
            assert isinstance(client.announce(info_hash, 9, event="stopped"), Announced)
    assert set(scrape(tracker, *HASHES)) == set(HASHES) - {ONE, OTHER}


def test_A2_of_both_lists_the_blacklist_wins(start, folder):
    white, black = write(folder / "white", ONE, OTHER), write(folder / "black", OTHER, THIRD)
    tracker = start("-w", white, "-b", black)
    with UdpClient(tracker) as client:
        for info_hash in HASHES:
            assert allowed(tracker, info_hash) == (info_hash == ONE)
            assert allowed_by_udp(client, info_hash) == (info_hash == ONE)


@pytest.mark.parametrize("missing", ["absent", "directory", "junk"])
def test_A2_without_a_list_that_can_be_read_nothing_is_refused(start, folder, missing):
    path = folder / "black"
    reason = spoil(path, missing)
    tracker = start("-b", path)
    assert allowed(tracker, ONE)
    tracker.wait_for_log("access.blacklist: .*%s.*; no torrent is denied; .*SIGHUP" % reason)
    remove(path)
    write(path, ONE)
    reload(tracker, "1 info_hash in ")
    assert not allowed(tracker, ONE)
    assert scrape(tracker, ONE) == {}


# A3: SIGHUP


def test_A3_what_a_new_list_denies_leaves_with_its_peers(start, folder):
    path = write(folder / "white", *HASHES)
    tracker = start("-w", path)
    with UdpClient(tracker) as client:
        for info_hash in HASHES:
            assert allowed(tracker, info_hash)
            assert allowed_by_udp(client, info_hash)
        write(path, OTHER)
        reload(tracker, "1 info_hash in ")
        assert scrape(tracker, *HASHES) == {
            OTHER: {b"complete": 2, b"downloaded": 0, b"incomplete": 0}
        }
        assert client.scrape(ONE, OTHER).counts == [(0, 0, 0), (2, 0, 0)]
        for info_hash in HASHES:
            assert allowed(tracker, info_hash) == (info_hash == OTHER)
            assert allowed_by_udp(client, info_hash) == (info_hash == OTHER)
        write(path, ONE)
        reload(tracker, "1 info_hash in ")
        assert peers(announce(tracker, ONE, 7)) == [("127.0.0.1", 7)], "nobody came back"


def test_A3_what_a_new_blacklist_holds_leaves_too(start, folder):
    path = write(folder / "black", THIRD)
    tracker = start("-b", path)
    assert allowed(tracker, ONE)
    assert allowed(tracker, OTHER)
    write(path, ONE)
    reload(tracker, "1 info_hash in ")
    assert set(scrape(tracker, ONE, OTHER)) == {OTHER}
    assert not allowed(tracker, ONE)
    assert allowed(tracker, THIRD)


@pytest.mark.parametrize("missing", ["absent", "directory", "pipe", "empty", "junk"])
def test_A3_the_old_list_stays_if_the_new_one_is_none(start, folder, missing):
    path = write(folder / "white", ONE, OTHER)
    tracker = start("-w", path)
    assert allowed(tracker, ONE)
    remove(path)
    reason = spoil(path, missing)
    reload(tracker, "access.whitelist: %s.*; the old list of 2 stays\n" % reason)
    assert allowed(tracker, OTHER)
    assert not allowed(tracker, THIRD)
    assert scrape(tracker, ONE)[ONE][b"complete"] == 1


@pytest.mark.parametrize("switch", ["-w", "-b"])
def test_A3_a_list_of_comments_alone_is_meant_to_be_empty(start, folder, switch):
    path = write(folder / "list", ONE)
    tracker = start(switch, path)
    assert allowed(tracker, ONE) == (switch == "-w")
    write(path, "# nothing at the moment")
    reload(tracker, "an empty list in %s\n" % path)
    for info_hash in HASHES:
        assert allowed(tracker, info_hash) == (switch == "-b")
    assert (ONE in scrape(tracker, ONE)) == (switch == "-b")
    write(path, "# nothing at the moment", OTHER)
    reload(tracker, "1 info_hash in ")
    assert allowed(tracker, OTHER) == (switch == "-w")


def test_A3_the_log_says_how_many_lines_were_ignored(start, folder):
    path = write(folder / "white", ONE)
    tracker = start("-w", path)
    write(path, "# two", ONE, "", " " + OTHER.hex(), THIRD.hex()[:-1], OTHER)
    reload(tracker, r"whitelist: 2 info_hashes in .*, 2 lines ignored \(the first is line 4\)")
    write(path, ONE, "1234")
    reload(tracker, r"whitelist: 1 info_hash in .*, 1 line ignored \(line 2\)")


def test_A3_a_large_list_is_read_while_announces_go_on(start, folder):
    path = folder / "white"
    many = [b"%020d" % (number * 7919) for number in range(30000)]
    write(path, ONE, *many)
    tracker = start("-w", path)
    assert allowed(tracker, many[-1])
    write(path, ONE, *many[10000:], *many[10000:])
    known = len(tracker.log())
    tracker.send_signal(signal.SIGHUP)
    with UdpClient(tracker) as client:
        while "20001 info_hashes in" not in tracker.log()[known:]:
            assert allowed_by_udp(client, ONE)
    for info_hash in many[10000::997]:
        assert allowed(tracker, info_hash)
    for info_hash in many[:10000:997]:
        assert not allowed(tracker, info_hash)


def test_A3_many_signals_at_once_are_no_trouble(start, folder):
    path = write(folder / "white", *HASHES)
    tracker = start("-w", path)
    write(path, ONE)
    for _ in range(50):
        tracker.send_signal(signal.SIGHUP)
    tracker.wait_for_log("1 info_hash in ")
    assert allowed(tracker, ONE)
    assert not allowed(tracker, OTHER)


def test_A3_lists_come_and_go_with_the_configuration(start, folder):
    config = write(folder / "config", "# nothing")
    white, black = write(folder / "white", ONE, OTHER), write(folder / "black", OTHER)
    tracker = start("-f", config)
    assert [allowed(tracker, info_hash) for info_hash in (ONE, OTHER, THIRD)] == [True] * 3
    for lines, wanted in (
        ([f"access.whitelist {white}"], [True, True, False]),
        ([f"access.whitelist {white}", f"access.blacklist {black}"], [True, False, False]),
        ([f"access.blacklist {black}"], [True, False, True]),
        ([f"access.blacklist {folder}/absent"], [True, False, True]),
        ([], [True] * 3),
        ([f"access.whitelist {folder}/absent"], [True] * 3),
    ):
        write(config, *lines)
        reload(tracker, "access.*stays|there still is no|changed.*access.*(\n.*)*in |changed")
        wait_until(
            lambda wanted=wanted: (
                [allowed(tracker, info_hash) for info_hash in (ONE, OTHER, THIRD)] == wanted
            ),
            tracker,
        )
    assert "access.blacklist: cannot read " in tracker.log()
    assert "; the old list of 1 stays" in tracker.log()
    assert "; there still is no whitelist" in tracker.log()


def test_A3_a_first_list_that_can_not_be_read_changes_nothing(start, folder):
    config = write(folder / "config", "# nothing")
    tracker = start("-f", config)
    assert allowed(tracker, ONE)
    write(config, f"access.whitelist {folder}/absent")
    reload(tracker, "access.whitelist: cannot read .*; there still is no whitelist")
    assert ONE in scrape(tracker, ONE)
    assert allowed(tracker, OTHER)


@pytest.mark.requires_root
def test_A3_the_list_is_read_again_where_the_configuration_can_not_be(start, folder):
    """Confined to a directory, with its configuration outside, as the C tracker often is."""
    inner = folder / "inner"
    inner.mkdir()
    path = write(inner / "white", ONE)
    write(folder / "config", f"tracker.rootdir {inner}", "access.whitelist white")
    tracker = start("-f", folder / "config")
    assert allowed(tracker, ONE)
    write(path, OTHER)
    reload(
        tracker,
        "cannot read .*config(.*\n)+.*within tracker.rootdir\n(.*\n)*.*1 info_hash in white",
    )
    assert allowed(tracker, OTHER)
    assert scrape(tracker, ONE) == {}


# A4: named pipes


def tell(pipe, *lines):
    """What an operator does: echo LINE > PIPE."""
    for line in lines:
        text = line.hex() if isinstance(line, bytes) else line
        subprocess.run(["sh", "-c", 'echo "$1" > "$2"', "sh", text, pipe], check=True, timeout=10)


@pytest.fixture
def with_pipes(start, folder):
    """with_pipes(option, file) starts a tracker with both pipes; returns (tracker, add, delete)."""

    def start_one(*options):
        config = write(folder / "config", "access.fifo_add add", "access.fifo_delete delete")
        tracker = start("-f", config, *options, cwd=folder)
        for name in ("add", "delete"):
            wait_until((folder / name).is_fifo, tracker)
        return tracker, folder / "add", folder / "delete"

    return start_one


def test_A4_pipes_add_to_a_whitelist_and_take_off_it(with_pipes, folder):
    tracker, add, delete = with_pipes("-w", write(folder / "white", ONE, OTHER))
    assert allowed(tracker, ONE)
    assert not allowed(tracker, THIRD)
    tell(add, THIRD)
    wait_until(lambda: allowed(tracker, THIRD), tracker)
    tell(delete, ONE)
    wait_until(lambda: not allowed(tracker, ONE), tracker)
    assert set(scrape(tracker, ONE, OTHER, THIRD)) == {THIRD}, "peers leave at once"
    tell(delete, THIRD)
    wait_until(lambda: not allowed(tracker, THIRD), tracker)
    tell(add, ONE)
    wait_until(lambda: allowed(tracker, ONE), tracker)
    assert allowed(tracker, OTHER)


def test_A4_pipes_add_to_a_blacklist_and_take_off_it(with_pipes, folder):
    tracker, add, delete = with_pipes("-b", write(folder / "black", ONE))
    assert allowed(tracker, OTHER)
    assert not allowed(tracker, ONE)
    tell(add, OTHER)
    wait_until(lambda: not allowed(tracker, OTHER), tracker)
    assert scrape(tracker, OTHER) == {}
    tell(delete, ONE)
    wait_until(lambda: allowed(tracker, ONE), tracker)


def test_A4_of_two_lists_the_whitelist_is_changed(with_pipes, folder):
    white, black = write(folder / "white", ONE), write(folder / "black", OTHER)
    tracker, add, _ = with_pipes("-w", white, "-b", black)
    tell(add, OTHER, THIRD)
    wait_until(lambda: allowed(tracker, THIRD), tracker)
    assert not allowed(tracker, OTHER)


def test_A4_sighup_forgets_what_came_by_pipes(with_pipes, folder):
    tracker, add, delete = with_pipes("-w", write(folder / "white", ONE))
    tell(add, OTHER)
    tell(delete, ONE)
    wait_until(lambda: allowed(tracker, OTHER) and not allowed(tracker, ONE), tracker)
    reload(tracker, "1 info_hash in ")
    assert allowed(tracker, ONE)
    assert not allowed(tracker, OTHER)
    assert scrape(tracker, OTHER) == {}


def test_A4_a_file_that_is_gone_forgets_nothing(with_pipes, folder):
    path = write(folder / "white", ONE)
    tracker, add, _ = with_pipes("-w", path)
    tell(add, OTHER)
    wait_until(lambda: allowed(tracker, OTHER), tracker)
    path.unlink()
    reload(tracker, "the old list of 2 stays")
    assert allowed(tracker, OTHER)


def test_A4_lines_are_those_of_the_file(with_pipes, folder):
    tracker, add, _ = with_pipes("-w", write(folder / "white", ONE))
    tell(add, "# nothing", "", " " + THIRD.hex(), HASHES[3].hex() + "0", "junk")
    tell(add, OTHER.hex().upper() + " a comment")
    wait_until(lambda: allowed(tracker, OTHER), tracker)
    assert not allowed(tracker, THIRD)
    assert not allowed(tracker, HASHES[3])
    tracker.wait_for_log("access.fifo_add: .*ignored")


def test_A4_a_line_may_come_in_parts(with_pipes, folder):
    tracker, add, _ = with_pipes("-w", write(folder / "white", ONE))
    with open(add, "w") as pipe:
        pipe.write(OTHER.hex()[:7])
        pipe.flush()
        tell(add, OTHER.hex()[7:])
        wait_until(lambda: allowed(tracker, OTHER), tracker)
        pipe.write(THIRD.hex() + "\n" + "x" * 20000)
        pipe.flush()
        wait_until(lambda: allowed(tracker, THIRD), tracker)
        pipe.write("\n" + HASHES[3].hex() + "\n")
    wait_until(lambda: allowed(tracker, HASHES[3]), tracker)


def test_A4_there_is_no_limit_to_changes(with_pipes, folder):
    tracker, add, delete = with_pipes("-w", write(folder / "white", ONE))
    many = [b"%020d" % (number * 7919) for number in range(3000)]
    add.write_text("".join(info_hash.hex() + "\n" for info_hash in many))
    wait_until(lambda: allowed(tracker, many[-1]), tracker)
    delete.write_text("".join(info_hash.hex() + "\n" for info_hash in many[1000:]))
    wait_until(lambda: not allowed(tracker, many[-1]), tracker)
    for info_hash in many[::199]:
        assert allowed(tracker, info_hash) == (info_hash in many[:1000])
    assert allowed(tracker, ONE)


def test_A4_pipes_are_made_and_those_that_are_there_are_used(with_pipes, folder):
    os.mkfifo(folder / "delete")
    (folder / "delete").chmod(0o666)
    tracker, add, delete = with_pipes("-w", write(folder / "white", ONE))
    assert stat.S_IMODE(add.stat().st_mode) & ~0o755 == 0
    assert stat.S_IMODE(delete.stat().st_mode) == 0o666
    tell(delete, ONE)
    wait_until(lambda: not allowed(tracker, ONE), tracker)


@pytest.mark.requires_root
def test_A4_pipes_are_made_within_the_root_directory(with_pipes, folder):
    write(folder / "white", ONE)
    tracker, add, delete = with_pipes("-w", "white", "-d", folder)
    assert add.stat().st_uid == delete.stat().st_uid != 0
    tell(add, OTHER)
    tell(delete, ONE)
    wait_until(lambda: allowed(tracker, OTHER) and not allowed(tracker, ONE), tracker)


@pytest.mark.parametrize("obstacle", ["file", "directory", "no directory"])
def test_A4_what_is_no_pipe_is_left_alone(start, folder, obstacle):
    path = folder / "add"
    message = "is not a named pipe"
    if obstacle == "file":
        path.write_text("precious\n")
        path.chmod(0o666)
    elif obstacle == "directory":
        path.mkdir()
        path.chmod(0o777)
    else:
        path = folder / "absent" / "add"
        message = "No such file or directory"
    config = write(folder / "config", f"access.fifo_add {path}", "access.fifo_delete delete")
    tracker = start("-f", config, "-w", write(folder / "white", ONE), cwd=folder)
    tracker.wait_for_log(f"access.fifo_add: {path}: {message}; going on without")
    assert tracker.log().count("fifo") == 1
    assert allowed(tracker, ONE)
    tell(folder / "delete", ONE)
    wait_until(lambda: not allowed(tracker, ONE), tracker)
    if obstacle == "file":
        assert path.read_text() == "precious\n"
