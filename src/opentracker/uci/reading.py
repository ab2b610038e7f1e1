"""What the options of a section are given, checked as far as only UCI can tell."""

from opentracker.config import ConfigError, guess, one_line
from opentracker.infolines import parse as parse_info_hash
from opentracker.options.kinds import CHOICE, FLAG, LISTEN, PATH
from opentracker.spelling import closest
from opentracker.uci.grammar import PACKAGE
from opentracker.uci.table import ALL_INTERFACES, BY_UCI, INFO_HASH, ONLY_UCI
from opentracker.values import BLANKS, parse_value, without_comment

# Paths go through the shell of the init script and through procd's lists of mounts.
_SHELL = "*?[]'\"\\$`;&|<>(){}~#"
_NOT_IN_PATHS = BLANKS + _SHELL
_IN_INTERFACES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_FLAGS = {"enabled": "yes", "disabled": "no"}  # what UCI has besides
_NOT_UTF_8 = "\ufffd"


class Read:
    """The options of a section.

    place   "opentracker.main", to begin messages with
    own     values of the options that only UCI has, by their names; each has one
    texts   {name: texts} of the others, of those that are set
    errors  messages about what is wrong so far
    """

    def __init__(self, place):
        self.place = place
        self.own = {each.uci: [] if each.repeatable else each.default for each in ONLY_UCI}
        self.texts = {}
        self.errors = []

    def wrong(self, name, text):
        self.errors.append(one_line("%s.%s: %s" % (self.place, name, text)))


def read_section(sections):
    """The Read of the one section that there has to be. Raises ConfigError if there is none."""
    errors = []
    found = [section for section in sections if section.kind == PACKAGE]
    for section in sections:
        if section.kind != PACKAGE:
            text = "%s: no sections of type %s are known"
            errors.append(one_line(text % (section.place, guess(section.kind, [PACKAGE]))))
    for section in found[1:]:
        errors.append("%s: there is one tracker, and %s is it" % (section.place, found[0].place))
    if not found:
        raise ConfigError(errors + ["%s: there is no section of this type" % PACKAGE])
    read = Read(found[0].place)
    read.errors = errors
    for name, values, is_list in found[0].options:
        values = [value.strip(BLANKS) for value in values]
        _take(read, name, [value for value in values if value], is_list)
    return read


def _take(read, name, values, is_list):
    option = BY_UCI.get(name)
    if option is None:
        meant = closest(name, BY_UCI)
        read.wrong(name, "no such option" + ("; did you mean %s?" % meant if meant else ""))
    elif values and is_list is not None and is_list != option.repeatable:
        form = "it is a list: list %s '%s'" if option.repeatable else "it is one: option %s '%s'"
        read.wrong(name, form % (name, values[-1]))
    elif any(_NOT_UTF_8 in value for value in values):
        read.wrong(name, "not UTF-8 text")
    elif len(values) > 1 and not option.repeatable:
        read.wrong(name, "it is one value, not %d" % len(values))
    elif values:
        _take_values(read, option, values)


def _take_values(read, option, values):
    if option.kind == FLAG:
        values = [_FLAGS.get(value, value) for value in values]
    elif option.kind in (CHOICE, LISTEN):
        values = [without_comment(value) for value in values]
    elif option.kind == PATH:
        for problem in filter(None, [path_problem(value) for value in values]):
            read.wrong(option.uci, problem)
    if option in ONLY_UCI:
        _take_own(read, option, values)
    else:
        read.texts[option.uci] = values


def path_problem(path):
    """What is wrong with a path of UCI, None if it can be used."""
    if not path.startswith("/") or path.rfind("/") == 0 or path.endswith("/"):
        return "%s is not a whole path, such as /etc/opentracker/list" % path
    if any(char in _NOT_IN_PATHS for char in path) or "/../" in path + "/":
        return "%s: no white space, no .. and none of %s" % (path, _SHELL)
    return None


def _take_own(read, option, values):
    if len(values) > option.most > 0:
        read.wrong(option.uci, "given more than %d times" % option.most)
        return
    parsed = []
    for value in values:
        try:
            parsed.append(_parse_own(option, value))
        except ValueError as error:
            read.wrong(option.uci, str(error))
    if parsed:
        read.own[option.uci] = parsed if option.repeatable else parsed[-1]


def _parse_own(option, text):
    if option.kind == INFO_HASH:
        if len(text) != 40 or not parse_info_hash(text.encode()):
            raise ValueError("%s is not an info_hash: 40 hex digits" % text)
        return text.lower()
    value = parse_value(option, text)
    if option.uci == "interface" and not _is_interface(value):
        raise ValueError("%s is not the name of an interface, such as lan" % value)
    return value


def _is_interface(name):
    return name == ALL_INTERFACES or all(char in _IN_INTERFACES for char in name)
