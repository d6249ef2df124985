"""minigan.datasets.download: a file arrives complete and unchanged, or there is an error."""

import errno
import hashlib
import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigan.datasets import download
from minigan.datasets.download import fetch

CONTENT = np.random.default_rng(0).bytes(20_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "images.gz"


@pytest.fixture
def path(cache):
    return cache / "set" / NAME


@pytest.fixture
def part(path):
    return path.with_name(f"{NAME}.part")


@pytest.fixture
def get(server, path, monkeypatch):
    """A function that fetches the file from mirrors that answer in these ways, and checks it."""
    server.files[NAME] = CONTENT
    monkeypatch.setattr(download, "CHUNK", 1000)

    def get(*ways, **options):
        urls = [way if "://" in way else server.url(way, NAME) for way in ways]
        return fetch(path, urls, **(dict(sha256=SHA256) | options))

    return get


def only_file_is(path, content=CONTENT):
    return os.listdir(path.parent) == [path.name] and path.read_bytes() == content


# --- the file comes ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["good", "slow", "deaf", "unknown_length"])
def test_file_comes_once(get, server, path, way):
    assert get(way) == path
    assert only_file_is(path)
    assert get(way) == path
    assert server.requests == [(way, None)]


def test_empty_file_comes(get, server, path):
    server.files[NAME] = b""
    get("good", sha256=None)
    assert only_file_is(path, b"")


def test_file_that_is_there_is_left_as_it_is(get, server, path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"put here by hand")
    get("good")
    assert path.read_bytes() == b"put here by hand"
    assert server.requests == []


@pytest.mark.parametrize("bad", ["missing", "corrupt", "page", "plain_page", "not_http", "down"])
def test_next_mirror_is_tried(get, path, bad, down):
    get(down if bad == "down" else bad, "good")
    assert only_file_is(path)


def test_mirror_that_says_nothing_is_given_up(get, path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.1)
    get("silent", *["good"] * 3)  # several, as a busy machine may be silent for as long
    assert only_file_is(path)


def test_mirror_that_falls_silent_is_given_up(get, server, path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.1)
    get("falls_silent", *["good"] * 3)
    assert only_file_is(path)
    way, asked_for = server.requests[-1]
    assert way == "good"
    assert asked_for  # and so went on from there


# --- broken off, and taken up again --------------------------------------------------------------


def test_broken_connection_is_taken_up_where_it_broke(get, server, path):
    get("cut", "good")
    assert only_file_is(path)
    ranges = ["bytes=10000-", "bytes=15000-", "bytes=17500-", "bytes=18750-"]
    assert server.requests[:5] == [("cut", None), *(("cut", asked) for asked in ranges)]
    assert server.requests[5:] == [("good", "bytes=19375-")]


def test_next_call_goes_on(get, server, path, part):
    with pytest.raises(FileNotFoundError, match="broken off after 19,375 of 20,000 bytes"):
        get("cut")
    assert part.read_bytes() == CONTENT[:19_375]
    server.requests.clear()
    get("good")
    assert only_file_is(path)
    assert server.requests == [("good", "bytes=19375-")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(0, len(CONTENT)), way=st.sampled_from(["good", "deaf", "cut", "corrupt"]))
def test_any_beginning_is_completed(get, path, part, size, way):
    path.unlink(missing_ok=True)  # of the example before
    path.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(CONTENT[:size])
    get(way, "good")
    assert only_file_is(path)


def test_server_that_breaks_off_at_the_same_place_is_given_up(get, server, path):
    get("deaf_cut", "good")
    assert only_file_is(path)
    asked = [("deaf_cut", None), ("deaf_cut", "bytes=10000-"), ("good", "bytes=10000-")]
    assert server.requests == asked


@pytest.mark.parametrize("size", [20_000, 20_001, 50_000])
def test_part_as_long_as_the_file_or_longer_begins_again(get, server, path, part, size):
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(size))
    get("good")
    assert only_file_is(path)
    assert server.requests == [("good", f"bytes={size}-"), ("good", None)]


def test_part_of_another_file_begins_again(get, server, path, part):
    part.parent.mkdir(parents=True)
    part.write_bytes(b"not how it begins")
    get("good")
    assert only_file_is(path)
    assert server.requests == [("good", "bytes=17-"), ("good", None)]


def test_web_page_does_not_cost_the_part(get, path, part):
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:5000])
    with pytest.raises(FileNotFoundError, match="expected a file, found a web page"):
        get("page")
    assert only_file_is(part, CONTENT[:5000])


def test_ctrl_c_leaves_the_part_for_the_next_call(get, server, path, part, monkeypatch):
    chunks = []

    def read_three(response):
        if len(chunks) == 3:
            raise KeyboardInterrupt
        chunks.append(response.read(1000))
        return chunks[-1]

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(download, "_read", read_three)
        get("good")
    assert only_file_is(part, CONTENT[:3000])
    get("good")
    assert only_file_is(path)
    assert server.requests == [("good", None), ("good", "bytes=3000-")]


@pytest.mark.parametrize("step", ["_receive", "_check"])
def test_another_process_that_takes_the_finished_part_away(get, path, monkeypatch, step):
    take_a_step = getattr(download, step)

    def overtaken(*args):
        take_a_step(*args)
        os.replace(f"{path}.part", path)
        if step == "_receive":
            raise download._MirrorError("broken off after 0 of 20,000 bytes")

    monkeypatch.setattr(download, step, overtaken)
    assert get("good") == path
    assert only_file_is(path)


# --- the file does not come ----------------------------------------------------------------------


def test_all_mirrors_down_is_one_sentence_that_says_where_to_put_the_file(get, path, down):
    with pytest.raises(FileNotFoundError) as caught:
        get(down, "missing", hint="it is on the disk in the cupboard")
    sentence = str(caught.value)
    start = f"{NAME} is missing and no mirror gave it ({down}: "
    end = (
        "/missing/images.gz: HTTP Error 404: Not Found), so get it by other means and put it in "
        f"the folder {path.parent}; it is on the disk in the cupboard"
    )
    assert sentence.startswith(start)
    assert sentence.endswith(end)
    assert "\n" not in sentence
    assert os.listdir(path.parent) == []


def test_relative_cache_is_given_in_full(get, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=f"folder {tmp_path}/here"):
        fetch(Path("here", NAME), [])


def test_wrong_checksum_names_the_file_and_both(get, server, path):
    with pytest.raises(FileNotFoundError) as caught:
        get("corrupt", "plain_page")
    found = hashlib.sha256(CONTENT[:-1] + b"?").hexdigest()
    message = f"{server.url('corrupt', NAME)}: expected a file of SHA-256 {SHA256}, found {found};"
    assert NAME in str(caught.value)
    assert message in str(caught.value)
    assert os.listdir(path.parent) == []


def begins_right(path):
    if not path.read_bytes().startswith(CONTENT[:4]):
        raise ValueError(f"expected a file that begins with {CONTENT[:4]!r}")


def test_without_a_checksum_the_file_is_looked_at(get, path):
    options = dict(sha256=None, check=begins_right)
    with pytest.raises(FileNotFoundError, match=r"expected a file that begins with"):
        get("plain_page", **options)
    assert os.listdir(path.parent) == []
    get("plain_page", "good", **options)
    assert only_file_is(path)


def test_without_a_checksum_a_download_begins_again(get, server, path, part):
    part.parent.mkdir(parents=True)
    part.write_bytes(b"the beginning of another version")
    get("cut", "good", sha256=None)
    assert only_file_is(path)
    assert {asked for _, asked in server.requests} == {None}


def full_disk(monkeypatch, when):
    """From now on a write beyond 3000 bytes fails, or the closing of the file."""

    class File(io.FileIO):
        def write(self, chunk):
            if when == "write" and self.tell() + len(chunk) > 3000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(chunk)

        def flush(self):
            if when == "flush" and not self.closed:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download, "open", lambda path, mode: File(path, mode), raising=False)


@pytest.mark.parametrize("when", ["write", "flush"])
def test_full_disk_names_the_file_and_ends_it(get, server, path, part, monkeypatch, when):
    with monkeypatch.context() as patch:
        full_disk(patch, when)
        with pytest.raises(OSError, match=r"cannot write .*No space left.*MINIGAN_DATA") as caught:
            get("good", "good")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(part))
    assert len(server.requests) == 1
    assert os.listdir(path.parent) == [part.name]
    get("good")
    assert only_file_is(path)


def test_cache_that_is_a_file(get, server, cache):
    cache.write_bytes(b"")
    with pytest.raises(OSError, match="cannot write in this folder"):
        get("good")
    assert server.requests == []


# --- servers that are broken or hostile ----------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTHS = ["abc", "-5", "1e3", "", "20000, 20000", "9" * 17, "9" * 5000, "20000.0", "２", "5"]
REDIRECTS = [
    "http://127.0.0.1:abc/",
    "http://127.0.0.1:999999/",
    "http://[",
    "http://[::1/",
    "http://",
    "",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://" + "a" * 300 + ".example/",
    "http://\x80\xff/",
    "http://xn--a/ b",
    "//",
]
CHUNKS = [b"-5", b"-1", b"zz", b"", b"f" * 16, b"f" * 4000, b"5;" + b"x" * 70_000, b"0x10", b"1_0"]
HOSTILE = [
    *(OK + f"Content-Length: {n}\r\n\r\n".encode() + CONTENT for n in LENGTHS),
    *(f"HTTP/1.1 302 -\r\nLocation: {url}\r\n\r\n".encode("latin-1") for url in REDIRECTS),
    *(CHUNKED + size + b"\r\n" + CONTENT for size in CHUNKS),
    *(f"HTTP/1.1 {code} -\r\n\r\n".encode() + CONTENT for code in (204, 206, 304, 416, 500, 999)),
    b"",
    b"HTTP/1.1",
    b"HTTP/9.9 abc\r\n\r\n",
    b"x" * 100_000,
    OK + b"A: b\r\n" * 200 + b"\r\n",
    OK + b"A: " + b"b" * 100_000 + b"\r\n\r\n",
    OK + b"no colon\r\n\0\r\n\r\n" + CONTENT[:100],
    OK + b"Content-Type: \xff; =;\r\nContent-Length: 3\r\n\r\nabc",
]


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: repr(raw[:60]))
def test_next_mirror_is_tried_after_nonsense(get, server, path, raw):
    server.raw = raw
    get("raw", "good")
    assert only_file_is(path)


def test_next_mirror_is_tried_after_any_mutation_of_an_answer(get, server, path):
    rng = np.random.default_rng(0)
    length = b"Content-Length: 20000\r\n\r\n"
    chunks = [b"3e8\r\n" + CONTENT[i : i + 1000] + b"\r\n" for i in range(0, 20_000, 1000)]
    answers = [
        OK + b"Content-Type: application/gzip\r\n" + length + CONTENT,
        CHUNKED + b"".join(chunks) + b"0\r\n\r\n",
        b"HTTP/1.1 206 -\r\nContent-Range: bytes 0-19999/20000\r\n" + length + CONTENT,
    ]
    for i in range(200):
        raw = bytearray(answers[i % 3])
        for _ in range(rng.integers(1, 4)):
            at = rng.integers(0, 150)
            raw[at : at + rng.integers(0, 3)] = rng.bytes(rng.integers(0, 3))
        server.raw = bytes(raw)
        get("raw", "good")
        assert only_file_is(path)
        path.unlink()


@pytest.mark.parametrize(
    "range_sent", ["bytes 0-19999/20000", "bytes 4999-19999/20000", "bytes 50000-", "5000-", "?"]
)
def test_bytes_of_another_range_are_not_taken(get, server, path, part, range_sent):
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:5000])
    length = b"Content-Length: 15000\r\n\r\n"
    server.raw = f"HTTP/1.1 206 -\r\nContent-Range: {range_sent}\r\n".encode() + length
    server.raw += CONTENT[5000:]
    get("raw", "good")
    assert only_file_is(path)
    assert server.requests == [("raw", "bytes=5000-"), ("raw", None), ("good", None)]


@pytest.mark.parametrize("raw", [OK, OK + b"A: ", OK + b"\r\n", CHUNKED, CHUNKED + b"5\r\n", b""])
def test_mirror_that_drips_is_given_up(get, server, path, monkeypatch, raw):
    server.raw = raw
    with monkeypatch.context() as patch:
        patch.setattr(download, "PATIENCE", 0.3)
        patch.setattr(download, "ATTEMPTS", 1)
        with pytest.raises(
            FileNotFoundError, match=r"drips/images\.gz: sent too little within 0 s"
        ):
            get("drips")
    get("good")
    assert only_file_is(path)


@pytest.mark.parametrize(
    ("raw", "more"),
    [
        (OK + b"\r\n", bytes(1000)),
        (OK + b"Content-Length: 9999999999\r\n\r\n", bytes(1000)),
        (CHUNKED, b"3e8\r\n" + bytes(1000) + b"\r\n"),
        (CHUNKED + b"-5\r\n", bytes(1000)),
        (CHUNKED + b"0\r\n", b"trailer: 1\r\n"),
        (OK, b"header: 1\r\n"),
        (b"", b"x" * 1000),
    ],
)
def test_body_without_end_is_given_up(get, server, path, monkeypatch, raw, more):
    server.raw, server.more = raw, more
    monkeypatch.setattr(download, "MAX_BYTES", 50_000)
    with monkeypatch.context() as patch:
        patch.setattr(download, "PATIENCE", 0.5)
        with pytest.raises(FileNotFoundError, match=r"endless/images\.gz: "):
            get("endless")
        assert sum(file.stat().st_size for file in path.parent.iterdir()) < 50_000
    get("good")
    assert only_file_is(path)


# --- several at once -----------------------------------------------------------------------------


def test_several_at_once_never_mix_their_bytes(get, server, path):
    ways = ["good", "slow", "corrupt", "cut", "deaf", "plain_page", "deaf_cut", "unknown_length"]
    for round in range(5):
        mirrors = [(*ways[(i + round) % 8 :], "good") for i in range(8)]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda mirrors: get(*mirrors), mirrors))
        assert found == [path] * 8
        assert only_file_is(path)
        path.unlink()


def test_other_processes_wait_for_the_first_one(get, server, path):
    code = f"fetch(Path({str(path)!r}), [{server.url('slow', NAME)!r}], sha256={SHA256!r})"
    code = f"from pathlib import Path; from minigan.datasets.download import fetch; {code}"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert only_file_is(path)
    assert server.requests == [("slow", None)]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_killed_download_leaves_no_lock_and_is_taken_up(get, server, path, part):
    code = f"fetch(Path({str(path)!r}), [{server.url('falls_silent', NAME)!r}], sha256={SHA256!r})"
    code = f"from pathlib import Path; from minigan.datasets.download import fetch; {code}"
    process = subprocess.Popen([sys.executable, "-c", code])
    while not (part.exists() and part.stat().st_size > 0):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    size = part.stat().st_size
    get("good")
    assert only_file_is(path)
    assert server.requests[-1] == ("good", f"bytes={size}-")


# --- the progress bar ----------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bar_on_a_terminal_only(get, path, monkeypatch, capsys):
    get("good")
    assert capsys.readouterr() == ("", "")
    path.unlink()
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    get("good")
    assert f"{NAME}: 100%" in terminal.getvalue()
    assert "20.0k/20.0k" in terminal.getvalue()


def test_without_tqdm_there_is_no_bar(get, path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    get("good")
    assert only_file_is(path)
    assert sys.stderr.getvalue() == ""
