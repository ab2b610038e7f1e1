"""Who makes room for whom when the budget of memory is spent.

* What has expired goes first.
* A swarm is *established* once a second peer joins or any peer announces again. It keeps its
  peers, and while a stranger (a swarm of one that announced once) is left, there is room for more.
* A stranger takes the place of another only if that one's address group holds clearly more than
  its own, or is its own. So whoever floods the tracker with random info_hashes displaces itself.
* Strangers leave an eighth of the pages to established swarms.
* No address group holds more than half of the budget; beyond, its peers replace its own.
"""

from random import getrandbits

from opentracker.pools.ledger import SWARM_UNITS
from opentracker.pools.peers import NO_ROOM
from opentracker.pools.swarms import ESTABLISHED, SWARMS_IN_A_PAGE

_RECLAIM_TRIES = 24


class Room:
    """Finds room in the memory of a Pools."""

    def __init__(self, pools):
        self._pools = pools
        self._arena = pools.arena
        self._ledger = pools.ledger
        self._swarms = pools.swarms
        self._reserved_pages = pools.arena.pages // 8

    def add_swarm(self, info_hash, peer):
        """Returns a new swarm that the address group of `peer` pays for, or 0."""
        slot = self._ledger.slot(peer)
        held = self._ledger.held
        overdrawn = not self._ledger.allows(peer, SWARM_UNITS + 3)
        page = self._page_with_room(info_hash, overdrawn)
        if overdrawn or self._swarms.is_full(page):
            recycled = self._recycle(page, slot, overdrawn)
            if not recycled or not self._ledger.allows(peer, SWARM_UNITS + 3):
                return 0
        record = self._swarms.add(info_hash, page)
        self._swarms.set_owner(record, slot)
        held[slot] += SWARM_UNITS
        return record

    def _page_with_room(self, info_hash, overdrawn):
        """Splits pages until that of `info_hash` has room, as far as strangers may."""
        swarms = self._swarms
        page = swarms.page_of(info_hash)
        while swarms.is_full(page) and not overdrawn:
            if self._arena.free_pages <= self._reserved_pages or not swarms.split(page, info_hash):
                break
            page = swarms.page_of(info_hash)
        return page

    def _recycle(self, page, slot, own_only):
        """Removes a swarm from `page` that one of the address group `slot` may displace."""
        if self._expire_strangers(page) and not own_only:
            return True
        memory = self._arena.bytes
        held = self._ledger.held
        most = held[slot] + 2 * SWARM_UNITS
        victim = 0
        for swarm in self._swarms.records(page):
            at = (swarm << 2) + 2
            flags = memory[at + 1]
            if flags & ESTABLISHED and not self._swarms.is_empty(swarm):
                continue
            owner = memory[at] | (flags & ~ESTABLISHED) << 8
            if owner == slot:
                victim = victim or swarm
            elif not own_only and (held[owner] >= most or flags & ESTABLISHED):
                victim, most = swarm, max(most, held[owner])
        if victim:
            self._pools.drop(victim)
            self._pools.recycled += 1
        return victim != 0

    def _expire_strangers(self, page):
        """Removes what has expired of a page's strangers, at most once a minute."""
        if not self._swarms.is_due(page, self._pools.minute):
            return False
        for swarm in self._swarms.records(page):
            if not self._swarms.is_protected(swarm):
                self._pools.sweep_swarm(swarm)
        return not self._swarms.is_full(page)

    def squeeze_in(self, info_hash, family, peer, seeding, completed):
        """Stores a peer of an established swarm when memory or its group's allowance is spent.

        Returns the swarm, or 0.
        """
        lists = self._pools.lists[family]
        if self._ledger.allows(peer, 3) and self._reclaim_page():
            record = self._swarms.find(info_hash)
            if lists.put(record, peer, seeding, completed) != NO_ROOM:
                return record
        record = self._swarms.find(info_hash)
        if lists.replace(record, peer, seeding, completed) != NO_ROOM:
            return record
        return 0

    def _reclaim_page(self):
        """Gives back a page by merging two, of which strangers have to go. Swarms may move."""
        swarms = self._swarms
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
        return sum(1 for swarm in self._swarms.records(page) if self._swarms.is_protected(swarm))

    def _drop_strangers(self, page):
        for swarm in self._swarms.records(page):
            if not self._swarms.is_protected(swarm):
                self._pools.drop(swarm)
                self._pools.recycled += 1
