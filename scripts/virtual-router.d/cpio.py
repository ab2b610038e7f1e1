"""An archive in the format that Linux takes for its first root: cpio "newc"."""

import stat

TRAILER = "TRAILER!!!"


class Archive:
    """Files, all of them root's. A folder has to be added before what is in it."""

    def __init__(self):
        self._parts = []
        self._inode = 0

    def folder(self, path, mode=0o755):
        self._entry(path, stat.S_IFDIR | mode)

    def file(self, path, data, mode=0o644):
        self._entry(path, stat.S_IFREG | mode, data)

    def link(self, path, target):
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path, major, minor, mode=0o600):
        self._entry(path, stat.S_IFCHR | mode, device=(major, minor))

    def bytes(self):
        whole = Archive()
        whole._entry(TRAILER, 0)
        return b"".join(self._parts + whole._parts)

    def _entry(self, path, mode, data=b"", device=(0, 0)):
        self._inode += 1
        name = path.encode() + b"\0"
        links = 2 if stat.S_ISDIR(mode) else 1
        owner, group, changed, checksum = 0, 0, 0, 0
        fields = (
            *(self._inode, mode, owner, group, links, changed, len(data)),
            *(0, 0, *device, len(name), checksum),
        )
        head = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts += [_padded(head + name), _padded(data)]


def _padded(data):
    return data + bytes(-len(data) % 4)
