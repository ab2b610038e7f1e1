"""The sample of /etc/config/opentracker."""

from conf import WIDTH, value_of

from opentracker.options import OPTIONS, PARTS
from opentracker.options.kinds import FLAG
from opentracker.uci.table import BY_UCI, NOTES, ONLY_UCI
from opentracker.usage import explained, wrapped

HEAD = """\
# opentracker, a BitTorrent tracker.
#
# It starts once enabled is 1, and serves the LAN. Every other option is here
# with its default or an example; it counts once the "#" in front is gone.
# After a change:      /etc/init.d/opentracker reload
# What is wrong:       /etc/init.d/opentracker check
# How the tracker is:  /etc/init.d/opentracker status

config opentracker 'main'
"""
SET = ("enabled", "interface", "port")
FOLDERS = {"FILE": "/etc/opentracker/", "FIFO": "/var/run/opentracker/"}
# Not in the folder of the lists, which has to stay root's.
STATE_FILE = "/srv/opentracker/state"


def text():
    made = [HEAD]
    for title, part in (("", ONLY_UCI),) + PARTS:
        options = [option for option in part if option.uci]
        if title and options:
            made.append("\n\t# %s\n\t# %s\n" % (title, "-" * len(title)))
        for option in options:
            made.append("\n" + wrapped(explained_in_uci(option), "\t# ", WIDTH - 7))
            form = "list" if option.repeatable else "option"
            mark = "" if option.uci in SET else "#"
            made.append("%s\t%s %s '%s'\n" % (mark, form, option.uci, uci_value_of(option)))
    return "".join(made)


def name_of(option):
    return "option bridge" if option.uci == "bridge" else option.uci


def explained_in_uci(option, name_of=name_of):
    """What an option does, with name_of(other) in the place of other options' keywords."""
    note = NOTES.get(option.uci)
    text = explained(option).replace("--bridge", name_of(BY_UCI["bridge"]))
    for other in OPTIONS:
        if other.keyword and other.uci:
            text = text.replace(other.keyword, name_of(other))
    if note and note.startswith("unset"):
        text = text.split("; default ")[0]
    return text + "; " + note if note else text


def uci_value_of(option):
    if option.kind == FLAG:
        return "01"[option.default]
    if option.uci == "state_file":
        return STATE_FILE
    return FOLDERS.get(option.value, "") + value_of(option)
