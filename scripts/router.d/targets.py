"""The router behind a serial line or behind ssh: run a command, follow it, bring a file."""

import os
import shutil
import subprocess
import tempfile
from shlex import quote

from console import Console
from line import Line
from trouble import Trouble

SSH_FAILED = 255  # opkg's status, too, when it fails: that becomes 254


class SerialTarget:
    """A router's console."""

    def __init__(self, url, baud, user, password):
        self.name = url
        self._line = Line(url, baud)
        console = Console(self._line, user, password)
        try:
            console.wake()
            self.greeting = "logged in as %s" % user if console.logged_in else "a shell answers"
            self._agent = console.start_agent()
        except BaseException:
            self._leave(console)
            raise

    def run(self, command, patience=60):
        return self._agent.run(command, patience)

    def follow(self, command, take):
        self._agent.follow(command, take)

    def append(self, path, data, offset, progress):
        self._agent.append(path, data, offset, progress)

    @property
    def repeated(self):
        return self._agent.repeated

    def close(self):
        try:
            self._agent.end()
        except Trouble:
            pass  # said already: the line is gone
        finally:
            self._line.close()

    def _leave(self, console):
        try:
            console.leave()
        except Trouble:
            pass
        finally:
            self._line.close()


class SshTarget:
    """A router by this computer's ssh, which keeps one connection for all of a session."""

    repeated = 0

    def __init__(self, destination):
        self.name = destination
        if not shutil.which("ssh"):
            raise Trouble("there is no ssh on this computer: install it (openssh-client)")
        self._folder = tempfile.mkdtemp(prefix="router-")
        self._options = ["-o", "ConnectTimeout=10", "-o", "ControlMaster=auto"]
        self._options += ["-o", "ControlPath=" + os.path.join(self._folder, "ssh")]
        self._options += ["-o", "ControlPersist=60"]
        self.greeting = "connected"
        try:
            self.run("true")
        except BaseException:
            self.close()
            raise

    def run(self, command, patience=None):
        done = subprocess.run(
            self._command("(%s); s=$?; [ $s -ne 255 ] || s=254; exit $s" % command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        if done.returncode == SSH_FAILED:
            self._fail(done.stderr)
        text = (done.stdout + done.stderr).decode(errors="replace")
        return done.returncode, text.replace("\r\n", "\n")

    def follow(self, command, take):
        """As long as its input is open, the command goes on: also when the line breaks, it ends."""
        command = self._command("%s & read -r _; kill $!" % command)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            try:
                for data in iter(lambda: process.stdout.read1(4096), b""):
                    take(data)
            except KeyboardInterrupt:
                pass

    def append(self, path, data, offset, progress):
        command = self._command("cat >>%s" % quote(path))
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                while offset < len(data):
                    process.stdin.write(data[offset : offset + 16384])
                    process.stdin.flush()
                    offset = min(len(data), offset + 16384)
                    progress(offset)
                process.stdin.close()
            except BrokenPipeError:
                pass
            message = process.stderr.read()
            if process.wait() == SSH_FAILED:
                self._fail(message)
        if process.returncode:
            raise Trouble("the router's RAM is full: %s has no room for the file" % path)

    def close(self):
        command = ["ssh", *self._options, "-O", "exit", "--", self.name]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self, command):
        return ["ssh", *self._options, "--", self.name, command]

    def _fail(self, message):
        lines = message.decode(errors="replace").strip().splitlines()
        raise Trouble(
            "ssh can't reach %s: %s" % (self.name, lines[-1] if lines else "it says no reason")
        )
