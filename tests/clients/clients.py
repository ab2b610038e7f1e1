"""Real BitTorrent clients on hosts of their own, with every way to find peers off but the tracker.

The torrents are private (BEP 27), which forbids DHT, peer exchange and local discovery; the
clients are told so once more.
"""

import hashlib
import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from bencode2 import bencode

from support.runtimes import need, need_tool

PORT = 6881
PIECE = 64 * 1024


class Torrent:
    """One file, and the .torrent that says at which tracker its peers meet."""

    def __init__(self, name, content, announce_url):
        starts = range(0, len(content), PIECE)
        hashes = [hashlib.sha1(content[start : start + PIECE]).digest() for start in starts]
        info = {
            b"length": len(content),
            b"name": name.encode(),
            b"piece length": PIECE,
            b"pieces": b"".join(hashes),
            b"private": 1,
        }
        self.name = name
        self.content = content
        self.announce_url = announce_url
        self.info_hash = hashlib.sha1(bencode(info)).digest()
        self.metainfo = bencode({b"announce": announce_url.encode(), b"info": info})


class Client:
    """A client that runs on `host`; with `seeds` it has the file from the start."""

    kind = None
    stop_signal = signal.SIGTERM

    def __init__(self, host, torrent, folder, seeds=False):
        self.host = host
        self.torrent = torrent
        self.home = Path(folder, host.name)
        self.downloads = self.home / "downloads"
        self.downloads.mkdir(parents=True)
        self.file = self.downloads / torrent.name
        if seeds:
            self.file.write_bytes(torrent.content)
        self.metainfo = self.home / (torrent.name + ".torrent")
        self.metainfo.write_bytes(torrent.metainfo)
        self.log = self.home / "log"
        self.process = None

    @classmethod
    def program(cls):
        """The path of the client's program; the test is skipped without it."""
        return need_tool(cls.kind)

    def arguments(self):
        raise NotImplementedError

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.host.command(self.program(), *self.arguments()),
                cwd=self.home,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(self, *_error):
        self.process.kill()
        self.process.wait()

    def ask_to_end(self):
        self.process.send_signal(self.stop_signal)

    @property
    def says_goodbye(self):
        """Whether it tells the tracker when it is asked to end."""
        return True

    def is_complete(self):
        return self.file.exists() and self.file.read_bytes() == self.torrent.content

    def pieces(self):
        """How many pieces of the file have arrived and are right."""
        if not self.file.exists():
            return 0
        found, content = self.file.read_bytes(), self.torrent.content
        starts = range(0, len(content), PIECE)
        return sum(found[at : at + PIECE] == content[at : at + PIECE] for at in starts)

    def story(self):
        end = self.log.read_text(errors="replace")[-2000:]
        return f"--- {self.kind} on host {self.host.name} has {self.pieces()} pieces:\n{end}"


class Aria2(Client):
    kind = "aria2"
    stop_signal = signal.SIGINT  # at SIGTERM it ends without a word to the tracker

    @classmethod
    def program(cls):
        return need_tool("aria2c")

    def arguments(self):
        return [
            "--no-conf",
            f"--dir={self.downloads}",
            f"--listen-port={PORT}",
            "--enable-dht=true",  # or else it has no UDP trackers; a private torrent isn't in DHT
            f"--dht-listen-port={PORT}",
            f"--dht-file-path={self.home / 'dht.dat'}",
            "--enable-peer-exchange=false",
            "--bt-enable-lpd=false",
            "--check-integrity=true",  # how it finds that it has the file
            "--seed-ratio=0.0",  # without end
            "--file-allocation=none",
            "--show-console-readout=false",
            self.metainfo,
        ]


class Transmission(Client):
    kind = "transmission"

    SETTINGS = {
        "dht-enabled": False,
        "lpd-enabled": False,
        "pex-enabled": False,
        "utp-enabled": False,
        "port-forwarding-enabled": False,
        "rpc-enabled": False,
        "peer-port": PORT,
        "cache-size-mb": 0,  # what has arrived is in the file
        "rename-partial-files": False,
    }

    @classmethod
    def program(cls):
        return need_tool("transmission-daemon")

    @property
    def says_goodbye(self):  # by HTTP it closes down before the goodbye is out
        return not self.torrent.announce_url.startswith("http:")

    def arguments(self):
        config = self.home / "config"
        (config / "torrents").mkdir(parents=True)
        shutil.copy(self.metainfo, config / "torrents")
        (config / "settings.json").write_text(json.dumps(self.SETTINGS))
        folders = ["--config-dir", config, "--download-dir", self.downloads]
        return ["--foreground", "--log-info", *folders]


class Transmission4(Transmission):
    """The first transmission whose UDP trackers may have IPv6 addresses."""

    kind = "transmission-4.1"

    @classmethod
    def program(cls):
        return need("transmission-4.1")

    @property
    def says_goodbye(self):
        return True


class Libtorrent(Client):
    kind = "libtorrent"

    @classmethod
    def program(cls):
        python = "/usr/bin/python3"  # the one that Debian builds the module for
        try:
            subprocess.run([python, "-c", "import libtorrent"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip(f"{python} has no libtorrent")
        return python

    def arguments(self):
        addresses = [f"[{address}]:{PORT}" for address in self.host.address.values()]
        script = Path(__file__).with_name("libtorrent_client.py")
        return [script, self.metainfo, self.downloads, ",".join(addresses)]


CLIENTS = {client.kind: client for client in (Aria2, Transmission, Transmission4, Libtorrent)}
