"""Files of a test's own, on every interpreter, and what is logged meanwhile."""

from os import remove, stat
from random import getrandbits

from makers import Replaced


def errno_of_no_file():
    """What the system says of a missing file: not always ENOENT where MicroPython is emulated."""
    try:
        stat("/tmp/opentracker-nothing")
    except OSError as error:
        return error.errno
    raise AssertionError("there is such a file")


class Scratch:
    """`with Scratch(module...) as scratch:` has `path`, which nobody else has, and `lines`.

    `lines` are what the modules' `log` is called with. At the end no file remains whose name
    begins with `path` and ends with "" or one of `endings`.
    """

    endings = ("", ".new", ".damaged")

    def __init__(self, *modules):
        self.path = "/tmp/opentracker-%08x%08x" % (getrandbits(30), getrandbits(30))
        self.lines = []
        self._replaced = [Replaced(module, "log", self.lines.append) for module in modules]

    def __enter__(self):
        for each in self._replaced:
            each.__enter__()
        return self

    def __exit__(self, *_error):
        for each in self._replaced:
            each.__exit__()
        for ending in self.endings:
            if self.exists(ending):
                remove(self.path + ending)

    def exists(self, ending=""):
        try:
            stat(self.path + ending)
        except OSError:
            return False
        return True

    def read(self, ending=""):
        with open(self.path + ending, "rb") as file:
            return file.read()

    def write(self, data, ending=""):
        with open(self.path + ending, "wb") as file:
            file.write(data)
