"""BatchNorm1d, LayerNorm and Dropout agree with formulas, in training and in eval mode."""

import numpy as np
import pytest

import minigan
from minigan import Tensor, nn

RNG = np.random.default_rng(0)


def random_affine(norm):
    """Scales and shifts that are not 1 and 0."""
    for p in norm.double().parameters():
        p.data = RNG.uniform(0.5, 2, p.shape)
    return norm


def assert_equal(tensor, expected):
    np.testing.assert_allclose(tensor.data, expected, rtol=1e-10, atol=1e-12)


# --- batch norm --------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (2, 3), (1, 3, 2)])
def test_batch_norm_in_training_and_in_use(shape):
    norm = random_affine(nn.BatchNorm1d(3, eps=0.01, momentum=0.3))
    axes = (0, 2)[: len(shape) - 1]
    column = (3, 1) if len(shape) == 3 else (3,)
    n = np.prod(shape) // 3
    mean, var = np.zeros(3), np.ones(3)
    for step in range(1, 4):
        x = 3 * RNG.standard_normal(shape) + 5
        y = norm(Tensor(x))
        mu, biased = x.mean(axes), x.var(axes)
        expected = (x - mu.reshape(column)) / np.sqrt(biased.reshape(column) + 0.01)
        gamma, beta = norm.weight.data.reshape(column), norm.bias.data.reshape(column)
        assert_equal(y, gamma * expected + beta)
        mean, var = 0.7 * mean + 0.3 * mu, 0.7 * var + 0.3 * biased * n / (n - 1)
        np.testing.assert_allclose(norm.running_mean, mean)
        np.testing.assert_allclose(norm.running_var, var)
        assert norm.num_batches_tracked == step

    norm.eval()
    before = norm.state_dict()
    x = RNG.standard_normal((1, *shape[1:]))  # one sample is enough
    expected = (x - mean.reshape(column)) / np.sqrt(var.reshape(column) + 0.01)
    assert_equal(norm(Tensor(x)), gamma * expected + beta)
    assert all((norm.state_dict()[name] == before[name]).all() for name in before)


def test_batch_norm_counts_its_batches_in_int64_whatever_the_module_is_converted_to():
    norm = nn.BatchNorm1d(3).double()
    norm(Tensor(RNG.standard_normal((4, 3))))
    assert norm.num_batches_tracked.dtype == np.int64
    assert norm.running_var.dtype == np.float64


def test_batch_that_is_refused_leaves_no_trace_in_the_running_averages():
    norm = nn.BatchNorm1d(3)
    before = norm.state_dict()
    for bad in (np.ones((1, 3), np.float32), np.ones((4, 2), np.float32), np.ones((4, 3))):
        with pytest.raises((ValueError, TypeError)):
            norm(Tensor(bad))
    assert all((norm.state_dict()[name] == before[name]).all() for name in before)


def test_constant_channel_becomes_its_shift():
    norm = random_affine(nn.BatchNorm1d(2))
    x = np.full((5, 2), 7.0)
    assert_equal(norm(Tensor(x)), np.broadcast_to(norm.bias.data, (5, 2)))


# --- layer norm --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("normalized_shape", "shape"), [(4, (3, 4)), (4, (2, 3, 4)), ((3, 4), (2, 3, 4)), ((4,), (4,))]
)
def test_layer_norm(normalized_shape, shape):
    norm = random_affine(nn.LayerNorm(normalized_shape, eps=0.01))
    axes = tuple(range(-len(norm.normalized_shape), 0))
    x = 3 * RNG.standard_normal(shape) + 5
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    expected = norm.weight.data * (x - mean) / np.sqrt(var + 0.01) + norm.bias.data
    assert_equal(norm(Tensor(x)), expected)
    assert_equal(norm.eval()(Tensor(x)), expected)


def test_layer_norm_treats_samples_independently():
    norm, x = nn.LayerNorm(4).double(), RNG.standard_normal((5, 4))
    alone = [norm(Tensor(x[i : i + 1])).data for i in range(5)]
    np.testing.assert_array_equal(norm(Tensor(x)).data, np.concatenate(alone))


# --- dropout -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_a_fraction_p_and_scales_the_rest(p, dtype):
    n = 100_000
    y = nn.Dropout(p)(Tensor(np.full(n, 3.0, dtype)))
    kept = y.data != 0
    assert y.dtype == dtype
    np.testing.assert_allclose(y.data[kept], 3 / (1 - p), rtol=1e-6)
    assert abs(kept.mean() - (1 - p)) < 4 * np.sqrt(p * (1 - p) / n)


def test_dropout_draws_each_element_and_each_call_anew():
    drop, x = nn.Dropout(0.5), Tensor(np.ones((64, 64)))
    first, second = drop(x).data != 0, drop(x).data != 0
    assert 0.4 < (first == second).mean() < 0.6
    for axis in (0, 1):  # no row and no column goes as one
        assert 0.2 < first.mean(axis).min() < first.mean(axis).max() < 0.8


def test_dropout_follows_the_seed():
    def draw(seed):
        minigan.seed(seed)
        return nn.Dropout(0.5)(Tensor(np.ones(100))).data.tolist()

    assert draw(3) == draw(3) != draw(4)


def test_gradient_of_dropout_is_zero_where_it_dropped():
    x = Tensor(np.ones(100), requires_grad=True)
    y = nn.Dropout(0.25)(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, y.data)  # dropped: 0; kept: the scale


@pytest.mark.parametrize("drop", [nn.Dropout(0.5).eval(), nn.Dropout(0.0)], ids=["eval", "p=0"])
def test_dropout_that_drops_nothing_is_the_identity_and_draws_nothing(drop):
    x = Tensor(np.ones(5))
    before = minigan.backend.rng().bit_generator.state
    assert drop(x) is x
    assert minigan.backend.rng().bit_generator.state == before


def test_layer_norm_of_no_samples_is_no_samples():
    x = Tensor(np.zeros((0, 16), np.float32), requires_grad=True)
    y = nn.LayerNorm(16)(x)
    y.sum().backward()
    assert y.shape == x.grad.shape == (0, 16)
