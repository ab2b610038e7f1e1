"""TCP connections to other hosts, and those that may be idle for long, on either interpreter."""

import errno
import socket

from opentracker.runtime import connection_of, socket_address

# The same on every Linux.
_IPPROTO_TCP = 6
_TCP_KEEPIDLE, _TCP_KEEPINTVL, _TCP_KEEPCNT, _TCP_USER_TIMEOUT = 4, 5, 6, 18

_IDLE_SECONDS, _INTERVAL_SECONDS, _PROBES = 60, 20, 6
_UNHEARD_MS = (_IDLE_SECONDS + _INTERVAL_SECONDS * _PROBES) * 1000


def connect(ip, port):
    """Begins to connect; returns the connection, which can be written to when it is there.

    A failure is raised by this, or by the first write, as OSError.
    """
    new = socket.socket(socket.AF_INET if len(ip) == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        new.setblocking(False)
        detect_loss(new)
        new.connect(socket_address(ip, port))
    except OSError as error:
        if error.errno != errno.EINPROGRESS:
            new.close()
            raise
    return connection_of(new)


def detect_loss(connection):
    """Ends a connection, or those of a listener, three minutes after the other host went silent."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(_IPPROTO_TCP, _TCP_KEEPIDLE, _IDLE_SECONDS)
    connection.setsockopt(_IPPROTO_TCP, _TCP_KEEPINTVL, _INTERVAL_SECONDS)
    connection.setsockopt(_IPPROTO_TCP, _TCP_KEEPCNT, _PROBES)
    connection.setsockopt(_IPPROTO_TCP, _TCP_USER_TIMEOUT, _UNHEARD_MS)
