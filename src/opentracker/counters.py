"""What has happened since the start, counted where it happens. Nothing here goes back to zero."""

from array import array

from opentracker.errors import STATUS
from opentracker.query import MOST_NUMWANT


class Counters:
    """Plain numbers, one object for all that count and all that read.

    errors    HTTP replies by the constants of `opentracker.errors`
    numwants  HTTP announces by how many peers they were to get, 0 to 200
    """

    def __init__(self):
        self.tcp_accepts = 0
        self.tcp_announces = 0
        self.tcp_scrapes = 0
        self.tcp_full_scrapes = 0
        self.full_scrape_bytes = 0
        self.udp_packets = 0
        self.udp_connects = 0
        self.udp_announces = 0
        self.udp_scrapes = 0
        self.udp_mismatches = 0
        self.sync_records = 0
        self.denied = 0
        self.displaced = 0
        self.errors = [0] * len(STATUS)
        self.numwants = array("I", bytes(4 * (MOST_NUMWANT + 1)))
