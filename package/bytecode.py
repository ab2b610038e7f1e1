#!/usr/bin/env python3
"""Compile what a manifest in micropython-lib's format names, for any processor.

usage: bytecode.py --mpy-cross PROGRAM MANIFEST FOLDER

FOLDER gets a .mpy file for each module. Modules with functions in machine code are copied instead:
machine code has a processor, and where MicroPython can make it, it makes it of the source.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

_MACHINE_CODE = re.compile(r"^\s*@micropython\.(native|viper|asm_\w+)\b", re.MULTILINE)


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
        self.source = source
        self.optimization = optimization

    @property
    def target(self):
        """Where it is installed: a path ending in .mpy, or in .py if it is copied."""
        return self.name if self.has_machine_code() else self.name[: -len(".py")] + ".mpy"

    def has_machine_code(self):
        with open(self.source, encoding="utf-8") as file:
            return bool(_MACHINE_CODE.search(file.read()))

    def compile(self, mpy_cross, folder):
        path = os.path.join(folder, self.target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if self.has_machine_code():
            shutil.copyfile(self.source, path)
        else:
            options = ["-O%d" % self.optimization, "-s", self.name, "-o", path]
            subprocess.run([mpy_cross, *options, self.source], check=True)
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
        for module in Manifest(options.manifest).modules:
            module.compile(options.mpy_cross, options.folder)
    except (ManifestError, OSError, subprocess.CalledProcessError) as error:
        print("bytecode.py: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
