"""The settings page of the LuCI app: its options, and which values it takes."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opentracker.config import ConfigError
from opentracker.options.kinds import FLAG
from opentracker.uci.bridge import render, restart_for
from opentracker.uci.grammar import Section
from opentracker.uci.reading import read_section
from opentracker.uci.table import BY_UCI
from support.javascript import Modules
from support.runtimes import SCRIPTS, TOP, command

OPTIONS = TOP / "luci-app/htdocs/luci-static/resources/opentracker/options.js"
HASH = "0123456789abcdef0123456789ABCDEF01234567"
ADDRESSES = [
    "192.168.1.1",
    "0.0.0.0",
    "::",
    "::1",
    "2001:db8::1",
    "1:2:3:4:5:6:7:8",
    "::ffff:192.0.2.1",
    "::FFFF:C000:201",
    "::192.0.2.1",
    "64:ff9b::192.0.2.1",
    "fe80::1%br-lan",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
]
NO_ADDRESSES = [
    "192.168.1",
    "192.168.1.256",
    "192.168.01.1",
    "192.168.1.1.1",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "1::2::3",
    ":::",
    ":1",
    "1:",
    "12345::",
    "g::1",
    "fe80::1%",
    "fe80::1%a%b",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "localhost",
    "١٩٢.168.1.1",
]
ENDPOINTS = ["%s:80", "[%s]:80", "[%s]", "%s.80", "%s:0", "%s:65536", "%s:", "[%s", "[%s]80", "%s."]
NETWORKS = [
    "%s/8",
    "%s/32",
    "%s/33",
    "%s/95",
    "%s/96",
    "%s/128",
    "%s/129",
    "%s/",
    "%s/032",
    "%s/0032",
]
PORTS = [
    "1",
    "6969",
    "65535",
    "0",
    "65536",
    "00080",
    "000080",
    "8o",
    "-1",
    "+1",
    "1.5",
    "",
    "6969 # x",
]
NUMBERS = [
    "0",
    "7",
    "8",
    "255",
    "256",
    "512",
    "1440",
    "1441",
    "10000",
    "10001",
    "1048577",
    "0000000256",
]
FLAGS = [
    "yes",
    "no",
    "on",
    "off",
    "true",
    "false",
    "1",
    "0",
    "enabled",
    "disabled",
    "2",
    "Yes",
    "1 #",
]
PATHS = [
    "/etc/opentracker/list",
    "/list",
    "/etc/",
    "etc/list",
    "/etc/../list",
    "/etc/..",
    "/etc/..list",
    "/etc//list",
    "/etc/a b",
    "/etc/a\tb",
    "/etc/a\x7f",
    "/etc/\x9f",
    "/etc/\xa0",
    "/etc/ä",
    "/etc/\u2028",
    "/etc/" + "a" * 1019,
    "/etc/" + "a" * 1020,
    "/etc/" + "😀" * 1019,
    *["/etc/a" + char for char in "*?[]'\"\\$`;&|<>(){}~#!%^=+,:@-"],
]
WORDS = [
    "lan",
    "*",
    "lan*",
    "br-lan.1_x",
    "län",
    "a b",
    "1234567",
    "12345678",
    "a" * 100,
    "a" * 101,
    "😀" * 8,
    "both",
    "ipv4",
    "ipv4 # why",
    "ipv6 # why",
    "both\t#",
    "IPv4",
    "announce",
    "/scrape",
    "//announce",
    "/",
    "stats.html",
    "a/b",
    "a%20b",
    "a?b",
    "a#b",
    "stäts",
    "https://example.org/?a#b",
    "https://example.org/ü",
    "x" * 1024,
    "x" * 1025,
    HASH,
    HASH + "0",
    HASH[1:],
    HASH[1:] + "é",
    HASH + " # x",
    "\ufffd",
    "a\ufffdb",
    "  lan\t",
    "\x0b\x0c",
    "\u00a0",
    "",
]
CORPUS = sorted(
    {
        *ADDRESSES,
        *NO_ADDRESSES,
        *[form % address for form in ENDPOINTS + NETWORKS for address in ADDRESSES + NO_ADDRESSES],
        *[address + " # why" for address in ADDRESSES],
        *[address + "#why" for address in ADDRESSES],
        *["fe80::1%" + "z" * length for length in (92, 93, 94, 300)],
        *PORTS,
        *NUMBERS,
        *FLAGS,
        *PATHS,
        *WORDS,
    }
)
# What libuci can hold, and JSON.
TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
MADE = st.one_of(
    st.text(TEXT),
    st.text("0123456789abcdef.:[]%/ #", max_size=50),
    st.text("/.abc ~'\u0085\u2029", max_size=10).map("/a".__add__),
    st.ip_addresses().map(str),
    st.tuples(st.ip_addresses(), st.sampled_from([*ENDPOINTS, *NETWORKS])).map(
        lambda made: made[1] % made[0]
    ),
    st.integers(0, 2000000).map(str),
    st.from_regex(r"[0-9a-fA-F]{39,41}", fullmatch=True),
    st.sampled_from(CORPUS),
)
# What options need beside them: a section with one that contradicts nothing is right.
BESIDE = {
    "whitelist_file": "/srv/white",
    "livesync_listen": "192.168.1.1",
    "bridge_listen": "192.168.1.1",
}
# Other values than those that count where nothing is set.
CHANGED = {
    "port": "7000",
    "memory": "1000",
    "interface": "guest",
    "family": "ipv4",
    "connections": "100",
    "livesync_listen": "10.0.0.1",
    "bridge_listen": "10.0.0.1",
    "livesync_scrape_sync": "10",
    "stats_path": "figures",
    "state_file": "/srv/state",
    "whitelist_file": "/srv/other",
    "heap": "4000",
}


class Interfaces(dict):
    """Every interface has an address."""

    def get(self, name, default=None):
        return ["192.168.1.1", "fd00::1"]


class Page:
    """What the modules of the page say."""

    def __init__(self, modules):
        self._modules = modules
        self.tabs = modules.call("opentracker.options", "tabs")
        self.options = {each["name"]: each for tab in self.tabs for each in tab["options"]}

    def refusal(self, name, text):
        return self._modules.call("opentracker.values", "check", self.options[name], text)

    def refusal_of_all(self, name, texts):
        return self._modules.call("opentracker.values", "checkAll", self.options[name], texts)

    def message(self, line):
        return self._modules.call("opentracker.messages", "shown", line)

    def meaning(self, name, text):
        return self._modules.call("opentracker.values", "meaning", self.options[name], text)


@pytest.fixture(scope="module")
def page():
    with Modules() as modules:
        yield Page(modules)


def section(name, texts):
    """A section with an option, and with others that it may need."""
    made = Section("opentracker", "main", 0)
    others = {each: [text] for each, text in BESIDE.items() if each != name}
    for each, values in {name: texts, **others}.items():
        made.options.append((each, list(values), BY_UCI[each].repeatable))
    return made


def rendered(name, texts):
    return render([section(name, texts)], Interfaces())


def refusal(name, texts):
    """Why the bridge refuses an option; None if it takes it."""
    try:
        rendered(name, texts)
    except ConfigError as error:
        place = f"opentracker.main.{name}: "
        assert all(message.startswith(place) for message in error.messages), error.messages
        return error.messages[0][len(place) :]
    return None


def assert_same(page, name, text):
    sentence, reason = page.refusal(name, text), refusal(name, [text])
    assert (sentence is None) == (reason is None), (name, text, sentence, reason)
    if reason and len(text) <= 60 and text.isprintable():
        assert reason in sentence, (name, text)


def test_options_are_what_the_script_makes_of_the_table():
    script = [sys.executable, SCRIPTS / "sample", "--luci"]
    made = subprocess.run(script, capture_output=True, check=True)
    assert OPTIONS.read_bytes() == made.stdout, f"scripts/sample --luci > {OPTIONS}"


def test_every_option_of_uci_is_on_one_tab(page):
    names = [option["name"] for tab in page.tabs for option in tab["options"]]
    assert sorted(names) == sorted(BY_UCI)


def test_what_the_page_says_is_whole_and_no_markup(page):
    for tab in page.tabs:
        for each in [tab, *tab["options"]]:
            for sentence in [each["help"], *each.get("notes", [])]:
                assert re.fullmatch(r"[A-Z][^<>&]+\.", sentence), sentence
            assert re.fullmatch(r"[A-Z][\w -]+", each["title"])
    titles = [option["title"] for tab in page.tabs for option in tab["options"]]
    assert len(set(titles)) == len(titles)


def test_defaults_and_examples_are_right(page):
    for name, option in page.options.items():
        for text in (option.get("default"), option.get("example")):
            if text:
                assert page.refusal(name, text) is None
        assert bool(option.get("default")) + bool(option.get("example")) == (name != "memory")
        if option["kind"] == FLAG:
            assert option["default"] in ("0", "1")


def test_who_is_told_of_a_restart_sees_one(page):
    """Each option is changed, and what the bridge says of it compared to what the page says."""
    for name, option in page.options.items():
        value = {FLAG: "0" if option.get("default") == "1" else "1"}.get(option["kind"])
        value = value or CHANGED.get(name) or option.get("example")
        before = rendered(name, [])
        after = rendered(name, [value])
        names = restart_for(before.settings, before.facts, after)
        told = any("restarts" in note for note in option.get("notes", []))
        assert told == (name in names), (name, names)


def test_the_page_takes_what_the_bridge_takes(page):
    for name in page.options:
        for text in CORPUS:
            assert_same(page, name, text)


@given(st.sampled_from(sorted(BY_UCI)), MADE)
def test_it_does_so_with_any_text(page, name, text):
    assert_same(page, name, text)


@pytest.mark.parametrize("piece", [" ", " #", ":", "/"])
def test_a_long_paste_is_refused_in_a_short_sentence(page, piece):
    for name in page.options:
        sentence = page.refusal(name, "x" + piece * 1000000 + "x")
        assert sentence and len(sentence) < 200


def test_as_many_values_are_taken_as_by_the_bridge(page):
    for name, option in page.options.items():
        texts = many(option)
        most = option.get("most", len(texts)) if option.get("repeatable") else 1
        for some in (texts[:0], texts[:1], texts[:most], texts[: most + 1]):
            told = bool(page.refusal_of_all(name, some))
            assert told == bool(refusal(name, some)) == (len(some) > most), (name, len(some))


def many(option):
    """More texts for an option than it may have; each by itself is right."""
    if option["kind"] == "info_hash":
        return ["%040x" % number for number in range(501)]
    if option["kind"] == "word":
        return ["interface%d" % number for number in range(33)]
    if option.get("repeatable"):
        return ["10.0.%d.%d" % divmod(number, 256) for number in range(257)]
    return [option.get("default") or option.get("example") or "1000"] * 2


# Lines of sections that contradict themselves, and what the page makes of what the bridge says.
CONTRADICTIONS = [
    (
        ["option fifo_add '/a/b'"],
        "“Pipe that adds torrents”: needs “Whitelist file” or “Blacklist file”",
    ),
    (["option bridge '1'", "list bridge_listen '::1'"], "“Be a bridge”: needs “Live sync address”"),
    (
        [
            "option bridge '1'",
            "list bridge_listen '::1'",
            "option livesync_listen '10.0.0.1'",
            "option livesync_v6_records '1'",
        ],
        "“Old IPv6 records”: does not go with “Be a bridge”, whose stream is IPv4",
    ),
    (
        ["list bridge_connect '::1'"],
        "“Bridges of other sites”: has no effect without “Be a bridge”",
    ),
    (
        ["option livesync_listen '10.0.0.1'"],
        "“Live sync address”: no other node is believed without “Other nodes” or “Live sync key”",
    ),
    (
        ["option state_file '/a/b'", "option load_file '/a/b'"],
        "“Statedump to take up”: /a/b is already the file of “State file”",
    ),
    (
        ["list listen_tcp '10.0.0.1'", "list listen '10.0.0.1'"],
        "“Addresses for HTTP”: TCP 10.0.0.1:6969 is already asked for by"
        " “Addresses for HTTP and UDP”",
    ),
    (
        ["list listen '10.0.0.1'", "option family 'ipv6'"],
        "“Addresses for HTTP and UDP”: 10.0.0.1:6969 is not for “Address family” ipv6",
    ),
    (["list interface 'guest'"], "“Interfaces”: guest has no address yet"),
    (
        ["option whitelist_file '/no/list'"],
        "“Whitelist file”: cannot read /no/list: No such file or directory",
    ),
    (["option nonsense '1'"], "opentracker.main.nonsense: no such option"),
    (
        ["option memoryy '1'"],
        "opentracker.main.memoryy: no such option; did you mean “Memory for peers”?",
    ),
    (["option port '/a/fifo_add'"], "“Port”: /a/fifo_add is not a port (1-65535)"),
]


@pytest.mark.parametrize("lines, shown", CONTRADICTIONS)
def test_what_the_bridge_says_is_shown_with_titles(page, tmp_path, lines, shown):
    text = "\n\t".join(["config opentracker 'main'", *lines, ""])
    interfaces = ["--interface", "lan=192.168.1.1", "--interface", "guest="]
    done = subprocess.run(
        command("cpython", "--uci", "-", "--into", tmp_path, *interfaces),
        input=text.encode(),
        capture_output=True,
    )
    said = [line.partition(": ")[2] for line in done.stderr.decode().splitlines()]
    assert shown in map(page.message, said)


def test_what_is_translated_is_what_the_bridge_says():
    source = OPTIONS.with_name("messages.js").read_text()
    pairs = re.findall(r"\[ '(.+)', _\('(.+)'\) \]", source)
    assert len(pairs) == 12
    for told, shown in pairs:
        assert told == shown
        pattern = re.escape(told).replace("%s", ".+")
        assert any(re.search(f": {pattern}$", message) for _, message in CONTRADICTIONS), told


def test_widgets_mean_what_the_bridge_reads(page):
    for text in FLAGS:
        if not refusal("enabled", [text]):
            read = read_section([section("enabled", [text])])
            assert page.meaning("enabled", text) == "01"[read.own["enabled"]]
    for text in ("both", "ipv4 # why", "ipv6\t#"):
        assert page.meaning("family", text) == rendered("family", [text]).settings.family
    assert page.meaning("enabled", "perhaps") == "perhaps"
    assert page.meaning("enabled", None) is None
