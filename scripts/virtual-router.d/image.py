"""The root of a virtual router: busybox, MicroPython, and stand-ins for what is OpenWrt's own."""

import glob
import gzip
import os
import subprocess

from cpio import Archive

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
STAND_INS = os.path.join(TOP, "tests", "openwrt")

PASSWORD = "router"
PASSWORD_HASH = "$1$virtual$BW.zTVoE7QzrvhD9uaU2P1"

# What OpenWrt's busybox has, of what Debian's has: no base64, stat, timeout and the like.
BIN = """
[ [[ ash awk basename bunzip2 bzcat cat chgrp chmod chown chroot clear cmp cp crond crontab cut date
dd df dirname dmesg du echo egrep env expr false fgrep find free fsync grep gunzip gzip head hexdump
hostid id kill killall less ln logger login ls lsmod md5sum mkdir mkfifo mknod mktemp mount mv nc
netstat nice nslookup passwd pidof ping ping6 printf ps pwd readlink reset rm rmdir sed seq sh
sha256sum sleep sort strings sync tail tar tee test time top touch tr traceroute traceroute6 true
umount uname uniq uptime vi wc wget which xargs yes zcat
"""
SBIN = """
halt hwclock ifconfig init insmod ip klogd poweroff reboot rmmod route start-stop-daemon sysctl
syslogd
"""
OURS = "hostname setsid switch_root"  # which the files in root/ need besides

# What MicroPython and busybox are linked with, or open.
LIBRARIES = "ld-linux-armhf libc libffi libgcc_s libm libmbed* libresolv libz"

TEXTS = {
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hostname": "virtual-router\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/openwrt_release": "DISTRIB_ID='virtual'\nDISTRIB_DESCRIPTION='virtual router'\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/ash\nnobody:*:65534:65534:nobody:/var:/bin/false\n",
    "etc/profile": "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\nexport PS1='\\u@\\h:\\w\\$ '\n",
}
SECRETS = {"etc/shadow": "root:%s:0:0:99999:7:::\nnobody:*:0:0:99999:7:::\n" % PASSWORD_HASH}
FOLDERS = {"dev": 0o755, "etc/config": 0o755, "etc/rc.d": 0o755, "mnt": 0o755, "root": 0o700}
LINKS = {"var": "tmp"}
OWNED = "usr/lib/opkg/info/base-files.list"  # what is of no package that can be removed

# Where the stand-ins for OpenWrt's files go that tests have without a router.
SHARED = {
    "functions.sh": "lib/functions/config.sh",
    "network.sh": "lib/functions/network.sh",
    "procd.sh": "lib/functions/procd.sh",
    "uclient-fetch": "bin/uclient-fetch",
}


class Unprovided(Exception):
    """scripts/provide has said why."""


def provide(name):
    """The path of what scripts/provide has by that name."""
    command = [os.path.join(TOP, "scripts", "provide"), name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Unprovided(name)
    return done.stdout.strip()


def build(kernel):
    """The compressed archive that the kernel unpacks."""
    files = {**_programs(), **_modules(kernel), **_scripts(), **_texts()}
    links = {**LINKS, **{"bin/" + name: "busybox" for name in (BIN + OURS).split()}}
    links.update({"sbin/" + name: "../bin/busybox" for name in SBIN.split()})
    folders = {**_parents([*files, *links, *FOLDERS, OWNED]), **FOLDERS}
    files[OWNED] = (_list_of([*folders, *links, *files]), 0o644)
    archive = Archive()
    for path, mode in sorted(folders.items()):
        archive.folder(path, mode)
    archive.character_device("dev/console", 5, 1)
    archive.character_device("dev/null", 1, 3, 0o666)
    for path, target in sorted(links.items()):
        archive.link(path, target)
    for path, (data, mode) in sorted(files.items()):
        archive.file(path, data, mode)
    return gzip.compress(archive.bytes(), mtime=0)


def _programs():
    micropython = os.path.join(os.path.dirname(provide("micropython-armhf")), "root")
    busybox = os.path.join(os.path.dirname(provide("busybox-armhf")), "root")
    found = {
        "bin/busybox": os.path.join(busybox, "usr/bin/busybox"),
        "usr/bin/micropython": os.path.join(micropython, "usr/bin/micropython"),
    }
    for library in LIBRARIES.split():
        pattern = os.path.join(micropython, "usr/lib/*-linux-*/%s.so.[0-9]*" % library)
        for path in glob.glob(pattern):
            if os.path.basename(path).count(".") == 2:  # the name that programs ask for
                found["lib/" + os.path.basename(path)] = path
    return {name: (_read(path), 0o755) for name, path in found.items()}


def _modules(kernel):
    paths = glob.glob(os.path.join(os.path.dirname(kernel), "*.ko"))
    return {"lib/modules/" + os.path.basename(path): (_read(path), 0o644) for path in paths}


def _scripts():
    """The files of root/, and those that tests have, with their modes."""
    found = {path: os.path.join(STAND_INS, name) for name, path in SHARED.items()}
    root = os.path.join(HERE, "root")
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = path
    return {name: (_read(path), _mode(path)) for name, path in found.items()}


def _mode(path):
    return 0o755 if os.access(path, os.X_OK) else 0o644


def _texts():
    found = {path: (text.encode(), 0o644) for path, text in TEXTS.items()}
    found.update({path: (text.encode(), 0o600) for path, text in SECRETS.items()})
    return found


def _parents(paths):
    parents = {}
    for path in paths:
        while os.path.dirname(path):
            path = os.path.dirname(path)
            parents[path] = 0o755
    return parents


def _list_of(paths):
    return "".join("/%s\n" % path for path in sorted(paths)).encode()


def _read(path):
    with open(path, "rb") as file:
        return file.read()
