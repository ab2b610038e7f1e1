"""Memory in a fixed budget: pages of 1 KiB, and smaller blocks cut from them.

Everything the tracker remembers of the network lives in one stretch of memory that the garbage
collector never walks. It is handed out as whole pages; a page may be cut into equal blocks of
one size class. Pages that fall empty go back to the common pool, so no class can hoard them.

Offsets count bytes from the start of the arena. Page 0 is never handed out, which makes 0 the
"nothing" of every reference. The same memory is seen twice: `bytes` for addresses and texts,
`words` (32 bit, native order, index = offset / 4) for counters and references.
"""

PAGE = 1024
PAGE_BITS = 10

# Sizes are chosen so that blocks of 2, 4, 6, 8, 11, 15, 20, 28, 35, 47 and 71 IPv4 peers
# (4 + 7 n bytes) fill the 1,008 bytes that the 16-byte header of a cut page leaves.
BLOCK_SIZES = (20, 32, 48, 60, 84, 112, 144, 200, 252, 336, 504, PAGE)
_WHOLE = len(BLOCK_SIZES) - 1
_HEADER = 16

# A cut page begins with four words: class and blocks in use, first free block, and its
# neighbours in the list of pages of that class that have a block free.
_USE, _FREE, _PREVIOUS, _NEXT = 0, 1, 2, 3
_ONE_USED = 256


class Arena:
    """Hands out pages and blocks of `memory`, and never more than it has."""

    def __init__(self, memory, words):
        """Takes `memory` (bytes-like, with find) and `words`, the same memory as 32-bit words."""
        self.bytes = memory
        self.words = words
        self.pages = len(memory) >> PAGE_BITS
        self.free_pages = self.pages - 1
        self._untouched = 1
        self._returned = 0
        self._open_pages = [0] * _WHOLE

    def take_page(self):
        """Returns the offset of a page, or 0 if none is left. Its content is undefined."""
        if not self.free_pages:
            return 0
        self.free_pages -= 1
        page = self._returned
        if page:
            self._returned = self.words[page >> 2]
            return page
        page = self._untouched << PAGE_BITS
        self._untouched += 1
        return page

    def give_page(self, page):
        """Takes back the page at offset `page`."""
        self.words[page >> 2] = self._returned
        self._returned = page
        self.free_pages += 1

    def take_block(self, size):
        """Returns the offset of a block of at least `size` bytes (1 to 1024), or 0.

        The offset is a multiple of 4.
        """
        kind = 0
        while BLOCK_SIZES[kind] < size:
            kind += 1
        if kind == _WHOLE:
            return self.take_page()
        page = self._open_pages[kind] or self._cut_page(kind)
        if not page:
            return 0
        words = self.words
        head = page >> 2
        block = page + words[head + _FREE]
        rest = words[block >> 2]
        words[head + _FREE] = rest
        words[head + _USE] += _ONE_USED
        if not rest:
            self._unlink(page, kind)
        return block

    def give_block(self, block):
        """Takes back the block at offset `block`, and its page if that falls empty."""
        page = block >> PAGE_BITS << PAGE_BITS
        if page == block:
            self.give_page(page)
            return
        words = self.words
        head = page >> 2
        kind = words[head + _USE] & 255
        rest = words[head + _FREE]
        words[block >> 2] = rest
        words[head + _FREE] = block - page
        words[head + _USE] -= _ONE_USED
        if not rest:
            self._link(page, kind)
        if words[head + _USE] < _ONE_USED:
            self._unlink(page, kind)
            self.give_page(page)

    def block_size(self, block):
        """Returns the size in bytes of the block at offset `block`."""
        page = block >> PAGE_BITS << PAGE_BITS
        return PAGE if page == block else BLOCK_SIZES[self.words[(page >> 2) + _USE] & 255]

    def _cut_page(self, kind):
        page = self.take_page()
        if page:
            words = self.words
            size = BLOCK_SIZES[kind]
            following = 0
            last = _HEADER + (PAGE - _HEADER) // size * size - size
            for offset in range(last, _HEADER - 1, -size):
                words[page + offset >> 2] = following
                following = offset
            words[(page >> 2) + _USE] = kind
            words[(page >> 2) + _FREE] = following
            self._link(page, kind)
        return page

    def _link(self, page, kind):
        words = self.words
        first = self._open_pages[kind]
        words[(page >> 2) + _PREVIOUS] = 0
        words[(page >> 2) + _NEXT] = first
        if first:
            words[(first >> 2) + _PREVIOUS] = page
        self._open_pages[kind] = page

    def _unlink(self, page, kind):
        words = self.words
        before = words[(page >> 2) + _PREVIOUS]
        after = words[(page >> 2) + _NEXT]
        if before:
            words[(before >> 2) + _NEXT] = after
        else:
            self._open_pages[kind] = after
        if after:
            words[(after >> 2) + _PREVIOUS] = before


def size_that_fits(size):
    """Returns the block size that a request of `size` bytes (1 to 1024) is served with."""
    for block_size in BLOCK_SIZES:
        if block_size >= size:
            return block_size
    raise ValueError("no block is that large")
