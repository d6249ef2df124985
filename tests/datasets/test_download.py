"""minigan.datasets.download: a file comes whole and unaltered, or it does not come."""

import errno
import hashlib
import io
import os
import sys
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
    """A function that fetches the file from mirrors of these ways, and asks for its checksum."""
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


def test_without_a_checksum_the_beginning_is_looked_at(get, path):
    options = dict(sha256=None, begins=CONTENT[:4])
    with pytest.raises(FileNotFoundError, match=r"begins with .*, found b'<!DO'"):
        get("plain_page", **options)
    assert os.listdir(path.parent) == []
    get("plain_page", "good", **options)
    assert only_file_is(path)


def full_disk(monkeypatch, when):
    """From now on a file has no room for more than 3000 bytes, or none when it is closed."""

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
