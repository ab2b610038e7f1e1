"""scripts/router: over consoles that are real but for the cable, and over ssh."""

import gzip
import io
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.fake import PASSWORD, PRINTK, FakeRouter, furnish
from router.wire import Wire
from support.runtimes import SCRIPTS, TOP

TOOL = SCRIPTS / "router"
STAND_IN = TOP / "tests" / "router" / "ssh.sh"
VERSION = "2026.11.9-r1"
IPK = f"opentracker_{VERSION}_all.ipk"
DEADLINE = 60

sys.path.append(str(SCRIPTS / "router.d"))

import frames  # noqa: E402
import line as line_module  # noqa: E402
import progress  # noqa: E402
from console import Console  # noqa: E402
from trouble import Trouble  # noqa: E402


def packed(members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(data.getvalue(), mtime=0)


def make_ipk(path, name="opentracker", version=VERSION, size=20000):
    """A package that holds bytes of all kinds, so many of them."""
    control = f"Package: {name}\nVersion: {version}\nArchitecture: all\n".encode()
    path.write_bytes(
        packed(
            {
                "./debian-binary": b"2.0\n",
                "./data.tar.gz": packed({"./usr/lib/x": random.Random(1).randbytes(size)}),
                "./control.tar.gz": packed({"./control": control}),
            }
        )
    )
    return path


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


def run(*arguments, **how):
    return subprocess.run(
        [sys.executable, TOOL, *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=DEADLINE,
        **how,
    )


def over(router, *arguments, **faults):
    """Run the tool over a cable to a router's console; nobody else has it meanwhile."""
    with Wire(router.console, **faults) as wire:
        done = run(*arguments, "--serial", wire.port)
        wire.wait_until_quiet()
    done.wire = wire
    return done


def wait_for(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


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
    done = over(router, "install", ipk, kernel=400)
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
    done = over(router, "install", ipk, change=lambda data: data.translate(seven, b"\x16"))
    assert done.returncode == 0, done.stderr
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
def test_opkg_fails(fake, ipk, says, message):
    router = fake()
    router.write("opkg-says", says)
    done = over(router, "install", ipk)
    assert done.returncode == 1
    assert done.stderr.startswith("router: " + message), done.stderr
    assert_as_found(router, done.wire.shown)


@pytest.mark.requires_root
def test_no_openwrt(fake, ipk):
    router = fake()
    (router.root / "bin/opkg").unlink()
    done = over(router, "install", ipk)
    message = "router: the router has neither opkg nor apk: is it OpenWrt?\n"
    assert (done.returncode, done.stderr) == (1, message)
    (router.root / "bin/apk").symlink_to("cat")
    done = over(router, "install", ipk)
    message = "router: this router has apk: give the .apk, not the .ipk\n"
    assert (done.returncode, done.stderr) == (1, message)


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


# Other commands over a console


@pytest.mark.requires_root
def test_uninstall(fake):
    router = fake()
    others = "base-files - 1\nopentracker6 - 7\n"
    ours = "luci-app-opentracker - 2\nluci-i18n-opentracker-de - 3\nopentracker - 4\n"
    router.write("usr/lib/opkg/list", others + ours)
    done = over(router, "uninstall")
    assert done.returncode == 0, done.stderr
    assert router.read("usr/lib/opkg/list") == others
    removed = "opkg remove luci-i18n-opentracker-de luci-app-opentracker opentracker\n"
    assert removed in router.calls()
    done = over(router, "uninstall")
    message = "router: opentracker is not installed on the router\n"
    assert (done.returncode, done.stderr) == (1, message)


@pytest.mark.requires_root
def test_a_version_that_is_there_is_installed_again(fake, ipk):
    router = fake()
    router.write("usr/lib/opkg/list", f"opentracker - {VERSION}\n")
    done = over(router, "install", ipk)
    assert done.returncode == 0, done.stderr
    assert f"installed: opentracker {VERSION}, over {VERSION}\n" in done.stdout
    assert "opkg install --force-downgrade --force-reinstall /var/run/" in router.calls()


@pytest.mark.requires_root
def test_service(fake):
    router = fake()
    router.write("service-status", "3\n")
    done = over(router, "reload")
    assert (done.returncode, done.stdout) == (3, "reload: well\nand a word to stderr\n")
    (router.root / "etc/init.d/opentracker").unlink()
    done = over(router, "status")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("router: opentracker is not installed on the router")


@pytest.mark.requires_root
def test_log(fake):
    """More than a piece of it, with letters of all kinds and the kernel in between."""
    router = fake()
    log = "".join(f"{number} peer ü @ = $# \t\\n {number * 'x'}\n" for number in range(100))
    router.write("log", log)
    done = over(router, "log", kernel=700)
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
        os.write(terminal, b"sleep 100\r")
        wait_for(lambda: b"sleep 100\r\n" in shown.getvalue())
        os.write(terminal, b"\x03")
        os.write(terminal, b"echo $((6*7))\r")
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
def test_ssh_out_of_reach(by_ssh):
    done = by_ssh("status", to="root@elsewhere")
    message = (
        "router: ssh can't reach root@elsewhere: ssh: connect to host root@elsewhere port 22:"
        " Connection refused\n"
    )
    assert (done.returncode, done.stderr) == (1, message)


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
    block = bytes(range(256)) * 12
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
