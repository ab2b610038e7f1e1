"""A serial line: a port of this computer, or any URL that pyserial knows."""

import errno
import os
import re
import time

from trouble import Trouble

POLL = 0.05

MISSING = (
    "the serial line needs pyserial: run scripts/tools, or install Debian's python3-serial,"
    " or run pip install pyserial"
)


class Line:
    """Bytes to and from the console."""

    def __init__(self, url, baud):
        try:
            import serial
        except ImportError:
            raise Trouble(MISSING) from None
        self.url = url
        self.baud = baud
        self._errors = (serial.SerialException, OSError)
        try:
            self._port = serial.serial_for_url(
                url, baudrate=baud, timeout=POLL, write_timeout=30, exclusive=True
            )
        except ValueError as error:
            raise Trouble("%s at %d baud: %s" % (url, baud, error)) from None
        except self._errors as error:
            raise Trouble(_why_not_open(url, error)) from None

    def close(self):
        try:
            self._port.close()
        except self._errors:
            pass

    def write(self, data):
        try:
            self._port.write(data)
        except self._errors as error:
            self._lost(error)

    def read(self):
        """What has come in; waits a little for it if there is nothing."""
        try:
            data = self._port.read(1)
            waiting = self._port.in_waiting if data else 0
            while waiting:
                more = self._port.read(waiting)
                data += more
                waiting = self._port.in_waiting if more and len(data) < 4096 else 0
            return data
        except self._errors as error:
            self._lost(error)

    def read_until_quiet(self, quiet=0.4, limit=3.0, first=None):
        """What comes in until nothing came for `quiet` seconds, at most for `limit` seconds.

        The first byte may take `first` seconds.
        """
        data = b""
        end = time.monotonic() + limit
        silent = time.monotonic() + (first or quiet)
        while time.monotonic() < min(end, silent):
            more = self.read()
            if more:
                data += more
                silent = time.monotonic() + quiet
        return data

    def seconds(self, size):
        """How long the line takes for so many bytes."""
        return size * 10 / self.baud

    def _lost(self, error):
        raise Trouble(
            "the line %s was lost (%s): plug it in, and run the same command again;"
            " it goes on where it stopped" % (self.url, _reason(error, "it is gone"))
        ) from None


def _reason(error, otherwise):
    number = _number(error)
    return os.strerror(number) if number else otherwise


def _number(error):
    """The errno of an error, which pyserial may have wrapped in its own."""
    found = re.search(r"\((\d+), |\[Errno (\d+)\]", str(error))
    return getattr(error, "errno", None) or (found and int(found.group(1) or found.group(2)))


def _why_not_open(url, error):
    number = _number(error)
    if number == errno.ENOENT:
        return "there is no %s; %s" % (url, _ports())
    if number in (errno.EACCES, errno.EPERM):
        return "no permission for %s: %s" % (url, _group(url))
    if number == errno.EBUSY or "exclusively lock" in str(error):
        return "%s is busy: end the terminal program that has it, and try again" % url
    if number in (errno.ENOTTY, errno.EINVAL, errno.EISDIR, errno.ENOTDIR):
        return "%s is no serial port; %s" % (url, _ports())
    return "can't open %s: %s" % (url, _reason(error, str(error)))


def _ports():
    from serial.tools import list_ports

    found = sorted(port.device for port in list_ports.comports())
    if found:
        return "the serial ports here are " + " ".join(found)
    return "no serial port is here: plug the adapter in, and look at the end of dmesg"


def _group(path):
    try:
        import grp

        group = grp.getgrgid(os.stat(path).st_gid).gr_name
    except (ImportError, KeyError, OSError):
        return "run this as a user who may use it"
    if group == "root":
        return "it is root's: use sudo"
    return "sudo usermod -aG %s $USER and a new login give it to you, sudo does at once" % group
