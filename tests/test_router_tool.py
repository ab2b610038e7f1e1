"""scripts/router without a console: its arguments, packages, ssh, bytes, and bench."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.fake import furnish
from router.tool import DEADLINE, IPK, MODULES, TOOL, VERSION, make_ipk, packed, run
from router.wire import Wire
from support.runtimes import SCRIPTS, TOP

STAND_IN = TOP / "tests" / "router" / "ssh.sh"

sys.path.append(str(MODULES))

import bench  # noqa: E402
import frames  # noqa: E402
import line as line_module  # noqa: E402
import progress  # noqa: E402


@pytest.fixture
def ipk(tmp_path):
    return make_ipk(tmp_path / IPK)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("none.ipk", None, "No such file or directory; scripts/build makes packages in dist/"),
        ("x.tar", b"", "give an .ipk (OpenWrt 24.10) or an .apk (25.12)"),
        ("x_1_all.ipk", b"<html>", "no .ipk, or a damaged one"),
        ("x_1_all.ipk", packed({"./debian-binary": b"2.0\n"}), "no .ipk, or a damaged one"),
        ("x-1.apk", b"<html>", "no .apk, or a damaged one"),
        ("x.apk", b"ADBd", "name it as apk does, NAME-VERSION.apk"),
    ],
)
def test_no_package(tmp_path, name, data, message):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    done = run("install", tmp_path / name, "--serial", "/dev/none")
    assert (done.returncode, done.stderr) == (1, f"router: {tmp_path / name}: {message}\n")


def test_cut_off_package(tmp_path, ipk):
    ipk.write_bytes(ipk.read_bytes()[:-3000])
    done = run("install", ipk, "--serial", "/dev/none")
    assert (done.returncode, done.stderr) == (1, f"router: {ipk}: no .ipk, or a damaged one\n")


def test_ports():
    done = run("status", "--serial", "/dev/ttyUSB99")
    assert done.returncode == 1
    assert done.stderr.startswith("router: there is no /dev/ttyUSB99; ")
    done = run("status", "--serial", "/dev/null")
    assert done.stderr.startswith("router: /dev/null is no serial port; ")
    done = run("status", "--serial", "telepathy://here")
    assert done.returncode == 1
    assert "telepathy" in done.stderr and "Traceback" not in done.stderr
    with Wire(-1, over="socket") as wire:
        pass
    done = run("status", "--serial", wire.port)
    message = f"router: can't open {wire.port}: Connection refused\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_port_of_others():
    console, terminal = os.openpty()
    with Wire(console) as wire:
        held = line_module.Line(wire.port, 115200)
        done = run("status", "--serial", wire.port)
        message = (
            f"router: {wire.port} is busy: end the terminal program that has it, and try again\n"
        )
        assert (done.returncode, done.stderr) == (1, message)
        held.close()
    os.close(terminal)
    os.close(console)
    told = line_module._why_not_open("/dev/null", PermissionError(13, "Permission denied"))
    assert told == "no permission for /dev/null: it is root's: use sudo"


def test_without_pyserial(tmp_path):
    """An interpreter without it still does for ssh; with .venv, that one is taken."""
    shutil.copytree(SCRIPTS / "router.d", tmp_path / "scripts" / "router.d")
    shutil.copy(TOOL, tmp_path / "scripts")
    command = [sys.executable, "-S", tmp_path / "scripts" / "router", "status"]
    done = subprocess.run([*command, "--serial", "/dev/none"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("router: the serial line needs pyserial: run scripts/tools, or")
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(
        [*command, "--ssh", "root@router"], env=environment, capture_output=True, text=True
    )
    assert done.stderr.startswith("router: there is no ssh on this computer")
    interpreter = tmp_path / ".venv" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    interpreter.chmod(0o755)
    done = subprocess.run([*command, "--serial", "/dev/none"], capture_output=True, text=True)
    assert done.stderr.startswith("router: there is no /dev/none; ")


def test_arguments():
    assert run("--help").returncode == 0
    for arguments, message in (
        (["status"], "which router? give --ssh root@192.168.1.1 or --serial /dev/ttyUSB0"),
        (["status", "--ssh", "a", "--serial", "b"], "give either --ssh or --serial"),
        (["status", "--ssh", "a", "--baud", "9600"], "ssh asks itself"),
        (["--ssh", "a", "install"], "FILE"),
        (["--ssh=-oProxyCommand=x", "status"], "give user and host"),
    ):
        done = run(*arguments)
        assert done.returncode == 2
        assert message in done.stderr


# ssh


@pytest.fixture
def by_ssh(tmp_path):
    """by_ssh(*arguments) runs the tool for a router that only ssh reaches."""
    root = tmp_path / "router"
    furnish(root)
    (tmp_path / "bin").mkdir()
    shutil.copy(STAND_IN, tmp_path / "bin" / "ssh")
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    environment["ROUTER"] = str(root)

    def by_ssh(*arguments, to="root@router"):
        return run(*arguments, "--ssh", to, env=environment)

    by_ssh.root = root
    by_ssh.environment = environment
    return by_ssh


@pytest.mark.requires_root
def test_ssh(by_ssh, ipk):
    done = by_ssh("install", ipk)
    assert done.returncode == 0, done.stderr
    assert (by_ssh.root / "installed.ipk").read_bytes() == ipk.read_bytes()
    assert f"installed: opentracker {VERSION}\n" in done.stdout
    assert os.listdir(by_ssh.root / "var/run/opentracker-router") == []
    assert "-O exit" in (by_ssh.root / "ssh-calls").read_text().splitlines()[-1]
    assert by_ssh("status").stdout == "status: well\nand a word to stderr\n"
    (by_ssh.root / "log").write_text("a\nb\n")
    assert by_ssh("log").stdout == "a\nb\n"
    (by_ssh.root / "service-status").write_text("4\n")
    assert by_ssh("reload").returncode == 4
    assert by_ssh("uninstall").stdout.endswith(f"removed:   opentracker {VERSION}\n")


@pytest.mark.requires_root
def test_ssh_goes_on_where_it_stopped(by_ssh, ipk):
    data = ipk.read_bytes()
    folder = by_ssh.root / "var/run/opentracker-router"
    folder.mkdir()
    (folder / f"{frames.checksum(data)[:16]}.part").write_bytes(data[:15000])
    done = by_ssh("install", ipk)
    assert done.returncode == 0, done.stderr
    assert "the rest was there" in done.stdout
    assert (by_ssh.root / "installed.ipk").read_bytes() == data


@pytest.mark.requires_root
def test_log_goes_on_over_ssh(by_ssh):
    """Until Ctrl-C, after which nothing of it runs on."""
    (by_ssh.root / "log").write_text("one\n")
    command = [sys.executable, TOOL, "log", "-f", "--ssh", "root@router"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=by_ssh.environment
    ) as process:
        assert process.stdout.readline() == b"one\n"
        with open(by_ssh.root / "log", "a") as log:
            log.write("two\n")
        assert process.stdout.readline() == b"two\n"
        process.send_signal(signal.SIGINT)
        # The pipe ends when whoever has it has ended, on the router as well.
        shown, errors = process.communicate(timeout=DEADLINE)
    assert (process.returncode, shown, errors) == (0, b"", b"")


@pytest.mark.requires_root
def test_ssh_out_of_reach(by_ssh):
    done = by_ssh("status", to="root@elsewhere")
    message = (
        "router: ssh can't reach root@elsewhere: ssh: connect to host root@elsewhere port 22:"
        " Connection refused\n"
    )
    assert (done.returncode, done.stderr) == (1, message)


# What a router's package manager and its service say


@pytest.mark.requires_root
@pytest.mark.parametrize(
    ("says", "message"),
    [
        (
            " * verify_pkg_installable: Only have 12kb available on filesystem /overlay,"
            " pkg opentracker needs 190",
            "the flash is full: 12 KiB free in /overlay, opentracker needs 190;",
        ),
        ("wfopen: /usr/lib/x: No space left on device", "the flash is full: remove a package"),
        (
            " * satisfy_dependencies_for: Cannot satisfy the following dependencies for"
            " opentracker:\n * \tmicropython",
            "a package that it needs is missing: opkg update; opkg install micropython-nossl",
        ),
        ("Segmentation fault", "opkg fails: Segmentation fault"),
    ],
)
def test_opkg_fails(by_ssh, ipk, says, message):
    (by_ssh.root / "opkg-says").write_text(says)
    done = by_ssh("install", ipk)
    assert done.returncode == 1
    assert done.stderr.startswith("router: " + message), done.stderr
    assert os.listdir(by_ssh.root / "var/run/opentracker-router") == []


@pytest.mark.requires_root
def test_no_openwrt(by_ssh, ipk):
    (by_ssh.root / "bin/opkg").unlink()
    done = by_ssh("install", ipk)
    message = "router: the router has neither opkg nor apk: is it OpenWrt?\n"
    assert (done.returncode, done.stderr) == (1, message)
    (by_ssh.root / "bin/apk").symlink_to("cat")
    done = by_ssh("install", ipk)
    message = "router: this router has apk: give the .apk, not the .ipk\n"
    assert (done.returncode, done.stderr) == (1, message)


@pytest.mark.requires_root
def test_uninstall(by_ssh):
    others = "base-files - 1\nopentracker6 - 7\n"
    ours = "luci-app-opentracker - 2\nluci-i18n-opentracker-de - 3\nopentracker - 4\n"
    (by_ssh.root / "usr/lib/opkg/list").write_text(others + ours)
    done = by_ssh("uninstall")
    assert done.returncode == 0, done.stderr
    assert (by_ssh.root / "usr/lib/opkg/list").read_text() == others
    removed = "opkg remove luci-i18n-opentracker-de luci-app-opentracker opentracker\n"
    assert removed in (by_ssh.root / "calls").read_text()
    done = by_ssh("uninstall")
    message = "router: opentracker is not installed on the router\n"
    assert (done.returncode, done.stderr) == (1, message)


@pytest.mark.requires_root
def test_a_version_that_is_there_is_installed_again(by_ssh, ipk):
    (by_ssh.root / "usr/lib/opkg/list").write_text(f"opentracker - {VERSION}\n")
    done = by_ssh("install", ipk)
    assert done.returncode == 0, done.stderr
    assert f"installed: opentracker {VERSION}, over {VERSION}\n" in done.stdout
    assert (
        "opkg install --force-downgrade --force-reinstall /var/run/"
        in (by_ssh.root / "calls").read_text()
    )


@pytest.mark.requires_root
def test_service(by_ssh):
    (by_ssh.root / "service-status").write_text("3\n")
    done = by_ssh("reload")
    assert (done.returncode, done.stdout) == (3, "reload: well\nand a word to stderr\n")
    (by_ssh.root / "etc/init.d/opentracker").unlink()
    done = by_ssh("status")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("router: opentracker is not installed on the router")


# The bytes


def through_a_terminal(data):
    """What a program gets of a line typed at a terminal in its usual mode."""
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, data)
        return os.read(terminal, 4096)
    finally:
        os.close(keyboard)
        os.close(terminal)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=frames.LARGEST))
def test_quoted_blocks_pass_a_terminal(block):
    assert through_a_terminal(frames.quoted(block)) == block + b"\n"


def test_every_byte_passes_a_terminal():
    block = bytes(range(256)) * (frames.LARGEST // 256)
    assert through_a_terminal(frames.quoted(block)) == block + b"\n"
    assert through_a_terminal(frames.escaped(block[: frames.LARGEST_TEXT])) == frames.escaped(
        block[: frames.LARGEST_TEXT]
    )


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=frames.LARGEST_TEXT))
def test_escaped_blocks_are_for_printf(block):
    text = frames.escaped(block)[:-1]
    assert all(32 < byte < 127 for byte in text)
    script = 'IFS= read -r text; printf "$text"'
    done = subprocess.run(["busybox", "ash", "-c", script], input=text + b"\n", capture_output=True)
    assert done.stdout == block


def test_frames_fit_a_terminal():
    assert len(frames.frame(frames.agent_command("0" * 12))) < 4095
    assert len(frames.escaped(b"\0" * frames.LARGEST_TEXT)) < 4095
    lines, start = frames.loader_lines("0" * 12)
    for line in [*(line for line, _ in lines), start + ";exit"]:
        assert len(line) < 200


def test_a_kernel_message_makes_no_reply():
    pattern = frames.reply_pattern("ab", rb"\d+ (\d+) (full|)")
    assert pattern.search(b"xx@ab 12 345 =12 345 @yy").group(2, 3) == (b"345", b"")
    assert not pattern.search(b"@ab 12 3[ 7.1] lan2: up\r\n45 =12 345 @")
    assert not pattern.search(b"@ab 12 34=12 345 @")


def test_progress():
    shown = io.StringIO()
    bar = progress.Progress(102400, stream=shown)
    bar(51200)
    assert shown.getvalue() == ""  # no terminal
    shown.isatty = lambda: True
    bar = progress.Progress(102400, 0, stream=shown)
    bar._start -= 10
    bar(51200)
    assert shown.getvalue().startswith(
        "\r[##############..............] 50 of 100 KiB, 5.0 KiB/s, 10 s"
    )
    bar.close()
    assert shown.getvalue().endswith("\r\x1b[K")
    assert progress.duration(90) == "1:30 min"


# Bench


def bench_of(tracker, *arguments):
    return run(
        *("bench", "--host", "127.0.0.1", "--port", tracker.port, "--seconds", 1, *arguments)
    )


def test_bench(start):
    tracker = start()
    done = bench_of(tracker, "--at-a-time", 2)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert list(lines) == ["bench", "filled", "http", "removed", "udp"]
    for name in ("http", "udp"):
        assert re.fullmatch(
            r" +[1-9]\d* announces/s, 2 at a time; ms: median [\d.]+, 90% [\d.]+, 99% [\d.]+,"
            r" longest [\d.]+; 50.0 peers in a reply; 0.00% errors(; this .*)?",
            lines[name],
        )
    assert done.stdout.count("1200 of 1200 peers") == 2
    url = f"http://127.0.0.1:{tracker.port}/stats?mode=json"
    with urllib.request.urlopen(url, timeout=10) as reply:
        assert json.load(reply)["peers"] == {"ipv4": 0, "ipv6": 0}


def test_bench_of_a_tracker_that_refuses(start, tmp_path):
    (tmp_path / "list").write_text("00" * 20 + "\n")
    done = bench_of(start("-w", tmp_path / "list"))
    assert done.returncode == 1
    assert "http:      no announces answered: " in done.stdout
    assert "udp:       no announces answered: " in done.stdout
    assert "not authorized" in done.stdout, done.stdout
    assert done.stderr.startswith("router: no tracker answers at 127.0.0.1 port ")


def test_bench_spares_others():
    done = run("bench", "--host", "192.0.43.8")
    assert done.returncode == 1
    assert done.stderr.startswith("router: 192.0.43.8 is not in a private network: --yes ")
    assert run("bench", "--host", "127.0.0.1", "--seconds", "3600").returncode == 2
    assert run("bench", "--host", "127.0.0.1", "--at-a-time", "1000").returncode == 2
    done = run("bench", "--serial", "/dev/none")
    assert done.returncode == 2
    assert "bench goes over the network" in done.stderr


def test_percentiles():
    values = list(range(1, 101))
    assert [bench.percentile(values, share) for share in (50, 90, 99, 100)] == [50, 90, 99, 100]
    assert bench.percentile([7], 50) == bench.percentile([7], 100) == 7
