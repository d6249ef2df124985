"""Normalize, BatchNorm and the norms' layers: values, derivatives, dtypes, memory.

`pytest tests/ops -k BatchNorm` runs all tests of one operation. BatchNorm is its class.
Other files here test these operations, too:

- test_rules_by_hand.py: a rule that is called by hand gives the gradients that grad gives.
- test_planted_mistakes.py: the checks find a mistake in a rule. mistakes.py has the mistakes.
- test_nothing_is_left_out.py: each operation has a case in tests/cases/norm.py.
- test_precision.py: the mean and the variance of a large batch are accurate.

tests/nn/test_norm.py compares the layers with formulas, and tests/nn/test_against_pytorch.py with
PyTorch's.
"""

import numpy as np
import pytest
from cases.norm import CASES
from properties import check_case

from minigan import Tensor, detect_anomaly, grad, nn, no_grad
from minigan.backend import use
from minigan.ops import norm
from minigan.ops.norm import BatchNorm, Normalize

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)


@pytest.mark.parametrize("kind", [Normalize, BatchNorm])
def test_the_mean_and_the_variance_are_kept(kind):
    x = RNG.standard_normal((4, 3, 2))
    inputs = [x] if kind is Normalize else [x, np.ones(3), np.zeros(3)]
    op = kind((0, 2), 0.1)
    op(*[Tensor(a, requires_grad=True) for a in inputs])
    np.testing.assert_allclose(op.mean, x.mean(axis=(0, 2), keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(op.var, x.var(axis=(0, 2), keepdims=True), rtol=1e-12)


def test_BatchNorm_is_Normalize_times_gamma_plus_beta():
    x, gamma, beta = (RNG.standard_normal(shape) for shape in ((4, 3, 2), (3,), (3,)))
    column = (3, 1)
    expected = Normalize((0, 2), 0.1)(Tensor(x)).data * gamma.reshape(column) + beta.reshape(column)
    found = BatchNorm((0, 2), 0.1)(Tensor(x), Tensor(gamma), Tensor(beta)).data
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_kernel_of_BatchNorm_computes_the_lines_for_arrays(dtype, any_kernel):
    """For small and large numbers. On a GPU, as on the CPU, the result is in `centred`."""
    rng = np.random.default_rng(0)
    for scale in (1e-6, 1.0, 1e6):
        channels, images = (1, 3, 1, 1), (4, 3, 2, 2)
        shapes = [channels, channels, images, images, channels, channels]
        arrays = [(scale * rng.standard_normal(shape)).astype(dtype) for shape in shapes]
        on_device = [any_kernel.asarray(a) for a in arrays]
        found = norm.input_gradient(*on_device)
        with use("numpy"):
            expected = norm.input_gradient(*arrays)
        assert found is on_device[3] and expected is arrays[3]
        size = np.abs(expected).max()
        allowed = 8 * np.finfo(dtype).eps * size
        np.testing.assert_allclose(found.get(), expected, rtol=0, atol=allowed)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "kind", [nn.BatchNorm1d, nn.LayerNorm], ids=["BatchNorm1d", "LayerNorm (Normalize)"]
)
def test_the_rules_of_the_norms_do_not_write_into_others_arrays(kind, create_graph):
    layer, x = kind(3).double(), Tensor(np.random.default_rng(0).standard_normal((4, 3)), True)
    gy = np.random.default_rng(1).standard_normal((4, 3))
    y = layer(x)
    arrays = [x.data, y.data, gy, *[p.data for p in layer.parameters()]]
    before = [a.copy() for a in arrays]
    found = []
    for switch in (detect_anomaly, no_grad, detect_anomaly):
        with switch():
            inputs = [x, *layer.parameters()]
            found.append([g.data.copy() for g in grad(y, inputs, gy, create_graph=create_graph)])
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)
    for gs in found[1:]:
        for a, b in zip(gs, found[0], strict=True):
            np.testing.assert_array_equal(a, b)
