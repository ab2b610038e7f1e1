"""scripts/bench: what its tables make of figures, and that each tracker it can start answers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import types

import pytest

from support.runtimes import SCRIPTS, TOP, need

sys.path.append(str(SCRIPTS / "bench.d"))
import load
import machine
import measures
import report
import summary
import trackers

REFERENCES = ["c2021", "c2024"]


ANSWERED = {"peers_per_reply": 50.0, "errors_percent": 0.0, "lost_percent": 0.0}


def rounds(**keys):
    """{round: figures} of lists with a figure for each round."""
    turns = zip(*keys.values())
    return {turn: {**ANSWERED, **dict(zip(keys, each))} for turn, each in enumerate(turns, 1)}


RESULTS = {
    "c2021": {
        "udp-announce": rounds(rate=[100.0, 400.0, 200.0], cpu_us=[4.0, 2.0, 5.0]),
        "udp-half-load": rounds(p99_ms=[1.0, 5.0, 2.0], max_ms=[9.0, 9.0, 9.0]),
        "size": {1: {"installed_kib": 98.0}},
    },
    "c2024": {
        "udp-announce": rounds(rate=[300.0, 100.0], cpu_us=[1.0, 3.0]),
        "udp-half-load": rounds(p99_ms=[3.0, 1.0, 4.0], max_ms=[8.0, 10.0, 11.0]),
    },
    "micropython": {
        "udp-announce": rounds(
            rate=[150.0, 800.0, 100.0], cpu_us=[2.0, 3.0, 10.0], lost_percent=[0.0, 0.25, 0.0]
        ),
        "udp-half-load": rounds(p99_ms=[1.5, 0.5, 4.0], max_ms=[10.0, 7.0, 9.0]),
        "size": {1: {"installed_kib": 196.0, "package_kib": 109.5}},
    },
    "bittorrent-tracker": {
        "udp-many-swarms": {2: {**ANSWERED, "rate": 1234.0, "cpu_us": 6.0, "of_few": 0.5}}
    },
}


def as_rows(lines):
    return {line[0]: line[1:] for line in lines}


def test_the_better_c_build_of_each_round_is_what_others_are_compared_with():
    """Best of the rounds: 300, 400 and, as c2024 has no third one, 200."""
    rows = as_rows(summary.goals(RESULTS, REFERENCES))
    assert rows[""] == ["best C", "MicroPython", "bittorrent-tracker"]
    ratio = sorted([150 / 300, 800 / 400, 100 / 200])[1]
    assert rows["UDP announces/s, 1,000 swarms of 200"] == ["300", "150 (%.2f)" % ratio, "-"]


def test_the_better_cost_is_the_smaller_one():
    """Best of the rounds: 1, 2, 5; the ratios are 2, 1.5 and 2."""
    assert ["server CPU each, µs", "2.00", "3.00 (2.00)", "-"] in summary.goals(RESULTS, REFERENCES)


def test_latencies_are_compared_by_their_difference():
    """Best of the rounds: 1, 1, 2 and 8, 9, 9; the differences are .5, -.5, 2 and 2, -2, 0."""
    rows = as_rows(summary.goals(RESULTS, REFERENCES))
    p99 = rows["99 % answered in, at half load, 100,000 peers, ms"]
    assert p99 == ["1.000", "1.500 (+0.500)", "-"]
    assert rows["longest pause there, ms"] == ["9.000", "9.000 (+0.000)", "-"]


def test_what_c_has_no_figure_of_is_told_alone_and_what_nobody_has_is_left_out():
    rows = as_rows(summary.goals(RESULTS, REFERENCES))
    assert rows["UDP announces/s, 1,000,000 swarms of one"] == ["-", "-", "1,234"]
    assert rows["answers/s, times its own with 1,000 swarms"] == ["-", "-", "0.50"]
    assert rows["compiled, KiB"] == ["98.0", "196.0 (2.00)", "-"]
    assert rows["its package, KiB"] == ["-", "109.5", "-"]
    assert "UDP connects/s" not in rows


def test_peers_of_replies_and_the_worst_round_s_losses_are_told():
    rows = as_rows(summary.replies(RESULTS))
    assert rows[""] == ["c2021", "c2024", "MicroPython", "bittorrent-tracker"]
    announced = ["50.0; 0.000", "50.0; 0.000", "50.0; 0.250", "-"]
    assert rows["UDP announce, 1,000 swarms of 200"] == announced


def test_markdown_has_the_rows_of_the_text():
    markdown = summary.as_markdown([("machine", "a big one")], RESULTS, REFERENCES)
    assert markdown.startswith("- machine: a big one\n\n")
    rows = [
        [word.strip() for word in line.strip("| ").split(" | ")]
        for line in markdown.splitlines()
        if line.startswith("| ") and "---" not in line
    ]
    text = summary.as_text(RESULTS, REFERENCES)
    for row in rows[1:]:
        assert re.search("  +".join(map(re.escape, row)), text), row
    assert len(rows) == len(summary.goals(RESULTS, REFERENCES)) + len(summary.replies(RESULTS))


def test_every_row_is_of_a_figure_that_a_table_shows():
    for row in summary.ROWS:
        assert row.key in [each.key for each in report.TABLES[row.measure].columns]
    for _, measure in summary.REPLIES:
        keys = [each.key for each in report.TABLES[measure].columns]
        assert {"peers_per_reply", "errors_percent", "lost_percent"} <= set(keys)


def test_tables_take_figures_that_only_some_trackers_have():
    sizes = {name: {"size": RESULTS[name]["size"]} for name in ("c2021", "micropython")}
    text = report.as_text([("a", "b")], report.with_medians(sizes, REFERENCES))
    assert re.search(r"c2021 +98.0 +1.00 +-\n", text)
    assert re.search(r"micropython +196.0 +2.00 +109.5\n", text)


# The trackers


@pytest.fixture
def bench(tmp_path):
    """What the sections share, with an eye-blink for each measurement."""
    options = types.SimpleNamespace(seconds=1, flood=1, memory=8192)
    try:
        udp = load.UdpLoad(str(tmp_path))
    except trackers.Trouble as reason:
        pytest.skip(str(reason))
    tmp_path.chmod(0o755)
    return measures.Bench(udp, str(tmp_path), machine.pick_cores(), options)


def find(name):
    try:
        return trackers.find(name)
    except trackers.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", ["cpython", "micropython", "bytecode", "bittorrent-tracker"])
def test_each_tracker_answers_with_full_lists_by_both_protocols(bench, name):
    subject = find(name)
    assert re.search(r"\d\.\d", subject.version())
    with bench.server(subject, "none", 4096) as server:
        assert server.fill(swarms=3, peers=80) == 240
        announced = server.rated("announce", swarms=3, peers=80, rate=500)
        assert announced["answers"] > 0
        assert (announced["errors"], announced["peers_per_reply"]) == (0, 50)
        path = load.announce_path(bench.udp.info_hash())
        assert load.peers_in(load.http_body(server.port, path)) == 50
    with socket.socket() as client:
        assert client.connect_ex((trackers.ADDRESS, server.port)) != 0, "it is still there"


def test_bytecode_has_no_machine_code(tmp_path):
    """And the same interpreter has some, if it has any, in the checkout."""
    micropython = need("micropython")
    trackers.copy_checkout(str(tmp_path / "copy"), without=["native.py"])
    ask = "from opentracker.runtime import micropython; print(micropython.native)"

    def native(top):
        path = ".frozen:%s/src/micropython:%s/src" % (top, top)
        done = subprocess.run(
            [micropython, "-c", ask],
            env={**os.environ, "MICROPYPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert native(tmp_path / "copy") == "None"
    emits = subprocess.run([micropython, "-c", "@micropython.viper\ndef f(): pass"])
    assert (native(TOP) != "None") == (emits.returncode == 0)


def test_sizes_are_those_of_the_package(tmp_path):
    try:
        found = trackers.package_sizes(str(tmp_path))
    except trackers.Trouble as reason:
        pytest.skip(str(reason))
    (package,) = tmp_path.glob("opentracker_*_all.ipk")
    assert found["package_kib"] == package.stat().st_size / 1024
    assert found["installed_kib"] > found["package_kib"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "http,speed"], "'speed' is none of http, udp, "),
        (["--trackers", "c1999"], "'c1999' is none of c2021, "),
        (["--runs", "0"], "must be 1 or more"),
    ],
)
def test_it_says_what_is_wrong(options, message):
    done = subprocess.run([SCRIPTS / "bench", *options], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


SHORT = [SCRIPTS / "bench", "--seconds", "1", "--trackers", "cpython", "--only", "latency"]


def assert_tells_all(folder, output):
    assert "\n  longest pause there, ms  " in output
    assert "| longest pause there, ms | - | " in (folder / "table.md").read_text()
    figures = json.loads((folder / "all.json").read_text())["trackers"]["cpython"]["udp-half-load"]
    assert figures["rounds"]["1"]["answers"] > 0
    assert figures["median"]["max_ms"] > 0


def test_a_run_ends_with_the_table(tmp_path):
    files = ["--json", tmp_path / "all.json", "--markdown", tmp_path / "table.md"]
    command = [*SHORT, "--runs", "1", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert_tells_all(tmp_path, done.stdout)


def test_a_run_that_is_interrupted_tells_what_it_has(tmp_path):
    files = ["--json", tmp_path / "all.json", "--markdown", tmp_path / "table.md"]
    command = [*SHORT, "--runs", "100", *files]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        for line in process.stderr:
            if "round 2 of 100" in line:
                process.send_signal(signal.SIGINT)
                break
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert_tells_all(tmp_path, output)
