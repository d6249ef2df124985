"""The server answers only the page that it has opened."""

import http.client
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest

from minigan.lab import __main__ as command
from minigan.lab import arguments
from minigan.lab import server as module
from minigan.lab.experiment import Experiment
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
    call(server, "hello")
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
    [
        "../__init__.py",
        "a\\0",
        "x" * 5000,
        "..%2f__init__.py",
        "js/../../server.py",
        "/etc/passwd",
        "nothing.js",
        "js",
    ],
)
def test_only_the_pages_files_are_sent(server, path):
    assert ask(server, "GET", path)[0] in (403, 404)


def test_a_large_request_is_refused_unread(server):
    assert ask(server, "POST", "call", None, Content_Length=str(LIMIT + 1))[0] == 413
    assert ask(server, "POST", "call", None, Content_Length="-1")[0] == 411
    assert ask(server, "POST", "call", None, Content_Length="9" * 5000)[0] == 411
    assert ask(server, "POST", "call", None, Transfer_Encoding="chunked")[0] == 411


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "3", '{"tab": 3}', '{"tab": ""}', '{"method": "frame"}', "[" * 99_999]
    + [b"\xff", '{"tab": "a"}'.encode("utf-16"), '{"tab": %s}' % ("9" * 5000)],
)
def test_a_malformed_request_is_refused(server, body):
    assert ask(server, "POST", "call", body)[0] == 400


def test_other_methods_are_refused(server):
    for method in "PUT", "DELETE", "OPTIONS", "TRACE":
        assert ask(server, method, "call")[0] == 501


def test_each_tab_has_its_own_experiment(server, monkeypatch):
    for tab in "abc":
        assert "ok" in call(server, "hello", tab=tab)
    assert call(server, "step", tab="a")["ok"]["position"] == 1
    assert call(server, "frame", tab="b")["ok"]["position"] == 0
    error = call(server, "hello", tab="d")["error"]
    assert error["kind"] == "busy" and "reload" in error["message"]
    assert ask(server, "POST", "bye", '{"tab": "b"}')[0] == 200  # a page that closes makes room
    assert call(server, "reset", tab="d")["ok"]["frame"]["position"] == 0
    monkeypatch.setattr(module, "IDLE", 0.0)  # now the one that waits longest makes room: c
    assert call(server, "frame", tab="a")["ok"]["position"] == 1
    call(server, "hello", tab="e")
    assert set(server.tabs.known) == {"a", "d", "e"}


@pytest.mark.parametrize("method", [*arguments.CALLS, "nonsense", None, ["hello"]])
def test_a_tab_that_is_not_known_is_gone(server, method):
    """Nothing but `hello` and `reset` makes an experiment: a run would begin anew, untold."""
    for tab, others in ("a", "bcd"), ("b", ""):
        call(server, "hello", tab=tab)
        for other in others:
            call(server, "hello", tab=other)
            ask(server, "POST", "bye", json.dumps({"tab": other}))
        answer = call(server, method, tab="unknown")
        if method in ("hello", "reset"):
            assert "ok" in answer
        else:
            assert answer["error"]["kind"] == "gone"


def test_bye_ends_no_experiment_but_frees_its_place(server):
    """A reload says bye, too, and so may a tab that has never been known."""
    call(server, "hello", tab="a")
    call(server, "step", tab="a")
    for tab in "a", "b":
        ask(server, "POST", "bye", json.dumps({"tab": tab}))
    assert call(server, "frame", tab="a")["ok"]["position"] == 1
    assert set(server.tabs.known) == {"a"} and not server.tabs.known["a"].idle()


def test_calls_at_the_same_time_are_carried_out_one_by_one(server):
    call(server, "hello")
    threads = [threading.Thread(target=call, args=(server, "step")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert call(server, "frame")["ok"]["position"] == 12


def test_the_long_work_of_a_tab_does_not_hold_up_another(server):
    call(server, "hello", tab="a")
    call(server, "hello", tab="b")
    done = []
    long = threading.Thread(target=lambda: done.append(call(server, "step", "a", count=1000)))
    long.start()
    while not server.tabs.known["a"].calls:
        time.sleep(0.001)
    assert call(server, "step", tab="b")["ok"]["position"] == 1
    assert not done
    ask(server, "POST", "bye", '{"tab": "a"}')
    assert not server.tabs.known["a"].idle()  # its place is taken while it works
    long.join()
    assert done[0]["ok"]["position"] == 1000 and server.tabs.known["a"].idle()


def drawn_calls(seed, model):
    """Some calls of a tab: a new run, steps and jumps, and the recording of a step."""
    draw = random.Random(seed)
    calls = [("reset", {"settings": {"model": model, "seed": seed, "batch_size": 8}})]
    for _ in range(8):
        kind = draw.choice(["step", "back", "go"])
        args = {"step": {"count": draw.randint(1, 12), "player": draw.choice("DG")}}
        args |= {"back": {"count": draw.randint(1, 6)}, "go": {"position": draw.randint(0, 20)}}
        calls.append((kind, args[kind]))
    return [*calls, ("record", {}), ("frame", {})]


def told(answer):
    """What an answer tells of the run."""
    answer = answer["ok"]
    return [answer.get(name) for name in ("moves", "digest", "digest_after", "report")]


def test_tabs_at_the_same_time_equal_runs_made_alone(server):
    """Each tab has a thread of its own: no switch, generator or recorder may be shared."""
    scripts = dict(zip("abc", map(drawn_calls, range(3), ["gan", "wgan", "wgan_gp"]), strict=True))
    alone, together = {}, {}
    for tab, script in scripts.items():
        experiment = Experiment()
        texts = [json.dumps({"method": method, "args": args}) for method, args in script]
        alone[tab] = [told(json.loads(experiment.call(text))) for text in texts]

    def follow(tab):
        together[tab] = [told(call(server, method, tab, **args)) for method, args in scripts[tab]]

    threads = [threading.Thread(target=follow, args=(tab,)) for tab in scripts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


@pytest.mark.parametrize("size", [LIMIT + 1, 30 * LIMIT])
@pytest.mark.parametrize("path", ["call", "bye", "nothing", "/wrong/call"])
def test_too_large_a_request_gets_an_answer(server, path, size):
    status, _, body = ask(server, "POST", path, b"x" * size)
    assert status == {"nothing": 404, "/wrong/call": 403}.get(path, 413)
    assert path not in ("call", "bye") or b"larger than" in body


@pytest.mark.parametrize("moment", ["in the request", "in the call", "in the answer"])
def test_a_tab_that_closes_is_not_told_in_the_terminal(server, capsys, moment):
    call(server, "hello")
    body = json.dumps({"tab": "a", "method": "step", "args": {"count": 100}}).encode()
    head = f"POST /{server.token}/call HTTP/1.1\r\nHost: 127.0.0.1:{server.server_address[1]}\r\n"
    with socket.create_connection(server.server_address) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:20])
        if moment != "in the request":
            connection.sendall(body[20:])
            while not server.tabs.known["a"].calls and moment == "in the call":
                time.sleep(0.001)
            if moment == "in the answer":
                connection.recv(10)
    assert call(server, "frame")["ok"]["position"] == (0 if moment == "in the request" else 100)
    while sum("process_request" in thread.name for thread in threading.enumerate()) > 0:
        time.sleep(0.01)
    told = capsys.readouterr()
    assert told.err == told.out == ""


def test_an_error_of_the_server_itself_is_told_in_the_terminal(server, capsys, monkeypatch):
    monkeypatch.setattr(module.Tabs, "call", lambda *args: 1 / 0)
    with pytest.raises(http.client.RemoteDisconnected):
        call(server, "hello")
    assert "ZeroDivisionError" in capsys.readouterr().err


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


BIG = dict(layers_g=4, width_g=512, layers_d=4, width_d=512, batch_size=1024)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child alone")
@pytest.mark.parametrize("method, presses", [(None, 1), ("step", 1), ("record", 3)])
def test_ctrl_c_ends_the_command_whatever_it_computes(method, presses):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "minigan.lab", "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        first = process.stdout.readline()
        assert first.startswith("The lab is at http://127.0.0.1:")
        address = urlsplit(first.split()[-1])
        connection = http.client.HTTPConnection(address.netloc, timeout=60)
        connection.request("GET", address.path)
        response = connection.getresponse()
        assert response.status == 200 and response.read()
        for name, args in [("reset", {"settings": BIG}), (method, {})] if method else []:
            args |= {"count": 100_000} if name == "step" else {}
            body = json.dumps({"tab": "a", "method": name, "args": args})
            connection.request("POST", f"{address.path}call", body)
            if name == "reset":
                connection.getresponse().read()
        time.sleep(0.3)
        begun = time.monotonic()
        for _ in range(presses):
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - begun < 2
        assert process.returncode == 0 and "The lab has stopped." in out and err == ""
        connection.close()
    finally:
        process.kill()
        process.communicate()
