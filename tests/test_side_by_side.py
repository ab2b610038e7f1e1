"""The same requests to the C opentracker and to this one: the same replies, byte by byte.

What is random in a reply, or depends on it, is put into a normal form (side_by_side/exchange.py).
Whatever differs beyond that is a bug, or meant to be and in the table DIFFERENCES.
"""

import re
from typing import NamedTuple

import pytest

from side_by_side.cases import all_cases
from side_by_side.exchange import Correspondent
from support.c_tracker import DUAL_STACK, VERSIONS, CTracker
from support.runtimes import RUNTIMES, need_runtime
from support.tracker import Tracker, free_port

CASES = all_cases()
REDIRECT_URL = "http://tracker.example/"
MOST_SHOWN = 10


def error_page(status, text):
    head = b"HTTP/1.0 %d %s\r\nContent-Type: text/html\r\nContent-Length: right\r\n\r\n"
    return (head + b"<title>%s</title>\n") % (status, text, text)


def ok(body):
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: right\r\n\r\n" + body


BAD_REQUEST = error_page(400, b"Invalid Request")
TOO_BIG = error_page(500, b"Internal Server Error")
INTERVALS = b"8:intervali<random>e12:min intervali<half of it>e"
PEER = b"\x7f\x00\x00\x01\x1a\xe1"  # 127.0.0.1:6881, the peer of most cases
ONE_LEECHER = b"d8:completei0e10:downloadedi0e10:incompletei1e"
LISTED_LEECHER = b"20:<hash>" + ONE_LEECHER + b"e"
ANNOUNCED = ok(ONE_LEECHER + INTERVALS + b"5:peers6:") + PEER + b"e"
SCRAPED = ok(b"d5:filesd" + LISTED_LEECHER + b"ee")
NOTHING_SCRAPED = ok(b"d5:filesdee")


class Difference(NamedTuple):
    """In the cases whose names match, ours is the C tracker's reply after these substitutions."""

    cases: str
    substitutions: tuple  # (regular expression, replacement)
    reason: str
    versions: tuple = VERSIONS


def exactly(reply):
    return re.escape(reply) + rb"\Z"


DIFFERENCES = (
    # Meant to be
    Difference(
        ".*",
        ((rb"(?<=half of it>e)(?=e\Z|6:peers6)", b"5:peers0:"),),
        "clients reject an announce reply without the key that BEP 3 asks for",
        DUAL_STACK,
    ),
    Difference(
        "v6 .*|both families: .*",
        ((rb"6:peers60:(?=e\Z)", b""),),
        "the empty list of a stopped peer is called the same for both families",
        DUAL_STACK,
    ),
    Difference(
        "header: '[Cc]onnection: ?[Kk]eep-[Aa]live.*",
        (
            (rb"(?<= 200 OK\r\nContent-Type: text/plain\r\n)", b"Connection: keep-alive\r\n"),
            (rb"(?<=keep-alive)(.*)\Z", rb"\1<stays open>"),
        ),
        "keep-alive exists, and says so",
    ),
    Difference(
        r"byte in a left: 0x(?!30|2d).*|parameter: &left=(?!-?0+$).*|.*: &left==",
        (
            (
                rb"completei1e10:downloadedi0e10:incompletei0e",
                b"completei0e10:downloadedi0e10:incompletei1e",
            ),
        ),
        "who has 4 GiB left, or does not know what is left, is no seeder",
    ),
    Difference(
        r"no port|parameter: &port=-?0+|udp announce: port 0",
        (
            (rb"incompletei1e(8:.*)5:peers6:.{6}e\Z", rb"incompletei0e\g<1>5:peers0:e"),
            (exactly(SCRAPED), NOTHING_SCRAPED),
            (rb"(?<=anno<random>)\x00{3}\x01\x00{4}\x7f\x00\x00\x01\x00\x00\Z", bytes(8)),
            (rb"(?<=scra\x00{8})\x00{3}\x01\Z", bytes(4)),
        ),
        "nobody can connect to port 0, so such a peer is not handed out to others",
    ),
    Difference(
        "v6 announce: &port=0",
        ((rb"incompletei1e(8:.*)6:peers618:.{18}e\Z", rb"incompletei0e\g<1>e"),),
        "the same for IPv6",
        DUAL_STACK,
    ),
    Difference(
        "parameter: &port=(-0*[1-9].*|%2d1)",
        ((rb".* 200 OK.*" + INTERVALS + rb".*", BAD_REQUEST), (exactly(SCRAPED), NOTHING_SCRAPED)),
        "no port is negative; modulo 65536 it is somebody else's",
    ),
    Difference(
        "udp scrape: (0|1|2|40|74) and .* bytes",
        ((rb".{12}\Z", b""),),
        "a part of an info_hash is none; C makes it up with what the last packet left behind",
    ),
    Difference(
        "udp wrong id: .* (announces (16|17|24|32) bytes|scrapes 0)",
        ((rb"\x00{3}\x03.*", b""),),
        "an error that is larger than the request would amplify what comes with a forged address",
    ),
    Difference(
        "parameter without value: &ip(=.*)?",
        ((rb".* 200 OK.*" + INTERVALS + rb".*", BAD_REQUEST),),
        "private networks may say where they are, so they have to say it rightly",
    ),
    Difference(
        "path: scrape of everything",
        (
            (
                rb"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: right\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n<chunks>",
            ),
        ),
        "a scrape of everything comes in chunks, as in later versions",
        ("2021",),
    ),
    Difference(
        r"parameter: &port=[1-9]\d{9,}",
        ((rb".* 200 OK.*" + INTERVALS + rb".*", BAD_REQUEST), (exactly(SCRAPED), NOTHING_SCRAPED)),
        "a port beyond 32 bits is beyond 65535 too",
    ),
    Difference(
        r"parameter: &numwant=-?[1-9]\d{9,}",
        ((rb"5:peers0:e\Z", b"5:peers6:" + PEER + b"e"),),
        "numwant does not wrap around at 32 bits",
    ),
    Difference(
        r"parameter: &compact6?=-?[1-9]\d{9,}",
        ((exactly(BAD_REQUEST), ANNOUNCED), (exactly(NOTHING_SCRAPED), SCRAPED)),
        "compact does not wrap around at 32 bits",
    ),
    Difference(
        "parameter: &(port|numwant)=-",
        ((rb".* 200 OK.*" + INTERVALS + rb".*", BAD_REQUEST), (exactly(SCRAPED), NOTHING_SCRAPED)),
        "a minus alone is no number; C takes it for 0",
    ),
    Difference(
        "udp wrong id: .* announces (33|34|40|97) bytes",
        ((rb"\x00{3}\x03.*", b""),),
        "an announce that is cut off is ignored, whatever its connection id",
    ),
    Difference(
        "size: (8192|8193|9000) bytes with a body|size: 20000 bytes.*",
        ((rb"<stays open>\Z", b""),),
        "a connection is closed behind its reply, whether all that came has been read or not",
        ("2021", "2024"),
    ),
    Difference(
        "size: too much once the end has come",
        ((exactly(TOO_BIG), ANNOUNCED),),
        "8192 bytes are the limit of a request; what follows it does not count",
    ),
)


@pytest.fixture(scope="module", params=VERSIONS)
def c_replies(request):
    """(version, {case: normalised replies}) of the C tracker."""
    version = request.param
    cases = [case for case in CASES if version in DUAL_STACK or not case.needs_ipv6]
    info_hashes = {info_hash for case in cases for info_hash in case.info_hashes()}
    with CTracker(version, info_hashes, REDIRECT_URL) as tracker:
        return version, ask(tracker, tracker.port, cases)


@pytest.fixture(scope="module", params=RUNTIMES)
def our_replies(request, tmp_path_factory):
    """{case: normalised replies} of our tracker, which shows statistics to others as C's does."""
    need_runtime(request.param)
    config = tmp_path_factory.mktemp("side_by_side") / "config"
    config.write_text("access.stats 192.0.2.1\n")
    port = free_port("::")
    options = ["-f", config, "-i", "::", "-p", port, "-P", port, "-r", REDIRECT_URL, "-m", 32768]
    with Tracker(request.param, *options) as tracker:
        replies = ask(tracker, port, CASES)
        assert tracker.stop() == 0, tracker.log()
        assert "Traceback" not in tracker.log(), tracker.log()
        return replies


def ask(tracker, port, cases):
    with Correspondent(port) as correspondent:
        try:
            return {case: correspondent.replies(case) for case in cases}
        except OSError as error:
            raise AssertionError(tracker.log()) from error


def test_replies_are_those_of_the_c_tracker(c_replies, our_replies):
    version, replies = c_replies
    rows = [row for row in DIFFERENCES if version in row.versions]
    wanted = {(row.cases, pattern) for row in rows for pattern, _ in row.substitutions}
    seen = set()
    problems = []
    for case, theirs in replies.items():
        rows_here = [row for row in rows if re.fullmatch(row.cases, case.name)]
        for number, (step, reply, ours) in enumerate(zip(case.steps, theirs, our_replies[case])):
            expected, applied = with_differences(reply, rows_here)
            if expected == ours:
                seen |= applied
            else:
                problems.append((case.name, number, step.parts, reply, expected, ours))
    assert not problems, story(problems)
    assert not wanted - seen, f"these differences are gone: {wanted - seen}"


def with_differences(reply, rows):
    """(what ours has to be where C replies so, the substitutions that this took)."""
    applied = set()
    for row in rows:
        for pattern, replacement in row.substitutions:
            reply, count = re.subn(pattern, replacement, reply, count=1, flags=re.DOTALL)
            if count:
                applied.add((row.cases, pattern))
    return reply, applied


def story(problems):
    """The first of the differences that are not in the table."""
    lines = [f"{len(problems)} replies differ from what the table says"]
    for name, number, parts, theirs, expected, ours in problems[:MOST_SHOWN]:
        lines += [f"\n{name}, request {number}: {b' | '.join(parts)!r}", f"  C's      {theirs!r}"]
        lines += [f"  expected {expected!r}"] if expected != theirs else []
        lines += [f"  ours     {ours!r}"]
    return "\n".join(lines)
