"""A user's failing test shows the user's line and the message, and no frame of minigan."""

import subprocess
import sys

import pytest

START = """
import importlib
import pkgutil
import numpy as np
from hypothesis import given, settings
import minigan
from minigan import Op, Tensor, datasets, gradcheck, losses, nn, ops, optim, trainers
from minigan.gradcheck.strategies import arrays
from minigan.nn import functional as F
from minigan.runs.run import Run

def ones(*shape, dtype="f4"):
    return Tensor(np.ones(shape, dtype))

class Half(Op):
    def forward(self, x):
        return x * x
    def backward(self, gy, y, x):
        return gy * x

class OutOfBounds(Half):
    def backward(self, gy, y, x):
        return gy[99]

class Layer(nn.Module):
    def __init__(self):
        self.linear = nn.Linear(2, 2)
    def forward(self, x):
        return Half()(self.linear(x))

class Property(nn.Module):
    @property
    def width(self):
        return self.nothing
"""
SUM = "Each of them is 0.5 times what it should be."
# {a user's statement that fails: a part of the message}
CASES = {
    "gradcheck(Half(), [np.ones((3, 2))])": SUM,
    "gradcheck(Half(), [np.ones(3)], mode='directional')": SUM,
    "gradcheck(Layer().double(), [np.ones((3, 2))])": "is wrong in",
    "gradcheck(Half(), [2 * np.ones(3)], reference=lambda x: x)": "fn and its reference differ",
    "gradcheck(lambda x: abs(x), [np.zeros(2)])": "has a kink",
    "gradcheck(OutOfBounds(), [np.ones(3)])": "index 99 is out of bounds",
    "gradcheck(Half(), [np.ones(3, 'f4')])": "float32",
    "ones(2).requires_grad_().exp().backward()": "must be a single number",
    "ones(2).sum().backward()": "has no graph",
    "OutOfBounds()(ones(2).requires_grad_()).sum().backward()": "index 99",
    "minigan.grad(ones(2).sum(), ones(2))": "has no graph",
    "ones(2) + ones(2, dtype='f8')": "dtypes must agree",
    "ones(2) @ ones(3)": "MatMul of shapes",
    "ones(2).reshape(5)": "Reshape of shapes",
    "ones(2).clone_of()": "no attribute 'clone_of'",
    "ops.concatenate([])": "ValueError",
    "nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1))(ones(1, 2))": "(..., 4)",
    "nn.BatchNorm1d(3)(ones(1, 3))": "one value per channel",
    "nn.Conv2d(1, 2, 3)(ones(1, 2, 5, 5))": "Conv2d",
    "nn.Conv3d": "no attribute 'Conv3d'",
    "minigan.nothing": "no attribute 'nothing'",
    "Property().width": "no attribute 'nothing'",
    "nn.Linear(2, 2).load_state_dict({})": "missing",
    "F.mse_loss(ones(1), ones(2))": "must be the same",
    "losses.binary_cross_entropy(ones(2), ones(3))": "have shape",
    "optim.SGD([3], lr=1)": "needs a list of Parameters",
    "optim.Adam([nn.Parameter([1.0])], lr=-1)": "must be 0 or more",
    "trainers.GAN(Layer(), Layer(), 1, 2)": "optimizer",
    "datasets.minibatches(np.ones(3), 5, seed=0)": "found 3",
    "minigan.load('/nothing')": "/nothing",
    "Run(out='x', batch_size=2)": "a Run needs",
}
UNDER_HYPOTHESIS = {
    "gradcheck(Half(), [x])": "is wrong in",
    "Tensor(x).nothing": "no attribute 'nothing'",
}
MARKED = '''
def test_each_module_is_marked():
    """The lab and the debugger are programs of their own."""
    for found in pkgutil.walk_packages(minigan.__path__, "minigan."):
        if found.name.split(".")[1] not in ("lab", "debug", "exercises"):
            module = importlib.import_module(found.name)
            has_code = any(hasattr(value, "__code__") for value in vars(module).values())
            assert not has_code or vars(module).get("__tracebackhide__"), found.name
'''
RUN = """
import sys
import pytest
options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", ".", "test_user.py"]
pytest.main(options)
print("=== the full trace ===")
pytest.main([*options, "--full-trace", "-k", "case_0 or case_7"])
"""


@pytest.fixture(scope="module")
def sections(tmp_path_factory):
    """What pytest shows: {number of a case: its lines}, of all, and of two with --full-trace."""
    folder = tmp_path_factory.mktemp("user")
    text = START
    for i, code in enumerate([*CASES, *UNDER_HYPOTHESIS]):
        if code in CASES:
            text += f"\n\ndef test_case_{i}():\n    {code}\n"
        else:
            text += "\n\n@settings(max_examples=5, database=None)\n@given(arrays())\n"
            text += f"def test_case_{i}(x):\n    {code}\n"
    (folder / "test_user.py").write_text(text + MARKED)
    command = [sys.executable, "-c", RUN]
    output = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    short, full = output.split("=== the full trace ===\n")
    return parts(short), parts(full), short


def parts(output):
    """{number of a case: the lines under its headline}"""
    found = {}
    for line in output.partition("short test summary")[0].splitlines():
        if line.startswith("____") and "test_case_" in line:
            lines = found[int(line.strip("_ ").removeprefix("test_case_"))] = []
        elif found:
            lines.append(line)
    return found


def test_pytest_shows_the_users_line_and_the_message(sections):
    shown, _, _ = sections
    for i, (code, message) in enumerate((CASES | UNDER_HYPOTHESIS).items()):
        assert i in shown, f"{code} raises no error"
        text = "\n".join(shown[i])
        assert f">       {code}" in text, text
        assert message in text, text
        ours = text.partition("E       Explanation:")[0]  # which Hypothesis adds
        assert ours.count("\n") < 30, text
        assert "/minigan/" not in ours, text


def test_each_module_hides_its_frames(sections):
    assert f"{len(CASES) + len(UNDER_HYPOTHESIS)} failed, 1 passed" in sections[2]


def test_the_full_trace_shows_all(sections):
    _, full, _ = sections
    assert sorted(full) == [0, 7]
    assert "gradcheck/compare.py" in "\n".join(full[0])
    assert "guards/graph.py" in "\n".join(full[7])
