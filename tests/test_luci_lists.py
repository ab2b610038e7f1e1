"""The page of the access lists, with a tracker that follows them."""

import hashlib
import re
import subprocess

import pytest

from support.runtimes import need_tool
from support.wire import announce, scrape

HASHES = [hashlib.sha1(b"%d" % number).hexdigest() for number in range(199)]
A, B, C = HASHES[:3]
NAMES = ("Sita Sings the Blues", "", "Big Buck Bunny, 1080p", "a-name-without-spaces-" * 4)
HYBRID = "magnet:?xt=urn:btih:%s&xt=urn:btmh:1220%s&dn=Two+of+them" % (A, B + "0" * 24)


@pytest.fixture
def page(luci, browser):
    return Page(luci, browser)


class Page:
    """The page as a person uses it; `name` is the list whose tab is open."""

    def __init__(self, luci, browser):
        self.luci = luci
        self.browser = browser
        self.name = "whitelist"

    def open(self, **how):
        self.browser.open("lists", **how)
        self.show("whitelist")
        self.wait_for_lists()

    def wait_for_lists(self):
        self.browser.wait_until(
            lambda: not any(e.is_displayed() for e in self.browser.find_all("p.spinning")),
            "the lists are not there",
        )

    def show(self, name):
        self.name = name
        self.browser.click(f".cbi-tabmenu li[data-tab={name}] a")

    def path(self, name=None):
        return self.luci.router.root / f"etc/opentracker/{name or self.name}.txt"

    def write(self, *lines, name=None):
        self.path(name).write_text("".join(line + "\n" for line in lines))

    def lines(self, name=None):
        return self.path(name).read_text().splitlines()

    def start(self, *options):
        """Start the tracker with these options besides its port."""
        self.luci.router.config(
            f"option port '{self.luci.tracker_port}'", "list interface 'lan'", *options
        )
        assert self.luci.do("start").returncode == 0
        self.browser.wait_until(lambda: self.serves(C) is not None, "it does not answer")

    def option(self, name):
        """The text of an option that names a list."""
        return f"option {name}_file '{self.path(name)}'"

    def serves(self, info_hash, port=1000):
        """Whether the tracker takes an announce; None: it does not answer."""
        try:
            reply = announce(self.tracker, bytes.fromhex(info_hash), port, left=1)
        except OSError:
            return None
        return b"failure reason" not in reply

    @property
    def tracker(self):
        return "127.0.0.1", self.luci.tracker_port

    def wait_until_served(self, info_hash, served=True):
        self.browser.wait_until(
            lambda: self.serves(info_hash) is served, f"{info_hash} is served: {not served}"
        )

    # What is on the tab

    def within(self, selector):
        return f"#opentracker-{self.name} {selector}"

    @property
    def box(self):
        return self.within("textarea[rows='3']")

    @property
    def editor(self):
        return self.within("textarea[rows='20']")

    def told(self, text):
        """Wait for a sentence about what was done."""
        self.browser.wait_for_text(self.within("> [role=status]"), text)

    def add(self, text, note=""):
        self.browser.paste(self.box, text)
        self.browser.fill(self.within("input[placeholder^='Note;']"), note)
        self.browser.press(f"Add to the {self.name}")

    def rows(self):
        """The table: (hash, note) of each row."""
        return [
            tuple(cell.text for cell in row.find_elements("css selector", "td")[:2])
            for row in self.browser.find_all(self.within("tr[data-hash]"))
        ]

    def wait_for_rows(self, *rows):
        self.browser.wait_until(lambda: self.rows() == list(rows), lambda: f"rows: {self.rows()}")

    def press_at(self, info_hash, title):
        self.browser.click(self.within(f"tr[data-hash='{info_hash}'] button"), title)

    def press_at_note(self, info_hash, note):
        self.press_at(info_hash, "Edit note")
        self.browser.fill(self.within("td input"), note)
        self.press_at(info_hash, "Save")

    def choose(self, label, *paths):
        field = self.browser.find_all(self.within(f"input[type=file][aria-label='{label}']"))[0]
        field.send_keys("\n".join(str(path) for path in paths))

    def choose_mode(self, mode):
        self.browser.click(f"input[value={mode}]")

    def change_mode(self, mode):
        self.choose_mode(mode)
        self.browser.press("Change the mode")
        self.browser.wait_for("Changed.")

    def mode(self):
        return [
            e.get_attribute("value") for e in self.browser.find_all("input[type=radio]:checked")
        ]

    def answer(self, title):
        """Press a button of the dialog."""
        self.browser.click(".modal .btn", title)

    def script(self, body, *arguments):
        """What an access function resolves to, or its error's message."""
        return self.browser.driver.execute_async_script(
            "const [done, ...given] = [arguments[arguments.length - 1], ...arguments];"
            "L.require('opentracker.access').then(access => " + body + ")"
            ".then(done, error => done(error.message));",
            *arguments,
        )


# Torrents are allowed and denied


def test_a_magnet_is_allowed_in_whitelist_mode(page, browser):
    page.start()
    page.open()
    assert page.mode() == ["open"]
    assert page.serves(A)
    page.choose_mode("whitelist")
    browser.wait_for("would refuse every torrent until you add some")
    page.change_mode("whitelist")
    page.wait_until_served(A, False)
    assert browser.find("p.warning", "the tracker refuses every torrent")
    page.add(f"magnet:?xt=urn:btih:{A}&dn=Debian+13+%22netinst%22&tr=http%3A%2F%2Fx%2F")
    page.told('Added: Debian 13 "netinst".')
    page.wait_until_served(A)
    assert not page.serves(B)
    assert page.lines() == [f'{A} Debian 13 "netinst"']
    assert browser.find_all("p.warning")[1].is_displayed() is False
    page.wait_for_rows((A, 'Debian 13 "netinst"'))


def test_a_denied_torrent_leaves_with_its_peers(page, browser):
    page.start()
    assert page.serves(A, 1001) and page.serves(B, 1001)
    page.open()
    page.change_mode("blacklist")
    page.show("blacklist")
    page.add(A.upper(), note="not here")
    page.told("Added: not here.")
    page.wait_until_served(A, False)
    assert page.serves(B)
    found = scrape(page.tracker, bytes.fromhex(A), bytes.fromhex(B))
    assert bytes.fromhex(A) not in found
    assert found[bytes.fromhex(B)][b"incomplete"] == 2
    page.press_at(A, "Remove")
    page.told("Removed: not here.")
    page.wait_until_served(A)
    assert page.lines() == ["# No torrents."]
    browser.click(page.within("> [role=status] button"), "Undo")
    page.told("Added: not here.")
    page.wait_until_served(A, False)
    assert page.lines() == [f"{A} not here"]


def test_the_mode_keeps_both_lists(page):
    page.write(A, name="whitelist")
    page.write(B, name="blacklist")
    page.start()
    page.open()
    expected = {
        "both": (True, False, False),
        "blacklist": (True, False, True),
        "whitelist": (True, False, False),
        "open": (True, True, True),
    }
    for mode, served in expected.items():
        page.change_mode(mode)
        assert page.mode() == [mode]
        for info_hash, whether in zip((A, B, C), served):
            page.wait_until_served(info_hash, whether)
    assert (page.lines("whitelist"), page.lines("blacklist")) == ([A], [B])


def test_a_tracker_that_is_stopped_learns_it_later(page, luci):
    luci.router.config(f"option port '{luci.tracker_port}'", page.option("whitelist"))
    page.write(B)
    page.open()
    page.add(A)
    page.told("The tracker does not run: it will know when it starts.")
    assert not luci.router.procd.alive
    assert luci.do("start").returncode == 0
    page.wait_until_served(A)


def test_what_the_tracker_refuses_is_told(page, luci):
    page.write(A)
    page.start(page.option("whitelist"))
    page.open()
    config = luci.router.root / "etc/config/opentracker"
    config.write_text(config.read_text() + "\toption memory 'much'\n")
    page.add(B)
    page.told("It is saved, but the tracker did not take it over:")
    page.told("opentracker.main.memory")
    assert page.lines() == [A, B]


# What the table does


def test_notes_are_edited(page, browser):
    page.write(f"# mine\n{A} old\n{B}")
    page.open()
    page.wait_for_rows((B, ""), (A, "old"))
    page.press_at_note(A, "<b>new</b> # é")
    page.told("The note was saved.")
    page.wait_for_rows((B, ""), (A, "<b>new</b> # é"))
    page.press_at(B, "Edit note")
    page.press_at(B, "Cancel")
    page.press_at_note(A, "")
    page.wait_for_rows((B, ""), (A, ""))
    assert page.lines() == ["# mine", A, B]


def test_many_torrents_are_searched_and_paged(page, browser):
    page.write(*[f"{each} number {index}" for index, each in enumerate(HASHES)])
    page.open()
    assert [row[0] for row in page.rows()] == HASHES[:-26:-1]
    assert browser.find(page.within("span[role=status]")).text == "1–25 of 199"
    for _ in range(7):
        browser.press("Next")
    assert [row[0] for row in page.rows()] == HASHES[23::-1]
    assert not browser.button("Next").is_enabled()
    browser.press("Previous")
    assert browser.find(page.within("span[role=status]")).text == "151–175 of 199"
    browser.fill(page.within("input[placeholder^=Search]"), f"NUMBER {A[:5].upper()}")
    page.wait_for_rows((A, "number 0"))
    browser.fill(page.within("input[placeholder^=Search]"), "number")
    assert browser.find(page.within("span[role=status]")).text == "1–25 of 199"
    browser.fill(page.within("input[placeholder^=Search]"), A)
    page.wait_for_rows((A, "number 0"))
    browser.fill(page.within("input[placeholder^=Search]"), "nobody")
    assert browser.find(page.within("span[role=status]")).text.startswith("No torrent")


def test_what_is_listed_already_is_told(page):
    page.write(f"{A} old")
    page.open()
    page.add("\n".join([A, B, C]))
    page.told("Torrents added: 2. Listed already: 1.")
    page.add(C)
    page.told("Listed already: 1.")
    assert page.lines() == [f"{A} old", B, C]
    page.add(HYBRID)
    page.told("Listed already: 2.")


def test_torrents_of_the_settings_are_shown(page, luci, browser):
    page.write(f"{A} of the file")
    page.start(page.option("whitelist"), f"list whitelist '{A}'", f"list whitelist '{B}'")
    page.open()
    page.wait_for_rows((A, "of the file IN THE SETTINGS"), (B, "IN THE SETTINGS"))
    assert not browser.find_all(page.within(f"tr[data-hash='{B}'] button"))
    page.change_mode("open")
    page.wait_until_served(C)
    assert page.lines() == [f"{A} of the file", B]
    assert "list whitelist" not in (luci.router.root / "etc/config/opentracker").read_text()
    page.wait_for_rows((B, ""), (A, "of the file"))
    page.change_mode("whitelist")
    page.wait_until_served(C, False)
    assert page.serves(A) and page.serves(B)


# Files


def make_torrent(folder, name):
    """A .torrent file of a real tool, and its info hash."""
    (folder / name).write_bytes(name.encode() * 1000)
    path = folder / (name + ".torrent")
    command = [need_tool("transmission-create"), "-o", path, folder / name]
    subprocess.run(command, check=True, capture_output=True)
    show = [need_tool("transmission-show"), path]
    told = subprocess.run(show, check=True, capture_output=True, text=True).stdout
    return path, re.search(r"Hash: ([0-9a-f]{40})\n", told).group(1)


def test_torrent_files_are_chosen(page, browser, tmp_path):
    first, one = make_torrent(tmp_path, "Möwe")
    second, two = make_torrent(tmp_path, "other")
    wrong = tmp_path / "wrong.torrent"
    wrong.write_bytes(b"\x7fELF no torrent")
    page.open()
    page.choose(".torrent files", first, wrong, second)
    page.told("wrong.torrent: This is no .torrent file: it begins with")
    assert browser.find(page.box).get_attribute("value") == f"{one} Möwe\n{two} other\n"
    browser.press("Add to the whitelist")
    page.told("Torrents added: 2.")
    assert page.lines() == [f"{one} Möwe", f"{two} other"]
    assert browser.find(page.box).get_attribute("value") == ""


def test_torrent_files_are_dropped(page, browser, tmp_path):
    path, info_hash = make_torrent(tmp_path, "dropped")
    page.open()
    browser.script(
        "const files = new DataTransfer();"
        " files.items.add(new File([new Uint8Array(arguments[1])], 'a.torrent'));"
        " arguments[0].dispatchEvent(new DragEvent('drop', {bubbles: true, dataTransfer: files}));",
        browser.find(page.box),
        list(path.read_bytes()),
    )
    browser.wait_until(
        lambda: browser.find(page.box).get_attribute("value") == f"{info_hash} dropped\n",
        "nothing in the box",
    )


def test_a_list_is_imported(page, tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(f"\ufeff# theirs\r\n{A.upper()} theirs\r\n{B}\r\nnonsense\r\n".encode())
    page.open()
    page.choose("List to import", path)
    page.told("Torrents imported: 2.")
    assert page.path().read_bytes() == path.read_bytes()
    page.write(f"{A} mine", C)
    page.open()
    page.choose("List to import", path)
    page.answer("Cancel")
    page.choose("List to import", path)
    page.browser.wait_for("list.txt has 2 torrents.")
    page.browser.wait_for("Lines that mean nothing: 1 (the first is line 4).")
    page.answer("Add")
    page.told("Torrents added: 1. Listed already: 1.")
    assert page.lines() == [f"{A} mine", C, B]
    page.choose("List to import", path)
    page.answer("Replace the list")
    page.told("Torrents imported: 2.")
    assert page.path().read_bytes() == path.read_bytes()
    page.wait_for_rows((B, ""), (A, "theirs"))


def test_a_file_without_torrents_is_not_imported(page, tmp_path):
    (tmp_path / "junk").write_bytes(bytes(range(256)) * 100)
    page.write(A)
    page.open()
    page.choose("List to import", tmp_path / "junk")
    page.told("junk has no line that begins with an info hash")
    assert page.lines() == [A]


def test_a_list_is_exported(page, browser, tmp_path):
    page.write("# mine", f"{A} é")
    page.luci.router.config(f"list whitelist '{B}'")
    page.open()
    folder = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", folder)
    browser.press("Export")
    exported = tmp_path / "opentracker-whitelist.txt"
    browser.wait_until(exported.exists, "nothing is downloaded")
    assert exported.read_text() == f"# mine\n{A} é\n{B}\n"


# Text


def test_the_text_is_edited(page, browser):
    page.write("# mine", A)
    page.start(page.option("whitelist"))
    page.open()
    browser.press("Edit as text")
    assert browser.find(page.editor).get_attribute("value") == f"# mine\n{A}\n"
    browser.press("Cancel")
    browser.press("Edit as text")
    browser.paste(page.editor, f"# yours\n{B} new\n{A}\nx")
    browser.press("Save")
    page.told("Saved. Torrents in the list: 2.")
    page.wait_until_served(B)
    assert page.lines() == ["# yours", f"{B} new", A, "x"]
    page.wait_for_rows((A, ""), (B, "new"))
    assert "Lines that mean nothing: 1 (the first is line 4)." in browser.text(page.within("p"))


def test_a_list_without_text_is_an_empty_list(page, browser):
    page.write(A)
    page.start(page.option("whitelist"))
    page.open()
    browser.press("Edit as text")
    browser.paste(page.editor, "")
    browser.press("Save")
    page.told("Saved. Torrents in the list: 0.")
    assert page.lines() == ["# No torrents."]
    page.wait_until_served(A, False)


@pytest.mark.parametrize(
    "answer, lines",
    [
        ("Merge", ["# new", f"{A} mine", f"{B} theirs"]),
        ("Overwrite", ["# new", f"{A} mine", C]),
        ("Cancel", [A, f"{B} theirs"]),
    ],
)
def test_a_text_that_was_changed_elsewhere_is_asked_about(page, browser, answer, lines):
    page.write(A, C)
    page.open()
    browser.press("Edit as text")
    mine = f"# new\n{A} mine\n{C}\n"
    browser.paste(page.editor, mine)
    page.write(A, f"{B} theirs")
    browser.press("Save")
    browser.wait_for("Torrents that were added: 1. Torrents that were removed: 1.")
    page.answer(answer)
    if answer == "Cancel":
        assert browser.find(page.editor).get_attribute("value") == mine
    else:
        page.told("Saved. Torrents in the list: 2.")
    assert page.lines() == lines


# Two windows


def test_changes_by_buttons_lose_nobodys_torrents(page):
    page.write(A, B)
    page.open()
    page.write(A, B, f"{C} theirs")
    page.press_at(B, "Remove")
    page.told("Removed:")
    assert page.lines() == [A, f"{C} theirs"]
    page.write("# theirs", f"{C} theirs", A)
    page.press_at_note(A, "mine")
    page.told("The note was saved.")
    assert page.lines() == ["# theirs", f"{C} theirs", f"{A} mine"]
    page.write("# theirs", f"{C} theirs", HASHES[9])
    page.add(B, note="mine")
    page.told("Added: mine.")
    assert page.lines() == ["# theirs", f"{C} theirs", HASHES[9], f"{B} mine"]
    page.wait_for_rows((B, "mine"), (HASHES[9], ""), (C, "theirs"))


# Long lists


def long_list(count):
    return [f"{number * 0x1234567:040x} number {number}" for number in range(count)]


@pytest.mark.parametrize("count", [1400, 100000])
def test_long_lists(page, browser, tmp_path, count):
    lines = long_list(count)
    page.write(*lines)
    page.open()
    assert page.rows()[0] == (lines[-1][:40], f"number {count - 1}")
    browser.fill(page.within("input[placeholder^=Search]"), lines[777][:40])
    page.press_at(lines[777][:40], "Remove")
    page.told("Removed: number 777.")
    assert page.lines() == lines[:777] + lines[778:]
    page.add("f" * 40, note="mine")
    page.told("Added: mine.")
    assert page.lines() == [*lines[:777], *lines[778:], "f" * 40 + " mine"]
    path = tmp_path / "long.txt"
    path.write_text("".join(line + " again\n" for line in lines))
    page.choose("List to import", path)
    page.answer("Add")
    page.told("Torrents added: 1.")
    assert page.lines()[-1] == f"{lines[777]} again"
    page.choose("List to import", path)
    page.answer("Replace the list")
    page.told("Torrents imported:")
    assert page.path().read_bytes() == path.read_bytes()
    assert sorted(page.path().parent.iterdir()) == [page.path()]


# Bad input


def test_a_paste_of_5_MB_stays_where_it_is(page, browser):
    page.write(A)
    page.open()
    text = "x" * 5_000_000
    page.add(text)
    page.told("This text is too long to be pasted here: it has more than 1024 KiB.")
    assert browser.script("return arguments[0].value.length", browser.find(page.box)) == len(text)
    assert page.lines() == [A]


@pytest.mark.parametrize("text", ["", "  \n", "hello", "magnet:?dn=x", A[:39], f"{A}\n{B}0"])
def test_what_is_no_torrent_stays_in_the_box(page, browser, text):
    page.open()
    page.add(text)
    browser.find(page.within("> .danger"))
    assert browser.find(page.box).get_attribute("value") == text
    assert not page.path().exists()


@pytest.mark.parametrize("account", ["admin", "reader"])
def test_rpcd_without_the_plugin(page, luci, browser, account):
    luci.plugin = False
    browser.open("lists", account=account)
    browser.wait_for("The router has no plugin for this page.")


def test_a_plugin_that_goes_loses_nothing(page, luci, browser):
    page.open()
    luci.plugin = False
    page.add(A)
    page.told("The router has no plugin for this page.")
    assert browser.find(page.box).get_attribute("value") == A
    luci.plugin = True
    browser.press("Add to the whitelist")
    page.told("Added:")


@pytest.mark.parametrize("error, sentence", [("space", "no room left"), ("size", "16 MiB")])
def test_a_list_that_cannot_be_saved(page, luci, browser, error, sentence):
    page.write(A)
    page.open()
    methods = luci.rpcd.objects["luci.opentracker"]
    methods["append"] = methods["stage"] = lambda session, params: {"error": error}
    page.add(B)
    page.told(sentence)
    assert browser.find(page.box).get_attribute("value") == B
    browser.press("Edit as text")
    browser.paste(page.editor, "# mine\n")
    browser.press("Save")
    page.told(sentence)
    assert browser.find(page.editor).get_attribute("value") == "# mine\n"
    assert page.lines() == [A]


def test_a_session_that_ends_loses_no_text(page, luci, browser):
    page.write(A)
    page.open()
    browser.paste(page.box, B)
    browser.press("Edit as text")
    browser.paste(page.editor, "# mine\n")
    browser.expire_session()
    browser.press("Save")
    browser.wait_for("Session expired")
    browser.session = None
    page.open()
    browser.wait_for("This is the text that was not saved")
    assert browser.find(page.editor).get_attribute("value") == "# mine\n"
    browser.press("Save")
    page.told("Saved.")
    assert page.lines() == ["# mine"]
    assert browser.find(page.box).get_attribute("value") == B


def test_a_list_that_lies_elsewhere(page, luci, browser, tmp_path):
    (tmp_path / "list").write_text(A + "\n")
    luci.router.config(f"option whitelist_file '{tmp_path}/list'", f"list whitelist '{B}'")
    page.open()
    browser.wait_for(f"The torrents of {tmp_path}/list are not shown")
    page.wait_for_rows((B, "IN THE SETTINGS"))
    titles = {e.text for e in browser.find_all("#opentracker-whitelist button") if e.is_displayed()}
    assert titles == set()
    page.show("blacklist")
    page.add(A)
    page.told("The list is not in force.")


# Accounts and looks


def test_who_may_only_read_sees_all_and_changes_nothing(page, luci, browser):
    page.write(f"{A} a note")
    page.start(page.option("whitelist"))
    page.open(account="reader")
    assert page.mode() == ["whitelist"]
    page.wait_for_rows((A, "a note"))
    assert all(not radio.is_enabled() for radio in browser.find_all("input[type=radio]"))
    buttons = [each.text for each in browser.find_all("#view button") if each.is_displayed()]
    assert buttons == ["Export"]
    assert not browser.find_all("#view textarea[rows='3']")
    called = {(name, method) for name, method, _ in luci.rpcd.calls}
    assert not called & {("luci.opentracker", each) for each in ("append", "stage", "replace")}


def test_it_fits_on_a_phone(page, browser):
    page.write(*[f"{each} {name}" for each, name in zip(HASHES, NAMES)])
    page.start(page.option("whitelist"))
    page.open()
    page.add(f"magnet:?xt=urn:btih:{HASHES[9]}&dn=debian-13.0.0-amd64-netinst.iso")
    page.told("Added:")
    page.wait_for_lists()
    assert browser.screenshots("lists") == 0
    browser.press("Edit as text")
    assert browser.screenshots("lists-text") == 0


# What the page of the status asks for


STATES = {
    "open": (),
    "whitelist": ("whitelist",),
    "blacklist": ("blacklist",),
    "both": ("whitelist", "blacklist"),
}


@pytest.mark.parametrize(
    "mode, action, sentence, whitelist, blacklist",
    [
        ("open", "allow", "Every torrent is allowed already", [A], [B]),
        ("open", "deny", "which is in force from now on", [A], [B, f"{C} x"]),
        ("whitelist", "allow", "on the whitelist", [A, f"{C} x"], [B]),
        ("whitelist", "deny", "not on the whitelist", [A], [B]),
        ("blacklist", "allow", "not on the blacklist", [A], [B]),
        ("blacklist", "deny", "on the blacklist", [A], [B, f"{C} x"]),
        ("both", "allow", "on the whitelist", [A, f"{C} x"], [B]),
        ("both", "deny", "on the blacklist", [A], [B, f"{C} x"]),
    ],
)
def test_a_torrent_is_allowed_or_denied(page, mode, action, sentence, whitelist, blacklist):
    page.write(A, name="whitelist")
    page.write(B, name="blacklist")
    page.start(*[page.option(name) for name in STATES[mode]])
    page.open()
    told = page.script(f"access.{action}(given[0], given[1])", C, "x")
    assert sentence in told
    assert (page.lines("whitelist"), page.lines("blacklist")) == (whitelist, blacklist)
    page.wait_until_served(C, action == "allow")


def test_what_was_denied_is_allowed_again(page):
    page.write(B, name="blacklist")
    page.start(page.option("blacklist"))
    page.open()
    assert "not on the blacklist" in page.script("access.allow(given[0], '')", B)
    page.wait_until_served(B)
    assert page.lines("blacklist") == ["# No torrents."]
