"""Evaluate a recipe of OpenWrt's with GNU make and the includes beside this file."""

import os
import shutil
import subprocess

import archives

HERE = os.path.dirname(os.path.realpath(__file__))


class Unbuildable(Exception):
    """One line that says why there is no package."""


class Package:
    """What a recipe says of a package: its name, `fields` by the recipe's words, its entries."""

    def __init__(self, name, fields, entries):
        self.name = name
        self.fields = fields
        self.entries = entries + _kept_at_upgrades(name, fields, entries)
        self.version = fields["VERSION"]
        self.epoch = 0

    def field(self, name):
        return self.fields.get(name, "")

    @property
    def depends(self):
        words = [word.lstrip("+") for word in self.field("DEPENDS").split() if word[0] != "@"]
        if any(":" in word for word in words):
            raise Unbuildable("%s: dependencies with conditions have no stand-in" % self.name)
        return ["libc", *words]

    @property
    def files(self):
        """The entries that are not folders."""
        return [entry for entry in self.entries if entry.data is not None or entry.link]

    @property
    def conffiles(self):
        """The files of the package that an upgrade leaves as they are."""
        wanted = self.field("conffiles").split()
        found = ["/" + entry.path for entry in self.entries if entry.data is not None]
        return sorted(
            path
            for path in found
            if any(path == word or path.startswith(word.rstrip("/") + "/") for word in wanted)
        )

    @property
    def installed_size(self):
        return sum(len(entry.data) for entry in self.entries if entry.data is not None)


def _kept_at_upgrades(name, fields, entries):
    """What OpenWrt adds so that sysupgrade keeps folders: they are conffiles that are no files."""
    files = {"/" + entry.path for entry in entries if entry.data is not None}
    kept = [word for word in fields.get("conffiles", "").split() if word not in files]
    if not kept:
        return []
    path = "lib/upgrade/keep.d/" + name
    have = {entry.path for entry in entries}
    folders = [archives.Entry(path, 0o755) for path in parents(path) if path not in have]
    return [*folders, archives.Entry(path, 0o644, "".join(k + "\n" for k in kept).encode())]


def parents(path):
    """The folders that a path is in, the outermost first."""
    names = path.split("/")[:-1]
    return ["/".join(names[: end + 1]) for end in range(len(names))]


def evaluate(folder, mpy_cross, work):
    """The packages that folder/Makefile makes; `work` is an empty folder for all that make does.

    OpenWrt's makefiles can't live with a space in a path, so all they see is below `work`.
    """
    out = os.path.join(work, "out")
    staged = os.path.join(out, "staging/host/lib/micropython/mpy-cross/build")
    os.makedirs(staged)
    os.symlink(mpy_cross, os.path.join(staged, "mpy-cross"))
    includes = os.path.join(work, "openwrt")
    shutil.copytree(HERE, includes)
    _make(folder, "TOPDIR=" + includes, "OUT=" + out)
    names = set(os.listdir(out)) - {"build", "staging"}
    return [_package(out, name) for name in sorted(names)]


def _make(folder, *variables):
    if not shutil.which("make"):
        raise Unbuildable("needs GNU make in PATH (on Debian the package make)")
    command = ["make", "--no-print-directory", "--silent", "-C", folder, *variables]
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Unbuildable("make: " + done.stdout.decode(errors="replace").strip())


def _package(out, name):
    fields = {}
    folder = os.path.join(out, name, "fields")
    for field in os.listdir(folder):
        with open(os.path.join(folder, field), encoding="utf-8") as file:
            fields[field] = file.read().rstrip("\n")
    return Package(name, fields, archives.read_tree(os.path.join(out, name, "root")))
