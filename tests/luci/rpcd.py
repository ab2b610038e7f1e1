"""rpcd and uhttpd's /ubus: sessions, what acl.d files grant them, and objects of ubus."""

import fnmatch
import json
import secrets
import threading

OK, INVALID, NO_METHOD, NOT_FOUND, NO_DATA, DENIED = 0, 2, 3, 4, 5, 6
MOST_BYTES = 65536  # uhttpd takes no larger request
NOBODY = "0" * 32

# What LuCI grants to every account (luci-base), and rpcd to whoever is not logged in.
BASE = {
    "read": {
        "file": {"/*": ["list"]},
        "ubus": {
            "file": ["list"],
            "luci": ["getFeatures"],
            "session": ["access", "get", "set"],
            "uci": ["changes", "get"],
        },
        "uci": ["luci", "system"],
    },
    "write": {
        "ubus": {"uci": ["add", "apply", "confirm", "delete", "order", "rename", "set"]},
    },
}


class Failed(Exception):
    """A call that ubus does not get, with the code that JSON-RPC has for that."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class Session:
    def __init__(self, grants):
        self.id = secrets.token_hex(16)
        self.token = secrets.token_hex(16)
        self._grants = grants

    def may(self, scope, name, function):
        for grants in self._grants:
            for pattern, functions in grants.get(scope, {}).items():
                if fnmatch.fnmatchcase(name, pattern) and function in functions:
                    return True
        return False


class Rpcd:
    """`objects` are functions by the names of object and method: (session, params) -> reply.

    A reply is an object, None for none, or the number of an error.
    """

    def __init__(self, acl_files, objects):
        self.objects = objects
        self.sessions = {}
        self.calls = []  # (object, method, params), for tests
        self._acl_files = acl_files
        self._lock = threading.Lock()

    def log_in(self, readonly=False, denied=False):
        """A new session, of an account that may only read, or has no grant of the app."""
        session = Session(list(self._grants(readonly, denied)))
        self.sessions[session.id] = session
        return session

    def _grants(self, readonly, denied):
        groups = [BASE]
        for path in [] if denied else self._acl_files:
            groups += json.loads(path.read_text()).values()
        for group in groups:
            kinds = ("read",) if readonly else ("read", "write")
            for kind in kinds:
                grants = dict(group.get(kind, {}))
                # Read grants of UCI are for reading, write grants for both.
                functions = ["read"] if kind == "read" else ["read", "write"]
                grants["uci"] = dict.fromkeys(grants.get("uci", ()), functions)
                yield grants

    def answer(self, body):
        """What /ubus replies to a request, which may be a list of several."""
        if len(body) > MOST_BYTES:
            return _error(None, -32700, "Parse error")
        try:
            request = json.loads(body)
        except ValueError:
            return _error(None, -32700, "Parse error")
        if isinstance(request, list):
            return [self._answer_one(each) for each in request]
        return self._answer_one(request)

    def _answer_one(self, request):
        number = request.get("id")
        if request.get("method") == "list":
            return {"jsonrpc": "2.0", "id": number, "result": sorted(self.objects)}
        try:
            result = self._call(*request["params"])
        except Failed as failed:
            return _error(number, failed.code, failed.message)
        return {"jsonrpc": "2.0", "id": number, "result": result}

    def _call(self, session_id, name, method, params):
        params = {key: value for key, value in params.items() if value is not None}
        if name not in self.objects:
            raise Failed(-32000, "Object not found")
        session = self.sessions.get(session_id)
        if session is None or not session.may("ubus", name, method):
            raise Failed(-32002, "Access denied")
        function = self.objects[name].get(method)
        if function is None:
            return [NO_METHOD]
        self.calls.append((name, method, params))
        with self._lock:  # rpcd does one thing at a time
            reply = function(session, params)
        if isinstance(reply, int):
            return [reply]
        return [OK] if reply is None else [OK, reply]


def _error(number, code, message):
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


def session_object():
    def access(session, params):
        wanted = [params.get(name, "") for name in ("scope", "object", "function")]
        return {"access": session.may(*wanted)}

    return {"access": access}


def uci_object(uci):
    """rpcd's object `uci` (uci.c): each method with the access it asks for."""

    def method(right, function):
        def checked(session, params):
            config = params.get("config", "")
            if not session.may("uci", config, right):
                return DENIED
            if not uci.exists(config):
                return NOT_FOUND
            section = params.get("section")
            if section is not None and section not in uci.values(config, session.id):
                return NOT_FOUND
            return function(session.id, config, params)

        return checked

    def get(session, config, params):
        values = uci.values(config, session)
        if "section" not in params:
            return {"values": values}
        section = values[params["section"]]
        if "option" not in params:
            return {"values": section}
        found = section.get(params["option"])
        return NOT_FOUND if found is None else {"value": found}

    def set_(session, config, params):
        uci.set(session, config, params["section"], params.get("values", {}))

    def add(session, config, params):
        name, values = params.get("name"), params.get("values", {})
        return {"section": uci.add(session, config, params["type"], name, values)}

    def delete(session, config, params):
        options = params.get("options")
        if options is None and "option" in params:
            options = [params["option"]]
        uci.delete(session, config, params["section"], options)

    def commit(session, config, params):
        uci.commit(session, config)

    def changes(session, params):
        return {"changes": uci.changes(session.id)}

    return {
        "get": method("read", get),
        "set": method("write", set_),
        "add": method("write", add),
        "delete": method("write", delete),
        "commit": method("write", commit),
        "changes": changes,
    }
