"""What the two grammars do not share: options that only UCI has, and those that it has not."""

from opentracker.options import OPTIONS
from opentracker.options.kinds import DEFAULT_PORT, FLAG, NUMBER, PORT, WORD, Option

INFO_HASH = "info_hash"  # 40 hex digits

RUN_DIRECTORY = "/var/run/opentracker"
STATE_FILE = "state"  # in RUN_DIRECTORY, unless state_file says otherwise
STATUS_FILE = "status.json"
LIST_DIRECTORY = "/etc/opentracker"
ALL_INTERFACES = "*"
DEFAULT_INTERFACE = "lan"
INTERNET = ("wan", "wan6")  # what `option wan` adds to the interfaces
MOST_HASHES = 500

# The budget for peers where it is not given: this share of the router's RAM, within these KiB.
MEMORY_SHARE = 16
MEMORY_KIB = (512, 16384)


def _hashes(name, text):
    return Option(
        INFO_HASH,
        text,
        uci=name,
        value="INFO_HASH",
        repeatable=True,
        most=MOST_HASHES,
        example="0123456789abcdef0123456789abcdef01234567",
    )


# They are for the init script, or become something else of the configuration file.
ONLY_UCI = (
    Option(FLAG, "start the tracker", uci="enabled", default=False),
    Option(
        WORD,
        "serve on all addresses of this interface, %s for all interfaces" % ALL_INTERFACES,
        uci="interface",
        value="NAME",
        repeatable=True,
        most=32,
        example=DEFAULT_INTERFACE,
    ),
    Option(PORT, "port for HTTP and UDP", uci="port", value="PORT", default=DEFAULT_PORT),
    Option(
        FLAG,
        "serve the internet too: on the addresses of %s and %s, which the firewall lets in"
        % INTERNET,
        uci="wan",
        default=False,
    ),
    Option(FLAG, "announce the tracker by mDNS, if umdns is installed", uci="mdns", default=False),
    _hashes("whitelist", "serve this torrent; together with those of whitelist_file"),
    _hashes("blacklist", "refuse this torrent; together with those of blacklist_file"),
    Option(FLAG, "be confined by procd-ujail, if that is installed", uci="jail", default=True),
    Option(
        NUMBER,
        "memory for MicroPython itself, besides the option memory; 1024 if unset, 2048 on 64 bits",
        uci="heap",
        value="KIB",
        limits=(512, 262144),
        unit="KiB",
        example="1024",
    ),
    Option(
        FLAG,
        "connect sites that speak live sync, instead of serving",
        uci="bridge",
        default=False,
    ),
)

# Why a keyword, or a switch without a keyword, has no UCI option.
NOT_IN_UCI = {
    "tracker.user": "procd starts the tracker as user opentracker",
    "tracker.rootdir": "procd confines the tracker to its own folders; names of files are whole",
    "tracker.status_file": "it is %s/%s" % (RUN_DIRECTORY, STATUS_FILE),
    "listen.udp.workers": "one event loop serves all sockets",
    "batchsync.cluster.admin_ip": "batch sync over HTTP is no more; live sync replaces it",
    "-f": "the init script names the file",
    "-i": "list interface, list listen",
    "-p": "option port, list listen_tcp",
    "-P": "option port, list listen_udp",
    "-s": "option livesync_listen",
    "--bridge": "option bridge",
    "--check": "/etc/init.d/opentracker check",
    "--lists": "/etc/init.d/opentracker lists",
    "--uci": "it makes the file",
    "--to-uci": "it is for those who come from the file",
    "--version": "for people",
    "--help": "for people",
}

# What differs in UCI from what the table says of an option, for documents.
NOTES = {
    "memory": "unset: 1/%d of the router's RAM, at least %d and at most %d KiB"
    % ((MEMORY_SHARE,) + MEMORY_KIB),
    "state_file": "unset: %s/%s, which outlives a restart and no reboot; elsewhere user"
    " opentracker has to be able to write to the folder, which is made if it is not there"
    % (RUN_DIRECTORY, STATE_FILE),
    "listen": "with another option port that one",
    "listen_tcp": "with another option port that one",
    "listen_udp": "with another option port that one",
}

BY_UCI = {option.uci: option for option in OPTIONS + ONLY_UCI if option.uci}


def name_of(option):
    """What an option is called in NOT_IN_UCI."""
    return option.keyword or option.switches()[-1]
