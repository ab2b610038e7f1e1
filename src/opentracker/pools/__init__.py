"""All peers of all swarms, in a fixed budget of memory.

`Pools` knows swarms, peers and minutes; it knows no protocol, socket or clock. What it does when
the budget is spent:

* What has expired goes first.
* A swarm is *established* once a second peer joins or any peer announces again. It keeps its
  peers, and while a stranger (a swarm of one that announced once) is left, there is room for more.
* A stranger takes the place of another only if that one's address group holds clearly more than
  its own, or is its own. So whoever floods the tracker with random info_hashes displaces itself.
* Strangers leave an eighth of the pages to established swarms.
* No address group holds more than half of the budget; beyond, its peers replace its own.

What can't be stored is refused and counted, never half stored.
"""

from array import array
from random import getrandbits

from opentracker.pools.arena import Arena
from opentracker.pools.keyed import Keys
from opentracker.pools.ledger import MOST_SLOTS, SWARM_UNITS, UNIT_BYTES, Ledger
from opentracker.pools.peers import NO_ROOM, PeerLists
from opentracker.pools.swarms import (
    DOWNLOADED,
    ESTABLISHED,
    FLAGS_BYTE,
    PEERS_V4,
    PEERS_V6,
    SWARMS_IN_A_PAGE,
    SwarmTable,
)

V4, V6 = 0, 1

PEER_LIFETIME = 45
SWARM_LIFETIME = 24 * 60
SMALLEST_BUDGET = 256

# Marks tell ages of less than 64 minutes apart, so the clock may run at most 64 - 45 minutes ahead
# of the sweep.
_LONGEST_LEAP = 15
_LEAPS_TILL_ALL_IS_OLD = 4 * (_LONGEST_LEAP,) + (SWARM_LIFETIME + 1,)
_RECLAIM_TRIES = 24


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
        self.ledger = Ledger(slots, self.arena.pages * 1024 // 2 // UNIT_BYTES)
        self._native = native if kib <= 65536 else None
        self._keys = keys = self._native.Keys() if self._native else Keys()
        native = self._native
        self.swarms = SwarmTable(self.arena, depth, keys.hash_swarm)
        self._v4 = PeerLists(self.arena, self.ledger, 6, PEERS_V4, keys.hash_peer, native)
        self._v6 = PeerLists(self.arena, self.ledger, 18, PEERS_V6, keys.hash_peer, native)
        self.lists = (self._v4, self._v6)
        self.minute = 0
        self.refused = 0
        self.recycled = 0
        self.expired = 0
        self._reserved_pages = self.arena.pages // 8
        self._cursor = 0
        self._counts = array("I", bytes(16))

    def used_bytes(self):
        """Returns how much of the budget is in use, in bytes."""
        return self.budget - self.arena.free_pages * 1024

    def announce(self, info_hash, family, peer, seeding, completed):
        """Stores or renews `peer` (compact, 6 or 18 bytes). Returns its swarm, or 0: no room."""
        native, swarms = self._native, self.swarms
        if native and not completed:
            memory, state, directory = self.arena.bytes, self._keys.state, swarms.directory
            record = native.renew(
                state, memory, directory, swarms.mask, info_hash, peer, len(peer), seeding
            )
            if record:
                return record
        record = self.swarms.find(info_hash)
        if not record:
            return self._start_swarm(info_hash, family, peer, seeding, completed)
        self.arena.bytes[(record << 2) + FLAGS_BYTE] |= ESTABLISHED
        if self.lists[family].put(record, peer, seeding, completed) == NO_ROOM:
            return self._squeeze_in(info_hash, family, peer, seeding, completed)
        return record

    def stop(self, info_hash, family, peer):
        """Removes `peer`. Returns the swarm, or 0 if there is none."""
        record = self.swarms.find(info_hash)
        if record:
            age = self.lists[family].remove(record, peer)
            if age >= 0 and self._is_empty(record):
                self._set_emptied(record, self.minute - age)
        return record

    def find(self, info_hash):
        """Returns the swarm of `info_hash`, or 0. It is good until the next change."""
        return self.swarms.find(info_hash)

    def census(self, swarm):
        """Returns (seeders, leechers, IPv4 peers, IPv6 peers) of a swarm, zeros for swarm 0.

        The sequence may be one that the next call writes again.
        """
        if self._native:
            self._native.census(self.arena.bytes, swarm, self._counts)
            return self._counts
        if not swarm:
            return 0, 0, 0, 0
        words = self.arena.words
        seeders = leechers = v4 = v6 = 0
        ref = words[swarm + PEERS_V4]
        if ref:
            seeders, leechers = self._v4.census(swarm, ref)
            v4 = seeders + leechers
        ref = words[swarm + PEERS_V6]
        if ref:
            seeders_v6, leechers_v6 = self._v6.census(swarm, ref)
            v6 = seeders_v6 + leechers_v6
            seeders += seeders_v6
            leechers += leechers_v6
        return seeders, leechers, v4, v6

    def downloaded(self, swarm):
        """Returns how many completed events the swarm has had, 0 for swarm 0."""
        return self.arena.words[swarm + DOWNLOADED] if swarm else 0

    def sample(self, swarm, family, want, out, at):
        """Writes `want` random compact peers of one family to `out` from `at` on, leechers first.

        `want` is at least 1 and at most what `census` says.
        """
        self.lists[family].sample(swarm, want, out, at)

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
        self._keys.set_minute(minute & 63)

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
            self._sweep_swarm(swarm)

    def _sweep_swarm(self, swarm):
        gone = 0
        for lists in self.lists:
            gone += lists.expire(swarm, PEER_LIFETIME)
        self.expired += gone
        if self._is_empty(swarm):
            if gone:
                self._set_emptied(swarm, self.minute - PEER_LIFETIME)
            idle = (self.minute - self._emptied(swarm)) & 0xFFFF
            if idle > (SWARM_LIFETIME if self.downloaded(swarm) else 0):
                self._drop(swarm)

    def _merge_if_airy(self, index, page):
        sister = self.swarms.sister_at(index)
        memory = self.arena.bytes
        if sister and memory[page] + memory[sister] <= SWARMS_IN_A_PAGE * 2 // 3:
            # The sister's turn may be yet to come, and this one's is over.
            self._sweep_page(sister)
            self.swarms.merge(index)

    # Room

    def _start_swarm(self, info_hash, family, peer, seeding, completed):
        lists = self.lists[family]
        slot = self.ledger.slot(peer)
        held = self.ledger.held
        overdrawn = not self.ledger.allows(peer, SWARM_UNITS + 3)
        page = self._page_with_room(info_hash, overdrawn)
        if overdrawn or self.swarms.is_full(page):
            recycled = self._recycle(page, slot, overdrawn)
            if not recycled or not self.ledger.allows(peer, SWARM_UNITS + 3):
                self.refused += 1
                return 0
        record = self.swarms.add(info_hash, page)
        self._set_owner(record, slot)
        held[slot] += SWARM_UNITS
        lists.put(record, peer, seeding, completed)
        return record

    def _page_with_room(self, info_hash, overdrawn):
        """Splits pages until that of `info_hash` has room, as far as strangers may."""
        swarms = self.swarms
        page = swarms.page_of(info_hash)
        while swarms.is_full(page) and not overdrawn:
            if self.arena.free_pages <= self._reserved_pages or not swarms.split(page, info_hash):
                break
            page = swarms.page_of(info_hash)
        return page

    def _recycle(self, page, slot, own_only):
        """Removes a swarm from `page` that one of the address group `slot` may displace."""
        if self._expire_strangers(page) and not own_only:
            return True
        memory = self.arena.bytes
        held = self.ledger.held
        most = held[slot] + 2 * SWARM_UNITS
        victim = 0
        for swarm in self.swarms.records(page):
            at = (swarm << 2) + 2
            flags = memory[at + 1]
            if flags & ESTABLISHED and not self._is_empty(swarm):
                continue
            owner = memory[at] | (flags & ~ESTABLISHED) << 8
            if owner == slot:
                victim = victim or swarm
            elif not own_only and (held[owner] >= most or flags & ESTABLISHED):
                victim, most = swarm, max(most, held[owner])
        if victim:
            self._drop(victim)
            self.recycled += 1
        return victim != 0

    def _expire_strangers(self, page):
        """Removes what has expired of a page's strangers, at most once a minute."""
        if not self.swarms.is_due(page, self.minute):
            return False
        for swarm in self.swarms.records(page):
            if not self._is_protected(swarm):
                self._sweep_swarm(swarm)
        return not self.swarms.is_full(page)

    def _squeeze_in(self, info_hash, family, peer, seeding, completed):
        """Stores a peer of an established swarm when memory or its group's allowance is spent."""
        lists = self.lists[family]
        if self.ledger.allows(peer, 3) and self._reclaim_page():
            record = self.swarms.find(info_hash)
            if lists.put(record, peer, seeding, completed) != NO_ROOM:
                return record
        record = self.swarms.find(info_hash)
        if lists.replace(record, peer, seeding, completed) != NO_ROOM:
            return record
        self.refused += 1
        return 0

    def _reclaim_page(self):
        """Gives back a page by merging two, of which strangers have to go. Swarms may move."""
        swarms = self.swarms
        entries = swarms.entries()
        for _ in range(_RECLAIM_TRIES):
            index = getrandbits(24) % entries
            sister = swarms.sister_at(index)
            if not sister:
                continue
            page = swarms.page_of_entry(index)
            kept = self._protected_in(page) + self._protected_in(sister)
            if kept <= SWARMS_IN_A_PAGE:
                self._drop_strangers(page)
                self._drop_strangers(sister)
                return swarms.merge(index)
        return False

    def _protected_in(self, page):
        return sum(1 for swarm in self.swarms.records(page) if self._is_protected(swarm))

    def _drop_strangers(self, page):
        for swarm in self.swarms.records(page):
            if not self._is_protected(swarm):
                self._drop(swarm)
                self.recycled += 1

    def _drop(self, swarm):
        for lists in self.lists:
            lists.clear(swarm)
        self.ledger.held[self._owner(swarm)] -= SWARM_UNITS
        self.swarms.remove(swarm)

    # Fields of a record

    def _is_empty(self, swarm):
        words = self.arena.words
        return not words[swarm + PEERS_V4] and not words[swarm + PEERS_V6]

    def _is_protected(self, swarm):
        flags = self.arena.bytes[(swarm << 2) + FLAGS_BYTE]
        return flags & ESTABLISHED and not self._is_empty(swarm)

    def _owner(self, swarm):
        at = (swarm << 2) + 2
        return self.arena.bytes[at] | (self.arena.bytes[at + 1] & ~ESTABLISHED) << 8

    def _set_owner(self, swarm, slot):
        at = (swarm << 2) + 2
        self.arena.bytes[at] = slot & 255
        self.arena.bytes[at + 1] = slot >> 8

    def _emptied(self, swarm):
        at = swarm << 2
        return self.arena.bytes[at] | self.arena.bytes[at + 1] << 8

    def _set_emptied(self, swarm, minute):
        at = swarm << 2
        self.arena.bytes[at] = minute & 255
        self.arena.bytes[at + 1] = minute >> 8 & 255
