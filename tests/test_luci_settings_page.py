"""The settings page of the LuCI app in Chromium, with a router and a tracker behind it."""

import pytest

from support.tracker import free_port
from support.wire import announce, peers, scrape

TORRENT = b"a" * 20
REFUSED = "The tracker does not take these settings"


@pytest.fixture
def running(luci, browser):
    """A tracker with a peer, and the page of its settings; returns where it can be asked."""
    luci.router.config(f"option port '{luci.tracker_port}'", enabled=1)
    assert luci.do("start").returncode == 0
    luci.router.procd.wait_for_log("KiB for peers")
    target = "127.0.0.1", luci.tracker_port
    announce(target, TORRENT, 5555)
    browser.open("settings")
    return target


def tab(browser, name):
    browser.click(f".cbi-tabmenu [data-tab={name}] a")


def field(name):
    return f"[data-name={name}] input:not([type=hidden])"


def fill(browser, name, text):
    browser.fill(field(name), text)


def apply(browser):
    button = ".cbi-page-actions .cbi-dropdown li"
    browser.wait_for_reload(lambda: browser.click(button, "Save & Apply"))


def save_in_vain(browser, sentence):
    """Save what can't be saved; the page says why, and stays."""
    browser.expected_errors = ["Uncaught TypeError: Option "]
    browser.press("Save")
    browser.wait_for_text("#modal_overlay", sentence)
    browser.click("#modal_overlay button")
    browser.wait_until(lambda: not browser.find_all("body.modal-overlay-active"), "it stays")


def saved(luci, browser):
    """What is saved, and not applied."""
    session = browser.session[1].id
    return [change[1:] for change in luci.uci.changes(session).get("opentracker", [])]


def applied(luci):
    return dict(luci.uci.values("opentracker")["main"])


def test_every_tab_shows_its_options(luci, browser):
    browser.open("settings")
    shown = {}
    for link in browser.find_all(".cbi-section-node-tabbed > [data-tab]"):
        name = link.get_attribute("data-tab")
        tab(browser, name)
        rows = browser.find_all(f"[data-tab={name}] .cbi-value")
        shown[name] = [row.get_attribute("data-name") for row in rows if row.is_displayed()]
        assert all(row.text for row in rows)
        assert browser.screenshots(f"settings-{name}") <= 0
    assert list(shown) == ["general", "network", "access", "limits", "cluster", "advanced"]
    assert shown["general"] == ["enabled", "interface", "port", "wan", "mdns"]


def test_a_bad_value_is_told_while_it_is_typed_and_never_saved(luci, browser):
    browser.open("settings")
    fill(browser, "port", "99999")
    sentence = "99999 is not a port (1-65535)"
    assert browser.find(field("port")).get_attribute("data-tooltip") == sentence
    save_in_vain(browser, f'Option "Port" contains an invalid input value. {sentence}')
    fill(browser, "port", str(luci.tracker_port))
    tab(browser, "advanced")
    fill(browser, "state_file", "state")
    save_in_vain(browser, "state is not a whole path, such as /etc/opentracker/list")
    assert saved(luci, browser) == []


def test_a_list_is_checked_as_a_whole(luci, browser):
    luci.router.config("list stats '10.0.0.0/8 # home'", "list stats '1.2.3'", "list proxy '::1'")
    browser.open("settings")
    browser.wait_for(REFUSED)  # and moves what is below it
    tab(browser, "access")
    save_in_vain(browser, "1.2.3 is not an address or network, such as 192.168.1.0/24")
    remove(browser, "stats", "1.2.3")
    fill(browser, "admin", "10.0.0.0/33")  # and not added by the button behind it
    save_in_vain(browser, "10.0.0.0/33 is not a network: /0 to /32")
    fill(browser, "admin", "10.0.0.0/24")
    browser.press("Save")
    browser.wait_until(lambda: saved(luci, browser), "nothing is saved")
    assert saved(luci, browser) == [
        ["main", "stats"],
        ["main", "stats", "10.0.0.0/8 # home"],
        ["main", "admin", "10.0.0.0/24"],
    ]


def remove(browser, name, text):
    """Click the cross at the end of an item of a list."""
    item = browser.find(f"[data-name={name}] .item", text)
    browser.script(
        "const box = arguments[0].getBoundingClientRect();"
        "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true,"
        " clientX: box.right - 2, clientY: box.top + box.height / 2}))",
        item,
    )


def test_a_change_reaches_the_tracker_which_keeps_its_peers(luci, browser, running):
    procd = luci.router.procd
    pid, port = procd.pid, free_port()
    fill(browser, "port", str(port))
    tab(browser, "limits")
    fill(browser, "connections", "100")
    apply(browser)
    assert applied(luci)["port"] == str(port)
    procd.wait_for_log(f"serving http://127.0.0.1:{port}/announce")
    assert procd.pid == pid and procd.events[-1] == "HUP"
    assert ("127.0.0.1", 5555) in peers(announce(("127.0.0.1", port), TORRENT, 6666))
    assert "tracker.connections 100\n" in luci.router.conf()
    assert REFUSED not in browser.text("body")


def test_what_needs_a_restart_says_so_and_keeps_the_peers(luci, browser, running):
    tab(browser, "limits")
    row = "[data-name=memory]"
    assert "A change restarts the tracker; its peers are kept." in browser.text(row)
    pid = luci.router.procd.pid
    fill(browser, "memory", "1000")
    apply(browser)
    luci.router.procd.wait_for_log("1000 KiB for peers")
    assert luci.router.procd.pid != pid
    assert scrape(running, TORRENT)[TORRENT][b"complete"] == 1


def test_a_contradiction_is_shown_and_the_tracker_goes_on(luci, browser, running):
    conf, events = luci.router.conf(), list(luci.router.procd.events)
    tab(browser, "advanced")
    fill(browser, "fifo_add", "/var/run/opentracker/add")
    tab(browser, "cluster")
    browser.click(field("bridge"))
    apply(browser)
    browser.wait_for(REFUSED)
    browser.screenshot("settings-refused")
    for sentence in (
        "“Pipe that adds torrents”: needs “Whitelist file” or “Blacklist file”",
        "“Be a bridge”: needs “Live sync address”",
        "If it runs, it goes on with those it had before.",
    ):
        browser.wait_for_text(".alert-message", sentence)
    browser.wait_until(lambda: "nothing changed" in luci.router.log(), "no reload")
    assert luci.router.conf() == conf and luci.router.procd.events == events
    assert scrape(running, TORRENT)[TORRENT][b"complete"] == 1
    browser.reload()
    browser.wait_for(REFUSED)


@pytest.mark.parametrize(
    "lines, title, sentence",
    [
        (
            ["list interface 'lan'", "option livesync_key 'correct-horse'"],
            "Some settings have no effect",
            "“Live sync key”: has no effect without “Live sync address”",
        ),
        (
            ["list interface 'guest'"],
            "The tracker waits for an address",
            "“Interfaces”: guest has no address yet",
        ),
        (["option memory '1'"], REFUSED, "“Memory for peers”: 1 is not a number of KiB"),
    ],
)
def test_what_is_odd_is_told_when_the_page_opens(luci, browser, lines, title, sentence):
    luci.router.interface("guest")
    luci.router.config(*lines)
    browser.open("settings")
    browser.wait_for_text(".alert-message", title)
    browser.wait_for_text(".alert-message", sentence)


def test_without_its_init_script_the_page_says_that_nothing_was_checked(luci, browser):
    (luci.router.root / "etc/init.d/opentracker").unlink()
    browser.open("settings")
    browser.wait_for_text(".alert-message", "The settings could not be checked")


def test_interfaces_are_chosen_or_typed(luci, browser):
    luci.router.config()
    browser.open("settings")
    choices = "[data-name=interface] .cbi-dropdown"
    browser.click(choices)
    browser.click(f"{choices} li", "all interfaces")
    browser.click(choices)
    typed = browser.find(f"{choices} .create-item-input")
    typed.send_keys("gu est")
    sentence = "gu est is not a single word"
    browser.wait_until(lambda: typed.get_attribute("data-tooltip") == sentence, "it is taken")
    typed.clear()
    typed.send_keys("guest\n")
    browser.press("Save")
    browser.wait_until(lambda: saved(luci, browser), "nothing is saved")
    assert saved(luci, browser) == [["main", "interface", "*"], ["main", "interface", "guest"]]


def test_words_of_uci_are_shown_as_they_are_meant_and_stay(luci, browser):
    lines = ("option jail 'off'", "option wan 'disabled'", "option family 'ipv6 # why'")
    luci.router.config(*lines, enabled="on")
    browser.open("settings")
    shown = {name: is_ticked(browser, name) for name in ("enabled", "jail", "wan", "mdns")}
    assert shown == {"enabled": True, "jail": False, "wan": False, "mdns": False}
    assert browser.script("return document.querySelector('[data-name=family] select').value") == (
        "ipv6"
    )
    browser.click(field("mdns"))
    browser.press("Save")
    browser.wait_until(lambda: saved(luci, browser), "nothing is saved")
    assert saved(luci, browser) == [["main", "mdns", "1"]]


def is_ticked(browser, name):
    return browser.find_all(field(name))[0].is_selected()


def test_what_is_the_default_is_not_written(luci, browser):
    luci.router.config("option jail '0'", "option family 'ipv4'", "list interface 'lan'")
    browser.open("settings")
    tab(browser, "advanced")
    browser.click(field("jail"))
    tab(browser, "network")
    browser.select("[data-name=family] select", "both")
    apply(browser)
    assert not {"jail", "family", "mdns", "port", "memory"} & set(applied(luci))


def test_a_section_without_a_name_is_found(luci, browser):
    path = luci.router.root / "etc/config/opentracker"
    path.write_text("config opentracker\n\toption enabled '0'\n\tlist interface 'lan'\n")
    browser.open("settings")
    fill(browser, "port", "7000")
    apply(browser)
    assert "option port '7000'" in path.read_text()
    assert path.read_text().count("config ") == 1


def test_a_missing_section_can_be_added(luci, browser):
    (luci.router.root / "etc/config/opentracker").write_text("")
    browser.open("settings")
    browser.wait_for("The configuration has no section for the tracker.")
    browser.wait_for(REFUSED)  # and moves what is below it
    browser.press("Add it")
    fill(browser, "port", "7000")
    apply(browser)
    assert applied(luci)["port"] == "7000"
    assert "Delete" not in browser.text("body")


def test_a_read_only_account_sees_all_and_changes_nothing(luci, browser):
    luci.router.config("option memory '1'")
    browser.open("settings", account="reader")
    browser.wait_for(REFUSED)
    browser.screenshot("settings-read-only")
    inputs = browser.find_all(".cbi-map input[id], .cbi-map select")
    assert len(inputs) > 30 and not any(each.is_enabled() for each in inputs)
    buttons = browser.find_all(".cbi-page-actions button, .cbi-page-actions .cbi-dropdown")
    assert buttons and all(each.get_attribute("disabled") for each in buttons)


def test_the_key_of_the_cluster_is_not_shown(luci, browser):
    luci.router.config("option livesync_key 'correct-horse'", "option livesync_listen '10.0.0.1'")
    browser.open("settings")
    tab(browser, "cluster")
    assert browser.find(field("livesync_key")).get_attribute("type") == "password"
    assert "correct-horse" not in browser.text("body")


def test_in_german(luci, browser):
    luci.language = "de"
    luci.router.config("option memory '1'", "option fifo_add '/a/b'")
    browser.open("settings")
    browser.wait_for_text(".cbi-tabmenu", "Allgemein")
    sentence = "„Pipe, die Torrents hinzufügt“: braucht „Whitelist-Datei“ oder „Blacklist-Datei“"
    browser.wait_for_text(".alert-message", sentence)
    tab(browser, "limits")
    fill(browser, "connections", "x")
    tooltip = browser.find(field("connections")).get_attribute("data-tooltip")
    assert tooltip.startswith("x ist ") and "8-10000" in tooltip
    browser.screenshot("settings-german")
