"""The server answers only the page that it has opened."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from minigan.lab import __main__ as command
from minigan.lab import server as module
from minigan.lab.server import LIMIT, Server


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, method, path, body=None, **headers):
    """(status, headers, body) of one request; `path` begins after the token's slash."""
    port = server.server_address[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    if not path.startswith("/"):
        path = f"/{server.token}/{path}"
    connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    result = response.status, response.headers, response.read()
    connection.close()
    return result


def call(server, method, tab="a", **args):
    body = json.dumps({"tab": tab, "method": method, "args": args})
    status, _, answer = ask(server, "POST", "call", body, Content_Type="application/json")
    assert status == 200
    return json.loads(answer)


def test_the_page_and_the_calls(server):
    assert server.address.startswith("http://127.0.0.1:")
    status, headers, body = ask(server, "GET", "")
    assert status == 200 and b"<html" in body
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert b'"transport": "server"' in ask(server, "GET", "lab-config.js")[2]
    assert call(server, "step")["ok"]["position"] == 1
    assert call(server, "frame")["ok"]["position"] == 1
    assert call(server, "nonsense")["error"]["kind"] == "request"


def test_it_listens_on_this_computer_only(server):
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/call", "/wrong/", "/wrong/call", "/%C3%A9/"]
)
def test_without_the_token_everything_is_refused(server, path):
    assert ask(server, "GET", path)[0] == 403
    assert ask(server, "POST", path, "{}")[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"])
def test_another_host_is_refused(server, host):
    assert ask(server, "GET", "", Host=host)[0] == 403
    assert ask(server, "POST", "call", "{}", Host=host)[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_origin_is_refused(server, origin):
    assert ask(server, "POST", "call", "{}", Origin=origin)[0] == 403
    own = server.address.rsplit("/", 2)[0]
    body = json.dumps({"tab": "a", "method": "hello"})
    assert ask(server, "POST", "call", body, Origin=own)[0] == 200


@pytest.mark.parametrize(
    "path",
    ["../__init__.py", "..%2f__init__.py", "js/../../server.py", "/etc/passwd", "nothing.js", "js"],
)
def test_only_the_pages_files_are_sent(server, path):
    assert ask(server, "GET", path)[0] in (403, 404)


def test_a_large_request_is_refused_unread(server):
    assert ask(server, "POST", "call", None, Content_Length=str(LIMIT + 1))[0] == 413
    assert ask(server, "POST", "call", None, Content_Length="-1")[0] == 411
    assert ask(server, "POST", "call", None, Transfer_Encoding="chunked")[0] == 411


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "3", '{"tab": 3}', '{"tab": ""}', '{"method": "frame"}', "[" * 99_999]
)
def test_a_malformed_request_is_refused(server, body):
    assert ask(server, "POST", "call", body)[0] == 400


def test_other_methods_are_refused(server):
    for method in "PUT", "DELETE", "OPTIONS", "TRACE":
        assert ask(server, method, "call")[0] == 501


def test_each_tab_has_its_own_experiment(server, monkeypatch):
    assert call(server, "step", tab="a")["ok"]["position"] == 1
    assert call(server, "frame", tab="b")["ok"]["position"] == 0
    call(server, "frame", tab="c")
    error = call(server, "frame", tab="d")["error"]
    assert error["kind"] == "busy" and "reload" in error["message"]
    assert ask(server, "POST", "bye", '{"tab": "b"}')[0] == 200
    assert call(server, "frame", tab="d")["ok"]["position"] == 0
    monkeypatch.setattr(module, "IDLE", 0.0)  # now the one that waits longest makes room: a
    assert call(server, "frame", tab="e")["ok"]["position"] == 0
    assert set(server.tabs.experiments) == {"c", "d", "e"}


def test_calls_at_the_same_time_are_carried_out_one_by_one(server):
    threads = [threading.Thread(target=call, args=(server, "step")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert call(server, "frame")["ok"]["position"] == 12


def test_a_port_in_use_is_explained(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        args = command.parse_flags(["--port", str(port), "--no-browser"])
        assert command.serve(args) == 1
    told = capsys.readouterr().err
    assert f"cannot listen on port {port}" in told and "--port" in told


def test_bad_flags(capsys):
    for flags in (["--port", "70000"], ["--pyodide", "x"], ["--port", "x"]):
        with pytest.raises(SystemExit):
            command.parse_flags(flags)
    assert "from 0 to 65535" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child alone")
def test_the_command_prints_its_address_and_stops_on_ctrl_c():
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "minigan.lab", "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        first = process.stdout.readline()
        assert first.startswith("The lab is at http://127.0.0.1:")
        address = first.split()[-1]
        port, token = int(address.split(":")[2].split("/")[0]), address.rsplit("/", 2)[1]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", f"/{token}/")
        response = connection.getresponse()
        assert response.status == 200 and response.read()
        connection.close()
        time.sleep(0.1)
        process.send_signal(2)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0 and "The lab has stopped." in out and err == ""
    finally:
        process.kill()
        process.communicate()
