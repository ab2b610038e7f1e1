"""Statistics: each mode's text to the byte, rankings held against sorting, what is spotted."""

import json

from makers import Numbers, Replaced, info_hash, ipv4, peer_v4, peer_v6, pools_of

from opentracker import errors, http
from opentracker.counters import Counters
from opentracker.pages import Pages
from opentracker.stats import Statistics, subnets
from opentracker.stats.everything import escaped
from opentracker.stats.ranking import Ranking
from opentracker.tracker import Tracker
from opentracker.version import VERSION

UPTIME = 7384  # two hours and some
ID = 4023233417
LONG = ("test_more_networks_than_are_counted_at_once",)


class Tower:
    """A tracker with its counters, a clock that stands still, and its statistics."""

    def __init__(self, kib=512):
        self.pools = pools_of(kib)
        self.tracker = Tracker(self.pools)
        self.counters = Counters()
        self.now = UPTIME
        self.stats = Statistics(
            self.tracker, self.counters, ID, lambda: self.now, "Python <9> & on"
        )

    def announce(self, number, peer, seeding=False, completed=False):
        self.tracker.announce(info_hash(number), peer, seeding, completed, False)

    def page(self, mode):
        """The whole page of a mode, and no piece of it larger than may be."""
        page = self.stats.page(mode)
        if page is None or isinstance(page, bytes):
            return page
        pieces = list(page)
        assert max([len(piece) for piece in pieces]) <= 16384
        return b"".join(pieces)


def counted():
    """A tower where each number is one that no other is."""
    tower = Tower()
    counters = tower.counters
    counters.tcp_accepts, counters.tcp_announces, counters.tcp_scrapes = 80001, 50002, 30003
    counters.tcp_full_scrapes, counters.full_scrape_bytes = 12, 81234567
    counters.udp_packets, counters.udp_connects, counters.udp_announces = 90005, 20006, 60007
    counters.udp_scrapes, counters.udp_mismatches = 4008, 1009
    counters.sync_records, counters.denied, counters.displaced = 777, 21, 22
    for reason in range(len(counters.errors)):
        counters.errors[reason] = 101 + reason
    counters.numwants[0], counters.numwants[50], counters.numwants[200] = 3, 40, 5
    tower.announce(1, peer_v4(1))
    tower.announce(1, peer_v4(2), seeding=True, completed=True)
    tower.announce(1, peer_v6(3), seeding=True, completed=True)
    tower.announce(2, peer_v4(4))
    tower.announce(3, peer_v6(5))
    tower.pools.advance(7)
    tower.announce(1, peer_v4(1))
    tower.announce(2, peer_v4(4))
    tower.announce(2, peer_v4(4))
    return tower


# Texts


def test_texts():
    tower = counted()
    uptime = b"7384 seconds (2 hours)\nopentracker"
    for mode, expected in (
        (b"peer", b"5\n2\nopentracker serving 3 torrents\nopentracker"),
        (b"torr", b"3\n0\nopentracker serving 3 torrents\nopentracker"),
        (b"conn", b"170006\n130015\n%s connections, 23 conns/s :: 17 success/s." % uptime),
        (b"tcp4", b"80001\n50002\n%s tcp4 stats, 10 conns/s :: 6 success/s." % uptime),
        (b"udp4", b"90005\n80013\n%s udp4 stats, 12 conns/s :: 10 success/s." % uptime),
        (b"scrp", b"30003\n4008\n%s scrape stats, 4 scrape/s (tcp and udp)" % uptime),
        (
            b"fscr",
            b"12000\n81234567\n%s full scrape stats, 0 conns/s :: 11001 bytes/s." % uptime,
        ),
        (b"completed", b"2\n0\n%s, 1 completed/h." % uptime),
        (b"syncs", b"777\n0\n%s connections, 23 conns/s :: 17 success/s." % uptime),
        (
            b"herr",
            b"302 RED 101\n400 ... 102\n400 PAR 103\n400 COM 104\n403 IP  106\n404 INV 107\n"
            b"500 SRV 108\n",
        ),
    ):
        assert tower.page(mode) == expected, (mode, tower.page(mode))
        assert tower.stats.content_type(mode) == b"text/plain"


def test_rates_of_the_first_second_and_hour():
    tower = counted()
    for now in (0, 1):
        tower.now = now
        uptime = b"%d seconds (0 hours)\nopentracker" % now
        scrapes = b"30003\n4008\n%s scrape stats, 34011 scrape/s (tcp and udp)" % uptime
        assert tower.page(b"scrp") == scrapes
        assert tower.page(b"completed") == b"2\n0\n%s, 2 completed/h." % uptime


def test_renewals_by_minutes():
    lines = [b"%02d %d\n" % (minute, {0: 1, 7: 2}.get(minute, 0)) for minute in range(45)]
    assert counted().page(b"renew") == b"".join(lines)


def test_numwants():
    lines = counted().page(b"numwants").split(b"\n")
    assert len(lines) == 202 and lines[201] == b""
    assert lines[0] == b"000 => 3" and lines[50] == b"050 => 40" and lines[200] == b"200 => 5"
    assert [line for line in lines[:201] if not line.endswith(b" => 0")] == [
        lines[0],
        lines[50],
        lines[200],
    ]


def test_version_is_one_line_that_names_us():
    page = counted().page(b"version")
    assert page.find(b"\n") == len(page) - 1
    assert VERSION.encode() in page and page.startswith(b"opentracker ")
    assert page.endswith(b" on Python <9> & on\n")


def test_modes_behind_which_there_is_nothing():
    tower = Tower()
    assert tower.page(b"busy") is None
    assert tower.page(b"woodpeckers") is None
    for mode in (b"", b"PEER", b"peer ", b"fulllog", b"tpbs", b"top1000"):
        try:
            tower.stats.page(mode)
        except KeyError:
            continue
        raise AssertionError(mode)


# XML

EVERYTHING = """<?xml version="1.0" encoding="UTF-8"?>
<stats>
  <tracker_id>4023233417</tracker_id>
  <version>
VERSION
  </version>
  <uptime>7384</uptime>
  <torrents>
    <count_mutex>3</count_mutex>
    <count_iterator>3</count_iterator>
  </torrents>
  <peers>
    <count>5</count>
  </peers>
  <seeds>
    <count>2</count>
  </seeds>
  <completed>
    <count>2</count>
  </completed>
  <connections>
    <tcp>
      <accept>80001</accept>
      <announce>50002</announce>
      <scrape>30003</scrape>
    </tcp>
    <udp>
      <overall>90005</overall>
      <connect>20006</connect>
      <announce>60007</announce>
      <scrape>4008</scrape>
      <missmatch>1009</missmatch>
    </udp>
    <livesync>
      <count>777</count>
    </livesync>
  </connections>
  <debug>
    <renew>
RENEWALS    </renew>
    <http_error>
      <count code="302 Redirect">101</count>
      <count code="400 Parse Error">102</count>
      <count code="400 Invalid Parameter">103</count>
      <count code="400 Invalid Parameter (compact=0)">104</count>
      <count code="400 Not Modest">0</count>
      <count code="402 Payment Required">105</count>
      <count code="403 Access Denied">106</count>
      <count code="404 Not found">107</count>
      <count code="500 Internal Server Error">108</count>
    </http_error>
    <mutex_stall>
      <count>0</count>
    </mutex_stall>
  </debug>
</stats>"""


def test_everything_to_the_byte():
    version = "opentracker %s, the one in Python, on Python &lt;9&gt; &amp; on" % VERSION
    renewals = [
        '      <count interval="%02d">%d</count>\n' % (minute, {0: 1, 7: 2}.get(minute, 0))
        for minute in range(45)
    ]
    expected = EVERYTHING.replace("VERSION", version).replace("RENEWALS", "".join(renewals))
    assert counted().page(b"everything").decode() == expected


def test_version_texts_that_xml_can_not_hold():
    for text, xml in (
        ("a<b>&c", b"a&lt;b&gt;&amp;c"),
        ("]]>", b"]]&gt;"),
        ("&amp;", b"&amp;amp;"),
        ("\0\1\x1b\r\x7f", b"?????"),
        ("\ttwo\nlines", b"\ttwo\nlines"),
        ("\u00e4\ufffe\U0001f40d", b"\xc3\xa4?\xf0\x9f\x90\x8d"),
    ):
        assert escaped(text) == xml, (text, escaped(text))


# When memory is short


def test_a_slow_page_without_memory_is_an_error_page():
    class Short:
        closed = False

        def page(self, mode):
            try:
                yield b"a part"
                raise MemoryError
            finally:
                self.closed = True

        def content_type(self, mode):
            return b"text/plain"

    class Everybody:
        def holds(self, address):
            return True

    class Permissions:
        stats = Everybody()

    counters, short = Counters(), Short()
    pages = Pages(None, counters, short, None)
    pages.permissions = Permissions()
    raw = b"GET /stats?mode=s24s HTTP/1.0\r\n\r\n"
    head, rest = pages.answer(http.parse(raw, len(raw)), raw, len(raw), b"\x7f\0\0\1")
    assert head == b""
    assert list(rest) == [b"", http.error_page(errors.INTERNAL)]
    assert counters.errors[errors.INTERNAL] == 1 and short.closed


# Rankings


def highest(counts, size):
    """The `size` (count, name)s that a ranking is to have, by sorting a dict of them all."""
    return sorted([(-count, name) for name, count in counts.items() if count])[:size]


def ranked(ranking):
    return [(-count, name) for count, name in ranking.counts()]


def test_rankings_are_what_sorting_gives():
    numbers = Numbers(1)
    for size in (1, 2, 10, 128):
        for names, most in ((0, 1), (1, 2), (9, 3), (10, 1), (400, 3), (400, 10000)):
            ranking = Ranking(size)
            counts = {}
            while len(counts) < names:
                name = numbers.below(1 << 28)
                counts[name] = numbers.below(most + 1)
                ranking.offer(counts[name], name)
            assert ranked(ranking) == highest(counts, size)
            assert ranking.is_full() == (len(ranking.counts()) == size)


def test_what_is_offered_again_is_ranked_once():
    ranking = Ranking(3)
    for _ in range(3):
        for count, name in ((5, b"c"), (5, b"a"), (9, b"b"), (1, b"d")):
            ranking.offer(count, name)
        assert ranking.counts() == [(9, b"b"), (5, b"a"), (5, b"c")]
    ranking.offer(7, b"c")
    assert ranking.counts() == [(9, b"b"), (7, b"c"), (5, b"a")]


# Torrents


def section(what, size, counts):
    lines = ["\t%d\t%s\n" % (-count, name) for count, name in highest(counts, size)]
    return "Top %d torrents by %s:\n" % (size, what) + "".join(lines)


def hex_of(info_hash):
    return "".join(["%02X" % byte for byte in info_hash])


def test_top_torrents():
    tower = Tower(1024)
    numbers = Numbers(2)
    counts = {"peers": {}, "seeds": {}, "leechers": {}}
    for torrent in range(300):
        name = hex_of(info_hash(torrent))
        seeders, leechers = numbers.below(6), numbers.below(6)
        for number in range(seeders + leechers):
            peer = peer_v6(number) if number % 3 == 0 else peer_v4(number)
            tower.announce(torrent, peer, seeding=number < seeders)
        counts["peers"][name] = seeders + leechers
        counts["seeds"][name], counts["leechers"][name] = seeders, leechers
    for size in (10, 100):
        expected = [section(what, size, counts[what]) for what in ("peers", "seeds", "leechers")]
        assert tower.page(b"top%d" % size).decode() == "".join(expected)


def test_top_of_nothing():
    tower = Tower()
    titles = b"Top 10 torrents by peers:\nTop 10 torrents by seeds:\nTop 10 torrents by leechers:\n"
    assert tower.page(b"top10") == titles
    tower.announce(1, peer_v4(1))
    tower.tracker.announce(info_hash(1), peer_v4(1), False, False, True)
    assert tower.page(b"top10") == titles


def test_torrents_that_are_on_their_way_out_are_not_on_top():
    class Denied:
        def hides(self, asked):
            return asked == info_hash(2)

    tower = Tower()
    for torrent in (1, 2, 3):
        tower.announce(torrent, peer_v4(torrent))
    tower.tracker.access = Denied()
    page = tower.page(b"top10").decode()
    assert hex_of(info_hash(2)) not in page
    assert page.count(hex_of(info_hash(1))) == page.count(hex_of(info_hash(3))) == 2


def test_top_lists_a_torrent_once_though_the_table_changes_meanwhile():
    tower = Tower(2048)
    for torrent in range(300):
        tower.announce(torrent, peer_v4(torrent))
    big = 1000
    for number in range(50):
        tower.announce(big, peer_v4(number))
    newcomers = 2000
    pieces = []
    for piece in tower.stats.page(b"top100"):
        pieces.append(piece)
        for newcomer in range(newcomers, newcomers + 12):
            tower.announce(newcomer, peer_v4(newcomer))
        newcomers += 12
    lines = b"".join(pieces).decode().split("\n")
    assert newcomers > 2200
    by_peers = lines[1 : lines.index("Top 100 torrents by seeds:")]
    assert by_peers[0] == "\t50\t" + hex_of(info_hash(big))
    assert len(by_peers) == 100 and len(set(by_peers)) == 100


# Networks


def address_text(network, bits):
    number = network << (32 - bits)
    return "%d.%d.%d.%d" % (number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255)


def part(bits, counts, text):
    lines = ["%08d: %s\n" % (-count, text(network)) for count, network in highest(counts, 128)]
    return "Networks, limit /%d:\n" % bits + "".join(lines) + "\n"


def expected_v4(peers):
    """The IPv4 parts of the page for compact peers, counted without any limit."""
    parts = []
    for bits in (28, 24):
        counts = {}
        for peer in peers:
            network = int.from_bytes(peer[:4], "big") >> (32 - bits)
            counts[network] = counts.get(network, 0) + 1
        parts.append(part(bits, counts, lambda network, bits=bits: address_text(network, bits)))
    return "".join(parts)


def test_networks_of_nothing():
    assert Tower().page(b"s24s") == b"Networks, limit /28:\n\nNetworks, limit /24:\n\n"


def test_more_networks_than_are_counted_at_once():
    tower = Tower(1024)
    peers = []
    for number in range(1500):
        address = ipv4(number)
        peers.append(address + b"\x1a\xe1")
        if number % 29 == 0:
            # Some networks have more peers, close by and far apart, some of them on one address.
            for host in range(number % 7):
                peers.append(address[:3] + bytes([(address[3] + 9 * host) & 255]) + b"\1\1")
                peers.append(address + bytes([host + 1, 1]))
    peers = sorted(set(peers))
    for number, peer in enumerate(peers):
        tower.announce(number % 40, peer)
    for most in (150, 700, 4096):
        with Replaced(subnets, "_MOST_COUNTED", most):
            assert tower.page(b"s24s").decode() == expected_v4(peers)


def test_networks_share_buckets():
    tower = Tower()
    peers = [bytes([10, number // 200, number, 1, 0, 80]) for number in range(250)]
    peers += [peer[:5] + b"\x51" for peer in peers[:100]]
    for number, peer in enumerate(peers):
        tower.announce(number % 3, peer)
    with Replaced(subnets, "_MOST_COUNTED", 40), Replaced(subnets, "_BUCKETS", 2):
        assert tower.page(b"s24s").decode() == expected_v4(peers)


def test_a_swarm_of_many_blocks():
    tower = Tower(2048)
    peers = [peer_v4(number % 900, port=1000 + number) for number in range(2000)]
    for peer in peers:
        tower.announce(1, peer)
    assert tower.page(b"s24s").decode() == expected_v4(peers)


def test_networks_of_ipv6():
    tower = Tower(1024)
    prefix = b"\x20\x01\x0d\xb8"
    for number in range(600):
        # /48: 3 of them; /68: 3 times 5.
        host = bytes([0, number % 3, 0, 0, number // 3 % 5 << 4 | number % 7])
        tower.announce(number % 9, prefix + host + number.to_bytes(7, "big") + b"\0\x50")
    tower.announce(1, peer_v4(1))
    sites = ["00000200: 2001:db8%s::\n" % site for site in ("", ":1", ":2")]
    subnets_of_sites = []
    for site in range(3):
        for subnet in range(5):
            text = ":%x:0:%x000" % (site, subnet) if subnet else ":%x" % site if site else ""
            subnets_of_sites.append("00000040: 2001:db8%s::\n" % text)
    expected = expected_v4([peer_v4(1)])
    expected += "Networks, limit /68:\n" + "".join(subnets_of_sites) + "\n"
    expected += "Networks, limit /48:\n" + "".join(sites) + "\n"
    for most in (8, 4096):
        with Replaced(subnets, "_MOST_COUNTED", most):
            assert tower.page(b"s24s").decode() == expected


def test_peers_come_and_go_while_networks_are_counted():
    tower = Tower(2048)
    for number in range(2000):
        tower.announce(number % 300, peer_v4(number))
    number = 2000
    for _ in tower.stats.page(b"s24s"):
        tower.announce(number % 300, peer_v4(number))
        gone = number - 1500
        tower.tracker.announce(info_hash(gone % 300), peer_v4(gone), False, False, True)
        number += 1
    assert number > 2100


def test_networks_are_counted_for_one_at_a_time():
    tower = Tower()
    for number in range(200):
        tower.announce(number, peer_v4(number))
    expected = tower.page(b"s24s")
    first, second = tower.stats.page(b"s24s"), tower.stats.page(b"s24s")
    assert next(first) == b""
    assert [next(second) for _ in range(1000)] == [b""] * 1000
    first.close()
    assert b"".join(list(second)) == expected
    given_up = tower.stats.page(b"s24s")
    given_up.close()
    assert tower.page(b"s24s") == expected


# Woodpeckers


def pecking():
    tower = Tower()
    tower.stats.spot_woodpeckers()
    return tower


def test_woodpeckers_are_who_comes_back_too_early():
    tower = pecking()
    peers = {}
    # A network for each age; two peers come again after 1 minute, one after each other age.
    for age in (0, 1, 19, 20, 30):
        peers[age] = bytes([10, 0, age, 17, 0, 80])
        tower.announce(1, peers[age])
    other = bytes([10, 0, 1, 18, 0, 80])
    tower.announce(1, other)
    tower.announce(1, peers[0])
    assert tower.page(b"woodpeckers") == b"Networks, limit /28:\n\n"
    tower.pools.advance(1)
    tower.announce(1, peers[1])
    tower.announce(1, other)
    page = tower.page(b"woodpeckers")
    assert page == b"Networks, limit /28:\n00000002: 10.0.1.16\n\n"
    tower.pools.advance(19)
    tower.announce(1, peers[19])
    page = tower.page(b"woodpeckers")
    assert page == b"Networks, limit /28:\n00000001: 10.0.19.16\n\n", page
    tower.pools.advance(20)
    tower.announce(1, peers[20])
    tower.pools.advance(30)
    tower.announce(1, peers[30])
    assert tower.page(b"woodpeckers") == b"Networks, limit /28:\n\n"


def test_woodpeckers_are_halved_every_two_minutes():
    tower = pecking()
    pecker = tower.stats.woodpeckers
    for _ in range(100):
        pecker.announced(b"", b"\x0a\1\1\1\0\x50", False, False, 3, False, b"")
    for minute, count in ((0, 100), (1, 100), (2, 50), (3, 50), (4, 25), (9, 6), (30, 0)):
        tower.pools.advance(minute)
        line = b"%08d: 10.1.1.0\n" % count if count else b""
        assert tower.page(b"woodpeckers") == b"Networks, limit /28:\n%s\n" % line
    tower.pools.advance(31)
    pecker.announced(b"", b"\x0a\1\1\1\0\x50", False, False, 3, False, b"")
    assert b"00000001: 10.1.1.0" in tower.page(b"woodpeckers")


def test_woodpeckers_of_ipv6_are_a_part_of_their_own():
    pecker = pecking().stats.woodpeckers
    pecker.announced(b"", peer_v6(1)[:8] + b"\xf3" + bytes(9), True, True, 1, True, b"")
    pecker.stopped(b"", peer_v6(1), True)
    page = b"".join(list(pecker.page())).decode()
    part_v4, _, part_v6 = page.partition("\n\n")
    assert part_v4 == "Networks, limit /28:"
    assert part_v6.startswith("Networks, limit /68:\n00000001: 2001:db8:")
    assert part_v6.endswith(":f000::\n\n"), page


def test_the_worst_woodpecker_stays_in_a_crowd():
    pecker = pecking().stats.woodpeckers
    worst = b"\x0a\1\1\1\0\x50"
    for number in range(6000):
        pecker.announced(b"", peer_v4(number), False, False, 5, False, b"")
        if number % 4 == 0:
            pecker.announced(b"", worst, False, False, 5, False, b"")
    lines = b"".join(list(pecker.page())).split(b"\n")
    assert lines[1].endswith(b": 10.1.1.0") and 1000 < int(lines[1][:8]) <= 1500
    assert len(lines) == 131


# For programs


def metrics_of(page):
    """{metric: {label value or "": number}} of a page of mode=prometheus."""
    found = {}
    for line in page.decode().split("\n"):
        if line and not line.startswith("#"):
            name, _, number = line.rpartition(" ")
            name, _, label = name.partition("{")
            found.setdefault(name, {})[label[label.find('"') + 1 : -2]] = int(number)
    return found


def test_json_has_all_counters():
    tower = counted()
    tower.pools.refused, tower.pools.recycled, tower.pools.expired = 31, 32, 33
    found = json.loads(tower.page(b"json").decode())
    assert found["version"] == VERSION and found["runtime"] == "Python <9> & on"
    assert found["tracker_id"] == str(ID)
    expected = {
        "uptime_seconds": UPTIME,
        "torrents": 3,
        "peers": {"ipv4": 3, "ipv6": 2},
        "seeders": {"ipv4": 1, "ipv6": 1},
        "completed": 2,
        "tcp_connections": 80001,
        "udp_packets": 90005,
        "udp_connects": 20006,
        "udp_id_mismatches": 1009,
        "announces": {"tcp": 50002, "udp": 60007},
        "scrapes": {"tcp": 30003, "udp": 4008},
        "full_scrapes": 12,
        "full_scrape_bytes": 81234567,
        "http_errors": {
            "302_redirect": 101,
            "400_parse": 102,
            "400_parameter": 103,
            "400_compact": 104,
            "402_not_modest": 105,
            "403_denied": 106,
            "404_not_found": 107,
            "500_internal": 108,
        },
        "numwants": {"0": 3, "50": 40, "200": 5},
        "memory_budget_bytes": 512 * 1024,
        "memory_used_bytes": tower.pools.used_bytes(),
        "announces_refused": 31,
        "torrents_recycled": 32,
        "peers_expired": 33,
        "announces_denied": 21,
        "tcp_connections_displaced": 22,
        "sync_records": 777,
    }
    for name, value in expected.items():
        assert found[name] == value, (name, found[name])
    assert len(found["renewals"]) == 45 and found["renewals"]["7"] == 2
    assert len(expected["http_errors"]) == len(errors.STATUS)
    assert sorted(found) == sorted(
        list(expected) + ["version", "runtime", "tracker_id", "renewals"]
    )
    assert tower.stats.content_type(b"json") == b"application/json"


def test_prometheus_says_the_same():
    tower = counted()
    page = tower.page(b"prometheus")
    found = metrics_of(page)
    assert found.pop("opentracker_info") == {
        '%s",runtime="Python <9> & on",tracker_id="%d' % (VERSION, ID): 1
    }
    members = json.loads(tower.page(b"json").decode())
    for name in ("version", "runtime", "tracker_id"):
        del members[name]
    for name, value in members.items():
        counts = value if isinstance(value, dict) else {"": value}
        metric = "opentracker_" + name
        kind = "gauge"
        if metric not in found:
            metric, kind = metric + "_total", "counter"
        assert found.pop(metric) == counts, metric
        assert ("\n# TYPE %s %s\n" % (metric, kind)).encode() in page
        assert ("\n# HELP %s " % metric).encode() in page
    assert not found
    assert page.endswith(b"\n")
    assert tower.stats.content_type(b"prometheus") == b"text/plain; version=0.0.4; charset=utf-8"


def test_sizes_of_access_lists_where_there_are_any():
    class Lists:
        def sizes(self):
            return [("whitelist", 100000), ("blacklist", 0)]

    tower = Tower()
    assert b"access_list" not in tower.page(b"json") + tower.page(b"prometheus")
    tower.tracker.access = Lists()
    sizes = {"whitelist": 100000, "blacklist": 0}
    assert json.loads(tower.page(b"json").decode())["access_list_torrents"] == sizes
    found = metrics_of(tower.page(b"prometheus"))
    assert found["opentracker_access_list_torrents"] == sizes


def test_names_that_programs_have_to_quote():
    tower = Tower()
    tower.stats.runtime_name = 'a "b"\\c\n'
    assert json.loads(tower.page(b"json").decode())["runtime"] == 'a "b"\\c\n'
    assert b'runtime="a \\"b\\"\\\\c\\n"' in tower.page(b"prometheus")
