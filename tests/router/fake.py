"""A router whose console is a pty: busybox in a folder of its own, and stand-ins for OpenWrt's.

The shell, its line editing, login, the terminal, and the applets are real. opkg, the init script
and uci keep what they were told in /calls.
"""

import os
import shutil
import subprocess
import termios
import threading
import time
from pathlib import Path

from support.runtimes import need_tool

APPLETS = (
    *("ash", "cat", "cp", "cut", "date", "dd", "df", "grep", "head", "kill", "login"),
    *("mkdir", "mv", "rm", "rmdir", "sed", "sh", "sha256sum", "sleep", "tail", "tar", "tr", "wc"),
)
# Debian's busybox has these, OpenWrt's has not.
ABSENT = (
    *("base64", "install", "nohup", "od", "paste", "realpath", "stat", "stty", "tac", "timeout"),
    *("usleep", "uudecode", "xxd"),
)
PASSWORD = "secret"
SHADOW = "root:$1$router$RgY/ebmv55G1tc2vBnuO7/:19000:0:99999:7:::\n"
PRINTK = "7\t4\t1\t7\n"
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/ash\n",
    "etc/group": "root:x:0:\n",
    "etc/openwrt_release": "DISTRIB_DESCRIPTION='OpenWrt 24.10.6 r29141'\n",
    "etc/profile": "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\nexport PS1='\\u@\\h:\\w\\$ '\n"
    + "".join(f"{name}() {{ echo {name}: not found; return 127; }}\n" for name in ABSENT),
    "proc/mounts": "tmpfs /var/run tmpfs rw 0 0\n/dev/root / squashfs ro 0 0\n",
    "proc/sys/kernel/printk": PRINTK,
    "tmp/sysinfo/model": "Virtual Archer\n",
    "usr/lib/opkg/list": "",
    "log": "",
    "calls": "",
    "service-status": "0\n",
}
PROGRAMS = {
    "bin/opkg": """#!/bin/sh
echo "opkg $*" >>/calls
list=/usr/lib/opkg/list
case $1 in
list-installed) cat $list ;;
install)
	if [ -e /opkg-says ]; then
		cat /opkg-says
		exit 255
	fi
	for file; do :; done
	cp "$file" /installed.ipk
	tar xzOf "$file" ./control.tar.gz | tar xzO ./control >/tmp/control
	name=$(sed -n 's/^Package: //p' /tmp/control)
	version=$(sed -n 's/^Version: //p' /tmp/control)
	sed -i "/^$name - /d" $list
	echo "$name - $version" >>$list
	;;
remove)
	shift
	for name; do sed -i "/^$name - /d" $list; done
	;;
esac
""",
    "bin/uci": "#!/bin/sh\necho 1\n",
    "bin/logread": """#!/bin/sh
echo "logread $*" >>/calls
[ "$1" != -f ] || exec tail -f /log
cat /log
""",
    "etc/init.d/opentracker": """#!/bin/sh
echo "service $*" >>/calls
echo "$1: well"
echo "and a word to stderr" >&2
exit "$(cat /service-status)"
""",
}


def furnish(root):
    """The files of a router."""
    busybox = need_tool("busybox")
    libraries = subprocess.run(["ldd", busybox], capture_output=True, text=True).stdout.split()
    for path in [busybox, *(word for word in libraries if word.startswith("/"))]:
        place = root / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    for folder in ("bin", "dev", "root", "tmp", "var/run"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in APPLETS:
        (root / "bin" / name).symlink_to(busybox)
    for name, text in {**FILES, **PROGRAMS}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        if name in PROGRAMS:
            (root / name).chmod(0o755)
    os.mknod(root / "dev/null", 0o666 | 0o020000, os.makedev(1, 3))
    os.mknod(root / "dev/tty", 0o666 | 0o020000, os.makedev(5, 0))


class FakeRouter:
    """A router's files, and its console: after a session comes the next one.

    With a `password`, login asks for it; without, the console waits for Enter as OpenWrt's does.
    `ram` mounts what is below /var/run, so many KiB of it.
    """

    def __init__(self, root, password=False, ram=None):
        self.root = Path(root)
        furnish(self.root)
        (self.root / "etc/shadow").write_text(SHADOW if password else "root::::::::\n")
        self._has_password = password
        self._ram = ram
        self.console, self._terminal = os.openpty()
        self.modes = termios.tcgetattr(self._terminal)
        self._ends = threading.Event()
        self._session = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ends.set()
        if self._session:
            self._session.kill()
        self._thread.join()
        os.close(self._terminal)
        os.close(self.console)

    def read(self, name):
        return (self.root / name).read_text()

    def calls(self):
        """What opkg, logread and the init script were told, a line each."""
        return self.read("calls")

    def write(self, name, text):
        (self.root / name).write_text(text)

    def settled(self):
        """Whether the terminal has the modes that it had in the beginning."""
        return termios.tcgetattr(self._terminal) == self.modes

    def _serve(self):
        while not self._ends.is_set():
            command = ["setsid", "-c", "unshare", "-m", "sh", "-c", self._script()]
            self._session = subprocess.Popen(
                command, stdin=self._terminal, stdout=self._terminal, stderr=self._terminal
            )
            self._session.wait()
            time.sleep(0.05)

    def _script(self):
        mount = ""
        if self._ram:
            mount = f"mount -t tmpfs -o size={self._ram}k tmpfs {self.root}/var/run;"
        if self._has_password:
            program = "/bin/login"
        else:
            os.write(self._terminal, b"\nPlease press Enter to activate this console.\n")
            program = "/bin/ash -c 'read -r _; exec /bin/ash --login'"
        return f"{mount} exec chroot {self.root} {program}"
