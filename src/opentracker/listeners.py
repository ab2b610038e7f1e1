"""Which sockets to open for the addresses that were asked for.

Every socket serves one address family, so that a wildcard takes two.
"""

from collections import namedtuple

from opentracker.addresses import format_endpoint

ANY_V4 = b"\0" * 4
ANY_V6 = b"\0" * 16

# transport "tcp" or "udp", ip packed, port 1-65535; where: who asked for it, to begin a message
# with ("/etc/opentracker.conf:3: listen.tcp"); optional: nobody did, so it may fail.
Listener = namedtuple("Listener", ("transport", "ip", "port", "where", "optional"))


def asked(transports, ip, port, where):
    """Listeners, one per transport. No address (ip is None) means :: where the host has IPv6."""
    optional = ip is None
    ip = ANY_V6 if optional else ip
    return [Listener(transport, ip, port, where, optional) for transport in transports]


def resolve(listeners, family="both"):
    """(listeners to open, errors) for those asked for; the errors are the same socket, twice.

    :: stands for all of IPv4 too, as a dual-stack socket does; 0.0.0.0 beside it is no error. With
    a `family` "ipv4" or "ipv6" it stands for that one alone, and the other's addresses are errors.
    """
    if family == "ipv4":
        listeners = [_v4(each) if each.ip == ANY_V6 else each for each in listeners]
    elif family == "ipv6":
        listeners = [Listener(*each[:4], False) for each in listeners]
    taken, errors, opened = {}, [], []
    for listener in listeners:
        first = taken.setdefault(_key(listener), listener)
        if first is not listener:
            errors.append(_twice(first, listener))
        elif family != "both" and (family == "ipv4") != (len(listener.ip) == 4):
            errors.append(_wrong_family(listener, family))
    for listener in listeners:
        if listener.ip == ANY_V6 and family == "both":
            v4 = _v4(listener)
            if taken.setdefault(_key(v4), v4) is v4:
                opened.append(v4)
        opened.append(listener)
    return opened, errors


def _v4(listener):
    """The listener on all of IPv4 that belongs to one on ::."""
    return Listener(listener.transport, ANY_V4, listener.port, listener.where, False)


def _wrong_family(listener, family):
    where = format_endpoint(listener.ip, listener.port)
    return "%s: %s is not for tracker.family %s" % (listener.where, where, family)


def _key(listener):
    return listener.transport, listener.ip, listener.port


def _twice(first, second):
    what = second.transport.upper() + " " + format_endpoint(second.ip, second.port)
    return "%s: %s is already asked for by %s" % (second.where, what, first.where)
