"""The trackers to compare: where each is found, how it is started, watched and ended."""

import contextlib
import glob
import io
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tarfile
import tempfile
import time

from machine import TICKS, TOP, first_line

CACHE = os.path.join(TOP, ".cache")
PROVIDE = os.path.join(TOP, "scripts", "provide")
RUN = os.path.join(TOP, "scripts", "run")
BUILD = os.path.join(TOP, "scripts", "build")
ADDRESS = "127.0.0.1"
CONNECT = struct.pack(">QII", 0x41727101980, 0, 7)


class Unavailable(Exception):
    """Why a tracker can't be run here."""


class Trouble(Exception):
    """A tracker or the load did not do as expected."""


def provided(name):
    """The path `scripts/provide` prints, and if it prints none its reason why."""
    done = subprocess.run([PROVIDE, name], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(done.stderr.strip().rpartition("\n")[2] or "not provided")
    return done.stdout.strip()


class Debian:
    """The C opentracker as Debian builds it, which serves what is on its whitelist."""

    bare = None

    def __init__(self, name, package):
        self.name = name
        self.program = provided(package)
        if not first_line([self.program, "-h"]):
            raise Unavailable("%s does not start" % self.program)

    def version(self):
        unpacked = os.path.join(os.path.dirname(self.program), "root/usr/share/doc/opentracker")
        if os.path.isdir(unpacked):
            newest = first_line(["zcat", os.path.join(unpacked, "changelog.Debian.gz")])
            return newest.partition(")")[0].replace("(", "")
        return first_line(["dpkg-query", "-W", "opentracker"]).replace("\t", " ")

    def command(self, port, folder, whitelist, _memory):
        # As root it makes the folder its root directory, otherwise it only goes there.
        where = ["-i", ADDRESS, "-p", str(port), "-P", str(port)]
        return [self.program] + where + ["-d", folder, "-w", whitelist]

    def size(self, _folder):
        """Of the program alone, which Debian builds for this processor."""
        unpacked = os.path.join(os.path.dirname(self.program), "root/usr/bin/opentracker")
        program = unpacked if os.path.exists(unpacked) else self.program
        return {"installed_kib": os.path.getsize(program) / 1024}


class Ours:
    """The tracker of this checkout on one of its interpreters."""

    def __init__(self, name, interpreter, bare, version, on=None):
        self.name = name
        self.on = on or name
        self.interpreter = interpreter
        self.bare = [interpreter] + bare  # starts it with nothing to do, for comparison
        self.version_command = [interpreter] + version
        if not os.path.exists(os.path.join(TOP, "src", "opentracker")):
            raise Unavailable("src/opentracker is missing")

    def version(self):
        return first_line(self.version_command)

    def command(self, port, folder, _whitelist, memory):
        where = ["-i", ADDRESS, "-p", str(port), "-P", str(port)]
        budget = ["-m", str(memory)] if memory else []
        return [self.run(folder), "--on", self.on] + where + budget

    def run(self, _folder):
        return RUN

    def size(self, folder):
        """Of the package for OpenWrt, which has what MicroPython runs; of CPython's, nothing."""
        if self.name != "micropython":
            return None
        return package_sizes(os.path.join(folder, "dist"))


class Bytecode(Ours):
    """Ours on MicroPython as it runs on a processor that MicroPython emits no machine code for."""

    def run(self, folder):
        top = os.path.join(folder, self.name)
        if not os.path.exists(top):
            copy_checkout(top, without=["native.py"])
        return os.path.join(top, "scripts", "run")


def copy_checkout(top, without):
    """All that starts the tracker, in a new folder, except files of some names."""
    ignored = shutil.ignore_patterns("__pycache__", *without)
    shutil.copytree(os.path.join(TOP, "src"), os.path.join(top, "src"), ignore=ignored)
    os.mkdir(os.path.join(top, "scripts"))
    for script in (RUN, PROVIDE):
        shutil.copy(script, os.path.join(top, "scripts"))
    os.symlink(CACHE, os.path.join(top, ".cache"))


def package_sizes(folder):
    """Of the .ipk that `scripts/build` makes in a folder, and of the files in it."""
    done = subprocess.run([BUILD, "--output", folder], capture_output=True, text=True)
    found = glob.glob(os.path.join(glob.escape(folder), "opentracker_*_all.ipk"))
    if done.returncode or not found:
        raise Trouble("scripts/build: " + (done.stderr.strip().rpartition("\n")[2] or "no package"))
    with tarfile.open(found[0]) as package:
        data = package.extractfile("./data.tar.gz").read()
    with tarfile.open(fileobj=io.BytesIO(data)) as files:
        installed = sum(file.size for file in files)
    return {"installed_kib": installed / 1024, "package_kib": os.path.getsize(found[0]) / 1024}


class JavaScript:
    """npm's bittorrent-tracker, run by node."""

    bare = ["node", "-e", "setTimeout(() => {}, 60000)"]

    def __init__(self, name):
        self.name = name
        self.program = provided(name)

    def version(self):
        modules = os.path.join(os.path.dirname(self.program), "node_modules")
        with open(os.path.join(modules, "bittorrent-tracker", "package.json")) as file:
            own = json.load(file)["version"]
        return "bittorrent-tracker %s, node %s" % (own, first_line(["node", "--version"]))

    def command(self, port, _folder, _whitelist, _memory):
        return [self.program, ADDRESS, str(port)]

    def size(self, _folder):
        return None  # nothing is compiled


def cpython(name):
    program = shutil.which("python3")
    if not program:
        raise Unavailable("no python3 in PATH")
    sleep = ["-E", "-s", "-S", "-c", "import time; time.sleep(60)"]
    return Ours(name, program, sleep, ["--version"])


def micropython(name, make=Ours):
    heap = "heapsize=" + os.environ.get("OPENTRACKER_HEAP", "4M")
    sleep = ["-X", heap, "-c", "import time; time.sleep(60)"]
    ask = ["-c", "import sys; print('MicroPython', '.'.join(map(str, sys.implementation[1][:3])))"]
    return make(name, provided("micropython"), sleep, ask, on="micropython")


TRACKERS = {
    "c2021": lambda name: Debian(name, "opentracker-2021"),
    "c2024": lambda name: Debian(name, "opentracker-2024"),
    "c2025": lambda name: Debian(name, "opentracker-2025"),
    "cpython": cpython,
    "micropython": micropython,
    "bytecode": lambda name: micropython(name, Bytecode),
    "bittorrent-tracker": JavaScript,
}
REFERENCES = ["c2021", "c2024", "c2025"]


def find(name):
    return TRACKERS[name](name)


def free_port():
    """A port that nobody has on TCP or UDP, outside the range that connections are made from."""
    for port in range(20000 + os.getpid() % 5000, 32000):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind((ADDRESS, port))
                udp.bind((ADDRESS, port))
                return port
            except OSError:
                continue
    raise Trouble("no free port")


class Process:
    """A running process and what /proc tells of it."""

    def __init__(self, command, core, env, log):
        self.log = log
        self.started = time.monotonic()
        self.popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=CACHE,
            env={**os.environ, **env},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  (no threads here)
        )

    def _read(self, name):
        self.check()
        with open("/proc/%d/%s" % (self.popen.pid, name)) as file:
            return file.read()

    def check(self):
        if self.popen.poll() is not None:
            raise Trouble("it has ended: " + self.last_words())

    def cpu_seconds(self):
        """User and system time of all its threads, past ones included."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_kib(self):
        return int(re.search(r"^Rss:\s+(\d+)", self._read("smaps_rollup"), re.M).group(1))

    def last_words(self):
        self.log.seek(0)
        lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "without a word"

    def end(self):
        self.popen.terminate()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


@contextlib.contextmanager
def running(command, core, env=()):
    """A process on a core of its own, with some more environment, ended whatever happens."""
    with tempfile.TemporaryFile() as log:
        process = Process(command, core, dict(env), log)
        try:
            yield process
        finally:
            process.end()


def wait_for_program(process):
    """Scripts prepare the start of a tracker and then become it: its time begins there."""
    shell = os.path.realpath("/bin/sh")
    while process.popen.poll() is None:
        if os.path.realpath("/proc/%d/exe" % process.popen.pid) != shell:
            break
        process.started = time.monotonic()
        time.sleep(0.0002)


def wait_for_answer(port, process, timeout=20):
    """Ask for a connection id until there is one; returns how long the start took in seconds."""
    wait_for_program(process)
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect((ADDRESS, port))
        client.settimeout(0.002)
        while process.popen.poll() is None and time.monotonic() - process.started < timeout:
            try:
                client.send(CONNECT)
                if len(client.recv(64)) == 16:
                    return time.monotonic() - process.started
            except socket.timeout:
                pass
            except ConnectionRefusedError:
                time.sleep(0.0005)
    raise Trouble("does not start: " + process.last_words())
