"""Build the packages, and take them apart with nothing of what made them."""

import email
import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zlib

from .runtimes import TOP, need_tool

NAME = "opentracker"


class Built:
    """A run of scripts/build: the files it made, by name, and the lines it printed."""

    def __init__(self, folder, top=TOP, **env):
        need_tool("make")
        self.folder = folder
        done = subprocess.run(
            [sys.executable, str(top / "scripts" / "build"), "--output", str(folder)],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        self.lines = done.stdout.splitlines()

    def files(self):
        """{path below the folder: bytes}"""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}

    def file(self, pattern):
        """The path of the one file whose name matches."""
        (path,) = self.folder.glob(pattern)
        return path

    def ipk(self, name=NAME):
        return Ipk(self.file(f"{name}_*_all.ipk").read_bytes())

    def apk(self, name=NAME):
        return Apk(self.file(f"{name}-*.apk").read_bytes())


def members(data):
    """{path without ./ or /: (TarInfo, bytes or None)} of a tar archive, in its order."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = [(member, archive.extractfile(member)) for member in archive]
        return {
            member.name.removeprefix("./"): (member, file and file.read()) for member, file in found
        }


class Ipk:
    """A package for opkg: `control` and `data` are members, `tars` the archives as they are."""

    def __init__(self, raw):
        outer = gzip.decompress(raw)
        parts = members(outer)
        self.names = list(parts)
        self.version = parts["debian-binary"][1]
        self.tars = [
            outer,
            *(gzip.decompress(parts[f"{n}.tar.gz"][1]) for n in ("control", "data")),
        ]
        self.control, self.data = members(self.tars[1]), members(self.tars[2])

    def fields(self):
        """{field: value} of the control file; a value has all its lines."""
        parsed = email.message_from_bytes(self.control["control"][1])
        return {key: value.replace("\n ", "\n") for key, value in parsed.items()}


class Apk:
    """A package for apk in its version 2 format; `streams` are the archives as they are."""

    def __init__(self, raw):
        self.streams, self.compressed = [], []
        while raw:
            inflate = zlib.decompressobj(wbits=31)
            self.streams.append(inflate.decompress(raw))
            self.compressed.append(raw[: len(raw) - len(inflate.unused_data)])
            raw = inflate.unused_data
        self.control, self.data = members(self.streams[0]), members(self.streams[1])

    def fields(self):
        """{key: [values]} of .PKGINFO."""
        found = {}
        for line in self.control[".PKGINFO"][1].decode().splitlines():
            key, value = line.split(" = ", 1)
            found.setdefault(key, []).append(value)
        return found

    def datahash(self):
        return hashlib.sha256(self.compressed[1]).hexdigest()


def unpack(data, root):
    """Unpack members into a folder, with their modes; owners stay who unpacks."""
    for name, (member, content) in data.items():
        path = root / name
        if member.isdir():
            path.mkdir(exist_ok=True, parents=True)
        else:
            path.write_bytes(content)
        path.chmod(member.mode)
