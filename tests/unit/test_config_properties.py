"""Addresses against the standard library's ipaddress, and the configuration against any text."""

import ipaddress
import socket

from hypothesis import example, given
from hypothesis import strategies as st

from opentracker.addresses import format_endpoint, format_ip, parse_endpoint, parse_ip
from opentracker.config import ConfigError, Settings, parse_arguments, parse_lines
from opentracker.networks import Networks, parse_network
from opentracker.options import OPTIONS
from opentracker.options.kinds import NETWORK
from opentracker.spelling import distance

ADDRESSES = st.one_of(
    st.binary(min_size=4, max_size=4),
    st.binary(min_size=16, max_size=16),
    st.lists(st.sampled_from([b"\0\0", b"\0\1", b"\xff\xff"]), min_size=8, max_size=8).map(
        b"".join
    ),
)
PORTS = st.integers(1, 65535)
ALMOST_ADDRESSES = st.text("0123456789abfF:.%[]", max_size=42)
ALMOST_VALUES = st.one_of(
    st.text(),
    ALMOST_ADDRESSES,
    st.from_regex(r"[0-9]{1,9} ?#?", fullmatch=True),
    st.from_regex(r"(10\.0\.0\.1|::1)(/[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["yes", "no", "both", "ipv4", "ipv6"]),
)
NETWORK_ATTRIBUTES = [option.attribute for option in OPTIONS if option.kind == NETWORK]
WORDS = [option.keyword for option in OPTIONS if option.keyword]
SWITCHES = [switch for option in OPTIONS for switch in option.switches()]
LINES = st.one_of(
    st.text(),
    st.builds("{} {}".format, st.sampled_from(WORDS), ALMOST_VALUES),
)
ARGUMENTS = st.one_of(st.sampled_from(SWITCHES), ALMOST_VALUES)


def short(packed):
    """The packed form of this project: IPv4-mapped addresses are IPv4."""
    address = ipaddress.ip_address(packed)
    return address.ipv4_mapped.packed if getattr(address, "ipv4_mapped", None) else packed


def reference(text):
    """What parse_ip has to give, or None if it has to refuse."""
    try:
        return short(ipaddress.ip_address(text.partition("%")[0]).packed)
    except ValueError:
        return None


@given(ADDRESSES)
def test_format_and_parse_are_inverse(packed):
    assert parse_ip(format_ip(packed)) == short(packed)


@given(ADDRESSES)
def test_parse_takes_what_others_write(packed):
    address = ipaddress.ip_address(packed)
    assert parse_ip(str(address)) == parse_ip(address.exploded) == short(packed)
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    assert parse_ip(socket.inet_ntop(family, packed)) == short(packed)


@given(ADDRESSES)
def test_format_writes_what_ipaddress_does(packed):
    if short(packed) == packed:  # ipaddress writes mapped addresses differently by version
        assert format_ip(packed) == str(ipaddress.ip_address(packed))


@given(st.one_of(ALMOST_ADDRESSES, st.text()))
@example("1.2.3.4%eth0")
@example("01.2.3.4")
@example("::1.2.3.4")
@example("1:2:3:4:5:6:7::")
def test_parse_agrees_with_ipaddress(text):
    _, percent, zone = text.partition("%")
    try:
        packed = parse_ip(text)
    except ValueError:
        packed = None
    if percent and (":" not in text or not zone or "%" in zone):
        assert packed is None
    else:
        assert packed == reference(text)


@given(ADDRESSES, PORTS, PORTS)
def test_endpoint_round_trip(packed, port, default):
    text = format_endpoint(packed, port)
    assert parse_endpoint(text, default) == (short(packed), port)
    assert parse_endpoint(format_ip(packed), default) == (short(packed), default)
    if len(packed) == 16 and "." not in format_ip(packed):
        assert parse_endpoint(f"{format_ip(packed)}.{port}", default) == (packed, port)


@given(ADDRESSES, st.integers(0, 128), st.lists(ADDRESSES))
def test_networks_hold_what_ipaddress_says(packed, bits, others):
    packed = short(packed)
    bits = min(bits, len(packed) * 8)
    network = ipaddress.ip_network((packed, bits), strict=False)
    parsed = parse_network(f"{format_ip(packed)}/{bits}")
    assert parsed == (network.network_address.packed, bits)
    for other in [packed, *map(short, others)]:
        if len(other) == len(packed):
            inside = ipaddress.ip_address(other) in network
            assert Networks([parsed]).holds(other) == inside


def check(parse):
    """A parser gives Settings that keep the table's bounds, or one printable line per mistake."""
    try:
        settings = parse()
    except ConfigError as error:
        assert error.messages
        for message in error.messages:
            assert message.splitlines() == [message]
            assert len(message) < 2500
        return
    assert isinstance(settings, Settings)
    if settings.action in ("run", "bridge", "check"):
        assert settings.listeners
        assert 256 <= settings.memory_kib <= 1048576
        assert 8 <= settings.connections <= 10000
        sockets = [each[:3] for each in settings.listeners]
        assert len(sockets) == len(set(sockets))
        assert settings.family in ("both", "ipv4", "ipv6")
        assert settings.stats_path and not settings.stats_path.startswith(b"/")
        for attribute in filter(None, NETWORK_ATTRIBUTES):
            for ip, bits in getattr(settings, attribute):
                assert len(ip) in (4, 16) and 0 <= bits <= len(ip) * 8


@given(st.lists(LINES))
def test_any_file_is_understood_or_refused(lines):
    check(lambda: parse_lines(lines, "x.conf"))


@given(st.lists(ARGUMENTS), st.lists(LINES))
def test_any_command_line_is_understood_or_refused(argv, lines):
    check(lambda: parse_arguments(argv, lambda path: lines))


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_a_metric(one, two, three):
    assert (distance(one, two) == 0) == (one == two)
    assert distance(one, two) == distance(two, one)
    assert distance(one, three) <= distance(one, two) + distance(two, three)
