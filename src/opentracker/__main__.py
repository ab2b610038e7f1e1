"""The program: settings, sockets, then the loop.

Every failure is a line and an exit status, as the C tracker has them: 1 if the settings are wrong,
111 if the system refuses what they ask for.
"""

import sys

from opentracker import config, runtime
from opentracker.addresses import format_endpoint
from opentracker.hosts import announce_urls
from opentracker.lifecycle import CannotStart, settle
from opentracker.log import log
from opentracker.usage import help_text
from opentracker.version import VERSION

_WRONG_SETTINGS = 1
_REFUSED = 111


def main(arguments):
    """Runs the tracker; returns its exit status."""
    try:
        settings = config.load(arguments)
    except config.ConfigError as error:
        for message in error.messages:
            log(message)
        return _WRONG_SETTINGS
    if settings.action == "version":
        print("opentracker " + VERSION)
    elif settings.action == "help":
        print(help_text(), end="")
    elif settings.action in ("lists", "uci", "to-uci"):
        from opentracker.uci.command import run

        return run(settings.action, settings.operands)
    else:
        return _start(settings)
    return 0


def _start(settings):
    for warning in settings.warnings:
        log(warning)
    if settings.action == "check":
        log("the configuration is good")
        return 0
    # From here on a signal waits for the loop, so that a reload may follow a start at once.
    signals = runtime.Signals()
    try:
        program = _program(settings, signals)
        program.open()
    except CannotStart as error:
        log(str(error))
        return _REFUSED
    try:
        occupation = _occupation(settings)
        settle(settings)
        _greet(settings, occupation)
        program.run()
    except CannotStart as error:
        log(str(error))
        return _REFUSED
    finally:
        program.close()
    return 0


def _program(settings, signals):
    if settings.action == "bridge":
        from opentracker.livesync.bridge import Bridge

        return Bridge(settings, signals)
    from opentracker.server import Server

    return Server(settings, signals)


def _occupation(settings):
    """Returns lines on what this process is there for."""
    if settings.action == "bridge":
        listens = [
            "bridge: awaits others on " + format_endpoint(*at) for at in settings.bridge_listen
        ]
        calls = ["bridge: connects to " + format_endpoint(*at) for at in settings.bridge_connect]
        return listens + calls
    return ["serving " + url for url in announce_urls(settings.listeners)]


def _greet(settings, occupation):
    log("%s on %s, %d KiB for peers" % (VERSION, runtime.NAME, settings.memory_kib))
    for text in runtime.missing() + occupation:
        log(text)


sys.exit(main(sys.argv[1:]))
