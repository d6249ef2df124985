"""The lab's server: it sends the page to this computer's browser and passes calls on.

It listens on 127.0.0.1 only. Every address begins with a random token, which only the printed
address has. A request with another Host or Origin, or without the token, is refused, so that no
other web page and no other user can reach the lab. A request names one of the experiment's calls;
nothing in it is ever run as code.
"""

import json
import re
import secrets
import signal
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from minigan.lab.experiment import Experiment

PAGE = Path(__file__).parent / "page"
CONFIG = 'globalThis.MINIGAN_LAB = {"transport": "server"};\n'
LIMIT = 1 << 20  # bytes of a request's body
TABS = 3  # experiments at a time; each may take some 300 MB
IDLE = 30.0  # seconds without a call, after which another tab may take an experiment's place
DISCARD = 5.0  # seconds for which the rest of a refused request is read
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Tab:
    """A tab of the browser: its experiment, which carries out one call at a time."""

    def __init__(self):
        self.experiment = Experiment()
        self.turn = threading.Lock()
        self.calls = 0  # in progress or waiting for their turn
        self.last = time.monotonic()  # when the last call ended
        self.closed = False

    def idle(self):
        """Whether another tab may take this one's place."""
        return not self.calls and (self.closed or time.monotonic() - self.last >= IDLE)


class Tabs:
    """The tabs of the browser. Each call runs in the thread of its connection.

    So the long work of one tab does not hold up another, and Ctrl-C waits for none.
    """

    def __init__(self):
        self.known = {}  # name: Tab
        self.lock = threading.Lock()

    def call(self, name, method, text):
        """The answer to one request of a tab, as JSON text.

        Only `hello` and `reset` make an experiment. Another call of a tab that has none is "gone":
        then the page makes its run again.
        """
        with self.lock:
            if name not in self.known:
                if method not in ("hello", "reset"):
                    return _error("gone", "This tab has no experiment: another took its place.")
                if not self._room():
                    return _error(
                        "busy",
                        f"The lab is in use in {TABS} other tabs. Close one of them, wait "
                        f"{IDLE:.0f} seconds, and reload this page.",
                    )
                self.known[name] = Tab()
            tab = self.known[name]
            tab.calls += 1
            tab.closed = False
        try:
            with tab.turn:
                return tab.experiment.call(text)
        finally:
            with self.lock:
                tab.calls -= 1
                tab.last = time.monotonic()

    def bye(self, name):
        """A page closes or is loaded again: another tab may take its place."""
        with self.lock:
            if name in self.known:
                self.known[name].closed = True

    def _room(self):
        """Make room for a new tab; False if no other is closed or idle."""
        if len(self.known) >= TABS:
            idle = [name for name, tab in self.known.items() if tab.idle()]
            if not idle:
                return False
            closed = [name for name in idle if self.known[name].closed]
            del self.known[min(closed or idle, key=lambda name: self.known[name].last)]
        return True


def _error(kind, message):
    return json.dumps({"error": {"kind": kind, "message": message}})


class Server(ThreadingHTTPServer):
    """Serves the page and the calls at http://127.0.0.1:port/token/."""

    daemon_threads = True
    allow_reuse_address = False  # or a second lab could listen on a port in use, on Windows

    def __init__(self, port=0, token=None):
        self.token = token or secrets.token_urlsafe(16)
        self.tabs = Tabs()
        self.files = {
            path.relative_to(PAGE).as_posix(): path
            for path in PAGE.rglob("*")
            if path.suffix in TYPES
        }
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/{self.token}/"

    def handle_error(self, request, client_address):
        """Say nothing if the browser ended a connection, as it does when a tab closes."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "minigan-lab", ""
    timeout = 60
    disable_nagle_algorithm = (
        True  # or the body of each answer waits 40 ms for the client's receipt
    )
    server: Server

    def do_GET(self):
        path = self._path()
        if path is None:
            return
        if path == "lab-config.js":
            self._send(HTTPStatus.OK, CONFIG.encode(), TYPES[".js"])
            return
        file = self.server.files.get(path or "index.html")
        if file is None:
            self._refuse(HTTPStatus.NOT_FOUND, "The lab has no such file.")
            return
        self._send(HTTPStatus.OK, file.read_bytes(), TYPES[file.suffix])

    def do_POST(self):
        path = self._path()
        if path is None:
            return
        if path not in ("call", "bye"):
            self._refuse(HTTPStatus.NOT_FOUND, "The lab takes no such request.")
            return
        body = self._body()
        if body is None:
            return
        try:
            text = body.decode("utf-8")
            request = json.loads(text)
            tab = request["tab"]
        except (ValueError, TypeError, KeyError, RecursionError):
            self._refuse(HTTPStatus.BAD_REQUEST, "The request is not what the page sends.")
            return
        if not (isinstance(tab, str) and 0 < len(tab) <= 100):
            self._refuse(HTTPStatus.BAD_REQUEST, "The request names no tab.")
            return
        if path == "bye":
            self.server.tabs.bye(tab)
            self._send(HTTPStatus.OK, b"{}", TYPES[".json"])
            return
        answer = self.server.tabs.call(tab, request.get("method"), text)
        self._send(HTTPStatus.OK, answer.encode("utf-8"), TYPES[".json"])

    def _path(self):
        """What comes after the token, or None after a refusal."""
        port = self.server.server_address[1]
        if self.headers.get_all("Host", []) not in ([f"127.0.0.1:{port}"], [f"localhost:{port}"]):
            return self._refuse(HTTPStatus.FORBIDDEN, "This is not the lab's address.")
        origin = self.headers.get("Origin")
        if origin not in (None, f"http://127.0.0.1:{port}", f"http://localhost:{port}"):
            return self._refuse(HTTPStatus.FORBIDDEN, "Another page may not use the lab.")
        path = self.path.split("?")[0]
        token, slash, rest = path.removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode("utf-8"), self.server.token.encode("utf-8")):
            message = "The lab's address has a token. Open the address that the terminal shows."
            return self._refuse(HTTPStatus.FORBIDDEN, message)
        if not slash:  # without it, relative addresses would not have the token
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", f"/{self.server.token}/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return rest

    def _length(self):
        """How many bytes of a body the request announces; None if it does not say."""
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,18}", length) or "Transfer-Encoding" in self.headers:
            return None
        return int(length)

    def _body(self):
        """The request's body, or None after a refusal."""
        length = self._length()
        if length is None:
            return self._refuse(HTTPStatus.LENGTH_REQUIRED, "The request has no length.")
        if length > LIMIT:
            message = f"The request is larger than {LIMIT:,} bytes."
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        return self.rfile.read(length)

    def _refuse(self, status, message):
        """Answer with an error, and end the connection."""
        self.close_connection = True
        self._send(status, (message + "\n").encode(), TYPES[".txt"])
        self._discard()

    def _discard(self):
        """Read what the client still sends, for some seconds.

        If the connection ended before, the client would see an error in place of the answer.
        """
        left = self._length() if self.command != "GET" else 0
        end = time.monotonic() + DISCARD
        self.connection.settimeout(0.5)
        with suppress(OSError):
            while (left is None or left > 0) and time.monotonic() < end:
                got = self.rfile.read1(1 << 16 if left is None else min(left, 1 << 16))
                if not got:
                    return
                left = left and left - len(got)

    def _send(self, status, body, kind):
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format, *args):
        """Say nothing: the terminal shows the address, and errors."""


def serve(port, opened=None):
    """Serve until Ctrl-C. `opened` is called with the address, once the server listens.

    Raises OSError if the port is in use.
    """
    with Server(port) as server:
        try:
            if opened:
                opened(server.address)
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would show a traceback
            print("\nThe lab has stopped.")
