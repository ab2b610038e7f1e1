"""The state file: what is saved comes back, and what is damaged is refused as a whole."""

import struct
from errno import EACCES, EIO
from hashlib import sha256

from files import Scratch, errno_of_no_file
from inventory import Inventory
from makers import Numbers, Replaced, info_hash, peer_v4, peer_v6, pools_of

from opentracker.pools import V4, V6
from opentracker.statefile import load, reading, save, try_out, writing

NOW = 1800000000
HASH = info_hash(0)
NO_SPACE = 28
# fmt: off
LONG = (
    "test_a_smaller_budget_takes_what_fits", "test_time_that_has_passed_counts",
    "test_what_stays_is_saved_while_everything_else_changes",
)
# fmt: on


class System:
    """What `save` wants of the runtime, without rights of files and without waiting for disks."""

    @staticmethod
    def create(path):
        return open(path, "wb")

    @staticmethod
    def sync(file):
        file.flush()


class State(Scratch):
    """`with State() as state:` is a state file."""

    def __init__(self):
        super().__init__(reading, writing)
        self._replaced.append(Replaced(reading, "ENOENT", errno_of_no_file()))

    def save(self, pools, seconds=NOW, system=System):
        """Saves; returns the one line that is logged."""
        for _ in save(pools, self.path, seconds, system):
            pass
        assert not self.exists(".new")
        return self.lines.pop()

    def load(self, pools, seconds=NOW, allows=lambda info_hash: True):
        """Loads; returns the lines that are logged as one."""
        for _ in load(pools, self.path, seconds, allows):
            pass
        line = "".join(self.lines)
        self.lines.clear()
        return line


def known(pools, minutes=0):
    """What a restart must not change, as it is `minutes` later; expired peers are not there."""
    swarms = {}
    for name, swarm in Inventory(pools).swarms.items():
        peers, idle = {}, minutes
        for peer, (seeding, counted, age) in swarm.peers.items():
            if age + minutes < 45:
                peers[peer] = seeding, counted, age + minutes
        if not swarm.peers:
            idle += (pools.minute - swarm.emptied) & 0xFFFF
        if peers or swarm.downloaded and idle <= 1440:
            swarms[name] = (
                swarm.downloaded, swarm.established, 0 if peers else idle, peers,
            )  # fmt: skip
    return swarms


def busy_pools(kib=512):
    """Swarms of all kinds at minute 100, announced in the 44 minutes before."""
    pools = pools_of(kib)
    numbers = Numbers(1)
    for minute in range(56, 101, 4):
        pools.advance(minute)
        for _ in range(60):
            swarm, peer, seeding = numbers.below(90), numbers.below(400), numbers.below(2)
            swarm = swarm if swarm < 60 else 0
            completed = seeding and numbers.below(2)
            if numbers.below(3):
                pools.announce(info_hash(swarm), V4, peer_v4(peer), seeding, completed)
            else:
                pools.announce(info_hash(swarm), V6, peer_v6(peer), seeding, completed)
    for peer in range(600):
        pools.announce(HASH, V4, peer_v4(peer), peer & 1, False)
        pools.announce(HASH, V6, peer_v6(peer), peer & 1, not peer % 3)
    pools.announce(info_hash(100), V4, peer_v4(1), True, True)
    pools.stop(info_hash(100), V4, peer_v4(1))
    pools.announce(info_hash(101), V4, peer_v4(1), False, False)
    pools.stop(info_hash(101), V4, peer_v4(1))
    assert len(pools.blocks_of(pools.find(HASH), V6)) > 8
    return pools


def small_pools():
    """Three swarms: peers of both families, one peer, a count alone."""
    pools = pools_of(256)
    pools.advance(50)
    pools.announce(HASH, V4, peer_v4(1), True, True)
    pools.announce(HASH, V4, peer_v4(2), False, False)
    pools.announce(HASH, V6, peer_v6(3), False, False)
    pools.advance(60)
    pools.announce(info_hash(1), V6, peer_v6(4), True, False)
    pools.announce(info_hash(2), V4, peer_v4(5), True, True)
    pools.stop(info_hash(2), V4, peer_v4(5))
    return pools


def with_checksum(records, head=None):
    """A file of these records."""
    data = (head or struct.pack(">8sHQ", b"\x89OTRACK\n", 1, NOW)) + records
    return data + sha256(data).digest()


def swarm_record(name=HASH, downloaded=0, idle=0, flags=0):
    return struct.pack(">B20sIHB", 1, name, downloaded, idle, flags)


def peers_record(family, minute, leechers, seeders, marks):
    """Peers of one block, numbered from 0."""
    peers = range(leechers + seeders)
    addresses = b"".join([(peer_v6 if family else peer_v4)(peer) for peer in peers])
    return bytes((6 if family else 4, minute, leechers, seeders)) + addresses + bytes(marks)


def end_record(swarms, peers):
    return struct.pack(">BII", 9, swarms, peers)


# What comes back


def test_everything_comes_back():
    pools = busy_pools()
    restored = pools_of(512)
    restored.advance(7)
    with State() as state:
        line = state.save(pools)
        swarms = len(known(pools))
        assert line == "saved %d swarms and %d peers to %s" % (swarms, pools.peers(), state.path)
        line = state.load(restored)
        assert line.startswith("restored from %s, 0 minutes old: " % state.path), line
        assert line.endswith(": %d swarms and %d peers" % (swarms, pools.peers())), line
    assert known(restored) == known(pools)
    assert restored.completed() == restored.refused == 0


def test_nothing_comes_back_from_nothing():
    with State() as state:
        assert state.save(pools_of(256)).startswith("saved 0 swarms and 0 peers to ")
        assert len(state.read()) == 18 + 9 + 32
        assert ": 0 swarms and 0 peers" in state.load(pools_of(256))


def test_time_that_has_passed_counts():
    pools = busy_pools()
    total = pools.peers()
    for minutes, seconds in ((0, 59), (1, 60), (13, 800), (44, 44 * 60), (45, 45 * 60)):
        restored = pools_of(512)
        with State() as state:
            state.save(pools)
            line = state.load(restored, NOW + seconds)
        expected = known(pools, minutes)
        assert known(restored) == expected, minutes
        swarms, peers = len(known(pools)) - len(expected), total - restored.peers()
        if peers:
            assert line.endswith("; too old: %d swarms and %d peers" % (swarms, peers)), line
        else:
            assert "old: " in line and "too old" not in line, line
        assert ", %d minutes old: " % minutes in line
    assert restored.peers() == 0 and restored.swarms.count > 10


def test_counts_last_for_a_day():
    pools = small_pools()
    for minutes, swarms in ((1439, 2), (1440, 2), (1441, 0), (100000000, 0)):
        restored = pools_of(256)
        with State() as state:
            state.save(pools)
            state.load(restored, NOW + minutes * 60)
        assert restored.swarms.count == swarms, minutes
    pools.advance(pools.minute + 600)
    pools.sweep(pools.swarms.entries())
    restored = pools_of(256)
    with State() as state:
        state.save(pools)
        state.load(restored, NOW + 840 * 60)
        assert [restored.idle_minutes(restored.find(info_hash(2)))] == [1440]
        assert "; too old: 2 swarms" in state.load(pools_of(256), NOW + 841 * 60)


def test_a_clock_that_went_back_makes_nobody_younger():
    pools = busy_pools()
    for seconds in (NOW - 1, 0):
        restored = pools_of(512)
        with State() as state:
            state.save(pools)
            state.load(restored, seconds)
        assert known(restored) == known(pools)


def test_a_completion_that_was_counted_is_not_counted_again():
    restored = pools_of(256)
    with State() as state:
        state.save(small_pools())
        state.load(restored)
    restored.announce(HASH, V4, peer_v4(1), True, True)
    assert restored.downloaded(restored.find(HASH)) == 1
    restored.announce(HASH, V4, peer_v4(2), True, True)
    assert restored.downloaded(restored.find(HASH)) == 2


def test_loading_twice_or_later_changes_nothing():
    pools = busy_pools()
    with State() as state:
        state.save(pools)
        before = known(pools)
        state.load(pools)
        assert known(pools) == before
        pools.advance(101)
        pools.announce(HASH, V4, peer_v4(1), True, True)
        before = known(pools)
        state.load(pools, NOW + 60)
        assert known(pools) == before


def test_the_format_is_the_same_everywhere():
    pools = pools_of(256)
    pools.advance(70)
    name = b"a torrent of 20 byte"
    pools.announce(name, V4, b"\x0a\1\2\3\x1a\xe1", False, False)
    pools.advance(75)
    pools.announce(name, V4, b"\x0a\1\2\4\x1a\xe2", True, True)
    pools.announce(name, V6, b"\x20\1\x0d\xb8" + b"\0" * 11 + b"\1\x1a\xe3", True, False)
    expected = with_checksum(
        b"\1a torrent of 20 byte\0\0\0\1\0\0\1"
        b"\4\x0b\1\1\x0a\1\2\3\x1a\xe1\x0a\1\2\4\x1a\xe2\6\x8b"
        b"\6\x0b\0\1\x20\1\x0d\xb8" + b"\0" * 11 + b"\1\x1a\xe3\x0b"
        b"\x09\0\0\0\1\0\0\0\3",
        b"\x89OTRACK\n\0\1\0\0\0\0\x6b\x49\xd2\0",
    )
    with State() as state:
        state.save(pools)
        assert state.read() == expected


def test_what_the_access_lists_deny_stays_out():
    pools = small_pools()
    restored = pools_of(256)
    with State() as state:
        state.save(pools)
        line = state.load(restored, allows=lambda info_hash: info_hash != HASH)
    expected = known(pools)
    del expected[HASH]
    assert known(restored) == expected
    assert line.endswith(": 2 swarms and 1 peers; denied: 1 swarms"), line


def test_a_smaller_budget_takes_what_fits():
    swarms, peers = 500, 30
    pools = pools_of(640)
    for number in range(swarms * peers):
        assert pools.announce(info_hash(number % swarms), V6, peer_v6(number), True, number < 250)
    with State() as state:
        state.save(pools)
        restored = pools_of(256)
        line = state.load(restored)
    room = restored.peers()
    assert 1000 < room < swarms * peers
    assert ": %d swarms and %d peers; without room: " % (restored.swarms.count, room) in line, line
    assert line.endswith(" and %d peers" % (swarms * peers - room)), line
    for number in range(swarms):
        swarm = restored.find(info_hash(number))
        assert restored.census(swarm)[0] <= peers
        assert restored.downloaded(swarm) == (swarm != 0 and number < 250)


# Files that are no good


def refused(state, data, pools, damage):
    """Checks that a file is refused as a whole, kept aside, and that `damage` is said of it."""
    state.write(data)
    line = state.load(pools)
    assert line.startswith("cannot load the state from %s: it" % state.path), line
    assert line.endswith("; starting without, it is kept as %s.damaged" % state.path), line
    assert damage in line, line
    assert not pools.swarms.count and not pools.peers()
    assert state.read(".damaged") == data and not state.exists()


def test_no_file_is_no_mistake():
    with State() as state:
        pools = pools_of(256)
        line = state.load(pools)
        assert line == "", line
        assert not pools.swarms.count


def test_a_file_that_is_cut_off_anywhere():
    pools = pools_of(256)
    with State() as state:
        state.save(small_pools())
        whole = state.read()
        for size in range(len(whole)):
            refused(state, whole[:size], pools, "it is cut off after %d bytes" % size)
        refused(state, whole + b"\n", pools, "it goes on after its end at byte ")
        state.write(whole)
        state.load(pools)
    assert known(pools) == known(small_pools())


def test_a_large_file_that_is_cut_off():
    pools = pools_of(256)
    with State() as state:
        state.save(busy_pools())
        whole = state.read()
        assert len(whole) > 12000
        for size in range(0, len(whole), 997):
            refused(state, whole[:size], pools, "it is cut off after %d bytes" % size)
        for place in range(0, len(whole), 499):
            changed = bytearray(whole)
            changed[place] ^= 1 << place % 8
            refused(state, bytes(changed), pools, "")


def test_any_byte_that_has_changed():
    pools = pools_of(256)
    numbers = Numbers(3)
    with State() as state:
        state.save(small_pools())
        whole = state.read()
        for place in range(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 1 + numbers.below(255)
            refused(state, bytes(changed), pools, "it")


def test_what_a_right_checksum_does_not_excuse():
    swarm, end = swarm_record(), end_record(1, 1)
    peer = peers_record(V4, 0, 1, 0, [0])
    too_many = peers_record(V4, 0, 140, 7, bytes(147))
    pools = pools_of(256)
    for data, damage in (
        (with_checksum(peer + end), "it has peers of no swarm at byte 18"),
        (with_checksum(swarm + b"\4\0\0\0" + end), "it has a block of 0 peers at byte 46"),
        (with_checksum(swarm + too_many + end), "it has a block of 147 peers at byte 46"),
        (with_checksum(swarm + peer + b"\0" + end), "it has an unknown record at byte 57"),
        (with_checksum(swarm + peer + end_record(1, 2)), "it has other counts than 1 swarms, 1"),
        (with_checksum(swarm + peer + end_record(2, 1)), "it has other counts than 1 swarms, 1"),
        (with_checksum(swarm + peer + end + end), "it goes on after its end at byte 66"),
        (
            with_checksum(end, struct.pack(">8sHQ", b"\x89OTRACK\n", 2, NOW)),
            "it has format 2, not 1",
        ),
        (with_checksum(end, struct.pack(">8sHQ", b"\x89OTRACK\r", 1, NOW)), "it is no state file"),
        (b"\0" * 4000, "it is no state file"),
        (b"#!/bin/sh\necho this is not for you\n", "it is no state file"),
    ):
        with State() as state:
            refused(state, data, pools, damage)


def test_any_records_with_a_right_checksum_do_no_harm():
    numbers = Numbers(17)
    for _ in range(40):
        records, swarms, peers = b"", 1 + numbers.below(6), 0
        for _ in range(swarms):
            downloaded = struct.unpack(">I", numbers.bytes(4))[0]
            name, idle = info_hash(numbers.below(9)), numbers.below(65536)
            records += swarm_record(name, downloaded, idle, numbers.below(256))
            for _ in range(numbers.below(4)):
                family = numbers.below(2)
                count, seeders = 1 + numbers.below(26), numbers.below(26)
                marks = numbers.bytes(count + seeders)
                records += peers_record(family, numbers.below(256), count, seeders, marks)
                peers += count + seeders
        restored = pools_of(256)
        restored.advance(numbers.below(9))
        with State() as state:
            state.write(with_checksum(records + end_record(swarms, peers)))
            line = state.load(restored, NOW + numbers.below(5000))
        assert line.startswith("restored from "), line
        Inventory(restored)
        restored.advance(restored.minute + 45)
        restored.sweep(restored.swarms.entries())
        assert not restored.peers()
        Inventory(restored)


def test_the_largest_block_of_either_family():
    for family, peers in ((V4, 145), (V6, 53)):
        block = peers_record(family, 10, peers - 1, 1, peers * [9])
        restored = pools_of(256)
        with State() as state:
            state.write(with_checksum(swarm_record() + block + end_record(1, peers)))
            state.load(restored)
        assert restored.peers() == peers


def test_a_file_that_cannot_be_read_or_is_none():
    class Broken:
        def readinto(self, view):
            raise OSError(EIO, "Input/output error")

        def close(self):
            pass

    with State() as state:
        state.write(b"")
        reading.open = lambda path, mode: Broken()
        try:
            line = state.load(pools_of(256))
        finally:
            del reading.open
        assert "Input/output error; starting without, it is kept as " in line
        with State() as folder:
            folder.path = "/tmp"
            line = folder.load(pools_of(256))
            folder.path = "/tmp/opentracker-nothing"
    assert line == "cannot load the state from /tmp: it is no regular file; starting without"


# Saving


class Full(System):
    """A disk that has no room after so many writes, or fails at the end."""

    def __init__(self, writes, error=NO_SPACE):
        self._writes = writes
        self._error = error

    def create(self, path):
        if self._writes < 0:
            raise OSError(EACCES, "Permission denied")
        return _FullFile(open(path, "wb"), self)

    def sync(self, file):
        raise OSError(EIO, "Input/output error")

    def spend(self):
        self._writes -= 1
        if self._writes < 0:
            raise OSError(NO_SPACE, "No space left on device")


class _FullFile:
    def __init__(self, file, disk):
        self._file = file
        self._disk = disk

    def write(self, data):
        self._disk.spend()
        return self._file.write(data)

    def close(self):
        self._file.close()


def test_a_save_that_fails_leaves_the_old_file():
    pools = busy_pools()
    with State() as state:
        state.save(small_pools())
        before = state.read()
        for writes, reason in (
            (-1, "Permission denied"),
            (0, "No space left on device"),
            (1, "No space left on device"),
            (3, "No space left on device"),
            (1000, "Input/output error"),
        ):
            line = state.save(pools, system=Full(writes))
            assert line == "cannot save the state to %s: %s; what was saved before stays" % (
                state.path,
                reason,
            )
            assert state.read() == before


def test_a_save_that_is_given_up_leaves_the_old_file():
    pools = busy_pools()
    with State() as state:
        state.save(small_pools())
        before = state.read()
        steps = 0
        while True:
            saving = save(pools, state.path, NOW, System)
            try:
                for _ in range(steps):
                    next(saving)
            except StopIteration:
                break
            if steps:
                assert state.exists(".new")
            saving.close()
            assert not state.exists(".new") and state.read() == before
            steps += 1
        assert steps > 5 and state.read() != before


def test_what_a_save_was_killed_in_is_no_obstacle():
    with State() as state:
        state.write(b"half of it", ".new")
        state.save(small_pools())
        restored = pools_of(256)
        state.load(restored)
    assert known(restored) == known(small_pools())


def test_what_will_keep_it_from_saving_is_said_early():
    with State() as state:
        state.write(b"half of it", ".new")
        try_out(state.path, System)
        assert not state.exists(".new") and not state.exists() and not state.lines
        try_out(state.path, Full(-1))
        assert state.lines == ["the state will not be saved to %s: Permission denied" % state.path]


def test_what_stays_is_saved_while_everything_else_changes():
    """Swarms and peers come and go between the steps, lists become long and short again."""
    for seed in range(3):
        numbers = Numbers(10 + seed)
        pools = pools_of(512)
        stays = {}
        for number in range(120):
            stays[info_hash(number)] = [peer_v4(number)]
            pools.announce(info_hash(number), V4, peer_v4(number), False, False)
        stays[HASH] += [peer_v4(number) for number in range(1000, 1300)]
        for peer in stays[HASH]:
            pools.announce(HASH, V4, peer, False, False)
        crowd = [peer_v4(number) for number in range(2000, 6000)]
        if seed:
            for peer in crowd:
                pools.announce(HASH, V4, peer, True, False)
        with State() as state:
            for step, _ in enumerate(save(pools, state.path, NOW, System)):
                for peer in crowd[step * 200 : (step + 1) * 200]:
                    if seed:
                        pools.stop(HASH, V4, peer)
                    else:
                        pools.announce(HASH, V4, peer, True, False)
                for _ in range(10):
                    number = 200 + numbers.below(400)
                    pools.announce(info_hash(number), V6, peer_v6(number), True, True)
                    number = 200 + numbers.below(400)
                    pools.stop(info_hash(number), V6, peer_v6(number))
                pools.sweep(8)
            restored = pools_of(512)
            state.lines.clear()
            state.load(restored)
        found = known(restored)
        for name, peers in stays.items():
            assert not [peer for peer in peers if peer not in found[name][3]], seed
