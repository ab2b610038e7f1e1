#!/usr/bin/env python3
"""Compile what a manifest in micropython-lib's format names, for any processor.

usage: bytecode.py --mpy-cross PROGRAM MANIFEST FOLDER

FOLDER gets a .mpy file for each module. Modules with functions in machine code stay source instead:
machine code has a processor, and where MicroPython can make it, it makes it of the source. What has
no line numbers anyway (level 3 of optimization) is made smaller first (shrinking.py).
"""

import argparse
import os
import re
import subprocess
import sys

from shrinking import shrink

_MACHINE_CODE = re.compile(r"^\s*@micropython\.(native|viper|asm_\w+)\b", re.MULTILINE)
_NO_LINE_NUMBERS = 3  # the level of optimization


class ManifestError(Exception):
    """One line that says what is wrong with the manifest or what it names."""


class Manifest:
    """What a manifest says: `about` is its metadata, `modules` are Module objects, sorted."""

    def __init__(self, path):
        self.about = {}
        self.modules = []
        self._path = os.path.abspath(path)
        names = {"metadata": self.about.update, "package": self._package, "module": self._module}
        before = os.getcwd()
        os.chdir(os.path.dirname(self._path))  # relative names are relative to it
        try:
            with open(self._path) as file:
                exec(compile(file.read(), self._path, "exec"), names)
        except (NameError, TypeError) as error:
            raise ManifestError("%s: %s" % (path, error))
        finally:
            os.chdir(before)
        self.modules.sort(key=lambda module: module.name)

    def compile(self, mpy_cross, folder):
        """Write all modules to a folder."""
        try:
            smaller = shrink({module.dotted: module.text for module in self.modules})
        except SyntaxError as error:
            raise ManifestError(str(error))
        for module in self.modules:
            if module.optimization >= _NO_LINE_NUMBERS:
                module.text = smaller[module.dotted]
            module.compile(mpy_cross, folder)

    def _package(self, name, files=None, base_path=".", opt=None):
        if files is None:
            raise TypeError("package(%r) has to say which files" % name)
        for file in files:
            self._add(base_path, name + "/" + file, opt)

    def _module(self, name, base_path=".", opt=None):
        self._add(base_path, name, opt)

    def _add(self, base_path, name, opt):
        source = os.path.join(os.path.dirname(self._path), base_path, name)
        self.modules.append(Module(name, os.path.normpath(source), opt or 0))


class Module:
    """A module: its name such as "opentracker/http.py", its source, its level of optimization."""

    def __init__(self, name, source, optimization):
        self.name = name
        self.optimization = optimization
        with open(source, encoding="utf-8") as file:
            self.text = file.read()
        self._has_machine_code = bool(_MACHINE_CODE.search(self.text))

    @property
    def dotted(self):
        """What it is called where it is imported."""
        words = self.name[: -len(".py")].split("/")
        return ".".join(words[:-1] if words[-1] == "__init__" else words)

    @property
    def target(self):
        """Where it is installed: a path ending in .mpy, or in .py if it stays source."""
        return self.name if self._has_machine_code else self.name[: -len(".py")] + ".mpy"

    def compile(self, mpy_cross, folder):
        path = os.path.join(folder, self.target)
        source = os.path.join(folder, self.name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(source, "w", encoding="utf-8", newline="\n") as file:
            file.write(self.text)
        if source != path:
            options = ["-O%d" % self.optimization, "-s", self.name, "-o", path]
            subprocess.run([mpy_cross, *options, source], check=True)
            os.unlink(source)
        os.chmod(path, 0o644)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compile the modules of a manifest.")
    parser.add_argument("--mpy-cross", required=True, metavar="PROGRAM")
    parser.add_argument("manifest", metavar="MANIFEST")
    parser.add_argument("folder", metavar="FOLDER")
    return parser.parse_args()


def main():
    options = parse_arguments()
    try:
        Manifest(options.manifest).compile(options.mpy_cross, options.folder)
    except (ManifestError, OSError, subprocess.CalledProcessError) as error:
        print("bytecode.py: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
