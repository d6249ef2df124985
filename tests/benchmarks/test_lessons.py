"""The ways of a lesson give the same numbers, and where_the_time_goes.py finds all operations."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigan import Tensor, nn, optim

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def cells(line):
    return [cell.strip() for cell in line.strip("|\n").split("|")]


@pytest.mark.parametrize(
    "name",
    ["leaky_relu", "scalars", "sums_of_products", "column_sums", "products", "weight_gradients"],
)
def test_all_ways_of_a_lesson_give_the_same_numbers(benchmark, name):
    for what, _, way in getattr(benchmark("lessons"), name)():
        if what:
            expected = way()
        np.testing.assert_allclose(way(), expected, rtol=1e-4, atol=1e-4)


def test_no_way_spoils_the_numbers_of_another(benchmark, monkeypatch):
    lessons = benchmark("lessons")
    monkeypatch.setattr(lessons, "N", 1000)
    for lesson in (lessons.memory, lessons.optimizers):
        ways = [way for _, _, way in lesson()]
        with np.errstate(all="raise"):
            for way in ways + ways:
                way()


def test_the_adam_of_the_lessons_is_the_optimizers(benchmark):
    p, g, m = (np.random.default_rng(i).standard_normal(9).astype("float32") for i in range(3))
    parameter = nn.Parameter(p.copy())
    parameter.grad = Tensor(g)
    adam = optim.Adam([parameter], 2e-4, betas=(0.5, 0.999))
    adam.state[0] = {"step": 10**6, "exp_avg": m.copy(), "exp_avg_sq": m * m}
    adam.step()
    benchmark("lessons").adam(p, g, m, m * m)
    np.testing.assert_allclose(p, parameter.data, rtol=1e-6)


def test_a_lesson_tells_the_ratio_to_its_first_way(benchmark):
    ways = [("a", "fast", lambda: sum(range(10))), ("", "slow", lambda: sum(range(100_000)))]
    fast, slow = benchmark("lessons").measured(ways, rounds=5)
    assert fast[:2] == ("a", "fast")
    assert fast[3:] == ("", "")
    value = benchmark("tables").value
    assert slow[3] == f"{value(slow[2]) / value(fast[2]):.2f}"


def test_a_step_taken_apart_has_its_operations_and_ends_with_the_memory_it_began_with():
    script = BENCHMARKS / "where_the_time_goes.py"
    done = subprocess.run(
        [sys.executable, script, "--work", "wgan_gp", "--steps", "2"],
        capture_output=True,
        text=True,
        check=True,
    )
    times, moments = (part.splitlines() for part in done.stdout.split("\n\n"))
    assert times[0] == "| in a step of wgan_gp | calls | ms | share |"
    calls = {label: float(n) for label, n, *_ in map(cells, times[2:])}
    assert calls["Adam"] == 6
    assert calls["`Linear` backward, of Tensors"] == 15  # three layers, five penalties
    held = {moment: float(mib) for moment, mib, _ in map(cells, moments[2:])}
    assert held["end"] == pytest.approx(held["start"], abs=0.2)
    assert [cells(line)[0] for line in moments[2:]].count("before `step`") == 6
