"""Where a peer's address comes from: proxies that tell, clients that tell, and who is heard."""

from opentracker.addresses import format_ip, parse_ip
from opentracker.errors import PARAMETER, BadRequest
from opentracker.networks import parse_network
from opentracker.sources import Sources, forwarded_for

PROXY, PUBLIC_PROXY, OUTER_PROXY = "192.168.1.2", "23.0.0.2", "192.168.1.3"
LAN, LAN_V6, HERE = "192.168.1.77", "fd00::77", "127.0.0.1"
CLIENT, OTHER, CLIENT_V6 = "11.22.33.44", "55.66.77.88", "2a00:1450::7"


class Settings:
    def __init__(self, proxies=(), admins=(), ip_from_query=False):
        self.proxy_networks = [parse_network(text) for text in proxies]
        self.admin_networks = [parse_network(text) for text in admins]
        self.ip_from_query = ip_from_query


BLESSED = Sources(Settings([PROXY, PUBLIC_PROXY, "fd00::2"], [OUTER_PROXY]))
NOBODY = Sources(Settings())
EVERYBODY = Sources(Settings(ip_from_query=True))


def request(*headers):
    lines = (b"GET /announce?x HTTP/1.1", b"Host: tracker") + headers
    return b"".join([line + b"\r\n" for line in lines]) + b"\r\n"


def told_by(proxy, *headers, sources=BLESSED, end=b""):
    """The address, as text, of an announce with these headers from a proxy."""
    raw = request(*headers)
    return format_ip(sources.peer_address(parse_ip(proxy), None, raw + end, len(raw + end)))


def forwarded(value, proxy=PROXY):
    return told_by(proxy, b"X-Forwarded-For: " + value.encode())


def told_in_query(source, ip, sources=NOBODY):
    raw = request()
    return format_ip(sources.peer_address(parse_ip(source), ip.encode(), raw, len(raw)))


def is_refused(source, ip, sources=NOBODY):
    try:
        told_in_query(source, ip, sources)
    except BadRequest as problem:
        assert problem.reason == PARAMETER
        return True
    return False


# X-Forwarded-For


def test_forms_of_addresses():
    for text, address in (
        (CLIENT, CLIENT),
        (CLIENT + ":6881", CLIENT),
        (CLIENT_V6, CLIENT_V6),
        (CLIENT_V6.upper(), CLIENT_V6),
        ("[%s]" % CLIENT_V6, CLIENT_V6),
        ("[%s]:6881" % CLIENT_V6, CLIENT_V6),
        ("::ffff:" + CLIENT, CLIENT),
        ("[::ffff:%s]:1" % CLIENT, CLIENT),
        ("  %s\t " % CLIENT, CLIENT),
    ):
        assert forwarded(text) == address, text
        assert forwarded("%s, %s" % (OTHER, text)) == address, text


def test_the_rightmost_stranger_counts():
    for value, address in (
        ("%s, %s" % (OTHER, CLIENT), CLIENT),
        ("%s, %s, %s" % (OTHER, CLIENT, OUTER_PROXY), CLIENT),
        ("%s,%s,%s,%s" % (OTHER, CLIENT, PUBLIC_PROXY, OUTER_PROXY), CLIENT),
        ("%s, nonsense, %s" % (OTHER, CLIENT), CLIENT),
        ("%s, %s, " % (OTHER, CLIENT), CLIENT),
        ("%s, %s , , %s" % (OTHER, CLIENT, OUTER_PROXY), CLIENT),
        ("%s, %s, %s" % (PUBLIC_PROXY, CLIENT, OUTER_PROXY), CLIENT),
    ):
        assert forwarded(value) == address, value


def test_only_proxies_means_the_outermost():
    assert forwarded(PUBLIC_PROXY) == PUBLIC_PROXY
    assert forwarded("%s, %s" % (PUBLIC_PROXY, OUTER_PROXY)) == PUBLIC_PROXY


def test_what_is_no_address_means_the_proxy():
    for value in (
        "",
        " ",
        ",,",
        "unknown",
        "%s, unknown" % CLIENT,
        "%s, unknown, %s" % (CLIENT, OUTER_PROXY),
        "%s;%s" % (CLIENT, CLIENT),
        "%s %s" % (CLIENT, CLIENT),
        "01.2.3.4",
        "1.2.3",
        CLIENT + ":",
        CLIENT + ":70000",
        "[%s" % CLIENT_V6,
        "[%s]" % CLIENT,
        "x" * 70,
        ("0" * 60) + CLIENT,
    ):
        assert forwarded(value) == PROXY, value
    assert told_by(PROXY) == PROXY
    assert told_by(PROXY, b"X-Forwarded-For: \xff\xfe") == PROXY
    assert told_by(PROXY, b"X-Forwarded-For: \0" + CLIENT.encode()) == PROXY


def test_a_long_list_is_not_walked_to_its_end():
    assert forwarded(", ".join([CLIENT] + [OUTER_PROXY] * 31)) == CLIENT
    assert forwarded(", ".join([CLIENT] + [OUTER_PROXY] * 32)) == CLIENT
    assert forwarded(", ".join([OTHER, CLIENT] + [OUTER_PROXY] * 32)) == PROXY


def test_special_addresses_are_stored_of_private_proxies_clients_only():
    for value, of_private, of_public in (
        (LAN, LAN, PUBLIC_PROXY),
        (LAN_V6, LAN_V6, PUBLIC_PROXY),
        (HERE, HERE, PUBLIC_PROXY),
        ("0.0.0.0", PROXY, PUBLIC_PROXY),
        ("203.0.113.7", PROXY, PUBLIC_PROXY),
        ("239.1.2.3", PROXY, PUBLIC_PROXY),
        ("2001:db8::1", PROXY, PUBLIC_PROXY),
        ("::", PROXY, PUBLIC_PROXY),
        (CLIENT, CLIENT, CLIENT),
    ):
        assert forwarded(value, PROXY) == of_private, value
        assert forwarded(value, PUBLIC_PROXY) == of_public, value


def test_only_blessed_proxies_are_believed():
    header = b"X-Forwarded-For: " + CLIENT.encode()
    for source in (LAN, HERE, OTHER, "192.168.1.4", "fd00::3"):
        assert told_by(source, header) == source
        assert told_by(source, header, sources=NOBODY) == source
        assert told_by(source, header, sources=EVERYBODY) == source
    for source in (PROXY, OUTER_PROXY, PUBLIC_PROXY, "fd00::2"):
        assert told_by(source, header) == CLIENT


def test_names_of_headers():
    value = b": " + CLIENT.encode()
    for name in (b"X-Forwarded-For", b"x-forwarded-for", b"X-FORWARDED-FOR"):
        assert told_by(PROXY, name + value) == CLIENT
    for name in (
        b" X-Forwarded-For",
        b"X-Forwarded-For ",
        b"X-Forwarded",
        b"X-Forwarded-For-Real",
        b"Y-X-Forwarded-For",
        b"X_Forwarded_For",
    ):
        assert told_by(PROXY, name + value) == PROXY, name


def test_all_headers_of_the_name_are_one_list():
    first, second = [b"X-Forwarded-For: " + each.encode() for each in (OTHER, CLIENT)]
    proxies = b"x-forwarded-for:" + OUTER_PROXY.encode()
    assert told_by(PROXY, first, b"Accept: */*", second) == CLIENT
    assert told_by(PROXY, first, second, proxies) == CLIENT
    raw = request(first, proxies)
    values = [each.strip() for each in forwarded_for(raw, len(raw)).split(b",")]
    assert values == [OTHER.encode(), OUTER_PROXY.encode()]


def test_a_line_may_go_on():
    first = b"X-Forwarded-For: " + OTHER.encode() + b",\r\n"
    for blank in (b" ", b"\t"):
        assert told_by(PROXY, first + blank + CLIENT.encode()) == CLIENT
    assert told_by(PROXY, b"X-Forwarded-For: %s\r\n nonsense" % OTHER.encode()) == PROXY


def test_what_follows_the_request_is_not_a_header():
    header = b"X-Forwarded-For: " + CLIENT.encode()
    tail = b"X-Forwarded-For: " + OTHER.encode() + b"\r\n\r\n"
    assert told_by(PROXY, header, end=tail) == CLIENT
    assert told_by(PROXY, end=b"\n" + tail) == PROXY
    raw = request(header)
    assert forwarded_for(raw, len(raw) - 4) == b""
    assert forwarded_for(b"", 0) == forwarded_for(b"\n\n", 2) == b""


def test_it_is_looked_for_in_headers_only():
    raw = b"GET /announce?x-forwarded-for:%s HTTP/1.1\r\n\r\n" % CLIENT.encode()
    assert forwarded_for(raw, len(raw)) == b""


# ip=


def test_private_clients_are_heard():
    for source in (LAN, LAN_V6, HERE, "::1", "10.1.2.3", "172.16.0.1", "100.64.0.1", "fe80::1"):
        for ip in (CLIENT, CLIENT_V6):
            assert told_in_query(source, ip) == ip
        assert is_refused(source, "nonsense")
        assert told_in_query(source, "::ffff:" + CLIENT) == CLIENT


def test_others_are_not():
    for source in (OTHER, "2a00:1450::8", "203.0.113.7"):
        for ip in (CLIENT, CLIENT_V6, "nonsense", "", LAN):
            assert told_in_query(source, ip) == source


def test_a_setting_has_everybody_heard():
    for source in (OTHER, "2a00:1450::8", LAN):
        assert told_in_query(source, CLIENT, EVERYBODY) == CLIENT
        assert is_refused(source, "nonsense", EVERYBODY)


def test_what_is_no_address_is_refused():
    for ip in ("", "x", "1.2.3", "1.2.3.4.5", "1.2.3.4:80", "[2a00::1]", "2a00::1::", "localhost"):
        assert is_refused(LAN, ip), ip
    for ip in ("1.2.3.256", "1.2.3.4 ", "\u0661.2.3.4", "1" * 100):
        assert is_refused(LAN, ip), ip


def test_special_addresses_are_passed_over():
    for ip in (
        LAN,
        HERE,
        "0.0.0.0",
        "255.255.255.255",
        "239.0.0.1",
        "203.0.113.7",
        "::",
        "ff02::1",
    ):
        for source, sources in ((LAN, NOBODY), (OTHER, EVERYBODY), (HERE, EVERYBODY)):
            assert told_in_query(source, ip, sources) == source


def test_who_comes_by_a_proxy_is_judged_by_the_address_behind_it():
    for client, expected in ((CLIENT, CLIENT), (LAN, OTHER)):
        raw = request(b"X-Forwarded-For: " + client.encode())
        told = BLESSED.peer_address(parse_ip(PROXY), OTHER.encode(), raw, len(raw))
        assert format_ip(told) == expected
