"""Access lists: what a line says, sets of info_hashes, and what lists and changes come to."""

from binascii import hexlify

from makers import Numbers, Replaced, info_hash, peer_v4, peer_v6, pools_of, reserve

from opentracker import accesslist
from opentracker.accesslist import AccessLists
from opentracker.config import Settings
from opentracker.infohashes import InfoHashes
from opentracker.infolines import InfoLines, parse
from opentracker.pools import V4, V6
from opentracker.pools.keyed import Keys
from opentracker.tracker import Denied, Tracker

HASH = bytes(range(160, 180))
TEXT = hexlify(HASH)
LONG = ("test_text_may_come_in_pieces_of_any_size",)


class Memory:
    """What `opentracker.runtime` has of memory, and how many pieces are out."""

    native = None

    def __init__(self, most=1000):
        self.out = 0
        self.most = most

    def reserve(self, size):
        if self.out == self.most:
            raise MemoryError
        self.out += 1
        return reserve(size)

    def release(self, memory, words):
        assert memory is not None and words is not None
        self.out -= 1


class Jobs:
    """What `opentracker.jobs.Jobs` has for those who need it."""

    def __init__(self):
        self.waiting = []
        self.add = self.waiting.append

    def finish(self):
        while self.waiting:
            drain(self.waiting.pop(0))


def drain(job):
    for _ in job:
        pass


# Lines


def test_lines_that_name_a_torrent():
    for line in (
        TEXT,
        TEXT.upper(),
        TEXT[:20] + TEXT[20:].upper(),
        TEXT + b"\r",
        TEXT + b" a comment",
        TEXT + b"\tname\t5",
        TEXT + b"# a comment",
        TEXT + b"ghi",
        TEXT + b"\0",
        TEXT + b"\xff",
    ):
        assert parse(line) == HASH, line


def test_lines_that_do_not():
    for line in (
        b"",
        b"\r",
        TEXT[:39],
        TEXT[:39] + b"\r",
        TEXT[:39] + b"g",
        TEXT[:39] + b" ",
        TEXT + b"0",
        TEXT + b"F comment",
        b" " + TEXT,
        b"\t" + TEXT,
        b"#" + TEXT,
        b"0x" + TEXT,
        b"+" + TEXT[1:],
        b"\xef\xbb\xbf" + TEXT,
        b"\xff" * 40,
        b"\0" * 40,
    ):
        assert parse(line) is None, line


def lines_of(text, size):
    lines = InfoLines()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    found = lines.start(pieces[0]) if pieces else []
    for piece in pieces[1:]:
        found += lines.take(piece)
    return found + lines.end(), lines


FILE = (
    b"# a list\n\n"
    + TEXT
    + b"\r\n  \t\r\n   # indented\nno info_hash\n"
    + TEXT.upper()
    + b" x\n "
    + TEXT
    + b"\n"
    + b"x" * 5000
    + TEXT
    + b"\n#"
    + b"y" * 5000
    + b"\n"
    + hexlify(info_hash(1))
)


def test_text_may_come_in_pieces_of_any_size():
    for size in (1, 2, 7, 39, 40, 41, 42, 64, 1000, 4096, 100000):
        found, lines = lines_of(FILE, size)
        assert found == [HASH, HASH, info_hash(1)], size
        assert (lines.ignored, lines.first_ignored) == (3, 6), size


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    assert lines_of(b"\xef\xbb\xbf" + TEXT, 100)[0] == [HASH]
    found, lines = lines_of(b"\n\xef\xbb\xbf" + TEXT, 100)
    assert (found, lines.first_ignored) == ([], 2)


def test_nothing_is_no_line():
    for text in (b"", b"\n", b"\n\n\r\n", b"#", b"\xef\xbb\xbf"):
        found, lines = lines_of(text, 100)
        assert (found, lines.ignored) == ([], 0), text


def test_comments_alone_say_that_there_is_nothing():
    for text in (b"#", b"# none\n", b"\n  # none\r\n\n# really\n"):
        assert lines_of(text, 7)[1].says_empty(), text
    for text in (b"", b"\n \n", b"x\n", b"# none\nx\n"):
        assert not lines_of(text, 7)[1].says_empty(), text


def test_a_line_without_end_is_not_kept_as_a_whole():
    lines = InfoLines()
    for _ in range(100):
        assert lines.take(b"z" * 1000) == []
        assert len(lines._rest) <= 64
    assert lines.take(b"\n" + TEXT + b"\n") == [HASH]
    assert lines.ignored == 1


# Sets


def set_of(hashes, memory, keyed_hash, room=None):
    made = InfoHashes(len(hashes) if room is None else room, memory, keyed_hash)
    for each in hashes:
        assert made.add(each)
    for _ in made.arrange():
        pass
    return made


def test_a_set_holds_what_was_added_and_nothing_else():
    numbers = Numbers(5)
    for size in (0, 1, 2, 8, 9, 16, 17, 300, 2000):
        memory = Memory()
        hashes = [numbers.bytes(20) for _ in range(size)]
        made = set_of(hashes, memory, Keys().hash_swarm, size + 3)
        assert made.count == size
        for each in hashes:
            assert made.holds(each)
            assert not made.holds(each[1:] + each[:1])
            assert not made.holds(each[:19] + bytes([each[19] ^ 1]))
        assert sorted([made.at(number) for number in range(size)]) == sorted(hashes)
        made.release()
        assert memory.out == 0


def test_duplicates_are_kept_once():
    hashes = [info_hash(number % 100) for number in range(1000)] + [bytes(20)] * 3
    made = set_of(hashes, Memory(), Keys().hash_swarm)
    assert made.count == 101
    assert sorted([made.at(number) for number in range(101)]) == sorted(set(hashes))
    for each in hashes:
        assert made.holds(each)


def test_nothing_is_found_between_two():
    """Where the end of one and the start of the next make an info_hash that nobody added."""
    hashes = [bytes([number] * 20) for number in range(1, 9)]
    made = set_of(hashes, Memory(), lambda _: 0)
    inside = b"".join([made.at(number) for number in range(8)])
    for at in range(len(inside) - 19):
        assert made.holds(inside[at : at + 20]) == (at % 20 == 0)
    assert not made.holds(bytes(20))


def test_any_hash_function_will_do():
    hashes = [info_hash(number) for number in range(500)]
    for keyed_hash in (lambda _: 0, lambda each: each[0], lambda each: 0x1FFFFFF ^ each[1]):
        made = set_of(hashes, Memory(), keyed_hash)
        for number in range(1000):
            assert made.holds(info_hash(number)) == (number < 500)


def test_there_is_room_for_what_was_asked_for():
    made = InfoHashes(2, Memory(), Keys().hash_swarm)
    assert made.add(info_hash(1)) and made.add(info_hash(2))
    assert not made.add(info_hash(3))
    assert made.count == 2


def test_steps_are_short():
    """No step hashes more than some dozens, whatever order they came in."""
    keys = Keys()
    asked = [0]

    def counting(each):
        asked[0] += 1
        return keys.hash_swarm(each)

    made = InfoHashes(3000, Memory(), counting)
    for number in range(3000):
        made.add(info_hash(number))
    for _ in made.arrange():
        assert asked[0] <= 64
        asked[0] = 0
    assert made.holds(info_hash(2999))


def test_memory_that_is_not_there_is_told_and_nothing_is_kept():
    for most in range(3):
        memory = Memory(most)
        made = None
        try:
            made = InfoHashes(100, memory, Keys().hash_swarm)
            for _ in made.arrange():
                pass
        except MemoryError:
            if made:
                made.release()
            assert memory.out == 0
        else:
            raise AssertionError("arranged without memory")


# Lists


def lists(memory=None, pools=None, **settings):
    """AccessLists of files that are not there, and what they log."""
    made = Settings()
    for name in settings:
        setattr(made, name, settings[name])
    return AccessLists(made, pools or pools_of(256), Jobs(), memory or Memory())


def reloaded(access):
    """What a reload logs."""
    told = []
    with Replaced(accesslist, "log", told.append):
        access.reload()
        access._jobs.finish()
    return told


def test_before_its_file_is_read_a_whitelist_allows_nothing():
    assert not lists(whitelist="/no/such").allows(HASH)
    assert lists(blacklist="/no/such").allows(HASH)
    assert not lists(whitelist="/no/such", blacklist="/no/such").allows(HASH)


def test_files_that_are_not_there_are_told():
    access = lists(whitelist="/no/white", blacklist="/no/black")
    white, black = reloaded(access)
    assert white.startswith("access.whitelist: cannot read /no/white: ")
    assert white.endswith("; no torrent is allowed; set it right and send SIGHUP")
    assert black.startswith("access.blacklist: cannot read /no/black: ")
    assert black.endswith("; no torrent is denied; set it right and send SIGHUP")
    access.change(HASH, True)
    assert reloaded(access)[0].endswith("; the old list of 1 stays")
    assert access.allows(HASH)


def test_a_list_that_is_new_and_can_not_be_read_changes_nothing():
    access = lists()
    assert reloaded(access) == []
    access._settings.whitelist = "/no/such"
    assert reloaded(access)[0].endswith("; there still is no whitelist")
    assert access.allows(HASH)


def test_a_list_that_is_no_longer_asked_for_is_gone():
    memory = Memory()
    access = lists(memory, whitelist="/no/such")
    for number in range(accesslist._MOST_CHANGES):
        access.change(info_hash(number), True)
    drain(access.fold())
    assert memory.out == 2
    access._settings.whitelist = None
    assert reloaded(access) == []
    assert access.allows(HASH)
    assert memory.out == 0


def test_changes_are_of_the_whitelist_or_else_of_the_blacklist():
    for settings, listed in (
        ({"whitelist": "/no/such"}, True),
        ({"blacklist": "/no/such"}, False),
    ):
        access = lists(**settings)
        for _ in range(2):
            assert access.allows(HASH) != listed
            assert access.change(HASH, True)
            assert access.allows(HASH) == listed
            assert access.allows(info_hash(1)) != listed
            assert access.change(HASH, False)
    both = lists(whitelist="/no/such", blacklist="/no/such")
    both.change(HASH, True)
    assert both.allows(HASH)
    assert not lists().change(HASH, True)


def test_the_blacklist_wins():
    access = lists(blacklist="/no/such")
    access.change(HASH, True)
    black = access._black
    both = lists(whitelist="/no/such", blacklist="/no/such")
    both.change(HASH, True)
    both.change(info_hash(1), True)
    both._black = black
    assert not both.allows(HASH)
    assert both.allows(info_hash(1))
    assert not both.allows(info_hash(2))


def test_many_changes_become_part_of_the_list():
    memory = Memory()
    access = lists(memory, whitelist="/no/such")
    model = set()
    numbers = Numbers(7)
    for step in range(1700):
        number, listed = numbers.below(1200), numbers.below(3) > 0
        assert access.change(info_hash(number), listed)
        (model.add if listed else model.discard)(number)
        if step % 25 == 0:
            drain(access.fold())
            assert len(access._white.changes) < accesslist._MOST_CHANGES
    assert access._white.hashes is not None
    assert memory.out == 2, "the memory of the lists before is given back"
    for number in range(1200):
        assert access.allows(info_hash(number)) == (number in model), number
    assert access.sizes() == [("whitelist", len(model))]


def test_without_memory_for_them_changes_end():
    access = lists(Memory(1), blacklist="/no/such")
    number = 0
    while access.change(info_hash(number), True):
        number += 1
        assert number < 5000
    try:
        drain(access.fold())
    except MemoryError:
        pass
    else:
        raise AssertionError("folded without memory")
    assert access._memory.out == 0
    assert not access.allows(info_hash(number - 1))
    assert access.allows(info_hash(number))


# What leaves


def test_what_a_change_denies_leaves():
    for settings, listed in (
        ({"whitelist": "/no/such"}, False),
        ({"blacklist": "/no/such"}, True),
    ):
        pools = pools_of(256)
        access = lists(pools=pools, **settings)
        for number in range(2):
            access.change(info_hash(number), not listed)
            pools.announce(info_hash(number), V4, peer_v4(1), False, False)
            pools.announce(info_hash(number), V6, peer_v6(1), False, False)
        access.change(info_hash(0), listed)
        access.change(info_hash(5), listed)
        assert not pools.find(info_hash(0))
        assert tuple(pools.census(pools.find(info_hash(1)))) == (0, 2, 1, 1)


def test_what_a_reload_denies_is_hidden_at_once_and_leaves():
    pools = pools_of(512)
    for number in range(800):
        assert pools.announce(info_hash(number), V4, peer_v4(number), False, False)
    access = lists(pools=pools, whitelist="/no/such")
    for number in range(0, 800, 5):
        access.change(info_hash(number), True)
    with Replaced(accesslist, "log", lambda _: None):
        left = 800
        access.reload()
        for _ in access._jobs.waiting[0]:
            assert left - pools.swarms.count <= 17
            left = pools.swarms.count
            for number in (0, 1, 402, 795, 799):
                assert access.hides(info_hash(number)) == (number % 5 > 0)
    for number in range(800):
        assert bool(pools.find(info_hash(number))) == (number % 5 == 0)
    assert pools.swarms.count == 160
    assert not access.hides(info_hash(1))


def test_reloads_that_have_not_begun_are_one():
    pools = pools_of(256)
    for number in range(100):
        pools.announce(info_hash(number), V4, peer_v4(number), False, False)
    access = lists(pools=pools, whitelist="/no/such")
    told = []
    with Replaced(accesslist, "log", told.append):
        for _ in range(5):
            access.reload()
        job = access._jobs.waiting[0]
        next(job)
        for _ in range(5):
            access.reload()
        drain(job)
        access._jobs.waiting.pop(0)
        access._jobs.finish()
    assert len(told) == 2


# Where it counts


def test_announces_and_what_other_trackers_say_obey():
    pools = pools_of(256)
    served = Tracker(pools)
    served.access = lists(pools=pools, whitelist="/no/such")
    served.access.change(HASH, True)
    for peer in (peer_v4(1), peer_v6(1), peer_v4(1, port=0)):
        assert served.announce(info_hash(1), peer, True, False, True) == 0, "a stop passes"
        assert served.learn(info_hash(1), peer, True, False, True)
        assert not served.learn(info_hash(1), peer, True, True, False)
        try:
            served.announce(info_hash(1), peer, True, True, False)
        except Denied:
            continue
        raise AssertionError("announced what is not allowed")
    assert pools.swarms.count == 0
    assert served.announce(HASH, peer_v4(1), False, False, False)
    assert served.learn(HASH, peer_v4(2), False, False, False)
    assert tuple(pools.census(served.find(HASH))) == (0, 2, 2, 0)


def test_a_scrape_does_not_find_what_is_about_to_leave():
    pools = pools_of(256)
    served = Tracker(pools)
    served.announce(HASH, peer_v4(1), False, False, False)
    served.access = lists(pools=pools, whitelist="/no/such")
    served.access.reload()
    assert served.find(HASH)
    for number in range(100):
        pools.announce(info_hash(number), V4, peer_v4(number), False, False)
    with Replaced(accesslist, "log", lambda _: None):
        for _ in served.access._jobs.waiting[0]:
            assert not served.find(HASH)
    assert pools.swarms.count == 0
