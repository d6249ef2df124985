"""The first autograd: its notebook, its page, and its agreement with minigan."""

import re

import numpy as np
import pages
import pytest

pytest.importorskip("nbformat")
import notebooks
from pages import ROOT

from minigan import nn, optim, trainers

PAGE = (ROOT / "docs" / "first_autograd.md").read_text()
BLOCKS = [part.text for part in pages.parts(PAGE) if part.language == "python"]


def small():
    """The names that the page defines before it trains: Tensor, Linear, GAN, ..."""
    namespace = {"__name__": "page"}
    for block in BLOCKS[:5]:
        exec(compile(block, "docs/first_autograd.md", "exec"), namespace)
    return namespace


def n_lines(code):
    return sum(bool(line.strip()) for line in code.split("\n"))


def test_the_notebook_has_the_code_of_the_page():
    cells = [pages.squeezed(cell) for cell in notebooks.code(notebooks.read("first_autograd"))]
    taken = [pages.squeezed(block) for block in BLOCKS[:7]]
    assert [cell for cell in cells if cell in taken] == taken


def test_it_is_as_short_as_the_page_says():
    autograd, gan = map(int, re.search(r"(\d+) lines of autograd, and (\d+) for", PAGE).groups())
    assert autograd == sum(map(n_lines, BLOCKS[:3])) <= 60
    assert gan == sum(map(n_lines, BLOCKS[3:6]))
    readme = (ROOT / "README.md").read_text()
    assert f"an autograd of {autograd} lines" in PAGE
    assert f"an autograd of {autograd} lines" in readme


@pytest.mark.parametrize("seed", range(3))
def test_in_float64_fifty_steps_agree_with_minigan_to_1e_9(seed):
    names = small()
    mine = names["GAN"](seed)
    G = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 1)).double()
    D = nn.Sequential(nn.Linear(1, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1), nn.Sigmoid()).double()
    pairs = list(zip(mine.G + mine.D, [*G.parameters(), *D.parameters()], strict=True))
    for small_p, p in pairs:
        p.copy_(small_p.data)
    start = [p.numpy().copy() for _, p in pairs]
    gan = trainers.GAN(
        G,
        D,
        optim.Adam(G.parameters(), 1e-3, (0.5, 0.999)),
        optim.Adam(D.parameters(), 1e-3, (0.5, 0.999)),
    )
    rng = np.random.default_rng(seed)
    for _ in range(50):
        real, z_d, z_g = rng.normal(3.0, 0.5, (64, 1)), *rng.normal(size=(2, 64, 4))
        mine.discriminator_step(real, z_d)
        mine.generator_step(z_g)
        gan.discriminator_step(real, z_d)
        gan.generator_step(z_g)
        assert max(abs(small_p.data - p.numpy()).max() for small_p, p in pairs) < 1e-9
    for (_, p), before in zip(pairs, start, strict=True):
        assert abs(p.numpy() - before).max() > 1e-3  # the weights have moved


@pytest.mark.parametrize(
    ("name", "arguments", "shapes"),
    [
        ("Add", (), [(3, 2), (3, 2)]),
        ("Linear", (), [(3, 2), (4, 2), (4,)]),
        ("LeakyReLU", (0.2,), [(3, 2)]),
        ("LeakyReLU", (0.0,), [(3, 2)]),
        ("Sigmoid", (), [(3, 2)]),
        ("CrossEntropy", (1.0,), [(3, 1)]),
        ("CrossEntropy", (0.3,), [(3, 1)]),
    ],
)
def test_each_rule_is_the_derivative_of_its_operation(name, arguments, shapes):
    op = small()[name](*arguments)
    rng = np.random.default_rng(0)
    xs = [rng.uniform(0.1, 0.9, shape) * rng.choice([-1, 1], shape) for shape in shapes]
    xs = [abs(x) for x in xs] if name == "CrossEntropy" else xs
    gy = rng.normal(size=np.shape(op.forward(*xs)))
    for i, gx in enumerate(op.backward(gy, op.forward(*xs), *xs)):
        assert gx.shape == xs[i].shape
        for place in np.ndindex(xs[i].shape):
            step = np.zeros_like(xs[i])
            step[place] = 1e-6
            up, down = (op.forward(*xs[:i], xs[i] + s, *xs[i + 1 :]) for s in (step, -step))
            assert abs(gx[place] - (gy * (up - down)).sum() / 2e-6) < 1e-8


def test_the_numbers_that_the_page_prints_are_within_its_spread():
    (after,) = (
        part.text for part in pages.parts(PAGE) if re.fullmatch(r"\d\.\d+ 0\.\d+\n", part.text)
    )
    spread = re.search(
        r"mean is (\S+) to (\S+), and the standard\s+deviation is (\S+) to (\S+)\.\s", PAGE
    )
    low_mean, high_mean, low_std, high_std = map(float, spread.groups())
    mean, std = map(float, after.split())
    assert low_mean <= mean <= high_mean
    assert low_std <= std <= high_std
