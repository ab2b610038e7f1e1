"""What is sent side by side: some thousand requests, most of them made from tables."""

from support.wire import EVENTS, PEER_ID, PROTOCOL_ID

from .exchange import FIRST_SEEDER_PORT, LOOPBACK, Case, Step, percent_encoded

OTHER_LOOPBACK = "127.0.0.2"
LOOPBACK_V6 = "::1"
LEECHER, OTHER_LEECHER = 6881, 6882
SEEDER, OTHER_SEEDER = FIRST_SEEDER_PORT, FIRST_SEEDER_PORT + 1

EOL = b"\r\n"
END = EOL + EOL
BYTES = [bytes([number]) for number in range(256)]


# Steps


def http(*parts, source=LOOPBACK, sampled=False):
    """Parts of a request; <me> stands for what every announce needs."""
    parts = tuple(part.replace(b"<me>", b"port=6881&info_hash=<hash>") for part in parts)
    return Step("http", parts, source, sampled=sampled)


def get(path, headers=b"", **how):
    return http(b"GET " + path + b" HTTP/1.1\r\nHost: tracker\r\n" + headers + EOL, **how)


def announce(query=b"", **how):
    """An announce by HTTP; `query` follows a port and the info_hash."""
    return get(b"/announce?<me>" + query, **how)


def scrape(*names, **how):
    return get(b"/scrape?" + b"&".join(b"info_hash=<%s>" % name for name in names), **how)


def udp(*parts, source=LOOPBACK, size=None, sampled=False):
    return Step("udp", parts, source, size, sampled)


def udp_announce(
    port=LEECHER,
    left=1,
    event="",
    want=-1,
    trailing=b"",
    connection_id=b"<id>",
    downloaded=0,
    uploaded=0,
    address=0,
    key=0,
    **how,
):
    head = connection_id + (1).to_bytes(4, "big") + b"anno" + b"<hash>" + PEER_ID
    transfer = [number.to_bytes(8, "big") for number in (downloaded, left, uploaded)]
    rest = [number % 2**32 for number in (EVENTS.get(event, event), address, key, want)]
    fields = [*transfer, *(number.to_bytes(4, "big") for number in rest), port.to_bytes(2, "big")]
    return udp(head, *fields, trailing, **how)


def udp_scrape(*names, connection_id=b"<id>", trailing=b"", **how):
    hashes = [b"<%s>" % name for name in names]
    return udp(connection_id + (2).to_bytes(4, "big") + b"scra", *hashes, trailing, **how)


def numbered(count):
    return [b"hash %d" % number for number in range(count)]


# Tables: each gives (name, steps)


def request_lines():
    lines = {
        "announce": b"GET /announce?<me> HTTP/1.1",
        "announce without version": b"GET /announce?<me>",
        "another version": b"GET /announce?<me> HTTP/9.9",
        "no version but noise": b"GET /announce?<me> \xff{noise}",
        "POST": b"POST /announce?<me> HTTP/1.1",
        "HEAD": b"HEAD /announce?<me> HTTP/1.1",
        "get": b"get /announce?<me> HTTP/1.1",
        "tab after GET": b"GET\t/announce?<me> HTTP/1.1",
        "two spaces after GET": b"GET  /announce?<me> HTTP/1.1",
        "space before GET": b" GET /announce?<me> HTTP/1.1",
        "empty line before GET": b"\r\nGET /announce?<me> HTTP/1.1",
        "absolute": b"GET http://tracker/announce?<me> HTTP/1.1",
        "nothing but a verb": b"GET",
        "no path": b"GET /",
        "one space": b"GET / ",
        "one letter": b"G",
        "nothing": b"",
    }
    for name, line in lines.items():
        yield "request line: " + name, [http(line + END)]


def paths():
    for path in (
        *(b"/", b"//", b"///", b"/?", b"/?<me>", b"//?<me>", b"/&", b"/="),
        *(b"/a", b"/a?", b"/a?<me>", b"/A?<me>", b"/b?<me>"),
        *(b"/announce", b"/announce?", b"/announce&<me>", b"/announce/"),
        *(b"/announce?<me>", b"//announce?<me>", b"/%61?<me>"),
        *(b"/announce.php?<me>", b"/about?<me>", b"/anno"),
        *(b"/announce/?<me>", b"/announce?/?x&<me>"),
        *(b"/%61%6e%6eounce?<me>", b"/%3F?<me>", b"/%3F<me>"),
        *(b"/announce ?<me>", b"/announce  ?<me>", b"/announce ?"),
        *(b"/announce%00?<me>", b"/%00announce?<me>"),
        *(b"/ announce?<me>", b"/announce\t?<me>"),
        *(b"/s", b"/s?info_hash=<hash>", b"/sc", b"/sc?", b"/sc?info_hash=<hash>"),
        *(b"/scrape?info_hash=<hash>", b"/scandal?info_hash=<hash>", b"/SCRAPE?info_hash=<hash>"),
        *(b"/scrape ?info_hash=<hash>", b"/scrape/", b"/scrape/?info_hash=<hash>", b"/%73crape"),
        *(b"/%73c?info_hash=<hash>", b"/scrape.php?info_hash=<hash>", b"//scrape?info_hash=<hash>"),
        *(b"/stat", b"/favicon.ico", b"/index.html", b"/robots.txt", b"/x", b"/x?y", b"/%", b"/%2"),
        *(b"/..", b"/../announce?<me>", b"/.a", b"/%zz", b"/a%zz?<me>"),
    ):
        yield "path: " + path.decode(), [get(path)]
    yield "path: scrape of everything", [get(b"/scrape")]
    yield "path: scrape of everything without version", [http(b"GET /scrape" + END)]
    for query in (b"", b"?", b"?mode=peer", b"?mode=torr", b"?mode=top10", b"?mode=everything"):
        yield "path: stats" + query.decode(), [get(b"/stats" + query)]


def bytes_everywhere():
    """Every byte in every kind of place, as it is and as an escape."""
    places = {
        "as path": b"/%s?<me>",
        "in path": b"/annou%snce?x=1&<me>",
        "at the path's end": b"/announce%s?x=1&<me>",
        "before a parameter": b"/announce?%snumwant=0&<me>",
        "in a known name": b"/announce?port=6881&info%s_hash=<hash>",
        "after a known name": b"/announce?port=6881&info_hash%s=<hash>",
        "as unknown name": b"/announce?%s=1&<me>",
        "in an unknown name": b"/announce?x%sy=1&<me>",
        "in an unknown name's value": b"/announce?x=1%s2&<me>",
        "before a port": b"/announce?<me>&x=1%sport=17",
        "in a known value": b"/announce?event=x%sy&<me>",
        "behind the last value": b"/announce?<me>&event=started%s",
        "in an info_hash": b"/scrape?info_hash=abcdefghij%s123456789",
        "behind an info_hash": b"/announce?<me>%s",
        "in a port": b"/announce?<me>&port=1%s",
        "in a left": b"/announce?left=%s0&<me>",
        "in a numwant": b"/announce?numwant=1%s&<me>",
        "in a compact": b"/announce?compact=%s1&<me>",
        "in a scrape": b"/scrape?x=%sy&info_hash=<hash>",
        "in a scrape's name": b"/scrape?info_hash%s=<hash>",
    }
    for place, path in places.items():
        for byte in BYTES:
            yield f"byte {place}: 0x{byte[0]:02x}", [get(path.replace(b"%s", byte))]
            if place in ("as path", "as unknown name", "in a known value", "in a port"):
                escape = b"%%%02x" % byte[0]
                yield f"escape {place}: 0x{byte[0]:02x}", [get(path.replace(b"%s", escape))]


def escapes():
    for byte in BYTES:
        for template in (b"%%%s0", b"%%F%s"):
            broken = template % byte
            path = b"/announce?event=" + broken + b"&<me>"
            yield f"half escaped: {broken!r}", [get(path)]
    for text in (
        b"%",
        b"%4",
        b"%%",
        b"%%41",
        b"%2541",
        b"%u0041",
        b"%41%",
        b"%C3%A9",
        b"+",
        b"%2b",
    ):
        yield f"escaped: {text!r}", [announce(b"&event=" + text), announce(b"&" + text + b"=1")]
    for name in (b"%69nfo_hash", b"info%5fhash", b"INFO_HASH", b"info_hash%00", b"%20info_hash"):
        yield f"escaped name: {name!r}", [get(b"/announce?port=6881&" + name + b"=<hash>")]


NUMBERS = (
    *(
        b"0",
        b"00",
        b"1",
        b"01",
        b"-1",
        b"-0",
        b"-00",
        b"+1",
        b"--1",
        b"-",
        b"",
        b"x",
        b"1x",
        b"0x10",
    ),
    *(b"1.0", b"1e3", b" 1", b"1 ", b"%31", b"%2d1", b"1%00", b"17", b"49", b"50", b"51", b"199"),
    *(b"200", b"201", b"1000", b"65534", b"65535", b"65536", b"65537", b"70000", b"-65535"),
    *(b"-65536", b"000000000000000017", b"2147483647", b"-2147483648", b"999999999"),
    *(b"1099511627775", b"18446744073709551617", b"123456789012345678901234567890"),
)
WRAPPING = (
    *(b"4294967295", b"4294967296", b"4294967297", b"4294967313", b"8589934592", b"2147483648"),
    *(b"-4294967295", b"-4294967296", b"18446744073709551616", b"-2147483649", b"42949672960"),
)
TEXTS = (
    b"",
    b"started",
    b"stopped",
    b"completed",
    b"paused",
    b"Stopped",
    b"stopped2",
    b"%73topped",
)


def parameters():
    for name in (b"port", b"left", b"numwant", b"compact", b"compact6"):
        for number in NUMBERS + WRAPPING:
            query = b"&" + name + b"=" + number
            yield f"parameter: {query.decode()}", [announce(query), scrape(b"hash")]
    for text in TEXTS:
        for rest in (b"", b"&left=0", b"&left=0&port=17", b"&port=17"):
            query = b"&event=" + text + rest
            yield f"parameter: {query.decode()}", [announce(query), scrape(b"hash")]
    for peer_id in (b"", b"x", b"-XX0001-00000000000", PEER_ID, PEER_ID + b"0", b"%00" * 20):
        yield f"parameter: peer_id={peer_id.decode()}", [announce(b"&peer_id=" + peer_id)]
    for name in (
        *(
            b"port",
            b"left",
            b"numwant",
            b"compact",
            b"compact6",
            b"event",
            b"peer_id",
            b"info_hash",
        ),
        *(
            b"key",
            b"no_peer_id",
            b"ip",
            b"ipv4",
            b"ipv6",
            b"uploaded",
            b"trackerid",
            b"lognet",
            b"",
        ),
    ):
        for query in (b"&" + name, b"&" + name + b"=", b"&" + name + b"==", b"&" + name + b"=&"):
            yield f"parameter without value: {query.decode()}", [announce(query)]
    for query in (
        *(b"&ip=10.1.2.3", b"&ip=2001:db8::1", b"&ipv4=10.1.2.3", b"&key=1A2B", b"&uploaded=x"),
        *(b"&downloaded=x", b"&corrupt=-1", b"&supportcrypto=1", b"&no_peer_id=1", b"&x", b"&&&"),
        *(
            b"&redundant=0",
            b"&trackerid=%00",
            b"&=",
            b"&=1",
            b"&x=1=2",
            b"&port=17&",
            b"&#fragment",
        ),
        *(b"?", b"?x=1", b"&x?y=1", b"&port=17#x", b"&foo=a[b]", b"&foo=\xff&port=17"),
    ):
        yield f"parameter: {query.decode('latin-1')}", [announce(query)]


def duplicates():
    for query in (
        *(b"&port=17&port=18", b"&port=17&port=x", b"&port=x&port=17", b"&left=0&left=1"),
        *(b"&left=1&left=0", b"&left=0&left=x", b"&numwant=0&numwant=50", b"&numwant=50&numwant=0"),
        *(b"&event=completed&event=stopped", b"&event=stopped&event=completed", b"&event=&event=x"),
        *(b"&left=0&event=completed&event=started", b"&event=stopped&event=started&port=17"),
        *(b"&compact=1&compact=0", b"&compact=0&compact=1", b"&compact=1&compact6=0"),
        *(b"&info_hash=<hash>", b"&info_hash=<hash 2>", b"&info_hash=x", b"&peer_id=" + PEER_ID),
        b"&peer_id=" + PEER_ID + b"&peer_id=x",
    ):
        yield f"twice: {query.decode()}", [announce(query)]


def info_hashes():
    for length in (0, 1, 19, 20, 21, 40, 60):
        for byte in (b"a", b"%00", b"%ff", b"%2B"):
            if length != 20:
                path = b"/announce?port=17&info_hash=" + length * byte
                yield f"info_hash: {length} of {byte!r}", [get(path)]
            path = b"/scrape?info_hash=" + length * byte
            yield f"info_hash: {length} of {byte!r} scraped", [get(path)]
    yield "no port", [get(b"/announce?info_hash=<hash>"), scrape(b"hash")]
    yield "info_hash: none", [get(b"/announce?port=17&left=0")]
    yield "info_hash: none and a bad port", [get(b"/announce?port=x")]
    yield "info_hash: none and stopped", [get(b"/announce?event=stopped")]
    lower = percent_encoded(bytes(range(0xA0, 0xB4))).lower()
    yield "info_hash: lower-case escapes scraped", [get(b"/scrape?info_hash=" + lower)]


def scrapes():
    for count in (1, 2, 3, 63, 64, 65, 80):
        known = [announce(b"&port=17&left=0"), get(b"/announce?info_hash=<hash 2>&port=18")]
        yield f"scrape: {count}", [*known, scrape(*numbered(count))]
    both = [b"hash", b"hash 2", b"hash"]
    steps = [announce(b"&port=17"), get(b"/announce?info_hash=<hash 2>&port=18&left=0")]
    yield "scrape: in the order asked, twice", [*steps, scrape(*both), scrape(*both[1:])]
    for query in (
        *(
            b"x=1",
            b"info_hash=",
            b"info_hash",
            b"info_hash=x",
            b"&",
            b"=",
            b"port=x&info_hash=<hash>",
        ),
        *(
            b"info_hash=<hash>&info_hash=x",
            b"info_hash=x&info_hash=<hash>",
            b"info_hash=<hash>&x=1",
        ),
        *(b"&info_hash=<hash>", b"info_hash=<hash>&", b"%69nfo_hash=<hash>", b"peer_id=x"),
        *(b"compact=0&info_hash=<hash>", b"info_hash=<hash>&x=[", b"info_hash=<hash>&x=\xff"),
    ):
        name = f"scrape: {query.decode('latin-1')}"
        yield name, [announce(b"&port=17&left=0"), get(b"/scrape?" + query)]


def header_ends():
    line = b"GET /announce?<me> HTTP/1.1"
    for end in (
        *(b"\r\n\r\n", b"\n\n", b"\r\n\n", b"\n\r\n", b"\r\r", b"\r", b"\n", b"\r\n", b"\r\n\r"),
        *(b"\n\r\n\r\n", b"\n \n\n", b"\r\n\0\r\n", b"\0\r\n\r\n", b"\0\n\n", b"", b"\n\n\n\n"),
    ):
        yield f"header: ends with {end!r}", [http(line + end)]
        yield f"header: one line, ends with {end!r}", [http(line + b"\r\nHost: tracker" + end)]
    for headers in (
        *(b"no colon\r\n", b": no name\r\n", b"\xff\xfe: \0\r\n", b" folded\r\n", b"\t\r\n"),
        *(b"X-Forwarded-For: 10.0.0.1\r\n", b"Connection: close\r\n", b"Content-Length: 5\r\n"),
        *(
            b"Accept-Encoding: gzip\r\n",
            b"Connection: Keep-Alive\r\n",
            b"connection:keep-alive\r\n",
        ),
        *(b"Expect: 100-continue\r\n", b"Transfer-Encoding: chunked\r\n", b"Range: bytes=0-1\r\n"),
        *(b"X: keep-alive\r\n", b"Connection: upgrade\r\n", b"Cookie: Connection: keep-alive\r\n"),
    ):
        name = f"header: {headers.decode('latin-1')!r}"
        yield name, [announce(headers=headers), get(b"/", headers), get(b"/x", headers)]
    yield "header: a body follows", [http(line + END + b"info_hash=x&port=1")]
    yield "header: another request follows", [http(line + END + line + END)]


def sizes():
    # The same as <me>, 60 bytes of which stand in for the 6 of <hash>.
    start = b"GET /announce?port=6881&info_hash=<hash> HTTP/1.1\r\nX: "
    for size in (1000, 8191, 8192, 8193, 9000, 20000):
        padding = b"x" * (size - len(start) - len(END) - 54)
        yield f"size: {size} bytes", [http(start + padding + END)]
        yield f"size: {size} bytes without end", [http(start + padding)]
        yield f"size: {size} bytes, last one later", [http(start + padding + b"\r\n\r", b"\n")]
        yield f"size: {size} bytes with a body", [http(start + END + padding)]
    first, rest = start + b"x" * 4000, b"x" * 500 + END + b"x" * 4000
    yield "size: too much once the end has come", [http(first, rest)]
    long_value = b"&x=" + b"y" * 7000
    yield "size: a long value", [announce(long_value), announce(b"&event=" + long_value[3:])]
    yield "size: many parameters", [announce(b"&x=y" * 1800)]
    line = b"GET /announce?<me> HTTP/1.1"
    yield "size: in four parts", [http(line[:9], line[9:30], line[30:], END)]
    yield "size: end in two parts", [http(line + b"\r\n\r", b"\n")]
    yield "size: LF LF in two parts", [http(line + b"\n", b"\n")]


def sequences(source=LOOPBACK):
    """What becomes of the counters, by HTTP and UDP alternately."""
    where = {"source": source}

    def by_http(query):
        return announce(query, **where)

    def by_udp(**fields):
        return udp_announce(**fields, **where)

    counters = [scrape(b"hash", **where), udp_scrape(b"hash", b"hash 2", **where)]
    leeches, seeds = b"&port=%d&left=1" % LEECHER, b"&port=%d&left=0" % SEEDER
    # The same peer before and after it has completed, so its port tells nothing.
    got_it = b"&port=%d&left=0&event=completed" % LEECHER
    gone = b"&port=%d&event=stopped" % LEECHER
    histories = {
        "leecher": [by_http(leeches), by_http(leeches)],
        "seeder": [by_http(seeds), by_http(seeds)],
        "completes": [by_http(leeches), by_http(got_it), by_http(leeches)],
        "completes twice": [by_http(leeches), by_http(got_it), by_http(got_it)],
        "completes, stops, completes": [by_http(got_it), by_http(gone), by_http(got_it)],
        "completes, leeches, completes": [by_http(got_it), by_http(leeches), by_http(got_it)],
        "comes completed": [by_http(got_it), by_http(b"&port=%d&left=0" % LEECHER)],
        "completes with bytes left": [by_http(leeches + b"&event=completed")],
        "completes without left": [by_http(b"&port=%d&event=completed" % LEECHER)],
        "completes later": [by_http(b"&port=%d&left=0" % LEECHER), by_http(got_it)],
        "stops as a seeder": [by_http(seeds), by_http(seeds + b"&event=stopped"), by_http(seeds)],
        "stops twice": [by_http(leeches), by_http(gone), by_http(gone)],
        "stops unknown": [by_http(gone), by_http(gone)],
        "stops another": [by_http(leeches), by_http(b"&port=1&event=stopped"), by_http(leeches)],
        "stops and leaves one": [by_http(seeds), by_http(leeches), by_http(gone), by_http(seeds)],
        "stopped and completed": [by_http(leeches), by_http(got_it + b"&event=stopped")],
        "two of each": [
            *(by_http(leeches), by_http(seeds)),
            *(by_http(b"&port=%d" % OTHER_LEECHER), by_http(b"&port=%d&left=0" % OTHER_SEEDER)),
        ],
        "udp leecher": [by_udp(), by_udp()],
        "udp seeder": [by_udp(port=SEEDER, left=0), by_udp(port=SEEDER, left=0)],
        "udp completes": [by_udp(), by_udp(left=0, event="completed"), by_udp(left=0)],
        "udp completes twice": [by_udp(left=0, event="completed")] * 2,
        "udp completes with bytes left": [by_udp(event="completed")],
        "udp stops": [by_udp(), by_udp(event="stopped"), by_udp(event="stopped")],
        "udp stops unknown": [by_udp(event="stopped")],
        "udp starts": [by_udp(event="started"), by_udp(event="started", left=0)],
        "over both": [by_udp(), by_http(got_it), by_udp(left=0, event="completed"), by_http(gone)],
    }
    for name, steps in histories.items():
        yield f"sequence: {name}", [*steps, *counters]


def peer_lists():
    crowd = [announce(b"&left=1&numwant=0&port=%d" % (LEECHER + number)) for number in range(130)]
    crowd += [announce(b"&left=0&numwant=0&port=%d" % (SEEDER + number)) for number in range(120)]
    wanted = [b"", b"&numwant=-1"] + [
        b"&numwant=%d" % count for count in (0, 1, 2, 49, 199, 200, 201)
    ]
    asked = [announce(b"&port=%d&left=0" % SEEDER + want, sampled=True) for want in wanted]
    asked += [
        udp_announce(SEEDER, left=0, want=count, sampled=True)
        for count in (-1, 0, 1, 2, 49, 199, 200, 201, 1 << 31)
    ]
    yield "crowd", [*crowd, *asked, scrape(b"hash"), udp_scrape(b"hash")]
    # all of a smaller one are handed out: these can be compared
    last = SEEDER + 119
    for size in (2, 10, 25, 49, 50):
        few = crowd[: size // 2] + crowd[-(size - size // 2) :]
        asked = [announce(b"&left=0&port=%d" % last), udp_announce(last, left=0)]
        yield f"crowd: {size}", [*few, *asked]
    from_two = [announce(b"&port=%d" % LEECHER, source=at) for at in (LOOPBACK, OTHER_LOOPBACK)]
    gone = announce(b"&port=%d&event=stopped" % LEECHER, source=OTHER_LOOPBACK)
    yield "crowd: from two addresses", [*from_two, gone, udp_announce(source=OTHER_LOOPBACK)]


def udp_connects():
    connect = PROTOCOL_ID + bytes(4) + b"conn"
    for size in range(16):
        yield f"udp connect: {size} bytes", [udp(connect, size=size)]
    for extra in (b"", b"\0", b"x" * 16, b"x" * 82, b"x" * 1400):
        yield f"udp connect: {len(extra)} more", [udp(connect + extra)]
    for number in range(8):
        wrong = PROTOCOL_ID[:number] + b"\xff" + PROTOCOL_ID[number + 1 :]
        yield f"udp connect: byte {number} wrong", [udp(wrong + connect[8:])]
    yield "udp connect: with an id", [udp(b"<id>" + connect[8:])]
    for action in (3, 4, 5, 255, 256, 257, 1 << 16, 1 << 24, 0x02000000, (1 << 32) - 1):
        tail = action.to_bytes(4, "big") + b"acti"
        for start in (PROTOCOL_ID, b"<id>", bytes(8)):
            for more in (b"", bytes(82)):
                name = f"udp action {action}: {start!r}, {len(more)} more"
                yield name, [udp(start + tail + more)]


def udp_announces():
    fields = {
        "port": (0, 1, 17, 65535),
        "left": (0, 1, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**64 - 1),
        "event": (0, 1, 2, 3, 4, 255, 256, 257, 1 << 24, 3 << 24, 2**32 - 1),
        "want": (0, 1, 2, 50, 199, 200, 201, -1, -2, 1 << 31, 2**31 - 1),
        "downloaded": (1, 2**64 - 1),
        "uploaded": (1, 2**64 - 1),
        "address": (1, 0x0A010203, 2**32 - 1),
        "key": (1, 2**32 - 1),
        "trailing": (b"\0", b"\2\3/ab", b"x" * 100, b"x" * 1300, b"x" * 3000),
    }
    for field, values in fields.items():
        for value in values:
            shown = value if isinstance(value, int) else len(value)
            steps = [udp_announce(**{field: value}), udp_scrape(b"hash")]
            yield f"udp announce: {field} {shown}", steps
    for size in (16, 20, 36, 40, 56, 80, 96, 97, 98):
        yield f"udp announce: {size} bytes", [udp_announce(size=size), udp_scrape(b"hash")]


def udp_scrapes():
    known = [udp_announce(), announce(b"&port=18&left=0")]
    for count in range(81):
        yield f"udp scrape: {count}", [*known, udp_scrape(*([b"hash"] + numbered(81))[:count])]
    for count in (0, 1, 2, 40, 74, 75, 76):
        for trailing in (1, 10, 19):
            step = udp_scrape(*numbered(count), trailing=b"x" * trailing)
            yield f"udp scrape: {count} and {trailing} bytes", [step]
    for count in (100, 200, 400):
        yield f"udp scrape: {count}", [*known, udp_scrape(*[b"hash"] * count)]
    yield "udp scrape: one twice", [*known, udp_scrape(b"hash", b"hash 1", b"hash")]


def udp_wrong_ids():
    for wrong in (bytes(8), b"\xff" * 8, PROTOCOL_ID):
        for size in (16, 17, 24, 32, 33, 34, 40, 97, 98, None):
            step = udp_announce(connection_id=wrong, trailing=b"x" * 100, size=size)
            yield f"udp wrong id: {wrong.hex()} announces {size} bytes", [step, udp_scrape(b"hash")]
        for count in range(3):
            step = udp_scrape(*numbered(count), connection_id=wrong)
            yield f"udp wrong id: {wrong.hex()} scrapes {count}", [step]


def dual_stack():
    """For trackers with both families on one port."""
    for name, steps in sequences(LOOPBACK_V6):
        yield f"v6 {name}", steps
    for query in (b"", b"&port=0", b"&numwant=0", b"&event=stopped"):
        yield f"v6 announce: {query.decode()}", [announce(query, source=LOOPBACK_V6)]
    yield "v6 connect", [udp(PROTOCOL_ID + bytes(4) + b"conn", source=LOOPBACK_V6)]
    wrong = udp_announce(connection_id=bytes(8), source=LOOPBACK_V6)
    yield "v6 udp wrong id", [wrong, udp_announce(source=LOOPBACK_V6)]
    sources = (LOOPBACK, LOOPBACK_V6)
    few = [
        step
        for number, source in enumerate(sources * 3)
        for step in (
            announce(b"&left=1&port=%d" % (LEECHER + number), source=source),
            udp_announce(SEEDER + number, left=0, source=source),
        )
    ]
    gone = [announce(b"&event=stopped&port=%d" % LEECHER, source=source) for source in sources]
    asked = [udp_announce(LEECHER + 50, want=0, source=source) for source in sources]
    yield "both families: few", [*few, *gone, *asked, scrape(b"hash"), udp_scrape(b"hash")]
    for v4, v6 in ((122, 121), (3, 120), (120, 3), (1, 60), (0, 70), (70, 0), (26, 26)):
        yield f"both families: {v4} and {v6}", [*crowd_of_both(v4, v6), *asks_of_both()]


def crowd_of_both(v4, v6):
    for source, count in ((LOOPBACK, v4), (LOOPBACK_V6, v6)):
        for number in range(count):
            yield announce(b"&left=1&numwant=0&port=%d" % (LEECHER + number), source=source)


def asks_of_both():
    """Announces of a peer that is there already, so that the lists stay as they are."""
    for want in (*range(1, 9), 20, 49, 50, 51, 65, 66, 67, 99, 100, 150, 199, 200):
        for source in (LOOPBACK, LOOPBACK_V6):
            member = b"&left=1&port=%d&numwant=%d" % (LEECHER, want)
            yield announce(member, source=source, sampled=True)
            yield udp_announce(want=want, source=source, sampled=True)


TABLES = (
    *(
        request_lines,
        paths,
        bytes_everywhere,
        escapes,
        parameters,
        duplicates,
        info_hashes,
        scrapes,
    ),
    *(header_ends, sizes, sequences, peer_lists, udp_connects, udp_announces, udp_scrapes),
    *(udp_wrong_ids, dual_stack),
)


def all_cases():
    """Every case once, though tables overlap."""
    cases = {}
    for table in TABLES:
        for name, steps in table():
            case = Case(name, tuple(steps))
            assert cases.setdefault(name, case) == case, f"two cases are called {name}"
    return list(cases.values())
