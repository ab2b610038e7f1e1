"""The sample of a configuration file."""

from opentracker.options import PARTS
from opentracker.usage import default_of, explained, wrapped

WIDTH = 79
HEAD = """\
# Configuration of opentracker: a keyword and its value per line.
#
# Every keyword there is, with its default or an example. A line counts once
# the "#" in front of its keyword is gone; opentracker --check -f FILE then
# says what is wrong. A name of a file is relative to tracker.rootdir, or to
# where the tracker is started.
"""


def text():
    made = [HEAD]
    for title, part in PARTS:
        options = [option for option in part if option.keyword]
        if options:
            made.append("\n\n# %s\n# %s\n" % (title, "-" * len(title)))
        for option in options:
            made.append("\n" + wrapped(explained(option), "# ", WIDTH))
            made.append("#%s %s\n" % (option.keyword, value_of(option)))
    return "".join(made)


def value_of(option):
    return default_of(option) if option.default is not None else option.example
