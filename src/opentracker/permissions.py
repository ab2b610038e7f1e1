"""Who may do more than announce and scrape, by the address that a connection comes from."""

from opentracker.networks import Networks, permitted


class Permissions:
    """What the settings allow each source address (packed)."""

    def __init__(self, settings):
        admins = settings.admin_networks
        blessed = settings.stats_networks + admins
        self.stats = permitted(settings.stats_networks, admins)
        self.full_scrape = permitted(settings.fullscrape_networks, admins)
        self.full_log = Networks(blessed)
        self.live_sync = Networks(settings.livesync_networks + admins)
