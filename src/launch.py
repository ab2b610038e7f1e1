"""Start the tracker from a checkout, with this directory in the place of the caller's on sys.path.

`python -m opentracker` puts the current directory first on sys.path, and so does MicroPython, where
any directory called "opentracker" (a clone of this repository, say) would be taken for the package.
Running a file instead puts the file's own directory there, on both.
"""

import os
import sys


def too_old():
    """What is too old about this interpreter, or None."""
    if sys.implementation.name == "micropython":
        name, version, needed = "MicroPython", sys.implementation[1][:2], (1, 23)
    else:
        name, version, needed = "Python", sys.version_info[:2], (3, 9)
    if version >= needed:
        return None
    return "opentracker: needs %s %d.%d or newer, this is %d.%d" % ((name,) + needed + version)


if too_old():
    print(too_old(), file=sys.stderr)
    sys.exit(1)

if not sys.path[0].startswith("/"):  # MicroPython takes it as it is typed
    sys.path[0] = os.getcwd() + "/" + sys.path[0]  # the tracker changes directory

import opentracker.__main__  # noqa: E402, F401  (it is the program)
