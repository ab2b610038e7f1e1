"""A console from whatever it shows to a shell that does what it is told, and back."""

import random
import re
import secrets
import sys
import time

import frames
from agent import NUDGE, Agent, is_waiting
from trouble import Trouble

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()].|\x1b[=>]")
LOGIN = re.compile(rb"login: *$|login: *[\r\n]*\[ *\d+\.\d+\]", re.M)
PASSWORD = re.compile(rb"[Pp]assword: *")
WRONG = re.compile(rb"[Ll]ogin incorrect|[Ll]ogin failed|[Aa]uthentication fail")
# A console that waits for Enter, and the shell that it starts then.
ACTIVATE = re.compile(rb"press Enter to activate|built-in shell \(ash\)", re.I)
# At the end, or with a kernel message behind it.
PROMPT = re.compile(rb"[#$%>] ?(?:$|[\r\n]*\[ *\d+\.\d+\])")
# A router that boots shows something all the time, for a minute or two.
BOOT = 180
ATTEMPTS = 5
BEFORE_TOLD = 20


class Console:
    """A shell on the console, as `user`; `password` is called when it asks for one."""

    def __init__(self, line, user, password):
        self._line = line
        self._user = user
        self._password = password
        self.logged_in = False
        self._activated = False

    def wake(self):
        """Get to a shell's prompt."""
        start = time.monotonic()
        silent = 0
        told = False
        seen = b""
        if self._line.read_until_quiet(0.5, 5):
            self._line.read_until_quiet(1.5, 20)  # a boot loader may be counting down
        while silent < ATTEMPTS and time.monotonic() < start + BOOT:
            self._line.write(b"\r")
            text = self._read()
            seen = (seen + text)[-4000:]
            silent = 0 if text.strip() else silent + 1
            if _is_garbage(seen):
                raise Trouble(
                    "what comes from %s at %d baud is no text: give the router's rate with"
                    " --baud (115200 and 57600 are usual)" % (self._line.url, self._line.baud)
                )
            if text.strip() and not _is_garbage(text, 1) and self._act(text):
                return
            if not told and time.monotonic() > start + BEFORE_TOLD:
                told = True
                print("router: no shell yet; a router that boots gets %d s" % BOOT, file=sys.stderr)
        if not seen.strip():
            raise Trouble(
                "nothing comes from %s: is the router on, are TX and RX crossed, is it the right"
                " port, and %d baud the router's rate (--baud)?" % (self._line.url, self._line.baud)
            )
        raise Trouble(
            "no shell answers at the console, which shows %r: is something else running there?"
            " See what it is with scripts/router shell" % _last_line(seen)
        )

    def _act(self, text):
        """Do what the console asks for; whether a shell answers now."""
        if is_waiting(text):
            self._line.write(NUDGE + frames.frame("exit"))
            text += self._read()
        if ACTIVATE.search(text):
            self._activated = True
        if LOGIN.search(text):
            self._log_in()
        elif not PROMPT.search(text):  # who knows what would be typed into
            return False
        return self._is_shell()

    def _read(self):
        """An answer, for which login takes its time when a password was wrong."""
        return ESCAPES.sub(b"", self._line.read_until_quiet(0.4, 4.0, first=1.2))

    def _read_until(self, pattern, limit):
        """What comes in until something matches, or for `limit` seconds."""
        text = b""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            text += ESCAPES.sub(b"", self._line.read())
            if pattern.search(text):
                break
        return text

    def _is_shell(self):
        """Whether a shell does sums; a boot loader doesn't, whether it knows echo or not."""
        a, b = random.sample(range(10000, 50000), 2)
        command = b"echo sum$((%d+%d))" % (a, b)
        self._line.write(command + b"\r")
        wanted = re.compile(rb"sum%d\b" % (a + b))
        text = self._read_until(wanted, 3)
        if wanted.search(text):
            self._line.read_until_quiet(0.2, 1)
            return True
        if text.count(command[5:]) > 1 or re.search(rb"unknown command", text, re.I):
            raise Trouble(
                "the router is in its boot loader: type boot (scripts/router shell), or switch it"
                " off and on, and try again when OpenWrt is up"
            )
        return False

    def _log_in(self):
        """A damaged byte makes a right password wrong, so it is tried twice."""
        for _ in range(2):
            self._line.write(self._user.encode() + b"\r")
            text = self._read_until(re.compile(PASSWORD.pattern + rb"|" + PROMPT.pattern), 10)
            if not PASSWORD.search(text):
                break
            self._line.write(self._known_password() + b"\r")
            asked = re.compile(WRONG.pattern + rb"|" + LOGIN.pattern + rb"|[#$] ?$", re.M)
            text = self._read_until(asked, 12)
            if not WRONG.search(text) and not LOGIN.search(text):
                break
            self._read()
        else:
            raise Trouble(
                "the router does not take this password for %s: type it again, or put the right"
                " one into the file of --password-file" % self._user
            )
        self.logged_in = True

    def _known_password(self):
        try:
            return self._password().encode()
        except BaseException:
            self._line.write(b"\r")  # back to where the console was
            self._read_until(LOGIN, 6)
            raise

    def leave(self):
        """End a session that was not there before."""
        if self.logged_in or self._activated:
            self._line.write(b"\x11\x03\rexit\r")
            self._line.read_until_quiet(0.3, 3)

    def start_agent(self):
        """An Agent on the shell; when it ends, so does a session that was not there before."""
        nonce = secrets.token_hex(6)
        lines, start = frames.loader_lines(nonce)
        for line, digest in lines:
            self._type(line, digest.encode())
        if self.logged_in or self._activated:
            start += ";exit"
        listening = frames.reply_pattern(nonce, rb"\?")
        for _ in range(ATTEMPTS):
            self._line.write(start.encode() + b"\r")
            self._line.read_until_quiet(0.2, 2)
            self._line.write(NUDGE)
            if listening.search(self._read_until(listening, 3)):
                self._line.read_until_quiet(0.1, 1)
                return Agent(self._line, nonce)
        raise Trouble("the console damages what is typed: try again, or a lower baud rate")

    def _type(self, line, answer):
        for _ in range(20):
            self._line.write(line.encode() + b"\r")
            pattern = re.compile(re.escape(answer))
            if pattern.search(self._read_until(pattern, 2 + self._line.seconds(2 * len(line)))):
                self._line.read_until_quiet(0.05, 1)
                return
            self._line.write(b"\x11\x03\r")
            self._line.read_until_quiet(0.3, 2)
        raise Trouble("the console damages what is typed: try again, or a lower baud rate")


def _is_garbage(data, least=8):
    """Whether bytes look like text at another baud rate, which has high and control bits."""
    strange = sum(byte > 126 or byte < 32 and byte not in b"\b\t\n\r\x07\x1b" for byte in data)
    return len(data) >= least and strange * 4 > len(data)


def _last_line(data):
    lines = [line.strip() for line in data.decode(errors="replace").splitlines()]
    return ([line for line in lines if line] or [""])[-1][-60:]
