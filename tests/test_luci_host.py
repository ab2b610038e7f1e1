"""The stand-in for LuCI: what accounts are granted, how pages are drawn and changes applied."""

import json
import urllib.error
import urllib.request

import pytest


def call(host, session, name, method, **params):
    """The reply to a call by JSON-RPC: the result, or the code of the error."""
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "call",
        "params": [session.id, name, method, params],
    }
    request = urllib.request.Request(host.url + "/ubus/", json.dumps(body).encode())
    with urllib.request.urlopen(request) as response:
        reply = json.load(response)
    return reply.get("result") or reply["error"]["code"]


def test_an_account_may_read_and_an_admin_write(luci):
    reader, admin = luci.rpcd.log_in(readonly=True), luci.rpcd.log_in()
    values = {"port": "7000"}
    change = {"config": "opentracker", "section": "main", "values": values}
    assert call(luci, reader, "uci", "get", config="opentracker")[0] == 0
    assert call(luci, reader, "uci", "set", **change) == -32002
    assert call(luci, admin, "uci", "set", **change) == [0]
    assert call(luci, admin, "uci", "get", config="network") == [6]
    assert call(luci, admin, "uci", "changes") == [
        0,
        {"changes": {"opentracker": [["set", "main", "port", "7000"]]}},
    ]
    assert call(luci, reader, "uci", "changes") == [0, {"changes": {}}]


@pytest.mark.parametrize(
    "command, words, by_reader, by_admin",
    [
        ("/etc/init.d/opentracker", ["check"], 0, 0),
        ("/etc/init.d/opentracker", ["start"], 6, 0),
        ("/etc/init.d/opentracker", ["start", "x"], 6, 6),
        ("/etc/init.d/opentracker", [], 6, 6),
        ("/etc/init.d/dropbear", ["stop"], 4, 4),
    ],
)
def test_programs_are_granted_by_their_command_lines(luci, command, words, by_reader, by_admin):
    for readonly, status in ((True, by_reader), (False, by_admin)):
        session = luci.rpcd.log_in(readonly)
        assert call(luci, session, "file", "exec", command=command, params=words)[0] == status


def test_what_ubus_does_not_have(luci):
    session = luci.rpcd.log_in()
    luci.plugin = False
    assert call(luci, session, "luci.opentracker", "status") == -32000
    luci.plugin = True
    assert call(luci, session, "luci.opentracker", "status")[0] == 0
    luci.rpcd.sessions.clear()
    assert call(luci, session, "luci.opentracker", "status") == -32002


# In the browser


@pytest.mark.parametrize("page", ["status", "settings", "lists", "overview"])
def test_pages_are_drawn(browser, page):
    browser.open(page)
    assert browser.find_all("#view *")
