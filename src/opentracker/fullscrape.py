"""Every swarm there is, in the order of the info_hashes: full scrapes and the statedump.

A listing takes little memory, however many swarms there are, and announces go on between its steps.
"""

from binascii import hexlify

from opentracker.addresses import format_ip
from opentracker.log import log
from opentracker.pools.order import InOrder

MODEST_SECONDS = 300
MOST_REMEMBERED = 1024

_SWARMS_IN_A_CHUNK = 64
# One info_hash in a round for each 8 KiB that peers may take: all that is held is 6% of that.
_BUDGET_FOR_EACH = 8192
_MOST_IN_A_ROUND, _FEWEST_IN_A_ROUND = 1024, 64

# The listings that went on last hold what they have picked; others find it again when they go on.
# So no more than these may take turns, as `connections` sees to: they would only ever forget.
_MOST_HOLDING = 4
_holding = []


def listing(pools, form, now_minutes=0, hides=None):
    """Returns a generator of the bytes of a listing of all swarms; KeyError for an unknown `form`.

    It yields chunks of up to 16 KiB, b"" after a step without any, as the first is; a step takes
    less than a millisecond. It has to be closed where it is not taken to its end. Of a swarm that
    comes or goes meanwhile it may know or not; none is in it twice.

    form         b"ben" (BEP 48), b"bin", b"txt", b"txtp", b"url" or b"statedump"
    now_minutes  the time since 1970, for the statedump
    hides        tells of an info_hash whether to leave it out
    """
    entry, head, tail = _FORMS[form]
    return _listing(pools, entry, head, tail, now_minutes, hides)


def _listing(pools, entry, head, tail, now_minutes, hides):
    yield b""
    most = min(max(pools.budget // _BUDGET_FOR_EACH, _FEWEST_IN_A_ROUND), _MOST_IN_A_ROUND)
    order = InOrder(pools, most)
    try:
        entries, last = [head], b""
        info_hashes = []
        while info_hashes is not None:
            for info_hash in info_hashes:
                swarm = pools.find(info_hash)
                if swarm and info_hash != last and not (hides and hides(info_hash)):
                    entries.append(entry(pools, swarm, info_hash, now_minutes))
                last = info_hash
            yield _taken_from(entries) if len(entries) >= _SWARMS_IN_A_CHUNK else b""
            _let_hold(order)
            info_hashes = order.step()
        entries.append(tail)
        yield _taken_from(entries)
    finally:
        if order in _holding:
            _holding.remove(order)


def _taken_from(entries):
    chunk = b"".join(entries)
    entries.clear()
    return chunk


def _let_hold(order):
    """Lets `order` go on, and the one forget that has not for the longest time."""
    if order in _holding:
        _holding.remove(order)
    _holding.append(order)
    if len(_holding) > _MOST_HOLDING:
        _holding.pop(0).forget()


# Forms


def _ben(pools, swarm, info_hash, _now):
    seeders, leechers, _, _ = pools.census(swarm)
    return b"20:%sd8:completei%de10:downloadedi%de10:incompletei%dee" % (
        info_hash,
        seeders,
        pools.downloaded(swarm),
        leechers,
    )


def _bin(pools, swarm, info_hash, _now):
    seeders, leechers, _, _ = pools.census(swarm)
    return info_hash + seeders.to_bytes(4, "big") + leechers.to_bytes(4, "big")


def _txt(pools, swarm, info_hash, _now):
    seeders, leechers, _, _ = pools.census(swarm)
    return b"%s:%d:%d\n" % (_hex(info_hash), seeders, leechers)


def _txtp(pools, swarm, info_hash, _now):
    seeders, leechers, _, _ = pools.census(swarm)
    return b"%s:%d:%d:%d\n" % (_hex(info_hash), seeders, leechers, pools.downloaded(swarm))


def _url(pools, swarm, info_hash, _now):
    seeders, leechers, _, _ = pools.census(swarm)
    return b"%s:%d:%d\n" % (_url_encoded(info_hash), seeders, leechers)


def _statedump(pools, swarm, info_hash, now):
    base = now - pools.idle_minutes(swarm)
    return b"%s:%d:%d\n" % (_hex(info_hash), base, pools.downloaded(swarm))


_FORMS = {
    b"ben": (_ben, b"d5:filesd", b"ee"),
    b"bin": (_bin, b"", b""),
    b"txt": (_txt, b"", b""),
    b"txtp": (_txtp, b"", b""),
    b"url": (_url, b"", b""),
    b"statedump": (_statedump, b"", b""),
}


def _hex(info_hash):
    return hexlify(info_hash).upper()


_UNESCAPED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789$-./=_~"
_escapes = []


def _url_encoded(info_hash):
    if not _escapes:
        for byte in range(256):
            _escapes.append(bytes([byte]) if byte in _UNESCAPED else b"%%%02x" % byte)
    return b"".join([_escapes[byte] for byte in info_hash])


# Who may have one, and who had one


class Modesty:
    """Allows each address a full scrape in five minutes, an IPv6 /64 counting as one."""

    def __init__(self):
        self._recent = {}
        self._older = {}
        self._since = 0

    def allows(self, ip, second):
        """Tells whether the packed address may have one now, and remembers it if so.

        `second` is a monotonic time. When there are too many to remember nobody else is allowed for
        a while: more full scrapes than that are not modest, whoever asks.
        """
        if second - self._since >= MODEST_SECONDS:
            fresh = second - self._since < 2 * MODEST_SECONDS
            self._older, self._recent = (self._recent if fresh else {}), {}
            self._since = second
        network = bytes(ip[:8])
        last = self._recent.get(network, self._older.get(network))
        if last is not None and second - last < MODEST_SECONDS:
            return False
        if len(self._recent) >= MOST_REMEMBERED:
            return False
        self._recent[network] = second
        return True


def tell(ip, second):
    """Logs that the packed address gets a full scrape, `second` seconds after the start."""
    log("[%08d] scrp:  %s - FULL SCRAPE" % (second // 60, format_ip(ip)))
