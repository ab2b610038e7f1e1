"""Start a tracker, or another daemon, for a test: wait for it, read its log, stop it by its pid."""

import itertools
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

from . import runtimes

START_DEADLINE = 30
STOP_DEADLINE = 20
FIRST_PORT, FIRST_EPHEMERAL = 10000, 32768  # between them the kernel gives none to clients
MOST_WORKERS = 16
LISTEN_SWITCHES = {"-p": "tcp", "-P": "udp"}


class StartFailed(AssertionError):
    """The daemon ended, or took too long, before it listened."""


class Daemon:
    """A process that listens on sockets; a context manager that leaves nothing behind.

    `expected` are (protocol, port) pairs to wait for, such as ("udp", 6969); when it is empty, any
    listening socket will do.
    """

    def __init__(self, command, expected=(), env=None, netns=None, cwd=None):
        prefix = ["ip", "netns", "exec", netns] if netns else []
        self.command = prefix + [str(word) for word in command]
        self.status = None
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        self.pid = self._process.pid
        try:
            self._wait_until_listening(set(expected))
        except BaseException:
            self.kill()
            raise

    def _wait_until_listening(self, expected):
        deadline = time.monotonic() + START_DEADLINE
        while True:
            found = bound_sockets(self.pid)
            if found and expected <= found:
                return
            if self._process.poll() is not None:
                self.status = self._process.returncode
                raise StartFailed(self._story(f"exited with status {self.status} at its start"))
            if time.monotonic() > deadline:
                raise StartFailed(self._story(f"listens on {found}, not on {expected}"))
            time.sleep(0.01)

    def _story(self, what):
        return f"{' '.join(self.command)}\n{what}; its log:\n{self.log()}"

    @property
    def running(self):
        return self._process.poll() is None

    def log(self):
        """All that it has printed so far, standard output included."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode("utf-8", "replace")

    def wait_for_log(self, pattern, deadline=10):
        """The match of a regular expression in the log, as soon as it is there."""
        end = time.monotonic() + deadline
        while True:
            match = re.search(pattern, self.log())
            if match:
                return match
            assert time.monotonic() < end, self._story(f"did not log {pattern!r}")
            time.sleep(0.02)

    def send_signal(self, number):
        self._process.send_signal(number)

    def wait(self, deadline=STOP_DEADLINE):
        """Wait until it ends by itself; return its exit status."""
        try:
            self.status = self._process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(self._story(f"still ran after {deadline} s")) from None
        return self.status

    def stop(self, number=signal.SIGTERM):
        """Ask it to end, if it still runs; return its exit status (negative: died of a signal)."""
        if self.status is None:
            self.send_signal(number)
            self.wait()
        return self.status

    def kill(self):
        if self.running:
            self._process.kill()
        self.status = self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.kill()
        self._log.close()


class Tracker(Daemon):
    """Our tracker on one runtime, by default on a free port (the same for TCP and UDP) of `host`.

    With -i, -p or -P among the options, or with -f and a given port, the options decide alone
    where it listens.
    """

    def __init__(self, runtime, *options, port=None, host="127.0.0.1", **process):
        options = [str(option) for option in options]
        expected = listen_options(options)
        own_choice = expected or "-i" in options or ("-f" in options and port)
        if not own_choice:
            port = port or free_port(host)
            options += ["-i", host, "-p", str(port), "-P", str(port)]
            expected = {("tcp", port), ("udp", port)}
        self.runtime = runtime
        self.host = host
        self.port = port or next((number for _, number in sorted(expected)), None)
        super().__init__(runtimes.command(runtime, *options), expected, **process)
        if not expected:
            self._wait_until_all_are_open()

    def _wait_until_all_are_open(self):
        """One socket of several says little; the greeting comes after the last of them."""
        try:
            self.wait_for_log(" KiB for peers", START_DEADLINE)
        except BaseException:
            self.kill()
            raise

    @property
    def addr(self):
        return self.host, self.port

    @property
    def url(self):
        """What a client calls the announce URL."""
        return f"http://{self._authority}/announce"

    @property
    def udp_url(self):
        return f"udp://{self._authority}/announce"

    @property
    def _authority(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def reload(tracker, message):
    """Have it reload; returns its lines of log until one has `message`, a regular expression."""
    known = len(tracker.log())
    tracker.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + START_DEADLINE
    while not re.search(message, tracker.log()[known:]):
        assert time.monotonic() < deadline, tracker.log()
        time.sleep(0.02)
    return tracker.log()[known:].splitlines()


def listen_options(options):
    """The (protocol, port) pairs that a command line asks for with -p and -P."""
    pairs = zip(options, options[1:])
    return {(LISTEN_SWITCHES[a], int(b)) for a, b in pairs if a in LISTEN_SWITCHES and b.isdigit()}


def free_port(host="127.0.0.1"):
    """A port of an address that nobody has, neither for TCP nor for UDP.

    The kernel gives none of these to clients, nor does another process of the tests.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = next(_ports)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(family, kind) as taken:
                    taken.bind((host, port))
        except OSError:
            continue
        return port


def _ports_of_this_process():
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    count = (FIRST_EPHEMERAL - FIRST_PORT) // MOST_WORKERS
    first = FIRST_PORT + worker % MOST_WORKERS * count
    start = os.getpid() % count  # what ran before may have left sockets that are not yet gone
    return itertools.cycle([first + (start + index) % count for index in range(count)])


_ports = _ports_of_this_process()


def bound_sockets(pid):
    """The (protocol, port) pairs on which a process listens, in its own network namespace."""
    inodes = _socket_inodes(pid)
    found = set()
    for protocol, table, states in (("tcp", "tcp", {"0A"}), ("udp", "udp", {"07"})):
        for version in ("", "6"):
            for fields in _table(f"/proc/{pid}/net/{table}{version}"):
                if fields[3] in states and fields[9] in inodes:
                    found.add((protocol, int(fields[1].rpartition(":")[2], 16)))
    return found


def _socket_inodes(pid):
    inodes = set()
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{number}")
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    except OSError:  # it has just ended, or closed that descriptor
        pass
    return inodes


def _table(path):
    try:
        with open(path) as file:
            return [line.split() for line in file.readlines()[1:]]
    except OSError:
        return []
