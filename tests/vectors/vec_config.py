"""The configuration: its grammar, what it comes to, and every message about what is wrong."""

from opentracker import config
from opentracker.addresses import format_endpoint
from opentracker.config import ConfigError, Settings, parse_arguments, parse_lines
from opentracker.options import OPTIONS
from opentracker.options.kinds import ACTION, FILE, FLAG, Option
from opentracker.oserror import describe
from opentracker.spelling import closest
from opentracker.usage import help_text


def lines(*texts):
    return parse_lines(texts, "x.conf")


def arguments(*argv, **files):
    """The Settings of a command line; files are lists of lines by name."""

    def read(path):
        if path not in files:
            raise OSError(2, "No such file or directory")
        return files[path]

    return parse_arguments(list(argv), read)


def errors(function, *given, **files):
    """The messages of the ConfigError that must come."""
    try:
        function(*given, **files)
    except ConfigError as error:
        assert str(error) == "\n".join(error.messages)
        return error.messages
    raise AssertionError("%r is no error" % (given,))


def sockets(settings):
    """The listeners as text: "tcp 1.2.3.4:80", with a "?" if it may fail."""
    return [
        "%s %s%s" % (each.transport, format_endpoint(each.ip, each.port), "?" * each.optional)
        for each in settings.listeners
    ]


DEFAULT = ["tcp 0.0.0.0:6969", "tcp [::]:6969?", "udp 0.0.0.0:6969", "udp [::]:6969?"]


def test_nothing_given():
    settings = arguments()
    assert sockets(settings) == DEFAULT
    assert settings.memory_kib == 4096
    assert settings.connections == 256
    assert settings.redirect_url is None
    assert settings.rootdir is None
    assert settings.user == "nobody"
    assert settings.action == "run"
    assert settings.warnings == [] and settings.files == []
    assert settings.family == "both" and settings.stats_path == b"stats"
    assert settings.whitelist is settings.blacklist is settings.fifo_add is None
    assert settings.fifo_delete is settings.state_file is settings.load_file is None
    assert settings.livesync_listen is settings.livesync_key is None
    assert settings.stats_networks == settings.fullscrape_networks == settings.proxy_networks == []
    assert settings.admin_networks == settings.livesync_networks == []
    assert settings.ip_from_query is settings.modest_fullscrapes is settings.syslog is False
    assert settings.woodpeckers is settings.debug is settings.livesync_v6_records is False
    assert settings.livesync_scrape_sync == 0
    assert settings.bridge_listen == settings.bridge_connect == []


def test_settings_do_not_share_lists():
    Settings().listeners.append(1)
    assert Settings().listeners == []


def test_every_keyword():
    settings = lines(
        "listen.tcp_udp 192.0.2.1",
        "listen.tcp 192.0.2.1:80",
        "listen.udp [2001:db8::1]:81",
        "listen.udp.workers 0",
        "tracker.memory 256",
        "tracker.connections 10000",
        "tracker.redirect_url https://example.org/?a=b#c",
        "tracker.rootdir /var/empty # not a comment",
        "tracker.user www-data",
        "tracker.family both # both families",
        "tracker.ip_from_query yes",
        "tracker.modest_fullscrapes on",
        "tracker.state_file /var/state",
        "tracker.load_file dump # 1",
        "tracker.syslog true",
        "tracker.woodpeckers 1",
        "tracker.debug yes",
        "access.whitelist white",
        "access.blacklist black",
        "access.fifo_add add",
        "access.fifo_delete delete",
        "access.stats 192.0.2.1",
        "access.stats 2001:db8::/32 # the lab",
        "access.stats_path /private/stats",
        "access.fullscrape 0.0.0.0/0",
        "access.proxy 192.0.2.77/24",
        "access.admin 127.0.0.1",
        "livesync.cluster.listen 192.0.2.1",
        "livesync.cluster.node_ip 192.0.2.2",
        "livesync.cluster.node_ip 192.0.2.3",
        "livesync.cluster.key 12345678",
        "livesync.cluster.v6_records yes",
        "livesync.cluster.scrape_sync 1440",
        "livesync.proxy.listen [::1]:99",
        "livesync.proxy.connect 198.51.100.1",
        "livesync.proxy.connect 198.51.100.2:1234",
        "batchsync.cluster.admin_ip 10.1.1.1",
    )
    assert settings.family == "both"
    assert settings.ip_from_query and settings.modest_fullscrapes
    assert settings.syslog and settings.woodpeckers and settings.debug
    assert (settings.state_file, settings.load_file) == ("/var/state", "dump # 1")
    assert (settings.whitelist, settings.blacklist) == ("white", "black")
    assert (settings.fifo_add, settings.fifo_delete) == ("add", "delete")
    lab = b"\x20\x01\x0d\xb8" + bytes(12)
    assert settings.stats_networks == [(b"\xc0\0\2\1", 32), (lab, 32)]
    assert settings.stats_path == b"private/stats"
    assert settings.fullscrape_networks == [(bytes(4), 0)]
    assert settings.proxy_networks == [(b"\xc0\0\2\0", 24)]
    assert settings.admin_networks == [(b"\x7f\0\0\1", 32)]
    assert settings.livesync_listen == (b"\xc0\0\2\1", 9696)
    assert settings.livesync_networks == [(b"\xc0\0\2\2", 32), (b"\xc0\0\2\3", 32)]
    assert settings.livesync_key == "12345678"
    assert settings.livesync_v6_records and settings.livesync_scrape_sync == 1440
    assert settings.bridge_listen == [(bytes(15) + b"\1", 99)]
    assert settings.bridge_connect == [(b"\xc63d\1", 9696), (b"\xc63d\2", 1234)]
    assert sockets(settings) == [
        "tcp 192.0.2.1:6969",
        "udp 192.0.2.1:6969",
        "tcp 192.0.2.1:80",
        "udp [2001:db8::1]:81",
    ]
    assert settings.memory_kib == 256
    assert settings.connections == 10000
    assert settings.redirect_url == b"https://example.org/?a=b#c"
    assert settings.rootdir == "/var/empty # not a comment"
    assert settings.user == "www-data"
    assert settings.warnings == [
        "x.conf:37: batchsync.cluster.admin_ip: has no effect: "
        "batch sync over HTTP is no more; live sync replaces it",
        "x.conf:34: livesync.proxy.listen: has no effect without --bridge",
        "x.conf:36: livesync.proxy.connect: has no effect without --bridge",
    ]


def test_white_space_comments_and_line_ends():
    settings = lines(
        "# tracker.memory 1",
        "  \t # indented",
        "",
        " \t\r\n",
        "\t tracker.memory \t\t 300 \t\r\n",
        "tracker.connections\t9\r",
        "tracker.user  x\x0b\x0c\n",
        "listen.udp 1.2.3.4:80 # the C tracker allows this",
    )
    assert (settings.memory_kib, settings.connections, settings.user) == (300, 9, "x")
    assert sockets(settings) == ["udp 1.2.3.4:80"]


def test_numbers():
    assert lines("tracker.memory 1048576").memory_kib == 1048576
    assert lines("tracker.memory 0004096").memory_kib == 4096
    for text in ("255", "1048577", "-1", "+300", "0x1000", "4k", "1e4", "3 00", "9" * 99):
        message = errors(lines, "tracker.memory " + text)[0]
        start = "x.conf:1: tracker.memory: "
        assert message == start + text + " is not a number of KiB (256-1048576)", message


def test_all_mistakes_are_told():
    assert errors(
        lines,
        "# comment",
        "listen.tcp 1.2.3.4:99999",
        "listen.udp 6969",
        "listen.tcp example.org",
        "trakcer.user nobody",
        "tracker.memory",
        "tracker.memory = 4096",
        "tracker.user a b",
        "tracker.redirect_url http://example.org/a b",
        "tracker.rootdir a\0b",
        "\ufffd",
        "Tracker.User x",
        "no-such-thing",
    ) == [
        "x.conf:2: listen.tcp: 99999 is not a port (1-65535)",
        "x.conf:3: listen.udp: 6969 needs an address in front, such as 0.0.0.0:6969",
        "x.conf:4: listen.tcp: example.org is not an IP address",
        'x.conf:5: unknown keyword "trakcer.user"; did you mean tracker.user?',
        "x.conf:6: tracker.memory: needs a value: KIB",
        "x.conf:7: tracker.memory: = 4096 is not a number of KiB (256-1048576)",
        "x.conf:8: tracker.user: a b is not a single word",
        "x.conf:9: tracker.redirect_url: http://example.org/a b is not a URL: "
        "visible ASCII characters only",
        "x.conf:10: tracker.rootdir: a?b has a control character in it",
        "x.conf:11: not UTF-8 text",
        'x.conf:12: unknown keyword "Tracker.User"; did you mean tracker.user?',
        'x.conf:13: unknown keyword "no-such-thing"',
    ]


def test_flags():
    for text in ("yes", "on", "true", "1", "yes # why"):
        assert lines("tracker.syslog " + text).syslog is True
    for text in ("no", "off", "false", "0"):
        assert lines("tracker.syslog yes", "tracker.syslog " + text).syslog is False
    for text in ("maybe", "YES", "2", "yes no"):
        message = "x.conf:1: tracker.syslog: %s is neither yes nor no" % text
        assert errors(lines, "tracker.syslog " + text) == [message]


def test_mistakes_of_the_other_kinds():
    for line, message in (
        ("tracker.family ipv5", "ipv5 is none of both, ipv4, ipv6"),
        ("access.stats lan", "lan is not an address or network, such as 192.168.1.0/24"),
        ("access.proxy 10.0.0.0/33", "10.0.0.0/33 is not a network: /0 to /32"),
        ("access.admin", "needs a value: ADDRESS[/BITS]"),
        ("access.stats_path /", "/ is not a path of visible ASCII characters without %, ? and #"),
        (
            "access.stats_path a?b",
            "a?b is not a path of visible ASCII characters without %, ? and #",
        ),
        ("access.stats_path /scrape", "/scrape has another meaning, take another path"),
        ("access.stats_path announce", "/announce has another meaning, take another path"),
        ("livesync.cluster.listen ::1", "::1 is not an IPv4 address"),
        ("livesync.cluster.listen 9696", "9696 needs an address in front, such as 0.0.0.0:9696"),
        ("livesync.cluster.listen 10.0.0.1:0", "0 is not a port (1-65535)"),
        ("livesync.cluster.key 1234567", "shorter than 8 characters"),
        ("livesync.cluster.key " + "x" * 101, "longer than 100 characters"),
        ("livesync.cluster.key 1234 5678", "1234 5678 is not a single word"),
        ("livesync.cluster.scrape_sync 1441", "1441 is not a number of minutes (0-1440)"),
        ("batchsync.cluster.admin_ip x", "x is not an address or network, such as 192.168.1.0/24"),
    ):
        expected = "x.conf:1: %s: %s" % (line.split(" ")[0], message)
        assert errors(lines, line)[0] == expected, errors(lines, line)


def test_stats_paths_that_the_c_tracker_can_not_serve():
    for path in ("a", "announced", "sc", "scraped", "stats/private", "~x"):
        assert lines("access.stats_path " + path).stats_path == path.encode()


def test_repeatable_options_are_bounded():
    for line, most in (
        ("access.stats 10.0.0.1", 256),
        ("livesync.cluster.node_ip 10.0.0.1", 256),
        ("livesync.proxy.listen 10.0.0.1", 16),
        ("livesync.proxy.connect 10.0.0.1", 11),
    ):
        assert lines(*[line] * most)
        place = "x.conf:%d: %s: " % (most + 1, line.split(" ")[0])
        assert errors(lines, *[line] * (most + 1)) == [place + "given more than %d times" % most]


def test_contradictions():
    for given, messages in (
        (
            ["access.fifo_add x", "access.fifo_delete y"],
            [
                "x.conf:1: access.fifo_add: needs access.whitelist or access.blacklist",
                "x.conf:2: access.fifo_delete: needs access.whitelist or access.blacklist",
            ],
        ),
        (
            ["access.whitelist x", "access.blacklist x"],
            ["x.conf:2: access.blacklist: x is already the file of x.conf:1: access.whitelist"],
        ),
        (
            ["tracker.load_file x", "tracker.state_file x"],
            ["x.conf:1: tracker.load_file: x is already the file of x.conf:2: tracker.state_file"],
        ),
        (
            ["tracker.family ipv4", "listen.tcp ::1"],
            ["x.conf:2: listen.tcp: [::1]:6969 is not for tracker.family ipv4"],
        ),
        (
            ["listen.udp 1.2.3.4", "tracker.family ipv6"],
            ["x.conf:1: listen.udp: 1.2.3.4:6969 is not for tracker.family ipv6"],
        ),
    ):
        assert errors(lines, *given) == messages


def test_what_has_no_effect_by_itself():
    alone = "x.conf:1: %s: has no effect without livesync.cluster.listen"
    for line in (
        "livesync.cluster.node_ip 10.0.0.1",
        "livesync.cluster.key 12345678",
        "livesync.cluster.v6_records yes",
        "livesync.cluster.scrape_sync 5",
    ):
        assert lines(line).warnings == [alone % line.split(" ")[0]]
    believed = "x.conf:1: livesync.cluster.listen: no other node is believed without "
    assert lines("livesync.cluster.listen 10.0.0.1").warnings == [
        believed + "livesync.cluster.node_ip or livesync.cluster.key"
    ]
    for line in ("access.admin 10.0.0.2", "livesync.cluster.key 12345678"):
        assert lines("livesync.cluster.listen 10.0.0.1", line).warnings == []


def test_names_that_root_does_not_find_once_it_is_confined():
    for root, path, inside in (
        ("/etc/tracker", "/etc/tracker/white.txt", "white.txt"),
        ("/etc/tracker/", "/etc/tracker/lists/white.txt", "lists/white.txt"),
        ("/etc/tracker", "/etc/trackers/white.txt", None),
        ("/etc/tracker", "/white.txt", None),
        ("/etc/tracker", "white.txt", None),
        ("/", "/etc/tracker/white.txt", None),
    ):
        warnings = lines("access.whitelist " + path, "tracker.rootdir " + root).warnings
        text = 'x.conf:1: access.whitelist: whoever starts as root finds this only as "%s", '
        assert warnings == ([text % inside + "within tracker.rootdir"] if inside else []), warnings


def test_configurations_of_the_c_tracker():
    """In the forms of address that its versions understand, as its manual has them."""
    settings = lines(
        "# all versions",
        "listen.tcp_udp 0.0.0.0",
        "listen.tcp_udp 192.168.0.1:80",
        "listen.udp 10.0.0.5:6969",
        "listen.tcp [2001:db8::1]:80",
        "listen.tcp 2001:db8::1.81",
        "listen.udp 2001:db8::1",
        "listen.udp.workers 4",
        "access.whitelist ./white",
        "access.blacklist ./black",
        "access.fifo_add /var/run/adder",
        "access.fifo_delete /var/run/deleter",
        "access.stats 192.168.0.23",
        "access.stats 10.1.1.0/24",
        "access.stats_path stats",
        "access.proxy 10.0.1.23/24",
        "livesync.cluster.node_ip 192.168.0.0/24",
        "livesync.cluster.listen 192.168.0.1:9696",
        "batchsync.cluster.admin_ip 10.1.1.1",
        "tracker.rootdir /usr/local/etc/opentracker",
        "tracker.user nobody",
        "tracker.redirect_url https://tracker.example/",
    )
    assert settings.warnings == [
        "x.conf:8: listen.udp.workers: has no effect: one event loop serves all sockets",
        "x.conf:19: batchsync.cluster.admin_ip: has no effect: "
        "batch sync over HTTP is no more; live sync replaces it",
    ]
    assert "tcp [2001:db8::1]:81" in sockets(settings)


def test_paths_are_found_from_where_the_program_started():
    settings = parse_arguments(["-w", "list"], None, "/home")
    assert config.path_of(settings, "list") == "/home/list"
    assert config.path_of(settings, "/etc/list") == "/etc/list"
    settings = parse_arguments(["-w", "list", "-d", "/srv"], None, "/home")
    assert config.path_of(settings, "list") == "list"
    assert config.path_of(settings, "/etc/list") == "/etc/list"


def test_lengths_are_bounded():
    assert lines("tracker.rootdir /" + "x" * 1023).rootdir == "/" + "x" * 1023
    for keyword, longest in (("tracker.rootdir", 1024), ("tracker.redirect_url", 1024)):
        message = errors(lines, keyword + " " + "x" * (longest + 1))
        assert message == ["x.conf:1: %s: longer than %d characters" % (keyword, longest)]
    assert errors(lines, "#" * 4097) == ["x.conf:1: longer than 4096 characters"]
    assert lines("#" * 4096)
    assert all(len(text) < 300 for text in errors(lines, "y" * 4096, "listen.tcp " + "1" * 4000))


def test_mistakes_are_bounded():
    messages = errors(parse_lines, ["wrong"] * 1000, "x.conf")
    assert len(messages) == 101
    assert messages[-1] == "x.conf: too many mistakes, unread from line 101"


def test_redirect_url_can_not_split_a_reply():
    for text in ("a\rb", "a\nb", "a b", "a\0b", "\u00e9", "a\x7f"):
        assert errors(arguments, "-r", text)


def test_the_last_value_counts():
    settings = lines("tracker.user one", "tracker.memory 300", "tracker.user two")
    assert settings.user == "two"
    assert settings.warnings == ["x.conf:3: tracker.user: replaces the one in line 1"]


def test_options_without_effect_are_told():
    assert lines("listen.udp.workers 4").warnings == [
        "x.conf:1: listen.udp.workers: has no effect: one event loop serves all sockets"
    ]
    assert errors(lines, "listen.udp.workers many")


def test_switches_go_left_to_right():
    settings = arguments(
        "-u", "a", "-f", "b", "-m", "300", b=["tracker.user b", "tracker.memory 400"]
    )
    assert (settings.user, settings.memory_kib) == ("b", 300)
    assert settings.files == ["b"]
    assert settings.warnings == []


def test_every_switch():
    line = (
        "-r /stats -d /srv -ux -m4095 -p80 -P 81 -w white -b black -l dump -A 10.0.0.0/8 -A::1 "
        "-i 10.0.0.1 -s 9697 --debug --check"
    )
    settings = arguments(*line.split())
    files = settings.whitelist, settings.blacklist, settings.load_file
    assert files == ("white", "black", "dump")
    assert settings.admin_networks == [(b"\x0a\0\0\0", 8), (bytes(15) + b"\1", 128)]
    assert settings.livesync_listen == (b"\x0a\0\0\1", 9697)
    assert settings.debug is True
    assert settings.redirect_url == b"/stats"
    assert (settings.rootdir, settings.user, settings.memory_kib) == ("/srv", "x", 4095)
    assert sockets(settings) == ["tcp 0.0.0.0:80", "tcp [::]:80?", "udp 0.0.0.0:81", "udp [::]:81?"]
    assert settings.action == "check"


def test_a_flag_s_switch_takes_no_word_of_the_next_one():
    assert arguments("--debug", "-m", "300").memory_kib == 300
    assert arguments("--debug", "--debug=no").debug is False
    assert errors(arguments, "--debug", "no") == ['command line: unknown argument "no"']


def test_live_sync_switch_needs_an_address():
    for argv in (["-s", "9696"], ["-i", "::1", "-s", "9696"], ["-s", "9696", "-i", "10.0.0.1"]):
        assert errors(arguments, *argv)[0] == "-s: needs an IPv4 address by -i in front"
    assert arguments("-i", "10.0.0.1", "-s", "9696", "-p", "80", "-A", "10.0.0.2").warnings == []


def test_bridge():
    settings = arguments(
        "--bridge", "-f", "x", x=["livesync.cluster.listen 10.0.0.1", "livesync.proxy.listen ::"]
    )
    assert settings.action == "bridge" and settings.bridge_listen == [(bytes(16), 9696)]
    assert errors(arguments, "--bridge") == [
        "--bridge: needs livesync.cluster.listen",
        "--bridge: needs livesync.proxy.listen or livesync.proxy.connect",
    ]
    assert errors(arguments, "--bridge", "--check") == errors(arguments, "--check", "--bridge")
    old = ["livesync.cluster.v6_records yes", "livesync.cluster.listen 10.0.0.1"]
    assert errors(arguments, "--bridge", "-f", "x", x=old + ["livesync.proxy.listen ::"]) == [
        "x:1: livesync.cluster.v6_records: does not go with --bridge, whose stream is IPv4"
    ]
    for argv in (["--check", "--bridge", "-f", "x"], ["--bridge", "--check", "-f", "x"]):
        conf = ["livesync.cluster.listen 10.0.0.1", "livesync.proxy.connect 1.2.3.4"]
        assert arguments(*argv, x=conf).action == "check"


def test_address_switch_is_for_later_ports():
    settings = arguments(
        "-p", "1", "-i", "10.0.0.1", "-p", "2", "-P", "2", "-i", "fe80::1", "-P", "3"
    )
    assert sockets(settings) == [
        "tcp 0.0.0.0:1",
        "tcp [::]:1?",
        "tcp 10.0.0.1:2",
        "udp 10.0.0.1:2",
        "udp [fe80::1]:3",
    ]


def test_address_switch_alone_is_for_the_default_port():
    assert sockets(arguments("-i", "::1")) == ["tcp [::1]:6969", "udp [::1]:6969"]
    assert sockets(arguments("-i", "0.0.0.0")) == ["tcp 0.0.0.0:6969", "udp 0.0.0.0:6969"]
    asked = ["tcp 0.0.0.0:6969", "tcp [::]:6969", "udp 0.0.0.0:6969", "udp [::]:6969"]
    assert sockets(arguments("-i", "::")) == asked


def test_address_switch_without_effect_is_told():
    told = ["-i: has no effect: no -p, -P or -s follows"]
    assert arguments("-p", "80", "-i", "10.0.0.1").warnings == told
    assert arguments("-i", "10.0.0.1", "-f", "a", a=["listen.tcp 10.0.0.2"]).warnings == told


def test_version_and_help_end_it():
    for switch, action in (
        ("-v", "version"),
        ("--version", "version"),
        ("-h", "help"),
        ("--help", "help"),
    ):
        assert arguments("-m", "1", switch, "--wrong").action == action


def test_wrong_switches():
    for argv, message in (
        (["-p", "0"], "-p: 0 is not a port (1-65535)"),
        (["-p"], "-p: needs a value: PORT"),
        (["-r", ""], "-r: needs a value: URL"),
        (["-P", "-p"], "-P: -p is not a port (1-65535)"),
        (["-i", "eth0"], "-i: eth0 is not an IP address"),
        (["-x"], 'command line: unknown switch "-x"'),
        (["--chek"], 'command line: unknown switch "--chek"; did you mean --check?'),
        (["--check=yes"], "--check: takes no value"),
        (["--"], 'command line: unknown switch "--"'),
        (["start"], 'command line: unknown argument "start"'),
        ([""], 'command line: unknown argument ""'),
        (["-f", "gone"], "cannot read gone: No such file or directory"),
    ):
        assert errors(arguments, *argv) == [message]


def test_mistakes_of_all_places_are_told():
    messages = errors(arguments, "-m", "1", "-f", "a", "-f", "b", "-x", "y", a=["b"], b=["", "c"])
    assert messages == [
        "-m: 1 is not a number of KiB (256-1048576)",
        'a:1: unknown keyword "b"',
        'b:2: unknown keyword "c"',
        'command line: unknown switch "-x"',
    ]


def test_any_address_is_both_families():
    assert sockets(lines("listen.tcp ::")) == ["tcp 0.0.0.0:6969", "tcp [::]:6969"]
    assert sockets(lines("listen.tcp 0.0.0.0")) == ["tcp 0.0.0.0:6969"]
    both = ["tcp 0.0.0.0:6969", "tcp [::]:6969"]
    assert sockets(lines("listen.tcp 0.0.0.0", "listen.tcp ::")) == both
    assert sockets(lines("listen.tcp ::", "listen.tcp 0.0.0.0")) == both[::-1]


def test_one_family_alone():
    v4 = ["tcp 0.0.0.0:6969", "udp 0.0.0.0:6969"]
    v6 = ["tcp [::]:6969", "udp [::]:6969"]
    for line in ("", "listen.tcp_udp ::"):
        assert sockets(lines("tracker.family ipv4", line)) == v4
        assert sockets(lines(line, "tracker.family ipv6")) == v6
    assert sockets(lines("tracker.family ipv4", "listen.tcp 1.2.3.4")) == ["tcp 1.2.3.4:6969"]
    assert sockets(lines("tracker.family ipv6", "listen.tcp ::1")) == ["tcp [::1]:6969"]
    assert errors(lines, "tracker.family ipv4", "listen.tcp ::", "listen.tcp 0.0.0.0") == [
        "x.conf:3: listen.tcp: TCP 0.0.0.0:6969 is already asked for by x.conf:2: listen.tcp"
    ]


def test_listeners_know_who_asked_for_them():
    settings = arguments("-p", "1", "-f", "a", a=["", "listen.udp 1.2.3.4"])
    assert [each.where for each in settings.listeners] == ["-p", "-p", "a:2: listen.udp"]
    assert arguments().listeners[0].where == "default port"
    assert arguments("-i", "1.2.3.4").listeners[0].where == "-i"


def test_the_same_socket_twice():
    assert errors(lines, "listen.tcp_udp 1.2.3.4", "", "listen.udp 1.2.3.4:6969") == [
        "x.conf:3: listen.udp: UDP 1.2.3.4:6969 is already asked for by x.conf:1: listen.tcp_udp"
    ]
    assert errors(lines, "listen.tcp ::ffff:1.2.3.4", "listen.tcp 1.2.3.4")
    assert errors(lines, "listen.tcp ::", "listen.tcp ::") == [
        "x.conf:2: listen.tcp: TCP [::]:6969 is already asked for by x.conf:1: listen.tcp"
    ]
    assert errors(arguments, "-p", "80", "-p", "80") == [
        "-p: TCP [::]:80 is already asked for by -p"
    ]


def test_changes():
    old = lines("tracker.memory 300", "listen.tcp ::1", "tracker.redirect_url /a")
    new = lines("", "listen.tcp ::1", "listen.udp ::1", "tracker.connections 9", "tracker.user x")
    assert config.changes(old, old) == ([], [])
    assert config.changes(old, new) == (
        ["listen.udp", "tracker.connections", "tracker.redirect_url"],
        ["tracker.memory", "tracker.user"],
    )


def test_a_socket_asked_for_elsewhere_is_no_change():
    old, new = (
        lines("listen.tcp_udp 1.2.3.4"),
        lines("", "listen.udp 1.2.3.4", "listen.tcp 1.2.3.4"),
    )
    assert config.changes(old, new) == ([], [])


def test_take_over():
    running, new = lines(), lines("tracker.connections 9", "tracker.memory 300")
    assert config.take_over(running, new) == (["tracker.connections"], ["tracker.memory"])
    assert (running.connections, running.memory_kib) == (9, 4096)
    assert config.take_over(running, new) == ([], ["tracker.memory"])
    elsewhere = lines("listen.tcp ::1", "tracker.connections 9")
    assert config.take_over(running, elsewhere) == (["listen.tcp", "listen.udp"], [])
    assert sockets(running) == sockets(elsewhere)


def test_what_can_change_in_a_running_tracker():
    reloadable = [option.keyword for option in OPTIONS if option.reloadable]
    assert reloadable == [
        "listen.tcp_udp",
        "listen.tcp",
        "listen.udp",
        "tracker.family",
        "tracker.connections",
        "tracker.redirect_url",
        "tracker.ip_from_query",
        "tracker.modest_fullscrapes",
        "access.whitelist",
        "access.blacklist",
        "access.stats",
        "access.stats_path",
        "access.fullscrape",
        "access.proxy",
        "access.admin",
        "livesync.cluster.node_ip",
    ]
    running, new = lines("access.stats ::1"), lines("access.stats 10.0.0.1", "access.stats_path x")
    assert config.take_over(running, new) == (["access.stats", "access.stats_path"], [])
    assert (running.stats_path, running.stats_networks) == (b"x", [(b"\x0a\0\0\1", 32)])


def test_files_that_can_not_be_read():
    for path in ("tests/vectors/no-such-file.conf", "/"):
        messages = errors(config.load, ["-f", path])
        assert len(messages) == 1 and messages[0].startswith("cannot read %s: " % path)


def test_reload_parses_the_same_command_line():
    settings = config.load(["-m", "300"])
    assert settings.memory_kib == config.reload(settings).memory_kib == 300


def test_errors_of_the_system_have_words():
    for code, text in (
        (13, "Permission denied"),
        (20, "Not a directory"),
        (24, "Too many open files"),
        (28, "No space left on device"),
    ):
        assert describe(OSError(code, text)) == text
    assert describe(OSError("no number")) == "no number"


def test_spelling():
    words = ["listen.tcp", "listen.udp", "tracker.user"]
    assert closest("listn.tcp", words) == "listen.tcp"
    assert closest("listen.tcpp", words) == "listen.tcp"
    assert closest("listen.ucp", words) in ("listen.tcp", "listen.udp")
    assert closest("listen", words) is None
    assert closest("", words) is None
    assert closest("-x", ["-p", "--tcp"]) is None


def test_help_tells_every_option():
    text = help_text()
    for option in OPTIONS:
        assert option.help.split(" ")[0] in text
        assert "  " + option.keyword in text
        assert all(switch in text for switch in option.switches())
    assert all(len(line) < 80 for line in text.split("\n"))
    assert "-m KIB" in text and "256-1048576 KiB" in text and "default 4096" in text


def test_table_is_sound():
    for names in (
        [option.keyword for option in OPTIONS if option.keyword],
        [option.uci for option in OPTIONS if option.uci],
        [switch for option in OPTIONS for switch in option.switches()],
    ):
        assert len(names) == len(set(names))
    for option in OPTIONS:
        assert option.keyword or option.switches()
        assert not option.reloadable or option.attribute
        assert bool(option.value) == (option.kind != ACTION)
        assert not option.keyword or option.default is not None or option.example
        counted = option.repeatable and option.attribute != "listeners" and option.kind != FILE
        assert bool(option.most) == (counted and bool(option.attribute))
        assert len(option.help) < 100 and not option.help.endswith(".")


def test_an_entry_of_the_table_can_not_be_misspelt():
    assert Option(FLAG, "x", keyword="y").keyword == "y"
    try:
        Option(FLAG, "x", keywrod="y")
    except TypeError as error:
        assert str(error) == "an option has no keywrod"
    else:
        raise AssertionError
