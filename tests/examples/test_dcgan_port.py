"""The port of a DCGAN script in docs/dcgan_port.md runs, and computes what PyTorch computes.

The page has the script as a diff: "-" is PyTorch's line, "+" is minigan's, " " stays.
"""

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pages
import pytest
from PIL import Image

import minigan

PAGE = (pages.ROOT / "docs" / "dcgan_port.md").read_text()
BLOCKS = [part.text for part in pages.parts(PAGE) if part.language == "diff"]
SMALL = [  # of the settings on the page
    ("image_size, batch_size, num_epochs = 64, 128, 5", "... = 64, 4, 1"),
    ("nc, nz, ngf, ndf = 3, 100, 64, 64", "... = 3, 5, 2, 2"),
]


def side(block, sign):
    """The script of one side of a diff: "+" for minigan, "-" for PyTorch."""
    lines = [line[1:] if line else "" for line in block.split("\n") if line[:1] in (sign, " ", "")]
    code = "\n".join(lines)
    for line, values in SMALL:
        code = code.replace(line, line.split("=")[0] + values.split("...")[1].strip())
    return code


def edited_lines(block):
    """The numbers, in the ported script, of the lines that the page marks with "+"."""
    kept = [line for line in block.split("\n") if line[:1] in ("+", " ", "")]
    return {i for i, line in enumerate(kept, 1) if line[:1] == "+"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with six small pictures in data/celeba/faces."""
    monkeypatch.chdir(tmp_path)
    faces = Path("data/celeba/faces")
    faces.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(6):
        pixels = rng.integers(0, 256, (70, 66, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(faces / f"{i}.png")
    return tmp_path


def test_every_edited_line_of_the_port_runs(folder):
    namespace = {"__name__": "port"}
    executed = set()

    def trace(frame, event, _):
        if not frame.f_code.co_filename.startswith("block "):
            return None
        executed.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    old = sys.gettrace()
    for number, block in enumerate(BLOCKS):
        code = compile(side(block, "+"), f"block {number}", "exec")
        sys.settrace(trace)
        try:
            exec(code, namespace)
        finally:
            sys.settrace(old)
    for number, block in enumerate(BLOCKS):
        statements = {
            line: node
            for node in ast.walk(ast.parse(side(block, "+")))
            if isinstance(node, ast.stmt)
            for line in range(node.lineno, node.end_lineno + 1)
            if not hasattr(node, "body") or line == node.lineno
        }
        for line in edited_lines(block) & statements.keys():
            lines = range(statements[line].lineno, statements[line].end_lineno + 1)
            assert any((f"block {number}", i) in executed for i in lines), (number, line)
    assert len(namespace["losses"]) == 2  # six pictures in batches of four, the last one smaller
    assert np.isfinite(namespace["losses"]).all()
    with Image.open("fake.png") as picture:
        assert picture.size == (8 * 66 + 2, 8 * 66 + 2)
    saved = minigan.load("netG.npz")
    for name, array in namespace["netG"].state_dict().items():
        assert (saved[name] == array).all(), name


def test_the_page_has_the_eight_kinds_of_edits_and_marks_each_edit():
    kinds = {row[1] for row in re.finditer(r"^\| (\d) \| ", PAGE, re.MULTILINE)}
    assert kinds == set("12345678")
    used = set()
    for line in "\n".join(BLOCKS).split("\n"):
        if line[:1] in ("+", "-"):
            found = re.search(r"# ((?:\d ?)+)(?::.*)?$", line)
            assert found, f"{line} does not say which kind of edit it is"
            used |= set(found[1].split())
    assert used == kinds


def test_each_script_is_whole():
    for sign in "+-":
        names = set()
        for block in BLOCKS[:-1]:
            names |= {n.id for n in ast.walk(ast.parse(side(block, sign))) if type(n) is ast.Name}
        assert {"netG", "netD", "optimizerD", "optimizerG", "criterion"} <= names
        assert ("minigan" in names) == (sign == "+")
        assert ("torch" in names) == (sign == "-")


def test_with_the_same_weights_and_numbers_both_scripts_have_the_same_losses(folder, monkeypatch):
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchvision")
    pytest.importorskip("safetensors")
    from safetensors.torch import load_file, save_file

    ours, theirs = {"__name__": "port"}, {"__name__": "original"}
    for block in BLOCKS[:3]:  # up to the networks
        exec(side(block, "+"), ours)
        exec(side(block, "-"), theirs)
    assert next(iter(theirs["dataloader"]))[0].shape == next(iter(ours["dataloader"])).shape
    for name in "netG", "netD":  # from minigan to PyTorch and back
        minigan.save_safetensors(ours[name].state_dict(), "there.safetensors")
        theirs[name].load_state_dict(load_file("there.safetensors"))
        save_file(theirs[name].state_dict(), "back.safetensors")
        back = minigan.load_safetensors("back.safetensors")
        assert back.keys() == ours[name].state_dict().keys()
        for key, array in ours[name].state_dict().items():
            assert (back[key] == array).all(), key

    rng = np.random.default_rng(0)
    batches = [rng.integers(0, 256, (4, 3, 64, 64), dtype=np.uint8) for _ in range(3)]
    noise = [rng.normal(size=(4, 5, 1, 1)).astype("float32") for _ in range(3)]
    ours["dataloader"] = batches
    theirs["dataloader"] = [
        (torch.from_numpy(minigan.datasets.to_float(batch)), None) for batch in batches
    ]
    our_noise, their_noise = iter(noise), iter(noise)
    monkeypatch.setattr(minigan, "randn", lambda *shape: minigan.Tensor(next(our_noise)))
    monkeypatch.setattr(torch, "randn", lambda *shape, device: torch.from_numpy(next(their_noise)))
    exec(side(BLOCKS[3], "+"), ours)
    exec(side(BLOCKS[3], "-"), theirs)
    np.testing.assert_allclose(ours["losses"], theirs["losses"], atol=1e-4, rtol=0)
