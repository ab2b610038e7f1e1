"""Live sync takes any bytes from its segment, and what it sends it reads again."""

import struct

from hypothesis import example, given
from hypothesis import strategies as st
from segment import HASH, KEY, Hub, Node, run

from opentracker.livesync import packets
from opentracker.livesync.packets import Outbox, peers

HEADS = st.sampled_from([b"9999" + struct.pack(">I", kind) for kind in range(7)])
ANYTHING = st.binary(max_size=1600) | st.builds(bytes.__add__, HEADS, st.binary(max_size=1500))
RECORDS = st.tuples(
    st.binary(min_size=20, max_size=20),
    st.binary(min_size=6, max_size=6) | st.binary(min_size=18, max_size=18),
    st.integers(0, 255),
)


@given(st.lists(ANYTHING, max_size=8), st.booleans(), st.booleans())
@example([b"9999\0\0\0\3" + HASH + b"\xff" * 12, b"9999\0\0\0\2"], False, False)
def test_any_packets(heard, sealed, v6_records):
    hub = Hub()
    key = KEY if sealed else None
    node = Node(hub, 1, counts_after=1, livesync_key=key, livesync_v6_records=v6_records)
    other = Node(hub, 2, livesync_key=key)
    segment = hub.socket(9)
    run((node, other), 1, 2)
    for packet in heard:
        segment.send(packet)
        other.cluster.link.send(packet)
    run((node, other), 3, 60, 61, 120)


@given(st.lists(RECORDS, min_size=1, max_size=52), st.integers(0, 27))
def test_records_are_read_as_they_are_written(records, rest):
    for width in (6, 18):
        outbox = Outbox(b"9999", width)
        written = [record for record in records if len(record[1]) == width][:36]
        for record in written:
            outbox.add(*record)
        packet = outbox.take()
        read = list(peers(packet + b"\xff" * rest, len(packet) + rest, width))
        mapped = b"\0" * 10 + b"\xff\xff"
        assert read == [
            (info_hash, peer.removeprefix(mapped) if width == 18 else peer, flags)
            for info_hash, peer, flags in written
        ]


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_counts_are_read_as_they_are_written(torrents, minutes, downloaded):
    beacon = packets.beacon(b"9999", torrents)
    assert packets.is_beacon(beacon, len(beacon))
    assert packets.beacon_torrents(beacon) == torrents
    tell = packets.tell(b"9999", [(HASH, minutes, downloaded)])
    [told] = packets.told(tell, len(tell))
    assert told == (HASH, minutes, min(downloaded, 2**32 - 1))
