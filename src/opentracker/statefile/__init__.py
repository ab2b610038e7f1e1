"""The state file: all swarms and peers, for the next start.

Numbers are big-endian, so that any machine reads what another has written:

    0   8    MAGIC
    8   u16  FORMAT
    10  u64  when it was written, in seconds since 1970
    18       records, each beginning with its kind
    -32      the SHA-256 of everything before

    SWARM  u8 kind, info_hash, u32 downloaded, u16 minutes since the last announce if nobody is
           left, u8 flags
    PEERS  u8 kind (for IPv4 or IPv6), u8 the minute (modulo 64) of the writing, u8 leechers,
           u8 seeders, then addresses and marks of as many peers of the swarm before, as in a block
           of `pools.blocks`: a mark holds the minute of the last announce, so the two tell the age
    END    u8 kind, u32 number of swarms, u32 number of peers

A peer that is moved in memory while the file is written may be in it twice.
"""

from opentracker.statefile.reading import load
from opentracker.statefile.writing import save, try_out

__all__ = ["load", "save", "try_out"]
