"""This host's own addresses, so that a person can be told what to type into a client.

Read from /proc, which both runtimes can; where there is none, nothing is found.
"""

from opentracker.addresses import format_endpoint, parse_ip

_MOST = 8


def own_addresses():
    """Returns the packed addresses of this host, loopback and link-local ones left out."""
    return (_v4() + _v6())[:_MOST]


def _v4():
    found = []
    candidate = None
    for line in _lines("/proc/net/fib_trie"):
        words = line.split()
        if words[:1] == ["|--"]:
            candidate = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"] and not candidate.startswith("127."):
            address = parse_ip(candidate)
            if address not in found:
                found.append(address)
    return found


def _v6():
    found = []
    for line in _lines("/proc/net/if_inet6"):
        digits, _, _, scope = line.split()[:4]
        if scope == "00":
            found.append(bytes([int(digits[at : at + 2], 16) for at in range(0, 32, 2)]))
    return found


def _lines(path):
    try:
        with open(path) as file:
            return file.read().split("\n")[:-1]
    except OSError:
        return []


def announce_urls(listeners):
    """Returns what to paste into a client, with this host's own addresses for a wildcard."""
    own = own_addresses()
    urls = []
    for listener in listeners:
        scheme = "http" if listener.transport == "tcp" else "udp"
        addresses = [listener.ip]
        if not any(listener.ip):
            loopback = b"\x7f\0\0\1" if len(listener.ip) == 4 else bytes(15) + b"\1"
            addresses = [ip for ip in own if len(ip) == len(listener.ip)] or [loopback]
        for address in addresses:
            urls.append("%s://%s/announce" % (scheme, format_endpoint(address, listener.port)))
    return urls
