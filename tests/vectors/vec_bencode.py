"""Bencoding: the three kinds that a tracker writes, and nothing else."""

from opentracker.bencode import encode


def test_byte_strings():
    for value, encoded in (
        (b"", b"0:"),
        (b"spam", b"4:spam"),
        (b"4:spam", b"6:4:spam"),
        (b"\0\xff\n", b"3:\0\xff\n"),
        (b"x" * 1000, b"1000:" + b"x" * 1000),
    ):
        assert encode(value) == encoded


def test_integers():
    for value, encoded in (
        (0, b"i0e"),
        (7, b"i7e"),
        (-7, b"i-7e"),
        (0xFFFFFFFF, b"i4294967295e"),
        (10**25, b"i10000000000000000000000000e"),
    ):
        assert encode(value) == encoded


def test_dictionaries():
    for value, encoded in (
        ({}, b"de"),
        ({b"": b""}, b"d0:0:e"),
        ({b"retry in": 5, b"failure reason": b"no"}, b"d14:failure reason2:no8:retry ini5ee"),
        ({b"files": {b"\xff" * 20: {b"complete": 1}}}, b"d5:filesd20:%bd8:completei1eeee"),
    ):
        assert encode(value) == encoded.replace(b"%b", b"\xff" * 20)


def test_keys_are_sorted_as_raw_bytes():
    keys = (b"b", b"a", b"Z", b"\xff", b"aa", b"", b"~", b"0", b"B")
    in_order = (b"", b"0", b"B", b"Z", b"a", b"aa", b"b", b"~", b"\xff")
    expected = b"d" + b"".join([b"%d:%si1e" % (len(key), key) for key in in_order]) + b"e"
    assert encode(dict.fromkeys(keys, 1)) == expected
    assert encode(dict.fromkeys(reversed(keys), 1)) == expected


def test_nothing_else_is_bencoded():
    for value in (None, "text", 1.5, [1], (b"a",), {b"a": None}, {b"a": {b"b": "c"}}):
        try:
            encoded = encode(value)
        except TypeError:
            continue
        raise AssertionError("%r gives %r" % (value, encoded))
