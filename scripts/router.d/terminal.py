"""The router's shell on this terminal."""

import os
import select
import shutil
import sys

from line import Line
from trouble import Trouble

ESCAPE = b"\x1d"


def run(options):
    if options.ssh:
        if not shutil.which("ssh"):
            raise Trouble("there is no ssh on this computer: install it (openssh-client)")
        os.execvp("ssh", ["ssh", "--", options.ssh])
    if not sys.stdin.isatty():
        raise Trouble("shell is for a terminal: its input is none")
    line = Line(options.serial, options.baud or 115200)
    try:
        _with_raw_terminal(lambda: _pass_through(line))
    finally:
        line.close()
        print()


def _with_raw_terminal(function):
    try:
        import termios
        import tty
    except ImportError:
        raise Trouble("shell needs a Unix terminal: use a terminal program instead") from None
    found = termios.tcgetattr(0)
    try:
        tty.setraw(0)
        function()
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, found)


def _pass_through(line):
    """Keys to the console, and what it shows to the terminal, until the escape key."""
    os.write(1, b"%s; Ctrl-] ends this, Enter wakes the console\r\n" % line.url.encode())
    while True:
        while select.select([0], [], [], 0)[0]:
            keys, escape, _ = os.read(0, 1024).partition(ESCAPE)
            if keys:
                line.write(keys)
            if escape or not keys:
                return
        shown = line.read()
        while shown:
            shown = shown[os.write(1, shown) :]
