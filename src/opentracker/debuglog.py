"""--debug: a line for each request with what was understood and what was answered.

Takes the place of the frontends' `answer`, so that a tracker without it pays nothing.
"""

from binascii import hexlify

from opentracker import http, udp
from opentracker.addresses import format_ip
from opentracker.errors import COMPACT, NOT_FOUND, PARAMETER, PARSE, BadRequest
from opentracker.log import log
from opentracker.query import ANNOUNCE, FULL_SCRAPE, SCRAPE, STATS

_MOST_SHOWN = 200  # bytes of what a client sent
_MOST_HASHES = 3
_WHY = {
    PARSE: "not understood",
    PARAMETER: "a parameter is wrong or missing",
    COMPACT: "compact=0 is not served",
    NOT_FOUND: "nothing is there",
}
_EVENTS = {0: "", udp.COMPLETED: "completed", 2: "started", udp.STOPPED: "stopped"}


def attach(http_frontend, udp_frontend):
    """Has all that the two answer from now on logged."""
    http_frontend.answer = _Http(http_frontend).answer
    udp_frontend.answer = _Udp(udp_frontend.answer).answer


def printable(data):
    """Returns bytes in quotes as visible ASCII, cut if they are many."""
    shown = "".join([_character(byte) for byte in data[:_MOST_SHOWN]])
    return '"%s"%s' % (shown, "..." if len(data) > _MOST_SHOWN else "")


def _character(byte):
    plain = 32 <= byte < 127 and byte not in b'"\\'
    return chr(byte) if plain else "\\x%02x" % byte


class _Http:
    def __init__(self, frontend):
        self._frontend = frontend
        self._answer = frontend.answer

    def answer(self, raw, size, address, keep_alive):
        asked = "%s http %s" % (format_ip(address), self._understood(raw, size, address))
        try:
            reply = self._answer(raw, size, address, keep_alive)
        except Exception as error:
            _tell(asked, repr(error))
            raise
        whole = "more follows" if self._frontend.stream else "%d bytes" % len(reply)
        _tell(asked, "%s (%s)" % (_answered(bytes(reply)), whole))
        return reply

    def _understood(self, raw, size, address):
        line = printable(raw[: max(raw.find(b"\n", 0, size), 0)].strip())
        try:
            request = http.parse(raw, size, self._frontend.stats_path)
        except http.Failure:
            return line
        except BadRequest as problem:
            return "%s, %s" % (line, _WHY[problem.reason])
        if request.kind == ANNOUNCE:
            return self._announce(request, raw, size, address)
        if request.kind == SCRAPE:
            return "scrape" + _hashes(request.info_hashes)
        if request.kind == STATS:
            return "stats mode=%s" % printable(request.mode)
        return "full scrape" if request.kind == FULL_SCRAPE else line

    def _announce(self, request, raw, size, address):
        event = "stopped" if request.stopped else "completed" if request.completed else ""
        left = "0" if request.seeding else ">0"
        if request.info_hash is None:
            return "lognet=" + printable(request.lognet)
        told = _announce(request.info_hash, request.port, left, event, request.numwant)
        if request.ip is not None or self._frontend.sources.proxies:
            try:
                peer = self._frontend.sources.peer_address(address, request.ip, raw, size)
            except BadRequest:
                return "%s ip=%s, no address" % (told, printable(request.ip))
            if peer != address:
                told += " for " + format_ip(peer)
        return told


class _Udp:
    def __init__(self, answer):
        self._answer = answer

    def answer(self, packet, size, address, reply):
        asked = "%s udp %s" % (format_ip(address), _packet(packet, size))
        try:
            length = self._answer(packet, size, address, reply)
        except Exception as error:
            _tell(asked, repr(error))
            raise
        _tell(asked, "%s (%d bytes)" % (_replied(reply, length, len(address) + 2), length))
        return length


def _tell(asked, answered):
    log("debug: %s -> %s" % (asked, answered))


def _announce(info_hash, port, left, event, numwant):
    return "announce info_hash=%s port=%d left=%s event=%s numwant=%d" % (
        _hex(info_hash),
        port,
        left,
        event,
        numwant,
    )


def _hashes(hashes):
    shown = "".join([" info_hash=" + _hex(each) for each in hashes[:_MOST_HASHES]])
    more = len(hashes) - _MOST_HASHES
    return shown + (" and %d more" % more if more > 0 else "")


def _hex(data):
    return hexlify(data).decode()


def _answered(reply):
    """What an HTTP reply says."""
    head, _, body = reply.partition(b"\r\n\r\n")
    status = head[9:].partition(b"\r\n")[0].decode()
    if not body.startswith(b"d"):
        return status
    if body.startswith(b"d14:failure reason"):
        return "%s failure %s" % (status, printable(body[18:].partition(b":")[2][:-1]))
    if not body.startswith(b"d8:complete"):
        return status
    peers = _number(body, b"5:peers") // 6
    at = body.find(b"5:peers")
    tail = body[body.find(b":", at + 7) + 1 + 6 * peers :]
    return "%s seeders=%d leechers=%d peers=%d" % (
        status,
        _number(body, b"8:completei"),
        _number(body, b"10:incompletei"),
        peers + _number(tail, b"6:peers6") // 18,
    )


def _number(body, key):
    """The number behind a key of a bencoded dictionary of ours, 0 without the key."""
    at = body.find(key)
    if at < 0:
        return 0
    at = end = at + len(key)
    while body[end : end + 1].isdigit():
        end += 1
    return int(body[at:end])


def _packet(packet, size):
    """What a UDP packet was taken for."""
    action = udp.action_of(packet, size)
    if action == udp.CONNECT:
        return "connect"
    if action == udp.ANNOUNCE:
        _, _, _, info_hash, left, event, numwant, port = udp.read_announce(packet)
        return _announce(
            info_hash,
            int.from_bytes(port, "big"),
            int.from_bytes(left, "big"),
            _EVENTS.get(event, event),
            numwant - (numwant >> 31 << 32),
        )
    if action == udp.SCRAPE:
        count = min((size - 16) // 20, udp.MOST_SCRAPED)
        hashes = range(16, 16 + 20 * count, 20)
        return "scrape" + _hashes([bytes(packet[at : at + 20]) for at in hashes])
    return "%d bytes, no request, %s" % (size, printable(bytes(packet[: min(size, 20)])))


def _replied(reply, length, width):
    """What a UDP reply says, with peers of `width` bytes."""
    if not length:
        return "no reply"
    if reply[3] == udp.ERROR:
        return "error " + printable(bytes(reply[8:length]))
    if reply[3] == udp.CONNECT:
        return "connection_id=" + _hex(reply[8:16])
    if reply[3] == udp.SCRAPE:
        counts = [_counts(reply, at) for at in range(8, min(length, 8 + 12 * _MOST_HASHES), 12)]
        return " and ".join(counts) or "nothing"
    return "seeders=%d leechers=%d peers=%d" % (
        int.from_bytes(reply[16:20], "big"),
        int.from_bytes(reply[12:16], "big"),
        (length - 20) // width,
    )


def _counts(reply, at):
    numbers = [int.from_bytes(reply[each : each + 4], "big") for each in range(at, at + 12, 4)]
    return "seeders=%d completed=%d leechers=%d" % tuple(numbers)
