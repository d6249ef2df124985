"""Type checkers report nothing in a correct user's script, and find the mistakes in another."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minigan import Tensor
from minigan.guards.accepted import ModuleNames, PlaceNames, TensorNames

SCRIPT = Path(__file__).with_name("user_script.py")
ROOT = SCRIPT.parents[2]

WRONG = """
import minigan
from minigan import Tensor, nn, tensor

def f(t: Tensor) -> int:
    return 2 * t

tensor([1.0]).nothing()
f(t=3)
tensor([1.0]).argmax(0)
minigan.einsum("i->", tensor([1.0]))
nn.Softmax(dim=1)
nn.Linear(2, 1).half()
"""


def mypy(script, folder):
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", f"--cache-dir={folder / 'cache'}", str(script)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def pyright(script):
    if shutil.which("pyright") is None:
        pytest.skip("Pyright is not installed")
    command = ["pyright", "--pythonpath", sys.executable, str(script)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_mypy_reports_nothing(tmp_path):
    run = mypy(SCRIPT, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    (tmp_path / "wrong.py").write_text(WRONG)
    run = mypy(tmp_path / "wrong.py", tmp_path)
    assert "Found 7 errors in 1 file" in run.stdout, run.stdout + run.stderr


@pytest.mark.slow
def test_pyright_reports_nothing(tmp_path):
    run = pyright(SCRIPT)
    assert run.returncode == 0, run.stdout + run.stderr
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    run = pyright(wrong)
    assert "7 errors" in run.stdout, run.stdout + run.stderr


@pytest.mark.filterwarnings("error")
def test_the_script_computes_what_it_is_said_to(capsys):
    spec = importlib.util.spec_from_file_location("__main__", SCRIPT)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert "gradient norm" in capsys.readouterr().out


def test_the_script_uses_every_method_of_a_tensor():
    used = set(re.findall(r"\.(\w+)", SCRIPT.read_text()))
    names = {*vars(Tensor), *vars(TensorNames), *vars(ModuleNames), *vars(PlaceNames)}
    assert not {name for name in names if not name.startswith("_")} - used


def test_the_package_says_that_it_is_typed():
    assert Path(sys.modules["minigan"].__file__).with_name("py.typed").exists()
