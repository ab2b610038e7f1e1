"""The interpreters the tests run on, and the programs they need."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = TOP / "scripts"

# What the whole black-box suite runs on, and what a smaller set of it runs on too.
RUNTIMES = ("cpython", "micropython")
FOREIGN_RUNTIMES = ("micropython-armhf", "micropython-s390x", "cpython-3.9")

# Where the vectors run besides the CPython that runs pytest; the last two have no sockets.
VECTOR_INTERPRETERS = (
    *("micropython", *FOREIGN_RUNTIMES, "cpython-3.14"),
    *("micropython-1.23", "micropython-1.29"),
)


def command(runtime, *options):
    """The command line that starts the tracker on a runtime."""
    return [str(SCRIPTS / "run"), "--on", runtime, *map(str, options)]


def need(name):
    """The path of a program of scripts/provide; the test is skipped where it can't be had.

    Skipping is for machines of all kinds; with CI=true a skip is a failure (see conftest.py).
    """
    path, reason = _provided(name)
    return path or pytest.skip(reason)


@functools.cache
def _provided(name):
    done = subprocess.run(
        [str(SCRIPTS / "provide"), name], capture_output=True, text=True, check=False
    )
    reason = (done.stderr.strip().splitlines() or ["scripts/provide failed"])[-1]
    return (done.stdout.strip(), None) if done.returncode == 0 else (None, reason)


def need_runtime(runtime):
    """Make sure that a runtime is there, or skip the test."""
    if runtime != "cpython":
        need(runtime)


def need_tool(name):
    """The path of a program of the system, such as curl; the test is skipped without it."""
    return shutil.which(name) or pytest.skip(f"{name} is not in PATH")


def need_root():
    if os.geteuid() != 0:
        pytest.skip("needs root")
