"""Save what real clients send when they announce: the raw requests of tests/fixtures/requests/.

usage, as root: PYTHONPATH=tests .venv/bin/python -m clients.capture [CLIENT...]

Each client starts to fetch a file at a tracker that only listens. The file is named after the
client and version that the request states.
"""

import os
import re
import socket
import sys
import tempfile
from pathlib import Path

from clients.clients import CLIENTS, Torrent
from clients.netns import Network

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "requests"
TRACKER_PORT = 6969
DEADLINE = 30
BODY = b"d8:intervali1800e5:peers0:e"
REPLY = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def capture(kind):
    """The raw HTTP request with which a client starts."""
    with Network() as network, tempfile.TemporaryDirectory() as folder:
        tracker, leecher = network.add_host("tracker"), network.add_host("leecher")
        address = tracker.address[4], TRACKER_PORT
        torrent = Torrent("file", os.urandom(2 << 20), "http://%s:%d/announce" % address)
        with tracker.call(socket.create_server, address) as server:
            server.settimeout(DEADLINE)
            with CLIENTS[kind](leecher, torrent, folder):
                return receive_request(server)


def receive_request(server):
    connection, _ = server.accept()
    with connection:
        connection.settimeout(DEADLINE)
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += connection.recv(65536)
        connection.sendall(REPLY)
    return request


def save(request):
    agent = re.search(rb"User-Agent: (\w+)/([\w.-]+)", request)
    name = b"-".join(agent.groups()).decode().lower()
    path = FOLDER / (name + ".txt")
    path.write_bytes(request)
    print(path)


if __name__ == "__main__":
    for kind in sys.argv[1:] or CLIENTS:
        save(capture(kind))
