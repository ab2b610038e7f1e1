"""Where a peer's address comes from: the connection, a proxy in front, or the announce itself.

X-Forwarded-For is believed only if a blessed proxy sent it, and only as far as blessed proxies
wrote it: each appends whom it got the request from, so what stands left of the first stranger is
that stranger's own tale. `ip=` lets a client choose anybody's address, so it is heard only from
this host and the networks around it, whose clients know best what they are called outside, or where
the operator wants it from everybody. Neither has a special-purpose address (RFC 6890) stored, with
one exception: a proxy of a private network may have clients there, who are stored as they would be
without the proxy.
"""

from opentracker.addresses import parse_endpoint, parse_ip
from opentracker.errors import PARAMETER, BadRequest
from opentracker.http import end_of_request
from opentracker.networks import Networks, is_private, is_special

_FORWARDED = b"x-forwarded-for:"
_MOST_HOPS = 32
_LONGEST_ADDRESS = 64
_ANY_PORT = 1


class Sources:
    """The rules as settings have them. `proxies` are the Networks of blessed proxies, or None."""

    def __init__(self, settings):
        blessed = settings.proxy_networks + settings.admin_networks
        self.proxies = Networks(blessed) if blessed else None
        self._ip_from_query = settings.ip_from_query

    def peer_address(self, source, told, raw, size):
        """Returns the packed address to store for the announce raw[:size] from `source`.

        `told` is the decoded value of its `ip=`, or None. BadRequest if that is heard and is no
        address.
        """
        address = self.client(source, raw, size)
        if told is not None and (self._ip_from_query or is_private(address)):
            ip = _parsed(told, parse_ip)
            if ip is None:
                raise BadRequest(PARAMETER)
            if not is_special(ip):
                address = ip
        return address

    def client(self, source, raw, size):
        """Returns the address of who sent the request: of a proxy's client if it is blessed."""
        if self.proxies and self.proxies.holds(source):
            return self._client_of(source, raw, size)
        return source

    def _client_of(self, proxy, raw, size):
        """Returns the address that a proxy forwards for; its own if it does not tell."""
        client = proxy
        for part in reversed(forwarded_for(raw, size).rsplit(b",", _MOST_HOPS)):
            part = part.strip()
            if part:
                client = _parsed(part, _host)
                if client is None:
                    return proxy
                if not self.proxies.holds(client):
                    break
        if is_special(client) and not (is_private(client) and is_private(proxy)):
            return proxy
        return client


def forwarded_for(raw, size):
    """Returns the values of all X-Forwarded-For headers in raw[:size], in order, as one list.

    Headers end where the request does: what follows is the client's, whatever a proxy let pass.
    """
    end = end_of_request(raw, size)
    headers = raw[raw.find(b"\n", 0, end) : end].lower()
    if _FORWARDED not in headers:
        return b""
    # A line that begins with white space goes on with the one before (RFC 9112 section 5.2).
    headers = headers.replace(b"\n ", b" ").replace(b"\n\t", b" ")
    lines = headers.split(b"\n")
    return b",".join([line[len(_FORWARDED) :] for line in lines if line.startswith(_FORWARDED)])


def _host(text):
    return parse_endpoint(text, _ANY_PORT)[0]


def _parsed(value, parse):
    """Returns what parse(str) makes of bytes, or None if that is no address."""
    if len(value) > _LONGEST_ADDRESS:
        return None
    try:
        return parse(str(value, "utf-8"))
    except ValueError:
        return None
