"""X-Forwarded-For and ip= as anybody may send them: never raised, and the rightmost rule."""

import ipaddress

from hypothesis import example, given
from hypothesis import strategies as st
from vec_sources import Settings

from opentracker.errors import PARAMETER, BadRequest
from opentracker.networks import is_private, is_special
from opentracker.sources import Sources, forwarded_for

PROXIES = ["10.9.0.0/16", "23.0.0.2", "fd09::/64"]
BLESSED = Sources(Settings(PROXIES))
OPEN = Sources(Settings(PROXIES, ip_from_query=True))
PROXY = ipaddress.ip_address("10.9.0.1").packed
PROXY_OUTSIDE = ipaddress.ip_address("23.0.0.2").packed

ADDRESSES = st.one_of(
    st.ip_addresses(),
    st.ip_addresses(network="10.9.0.0/16"),
    st.ip_addresses(network="fd09::/64"),
    st.ip_addresses(network="192.168.0.0/16"),
    st.sampled_from([ipaddress.ip_address("23.0.0.2"), ipaddress.ip_address("11.22.33.44")]),
)
STRANGERS = st.ip_addresses(v=4, network="11.0.0.0/8") | st.ip_addresses(network="2a00::/16")
TRUSTED = st.ip_addresses(network="10.9.0.0/16") | st.ip_addresses(network="fd09::/64")
JUNK = st.text(st.characters(codec="latin-1", exclude_characters="\n\r"), max_size=30)
PARTS = JUNK | ADDRESSES.map(str)


def written(address, port):
    """Ways to write an address in a header."""
    if address.version == 6:
        return st.sampled_from([f"{address}", f"[{address}]", f"[{address}]:{port}"])
    return st.sampled_from([f"{address}", f"{address}:{port}"])


def with_port(addresses):
    return addresses.flatmap(
        lambda address: st.integers(1, 65535).flatmap(
            lambda port: written(address, port).map(lambda text: (address, text))
        )
    )


BLANKS = st.text(" \t", max_size=3)
NAMES = st.sampled_from(["X-Forwarded-For:", "x-forwarded-for:", "X-FORWARDED-FOR:"])


def packed(address):
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).packed


def request(lines):
    text = "".join(line + "\r\n" for line in ["GET /announce?x HTTP/1.1", *lines, ""])
    return text.encode("latin-1")


@given(st.binary(max_size=300), st.sampled_from([PROXY, PROXY_OUTSIDE, b"\x0b\0\0\1", bytes(16)]))
@example(b"\nx-forwarded-for:" + b"," * 200 + b"\n\n", PROXY)
@example(b"GET /\n\tx\nX-Forwarded-For:[::1\n\n", PROXY)
def test_any_bytes_give_an_address(raw, source):
    address = BLESSED.peer_address(source, None, raw, len(raw))
    assert type(address) is bytes and len(address) in (4, 16)
    if not BLESSED.proxies.holds(source):
        assert address == source


@given(st.lists(st.lists(PARTS, max_size=6).map(",".join), max_size=4), st.booleans())
def test_any_headers_give_an_address_that_may_be_stored(values, outside):
    source = PROXY_OUTSIDE if outside else PROXY
    raw = request(["X-Forwarded-For:" + value for value in values])
    address = BLESSED.peer_address(source, None, raw, len(raw))
    assert address == source or not is_special(address) or (not outside and is_private(address))


@given(
    st.lists(PARTS, max_size=6),
    with_port(STRANGERS),
    st.lists(with_port(TRUSTED).map(lambda pair: pair[1]), max_size=6),
    st.lists(BLANKS, min_size=26, max_size=26),
    st.lists(NAMES, min_size=13, max_size=13),
    st.lists(st.booleans(), min_size=13, max_size=13),
)
def test_the_rightmost_stranger_is_taken(lies, stranger, trusted, blanks, names, splits):
    """Whatever is claimed before, in however many headers it all comes."""
    address, text = stranger
    values = [*lies, text, *trusted]
    lines = []
    for index, value in enumerate(values):
        value = blanks[2 * index] + value + blanks[2 * index + 1]
        if splits[index] or not lines:
            lines.append(names[index] + value)
        else:
            lines[-1] += "," + value
    raw = request(lines)
    assert BLESSED.peer_address(PROXY, None, raw, len(raw)) == packed(address)


@given(st.lists(JUNK, max_size=5), st.binary(max_size=100))
def test_what_follows_a_request_is_not_looked_at(values, rest):
    raw = request([f"X-Forwarded-For: {value}" for value in values])
    assert forwarded_for(raw + rest, len(raw) + len(rest)) == forwarded_for(raw, len(raw))


@given(st.binary(max_size=70) | ADDRESSES.map(lambda address: str(address).encode()))
def test_any_ip_is_an_address_or_refused(told):
    raw = request([])
    source = b"\x0b\0\0\1"
    assert BLESSED.peer_address(source, told, raw, len(raw)) == source
    try:
        address = OPEN.peer_address(source, told, raw, len(raw))
    except BadRequest as problem:
        assert problem.reason == PARAMETER
        return
    assert address == source or not is_special(address)


@given(ADDRESSES)
def test_an_ip_is_taken_as_it_is_meant(address):
    raw = request([])
    taken = OPEN.peer_address(b"\x0b\0\0\1", str(address).encode(), raw, len(raw))
    assert taken == (b"\x0b\0\0\1" if is_special(packed(address)) else packed(address))
