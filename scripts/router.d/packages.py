"""Package files: what they are, and for which package manager."""

import collections
import hashlib
import io
import os
import re
import tarfile

from trouble import Trouble

Package = collections.namedtuple("Package", "file data manager name version checksum")
LARGEST = 32 << 20


def read(path):
    """The Package in a file, or Trouble that says why it is none."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Trouble("%s: %s; scripts/build makes packages in dist/" % (path, error.strerror))
    if len(data) > LARGEST:
        raise Trouble("%s: larger than a package for a router may be" % path)
    file = os.path.basename(path)
    if file.endswith(".ipk"):
        manager, (name, version) = "opkg", _ipk(path, data)
    elif file.endswith(".apk"):
        manager, (name, version) = "apk", _apk(path, file, data)
    else:
        raise Trouble("%s: give an .ipk (OpenWrt 24.10) or an .apk (25.12)" % path)
    return Package(file, data, manager, name, version, hashlib.sha256(data).hexdigest())


def _ipk(path, data):
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as outer:
            control = _member(outer, "control.tar.gz")
        with tarfile.open(fileobj=io.BytesIO(control), mode="r:gz") as inner:
            text = _member(inner, "control").decode()
        fields = dict(re.findall(r"^(Package|Version): *(\S+)", text, re.M))
        return fields["Package"], fields["Version"]
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError, AttributeError):
        raise Trouble("%s: no .ipk, or a damaged one" % path) from None


def _member(archive, name):
    for member in archive:
        if os.path.basename(member.name) == name:
            return archive.extractfile(member).read()
    raise KeyError(name)


def _apk(path, file, data):
    found = re.match(r"(.+?)[-_](\d[\w.~-]*?)\.apk$", file)
    if data[:3] not in (b"ADB", b"\x1f\x8b\x08"):
        raise Trouble("%s: no .apk, or a damaged one" % path)
    if not found:
        raise Trouble("%s: name it as apk does, NAME-VERSION.apk" % path)
    return found.groups()
