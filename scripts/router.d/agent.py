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
# Ctrl-Q, for when a damaged byte was Ctrl-S; the end of the line, whatever was lost of it.
NUDGE = b"\x11\n"
SILENCE = 30
PATIENCE = 60


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
        head, piece = self._piece("run %d %s" % (number, quote(command)), number, 0, patience)
        status, size = head
        text = piece
        while len(text) < size:
            asked = "tell %d %d" % (number, len(text))
            _, piece = self._piece(asked, number, len(text), patience)
            text += piece
            if not piece:
                break
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
        file = quote(path)
        while offset < len(data):
            most = frames.LARGEST_TEXT if self._is_text else frames.LARGEST
            self._size = max(frames.SMALLEST, min(self._size, most))
            size, is_full = self._block(file, data[offset : offset + self._size], offset)
            if is_full:
                raise Trouble("the router's RAM is full: %s has no room for the file" % path)
            if size > offset:
                failures = 0
                self._size *= 2
            else:
                failures += 1
                self.repeated += 1
                self._size //= 2
                self._line.read_until_quiet(0.1, 1)
            if failures >= 4 and not offset and not self._is_text:
                self._is_text, failures = True, 0
            if failures >= TRIES:
                raise Trouble(
                    "%d blocks in a row were damaged on the way: try a shorter cable, another"
                    " adapter, or a lower baud rate on both ends" % failures
                )
            offset = size
            progress(offset)

    def end(self):
        """Have the agent end; the shell below it goes on."""
        self._line.write(NUDGE)
        self._line.read_until_quiet(0.1, 1)
        self._line.write(frames.frame("exit"))
        self._line.read_until_quiet(0.3, 3)

    def _block(self, file, block, offset):
        """How large the file is after sending a block, and whether its disk is full."""
        number = self._next()
        line = frames.escaped(block) if self._is_text else frames.quoted(block)
        words = ("take_text" if self._is_text else "take", number, file, offset, len(block))
        head = frames.frame("%s %d %s %d %d %s" % (*words, frames.checksum(block + b"\n")))
        reply = self._ask(head + line, rb"%d (\d+) (full|)" % number)
        return int(reply.group(2)), reply.group(3) == b"full"

    def _piece(self, asked, number, offset, patience):
        """(exit status, size of all that was printed), and a piece of it."""
        head = rb"%d (\d+) (\d+) %d ([0-9a-f]{64})  -" % (number, offset)
        end = b"@%s %d end=%d end@" % (self._nonce.encode(), number, number)
        for _ in range(TRIES):
            reply = self._ask(frames.frame(asked), head, patience, end)
            rest = reply.string[reply.end() :]
            piece, found, _ = rest.partition(end)
            # From the reply's line end to the one that precedes its end.
            piece = piece.replace(b"\r", b"")[1:-1]
            if found and frames.checksum(piece) == reply.group(4).decode():
                return (int(reply.group(2)), int(reply.group(3))), piece
            asked = "tell %d %d" % (number, offset)
        raise Trouble(
            "what the router prints arrives damaged, %d times in a row: is something else"
            " writing to its console?" % TRIES
        )

    def _next(self):
        self._number += 1
        return self._number

    def _ask(self, data, body, patience=PATIENCE, end=b""):
        """The match of the reply `body`, in what came since; `end` is to follow it."""
        pattern = frames.reply_pattern(self._nonce, body)
        for _ in range(TRIES):
            self._line.write(data)
            reply = self._listen(pattern, end, patience, self._line.seconds(len(data)))
            if reply:
                return reply
            self.repeated += 1
            self._line.read_until_quiet(0.15, 1)
        raise Trouble(
            "the router's console damages %d lines in a row: try a shorter cable, or a lower"
            " baud rate on both ends" % TRIES
        )

    def _listen(self, pattern, end, patience, wait):
        """A reply, or None if the question has to be repeated."""
        received = b""
        start = heard = time.monotonic()
        nudge = start + wait + 2
        while True:
            more = self._line.read()
            now = time.monotonic()
            if more:
                received += more
                heard = now
                reply = pattern.search(received)
                if reply and end in received[reply.end() :]:
                    return reply
                if not reply and self._damaged.search(received):
                    return None
            if now > heard + wait + SILENCE or now > start + wait + patience:
                raise Trouble(
                    "the router does not answer any more: is the cable still in, the router on?"
                    " Then run the same command again; it goes on where it stopped"
                )
            if now > nudge:
                self._line.write(NUDGE)
                nudge = now + 3


def is_waiting(text):
    """The nonce of an agent that an earlier run left behind, or None."""
    found = re.search(rb"@([0-9a-f]{12}) \?=\?@", text)
    return found and found.group(1).decode()
