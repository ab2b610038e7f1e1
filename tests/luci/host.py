"""A router's web server for the LuCI app: pages, scripts, /ubus, and behind them a tracker.

`python -m luci.host`, with tests and src in PYTHONPATH, serves it for a person to look at.
"""

import http.server
import json
import os
import re
import tempfile
import threading
import time
import urllib.parse
from http.cookies import SimpleCookie
from pathlib import Path

from support.openwrt import Router
from support.runtimes import TOP

from . import pages
from .plugin import Plugin
from .rpcd import DENIED, NOT_FOUND, Rpcd, session_object, uci_object
from .uci import Uci

APP = TOP / "luci-app"
ACL = APP / "root/usr/share/rpcd/acl.d/luci-app-opentracker.json"
INIT_SCRIPT = "/etc/init.d/opentracker"
NETWORK = "config interface 'lan'\n\noption proto 'static'\n"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class Host:
    """A router with the app installed. Attributes that tests may change while it runs:

    router      the files, procd, the init script (support.openwrt.Router)
    rpcd        the sessions; rpcd.calls has what was called; rpcd.objects what can be
    plugin      whether rpcd has found the app's plugin
    language    "en" or "de", for the next page that is loaded
    """

    def __init__(self, root, runtime="cpython"):
        self.router = Router(root, runtime, starts=True)
        self.language = "en"
        self._busy = threading.RLock()  # procd has each init script run once at a time
        self._threads = []
        (self.router.root / "etc/config/network").write_text(NETWORK)
        (self.router.root / "etc/config/luci").write_text("config core 'main'\n")
        self.router.config(enabled=0)
        self.uci = Uci(self.router.root / "etc/config", self._config_changed)
        self._plugin = Plugin(self.router.root, self._world)
        self.rpcd = Rpcd([ACL], self._objects())
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()
        self._plugin.close()
        self.router.procd.close()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self._server.server_port

    def page_url(self, page):
        return self.url + pages.url(page)

    @property
    def plugin(self):
        return "luci.opentracker" in self.rpcd.objects

    @plugin.setter
    def plugin(self, there):
        for name, methods in self._plugin.objects().items():
            self.rpcd.objects.pop(name, None)
            if there:
                self.rpcd.objects[name] = methods

    def do(self, action):
        """A command of the init script, as subprocess.run returns it."""
        with self._busy:
            return self.router.do(action)

    def log_lines(self):
        """What logread has of the init script, and then of the tracker."""
        said = [line.partition(" ") for line in self.router.log().splitlines()]
        lines = ["%s opentracker: %s" % (level, text) for level, _, text in said]
        path = self.router.root / "tracker.log"
        if path.exists():
            said = path.read_text(errors="replace").splitlines()
            lines += ["daemon.err micropython[1234]: %s" % line for line in said]
        stamp = time.strftime("%a %b %e %H:%M:%S %Y")
        return ["%s %s" % (stamp, line) for line in lines]

    # Objects of ubus

    def _objects(self):
        return {
            "session": session_object(),
            "uci": uci_object(self.uci),
            "file": {"exec": self._exec, "list": self._list},
            "luci": {"getFeatures": lambda session, params: {}},
            **self._plugin.objects(),
        }

    def _exec(self, session, params):
        """rpcd looks the program up first, then for a grant of it, or of the whole command line."""
        command = params["command"]
        words = [word for word in params.get("params", ()) if isinstance(word, str)]
        if command not in (INIT_SCRIPT, "/sbin/logread"):
            return NOT_FOUND
        if command == INIT_SCRIPT and not (self.router.root / command[1:]).exists():
            return NOT_FOUND
        line = " ".join([command, *words])
        if "env" in params or not (
            session.may("file", command, "exec") or session.may("file", line, "exec")
        ):
            return DENIED
        if command == "/sbin/logread":
            return {"code": 0, "stdout": self._logread(words)}
        done = self.do(" ".join(words))
        reply = {"code": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
        return {key: value for key, value in reply.items() if value != ""}

    def _logread(self, words):
        options = dict(zip(words[::2], words[1::2]))
        lines = self.log_lines()[-int(options.get("-l", 0)) :]
        found = [line for line in lines if re.search(options.get("-e", ""), line)]
        return "".join(line + "\n" for line in found)

    def _list(self, session, params):
        if not session.may("file", params["path"], "list"):
            return DENIED
        folder = APP / "htdocs" / params["path"].replace("/www/", "", 1)
        if not folder.is_dir():
            return NOT_FOUND
        names = sorted(path.name for path in folder.iterdir())
        return {"entries": [{"name": name, "type": "file"} for name in names]}

    def _world(self):
        """What the plugin asks ubus and uci for."""
        procd = self.router.procd
        services = {}
        if procd.instance:
            instance = {"running": procd.alive, "command": procd.instance.params["command"]}
            services = {"opentracker": {"instances": {"instance1": instance}}}
        ubus = {"service list": services}
        for path in (self.router.root / "interfaces").glob("*.[46]"):
            name, version = path.stem, path.suffix[1:]
            state = ubus.setdefault("network.interface." + name + " status", {"up": True})
            found = [{"address": address, "mask": 24} for address in path.read_text().split()]
            state["ipv%s-address" % version] = found
        configs = ["network"] + ["opentracker"] * self.uci.exists("opentracker")
        return {"ubus": ubus, "uci": {name: self.uci.values(name) for name in configs}}

    def _config_changed(self, config):
        """rpcd tells procd, which reloads the services that wait for this configuration."""
        if config in self.router.procd.triggers:
            thread = threading.Thread(target=self.do, args=("reload",))
            self._threads.append(thread)
            thread.start()

    # What LuCI's own controllers do

    def apply(self, session, action, query):
        """Returns the status and the text of a request for admin/uci/ACTION."""
        if action == "confirm":
            if not self.uci.waits_for_confirmation:
                return 204, ""
            self.uci.confirm()
            return 200, "OK"
        if query.get("token") != session.token:
            return 403, "Permission denied"
        changed = self.uci.changes(session.id)
        if not all(session.may("uci", config, "write") for config in changed):
            return 403, "Permission denied"
        if action == "revert":
            for config in changed:
                self.uci.revert(session.id, config)
            return 200, "OK"
        if not changed:
            return 204, ""
        self.uci.apply(session.id, rollback=action == "apply_rollback")
        if action == "apply_unchecked":
            return 204, ""
        return 200, json.dumps({"token": session.token})

    def file(self, path):
        """A static file: of the app, or of what stands in for LuCI, or of LuCI itself."""
        name = path.partition("/luci-static/")[2]
        for folder in (APP / "htdocs/luci-static", *pages.luci_folders()):
            found = (folder / name).resolve()
            if found.is_file() and folder.resolve() in found.parents:
                return found
        return None


def _handler(host):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            if url.path.startswith(pages.SCRIPT_NAME):
                self._page(url.path[len(pages.SCRIPT_NAME) :].strip("/"))
                return
            found = host.file(url.path)
            if found:
                kind = TYPES.get(found.suffix, "application/octet-stream")
                self._send(200, found.read_bytes(), kind)
            else:
                self._send(404, b"", "text/plain")

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query))
            if url.path.startswith("/ubus"):
                self._send_json(host.rpcd.answer(body))
            elif url.path.startswith(pages.SCRIPT_NAME + "/admin/uci/"):
                session = self._session()
                action = url.path.rpartition("/")[2]
                if session or action == "confirm":
                    status, text = host.apply(session, action, query)
                    self._send(status, text.encode(), "application/json")
                else:
                    self._log_in_first()
            elif url.path.startswith(pages.SCRIPT_NAME):
                self._log_in(dict(urllib.parse.parse_qsl(body.decode())))
            else:  # LuCI's own scripts ask cgi-exec by which interface they are looked at
                self._send_json({})

        def _session(self):
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get("sysauth_http")
            return host.rpcd.sessions.get(cookie.value) if cookie else None

        def _page(self, path):
            session = self._session()
            if path.startswith("admin/translations/"):
                self._send(200, pages.translations(path.rpartition("/")[2]), "text/javascript")
            elif not session:
                self._log_in_first()
            elif path == "admin/menu":
                self._send_json(pages.menu(not session.may("uci", "opentracker", "write")))
            else:
                readonly = not session.may("uci", "opentracker", "write")
                text = pages.page(path, session, readonly, host.language)
                self._send(200 if text else 404, (text or "").encode(), "text/html")

        def _log_in_first(self):
            self._send(403, pages.LOGIN.encode(), "text/html", {"X-LuCI-Login-Required": "yes"})

        def _log_in(self, form):
            name = form.get("luci_username", "")
            session = host.rpcd.log_in(readonly=name == "reader", denied=name == "stranger")
            cookie = "sysauth_http=%s; path=/; HttpOnly" % session.id
            self._send(302, b"", "text/plain", {"Set-Cookie": cookie, "Location": self.path})

        def _send_json(self, value):
            self._send(200, json.dumps(value).encode(), "application/json")

        def _send(self, status, body, kind, headers=()):
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Type", kind + "; charset=UTF-8")
                self.send_header("Content-Length", len(body))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        host = Host(Path(folder))
        print("log in as admin, reader or stranger:", host.page_url("status"), flush=True)
        try:
            threading.Event().wait()
        finally:
            host.close()


if __name__ == "__main__":
    main()
