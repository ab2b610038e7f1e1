"""From a request to its reply: each protocol's codec on one side, the tracker on the other."""

from opentracker import http, udp
from opentracker.errors import INTERNAL, MOVED, NOT_FOUND, BadRequest
from opentracker.pools import V4, V6
from opentracker.query import ANNOUNCE, MOST_NUMWANT, ROOT, SCRAPE
from opentracker.tracker import (
    FULL,
    FULL_RETRY_MINUTES,
    UNAUTHORISED,
    Denied,
    TrackerFull,
    interval,
    share_between_families,
)


class HttpFrontend:
    """Answers HTTP requests.

    A reply is good until the next call. `keep_alive` tells if its connection may stay open, and
    `stream` is None or a generator of what follows the reply: bytes, b"" if it needs another step.
    Who sends that sets it to None again.

    redirect_url  where a browser goes that asks for /, or None
    stats_path    where statistics are
    pages         what answers all but announces and scrapes (`opentracker.pages`)
    sources       what tells where a peer is (`opentracker.sources`)
    announces     None, or a `runtime.Announces` for those announces that it knows how to answer
    exchanges     None, or what has these answered as soon as they come (`runtime.exchanges`)
    overheard     whether somebody listens in on `answer`, so that all has to go that way
    """

    def __init__(self, tracker, counters, sources, pages):
        self.redirect_url = None
        self.stats_path = b"stats"
        self.sources = sources
        self.pages = pages
        self.keep_alive = False
        self.stream = None
        self.announces = None
        self.exchanges = None
        self.overheard = False
        self._tracker = tracker
        self._pools = tracker.pools
        self._counters = counters
        self._numwants = counters.numwants
        self._buffer = bytearray(600 + 18 * MOST_NUMWANT)
        self._view = memoryview(self._buffer)

    def shortcut(self):
        """Returns what may answer known peers before `answer` does, or None."""
        if self.overheard or self.sources.proxies or not self._tracker.asks_nobody():
            return None
        return self.exchanges

    def answer(self, raw, size, address, keep_alive):
        """Returns the reply (bytes-like) to the complete request raw[:size] from `address`."""
        self.keep_alive = keep_alive
        if self.announces and self._tracker.asks_nobody() and not self.sources.proxies:
            place = self.announces.answer_http(raw, address, keep_alive, self._buffer)
            if place:
                return self._view[place >> 16 : place & 0xFFFF]
        try:
            request = http.parse(raw, size, self.stats_path)
            if request.kind == ANNOUNCE:
                if request.lognet is not None:
                    body = self._log_network(request, raw, size, address)
                    if body:
                        return self._whole(body)
                if request.ip is not None or self.sources.proxies:
                    address = self.sources.peer_address(address, request.ip, raw, size)
                return self._announce(request, address)
            if request.kind == SCRAPE:
                return self._whole(self._scrape(request))
            self.keep_alive = False
            if request.kind == ROOT:
                return self._redirect()
            reply, self.stream = self.pages.answer(request, raw, size, address)
            return reply
        except http.Failure as failure:
            return self._whole(failure.reply)
        except Denied:
            self._counters.denied += 1
            return self._whole(http.Failure(UNAUTHORISED).reply)
        except TrackerFull:
            return self._whole(http.Failure(FULL, FULL_RETRY_MINUTES).reply)
        except BadRequest as problem:
            return self._refuse(problem.reason)
        except MemoryError:
            return self._refuse(INTERNAL)

    def refuse_size(self):
        """Returns the reply to a request that is too long."""
        return self._refuse(INTERNAL)

    def _refuse(self, reason):
        self.keep_alive = False
        self._counters.errors[reason] += 1
        return http.error_page(reason)

    def _redirect(self):
        if not self.redirect_url:
            raise BadRequest(NOT_FOUND)
        self._counters.errors[MOVED] += 1
        return http.redirect(self.redirect_url)

    def _log_network(self, request, raw, size, address):
        """Returns the reply to a change of the log of requests, None from who may not."""
        body = self.pages.log_network(request.lognet, raw, size, address)
        if not body and request.info_hash is None:
            raise http.Failure(http.MISSING_INFO_HASH)
        return body

    def _whole(self, body):
        return http.head(len(body), self.keep_alive) + body

    def _announce(self, request, address):
        pools = self._pools
        port = request.port
        self._counters.tcp_announces += 1
        self._numwants[request.numwant] += 1
        peer = address + bytes((port >> 8, port & 255))
        swarm = self._tracker.announce(
            request.info_hash,
            peer,
            request.seeding,
            request.completed,
            request.stopped,
            request.peer_id,
        )
        seeders, leechers, v4, v6 = pools.census(swarm)
        if request.stopped:
            return self._whole(http.stopped_body(seeders, leechers, interval()))
        if v4 + v6 > request.numwant:
            if v6:
                v4, v6 = share_between_families(request.numwant, v4, v6)
            else:
                v4 = request.numwant
        body = http.announce_body(seeders, pools.downloaded(swarm), leechers, interval(), 6 * v4)
        return self._with_peers(body, swarm, v4, v6)

    def _with_peers(self, body, swarm, v4, v6):
        """Returns the reply of `body` with samples of `v4` and `v6` peers."""
        sample = self._pools.sample
        buffer = self._buffer
        peers6_key = http.peers6_key(18 * v6) if v6 else b""
        length = len(body) + 6 * v4 + len(peers6_key) + 18 * v6 + 1
        head = http.head(length, self.keep_alive)
        at = len(head)
        buffer[0:at] = head
        end = at + len(body)
        buffer[at:end] = body
        if v4:
            sample(swarm, V4, v4, buffer, end)
            end += 6 * v4
        if v6:
            at = end
            end += len(peers6_key)
            buffer[at:end] = peers6_key
            sample(swarm, V6, v6, buffer, end)
            end += 18 * v6
        buffer[end] = 101
        return self._view[: end + 1]

    def _scrape(self, request):
        pools = self._pools
        self._counters.tcp_scrapes += 1
        files = []
        for info_hash in request.info_hashes:
            swarm = self._tracker.find(info_hash)
            if swarm:
                seeders, leechers, _, _ = pools.census(swarm)
                files.append((info_hash, seeders, pools.downloaded(swarm), leechers))
        return http.scrape_body(files)


class UdpFrontend:
    """Answers UDP packets.

    announces  None, or a `runtime.Announces` for those packets that it knows how to answer
    """

    def __init__(self, tracker, counters):
        self.announces = None
        self.connection_ids = udp.ConnectionIds()
        self._tracker = tracker
        self._counters = counters
        self._pools = tracker.pools

    def shortcut(self):
        """Returns what may answer packets before `answer` does, or None."""
        return self.announces if self._tracker.asks_nobody() else None

    def turn(self):
        """Has connection ids get older; called every 2 minutes."""
        self.connection_ids.turn()
        if self.announces:
            self.announces.forget()

    def answer(self, packet, size, address, reply):
        """Writes the reply to packet[:size] from the packed `address` to `reply`.

        `packet` is as long as an announce if `size` is. A memoryview for `reply` spares CPython
        copies. Returns the size of the reply, 0 for silence.
        """
        if size < udp.ANNOUNCE_BYTES or packet[11] != udp.ANNOUNCE:
            return self._answer_short(packet, size, address, reply)
        (
            connection_id, action, transaction, info_hash, left, event, numwant, port
        ) = udp.read_announce(packet)  # fmt: skip
        if action != udp.ANNOUNCE:
            return 0
        ids = self.connection_ids
        if ids.fresh.get(address) != connection_id and not ids.is_valid(address, connection_id):
            return self._refuse_id(packet, size, reply)
        if self.announces:
            self.announces.trust(address, ids.make(address), packet)
        self._counters.udp_announces += 1
        try:
            swarm = self._tracker.announce(
                info_hash,
                address + port,
                left == udp.NONE_LEFT,
                event == udp.COMPLETED,
                event == udp.STOPPED,
            )
            seeders, leechers, v4, v6 = self._pools.census(swarm)
            udp.write_announce(reply, transaction, interval(), leechers, seeders)
            if event == udp.STOPPED:
                return 20
            if len(address) == 4:
                want = numwant if numwant < udp.MOST_NUMWANT_V4 else udp.MOST_NUMWANT_V4
                if want > v4:
                    want = v4
                if want:
                    self._pools.sample(swarm, V4, want, reply, 20)
                return 20 + 6 * want
            want = numwant if numwant < udp.MOST_NUMWANT_V6 else udp.MOST_NUMWANT_V6
            if want > v6:
                want = v6
            if want:
                self._pools.sample(swarm, V6, want, reply, 20)
            return 20 + 18 * want
        except Denied:
            self._counters.denied += 1
            return udp.write_error(reply, packet, UNAUTHORISED)
        except (TrackerFull, MemoryError):
            return udp.write_error(reply, packet, FULL)

    def _answer_short(self, packet, size, address, reply):
        """The same for all but announces."""
        action = udp.action_of(packet, size)
        if action == udp.CONNECT:
            self._counters.udp_connects += 1
            made = self.connection_ids.make(address)
            if self.announces:
                self.announces.trust(address, made, made, False)
            return udp.write_connect(reply, packet, made)
        if action != udp.SCRAPE:
            return 0
        ids, given = self.connection_ids, packet[:8]
        if ids.fresh.get(address) != given and not ids.is_valid(address, given):
            return self._refuse_id(packet, size, reply)
        if self.announces:
            self.announces.trust(address, ids.make(address), packet)
        self._counters.udp_scrapes += 1
        return self._scrape(packet, size, reply)

    def _refuse_id(self, packet, size, reply):
        """Says what is wrong, unless that takes more bytes than were sent from who knows where."""
        self._counters.udp_mismatches += 1
        if size < 8 + len(udp.WRONG_CONNECTION_ID):
            return 0
        return udp.write_error(reply, packet, udp.WRONG_CONNECTION_ID)

    def _scrape(self, packet, size, reply):
        pools, find = self._pools, self._tracker.find
        count = (size - 16) // 20
        if count > udp.MOST_SCRAPED:
            count = udp.MOST_SCRAPED
        udp.start_scrape(reply, packet)
        for index in range(count):
            swarm = find(udp.scraped(packet, index))
            seeders, leechers, _, _ = pools.census(swarm)
            udp.write_scrape(reply, index, seeders, pools.downloaded(swarm), leechers)
        return 8 + 12 * count
