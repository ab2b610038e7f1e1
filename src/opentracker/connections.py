"""TCP connections: requests are collected, answered by the HTTP frontend, and replies sent.

Most requests are there, whole, when their connection is accepted, and their reply fits the socket
buffer: these are read, answered and closed in one go. The rest takes one of a fixed number of
places until its deadline; when all are taken, the newcomer gets the place of one that has been
waiting, so that slow clients can only keep out each other.
"""

from selectors import EVENT_READ, EVENT_WRITE

from opentracker import mistakes
from opentracker.http import (
    MOST_REQUEST_BYTES,
    end_of_request,
    is_complete,
    wants_keep_alive,
)
from opentracker.jobs import SLICE_MS
from opentracker.runtime import close, milliseconds, number, read, write

DEADLINE_SECONDS = 30
STREAM_SECONDS = 15 * 60
_STREAMS_AT_ONCE = 4
_ACCEPTED_AT_ONCE = 64
_OUT_OF_DESCRIPTORS = (24, 23)
_NOT_OURS = (OSError, MemoryError)


class _Waiting:
    """A connection with a request or a reply under way."""

    def __init__(self, connection, address, place, deadline):
        self.connection = connection
        self.address = address
        self.number = number(connection)
        self.place = place
        self.deadline = deadline
        self.events = EVENT_READ
        self.received = b""
        self.unsent = b""
        self.last_reply = False
        self.stream = None
        self.stream_ends = 0


class Connections:
    """All TCP connections of a server, of which at most `places` are waited for."""

    def __init__(self, selector, frontend, counters, places):
        self.now = 0
        self._counters = counters
        self._selector = selector
        self._frontend = frontend
        self._places = []
        self._free = []  # the places that are free are the first `_vacant` of these
        self._vacant = 0
        self._hand = 0
        self._streams = []
        self._view = memoryview(bytearray(MOST_REQUEST_BYTES))
        self.set_places(places)

    def set_places(self, places):
        """Changes how many connections are waited for; those that have no place left are closed."""
        if places == len(self._places):
            return
        free = list(range(places))
        for waiting in self._places[places:]:
            if waiting:
                self._close(waiting)
        kept = self._places[:places]
        self._places = kept + [None] * (places - len(kept))
        self._free = free
        self._vacant = 0
        for place in range(places):
            if not self._places[place]:
                self._vacate(place)

    def accept_from(self, listener):
        """Serves the connections that wait at a listener, as many as fit a turn of the loop.

        Returns False if there are no descriptors left to accept with.
        """
        shortcut = self._frontend.shortcut()
        rest = _ACCEPTED_AT_ONCE
        while rest > 0:
            try:
                accepted = shortcut.accept(listener, rest) if shortcut else listener.accept()
            except OSError as error:
                rest -= 1
                if error.errno not in _OUT_OF_DESCRIPTORS:
                    continue  # That client has gone again.
                if self._vacant == len(self._places):
                    return False
                self._displace()
                continue
            if accepted is None:
                break
            connection, address = accepted
            if shortcut:
                rest -= shortcut.accepted
                self._serve_rest(connection, address, shortcut)
            else:
                rest -= 1
                self._counters.tcp_accepts += 1
                self._serve(connection, address)
        return True

    def ready(self, waiting):
        """Goes on with a connection that can be read from or written to."""
        if self._places[waiting.place] is not waiting:
            return  # Displaced earlier in this turn of the loop.
        self._attempt(waiting, self._go_on if waiting.unsent else self._receive_and_go_on)

    def expire(self):
        """Closes the connections whose deadline has passed."""
        for waiting in self._places:
            if waiting and waiting.deadline <= self.now:
                self._close(waiting)

    def work(self):
        """Lets the oldest of the streamed replies go on for a moment.

        Tells whether any of them has more to do before it has to wait for its client.
        """
        start = milliseconds()
        busy = self._busy()
        while busy and (milliseconds() - start) & 0xFFFF < SLICE_MS:
            for waiting in busy:
                self._attempt(waiting, self._stream_on)
            busy = self._busy()
        return bool(busy)

    def _busy(self):
        busy = [each for each in self._streams if not each.unsent]
        return busy[:_STREAMS_AT_ONCE]

    def close_all(self):
        """Closes every connection."""
        self.set_places(0)

    def _serve(self, connection, address):
        """Serves a new connection."""
        try:
            size = read(connection, self._view)
            request = bytes(self._view[:size]) if size > 0 else None
        except Exception as error:
            size = 0
            _tell_if_ours(error)
        if size:
            self._answer_first(connection, address, request)
        else:
            close(connection)

    def _serve_rest(self, connection, address, shortcut):
        """Goes on with a new connection whose exchange was left by a shortcut."""
        if shortcut.unsent:
            self._frontend.keep_alive = False
            self._keep(connection, address, None, shortcut.unsent, 0, None)
        elif shortcut.request == b"":
            close(connection)
        else:
            self._answer_first(connection, address, shortcut.request)

    def _answer_first(self, connection, address, request):
        """Answers what has come by a new connection, at once if it goes without waiting.

        `request` is None if nothing has come.
        """
        reply, sent, size = None, 0, 1
        frontend = self._frontend
        try:
            if request:
                size = len(request)
                if is_complete(request, size) and not wants_keep_alive(request, size):
                    reply = frontend.answer(request, size, address, False)
                    sent = write(connection, reply) if reply else 0
        except Exception as error:
            size = 0  # The client is gone, or gets nothing.
            _tell_if_ours(error)
        stream = self._stream_behind() if frontend.stream else None
        if not size or (reply and sent == len(reply) and not stream):
            _end(connection, stream)
            return
        self._keep(connection, address, request, reply, sent, stream)

    def _keep(self, connection, address, request, reply, sent, stream):
        """Gives a connection a place to wait in: for the rest of its request, or of its reply."""
        waiting = None
        try:
            waiting = self._give_place(connection, address)
            if reply is None:
                waiting.received = request or b""
            else:
                self._take_reply(waiting, reply, sent, stream)
        except MemoryError:
            if waiting:
                self._close(waiting)
            else:
                _end(connection, stream)
            return
        self._attempt(waiting, self._go_on)

    def _stream_behind(self):
        """Takes from the frontend what follows its reply, None if nothing does."""
        stream, self._frontend.stream = self._frontend.stream, None
        return stream

    def _take_reply(self, waiting, reply, sent, stream):
        """Keeps what the frontend has answered, but for the bytes sent, until it is sent.

        If there is no memory for it, closing `waiting` ends the stream.
        """
        waiting.last_reply = not self._frontend.keep_alive
        waiting.deadline = self.now + DEADLINE_SECONDS
        waiting.stream = stream
        if stream:
            waiting.deadline = waiting.stream_ends = self.now + STREAM_SECONDS
            self._streams.append(waiting)
        waiting.unsent = bytes(reply[max(sent, 0) :])

    def _attempt(self, waiting, step):
        try:
            alive = step(waiting)
        except Exception as error:
            alive = False
            _tell_if_ours(error)
        if not alive:
            self._close(waiting)

    def _receive_and_go_on(self, waiting):
        shortcut = self._frontend.exchanges and self._frontend.shortcut()
        if shortcut and not waiting.received:
            return self._exchange(waiting, shortcut)
        size = read(waiting.connection, self._view)
        if size > 0:
            return self._take_request(waiting, bytes(self._view[:size]), size)
        return size and self._go_on(waiting)

    def _take_request(self, waiting, request, size):
        if not waiting.received and end_of_request(request, size) == size:
            return self._answer(waiting, request, size)
        waiting.received += request
        return self._go_on(waiting)

    def _exchange(self, waiting, shortcut):
        """Has a shortcut answer the next request of a kept connection, or goes on with it."""
        if shortcut.serve(waiting.connection, waiting.address):
            waiting.deadline = self.now + DEADLINE_SECONDS
            return True
        if shortcut.unsent:
            self._frontend.keep_alive = True
            self._take_reply(waiting, shortcut.unsent, 0, None)
            return self._go_on(waiting)
        request = shortcut.request
        return request is None or request and self._take_request(waiting, request, len(request))

    def _stream_on(self, waiting):
        """Takes the next step of a streamed reply."""
        try:
            waiting.unsent = next(waiting.stream)
            self._give_time(waiting)
        except StopIteration:
            self._end_stream(waiting)
        return self._go_on(waiting)

    def _give_time(self, waiting):
        """Waits so long for a client to take some more of a stream."""
        waiting.deadline = min(waiting.stream_ends, self.now + DEADLINE_SECONDS)

    def _end_stream(self, waiting):
        stream, waiting.stream = waiting.stream, None
        if stream:
            if waiting in self._streams:
                self._streams.remove(waiting)
            stream.close()

    def _go_on(self, waiting):
        """Sends and answers until it would have to wait; tells whether it is worth waiting."""
        while True:
            if waiting.unsent:
                sent = write(waiting.connection, waiting.unsent)
                waiting.unsent = waiting.unsent[max(sent, 0) :]
                if waiting.stream and sent > 0:
                    self._give_time(waiting)
                if waiting.unsent:
                    self._wait_for(waiting, EVENT_WRITE)
                    return True
            if waiting.stream:
                # For nothing: `work` goes on, and who has nothing more to say may still listen.
                self._wait_for(waiting, 0)
                waiting.deadline = waiting.stream_ends
                return True
            if waiting.last_reply:
                return False
            end = end_of_request(waiting.received, len(waiting.received))
            if not end and len(waiting.received) <= MOST_REQUEST_BYTES:
                self._wait_for(waiting, EVENT_READ)
                return True
            self._take_answer(waiting, end)

    def _take_answer(self, waiting, end):
        if not end or end > MOST_REQUEST_BYTES:
            self._take_reply(waiting, self._frontend.refuse_size(), 0, None)
            return
        keep_alive = wants_keep_alive(waiting.received, end)
        reply = self._frontend.answer(waiting.received, end, waiting.address, keep_alive)
        self._take_reply(waiting, reply, 0, self._stream_behind())
        waiting.received = waiting.received[end:]

    def _answer(self, waiting, request, size):
        """Answers a request that came whole and alone; tells whether it is worth waiting."""
        frontend = self._frontend
        reply = frontend.answer(request, size, waiting.address, wants_keep_alive(request, size))
        sent = 0
        if not frontend.stream:
            sent = write(waiting.connection, reply)
            if sent == len(reply) and frontend.keep_alive and waiting.events == EVENT_READ:
                waiting.deadline = self.now + DEADLINE_SECONDS
                return True
        self._take_reply(waiting, reply, sent, self._stream_behind())
        return self._go_on(waiting)

    def _wait_for(self, waiting, events):
        if waiting.events == events:
            return
        if not events:
            self._selector.unregister(waiting.number)
        elif not waiting.events:
            self._selector.register(waiting.number, events, waiting)
        else:
            self._selector.modify(waiting.number, events, waiting)
        waiting.events = events

    def _give_place(self, connection, address):
        if not self._vacant:
            self._displace()
        place = self._free[self._vacant - 1]
        waiting = _Waiting(connection, address, place, self.now + DEADLINE_SECONDS)
        self._selector.register(waiting.number, EVENT_READ, waiting)
        # Not before all that takes memory: a place that is not free must have somebody.
        self._vacant -= 1
        self._places[place] = waiting
        return waiting

    def _displace(self):
        """Closes one of the waiting, each in turn."""
        while True:
            self._hand = (self._hand + 1) % len(self._places)
            waiting = self._places[self._hand]
            if waiting:
                break
        self._counters.displaced += 1
        self._close(waiting)

    def _close(self, waiting):
        waiting.deadline = self.now  # If memory for it runs out, it is tried again.
        self._end_stream(waiting)
        self._wait_for(waiting, 0)
        self._places[waiting.place] = None
        self._vacate(waiting.place)
        close(waiting.connection)

    def _vacate(self, place):
        self._free[self._vacant] = place
        self._vacant += 1


def _end(connection, stream):
    if stream:
        stream.close()
    close(connection)


def _tell_if_ours(error):
    """Tells of what neither the network nor a lack of memory explains."""
    if not isinstance(error, _NOT_OURS):
        mistakes.tell(error)
