"""minigan.datasets: the folder of the downloads, and which modules only a download imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigan.datasets import cache_folder, cifar10, fashion_mnist, images, mnist, quickdraw


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (dict(MINIGAN_DATA="/a", XDG_CACHE_HOME="/b"), "/a"),
        (dict(MINIGAN_DATA="~/a", XDG_CACHE_HOME="/b"), "/home/me/a"),
        (dict(MINIGAN_DATA="", XDG_CACHE_HOME="/b"), "/b/minigan"),
        (dict(XDG_CACHE_HOME=""), "/home/me/.cache/minigan"),
        (dict(), "/home/me/.cache/minigan"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="other homes elsewhere")
def test_cache_folder(monkeypatch, variables, expected):
    for name in ("MINIGAN_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (dict(HOME="/home/me") | variables).items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)


@pytest.mark.parametrize(
    "variables", [{}, dict(MINIGAN_DATA="~/a"), dict(MINIGAN_DATA="~nobody-of-this-name/a")]
)
@pytest.mark.parametrize("read", [mnist, fashion_mnist, cifar10, lambda: quickdraw("cat")])
@pytest.mark.skipif(os.name != "posix", reason="other homes elsewhere")
def test_no_home_folder_is_one_sentence_with_the_remedy(monkeypatch, variables, read):
    def getpwuid(uid):
        raise KeyError("no such user")

    monkeypatch.setattr("pwd.getpwuid", getpwuid)
    for name in ("HOME", "MINIGAN_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(FileNotFoundError, match=r"no folder for downloads .*set .*MINIGAN_DATA"):
        read()
    monkeypatch.setenv("MINIGAN_DATA", "/a")
    assert cache_folder() == Path("/a")


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000])
def test_path_that_is_too_long_is_one_sentence(tmp_path, name):
    reads = [mnist, fashion_mnist, cifar10, images, lambda path: quickdraw("cat", path)]
    for read in [*reads, lambda path: quickdraw(name, tmp_path), lambda path: quickdraw(name)]:
        with pytest.raises(OSError, match=r"too long.*xxx|xxx.*expected"):
            read(tmp_path / name)


def test_import_minigan_stays_light():
    heavy = {"PIL", "tqdm", "tarfile", "urllib.request", "http.client", "matplotlib", "cupy"}
    code = f"import sys, minigan; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
