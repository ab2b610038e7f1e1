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
    settings = config.parse_lines(lines, name)
    texts = _texts(lines)
    made = [_HEAD % name]
    if not any(option.kind == LISTEN and option.keyword in texts for option in OPTIONS):
        made.append(_line("list", "interface", ALL_INTERFACES))
    for option in OPTIONS:
        for text in texts.get(option.keyword, []):
            made.append(_converted(option, text, settings.rootdir))
    return "".join(made)


def _texts(lines):
    """{keyword: values that count}"""
    options = {option.keyword: option for option in OPTIONS if option.keyword}
    texts = {}
    for line in lines:
        line = line.strip(BLANKS)
        if line and not line.startswith("#"):
            keyword, text = config.split_line(line)
            option = options[keyword]
            if option.kind not in (PATH, URL, URL_PATH, WORD):
                text = without_comment(text).strip(BLANKS)
            texts[keyword] = (texts.get(keyword, []) if option.repeatable else []) + [text]
    return texts


def _converted(option, text, rootdir):
    if not option.uci:
        return "\t# %s %s: %s\n" % (option.keyword, text, NOT_IN_UCI[option.keyword])
    if option.kind == FLAG:
        text = "01"[parse_value(option, text)]
    elif option.kind == PATH:
        if rootdir:
            text = rootdir.rstrip("/") + "/" + text.lstrip("/")
        problem = path_problem(text)
        if problem:
            return "\t# %s %s: %s\n" % (option.keyword, text, problem)
    return _line("list" if option.repeatable else "option", option.uci, text)


def _line(form, name, text):
    return "\t%s %s '%s'\n" % (form, name, text.replace("'", "'\\''"))
