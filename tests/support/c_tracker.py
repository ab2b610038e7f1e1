"""The C opentracker as Debian builds it, started for a test."""

import os
import tempfile
from pathlib import Path

from .runtimes import need
from .tracker import Daemon, free_port

VERSIONS = ("2021", "2024", "2025")
DUAL_STACK = ("2024", "2025")


class CTracker(Daemon):
    """One version on a free port of 127.0.0.1, and of ::1 where it knows both families.

    Every version is built with a whitelist. As root it confines itself to its directory and
    becomes nobody, so that the list has to be there, readable for everybody.
    """

    def __init__(self, version, info_hashes, redirect_url, *more_options):
        self.version = version
        self._home = tempfile.TemporaryDirectory()
        os.chmod(self._home.name, 0o755)
        self.whitelist = Path(self._home.name, "whitelist")
        with open(self.whitelist, "w") as file:
            file.writelines(info_hash.hex() + "\n" for info_hash in info_hashes)
        self.host = "::" if version in DUAL_STACK else "127.0.0.1"
        self.port = free_port(self.host)
        options = ["-i", self.host, "-p", self.port, "-P", self.port, "-r", redirect_url]
        options += ["-d", self._home.name, "-w", "whitelist", *more_options]
        expected = {("tcp", self.port), ("udp", self.port)}
        super().__init__([need("opentracker-" + version), *options], expected)

    def __exit__(self, *error):
        super().__exit__(*error)
        self._home.cleanup()
