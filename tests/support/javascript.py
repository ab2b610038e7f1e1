"""The LuCI app's modules without a browser: a Node process that calls their functions."""

import json
import subprocess

from support.runtimes import TOP, need_tool

FOLDER = TOP / "tests" / "luci"


class Refused(Exception):
    """A function has thrown an Error; its text is the sentence for the user."""


class Modules:
    """Use as a context manager: call("opentracker.lists", "parse", text) returns what it does."""

    def __enter__(self):
        self._node = subprocess.Popen(
            [need_tool("node"), FOLDER / "call.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_):
        self._node.stdin.close()
        self._node.stdout.close()
        assert self._node.wait() == 0

    def call(self, module, function, *arguments):
        """Bytes among the arguments arrive as a Uint8Array. Raises Refused for an Error."""
        sent = [{"hex": each.hex()} if isinstance(each, bytes) else each for each in arguments]
        self._node.stdin.write(json.dumps([module, function, sent]) + "\n")
        self._node.stdin.flush()
        answer = json.loads(self._node.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("value")
