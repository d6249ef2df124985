"""Fixtures for the browser tests: a server, a browser, and a page whose errors are recorded.

A test that uses `lab_page` fails if the page writes an error to the console, or sends a request to
another machine. Without Playwright or without a browser such a test is skipped.
"""

import os
import time
from urllib.parse import urlsplit

import pytest
from lab.serving import browser_path, lab_server, launch


def busy():
    """Whether other programs use the processors. Then a measured time means nothing."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > os.cpu_count()


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not browser_path():
        pytest.skip("no Chromium on this computer: apt install chromium")
    with api.sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def address():
    with lab_server() as (_, found):
        yield found


class Watched:
    """A page of the browser, and a list of its errors."""

    def __init__(self, browser, address, width=1280, height=800, context=None, **options):
        options = {"viewport": {"width": width, "height": height}, **options}
        self.address = address
        self.shares = context is not None
        self.context = context or browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors, self.strangers = [], []
        self.expected = ()  # parts of console messages that the test causes itself
        own = urlsplit(address).netloc
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

        def request(asked):
            target = urlsplit(asked.url)
            if target.scheme in ("http", "https", "ws", "wss") and target.netloc != own:
                self.strangers.append(asked.url)

        self.context.on("request", request)

    def _console(self, message):
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.errors.append(message.text)

    def open(self, state="", timeout=60):
        """Open the page with a state of its address, such as "depth=2", and wait until it is up."""
        self.page.goto(self.address + (f"#{state}" if state else ""))
        self.ready(timeout)
        return self.page

    def ready(self, timeout=60):
        self.page.wait_for_selector("body[data-ready]", timeout=1000 * timeout)
        self.settle()

    def settle(self):
        """Wait until the page has done what it was asked to do."""
        self.page.evaluate("async () => { await minigan.started; await minigan.queue; }")
        self.page.evaluate("async () => { if (!minigan.playing) await minigan.loop; }")
        self.page.evaluate("async () => { await minigan.queue; }")

    def state(self, expression):
        return self.page.evaluate(f"() => {expression}")

    def until(self, expression, timeout=30):
        """Wait until an expression is true. (Playwright's own wait needs eval: not allowed.)"""
        end = time.monotonic() + timeout
        while not self.state(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never true: {expression}"
            self.page.wait_for_timeout(25)

    def position(self):
        return self.state("minigan.frame.position")

    def digest(self):
        return self.state("minigan.frame.digest")

    def press(self, key, times=1):
        for _ in range(times):
            self.page.keyboard.press(key)
        self.settle()

    def click(self, selector):
        self.page.click(selector)
        self.settle()

    def overflow(self):
        """By how many pixels the page is wider than the window."""
        return self.state("document.documentElement.scrollWidth - innerWidth")

    def close(self):
        """Close the page, and free its experiment on the server."""
        leave = """() => fetch('./bye', {
            method: 'POST',
            body: JSON.stringify({tab: sessionStorage.getItem('minigan-tab')}),
        }).then(() => null, () => null)"""
        if "127.0.0.1" in self.page.url and not self.page.is_closed():
            self.expected = ("Failed to load resource",)
            self.page.evaluate(leave)
        self.page.close()
        if not self.shares:
            self.context.close()


@pytest.fixture
def watched(browser):
    """Make watched pages: watched(address, width=390). Checks them all at the end."""
    made = []

    def make(address, **options):
        made.append(Watched(browser, address, **options))
        return made[-1]

    yield make
    for one in reversed(made):
        one.close()
    assert [error for one in made for error in one.errors] == []
    assert [url for one in made for url in one.strangers] == []


@pytest.fixture
def lab_page(watched, address):
    """The lab on the local server, at 1280 × 800 pixels."""
    return watched(address)
