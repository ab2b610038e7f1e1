"""Options: which torrents are served, and who may ask for what besides announces and scrapes."""

from opentracker.options.kinds import NETWORK, PATH, URL_PATH, Option

_MOST_NETWORKS = 256  # every one costs time when an address is looked up


def _list(text, name, switch=""):
    return Option(
        PATH,
        text,
        keyword="access." + name,
        uci=name + "_file",
        switch=switch,
        value="FILE",
        attribute=name,
        limits=(1, 1024),
        reloadable=True,
        example=name + ".txt",
    )


def _fifo(text, name):
    return Option(
        PATH,
        text,
        keyword="access." + name,
        uci=name,
        value="FIFO",
        attribute=name,
        limits=(1, 1024),
        example=name,
    )


def _networks(text, name, attribute, switch="", example="192.168.1.0/24"):
    return Option(
        NETWORK,
        text,
        keyword="access." + name,
        uci=name,
        switch=switch,
        value="ADDRESS[/BITS]",
        attribute=attribute,
        repeatable=True,
        most=_MOST_NETWORKS,
        reloadable=True,
        example=example,
    )


ACCESS = (
    _list("serve only the torrents of this list, an info_hash per line", "whitelist", "w"),
    _list("refuse the torrents of this list; it wins over the whitelist", "blacklist", "b"),
    _fifo("serve the torrents written to this named pipe, as if they were listed", "fifo_add"),
    _fifo("strike the torrents written to this named pipe off the list", "fifo_delete"),
    _networks(
        "who may read statistics; private networks if neither this nor access.admin is given",
        "stats",
        "stats_networks",
    ),
    Option(
        URL_PATH,
        "path of the statistics, without the slash in front",
        keyword="access.stats_path",
        uci="stats_path",
        value="PATH",
        attribute="stats_path",
        default=b"stats",
        reloadable=True,
    ),
    _networks(
        "who may fetch full scrapes and dumps; private networks if neither this nor access.admin"
        " is given",
        "fullscrape",
        "fullscrape_networks",
    ),
    _networks(
        "whose X-Forwarded-For is believed", "proxy", "proxy_networks", example="192.168.1.2"
    ),
    _networks(
        "who has all permissions: statistics, full scrapes, X-Forwarded-For and live sync",
        "admin",
        "admin_networks",
        "A",
        "192.168.1.3",
    ),
)
