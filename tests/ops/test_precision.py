"""The mean and the variance of many float32 numbers are accurate in every memory order."""

import itertools

import numpy as np
import pytest

from minigan import Tensor, nn


def layouts(array):
    """The array in the memory order of each permutation of its axes."""
    for axes in itertools.permutations(range(array.ndim)):
        back = np.argsort(axes)
        yield axes, np.ascontiguousarray(array.transpose(axes)).transpose(back)


def numbers(shape, mean, std, seed=0):
    return (mean + std * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def assert_close(found, expected, allowed):
    error = np.abs(np.asarray(found, np.float64) / expected - 1).max()
    assert error <= allowed, error


@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (0, 2, 3, 1), (2, 3, 0, 1), (3, 2, 1, 0)])
def test_BatchNorm_of_a_large_batch_has_the_mean_and_variance(axes):
    x = numbers((64, 3, 200, 200), 50, 0.3)
    x = np.ascontiguousarray(x.transpose(axes)).transpose(np.argsort(axes))
    layer = nn.BatchNorm2d(3, momentum=1.0)
    layer(Tensor(x))
    exact = x.astype(np.float64)
    assert_close(layer.running_mean, exact.mean(axis=(0, 2, 3)), 1e-6)
    assert_close(layer.running_var, exact.var(axis=(0, 2, 3), ddof=1), 1e-4)


@pytest.mark.parametrize("mean, std", [(0, 1), (50, 0.3), (-300, 1), (1e4, 50)])
@pytest.mark.parametrize("shape", [(50, 2, 40, 30), (3000, 5, 7, 2), (3, 2, 200, 90)])
def test_BatchNorm_in_every_memory_order(shape, mean, std):
    x = numbers(shape, mean, std)
    exact = x.astype(np.float64)
    for _, array in layouts(x):
        layer = nn.BatchNorm2d(shape[1], momentum=1.0)
        y = layer(Tensor(array)).data.astype(np.float64)
        assert_close(layer.running_var, exact.var(axis=(0, 2, 3), ddof=1), 1e-4)
        allowed = 1e-4 * std + 1e-5 * abs(mean)
        np.testing.assert_allclose(layer.running_mean, exact.mean(axis=(0, 2, 3)), atol=allowed)
        assert_close(y.var(axis=(0, 2, 3)), 1.0, 2e-4)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1), (1, 2), (0, 2), -1])
def test_Mean_and_variance_over_axes_in_every_memory_order(axis):
    x = numbers((300, 50, 40), 50, 0.3)
    exact = x.astype(np.float64)
    for _, array in layouts(x):
        t = Tensor(array)
        assert_close(t.mean(axis=axis).data, exact.mean(axis=axis), 1e-5)
        assert_close(t.var(axis=axis, correction=1).data, exact.var(axis=axis, ddof=1), 1e-4)


def test_Mean_and_variance_along_one_long_axis():
    for shape, axis in [((1_000_000, 3), 0), ((3, 1_000_000), 1), ((1_000_000,), 0)]:
        x = numbers(shape, 50, 0.3)
        for array in (x, np.asfortranarray(x), x[::-1]):
            exact = array.astype(np.float64)
            assert_close(Tensor(array).mean(axis=axis).data, exact.mean(axis=axis), 1e-5)
            var = Tensor(array).var(axis=axis, correction=0).data
            assert_close(var, exact.var(axis=axis), 1e-4)


def test_Normalize_in_a_layer_norm_of_a_large_sample():
    x = numbers((2, 3, 200, 200), 50, 0.3)
    for _, array in layouts(x):
        y = nn.LayerNorm((3, 200, 200))(Tensor(array)).data.astype(np.float64)
        assert_close(y.var(axis=(1, 2, 3)), 1.0, 2e-4)
        assert np.abs(y.mean(axis=(1, 2, 3))).max() < 1e-3
