"""The lab's server: it sends the page to this computer's browser and passes calls on.

It listens on 127.0.0.1 only. Every address begins with a random token, which only the printed
address has. A request with another Host or Origin, or without the token, is refused, so that no
other web page and no other user can reach the lab. A request names one of the experiment's calls;
nothing in it is ever run as code.
"""

import json
import math
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from minigan.lab.experiment import Experiment

PAGE = Path(__file__).parent / "page"
CONFIG = 'globalThis.MINIGAN_LAB = {"transport": "server"};\n'
LIMIT = 1 << 20  # bytes of a request's body
TABS = 3  # experiments at a time; each may take some 300 MB
IDLE = 30.0  # seconds without a call, after which another tab may take an experiment's place
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


class Tabs:
    """One experiment for each tab of the browser, and one thread that runs all of them.

    One thread is enough: a person looks at one tab at a time. It also keeps the random generator
    and the switches of minigan, which belong to a thread, in one place.
    """

    def __init__(self):
        self.experiments = {}  # tab: [experiment, time of the last call, calls in progress]
        self.lock = threading.Lock()
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lab")

    def call(self, tab, method, text):
        """The answer to one request of a tab, as JSON text.

        Only `hello` and `reset` make an experiment. Another call of a tab that has none is "gone":
        then the page makes its run again.
        """
        with self.lock:
            if tab not in self.experiments and method not in ("hello", "reset"):
                message = "This tab has no experiment: another tab has taken its place."
                return json.dumps({"error": {"kind": "gone", "message": message}})
            entry = self._entry(tab)
            if entry is None:
                message = (
                    f"The lab is in use in {TABS} other tabs. Close one of them, wait "
                    f"{IDLE:.0f} seconds, and reload this page."
                )
                return json.dumps({"error": {"kind": "busy", "message": message}})
            entry[2] += 1
        try:
            return self.thread.submit(entry[0].call, text).result()
        finally:
            with self.lock:
                entry[1] = time.monotonic()
                entry[2] -= 1

    def bye(self, tab):
        """A page closes or is loaded again: another tab may take its place."""
        with self.lock:
            if tab in self.experiments:
                self.experiments[tab][1] = -math.inf

    def _entry(self, tab):
        """The entry of a tab; a new tab may take the place of one that has long been idle."""
        if tab not in self.experiments:
            if len(self.experiments) >= TABS:
                oldest = min(self.experiments, key=lambda other: self.experiments[other][1])
                _, last, running = self.experiments[oldest]
                if running or time.monotonic() - last < IDLE:
                    return None
                del self.experiments[oldest]
            self.experiments[tab] = [Experiment(), time.monotonic(), 0]
        return self.experiments[tab]


class Server(ThreadingHTTPServer):
    """Serves the page and the calls at http://127.0.0.1:port/token/."""

    daemon_threads = True
    allow_reuse_address = False  # or a second lab could listen on a port in use, on Windows

    def __init__(self, port=0, token=None):
        self.token = token or secrets.token_urlsafe(16)
        self.tabs = Tabs()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/{self.token}/"

    def server_close(self):
        super().server_close()
        self.tabs.thread.shutdown(wait=False, cancel_futures=True)


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
        file = (PAGE / (path or "index.html")).resolve()
        inside = file.is_relative_to(PAGE.resolve()) and file.suffix in TYPES
        if not (inside and file.is_file()):
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
            request = json.loads(body)
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
        answer = self.server.tabs.call(tab, request.get("method"), body.decode("utf-8"))
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

    def _body(self):
        """The request's body, or None after a refusal."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            return self._refuse(HTTPStatus.LENGTH_REQUIRED, "The request has no length.")
        if int(length) > LIMIT:
            message = f"The request is larger than {LIMIT:,} bytes."
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        return self.rfile.read(int(length))

    def _refuse(self, status, message):
        """Answer with an error, and end the connection: what the client still sends is not read."""
        self.close_connection = True
        self._send(status, (message + "\n").encode(), TYPES[".txt"])

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
        if opened:
            opened(server.address)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            print("\nThe lab has stopped.")
