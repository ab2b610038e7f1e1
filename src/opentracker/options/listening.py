"""Options: where the tracker listens."""

from opentracker.options.kinds import (
    ADDRESS,
    CHOICE,
    DEFAULT_PORT,
    FILE,
    LISTEN,
    NUMBER,
    PORT,
    Option,
)


def _listen(protocols, transports, keyword, uci, example):
    return Option(
        LISTEN,
        "accept %s here; port %d if none is given" % (protocols, DEFAULT_PORT),
        keyword=keyword,
        uci=uci,
        value="ADDRESS[:PORT]",
        attribute="listeners",
        repeatable=True,
        reloadable=True,
        detail=transports,
        example=example,
    )


def _port(protocol, transport, switch):
    return Option(
        PORT,
        "accept %s on this port of the address that -i gave" % protocol,
        switch=switch,
        value="PORT",
        attribute="listeners",
        repeatable=True,
        detail=(transport,),
    )


LISTENING = (
    Option(
        FILE,
        "read this configuration file; later switches override what it sets",
        switch="f",
        value="FILE",
        limits=(1, 1024),
        repeatable=True,
    ),
    Option(
        ADDRESS,
        "address for the -p, -P and -s that follow; without any, for the default port",
        switch="i",
        value="ADDRESS",
        repeatable=True,
    ),
    _port("HTTP", "tcp", "p"),
    _port("UDP", "udp", "P"),
    _listen("HTTP and UDP", ("tcp", "udp"), "listen.tcp_udp", "listen", "192.168.1.1"),
    _listen("HTTP", ("tcp",), "listen.tcp", "listen_tcp", "192.168.1.1:8080"),
    _listen("UDP", ("udp",), "listen.udp", "listen_udp", "[2001:db8::1]:8080"),
    Option(
        NUMBER,
        "worker threads of the C tracker",
        keyword="listen.udp.workers",
        value="N",
        default=0,
        limits=(0, 1024),
        unit="threads",
        ignored="one event loop serves all sockets",
    ),
    Option(
        CHOICE,
        "family of addresses that the default port and :: stand for",
        keyword="tracker.family",
        uci="family",
        value="both|ipv4|ipv6",
        attribute="family",
        default="both",
        reloadable=True,
        detail=("both", "ipv4", "ipv6"),
    ),
)
