"""The LuCI app's modules without a page: their tests in Node, the tracker's own rules for lists of
torrents, and the files and links that real clients make."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opentracker.infolines import InfoLines, parse
from support.javascript import FOLDER, Modules, Refused
from support.runtimes import need_tool

LISTS = "opentracker.lists"
EMPTY = "# No torrents."
TORRENTS = "opentracker.torrents"
DEBIAN_PYTHON = "/usr/bin/python3"
PATIENT = settings(deadline=None, max_examples=300)


@pytest.mark.parametrize("script", [path.name for path in sorted(FOLDER.glob("*.test.mjs"))])
def test_in_node(script):
    command = [need_tool("node"), "--test", FOLDER / script]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE), done.stdout


@pytest.fixture(scope="module")
def modules():
    with Modules() as running:
        yield running


# Lists

HASHES = [digit * 40 for digit in ("a", "B", "1")]
BLANKS = ("", " ", "\t", "\r", "\v", "\f", "\x1c", "\x85", "\xa0", "\u2028", "\ufeff", "\0")
WORDS = (*HASHES, *("c" * 39, "c" * 41, "b" * 40, "0", "g", EMPTY, "#", "note", "é", "🕊"))
LINES = st.tuples(*[st.sampled_from(each) for each in (BLANKS, WORDS, BLANKS, WORDS, BLANKS)])
NAMING = st.builds("{}{}".format, st.sampled_from(HASHES), st.sampled_from((*BLANKS, " a note")))
ENDED = st.builds("{}{}".format, NAMING | LINES.map("".join), st.sampled_from(("\n", "\r\n", "\r")))
TEXTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(("", "", "\ufeff")),
    st.lists(ENDED).map("".join),
    st.sampled_from(BLANKS) | NAMING | st.text(),
)


def tracker_reads(text):
    """What the tracker makes of bytes: info_hashes in hex, and the lines it has counted."""
    lines = InfoLines()
    found = [info_hash.hex() for info_hash in lines.start(text) + lines.end()]
    return found, lines


def lines_of(text):
    """The lines of a text with their ends."""
    return re.findall("[^\n]*\n|[^\n]+", text.removeprefix("\ufeff"))


def assert_read_alike(read, text):
    found, lines = tracker_reads(text)
    assert [entry["hash"] for entry in read["entries"]] == list(dict.fromkeys(found))
    assert read["duplicates"] == len(found) - len(read["entries"])
    assert read["comments"] == lines.comments
    assert (read["ignored"], read["firstIgnored"]) == (lines.ignored, lines.first_ignored)


@PATIENT
@given(text=TEXTS)
def test_the_page_reads_a_list_as_the_tracker_does(modules, text):
    read = modules.call(LISTS, "parse", text)
    assert_read_alike(read, text.encode())
    for entry in read["entries"]:
        line = lines_of(text)[entry["line"] - 1]
        assert line[:40].lower() == entry["hash"]
        assert entry["note"] in line[40:]


@PATIENT
@given(text=st.lists(TEXTS.map(str.encode) | st.binary() | st.just(b"\xff\n")).map(b"".join))
def test_bytes_that_are_no_utf8_hide_nothing(modules, text):
    assert_read_alike(modules.call(LISTS, "parse", text.decode("utf-8", "replace")), text)


@PATIENT
@given(text=TEXTS, info_hash=st.sampled_from(HASHES), note=st.text(max_size=8))
def test_what_is_added_is_listed_for_the_tracker(modules, text, info_hash, note):
    before, _ = tracker_reads(text.encode())
    made = modules.call(LISTS, "add", text, info_hash, note)
    if info_hash.lower() in before:
        assert made == text
        return
    assert tracker_reads(made.encode())[0] == [*before, info_hash.lower()]
    kept = [line for line in lines_of(text) if line.rstrip("\n").removesuffix("\r") != EMPTY]
    end = "\r\n" if re.match("[^\n]*\r\n", text) else "\n"
    if kept and not kept[-1].endswith("\n"):
        kept[-1] += end
    added = modules.call(LISTS, "line", info_hash, note) + end
    assert lines_of(made) == [*kept, added]


@PATIENT
@given(text=TEXTS, info_hash=st.sampled_from(HASHES))
def test_what_is_removed_is_gone_for_the_tracker(modules, text, info_hash):
    before, _ = tracker_reads(text.encode())
    made = modules.call(LISTS, "remove", text, info_hash)
    if info_hash.lower() not in before:
        assert made == text
        return
    after, lines = tracker_reads(made.encode())
    assert after == [each for each in before if each != info_hash.lower()]
    if after:
        gone = bytes.fromhex(info_hash)
        kept = [line for line in lines_of(text) if parse(line.encode().rstrip(b"\n")) != gone]
        assert lines_of(made) == kept
    else:
        assert lines.says_empty()


@PATIENT
@given(text=TEXTS, info_hash=st.sampled_from(HASHES), note=st.text(max_size=300))
def test_a_note_changes_nothing_else(modules, text, info_hash, note):
    before = modules.call(LISTS, "parse", text)
    made = modules.call(LISTS, "annotate", text, info_hash, note)
    after = modules.call(LISTS, "parse", made)
    noted = modules.call(LISTS, "cleanNote", note)
    for entry in before["entries"]:
        if entry["hash"] == info_hash.lower():
            entry["note"] = noted
    assert after == before
    assert len(lines_of(made)) == len(lines_of(text))


# Torrents

LINK = (
    "magnet:?",
    "xt=",
    "xt.1=",
    "urn:btih:",
    "urn:btmh:1220",
    "&",
    "dn=",
    "%",
    "%41",
    "+",
    "\n",
    " ",
)
LINK += (*HASHES, "d" * 64)


@PATIENT
@given(text=st.text() | st.lists(st.sampled_from(LINK)).map("".join))
def test_a_paste_is_understood_or_refused_in_words(modules, text):
    try:
        torrents = modules.call(TORRENTS, "fromText", text)
    except Refused as refusal:
        assert re.fullmatch(r"[A-Z“].*\.", str(refusal)), refusal
    else:
        for torrent in torrents:
            assert torrent["hashes"]
            assert all(re.fullmatch("[0-9a-f]{40}", each) for each in torrent["hashes"])


BENCODED = [
    b"d",
    b"l",
    b"e",
    b"i1e",
    b"4:info",
    b"6:pieces",
    b"20:" + b"x" * 20,
    b"12:meta version",
]
BENCODED += [b"i2e", b"9:file tree", b"4:name", b"10:name.utf-8", b"1:x", b"0:", b"i-0e", b"7"]


@PATIENT
@given(
    file=st.binary()
    | st.lists(st.sampled_from(BENCODED)).map(lambda parts: b"d4:infod" + b"".join(parts))
)
def test_a_file_is_understood_or_refused_in_words(modules, file):
    try:
        torrent = modules.call(TORRENTS, "fromTorrent", file)
    except Refused as refusal:
        assert re.fullmatch(r"The .*\.|This is no \.torrent file: .*\.", str(refusal)), refusal
    else:
        assert torrent["hashes"]


@pytest.fixture
def content(tmp_path):
    folder = tmp_path / "Möwen & <Tauben>"
    (folder / "deep" / "deeper").mkdir(parents=True)
    for number, path in enumerate(("one", "deep/two", "deep/deeper/three", "empty")):
        (folder / path).write_bytes(bytes([number]) * 50000 * number)
    return folder


def test_files_and_links_of_libtorrent(modules, content, tmp_path):
    script = Path(__file__).parent / "clients" / "libtorrent_files.py"
    done = subprocess.run(
        [DEBIAN_PYTHON, script, content, tmp_path], capture_output=True, text=True
    )
    if "No module named" in done.stderr:
        pytest.skip("needs libtorrent for Python (on Debian the package python3-libtorrent)")
    assert done.returncode == 0, done.stderr
    made = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(each["hashes"]) for each in made] == [1, 1, 2]
    for each in made:
        expected = {"name": content.name, "hashes": each["hashes"]}
        file = Path(each["path"]).read_bytes()
        assert modules.call(TORRENTS, "fromTorrent", file) == expected
        assert modules.call(TORRENTS, "fromText", each["magnet"]) == [expected]


def test_files_and_links_of_transmission(modules, content, tmp_path):
    path = tmp_path / "made.torrent"
    create, show = need_tool("transmission-create"), need_tool("transmission-show")
    tracker = "http://tracker.example:6969/announce"
    subprocess.run([create, "-o", path, "-t", tracker, content], check=True, capture_output=True)
    told = subprocess.run([show, path], check=True, capture_output=True, text=True).stdout
    link = subprocess.run([show, "-m", path], check=True, capture_output=True, text=True).stdout
    expected = {"name": content.name, "hashes": re.findall(r"Hash: ([0-9a-f]{40})\n", told)}
    assert modules.call(TORRENTS, "fromTorrent", path.read_bytes()) == expected
    assert modules.call(TORRENTS, "fromText", link) == [expected]
