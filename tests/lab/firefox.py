"""Firefox, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) over a websocket."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "Tab": "\ue004"}
PREFERENCES = """
user_pref("app.update.auto", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""


def firefox_path():
    """The path of Firefox; "" if there is none."""
    return next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), "")


@contextmanager
def firefox():
    """A Firefox with an empty profile, without a window: a function that opens a page."""
    from websockets.sync.client import connect

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        with open(f"{profile}/user.js", "w") as file:
            file.write(PREFERENCES)
        process = subprocess.Popen(
            [firefox_path(), "--headless", "--profile", profile, "--remote-debugging-port", "0"],
            env=os.environ | {"HOME": profile, "MOZ_CRASHREPORTER_DISABLE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            lines = iter(process.stderr.readline, "")
            address = next(line.split()[-1] for line in lines if "listening on ws://" in line)
            with connect(f"{address}/session", max_size=None) as socket:
                bidi = BiDi(socket)
                bidi.command("session.new", capabilities={})
                bidi.command("session.subscribe", events=["log.entryAdded", REQUEST])
                yield lambda *args, **options: Page(bidi, *args, **options)
                with suppress(Exception):
                    bidi.command("browser.close")
        finally:
            process.terminate()
            process.wait()
            process.stderr.close()


REQUEST = "network.beforeRequestSent"


class BiDiError(Exception):
    """A command failed, for example because the page changed meanwhile."""


class BiDi:
    """Sends commands and collects events."""

    def __init__(self, socket):
        self.socket = socket
        self.number = 0
        self.events = []

    def command(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv(timeout=180))
            if message["type"] == "event":
                self.events.append(message)
            elif message["id"] == self.number:
                if message["type"] != "success":
                    raise BiDiError(f"{method}: {message['message']}")
                return message["result"]


class Page:
    """A page of Firefox. Its methods are those of Watched in conftest.py."""

    def __init__(self, bidi, address, width=1280, height=800):
        self.bidi, self.address = bidi, address
        self.context = bidi.command("browsingContext.create", type="tab")["context"]
        viewport = {"width": width, "height": height}
        bidi.command("browsingContext.setViewport", context=self.context, viewport=viewport)

    def _load(self, command, **params):
        """Load a page. A command may return while the page before is still there."""
        self.state("void (globalThis.before = true)")
        self.bidi.command(f"browsingContext.{command}", context=self.context, **params)
        self.until("!globalThis.before")

    def goto(self, address):
        self._load("navigate", url=address, wait="complete")

    def open(self, state="", timeout=60):
        self.goto(self.address + (f"#{state}" if state else ""))
        self.ready(timeout)

    def reload(self):
        self._load("reload", wait="complete")
        self.ready()

    def leave_and_come_back(self):
        """Go to another address, and back. Firefox may show the page that it kept, or a new one."""
        self.goto("about:blank")
        self._back()
        self.until("location.href !== 'about:blank'")
        self.ready()

    def _back(self, timeout=5):
        """Go back. A busy Firefox adds an address to its history a moment after it is loaded."""
        end = time.monotonic() + timeout
        while True:
            try:
                self.bidi.command("browsingContext.traverseHistory", context=self.context, delta=-1)
                return
            except BiDiError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def ready(self, timeout=60):
        self.until("document.body?.dataset.ready", timeout)
        self.settle()

    def settle(self):
        """Wait until the page has done what it was asked to do."""
        self.state("minigan.started.then(() => minigan.queue).then(() => true)")
        self.state("minigan.playing ? null : Promise.resolve(minigan.loop).then(() => true)")
        self.state("minigan.queue.then(() => true)")

    def state(self, expression):
        """The value of a JavaScript expression, or of its promise."""
        result = self.bidi.command(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then((value) => JSON.stringify(value))",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert result["type"] == "success", result["exceptionDetails"]["text"]
        value = result["result"].get("value")
        return None if value is None else json.loads(value)

    def until(self, expression, timeout=30):
        """Wait until an expression is true."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            with suppress(BiDiError):
                if self.state(f"Boolean({expression})"):
                    return
            time.sleep(0.025)
        raise AssertionError(f"never true: {expression}")

    def position(self):
        return self.state("minigan.frame.position")

    def digest(self):
        return self.state("minigan.frame.digest")

    def text(self, selector):
        return self.state(f"document.querySelector({json.dumps(selector)}).innerText")

    def _act(self, kind, actions, **more):
        source = {"type": kind, "id": kind, "actions": actions, **more}
        self.bidi.command("input.performActions", context=self.context, actions=[source])

    def press(self, key, times=1):
        value = KEYS.get(key, key)
        for _ in range(times):
            self._act(
                "key", [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
            )
        self.settle()

    def click(self, selector):
        """Click with the mouse in the middle of the first such element."""
        self.until(f"document.querySelector({json.dumps(selector)})")
        x, y = self.state(
            f"(() => {{ const element = document.querySelector({json.dumps(selector)});"
            "element.scrollIntoView({ block: 'nearest' });"
            "const box = element.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2].map(Math.round); })()"
        )
        down, up = ({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))
        self._act("pointer", [{"type": "pointerMove", "x": x, "y": y}, down, up])

    def errors(self):
        """What the page wrote to the console as an error, and requests to other machines."""
        own = urlsplit(self.address).netloc
        found = []
        for event in self.bidi.events:
            params = event["params"]
            if event["method"] == REQUEST:
                url = urlsplit(params["request"]["url"])
                if url.scheme in ("http", "https", "ws", "wss") and url.netloc != own:
                    found.append(url.geturl())
            elif params["level"] == "error":
                found.append(params["text"])
        self.bidi.events.clear()
        return found

    def close(self):
        if self.context is None:
            return
        # Free the experiment: Firefox does not always send the page's own farewell.
        with suppress(BiDiError, AssertionError):
            tab = "JSON.stringify({ tab: sessionStorage.getItem('minigan-tab') })"
            self.state(f"fetch('./bye', {{ method: 'POST', body: {tab} }}).then(() => null)")
        self.bidi.command("browsingContext.close", context=self.context)
        self.context = None
