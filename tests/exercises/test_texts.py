"""What the texts and minigan's own answers of single exercises say is true."""

import inspect
import textwrap

import numpy as np

import minigan
from minigan import metrics
from minigan.exercises import checker
from minigan.exercises.chapter2 import build, leaves_of
from minigan.exercises.node import Node
from minigan.exercises.table import find


def answer(name):
    return find(name).answer()


def tensor(number):
    return minigan.tensor(np.float64(number), requires_grad=True)


def test_the_first_exercise_about_the_walk_shows_the_whole_node():
    shown = textwrap.indent(inspect.getsource(Node), "    ")
    assert shown in find("used_twice").text
    assert len([line for line in shown.splitlines() if line.strip()]) <= 15


def test_a_walk_through_nodes_gives_the_gradients_of_tensors():
    for inputs in checker.inputs_of(find("walk")):
        nodes, tensors = build(inputs), build(inputs, tensor)
        found = answer("walk").walk(nodes["y"])
        for name in leaves_of(nodes):
            (expected,) = minigan.grad(tensors["y"], tensors[name])
            assert np.isclose(found[nodes[name]], expected.item())


def test_gradients_of_gradients_of_nodes_are_those_of_tensors():
    right = answer("second_order")
    for inputs in checker.inputs_of(find("second_order")):
        nodes = build(inputs, exp=right.exp)
        tensors = build(inputs, tensor, exp=lambda x: x.exp())
        for name in leaves_of(nodes):
            found = right.grad(nodes["y"], nodes[name])
            (expected,) = minigan.grad(tensors["y"], tensors[name], create_graph=True)
            assert np.isclose(found.value, expected.item())
            if not expected.requires_grad:  # y is linear in this leaf
                continue
            for other in leaves_of(nodes):
                (second,) = minigan.grad(expected, tensors[other], allow_unused=True)
                value = 0.0 if second is None else second.item()
                assert np.isclose(right.grad(found, nodes[other]).value, value)


def test_the_initial_weights_keep_the_signal_through_ten_layers():
    rng = np.random.default_rng(0)
    right = answer("init")
    x = a = rng.normal(size=(256, 200))
    for _ in range(10):
        x = right.weights(rng.normal(size=(256, 256))) @ x
        a = right.weights_after_relu(rng.normal(size=(256, 256))) @ np.maximum(a, 0)
    assert 0.7 < x.std() < 1.4
    assert 0.7 < a.std() < 1.4


def test_the_distance_of_two_gaussians_is_that_of_their_samples():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 3)), 1.0 + rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    moments = a.mean(axis=0), np.cov(a.T), b.mean(axis=0), np.cov(b.T)
    found = answer("frechet").frechet_distance(*moments)
    assert np.isclose(found, metrics.frechet_distance(a, b))
