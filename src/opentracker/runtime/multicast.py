"""A socket in an IPv4 multicast group, on the sockets of either interpreter."""

from opentracker.runtime import ip_of, shared_datagrams, socket_address

# The same on every Linux.
_IPPROTO_IP = 0
_IP_MULTICAST_IF, _IP_MULTICAST_TTL, _IP_MULTICAST_LOOP, _IP_ADD_MEMBERSHIP = 32, 33, 34, 35

_PACKET_BYTES = 1536
_PACKETS_AT_ONCE = 2


class MulticastSocket:
    """Sends to a group and receives what others send to it, by one interface of this host.

    `group`, `interface`: packed addresses, the latter one that the interface has. Packets go from
    it, and from and to `port`, no further than to its link, and to all sockets in the group on
    this host, its own included.

    Bound to the group's address, it gets nothing that was sent to this host's own.
    """

    def __init__(self, group, port, interface):
        self._to = socket_address(group, port)
        self._interface = interface
        self._membership = group + interface
        self._socket = shared_datagrams(group, port)
        self.fileno = self._socket.fileno
        self.close = self._socket.close
        try:
            self._set(_IP_MULTICAST_TTL, 1)
            self._set(_IP_MULTICAST_LOOP, 1)
            self._join()
        except OSError:
            self.close()
            raise

    def _set(self, option, value):
        self._socket.setsockopt(_IPPROTO_IP, option, value)

    def _join(self):
        self._set(_IP_MULTICAST_IF, self._interface)
        self._set(_IP_ADD_MEMBERSHIP, self._membership)

    def rejoin(self):
        """Joins again if the interface was away and has come back."""
        try:
            self._join()
        except OSError:
            pass  # It is in the group still, or the interface is not there yet.

    def send(self, packet):
        """Sends bytes to the group. Raises OSError."""
        self._socket.sendto(packet, self._to)

    def serve(self, take):
        """Hands a few of the packets that are there to take(packet, size, packed source ip)."""
        for _ in range(_PACKETS_AT_ONCE):
            try:
                packet, sender = self._socket.recvfrom(_PACKET_BYTES)
            except OSError:
                return
            take(packet, len(packet), ip_of(sender))
