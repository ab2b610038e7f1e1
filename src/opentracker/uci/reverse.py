"""From a configuration file, such as that of the C tracker, to the text of /etc/config/opentracker.

Keywords become options, in the order of the table. What has no counterpart becomes a comment that
says why.
"""

from opentracker import config
from opentracker.config import ConfigError
from opentracker.options import OPTIONS
from opentracker.options.kinds import FLAG, LISTEN, PATH, URL, URL_PATH, WORD
from opentracker.oserror import describe
from opentracker.uci.reading import path_problem
from opentracker.uci.table import ALL_INTERFACES, NOT_IN_UCI
from opentracker.values import BLANKS, parse_value, without_comment

_HEAD = """\
# Made of %s. As /etc/config/opentracker it starts the tracker once enabled is 1.

config opentracker 'main'
\toption enabled '0'
"""


def as_uci(path):
    """The text of /etc/config/opentracker for a configuration file. Raises ConfigError."""
    try:
        lines = config.read_lines(path)
    except OSError as error:
        raise ConfigError(["cannot read %s: %s" % (path, describe(error))])
    except ValueError as error:
        raise ConfigError(["cannot read %s: %s" % (path, error)])
    return convert(lines, path)


def convert(lines, name):
    """The text for the lines of a configuration file called `name`. Raises ConfigError."""
    lines, repeated = _without_repetition(lines)
    settings = config.parse_lines(lines, name)
    texts = _texts(lines)
    made = [_HEAD % name]
    if not any(option.kind == LISTEN and option.keyword in texts for option in OPTIONS):
        made.append(_line("list", "interface", ALL_INTERFACES))
    for option in OPTIONS:
        for text in texts.get(option.keyword, []):
            made.append(_converted(option, text, settings.rootdir))
    made += ["\t# %s: is listened to already\n" % line for line in repeated]
    return "".join(made)


def _without_repetition(lines):
    """(lines without listeners that are there already, those): the C tracker takes them, even so.

    What is left of a line for TCP and UDP is one for the other.
    """
    kept, repeated, taken = [], [], []
    for line in lines:
        option, text = _parsed(line)
        if option and option.kind == LISTEN:
            fresh = _fresh(option, text, taken)
            if len(fresh) < len(option.detail):
                repeated.append("%s %s" % (option.keyword, text))
                line = "listen.%s %s" % (fresh[0], text) if fresh else ""
        kept.append(line)
    return kept, repeated


def _fresh(option, text, taken):
    """The transports by which nobody listens there yet; all of them if the text is no address."""
    try:
        at = parse_value(option, text)
    except ValueError:
        return option.detail
    fresh = [transport for transport in option.detail if (transport, at) not in taken]
    taken += [(transport, at) for transport in fresh]
    return fresh


def _parsed(line):
    """(option, text without a comment) of a line, (None, "") if it has none that is known."""
    line = line.strip(BLANKS)
    keyword, text = config.split_line(line)
    for option in OPTIONS:
        if option.keyword and option.keyword == keyword:
            if option.kind not in (PATH, URL, URL_PATH, WORD):
                text = without_comment(text).strip(BLANKS)
            return option, text
    return None, ""


def _texts(lines):
    """{keyword: values that count}"""
    texts = {}
    for line in lines:
        option, text = _parsed(line)
        if option:
            earlier = texts.get(option.keyword, []) if option.repeatable else []
            texts[option.keyword] = earlier + [text]
    return texts


def _converted(option, text, rootdir):
    if not option.uci:
        return "\t# %s %s: %s\n" % (option.keyword, text, NOT_IN_UCI[option.keyword])
    if option.kind == FLAG:
        text = "01"[parse_value(option, text)]
    elif option.kind == PATH:
        if rootdir and not text.startswith(rootdir.rstrip("/") + "/"):
            text = text[2:] if text.startswith("./") else text.lstrip("/")
            text = rootdir.rstrip("/") + "/" + text
        problem = path_problem(text)
        if problem:
            return "\t# %s %s: %s\n" % (option.keyword, text, problem)
    return _line("list" if option.repeatable else "option", option.uci, text)


def _line(form, name, text):
    return "\t%s %s '%s'\n" % (form, name, text.replace("'", "'\\''"))
