"""The short pages, most of them of the form that MRTG reads.

That is two numbers, the time since the start, and a line that says what this is, without a newline
behind it. Rates are whole numbers.
"""

from opentracker.errors import COMPACT, DENIED, INTERNAL, MOVED, NOT_FOUND, PARAMETER, PARSE


def peers(stats):
    """Returns the page of mode=peer: all peers, and the seeders among them."""
    return _totals(stats, stats.pools.peers(), stats.pools.seeders())


def torrents(stats):
    """Returns the page of mode=torr."""
    return _totals(stats, stats.pools.swarms.count, 0)


def _totals(stats, first, second):
    return b"%d\n%d\nopentracker serving %d torrents\nopentracker" % (
        first,
        second,
        stats.pools.swarms.count,
    )


def _mrtg(stats, first, second, line):
    uptime = stats.seconds()
    return b"%d\n%d\n%d seconds (%d hours)\n%s" % (first, second, uptime, uptime // 3600, line)


def _a_second(stats, count):
    return count // max(1, stats.seconds())


def connections(stats):
    """Returns the page of mode=conn: TCP connections and UDP packets, and those that were used."""
    line, accepted, used = _connections_line(stats)
    return _mrtg(stats, accepted, used, line)


def _connections_line(stats):
    counters = stats.counters
    accepted = counters.tcp_accepts + counters.udp_packets
    used = counters.tcp_announces + counters.udp_announces + counters.udp_connects
    return _rates(stats, b"connections", accepted, used), accepted, used


def _rates(stats, what, accepted, used):
    rates = what, _a_second(stats, accepted), _a_second(stats, used)
    return b"opentracker %s, %d conns/s :: %d success/s." % rates


def tcp(stats):
    """Returns the page of mode=tcp4: connections and announces, of both families."""
    counters = stats.counters
    line = _rates(stats, b"tcp4 stats", counters.tcp_accepts, counters.tcp_announces)
    return _mrtg(stats, counters.tcp_accepts, counters.tcp_announces, line)


def udp(stats):
    """Returns the page of mode=udp4: packets, and announces and connects, of both families."""
    counters = stats.counters
    used = counters.udp_announces + counters.udp_connects
    line = _rates(stats, b"udp4 stats", counters.udp_packets, used)
    return _mrtg(stats, counters.udp_packets, used, line)


def scrapes(stats):
    """Returns the page of mode=scrp: scrapes over TCP and over UDP, of torrents that are named."""
    tcp, udp = stats.counters.tcp_scrapes, stats.counters.udp_scrapes
    rate = _a_second(stats, tcp + udp)
    return _mrtg(stats, tcp, udp, b"opentracker scrape stats, %d scrape/s (tcp and udp)" % rate)


def full_scrapes(stats):
    """Returns the page of mode=fscr: full scrapes times 1000, and their bytes."""
    counters = stats.counters
    line = b"opentracker full scrape stats, %d conns/s :: %d bytes/s." % (
        _a_second(stats, counters.tcp_full_scrapes),
        _a_second(stats, counters.full_scrape_bytes),
    )
    return _mrtg(stats, counters.tcp_full_scrapes * 1000, counters.full_scrape_bytes, line)


def completed(stats):
    """Returns the page of mode=completed: completed events, with their rate an hour."""
    count = stats.pools.completed()
    rate = count // max(1, stats.seconds() // 3600)
    return _mrtg(stats, count, 0, b"opentracker, %d completed/h." % rate)


def syncs(stats):
    """Returns the page of mode=syncs: records that live sync received, over the line of conn."""
    return _mrtg(stats, stats.counters.sync_records, 0, _connections_line(stats)[0])


def http_errors(stats):
    """Returns the page of mode=herr: a line for each reason why requests were not served.

    Each label counts what it says; in the C tracker the last ones are out of step with theirs. It
    has no line for "402 Payment Required", so full scrapes that came too often are not in it; they
    are in the modes everything, json and prometheus.
    """
    errors = stats.counters.errors
    lines = (
        (b"302 RED", MOVED),
        (b"400 ...", PARSE),
        (b"400 PAR", PARAMETER),
        (b"400 COM", COMPACT),
        (b"403 IP ", DENIED),
        (b"404 INV", NOT_FOUND),
        (b"500 SRV", INTERNAL),
    )
    return b"".join([b"%s %d\n" % (label, errors[reason]) for label, reason in lines])


def renewals(stats):
    """Returns the page of mode=renew: announces by the minutes since the same peer's last one."""
    counts = enumerate(stats.pools.renewals())
    return b"".join([b"%02d %d\n" % (minutes, count) for minutes, count in counts])


def numwants(stats):
    """Returns the page of mode=numwants: HTTP announces by how many peers they were to get."""
    counts = enumerate(stats.counters.numwants)
    return b"".join([b"%03d => %d\n" % (numwant, count) for numwant, count in counts])


def version(stats):
    """Returns the page of mode=version."""
    return stats.version_text.encode() + b"\n"
