"""What scripts/router does on a router, a line for each step."""

import re
import sys
from shlex import quote

import delivery
from trouble import Trouble

SERVICE = "/etc/init.d/opentracker"
PROBE = (
    '. /etc/openwrt_release 2>/dev/null; echo "system=$DISTRIB_DESCRIPTION";'
    ' echo "model=$(cat /tmp/sysinfo/model 2>/dev/null)";'
    " for each in opkg apk; do command -v $each >/dev/null && echo $each=yes; done;"
    ' echo "room=$(df -Pk /overlay 2>/dev/null | tail -n 1)"'
)
# The tracker and its pages; a package before those that it needs.
OURS = re.compile(r"luci-i18n-opentracker-.+|luci-app-opentracker|opentracker")
MISSING = re.compile(
    r"cannot find dependency|Cannot satisfy the following dependencies"
    r"|unable to select packages|no such package"
)
LONG = 900


def say(step, text):
    print("%-10s %s" % (step + ":", text), flush=True)


class Router:
    """A router, known by what it answers."""

    def __init__(self, target):
        self._target = target
        _, text = target.run(PROBE)
        self._facts = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def describe(self):
        facts = self._facts
        words = [facts.get("system") or "not OpenWrt", facts.get("model") or ""]
        room = facts.get("room", "").split()
        if len(room) > 3 and room[3].isdigit():
            words.append("%d KiB of flash free" % int(room[3]))
        return ", ".join(word for word in words if word)

    def install(self, packages):
        manager = packages[0].manager
        self._need_manager(manager)
        before = self.installed()
        paths = []
        try:
            for package in packages:
                path, told = delivery.deliver(self._target, package)
                paths.append(quote(path))
                say("sent", "%s, %s" % (package.file, told))
            say("checked", "sha256 of all that was sent is right")
            self._do(_install_command(manager, packages, paths, before), manager)
        finally:
            if paths:
                self._target.run("rm -f %s" % " ".join(paths))
        after = self.installed()
        for package in packages:
            self._say_installed(package, before, after)
        if any(package.name == "opentracker" for package in packages):
            self._say_service()

    def uninstall(self):
        installed = self.installed()
        names = sorted(name for name in installed if OURS.fullmatch(name))
        if not names:
            raise Trouble("opentracker is not installed on the router")
        names.sort(key=lambda name: not name.startswith("luci-i18n"))
        remove = "opkg remove" if self._manager() == "opkg" else "apk del"
        self._do("%s %s" % (remove, " ".join(names)), self._manager())
        for name in names:
            if name in self.installed():
                raise Trouble("%s is still there after %s" % (name, remove))
            say("removed", "%s %s" % (name, installed[name]))

    def service(self, action):
        """The exit status of a command of the init script, whose words are shown."""
        self._need_service()
        status, text = self._target.run("%s %s" % (SERVICE, action), LONG)
        print(text, end="", flush=True)
        if not text and not status:
            say(action, "done")
        return status

    def log(self, follows):
        if follows:
            out = sys.stdout.buffer
            self._target.follow("logread -f -e opentracker", lambda data: _show(out, data))
            return 0
        status, text = self._target.run("logread -e opentracker")
        print(text, end="", flush=True)
        return status

    def installed(self):
        """The version of each package on the router by its name."""
        if self._manager() == "opkg":
            status, text = self._target.run("opkg list-installed")
            found = re.findall(r"^(\S+) - (\S+)", text, re.M)
        else:
            status, text = self._target.run("apk list --installed 2>/dev/null")
            found = re.findall(r"^(\S+?)-(\d\S*) ", text, re.M)
        if status:
            raise Trouble("the router's package manager fails: %s" % _last_words(text))
        return dict(found)

    def _manager(self):
        for manager in ("apk", "opkg"):
            if manager in self._facts:
                return manager
        raise Trouble("the router has neither opkg nor apk: is it OpenWrt?")

    def _need_manager(self, manager):
        if manager not in self._facts:
            there = self._manager()
            suffix = {"opkg": ".ipk", "apk": ".apk"}
            raise Trouble(
                "this router has %s: give the %s, not the %s"
                % (there, suffix[there], suffix[manager])
            )

    def _need_service(self):
        status, _ = self._target.run("test -x %s" % SERVICE)
        if status:
            raise Trouble("opentracker is not installed on the router: scripts/router install")

    def _do(self, command, manager):
        status, text = self._target.run(command, LONG)
        if status:
            raise Trouble(_why(text, manager))

    def _say_installed(self, package, before, after):
        if package.name not in after:
            raise Trouble("%s is not there after its installation" % package.name)
        old = before.get(package.name)
        was = ", over %s" % old if old else ""
        say("installed", "%s %s%s" % (package.name, after[package.name], was))

    def _say_service(self):
        _, text = self._target.run("uci -q get opentracker.main.enabled")
        if text.strip() in ("1", "on", "true", "yes", "enabled"):
            _, text = self._target.run(SERVICE + " status")
            say("service", text.partition("\n")[0])
        else:
            say(
                "service",
                "off; uci set opentracker.main.enabled=1; uci commit opentracker;"
                " %s restart" % SERVICE,
            )


def _install_command(manager, packages, paths, before):
    """A build of the version that is there, or of an older one, is installed as well."""
    if manager == "apk":
        return "apk add --allow-untrusted %s" % " ".join(paths)
    options = ["--force-downgrade"]
    if any(before.get(package.name) == package.version for package in packages):
        options.append("--force-reinstall")
    return "opkg install %s %s" % (" ".join(options), " ".join(paths))


def _why(text, manager):
    """What a package manager's messages come to."""
    room = re.search(
        r"Only have (\d+)kb available on filesystem (\S+), pkg (\S+) needs (\d+)", text
    )
    if room:
        return "the flash is full: %s KiB free in %s, %s needs %s; remove a package first" % (
            room.group(1),
            room.group(2).rstrip(","),
            room.group(3),
            room.group(4),
        )
    if re.search(r"No space left|not enough space", text, re.I):
        return "the flash is full: remove a package first (%s)" % _last_words(text)
    if MISSING.search(text):
        install = {"opkg": "opkg update; opkg install", "apk": "apk update; apk add"}[manager]
        return (
            "a package that it needs is missing: %s micropython-nossl on the router, which takes"
            " internet, or give its files before this one (%s)" % (install, _last_words(text))
        )
    return "%s fails: %s" % (manager, _last_words(text))


def _last_words(text):
    lines = [line.strip(" *\t") for line in text.splitlines()]
    return " ".join([line for line in lines if line][-3:]) or "it says no reason"


def _show(out, data):
    out.write(data.replace(b"\r", b""))
    out.flush()
