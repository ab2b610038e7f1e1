"""tracker.status_file: figures for pages, kept up while somebody looks."""

import json
import os
import signal
import time

import pytest

from support.wire import announce

HASHES = [bytes((byte,)) * 20 for byte in b"abc"]


@pytest.fixture
def path(public_path):
    """Where the status file goes: a folder that any user may write to."""
    public_path.chmod(0o777)
    (public_path / "status.json.watched").write_text("")
    return public_path / "status.json"


def config(path, tmp_path):
    file = tmp_path / "config"
    file.write_text(f"tracker.status_file {path}\n")
    return file


def look(path, done):
    """What the file says once `done` of it is true, for somebody who looks again and again."""
    watched = str(path) + ".watched"
    deadline = time.monotonic() + 20
    while True:
        os.utime(watched, (0, os.stat(watched).st_mtime + 1))
        try:
            status = json.loads(path.read_text())
            if done(status):
                return status
        except FileNotFoundError:
            status = None
        assert time.monotonic() < deadline, status
        time.sleep(0.1)


def test_it_has_what_a_page_shows(start, runtime, path, tmp_path):
    tracker = start("-f", config(path, tmp_path))
    for number, info_hash in enumerate(HASHES):
        for port in range(number + 1):
            announce(tracker, info_hash, 7000 + port, left=port)
    status = look(path, lambda status: len(status["top"]) == 3)
    assert status["metrics"]["runtime"].lower().startswith(runtime)
    assert status["metrics"]["peers"] == {"ipv4": 6, "ipv6": 0}
    assert status["serving"] == [
        f"{scheme}://127.0.0.1:{tracker.port}/announce" for scheme in ("http", "udp")
    ]
    assert status["top"] == [
        {"info_hash": info_hash.hex(), "seeders": 1, "leechers": leechers, "completed": 0}
        for leechers, info_hash in ((2, HASHES[2]), (1, HASHES[1]), (0, HASHES[0]))
    ]
    status = look(path, lambda status: sum(status["history"]["http"]) == 6)
    assert status["history"]["seconds"] == 2
    assert len(status["history"]["udp"]) == len(status["history"]["http"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert tracker.stop() == 0
    assert not path.exists()


def test_nothing_is_written_while_nobody_looks(start, path, tmp_path):
    tracker = start("-f", config(path, tmp_path))
    announce(tracker, HASHES[0], 7000)
    time.sleep(3)
    assert not path.exists()
    look(path, lambda status: True)
    path.with_name("status.json.watched").unlink()
    path.unlink(missing_ok=True)
    time.sleep(3)
    assert not path.exists()


def test_a_place_that_cannot_be_written_to_is_told_and_the_tracker_serves(
    start, public_path, tmp_path
):
    public_path.chmod(0o777)
    path = public_path / "status.json"
    path.mkdir()
    (public_path / "status.json.watched").write_text("")
    tracker = start("-f", config(path, tmp_path))
    os.utime(public_path / "status.json.watched", (1, 1))
    tracker.wait_for_log("cannot write the status to %s: " % path)
    assert announce(tracker, HASHES[0], 7000)


def test_a_reload_tells_where_it_listens_now(start, path, tmp_path):
    file = config(path, tmp_path)
    tracker = start("-f", file)
    before = look(path, lambda status: True)["serving"]
    file.write_text(file.read_text() + "tracker.family ipv4\ntracker.memory 4096\n")
    tracker.send_signal(signal.SIGHUP)
    assert look(path, lambda status: True)["serving"] == before
