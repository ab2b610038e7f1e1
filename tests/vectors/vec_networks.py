"""Networks: their text, what they hold, and which addresses are set apart."""

from opentracker.addresses import parse_ip
from opentracker.networks import Networks, is_private, is_special, parse_network, permitted

PRIVATE = (
    "127.0.0.1 127.255.255.255 10.0.0.0 10.255.255.255 172.16.0.1 172.31.9.9 192.168.0.1 "
    "169.254.1.1 100.64.0.0 100.127.255.255 ::1 fe80::1 fc00::1 fdff:ffff::1 ::ffff:10.0.0.1"
)
NOT_PRIVATE = (
    "126.255.255.255 128.0.0.0 9.255.255.255 11.0.0.0 172.15.0.1 172.32.0.1 192.167.255.255 "
    "192.169.0.0 169.253.0.1 100.63.255.255 100.128.0.0 0.0.0.0 8.8.8.8 224.0.0.1 192.0.2.1 "
    ":: ::2 fe00::1 fec0::1 fbff::1 fe7f::1 2001:db8::1 2001:4860::1 ff02::1"
)
SPECIAL = (
    "0.0.0.0 0.255.255.255 10.1.2.3 100.64.0.1 127.0.0.1 169.254.9.9 172.16.0.1 192.0.0.8 "
    "192.0.2.7 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.255 "
    "224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 "
    ":: ::1 ::ffff:10.0.0.1 64:ff9b:1::1 100::1 100:0:0:1::1 2001:2::1 2001:10::1 2001:db8::1 "
    "3fff::1 5f00::1 fc00::1 fdff::1 fe80::1 febf::1 fec0::1 ff02::1"
)
NOT_SPECIAL = (
    "1.1.1.1 9.255.255.255 11.0.0.0 100.63.0.1 100.128.0.1 126.0.0.1 128.0.0.1 172.32.0.1 "
    "192.0.1.1 192.0.3.1 198.17.0.1 198.20.0.1 223.255.255.255 ::ffff:8.8.8.8 "
    "::2 64:ff9b::808:808 64:ff9b:2::1 101::1 2001:3::1 2001:4860::1 2002:808:808::1 2a00::1 "
    "4000::1 5f01::1 fbff::1 fe00::1"
)


def holds(networks, text):
    return networks.holds(parse_ip(text))


def test_text():
    for text, ip, bits in (
        ("192.0.2.1", "192.0.2.1", 32),
        ("192.0.2.0/24", "192.0.2.0", 24),
        ("192.0.2.1/24", "192.0.2.0", 24),
        ("255.255.255.255/1", "128.0.0.0", 1),
        ("255.255.255.255/31", "255.255.255.254", 31),
        ("1.2.3.4/0", "0.0.0.0", 0),
        ("1.2.3.4/032", "1.2.3.4", 32),
        ("2001:db8::1", "2001:db8::1", 128),
        ("2001:db8::1/32", "2001:db8::", 32),
        ("ffff::/9", "ff80::", 9),
        ("::/0", "::", 0),
        ("fe80::1%eth0/10", "fe80::", 10),
        ("::ffff:192.0.2.1", "192.0.2.1", 32),
        ("::ffff:192.0.2.1/120", "192.0.2.0", 24),
        ("::ffff:0:0/96", "0.0.0.0", 0),
    ):
        assert parse_network(text) == (parse_ip(ip), bits), text


def test_what_is_no_network():
    for text, message in (
        ("192.0.2.0/33", "192.0.2.0/33 is not a network: /0 to /32"),
        ("2001:db8::/129", "2001:db8::/129 is not a network: /0 to /128"),
        ("2001:db8::/", "2001:db8::/ is not a network: /0 to /128"),
        ("192.0.2.0/-1", "192.0.2.0/-1 is not a network: /0 to /32"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/255.255.255.0 is not a network: /0 to /32"),
        ("192.0.2.0/24/1", "192.0.2.0/24/1 is not a network: /0 to /32"),
        (
            "::ffff:192.0.2.1/95",
            "::ffff:192.0.2.1/95 is not a network: an IPv4 address has 32 bits",
        ),
        ("lan/24", "lan/24 is not an address or network, such as 192.168.1.0/24"),
        ("/24", "/24 is not an address or network, such as 192.168.1.0/24"),
    ):
        try:
            parse_network(text)
        except ValueError as error:
            assert str(error) == message, error
        else:
            raise AssertionError(text)


def test_what_a_network_holds():
    for text, inside, outside in (
        ("192.0.2.1", ("192.0.2.1",), ("192.0.2.0", "192.0.2.2", "193.0.2.1")),
        ("192.0.2.0/24", ("192.0.2.0", "192.0.2.255"), ("192.0.1.255", "192.0.3.0")),
        ("172.16.0.0/12", ("172.16.0.0", "172.31.255.255"), ("172.15.255.255", "172.32.0.0")),
        ("128.0.0.0/1", ("128.0.0.0", "255.255.255.255"), ("127.255.255.255", "8000::")),
        ("198.51.100.6/31", ("198.51.100.6", "198.51.100.7"), ("198.51.100.5", "198.51.100.8")),
        ("0.0.0.0/0", ("0.0.0.0", "255.255.255.255"), ("::", "::1")),
        ("2001:db8::1", ("2001:db8::1",), ("2001:db8::", "2001:db8::2", "32.1.13.184")),
        ("2001:db8::/33", ("2001:db8:7fff::",), ("2001:db8:8000::", "2001:db9::")),
        ("fe80::/10", ("fe80::", "febf:ffff::"), ("fec0::", "fe7f::", "254.128.0.0")),
        ("::ffff:10.0.0.0/104", ("10.1.2.3", "::ffff:10.1.2.3"), ("11.0.0.0",)),
    ):
        networks = Networks([parse_network(text)])
        for address in inside:
            assert holds(networks, address), (text, address)
        for address in outside:
            assert not holds(networks, address), (text, address)


def test_everything_of_ipv6_is_everything():
    """On a dual-stack socket IPv4 is a part of IPv6, and people write ::/0 for anybody."""
    for text in ("::/0", "::/80"):
        networks = Networks([parse_network(text)])
        assert holds(networks, "192.0.2.1") and holds(networks, "::1")
    for text in ("::/81", "8000::/1", "::"):
        assert not holds(Networks([parse_network(text)]), "192.0.2.1")


def test_several_networks():
    networks = Networks([parse_network(each) for each in ("10.0.0.0/8", "::1", "192.0.2.1")])
    for text in ("10.9.9.9", "192.0.2.1", "::1"):
        assert holds(networks, text)
    for text in ("11.0.0.1", "192.0.2.2", "::2"):
        assert not holds(networks, text)
    assert not holds(Networks([]), "127.0.0.1") and not holds(Networks([]), "::1")


def test_private_addresses():
    for text in PRIVATE.split():
        assert is_private(parse_ip(text)), text
    for text in NOT_PRIVATE.split():
        assert not is_private(parse_ip(text)), text


def test_special_addresses():
    for text in SPECIAL.split():
        assert is_special(parse_ip(text)), text
    for text in NOT_SPECIAL.split():
        assert not is_special(parse_ip(text)), text


def test_mapped_addresses_of_16_bytes_are_special():
    """Which no parser makes; what comes in packed may have them."""
    assert is_special(bytes(10) + b"\xff\xff\x08\x08\x08\x08")
    assert not is_special(bytes(8) + b"\0\1\xff\xff\x08\x08\x08\x08")


def test_private_networks_are_permitted_unless_others_are():
    listed, admins = [parse_network("192.0.2.0/24")], [parse_network("2001:db8::1")]
    for networks, inside, outside in (
        (permitted([], []), ("127.0.0.1", "fd00::1"), ("192.0.2.1", "2001:db8::1")),
        (permitted(listed, []), ("192.0.2.1",), ("127.0.0.1", "2001:db8::1")),
        (permitted([], admins), ("2001:db8::1",), ("127.0.0.1", "192.0.2.1")),
        (permitted(listed, admins), ("192.0.2.1", "2001:db8::1"), ("127.0.0.1",)),
    ):
        assert all(holds(networks, text) for text in inside)
        assert not any(holds(networks, text) for text in outside)
