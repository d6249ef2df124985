"""Fixtures for the tests of the data sets: an empty cache, no network, and a web server."""

import http.server
import socket
import socketserver
import threading
import time
from urllib.parse import unquote

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache. Connections to other machines fail, so no test fills it from the network."""
    connect = socket.create_connection

    def connect_here_only(address, *args, **kwargs):
        if address[0] != "127.0.0.1":
            raise OSError("there is no network in a test")
        return connect(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", connect_here_only)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.files[name]` at /way/name. The way is one of the methods below."""

    def do_GET(self):
        _, way, name = unquote(self.path).split("/", 2)
        range_asked_for = self.headers.get("Range")
        self.server.requests.append((way, range_asked_for))
        self.content = self.server.files.get(name, b"")
        self.start = int(range_asked_for[6:-1]) if range_asked_for else 0
        getattr(self, way)()

    def good(self):
        if self.start and self.start >= len(self.content):
            self.send_error(416)
        elif self.start:
            self.reply(206, self.content[self.start :])
        else:
            self.reply(200, self.content)

    def cut(self):
        """Send half of the rest, then break the connection."""
        rest = self.content[self.start :]
        self.reply(206 if self.start else 200, rest[: len(rest) // 2], length=len(rest))

    def deaf(self):
        """Send the whole file, and ignore the range of the request."""
        self.reply(200, self.content)

    def deaf_cut(self):
        self.reply(200, self.content[: len(self.content) // 2], length=len(self.content))

    def unknown_length(self):
        self.reply(200, self.content, length=None)

    def corrupt(self):
        self.content = self.content[:-1] + b"?"
        self.good()

    def page(self, type="text/html; charset=utf-8"):
        self.reply(200, b"<!DOCTYPE html><title>Log in to the airport's network</title>", type=type)

    def plain_page(self):
        self.page(type="application/octet-stream")

    def missing(self):
        self.send_error(404)

    def slow(self):
        self.begin(200, len(self.content))
        for i in range(0, len(self.content), 1000):
            self.wfile.write(self.content[i : i + 1000])
            time.sleep(0.005)

    def silent(self):
        self.server.stopped.wait(10)

    def falls_silent(self):
        self.begin(200, len(self.content))
        self.wfile.write(self.content[: len(self.content) // 2])
        self.server.stopped.wait(10)

    def raw(self):
        """Send the bytes `server.raw` and nothing else."""
        self.wfile.write(self.server.raw)

    def drips(self):
        """Send `server.raw`, and then one byte at a time for ever."""
        self.wfile.write(self.server.raw)
        while not self.server.stopped.wait(0.02):
            self.wfile.write(b"x")

    def endless(self):
        """Send `server.raw`, and then `server.more` for ever."""
        self.wfile.write(self.server.raw)
        while not self.server.stopped.is_set():
            self.wfile.write(self.server.more)

    def not_http(self):
        self.wfile.write(b"220 mail.example.com ESMTP\r\n")

    def reply(self, status, content, length=0, type="application/gzip"):
        self.begin(status, length if length != 0 else len(content), type)
        self.wfile.write(content)

    def begin(self, status, length, type="application/gzip"):
        self.send_response(status)
        self.send_header("Content-Type", type)
        if status == 206:
            end = len(self.content)
            self.send_header("Content-Range", f"bytes {self.start}-{end - 1}/{end}")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Ignore a client that closes the connection. The tests do this."""

    def url(self, way, name):
        return f"http://127.0.0.1:{self.server_address[1]}/{way}/{name}"


@pytest.fixture(scope="session")
def _server():
    with Server(("127.0.0.1", 0), Handler) as server:
        server.stopped = threading.Event()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.stopped.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def server(_server):
    """A web server with `files` to fill, and the `requests` that came: (way, range asked for)."""
    _server.files, _server.requests, _server.raw, _server.more = {}, [], b"", b""
    return _server


@pytest.fixture
def down():
    """The URL of a server that is not running."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}/"
