"""Networks: addresses that begin alike, and those that are set apart for a purpose.

An address is 4 or 16 packed bytes, IPv4-mapped ones in the short form (opentracker.addresses).
"""

from opentracker.addresses import is_decimal, parse_ip

_MAPPED_BITS = 96  # ::ffff:0:0/96 holds the addresses of IPv4
_ZEROS_BEFORE_MAPPED = 80


def parse_network(text):
    """(packed address, bits) of ADDRESS or ADDRESS/BITS, all bits behind the first `bits` zero.

    Without bits it is the one address. Raises ValueError with a text for people.
    """
    host, slash, digits = text.partition("/")
    try:
        packed = parse_ip(host)
    except ValueError:
        raise ValueError("%s is not an address or network, such as 192.168.1.0/24" % text)
    written = 128 if ":" in host else 32
    bits = written
    if slash:
        if not is_decimal(digits, 3) or int(digits) > written:
            raise ValueError("%s is not a network: /0 to /%d" % (text, written))
        bits = int(digits)
    if written > len(packed) * 8:
        if bits < _MAPPED_BITS:
            raise ValueError("%s is not a network: an IPv4 address has 32 bits" % text)
        bits -= _MAPPED_BITS
    return _masked(packed, bits), bits


class Networks:
    """A set of networks, from a list of (packed address, bits).

    A network of IPv6 addresses that holds the mapped ones, such as ::/0, holds IPv4 too.
    """

    def __init__(self, networks):
        self._v4 = _prefixes(networks, 4)
        self._v6 = _prefixes(networks, 16)
        if any(bits <= _ZEROS_BEFORE_MAPPED and not any(ip) for ip, bits in networks if ip[4:]):
            self._v4 = ((b"", 0, 0, 0),)

    def holds(self, ip):
        """Whether one of the networks has the packed address in it."""
        for prefix, index, mask, rest in self._v4 if len(ip) == 4 else self._v6:
            if ip.startswith(prefix) and ip[index] & mask == rest:
                return True
        return False


def permitted(listed, admins):
    """The Networks that may do what `listed` and `admins` are asked for: private ones if empty."""
    return Networks(listed + admins) if listed or admins else PRIVATE


def is_private(ip):
    """Whether a packed address is one of this host or of a network of its own.

    Loopback, RFC 1918, link-local, RFC 4193 and the shared space of RFC 6598.
    """
    return PRIVATE.holds(ip)


def is_special(ip):
    """Whether a packed address is set apart, so that it is never a peer's address in public.

    The registries of RFC 6890, multicast, and IPv4 class E.
    """
    return _SPECIAL.holds(ip)


def _masked(packed, bits):
    whole, rest = divmod(bits, 8)
    if whole == len(packed):
        return packed
    zeros = b"\0" * (len(packed) - whole - 1)
    return packed[:whole] + bytes([packed[whole] & _mask(rest)]) + zeros


def _mask(bits):
    """The byte whose first `bits` bits are set."""
    return 0xFF00 >> bits & 0xFF


def _prefixes(networks, size):
    """A tuple of (whole bytes, index of the byte behind, mask of its bits, those bits)."""
    found = []
    for ip, bits in networks:
        if len(ip) == size:
            whole, rest = divmod(bits, 8)
            index = whole if rest else 0
            mask = _mask(rest)
            found.append((ip[:whole], index, mask, ip[index] & mask))
    return tuple(found)


def _networks(texts, *others):
    return Networks([parse_network(text) for text in texts.split()] + list(others))


PRIVATE = _networks(
    "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 "
    "::1 fe80::/10 fc00::/7"
)
_SPECIAL = _networks(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 "
    "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 "
    "198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 "
    ":: ::1 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001:2::/48 2001:10::/28 "
    "2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8",
    (b"\0" * 10 + b"\xff\xff" + b"\0" * 4, 96),  # mapped, if taken for IPv6
)
