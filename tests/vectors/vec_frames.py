"""The stream between bridges: frames made by hand, and what is no frame."""

from opentracker.livesync.frames import (
    READS_V6,
    RECORD_V4,
    RECORD_V6,
    BadStream,
    FrameReader,
    frames_of,
    hello,
)

REST = b"bcdefghijklmnopqrst"
OTHER = b"BCDEFGHIJKLMNOPQRST"
HASH = b"a" + REST
PEER = b"\x7f\0\0\1\x1a\xe1\x80"
STOPPED = b"\x7f\0\0\2\x1a\xe1\x20"
PEER_V6 = b"\x20\1\x0d\xb8" + bytes(11) + b"\1\x1a\xe1\x40"

SINGLE = b"\1a\0\1" + REST + PEER
DOUBLE = b"\2a\0\1" + REST + PEER + STOPPED
COUNTED = b"\0a\0\2" + REST + b"\2" + PEER + STOPPED + OTHER + b"\1" + PEER
COUNTED_V6 = b"\x80a\0\1" + REST + b"\1" + PEER_V6


def read(*pieces):
    reader = FrameReader()
    return [record for piece in pieces for record in reader.records(piece)]


def is_bad(stream):
    try:
        read(stream)
    except BadStream as error:
        return str(error)
    return None


def test_each_type_is_read():
    assert read(SINGLE) == [(HASH, PEER)]
    assert read(DOUBLE) == [(HASH, PEER), (HASH, STOPPED)]
    assert read(COUNTED) == [(HASH, PEER), (HASH, STOPPED), (b"a" + OTHER, PEER)]
    assert read(SINGLE + DOUBLE + COUNTED) == read(SINGLE) + read(DOUBLE) + read(COUNTED)


def test_pieces_of_any_size_are_read():
    stream = SINGLE + b"\2a\0\0" + DOUBLE + COUNTED + hello(READS_V6) + COUNTED_V6
    whole = read(stream)
    assert len(whole) == 7
    for size in range(1, 30):
        assert read(*[stream[at : at + size] for at in range(0, len(stream), size)]) == whole


def test_empty_frames_are_read_as_nothing():
    """The C proxy sends a frame of type 2 without torrents behind each frame of type 1 alone."""
    assert read(b"\1a\0\0") == []
    assert read(SINGLE + b"\2a\0\0" + DOUBLE) == read(SINGLE + DOUBLE)


def test_numbers_of_peers_are_little_endian_digits():
    for number, digits in ((1, b"\1"), (127, b"\x7f"), (128, b"\x80\1"), (300, b"\xac\2")):
        stream = b"\0a\0\1" + REST + digits + PEER * number
        assert read(stream) == [(HASH, PEER)] * number
        assert frames_of(97, [(REST, PEER)] * number) == (stream, b"")
    assert read(b"\0a\0\1" + REST + b"\0" + SINGLE) == [(HASH, PEER)], "a torrent without peers"


def test_what_is_no_frame():
    for kind in (3, 16, 127, 128, 129, 255):
        assert is_bad(bytes((kind, 97, 0, 1))) == "frame of unknown type %d" % kind
    assert is_bad(b"\0a\0\1" + REST + b"\xff\xff\xff") is None
    assert is_bad(b"\0a\0\1" + REST + b"\xff\xff\xff\xff") == "a number of peers without an end"
    assert is_bad(hello(0) + COUNTED_V6) == "frame of unknown type 128"


def test_a_hello_says_what_a_side_knows():
    assert hello(READS_V6) == b"\0\1\0\0"
    reader = FrameReader()
    assert reader.abilities is None
    assert list(reader.records(SINGLE + b"\1a\0\0" + b"\2a\0\0")) == [(HASH, PEER)]
    assert reader.abilities is None, "empty frames of other types are no hello"
    assert list(reader.records(hello(READS_V6 | 0x40) + COUNTED_V6)) == [(HASH, PEER_V6)]
    assert reader.abilities == READS_V6 | 0x40


def test_frames_are_written_by_torrent_in_order():
    records = [(REST, PEER), (REST, STOPPED)]
    assert frames_of(97, records) == (b"\0a\0\1" + REST + b"\2" + PEER + STOPPED, b"")
    mixed = [(REST, PEER), (OTHER, PEER), (REST, PEER_V6), (REST, STOPPED)]
    v4, v6 = frames_of(97, mixed)
    assert v6 == COUNTED_V6
    assert v4[:4] == b"\0a\0\2"
    assert sorted(read(v4)) == sorted(
        [(b"a" + rest, record) for rest, record in mixed[:2] + mixed[3:]]
    )
    assert [record for info_hash, record in read(v4) if info_hash == HASH] == [PEER, STOPPED]
    assert frames_of(97, []) == (b"", b"")


def test_many_torrents():
    rests = [bytes(17) + bytes((number >> 8, number & 255)) for number in range(300)]
    v4, _ = frames_of(0, [(rest, PEER) for rest in rests])
    assert v4[:4] == b"\0\0\1\x2c"
    assert len(v4) == 4 + 300 * (19 + 1 + RECORD_V4)
    assert sorted(read(v4)) == [(b"\0" + rest, PEER) for rest in rests]


def test_little_is_kept_between_pieces():
    reader = FrameReader()
    for stream in (b"\0a\0\1" + REST + b"\xff\xff\xff", hello(READS_V6) + COUNTED_V6[:-1]):
        assert list(reader.records(stream)) == []
        assert len(reader._unread) < 24
        reader = FrameReader()
    assert RECORD_V6 - 1 < 24
