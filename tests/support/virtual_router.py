"""A virtual router (scripts/virtual-router) for a test, and what a person does with it."""

import contextlib
import re
import subprocess
import sys

from .runtimes import TOP, need

ROUTER_MODULES = TOP / "scripts" / "router.d"
PARTS = ("qemu-system-arm", "linux-armhf", "busybox-armhf", "micropython-armhf")
DEADLINE = 420
PASSWORD = "router"


class VirtualRouter:
    """It boots when this is made; `addr` is where its tracker's port can be reached."""

    def __init__(self, folder):
        for part in PARTS:
            need(part)
        self.folder = folder
        self._password = folder / "password"
        self._password.write_text(PASSWORD + "\n")
        command = [sys.executable, TOP / "scripts" / "virtual-router", "--port", "0"]
        self._process = subprocess.Popen(
            [*command, "--log", folder / "console"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        told = ""
        for line in self._process.stdout:
            told += line
            if line.startswith("scripts/router shell"):
                break
        serial = re.search(r"socket://\S+?(?=,)", told)
        assert serial, f"it did not boot: {told}\n{self.console_log()[-2000:]}"
        self.serial = serial[0]
        self.addr = "127.0.0.1", int(re.search(r"http://127\.0\.0\.1:(\d+)/", told)[1])

    def console_log(self):
        """All that the console has said, kernel and all."""
        path = self.folder / "console"
        return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""

    def do(self, command, *arguments):
        """Run a command of scripts/router with this router; returns what subprocess.run does."""
        target = ["--serial", self.serial, "--password-file", self._password]
        return subprocess.run(
            [sys.executable, TOP / "scripts" / "router", command, *arguments, *target],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )

    @contextlib.contextmanager
    def shell(self):
        """run(command) on the router's console; it has to succeed, unless `status` says otherwise.

        Returns what it prints.
        """
        if str(ROUTER_MODULES) not in sys.path:
            sys.path.append(str(ROUTER_MODULES))
        from targets import SerialTarget

        target = SerialTarget(self.serial, 115200, "root", lambda: PASSWORD)

        def run(command, status=0):
            found, text = target.run(command, DEADLINE)
            assert found == status, f"{command}\nstatus {found}: {text}"
            return text

        try:
            yield run
        finally:
            target.close()

    def stop(self):
        """Switch it off as Ctrl-C does; returns the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(2)
        try:
            return self._process.wait(60)
        finally:
            self._process.stdout.close()
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
