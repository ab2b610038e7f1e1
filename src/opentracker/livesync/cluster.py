"""A tracker's part in live sync: it tells of the peers that announce here, and learns others'.

A peer is told of when it is new, when its last announce is more than 10 minutes ago, when it has
just completed, and when it stops; never if it came from another node. So what all nodes know stays
in step as long as clients re-announce, and a node that comes up has it all after one interval.
"""

from opentracker.addresses import format_endpoint
from opentracker.livesync.link import Link
from opentracker.livesync.packets import (
    BEACON,
    COMPLETED,
    GROUP,
    PEERS_V4,
    PEERS_V6,
    SEEDING,
    STOPPED,
    Outbox,
    is_beacon,
    peers,
)
from opentracker.oserror import describe

_RENEWAL_MINUTES = 10
_DELAY_SECONDS = 15


def open_cluster(settings, tracker, counters, jobs, own_id):
    """Returns the Cluster that the settings ask for, on its socket.

    `own_id`: 4 random bytes. Raises OSError with a text for people.
    """
    from opentracker.runtime.multicast import MulticastSocket

    ip, port = settings.livesync_listen
    try:
        socket = MulticastSocket(GROUP, port, ip)
    except OSError as error:
        where = format_endpoint(ip, port)
        raise OSError("livesync.cluster.listen: %s: %s" % (where, describe(error)))
    cluster = Cluster(tracker, counters, socket, settings, own_id)
    if settings.livesync_scrape_sync:
        from opentracker.livesync.scrapesync import ScrapeSync

        minutes = settings.livesync_scrape_sync
        cluster.scrape_sync = ScrapeSync(tracker, cluster.link, jobs, minutes)
    return cluster


class Cluster:
    """A watcher of the tracker on one side, a Link on the other.

    With `livesync_v6_records` packets of type 0 are read as those of the C tracker's old builds for
    IPv6, and no peers are sent: such builds would take them for garbage.
    """

    def __init__(self, tracker, counters, socket, settings, own_id):
        self.link = Link(socket, self._take, own_id)
        self.scrape_sync = None
        self._tracker = tracker
        self._counters = counters
        self._width_of_type_0 = 18 if settings.livesync_v6_records else 6
        self.take_settings(settings)
        self._v4 = Outbox(own_id, 6, self.link.aside)
        self._v6 = Outbox(own_id, 18, self.link.aside)
        self._flushed = {self._v4: -_DELAY_SECONDS, self._v6: -_DELAY_SECONDS}
        self._second = 0
        if not settings.livesync_v6_records:
            tracker.watchers.append(self)

    def take_settings(self, settings):
        """Takes what may change while the tracker runs: whom to believe."""
        networks = settings.livesync_networks + settings.admin_networks
        self.link.trust(networks, settings.livesync_key)

    def announced(self, info_hash, peer, seeding, completed, age, counted, peer_id):
        """A client has announced; see Tracker."""
        if age < 0 or age > _RENEWAL_MINUTES or counted:
            flags = (SEEDING if seeding else 0) | (COMPLETED if completed else 0)
            self._tell(info_hash, peer, flags)

    def stopped(self, info_hash, peer, seeding):
        """A client has stopped."""
        self._tell(info_hash, peer, STOPPED | SEEDING if seeding else STOPPED)

    def tick(self, second):
        """Sends what has waited long enough; to be called once a second."""
        self._second = second
        self.link.tick(second)
        for outbox in (self._v4, self._v6):
            if outbox.waits() and second - self._flushed[outbox] >= _DELAY_SECONDS:
                self._flush(outbox)
        if self.scrape_sync:
            self.scrape_sync.tick(second)

    def close(self):
        """Sends all that waits, and leaves."""
        for outbox in (self._v4, self._v6):
            if outbox.waits():
                self._flush(outbox)
        self.link.close()

    def _tell(self, info_hash, peer, flags):
        outbox = self._v4 if len(peer) == 6 else self._v6
        if outbox.add(info_hash, peer, flags):
            self._flush(outbox)

    def _flush(self, outbox):
        self._flushed[outbox] = self._second
        self.link.send(outbox.take())

    def _take(self, packet, size, kind):
        if kind == PEERS_V4:
            self._learn(packet, size, self._width_of_type_0)
        elif kind == PEERS_V6 and not is_beacon(packet, size):
            self._learn(packet, size, 18)
        elif self.scrape_sync:
            self.scrape_sync.take(packet, size, BEACON if kind == PEERS_V6 else kind)

    def _learn(self, packet, size, peer_bytes):
        learn = self._tracker.learn
        for info_hash, peer, flags in peers(packet, size, peer_bytes):
            self._counters.sync_records += 1
            if _is_somebody(peer):
                seeding, completed = flags & SEEDING != 0, flags & COMPLETED != 0
                learn(info_hash, peer, seeding, completed, flags & STOPPED != 0)


def _is_somebody(peer):
    """Tells whether the address of a compact peer can be one host's: it is not of a group."""
    if len(peer) == 6:
        return 0 < peer[0] < 224
    return peer[0] != 255 and any(peer[:16])
