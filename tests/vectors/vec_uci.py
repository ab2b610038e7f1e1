"""UCI: its two grammars, what a section comes to, every message about it, and the way back."""

from opentracker.addresses import format_endpoint
from opentracker.config import ConfigError, parse_lines
from opentracker.options import OPTIONS
from opentracker.options.kinds import FILE, FLAG
from opentracker.uci.bridge import NothingYet, budget, render, restart_for
from opentracker.uci.grammar import MAX_BYTES, parse
from opentracker.uci.reverse import convert
from opentracker.uci.table import BY_UCI, NOT_IN_UCI, NOTES, ONLY_UCI, name_of

LAN = {"lan": ["192.168.1.1", "fd00::1"]}
HASH = "0123456789abcdef0123456789ABCDEF01234567"


def section(*lines):
    """The text of a configuration with these lines in its section."""
    return "\n".join(("config opentracker 'main'",) + lines + ("",)).encode()


def rendered(*lines, **how):
    interfaces = how.pop("interfaces", LAN)
    return render(parse(section(*lines), "x"), interfaces, **how)


def text_of(rendering):
    return "".join(list(rendering.lines()))


def conf(*lines, **how):
    return text_of(rendered(*lines, **how)).split("\n")[1:-1]


def errors(function, *given, **how):
    try:
        function(*given, **how)
    except ConfigError as error:
        return error.messages
    raise AssertionError("%r is no error" % (given,))


def wrong(*lines, **how):
    """What is wrong with a section, each without its beginning."""
    found = []
    for message in errors(rendered, *lines, **how):
        assert message.startswith("opentracker.main."), message
        found.append(message[17:])
    return found


def sections(text):
    return [(each.place, each.kind, each.options) for each in parse(text, "x")]


# Grammar


def test_export_grammar():
    text = b"""package opentracker

config opentracker 'main'
	option enabled '1'
	option key 'it'\\''s'
	list interface 'lan'
	list interface 'guest'

config opentracker
	option a 'b'
"""
    assert sections(text) == [
        (
            "opentracker.main",
            "opentracker",
            [
                ("enabled", ["1"], False),
                ("key", ["it's"], False),
                ("interface", ["lan", "guest"], True),
            ],
        ),
        ("opentracker.@opentracker[1]", "opentracker", [("a", ["b"], False)]),
    ]


def test_words_are_quoted_as_libuci_reads_them():
    text = b"""# a comment
c opentracker main # another
o a 'x y#;' ; o b "1 '2' \\"3\\" \\\\"; l d x\\ y ;; l d 'a'"b"c
option e two\\
words
option f 'over
lines'
option g
option h ''
option a now#then
"""
    assert sections(text)[0][2] == [
        ("b", ["1 '2' \"3\" \\"], False),
        ("d", ["x y", "abc"], True),
        ("e", ["twowords"], False),
        ("f", ["over\nlines"], False),
        ("g", [""], False),
        ("h", [""], False),
        ("a", ["now"], False),
    ]
    assert sections(b"") == sections(b"\n# nothing\n \t\r\n") == []
    assert sections(b"config opentracker\r\n\toption a b\r\n")[0][2] == [("a", ["b"], False)]
    assert sections(b"config x a\nconfig y\nconfig x a\noption b c")[0][2] == [("b", ["c"], False)]
    assert sections("config x\noption a 'ä'".encode())[0][2] == [("a", ["ä"], False)]
    assert sections(b"config x\noption a '\xff'")[0][2] == [("a", ["\ufffd"], False)]
    mixed = sections(b"config x\nlist a 1\nlist a 2\noption a 3\nlist b 1\noption b 2\nlist b 3\n")
    assert mixed[0][2] == [("a", ["3"], False), ("b", ["2", "3"], True)]


def test_show_grammar():
    text = b"""opentracker.main=opentracker
opentracker.main.enabled='1'
opentracker.main.key='it'\\''s = it'
opentracker.main.interface='lan' 'guest'
opentracker.main.stats='10.0.0.1'
opentracker.main.text='over
lines'
opentracker.@opentracker[1]=opentracker
opentracker.@opentracker[1].a='b'
"""
    assert sections(text) == [
        (
            "opentracker.main",
            "opentracker",
            [
                ("enabled", ["1"], None),
                ("key", ["it's = it"], None),
                ("interface", ["lan", "guest"], True),
                ("stats", ["10.0.0.1"], None),
                ("text", ["over\nlines"], None),
            ],
        ),
        ("opentracker.@opentracker[1]", "opentracker", [("a", ["b"], None)]),
    ]


def test_broken_text_is_told_with_its_line():
    for text, message in (
        (b"config\n", "x:1: config has 0 words behind it"),
        (b"\nconfig a b c\n", "x:2: config has 3 words behind it"),
        (b"config a\noption b c d", "x:2: option has 3 words behind it"),
        (b"package\n", "x:1: package has 0 words behind it"),
        (b"package network\n", "x:1: package network is not opentracker"),
        (b"option a b\n", "x:1: an option in front of the first section"),
        (b"config x\n\tpotion a b", 'x:2: unknown word "potion"; did you mean option?'),
        (b"config x\noption a 'b", "x:2: a ' without end"),
        (b'config x\n\noption a "b\n\n', 'x:3: a " without end'),
        (b"config x\noption a-b c", "x:2: a-b is no name of an option: letters, digits and _"),
        (b"config x 'a b'", "x:1: a b is no name of a section: letters, digits and _"),
        (b"config x a\nconfig y a", "x:2: section a is of type x and y"),
        (b"opentracker.a=b\nnetwork.a=b", "x:2: network.a is not of package opentracker"),
        (b"opentracker.a.b='c'", "x:1: option b of section a, which is not above"),
        (b"opentracker.a=b\nfoo", "x:2: neither a section nor an option of uci show"),
        (b"opentracker.a=", "x:1: section a has no type"),
        (b"opentracker.@b[1]=b", "x:1: section @b[1] is not the next of its type"),
        (b"opentracker.a=b\nopentracker.a.c='d", "x:2: a ' without end"),
        (b"\0\n", 'x:1: unknown word "?"'),
        (b"#" * (MAX_BYTES + 1), "x: longer than 131072 bytes"),
    ):
        assert errors(parse, text, "x") == [message], (text, errors(parse, text, "x"))


# The bridge


def test_nothing_but_a_section_is_the_lan():
    assert conf() == [
        "listen.tcp_udp 192.168.1.1:6969",
        "listen.tcp_udp [fd00::1]:6969",
        "tracker.state_file /var/run/opentracker/state",
        "tracker.status_file /var/run/opentracker/status.json",
        "listen.tcp 127.0.0.1:6969",
    ]


def test_memory_is_a_share_of_the_ram():
    assert conf(ram_kib=124000)[0] == "tracker.memory 7750"
    assert "tracker.memory 999" in conf("option memory 999", ram_kib=124000)
    assert [budget(kib) for kib in (4096, 16384, 65536, 1048576)] == [512, 1024, 4096, 16384]


def test_ports_and_interfaces():
    ports = [
        "listen.tcp_udp 192.168.1.1:7000",
        "listen.tcp_udp [fd00::1]:7000",
        "tracker.state_file /var/run/opentracker/state",
        "tracker.status_file /var/run/opentracker/status.json",
        "listen.tcp 127.0.0.1:7000",
    ]
    assert conf("option port 7000") == ports
    assert conf("option port 7000", "list interface lan", "list interface lan") == ports
    everywhere = conf("list interface '*'", "list interface lan")
    assert everywhere == [
        "listen.tcp_udp [::]:6969",
        "tracker.state_file /var/run/opentracker/state",
        "tracker.status_file /var/run/opentracker/status.json",
    ]
    listed = conf("option port 80", "list listen 10.0.0.1", "list listen_udp '[::1]:81 # x'")
    assert listed == [
        "tracker.state_file /var/run/opentracker/state",
        "listen.tcp_udp 10.0.0.1:80",
        "listen.udp [::1]:81",
        "tracker.status_file /var/run/opentracker/status.json",
        "listen.tcp 127.0.0.1:80",
    ]
    one = conf("option family ipv6", "list interface lan")
    assert one[0] == "listen.tcp_udp [fd00::1]:6969" and "listen.tcp [::1]:6969" in one
    assert conf("option family ipv4")[0] == "listen.tcp_udp 192.168.1.1:6969"
    local = rendered(interfaces={"lan": ["127.0.0.1", "fe80::1"]}).settings.listeners
    assert [format_endpoint(each.ip, each.port) for each in local] == ["127.0.0.1:6969"] * 2


def test_wan_is_served_and_let_in():
    interfaces = {"lan": ["192.168.1.1"], "wan": ["203.0.113.5"], "wan6": []}
    served = rendered("option wan 1", "option mdns on", interfaces=interfaces)
    assert "listen.tcp_udp 203.0.113.5:6969" in text_of(served)
    assert served.facts["firewall"] == "tcp:6969 udp:6969"
    assert served.facts["mdns"] == "6969"
    down = rendered("option wan 1")
    assert down.settings.warnings == [] and down.facts["firewall"] == "tcp:6969 udp:6969"
    off = rendered("option wan 0", interfaces=interfaces)
    assert off.facts["firewall"] == "" and "203.0.113.5" not in text_of(off)


def test_interfaces_that_are_not_up_are_waited_for():
    two = {"lan": ["192.168.1.1"], "guest": []}
    served = rendered("list interface lan", "list interface guest", interfaces=two)
    waits = "opentracker.main.interface: guest has no address yet"
    assert served.settings.warnings == [waits]
    try:
        rendered("list interface guest", interfaces=two)
    except NothingYet as nothing:
        assert nothing.messages == [waits]
    else:
        raise AssertionError
    assert wrong("list interface guest", "option port 0", interfaces=two) == [
        "port: 0 is not a port (1-65535)"
    ]
    listed = conf("list interface guest", "list listen 10.0.0.1", interfaces=two)
    assert "listen.tcp_udp 10.0.0.1:6969" in listed


def test_all_mistakes_are_told_at_once():
    told = wrong(
        "option port 99999",
        "option prot 1",
        "option redirect 1",
        "option memory 12",
        "option enabled maybe",
        "option admin 10.0.0.1",
        "list heap 1024",
        "list interface 'a b'",
        "option whitelist_file whitelist.txt",
        "option blacklist_file '/etc/open tracker/list'",
        "option state_file /state",
        "list whitelist 123",
        "list stats 10.0.0.0/33",
        "option fifo_add /var/run/opentracker/fifo",
        "option livesync_key '\xff\xff\xff\xff\xff\xff\xff\xff'",
    )
    assert told == [
        "port: 99999 is not a port (1-65535)",
        "prot: no such option; did you mean proxy?",
        "redirect: no such option",
        "enabled: maybe is neither yes nor no",
        "admin: it is a list: list admin '10.0.0.1'",
        "heap: it is one: option heap '1024'",
        "interface: a b is not a single word",
        "whitelist_file: whitelist.txt is not a whole path, such as /etc/opentracker/list",
        "blacklist_file: /etc/open tracker/list: no white space, no .. and none of"
        " *?[]'\"\\$`;&|<>(){}~#",
        "state_file: /state is not a whole path, such as /etc/opentracker/list",
        "whitelist: 123 is not an info_hash: 40 hex digits",
        "memory: 12 is not a number of KiB (256-1048576)",
        "stats: 10.0.0.0/33 is not a network: /0 to /32",
    ]


def test_mistakes_name_their_section():
    text = b"config opentracker\n\toption port x\n\nconfig openwrt 'a'\nconfig opentracker b\n"
    assert errors(render, parse(text, "x"), LAN) == [
        'opentracker.a: no sections of type "openwrt" are known',
        "opentracker.b: there is one tracker, and opentracker.@opentracker[0] is it",
        "opentracker.@opentracker[0].port: x is not a port (1-65535)",
    ]
    assert errors(render, [], LAN) == ["opentracker: there is no section of this type"]


def test_messages_speak_of_options():
    assert wrong("option fifo_add /var/run/opentracker/fifo") == [
        "fifo_add: needs whitelist_file or blacklist_file"
    ]
    assert wrong("option bridge 1") == [
        "bridge: needs livesync_listen",
        "bridge: needs bridge_listen or bridge_connect",
    ]
    warned = rendered("option livesync_key 12345678").settings.warnings
    assert warned == ["opentracker.main.livesync_key: has no effect without livesync_listen"]
    assert wrong("list listen 10.0.0.1", "list listen_tcp 10.0.0.1:6969") == [
        "listen_tcp: TCP 10.0.0.1:6969 is already asked for by opentracker.main.listen"
    ]
    assert wrong("option family ipv4", "list listen ::1") == [
        "listen: [::1]:6969 is not for family ipv4"
    ]


def test_values_that_uci_has_its_way_with():
    assert "tracker.syslog yes" in conf("option syslog enabled")
    assert "tracker.syslog no" in conf("option syslog disabled")
    assert conf("option redirect_url ''", "option stats_path ' '", "list stats ''") == conf()
    assert wrong("option livesync_key '12345678\n9'") == [
        "livesync_key: 12345678?9 is not a single word"
    ]
    assert wrong("option redirect_url '\xfc'") == [
        "redirect_url: \xfc is not a URL: visible ASCII characters only"
    ]
    broken = b"config opentracker main\n\toption redirect_url '\xff'\n"
    assert errors(render, parse(broken, "x"), LAN) == [
        "opentracker.main.redirect_url: not UTF-8 text"
    ]
    shown = b"opentracker.main=opentracker\nopentracker.main.stats='10.0.0.1'\n"
    assert "access.stats 10.0.0.1" in text_of(render(parse(shown, "x"), LAN))
    shown = b"opentracker.main=opentracker\nopentracker.main.port='1' '2'\n"
    assert errors(render, parse(shown, "x"), LAN) == [
        "opentracker.main.port: it is one: option port '2'"
    ]
    many = section() + ("list whitelist %s\n" % HASH).encode() * 501
    assert errors(render, parse(many, "x"), LAN) == [
        "opentracker.main.whitelist: given more than 500 times"
    ]
    many = section() + b"".join([b"option x%d 1\n" % number for number in range(200)])
    assert len(errors(render, parse(many, "x"), LAN)) == 100


def test_lists_of_uci_and_of_files_become_one():
    only_file = rendered("option whitelist_file /etc/opentracker/w.txt")
    assert "access.whitelist /etc/opentracker/w.txt" in text_of(only_file)
    assert only_file.lists == []
    assert only_file.list_files == [("opentracker.main.whitelist_file", "/etc/opentracker/w.txt")]
    assert only_file.facts["files"] == "/etc/opentracker/w.txt"
    assert only_file.facts["readable"] == ""
    both = rendered("option blacklist_file /mnt/b.txt", "list blacklist " + HASH, run="/r")
    assert both.settings.blacklist == "/r/blacklist"
    assert both.lists == [("blacklist", [HASH.lower()], "/mnt/b.txt")]
    assert both.facts["files"] == "/r/blacklist"
    assert both.facts["readable"] == ""
    folders = rendered(
        "option whitelist_file /mnt/a/w",
        "option blacklist_file /mnt/a/b",
        "option load_file /srv/dump",
        "option state_file /srv/state",
        "option fifo_add /var/run/opentracker/fifo",
    ).facts
    assert (folders["readable"], folders["writable"]) == ("/mnt/a", "/srv")


def test_statistics_can_be_read_from_the_router():
    assert rendered().facts["stats"] == "http://127.0.0.1:6969/stats?mode=json"
    moved = rendered("option stats_path 'my/stats'", "option port 80", "option family ipv6")
    assert moved.facts["stats"] == "http://[::1]:80/my/stats?mode=json"
    assert conf("list stats 192.168.1.9")[-1] == "access.stats 127.0.0.1"
    assert conf("list admin 192.168.1.9")[-1] == "access.stats 127.0.0.1"
    assert "access.stats 127.0.0.1" not in conf("list stats 127.0.0.0/8")
    full = section() + b"".join([b"list stats 10.0.0.%d\n" % number for number in range(256)])
    assert text_of(render(parse(full, "x"), LAN)).endswith("\naccess.admin 127.0.0.1\n")


def test_facts_of_the_process():
    facts = rendered().facts
    assert (facts["heap"], facts["jail"], facts["arguments"]) == ("1wM", "1", "")
    facts = rendered(
        "option heap 4096",
        "option jail 0",
        "option bridge 1",
        "option livesync_listen 192.168.1.1",
        "list bridge_connect 203.0.113.1",
        "option livesync_key 12345678",
    ).facts
    assert (facts["heap"], facts["jail"], facts["arguments"]) == ("4096K", "0", "--bridge")
    assert facts["stats"] == ""


def test_what_needs_a_restart():
    before = rendered("option memory 4096")
    for lines, names in (
        (["option memory 4096"], []),
        (["option memory 4097"], ["memory"]),
        (["option memory 4096", "option connections 9", "list listen 10.0.0.1"], []),
        (["option memory 4096", "list whitelist " + HASH], []),
        (["option memory 4096", "option heap 1024"], ["heap"]),
        (["option memory 4096", "option jail 0"], ["jail"]),
        (["option memory 1024", "option syslog 1"], ["memory", "syslog"]),
        (["option memory 4096", "option whitelist_file /mnt/w"], ["folders of files"]),
    ):
        assert restart_for(before.settings, before.facts, rendered(*lines)) == names


def test_the_text_is_what_the_settings_are():
    lines = ["option %s '%s'" % (name, text) for name, text in samples(False)]
    lines += ["list %s '%s'" % (name, text) for name, text in samples(True)]
    made = rendered(*lines)
    read = parse_lines(text_of(made).split("\n"), "made")
    for option in OPTIONS:
        if option.attribute and option.attribute != "listeners":
            left, right = getattr(read, option.attribute), getattr(made.settings, option.attribute)
            assert left == right, option.attribute
    assert [each[:3] for each in read.listeners] == [each[:3] for each in made.settings.listeners]


def samples(repeatable):
    """(name, text) of all options with a UCI name but those of the bridge."""
    found = []
    for option in BY_UCI.values():
        if option.repeatable == repeatable and option.uci not in ("bridge", "interface"):
            found.append((option.uci, sample(option)))
    return found


def sample(option):
    """A text for an option, as files/etc/config/opentracker shows it."""
    if option.value in ("FILE", "FIFO"):
        return "/etc/opentracker/" + option.uci
    if option.kind == FLAG:
        return "1"
    if option.uci == "stats_path":
        return "statistics"
    return str(option.default if option.default is not None else option.example)


# The table


def test_no_option_is_in_one_grammar_only_without_a_reason():
    for option in OPTIONS:
        assert bool(option.uci) != (name_of(option) in NOT_IN_UCI), name_of(option)
    known = [name_of(option) for option in OPTIONS]
    for name, reason in NOT_IN_UCI.items():
        assert name in known and reason
    for option in ONLY_UCI:
        assert option.uci and option.help and not option.keyword and not option.switches()
        assert option.default is not None or option.example
        assert bool(option.most) == option.repeatable
    names = [option.uci for option in OPTIONS + ONLY_UCI if option.uci]
    assert len(names) == len(set(names)) == len(BY_UCI)
    assert all(name in BY_UCI for name in NOTES)
    assert all(option.reloadable or option.kind != FILE for option in ONLY_UCI)


# The way back


SAMPLE_OF_C = """\
# network
listen.tcp_udp 0.0.0.0
listen.tcp_udp 192.168.0.1:80
listen.tcp_udp 10.0.0.5:6969
listen.tcp 192.168.0.1:8000
listen.udp 192.168.0.1:8000
listen.udp.workers 4
access.whitelist /path/to/whitelist
access.blacklist ./blacklist
access.fifo_add /var/run/opentracker/adder.fifo
access.fifo_delete /var/run/opentracker/deleter.fifo
access.stats 192.168.0.23
access.stats 10.1.1.23
access.stats_path stats
access.proxy 10.0.1.23
livesync.cluster.listen 192.168.0.1:9696
livesync.cluster.node_ip 192.168.0.1
livesync.cluster.node_ip 192.168.0.2
batchsync.cluster.admin_ip 10.1.1.1
tracker.rootdir /usr/local/etc/opentracker
tracker.user nobody
tracker.redirect_url https://your.tracker.local/
"""


def test_the_c_tracker_s_documented_sample():
    assert convert(SAMPLE_OF_C.split("\n"), "c.conf").split("\n")[2:] == [
        "config opentracker 'main'",
        "\toption enabled '0'",
        "\tlist listen '0.0.0.0'",
        "\tlist listen '192.168.0.1:80'",
        "\tlist listen '10.0.0.5:6969'",
        "\tlist listen_tcp '192.168.0.1:8000'",
        "\tlist listen_udp '192.168.0.1:8000'",
        "\t# listen.udp.workers 4: one event loop serves all sockets",
        "\toption redirect_url 'https://your.tracker.local/'",
        "\toption whitelist_file '/usr/local/etc/opentracker/path/to/whitelist'",
        "\toption blacklist_file '/usr/local/etc/opentracker/blacklist'",
        "\toption fifo_add '/usr/local/etc/opentracker/var/run/opentracker/adder.fifo'",
        "\toption fifo_delete '/usr/local/etc/opentracker/var/run/opentracker/deleter.fifo'",
        "\tlist stats '192.168.0.23'",
        "\tlist stats '10.1.1.23'",
        "\toption stats_path 'stats'",
        "\tlist proxy '10.0.1.23'",
        "\t# tracker.rootdir /usr/local/etc/opentracker: procd confines the tracker to its own"
        " folders; names of files are whole",
        "\t# tracker.user nobody: procd starts the tracker as user opentracker",
        "\toption livesync_listen '192.168.0.1:9696'",
        "\tlist livesync_node_ip '192.168.0.1'",
        "\tlist livesync_node_ip '192.168.0.2'",
        "\t# batchsync.cluster.admin_ip 10.1.1.1: batch sync over HTTP is no more; live sync"
        " replaces it",
        "",
    ]


def test_what_comes_back_means_what_it_was():
    left = parse_lines(SAMPLE_OF_C.split("\n"), "c.conf")
    right = render(parse(convert(SAMPLE_OF_C.split("\n"), "c.conf").encode(), "x"), {}).settings
    for option in OPTIONS:
        if option.uci and option.attribute != "listeners" and option.value not in ("FILE", "FIFO"):
            mine, theirs = getattr(left, option.attribute), getattr(right, option.attribute)
            if option.uci == "stats":
                theirs.pop()  # the router itself
            assert mine == theirs, option.uci
    sockets = [each[:3] for each in left.listeners]
    assert [each[:3] for each in right.listeners] == sockets
    assert right.whitelist == left.rootdir + left.whitelist


def test_conversions():
    def line(*given):
        return convert(given, "c.conf").split("\n")[4:-1]

    assert line() == ["\tlist interface '*'"]
    assert line("access.whitelist white.txt")[1] == (
        "\t# access.whitelist white.txt: white.txt is not a whole path,"
        " such as /etc/opentracker/list"
    )
    assert line("livesync.cluster.key it's#12345", "tracker.debug yes # x")[1:] == [
        "\toption debug '1'",
        "\toption livesync_key 'it'\\''s#12345'",
    ]
    rooted = line("access.whitelist /a/w", "access.blacklist b", "tracker.rootdir /a/")
    assert rooted[1:3] == ["\toption whitelist_file '/a/w'", "\toption blacklist_file '/a/b'"]
    assert line("listen.tcp ::1", "listen.tcp_udp [::1]:6969 # x", "listen.udp ::1") == [
        "\tlist listen_tcp '::1'",
        "\tlist listen_udp '[::1]:6969'",
        "\t# listen.tcp_udp [::1]:6969: is listened to already",
        "\t# listen.udp ::1: is listened to already",
    ]
    assert line("tracker.memory 1024", "tracker.memory 2048 #x")[1:] == ["\toption memory '2048'"]
    assert errors(convert, ["listen.tcp x", "foo"], "c.conf") == [
        "c.conf:1: listen.tcp: x is not an IP address",
        'c.conf:2: unknown keyword "foo"',
    ]
