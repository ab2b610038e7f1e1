"""The one table of metrics: what mode=json and mode=prometheus are both read off.

A row is (name, kind, help, label, get). The kind is COUNTER, which only grows, or GAUGE. get(stats)
returns a number, or None if this tracker has no such thing; where there is a label, it returns
(value of the label, number)s.
"""

from opentracker.errors import (
    COMPACT,
    DENIED,
    INTERNAL,
    MODEST,
    MOVED,
    NOT_FOUND,
    PARAMETER,
    PARSE,
)
from opentracker.pools import V4, V6

GAUGE, COUNTER = "gauge", "counter"

_FAMILIES = (("ipv4", V4), ("ipv6", V6))
_HTTP_ERRORS = (
    ("302_redirect", MOVED),
    ("400_parse", PARSE),
    ("400_parameter", PARAMETER),
    ("400_compact", COMPACT),
    ("402_not_modest", MODEST),
    ("403_denied", DENIED),
    ("404_not_found", NOT_FOUND),
    ("500_internal", INTERNAL),
)


def identity(stats):
    """Returns (name, text)s that say which tracker this is."""
    return (
        ("version", stats.version),
        ("runtime", stats.runtime_name),
        ("tracker_id", str(stats.tracker_id)),
    )


def _by_family(count):
    return lambda stats: [(name, count(stats.pools.lists[family])) for name, family in _FAMILIES]


def _by_protocol(tcp, udp):
    return lambda stats: [("tcp", tcp(stats.counters)), ("udp", udp(stats.counters))]


def _http_errors(stats):
    return [(name, stats.counters.errors[reason]) for name, reason in _HTTP_ERRORS]


def _renewals(stats):
    return [(str(minutes), count) for minutes, count in enumerate(stats.pools.renewals())]


def _numwants(stats):
    counts = enumerate(stats.counters.numwants)
    return [(str(numwant), count) for numwant, count in counts if count]


METRICS = (
    ("uptime_seconds", GAUGE, "Time since the start.", None, lambda stats: stats.seconds()),
    (
        "torrents",
        GAUGE,
        "Torrents that are known, those without peers included.",
        None,
        lambda stats: stats.pools.swarms.count,
    ),
    ("peers", GAUGE, "Peers of all torrents.", "family", _by_family(lambda lists: lists.count)),
    ("seeders", GAUGE, "Peers that seed.", "family", _by_family(lambda lists: lists.seeders)),
    (
        "completed",
        COUNTER,
        "Completed downloads.",
        None,
        lambda stats: stats.pools.completed(),
    ),
    (
        "tcp_connections",
        COUNTER,
        "TCP connections accepted.",
        None,
        lambda stats: stats.counters.tcp_accepts,
    ),
    (
        "udp_packets",
        COUNTER,
        "UDP packets received.",
        None,
        lambda stats: stats.counters.udp_packets,
    ),
    (
        "udp_connects",
        COUNTER,
        "UDP connection ids given out.",
        None,
        lambda stats: stats.counters.udp_connects,
    ),
    (
        "udp_id_mismatches",
        COUNTER,
        "UDP packets with a wrong or outdated connection id.",
        None,
        lambda stats: stats.counters.udp_mismatches,
    ),
    (
        "announces",
        COUNTER,
        "Announces, those that were denied or refused included.",
        "protocol",
        _by_protocol(
            lambda counters: counters.tcp_announces, lambda counters: counters.udp_announces
        ),
    ),
    (
        "scrapes",
        COUNTER,
        "Scrapes of torrents that were named.",
        "protocol",
        _by_protocol(lambda counters: counters.tcp_scrapes, lambda counters: counters.udp_scrapes),
    ),
    (
        "full_scrapes",
        COUNTER,
        "Scrapes and dumps of all torrents.",
        None,
        lambda stats: stats.counters.tcp_full_scrapes,
    ),
    (
        "full_scrape_bytes",
        COUNTER,
        "Bytes of full scrapes, as they were sent.",
        None,
        lambda stats: stats.counters.full_scrape_bytes,
    ),
    (
        "http_errors",
        COUNTER,
        "HTTP requests that were answered with another status than 200.",
        "error",
        _http_errors,
    ),
    (
        "renewals",
        COUNTER,
        "Announces of known peers by the whole minutes since their last one.",
        "minutes",
        _renewals,
    ),
    (
        "numwants",
        COUNTER,
        "HTTP announces by how many peers they were to get; numbers that never came are left out.",
        "numwant",
        _numwants,
    ),
    (
        "memory_budget_bytes",
        GAUGE,
        "Memory that peers and torrents may take.",
        None,
        lambda stats: stats.pools.budget,
    ),
    (
        "memory_used_bytes",
        GAUGE,
        "Memory that peers and torrents take.",
        None,
        lambda stats: stats.pools.used_bytes(),
    ),
    (
        "announces_refused",
        COUNTER,
        "Announces that were refused because the memory has no room for them.",
        None,
        lambda stats: stats.pools.refused,
    ),
    (
        "torrents_recycled",
        COUNTER,
        "Torrents of one peer that had to make room for others.",
        None,
        lambda stats: stats.pools.recycled,
    ),
    (
        "peers_expired",
        COUNTER,
        "Peers that were forgotten because they announced no more.",
        None,
        lambda stats: stats.pools.expired,
    ),
    (
        "announces_denied",
        COUNTER,
        "Announces that the access lists did not allow.",
        None,
        lambda stats: stats.counters.denied,
    ),
    (
        "tcp_connections_displaced",
        COUNTER,
        "TCP connections that were closed while they waited, to serve newer ones.",
        None,
        lambda stats: stats.counters.displaced,
    ),
    (
        "access_list_torrents",
        GAUGE,
        "Torrents on the access lists.",
        "list",
        lambda stats: stats.tracker.access.sizes() if stats.tracker.access else None,
    ),
    (
        "sync_records",
        COUNTER,
        "Records that live sync received.",
        None,
        lambda stats: stats.counters.sync_records,
    ),
)
