"""Compile translations: LuCI's catalogues (.lmo) of gettext's source files (.po).

usage: lmo.py INPUT.po OUTPUT.lmo

A catalogue is all big-endian: the translations, each filled up to 4 bytes; an index of four words
for each, ordered by the hash of what is translated: hash, number of forms, place, length; and where
the index starts. The hash is Paul Hsieh's SuperFastHash. Plural forms and contexts, which this
project's pages do not have, are refused.
"""

import ast
import struct
import sys

_MASK = 0xFFFFFFFF


class BadTranslation(Exception):
    """A line of a .po file that is not understood."""


def super_fast_hash(data):
    """The hash of bytes, which starts with their number."""
    value = len(data)
    whole = len(data) & ~3
    for low, high in struct.iter_unpack("<HH", data[:whole]):
        value = (value + low) & _MASK
        value = (value << 16 ^ high << 11 ^ value) & _MASK
        value = (value + (value >> 11)) & _MASK
    value = _with_rest(value, data[whole:])
    for left, right in ((3, 5), (4, 17), (25, 6)):
        value ^= value << left & _MASK
        value = (value + (value >> right)) & _MASK
    return value


def _with_rest(value, rest):
    """Takes in the last bytes, fewer than four; a byte that stands alone counts as signed."""
    if not rest:
        return value
    last = struct.unpack("b", rest[-1:])[0]
    left, right = {1: (10, 1), 2: (11, 17), 3: (16, 11)}[len(rest)]
    value += last if len(rest) == 1 else struct.unpack_from("<H", rest)[0]
    value = (value ^ value << left) & _MASK
    if len(rest) == 3:
        value ^= last << 18 & _MASK
    return (value + (value >> right)) & _MASK


def parse(text):
    """{message: translation} of the text of a .po file, those without translation left out."""
    messages = {}
    fields = {}
    current = None
    for number, line in enumerate([*text.splitlines(), 'msgid ""'], 1):
        word, _, quoted = line.partition(" ")
        if word == "msgid" and "msgstr" in fields:
            messages[fields["msgid"]] = fields["msgstr"]
            fields = {}
        if word in ("msgid", "msgstr"):
            current = word
            fields[current] = ""
        elif line.startswith('"'):
            quoted = line
        elif not line or line.startswith("#"):
            continue
        else:
            raise BadTranslation("line %d: %s is not understood" % (number, word))
        fields[current] += ast.literal_eval(quoted)
    return {message: text for message, text in messages.items() if message and text}


def compiled(messages):
    """The bytes of a catalogue."""
    texts = b""
    index = []
    for message, translation in messages.items():
        key, text = " ".join(message.split()).encode(), translation.encode()
        index.append((super_fast_hash(key), 1, len(texts), len(text)))
        texts += text + bytes(-len(text) % 4)
    entries = b"".join(struct.pack(">4L", *entry) for entry in sorted(index))
    return texts + entries + struct.pack(">L", len(texts))


def main(source, target):
    with open(source, encoding="utf-8") as file:
        text = file.read()
    try:
        data = compiled(parse(text))
    except BadTranslation as error:
        return "%s: %s" % (source, error)
    with open(target, "wb") as file:
        file.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
