"""How far a file is on its way."""

import sys
import time

WIDTH = 28


class Progress:
    """A bar on a terminal; nothing elsewhere. Ends as a line that is gone."""

    def __init__(self, total, done=0, stream=None):
        self._stream = stream or sys.stderr
        self._total = total
        self._first = done
        self._start = time.monotonic()
        self._shows = self._stream.isatty()

    def __call__(self, done):
        if self._shows:
            self._stream.write("\r%s\x1b[K" % self.text(done))
            self._stream.flush()

    def close(self):
        if self._shows:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    @property
    def seconds(self):
        return time.monotonic() - self._start

    def text(self, done):
        filled = WIDTH * done // max(1, self._total)
        bar = "#" * filled + "." * (WIDTH - filled)
        text = "[%s] %d of %d KiB" % (bar, done // 1024, -(-self._total // 1024))
        sent = done - self._first
        if not sent or self.seconds < 0.5:
            return text
        rate = sent / self.seconds
        left = (self._total - done) / rate
        return "%s, %.1f KiB/s, %s left" % (text, rate / 1024, duration(left))


def duration(seconds):
    """90 seconds as 1:30 min."""
    seconds = int(seconds + 0.5)
    return "%d s" % seconds if seconds < 60 else "%d:%02d min" % divmod(seconds, 60)
