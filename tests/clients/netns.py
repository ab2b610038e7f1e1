"""A small network for one test: hosts in network namespaces of their own, joined by one switch.

Everything lives inside namespaces with names of this run's own, the switch included, and goes away
with them: the machine's own network is neither used nor touched.
"""

import contextlib
import ctypes
import os
import secrets
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

# Blocks kept for documentation. They look like global addresses, which transmission wants to have
# before it uses IPv6.
ADDRESS = {4: "198.51.100.%d", 6: "2001:db8::%d"}
PREFIX_LENGTH = {4: 24, 6: 64}
CLONE_NEWNET = 0x40000000


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, stdin=subprocess.DEVNULL)


def remove_namespace(namespace):
    """End what still runs in a namespace, and take it down."""
    listing = subprocess.run(
        ["ip", "netns", "pids", namespace], check=True, stdout=subprocess.PIPE
    ).stdout
    for pid in map(int, listing.split()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    ip("netns", "del", namespace)


class Network:
    """`with Network() as network: seeder = network.add_host("seeder")`"""

    def __init__(self):
        self.prefix = "opentracker-%s-" % secrets.token_hex(4)
        self.hosts = []
        self._cleanup = contextlib.ExitStack()

    def __enter__(self):
        try:
            self._switch = self._add_namespace("switch")
            ip("-n", self._switch, "link", "add", "switch", "type", "bridge")
            ip("-n", self._switch, "link", "set", "switch", "up")
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(self, *error):
        return self._cleanup.__exit__(*error)

    def _add_namespace(self, name):
        namespace = self.prefix + name
        ip("netns", "add", namespace)
        self._cleanup.callback(remove_namespace, namespace)
        return namespace

    def add_host(self, name, families=(4, 6)):
        host = Host(name, self._add_namespace(name), len(self.hosts) + 1, families)
        self.hosts.append(host)
        ip("-n", host.namespace, "link", "set", "lo", "up")
        self._plug_in(host)
        for family in families:
            host.take_address(family)
        return host

    def _plug_in(self, host):
        port = "port%d" % host.number
        cable = [port, "type", "veth", "peer", "name", "eth0", "netns", host.namespace]
        ip("-n", self._switch, "link", "add", *cable)
        ip("-n", self._switch, "link", "set", port, "master", "switch", "up")
        ip("-n", host.namespace, "link", "set", "eth0", "up")


class Host:
    """One machine of the network, with an IPv4 address, an IPv6 address, or both."""

    def __init__(self, name, namespace, number, families):
        self.name = name
        self.namespace = namespace
        self.number = number
        self.address = {family: ADDRESS[family] % number for family in families}

    def take_address(self, family):
        address = "%s/%d" % (self.address[family], PREFIX_LENGTH[family])
        at_once = ["nodad"] if family == 6 else []  # no duplicate can be there to wait for
        ip("-n", self.namespace, "address", "add", address, "dev", "eth0", *at_once)
        # leads nowhere: clients want to see one before they believe in their address
        ip("-n", self.namespace, "-%d" % family, "route", "add", "default", "dev", "eth0")

    def command(self, *words):
        """`words` as a command that runs on this host; its process takes this one's place."""
        return ["ip", "netns", "exec", self.namespace, *map(str, words)]

    def call(self, function, *arguments):
        """What `function` returns in a thread that is on this host's network."""
        with ThreadPoolExecutor(max_workers=1, initializer=self._move_in) as thread:
            return thread.submit(function, *arguments).result()

    def _move_in(self):
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/run/netns/" + self.namespace) as namespace:
            if libc.setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "can't enter namespace " + self.namespace)
