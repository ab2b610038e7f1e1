"""The source keeps to the project's style: ruff, shellcheck, and eslint with rules for LuCI."""

import json
import subprocess
import sys

import pytest

from support.runtimes import TOP, need, need_tool

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


# JavaScript and JSON

ESLINT_FOLDER = TOP / "tests/luci/eslint"
MODULE = "luci-app/htdocs/luci-static/resources/any.js"


def eslint():
    return [need("eslint"), "--config", str(ESLINT_FOLDER / "eslint.config.mjs")]


def test_javascript():
    assert_passes([*eslint(), "--max-warnings", "0", "luci-app", "tests/luci"])


MISTAKES = [
    ("no-undef", "const { form } = {};\nui.menu(form);\n"),
    ("luci/used-requires", "'require ui';\n"),
    ("luci/text-is-no-html", "return hash => E('td', hash.text);\n"),
    ("luci/text-is-no-html", "return hash => E('td', {}, '%s'.format(hash));\n"),
    ("luci/text-is-no-html", "return (node, text) => { node.innerHTML = text; };\n"),
    ("luci/safe-to-minify", "return /'/;\n"),
    ("luci/safe-to-minify", "return i => i++ / 2;\n"),
    ("luci/safe-to-minify", "return x => `a ${ `${x}` }`;\n"),
    (None, "return x => x?.y;\n"),
]


@pytest.mark.parametrize("rule, code", MISTAKES)
def test_what_luci_or_old_browsers_do_not_take_is_found(rule, code):
    how = ["--stdin", "--stdin-filename", MODULE, "--format", "json"]
    done = subprocess.run(
        [*eslint(), *how], input="'use strict';\n" + code, cwd=TOP, capture_output=True, text=True
    )
    found = [each["ruleId"] for each in json.loads(done.stdout)[0]["messages"]]
    assert found == [rule], done.stdout + done.stderr


def json_files():
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*.json")):
            yield str(path.relative_to(TOP))


def without_repetition(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), names
    return dict(pairs)


@pytest.mark.parametrize("path", json_files())
def test_json(path):
    json.loads((TOP / path).read_text(), object_pairs_hook=without_repetition)
