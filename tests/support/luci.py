"""The LuCI app in a real browser: headless Chromium, a router's web server, a tracker behind it.

A test gets them by two fixtures, which conftest.py has of here:

    def test_start(luci, browser):
        luci.router.config(enabled=1)
        browser.open("status")                     # or "settings", "lists", "overview"
        browser.click("#opentracker-start")
        browser.wait_for_text("#opentracker-state", "Running")
        assert luci.router.procd.alive

`luci` is a luci.host.Host: luci.router (files, procd, interfaces), luci.do("start") (the init
script), luci.tracker_port, luci.uci, luci.rpcd.calls (what pages called), luci.plugin = False (rpcd
without our plugin), luci.language = "de" (of the next page).

`browser` is a Browser: open(page, account=...), find, find_all, click, press, fill, paste, text,
wait_for, wait_for_text, wait_until, script, phone(), dark(), hide(), show(), expire_session(),
screenshot(name), screenshots(name). Elements are given by CSS selectors, or are Selenium's.
Everything waits for what it wants, up to DEADLINE seconds. At the test's end the browser's console
may have no error but those that browser.expected_errors, a list of regular expressions, knows.

Accounts are "admin", "reader" (read-only) and "stranger" (no grant of the app). Screenshots go to
dist/screenshots.
"""

import base64
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from luci.host import Host

from .runtimes import TOP, need_tool
from .tracker import free_port

DEADLINE = 30
SCREENSHOTS = TOP / "dist" / "screenshots"
DESKTOP, PHONE = (1280, 900), (390, 844)
PASSING = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)

# Root is not in a sandbox of its own in CI; nothing but this machine is asked for anything.
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-proxy-server",
    "--force-device-scale-factor=1",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    """One Chromium for all tests of a file; each has a window, cookies and settings of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = need_tool("chromium")
    profile = tmp_path_factory.mktemp("chromium")
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=need_tool("chromedriver"))
    driver = webdriver.Chrome(options, service)
    driver.set_page_load_timeout(DEADLINE)
    yield driver
    driver.quit()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def luci(request):
    """The web server, its router, and a tracker that is not started yet."""
    runtime = getattr(request, "param", "cpython")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # the tracker is another user
        host = Host(Path(folder), runtime)
        port = free_port()
        host.router.config(f"option port '{port}'", "list interface 'lan'", enabled=0)
        host.tracker_port = port
        try:
            yield host
        finally:
            host.close()


@pytest.fixture
def browser(chromium, luci):
    browser = Browser(chromium, luci)
    yield browser
    browser.close()


class Browser:
    """A window of Chromium that looks at the pages of a host."""

    def __init__(self, driver, host):
        self.driver = driver
        self.host = host
        self.expected_errors = []
        self.session = None
        self._errors = []
        driver.get("about:blank")
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.get_log("browser")
        self.desktop()
        self.light()

    def close(self):
        self._collect_errors()
        for handle in self.driver.window_handles[1:]:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(self.driver.window_handles[0])
        self.driver.get("about:blank")
        wrong = [e for e in self._errors if not any(re.search(x, e) for x in self.expected_errors)]
        assert not wrong, wrong

    # Pages

    def open(self, page, account="admin"):
        """Open a page as an account, and wait until the view has been drawn."""
        self.log_in(account)
        self.driver.get(self.host.page_url(page))
        self.wait_until_drawn()

    def log_in(self, account):
        if self.session and self.session[0] == account:
            return
        readonly, denied = account == "reader", account == "stranger"
        self.session = account, self.host.rpcd.log_in(readonly, denied)
        cookie = {"name": "sysauth_http", "value": self.session[1].id, "url": self.host.url}
        self.driver.execute_cdp_cmd("Network.setCookie", cookie)

    def expire_session(self):
        self.host.rpcd.sessions.pop(self.session[1].id)

    def reload(self):
        self._collect_errors()
        self.driver.refresh()
        self.wait_until_drawn()

    def wait_until_drawn(self):
        self.wait_until(
            lambda: self.script(
                "return window.L && L.loaded && !document.querySelector('#view > .spinning')"
                " && document.querySelector('#view').childElementCount > 0"
            ),
            "the page is not drawn",
        )

    # What is on a page

    def find_all(self, selector):
        """All elements of a selector, at once."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def find(self, selector, text=None):
        """The first visible element of a selector, with this text in it, as soon as it is there."""
        if isinstance(selector, WebElement):
            return selector

        def visible():
            for element in self.find_all(selector):
                if element.is_displayed() and (text is None or text in element.text):
                    return element
            return None

        return self.wait_until(visible, f"no {selector!r} with {text!r}")

    def button(self, title):
        """The visible button with exactly this title."""

        def visible():
            for element in self.find_all("button, .btn, .cbi-button, .cbi-dropdown"):
                if element.is_displayed() and element.text.strip() == title:
                    return element
            return None

        return self.wait_until(visible, f"no button {title!r}")

    def click(self, selector, text=None):
        """Click an element, as soon as nothing lies above it and it is enabled."""

        def clicked():
            element = self.find(selector, text)
            if not element.is_enabled():
                return False
            self.script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.wait_until(clicked, f"cannot click {selector!r}")

    def press(self, title):
        """Click the button with this title."""
        self.wait_until(lambda: self.button(title).is_enabled(), f"{title!r} stays disabled")
        self.click(self.button(title))

    def fill(self, selector, text):
        """Put a text into a field, as typing it does, and leave the field."""
        field = self.find(selector)
        self.script("arguments[0].scrollIntoView({block: 'center'})", field)
        field.clear()
        field.send_keys(text)
        self.script("arguments[0].blur()", field)

    def paste(self, selector, text):
        """Put a text of any length into a field at once, as pasting does."""
        self.script(
            "const [field, text] = arguments; field.focus(); field.value = text;"
            " for (const name of ['input', 'keyup', 'change'])"
            " field.dispatchEvent(new Event(name, {bubbles: true})); field.blur();",
            self.find(selector),
            text,
        )

    def select(self, selector, value):
        Select(self.find(selector)).select_by_value(value)

    def text(self, selector):
        """The text of the first element of a selector; "" if there is none."""
        found = self.find_all(selector)
        return found[0].text if found else ""

    def wait_for_text(self, selector, text):
        """Wait until the first element of a selector has this text in it."""
        self.wait_until(
            lambda: text in self.text(selector),
            lambda: f"no {text!r} in {selector!r}: {self.text(selector)!r}",
        )

    def wait_for(self, text):
        """Wait until the page has this text."""
        self.wait_until(
            lambda: text in self.text("body"), lambda: f"no {text!r} in:\n{self.text('body')}"
        )

    def wait_until(self, condition, story):
        """Wait until a function is true, and return what it returns; `story` is told otherwise."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                found = condition()
            except PASSING:
                found = None
            if found:
                return found
            if time.monotonic() > end:
                test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("::")[2]
                self.screenshot("failed-" + re.sub(r"\W+", "-", test.partition(" ")[0]))
                story = story() if callable(story) else story
                raise AssertionError(f"{story}\n{self.text('body')}\n{self._collect_errors()}")
            time.sleep(0.05)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def wait_for_reload(self, action):
        """Do something that makes the page load itself anew, and wait until it has."""
        self.script("window.isOld = true")
        action()
        self.wait_until(lambda: not self.script("return window.isOld"), "the page stays")
        self.wait_until_drawn()

    # How it is looked at

    def desktop(self):
        self._size(*DESKTOP, mobile=False)

    def phone(self):
        self._size(*PHONE, mobile=True)

    def _size(self, width, height, mobile):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def dark(self):
        self._scheme("dark")

    def light(self):
        self._scheme("light")

    def _scheme(self, name):
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def hide(self):
        """Look at another tab."""
        self.driver.switch_to.new_window("tab")
        self.driver.get("about:blank")

    def show(self):
        """Come back from it."""
        self.driver.close()
        self.driver.switch_to.window(self.driver.window_handles[0])

    def screenshot(self, name):
        """Keep what is seen, the whole height of the page, as dist/screenshots/NAME.png."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        (SCREENSHOTS / f"{name}.png").write_bytes(self._picture())

    def _picture(self):
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        width = self.script("return window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1}
        how = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", how)["data"])

    def screenshots(self, name):
        """Desktop and phone, light and dark; returns how far the phone's page is wider than it."""
        for size in ("desktop", "phone"):
            getattr(self, size)()
            for scheme in ("light", "dark"):
                getattr(self, scheme)()
                self.screenshot(f"{name}-{size}-{scheme}")
        wider = self.script("return document.documentElement.scrollWidth") - PHONE[0]
        self.desktop()
        self.light()
        return wider

    def _collect_errors(self):
        entries = self.driver.get_log("browser")
        found = [entry["message"] for entry in entries if entry["level"] == "SEVERE"]
        self._errors += found
        return found
