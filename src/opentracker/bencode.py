"""Bencoding (BEP 3), as far as a tracker writes it: byte strings, integers, and dictionaries.

A tracker never reads bencoding, and its frequent replies are formatted in one go (see `http`);
this is for the others.
"""


def encode(value):
    """Returns `value` bencoded: int, bytes, or dict of bytes to such values. TypeError otherwise.

    Keys come out sorted as BEP 3 wants them, whatever the order of the dict.
    """
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, dict):
        return b"d" + b"".join([encode(key) + encode(value[key]) for key in sorted(value)]) + b"e"
    raise TypeError("only int, bytes and dict are bencoded here")
