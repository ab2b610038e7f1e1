"""IP addresses and ports: from text to packed bytes and back.

A packed address is 4 or 16 bytes in network order. An IPv4 address has one packed form only, the
short one: what a dual-stack socket calls ::ffff:192.0.2.1 is 192.0.2.1 here.
"""

MAX_PORT = 65535

_MAPPED = b"\0" * 10 + b"\xff\xff"  # ::ffff:0:0/96, RFC 4291 section 2.5.5.2
_DIGITS = "0123456789"
_HEX_DIGITS = "0123456789abcdefABCDEF"


def parse_ip(text):
    """The packed bytes of an address: 4 for IPv4 and IPv4-mapped IPv6, else 16.

    IPv4 is four decimal numbers without leading zeros, which some systems read as octal. IPv6 is
    any form of RFC 4291 section 2.2; a zone ("%eth0", RFC 4007) has to be there if "%" is, and is
    ignored. Raises ValueError for anything else.
    """
    packed = _parse_v6(text) if ":" in text else _parse_v4(text)
    if packed is None:
        raise ValueError("%s is not an IP address" % text)
    return packed[12:] if len(packed) == 16 and packed.startswith(_MAPPED) else packed


def parse_port(text):
    """A port number from text, 1 to 65535. Raises ValueError for anything else, 0 included."""
    if not is_decimal(text, 5) or not 1 <= int(text) <= MAX_PORT:
        raise ValueError("%s is not a port (1-%d)" % (text, MAX_PORT))
    return int(text)


def parse_endpoint(text, default_port):
    """(packed address, port) from an address with or without a port.

    The forms are 192.0.2.1, 192.0.2.1:80, [2001:db8::1]:80, [2001:db8::1], 2001:db8::1 and, as the
    C tracker has it, 2001:db8::1.80. A text that is an IPv6 address as it stands is never taken
    apart: 2001:db8::1:80 and ::192.0.2.1 have no port. Raises ValueError.
    """
    if text.startswith("["):
        return _parse_bracketed(text, default_port)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return parse_ip(host), parse_port(port)
    try:
        return parse_ip(text), default_port
    except ValueError:
        host, dot, port = text.rpartition(".")
        if ":" not in host or not dot:
            raise
    try:
        return parse_ip(host), parse_port(port)
    except ValueError:
        raise ValueError("%s is not an IP address with or without a port" % text)


def format_ip(packed):
    """The text of 4 or 16 packed bytes, IPv6 as RFC 5952 recommends. Raises ValueError."""
    if len(packed) == 4:
        return "%d.%d.%d.%d" % tuple(packed)
    if len(packed) != 16:
        raise ValueError("an address has 4 or 16 bytes, not %d" % len(packed))
    if bytes(packed[:12]) == _MAPPED:
        return "::ffff:" + format_ip(packed[12:])
    groups = ["%x" % (packed[i] << 8 | packed[i + 1]) for i in range(0, 16, 2)]
    start, end = _longest_zero_run(groups)
    if end - start < 2:
        return ":".join(groups)
    return ":".join(groups[:start]) + "::" + ":".join(groups[end:])


def format_endpoint(packed, port):
    """An address with its port: 192.0.2.1:6969 or [2001:db8::1]:6969."""
    return ("[%s]:%d" if len(packed) == 16 else "%s:%d") % (format_ip(packed), port)


def is_decimal(text, max_digits):
    """Whether text is 1 to max_digits ASCII digits, so that int() takes it for what it looks."""
    return 1 <= len(text) <= max_digits and all(char in _DIGITS for char in text)


def _parse_bracketed(text, default_port):
    host, closing, port = text[1:].partition("]")
    if not closing or ":" not in host or port[:1] not in ("", ":"):
        raise ValueError("%s is not an IPv6 address in brackets, [2001:db8::1]:80" % text)
    return parse_ip(host), parse_port(port[1:]) if port else default_port


def _parse_v4(text):
    """4 bytes, or None if text is no dotted quad."""
    parts = text.split(".")
    if len(parts) != 4 or not all(_is_octet(part) for part in parts):
        return None
    return bytes([int(part) for part in parts])


def _is_octet(text):
    return is_decimal(text, 3) and int(text) <= 255 and (text == "0" or text[0] != "0")


def _parse_v6(text):
    """16 bytes, or None if text is no IPv6 address."""
    text, percent, zone = text.partition("%")
    if percent and (not zone or "%" in zone):
        return None
    head, gap, tail = text.partition("::")
    if not gap:
        packed = _parse_groups(text)
        return packed if packed is not None and len(packed) == 16 else None
    before = _parse_groups(head) if head else b""
    after = _parse_groups(tail) if tail else b""
    if before is None or after is None or "." in head:
        return None
    zeros = 16 - len(before) - len(after)
    return before + b"\0" * zeros + after if zeros >= 2 else None


def _parse_groups(text):
    """The bytes of groups between colons, the last of which may be IPv4; None if one is neither."""
    groups = text.split(":")
    packed = b""
    if "." in groups[-1]:
        packed = _parse_v4(groups.pop())
        if packed is None:
            return None
    if len(groups) > 8 or not all(_is_group(group) for group in groups):
        return None
    return b"".join([int(group, 16).to_bytes(2, "big") for group in groups]) + packed


def _is_group(text):
    return 1 <= len(text) <= 4 and all(char in _HEX_DIGITS for char in text)


def _longest_zero_run(groups):
    """(start, end) of the first of the longest runs of "0"; equal if there is none."""
    best_start = best_end = start = 0
    for end, group in enumerate(groups, 1):
        if group != "0":
            start = end
        elif end - start > best_end - best_start:
            best_start, best_end = start, end
    return best_start, best_end
