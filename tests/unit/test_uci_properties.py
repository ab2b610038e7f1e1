"""UCI against any text, what libuci writes against what is read, and the way over the file."""

from hypothesis import given
from hypothesis import strategies as st

from opentracker.config import ConfigError, parse_lines
from opentracker.options import OPTIONS
from opentracker.options.kinds import FLAG
from opentracker.uci.bridge import NothingYet, render
from opentracker.uci.grammar import parse
from opentracker.uci.reverse import convert
from opentracker.uci.table import BY_UCI

LAN = {"lan": ["192.168.1.1", "fd00::1"], "guest": [], "wan": ["203.0.113.1"], "wan6": []}
NAMES = st.sampled_from(sorted(BY_UCI))
VALUES = st.one_of(
    st.text(),
    st.text("0123456789abcdefABCDEF.:[]/%# '", max_size=45),
    st.integers(0, 70000).map(str),
    st.sampled_from(["0", "1", "on", "enabled", "off", "lan", "guest", "*", "ipv4", "ipv6"]),
    st.sampled_from(["192.168.1.1", "::1", "10.0.0.0/8", "10.0.0.1:80", "/etc/opentracker/a"]),
    st.from_regex(r"[0-9a-fA-F]{40}", fullmatch=True),
)
ANY_NAME = st.from_regex(r"[a-zA-Z0-9_]{1,9}", fullmatch=True)
# libuci takes no null byte, and no surrogate is UTF-8.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
OPTIONS_OF_ANY = st.lists(
    st.tuples(ANY_NAME, st.lists(TEXT, min_size=1, max_size=3)), unique_by=lambda each: each[0]
)

# Texts that are right, by option; a name without one gets no line.
RIGHT = {
    "port": st.integers(1, 65535).map(str),
    "memory": st.integers(256, 1048576).map(str),
    "connections": st.integers(8, 10000).map(str),
    "family": st.just("both"),
    "redirect_url": st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    "stats_path": st.sampled_from(["stats", "a/b", "x.html"]),
    "livesync_listen": st.sampled_from(["192.168.1.1", "192.168.1.1:9000"]),
    "livesync_key": st.text("abcdefghij'#\"\\", min_size=8, max_size=30),
    "livesync_scrape_sync": st.integers(0, 1440).map(str),
    "whitelist_file": st.just("/etc/opentracker/white"),
    "blacklist_file": st.just("/mnt/usb/black"),
    "state_file": st.just("/srv/state"),
    "load_file": st.just("/srv/dump"),
}
NETWORKS = st.lists(
    st.sampled_from(["10.0.0.1", "10.0.0.0/8", "fd00::/8", "::1", "192.0.2.7 # why"]), min_size=1
)
RIGHT_LISTS = dict.fromkeys(("stats", "fullscrape", "proxy", "admin", "livesync_node_ip"), NETWORKS)
RIGHT_LISTS["whitelist"] = st.lists(st.from_regex(r"[0-9a-f]{40}", fullmatch=True), min_size=1)
RIGHT_LISTS["interface"] = st.sampled_from([["lan"], ["*"], ["lan", "guest"], ["wan", "lan"]])
FLAGS = {
    option.uci: st.sampled_from(["0", "1", "yes", "disabled", "on"])
    for option in OPTIONS
    if option.kind == FLAG
}


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def exported(options):
    """What `uci export` prints for {name: text or list of texts}."""
    lines = ["package opentracker", "", "config opentracker 'main'"]
    for name, value in options.items():
        if isinstance(value, list):
            lines += [f"\tlist {name} {quoted(text)}" for text in value]
        else:
            lines.append(f"\toption {name} {quoted(value)}")
    return ("\n".join(lines) + "\n\n").encode()


def shown(options):
    """What `uci show` prints for the same."""
    lines = ["opentracker.main=opentracker"]
    for name, value in options.items():
        values = value if isinstance(value, list) else [value]
        lines.append(f"opentracker.main.{name}={' '.join(map(quoted, values))}")
    return ("\n".join(lines) + "\n").encode()


def settings_of(settings):
    """What Settings come to, where they came from left out."""
    found = {
        option.attribute: getattr(settings, option.attribute)
        for option in OPTIONS
        if option.attribute and option.attribute != "listeners"
    }
    return found, [each[:3] for each in settings.listeners]


@given(OPTIONS_OF_ANY)
def test_what_uci_prints_is_what_it_has(options):
    for text, tells in ((exported(dict(options)), True), (shown(dict(options)), False)):
        (section,) = parse(text, "x")
        assert section.place == "opentracker.main"
        assert [(name, values) for name, values, _ in section.options] == options
        for _, values, is_list in section.options:
            assert is_list is (True if tells or len(values) > 1 else None)


@given(st.binary())
def test_any_text_is_understood_or_refused(text):
    check(lambda: parse(text, "x"))
    check(lambda: parse(b"config opentracker\n" + text, "x"))
    check(lambda: parse(b"opentracker.a=b\n" + text, "x"))


@given(st.dictionaries(NAMES, st.one_of(VALUES, st.lists(VALUES, min_size=1))))
def test_any_values_are_taken_or_refused(options):
    made = check(lambda: render(parse(exported(options), "x"), LAN, 65536))
    if made:
        read = parse_lines(list(made.lines()), "made")
        assert settings_of(read) == settings_of(made.settings)
    check(lambda: render(parse(shown(options), "x"), LAN, 65536))


@given(st.fixed_dictionaries({}, optional={**RIGHT, **RIGHT_LISTS, **FLAGS}))
def test_what_is_right_comes_through(options):
    made = render(parse(exported(options), "x"), LAN)
    assert settings_of(render(parse(shown(options), "x"), LAN).settings) == settings_of(
        made.settings
    )
    lines = list(made.lines())
    read = parse_lines(lines, "made")
    assert settings_of(read) == settings_of(made.settings)
    back = render(parse(convert(lines, "made").encode(), "x"), {})
    assert settings_of(back.settings) == settings_of(read)


def check(function):
    """Nothing but a result, or lines about what is wrong."""
    try:
        return function()
    except (ConfigError, NothingYet) as error:
        assert error.messages
        for message in error.messages:
            assert message.splitlines() == [message], message
        return None
