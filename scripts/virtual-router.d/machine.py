"""A machine that qemu emulates: a processor as in small routers, a serial line, a network card."""

import os
import signal
import socket
import subprocess
import time

GUEST = "10.0.2.15"  # the address that qemu's user network has for the machine
TRACKER = 6969
LOOPBACK = "127.0.0.1"
READY = b"Please press Enter to activate this console."


class Failed(Exception):
    """One sentence on what is wrong."""


class Machine:
    """It runs from start() on, until stop(). All that its console says is in the file `log`."""

    def __init__(self, program, kernel, image, log, memory, port=0, console=0):
        self.log = log
        self.port = port or _free_port()
        self._listener = _listen(console, "--console")
        self.console = self._listener.getsockname()[1]
        _listen(self.port, "--port").close()
        self._errors = log + ".errors"
        forwards = ",".join(
            "hostfwd=%s:%s:%d-%s:%d" % (protocol, LOOPBACK, self.port, GUEST, TRACKER)
            for protocol in ("tcp", "udp")
        )
        serial = "socket,id=serial,fd=%d,server=on,wait=off,logfile=%s"
        self._command = [
            *(program, "-machine", "virt", "-cpu", "cortex-a7", "-m", str(memory)),
            *("-nodefaults", "-display", "none", "-no-reboot"),
            *("-kernel", kernel, "-initrd", image, "-append", "console=ttyAMA0 panic=-1"),
            *("-chardev", serial % (self._listener.fileno(), log.replace(",", ",,"))),
            *("-serial", "chardev:serial"),
            *("-device", "virtio-net-device,netdev=lan"),
            *("-netdev", "user,id=lan," + forwards),
        ]

    def start(self):
        with open(self._errors, "wb") as errors:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=[self._listener.fileno()],
                start_new_session=True,  # Ctrl-C is for this program, which ends qemu
            )
        self._listener.close()

    def wait_for_boot(self, seconds):
        """How long it took until somebody can log in."""
        began = time.monotonic()
        while READY not in self.output():
            if self.process.poll() is not None:
                raise Failed("the machine ended while it booted: " + self._last_words())
            if time.monotonic() - began > seconds:
                raise Failed(
                    "no login after %d s; the console said last: %s" % (seconds, self._last_words())
                )
            time.sleep(0.1)
        return time.monotonic() - began

    def output(self):
        """All that the console has said."""
        return _read(self.log)

    def wait(self):
        """Until it is switched off."""
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.unlink(self._errors)

    def _last_words(self):
        text = _read(self._errors) or self.output()
        lines = text.decode("utf-8", "replace").splitlines()
        return "".join([line.strip() for line in lines if line.strip()][-1:]) or "nothing"


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _listen(port, option):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise Failed(
            "port %d of %s can't be had (%s): give another one with %s, 0 for any"
            % (port, LOOPBACK, error.strerror, option)
        ) from None
    listener.listen(1)
    return listener


def _free_port():
    """A port that is free for TCP and UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((LOOPBACK, 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]
