"""Numbers and sizes of the state file's format, which the package describes."""

from opentracker.pools.arena import PAGE

MAGIC = b"\x89OTRACK\n"
FORMAT = 1

HEADER, HEADER_BYTES = ">8sHQ", 18
SWARM, SWARM_RECORD, SWARM_BYTES = 1, ">B20sIHB", 28
PEERS, PEERS_BYTES = (4, 6), 4  # by family; the bytes before the addresses
END, END_RECORD, END_BYTES = 9, ">BII", 9
DIGEST_BYTES = 32

WIDTHS = (6, 18)
ESTABLISHED = 1  # a flag of a swarm

LARGEST_RECORD = PEERS_BYTES + PAGE
BUFFER_BYTES = 4 * PAGE
