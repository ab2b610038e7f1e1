"""One line per event that a person wants to know about, to standard error. Nothing per request."""

import sys


def log(text):
    """Writes a line. On a router procd hands it to the system log."""
    sys.stderr.write("opentracker: " + text + "\n")
