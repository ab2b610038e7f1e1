"""Long lists of peers: as many whole pages as they need, found through a directory.

Each page is a block (see `blocks`). A peer's page is chosen by the keyed hash of its address; when
there is too little room one page at a time is split in two, in turn (linear hashing), so no
announce pays for the length of the list.

A directory is a block of 32-bit words: leechers, seeders, pages, the size of the level that is
being split (a power of two: pages are between it and twice it), then the offset of each page. It
is referred to by its offset + 1.
"""

from struct import pack_into

from opentracker.pools import blocks
from opentracker.pools.arena import PAGE, put

LEECHERS, SEEDERS, _PAGES, _LEVEL, _FIRST = 0, 1, 2, 3, 4
_MOST_PAGES = PAGE // 4 - _FIRST

# A run costs 0.9 us whatever its length (CPython 3.11 on an EPYC), so there are few.
_FROM_ONE_PAGE = 64
_TRIES = 8


class Directories:
    """The directories of one address family in an arena."""

    def __init__(self, arena, width, keyed_hash):
        """`width`: bytes of a compact address, 6 or 18."""
        self._arena = arena
        self._memory = arena.bytes
        self._words = arena.words
        self._width = width
        self._hash = keyed_hash
        self._page_capacity = blocks.capacity_of(PAGE, width)

    def page_of(self, ref, peer):
        """Returns the page that holds `peer` or has to."""
        words = self._words
        directory = ref >> 2
        keyed = self._hash(peer)
        level = words[directory + _LEVEL]
        page = keyed & (2 * level - 1)
        if page >= words[directory + _PAGES]:
            page &= level - 1
        return words[directory + _FIRST + page]

    def pages(self, ref):
        """Returns the offsets of all pages."""
        first = (ref >> 2) + _FIRST
        return [self._words[first + page] for page in range(self._words[(ref >> 2) + _PAGES])]

    def census(self, ref):
        """Returns (seeders, leechers)."""
        return self._words[(ref >> 2) + SEEDERS], self._words[(ref >> 2) + LEECHERS]

    def count(self, ref, seeders, leechers):
        """Adds to the numbers of seeders and leechers."""
        self._words[(ref >> 2) + SEEDERS] += seeders
        self._words[(ref >> 2) + LEECHERS] += leechers

    def begin(self, page):
        """Returns a directory of one page, or 0 if there is no memory."""
        block = self._arena.take_block(4 * (_FIRST + 2))
        if not block:
            return 0
        words = self._words
        directory = block >> 2
        words[directory + LEECHERS] = self._memory[page]
        words[directory + SEEDERS] = self._memory[page + 1]
        words[directory + _PAGES] = words[directory + _LEVEL] = 1
        words[directory + _FIRST] = page
        return block | 1

    def is_longest(self, ref):
        """Tells whether there can be no more pages."""
        return self._words[(ref >> 2) + _PAGES] == _MOST_PAGES

    def split(self, ref):
        """Splits the page whose turn it is. Returns the new reference, or 0: there is no memory."""
        page = self._arena.take_page()
        if not page:
            return 0
        ref = self._with_room(ref)
        if not ref:
            self._arena.give_page(page)
            return 0
        words = self._words
        directory = ref >> 2
        blocks.create(self._memory, page, PAGE, self._width)
        pages, level = words[directory + _PAGES], words[directory + _LEVEL]
        words[directory + _FIRST + pages] = page
        words[directory + _PAGES] = pages + 1
        if pages + 1 == 2 * level:
            words[directory + _LEVEL] = 2 * level
        self._deal_out(words[directory + _FIRST + pages - level], page, level)
        return ref

    def shrink(self, ref):
        """Joins pages that have become airy. Returns the new reference, or the one page left."""
        words = self._words
        directory = ref >> 2
        while words[directory + _PAGES] > 1 and self._join_last(directory):
            pass
        if words[directory + _PAGES] > 1:
            return ref
        page = words[directory + _FIRST]
        self._arena.give_block(ref - 1)
        return page

    def give(self, ref):
        """Gives back the directory and its pages."""
        for page in self.pages(ref):
            self._arena.give_page(page)
        self._arena.give_block(ref - 1)

    def _with_room(self, ref):
        """Returns the reference of the directory, with room for one more page, or 0."""
        block = ref - 1
        pages = self._words[(ref >> 2) + _PAGES]
        wanted = 4 * (_FIRST + pages + 1)
        if self._arena.block_size(block) >= wanted:
            return ref
        target = self._arena.take_block(wanted)
        if not target:
            return 0
        size = 4 * (_FIRST + pages)
        put(self._memory, target, self._memory[block : block + size])
        self._arena.give_block(block)
        return target | 1

    def _deal_out(self, page, target, bit):
        """Moves the peers of `page` whose hash has `bit` to the empty page `target`.

        Both are written anew from a copy. While a list grows to 3,000 peers, a new one takes 5.4 us
        instead of 8.7 for moving one after the other (CPython 3.11), a third on MicroPython.
        """
        memory, width, keyed_hash = self._memory, self._width, self._hash
        packing = "6s" if width == 6 else "18s"
        leechers = memory[page]
        peers = leechers + memory[page + blocks.SEEDERS]
        dealt = bytes(memory[page : page + PAGE])
        marks = blocks.mark_at(memory, page, width) - page
        kept = moved = kept_leechers = moved_leechers = 0
        at = blocks.ADDRESSES
        for index in range(peers):
            peer = dealt[at : at + width]
            at += width
            if keyed_hash(peer) & bit:
                place, number = target, moved
                moved += 1
                if index < leechers:
                    moved_leechers = moved
            else:
                place, number = page, kept
                kept += 1
                if index < leechers:
                    kept_leechers = kept
            start = place + blocks.ADDRESSES + number * width
            pack_into(packing, memory, start, peer)
            memory[place + marks + number] = dealt[marks + index]
        memory[page], memory[page + blocks.SEEDERS] = kept_leechers, kept - kept_leechers
        memory[target], memory[target + blocks.SEEDERS] = moved_leechers, moved - moved_leechers

    def _join_last(self, directory):
        """Moves the peers of the last page to the one it was split from, if that leaves air."""
        memory, words = self._memory, self._words
        last = words[directory + _PAGES] - 1
        level = words[directory + _LEVEL]
        if last < level:
            level >>= 1
        page = words[directory + _FIRST + last]
        target = words[directory + _FIRST + last - level]
        peers = memory[page] + memory[page + 1]
        if (peers + memory[target] + memory[target + 1]) * 4 > self._page_capacity * 3:
            return False
        for index in range(peers - 1, -1, -1):
            self._carry(page, index, target)
        words[directory + _PAGES] = last
        words[directory + _LEVEL] = level
        self._arena.give_page(page)
        return True

    def _carry(self, page, index, target):
        memory, width = self._memory, self._width
        peer = blocks.address_at(memory, page, width, index)
        mark = memory[blocks.mark_at(memory, page, width) + index]
        seeding = index >= memory[page]
        blocks.delete(memory, page, width, index)
        blocks.insert(memory, target, peer, mark, seeding)
        memory[target + blocks.DUE] = blocks.UNKNOWN


def sample(memory, words, directory, width, want, chance, out, at):
    """Samples a list: from one page if that has enough for a small reply, else from several.

    `directory` is a word index, `chance` a random number of 16 bits that decides all: each next
    one is made from the last, by a factor that leaves the product a small int on 32 bits.
    """
    pages = words[directory + _PAGES]
    is_whole = False
    if want <= _FROM_ONE_PAGE:
        # A page is as likely as it is full, so that every peer is as likely as any other. One with
        # too few is taken as a whole, with some peers of the next.
        first = directory + _FIRST
        for _ in range(_TRIES):
            number = chance * pages >> 16
            page = words[first + number]
            peers = memory[page] + memory[page + 1]
            chance = (chance * 16381 + 13849) & 0xFFFF
            if chance * memory[page + 2] >> 16 < peers:
                chance = (chance * 16381 + 13849) & 0xFFFF
                if want <= peers:
                    blocks.sample(memory, page, width, want, chance, out, at)
                    return
                is_whole = True
                break
            chance = (chance * 16381 + 13849) & 0xFFFF
    # The same share of each of about four neighbouring pages. Leechers are written from the front
    # on, seeders from the back.
    total = unseen = words[directory + LEECHERS] + words[directory + SEEDERS]
    wanted = want
    if not is_whole:
        number = chance * pages >> 16
        chance = (chance * 16381 + 13849) & 0xFFFF
    front, back = at, at + want * width
    while want:
        page = words[directory + _FIRST + number]
        peers = memory[page] + memory[page + 1]
        unseen -= peers
        run = peers if is_whole else peers * wanted * pages // (4 * total) + 1
        is_whole = False
        if run < want - unseen:
            run = want - unseen
        if run > peers:
            run = peers
        if run > want:
            run = want
        want -= run
        begin = chance * peers >> 16
        chance = (chance * 16381 + 13849) & 0xFFFF
        leechers = blocks.window(memory, page, width, begin, run, out, front, back)
        front += leechers * width
        back -= (run - leechers) * width
        number = number + 1 if number + 1 < pages else 0
