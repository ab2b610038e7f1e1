"""Packages for apk, in the format of apk-tools 2, which apk-tools 3 installs as well.

It is two gzip streams: a tar archive, without its end, of .PKGINFO and the scripts, and one of what
is installed, whose pax headers hold the checksum of every file. See apk-v2(5). The scripts and the
files in lib/apk/packages/ are those that OpenWrt adds.
"""

import hashlib
import tarfile

from archives import Entry, compress, tar
from recipe import parents

_BLOCK = 512
_CHECKSUM = "APK-TOOLS.checksum.SHA1"
_SCRIPT = """\
#!/bin/sh
%s[ -s "${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "${IPKG_INSTROOT}/lib/functions.sh"
export root="${IPKG_INSTROOT}"
export pkgname="%s"
%s
"""
_UNWANTED = '[ "${IPKG_NO_SCRIPT}" = "1" ] && exit 0\n'
_SET_UP = "add_group_and_user\ndefault_postinst"


def file_name(package):
    return "%s-%s.apk" % (package.name, package.version)


def build(package):
    """The bytes of the package."""
    entries = package.entries + _lists(package)
    data = compress(tar(entries, package.epoch, tarfile.PAX_FORMAT, headers=_checksum))
    control = [Entry(".PKGINFO", 0o644, _info(package, data).encode()), *_scripts(package)]
    return compress(_without_end(control, package.epoch)) + data


def _checksum(entry):
    content = entry.link.encode() if entry.link is not None else entry.data
    return {} if content is None else {_CHECKSUM: hashlib.sha1(content).hexdigest()}


def _without_end(entries, epoch):
    whole = tar(entries, epoch)
    end = sum(_BLOCK + (len(entry.data) + _BLOCK - 1) // _BLOCK * _BLOCK for entry in entries)
    return whole[:end]


def _info(package, data):
    arch = package.field("PKGARCH")
    fields = [
        ("pkgname", package.name),
        ("pkgver", package.version),
        ("pkgdesc", package.field("TITLE")),
        ("url", package.field("URL")),
        ("builddate", str(package.epoch)),
        ("maintainer", package.field("MAINTAINER")),
        ("size", str(package.installed_size)),
        ("arch", "noarch" if arch == "all" else arch),
        ("origin", package.name),
        ("license", package.field("LICENSE")),
    ]
    fields += [("depend", name) for name in package.depends]
    fields += [("depend", "!" + name) for name in package.field("CONFLICTS").split()]
    fields += [("provides", name) for name in package.field("PROVIDES").split()]
    fields.append(("datahash", hashlib.sha256(data).hexdigest()))
    return "".join("%s = %s\n" % field for field in fields if field[1])


def _scripts(package):
    """OpenWrt's own, which do the usual, then the package's."""
    texts = [
        (".post-install", _UNWANTED, _SET_UP, "postinst"),
        (".post-upgrade", "export PKG_UPGRADE=1\n" + _UNWANTED, _SET_UP, "postinst"),
        (".pre-deinstall", "", "default_prerm", "prerm"),
    ]
    scripts = []
    for name, first, usual, field in texts:
        text = _SCRIPT % (first, package.name, usual)
        if package.field(field):
            text += package.field(field) + "\n"
        scripts.append(Entry(name, 0o755, text.encode()))
    return scripts


def _lists(package):
    """What OpenWrt's scripts read: the files, the conffiles with their checksums, the users."""
    folder = "lib/apk/packages"
    files = {entry.path: entry for entry in package.files}
    texts = {
        "list": "".join("/%s\n" % path for path in sorted(files)),
        "conffiles": "".join(word + "\n" for word in package.field("conffiles").split()),
        "conffiles_static": "".join(
            "%s %s\n" % (path, hashlib.sha256(files[path[1:]].data).hexdigest())
            for path in package.conffiles
        ),
        "rusers": package.field("USERID") and package.field("USERID") + "\n",
    }
    have = {entry.path for entry in package.entries}
    lists = [Entry(path, 0o755) for path in (*parents(folder), folder) if path not in have]
    for kind, text in texts.items():
        if text:
            lists.append(Entry("%s/%s.%s" % (folder, package.name, kind), 0o644, text.encode()))
    return lists
