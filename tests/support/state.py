"""State files, read and written without the tracker's own code."""

import hashlib
import struct

HEADER = struct.Struct(">8sHQ")
SWARM = struct.Struct(">B20sIHB")
PEERS = struct.Struct(">4B")
END = struct.Struct(">BII")
MAGIC = b"\x89OTRACK\n"
WIDTHS = {4: 6, 6: 18}


def read_state(path):
    """(seconds since 1970, {info_hash: (downloaded, idle, flags, {peer: ...})}) of a sound file.

    What is known of a compact peer is (seeding, counted, minutes since its last announce).
    """
    data = path.read_bytes()
    body, digest = data[:-32], data[-32:]
    assert hashlib.sha256(body).digest() == digest
    magic, version, written = HEADER.unpack_from(body)
    assert (magic, version) == (MAGIC, 1)
    swarms, peers, at = {}, 0, HEADER.size
    while body[at] != 9:
        if body[at] == 1:
            _, info_hash, *numbers = SWARM.unpack_from(body, at)
            assert info_hash not in swarms
            swarms[info_hash] = (*numbers, {})
            at += SWARM.size
        else:
            kind, minute, leechers, seeders = PEERS.unpack_from(body, at)
            at += PEERS.size
            count, width = leechers + seeders, WIDTHS[kind]
            marks = at + count * width
            for index in range(count):
                peer = body[at + index * width : at + (index + 1) * width]
                mark = body[marks + index]
                age = (minute - mark) % 64
                swarms[info_hash][-1][peer] = index >= leechers, mark >= 128, age
            at = marks + count
            peers += count
    assert END.unpack_from(body, at) == (9, len(swarms), peers)
    assert at + END.size == len(body)
    return written, swarms


def with_digest(body):
    """A file of everything but its checksum."""
    return body + hashlib.sha256(body).digest()


def make_older(path, minutes):
    """Have a sound file look as if it had been written so many minutes earlier."""
    body = path.read_bytes()[:-32]
    written = HEADER.unpack_from(body)[2] - 60 * minutes
    path.write_bytes(with_digest(HEADER.pack(MAGIC, 1, written) + body[HEADER.size :]))


def state_of_many(swarms, written):
    """A file of so many swarms of one seeder each, all downloaded once."""
    parts = [HEADER.pack(MAGIC, 1, written)]
    for number in range(swarms):
        info_hash = hashlib.sha1(b"%d" % number).digest()
        parts.append(SWARM.pack(1, info_hash, 1, 0, 1))
        parts.append(PEERS.pack(4, 0, 0, 1) + info_hash[:4] + b"\x1a\xe1" + b"\0")
    return with_digest(b"".join(parts) + END.pack(9, swarms, swarms))
