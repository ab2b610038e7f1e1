"""The files that the bridge writes for the init script, and the lists it reads for people."""

import os

from opentracker.config import ConfigError, read_lines
from opentracker.infolines import InfoLines
from opentracker.oserror import describe
from opentracker.uci.bridge import CONF

FACTS = "facts"

_CHUNK = 4096
_FILE_TYPE, _REGULAR_FILE = 0o170000, 0o100000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PREFIX = "opentracker_"  # of the shell's variables


def write(rendering, directory):
    """Writes the configuration file, the lists and the facts into a directory.

    The facts are lines for the shell: opentracker_NAME='TEXT'. Raises OSError, or ConfigError if a
    list can't be read.
    """
    _check_lists(rendering)
    for name, info_hashes, path in rendering.lists:
        with open(directory + "/" + name, "wb") as file:
            for info_hash in info_hashes:
                file.write(info_hash.encode() + b"\n")
            if path:
                _append(path, file)
    with open(directory + "/" + CONF, "wb") as file:
        for line in rendering.lines():
            file.write(line.encode())
    with open(directory + "/" + FACTS, "wb") as file:
        for name in sorted(rendering.facts):
            text = rendering.facts[name].replace("'", "'\\''")
            file.write(("%s%s='%s'\n" % (_PREFIX, name, text)).encode())


def read_facts(directory):
    """The facts of a directory. Raises OSError or ValueError."""
    facts = {}
    for line in read_lines(directory + "/" + FACTS):
        name, equals, text = line.partition("=")
        if equals:
            facts[name[len(_PREFIX) :]] = text[1:-1].replace("'\\''", "'")
    return facts


def count(path):
    """A line on how many torrents a list has. Raises OSError."""
    lines, torrents = InfoLines(), 0
    with open(path, "rb") as file:
        text = file.read(_CHUNK)
        torrents += len(lines.start(text))
        while text:
            text = file.read(_CHUNK)
            torrents += len(lines.take(text) if text else lines.end())
    ignored = ""
    if lines.ignored:
        ignored = ", %d lines ignored, the first is line %d"
        ignored %= lines.ignored, lines.first_ignored
    return "%d in %s%s" % (torrents, path, ignored)


def _append(path, file):
    """Adds a list file to another; the mark that some editors begin files with would not be it."""
    with open(path, "rb") as source:
        chunk = source.read(_CHUNK)
        if chunk.startswith(_BYTE_ORDER_MARK):
            chunk = chunk[len(_BYTE_ORDER_MARK) :]
        while chunk:
            file.write(chunk)
            chunk = source.read(_CHUNK)


def _check_lists(rendering):
    """Raises ConfigError unless all list files can be read: without one, too much is served."""
    errors = []
    for name, path in rendering.list_files:
        try:
            if os.stat(path)[0] & _FILE_TYPE != _REGULAR_FILE:
                raise ValueError("it is not a regular file")
            with open(path, "rb"):
                pass
        except OSError as error:
            errors.append("%s: cannot read %s: %s" % (name, path, describe(error)))
        except ValueError as error:
            errors.append("%s: cannot read %s: %s" % (name, path, error))
    if errors:
        raise ConfigError(errors)
