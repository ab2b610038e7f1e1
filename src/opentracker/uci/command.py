"""The switches --uci, --to-uci and --lists: text in, text out, for people and for the init script.

--uci FILE takes more behind it:
    --interface NAME=ADDRESS,ADDRESS  the addresses of an interface, none if it is not up
    --meminfo FILE                    /proc/meminfo, for the router's RAM
    --into DIR                        write the files there, instead of the one to standard output
    --run DIR                         where they will be moved from there, if that is elsewhere
    --running DIR                     what such a DIR was when the running tracker started: says
                                      what needs a restart
"""

import sys

from opentracker import config, runtime
from opentracker.config import ConfigError, one_line
from opentracker.log import log
from opentracker.oserror import describe
from opentracker.uci import files
from opentracker.uci.bridge import CONF, NothingYet, render, restart_for
from opentracker.uci.grammar import MAX_BYTES, parse
from opentracker.uci.table import RUN_DIRECTORY

_DONE, _WRONG, _NOTHING_YET = 0, 1, 3
_CHUNK = 4096
_USAGE = {"uci": "--uci FILE", "to-uci": "--to-uci FILE", "lists": "--lists FILE"}


def run(action, operands):
    """Does what the switch says; returns the exit status of the program."""
    runtime.tune()
    try:
        if action == "uci":
            return _uci(operands)
        if len(operands) != 1:
            raise ConfigError(["takes one file: " + _USAGE[action]])
        if action == "lists":
            return _lists(operands[0])
        from opentracker.uci.reverse import as_uci

        print(as_uci(operands[0]), end="")
        return _DONE
    except ConfigError as error:
        for message in error.messages:
            log(message)
        return _WRONG
    except NothingYet as error:
        for message in error.messages:
            log(message)
        return _NOTHING_YET
    except MemoryError:
        log("no memory for so much text; lists of torrents can be files")
        return _WRONG


class _Operands:
    """What stands behind --uci."""

    def __init__(self, operands):
        if not operands:
            raise ConfigError(["needs a file: " + _USAGE["uci"]])
        self.file = operands[0]
        self.interfaces = {}
        self.values = {"--run": RUN_DIRECTORY}
        known = ("--interface", "--meminfo", "--into", "--run", "--running")
        for index in range(1, len(operands), 2):
            name = operands[index]
            if name not in known or index + 1 == len(operands):
                raise ConfigError(["%s: %s" % (_USAGE["uci"], _unknown(name, known))])
            value = operands[index + 1]
            if name == "--interface":
                interface, _, addresses = value.partition("=")
                self.interfaces[interface] = [each for each in addresses.split(",") if each]
            else:
                self.values[name] = value

    def get(self, name):
        return self.values.get(name)


def _unknown(name, known):
    if name in known:
        return name + " needs a value behind it"
    return one_line("%s is none of %s" % (name, ", ".join(known)))


def _uci(operands):
    operands = _Operands(operands)
    name = "UCI" if operands.file == "-" else operands.file
    sections = parse(_read(operands.file), name)
    ram_kib = _ram_kib(operands.get("--meminfo"))
    rendering = render(sections, operands.interfaces, ram_kib, operands.get("--run"))
    for warning in rendering.settings.warnings:
        log(warning)
    into = operands.get("--into")
    if not into:
        for line in rendering.lines():
            print(line, end="")
        return _DONE
    rendering.facts["restart"] = " ".join(_restart_for(operands.get("--running"), rendering))
    try:
        files.write(rendering, into)
    except OSError as error:
        raise ConfigError(["cannot write to %s: %s" % (into, describe(error))])
    return _DONE


def _restart_for(running, rendering):
    if not running:
        return []
    try:
        lines = config.read_lines(running + "/" + CONF)
        facts = files.read_facts(running)
    except (OSError, ValueError):  # nothing has been started from there
        return []
    try:
        settings = config.parse_lines(lines, CONF)
    except ConfigError:  # another version's
        return ["version"]
    return restart_for(settings, facts, rendering)


def _read(path):
    """The bytes of a file, or of standard input. Raises ConfigError."""
    try:
        if path == "-":
            return _all_of(sys.stdin.buffer)
        with open(path, "rb") as file:
            return _all_of(file)
    except OSError as error:
        raise ConfigError(["cannot read %s: %s" % (path, describe(error))])


def _all_of(file):
    chunks, size = [], 0
    chunk = file.read(_CHUNK)
    while chunk and size <= MAX_BYTES:
        chunks.append(chunk)
        size += len(chunk)
        chunk = file.read(_CHUNK)
    return b"".join(chunks)


def _ram_kib(path):
    if path:
        for line in _read(path).split(b"\n"):
            words = line.split()
            if words[:1] == [b"MemTotal:"] and len(words) > 1 and words[1].isdigit():
                return int(words[1])
    return None


def _lists(path):
    """Prints what is in the lists that a configuration file names, read a piece at a time."""
    try:
        settings = config.parse_lines(config.read_lines(path), path)
    except OSError as error:
        raise ConfigError(["cannot read %s: %s" % (path, describe(error))])
    except ValueError as error:
        raise ConfigError(["cannot read %s: %s" % (path, error)])
    if not settings.whitelist and not settings.blacklist:
        print("no lists: all torrents are served")
    status = _DONE
    for name, listed in (("whitelist", settings.whitelist), ("blacklist", settings.blacklist)):
        if listed:
            try:
                print("%s: %s" % (name, files.count(listed)))
            except OSError as error:
                print("%s: cannot read %s: %s" % (name, listed, describe(error)))
                status = _WRONG
    return status
