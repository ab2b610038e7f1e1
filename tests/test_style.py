"""The source keeps to the project's style: ruff for Python, shellcheck for shell."""

import subprocess
import sys

import pytest

from support.runtimes import TOP, need_tool

FOLDERS = (".ci", "files", "luci-app", "package", "scripts", "tests")


def shell_scripts():
    """All files whose first line calls sh, or that OpenWrt's rc.common runs."""
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*")):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                with open(path, "rb") as file:
                    if file.readline().startswith((b"#!/bin/sh", b"#!/bin/bash")):
                        yield str(path.relative_to(TOP))


def assert_passes(command):
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize("arguments", [("check", "--quiet"), ("format", "--check")])
def test_python(arguments):
    assert_passes([sys.executable, "-m", "ruff", *arguments, "."])


@pytest.mark.parametrize("script", shell_scripts())
def test_shell(script):
    assert_passes([need_tool("shellcheck"), "--shell=sh", script])
