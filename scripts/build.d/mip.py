"""What MicroPython's mip installs: package.json, and beside it the files by their hashes.

It is the format of micropython.org's index, as relative URLs in a package.json are too new for the
MicroPython of OpenWrt: mip.install("http://HOST/package.json", index="http://HOST", target=...)
"""

import hashlib
import json
import os

_HASH_DIGITS = 8  # as in micropython.org's index


def write(manifest, compiled, folder):
    """Make the folder of the modules that were compiled into another one."""
    hashes = []
    for module in manifest.modules:
        with open(os.path.join(compiled, module.target), "rb") as file:
            data = file.read()
        name = hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]
        hashes.append((module.target, name))
        _write_file(os.path.join(folder, "file", name[:2], name), data)
    content = {"v": 1, "version": manifest.about["version"], "hashes": hashes, "deps": []}
    _write_file(os.path.join(folder, "package.json"), json.dumps(content).encode() + b"\n")


def _write_file(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
