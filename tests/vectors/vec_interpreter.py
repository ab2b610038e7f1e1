"""What the tracker takes for granted of every interpreter, beyond the language itself."""

import struct


def raises(kind, function, *arguments):
    try:
        function(*arguments)
    except kind:
        return True
    return False


def test_find_is_bounded():
    record = b"..aaaaaabbbbbb"
    assert record.find(b"bbbbbb", 2) == 8
    assert record.find(b"bbbbbb", 2, 13) == -1
    assert bytearray(record).find(b"bbbbbb", 2, 14) == 8


def test_memoryview_slices_are_views():
    arena = bytearray(16)
    view = memoryview(arena)
    view[4:8] = b"abcd"
    view[8:12] = view[4:8]
    assert arena == b"\0\0\0\0abcdabcd\0\0\0\0"
    assert view[4:8] == b"abcd"
    assert bytes(view[6:10]) == b"cdab"


def test_overlapping_copy_within_a_buffer():
    arena = bytearray(b"0123456789")
    view = memoryview(arena)
    view[0:8] = view[2:10]
    assert arena == b"2345678989"


def test_struct_at_offsets_of_a_buffer():
    arena = bytearray(8)
    struct.pack_into(">HI", arena, 1, 0x0102, 0x03040506)
    assert arena == b"\0\1\2\3\4\5\6\0"
    assert struct.unpack_from(">HI", arena, 1) == (0x0102, 0x03040506)


def test_bytes_formatting():
    assert b"%d:%s" % (3, b"\xff\0a") == b"3:\xff\0a"


def test_integers_beyond_a_machine_word():
    value = int.from_bytes(b"\xff" * 8, "big")
    assert value == 0xFFFFFFFFFFFFFFFF
    assert (value & 0xFFFFFFFF).to_bytes(4, "big") == b"\xff\xff\xff\xff"


def test_bytes_of_any_value_are_keys():
    table = {b"\0" * 20: 1, b"\xff" * 20: 2}
    assert table[bytes(bytearray(b"\xff" * 20))] == 2
    assert raises(TypeError, lambda: table[bytearray(20)])


def test_short_input_raises_and_does_not_read_on():
    assert raises(Exception, struct.unpack_from, ">I", b"\0\0\0")
    assert raises(IndexError, lambda: b""[0])
