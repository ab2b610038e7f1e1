"""--debug: mistakes of ours with and without it, and what it shows of any bytes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import http_frontend, ipv4, ipv6, pools_of, udp_frontend

from opentracker import debuglog, mistakes, udp
from opentracker.tracker import Tracker


def fail():
    raise ValueError("on purpose")


@pytest.fixture
def tracebacks():
    yield mistakes.show_tracebacks
    mistakes.show_tracebacks(False)


@pytest.mark.parametrize("shown", [False, True])
def test_tracebacks_of_mistakes_are_shown_with_debug_only(tracebacks, capsys, shown):
    tracebacks(shown)
    try:
        fail()
    except ValueError as error:
        mistakes.tell(error)
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("opentracker: a mistake of ours")
    assert told[0].endswith("ValueError('on purpose')")
    assert bool(told[1:]) == shown
    if shown:
        assert told[1] == "Traceback (most recent call last):"
        assert any("in fail" in line for line in told)


class Broken:
    """A tracker with a mistake in it."""

    pools = None

    def announce(self, *_arguments):
        fail()


def test_the_request_that_met_a_mistake_is_told(capsys):
    http, packets = http_frontend(Broken()), udp_frontend(Broken())
    debuglog.attach(http, packets)
    raw = b"GET /announce?info_hash=" + b"x" * 20 + b" HTTP/1.0\r\n\r\n"
    with pytest.raises(ValueError, match="on purpose"):
        http.answer(raw, len(raw), ipv4(1), False)
    packet = packets.connection_ids.make(ipv4(1)) + b"\0\0\0\1" + bytes(86)
    with pytest.raises(ValueError, match="on purpose"):
        packets.answer(packet, len(packet), ipv4(1), bytearray(udp.MOST_REPLY_BYTES))
    for line in capsys.readouterr().err.splitlines():
        assert " announce info_hash=" in line and line.endswith("-> ValueError('on purpose')")


@given(st.binary(max_size=400))
def test_any_bytes_are_shown_in_bounds(data):
    shown = debuglog.printable(data)
    assert all(" " <= char <= "~" for char in shown)
    assert len(shown) <= 1000
    if len(data) <= 200:
        plain = shown[1:-1].encode().decode("unicode_escape").encode("latin-1")
        assert plain == data and shown[1:-1].count('"') == 0


REQUESTS = st.binary(max_size=100) | st.binary(max_size=60).map(
    lambda query: b"GET /announce?info_hash=%s&%s HTTP/1.1\r\n\r\n" % (b"x" * 20, query)
)


@given(REQUESTS, st.booleans())
def test_answers_to_http_are_the_same(raw, of_v6):
    """But for the interval, which is a new one for every reply."""
    address = ipv6(1) if of_v6 else ipv4(1)
    usual, debugged = [http_frontend(Tracker(pools_of(64))) for _ in range(2)]
    debuglog.attach(debugged, udp_frontend(Tracker(pools_of(64))))
    replies = [bytes(each.answer(raw, len(raw), address, False)) for each in (usual, debugged)]
    usually, now = [re.sub(rb"intervali\d+e", b"", reply) for reply in replies]
    assert usually == now


@given(st.binary(max_size=150), st.integers(0, 4), st.booleans())
def test_answers_to_udp_are_the_same(rest, action, proven):
    frontends = [udp_frontend(Tracker(pools_of(64))) for _ in range(2)]
    frontends[1].connection_ids = frontends[0].connection_ids
    debuglog.attach(http_frontend(Tracker(pools_of(64))), frontends[1])
    cid = frontends[0].connection_ids.make(ipv4(1)) if proven else udp.MAGIC
    packet = cid + action.to_bytes(4, "big") + rest
    replies = [bytearray(udp.MOST_REPLY_BYTES) for _ in frontends]
    sizes = [
        each.answer(packet, len(packet), ipv4(1), reply) for each, reply in zip(frontends, replies)
    ]
    assert sizes[0] == sizes[1]
    assert replies[0][:8] == replies[1][:8] and replies[0][12:] == replies[1][12:]
