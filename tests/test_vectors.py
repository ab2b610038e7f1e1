"""The vectors (tests/vectors/vec_*.py) on every interpreter but this one, which collects them."""

import os
import subprocess

import pytest

from support.runtimes import TOP, VECTOR_INTERPRETERS, need

VECTORS = TOP / "tests" / "vectors"
MODULES = sorted(path.stem for path in VECTORS.glob("vec_*.py"))
DEADLINE = 900
SLOW = ("micropython-armhf", "micropython-s390x", "micropython-1.23", "micropython-1.29")


def run_vectors(interpreter, *modules, folder=VECTORS):
    """Run modules on an interpreter; returns (exit status, output)."""
    program = need(interpreter)
    ours = [str(TOP / "src" / "micropython"), str(TOP / "src"), str(folder)]
    env = {**os.environ, "PYTHONPATH": ":".join(ours[1:]), "MICROPYPATH": ":".join(ours)}
    env["MICROPYPATH"] = ".frozen:" + env["MICROPYPATH"]
    heap = ["-X", "heapsize=16M"] if interpreter.startswith("micropython") else []
    brief = ["--brief"] if interpreter in SLOW else []
    done = subprocess.run(
        [program, *heap, str(VECTORS / "run.py"), *brief, *modules],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE,
        text=True,
        env=env,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("interpreter", VECTOR_INTERPRETERS)
def test_vectors(interpreter, module):
    status, output = run_vectors(interpreter, module)
    assert status == 0, output
    assert " 0 failed" in output, output


@pytest.mark.parametrize("interpreter", VECTOR_INTERPRETERS)
def test_runner_tells_failures(interpreter):
    status, output = run_vectors(interpreter, "mixed", "empty", "absent", folder=VECTORS / "runner")
    assert status == 1, output
    assert "FAILED mixed.test_fails\nTraceback (most recent call last):\n" in output
    assert "ValueError: on purpose\nmixed: 1 passed, 1 failed\n" in output
    assert "FAILED empty: has no test functions\n" in output
    assert "FAILED absent: can't be imported\n" in output
