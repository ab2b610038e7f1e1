"""scripts/router as the tests run it, and packages for it."""

import gzip
import io
import random
import subprocess
import sys
import tarfile
import time

from support.runtimes import SCRIPTS

from .wire import Wire

TOOL = SCRIPTS / "router"
MODULES = SCRIPTS / "router.d"
VERSION = "2026.11.9-r1"
IPK = f"opentracker_{VERSION}_all.ipk"
DEADLINE = 60


def packed(members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(data.getvalue(), mtime=0)


def make_ipk(path, name="opentracker", version=VERSION, size=20000):
    """A package that holds bytes of all kinds, so many of them."""
    control = f"Package: {name}\nVersion: {version}\nArchitecture: all\n".encode()
    path.write_bytes(
        packed(
            {
                "./debian-binary": b"2.0\n",
                "./data.tar.gz": packed({"./usr/lib/x": random.Random(1).randbytes(size)}),
                "./control.tar.gz": packed({"./control": control}),
            }
        )
    )
    return path


def run(*arguments, **how):
    return subprocess.run(
        [sys.executable, TOOL, *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=DEADLINE,
        **how,
    )


def over(router, *arguments, **faults):
    """Run the tool over a cable to a router's console; nobody else has it meanwhile."""
    with Wire(router.console, **faults) as wire:
        done = run(*arguments, "--serial", wire.port)
        wire.wait_until_quiet()
    done.wire = wire
    return done


def wait_for(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
