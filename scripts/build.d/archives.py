"""Archives that are the same bytes for the same content: sorted, owned by root, of one time."""

import gzip
import io
import os
import stat
import tarfile


class Entry:
    """A file, folder or symbolic link: its path without a leading /, mode and content."""

    def __init__(self, path, mode, data=None, link=None):
        self.path = path
        self.mode = mode
        self.data = data  # bytes of a file, None of others
        self.link = link


def read_tree(root):
    """The entries of all that is below a folder."""
    entries = []
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            entries.append(_read(path, os.path.relpath(path, root).replace(os.sep, "/")))
    return entries


def _read(path, name):
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return Entry(name, 0o777, link=os.readlink(path))
    if stat.S_ISDIR(status.st_mode):
        return Entry(name, mode)
    with open(path, "rb") as file:
        return Entry(name, mode, file.read())


def tar(entries, epoch, tar_format=tarfile.GNU_FORMAT, headers=None):
    """The bytes of a tar archive; `headers` gives the pax headers of an entry."""
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w", format=tar_format) as archive:
        for entry in sorted(entries, key=lambda entry: entry.path.split("/")):
            member = tarfile.TarInfo(entry.path)
            member.mode = entry.mode
            member.mtime = epoch
            if headers:
                member.pax_headers = headers(entry)
            if entry.link is not None:
                member.type = tarfile.SYMTYPE
                member.linkname = entry.link
            elif entry.data is None:
                member.type = tarfile.DIRTYPE
            else:
                member.size = len(entry.data)
            archive.addfile(member, io.BytesIO(entry.data or b""))
    return result.getvalue()


def compress(data):
    return gzip.compress(data, 9, mtime=0)
