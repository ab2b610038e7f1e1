"""The one table of options: what can be set, under which names, within which bounds.

The configuration file, the command line, --help and the defaults are all read off OPTIONS, and so
is everything that documents or translates options. A new option is a new entry here.
"""

DEFAULT_PORT = 6969

# How the text of a value is read (opentracker.values) and what is done with it.
ACTION = "action"  # no value: makes `detail` what the program is to do
ADDRESS = "address"  # the address of the -p and -P that follow
ENDPOINT = "endpoint"  # address with or without port, to listen on by the transports in `detail`
PORT = "port"  # port, to listen on by the transports in `detail`
FILE = "file"  # configuration file, processed on the spot
NUMBER = "number"  # decimal number within `limits`
PATH = "path"  # file system path
URL = "url"  # visible ASCII characters, as bytes
WORD = "word"  # text without white space


class Option:
    """One option. What can be left out is empty where it does not apply.

    kind        one of the constants above
    help        what it does, in one line that starts in lower case and has no full stop
    keyword     name in the configuration file
    uci         name in /etc/config/opentracker; a list there if repeatable
    switch      letter of the short switch
    long        name of the long switch
    value       what --help calls the value; "" if there is none
    attribute   of Settings, where the value goes
    default     of that attribute
    limits      (lowest, highest) number, or (shortest, longest) text in characters
    unit        what a number counts
    repeatable  each use adds to the earlier ones; else the last one counts
    reloadable  a change takes effect when the configuration is read again; else at a restart
    detail      what the kind needs to know besides
    ignored     why the option has no effect here; whoever uses it gets told
    """

    def __init__(
        self,
        kind,
        help,  # noqa: A002  (the table reads well with it)
        keyword="",
        uci="",
        switch="",
        long="",
        value="",
        attribute="",
        default=None,
        limits=(1, 100),
        unit="",
        repeatable=False,
        reloadable=False,
        detail=None,
        ignored="",
    ):
        self.kind = kind
        self.help = help
        self.keyword = keyword
        self.uci = uci
        self.switch = switch
        self.long = long
        self.value = value
        self.attribute = attribute
        self.default = default
        self.limits = limits
        self.unit = unit
        self.repeatable = repeatable
        self.reloadable = reloadable
        self.detail = detail
        self.ignored = ignored

    def switches(self):
        """The switches as they are typed, short one first."""
        short = ["-" + self.switch] if self.switch else []
        return short + ["--" + self.long] if self.long else short


def _listen(protocols, transports, keyword, uci):
    return Option(
        ENDPOINT,
        "accept %s here; port %d if none is given" % (protocols, DEFAULT_PORT),
        keyword=keyword,
        uci=uci,
        value="ADDRESS[:PORT]",
        attribute="listeners",
        repeatable=True,
        detail=transports,
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


# The order is that of --help and of documents. What has no UCI name: switches that abbreviate an
# option with a name, what only a command line can mean, and what has no effect.
OPTIONS = (
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
        "address for the -p and -P that follow; without any, for the default port",
        switch="i",
        value="ADDRESS",
        repeatable=True,
    ),
    _port("HTTP", "tcp", "p"),
    _port("UDP", "udp", "P"),
    _listen("HTTP and UDP", ("tcp", "udp"), "listen.tcp_udp", "listen"),
    _listen("HTTP", ("tcp",), "listen.tcp", "listen_tcp"),
    _listen("UDP", ("udp",), "listen.udp", "listen_udp"),
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
        NUMBER,
        "memory for all peers, swarms and their tables together",
        keyword="tracker.memory",
        uci="memory",
        switch="m",
        value="KIB",
        attribute="memory_kib",
        default=4096,
        limits=(256, 1048576),
        unit="KiB",
    ),
    Option(
        NUMBER,
        "open TCP connections at most",
        keyword="tracker.connections",
        uci="connections",
        value="N",
        attribute="connections",
        default=256,
        limits=(8, 10000),
        unit="connections",
        reloadable=True,
    ),
    Option(
        URL,
        "where a browser is sent that asks for /",
        keyword="tracker.redirect_url",
        uci="redirect_url",
        switch="r",
        value="URL",
        attribute="redirect_url",
        limits=(1, 1024),
        reloadable=True,
    ),
    Option(
        PATH,
        "directory to change to; as root, also to be confined to",
        keyword="tracker.rootdir",
        uci="rootdir",
        switch="d",
        value="DIR",
        attribute="rootdir",
        limits=(1, 1024),
    ),
    Option(
        WORD,
        "user to become if started as root",
        keyword="tracker.user",
        uci="user",
        switch="u",
        value="USER",
        attribute="user",
        default="nobody",
    ),
    Option(
        ACTION, "say what is wrong with the configuration and exit", long="check", detail="check"
    ),
    Option(ACTION, "print the version and exit", switch="v", long="version", detail="version"),
    Option(ACTION, "print this text and exit", switch="h", long="help", detail="help"),
)
