"""What an option is, and the kinds of values there are."""

DEFAULT_PORT = 6969
SYNC_PORT = 9696

# How the text of a value is read (opentracker.values) and what is done with it.
ACTION = "action"  # no value: makes `detail` what the program is to do
ADDRESS = "address"  # the address of the -p, -P and -s that follow
COMMAND = "command"  # makes `detail` what the program is to do, with the rest of the command line
CHOICE = "choice"  # one of the words in `detail`
ENDPOINT = "endpoint"  # address with or without port, the default port in `detail`
ENDPOINT_V4 = "endpoint_v4"  # the same, IPv4 only
FILE = "file"  # configuration file, processed on the spot
FLAG = "flag"  # yes or no; a switch without a value means yes
LISTEN = "listen"  # address with or without port, to listen on by the transports in `detail`
NETWORK = "network"  # addresses that begin alike, ADDRESS or ADDRESS/BITS
NUMBER = "number"  # decimal number within `limits`
PATH = "path"  # file system path
PORT = "port"  # port, to listen on by the transports in `detail`
SYNC_PORT_V4 = "sync_port"  # port of live sync on the IPv4 address that -i gave
URL = "url"  # visible ASCII characters, as bytes
URL_PATH = "url_path"  # path of this server's URLs, as bytes without slash in front
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
    most        how often a repeatable one may be used; where that is not counted, 0
    reloadable  a change takes effect when the configuration is read again; else at a restart
    detail      what the kind needs to know besides
    ignored     why the option has no effect here; whoever uses it gets told
    example     a value that documents can show where there is no default
    """

    keyword = uci = switch = long = value = attribute = unit = ignored = example = ""
    default = detail = None
    limits = (1, 100)
    repeatable = reloadable = False
    most = 0

    def __init__(self, kind, help, **others):  # noqa: A002  (the table reads well with it)
        self.kind = kind
        self.help = help
        for name, value in others.items():
            if not hasattr(Option, name):
                raise TypeError("an option has no " + name)
            setattr(self, name, value)

    def switches(self):
        """The switches as they are typed, short one first."""
        short = ["-" + self.switch] if self.switch else []
        return short + ["--" + self.long] if self.long else short
