"""From a request to its reply: each protocol's codec on one side, the tracker on the other."""

from opentracker import http, udp
from opentracker.pools import V4, V6
from opentracker.tracker import (
    FULL,
    FULL_RETRY_MINUTES,
    TrackerFull,
    interval,
    share_between_families,
)


class HttpFrontend:
    """Answers HTTP requests.

    A reply is good until the next call. `keep_alive` tells if its connection is to stay open.
    """

    def __init__(self, tracker, redirect_url=None):
        self.redirect_url = redirect_url
        self.keep_alive = False
        self._tracker = tracker
        self._pools = tracker.pools
        self._buffer = bytearray(600 + 18 * http.MOST_NUMWANT)
        self._view = memoryview(self._buffer)

    def answer(self, raw, size, address):
        """Returns the reply (bytes-like) to the complete request raw[:size] from `address`."""
        self.keep_alive = http.wants_keep_alive(raw, size)
        try:
            return self._answer(http.parse(raw, size), address)
        except http.Failure as failure:
            return self._whole(failure.reply)
        except TrackerFull:
            return self._whole(http.Failure(FULL, FULL_RETRY_MINUTES).reply)
        except http.BadRequest as problem:
            status = problem.status
        except MemoryError:
            status = 500
        self.keep_alive = False
        return http.error_page(status)

    def _answer(self, request, address):
        if request.kind == http.ANNOUNCE:
            return self._announce(request, address)
        if request.kind == http.SCRAPE:
            return self._whole(self._scrape(request))
        if not self.redirect_url:
            raise http.BadRequest(404)
        self.keep_alive = False
        return http.redirect(self.redirect_url)

    def _whole(self, body):
        return http.head(len(body), self.keep_alive) + body

    def _announce(self, request, address):
        pools = self._pools
        port = request.port
        peer = address + bytes((port >> 8, port & 255))
        swarm = self._tracker.announce(
            request.info_hash, peer, request.seeding, request.completed, request.stopped
        )
        seeders, leechers, downloaded = self._counts(swarm)
        if request.stopped:
            return self._whole(http.stopped_body(seeders, leechers, interval()))
        want_v4 = want_v6 = 0
        if swarm and request.numwant:
            want_v4, want_v6 = share_between_families(
                request.numwant, pools.size(swarm, V4), pools.size(swarm, V6)
            )
        body = http.announce_body(seeders, downloaded, leechers, interval(), 6 * want_v4)
        return self._with_peers(body, swarm, want_v4, want_v6)

    def _counts(self, swarm):
        if not swarm:
            return 0, 0, 0
        pools = self._pools
        return pools.seeders(swarm), pools.leechers(swarm), pools.downloaded(swarm)

    def _with_peers(self, body, swarm, want_v4, want_v6):
        buffer = self._buffer
        peers6_key = http.peers6_key(18 * want_v6) if want_v6 else b""
        length = len(body) + 6 * want_v4 + len(peers6_key) + 18 * want_v6 + 1
        start = http.head(length, self.keep_alive) + body
        at = len(start)
        buffer[0:at] = start
        self._pools.sample(swarm, V4, want_v4, buffer, at)
        at += 6 * want_v4
        if want_v6:
            buffer[at : at + len(peers6_key)] = peers6_key
            at += len(peers6_key)
            self._pools.sample(swarm, V6, want_v6, buffer, at)
            at += 18 * want_v6
        buffer[at] = 101
        return self._view[: at + 1]

    def _scrape(self, request):
        pools = self._pools
        files = []
        for info_hash in request.info_hashes:
            swarm = pools.find(info_hash)
            if swarm:
                seeders, leechers, downloaded = self._counts(swarm)
                files.append((info_hash, seeders, downloaded, leechers))
        return http.scrape_body(files)


class UdpFrontend:
    """Answers UDP packets."""

    def __init__(self, tracker):
        self.connection_ids = udp.ConnectionIds()
        self._tracker = tracker
        self._pools = tracker.pools

    def answer(self, packet, size, address, reply):
        """Writes the reply to packet[:size] from the packed `address` to `reply`.

        Returns its size, 0 for silence.
        """
        action = udp.action_of(packet, size)
        if action == udp.ERROR:
            return 0
        if action == udp.CONNECT:
            udp.write_head(reply, udp.CONNECT, packet)
            reply[8:16] = self.connection_ids.make(address)
            return 16
        if not self.connection_ids.is_valid(address, packet[:8]):
            return udp.write_error(reply, packet, udp.WRONG_CONNECTION_ID) if size >= 36 else 0
        if action == udp.ANNOUNCE:
            return self._announce(packet, address, reply)
        return self._scrape(packet, size, reply)

    def _announce(self, packet, address, reply):
        pools = self._pools
        event = udp.event_of(packet)
        peer = address + bytes(packet[96:98])
        try:
            swarm = self._tracker.announce(
                bytes(packet[16:36]),
                peer,
                udp.is_seeding(packet),
                event == udp.COMPLETED,
                event == udp.STOPPED,
            )
        except TrackerFull:
            return udp.write_error(reply, packet, FULL)
        udp.write_head(reply, udp.ANNOUNCE, packet)
        if not swarm:
            udp.write_announce(reply, interval(), 0, 0)
            return 20
        udp.write_announce(reply, interval(), pools.leechers(swarm), pools.seeders(swarm))
        if event == udp.STOPPED:
            return 20
        width = len(peer)
        family = V4 if width == 6 else V6
        want = min(udp.numwant_of(packet, width), pools.size(swarm, family))
        pools.sample(swarm, family, want, reply, 20)
        return 20 + width * want

    def _scrape(self, packet, size, reply):
        pools = self._pools
        count = min((size - 16) // 20, udp.MOST_SCRAPED)
        udp.write_head(reply, udp.SCRAPE, packet)
        for index in range(count):
            at = 16 + 20 * index
            swarm = pools.find(bytes(packet[at : at + 20]))
            if swarm:
                udp.write_scrape(
                    reply,
                    index,
                    pools.seeders(swarm),
                    pools.downloaded(swarm),
                    pools.leechers(swarm),
                )
            else:
                udp.write_scrape(reply, index, 0, 0, 0)
        return 8 + 12 * count
