"""Lines that name a torrent: an info_hash in 40 hex digits, any case, at the start of the line.

No 41st digit may follow; anything else may, and means nothing, as do empty lines and lines whose
first word starts with `#`.
"""

from binascii import unhexlify

_HEX_DIGITS = b"0123456789abcdefABCDEF"
_DIGITS = 40
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What is kept of the start of a line whose end has not come yet.
_KEPT = 64


class InfoLines:
    """Makes info_hashes of text that comes in pieces. `ignored` counts lines that mean neither."""

    def __init__(self):
        self.comments = 0
        self.ignored = 0
        self.first_ignored = 0  # number of that line, from 1
        self._number = 0
        self._rest = b""

    def take(self, text):
        """Returns the info_hashes of the lines that end within `text` (bytes)."""
        lines = (self._rest + text).split(b"\n")
        self._rest = lines.pop()[:_KEPT]
        found = []
        for line in lines:
            self._number += 1
            info_hash = parse(line)
            if info_hash:
                found.append(info_hash)
                continue
            mark = line.strip()[:1]
            if mark == b"#":
                self.comments += 1
            elif mark:
                self.ignored += 1
                self.first_ignored = self.first_ignored or self._number
        return found

    def start(self, text):
        """Does what `take` does, for what may begin with a byte order mark."""
        return self.take(text[3:] if text.startswith(_BYTE_ORDER_MARK) else text)

    def says_empty(self):
        """Tells whether there was nothing but comments: the mark of a list that is meant so."""
        return self.comments > 0 and not self.ignored

    def end(self):
        """Returns the info_hash of a last line without end, in a list, or an empty list."""
        return self.take(b"\n")


def parse(line):
    """Returns the info_hash (20 bytes) that a line (bytes) names, or None."""
    if len(line) < _DIGITS or len(line) > _DIGITS and line[_DIGITS] in _HEX_DIGITS:
        return None
    try:
        return unhexlify(line[:_DIGITS])
    except ValueError:
        return None
