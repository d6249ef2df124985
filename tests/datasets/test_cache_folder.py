"""minigan.datasets: where downloads are kept, and what is not imported before one begins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigan.datasets import cache_folder


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


def test_import_minigan_stays_light():
    heavy = {"PIL", "tqdm", "tarfile", "urllib.request", "http.client", "matplotlib", "cupy"}
    code = f"import sys, minigan; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
