"""The text of UCI: what `uci export` and `uci show` print, and files of /etc/config.

Both grammars are those of libuci (file.c and cli.c): words in single quotes, in double quotes or
in none, with backslashes outside single quotes; quoted text may go over several lines.
"""

from opentracker.config import ConfigError, decode, guess, one_line
from opentracker.values import BLANKS

PACKAGE = "opentracker"
MAX_BYTES = 131072

_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_COMMANDS = {"package": (1, 1), "config": (1, 2), "option": (1, 2), "list": (1, 2)}
_BLANKS = BLANKS.encode()
_END = b""


class Section:
    """A section: its type, its options, and `place`, to begin messages with.

    An option is (name, values, is_list) in the order of the text; is_list is None where the text
    does not tell: `uci show` prints a list of one as it prints an option.
    """

    def __init__(self, kind, name, number):
        """`number` counts the sections of this type before it; a name "" means it has none."""
        self.kind = kind
        self.name = name
        self.place = "%s.%s" % (PACKAGE, name or "@%s[%d]" % (kind, number))
        self.options = []

    def set(self, name, values, is_list):
        """Has an option be what it is given last."""
        self.options = [each for each in self.options if each[0] != name]
        self.options.append((name, values, is_list))

    def add(self, name, value):
        """Adds to a list."""
        for index, (known, values, _) in enumerate(self.options):
            if known == name:
                values.append(value)
                self.options[index] = name, values, True
                return
        self.options.append((name, [value], True))


def parse(text, name):
    """The Sections of a text (bytes) that is called `name` in messages. Raises ConfigError."""
    if len(text) > MAX_BYTES:
        raise ConfigError(["%s: longer than %d bytes" % (name, MAX_BYTES)])
    parser = _Parser(text, name)
    parser.parse()
    return parser.sections


class _Parser:
    """Goes over the text once; the first mistake ends it, since nobody knows what it did to it."""

    def __init__(self, text, name):
        self.sections = []
        self._text = text
        self._name = name
        self._at = 0
        self._line = 1

    def parse(self):
        shown = self._is_shown()
        while self._at < len(self._text):
            if shown:
                self._shown_line()
            else:
                self._command()

    def _is_shown(self):
        """Whether the first line that means something is one of `uci show`."""
        for line in self._text.split(b"\n"):
            line = line.strip(_BLANKS)
            if line and not line.startswith(b"#"):
                return line.startswith(PACKAGE.encode() + b".")
        return False

    # uci export

    def _command(self):
        line = self._line
        words = self._words()
        if not words:
            return
        command = self._whole(words[0])
        if command not in _COMMANDS:
            raise self._wrong(line, "unknown word " + guess(words[0], _COMMANDS))
        fewest, most = _COMMANDS[command]
        if not fewest < len(words) <= most + 1:
            text = "%s has %d words behind it" if len(words) != 2 else "%s has %d word behind it"
            raise self._wrong(line, text % (command, len(words) - 1))
        if command == "package":
            self._package(words[1], line)
        elif command == "config":
            self._section(words[1], words[2] if len(words) > 2 else "", line)
        else:
            self._option(command == "list", words[1], words[2] if len(words) > 2 else "", line)

    def _whole(self, word):
        """The command of which libuci takes the first letter too."""
        return {"p": "package", "c": "config", "o": "option", "l": "list"}.get(word, word)

    def _package(self, name, line):
        if name != PACKAGE:
            raise self._wrong(line, "package %s is not %s" % (name, PACKAGE))

    def _option(self, is_list, name, value, line):
        if not self.sections:
            raise self._wrong(line, "an option in front of the first section")
        section = self._current
        self._name_of("option", name, line)
        if is_list:
            section.add(name, value)
        else:
            section.set(name, [value], False)

    def _section(self, kind, name, line):
        """Makes the section that follows the current one; with a known name, that one goes on."""
        if name:
            self._name_of("section", name, line)
            for section in self.sections:
                if section.name == name:
                    if section.kind != kind:
                        text = "section %s is of type %s and %s" % (name, section.kind, kind)
                        raise self._wrong(line, text)
                    self._current = section
                    return
        before = [each for each in self.sections if each.kind == kind]
        self._current = Section(kind, name, len(before))
        self.sections.append(self._current)

    def _words(self):
        """The words of a command, which ends with the line or at a ";"."""
        words = []
        while True:
            char = self._peek()
            if char == _END or char in b"\n;":
                self._skip()
                return words
            if char == b"#":
                while self._peek() not in (b"\n", _END):
                    self._skip()
            elif char in _BLANKS:
                self._skip()
            else:
                words.append(self._word())

    def _word(self):
        pieces = []
        while True:
            char = self._peek()
            if char == _END or char in _BLANKS or char in b";#":
                return decode(b"".join(pieces))
            if char == b"'" or char == b'"':
                pieces.append(self._quoted(char))
            elif char == b"\\":
                pieces.append(self._escaped())
            else:
                pieces.append(char)
                self._skip()

    def _quoted(self, quote):
        line = self._line
        self._skip()
        pieces = []
        while True:
            char = self._peek()
            if char == _END:
                raise self._wrong(line, "a %s without end" % decode(quote))
            if char == quote:
                self._skip()
                return b"".join(pieces)
            if char == b"\\" and quote == b'"':
                pieces.append(self._escaped())
            else:
                pieces.append(char)
                self._skip()

    def _escaped(self):
        """The character behind a backslash, nothing if that is the end of the line."""
        self._skip()
        char = self._peek()
        self._skip()
        return b"" if char == b"\n" else char

    # uci show

    def _shown_line(self):
        """Takes opentracker.SECTION=TYPE or opentracker.SECTION.OPTION='VALUE' 'VALUE'..."""
        line = self._line
        start = self._at
        while self._peek() not in (b"=", b"\n", _END):
            self._skip()
        key = decode(self._text[start : self._at]).strip(BLANKS)
        if self._peek() != b"=":
            self._skip()
            if key:
                raise self._wrong(line, "neither a section nor an option of uci show")
            return
        self._skip()
        parts = key.split(".")
        if parts[0] != PACKAGE or not 2 <= len(parts) <= 3:
            raise self._wrong(line, "%s is not of package %s" % (key, PACKAGE))
        values = self._words()
        if len(parts) == 2:
            self._shown_section(parts[1], values, line)
        else:
            self._shown_option(parts[1], parts[2], values, line)

    def _shown_section(self, name, values, line):
        if len(values) != 1:
            raise self._wrong(line, "section %s has no type" % name)
        if not name.startswith("@"):
            self._section(values[0], name, line)
            return
        self._section(values[0], "", line)
        if self._current.place != "%s.%s" % (PACKAGE, name):
            raise self._wrong(line, "section %s is not the next of its type" % name)

    def _shown_option(self, section, name, values, line):
        place = "%s.%s" % (PACKAGE, section)
        if not self.sections or self._current.place != place:
            raise self._wrong(line, "option %s of section %s, which is not above" % (name, section))
        self._name_of("option", name, line)
        self._current.set(name, values or [""], None if len(values) < 2 else True)

    # Characters

    def _peek(self):
        return self._text[self._at : self._at + 1]

    def _skip(self):
        if self._peek() == b"\n":
            self._line += 1
        self._at += 1

    def _name_of(self, what, name, line):
        if not name or not all(char in _NAME for char in name):
            text = "%s is no name of a %s: letters, digits and _" % (name or "''", what)
            raise self._wrong(line, text.replace("a option", "an option"))

    def _wrong(self, line, text):
        return ConfigError([one_line("%s:%d: %s" % (self._name, line, text))])
