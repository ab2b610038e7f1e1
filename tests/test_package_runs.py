"""The packages at work: alone in a root, installed by mip, on old MicroPython, elsewhere."""

import functools
import http.server
import os
import shutil
import signal
import subprocess
import threading

import pytest

from support import router
from support.packages import unpack
from support.runtimes import TOP, need
from support.tracker import Daemon, free_port
from support.wire import UdpClient, announce, peers, scrape
from test_package import VERSION

HASH = b"\x47" * 20
VECTORS = TOP / "tests" / "vectors"
HEAP = ["-X", "heapsize=2M"]


@pytest.fixture(scope="session", params=["ipk", "apk"])
def root(request, built, tmp_path_factory):
    """A root with a package, busybox and MicroPython, and nothing else."""
    folder = tmp_path_factory.mktemp(request.param)
    folder.chmod(0o755)
    unpack(getattr(built, request.param)().data, folder)
    router.furnish(folder)
    return folder


@pytest.fixture
def start():
    """start(command, port) starts a tracker that has to end well."""
    trackers = []

    def start_one(command, port):
        expected = {("tcp", port), ("udp", port)}
        trackers.append(Daemon(command, expected, env={"PATH": router.PATH}))
        return trackers[-1]

    yield start_one
    try:
        for tracker in trackers:
            assert tracker.stop(signal.SIGTERM) == 0, tracker.log()
            assert "Traceback" not in tracker.log(), tracker.log()
    finally:
        for tracker in trackers:
            tracker.__exit__()


@pytest.mark.requires_root
def test_it_tells_its_version(root):
    done = router.run(root, "opentracker", "--version")
    assert (done.returncode, done.stdout) == (0, f"opentracker {VERSION}\n"), done.stderr


@pytest.mark.requires_root
def test_it_checks_a_configuration(root):
    (root / "tmp" / "config").write_text("listen.tcp_udp 127.0.0.1:6969\ntracker.memory many\n")
    done = router.run(root, "opentracker", "-f", "/tmp/config", "--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("opentracker: /tmp/config:2: tracker.memory")
    (root / "tmp" / "config").write_text("listen.tcp_udp 127.0.0.1:6969\n")
    done = router.run(root, "opentracker", "-f", "/tmp/config", "--check")
    assert (done.returncode, done.stderr) == (0, "opentracker: the configuration is good\n")


@pytest.mark.requires_root
def test_it_serves_reloads_and_ends(root, start):
    port = free_port()
    target = ("127.0.0.1", port)
    config = root / "tmp" / "config"
    config.write_text(f"listen.tcp_udp 127.0.0.1:{port}\ntracker.user opentracker\n")
    tracker = start(router.command(root, "/usr/bin/opentracker", "-f", "/tmp/config"), port)
    assert os.stat(f"/proc/{tracker.pid}").st_uid == 6969
    announce(target, HASH, 7001)
    assert peers(announce(target, HASH, 7002, left=1)) == [
        ("127.0.0.1", 7001),
        ("127.0.0.1", 7002),
    ]
    with UdpClient(target) as client:
        assert client.scrape(HASH).counts == [(1, 0, 1)]
    (root / "tmp" / "list").write_text("00" * 20 + "\n")
    with open(config, "a") as file:
        file.write("access.whitelist /tmp/list\n")
    tracker.send_signal(signal.SIGHUP)
    tracker.wait_for_log("access.whitelist: 1 info_hash")
    assert scrape(target, HASH) == {}


@pytest.mark.requires_root
def test_the_feed_s_own_test_passes(root):
    shutil.copy(TOP / "package" / "test.sh", root / "tmp")
    command = f"PORT={free_port()} sh /tmp/test.sh opentracker"
    done = router.run(root, "/bin/sh", "-c", f"{command} {VERSION}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8:completei1e" in done.stdout
    assert router.run(root, "/bin/sh", "-c", f"{command} 1.0").returncode == 1


INIT_SCRIPT = """#!/bin/sh
[ "$1" = running ] || exec /bin/busybox echo "$1"
[ -e /tmp/running ]
"""


@pytest.mark.requires_root
@pytest.mark.parametrize(
    ("files", "upgrade", "calls"),
    [
        ([], "", []),
        (["etc/rc.d/S95opentracker", "tmp/running"], "", []),
        (["etc/rc.d/S10opentracker"], "", ["disable", "enable"]),  # as the C tracker has it
        (["etc/rc.d/S95opentracker", "tmp/running"], "1", ["restart"]),
        (["etc/rc.d/S95opentracker"], "1", []),
        (["etc/rc.d/S10opentracker", "tmp/running"], "1", ["disable", "enable", "restart"]),
    ],
)
def test_it_takes_the_place_of_what_was_there(built, tmp_path, files, upgrade, calls):
    """Whether it starts at boot stays as it was; what runs is the new program."""
    router.furnish(tmp_path)
    for name, text in (("etc/init.d/opentracker", INIT_SCRIPT), *((name, "") for name in files)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "etc/init.d/opentracker").chmod(0o755)
    (tmp_path / "tmp/script").write_bytes(built.ipk().control["postinst-pkg"][1])
    done = router.run(tmp_path, "/bin/sh", "-c", f"PKG_UPGRADE={upgrade} sh /tmp/script")
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, calls, "")


# mip


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_mip_installs_what_runs(built, tmp_path):
    handler = functools.partial(Quiet, directory=built.folder / "mip")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = "http://127.0.0.1:%d" % server.server_port
            code = f"import mip\nmip.install('{url}/package.json', index='{url}', target='modules')"
            done = run_micropython("micropython", "-c", code, cwd=tmp_path)
        finally:
            server.shutdown()
            thread.join()
    assert done.returncode == 0 and done.stdout.endswith("\nDone\n"), done.stdout + done.stderr
    path = ".frozen:" + str(tmp_path / "modules")
    done = run_micropython("micropython", "-m", "opentracker", "--version", MICROPYPATH=path)
    assert (done.returncode, done.stdout) == (0, f"opentracker {VERSION}\n"), done.stderr
    packaged = {name for name, (member, _) in built.ipk().data.items() if member.isfile()}
    prefix = "usr/lib/opentracker/"
    installed = (tmp_path / "modules").rglob("*")
    assert {str(p.relative_to(tmp_path / "modules")) for p in installed if p.is_file()} == {
        name[len(prefix) :] for name in packaged if name.startswith(prefix)
    } - {"launch.py"}


# Interpreters


def run_micropython(name, *words, cwd=None, **env):
    return subprocess.run(
        [need(name), "-X", "heapsize=16M", *map(str, words)],
        env={**os.environ, **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="session")
def modules(built, tmp_path_factory):
    """The folder that is /usr/lib/opentracker on a router."""
    folder = tmp_path_factory.mktemp("installed")
    unpack(built.ipk().data, folder)
    return folder / "usr" / "lib" / "opentracker"


ALL = {path.stem for path in VECTORS.glob("vec_*.py")}
NEEDS_NAMES = {"vec_accesslist", "vec_stats"}  # of private numbers, which bytecode has not


@pytest.mark.parametrize(
    ("interpreter", "names"),
    [
        ("micropython-1.23", ALL - NEEDS_NAMES),
        ("micropython-1.29", {"vec_http", "vec_udp", "vec_bencode", "vec_native"}),
    ],
)
def test_bytecode_runs_on_old_and_new_micropython(modules, interpreter, names):
    path = f".frozen:{modules}:{VECTORS}"
    done = run_micropython(
        interpreter, VECTORS / "run.py", "--brief", *sorted(names), MICROPYPATH=path
    )
    assert done.returncode == 0 and done.stdout.count(" 0 failed") == len(names), done.stdout


def test_every_module_can_be_the_first(modules):
    """Imports of nothing but numbers are left out; nothing may rely on what they brought along."""
    names = [str(path.relative_to(modules)) for path in (modules / "opentracker").rglob("*.mpy")]
    names = [name.removesuffix(".mpy").removesuffix("/__init__") for name in names]
    for name in sorted(set(names) - {"opentracker/__main__"}):
        code = "import " + name.replace("/", ".")
        done = run_micropython("micropython", "-c", code, MICROPYPATH=f".frozen:{modules}")
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), name


@pytest.mark.parametrize("interpreter", ["micropython-armhf", "micropython-s390x"])
def test_bytecode_serves_on_other_processors(modules, interpreter, start):
    port = free_port()
    program = [need(interpreter), *HEAP, modules / "launch.py"]
    command = ["env", f"MICROPYPATH=.frozen:{modules}", *program]
    start([*command, "-i", "127.0.0.1", "-p", port, "-P", port], port)
    target = ("127.0.0.1", port)
    assert peers(announce(target, HASH, 7001, left=1)) == [("127.0.0.1", 7001)]
    assert scrape(target, HASH)[HASH] == {b"complete": 0, b"downloaded": 0, b"incomplete": 1}
