"""A shell on the console that does checked commands, whatever the line does to bytes.

A command has a number, so that it is done once, however often it has to be sent; replies to others
are passed over. agent.sh has the other end.
"""

import re
import time
from shlex import quote

import frames
from trouble import Trouble

TRIES = 25
TRIES_RAW = 4
PIECE = 2048
SMALLEST_PIECE = 128
# Ctrl-Q, for when a damaged byte was Ctrl-S; the end of the line, whatever was lost of it.
NUDGE = b"\x11\n"
NUDGES = (0.6, 1, 2, 4)
SILENCE = 30

NOISY = (
    "the line damages all that is sent, %d times in a row: try a shorter cable, another adapter, or"
    " a lower baud rate on both ends"
)
GONE = (
    "the router does not answer any more: is the cable still in, the router on? Then run the same"
    " command again; it goes on where it stopped"
)
PATIENCE = 60
FAREWELL = 20  # a nudge too early would wake a console that waits for Enter
QUIET = 1.5


class Agent:
    """The agent on the other end of the line, which listens when this is made."""

    def __init__(self, line, nonce):
        self.repeated = 0
        self._line = line
        self._nonce = nonce
        self._damaged = frames.reply_pattern(nonce, rb"\?")
        self._number = 0
        self._is_text = False
        self._size = frames.LARGEST
        reply = self._ask(frames.frame(frames.agent_command(nonce)), rb"ready|unwritable")
        if reply.group(1) != b"ready":
            raise Trouble("can't write to /var/run on the router: is it full, or not root's shell?")

    def run(self, command, patience=PATIENCE):
        """The exit status of a command on the router and what it printed."""
        number = self._next()
        asked = "run %d %s" % (number, quote(command))
        text = b""
        status, size = 0, 1
        while len(text) < size:
            (status, size), piece = self._piece(asked, number, len(text), patience)
            text += piece
            if not piece:
                break
            asked = "tell %d %d %d" % (number, len(text), PIECE)
        return status, text.decode(errors="replace")

    def follow(self, command, take):
        """Have take() called with what the command prints, until it raises KeyboardInterrupt."""
        number = self._next()
        begin = self._ask(
            frames.frame("follow %d %s" % (number, quote(command))), b"%d begin" % number
        )
        try:
            data = begin.string[begin.end() :].lstrip(b"\r\n")
            while True:
                take(data)
                data = self._line.read()
        except KeyboardInterrupt:
            self._ask(b"\n", b"%d end" % number)

    def append(self, path, data, offset, progress):
        """Append what is missing of `data` to a file that has `offset` bytes of it."""
        failures = 0
        while offset < len(data):
            most = frames.LARGEST_TEXT if self._is_text else frames.LARGEST
            self._size = max(frames.SMALLEST, min(self._size, most))
            size, is_full = self._block(path, data[offset : offset + self._size], offset)
            if is_full:
                raise Trouble("the router's RAM is full: %s has no room for the file" % path)
            if size > offset:
                failures = 0
                self._size += self._size // 4
            else:
                failures += 1
                self._size //= 2
                self._pass_over()
            if failures == TRIES_RAW and not offset:
                self._is_text = True
            if failures >= TRIES:
                raise Trouble(NOISY % failures)
            offset = size
            progress(offset)

    def end(self):
        """Have the agent end; the shell below it goes on."""
        self._line.write(NUDGE)
        self._line.read_until_quiet(0.15, 1)
        self._ask(frames.frame("exit"), b"gone", FAREWELL, nudges=(FAREWELL / 2,))
        self._line.read_until_quiet(0.3, 3)

    def _block(self, path, block, offset):
        """How large the file is after sending a block, and whether its disk is full."""
        number = self._next()
        line = frames.escaped(block) if self._is_text else frames.quoted(block)
        words = ("take_text" if self._is_text else "take", number, quote(path), offset, len(block))
        head = frames.frame("%s %d %s %d %d %s" % (*words, frames.checksum(block + b"\n")))
        reply = self._try(head + line, rb"%d (\d+) (full|)" % number)
        return (int(reply.group(2)), reply.group(3) == b"full") if reply else (offset, False)

    def _piece(self, asked, number, offset, patience):
        """(exit status, size of all that was printed), and a piece of it."""
        head = rb"%d (\d+) (\d+) %d ([0-9a-f]{16})" % (number, offset)
        end = b"@%s %d end=%d end@" % (self._nonce.encode(), number, number)
        for attempt in range(1, TRIES):
            reply = self._ask(frames.frame(asked), head, patience, end)
            piece = reply.string[reply.end() :].partition(end)[0]
            # From the reply's line end to the one that precedes its end.
            piece = piece.replace(b"\r", b"")[1:-1]
            if frames.checksum(piece)[:16] == reply.group(4).decode():
                return (int(reply.group(2)), int(reply.group(3))), piece
            asked = "tell %d %d %d" % (number, offset, max(SMALLEST_PIECE, PIECE >> attempt))
        raise Trouble(
            "what the router prints arrives damaged, %d times in a row: is something else"
            " writing to its console?" % TRIES
        )

    def _next(self):
        self._number += 1
        return self._number

    def _ask(self, data, body, patience=PATIENCE, end=b"", nudges=NUDGES):
        """The match of the reply `body`, in what came since; `end` is to follow it."""
        for _ in range(TRIES):
            reply = self._try(data, body, patience, end, nudges)
            if reply:
                return reply
            self._pass_over()
        raise Trouble(NOISY % TRIES)

    def _try(self, data, body, patience=PATIENCE, end=b"", nudges=NUDGES):
        """The same, or None if it has to be asked again."""
        pattern = frames.reply_pattern(self._nonce, body)
        self._line.write(data)
        received = b""
        start = heard = time.monotonic()
        wait = self._line.seconds(len(data))
        nudge, nudged = start + wait + nudges[0], 0
        while True:
            more = self._line.read()
            now = time.monotonic()
            if more:
                received += more
                heard = now
                reply = pattern.search(received)
                rest = received[reply.end() :] if reply else received
                if reply and end in rest:
                    self._hear_out(rest, nudged)
                    return reply
                if self._damaged.search(rest):
                    self._hear_out(rest, nudged)
                    return None
            if now > heard + wait + SILENCE or now > start + wait + patience:
                raise Trouble(GONE)
            if now > nudge:
                self._line.write(NUDGE)
                nudged += 1
                nudge = now + nudges[min(nudged, len(nudges) - 1)]

    def _hear_out(self, received, nudges):
        """What a slow router says to nudges that it did not need, lest it be for the next line."""
        silent = time.monotonic() + QUIET
        while len(self._damaged.findall(received)) < nudges and time.monotonic() < silent:
            more = self._line.read()
            if more:
                received += more
                silent = time.monotonic() + QUIET

    def _pass_over(self):
        """Whatever else comes of something damaged."""
        self.repeated += 1
        self._line.read_until_quiet(0.15, 1)


def is_waiting(text):
    """Whether an agent listens that an earlier run left behind."""
    return bool(re.search(rb"@[0-9a-f]{12} \?=\?@\s*$", text))
