"""Settings that are right each by itself and not together.

`places` says for each attribute that was set who set it, to begin a message with.
"""

_FILES = (
    "whitelist",
    "blacklist",
    "fifo_add",
    "fifo_delete",
    "state_file",
    "status_file",
    "load_file",
)
_OF_LIVESYNC = (
    "livesync_networks",
    "livesync_key",
    "livesync_v6_records",
    "livesync_scrape_sync",
)
_OF_BRIDGE = ("bridge_listen", "bridge_connect")


def contradictions(settings, places, bridging):
    """What can't be meant, as lines for people."""
    errors = []
    for fifo in ("fifo_add", "fifo_delete"):
        if fifo in places and not settings.whitelist and not settings.blacklist:
            errors.append(places[fifo] + ": needs access.whitelist or access.blacklist")
    users = {}
    for attribute in _FILES:
        path = getattr(settings, attribute)
        if path and users.setdefault(path, attribute) != attribute:
            other = places[users[path]]
            errors.append("%s: %s is already the file of %s" % (places[attribute], path, other))
    if bridging and not settings.livesync_listen:
        errors.append("--bridge: needs livesync.cluster.listen")
    if bridging and not settings.bridge_listen and not settings.bridge_connect:
        errors.append("--bridge: needs livesync.proxy.listen or livesync.proxy.connect")
    if bridging and settings.livesync_v6_records:
        errors.append(
            places["livesync_v6_records"] + ": does not go with --bridge, whose stream is IPv4"
        )
    return errors


def without_effect(settings, places, bridging):
    """What is legal and does nothing, or not what it seems to, as lines for people."""
    warnings = _named_from_outside(settings, places)
    if not settings.livesync_listen:
        for attribute in _OF_LIVESYNC:
            if attribute in places:
                warnings.append(
                    places[attribute] + ": has no effect without livesync.cluster.listen"
                )
    elif not (settings.livesync_networks or settings.admin_networks or settings.livesync_key):
        warnings.append(
            places["livesync_listen"]
            + ": no other node is believed without livesync.cluster.node_ip or livesync.cluster.key"
        )
    if not bridging:
        for attribute in _OF_BRIDGE:
            if attribute in places:
                warnings.append(places[attribute] + ": has no effect without --bridge")
    return warnings


def _named_from_outside(settings, places):
    """Files in the root directory by names that root, once confined to it, does not find."""
    inside = (settings.rootdir or "").rstrip("/") + "/"
    named = [attribute for attribute in _FILES if getattr(settings, attribute)]
    return [
        '%s: whoever starts as root finds this only as "%s", within tracker.rootdir'
        % (places[attribute], getattr(settings, attribute)[len(inside) :])
        for attribute in named
        if len(inside) > 1 and getattr(settings, attribute).startswith(inside)
    ]
