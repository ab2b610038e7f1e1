"""How many announces a router answers, measured from this computer over the network."""

import ipaddress
import os
import random
import socket
import threading
import time

from announcing import NONE, STARTED, STOPPED, Http, Peer, Refused, Udp
from trouble import Trouble

SWARMS = 20
PEERS = 60
MOST_SECONDS = 60
MOST_AT_A_TIME = 64
PROTOCOLS = (("http", Http), ("udp", Udp))


def add_options(parser):
    parser.add_argument("--host", metavar="HOST", help="the router's address, if not that of --ssh")
    parser.add_argument(
        "--port",
        type=_up_to(65535),
        default=6969,
        metavar="PORT",
        help="of the tracker, 6969 if not given",
    )
    parser.add_argument(
        "--seconds",
        type=_up_to(MOST_SECONDS),
        default=5,
        metavar="N",
        help="for each protocol, 1 to %d; 5 if not given" % MOST_SECONDS,
    )
    parser.add_argument(
        "--at-a-time",
        type=_up_to(MOST_AT_A_TIME),
        default=8,
        metavar="N",
        help="announces under way together, 1 to %d; 8 if not given" % MOST_AT_A_TIME,
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="measure a tracker that is not in a private network; ask its owner first",
    )


def _up_to(most):
    def number(text):
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise ValueError
        return int(text)

    number.__name__ = "number from 1 to %d" % most
    return number


def run(options, say):
    family, address = _find(options)
    say("bench", "%s port %d, for %d s each" % (*address[:2], options.seconds))
    swarms = [os.urandom(20) for _ in range(SWARMS)]
    worked = False
    for name, protocol in PROTOCOLS:
        crowd = Crowd(protocol, family, address, swarms)
        try:
            crowd.join()
        except (OSError, Refused) as error:
            say(name, "no announces answered: %s" % _words(error))
            crowd.leave()
            continue
        say("filled", "%d swarms with %d peers each, by %s" % (SWARMS, PEERS, name))
        try:
            say(name, crowd.measure(options.seconds, options.at_a_time).text())
        finally:
            say("removed", "%d of %d peers" % (crowd.leave(), SWARMS * PEERS))
        worked = True
    if not worked:
        raise Trouble(
            "no tracker answers at %s port %d: is it running (scripts/router status), and does it"
            " listen there?" % address[:2]
        )
    return 0


def _find(options):
    """(address family, address) of the router."""
    host = options.host or (options.ssh or "").rpartition("@")[2]
    try:
        found = socket.getaddrinfo(host, options.port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError, UnicodeError):
        raise Trouble("%s is not known: give the router's address by --host" % host) from None
    family, address = found[0], found[4]
    ip = ipaddress.ip_address(address[0].partition("%")[0])
    if not (ip.is_private or ip.is_link_local or options.yes):
        raise Trouble(
            "%s is not in a private network: --yes measures it nevertheless; ask its owner first"
            % address[0]
        )
    return family, address


class Crowd:
    """Peers in swarms that nobody else has, who announce themselves again and again."""

    def __init__(self, protocol, family, address, swarms):
        self._make = lambda: protocol(family, address)
        ports = range(20000, 20000 + PEERS)
        self._peers = [Peer(swarm, port) for port in ports for swarm in swarms]
        self._joined = []

    def join(self):
        client = self._make()
        try:
            for peer in self._peers:
                self._joined.append(peer)
                client.announce(peer, STARTED)
        finally:
            client.close()

    def leave(self):
        """Take all peers off the tracker; the number of those that it answered."""
        client = self._make()
        left = 0
        for peer in self._joined:
            try:
                client.announce(peer, STOPPED)
                left += 1
            except Refused:
                pass
            except OSError:
                break
        client.close()
        return left

    def measure(self, seconds, at_a_time):
        measured = Measured(at_a_time)
        start = time.monotonic()
        busy = time.process_time()
        threads = [
            threading.Thread(target=self._work, args=(measured, start + seconds), daemon=True)
            for _ in range(at_a_time)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        measured.seconds = time.monotonic() - start
        measured.busy = (time.process_time() - busy) / measured.seconds
        return measured

    def _work(self, measured, end):
        client = self._make()
        latencies, peers, errors = [], 0, {}
        now = time.monotonic()
        while now < end:
            try:
                peers += client.announce(random.choice(self._peers), NONE)
                latencies.append(time.monotonic() - now)
            except (OSError, Refused) as error:
                words = _words(error)
                errors[words] = errors.get(words, 0) + 1
            now = time.monotonic()
        client.close()
        measured.add(latencies, peers, errors)


class Measured:
    """What came of announces; add() may be called by several threads."""

    def __init__(self, at_a_time):
        self.seconds = self.busy = 0.0
        self._at_a_time = at_a_time
        self._lock = threading.Lock()
        self._latencies = []
        self._peers = 0
        self._errors = {}

    def add(self, latencies, peers, errors):
        with self._lock:
            self._latencies += latencies
            self._peers += peers
            for words, count in errors.items():
                self._errors[words] = self._errors.get(words, 0) + count

    def text(self):
        answers = sorted(self._latencies)
        failed = sum(self._errors.values())
        text = "%d announces/s, %d at a time" % (len(answers) / self.seconds, self._at_a_time)
        if answers:
            times = [1000 * percentile(answers, share) for share in (50, 90, 99, 100)]
            text += "; ms: median %.1f, 90%% %.1f, 99%% %.1f, longest %.1f" % tuple(times)
            text += "; %.1f peers in a reply" % (self._peers / len(answers))
        text += "; %.2f%% errors" % (100 * failed / max(1, failed + len(answers)))
        if failed:
            text += " (%s)" % max(self._errors, key=self._errors.get)
        if self.busy > 0.9:
            text += "; this computer could not ask faster"
        return text


def percentile(values, share):
    """The smallest of sorted values that `share` per cent of them are not above."""
    return values[max(0, -(-len(values) * share // 100) - 1)]


def _words(error):
    if isinstance(error, socket.timeout):  # noqa: UP041  # no TimeoutError before Python 3.10
        return "no answer"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
