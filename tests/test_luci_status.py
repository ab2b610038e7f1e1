"""The status page and the box on the overview, in Chromium, with a real tracker behind them."""

import os
import re
import socket

import pytest
from selenium.webdriver.common.keys import Keys

from support import wire

LAN, WAN = "127.0.0.2", "127.0.0.3"
HASHES = [bytes([number]) * 20 for number in range(1, 6)]
ACTIONS = ("start", "stop", "restart", "reload", "enable", "disable")
WRITES = {"append", "commit", "replace", "set", "stage"}


@pytest.fixture
def tracker(luci):
    """The address of a tracker that runs, and serves a LAN."""
    luci.router.interface("lan", LAN)
    configure(luci)
    done = luci.do("start")
    assert done.returncode == 0, done.stderr
    luci.router.procd.wait_for_log(f"serving udp://{LAN}")
    return LAN, luci.tracker_port


def configure(luci, *lines, enabled=1, port=None):
    port = luci.tracker_port if port is None else port
    luci.router.config(f"option port '{port}'", "list interface 'lan'", *lines, enabled=enabled)


def figure(browser, title):
    """The value beside a title, in any of the page's tables."""
    return browser.script(
        "for (const row of document.querySelectorAll('#view tr'))"
        "	if (row.cells[0].textContent === arguments[0])"
        "		return row.cells[1].textContent;"
        "return null;",
        title,
    )


def wait_for_figure(browser, title, value):
    browser.wait_until(
        lambda: figure(browser, title) == value,
        lambda: f"{title} is {figure(browser, title)!r}, not {value!r}",
    )


def wait_for_state(browser, title):
    browser.wait_until(
        lambda: browser.text("#opentracker-state").lower() == title.lower(),
        lambda: f"the state is {browser.text('#opentracker-state')!r}, not {title!r}",
    )


def wait_for_figures(browser):
    browser.find("#opentracker-figures")
    browser.wait_until(lambda: figure(browser, "Uptime"), "no uptime")


def possible(browser):
    """The actions whose buttons can be pressed."""
    return {name for name in ACTIONS if browser.find(f"#opentracker-{name}").is_enabled()}


def act(browser, action):
    browser.click(f"#opentracker-{action}")
    browser.wait_until(
        lambda: not browser.script("return document.body.matches('.modal-overlay-active')"),
        "the dialog stays",
    )


def answer(luci, **reply):
    """Has the plugin's `status` say this."""
    usual = {"running": True, "boot": True, "enabled": True, "bridge": False}
    luci.rpcd.objects["luci.opentracker"]["status"] = lambda session, params: {**usual, **reply}


def looks(luci):
    return luci.rpcd.calls.count(("luci.opentracker", "status", {}))


# Figures


def test_figures_follow_the_announces_of_clients(luci, tracker, browser):
    browser.open("status")
    wait_for_state(browser, "Running")
    wait_for_figures(browser)
    wait_for_figure(browser, "All peers", "0")
    assert figure(browser, "Version").endswith(" on CPython " + os.sys.version.split()[0])
    assert browser.find("#view", "Nothing was refused since the start.")
    assert browser.find("#view", "No torrent has a peer yet.")
    still = points(browser, "http")

    for number, info_hash in enumerate(HASHES):
        for peer in range(number + 1):
            wire.announce(tracker, info_hash, 2000 + peer, left=peer)
    with wire.UdpClient(tracker) as client:
        client.announce(HASHES[0], 3000, left=7)
        client.send(b"12345678" + b"\0\0\0\1" + bytes(86))
    wire.get(tracker, b"/announce?info_hash=short")

    wait_for_figure(browser, "All peers", "16")
    wait_for_figure(browser, "Seeders among them", "5")
    wait_for_figure(browser, "Torrents", "5")
    wait_for_figure(browser, "UDP packets with a wrong or outdated connection id", "1")
    wait_for_figure(browser, "HTTP requests with a parameter missing or wrong", "1")
    assert re.fullmatch(r"[\d.]+ KiB of 7.6 MiB \(\d+ %\)", memory(browser)), memory(browser)
    browser.wait_until(lambda: peak(browser, "HTTP") > 0 and peak(browser, "UDP") > 0, "no peak")
    assert len({still, points(browser, "http"), points(browser, "udp")}) == 3
    browser.wait_until(lambda: len(top(browser)) == 5, lambda: f"at the top: {top(browser)}")
    assert top(browser)[0] == [HASHES[4].hex(), "1", "4", "0"]


def memory(browser):
    return browser.find("#view .cbi-progressbar").get_attribute("title")


def points(browser, series):
    """The line of a series in the graph."""
    return browser.find_all(f"[data-series={series}]")[0].get_attribute("points")


def peak(browser, series):
    cells = browser.script(
        "for (const row of document.querySelectorAll('#view tr'))"
        "	if (row.cells[0].textContent === arguments[0])"
        "		return Array.from(row.cells, cell => cell.textContent);",
        series,
    )
    return float(cells[3].replace("/s", ""))


def top(browser):
    """Info hash, seeders, leechers and completed of each row."""
    rows = browser.script(
        "return Array.from(document.querySelectorAll('#view code'),"
        "	code => Array.from(code.closest('tr').cells, cell => cell.textContent.trim()));"
    )
    return [row[:4] for row in rows]


def test_announce_urls_of_lan_and_internet_are_copied(luci, tracker, browser):
    browser.open("status")
    wait_for_figures(browser)
    assert urls(browser) == {"LAN": served(tracker)}

    luci.router.interface("wan", WAN)
    configure(luci, "option wan '1'")
    assert luci.do("reload").returncode == 0
    internet = served((WAN, luci.tracker_port))
    browser.wait_until(
        lambda: urls(browser) == {"LAN": served(tracker), "Internet": internet},
        lambda: f"URLs are {urls(browser)}",
    )
    browser.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]}
    )
    copy_buttons = [each for each in browser.find_all("#view button") if each.text == "Copy"]
    for button, url in zip(copy_buttons, served(tracker) + internet):
        browser.click(button)
        browser.button("Copied")
        assert browser.script("return navigator.clipboard.readText()") == url
        browser.wait_until(lambda: "Copied" not in browser.text("#view"), "it says so for ever")


def test_announce_urls_are_copied_where_pages_have_no_clipboard(luci, tracker, browser):
    browser.open("status")
    wait_for_figures(browser)
    browser.script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
        "window.field = document.createElement('textarea');"
        "document.querySelector('#maincontent').prepend(window.field);"
    )
    browser.press("Copy")
    browser.button("Copied")
    field = browser.script("return window.field")
    field.send_keys(Keys.CONTROL, "v")
    assert field.get_property("value") == served(tracker)[0]


def served(tracker):
    return [f"{scheme}://{tracker[0]}:{tracker[1]}/announce" for scheme in ("http", "udp")]


def urls(browser):
    """The announce URLs of the page by the name above them."""
    return browser.script(
        "const found = {};"
        "for (const title of document.querySelectorAll('#opentracker-figures div > strong'))"
        "	found[title.textContent] = Array.from(title.parentNode.querySelectorAll('input'),"
        "		field => field.value);"
        "return found;"
    )


# Torrents


def test_a_torrent_that_is_denied_from_the_page_is_refused(luci, tracker, browser):
    for info_hash in HASHES[:2]:
        wire.announce(tracker, info_hash, 2000)
    browser.open("status")
    denied = HASHES[0].hex()
    row = f"//tr[.//code[text()='{denied}']]"
    browser.wait_until(lambda: rows_of(browser, row), "it is not at the top")
    browser.click(button_in(browser, row, "Deny"))
    browser.find(".modal", denied)
    browser.fill(".modal input", "<b>not ours</b>")
    browser.click(".modal .important")
    browser.find(".alert-message", "The torrent is denied")
    browser.wait_until(lambda: not rows_of(browser, row), "it stays at the top")

    assert b"failure reason" in wire.announce(tracker, HASHES[0], 2000)
    assert b"peers" in wire.announce(tracker, HASHES[1], 2000)
    wait_for_figure(browser, "Announces of torrents that the access lists do not allow", "1")
    wait_for_figure(browser, "Access lists", "Denied torrents: 1")
    blacklist = luci.router.root / "etc/opentracker/blacklist.txt"
    assert f"{denied} <b>not ours</b>" in blacklist.read_text().splitlines()


def test_a_torrent_that_was_denied_is_allowed_again(luci, tracker, browser):
    folder = luci.router.root / "etc/opentracker"
    (folder / "whitelist.txt").write_text(HASHES[0].hex() + " my <i>film</i>\n")
    configure(luci, f"option whitelist_file '{folder}/whitelist.txt'")
    assert luci.do("reload").returncode == 0
    luci.router.procd.wait_for_log("1 info_hash in")
    wire.announce(tracker, HASHES[0], 2000)
    browser.open("status")
    row = f"//tr[.//code[text()='{HASHES[0].hex()}']]"
    browser.find("small", "my <i>film</i>")
    browser.click(button_in(browser, row, "Deny"))
    browser.click(".modal .important")
    browser.find(".alert-message", "The torrent is denied: it is not on the whitelist.")
    assert b"failure reason" in wire.announce(tracker, HASHES[0], 2000)

    answer(luci, figures={"metrics": {}, "top": [{"info_hash": HASHES[0].hex()}]}, age=1)
    browser.click(button_in(browser, row, "Allow"))
    browser.click(".modal .important")
    browser.find(".alert-message", "The torrent is allowed: it is on the whitelist.")
    assert b"peers" in wire.announce(tracker, HASHES[0], 2000)


def rows_of(browser, path):
    return browser.driver.find_elements("xpath", path)


def button_in(browser, row, title):
    path = f"{row}//button[text()='{title}']"
    return browser.wait_until(lambda: rows_of(browser, path), f"no {title}")[0]


# Buttons


def test_the_buttons_do_what_they_say(luci, browser):
    luci.router.interface("lan", LAN)
    config = luci.router.root / "etc/config/opentracker"
    link = luci.router.root / "etc/rc.d/S95opentracker"
    browser.open("status")
    wait_for_state(browser, "Disabled")
    assert possible(browser) == {"enable"}

    act(browser, "enable")
    wait_for_state(browser, "Running")
    assert possible(browser) == {"stop", "restart", "reload", "disable"}
    assert luci.router.procd.alive and link.is_symlink()
    assert "enabled '1'" in config.read_text()

    tracker = LAN, luci.tracker_port
    luci.router.procd.wait_for_log(f"serving udp://{LAN}")
    wire.announce(tracker, HASHES[0], 2000)
    wait_for_figure(browser, "All peers", "1")
    first = luci.router.procd.pid
    act(browser, "reload")
    assert luci.router.procd.pid == first
    act(browser, "restart")
    assert luci.router.procd.alive and luci.router.procd.pid != first
    wait_for_figure(browser, "All peers", "1")

    act(browser, "stop")
    wait_for_state(browser, "Not running")
    assert possible(browser) == {"start", "disable"}
    assert not luci.router.procd.alive
    act(browser, "start")
    wait_for_state(browser, "Running")
    assert luci.router.procd.alive

    act(browser, "disable")
    wait_for_state(browser, "Disabled")
    assert not luci.router.procd.alive and not link.is_symlink()
    assert "enabled '0'" in config.read_text()


def test_a_mistake_in_the_settings_is_told(luci, tracker, browser):
    configure(luci, port=99999)
    mistake = "“Port”: 99999 is not a port (1-65535)"
    browser.open("status")
    wait_for_state(browser, "Running")
    browser.wait_for_text(
        "#opentracker-diagnosis", "the tracker runs with those that it had before"
    )
    assert mistake in browser.text("#opentracker-diagnosis")

    pid = luci.router.procd.pid
    act(browser, "restart")
    said = "opentracker.main.port: 99999 is not a port (1-65535)"
    assert said in browser.find(".alert-message", "“Restart” failed").text
    assert luci.router.procd.pid == pid and luci.router.procd.alive

    act(browser, "stop")
    wait_for_state(browser, "Not running")
    browser.wait_for_text("#opentracker-diagnosis", "a mistake that keeps it from starting")
    assert mistake in browser.text("#opentracker-diagnosis")
    act(browser, "start")
    browser.find(".alert-message", "“Start” failed")
    assert not luci.router.procd.alive


def test_a_tracker_that_dies_shows_what_it_logged_last(luci, browser):
    with socket.create_server((LAN, luci.tracker_port)):
        luci.router.interface("lan", LAN)
        configure(luci)
        luci.do("start")
        browser.open("status")
        wait_for_state(browser, "Not running")
        browser.wait_for_text("#opentracker-log", "Address already in use")


def test_settings_that_wait_to_be_applied_are_not_committed_by_the_way(luci, browser):
    browser.open("status")
    session = browser.session[1].id
    luci.uci.set(session, "opentracker", "main", {"port": "1234"})
    act(browser, "enable")
    browser.find(".alert-message", "Some settings are saved, but not applied.")
    text = (luci.router.root / "etc/config/opentracker").read_text()
    assert "1234" not in text and "enabled '0'" in text
    assert list(luci.uci.changes(session)) == ["opentracker"]


def test_an_account_that_may_only_read_changes_nothing(luci, tracker, browser):
    wire.announce(tracker, HASHES[0], 2000)
    browser.open("status", account="reader")
    wait_for_figure(browser, "All peers", "1")
    browser.find("code", HASHES[0].hex())
    titles = {button.text for button in browser.find_all("#view button")}
    assert titles == {"Copy"}
    configure(luci, port=99999)
    browser.reload()
    browser.wait_for_text("#opentracker-diagnosis", "99999 is not a port")
    assert not WRITES & {method for _, method, _ in luci.rpcd.calls}


# When somebody looks


def test_a_page_that_nobody_sees_asks_for_nothing(luci, tracker, browser):
    browser.open("status")
    wait_for_figures(browser)
    # LuCI holds back what a hidden page asks for, but for requests with nobatch: they tell that
    # the page still polls.
    browser.script(
        "return Promise.all([L.require('poll'), L.require('rpc')]).then(([poll, rpc]) => {"
        "	const tell = rpc.declare({ object: 'session', method: 'access', params: ['scope'],"
        "		nobatch: true });"
        "	poll.add(() => tell(document.hidden ? 'hidden' : 'seen'), 1);"
        "});"
    )
    hidden = ("session", "access", {"scope": "hidden"})
    browser.hide()
    browser.wait_until(lambda: hidden in luci.rpcd.calls, "it is not hidden")
    del luci.rpcd.calls[:]
    browser.wait_until(lambda: luci.rpcd.calls.count(hidden) > 5, "it does not poll at all")
    assert looks(luci) == 0
    browser.show()
    browser.wait_until(lambda: looks(luci) > 1, "it does not go on")


def test_a_page_without_the_plugin_says_so_and_goes_on_when_it_is_there(luci, tracker, browser):
    luci.plugin = False
    browser.open("status")
    wait_for_state(browser, "Unknown")
    assert "Install rpcd-mod-ucode" in browser.text("#opentracker-text")
    assert possible(browser) == set()
    luci.plugin = True
    wait_for_state(browser, "Running")
    wait_for_figures(browser)


def test_a_session_that_expires_says_so(luci, tracker, browser):
    browser.open("status")
    wait_for_state(browser, "Running")
    browser.expected_errors.append("Login session is expired")
    browser.expire_session()
    wait_for_state(browser, "Unknown")
    assert "The session has expired: log in again." in browser.text("#opentracker-text")
    browser.find(".modal", "Session expired")


@pytest.mark.parametrize(
    "reply, state, text",
    [
        ({"running": False, "enabled": False}, "Disabled", "The tracker is off."),
        ({"running": False}, "Not running", "The tracker is enabled, but it does not run."),
        ({"bridge": True}, "Running as a bridge", "It connects sites"),
        ({}, "Running", "There are no figures yet."),
        ({"figures": {"metrics": {}}, "age": 7200}, "Running", "The figures are 2 h 0 min old."),
        ({"figures": [1], "age": 0}, "Running", "There are no figures yet."),
        ({"figures": {"metrics": 1}, "age": 0}, "Running", "There are no figures yet."),
    ],
)
def test_each_state_has_a_sentence(luci, browser, reply, state, text):
    answer(luci, **reply)
    browser.open("status")
    wait_for_state(browser, state)
    assert text in browser.text("#opentracker-text")


@pytest.mark.parametrize(
    "reply, text",
    [
        ({"enabled": False}, "The settings say that it is off"),
        ({"boot": False}, "It does not start when the router boots."),
    ],
)
def test_what_does_not_last_is_told(luci, browser, reply, text):
    answer(luci, **reply)
    browser.open("status")
    browser.wait_for_text("#opentracker-caution", text)


def test_what_a_hostile_tracker_writes_stays_text(luci, browser):
    markup = "<img src=x onerror=document.title='owned'>"
    metrics = {"version": markup, "runtime": {"a": markup}, "peers": markup, "seeders": [markup]}
    metrics["http_errors"] = markup
    torrents = [None, 5, {"info_hash": markup, "seeders": markup}, {"info_hash": {}}, {}]
    history = {"seconds": markup, "http": [markup, None, -1, 1e300], "udp": markup}
    figures = {"metrics": metrics, "serving": [markup, None, "javascript:alert(1)"]}
    figures.update(top=torrents, history=history)
    answer(luci, figures=figures, age=0, wan=markup)
    browser.open("status")
    wait_for_figure(browser, "Version", f"{markup} on [object Object]")
    assert markup in [row[0] for row in top(browser)]
    assert not browser.find_all("#view img")
    assert "owned" not in browser.driver.title
    for title in ("Allow", "Deny"):
        assert not browser.button(title).is_enabled()


# The overview


def test_the_overview_has_five_figures(luci, tracker, browser):
    wire.announce(tracker, HASHES[0], 2000)
    wire.announce(tracker, HASHES[0], 2001, left=1)
    browser.open("overview")
    wait_for_figure(browser, "All peers", "2")
    wait_for_figure(browser, "Seeders among them", "1")
    wait_for_figure(browser, "Torrents", "1")
    wait_for_figure(browser, "Refused announces", "0")
    assert "MiB" in memory(browser)
    luci.do("stop")
    browser.wait_for("Not running: The tracker is enabled, but it does not run.")


def test_the_overview_of_an_account_without_a_grant_has_no_box(luci, tracker, browser):
    browser.open("overview", account="stranger")
    browser.wait_until(lambda: looks(luci) == 0, "it may look")
    assert "Opentracker" not in browser.text("#view")


# Looks


def test_the_page_fits_a_phone(luci, tracker, browser):
    for number, info_hash in enumerate(HASHES):
        for peer in range(20 * number + 1):
            wire.announce(tracker, info_hash, 2000 + peer, left=peer % 3)
    browser.open("status")
    wait_for_figure(browser, "All peers", "205")
    browser.wait_until(lambda: len(top(browser)) == 5, "no torrents")
    assert browser.screenshots("status") <= 0
    browser.open("overview")
    wait_for_figure(browser, "All peers", "205")
    assert browser.screenshots("overview") <= 0


# The plugin runs as root, and the tracker writes to the folder that it reads


@pytest.fixture
def ask(luci, tracker):
    """What the plugin says, of a tracker that does not write its status itself."""
    (luci.router.run_folder / "status.json.watched").unlink()
    return lambda: luci.rpcd.objects["luci.opentracker"]["status"](None, {})


def test_the_plugin_gives_figures_and_their_age(luci, ask):
    status = luci.router.run_folder / "status.json"
    status.write_text('{"metrics": {"torrents": 1}}')
    os.utime(status, (os.stat(status).st_atime, os.stat(status).st_mtime - 100))
    reply = ask()
    assert reply["figures"] == {"metrics": {"torrents": 1}}
    assert 100 <= reply["age"] < 200
    status.write_text('{"metrics": {"torrents": 2}}')
    assert ask()["figures"] == {"metrics": {"torrents": 2}}
    luci.do("stop")
    assert "figures" not in ask()
    luci.do("start")
    reply = ask()
    assert reply["running"] and "figures" not in reply  # those of the one before


@pytest.mark.parametrize("text", ["", "{", "[1]", "1", "null", " " * 65536 + "{}", "[" * 60000])
def test_the_plugin_takes_what_is_no_object_for_no_figures(luci, ask, text):
    (luci.router.run_folder / "status.json").write_text(text)
    reply = ask()
    assert reply["running"] and "figures" not in reply


@pytest.mark.parametrize("place", [os.symlink, os.link])
def test_the_plugin_reads_no_file_by_another_name(luci, ask, place):
    secret = luci.router.root / "secret"
    secret.write_text('{"metrics": {"secret": 1}}')
    place(secret, luci.router.run_folder / "status.json")
    assert "figures" not in ask()
    assert secret.read_text() == '{"metrics": {"secret": 1}}'


def test_the_plugin_does_not_wait_for_a_pipe(luci, ask):
    os.mkfifo(luci.router.run_folder / "status.json")
    assert "figures" not in ask()


def test_the_plugin_touches_nothing_but_the_init_scripts_file(luci, ask):
    watched = luci.router.run_folder / "status.json.watched"
    other = luci.router.root / "other"
    ask()
    assert not watched.exists()
    for place in (os.symlink, os.link):
        other.write_text("as it was")
        place(other, watched)
        ask()
        assert other.read_text() == "as it was"
        watched.unlink()
    watched.write_text("")
    os.utime(watched, (1, 1))
    ask()
    assert os.stat(watched).st_mtime > 1
