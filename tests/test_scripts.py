"""scripts/run and scripts/provide: what a person who clones the repository meets first."""

import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import threading

import pytest

from support.runtimes import RUNTIMES, SCRIPTS, TOP, need_runtime

STUB = """
import sys
print(sys.argv[1:], len(sys.path[0]) > 1)
sys.exit(7)
"""


def run(*command, **how):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **how)


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose tracker only tells its arguments; its folder has a space in its name."""
    top = tmp_path / "a checkout"
    package = top / "src" / "opentracker"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(STUB)
    shutil.copy(TOP / "src" / "launch.py", top / "src")
    shutil.copytree(SCRIPTS, top / "scripts")
    (TOP / ".cache").mkdir(exist_ok=True)
    (top / ".cache").symlink_to(TOP / ".cache")
    return top


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_run_passes_options_and_status(checkout, runtime):
    need_runtime(runtime)
    done = run(checkout / "scripts" / "run", "--on", runtime, "-f", "a b", "")
    assert (done.returncode, done.stdout) == (7, "['-f', 'a b', ''] True\n"), done.stderr


def test_run_is_for_cpython_unless_told(checkout):
    assert run(checkout / "scripts" / "run").returncode == 7
    assert run(checkout / "scripts" / "run", "--on=cpython").returncode == 7


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_run_takes_no_module_from_the_current_directory(checkout, runtime, tmp_path):
    need_runtime(runtime)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "opentracker").mkdir(parents=True)  # another clone, for example
    for name in ("launch", "select", "selectors", "struct"):
        (elsewhere / (name + ".py")).write_text("raise SystemExit('the wrong module')")
    link = elsewhere / "link"
    link.symlink_to(checkout / "scripts" / "run")
    done = run(link, "--on", runtime, cwd=elsewhere)
    assert (done.returncode, done.stdout) == (7, "[] True\n"), done.stderr


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_run_becomes_the_tracker(checkout, runtime):
    need_runtime(runtime)
    stub = "import sys, time\nprint('up')\ntime.sleep(60)\n"
    (checkout / "src" / "opentracker" / "__main__.py").write_text(stub)
    command = [checkout / "scripts" / "run", "--on", runtime]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.wait(10) == -15
        assert process.stdout.read() == b""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--on"], "opentracker: --on needs cpython or micropython behind it\n"),
        (["--on", "pypy"], "opentracker: --on pypy: give cpython or micropython\n"),
        (["--on="], "opentracker: --on : give cpython or micropython\n"),
    ],
)
def test_run_says_what_is_wrong(options, message):
    done = run(SCRIPTS / "run", *options)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_old_interpreters_are_told_off(checkout):
    launch = checkout / "src" / "launch.py"
    launch.write_text(launch.read_text().replace("(3, 9)", "(99, 1)"))
    done = run(checkout / "scripts" / "run")
    assert done.returncode == 1
    assert done.stderr.startswith("opentracker: needs Python 99.1 or newer, this is 3.")


# scripts/provide


@pytest.fixture
def provide():
    loader = importlib.machinery.SourceFileLoader("provide", str(SCRIPTS / "provide"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("provide", loader))
    loader.exec_module(module)
    return module


def test_provide_names_what_it_has():
    done = run(SCRIPTS / "provide", "pypy")
    assert done.returncode == 1
    assert done.stderr.startswith("provide: usage:")
    assert " micropython-armhf " in done.stderr
    assert done.stderr.count("\n") == 1


def test_provide_fails_in_one_line(provide, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(provide, "apt_sources", list)
    sources = [provide.Debian("trixie", "micropython", "usr/bin/micropython", arch="amd64")]
    monkeypatch.setitem(provide.PROVIDERS, "micropython", sources)
    monkeypatch.setattr(provide, "CACHE", str(tmp_path))
    assert provide.main(["micropython"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].startswith("provide: can't provide micropython: ")


def test_provide_reads_apt_sources(provide):
    one_line = """
        # deb http://comment.example/debian bookworm main
        deb-src http://mirror.example/debian bookworm main
        deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main contrib
        deb http://other.example/debian bookworm-updates main  # why not
    """
    assert list(provide.one_line_sources(one_line)) == [
        ("http://mirror.example/debian/", ["bookworm"], ["main", "contrib"], "/k.gpg"),
        ("http://other.example/debian", ["bookworm-updates"], ["main"], ""),
    ]
    deb822 = """Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /k.gpg

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
    assert list(provide.deb822_sources(deb822)) == [
        ("http://mirror.example/debian", ["bookworm", "bookworm-updates"], ["main"], "/k.gpg")
    ]


def test_provide_uses_the_machine_s_mirror(provide, monkeypatch):
    sources = [
        ("http://security.example/debian-security", ["bookworm-security"], ["main"], ""),
        ("http://mirror.example/debian", ["bookworm-updates"], ["main"], ""),
        ("http://mirror.example/debian", ["bookworm"], ["main"], "/k.gpg"),
    ]
    monkeypatch.setattr(provide, "apt_sources", lambda: sources)
    line = provide.debian_source("trixie")
    assert line == "deb [signed-by=/k.gpg] http://mirror.example/debian trixie main\n"


def test_versions_are_compared_as_numbers(provide):
    accept = provide.version_at_least(1, 23)
    assert accept("(1, 23, 0, '')")
    assert accept("(1, 100, 0)")
    assert accept("(2, 0, 0)")
    assert not accept("(1, 9, 4)")
    assert not accept("")


@pytest.mark.parametrize("name", ["eslint", "bittorrent-tracker"])
def test_locked_packages_have_checksums_and_come_from_where_npm_is_set_up_for(provide, name):
    (source,) = provide.PROVIDERS[name]
    packages = json.loads((TOP / source.folder / "package-lock.json").read_text())["packages"]
    del packages[""]  # ours, which names what it wants
    assert packages
    for name, facts in packages.items():
        assert facts["integrity"].startswith("sha512-"), name
        assert "resolved" not in facts, name


def test_programs_are_unpacked_once(provide, tmp_path, monkeypatch):
    """Ten at once get the same program, which one of them unpacks; another recipe replaces it."""
    monkeypatch.setattr(provide, "CACHE", str(tmp_path / "cache"))
    unpacked = []

    class Sample(provide.Unpacked):
        def __init__(self, version):
            self.version = version

        def unpack(self, home):
            unpacked.append(home)
            provide.write_file(os.path.join(home, "run"), self.version)

    def find(version):
        with open(Sample(version).find("sample")) as file:
            assert file.read() == version

    threads = [threading.Thread(target=find, args=["1"]) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(unpacked) == 1
    find("2")
    assert len(unpacked) == 2
    assert sorted(os.listdir(tmp_path / "cache")) == ["sample", "sample.lock"]
