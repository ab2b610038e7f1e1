"""The one table of options: what can be set, under which names, within which bounds.

The configuration file, the command line, --help and the defaults are all read off OPTIONS, and so
is everything that documents or translates options. A new option is a new entry in one of the parts.
The order is that of --help and of documents. What has no UCI name is told in `uci.table`.
"""

from opentracker.options.access import ACCESS
from opentracker.options.listening import LISTENING
from opentracker.options.livesync import LIVESYNC
from opentracker.options.process import ACTIONS, PROCESS
from opentracker.options.tracking import TRACKING

PARTS = (
    ("Where the tracker listens", LISTENING),
    ("What the tracker keeps and how it answers", TRACKING),
    ("Which torrents are served, and who may ask for more", ACCESS),
    ("The process", PROCESS),
    ("Live sync: trackers that keep their swarms in step", LIVESYNC),
    ("Instead of serving", ACTIONS),
)
OPTIONS = sum([part for _, part in PARTS], ())
