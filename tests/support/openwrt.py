"""A router in a folder: the init script with its paths moved there, and procd.

The init script runs in busybox ash, with the applets that OpenWrt's busybox has and with the
stand-ins of tests/openwrt, which say what they stand in for.
"""

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from .runtimes import TOP, need, need_tool

STAND_INS = TOP / "tests" / "openwrt"
INIT_SCRIPT = TOP / "files/etc/init.d/opentracker"
CONFIG = TOP / "files/etc/config/opentracker"

# What the init script may use, all of it switched on in package/utils/busybox/Config-defaults.in.
APPLETS = (
    *("ash", "cat", "chmod", "cut", "grep", "head", "mkdir", "mktemp", "mv", "rm", "sed", "sh"),
    *("tail", "tr", "wc", "wget"),
)
PREFIXES = ("/usr/", "/var/", "/lib/", "/etc/", "/proc/", "/sbin/")
MEMINFO = "MemTotal:         124000 kB\nMemFree:           50000 kB\n"
PROCD = """#!{python} -Es
import socket
with socket.socket(socket.AF_UNIX) as procd:
    procd.connect("{path}")
    procd.recv(1)
"""
DEADLINE = 30


def moved(text, root):
    """A text with its absolute paths moved below a folder."""
    return re.sub(r"(?<![\w.])(?=(%s))" % "|".join(PREFIXES), str(root), text)


class Router:
    """The files of a router below `root`, and the init script's commands.

    With `starts`, procd really starts what it is asked to, on a runtime; without, it only keeps
    track of what would run.
    """

    def __init__(self, root, runtime="cpython", starts=False):
        self.root = root
        self.run_folder = root / "var/run/opentracker"
        self.procd = Procd(root, starts)
        for folder in (
            "bin",
            "busybox",
            "etc/config",
            "etc/init.d",
            "etc/rc.d",
            "interfaces",
            "lib/functions",
            "proc",
        ):
            (root / folder).mkdir(parents=True)
        for folder in ("etc/opentracker", "sbin", "tmp", "usr/bin", "usr/lib", "var/run"):
            (root / folder).mkdir(parents=True)
        (root / "proc/meminfo").write_text(MEMINFO)
        self._install_tools()
        self._install_interpreter(runtime)
        self.interface("lan", "127.0.0.1")
        self.program("etc/init.d/opentracker", moved(self._script(), root))

    def _script(self):
        """The init script but for its first line: the kernel would look for rc.common there."""
        return INIT_SCRIPT.read_text().partition("\n")[2]

    def _install_tools(self):
        busybox = need_tool("busybox")
        for applet in APPLETS:
            (self.root / "bin" / applet).symlink_to(busybox)
        for applet in ("chown", "ln"):
            (self.root / "busybox" / applet).symlink_to(busybox)
        for name in ("uci", "logger", "uclient-fetch", "chown"):
            shutil.copy(STAND_INS / name, self.root / "bin" / name)
        shutil.copy(STAND_INS / "rc.common", self.root / "etc/rc.common")
        shutil.copy(STAND_INS / "functions.sh", self.root / "lib/functions.sh")
        for name in ("network.sh", "procd.sh"):
            shutil.copy(STAND_INS / name, self.root / "lib/functions" / name)
        self.program("bin/procd", PROCD.format(python=sys.executable, path=self.procd.path))

    def _install_interpreter(self, runtime):
        modules = self.root / "usr/lib/opentracker"
        modules.mkdir()
        (modules / "launch.py").symlink_to(TOP / "src/launch.py")
        (modules / "opentracker").symlink_to(TOP / "src/opentracker")
        interpreter = sys.executable
        if runtime != "cpython":
            (modules / "selectors.py").symlink_to(TOP / "src/micropython/selectors.py")
            interpreter = need(runtime)
        self.program("usr/bin/micropython", f'#!/bin/sh\nexec {interpreter} "$@"\n')

    def program(self, name, text):
        """Make a program of a text."""
        (self.root / name).write_text(text)
        (self.root / name).chmod(0o755)

    def interface(self, name, *addresses):
        """Give an interface the addresses it has from now on."""
        for version in ("4", "6"):
            found = [each for each in addresses if (":" in each) == (version == "6")]
            (self.root / "interfaces" / f"{name}.{version}").write_text(" ".join(found))

    def config(self, *lines, enabled=1):
        """Write /etc/config/opentracker with these lines in its section."""
        lines = ["config opentracker 'main'", f"option enabled '{enabled}'", *lines]
        (self.root / "etc/config/opentracker").write_text("\n\t".join(lines) + "\n")

    def do(self, action, before=""):
        """Run a command of the init script; returns what subprocess.run does."""
        root = self.root
        # The kernel starts rc.common with the script's name and the command behind it.
        script = f"{before}\nset -- {root}/etc/init.d/opentracker {action}\n. {root}/etc/rc.common"
        environment = {"PATH": f"{root}/bin", "ROOT": str(root), "TMPDIR": f"{root}/tmp"}
        return subprocess.run(
            [f"{root}/bin/ash", "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def log(self):
        """The system log."""
        path = self.root / "log"
        return path.read_text() if path.exists() else ""

    def conf(self):
        """The configuration file in force."""
        return (self.run_folder / "opentracker.conf").read_text()

    def state(self):
        """All files in the tracker's folder but for those it writes, with what is in them."""
        return {
            path.name: path.read_bytes()
            for path in self.run_folder.iterdir()
            if path.is_file() and path.name != "state"
        }


class Procd:
    """What procd does with a service of one instance (procd, service/instance.c, 2c1834a).

    A changed instance is sent the reload signal of the old one, or restarted if that has none; an
    unchanged one is left alone; one that is not there any more is stopped; one that died, and waits
    to be respawned, is started at once, or forgotten if it is not there any more. Each request is
    obeyed before the next one is read. `events` has what was done.
    """

    def __init__(self, root, starts):
        self.events = []
        self.instance = None
        self.triggers = []
        self.process = None
        self.path = str(root / "procd.socket")
        self._root = root
        self._starts = starts
        self._read = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.close()
        if self.process:
            self.process.kill()
            self.process.wait()

    def calls(self):
        """All calls so far, lists of words."""
        path = self._root / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split("\x1f")[:-1] for line in lines]

    @property
    def pid(self):
        return self.process.pid

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return (self._root / "tracker.log").read_text()

    def wait_for_log(self, text):
        end = time.monotonic() + DEADLINE
        while text not in self.log():
            assert time.monotonic() < end, f"{text!r} is not in the log:\n{self.log()}"
            time.sleep(0.02)

    def crash(self):
        """The tracker dies, and is to be respawned in five seconds."""
        self.events.append("crash")
        (self._root / "running").unlink()
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                calls = self.calls()
                self._obey(calls[self._read :])
                self._read = len(calls)

    def _obey(self, calls):
        if calls[-1][0] == "procd_kill":
            self._stop()
            return
        self.triggers = [call[1] for call in calls if call[0].endswith("_trigger")]
        new = Instance(calls) if ["procd_open_instance"] in calls else None
        old, self.instance = self.instance, new
        if not new:
            self._stop()
        elif not old or not (self._root / "running").exists():
            self._start()
        elif new != old and old.params.get("reload_signal") == ["HUP"]:
            self.events.append("HUP")
            if self.process:
                self.process.send_signal(signal.SIGHUP)
        elif new != old:
            self._stop()
            self.instance = new
            self._start()

    def _start(self):
        self.events.append("start")
        (self._root / "running").touch()
        if self._starts:
            env = dict(word.split("=", 1) for word in self.instance.params["env"])
            with open(self._root / "tracker.log", "ab") as log:
                command = self.instance.params["command"]
                self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def _stop(self):
        self.instance = None
        if (self._root / "running").exists():
            self.events.append("stop")
            (self._root / "running").unlink()
        if self.process:
            self.process.terminate()
            assert self.process.wait(DEADLINE) == 0, self.log()
            self.process = None


class Instance:
    """An instance as procd compares it: equal to another if nothing needs to be done."""

    def __init__(self, calls):
        self.params = {call[1]: call[2:] for call in calls if call[0] == "procd_set_param"}
        self.jail = [call[1:] for call in calls if call[0] == "procd_add_jail"]
        self.readable = [call[1] for call in calls if call[0] == "procd_add_jail_mount"]
        self.writable = [call[1] for call in calls if call[0] == "procd_add_jail_mount_rw"]
        self.data = [call for call in calls if call[0].startswith("json_") or "mdns" in call[0]]
        files = self.params["file"]
        self._sums = [_checksum(path) for path in files]

    def _compared(self):
        return self.params, self.jail, self.readable, self.writable, self._sums

    def __eq__(self, other):
        return self._compared() == other._compared()

    __hash__ = None


def _checksum(path):
    """A piece at a time, so that a long file takes no memory of the tests."""
    checksum = hashlib.md5()
    if os.path.exists(path):
        with open(path, "rb") as file:
            for piece in iter(lambda: file.read(65536), b""):
                checksum.update(piece)
    return checksum.digest()
