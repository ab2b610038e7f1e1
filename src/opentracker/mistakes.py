"""Errors that nobody expected: nothing ends by them, and people are told what they can do."""

from opentracker import runtime
from opentracker.log import log

_tracebacks = False


def show_tracebacks(shown):
    """Chooses whether `tell` shows where mistakes were made; it does not before this is called."""
    global _tracebacks
    _tracebacks = shown


def tell(error):
    """Logs an exception that nobody expected."""
    if isinstance(error, MemoryError):
        log("out of memory: what was being done is given up")
    else:
        log("a mistake of ours, please report it: %r" % error)
    if _tracebacks:
        runtime.print_exception(error)
