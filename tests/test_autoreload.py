"""IPython's %autoreload takes over an edit of an operation, as docs/from_pytorch.md says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minigan

SCRIPT = """
import os, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell

def cell(text):
    result = shell.run_cell(text)
    result.raise_error()

def edit(name, old, new):
    path = Path("minigan") / name
    before = path.stat().st_mtime
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    os.utime(path, (before + 10, before + 10))  # autoreload compares the times

shell = InteractiveShell.instance()
cell("%load_ext autoreload")
cell("%autoreload 2")
cell("from minigan import Tensor; x = Tensor([0.0], requires_grad=True); y = x.tanh()")
edit("ops/elementwise.py", "return np.tanh(x)", "return np.tanh(x) + 100")
cell("assert x.tanh().item() == 100 and y.item() == 0")
edit("ops/elementwise.py", "return gy * (1 - y * y)", "return gy * 7")
cell("x.tanh().backward(); assert x.grad.item() == 7")
cell("y.backward(); assert x.grad.item() == 14")
"""


def test_an_edit_of_an_operation_works_in_the_next_cell(tmp_path):
    pytest.importorskip("IPython")
    package = Path(minigan.__file__).parent
    ignored = shutil.ignore_patterns("page", "__pycache__", "*.npz")
    shutil.copytree(package, tmp_path / "minigan", ignore=ignored)
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
