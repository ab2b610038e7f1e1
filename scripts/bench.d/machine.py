"""What the bench runs on: the machine, its cores, how busy they are, and who it is that runs."""

import collections
import datetime
import os
import platform
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
TICKS = os.sysconf("SC_CLK_TCK")

Cores = collections.namedtuple("Cores", "server load")


def pick_cores():
    """The tracker gets the first core we may use, the load the second; or both the only one."""
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[min(1, len(usable) - 1)])


def busy_seconds(core):
    """How long a core has worked since boot, for whomever."""
    with open("/proc/stat") as file:
        for line in file:
            name, *ticks = line.split()
            if name == "cpu%d" % core:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
                return (user + nice + system + irq + softirq + steal) / TICKS
    return 0.0


def first_line(command):
    """The first line a command prints, to either stream, or "" if it can't be run."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=TOP
        )
    except OSError:
        return ""
    return done.stdout.partition("\n")[0].strip() if done.returncode == 0 else ""


def cpu_model():
    with open("/proc/cpuinfo") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() in ("model name", "Model"):
                return value.strip()
    return platform.machine()


def describe(subjects, command):
    """Facts for the head of the report: pairs of name and text."""
    ab = first_line(["ab", "-V"])
    return [
        ("command", command.strip()),
        ("date", datetime.datetime.now().astimezone().isoformat(" ", "seconds")),
        ("machine", "%s, %d cores" % (cpu_model(), os.cpu_count())),
        ("kernel", "%s %s %s" % (platform.system(), platform.release(), platform.machine())),
        ("load average", "%.2f before the start" % os.getloadavg()[0]),
        ("checkout", first_line(["git", "describe", "--always", "--dirty"]) or "not in git"),
        ("ab", ab.partition("Version ")[2].split(" ")[0] or "missing: no HTTP figures"),
        ("compiler", first_line(["cc", "--version"])),
    ] + [(subject.name, subject.version()) for subject in subjects]
