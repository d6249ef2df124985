"""What the texts and the answers of single exercises say is true."""

import inspect
import textwrap

import numpy as np

from minigan import metrics
from minigan.exercises.node import Node
from minigan.exercises.table import find


def test_the_first_exercise_about_the_walk_shows_the_whole_node():
    shown = textwrap.indent(inspect.getsource(Node), "    ")
    assert shown in find("used_twice").text
    assert len([line for line in shown.splitlines() if line.strip()]) <= 15


def test_the_distance_of_two_gaussians_is_that_of_their_samples():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 3)), 1.0 + rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    solution = find("frechet").from_text(find("frechet").solution)
    found = solution.frechet_distance(a.mean(axis=0), np.cov(a.T), b.mean(axis=0), np.cov(b.T))
    assert np.isclose(found, metrics.frechet_distance(a, b))
