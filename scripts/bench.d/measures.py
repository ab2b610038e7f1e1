"""What is measured, section by section.

A section is a generator that yields (name of a measure, its figures). Those of all trackers are
advanced in turn: while one waits for its turn its tracker stands idle, or has ended where idle ones
would disturb what is measured.
"""

import contextlib
import os
import time

import load
import machine
import trackers

SOURCES = 250  # addresses the peers sit on
SWARMS = 1000
PEERS = 200  # in each swarm, for the rates
LATENCY_PEERS = 100  # in each swarm, for the latency: 100,000 in all
ESTABLISHED = {"swarms": 10, "peers": 20}  # what a flood must not wash away
FLOOD_FIRST = 1 << 32  # info_hashes of the flood are numbered from here
FLOOD_PER_SECOND = 400000  # more than any tracker has taken: so many get on its whitelist
SCALE_SWARMS = 1000000
SCALE_MEMORY = 262144  # KiB
SCALE_HEAP = "8M"  # MicroPython's, in which the directory of a million swarms is doubled


class Server:
    """A tracker that has answered."""

    def __init__(self, bench, process, port):
        self.bench = bench
        self.process = process
        self.port = port
        self.start_seconds = trackers.wait_for_answer(port, process)
        self.refusal = ""  # the last one while peers were stored

    def load(self, mode, **settings):
        return self.bench.udp.run(mode, self.port, sources=SOURCES, **settings)

    def open_for_all(self):
        """Wait until the tracker has read its whitelist, if it is one that has."""
        for _ in range(600):
            reply = self.load("fill", swarms=1, peers=1)
            if reply["answers"]:
                return
            time.sleep(0.1)
        raise trackers.Trouble("refuses the load: " + (reply["error"] or "no reason given"))

    def fill(self, **settings):
        """Store peers; returns how many the tracker says it has of them."""
        self.refusal = self.load("fill", numwant=1, **settings)["error"]  # long lists take longer
        return self.stored(**settings)

    def stored(self, **settings):
        return self.load("count", **settings)["stored"]

    def rated(self, mode, **settings):
        """Figures of so many seconds of a load as the options say."""
        seconds = self.bench.options.seconds
        return self.measured(lambda: self.load(mode, seconds=seconds, **settings))

    def resident_kib(self):
        time.sleep(0.3)  # let it finish what it does in the background
        return self.process.resident_kib()

    def measured(self, make_load):
        """Figures of a load, with the rate and what each answer cost the tracker."""
        core = self.bench.cores.server
        cpu, busy, start = self.process.cpu_seconds(), machine.busy_seconds(core), time.monotonic()
        figures = make_load()
        elapsed = time.monotonic() - start
        busy = machine.busy_seconds(core) - busy
        cpu = self.process.cpu_seconds() - cpu
        replies = figures["answers"] + figures["errors"]  # a refusal is a reply that was paid for
        asked = max(1, replies + figures["lost"])
        return dict(
            figures,
            rate=replies / figures["seconds"],
            cpu_us=cpu * 1e6 / max(1, replies),
            cpu_percent=100 * cpu / elapsed,
            lost_percent=100 * figures["lost"] / asked,
            errors_percent=100 * figures["errors"] / asked,
            others_percent=max(0.0, 100 * (busy - cpu) / elapsed),
        )


class Bench:
    """What all sections share: the load, where files go, the cores and the options."""

    def __init__(self, udp, folder, cores, options):
        self.udp = udp
        self.folder = folder
        self.cores = cores
        self.options = options

    @contextlib.contextmanager
    def server(self, subject, whitelist, memory=None, heap=None):
        """A fresh tracker; `memory` in KiB and `heap` are for ours, None leaves the default."""
        port = trackers.free_port()
        command = subject.command(port, self.folder, whitelist, memory)
        env = {"OPENTRACKER_HEAP": heap} if heap else {}
        with trackers.running(command, self.cores.server, env) as process:
            try:
                yield Server(self, process, port)
            except (trackers.Trouble, OSError) as trouble:
                process.check()  # if it is gone, that is the trouble
                raise trackers.Trouble(str(trouble)) from None

    def whitelist(self, swarms, first=0):
        """The name of a list of the established swarms and `swarms` more, written once."""
        name = "whitelist-%d-%d" % (first, swarms)
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            with open(path, "wb") as file:
                if first:
                    self.udp.list_swarms(file, 0, ESTABLISHED["swarms"])
                self.udp.list_swarms(file, first, swarms)
        return name

    def bare_kib(self, subject):
        """Resident memory of the interpreter alone; a compiled tracker has none."""
        if not subject.bare:
            return 0
        with trackers.running(subject.bare, self.cores.server) as process:
            time.sleep(0.5)
            return process.resident_kib()


def filled(server, **settings):
    """Store all peers of a load that is to be measured, or say why that makes no sense."""
    server.open_for_all()
    stored, wanted = server.fill(**settings), settings["swarms"] * settings["peers"]
    if stored != wanted:
        raise trackers.Trouble("has %d of %d peers: %s" % (stored, wanted, server.refusal))


def http(bench, subject, _turn):
    with bench.server(subject, bench.whitelist(SWARMS), bench.options.memory) as server:
        filled(server, swarms=1, peers=PEERS)
        path = load.announce_path(bench.udp.info_hash())
        body = load.http_body(server.port, path)
        peers = load.peers_in(body)
        if peers != 50:
            raise trackers.Trouble("announce without 50 peers in its reply: %r" % body[:80])

        def announce(keep_alive):
            figures = load.ab(server.port, path, bench.options.seconds, keep_alive)
            # Replies differ in length by their peers alone: all other numbers keep their digits.
            extra = figures["bytes_per_reply"] - len(body)
            return dict(figures, peers_per_reply=peers + extra / 6)

        yield "http", server.measured(lambda: announce(False))
        yield "http-keep-alive", server.measured(lambda: announce(True))


def udp(bench, subject, _turn):
    swarms = {"swarms": SWARMS, "peers": PEERS}
    with bench.server(subject, bench.whitelist(SWARMS), bench.options.memory) as server:
        filled(server, **swarms)
        yield "udp-announce", server.rated("announce", **swarms)
        yield "udp-scrape", server.rated("scrape", **swarms)
        yield "udp-connect", server.rated("connect", **swarms)
        yield "udp-new", server.rated("new", **swarms)


def latency(bench, subject, _turn):
    """Alone on the core: what others do once a second would be pauses of this one."""
    swarms = {"swarms": SWARMS, "peers": LATENCY_PEERS}
    with bench.server(subject, bench.whitelist(SWARMS), bench.options.memory) as server:
        filled(server, **swarms)
        peak = server.rated("announce", **swarms)
        half = server.rated("announce", rate=max(1, peak["rate"] // 2), **swarms)
    yield "udp-peak", peak
    yield "udp-half-load", half


def memory(bench, subject, turn):
    yield "idle", idle(bench, subject)
    yield "per-peer", growth(bench, subject, swarms=SWARMS, peers=100)
    yield "per-swarm", growth(bench, subject, swarms=100000, peers=1)
    if turn == 1:
        yield "flood", flood(bench, subject)


def idle(bench, subject):
    bare = bench.bare_kib(subject)
    with bench.server(subject, bench.whitelist(SWARMS)) as server:
        resident = server.resident_kib()
        return {
            "start_ms": server.start_seconds * 1000,
            "bare_kib": bare,
            "idle_kib": resident,
            "above_bare_kib": resident - bare,
        }


def growth(bench, subject, **settings):
    whitelist = bench.whitelist(settings["swarms"])
    with bench.server(subject, whitelist, bench.options.memory) as server:
        server.open_for_all()
        before = server.resident_kib()
        stored = server.fill(**settings)
        grown = server.resident_kib() - before
        return {"stored": stored, "grown_kib": grown, "bytes_each": grown * 1024 / max(1, stored)}


def flood(bench, subject):
    seconds = bench.options.flood
    whitelist = bench.whitelist(seconds * FLOOD_PER_SECOND, first=FLOOD_FIRST)
    with bench.server(subject, whitelist) as server:
        filled(server, **ESTABLISHED)
        before = server.resident_kib()
        figures = server.measured(lambda: server.load("flood", seconds=seconds, first=FLOOD_FIRST))
        after = server.resident_kib()
        kept = server.stored(**ESTABLISHED)
    wanted = ESTABLISHED["swarms"] * ESTABLISHED["peers"]
    return dict(
        figures, after_kib=after, grown_kib=after - before, kept_percent=100 * kept / wanted
    )


def scale(bench, subject, _turn):
    """Few swarms and many in the same tracker; alone, as others would sweep a million each."""
    whitelist = bench.whitelist(SCALE_SWARMS)
    with bench.server(subject, whitelist, SCALE_MEMORY, SCALE_HEAP) as server:
        few, many = (rate_of_lonely(server, swarms) for swarms in (SWARMS, SCALE_SWARMS))
    yield "udp-few-swarms", few
    yield "udp-many-swarms", dict(many, of_few=many["rate"] / max(1, few["rate"]))


def rate_of_lonely(server, swarms):
    """Announces of known peers, each the only one of its swarm."""
    lonely = {"swarms": swarms, "peers": 1}
    filled(server, **lonely)
    return server.rated("announce", **lonely)


def size(bench, subject, turn):
    found = subject.size(bench.folder) if turn == 1 else None
    if found:
        yield "size", found


SECTIONS = {
    "http": http,
    "udp": udp,
    "latency": latency,
    "memory": memory,
    "scale": scale,
    "size": size,
}
