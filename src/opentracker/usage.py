"""What people are told about options, read off their table."""

from opentracker.options import OPTIONS
from opentracker.options.kinds import FLAG, NUMBER, URL_PATH

_WIDTH = 79

_HEAD = """\
Usage: opentracker [switches]

A BitTorrent tracker over HTTP and UDP.

Switches, processed from left to right:
"""
_BETWEEN = """
Lines of a configuration file: a keyword and its value; "#" begins a comment.
ADDRESS is IPv4 or IPv6, where :: means both. In front of :PORT, IPv6 goes into
brackets. Without anything to listen on it is port 6969 of every address.

"""


def help_text():
    """The whole text, lines of at most 79 characters with the last line's end."""
    switches = [_entry(option, _switches(option)) for option in OPTIONS if option.switches()]
    keywords = [_entry(option, _keyword(option)) for option in OPTIONS if option.keyword]
    return _HEAD + "".join(switches) + _BETWEEN + "".join(keywords)


def _switches(option):
    value = "" if option.kind == FLAG else option.value
    return " ".join([", ".join(option.switches()), value]).strip()


def _keyword(option):
    return option.keyword + " " + option.value


def explained(option):
    """What an option does, its limits and its default, in one line of any length."""
    notes = [option.help]
    if option.kind == NUMBER:
        notes.append("%d-%d %s" % (option.limits[0], option.limits[1], option.unit))
    if option.ignored:
        notes.append("no effect here: " + option.ignored)
    elif option.default is not None:
        notes.append("default " + default_of(option))
    if option.repeatable:
        notes.append("repeatable")
    return "; ".join(notes)


def default_of(option):
    """The default as a configuration file would give it."""
    if option.kind == FLAG:
        return "yes" if option.default else "no"
    if option.kind == URL_PATH:
        return option.default.decode()
    return str(option.default)


def wrapped(text, indent, width):
    """The words of a text in lines of at most `width` characters that all begin with `indent`."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(indent) + len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = line + " " + word if line else word
    return "".join([indent + each + "\n" for each in lines + [line]])


def _entry(option, name):
    return "  %s\n%s" % (name, wrapped(explained(option), " " * 6, _WIDTH))
