"""A root to chroot to, with busybox and MicroPython only, as little else as on a router."""

import re
import shutil
import subprocess
from pathlib import Path

from .runtimes import need, need_tool

APPLETS = ("cat", "grep", "sh", "sleep", "wget")
PASSWD = """\
root:x:0:0:root:/root:/bin/ash
nobody:*:65534:65534:nobody:/var:/bin/false
opentracker:x:6969:6969:opentracker:/var/run/opentracker:/bin/false
"""
GROUP = "root:x:0:\nnogroup:x:65534:\nopentracker:x:6969:\n"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def furnish(root):
    """Put busybox, MicroPython and their libraries into a folder, and the user OpenWrt adds."""
    for folder in ("bin", "dev", "etc", "tmp", "usr/bin", "usr/lib"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "dev/null").touch()  # ash opens it for what runs in the background
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text(GROUP)
    micropython, libraries = _micropython()
    busybox = need_tool("busybox")
    libraries = {**_libraries_of(busybox), **libraries}
    for name, path in libraries.items():
        shutil.copy(path, root / "usr/lib" / name)
    loader = re.search(rb"/lib[\w/-]*/ld[\w.-]+", Path(micropython).read_bytes())[0].decode()
    (root / loader[1:]).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(libraries[Path(loader).name], root / loader[1:])
    shutil.copy(micropython, root / "usr/bin/micropython")
    shutil.copy(busybox, root / "bin/busybox")
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")


def _micropython():
    """The path of the program, and of its libraries by name."""
    program = need("micropython")
    unpacked = Path(program).parent / "root"
    if not unpacked.is_dir():
        return program, _libraries_of(program)
    # It comes with a libc of its own, newer than this system's or as old.
    found = unpacked.glob("usr/lib/*-linux-*/*.so*")
    return unpacked / "usr/bin/micropython", {path.name: path for path in found}


def _libraries_of(program):
    done = subprocess.run([need_tool("ldd"), program], capture_output=True, text=True)
    return {Path(word).name: word for word in done.stdout.split() if word.startswith("/")}


def command(root, *words):
    chroot = shutil.which("chroot", path=PATH)
    return [chroot, str(root), *map(str, words)]


def run(root, *words):
    return subprocess.run(
        command(root, *words),
        env={"PATH": PATH},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )
