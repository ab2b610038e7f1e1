"""What all modes of the program do alike when they start and when they are told to read again."""

from opentracker import config, runtime
from opentracker.log import log
from opentracker.oserror import describe


class CannotStart(Exception):
    """Says in one line what keeps the program from starting."""


def settle(settings):
    """Leaves root and goes to the root directory; CannotStart if that fails."""
    try:
        runtime.settle(settings.user, settings.rootdir)
    except ValueError as error:
        raise CannotStart(str(error))
    except OSError as error:
        raise CannotStart("cannot change to user and directory: " + describe(error))


def read_again(settings):
    """Reads the configuration again and logs what comes of it; tells whether `settings` took it."""
    try:
        new = config.reload(settings)
    except config.ConfigError as error:
        for message in error.messages:
            log(message)
        text = "nothing reloaded, the settings stay as they were"
        if settings.rootdir and error.messages[0].startswith("cannot read "):
            text += "; started as root, it reads only what is within tracker.rootdir"
        log(text)
        return False
    applied, needs_restart = config.take_over(settings, new)
    for warning in new.warnings:
        log(warning)
    log("reloaded; changed: " + (", ".join(applied) or "nothing"))
    if needs_restart:
        log("to take effect this needs a restart: " + ", ".join(needs_restart))
    return True
