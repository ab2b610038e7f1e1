"""Memory in a fixed budget: pages of 1 KiB, and blocks cut from a page or a run of four.

Everything the tracker remembers of the network lives in one stretch of memory that the garbage
collector never walks. It is handed out as whole pages; a page may be cut into equal blocks of
one size class, and so may a run, which is four pages side by side: blocks of more than half a
page would leave too much of a single one. Pages that fall empty go back to the common pool, so no
class can hoard them, and four that lie in a run are a run again. If there is no run, a page does.

Offsets count bytes from the start of the arena. Its first bytes say for each run what it is, so
page 0 is never handed out, which makes 0 the "nothing" of every reference. The same memory is seen
twice: `bytes` for addresses and texts, `words` (32 bit, native order, index = offset / 4) for
counters and references.

Bytes are written by struct.pack_into. MicroPython has memmove move what follows a slice it assigns
to, though it stays where it is. Some C libraries do so in earnest (musl on x86-64, glibc on ARM):
0.45 ms for each MiB.
"""

from struct import pack_into

PAGE = 1024
PAGE_BITS = 10
RUN_BITS = 12
_RUN = 1 << RUN_BITS

# Sizes are chosen so that blocks of 2, 4, 6, 8, 11, 15, 20, 28, 35, 47 and 71 IPv4 peers
# (4 + 7 n bytes) fill the 1,008 bytes that the 16-byte header of a cut page leaves, and those of
# 96 and 116 the 4,080 bytes of a run. None of a run's blocks may begin where a page does.
BLOCK_SIZES = (20, 32, 48, 60, 84, 112, 144, 200, 252, 336, 504, 680, 816, PAGE)
_WHOLE = len(BLOCK_SIZES) - 1
_FROM_RUNS = _WHOLE - 2
_HEADER = 16

# A cut page or run begins with four words: class and blocks in use, first free block, and its
# neighbours in the list of those of that class that have a block free. So do, with neighbours
# alone, what is in the lists of free pages and of free runs.
_USE, _FREE, _PREVIOUS, _NEXT = 0, 1, 2, 3
_ONE_USED = 256
_FREE_PAGES, _FREE_RUNS = _WHOLE, _WHOLE + 1

# What a run is: cut into blocks, or a bit for each of its pages that was given back.
_ALL_FREE, _CUT = 15, 16


class Arena:
    """Hands out pages and blocks of `memory`, and never more than it has."""

    def __init__(self, memory, words):
        """Takes zeroed `memory` (bytes-like, with find) and `words`, the same as 32-bit words."""
        self.bytes = memory
        self.words = words
        self.pages = len(memory) >> PAGE_BITS
        # A byte for each run makes a page for each 4,096.
        self._untouched = (self.pages + 4095) >> 12
        self.free_pages = self.pages - self._untouched
        self._lists = [0] * (_FREE_RUNS + 1)

    def take_page(self):
        """Returns the offset of a page, or 0 if none is left. Its content is undefined."""
        if not self.free_pages:
            return 0
        self.free_pages -= 1
        page = self._lists[_FREE_PAGES]
        if page:
            self._unlink(page, _FREE_PAGES)
            self.bytes[page >> RUN_BITS] ^= _bit_of(page)
            return page
        run = self._lists[_FREE_RUNS]
        if run:
            self._unlink(run, _FREE_RUNS)
            for page in range(run + PAGE, run + _RUN, PAGE):
                self._link(page, _FREE_PAGES)
            self.bytes[run >> RUN_BITS] = _ALL_FREE ^ _bit_of(run)
            return run
        self._untouched += 1
        return (self._untouched - 1) << PAGE_BITS

    def give_page(self, page):
        """Takes back the page at offset `page`."""
        self.free_pages += 1
        self._link(page, _FREE_PAGES)
        number = page >> RUN_BITS
        self.bytes[number] |= _bit_of(page)
        if self.bytes[number] == _ALL_FREE:
            run = number << RUN_BITS
            for page in range(run, run + _RUN, PAGE):
                self._unlink(page, _FREE_PAGES)
            self._link(run, _FREE_RUNS)

    def take_block(self, size):
        """Returns the offset of a block of at least `size` bytes (1 to 1024), or 0.

        The offset is a multiple of 4; `block_size` tells how large the block is.
        """
        kind = 0
        while BLOCK_SIZES[kind] < size:
            kind += 1
        if kind == _WHOLE:
            return self.take_page()
        piece = self._lists[kind] or self._cut(kind)
        if not piece:
            return self.take_block(BLOCK_SIZES[kind + 1]) if kind >= _FROM_RUNS else 0
        words = self.words
        head = piece >> 2
        block = piece + words[head + _FREE]
        rest = words[block >> 2]
        words[head + _FREE] = rest
        words[head + _USE] += _ONE_USED
        if not rest:
            self._unlink(piece, kind)
        return block

    def give_block(self, block):
        """Takes back the block at offset `block`, and what it was cut from if that falls empty."""
        piece = self._piece_of(block)
        if piece == block:
            self.give_page(block)
            return
        words = self.words
        head = piece >> 2
        kind = words[head + _USE] & 255
        rest = words[head + _FREE]
        words[block >> 2] = rest
        words[head + _FREE] = block - piece
        words[head + _USE] -= _ONE_USED
        if not rest:
            self._link(piece, kind)
        if words[head + _USE] < _ONE_USED:
            self._unlink(piece, kind)
            if kind < _FROM_RUNS:
                self.give_page(piece)
            else:
                self._give_run(piece)

    def block_size(self, block):
        """Returns the size in bytes of the block at offset `block`."""
        piece = self._piece_of(block)
        return PAGE if piece == block else BLOCK_SIZES[self.words[(piece >> 2) + _USE] & 255]

    def _piece_of(self, block):
        """Returns the page or run that a block was cut from, `block` itself if it is a page."""
        number = block >> RUN_BITS
        if self.bytes[number] == _CUT:
            return number << RUN_BITS
        return block >> PAGE_BITS << PAGE_BITS

    def _cut(self, kind):
        """Cuts a page or run into blocks of a class; returns its offset, or 0 if there is none."""
        large = kind >= _FROM_RUNS
        piece = self._take_run() if large else self.take_page()
        if piece:
            words = self.words
            size = BLOCK_SIZES[kind]
            following = 0
            last = _HEADER + ((_RUN if large else PAGE) - _HEADER) // size * size - size
            for offset in range(last, _HEADER - 1, -size):
                words[piece + offset >> 2] = following
                following = offset
            words[(piece >> 2) + _USE] = kind
            words[(piece >> 2) + _FREE] = following
            self._link(piece, kind)
        return piece

    def _take_run(self):
        while not self._lists[_FREE_RUNS] and self._untouched < self.pages:
            self.free_pages -= 1  # it counts already
            self._untouched += 1
            self.give_page((self._untouched - 1) << PAGE_BITS)
        run = self._lists[_FREE_RUNS]
        if run:
            self._unlink(run, _FREE_RUNS)
            self.bytes[run >> RUN_BITS] = _CUT
            self.free_pages -= 4
        return run

    def _give_run(self, run):
        self.bytes[run >> RUN_BITS] = _ALL_FREE
        self._link(run, _FREE_RUNS)
        self.free_pages += 4

    def _link(self, piece, kind):
        words = self.words
        first = self._lists[kind]
        words[(piece >> 2) + _PREVIOUS] = 0
        words[(piece >> 2) + _NEXT] = first
        if first:
            words[(first >> 2) + _PREVIOUS] = piece
        self._lists[kind] = piece

    def _unlink(self, piece, kind):
        words = self.words
        before = words[(piece >> 2) + _PREVIOUS]
        after = words[(piece >> 2) + _NEXT]
        if before:
            words[(before >> 2) + _NEXT] = after
        else:
            self._lists[kind] = after
        if after:
            words[(after >> 2) + _PREVIOUS] = before


def put(memory, at, data):
    """Writes `data` (bytes or bytearray) to `memory` from `at` on."""
    pack_into("%ds" % len(data), memory, at, data)


def _bit_of(page):
    return 1 << (page >> PAGE_BITS & 3)


def size_that_fits(size):
    """Returns the size of the smallest block for `size` bytes (1 to 1024)."""
    for block_size in BLOCK_SIZES:
        if block_size >= size:
            return block_size
    raise ValueError("no block is that large")
