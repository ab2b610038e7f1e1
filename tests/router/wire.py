"""A serial cable, good or bad, between a console and the program under test."""

import os
import random
import select
import socket
import threading
import time
import tty

KERNEL = (
    b"\r\n[  311.402871] br-lan: port 2(lan2) entered forwarding state\r\n",
    b"[  312.000017] IPv6: ADDRCONF(NETDEV_CHANGE): lan2: link becomes ready\r\n",
    b"\r\n[  312.991280] jffs2_scan_eraseblock(): Magic bitmask 0x1985 not found # login: $ \r\n",
)


class Wire:
    """Moves bytes between `console`, a file descriptor, and `port`, what pyserial opens.

    In both directions one byte in `lose`, `repeat`, `garble` is lost, repeated, or another one;
    after some `kernel` bytes of output there is a kernel message, wherever that is. `rate` is in
    bytes a second. The line is lost after `cut` bytes to the console. `change` is what becomes of
    bytes in either direction.
    """

    def __init__(
        self, console, over="pty", lose=0, repeat=0, garble=0, kernel=0, rate=0, cut=0, change=None
    ):
        self._console = console
        self._faults = lose, repeat, garble
        self._kernel = kernel
        self._until_kernel = kernel
        self._rate = rate
        self._cut = cut
        self._change = change
        self._random = random.Random(8)
        self._ends = threading.Event()
        self._side = self._slave = self._listener = None
        self.sent = self.shown = b""
        if over == "pty":
            self._side, self._slave = os.openpty()
            tty.setraw(self._slave)
            self.port = os.ttyname(self._slave)
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port = "socket://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ends.set()
        for thread in self._threads:
            thread.join()
        if self._listener:
            self._listener.close()
        for descriptor in (self._side, self._slave):
            if descriptor is not None:
                os.close(descriptor)

    def wait_until_quiet(self):
        """Until the console has said what it had to say."""
        before = None
        while before != len(self.shown):
            before = len(self.shown)
            time.sleep(0.3)

    def _serve(self):
        if self._listener:
            self._side = self._accept()
        if self._side is None:
            return
        self._threads.append(threading.Thread(target=self._show, daemon=True))
        self._threads[1].start()
        for data in self._read(self._side):
            self.sent += data
            self._pass(self._console, self._damaged(data))
            if self._cut and len(self.sent) >= self._cut:
                self._hang_up()

    def _accept(self):
        while not self._ends.is_set():
            if select.select([self._listener], [], [], 0.02)[0]:
                return self._listener.accept()[0].detach()

    def _show(self):
        for data in self._read(self._console):
            self.shown += data
            self._pass(self._side, self._interrupted(self._damaged(data)))

    def _read(self, descriptor):
        """What comes in, until either end is gone or the test has ended."""
        while not self._ends.is_set():
            if select.select([descriptor], [], [], 0.02)[0]:
                try:
                    data = os.read(descriptor, 512)
                except OSError:
                    return
                if not data:
                    return
                yield data

    def _hang_up(self):
        self._ends.set()
        self._threads[1].join()
        os.close(self._side)
        self._side = None
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def _pass(self, to, data):
        size = len(data)
        if self._change:
            data = self._change(data)
        try:
            while data:
                data = data[os.write(to, data) :]
        except OSError:
            pass  # who is gone does not miss it
        if self._rate:
            time.sleep(size / self._rate)

    def _damaged(self, data):
        lose, repeat, garble = self._faults
        result = bytearray()
        for byte in data:
            if lose and not self._random.randrange(lose):
                continue
            if garble and not self._random.randrange(garble):
                byte ^= 1 << self._random.randrange(8)
            result.append(byte)
            if repeat and not self._random.randrange(repeat):
                result.append(byte)
        return bytes(result)

    def _interrupted(self, data):
        if not self._kernel:
            return data
        result = bytearray()
        for byte in data:
            result.append(byte)
            self._until_kernel -= 1
            if not self._until_kernel:
                result += self._random.choice(KERNEL)
                self._until_kernel = self._random.randrange(1, 2 * self._kernel)
        return bytes(result)
