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

# What LuCI's own String.format makes of them.
FORMATTED = [
    (["%s: %d", "a", 7.9], "a: 7"),
    (["%5d|%-5d|%05d", 42, 42, 42], "   42|42   |00042"),
    (["%'*8s", "abc"], "*****abc"),
    (["%.2f %f", 1.005, 1.5], "1.00 1.5"),
    (["%x %X %b %o %c", 255, 255, 5, 8, 65], "ff FF 101 10 A"),
    (["%u", -1], "4294967295"),
    (["%h", "<b a='1'>&"], "&#60;b a=&#39;1&#39;&#62;&#38;"),
    (["%q", "'<\""], "&#39;<&#34;"),
    (["%t", 59], "0h 0m 59s"),
    (["%t", 90061], "1d 1h 1m 1s"),
    (["%m", 999], "999 "),
    (["%1024.1mB", 1536], "1.5 KiB"),
    (["%.1m", 1234567], "1.2 M"),
    (["100 %% %z", 1], "100 % %z"),
]


def test_format(browser):
    browser.open("status")
    for (text, *values), expected in FORMATTED:
        found = browser.script("return arguments[0].format(...arguments[1])", text, values)
        assert (text, found) == (text, expected)


def in_page(browser, script, *arguments):
    """What a script returns that may wait for promises."""
    code = "const done = arguments[arguments.length - 1]; const given = Array.from(arguments);"
    code += "Promise.resolve((async () => { %s })()).then(done, error => done(String(error)));"
    return browser.driver.execute_async_script(code % script, *arguments)


ADDED = """
    const form = await L.require('form'), ui = await L.require('ui');
    const map = new form.Map('opentracker');
    const section = map.section(form.NamedSection, 'main', 'opentracker');
    for (const tab of ['one', 'two']) section.tab(tab, tab);
    const option = section.taboption('one', form.Value, 'port', 'Port', 'help');
    option.validate = (id, value) => /^[0-9]*$/.test(value) || 'no number';
    option.placeholder = '6969';
    const flag = section.taboption('two', form.Flag, 'wan', 'Internet');
    const list = section.taboption('two', form.DynamicList, 'listen', 'Listen');
    list.depends('wan', '1');
    const node = await map.render();
    L.dom.content(document.querySelector('#view'), node);
    window.tried = map;
"""


@pytest.fixture
def formed(luci, browser):
    """A page with a form of three options in two tabs."""
    luci.router.config("option port '7000'", enabled=0)
    browser.open("status")
    in_page(browser, ADDED)
    return browser


def delta(luci, browser):
    return luci.uci.changes(browser.session[1].id).get("opentracker", [])


def test_a_form_saves_what_was_changed(luci, formed):
    assert formed.find("[data-name=port] input").get_attribute("value") == "7000"
    formed.fill("[data-name=port] input", "7001")
    formed.click("[data-tab=two] a")
    assert not formed.find_all("[data-name=listen]:not(.hidden)")
    formed.script("document.querySelector('[data-name=wan] input').click()")
    formed.fill("[data-name=listen] .add-item input", "192.0.2.1")
    formed.click("[data-name=listen] .cbi-button-add")
    in_page(formed, "await window.tried.save()")
    assert sorted(delta(luci, formed)) == [
        ["list-add", "main", "listen", "192.0.2.1"],
        ["set", "main", "port", "7001"],
        ["set", "main", "wan", "1"],
    ]
    formed.wait_for_text("[data-indicator=uci-changes]", "3")
    assert dict(luci.uci.values("opentracker")["main"])["port"] == "7000"


def test_a_form_saves_nothing_that_is_wrong(luci, formed):
    formed.fill("[data-name=port] input", "many")
    assert "cbi-input-invalid" in formed.find("[data-name=port] input").get_attribute("class")
    assert formed.find("li[data-tab=one]").get_attribute("data-errors") == "1"
    assert "no number" in in_page(formed, "await window.tried.save()")
    assert "no number" in formed.text("#modal_overlay")
    assert delta(luci, formed) == []


def test_an_empty_field_unsets_its_option(luci, formed):
    formed.fill("[data-name=port] input", "")
    in_page(formed, "await window.tried.save()")
    assert delta(luci, formed) == [["remove", "main", "port"]]


def test_what_is_applied_reaches_the_file_and_the_service(luci, browser):
    luci.router.config(f"option port '{luci.tracker_port}'", enabled=1)
    luci.do("start")
    browser.open("status")
    in_page(
        browser,
        "const uci = await L.require('uci'); await uci.load('opentracker');"
        "uci.set('opentracker', 'main', 'memory', '512'); await uci.save();",
    )
    browser.script("document.addEventListener('uci-applied', () => document.title = 'applied')")
    browser.script("L.ui.changes.apply(true)")
    browser.wait_until(lambda: browser.driver.title == "applied", "no event")
    browser.wait_until(lambda: luci.router.procd.events[-1] != "HUP", luci.router.log)
    assert luci.uci.values("opentracker")["main"]["memory"] == "512"
    assert not luci.uci.waits_for_confirmation
    assert "tracker.memory 512" in luci.router.conf()


def test_what_is_not_confirmed_is_taken_back(luci):
    session = luci.rpcd.log_in().id
    luci.uci.set(session, "opentracker", "main", {"memory": "512"})
    luci.uci.apply(session, rollback=True)
    assert luci.uci.values("opentracker")["main"]["memory"] == "512"
    luci.uci.roll_back()
    assert "memory" not in luci.uci.values("opentracker")["main"]
    assert luci.uci.changes(session) == {"opentracker": [["set", "main", "memory", "512"]]}


def test_text_stands_alone_for_html_and_in_a_list_for_text(browser):
    browser.open("status")
    found = "return E('p', {}, %s).children.length"
    assert browser.script(found % "'<b>x</b>'") == 1
    assert browser.script(found % "['<b>x</b>']") == 0


def test_super_goes_up_one_class_at_a_time(browser):
    browser.open("status")
    script = """
        const baseclass = await L.require('baseclass');
        const Base = baseclass.extend({ say(x) { return 'base ' + x; }, name: 'base' });
        const Middle = Base.extend({ say(x) { return 'middle ' + this.super('say', [ x ]); } });
        const Top = Middle.extend({ say(x) { return 'top ' + this.super('say', [ x ]); } });
        return [ new Top().say('x'), new Top().super('name'), Middle.isSubclass(Top) ];
    """
    assert in_page(browser, script) == ["top middle base x", "base", True]


def test_a_session_that_has_expired_asks_for_a_login(browser):
    browser.expected_errors = ["Login session is expired", "SessionError", "403"]
    browser.open("status")
    browser.expire_session()
    in_page(browser, "const uci = await L.require('uci'); await uci.changes();")
    browser.wait_for_text("#modal_overlay", "Session expired")
    assert not browser.script("return L.Poll.active()")
    browser.click("#modal_overlay .btn")
    browser.fill("#luci_username", "admin")
    browser.click("button", "Log in")
    browser.wait_until_drawn()


def test_another_tab_hides_the_page(browser):
    browser.open("status")
    browser.script(
        "window.seen = []; document.addEventListener('visibilitychange',"
        " () => window.seen.push(document.hidden))"
    )
    browser.hide()
    browser.show()
    browser.wait_until(lambda: browser.script("return window.seen") == [True, False], "not told")


def test_dark_and_phone(browser):
    browser.open("status")
    background = "return getComputedStyle(document.body).backgroundColor"
    light = browser.script(background)
    browser.dark()
    browser.wait_until(lambda: browser.script(background) != light, "it stays light")
    browser.phone()
    assert browser.script("return [innerWidth, screen.width]") == [390, 390]


def test_words_of_another_language(luci, browser):
    luci.language = "de"
    browser.open("settings")
    browser.wait_for_text(".cbi-tabmenu", "Allgemein")
