"""A file on its way to the router: resumed, checked as a whole, and gone again afterwards."""

import hashlib
from shlex import quote

from progress import Progress, duration
from trouble import Trouble

FOLDER = "/var/run/opentracker-router"
# What the package manager itself needs beside the file, in KiB.
SPARE = 256


def deliver(target, package):
    """The path of a package on the router, and a line on how it got there."""
    part = "%s/%s.part" % (FOLDER, package.checksum[:16])
    path = "%s/%s" % (FOLDER, package.file)
    _ask(target, "mkdir -p -m 700 %s && : >>%s" % (FOLDER, quote(part)))
    have = _matching(target, part, package.data)
    _need_room(target, len(package.data) - have)
    progress = Progress(len(package.data), have)
    try:
        target.append(part, package.data, have, progress)
    finally:
        progress.close()
    _check(target, part, path, package)
    return path, _told(len(package.data), have, progress.seconds, target.repeated)


def _ask(target, command):
    status, text = target.run(command)
    if status:
        raise Trouble("%s: %s" % (target.name, text.strip() or "%s fails" % command))
    return text


def _matching(target, part, data):
    """How many bytes an earlier run has brought, all of them right."""
    words = _ask(target, "wc -c <{0}; sha256sum <{0}".format(quote(part))).split()
    size = int(words[0])
    if 0 < size <= len(data) and hashlib.sha256(data[:size]).hexdigest() == words[1]:
        return size
    if size:
        _ask(target, ": >%s" % quote(part))
    return 0


def _need_room(target, size):
    """RAM, that is: /var/run is a tmpfs."""
    words = _ask(target, "df -Pk %s | tail -n 1" % FOLDER).split()
    room = int(words[3]) if len(words) > 3 and words[3].isdigit() else None
    if room is not None and room < size // 1024 + SPARE:
        raise Trouble(
            "the router's RAM is full: %d KiB free in %s, the package needs %d; remove files from"
            " /tmp, or restart the router" % (room, FOLDER, size // 1024 + SPARE)
        )


def _check(target, part, path, package):
    words = _ask(target, "sha256sum <%s" % quote(part)).split()
    if words[:1] != [package.checksum]:
        target.run("rm -f %s" % quote(part))
        raise Trouble("%s arrived damaged: try again" % package.file)
    _ask(target, "mv %s %s" % (quote(part), quote(path)))


def _told(size, have, seconds, repeated):
    sent = size - have
    text = "%d KiB" % -(-sent // 1024)
    if have:
        text += " of %d, the rest was there" % -(-size // 1024)
    text += " in %s, %.1f KiB/s" % (duration(seconds), sent / 1024 / max(seconds, 0.001))
    if repeated:
        text += ", %d times repeated" % repeated
    return text
