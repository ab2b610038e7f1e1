"""The pools against a plain dict, under random announces, stops and time, with room and without."""

from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from inventory import Inventory
from makers import Replaced, info_hash, peer_v4, peer_v6, pools_of, scattered

from opentracker.pools import PEER_LIFETIME, SWARM_LIFETIME, V4, V6, keyed

SECRETS = st.integers(0, 0xFFFFFFFF)
SWARMS = st.integers(0, 7)
FAMILIES = st.sampled_from([V4, V6])
# Mostly few peers at a time, sometimes enough for a part of a run, a page, or a directory of pages.
COUNTS = st.one_of(
    st.integers(1, 4), st.integers(1, 60), st.integers(20, 130), st.integers(100, 250)
)
STARTS = st.one_of(st.integers(0, 3), st.integers(0, 300))
MINUTES = st.one_of(st.integers(1, 15), st.just(44), st.just(45), st.integers(1, 4000))
LONGEST_LEAP = 15  # minutes that the clock may run ahead of the sweep
MAKERS = {V4: peer_v4, V6: peer_v6}


def pools_with(secret, kib):
    """Pools whose secrets are not the system's, so that a failure can be repeated."""
    with Replaced(keyed, "urandom", Random(secret).randbytes):
        return pools_of(kib)


def sweep(pools):
    pools.sweep(pools.swarms.entries())


class Swarm:
    """What the model knows of a swarm: its peers as [seeding, counted, minute of last announce]."""

    def __init__(self, minute):
        self.peers = {}
        self.downloaded = 0
        self.emptied = minute

    def drop(self, peer):
        self.emptied = max(self.emptied, self.peers.pop(peer)[2])

    def announce(self, peer, seeding, completed, minute):
        known = self.peers.setdefault(peer, [seeding, False, minute])
        known[0], known[2] = seeding, minute
        if seeding and completed and not known[1]:
            known[1] = True
            self.downloaded += 1

    def age(self, minute, found):
        """Drops what has expired; tells whether the swarm is still remembered.

        A leap of the clock may be taken for the time when it fell empty, so there is a quarter of
        an hour in which it is either: `found` says which.
        """
        for peer in [each for each in self.peers if minute - self.peers[each][2] >= PEER_LIFETIME]:
            self.drop(peer)
        idle = minute - self.emptied
        if self.peers or idle <= (SWARM_LIFETIME if self.downloaded else 0):
            return True
        return bool(self.downloaded) and idle <= SWARM_LIFETIME + LONGEST_LEAP and found


class RoomyPools(RuleBasedStateMachine):
    """With more memory than is needed, the pools know exactly what the model knows."""

    kib = 512

    @initialize(secret=SECRETS)
    def start(self, secret):
        self.pools = pools_with(secret, self.kib)
        self.swarms = {}

    @rule(
        number=SWARMS,
        family=FAMILIES,
        start=STARTS,
        count=COUNTS,
        seeding=st.booleans(),
        completed=st.booleans(),
    )
    def announce(self, number, family, start, count, seeding, completed):
        swarm = self.swarms.setdefault(info_hash(number), Swarm(self.pools.minute))
        for each in range(start, start + count):
            peer = MAKERS[family](each)
            assert self.pools.announce(info_hash(number), family, peer, seeding, completed)
            swarm.announce(peer, seeding, completed, self.pools.minute)

    @rule(number=SWARMS, family=FAMILIES, start=STARTS, count=COUNTS)
    def stop(self, number, family, start, count):
        swarm = self.swarms.get(info_hash(number))
        for each in range(start, start + count):
            peer = MAKERS[family](each)
            found = self.pools.stop(info_hash(number), family, peer)
            assert (found != 0) == (swarm is not None)
            if swarm and peer in swarm.peers:
                swarm.emptied = 0
                swarm.drop(peer)

    @rule(minutes=MINUTES)
    def wait(self, minutes):
        self.pools.advance(self.pools.minute + minutes)
        sweep(self.pools)
        self.swarms = {
            key: swarm
            for key, swarm in self.swarms.items()
            if swarm.age(self.pools.minute, self.pools.find(key) != 0)
        }

    @rule(number=SWARMS, family=FAMILIES, want=st.integers(1, 200))
    def sample(self, number, family, want):
        swarm = self.swarms.get(info_hash(number))
        width = 18 if family == V6 else 6
        members = [peer for peer in swarm.peers if len(peer) == width] if swarm else []
        want = min(want, len(members))
        if not want:
            return
        out = bytearray(width * want)
        self.pools.sample(self.pools.find(info_hash(number)), family, want, out, 0)
        found = [bytes(out[at : at + width]) for at in range(0, len(out), width)]
        assert len(set(found)) == want and set(found) <= set(members)
        seeding = [swarm.peers[peer][0] for peer in found]
        assert seeding == sorted(seeding)

    @invariant()
    def agrees(self):
        inventory = Inventory(self.pools)
        assert set(inventory.swarms) == set(self.swarms)
        for key, swarm in self.swarms.items():
            found = inventory.swarms[key]
            assert found.downloaded == swarm.downloaded
            minute = self.pools.minute
            assert found.peers == {
                peer: (seeding, counted, minute - announced)
                for peer, (seeding, counted, announced) in swarm.peers.items()
            }
        assert self.pools.refused == self.pools.recycled == 0

    def teardown(self):
        self.pools.advance(self.pools.minute + SWARM_LIFETIME + 1)
        for _ in range(3):
            sweep(self.pools)
        inventory = Inventory(self.pools)
        assert not inventory.swarms and not any(self.pools.ledger.held)
        used = self.pools.arena.pages - 1 - inventory.claims.count("free")
        assert used == inventory.claims.count("table")


class TightPools(RuleBasedStateMachine):
    """With too little memory they forget what they may, and are sound and honest all the time."""

    kib = 24

    @initialize(secret=SECRETS)
    def start(self, secret):
        self.pools = pools_with(secret, self.kib)
        self.last = {}  # the minute of the last announce that was taken, by (info_hash, peer)
        self.taken = self.asked = self.swept = 0

    def tell(self, key, peer, seeding=False, completed=False):
        family = V4 if len(peer) == 6 else V6
        self.asked += 1
        if self.pools.announce(key, family, peer, seeding, completed):
            self.taken += 1
            self.last[key, peer] = self.pools.minute

    @rule(
        number=SWARMS,
        family=FAMILIES,
        start=st.integers(0, 2000),
        count=st.integers(1, 250),
        seeding=st.booleans(),
    )
    def join(self, number, family, start, count, seeding):
        for each in range(start, start + count):
            self.tell(info_hash(number), MAKERS[family](each), seeding, each % 3 == 0)

    @rule(start=st.integers(100, 3000), count=st.integers(1, 300), family=FAMILIES)
    def flood_from_many(self, start, count, family):
        for each in range(start, start + count):
            self.tell(info_hash(each), MAKERS[family](each))

    @rule(
        start=st.integers(100, 3000),
        count=st.integers(1, 300),
        family=FAMILIES,
        culprit=st.integers(0, 3),
    )
    def flood_from_one(self, start, count, family, culprit):
        for each in range(start, start + count):
            self.tell(info_hash(each), MAKERS[family](culprit, 1 + scattered(each) % 65535))

    @rule(number=SWARMS, culprit=st.integers(0, 3), count=st.integers(1, 250), family=FAMILIES)
    def join_from_one(self, number, culprit, count, family):
        for each in range(count):
            self.tell(info_hash(number), MAKERS[family](culprit, 1 + scattered(each) % 65535))

    @precondition(lambda self: self.last)
    @rule(place=st.integers(0, 999), count=st.integers(1, 50))
    def stop(self, place, count):
        known = list(self.last)
        first = place * len(known) // 1000
        for key, peer in known[first : first + count]:
            self.pools.stop(key, V4 if len(peer) == 6 else V6, peer)
            del self.last[key, peer]

    @rule(minutes=st.integers(1, LONGEST_LEAP))
    def wait(self, minutes):
        if self.pools.minute + minutes - self.swept > LONGEST_LEAP:
            self.sweep()
        self.pools.advance(self.pools.minute + minutes)

    def sweep(self):
        sweep(self.pools)
        self.swept = self.pools.minute

    @rule(minutes=MINUTES)
    def wait_and_sweep(self, minutes):
        self.sweep()
        self.pools.advance(self.pools.minute + minutes)
        self.sweep()
        minute = self.pools.minute
        for key, swarm in Inventory(self.pools).swarms.items():
            for peer in swarm.peers:
                assert minute - self.last[key, peer] < PEER_LIFETIME

    @invariant()
    def is_sound(self):
        pools = self.pools
        for key, swarm in Inventory(pools).swarms.items():
            for peer, (_, _, age) in swarm.peers.items():
                assert age == (pools.minute - self.last[key, peer]) % 64
        assert pools.used_bytes() <= pools.budget
        assert pools.refused == self.asked - self.taken
        assert max(pools.ledger.held) <= pools.ledger.allowance


LIMITS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


@pytest.mark.parametrize(
    "machine, examples, steps", [(RoomyPools, 80, 25), (TightPools, 80, 25)], ids=["roomy", "tight"]
)
def test_pools_are_what_the_model_says(machine, examples, steps):
    test = machine.TestCase
    test.settings = settings(max_examples=examples, stateful_step_count=steps, **LIMITS)
    test("runTest").runTest()
