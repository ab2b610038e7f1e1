"""All peers of all swarms, in a fixed budget of memory.

`Pools` knows swarms, peers and minutes; it knows no protocol, socket or clock. When the budget is
spent `room` decides who makes room for whom. What can't be stored is refused and counted, never
half stored.
"""

from array import array

from opentracker.pools.arena import Arena
from opentracker.pools.keyed import Keys
from opentracker.pools.ledger import MOST_SLOTS, SWARM_UNITS, UNIT_BYTES, Ledger
from opentracker.pools.peers import ADDED, NO_ROOM, PeerLists
from opentracker.pools.room import Room
from opentracker.pools.swarms import (
    DOWNLOADED,
    PEERS_V4,
    PEERS_V6,
    SWARMS_IN_A_PAGE,
    SwarmTable,
)

V4, V6 = 0, 1

NEW = ADDED

PEER_LIFETIME = 45
SWARM_LIFETIME = 24 * 60

# Marks tell ages of less than 64 minutes apart, so the clock may run at most 64 - 45 minutes ahead
# of the sweep.
_LONGEST_LEAP = 15
_LEAPS_TILL_ALL_IS_OLD = 4 * (_LONGEST_LEAP,) + (SWARM_LIFETIME + 1,)
_NOBODY = bytes(6)  # who starts swarms that come from no peer


class Pools:
    """Peers and swarms in `kib` KiB; times are minutes since any fixed moment."""

    def __init__(self, kib, reserve, native=None):
        """`reserve(bytes)` returns zeroed memory and the same as 32-bit words.

        `native`: the hot paths in machine code (`runtime.native`), if there are any.
        """
        slots = 256
        while slots < kib and slots < MOST_SLOTS:
            slots *= 2
        depth = 2
        while 1 << depth < 4 * kib:
            depth += 1
        self.budget = kib * 1024
        aside = 4 * slots + (2 << depth) * (2 if kib <= 65536 else 4)
        self.arena = Arena(*reserve((self.budget - aside) // 1024 * 1024))
        self.native = native
        self.keys = keys = native.Keys(self.arena.pages) if native else Keys()
        allowance = self.arena.pages * 1024 // 2 // UNIT_BYTES
        self.ledger = Ledger(slots, allowance, keys.hash_group)
        self.swarms = SwarmTable(self.arena, depth, keys.hash_swarm)
        self._v4 = PeerLists(self.arena, self.ledger, 6, PEERS_V4, keys.hash_peer, native)
        self._v6 = PeerLists(self.arena, self.ledger, 18, PEERS_V6, keys.hash_peer, native)
        self.lists = (self._v4, self._v6)
        self.minute = 0
        self.refused = 0
        self.recycled = 0
        self.expired = 0
        self._room = Room(self)
        self._cursor = 0
        self._counts = array("I", bytes(16))
        # Renewals by minutes since the last announce, not yet added to the list; and the last one.
        self.renewed = array("I", bytes(4 * (NEW + 1)))
        self._renewals = [0] * PEER_LIFETIME

    def used_bytes(self):
        """Returns how much of the budget is in use, in bytes."""
        return self.budget - self.arena.free_pages * 1024

    def announce(self, info_hash, family, peer, seeding, completed):
        """Stores or renews `peer` (compact, 6 or 18 bytes). Returns its swarm, or 0: no room."""
        native, swarms = self.native, self.swarms
        if native and not completed:
            memory, state, directory = self.arena.bytes, self.keys.state, swarms.directory
            record = native.renew(
                state, memory, directory, swarms.mask, info_hash, peer, len(peer), seeding,
                self.renewed,
            )  # fmt: skip
            if record:
                return record
        record = self._store(info_hash, family, peer, seeding, completed)
        if not record:
            self.refused += 1
        return record

    def _store(self, info_hash, family, peer, seeding, completed):
        record = self.swarms.find(info_hash)
        if not record:
            self.renewed[NEW] = NEW
            record = self._room.add_swarm(info_hash, peer)
            if record:
                self.lists[family].put(record, peer, seeding, completed)
            return record
        self.swarms.establish(record)
        age = self.lists[family].put(record, peer, seeding, completed)
        if age == NO_ROOM:
            self.renewed[NEW] = NEW
            return self._room.squeeze_in(info_hash, family, peer, seeding, completed)
        self.renewed[NEW] = age
        if age != NEW:
            self.renewed[age] += 1
        return record

    def age(self):
        """Returns how many minutes before the last `announce` its peer had announced, or NEW."""
        return self.renewed[NEW]

    def stop(self, info_hash, family, peer):
        """Removes `peer`. Returns the swarm, or 0 if there is none."""
        record = self.swarms.find(info_hash)
        if record:
            age = self.lists[family].remove(record, peer)
            if age >= 0 and self.swarms.is_empty(record):
                self.swarms.set_emptied(record, self.minute - age)
        return record

    def find(self, info_hash):
        """Returns the swarm of `info_hash`, or 0. It is good until the next change."""
        return self.swarms.find(info_hash)

    def census(self, swarm):
        """Returns (seeders, leechers, IPv4 peers, IPv6 peers) of a swarm, zeros for swarm 0.

        The sequence may be one that the next call writes again.
        """
        if self.native:
            self.native.census(self.arena.bytes, swarm, self._counts)
            return self._counts
        if not swarm:
            return 0, 0, 0, 0
        words = self.arena.words
        seeders = leechers = v4 = 0
        ref = words[swarm + PEERS_V4]
        if ref:
            seeders, leechers = self._v4.census(swarm, ref)
            v4 = seeders + leechers
        ref = words[swarm + PEERS_V6]
        if not ref:
            return seeders, leechers, v4, 0
        seeders_v6, leechers_v6 = self._v6.census(swarm, ref)
        return seeders + seeders_v6, leechers + leechers_v6, v4, seeders_v6 + leechers_v6

    def downloaded(self, swarm):
        """Returns how many completed events the swarm has had, 0 for swarm 0."""
        return self.arena.words[swarm + DOWNLOADED] if swarm else 0

    def sample(self, swarm, family, want, out, at):
        """Writes `want` random compact peers of one family to `out` from `at` on, leechers first.

        `want` is at least 1 and at most what `census` says.
        """
        self.lists[family].sample(swarm, want, out, at)

    def idle_minutes(self, swarm):
        """Returns the minutes since the last announce to a swarm without peers; 0 if it has any."""
        return (
            (self.minute - self.swarms.emptied(swarm)) & 0xFFFF
            if self.swarms.is_empty(swarm)
            else 0
        )

    def blocks_of(self, swarm, family):
        """Returns the offsets in the arena of the blocks (`pools.blocks`) with its peers."""
        return self.lists[family].blocks(swarm)

    # Totals

    def peers(self):
        """Returns the number of all peers."""
        return self._v4.count + self._v6.count

    def seeders(self):
        """Returns how many of all peers are seeders."""
        return self._v4.seeders + self._v6.seeders

    def completed(self):
        """Returns the number of completed events counted since the start."""
        return self._v4.completed + self._v6.completed

    def renewals(self):
        """Returns how many peers have announced again after 0, 1, ... 44 minutes."""
        for age in range(NEW):
            self._renewals[min(age, PEER_LIFETIME - 1)] += self.renewed[age]
            self.renewed[age] = 0
        return self._renewals

    # What others remember: state files, other nodes

    def restore_swarm(self, info_hash, downloaded, idle):
        """Makes sure that a swarm has had `downloaded` completed events at least.

        One without peers is taken for having fallen empty `idle` minutes ago, or later if that is
        known. Returns False if there is no room.
        """
        known = self.swarms.find(info_hash)
        swarm = known or self._room.add_swarm(info_hash, _NOBODY)
        if not swarm:
            return False
        words = self.arena.words
        if words[swarm + DOWNLOADED] < downloaded:
            words[swarm + DOWNLOADED] = min(downloaded, 0xFFFFFFFF)
        if not known or self.swarms.is_empty(swarm) and idle < self.idle_minutes(swarm):
            self.swarms.set_emptied(swarm, self.minute - idle)
        return True

    def restore_peer(self, info_hash, family, peer, seeding, counted, age):
        """Adds a peer that announced `age` (0 to 44) minutes ago; a known one stays as it is.

        `counted`: its completed event has been counted. Returns False if there is no room.
        """
        lists = self.lists[family]
        swarm = self.swarms.find(info_hash)
        if swarm and lists.knows(swarm, peer):
            return True
        swarm = self._store(info_hash, family, peer, seeding, False)
        if swarm:
            lists.backdate(swarm, peer, age, counted)
        return swarm != 0

    def establish(self, info_hash):
        """Makes a swarm that is there an established one."""
        swarm = self.swarms.find(info_hash)
        if swarm:
            self.swarms.establish(swarm)

    # Time

    def advance(self, minute):
        """Sets the time. After a leap, what has expired meanwhile is removed at once."""
        for leap in _LEAPS_TILL_ALL_IS_OLD:
            if minute - self.minute <= leap:
                break
            self._set_minute(self.minute + leap)
            self.sweep(self.swarms.entries())
        self._set_minute(minute)

    def _set_minute(self, minute):
        self.minute = minute
        for lists in self.lists:
            lists.minute = minute & 63
        self.keys.set_minute(minute & 63)
        self.renewals()

    def sweep(self, entries):
        """Removes what has expired from the next `entries` entries of the table."""
        swarms = self.swarms
        while entries:
            entries -= 1
            if self._cursor >= swarms.entries():
                self._cursor = 0
            page = swarms.page_at(self._cursor)
            if page:
                self._sweep_page(page)
                self._merge_if_airy(self._cursor, page)
            self._cursor += 1

    def _sweep_page(self, page):
        for swarm in self.swarms.records(page):
            self.sweep_swarm(swarm)

    def sweep_swarm(self, swarm):
        """Removes what has expired of a swarm, and the swarm if its time is over."""
        gone = 0
        for lists in self.lists:
            gone += lists.expire(swarm, PEER_LIFETIME)
        self.expired += gone
        if self.swarms.is_empty(swarm):
            if gone:
                self.swarms.set_emptied(swarm, self.minute - PEER_LIFETIME)
            idle = (self.minute - self.swarms.emptied(swarm)) & 0xFFFF
            if idle > (SWARM_LIFETIME if self.downloaded(swarm) else 0):
                self.drop(swarm)

    def _merge_if_airy(self, index, page):
        sister = self.swarms.sister_at(index)
        memory = self.arena.bytes
        if sister and memory[page] + memory[sister] <= SWARMS_IN_A_PAGE * 2 // 3:
            # The sister's turn may be yet to come, and this one's is over.
            self._sweep_page(sister)
            self.swarms.merge(index)

    def drop(self, swarm):
        """Removes a swarm and its peers."""
        for lists in self.lists:
            lists.clear(swarm)
        self.ledger.held[self.swarms.owner(swarm)] -= SWARM_UNITS
        self.swarms.remove(swarm)
