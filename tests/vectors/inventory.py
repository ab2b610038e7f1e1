"""What the memory of an arena and of pools holds, found by walking it, without their counters.

The walk is also a check: AssertionError says which page, block, list or counter is not sound. It
knows the layouts that pools/arena.py, swarms.py, peers.py and blocks.py describe.
"""

import entropy  # noqa: F401

from opentracker.pools import blocks
from opentracker.pools.arena import BLOCK_SIZES, PAGE
from opentracker.pools.ledger import SWARM_UNITS
from opentracker.pools.swarms import RECORD_BYTES, SWARMS_IN_A_PAGE

_HEADER = 16  # of a cut page or run: class and use, first free block, previous and next open one
_RUN = 4 * PAGE
_ALL_FREE, _CUT = 15, 16  # what the table of runs says of one; below 15 a bit for each free page
_FREE_PAGES, _FREE_RUNS = -2, -1  # the last lists of an arena
_KEYS = 4
_RECORDS = _KEYS + 20 * SWARMS_IN_A_PAGE
_INLINE = 2
_WIDTHS = (6, 18)
_UNITS = (1, 3)


class Claims:
    """Who uses which page of an arena: `page` and `block` claim, `close` checks all the others."""

    def __init__(self, arena):
        self.arena = arena
        self.uses = {}
        self._cut = {}
        for page in range(0, (arena.pages + 3) // 4, PAGE):
            self.uses[page] = "runs"

    def page(self, page, use):
        """Claims a whole page for `use`."""
        assert page % PAGE == 0, "page %d lies across pages" % page
        assert 0 < page // PAGE < self.arena.pages, "page %d is none of the arena's" % page
        assert page not in self.uses, "page %d: %s and %s" % (page, self.uses.get(page), use)
        self.uses[page] = use

    def block(self, block, use):
        """Claims a block, as it was handed out by take_block; returns its size."""
        piece, size = self._piece_of(block)
        if piece == block:
            self.page(block, use)
            return PAGE
        if piece not in self._cut:
            for page in range(piece, piece + size, PAGE):
                self.page(page, "cut")
            self._cut[piece] = []
        self._cut[piece].append(block - piece)
        return self._block_size(piece)

    def close(self):
        """Checks that what is not claimed is free, once, and that the arena knows it."""
        self._close_open_pieces()
        for piece in self._cut:
            self._close_cut_piece(piece)
        arena = self.arena
        for page in self._list(_FREE_PAGES):
            self.page(page, "free")
        for run in self._list(_FREE_RUNS):
            for page in range(run, run + _RUN, PAGE):
                self.page(page, "free")
        self._close_runs()
        for number in range(arena._untouched, arena.pages):
            self.page(number * PAGE, "free")
        assert self.count("free") == arena.free_pages
        assert len(self.uses) == arena.pages, "a page is neither used nor free"

    def count(self, use):
        """How many pages are used for `use`."""
        return list(self.uses.values()).count(use)

    def _piece_of(self, block):
        """Offset and size of the page or run that a block was cut from."""
        size = _RUN if self.arena.bytes[block // _RUN] == _CUT else PAGE
        return block // size * size, size

    def _block_size(self, piece):
        return BLOCK_SIZES[self.arena.words[piece // 4] & 255]

    def _list(self, kind):
        """The members of one of the arena's lists, whose neighbours have to know each other."""
        words = self.arena.words
        members, before, piece = [], 0, self.arena._lists[kind]
        while piece:
            assert words[piece // 4 + 2] == before
            members.append(piece)
            assert len(members) < self.arena.pages, "list %d is a ring" % kind
            before, piece = piece, words[piece // 4 + 3]
        return members

    def _is_open(self, piece):
        return self.arena.words[piece // 4 + 1] != 0

    def _free_blocks(self, piece):
        words = self.arena.words
        free = []
        block = words[piece // 4 + 1]
        while block:
            free.append(block)
            assert len(free) <= PAGE // BLOCK_SIZES[0], "page %d: free blocks in a ring" % piece
            block = words[(piece + block) // 4]
        return free

    def _close_cut_piece(self, piece):
        block_size = self._block_size(piece)
        _, size = self._piece_of(piece)
        assert (size == _RUN) == (504 < block_size < PAGE)
        used = self._cut[piece]
        found = sorted(used + self._free_blocks(piece))
        assert found == list(range(_HEADER, size - block_size + 1, block_size)), (piece, found)
        assert self.arena.words[piece // 4] >> 8 == len(used)

    def _close_open_pieces(self):
        opened = []
        for kind in range(len(BLOCK_SIZES) - 1):
            for piece in self._list(kind):
                assert piece in self._cut, "page %d is open and none of its blocks used" % piece
                assert self.arena.words[piece // 4] & 255 == kind
                opened.append(piece)
        assert sorted(opened) == sorted(piece for piece in self._cut if self._is_open(piece))

    def _close_runs(self):
        """Checks the table of runs against what has been found of the pages in each."""
        free_runs = set(self._list(_FREE_RUNS))
        for run in range(0, self.arena._untouched * PAGE, _RUN):
            found = self.arena.bytes[run // _RUN]
            free = sum(1 << bit for bit in range(4) if self.uses.get(run + bit * PAGE) == "free")
            is_cut = run in self._cut and self._piece_of(run)[1] == _RUN
            assert found == (_CUT if is_cut else free), (run, found, free)
            assert (run in free_runs) == (free == _ALL_FREE), "four free pages and no run"
        end = (self.arena._untouched + 3) // 4
        assert not any(self.arena.bytes[end : (self.arena.pages + 3) // 4])


class Swarm:
    """What a record says. `peers` maps each compact peer to (seeding, counted, age in minutes).

    `references` are those of its IPv4 and IPv6 list, `inline` is where its room for one peer is.
    """

    def __init__(self, memory, words, record):
        at = record * 4
        self.emptied = memory[at] | memory[at + 1] << 8
        self.owner = memory[at + 2] | (memory[at + 3] & 0x7F) << 8
        self.established = memory[at + 3] >= 0x80
        self.downloaded = words[record + 1]
        self.references = words[record + 2], words[record + 3]
        self.inline = at + 16
        self.peers = {}


class Inventory:
    """All swarms of `pools`, by info_hash, and the `claims` on its memory."""

    def __init__(self, pools):
        self.claims = Claims(pools.arena)
        self.swarms = {}
        self._pools = pools
        self._memory = pools.arena.bytes
        self._words = pools.arena.words
        self._walk_table()
        self.claims.close()
        self._check_counters()

    def _walk_table(self):
        table = self._pools.swarms
        entries = {}
        for index in range(table.entries()):
            entries.setdefault(table.page_of_entry(index), []).append(index)
        for page, indices in entries.items():
            self.claims.page(page, "table")
            count, depth = self._memory[page], self._memory[page + 1]
            assert count <= SWARMS_IN_A_PAGE
            assert indices == list(range(indices[0], table.entries(), 1 << depth))
            for slot in range(count):
                self._walk_record(page, slot)

    def _walk_record(self, page, slot):
        table = self._pools.swarms
        key = page + _KEYS + 20 * slot
        info_hash = bytes(self._memory[key : key + 20])
        record = (page + _RECORDS + RECORD_BYTES * slot) // 4
        assert info_hash not in self.swarms
        assert table.page_of(info_hash) == page, "a swarm is on a page where none looks for it"
        assert table.find(info_hash) == record
        swarm = self.swarms[info_hash] = Swarm(self._memory, self._words, record)
        assert swarm.references != (_INLINE, _INLINE)
        seeders_v4, leechers_v4 = self._walk_list(swarm, 0)
        seeders_v6, leechers_v6 = self._walk_list(swarm, 1)
        assert tuple(self._pools.census(record)) == (
            seeders_v4 + seeders_v6,
            leechers_v4 + leechers_v6,
            seeders_v4 + leechers_v4,
            seeders_v6 + leechers_v6,
        )

    def _walk_list(self, swarm, family):
        """Walks the list of one family; returns its (seeders, leechers)."""
        width, reference = _WIDTHS[family], swarm.references[family]
        if not reference:
            return 0, 0
        if reference & 1:
            found = self._walk_directory(swarm, family, reference - 1)
        elif reference == _INLINE:
            found = self._walk_block(swarm, width, swarm.inline, RECORD_BYTES - 16)
        else:
            size = self.claims.block(reference, "block")
            found = self._walk_block(swarm, width, reference, size)
        assert sum(found), "an empty list keeps memory"
        return found

    def _walk_directory(self, swarm, family, directory):
        words = self._words
        size = self.claims.block(directory, "directory")
        leechers, seeders, pages, level = [words[directory // 4 + word] for word in range(4)]
        assert 16 + 4 * pages <= size
        assert level & (level - 1) == 0 and level <= pages < 2 * level
        found = [0, 0]
        for number in range(pages):
            page = words[directory // 4 + 4 + number]
            self.claims.page(page, "block")
            seeders_here, leechers_here = self._walk_block(swarm, _WIDTHS[family], page, PAGE)
            for peer in self._peers_in(page, _WIDTHS[family]):
                home = self._pools.lists[family]._home(0, directory | 1, peer)
                assert home == page, "a peer is on a page where none looks for it"
            found[0] += seeders_here
            found[1] += leechers_here
        assert found == [seeders, leechers]
        return tuple(found)

    def _walk_block(self, swarm, width, block, size):
        memory = self._memory
        leechers, seeders = memory[block], memory[block + blocks.SEEDERS]
        capacity = memory[block + blocks.CAPACITY]
        assert leechers + seeders <= capacity
        assert blocks.bytes_for(capacity, width) <= size
        marks = blocks.mark_at(memory, block, width)
        for index, peer in enumerate(self._peers_in(block, width)):
            mark = memory[marks + index]
            assert peer not in swarm.peers, "a peer is stored twice"
            age = (self._pools.minute - mark) & blocks.MINUTE_MASK
            swarm.peers[peer] = index >= leechers, mark >= blocks.COMPLETED, age
        return seeders, leechers

    def _peers_in(self, block, width):
        peers = self._memory[block] + self._memory[block + blocks.SEEDERS]
        return [blocks.address_at(self._memory, block, width, index) for index in range(peers)]

    def _check_counters(self):
        pools = self._pools
        assert pools.swarms.count == len(self.swarms)
        assert pools.used_bytes() == pools.budget - 1024 * self.claims.count("free")
        held = [0] * len(pools.ledger.held)
        counts, seeders = [0, 0], [0, 0]
        for swarm in self.swarms.values():
            held[swarm.owner] += SWARM_UNITS
            for peer, (seeding, _, _) in swarm.peers.items():
                family = _WIDTHS.index(len(peer))
                held[pools.ledger.slot(peer)] += _UNITS[family]
                counts[family] += 1
                seeders[family] += seeding
        assert held == list(pools.ledger.held), "the ledger is not what is stored"
        assert counts == [lists.count for lists in pools.lists]
        assert seeders == [lists.seeders for lists in pools.lists]
