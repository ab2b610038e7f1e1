"""--uci, --to-uci and --lists as they are typed, on both runtimes."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from opentracker.config import parse_lines
from opentracker.options import OPTIONS
from support.openwrt import CONFIG
from support.runtimes import command, need, need_runtime

HASH = "0123456789abcdef0123456789abcdef01234567"
LAN = ("--interface", "lan=192.168.1.1,fd00::1")
KEYWORDS = [option.keyword for option in OPTIONS if option.keyword]


@pytest.fixture
def program(runtime, tmp_path):
    """program(*arguments, text=None) runs it; returns (exit status, output, errors)."""
    need_runtime(runtime)

    def run(*arguments, text=b""):
        done = subprocess.run(
            command(runtime, *arguments), input=text, capture_output=True, cwd=tmp_path, timeout=60
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def section(*lines):
    return "\n\t".join(["config opentracker 'main'", *lines, ""]).encode()


def test_it_prints_a_configuration_file(program):
    status, output, errors = program("--uci", CONFIG, *LAN)
    assert (status, errors) == (0, "")
    settings = parse_lines(output.splitlines(), "printed")
    assert [each.port for each in settings.listeners] == [6969] * 5
    assert settings.memory_kib == 4096


def test_it_reads_standard_input_and_the_ram(program, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:  64000 kB\nMemFree: 1 kB\n")
    text = b"opentracker.main=opentracker\nopentracker.main.port='80'\n"
    status, output, errors = program("--uci", "-", *LAN, "--meminfo", "meminfo", text=text)
    assert (status, errors) == (0, "")
    assert "tracker.memory 4000\nlisten.tcp_udp 192.168.1.1:80\n" in output


def test_all_mistakes_are_told_and_nothing_is_written(program, tmp_path):
    text = section("option port '99999'", "option enabled 'x'")
    status, output, errors = program("--uci", "-", "--into", tmp_path, *LAN, text=text)
    assert (status, output) == (1, "")
    assert errors.splitlines() == [
        "opentracker: opentracker.main.port: 99999 is not a port (1-65535)",
        "opentracker: opentracker.main.enabled: x is neither yes nor no",
    ]
    assert list(tmp_path.iterdir()) == []


def test_no_address_yet_has_a_status_of_its_own(program):
    status, output, errors = program("--uci", "-", "--interface", "lan=", text=section())
    assert (status, output) == (3, "")
    assert errors == "opentracker: opentracker.main.interface: lan has no address yet\n"


def test_files_are_written_for_the_init_script(program, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "white").write_text(HASH.upper())
    text = section(f"option whitelist_file '{tmp_path}/white'", f"list whitelist '{'f' * 40}'")
    options = ("--into", "new", "--run", "/r", "--running", tmp_path)
    status, output, errors = program("--uci", "-", *LAN, *options, text=text)
    assert (status, output, errors) == (0, "", "")
    assert (tmp_path / "new/whitelist").read_text() == "f" * 40 + "\n" + HASH.upper()
    assert "access.whitelist /r/whitelist\n" in (tmp_path / "new/opentracker.conf").read_text()
    facts = (tmp_path / "new/facts").read_text()
    assert "opentracker_heap='1wM'\n" in facts and "opentracker_restart=''\n" in facts
    change = section("option heap '4000'", "option memory '2000'")
    options = ("--into", "new", "--running", "new")
    assert program("--uci", "-", *LAN, *options, text=change)[0] == 0
    assert (
        "opentracker_restart='memory state_file tracker.status_file heap'"
        in (tmp_path / "new/facts").read_text()
    )
    (tmp_path / "new/opentracker.conf").write_text("of.another version\n")
    assert program("--uci", "-", *LAN, *options, text=change)[0] == 0
    assert "opentracker_restart='version'" in (tmp_path / "new/facts").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--uci"], "needs a file: --uci FILE"),
        (["--uci", "no"], "cannot read no: No such file or directory"),
        (["--uci", "-", "--foo", "x"], "--uci FILE: --foo is none of --interface, --meminfo,"),
        (["--uci", "-", "--into"], "--uci FILE: --into needs a value behind it"),
        (["--uci", "-", "--meminfo", "no"], "cannot read no: No such file or directory"),
        (["--uci", "-"], "opentracker: there is no section of this type"),
        (["--to-uci"], "takes one file: --to-uci FILE"),
        (["--to-uci", "no"], "cannot read no: No such file or directory"),
        (["--lists", "a", "b"], "takes one file: --lists FILE"),
        (["--lists", "no"], "cannot read no: No such file or directory"),
    ],
)
def test_what_it_can_not_do_is_told_in_a_line(program, arguments, message):
    status, output, errors = program(*arguments)
    assert (status, output) == (1, "")
    assert errors.startswith("opentracker: " + message) and errors.count("\n") == 1


def test_a_folder_that_can_not_be_written_to_is_told(program):
    status, _, errors = program("--uci", "-", *LAN, "--into", "no", text=section())
    assert status == 1
    assert errors == "opentracker: cannot write to no: No such file or directory\n"


def test_random_bytes_are_told_and_no_traceback(program):
    for text in (os.urandom(1000), b"'" * 1000, b"\n" * 200000, bytes(100)):
        status, output, errors = program("--uci", "-", *LAN, text=text)
        assert (status, output) == (1, "")
        assert errors.count("\n") == 1 and errors.startswith("opentracker: ")


@pytest.mark.parametrize("version", ["2024", "2025"])
def test_the_c_tracker_s_sample_comes_over(program, version, tmp_path):
    installed = Path(need(f"opentracker-{version}")).parent / "root/etc/opentracker"
    lines = sample(installed / "opentracker.conf")
    assert len(lines) > 15
    conf = tmp_path / "opentracker.conf"
    conf.write_text("\n".join(lines) + "\n")
    before = conf.stat()
    status, text, errors = program("--to-uci", conf)
    assert status == 0, errors
    assert (conf.stat().st_mtime_ns, conf.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    for line in lines:
        keyword, value = line.split(None, 1)
        value = value.removeprefix("./")
        told = (f"'{value}'", f"/{value.lstrip('/')}'", f"# {keyword} {value}: ")
        assert any(each in text for each in told), line
    status, made, errors = program("--uci", "-", text=text.encode())
    assert status == 0, errors
    settings = parse_lines(made.splitlines(), "made")
    assert settings.redirect_url == b"https://your.tracker.local/"
    assert settings.livesync_listen == (bytes([192, 168, 0, 1]), 9696)
    assert settings.whitelist == "/etc/opentracker/whitelist.txt"


def sample(path):
    """The lines of a sample with every line switched on; its text around them is indented more."""
    found = re.findall(r"(?m)^#? ?([\w.]+) +(\S+)$", path.read_text())
    return [f"{keyword} {value}" for keyword, value in found if keyword in KEYWORDS]


def test_lists_are_counted(program, tmp_path):
    (tmp_path / "white").write_text(f"{HASH}\n# x\n\n{HASH} y\nz\n{HASH}0\n{HASH}")
    (tmp_path / "conf").write_text("access.whitelist white\naccess.blacklist no\n")
    status, output, errors = program("--lists", "conf")
    assert output.splitlines() == [
        "whitelist: 3 in white, 2 lines ignored, the first is line 5",
        "blacklist: cannot read no: No such file or directory",
    ]
    assert (status, errors) == (1, "")


def test_as_much_as_uci_may_say_fits_into_the_heap(program, tmp_path):
    lists = {
        name: [f"{number:040x}" for number in range(500)] for name in ("whitelist", "blacklist")
    }
    for name in ("stats", "fullscrape", "proxy", "admin"):
        lists[name] = [f"2001:db8:{number:x}::/48" for number in range(255)]
    text = section(*[f"list {name} '{text}'" for name in lists for text in lists[name]])
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        options = ("--into", folder, "--running", "first")
        status, _, errors = program("--uci", "-", *LAN, *options, text=text)
        assert (status, errors) == (0, "")
    assert len((tmp_path / "second/whitelist").read_text().splitlines()) == 500
