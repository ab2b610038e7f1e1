"""scripts/router over consoles that are real but for the cable."""

import io
import os
import pty
import random
import re
import signal
import subprocess
import sys
import threading

import pytest

from router.fake import PASSWORD, PRINTK, FakeRouter
from router.tool import DEADLINE, IPK, MODULES, TOOL, VERSION, make_ipk, over, run, wait_for
from router.wire import Wire

sys.path.append(str(MODULES))

import line as line_module  # noqa: E402
from console import Console  # noqa: E402
from trouble import Trouble  # noqa: E402


@pytest.fixture
def ipk(tmp_path):
    return make_ipk(tmp_path / IPK)


@pytest.fixture
def password_file(tmp_path):
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    return path


@pytest.fixture
def fake(tmp_path):
    """fake(...) makes a FakeRouter, which ends with the test."""
    routers = []

    def make(**how):
        routers.append(FakeRouter(tmp_path / f"router{len(routers)}", **how))
        return routers[-1]

    yield make
    for router in routers:
        router.__exit__()


def assert_as_found(router, shown, waits_with=b"Please press Enter to activate this console.\r\n"):
    """The console looks and behaves as before, and nothing is left behind."""
    assert shown.endswith(waits_with), shown[-300:]
    assert router.settled()
    assert router.read("proc/sys/kernel/printk") == PRINTK
    assert [name for name in os.listdir(router.root / "var/run") if name != "utmp"] == []


# Installing over a console


@pytest.mark.requires_root
@pytest.mark.parametrize("kind", ["pty", "socket"])
def test_install(fake, ipk, kind):
    router = fake()
    done = over(router, "install", ipk, over=kind)
    assert done.returncode == 0, done.stderr
    assert (router.root / "installed.ipk").read_bytes() == ipk.read_bytes()
    steps = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert steps == ["console", "router", "sent", "checked", "installed", "service"], done.stdout
    assert f"installed: opentracker {VERSION}\n" in done.stdout
    assert "OpenWrt 24.10.6 r29141, Virtual Archer" in done.stdout
    assert done.stderr == ""
    assert_as_found(router, done.wire.shown)


@pytest.mark.requires_root
def test_install_with_a_password(fake, ipk, password_file):
    router = fake(password=True)
    done = over(router, "install", ipk, "--password-file", password_file)
    assert done.returncode == 0, done.stderr
    assert "logged in as root" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    assert_as_found(router, done.wire.shown, waits_with=b"login: ")


@pytest.mark.requires_root
def test_install_over_a_bad_cable(fake, ipk, password_file):
    """Bytes are lost, repeated and changed both ways, and the kernel speaks in between."""
    router = fake(password=True)
    faults = {"lose": 5000, "repeat": 7000, "garble": 6000, "kernel": 1000}
    done = over(router, "install", ipk, "--password-file", password_file, **faults)
    assert done.returncode == 0, done.stderr
    assert (router.root / "installed.ipk").read_bytes() == ipk.read_bytes()
    assert f"opkg install --force-downgrade /var/run/opentracker-router/{IPK}\n" in router.calls()
    assert router.calls().count("opkg install") == 1
    assert router.settled()
    assert router.read("proc/sys/kernel/printk") == PRINTK


@pytest.mark.requires_root
def test_install_while_the_kernel_speaks(fake, ipk):
    router = fake()
    done = over(router, "install", ipk, kernel=800)
    assert done.returncode == 0, done.stderr
    assert (router.root / "installed.ipk").read_bytes() == ipk.read_bytes()


@pytest.mark.requires_root
def test_install_over_a_slow_console(fake, ipk):
    router = fake()
    done = over(router, "install", ipk, rate=9600)
    assert done.returncode == 0, done.stderr
    assert "repeated" not in done.stdout
    assert_as_found(router, done.wire.shown)


@pytest.mark.requires_root
def test_install_where_only_text_passes(fake, ipk):
    """Seven bits, and no Ctrl-V: octal escapes pass."""
    router = fake()
    seven = bytes(byte & 127 for byte in range(256))
    damaged = []

    def change(data):
        data = data.translate(seven, b"\x16")
        if not damaged and len(re.findall(rb"\\[0-7]{3}", data)) > 20:
            damaged.append(data)
            data = data[:256] + b"%!" + data[258:]  # what printf does not take
        return data

    done = over(router, "install", ipk, change=change)
    assert done.returncode == 0, done.stderr
    assert damaged
    assert (router.root / "installed.ipk").read_bytes() == ipk.read_bytes()


@pytest.mark.requires_root
@pytest.mark.parametrize("kind", ["pty", "socket"])
def test_a_broken_installation_goes_on_where_it_stopped(fake, ipk, kind):
    router = fake()
    broken = over(router, "install", ipk, over=kind, cut=12000)
    assert broken.returncode == 1
    assert re.search(r"router: the line \S+ was lost .*run the same command again", broken.stderr)
    done = over(router, "install", ipk, over=kind)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+ KiB of 21, the rest was there", done.stdout)
    assert len(done.wire.sent) < ipk.stat().st_size
    assert (router.root / "installed.ipk").read_bytes() == ipk.read_bytes()
    assert_as_found(router, done.wire.shown)


@pytest.mark.requires_root
def test_another_file_does_not_go_on_where_one_stopped(fake, ipk, tmp_path):
    router = fake()
    assert over(router, "install", ipk, cut=12000).returncode == 1
    (part,) = (router.root / "var/run/opentracker-router").glob("*.part")
    part.write_bytes(b"x" + part.read_bytes()[1:])
    done = over(router, "install", ipk)
    assert done.returncode == 0, done.stderr
    assert "the rest was there" not in done.stdout
    assert (router.root / "installed.ipk").read_bytes() == ipk.read_bytes()


@pytest.mark.requires_root
def test_ctrl_c_leaves_the_console_as_it_was(fake, ipk):
    router = fake()
    with Wire(router.console, rate=9600) as wire:
        command = [sys.executable, TOOL, "install", ipk, "--serial", wire.port]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            wait_for(lambda: len(wire.sent) > 8000)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=DEADLINE)
        wire.wait_until_quiet()
    assert process.returncode == 1
    assert errors == "router: stopped; the same command goes on where this one was\n"
    assert wire.shown.endswith(b"Please press Enter to activate this console.\r\n")
    assert router.settled()
    assert router.read("proc/sys/kernel/printk") == PRINTK


@pytest.mark.requires_root
def test_a_shell_that_was_there_stays(fake):
    router = fake()
    with Wire(router.console) as wire:
        os.write(router.console, b"\rcd /tmp; mark=mine\r")
        wait_for(lambda: b"root@" in wire.shown.split(b"mark=mine")[-1])
        assert run("status", "--serial", wire.port).returncode == 0
        os.write(router.console, b"echo $mark-$PWD-$o0-$o1\r")
        wait_for(lambda: b"mine-/tmp--\r\n" in wire.shown)


@pytest.mark.requires_root
def test_what_an_earlier_run_left_is_taken_over(fake, ipk):
    """Killed in a block, with the agent listening still."""
    router = fake()
    with Wire(router.console, rate=9600) as wire:
        command = [sys.executable, TOOL, "install", ipk, "--serial", wire.port]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            wait_for(lambda: len(wire.sent) > 8000)
            process.kill()
    done = over(router, "status")
    assert (done.returncode, done.stdout) == (0, "status: well\nand a word to stderr\n"), (
        done.stderr
    )
    assert done.wire.shown.endswith(b"Please press Enter to activate this console.\r\n")
    assert router.read("proc/sys/kernel/printk") == PRINTK


# What goes wrong


@pytest.mark.requires_root
def test_wrong_password(fake, tmp_path):
    router = fake(password=True)
    (tmp_path / "wrong").write_text("guess\n")
    done = over(router, "status", "--password-file", tmp_path / "wrong")
    assert done.returncode == 1
    assert done.stderr.startswith("router: the router does not take this password for root: ")
    assert router.calls() == ""


@pytest.mark.requires_root
def test_no_password(fake, tmp_path):
    router = fake(password=True)
    done = over(router, "status")
    message = "router: the router asks for a password: give it by --password-file\n"
    assert (done.returncode, done.stderr) == (1, message)
    done = over(router, "status", "--password-file", tmp_path / "nowhere")
    message = f"router: {tmp_path}/nowhere: No such file or directory\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_no_answer():
    """Nothing comes, as with a wrong port, or a cable that is not in."""
    console, terminal = os.openpty()
    with Wire(console) as wire:
        done = run("status", "--serial", wire.port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"router: nothing comes from {wire.port}: is the router on, ")
    assert "--baud" in done.stderr
    os.close(terminal)
    os.close(console)


@pytest.mark.parametrize("knows_echo", [False, True])
def test_boot_loader(knows_echo):
    """It has a prompt, and does no sums."""
    console, terminal = os.openpty()
    lines = open(terminal, "r+b", buffering=0)

    def serve():
        for line in lines:
            words = line.strip()
            if knows_echo and words.startswith(b"echo"):
                lines.write(words[5:] + b"\n")
            elif words:
                lines.write(b"Unknown command '%s' - try 'help'\n" % words.split()[0])
            lines.write(b"MT7621 # ")

    threading.Thread(target=serve, daemon=True).start()
    with Wire(console) as wire:
        done = run("status", "--serial", wire.port)
    assert done.returncode == 1
    assert done.stderr.startswith("router: the router is in its boot loader: type boot ")


@pytest.mark.requires_root
def test_wrong_baud_rate(fake):
    router = fake()
    generator = random.Random(3)

    def misread(data):
        return bytes(generator.choice(b"\x00\x80\xe0\xf8\xfc\xfe\x1e\x78") for _ in data)

    done = over(router, "status", change=misread)
    assert done.returncode == 1
    assert re.search(r"at 115200 baud is no text: give the router's rate with --baud", done.stderr)


@pytest.mark.requires_root
def test_full_ram(fake, ipk):
    router = fake(ram=120)
    done = over(router, "install", ipk)
    assert done.returncode == 1
    assert re.match(r"router: the router's RAM is full: \d+ KiB free in /var/run/", done.stderr)
    assert_as_found(router, done.wire.shown)


@pytest.mark.requires_root
def test_ram_that_fills_up_on_the_way(fake):
    router = fake(ram=40)
    with Wire(router.console) as wire:
        line = line_module.Line(wire.port, 115200)
        console = Console(line, "root", None)
        console.wake()
        agent = console.start_agent()
        path = "/var/run/opentracker-router/x"
        with pytest.raises(Trouble, match="the router's RAM is full"):
            agent.run(f": >{path}")
            agent.append(path, bytes(60000), 0, lambda done: None)
        agent.run(f"rm {path}")
        agent.end()
        line.close()
        wire.wait_until_quiet()
    assert_as_found(router, wire.shown)


# Other commands over a console


@pytest.mark.requires_root
def test_log(fake):
    """More than a piece of it, with letters of all kinds and the kernel in between."""
    router = fake()
    log = "".join(f"{number} peer ü @ = $# \t\\n {number * 'x'}\n" for number in range(80))
    router.write("log", log)
    done = over(router, "log", kernel=1500)
    assert (done.returncode, done.stdout) == (0, log), done.stderr


@pytest.mark.requires_root
def test_log_goes_on(fake):
    router = fake()
    router.write("log", "one\n")
    with Wire(router.console) as wire:
        command = [sys.executable, TOOL, "log", "-f", "--serial", wire.port]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"one\n"
            with open(router.root / "log", "a") as log:
                log.write("two\n")
            assert process.stdout.readline() == b"two\n"
            process.send_signal(signal.SIGINT)
            shown, errors = process.communicate(timeout=DEADLINE)
        wire.wait_until_quiet()
    assert (process.returncode, shown, errors) == (0, b"", b"")
    assert_as_found(router, wire.shown)


@pytest.mark.requires_root
def test_shell(fake):
    """Keys go through as they are, until Ctrl-]."""
    router = fake()
    with Wire(router.console) as wire:
        child, terminal = pty.fork()
        if not child:
            os.execv(sys.executable, [sys.executable, str(TOOL), "shell", "--serial", wire.port])
        shown = io.BytesIO()
        reader = threading.Thread(target=_copy, args=(terminal, shown))
        reader.start()
        wait_for(lambda: b"Ctrl-] ends this" in shown.getvalue())
        os.write(terminal, b"\r")
        wait_for(lambda: b"# " in shown.getvalue())
        os.write(terminal, b"exit\x03echo $((6*7))\r")
        wait_for(lambda: b"42\r\n" in shown.getvalue())
        os.write(terminal, b"\x1d")
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        reader.join()
    assert status == 0


def _copy(terminal, into):
    try:
        while data := os.read(terminal, 4096):
            into.write(data)
    except OSError:
        pass
