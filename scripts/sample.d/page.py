"""The settings of the LuCI app, as a module of JavaScript: tabs, and what the page says of options.

What an option does and which values are right comes of the table. Here is what only a page has.
"""

import re

from uci import explained_in_uci, uci_value_of

from opentracker.options.kinds import CHOICE, NUMBER, PATH, URL, URL_PATH, WORD
from opentracker.uci.table import (
    BY_UCI,
    DEFAULT_INTERFACE,
    ONLY_UCI,
    RUN_DIRECTORY,
    STATE_FILE,
)

HEAD = """\
'use strict';
'require baseclass';

/* Printed by scripts/sample --luci, which has it of the table of options. Don't change it here. */

return baseclass.extend({
"""

# (name, title, what it is about, {option: title}), in the order of the page.
TABS = (
    (
        "general",
        "General",
        "Whether there is a tracker, and for whom.",
        {
            "enabled": "Enabled",
            "interface": "Interfaces",
            "port": "Port",
            "wan": "Serve the internet",
            "mdns": "Announce by mDNS",
        },
    ),
    (
        "network",
        "Network",
        "Addresses to serve on besides those of interfaces, and which addresses of clients are"
        " believed. Nothing of this is needed at home.",
        {
            "listen": "Addresses for HTTP and UDP",
            "listen_tcp": "Addresses for HTTP",
            "listen_udp": "Addresses for UDP",
            "family": "Address family",
            "proxy": "Reverse proxies",
            "ip_from_query": "Believe stated addresses",
        },
    ),
    (
        "access",
        "Access",
        "Which torrents are served, and who may ask for more than peers. The page of access lists"
        " edits the files.",
        {
            "whitelist_file": "Whitelist file",
            "blacklist_file": "Blacklist file",
            "whitelist": "More torrents to serve",
            "blacklist": "More torrents to refuse",
            "stats": "Readers of statistics",
            "fullscrape": "Readers of full scrapes",
            "admin": "Administrators",
        },
    ),
    (
        "limits",
        "Limits",
        "How much of the router the tracker may take.",
        {
            "memory": "Memory for peers",
            "connections": "TCP connections",
            "modest_fullscrapes": "Few full scrapes",
            "heap": "Memory for MicroPython",
        },
    ),
    (
        "cluster",
        "Cluster",
        "Several trackers that know each other's peers, by live sync. A single tracker needs"
        " nothing of this.",
        {
            "livesync_listen": "Live sync address",
            "livesync_key": "Live sync key",
            "livesync_node_ip": "Other nodes",
            "livesync_scrape_sync": "Share download counts",
            "livesync_v6_records": "Old IPv6 records",
            "bridge": "Be a bridge",
            "bridge_listen": "Addresses for other bridges",
            "bridge_connect": "Bridges of other sites",
        },
    ),
    (
        "advanced",
        "Advanced",
        "Files, logs and details.",
        {
            "state_file": "State file",
            "load_file": "Statedump to take up",
            "fifo_add": "Pipe that adds torrents",
            "fifo_delete": "Pipe that removes torrents",
            "redirect_url": "Home page",
            "stats_path": "Path of the statistics",
            "woodpeckers": "Count busy networks",
            "syslog": "Log completed downloads",
            "debug": "Log each request",
            "jail": "Confine the tracker",
        },
    ),
)
TITLES = {name: title for tab in TABS for name, title in tab[3].items()}

LIMITED = (NUMBER, PATH, URL, URL_PATH, WORD)
CHOICES = {"both": "IPv4 and IPv6", "ipv4": "IPv4 only", "ipv6": "IPv6 only"}

# What counts where nothing is set, unless that is the table's default or nothing at all.
UNSET = {
    "interface": DEFAULT_INTERFACE,
    "memory": None,
    "state_file": "%s/%s" % (RUN_DIRECTORY, STATE_FILE),
}

_PRIVILEGED = "Ports below 1024 are for root, which the tracker is not."
_RESTARTS = "A change restarts the tracker; its peers are kept."
_STARTS_ANEW = "A change restarts the tracker."
NOTES = {
    "interface": ["Without any, and without other addresses to serve on, it is lan."],
    "port": [_PRIVILEGED],
    "wan": ["Anybody can use the tracker then, for any torrent unless there is a whitelist."],
    "listen": [_PRIVILEGED],
    "listen_tcp": [_PRIVILEGED],
    "listen_udp": [_PRIVILEGED],
    "livesync_listen": [_PRIVILEGED, _RESTARTS],
    "state_file": ["A change restarts the tracker, with the peers that are in the new file."],
    "bridge": [_STARTS_ANEW],
    "bridge_listen": [_PRIVILEGED, _STARTS_ANEW],
    "bridge_connect": [_STARTS_ANEW],
    "heap": [_RESTARTS],
    "jail": [_RESTARTS],
}


def text():
    return HEAD + "\ttabs: [\n" + ",\n".join(map(_tab, TABS)) + "\n\t]\n});\n"


def _tab(tab):
    name, title, help_, titles = tab
    members = _members([("name", name), ("title", _Shown(title))])
    options = ",\n".join([_option(BY_UCI[each]) for each in titles])
    form = "\t\t{\n\t\t\t%s,\n\t\t\thelp: %s,\n\t\t\toptions: [\n%s\n\t\t\t]\n\t\t}"
    return form % (members, _value(_Shown(help_)), options)


def _option(option):
    rows = (
        [("name", option.uci), ("title", _Shown(TITLES[option.uci]))],
        [("help", _Shown(help_of(option)))],
        [("notes", tuple(map(_Shown, notes_of(option))))],
        [("choices", _choices(option))],
        [
            ("kind", option.kind),
            ("default", default_of(option)),
            ("example", None if default_of(option) else option.example and uci_value_of(option)),
            ("limits", option.limits if option.kind in LIMITED else None),
            ("unit", _Shown(option.unit)),
            ("repeatable", option.repeatable),
            ("most", option.most),
        ],
    )
    lines = [_members([each for each in row if each[1]]) for row in rows]
    return "\t\t\t\t{\n\t\t\t\t\t%s\n\t\t\t\t}" % ",\n\t\t\t\t\t".join(filter(None, lines))


def help_of(option):
    """What the table says of an option, as a sentence, with titles in the place of names."""
    text = explained_in_uci(option, lambda other: "“%s”" % TITLES[other.uci])
    parts = [part for part in text.split("; ") if not _is_shown_elsewhere(part)]
    text = re.sub(r"\b(?:option (\w+)|(%s))\b" % "|".join(_UNAMBIGUOUS), _title, "; ".join(parts))
    return text[0].upper() + text[1:] + "."


# Names that are no words of a sentence.
_UNAMBIGUOUS = [name for name in TITLES if "_" in name]


def _title(match):
    return "“%s”" % TITLES[match[1] or match[2]]


def _is_shown_elsewhere(part):
    return part == "repeatable" or part.startswith("default ")


def notes_of(option):
    restarts = not option.reloadable and option not in ONLY_UCI
    return NOTES.get(option.uci, [_RESTARTS] if restarts else [])


def default_of(option):
    """The text that means the same as none, None if there is no such text."""
    if option.uci in UNSET:
        return UNSET[option.uci]
    return None if option.default is None else uci_value_of(option)


def _choices(option):
    if option.kind == CHOICE:
        return {each: _Shown(CHOICES[each]) for each in option.detail}
    return None


# JavaScript


class _Shown(str):
    """A text that people see, in their language."""


def _members(members):
    return ", ".join(["%s: %s" % (name, _value(value)) for name, value in members])


def _value(value):
    if value is True:
        return "true"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[ %s ]" % ", ".join(map(_value, value))
    if isinstance(value, dict):
        return "{ %s }" % _members(value.items())
    quoted = "'%s'" % value.replace("\\", "\\\\").replace("'", "\\'")
    return "_(%s)" % quoted if isinstance(value, _Shown) else quoted
