"""Clients that meet at one tracker for one file."""

import contextlib
import time

from support import wire

from .clients import CLIENTS

DEADLINE = 120


class Swarm:
    """A context manager: when it ends, no client runs any more."""

    def __init__(self, network, tracker, tracker_host, torrent, folder):
        self.network = network
        self.tracker = tracker
        self.tracker_host = tracker_host
        self.torrent = torrent
        self.folder = folder
        self.clients = []
        self.seen = None
        self._running = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return self._running.__exit__(*error)

    def add(self, kind, seeds=False):
        """Start a client on a new host that has the same families of addresses as the tracker."""
        name = f"{kind}-{len(self.network.hosts)}"
        host = self.network.add_host(name, self.tracker_host.address)
        client = CLIENTS[kind](host, self.torrent, self.folder, seeds)
        self.clients.append(self._running.enter_context(client))

    def counts(self):
        """(complete, downloaded, incomplete): what the tracker knows, from a scrape."""
        info_hash = self.torrent.info_hash
        files = self.tracker_host.call(wire.scrape, self.tracker, info_hash)
        found = files.get(info_hash, {})
        names = (b"complete", b"downloaded", b"incomplete")
        self.seen = tuple(found.get(name, 0) for name in names)
        return self.seen

    def wait_for_counts(self, complete, downloaded, incomplete):
        wanted = (complete, downloaded, incomplete)
        self._wait_until(lambda: self.counts() == wanted, f"counts of {wanted}")

    def wait_for_file(self):
        self._wait_until(self._everybody_is_complete, "file everywhere")

    def _everybody_is_complete(self):
        return all(client.is_complete() for client in self.clients)

    def end(self):
        """Ask all clients, which have the file by now, to end; wait until the tracker knows."""
        for client in self.clients:
            client.ask_to_end()
        silent = sum(not client.says_goodbye for client in self.clients)
        self._wait_until(lambda: self.counts()[0] <= silent, "goodbye from all")

    def _wait_until(self, happened, what):
        deadline = time.monotonic() + DEADLINE
        while not happened():
            assert time.monotonic() < deadline, self.story(f"no {what} in {DEADLINE} s")
            time.sleep(0.2)

    def story(self, what):
        parts = [what, f"the tracker counts {self.seen} and says:", self.tracker.log()]
        return "\n".join(parts + [client.story() for client in self.clients])
