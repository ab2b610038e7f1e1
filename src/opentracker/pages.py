"""What HTTP shows besides announces and scrapes: statistics, full scrapes, and dumps."""

from time import time

from opentracker import fullscrape, http
from opentracker.errors import DENIED, INTERNAL, MODEST, PARAMETER, BadRequest
from opentracker.networks import PRIVATE, is_private
from opentracker.query import FULL_SCRAPE
from opentracker.streams import chunked, compressed, encoding_for

_LISTINGS = (b"tpbs", b"statedump")


class Pages:
    """Answers requests of the kinds STATS and FULL_SCRAPE.

    permissions  who may have what (`opentracker.permissions`)
    modesty      who has had enough full scrapes (`fullscrape.Modesty`), or None
    sources      who is behind a proxy (`opentracker.sources`)
    full_log     requests from listed networks (`opentracker.fulllog`)
    """

    def __init__(self, tracker, counters, statistics, seconds):
        """`seconds()` is the time since the start."""
        self.permissions = None
        self.sources = None
        self.modesty = None
        self.full_log = None
        self._tracker = tracker
        self._counters = counters
        self._statistics = statistics
        self._seconds = seconds

    def answer(self, request, raw, size, address):
        """Returns (what is there of the reply, a generator of the rest or None).

        Raises BadRequest.
        """
        if request.kind == FULL_SCRAPE:
            return self._full_scrape(raw, size, address)
        self._require(self.permissions.stats, raw, size, address)
        if request.mode in _LISTINGS:
            self._require(self.permissions.full_scrape, raw, size, address)
            return self._listing(_form_of(request), raw, size)
        return self._statistics_page(request, raw, size, address)

    def _require(self, networks, raw, size, address):
        """Raises BadRequest unless one of the networks has the address in it.

        Where nobody was named they are the private ones, and who comes by a proxy in one of them
        has to be in one as well.
        """
        allowed = networks.holds(address)
        if allowed and networks is PRIVATE:
            allowed = is_private(self.sources.client(address, raw, size))
        if not allowed:
            raise BadRequest(DENIED)

    def log_network(self, value, raw, size, address):
        """Does what a lognet parameter says; returns what to answer, None if nobody listens to it.

        Raises BadRequest.
        """
        return self.full_log.change(value) if self._may_log(raw, size, address) else None

    def _may_log(self, raw, size, address):
        """Tells whether an address is named for it, and who comes by a proxy there as well."""
        named = self.permissions.full_log
        return named.holds(address) and named.holds(self.sources.client(address, raw, size))

    def _full_scrape(self, raw, size, address):
        self._require(self.permissions.full_scrape, raw, size, address)
        second = self._seconds()
        if self.modesty and not self.modesty.allows(address, second):
            raise BadRequest(MODEST)
        fullscrape.tell(address, second)
        return self._listing(b"ben", raw, size)

    def _listing(self, form, raw, size):
        access = self._tracker.access
        hides = access.hides if access else None
        try:
            rest = fullscrape.listing(self._tracker.pools, form, int(time()) // 60, hides)
        except KeyError:
            raise BadRequest(PARAMETER)
        self._counters.tcp_full_scrapes += 1
        encoding = encoding_for(raw, size)
        if encoding:
            rest = compressed(rest, encoding)
        rest = self._counted(rest)
        in_chunks = not http.is_http_10(raw, size)
        if in_chunks:
            rest = chunked(rest)
        next(rest)  # All of it has begun now, and so closing it ends all of it.
        return http.stream_head(encoding, in_chunks), rest

    def _counted(self, stream):
        try:
            for piece in stream:
                self._counters.full_scrape_bytes += len(piece)
                yield piece
        finally:
            stream.close()

    def _statistics_page(self, request, raw, size, address):
        if request.mode == b"fulllog":
            if not self._may_log(raw, size, address):
                raise BadRequest(DENIED)
            length, rest = self.full_log.take()
            return http.typed_head(b"text/plain", length), rest
        try:
            body = self._statistics.page(request.mode)
        except KeyError:
            raise BadRequest(PARAMETER)
        if body is None:
            raise BadRequest(INTERNAL)
        content_type = self._statistics.content_type(request.mode)
        if isinstance(body, bytes):
            return http.typed_head(content_type, len(body)) + body, None
        return b"", self._whole(body, content_type)

    def _whole(self, stream, content_type):
        """Yields the reply of a page that takes a while, as soon as its length is known."""
        pieces = []
        try:
            for piece in stream:
                if piece:
                    pieces.append(piece)
                yield b""
            body = b"".join(pieces)
            reply = http.typed_head(content_type, len(body)) + body
        except MemoryError:
            self._counters.errors[INTERNAL] += 1
            reply = http.error_page(INTERNAL)
        finally:
            stream.close()
        yield reply


def _form_of(request):
    """Returns the form of a listing that the parameters ask for. Raises BadRequest."""
    if request.mode == b"statedump":
        return b"statedump"
    if request.format == b"statedump":
        raise BadRequest(PARAMETER)
    return request.format or b"ben"
