"""Counted completions told to the system log, one line each.

Written to /dev/log here and not by the C library's syslog(), which would have the tracker wait for
a log that is slow: some lines wait here instead, more are lost, and the tracker's own log says so.
The socket is opened at once, since a tracker confined to a directory can't reach /dev/log later.
"""

import errno
import time
from binascii import hexlify

from opentracker import runtime
from opentracker.addresses import format_ip
from opentracker.log import log
from opentracker.oserror import describe

_PATH = "/dev/log"
_MOST_WAITING = 64
_QUIET_SECONDS = 600  # between complaints
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Completions:
    """A watcher of the tracker."""

    def __init__(self, path=_PATH):
        self._path = path
        self._socket = None
        self._waiting = []
        self._quiet_until = 0
        try:
            self._open()
        except OSError as error:
            self._complain(describe(error))

    def announced(self, info_hash, peer, seeding, completed, age, counted, peer_id):
        """Logs the announce if it was counted as a completion."""
        if counted:
            if len(self._waiting) == _MOST_WAITING:
                self._complain("too slow")
                return
            self._waiting.append(message(int(time.time()), info_hash, peer, peer_id))
        self.flush()

    def stopped(self, info_hash, peer, seeding):
        """Stops are not logged."""

    def flush(self):
        """Sends the lines that wait; call it now and then, for what the log could not take yet."""
        while self._waiting:
            was_open = self._socket
            try:
                self._open()
                self._socket.send(self._waiting[0])
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.ENOBUFS):
                    return
                self.close()
                if was_open:
                    continue  # The log may have been restarted: once more on a new socket.
                self._complain(describe(error))
            self._waiting.pop(0)

    def close(self):
        """Closes the socket."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def _open(self):
        if not self._socket:
            self._socket = runtime.unix_datagrams(self._path)

    def _complain(self, why):
        now = runtime.seconds()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET_SECONDS
            log("%s: %s; completions are missing in the system log" % (self._path, why))


def message(now, info_hash, peer, peer_id):
    """Returns what the C library would send for LOG_USER and LOG_INFO (RFC 3164).

    now: seconds of the wall clock. peer: compact. peer_id: 20 bytes, or b"" if it is not known.
    """
    local, utc = time.localtime(now), time.gmtime(now)
    return b"<14>%s opentracker: time=%s event=completed info_hash=%s peer_id=%s ip=%s" % (
        ("%s %2d %02d:%02d:%02d" % ((_MONTHS[local[1] - 1],) + tuple(local[2:6]))).encode(),
        ("%04d-%02d-%02dT%02d:%02d:%02d+0000" % tuple(utc[:6])).encode(),
        hexlify(info_hash).upper(),
        hexlify(peer_id).upper(),
        format_ip(peer[:-2]).encode(),
    )
