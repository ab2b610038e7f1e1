"""The HTTP codec: what each request comes to, however it arrives, and the bytes of each reply."""

from opentracker import http
from opentracker.errors import INTERNAL, NOT_FOUND, PARSE
from opentracker.http import (
    MISSING_INFO_HASH,
    BadRequest,
    Failure,
    end_of_request,
    parse,
    wants_keep_alive,
)
from opentracker.query import ANNOUNCE, FULL_SCRAPE, ROOT, SCRAPE

HASH = b"abcdefghijklmnopqrst"
OTHER_HASH = b"ABCDEFGHIJKLMNOPQRST"
ME = b"info_hash=" + HASH
MISSING = Failure(MISSING_INFO_HASH).reply
VERSION = b" HTTP/1.1\r\n\r\n"

# What is told of a request: its kind and the fields that are not at their defaults.
BARE = {"info_hash": HASH}
DEFAULTS = {
    "info_hash": None,
    "port": 0,
    "seeding": False,
    "completed": False,
    "stopped": False,
    "numwant": 50,
    "info_hashes": [],
}


def outcome(raw, size):
    """What parse makes of raw[:size]: (kind, fields), a status, or a failure's bencoded reply."""
    try:
        request = parse(raw, size)
    except BadRequest as problem:
        return problem.status
    except Failure as failure:
        return failure.reply
    values = {name: getattr(request, name, DEFAULTS[name]) for name in DEFAULTS}
    return request.kind, {name: value for name, value in values.items() if value != DEFAULTS[name]}


def read(raw):
    """What a request comes to: the same whole, in any two pieces, and with more behind it."""
    size = len(raw)
    for received in range(size):
        assert end_of_request(raw[:received], received) == 0, raw[:received]
        assert end_of_request(raw, received) == 0, raw[:received]
    assert end_of_request(raw, size) == size, raw
    whole = outcome(raw, size)
    for rest in (b"x", b"\n\n", b"\r\n\r\n", b" HTTP/1.0\r\n\r\n?&info_hash=", raw):
        buffer = raw + rest
        assert end_of_request(buffer, len(buffer)) == size, raw
        assert outcome(buffer, size) == whole, raw
    return whole


def get(target):
    return read(b"GET " + target + VERSION)


def announce(query):
    """What an announce comes to that has an info_hash before `query`."""
    return get(b"/announce?" + ME + b"&" + query)


def announced(query):
    """The fields of an announce with `query`, apart from its info_hash."""
    kind, fields = announce(query)
    assert kind == ANNOUNCE and fields.pop("info_hash") == HASH
    return fields


# Where a request ends


def test_end_of_request():
    for raw, end in (
        (b"GET /\n\n", 7),
        (b"GET /\r\n\r\n", 9),
        (b"GET /\r\n\n", 8),
        (b"GET / HTTP/1.0\nHost: x\n\n", 24),
        (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", 27),
        (b"GET / HTTP/1.0\r\nHost: x\r\n\n", 26),
        (b"GET / HTTP/1.0\nHost: x\r\n\r\n", 26),
        (b"\n\n", 2),
        (b"\r\n\r\n", 4),
    ):
        assert end_of_request(raw, len(raw)) == end == len(raw)
        assert read(raw) in ((ROOT, {}), 400)


def test_what_does_not_end_a_request():
    for raw in (
        b"", b"GET /", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET /\r\r",
        b"GET /\n\r\n", b"GET /\r\n\r", b"GET /\n\r\n\r", b"GET /\n \n", b"GET /\r\r\n", b"\n\0\n",
    ):  # fmt: skip
        assert end_of_request(raw, len(raw)) == 0, raw


def test_the_first_of_several_requests_ends_first():
    ends = b"\n\n", b"\r\n\r\n", b"\r\n\n"
    for first in ends:
        for second in ends:
            raw = b"GET /a" + first + b"GET /b" + second
            assert end_of_request(raw, len(raw)) == 6 + len(first)
            assert end_of_request(raw + b"\n\n\r\n\r\n", len(raw) + 6) == 6 + len(first)


def test_line_ends_and_versions_do_not_matter():
    line = b"GET /announce?" + ME + b"&port=17"
    expected = ANNOUNCE, {"info_hash": HASH, "port": 17}
    for rest in (
        b"\n\n", b"\r\n\r\n", b"\r\n\n", b" \n\n", b" HTTP/1.0\n\n", b" HTTP/1.1\r\n\r\n",
        b" x\n\n", b" HTTP/1.1\r\nHost: a?b&port=18\r\n\r\n",
        b"\r\nHost: x\r\nport: &port=18\r\n\r\n", b"\nport=18&left=0\n\n", b"\rport=18\n\n",
        b"\0&port=18&info_hash=\n\n",
    ):  # fmt: skip
        assert read(line + rest) == expected, rest


# Where a request goes


def test_only_get_with_a_path():
    for start in (
        b"POST /", b"HEAD /", b"get /", b"Get /", b"PUT /", b"GETX /", b"GET\t/", b"GET  /",
        b" GET /", b"GET http://tracker/", b"GET announce", b"GET", b"", b"/", b"\0", b"\r\n",
    ):  # fmt: skip
        assert read(start + b"announce?" + ME + VERSION) == 400, start


def test_announce_paths():
    for path in (
        b"/announce", b"/a", b"/announce.php", b"/about", b"//announce", b"/////a", b"/%61nnounce",
        b"/%3F", b"/%3f/x", b"/a/b/c", b"/a%00", b"/a%ff%0a%20", b"/announce%26%3d",
        b"/a!'()*+,-.:;<>_~",
    ):  # fmt: skip
        assert get(path + b"?" + ME) == (ANNOUNCE, BARE), path


def test_scrape_paths():
    for path in (
        b"/scrape",
        b"/sc",
        b"/scandal",
        b"//scrape",
        b"/%73crape",
        b"/s%63",
        b"/sc/a?x=1",
    ):
        query = b"&" if b"?" in path else b"?"
        assert get(path + query + ME) == (SCRAPE, {"info_hashes": [HASH]}), path


def test_the_root():
    for path in (b"/", b"//", b"////"):
        assert get(path) == (ROOT, {})
        assert read(b"GET " + path + b"\n\n") == (ROOT, {})


def test_not_found():
    for path in (
        b"/?", b"/?x", b"/?" + ME, b"//?x", b"/s?" + ME, b"/index.html", b"/favicon.ico",
        b"/A?" + ME, b"/Announce?" + ME, b"/SC?" + ME, b"/xannounce?" + ME, b"/.", b"/%", b"/%6",
        b"/%zz", b"/%6gnnounce", b"/a&b?" + ME, b"/&", b"/a=b?" + ME, b"/a@b?" + ME, b"/a#b?" + ME,
        b"/a[b]?" + ME, b"/a\xff?" + ME, b"/a%zz?" + ME, b"/a\tb?" + ME, b"/%00", b"/%2Fa?" + ME,
    ):  # fmt: skip
        assert get(path) == 404, path


def test_a_query_may_come_late_but_has_to_come():
    for path, expected in (
        (b"/announce ?" + ME, (ANNOUNCE, BARE)),
        (b"/announce  x ?" + ME, (ANNOUNCE, BARE)),
        (b"/announce\r?" + ME, (ANNOUNCE, BARE)),
        (b"/announce\0&?" + ME, (ANNOUNCE, BARE)),
        (b"/scrape ?" + ME, (SCRAPE, {"info_hashes": [HASH]})),
        (b"/announce", 400),
        (b"/scrape", (FULL_SCRAPE, {})),
        (b"/scrape/", 400),
        (b"/announce HTTP/1.1\r\nReferer: /announce?" + ME, 400),
        (b"/announce\n?" + ME, 400),
    ):
        assert get(path) == expected, path


def test_an_empty_query():
    for path, expected in (
        (b"/announce?", MISSING),
        (b"/announce?&&&", MISSING),
        (b"/announce??", MISSING),
        (b"/announce?port=17", MISSING),
        (b"/scrape?", 400),
        (b"/scrape?&", 400),
        (b"/scrape?x=1", 400),
    ):
        assert get(path) == expected, path


def test_missing_info_hash_has_its_words():
    assert MISSING == (
        b"d14:failure reason80:Your client forgot to send your torrent's info_hash. "
        b"Please upgrade your client.e"
    )


# Characters: every byte in every place

PLAIN = b"!%'()*+,-./0123456789:;<>ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
HARD_ENDS = b"\0\n\r "
EIGHTS = b'"#$[\\]^`{|}'


def test_every_byte_in_every_place():
    known = ANNOUNCE, BARE
    places = (
        # Before and after the byte, then what comes of: plain, ?, =, @, &, a hard end, 8, the rest.
        (b"/a", b"62?" + ME, (known, MISSING, 404, 404, 404, known, 404, 404)),
        (b"/a?" + ME + b"&x", b"62=1", (known, known, known, 400, known, known, 400, 400)),
        (b"/a?" + ME + b"&event=x", b"62", (known, known, known, known, known, known, 400, 400)),
        (b"/a?" + ME + b"&foo=x", b"62", (known, known, known, known, known, known, 400, known)),
        (b"/a?" + ME + b"&port", b"62=1", (known, known, 400, 400, 400, 400, 400, 400)),
        (b"/a?" + ME + b"&peer_id=x", b"6%32" * 6, (400, 400, 400, 400, 400, 400, 400, 400)),
    )
    for before, after, expected in places:
        for number in range(256):
            byte = bytes([number])
            if byte == b"\n" and before == b"/a":
                continue  # test_a_query_may_come_late_but_has_to_come
            raw = b"GET " + before + byte + after + VERSION
            if byte in PLAIN:
                kind = 0
            elif byte in b"?=@&":
                kind = 1 + b"?=@&".find(byte)
            else:
                kind = 5 if byte in HARD_ENDS else 6 if byte in EIGHTS else 7
            assert outcome(raw, len(raw)) == expected[kind], raw


def test_hard_ends_end_the_query():
    for number in HARD_ENDS:
        end = bytes([number])
        assert announced(b"port=17" + end + b"8&port=99") == {"port": 17}
        assert announced(b"port=17&" + end + b"port=99") == {"port": 17}
        assert announced(b"port=17&foo=bar" + end + b"[]&port=99") == {"port": 17}
        assert announced(b"port=17&foo" + end + b"[]&port=99") == {"port": 17}
        assert announced(b"event=stopped" + end + b"x") == {"stopped": True}
        assert announce(b"port=" + end + b"17") == 400
        assert announce(b"port" + end + b"=17") == 400
        assert announce(b"foo=[" + end) == 400
        assert get(b"/a?x" + end + ME) == MISSING
        assert get(b"/sc?" + ME + b"%" + end + b"74") == 400


def test_every_escape():
    for digits in ("0123456789abcdef", "0123456789ABCDEF"):
        for high in range(16):
            expected = bytes([16 * high + low for low in range(16)]) + b"0123"
            text = "".join(["%" + digits[high] + digits[low] for low in range(16)]) + "0123"
            query = b"info_hash=" + text.encode()
            assert get(b"/a?" + query) == (ANNOUNCE, {"info_hash": expected})


def test_escapes_are_decoded_once():
    for escaped, plain in (
        (b"%2561", b"%61"),
        (b"%25%36%31", b"%61"),
        (b"a+b", b"a+b"),
        (b"%2b+", b"++"),
        (b"%26%3D%3f%00", b"&=?\0"),
        (b"%fF%Ff", b"\xff\xff"),
    ):
        expected = plain + HASH[len(plain) :]
        query = b"info_hash=" + escaped + HASH[len(plain) :]
        assert get(b"/a?" + query) == (ANNOUNCE, {"info_hash": expected})


def test_broken_escapes():
    for escape in (
        b"%",
        b"%%",
        b"%4",
        b"%4g",
        b"%g4",
        b"% ",
        b"%+1",
        b"%-1",
        b"%0x",
        b"%\xff",
        b"%%41",
    ):
        assert announce(b"event=" + escape) == 400, escape
        assert announce(b"x" + escape + b"=1") == 400, escape
        assert announce(b"foo=" + escape) in (400, (ANNOUNCE, BARE)), escape
    for escape in (b"%", b"%%", b"%4", b"%4g", b"%g4", b"%0x"):
        assert announced(b"foo=" + escape + b"&port=17") == {"port": 17}, escape


# Names


def test_names_are_decoded_and_compared_exactly():
    for name, is_info_hash in (
        (b"%69nfo_hash", True),
        (b"info%5fhash", True),
        (b"%69%6e%66%6f%5F%68%61%73%68", True),
        (b"Info_hash", False),
        (b"INFO_HASH", False),
        (b"info_hash%20", False),
        (b"info_hash%00", False),
        (b"xinfo_hash", False),
        (b"info_hashx", False),
        (b"info", False),
        (b"info+hash", False),
        (b"?info_hash", False),
    ):
        expected = (ANNOUNCE, BARE) if is_info_hash else MISSING
        assert get(b"/announce?" + name + b"=" + HASH) == expected, name


def test_unknown_names_are_skipped():
    for query in (
        b"key=1", b"no_peer_id=1", b"uploaded=x", b"downloaded=-1", b"corrupt=0",
        b"supportcrypto=1", b"trackerid=%00", b"ipv4=1.2.3.4", b"ipv6=::1", b"ip=1.2.3.4",
        b"lognet=-", b"x", b"x=", b"x==", b"=", b"=x", b"==", b"&", b"?", b"?=?", b"ports=17",
        b"x=1=2", b"x=port=17", b"a.b-c_d~e!=1",
    ):  # fmt: skip
        assert announced(query) == {}, query
        assert announced(query + b"&port=17") == {"port": 17}, query
        assert announced(b"port=17&" + query) == {"port": 17}, query


def test_values_of_unknown_names_are_read_laxly():
    for query, expected in (
        (b"foo=a[b]", 400),
        (b"foo=#", 400),
        (b"foo=1#fragment", 400),
        (b"#fragment", 400),
        (b"foo=\xff&port=17", {"port": 17}),
        (b"foo=\xffport=17", {"port": 17}),
        (b"foo=\x7fport=17", {"port": 17}),
        (b"foo=a\tbar=b\x80port=17", {"port": 17}),
        (b"foo=\xff\xff&port=17", 400),
        (b"foo=\xff[", 400),
        (b"foo=\xff\xff=[", 400),
        (b"foo=@@@&port=17", {"port": 17}),
    ):
        result = announce(query)
        assert result == expected or result == (ANNOUNCE, dict(expected, info_hash=HASH)), query


def test_known_names_need_a_value():
    for name in (b"port", b"left", b"numwant", b"compact", b"compact6", b"peer_id"):
        assert announce(name) == 400, name
        assert announce(name + b"=") == 400, name
        assert announce(name + b"=&port=1") == 400, name
    assert get(b"/announce?info_hash") == 400
    assert get(b"/announce?info_hash=") == 400
    assert get(b"/scrape?info_hash=") == 400
    assert announced(b"event") == announced(b"event=") == {}


# Parameters of announces


def test_info_hash():
    for query, expected in (
        (ME, (ANNOUNCE, BARE)),
        (b"info_hash=" + HASH[:19], 400),
        (b"info_hash=" + HASH + b"u", 400),
        (b"info_hash=" + b"%41" * 20, (ANNOUNCE, {"info_hash": b"A" * 20})),
        (b"info_hash=" + b"%41" * 19, 400),
        (b"info_hash=" + b"%41" * 21, 400),
        (ME + b"&" + ME, 400),
        (ME + b"&info_hash=" + OTHER_HASH, 400),
        (ME + b"&info_hash=", 400),
    ):
        assert get(b"/announce?" + query) == expected, query


def test_many_info_hashes_are_told_apart():
    """More than are remembered, each written in three ways, and all of them twice."""
    for number in list(range(400)) * 2:
        info_hash = b"0123456789abcdef" + number.to_bytes(4, "big")
        lower = b"".join([("%%%02x" % byte).encode() for byte in info_hash])
        for text in (lower, lower.replace(b"%30", b"0"), b"0123456789abcdef" + lower[48:]):
            raw = b"GET /announce?info_hash=" + text + VERSION
            assert outcome(raw, len(raw)) == (ANNOUNCE, {"info_hash": info_hash})
    raw = b"GET /announce?info_hash=" + lower[3:] + VERSION
    assert outcome(raw, len(raw)) == 400 == outcome(raw, len(raw))


def values(name, table):
    """Checks what each value of a parameter comes to: fields, or 400."""
    for value, expected in table:
        result = announce(name + b"=" + value)
        wanted = 400 if expected == 400 else (ANNOUNCE, dict(expected, info_hash=HASH))
        assert result == wanted, (name, value, result)


NOT_NUMBERS = (
    b"x",
    b"1x",
    b"x1",
    b"-",
    b"--1",
    b"+1",
    b"1.0",
    b"1e3",
    b"0x10",
    b"%",
    b"1%2",
    b"%20",
)


def test_port():
    good = ((b"1", 1), (b"6881", 6881), (b"65535", 65535), (b"%31%37", 17), (b"00017", 17))
    values(b"port", [(text, {"port": number}) for text, number in good])
    values(b"port", [(b"0", {}), (b"-0", {}), (b"0000000000017", {"port": 17})])
    bad = b"65536", b"99999", b"4294967296", b"4294967313", b"9" * 30, b"-9999999999"
    values(b"port", [(text, 400) for text in bad + NOT_NUMBERS])
    assert announced(b"port=1&port=2") == {"port": 2}


def test_left():
    seeding, leeching = {"seeding": True}, {}
    for text in (b"0", b"00", b"0" * 30, b"-0", b"%30", b"0%30"):
        values(b"left", [(text, seeding)])
    # Whoever has something left, or can't say so in digits, is no seeder.
    for text in (
        b"1",
        b"10",
        b"01",
        b"4294967296",
        b"8589934592",
        b"1" + b"0" * 30,
        b"-1",
        b"x",
        b"0x",
        b"-",
    ):
        values(b"left", [(text, leeching)])
    values(b"left", [(b"%", 400), (b"[", 400)])
    assert announced(b"port=1") == {"port": 1}
    assert announced(b"left=0&left=1") == announced(b"left=1&left=0") == seeding


def test_event():
    values(
        b"event",
        (
            (b"completed", {"completed": True}),
            (b"stopped", {"stopped": True}),
            (b"started", {}),
            (b"paused", {}),
            (b"", {}),
            (b"Completed", {}),
            (b"completed%00", {}),
            (b"xstopped", {}),
            (b"%73topped", {"stopped": True}),
            (b"stop", {}),
            (b"%zz", 400),
            (b"[", 400),
        ),
    )
    assert announced(b"event=completed&event=stopped") == {"completed": True, "stopped": True}
    assert announced(b"event=stopped&event=started") == {"stopped": True}


def test_numwant():
    good = ((b"0", 0), (b"1", 1), (b"49", 49), (b"200", 200), (b"201", 200), (b"1000000", 200))
    values(b"numwant", [(text, {"numwant": number}) for text, number in good])
    huge = b"4294967295", b"4294967296", b"9" * 30
    values(b"numwant", [(text, {"numwant": 200}) for text in huge])
    values(
        b"numwant", [(text, {}) for text in (b"50", b"0000000050", b"-1", b"-200", b"-9999999999")]
    )
    values(b"numwant", [(text, 400) for text in NOT_NUMBERS])
    assert announced(b"numwant=3&numwant=4") == {"numwant": 4}


def test_compact():
    for name in (b"compact", b"compact6"):
        values(name, [(text, {}) for text in (b"1", b"2", b"-1", b"%31", b"0000000001", b"9" * 30)])
        values(name, [(text, 400) for text in (b"0", b"00", b"-0") + NOT_NUMBERS])


def test_peer_id():
    values(
        b"peer_id",
        (
            (b"-XX0001-000000000001", {}),
            (b"%00" * 20, {}),
            (b"-XX0001-00000000000", 400),
            (b"-XX0001-0000000000012", 400),
            (b"[XX0001-000000000001", 400),
            (b"%", 400),
        ),
    )


def test_a_whole_announce():
    query = (
        b"peer_id=-XX0001-%00%01%02%03%04%05%06%07%08%09%0a%0b&port=6881&uploaded=0&downloaded=0"
        b"&left=0&corrupt=0&key=23804C81&event=completed&numwant=80&compact=1&no_peer_id=1"
        b"&supportcrypto=1&redundant=0&ipv6=2001%3adb8%3a%3a2"
    )
    assert announced(query) == {"port": 6881, "seeding": True, "completed": True, "numwant": 80}


# Scrapes


def scraped(*hashes):
    return SCRAPE, {"info_hashes": list(hashes)}


def test_scrape():
    other = b"info_hash=" + OTHER_HASH
    for query, expected in (
        (ME, scraped(HASH)),
        (other + b"&" + ME, scraped(OTHER_HASH, HASH)),
        (ME + b"&" + other + b"&" + ME, scraped(HASH, OTHER_HASH, HASH)),
        (b"port=x&" + ME + b"&compact=0&left=&peer_id=1&event=stopped", scraped(HASH)),
        (b"info_hash=" + HASH[1:], 400),
        (ME + b"&info_hash=x", 400),
        (ME + b"&info_hash=" + HASH + b"u", 400),
        (ME + b"&info_hash", 400),
        (ME + b"&foo=[", 400),
    ):
        assert get(b"/scrape?" + query) == expected, query


def test_scrape_answers_64_and_reads_on():
    hashes = [b"hash number %08d" % number for number in range(66)]
    query = b"&".join([b"info_hash=" + info_hash for info_hash in hashes]).replace(b" ", b"%20")
    for end in (b"", b"&x=y"):
        raw = b"GET /scrape?" + query + end + VERSION
        assert outcome(raw, len(raw)) == scraped(*hashes[:64])
    for bad in (b"&info_hash=x", b"&x=["):
        raw = b"GET /scrape?" + query + bad + VERSION
        assert outcome(raw, len(raw)) == 400


# Keep-alive


def test_keep_alive():
    for headers, wanted in (
        (b"Connection: keep-alive\r\n", True),
        (b"Connection: Keep-Alive\r\n", True),
        (b"connection:keep-alive\r\n", True),
        (b"CONNECTION:   keep-alive\r\n", True),
        (b"Connection: keep-alive, Upgrade\r\n", True),
        (b"Host: x\r\nConnection: keep-alive\r\nAccept: */*\r\n", True),
        (b"", False),
        (b"Connection: close\r\n", False),
        (b"Connection:\r\n", False),
        (b"Keep-Alive: 300\r\n", False),
        (b"Proxy-Connection: keep-alive\r\n", False),
        (b"X: Connection: keep-alive\r\n", False),
        (b"Connection: close\r\nKeep-Alive: 300\r\n", False),
        (b"Connection: not-keep-alive\r\n", False),
    ):
        raw = b"GET /announce?keep-alive HTTP/1.1\r\n" + headers + b"\r\n"
        assert wants_keep_alive(raw, len(raw)) == wanted, headers
        unix = raw.replace(b"\r\n", b"\n")
        assert wants_keep_alive(unix, len(unix)) == wanted, headers
        buffer = raw + b"GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"
        assert wants_keep_alive(buffer, len(raw)) == wanted, headers


# Replies


def test_announce_replies():
    assert http.announce_body(0, 0, 1, 1703, 6) + b"\x7f\0\0\1\x1a\xe1e" == (
        b"d8:completei0e10:downloadedi0e10:incompletei1e8:intervali1703e"
        b"12:min intervali851e5:peers6:\x7f\0\0\1\x1a\xe1e"
    )
    assert http.announce_body(3, 0xFFFFFFFF, 2, 1620, 0) + http.peers6_key(36) == (
        b"d8:completei3e10:downloadedi4294967295e10:incompletei2e8:intervali1620e"
        b"12:min intervali810e5:peers0:6:peers636:"
    )
    assert http.stopped_body(2, 1, 1979) == (
        b"d8:completei2e10:incompletei1e8:intervali1979e12:min intervali989e5:peers0:e"
    )


def test_scrape_replies():
    assert http.scrape_body([]) == b"d5:filesdee"
    assert http.scrape_body([(OTHER_HASH, 1, 2, 3), (HASH, 0, 0xFFFFFFFF, 0)]) == (
        b"d5:filesd20:ABCDEFGHIJKLMNOPQRSTd8:completei1e10:downloadedi2e10:incompletei3ee"
        b"20:abcdefghijklmnopqrstd8:completei0e10:downloadedi4294967295e10:incompletei0eeee"
    )


def test_failure_replies():
    assert Failure(b"no").reply == b"d14:failure reason2:noe"
    assert Failure(b"no", 5).reply == b"d14:failure reason2:no8:retry ini5ee"


def test_heads():
    assert http.head(0, False) == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
    )
    head = http.head(1234, True)
    assert head[:17] == b"HTTP/1.1 200 OK\r\n" and head[-4:] == b"\r\n\r\n"
    assert sorted(head[17:-4].split(b"\r\n")) == [
        b"Connection: keep-alive",
        b"Content-Length: 1234",
        b"Content-Type: text/plain",
    ]


def test_error_pages():
    for reason, line, page in (
        (PARSE, b"400 Invalid Request", b"<title>Invalid Request</title>\n"),
        (NOT_FOUND, b"404 Not Found", b"<title>Not Found</title>\n"),
        (INTERNAL, b"500 Internal Server Error", b"<title>Internal Server Error</title>\n"),
    ):
        assert http.error_page(reason) == (
            b"HTTP/1.0 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"
            % (line, len(page), page)
        )


def test_redirect():
    assert http.redirect(b"https://example.org/?a=%62") == (
        b"HTTP/1.0 302 Found\r\nContent-Length: 0\r\nLocation: https://example.org/?a=%62\r\n\r\n"
    )
