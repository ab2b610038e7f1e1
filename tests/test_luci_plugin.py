"""The plugin's files of access lists: what it reads and changes, and what it leaves alone."""

import base64
import os
import stat
import subprocess
import time

import pytest

from luci.plugin import Plugin

EMPTY = b"# No torrents.\n"
HASH = b"0123456789abcdef0123456789abcdef01234567\n"
UPLOAD = "0123456789abcdef"
CHUNK = 45 * 1024
MOST = 16 * 1024 * 1024


class Lists:
    """The plugin on the files of a router; what is asked for is of the whitelist."""

    def __init__(self, root):
        self.folder = root / "etc/opentracker"
        self.folder.mkdir(parents=True)
        self.section = {".type": "opentracker", ".name": "main"}
        world = {"ubus": {}, "uci": {"opentracker": {"main": self.section}}}
        self.plugin = Plugin(root, lambda: world)
        self.path = self.folder / "whitelist.txt"

    def call(self, method, **params):
        methods = self.plugin.objects()["luci.opentracker"]
        if method != "lists":
            params.setdefault("list", "whitelist")
        if isinstance(params.get("data"), bytes):
            params["data"] = base64.b64encode(params["data"]).decode()
        return methods[method](None, params)

    def revision(self):
        return self.call("lists")["whitelist"]["revision"]

    def stage(self, text, upload=UPLOAD):
        for offset in range(0, len(text), CHUNK):
            chunk = text[offset : offset + CHUNK]
            reply = self.call("stage", upload=upload, offset=offset, data=chunk)
            assert reply == {"size": offset + len(chunk)}

    def replace(self, size, revision, upload=UPLOAD):
        return self.call("replace", upload=upload, size=size, revision=revision)

    def read(self):
        text, offset = b"", 0
        while offset is not None:
            reply = self.call("read", offset=offset)
            text += base64.b64decode(reply["data"])
            offset = reply.get("next")
        return text

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def lists(tmp_path):
    lists = Lists(tmp_path)
    yield lists
    lists.plugin.close()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_lists_that_nobody_has_made(lists):
    assert lists.call("lists") == {
        name: {
            "path": str(lists.folder / f"{name}.txt"),
            "managed": True,
            "active": False,
            "configured": [],
            "exists": False,
            "size": 0,
            "revision": "",
        }
        for name in ("whitelist", "blacklist")
    }
    assert lists.call("read", offset=0) == {"data": "", "revision": ""}


@pytest.mark.parametrize("listed", ["a" * 40, ["a" * 40, "b" * 40]])
def test_what_uci_says_of_a_list(lists, listed):
    path = lists.folder / "mine"
    path.write_bytes(HASH)
    lists.section.update(blacklist_file=str(path), blacklist=listed)
    found = lists.call("lists")["blacklist"]
    configured = listed if isinstance(listed, list) else [listed]
    status = path.stat()
    assert found == {
        "path": str(path),
        "managed": True,
        "active": True,
        "configured": configured,
        "exists": True,
        "size": len(HASH),
        "revision": f"{status.st_ino}-{int(status.st_mtime)}-{status.st_size}",
    }


CHANGES = {
    "read": {"offset": 0},
    "append": {"data": HASH},
    "stage": {"upload": UPLOAD, "offset": 0, "data": HASH},
    "replace": {"upload": UPLOAD, "size": 1, "revision": ""},
}


def assert_left_alone(lists):
    found = lists.call("lists")["whitelist"]
    assert (found["managed"], found["size"], found["revision"]) == (False, 0, "")
    for method, params in CHANGES.items():
        assert lists.call(method, **params) == {"error": "unmanaged"}


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "/etc/opentracker",
        "/etc/opentracker/",
        "/etc/opentracker/.",
        "/etc/opentracker/..",
        "/etc/opentracker/.hidden",
        "/etc/opentracker/-x/../../passwd",
        "/etc/opentracker/../passwd",
        "/etc/opentracker/folder/list",
        "/etc/opentracker/a\n../../passwd",
        "/etc/opentracker/list\n",
        "/etc/opentracker/a b",
        "/tmp/etc/opentracker/list",
        "whitelist.txt",
    ],
)
def test_other_paths_are_left_alone(lists, tmp_path, name):
    lists.section["whitelist_file"] = str(tmp_path) + name if name.startswith("/") else name
    assert_left_alone(lists)
    assert lists.names() == []


@pytest.mark.parametrize("kind", ["link", "dangling", "hard link", "folder", "pipe"])
def test_what_is_no_plain_file_is_left_alone(lists, tmp_path, kind):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret\n")
    if kind == "link":
        lists.path.symlink_to(secret)
    elif kind == "dangling":
        lists.path.symlink_to(tmp_path / "new")
    elif kind == "hard link":
        os.link(secret, lists.path)
    elif kind == "folder":
        lists.path.mkdir()
    else:
        os.mkfifo(lists.path)
    assert_left_alone(lists)
    assert secret.read_bytes() == b"secret\n"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("permissions", [0o775, 0o757, 0o1777])
def test_a_folder_in_which_others_may_write_is_left_alone(lists, permissions):
    lists.folder.chmod(permissions)
    assert_left_alone(lists)


@pytest.mark.requires_root
def test_a_folder_that_is_not_roots_is_left_alone(lists):
    os.chown(lists.folder, 6969, 6969)
    assert_left_alone(lists)


@pytest.mark.parametrize("name", ["state", "", "path", "whitelist_file", "Whitelist"])
def test_there_are_two_lists(lists, name):
    for method, params in CHANGES.items():
        assert lists.call(method, list=name, **params) == {"error": "invalid"}


# Reading


def test_a_list_is_read_as_it_is(lists):
    text = bytes(range(256)) * 2000
    lists.path.write_bytes(text)
    assert lists.read() == text
    assert lists.call("read", offset=len(text)) == {"data": "", "revision": lists.revision()}
    assert lists.call("read", offset=2**31 - 1)["data"] == ""
    assert base64.b64decode(lists.call("read", offset=-5)["data"])[:4] == b"\0\1\2\3"


def test_a_list_that_is_too_long_is_not_read(lists):
    lists.path.touch()
    os.truncate(lists.path, MOST + 1)
    assert lists.call("read", offset=0) == {"error": "size"}
    assert lists.call("append", data=HASH) == {"error": "size"}
    assert lists.path.stat().st_size == MOST + 1


# Adding


@pytest.mark.parametrize(
    "before, data, after",
    [
        (None, b"", EMPTY),
        (None, HASH, HASH),
        (b"", b"", EMPTY),
        (b"# mine\n", b"", b"# mine\n"),
        (b"# mine\n", HASH, b"# mine\n" + HASH),
        (b"open end", HASH, b"open end\n" + HASH),
        (b"\xff\0\n", HASH, b"\xff\0\n" + HASH),
    ],
)
def test_lines_are_added(lists, before, data, after):
    if before is not None:
        lists.path.write_bytes(before)
        lists.path.chmod(0o644)
    known = lists.revision()
    reply = lists.call("append", data=data)
    assert reply == {"before": known, "revision": lists.revision()}
    assert lists.path.read_bytes() == after
    assert mode(lists.path) == 0o644


@pytest.mark.parametrize("data", ["?", "YQ=a", b"x" * (CHUNK + 1)])
def test_what_is_no_chunk_is_not_taken(lists, data):
    assert lists.call("append", data=data) == {"error": "invalid"}
    reply = lists.call("stage", upload=UPLOAD, offset=0, data=data)
    assert reply == {"error": "invalid"}
    assert lists.names() == []


# Replacing


def test_a_list_is_replaced_as_a_whole(lists):
    lists.path.write_bytes(HASH)
    lists.path.chmod(0o600)
    inode = lists.path.stat().st_ino
    text = b"".join(b"%040x note %d\n" % (number, number) for number in range(5000))
    lists.stage(text)
    assert lists.path.read_bytes() == HASH
    assert lists.replace(len(text), lists.revision()) == {"revision": lists.revision()}
    assert lists.path.read_bytes() == text
    assert lists.path.stat().st_ino != inode
    assert mode(lists.path) == 0o644
    assert lists.names() == ["whitelist.txt"]


def test_a_list_is_made(lists):
    lists.stage(HASH)
    assert "revision" in lists.replace(len(HASH), "")
    assert lists.path.read_bytes() == HASH


@pytest.mark.parametrize("how", ["appended", "replaced", "removed", "made"])
def test_a_list_that_was_changed_elsewhere_stays(lists, how):
    if how != "made":
        lists.path.write_bytes(HASH)
    known = lists.revision()
    if how == "removed":
        lists.path.unlink()
    elif how == "appended":
        lists.call("append", data=b"# more\n")
    else:
        lists.stage(b"# theirs\n", "f" * 16)
        lists.replace(len(b"# theirs\n"), known, "f" * 16)
    theirs = lists.path.read_bytes() if lists.path.exists() else None
    lists.stage(b"# mine\n")
    assert lists.replace(len(b"# mine\n"), known) == {"error": "changed"}
    assert (lists.path.read_bytes() if lists.path.exists() else None) == theirs
    assert lists.names() == ([] if theirs is None else ["whitelist.txt"])


@pytest.mark.parametrize("size", [0, len(HASH) - 1, len(HASH) + 1])
def test_half_of_a_list_is_none(lists, size):
    lists.path.write_bytes(b"# old\n")
    lists.stage(HASH)
    assert lists.replace(size, lists.revision()) == {"error": "size"}
    assert lists.replace(len(HASH), lists.revision()) == {"error": "size"}
    assert lists.path.read_bytes() == b"# old\n"
    assert lists.names() == ["whitelist.txt"]


def test_chunks_come_in_order(lists):
    lists.stage(HASH)
    for offset in (0, 1, len(HASH) + 1):
        reply = lists.call("stage", upload=UPLOAD, offset=offset, data=HASH)
        assert reply == {"error": "size"}
    reply = lists.call("stage", upload=UPLOAD, offset=len(HASH), data=b"")
    assert reply == {"size": len(HASH)}


@pytest.mark.parametrize(
    "upload", ["", "0123456789abcde", UPLOAD + "0", "../../../passwd12", "A" * 16, "0" * 16 + "\n"]
)
def test_names_of_uploads_are_16_hex_digits(lists, upload):
    assert lists.call("stage", upload=upload, offset=0, data=HASH) == {"error": "invalid"}
    assert lists.replace(len(HASH), "", upload) == {"error": "invalid"}
    assert lists.names() == []


def test_an_upload_has_an_end(lists):
    lists.stage(HASH)
    os.truncate(lists.folder / f".whitelist.txt.{UPLOAD}", MOST)
    reply = lists.call("stage", upload=UPLOAD, offset=MOST, data=HASH)
    assert reply == {"error": "size"}


def test_uploads_that_nobody_finished_go(lists):
    lists.path.write_bytes(HASH)
    other = [".whitelist.txt", ".state", f"whitelist.txt.{UPLOAD}", "." + UPLOAD]
    for name in other:
        (lists.folder / name).touch()
    lists.stage(HASH, "a" * 16)
    lists.stage(HASH, "b" * 16)
    for name in (*other, "whitelist.txt", f".whitelist.txt.{'a' * 16}"):
        os.utime(lists.folder / name, (time.time() - 3700,) * 2)
    lists.stage(HASH, "c" * 16)
    uploads = [f".whitelist.txt.{letter * 16}" for letter in "bc"]
    assert lists.names() == sorted([*other, *uploads, "whitelist.txt"])


# A full disk


@pytest.fixture
def small_disk(lists):
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", lists.folder]
    subprocess.run(mount, check=True)
    yield
    subprocess.run(["umount", lists.folder], check=True)


@pytest.mark.requires_root
def test_a_full_disk_costs_nothing(lists, small_disk):
    text = b"".join(b"%040x\n" % number for number in range(1000))
    lists.call("append", data=text)
    revision = lists.revision()
    for _ in range(2):
        assert lists.call("append", data=text) == {"error": "space"}
        assert lists.path.read_bytes() == text
    assert lists.call("stage", upload=UPLOAD, offset=0, data=text) == {"error": "space"}
    assert lists.names() == ["whitelist.txt"]
    assert lists.read() == text
    lists.stage(HASH)
    assert "revision" in lists.replace(len(HASH), lists.revision())
    assert revision != lists.revision()
