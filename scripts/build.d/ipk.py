"""Packages for opkg, as OpenWrt's scripts/ipkg-build makes them."""

from archives import Entry, compress, tar

_SCRIPT = """\
#!/bin/sh
%s[ -s "${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "${IPKG_INSTROOT}/lib/functions.sh"
%s "$0" "$@"
"""
_POSTINST = _SCRIPT % ('[ "${IPKG_NO_SCRIPT}" = "1" ] && exit 0\n', "default_postinst")
_PRERM = _SCRIPT % ("", "default_prerm")


def file_name(package):
    return "%s_%s_%s.ipk" % (package.name, package.version, package.field("PKGARCH"))


def build(package):
    """The bytes of the package."""
    data = tar([Entry(".", 0o755), *_below(package.entries)], package.epoch)
    control = [
        Entry(".", 0o755),
        *_below([Entry("control", 0o644, _control(package, len(data)).encode())]),
        *_below(_conffiles(package)),
        *_below(_scripts(package)),
    ]
    parts = [
        Entry("./control.tar.gz", 0o644, compress(tar(control, package.epoch))),
        Entry("./data.tar.gz", 0o644, compress(data)),
        Entry("./debian-binary", 0o644, b"2.0\n"),
    ]
    return compress(tar(parts, package.epoch))


def _below(entries):
    return [Entry("./" + entry.path, entry.mode, entry.data, entry.link) for entry in entries]


def _control(package, size):
    fields = (
        ("Package", package.name),
        ("Version", package.version),
        ("Depends", ", ".join(package.depends)),
        ("Conflicts", ", ".join(package.field("CONFLICTS").split())),
        ("Provides", ", ".join(package.field("PROVIDES").split())),
        ("SourceName", package.name),
        ("License", package.field("LICENSE")),
        ("LicenseFiles", package.field("LICENSE_FILES")),
        ("Section", package.field("SECTION")),
        ("Require-User", package.field("USERID")),
        ("SourceDateEpoch", str(package.epoch)),
        ("URL", package.field("URL")),
        ("Maintainer", package.field("MAINTAINER")),
        ("Architecture", package.field("PKGARCH")),
        ("Installed-Size", str(size)),
    )
    lines = ["%s: %s" % field for field in fields if field[1]]
    text = package.field("description") or package.field("TITLE")
    description = [" " + line.strip() for line in text.splitlines()]
    return "\n".join([*lines, "Description:" + description[0], *description[1:]]) + "\n"


def _conffiles(package):
    text = "".join(path + "\n" for path in package.conffiles)
    return [Entry("conffiles", 0o644, text.encode())] if text else []


def _scripts(package):
    """OpenWrt's own, which do the usual, and the package's, which those call."""
    texts = [("postinst", _POSTINST), ("prerm", _PRERM)]
    for field, name in (
        ("postinst", "postinst-pkg"),
        ("prerm", "prerm-pkg"),
        ("preinst", "preinst"),
        ("postrm", "postrm"),
    ):
        if package.field(field):
            texts.append((name, package.field(field) + "\n"))
    return [Entry(name, 0o755, text.encode()) for name, text in texts]
