"""Start the lab's server and a browser, for the browser tests and the scripts beside them."""

import functools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
LAB = (sys.executable, "-m", "minigan.lab")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser_path():
    """The path of Chromium; "" if there is none."""
    named = os.environ.get("MINIGAN_BROWSER")
    return named or next(filter(None, map(shutil.which, BROWSERS)), "")


def launch(playwright):
    """Chromium. A container has no sandbox, and often little shared memory."""
    flags = ["--no-sandbox", "--disable-dev-shm-usage"]
    return playwright.chromium.launch(executable_path=browser_path(), args=flags)


@contextmanager
def lab_server():
    """The lab's server in a process of its own: (process, address)."""
    process = subprocess.Popen(
        [*LAB, "--no-browser", "--port", "0"],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line, line + process.stdout.read()
        yield process, line.split()[-1]
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()


class Static(SimpleHTTPRequestHandler):
    """Serves files, each with the trouble that the test wants for its name.

    "missing": there is none. "changed": one byte differs; "changed once": in the first answer only.
    "cut": the connection ends in the middle. "held": the second half comes when the test takes the
    trouble back.
    """

    troubles = {}  # noqa: RUF012  each server has a class with its own

    def log_message(self, *args):
        pass

    def end_headers(self):
        self.send_header("Cache-Control", "no-store")  # or a browser would not ask for it again
        super().end_headers()

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        trouble = self.troubles.get(path.name)
        if trouble is None:
            return super().do_GET()
        if trouble == "missing":
            return self.send_error(404)
        content = bytearray(path.read_bytes())
        half = len(content) // 2
        if trouble == "changed once":
            del self.troubles[path.name]
        if trouble.startswith("changed"):
            content[half] ^= 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:half])
        while self.troubles.get(path.name) == "held":
            time.sleep(0.02)
        if trouble != "cut":
            self.wfile.write(content[half:])


@contextmanager
def static_server(folder, troubles=None):
    """The address of a server for the files of a folder."""
    kind = type("Handler", (Static,), {"troubles": {} if troubles is None else troubles})
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(kind, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def exported_page(folder, runtime):
    """The address of the lab exported to `folder`, on a server for static files."""
    command = [*LAB, "--export", str(folder), "--pyodide", runtime]
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    with static_server(folder) as address:
        yield address
