"""nn.init: the weights have the right distribution, and a seed always gives the same network."""

import numpy as np
import pytest

import minigan
from minigan import nn
from minigan.nn import init

N = 40_000  # draws; a mean is then right to 4 standard errors, 4 / √N = 2 % of the deviation


def drawn(fill, dtype=np.float32):
    parameter = nn.Parameter(np.zeros((N // 100, 100), dtype))
    assert fill(parameter) is parameter
    assert parameter.dtype == dtype
    assert parameter._version == [1]  # so that a graph of the old values is found out
    return parameter.data.astype(np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("a", "b"), [(0.0, 1.0), (-3.0, 5.0), (2.0, 2.5)])
def test_uniform(a, b, dtype):
    x = drawn(lambda p: init.uniform_(p, a, b), dtype)
    width = b - a
    assert a <= x.min() < a + 0.001 * width
    assert b - 0.001 * width < x.max() <= b
    deciles = np.histogram(x, bins=10, range=(a, b))[0]
    assert abs(deciles - N / 10).max() < 5 * np.sqrt(N / 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.0, 0.02), (-3.0, 2.0)])
def test_normal(mean, std, dtype):
    z = (drawn(lambda p: init.normal_(p, mean, std), dtype) - mean) / std
    assert abs(z.mean()) < 4 / np.sqrt(N)
    assert abs(z.std() - 1) < 4 / np.sqrt(2 * N)
    assert abs((abs(z) < 1).mean() - 0.6827) < 4 * 0.47 / np.sqrt(N)
    assert 3.5 < abs(z).max() < 6.5


def test_constant():
    assert (drawn(lambda p: init.constant_(p, 0.25)) == 0.25).all()


@pytest.mark.parametrize(
    ("build", "fan_in"),
    [
        (lambda: nn.Linear(400, 500), 400),
        (lambda: nn.Linear(4, 10_000), 4),
        (lambda: nn.Maxout(100, 100, num_pieces=4).linear, 100),
    ],
)
def test_weights_and_biases_are_uniform_within_one_over_the_root_of_fan_in(build, fan_in):
    layer, bound = build(), 1 / np.sqrt(fan_in)
    for p in layer.parameters():
        assert abs(p.data).max() <= bound * (1 + 1e-6)
        assert abs(p.data).max() > 0.95 * bound
        assert abs(p.data.std() - bound / np.sqrt(3)) < 0.1 * bound
    assert abs(layer.weight.data.mean()) < 4 * bound / np.sqrt(3 * layer.weight.size)


@pytest.mark.parametrize("norm", [nn.BatchNorm1d(5), nn.LayerNorm(5)], ids=repr)
def test_norms_begin_as_the_identity_on_what_is_normal(norm):
    assert (norm.weight.data == 1).all()
    assert (norm.bias.data == 0).all()


def test_one_seed_one_network():
    def build(seed):
        minigan.seed(seed)
        network = nn.Sequential(nn.Linear(5, 4), nn.Maxout(4, 3, num_pieces=2))
        return [p.data.copy() for p in network.parameters()]

    first, again, other = build(7), build(7), build(8)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != c).all()


def test_no_two_layers_begin_alike():
    a, b = nn.Linear(5, 4), nn.Linear(5, 4)
    assert (a.weight.data != b.weight.data).all()
