"""The load: udpload, compiled when it is needed, and Apache's ab."""

import json
import os
import re
import socket
import subprocess
import urllib.parse

from trackers import ADDRESS, Trouble

HERE = os.path.dirname(os.path.realpath(__file__))


def output_of(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise Trouble("needs %s: %s" % (command[0], error.strerror)) from None
    if done.returncode:
        raise Trouble(done.stderr.strip().rpartition("\n")[2] or "%s failed" % command[0])
    return done.stdout


class UdpLoad:
    """udpload.c as a function; its head says what modes and settings mean."""

    def __init__(self, folder):
        source = os.path.join(HERE, "udpload.c")
        self.program = os.path.join(folder, "udpload")
        if not os.path.exists(self.program) or newer(source, self.program):
            fresh = "%s.%d" % (self.program, os.getpid())
            output_of(["cc", "-O2", "-Wall", "-Wextra", "-o", fresh, source])
            os.rename(fresh, self.program)

    def run(self, mode, port, **settings):
        words = ["%s=%d" % pair for pair in settings.items()]
        figures = json.loads(output_of([self.program, mode, ADDRESS, str(port)] + words))
        for name in ("p50", "p99", "max"):
            figures[name + "_ms"] = figures.pop(name + "_us") / 1000
        return figures

    def info_hash(self, swarm=0):
        words = ["first=%d" % swarm, "swarms=1"]
        return bytes.fromhex(output_of([self.program, "list"] + words).strip())

    def list_swarms(self, file, first, swarms):
        """Append info_hashes to a file, in hex, one in a line."""
        words = ["first=%d" % first, "swarms=%d" % swarms]
        subprocess.run([self.program, "list"] + words, stdout=file, check=True)


def newer(path, than):
    return os.path.getmtime(path) > os.path.getmtime(than)


def announce_path(info_hash):
    """What a client asks for; a peer of its own that announces again and again."""
    query = urllib.parse.urlencode(
        {
            "info_hash": info_hash,
            "peer_id": b"-BN0001-abcdefghijkl",
            "port": 51413,
            "uploaded": 0,
            "downloaded": 0,
            "left": 1,
            "compact": 1,
        }
    )
    return "/announce?" + query


def http_body(port, path):
    """The body of one reply, read until the tracker closes."""
    request = "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" % (path, ADDRESS)
    with socket.create_connection((ADDRESS, port), timeout=5) as client:
        client.sendall(request.encode())
        reply = b"".join(iter(lambda: client.recv(4096), b""))
    return reply.partition(b"\r\n\r\n")[2]


def peers_in(body):
    """The number of peers in the body of an announce reply, or None if it is none."""
    found = re.search(rb"5:peers(\d+):", body)
    return int(found.group(1)) // 6 if found else None


def ab(port, path, seconds, keep_alive):
    """Load by ab, 100 connections at a time. -n only says that -t is to end it."""
    options = ["-q", "-r", "-l", "-c", "100", "-t", str(seconds), "-n", "20000000"]
    url = "http://%s:%d%s" % (ADDRESS, port, path)
    text = output_of(["ab"] + options + ["-k"] * keep_alive + [url])

    def figure(pattern):
        found = re.search(r"^%s\s+([\d.]+)" % pattern, text, re.M)
        return float(found.group(1)) if found else 0.0

    answers = int(figure("Complete requests:"))
    return {
        "answers": answers,
        "seconds": figure("Time taken for tests:"),
        "lost": 0,
        "errors": int(figure("Failed requests:") + figure("Non-2xx responses:")),
        "error": "",
        "bytes_per_reply": figure("HTML transferred:") / max(1, answers),
        "kept_alive": int(figure("Keep-Alive requests:")),
        "p50_ms": figure("  50%"),
        "p99_ms": figure("  99%"),
        "max_ms": figure(" 100%"),
    }
