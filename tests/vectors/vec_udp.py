"""The UDP codec (BEP 15): which packets are answered, the bytes of each reply, connection ids."""

import entropy  # noqa: F401

from opentracker import udp
from opentracker.udp import ConnectionIds, action_of

MAGIC = b"\x00\x00\x04\x17\x27\x10\x19\x80"
SOME_ID = b"\x81\x82\x83\x84\x85\x86\x87\x88"
TRANSACTION = b"\xfe\xdc\xba\x98"
HASH = b"abcdefghijklmnopqrst"


def packet(head, action, rest=b""):
    return head + action.to_bytes(4, "big") + TRANSACTION + rest


def announce(left=b"\0" * 8, event=0, numwant=50, port=6881):
    """An announce of 98 bytes; what a tracker has no use for is 0xEE."""
    numbers = event.to_bytes(4, "big") + b"\xee" * 8 + numwant.to_bytes(4, "big")
    rest = HASH + b"\xee" * 28 + left + b"\xee" * 8 + numbers + port.to_bytes(2, "big")
    return packet(SOME_ID, 1, rest)


def in_a_buffer(raw):
    """The packet in a buffer that held a longer one before."""
    return bytearray(raw + b"\xff" * (2048 - len(raw)))


# Requests


def test_actions():
    for raw, action in (
        (packet(MAGIC, 0), udp.CONNECT),
        (packet(MAGIC, 0, b"and more"), udp.CONNECT),
        (announce(), udp.ANNOUNCE),
        (announce() + b"BEP 41 options", udp.ANNOUNCE),
        (packet(SOME_ID, 2), udp.SCRAPE),
        (packet(SOME_ID, 2, HASH), udp.SCRAPE),
        (packet(SOME_ID, 2, HASH * 75), udp.SCRAPE),
        (packet(MAGIC, 2, HASH), udp.SCRAPE),
    ):
        assert action_of(raw, len(raw)) == action == action_of(in_a_buffer(raw), len(raw)), raw


def test_silence():
    short = b"", b"\0", packet(MAGIC, 0)[:15], packet(SOME_ID, 2)[:15], announce()[:97]
    wrong_magic = SOME_ID, b"\0" * 8, MAGIC[:7] + b"\x81", b"\1" + MAGIC[1:], MAGIC[4:] + MAGIC[:4]
    other_actions = 3, 4, 255, 256, 257, 0x00010001, 0x01000001, 0x01000002, 0xFFFFFFFF
    silent = list(short) + [packet(head, 0) for head in wrong_magic]
    silent += [
        packet(head, action, HASH * 5) for action in other_actions for head in (MAGIC, SOME_ID)
    ]
    for raw in silent:
        assert action_of(in_a_buffer(raw), len(raw)) == udp.ERROR, raw


def test_read_announce():
    for left, event, numwant, port in (
        (b"\0" * 8, 0, 0, 0),
        (b"\0\0\0\0\0\0\0\1", 1, 50, 6881),
        (b"\1\0\0\0\0\0\0\0", 2, 0xFFFFFFFF, 65535),
        (b"\xff" * 8, 3, 0x80000000, 256),
        (b"\0\0\0\1\0\0\0\0", 0xFFFFFFFF, 1, 1),
    ):
        raw = announce(left, event, numwant, port)
        read = left, event, numwant, port.to_bytes(2, "big")
        expected = (SOME_ID, udp.ANNOUNCE, TRANSACTION, HASH) + read
        assert len(raw) == udp.ANNOUNCE_BYTES == 98
        assert tuple(udp.read_announce(raw)) == expected
        assert tuple(udp.read_announce(in_a_buffer(raw))) == expected
        assert (udp.read_announce(raw)[4] == udp.NONE_LEFT) == (left == b"\0" * 8)


def test_sizes():
    assert udp.MOST_REQUEST_BYTES == 16 + 75 * 20
    assert max(20 + 200 * 6, 20 + 66 * 18, 8 + 75 * 12) <= udp.MOST_REPLY_BYTES


# Replies


def written(write, *arguments):
    """The reply of a function that returns its size, and leaves what is behind as it was."""
    reply = bytearray(b"\xee" * 2048)
    size = write(reply, *arguments)
    assert len(reply) == 2048 and reply[size:] == b"\xee" * (2048 - size)
    return bytes(reply[:size])


def test_connect_reply():
    request = in_a_buffer(packet(MAGIC, 0))
    assert written(udp.write_connect, request, SOME_ID) == b"\0\0\0\0" + TRANSACTION + SOME_ID


def test_announce_reply():
    reply = bytearray(b"\xee" * 32)
    udp.write_announce(reply, TRANSACTION, 1703, 0x01020304, 0xFFFFFFFF)
    assert reply == (
        b"\0\0\0\1" + TRANSACTION + b"\0\0\6\xa7\1\2\3\4\xff\xff\xff\xff" + b"\xee" * 12
    )


def test_scrape_reply():
    reply = bytearray(b"\xee" * 44)
    udp.start_scrape(reply, in_a_buffer(packet(SOME_ID, 2, HASH * 2)))
    udp.write_scrape(reply, 0, 1, 2, 3)
    udp.write_scrape(reply, 1, 0x01020304, 0xFFFFFFFF, 0)
    swarms = b"\0\0\0\1\0\0\0\2\0\0\0\3" + b"\1\2\3\4\xff\xff\xff\xff\0\0\0\0"
    assert reply == b"\0\0\0\2" + TRANSACTION + swarms + b"\xee" * 12


def test_error_reply():
    request = in_a_buffer(packet(SOME_ID, 1))
    for text in (b"", b"x", b"no room"):
        assert written(udp.write_error, request, text) == b"\0\0\0\3" + TRANSACTION + text
    wrong_id = written(udp.write_error, request, udp.WRONG_CONNECTION_ID)
    assert wrong_id == b"\0\0\0\3" + TRANSACTION + b"Connection ID missmatch.\0"
    assert len(wrong_id) == 33


# Connection ids

ADDRESSES = (b"\x0a\0\0\1", b"\x0a\0\0\2", b"\x8a\0\0\1", b"\0" * 4, b"\0" * 16, b"\xff" * 16)
ADDRESSES += (b"\x20\x01\x0d\xb8" + b"\0" * 12, b"\0" * 10 + b"\xff\xff\x0a\0\0\1")


def test_ids_are_8_bytes_and_stay_the_same_for_a_period():
    ids = ConnectionIds()
    for address in ADDRESSES:
        made = ids.make(address)
        assert len(made) == 8
        assert ids.make(address) == made
        assert ids.is_valid(address, made) and ids.is_valid(address, bytearray(made))
        assert ids.make(address) == made


def test_ids_are_bound_to_the_address():
    ids = ConnectionIds()
    made = [ids.make(address) for address in ADDRESSES]
    assert len(set(made)) == len(ADDRESSES)
    for index, address in enumerate(ADDRESSES):
        for other, given in enumerate(made):
            assert ids.is_valid(address, given) == (index == other)


def test_ids_of_two_trackers_differ():
    ours, theirs = ConnectionIds(), ConnectionIds()
    for address in ADDRESSES:
        assert ours.make(address) != theirs.make(address)
        assert not ours.is_valid(address, theirs.make(address))


def test_guesses_are_not_valid():
    for turns in (0, 1, 2):
        ids = ConnectionIds()
        for _ in range(turns):
            ids.turn()
        made = ids.make(ADDRESSES[0])
        guesses = [b"\0" * 8, b"\xff" * 8, MAGIC, b"", made[:7], made + b"\0"]
        for bit in range(64):
            flipped = bytearray(made)
            flipped[bit // 8] ^= 1 << bit % 8
            guesses.append(bytes(flipped))
        for guess in guesses:
            assert not ids.is_valid(ADDRESSES[0], guess)
            assert not ids.is_valid(b"\x7f\0\0\1", guess)


def test_ids_are_valid_in_their_period_and_the_next():
    """Whether or not the address asks again meanwhile, and in any period."""
    for asks_again in (False, True):
        ids = ConnectionIds()
        for _ in range(4):
            made = [ids.make(address) for address in ADDRESSES]
            for period in range(4):
                for address, given in zip(ADDRESSES, made):
                    assert ids.is_valid(address, given) == (period < 2)
                    if asks_again and period:
                        assert ids.make(address) != given
                ids.turn()


def test_more_addresses_than_are_remembered():
    ids = ConnectionIds()
    addresses = [b"\x0a" + number.to_bytes(3, "big") for number in range(700)]
    made = [ids.make(address) for address in addresses]
    assert len(set(made)) == len(made)
    for valid in (True, True, False):
        for address, given in zip(addresses, made):
            assert ids.is_valid(address, given) == valid
        ids.turn()
