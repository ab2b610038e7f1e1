"""Options: the process, its rights, its log, and what else it can do than to serve."""

from opentracker.options.kinds import ACTION, COMMAND, FLAG, PATH, WORD, Option

PROCESS = (
    Option(
        PATH,
        "directory to change to; as root, also to be confined to",
        keyword="tracker.rootdir",
        switch="d",
        value="DIR",
        attribute="rootdir",
        limits=(1, 1024),
        example="/var/lib/opentracker",
    ),
    Option(
        WORD,
        "user to become if started as root",
        keyword="tracker.user",
        switch="u",
        value="USER",
        attribute="user",
        default="nobody",
    ),
    Option(
        FLAG,
        "report completed downloads to the system log",
        keyword="tracker.syslog",
        uci="syslog",
        value="yes|no",
        attribute="syslog",
        default=False,
    ),
    Option(
        FLAG,
        "log each request with what was understood and answered",
        keyword="tracker.debug",
        uci="debug",
        long="debug",
        value="yes|no",
        attribute="debug",
        default=False,
    ),
)

ACTIONS = (
    Option(
        ACTION,
        "connect sites that speak live sync, instead of serving",
        long="bridge",
        detail="bridge",
    ),
    Option(
        ACTION, "say what is wrong with the configuration and exit", long="check", detail="check"
    ),
    Option(
        COMMAND,
        "say what is in the access lists that this configuration file names",
        long="lists",
        value="FILE",
        detail="lists",
    ),
    Option(
        COMMAND,
        "print what the text of uci export or uci show is as a configuration file; - is stdin",
        long="uci",
        value="FILE",
        detail="uci",
    ),
    Option(
        COMMAND,
        "print what this configuration file is as /etc/config/opentracker",
        long="to-uci",
        value="FILE",
        detail="to-uci",
    ),
    Option(ACTION, "print the version and exit", switch="v", long="version", detail="version"),
    Option(ACTION, "print this text and exit", switch="h", long="help", detail="help"),
)
