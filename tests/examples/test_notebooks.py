"""The short notebooks run, show what is stored in them, and lead somewhere.

After a change of a notebook, this runs it and writes the new outputs into it:

    jupyter execute --inplace --NotebookClient.record_timing=False examples/NAME.ipynb
"""

import re

import numpy as np
import pages
import pytest

pytest.importorskip("nbformat")
import notebooks
from pages import ROOT

NAMES = sorted(path.stem for path in (ROOT / "examples").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("name", NAMES)


# tests/examples/test_tour.py runs the tour in a kernel of its own.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "tour"])
def test_it_prints_and_draws_what_it_shows(name):
    found, _ = notebooks.run(name)
    assert found == notebooks.shown(notebooks.read(name))
    assert sum(pictures for _, pictures in found) >= 1


@every_notebook
def test_its_links_lead_somewhere(name):
    targets = pages.links(notebooks.text(notebooks.read(name)))
    targets = [target for target in targets if "://" not in target]
    assert len(targets) >= 3
    for target in targets:
        path, _, anchor = target.partition("#")
        file = (ROOT / "examples" / path).resolve()
        assert file.exists(), target
        assert not anchor or anchor in pages.anchors(file.read_text()), target


@every_notebook
def test_it_takes_ten_minutes_at_most(name):
    notebook = notebooks.read(name)
    fenced = "".join(f"```\n{cell}\n```\n" for cell in notebooks.code(notebook))
    assert pages.minutes(notebooks.text(notebook) + "\n" + fenced) <= 10


def test_the_ring_notebook_loses_and_finds_modes_as_it_says():
    _, names = notebooks.run("ring")
    last = {name: history[-1][1] for name, (_, _, history) in names["trained"].items()}
    low, high = map(int, re.search(r"samples, (\d+) % to (\d+) %", spoken("ring")).groups())
    assert last["GAN, slow D"]["modes"] <= 2
    for name in "GAN, fast D", "WGAN-GP":
        assert last[name]["modes"] >= 7
        # Another processor rounds differently, which is like another seed.
        assert 2 * low - high <= 100 * last[name]["high_quality"] <= 2 * high - low


def test_the_critics_of_the_penalty_notebook_end_where_it_says():
    _, names = notebooks.run("penalty")
    numbers = re.search(
        r"estimate is (\d+) to (\d+) after 300 steps, that of the clipped critic (\S+) to (\S+), "
        r"and that of the critic with the penalty (\d\.\d)",
        spoken("penalty"),
    ).groups()
    free_low, free_high, low, high, penalty = map(float, numbers)
    last = {kind: np.mean(values[-20:]) for kind, values in names["estimates"].items()}
    assert 2 * free_low - free_high <= last["free"] <= 2 * free_high - free_low
    assert 2 * low - high <= last["clipped"] <= 2 * high - low
    assert abs(last["penalty"] - penalty) < 0.1
    # The answer to its question: s = 1 + W / (2 λ) is the best slope, for W = 2 and λ = 10.
    s = np.linspace(-2, 3, 50001)
    assert abs(s[(-2 * s + 10 * (s - 1) ** 2).argmin()] - 1.1) < 1e-3


@pytest.mark.parametrize(("lr", "largest"), [(0.2, 0.3), (20.0, 0.9)])
def test_the_die_learns_slowly_or_not_at_all_with_the_learning_rates_of_the_question(lr, largest):
    (game,) = (c for c in notebooks.code(notebooks.read("die")) if c.startswith("lr = 2.0"))
    _, names = notebooks.run("die")
    names = dict(names, g=names["minigan"].zeros(6).double().requires_grad_())
    names["d"] = names["minigan"].zeros(6).double().requires_grad_()
    exec(game.replace("lr = 2.0", f"lr = {lr}").split("figure,")[0], names)
    dice = np.array(names["dice"])
    if lr < 1:
        assert round(dice[-1, 0], 2) == 0.10
        assert dice.max() < largest
    else:
        assert dice.max() > largest


def spoken(name):
    """The words of a notebook, with one space between them."""
    return " ".join(notebooks.text(notebooks.read(name)).split())
