"""The app's plugin for rpcd, its paths moved to a router in a folder.

It runs in ucode if the variable UCODE names a program of that, which Debian has not; else in Node,
by plugin.mjs.
"""

import json
import os
import subprocess
from pathlib import Path

from support.openwrt import moved
from support.runtimes import TOP, need_tool

SOURCE = TOP / "luci-app/root/usr/share/rpcd/ucode/opentracker.uc"
HERE = Path(__file__).parent
METHODS = ("append", "lists", "read", "replace", "stage", "status")


class Plugin:
    """`world` gives what ubus and uci say: {"ubus": {"object method": {}}, "uci": {}}."""

    def __init__(self, root, world):
        in_patterns = str(root).replace("/", "\\/")
        self._source = moved(SOURCE.read_text(), root).replace("^\\/", "^%s\\/" % in_patterns)
        self._world = world
        self._node = None
        self._ucode = os.environ.get("UCODE")

    def objects(self):
        methods = {name: self._method(name) for name in METHODS}
        return {"luci.opentracker": methods}

    def close(self):
        if self._node:
            self._node.stdin.close()
            self._node.stdout.close()
            self._node.wait()

    def _method(self, name):
        def call(_session, params):
            request = {"method": name, "args": params, "world": self._world()}
            request["source"] = self._source
            answer = self._by_ucode(request) if self._ucode else self._by_node(request)
            return answer["status"] if "status" in answer else answer["reply"]

        return call

    def _by_node(self, request):
        if not self._node:
            command = [need_tool("node"), str(HERE / "plugin.mjs")]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._node = subprocess.Popen(command, encoding="utf-8", **pipes)
        self._node.stdin.write(json.dumps(request) + "\n")
        self._node.stdin.flush()
        return json.loads(self._node.stdout.readline())

    def _by_ucode(self, request):
        """ubus.uc and uci.uc of this folder stand in for modules that need a router."""
        command = [self._ucode, "-L", str(HERE / "ucode" / "*.uc"), str(HERE / "ucode/driver.uc")]
        done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
