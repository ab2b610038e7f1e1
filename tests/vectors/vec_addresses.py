"""Addresses and ports: every form that is taken, every near miss that is not."""

from opentracker.addresses import (
    format_endpoint,
    format_ip,
    is_decimal,
    parse_endpoint,
    parse_ip,
    parse_port,
)

LOOPBACK = b"\0" * 15 + b"\1"
DOCUMENTATION = b"\x20\x01\x0d\xb8" + b"\0" * 11 + b"\1"  # 2001:db8::1, RFC 3849


def message(function, *arguments):
    """The text of the ValueError that a call must raise."""
    try:
        result = function(*arguments)
    except ValueError as error:
        return str(error)
    raise AssertionError("%r gives %r" % (arguments, result))


def test_ipv4():
    assert parse_ip("0.0.0.0") == b"\0\0\0\0"
    assert parse_ip("192.0.2.1") == b"\xc0\0\2\1"
    assert parse_ip("255.255.255.255") == b"\xff\xff\xff\xff"


def test_not_ipv4():
    for text in (
        "", ".", "1", "1.2", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3",
        "256.0.0.1", "1.2.3.1000", "01.2.3.4", "1.2.3.00", "0x1.2.3.4", "+1.2.3.4", "-1.2.3.4",
        " 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1.2.3.4%eth0", "1_0.2.3.4", "a.b.c.d", "localhost",
        "*", "\u0661.2.3.4", "1.2.3.\u00b2",
    ):  # fmt: skip
        assert message(parse_ip, text) == text + " is not an IP address"


def test_ipv6():
    assert parse_ip("::") == b"\0" * 16
    assert parse_ip("::1") == LOOPBACK
    assert parse_ip("2001:db8::1") == DOCUMENTATION
    assert parse_ip("2001:0DB8:0:0:0:0:0:1") == DOCUMENTATION
    assert parse_ip("2001:db8::") == DOCUMENTATION[:15] + b"\0"
    assert parse_ip("1:2:3:4:5:6:7:8") == bytes([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8])
    assert parse_ip("1:2:3:4:5:6:7::") == bytes([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0])
    assert parse_ip("::2:3:4:5:6:7:8")[:4] == b"\0\0\0\2"


def test_ipv6_with_embedded_ipv4():
    assert parse_ip("::192.0.2.1") == b"\0" * 12 + b"\xc0\0\2\1"
    assert parse_ip("64:ff9b::192.0.2.1") == b"\0\x64\xff\x9b" + b"\0" * 8 + b"\xc0\0\2\1"
    assert parse_ip("1:2:3:4:5:6:1.2.3.4")[10:] == b"\0\6\1\2\3\4"


def test_mapped_ipv4_has_one_form():
    for text in ("::ffff:192.0.2.1", "::FFFF:c000:0201", "0:0:0:0:0:ffff:192.0.2.1"):
        assert parse_ip(text) == b"\xc0\0\2\1"


def test_zone_is_ignored():
    assert parse_ip("::1%lo") == LOOPBACK
    assert parse_ip("2001:db8::1%eth0.2") == DOCUMENTATION


def test_not_ipv6():
    for text in (
        ":", ":::", "1:", ":1", "1:2", "1::2::3", ":1::2", "1::2:", "12345::", "g::", "::-1",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4.5", "::1.2.3.4:5",
        "1.2.3.4::", "1.2.3.4::1", "::01.2.3.4", "::1%", "%lo", "::1%a%b", "[::1]", " ::1", "::1 ",
        "::1/128", "::\u0661", ":" * 1000, "1:" * 1000,
    ):  # fmt: skip
        assert message(parse_ip, text) == text + " is not an IP address"


def test_format_ip():
    assert format_ip(b"\xc0\0\2\1") == "192.0.2.1"
    assert format_ip(bytearray(4)) == "0.0.0.0"
    assert format_ip(memoryview(b"\x7f\0\0\1")) == "127.0.0.1"
    assert format_ip(bytes(16)) == "::"
    assert format_ip(LOOPBACK) == "::1"
    assert format_ip(memoryview(DOCUMENTATION)) == "2001:db8::1"


def test_format_follows_rfc_5952():
    for text, recommended in (
        ("2001:0DB8:0000::0001", "2001:db8::1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),  # a single zero stays
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),  # the longer run
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),  # the first of two equal runs
        ("1:0:0:0:0:0:0:0", "1::"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ):
        assert format_ip(parse_ip(text)) == recommended
    assert format_ip(b"\0" * 10 + b"\xff\xff\xc0\0\2\1") == "::ffff:192.0.2.1"


def test_format_refuses_other_lengths():
    for length in (0, 3, 5, 15, 17):
        assert message(format_ip, bytes(length)).endswith("not %d" % length)


def test_format_endpoint():
    assert format_endpoint(b"\1\2\3\4", 6969) == "1.2.3.4:6969"
    assert format_endpoint(LOOPBACK, 1) == "[::1]:1"


def test_port():
    assert parse_port("1") == 1
    assert parse_port("65535") == 65535
    assert parse_port("00080") == 80


def test_not_a_port():
    for text in ("", "0", "65536", "99999", "100000", "-1", "+1", "1 ", "1x", "0x50", "\u0661"):
        assert message(parse_port, text) == text + " is not a port (1-65535)"


def test_endpoint():
    for text, packed, port in (
        ("1.2.3.4", b"\1\2\3\4", 6969),
        ("1.2.3.4:80", b"\1\2\3\4", 80),
        ("::1", LOOPBACK, 6969),
        ("[::1]", LOOPBACK, 6969),
        ("[::1]:80", LOOPBACK, 80),
        ("[::1%lo]:80", LOOPBACK, 80),
        ("::1.80", LOOPBACK, 80),
        ("2001:db8::1.65535", DOCUMENTATION, 65535),
        ("::ffff:1.2.3.4.80", b"\1\2\3\4", 80),
        ("::1:80", b"\0" * 13 + b"\1\0\x80", 6969),
        ("::1.2.3.4", b"\0" * 12 + b"\1\2\3\4", 6969),
    ):
        assert parse_endpoint(text, 6969) == (packed, port), text


def test_not_an_endpoint():
    for text in (
        "", "6969", ":6969", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:99999", "1.2.3.4.80", "1.2.3:80",
        "1.2.3.4:80 ", "localhost:80", "[::1", "[::1]80", "[::1]:", "[::1]:0", "[]", "[]:80",
        "[1.2.3.4]:80", "::1]:80", "::1.0", "::1.65536", "::1.x", "::g.80",
    ):  # fmt: skip
        assert message(parse_endpoint, text, 6969)


def test_endpoint_says_which_part_is_wrong():
    assert message(parse_endpoint, "1.2.3.4:99999", 1) == "99999 is not a port (1-65535)"
    assert message(parse_endpoint, "1.2.3:80", 1) == "1.2.3 is not an IP address"
    assert message(parse_endpoint, "[::g]:80", 1) == "::g is not an IP address"


def test_is_decimal():
    assert is_decimal("0", 1) and is_decimal("0123456789", 10)
    for text in ("", "12", "a", "\u0661", "\u00b2", "+1", " "):
        assert not is_decimal(text, 1)
