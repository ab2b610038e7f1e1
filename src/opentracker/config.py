"""The configuration: from the command line and the files it names to Settings.

load() is what a program needs. The parsing below it does no input or output of its own, it is
handed lines. It follows the C tracker's grammar, and is strict where that one guesses: what it does
not understand is an error, and all errors are found before one of them is raised.

A configuration file has one keyword and its value per line, with white space between and around
them; lines that start with "#" and empty lines mean nothing.
"""

import os

from opentracker.contradictions import contradictions, without_effect
from opentracker.listeners import asked, resolve
from opentracker.options import OPTIONS
from opentracker.options.kinds import (
    ACTION,
    ADDRESS,
    COMMAND,
    DEFAULT_PORT,
    FILE,
    FLAG,
    LISTEN,
    PORT,
    SYNC_PORT_V4,
)
from opentracker.oserror import describe
from opentracker.spelling import closest
from opentracker.values import BLANKS, is_control, parse_value

MAX_FILE_BYTES = 65536
MAX_LINE = 4096  # characters
MAX_ERRORS = 100

_CHUNK = 1024
_SHOWN = 40  # characters of an unknown word in an error message
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors put it before the first line
_NOT_UTF_8 = "\ufffd"
_FINAL_ACTIONS = ("version", "help", "lists", "uci", "to-uci")


class ConfigError(Exception):
    """All that is wrong with a configuration: `messages`, a list of lines for people."""

    def __init__(self, messages):
        super().__init__("\n".join(messages))
        self.messages = messages


class Settings:
    """What a configuration comes to.

    An attribute per Option.attribute, the option's default unless it was set, and:
    listeners  list of Listener, in the order given; never empty
    action     "run", "bridge", "check", or one of _FINAL_ACTIONS, which leave the rest unread
    operands   what is on the command line behind a switch of the kind COMMAND
    warnings   lines for people about what is legal but may not be meant
    files      the configuration files as they were named
    argv       the command line, without the program's name
    directory  what relative names of configuration files are relative to
    """

    def __init__(self, argv=(), directory=""):
        for option in OPTIONS:
            if option.attribute:
                setattr(self, option.attribute, [] if option.repeatable else option.default)
        self.action = "run"
        self.operands = []
        self.warnings = []
        self.files = []
        self.argv = list(argv)
        self.directory = directory


def load(argv):
    """The Settings of a command line without the program's name. Raises ConfigError."""
    return _load(argv, os.getcwd())


def reload(settings):
    """The Settings of the same command line with its files read anew. Raises ConfigError.

    Files are found from where the program started, though it may have changed directory since.
    """
    return _load(settings.argv, settings.directory)


def path_of(settings, path):
    """Where to open a file that settings name, once the program has settled in its directory.

    A relative name is relative to tracker.rootdir, else to where the program started; as root,
    with a tracker.rootdir, all names are within it.
    """
    if path.startswith("/") or settings.rootdir:
        return path
    return settings.directory + "/" + path


def changes(old, new):
    """(applied, needs_restart): the keywords of what differs between two Settings.

    The first can change in a running tracker, the second only at a restart.
    """
    applied, needs_restart = [], []
    for option in OPTIONS:
        if option.keyword and option.attribute and _differs(option, old, new):
            (applied if option.reloadable else needs_restart).append(option.keyword)
    return applied, needs_restart


def take_over(running, new):
    """Give `running` what may change while it runs; returns changes() from before.

    What needs a restart keeps its value, so that the next reload tells of it again.
    """
    result = changes(running, new)
    for option in OPTIONS:
        if option.reloadable:
            setattr(running, option.attribute, getattr(new, option.attribute))
    running.files, running.warnings = new.files, new.warnings
    return result


def parse_lines(lines, name):
    """The Settings of the lines of a configuration file that is called `name` in messages.

    Lines are str with or without their ends. Raises ConfigError.
    """
    parser = _Parser(Settings(), read=None)
    parser.lines(lines, name)
    return parser.finish()


def parse_values(values, bridging=False):
    """The Settings of (option, text, place)s; the place begins what is said about the text.

    `bridging` is what --bridge is for. Raises ConfigError.
    """
    parser = _Parser(Settings(), read=None)
    parser.bridging = bridging
    for option, text, place in values:
        parser._set(option, text, place)
    return parser.finish()


def parse_arguments(argv, read, directory=""):
    """The Settings of a command line; read(path) gives the lines of a file or raises OSError.

    Raises ConfigError.
    """
    parser = _Parser(Settings(argv, directory), read)
    parser.arguments(argv)
    return parser.finish()


def read_lines(path):
    """The lines of a file as str. Raises OSError, or ValueError if it can't be a configuration.

    Bytes that are no UTF-8 become U+FFFD, which parses as a comment only.
    """
    chunks, size = [], 0
    with open(path, "rb") as file:
        chunk = file.read(_CHUNK)
        while chunk:
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise ValueError("longer than %d bytes" % MAX_FILE_BYTES)
            chunk = file.read(_CHUNK)
    content = b"".join(chunks)
    if content.startswith(_BYTE_ORDER_MARK):
        content = content[len(_BYTE_ORDER_MARK) :]
    return [decode(line) for line in content.split(b"\n")]


def _load(argv, directory):
    def read(path):
        return read_lines(path if path.startswith("/") else directory + "/" + path)

    return parse_arguments(argv, read, directory)


def decode(line):
    """The text of bytes; what is no UTF-8 becomes U+FFFD, which is an error in any value."""
    try:
        return str(line, "utf-8")
    except UnicodeError:
        return "".join([chr(byte) if byte < 128 else _NOT_UTF_8 for byte in line])


def _differs(option, old, new):
    before, after = getattr(old, option.attribute), getattr(new, option.attribute)
    if option.kind == LISTEN:
        before, after = _sockets(option, before), _sockets(option, after)
    return before != after


def _sockets(option, listeners):
    """What of an option's listeners matters; where they were asked for does not."""
    return {tuple(each[:3]) for each in listeners if (each.transport,) == option.detail}


def one_line(text):
    """A text without what has no place in a line."""
    return "".join(["?" if is_control(char) else char for char in text])


class _Parser:
    """Takes lines and arguments in the order in which they count, and collects what is wrong."""

    def __init__(self, settings, read):
        self.settings = settings
        self.read = read
        self.errors = []
        self.address = None  # packed, of the last -i
        self.address_used = True
        self.bridging = False
        self.places = {}  # attribute -> who set it last, to begin a message with
        self.line_numbers = {}  # keyword -> where the file at hand gave it last
        self.keywords = {option.keyword: option for option in OPTIONS if option.keyword}
        self.switches = {name: option for option in OPTIONS for name in option.switches()}

    def finish(self):
        """The Settings of all that was taken. Raises ConfigError."""
        settings = self.settings
        if settings.action in _FINAL_ACTIONS:
            return settings
        if not settings.listeners:
            place = "default port" if self.address is None else "-i"
            settings.listeners = asked(("tcp", "udp"), self.address, DEFAULT_PORT, place)
        elif not self.address_used:
            self._warn("-i", "has no effect: no -p, -P or -s follows")
        settings.listeners, errors = resolve(settings.listeners, settings.family)
        self.errors += errors
        if self.bridging and settings.action == "run":
            settings.action = "bridge"
        self.errors += contradictions(settings, self.places, self.bridging)
        settings.warnings += without_effect(settings, self.places, self.bridging)
        if self.errors:
            raise ConfigError(self.errors)
        return settings

    def lines(self, lines, name):
        """Take the lines of a configuration file."""
        self.line_numbers = {}
        for number, line in enumerate(lines, 1):
            if len(self.errors) >= MAX_ERRORS:
                self._wrong(name, "too many mistakes, unread from line %d" % number)
                return
            self._line(line, name, number)

    def arguments(self, argv):
        """Take a command line, up to its end or to a switch whose action is all that counts."""
        rest = list(argv)
        while rest and self.settings.action not in _FINAL_ACTIONS:
            name, text = _split_switch(rest.pop(0))
            option = self.switches.get(name)
            if option is None:
                self._unknown_argument(name)
                return  # what follows may belong to it
            if option.kind == ACTION:
                self._act(option, text, name)
            elif option.kind == COMMAND:
                self.settings.action = option.detail
                self.settings.operands = ([text] if text else []) + rest
            elif option.kind == FLAG:
                self._set(option, text or "yes", name)
            else:
                text = text or (rest.pop(0) if rest else "")
                self._set(option, text, name)

    def _line(self, line, name, number):
        place = "%s:%d" % (name, number)
        if len(line) > MAX_LINE:
            self._wrong(place, "longer than %d characters" % MAX_LINE)
            return
        line = line.strip(BLANKS)
        if not line or line.startswith("#"):
            return
        if _NOT_UTF_8 in line:
            self._wrong(place, "not UTF-8 text")
            return
        keyword, text = split_line(line)
        option = self.keywords.get(keyword)
        if option is None:
            self._wrong(place, "unknown keyword " + guess(keyword, self.keywords))
            return
        place += ": " + keyword
        earlier = self.line_numbers.get(keyword)
        if earlier and not option.repeatable:
            self._warn(place, "replaces the one in line %d" % earlier)
        self.line_numbers[keyword] = number
        self._set(option, text, place)

    def _act(self, option, text, place):
        if text:
            self._wrong(place, "takes no value")
        elif option.detail == "bridge":
            self.bridging = True
        else:
            self.settings.action = option.detail

    def _set(self, option, text, place):
        """Do what an option with a value is there for; place begins what is said about it."""
        try:
            value = parse_value(option, text)
        except ValueError as error:
            self._wrong(place, str(error))
            return
        if option.ignored:
            if value != option.default:
                self._warn(place, "has no effect: " + option.ignored)
        elif option.kind == FILE:
            self._file(value)
        elif option.kind == ADDRESS:
            self.address, self.address_used = value, False
        elif option.kind == PORT:
            self.address_used = True
            self.settings.listeners += asked(option.detail, self.address, value, place)
        elif option.kind == LISTEN:
            self.settings.listeners += asked(option.detail, value[0], value[1], place)
        elif option.kind == SYNC_PORT_V4:
            self._sync_port(value, place)
        elif option.repeatable:
            self._append(option, value, place)
        else:
            self._store(option.attribute, value, place)

    def _sync_port(self, port, place):
        self.address_used = True
        if self.address is None or len(self.address) != 4:
            self._wrong(place, "needs an IPv4 address by -i in front")
        else:
            self._store("livesync_listen", (self.address, port), place)

    def _append(self, option, value, place):
        values = getattr(self.settings, option.attribute)
        if len(values) >= option.most:
            self._wrong(place, "given more than %d times" % option.most)
        else:
            values.append(value)  # a new list each time would leave MicroPython's heap in pieces
            self.places[option.attribute] = place

    def _store(self, attribute, value, place):
        setattr(self.settings, attribute, value)
        self.places[attribute] = place

    def _file(self, path):
        try:
            lines = self.read(path)
        except OSError as error:
            self._wrong("cannot read " + path, describe(error))
        except ValueError as error:
            self._wrong("cannot read " + path, str(error))
        else:
            self.settings.files.append(path)
            self.lines(lines, path)

    def _unknown_argument(self, name):
        what = "switch" if name.startswith("-") else "argument"
        self._wrong("command line", "unknown %s %s" % (what, guess(name, self.switches)))

    def _wrong(self, place, text):
        self.errors.append(one_line("%s: %s" % (place, text)))

    def _warn(self, place, text):
        self.settings.warnings.append("%s: %s" % (place, text))


def split_line(line):
    """(keyword, value) of a line without white space around it."""
    for index, char in enumerate(line):
        if char in BLANKS:
            return line[:index], line[index:].strip(BLANKS)
    return line, ""


def _split_switch(argument):
    """(switch, value or "") of -p, -p6969, --check or --check=value; (argument, "") of others."""
    if argument.startswith("--"):
        name, _, text = argument.partition("=")
        return name, text
    if argument.startswith("-"):
        return argument[:2], argument[2:]
    return argument, ""


def _quoted(word):
    return '"%s"' % word if len(word) <= _SHOWN else '"%s..."' % word[:_SHOWN]


def guess(word, words):
    """An unknown word, with the one that may have been meant."""
    meant = closest(word, words)
    return _quoted(word) + ("; did you mean %s?" % meant if meant else "")
