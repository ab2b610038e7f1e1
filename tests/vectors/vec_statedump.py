"""Statedumps: the C tracker's lines, and none of the torrents that it makes up of others."""

from files import Scratch
from inventory import Inventory
from makers import Numbers, info_hash, peer_v4, pools_of

from opentracker import statedump
from opentracker.pools import V4

NOW = 30000000  # minutes since 1970
HEX = b"303132333435363738396162636465666768696A"
HASH = b"0123456789abcdefghij"
LINE = HEX + b":29999990:7\n"


class Dump(Scratch):
    """`with Dump() as dump:` is a statedump."""

    def __init__(self):
        super().__init__(statedump)

    def load(self, pools, text=None, minute=NOW, allows=lambda info_hash: True):
        """Loads the file, or text; returns the one line that is logged."""
        if text is not None:
            self.write(text)
        for _ in statedump.load(pools, self.path, minute, allows):
            pass
        assert len(self.lines) == 1, self.lines
        return self.lines.pop()


def loaded(text, pools=None, **how):
    """Returns {info_hash: (downloaded, idle minutes)} of what a text brings, and what is logged."""
    pools = pools or pools_of(256)
    with Dump() as dump:
        line = dump.load(pools, text, **how)
    found = Inventory(pools).swarms
    assert not pools.peers()
    idle = {name: pools.idle_minutes(pools.find(name)) for name in found}
    return {name: (found[name].downloaded, idle[name]) for name in found}, line


def test_lines_of_the_c_tracker():
    for text in (
        LINE,
        LINE.lower(),
        HEX + b":29999990:7",
        HEX + b":29999990:7\r\n",
        HEX + b":29999990:7 what follows does not matter\n",
        HEX + b":29999990:7:8:9\n",
        HEX + b":29999990:0000000007\n",
        HEX + b":0029999990:7\n",
        LINE + LINE + LINE,
        b"\n" + LINE + b"\n\n",
        HEX + b":29999990:7" + b"8".join([b" "] * 5000) + b"\n",
    ):
        found, line = loaded(text)
        assert found == {HASH: (7, 10)}, (text, found)
        assert line.startswith("loaded from the statedump /tmp/"), line
    found, line = loaded(LINE)
    assert line.endswith(": 1 torrents")


def test_lines_that_name_no_torrent():
    wrong = (
        b"",
        b"\r",
        b"# a comment",
        b":29999990:7",
        HEX,
        HEX + b":",
        HEX + b"::",
        HEX + b"::7",
        HEX + b":29999990",
        HEX + b":29999990:",
        HEX + b":29999990: 7",
        HEX + b": 29999990:7",
        HEX + b":29999990:-7",
        HEX + b":-29999990:7",
        HEX + b":+29999990:+7",
        HEX + b":29999990;7",
        HEX + b":0x1c9c372:7",
        HEX + b":29999990:x7",
        HEX + b" :29999990:7",
        b" " + LINE[:-1],
        b"0" + LINE[:-1],
        LINE[1:-1],
        HEX[:-1] + b"g:29999990:7",
        b"g" + HEX[1:] + b":29999990:7",
        HEX[:20] + b" " + HEX[21:] + b":29999990:7",
        HEX[:20] + b"\0" + HEX[21:] + b":29999990:7",
        HEX[:20] + b"\xc3\xa4" + HEX[22:] + b":29999990:7",
        HEX + b":29999990:4294967296",
        HEX + b":29999990:99999999999999999999",
        HEX + b":99999999999:7",
    )
    for line in wrong:
        assert statedump.parse(line) is None, line
    # The C tracker fills in what is missing with what the line before had there.
    other = b"F" * 40 + b":29999990:3\n"
    found, line = loaded(other + b"\n".join(wrong) + b"\n" + LINE)
    assert found == {b"\xff" * 20: (3, 10), HASH: (7, 10)}
    assert line.endswith("; %d lines ignored, the first is line 2" % len(wrong)), line


def test_the_largest_numbers():
    found, _ = loaded(HEX + b":29999990:4294967295\n")
    assert found == {HASH: (4294967295, 10)}
    found, _ = loaded(HEX + b":9999999999:1\n")
    assert found == {HASH: (1, 0)}


def test_what_is_old_or_was_never_downloaded_stays_out():
    for minute, idle in ((NOW, 0), (NOW - 1, 1), (NOW - 46, 46), (NOW - 1440, 1440), (NOW + 9, 0)):
        found, _ = loaded(HEX + b":%d:1\n" % minute)
        assert found == {HASH: (1, idle)}
    for rest in (b":29998559:1\n", b":0:1\n", b":30000000:0\n"):
        found, line = loaded(HEX + rest)
        assert found == {}, rest
        assert ": 0 torrents; too old or never downloaded: 1" in line
    # A router that has no clock of its own starts in the past.
    found, _ = loaded(LINE, minute=5)
    assert found == {HASH: (7, 0)}


def test_loading_twice_never_doubles_and_never_takes_away():
    pools = pools_of(256)
    for _ in range(3):
        found, _ = loaded(LINE, pools)
        assert found == {HASH: (7, 10)}
    found, _ = loaded(HEX + b":29999999:3\n", pools)
    assert found == {HASH: (7, 1)}
    found, _ = loaded(HEX + b":29999980:8\n", pools)
    assert found == {HASH: (8, 1)}


def test_peers_that_are_there_stay():
    pools = pools_of(256)
    pools.announce(HASH, V4, peer_v4(1), True, True)
    with Dump() as dump:
        dump.load(pools, LINE)
    swarm = pools.find(HASH)
    assert pools.downloaded(swarm) == 7 and pools.census(swarm)[0] == 1


def test_what_the_access_lists_deny_stays_out():
    found, line = loaded(LINE, allows=lambda info_hash: info_hash != HASH)
    assert found == {} and "; denied: 1" in line
    found, line = loaded(LINE, allows=lambda info_hash: info_hash == HASH)
    assert found == {HASH: (7, 10)} and "denied" not in line


def test_more_than_has_room():
    pools = pools_of(256)
    with Dump() as dump:
        with open(dump.path, "wb") as file:
            for number in range(4000):
                file.write(b"%08x%032d:29999990:1\n" % (number * 1000003, number))
        line = dump.load(pools)
    assert 1000 < pools.swarms.count < 4000
    assert ": %d torrents; without" % pools.swarms.count in line
    assert "; without room: %d" % (4000 - pools.swarms.count) in line


def test_lines_of_any_length_come_whole():
    numbers = Numbers(7)
    text, expected = b"", {}
    for number in range(150):
        name = info_hash(number)
        text += b"".join([b"%02X" % byte for byte in name])
        text += b":%d:%d" % (NOW - number, number + 1)
        text += b" " * numbers.below(3) + b"x" * (numbers.below(5000) if number % 10 == 0 else 0)
        text += b"\n"
        expected[name] = number + 1, number
    found, line = loaded(text)
    assert found == expected and "ignored" not in line


def test_noise():
    numbers = Numbers(11)
    for _ in range(20):
        found, line = loaded(numbers.bytes(3000))
        assert found == {} and " lines ignored, the first is line 1" in line


def test_files_that_cannot_be_loaded():
    with Dump() as dump:
        line = dump.load(pools_of(256))
        assert line.startswith("cannot load the statedump %s: " % dump.path), line
        assert line.endswith("; going on without"), line
        pools = pools_of(256)
        line = dump.load(pools, b"\x1f\x8b\x08\0\0\0\0\0" + LINE)
        assert line.endswith(": it is compressed; unpack it with gunzip; going on without"), line
        assert not pools.swarms.count
        assert dump.load(pools, b"").endswith(": 0 torrents")
        with Dump() as folder:
            folder.path = "/tmp"
            assert folder.load(pools).startswith("cannot load the statedump /tmp: ")
            folder.path = "/tmp/opentracker-nothing"
