"""The gradient of an element that was not selected is exactly 0, also beside an infinite one."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.mask_cases import DIRECTION, cases, with_operations

from minigan import Tensor, grad, nn, ops

VALUES = json.loads(Path(__file__).with_name("mask_values.json").read_text())
CASES = {name: (f, x) for name, f, x in cases()}
MINIGAN = SimpleNamespace(
    number=lambda x: Tensor(np.array(x)),
    relu=Tensor.relu,
    maximum=ops.maximum,
    minimum=ops.minimum,
    where=ops.where,
    clip=Tensor.clip,
    leaky_relu=ops.leaky_relu,
    stack=ops.stack,
    concatenate=ops.concatenate,
)


@pytest.fixture(autouse=True)
def infinite():
    """1 / 0 is what these tests are about."""
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("name", CASES, ids=with_operations)
def test_gradients_through_a_selection_are_pytorchs_to_both_orders(name):
    f, numbers = CASES[name]
    first, second = VALUES[name]
    x = Tensor(np.array(numbers), requires_grad=True)
    y = f(MINIGAN, x).sum()
    np.testing.assert_allclose(grad(y, x)[0].data, first, rtol=1e-12)
    (g,) = grad(y, x, create_graph=True)
    np.testing.assert_allclose(g.data, first, rtol=1e-12)
    if second is not None:
        (h,) = grad((g * Tensor(np.array(DIRECTION))).sum(), x)
        np.testing.assert_allclose(h.data, second, rtol=1e-12)


def test_clip_at_its_bounds_has_the_slope_1():
    x = Tensor([-1.0, 0.0, 1.0], requires_grad=True)
    x.clip(0, 1).log().sum().backward()
    np.testing.assert_array_equal(x.grad.data, [0, np.inf, 1])


# For each: the function, and which of the elements of its input it selects.
SELECTIONS = {
    "relu": (lambda x, m: ops.where(m, x, -1.0).relu(), lambda m: m),
    "nn.ReLU": (lambda x, m: nn.ReLU()(ops.where(m, x, -1.0)), lambda m: m),
    "where, first": (lambda x, m: ops.where(m, x, 2.0), lambda m: m),
    "where, second": (lambda x, m: ops.where(m, 2.0, x), lambda m: ~m),
    "where of a row": (lambda x, m: ops.where(m, x, x[:1] * 0.0 + 1.0)[1:], lambda m: m),
    "maximum": (lambda x, m: ops.maximum(x, Tensor(np.where(m, 0.0, 9.0))), lambda m: m),
    "minimum": (lambda x, m: ops.minimum(x, Tensor(np.where(m, 9.0, 0.0))), lambda m: m),
    "clip": (lambda x, m: (x + Tensor(np.where(m, 0.0, 9.0))).clip(0.0, 5.0), lambda m: m),
    "x[mask]": (lambda x, m: x[m], lambda m: m),
    "x[rows]": (lambda x, m: x[m.any(axis=1)], lambda m: m.any(axis=1, keepdims=True)),
}


@st.composite
def masks(draw):
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    bits = draw(st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=16))
    return np.array(bits[: shape[0] * shape[1]]).reshape(shape)


@pytest.mark.parametrize("name", SELECTIONS, ids=with_operations)
@given(mask=masks(), bad=st.sampled_from([np.inf, -np.inf, np.nan]), create_graph=st.booleans())
def test_what_is_not_selected_gets_exactly_0_whatever_comes_in(name, mask, bad, create_graph):
    with np.errstate(all="ignore"):
        f, selected = SELECTIONS[name]
        x = Tensor(np.ones(mask.shape), requires_grad=True)
        y = f(x, mask)
        gy = np.full(y.shape, bad)
        (g,) = grad(y, x, gy, create_graph=create_graph)
        outside = ~np.broadcast_to(selected(mask), mask.shape)
        if name == "where of a row":
            outside[0] = False  # the row takes part in every other one
        assert (g.data[outside] == 0).all()


@pytest.mark.parametrize("name", ["max", "min"], ids=["max", "min (Max)"])
@given(
    x=st.lists(st.integers(-3, 3), min_size=1, max_size=6),
    bad=st.sampled_from([np.inf, -np.inf, np.nan]),
    create_graph=st.booleans(),
)
def test_an_axis_gives_the_gradient_to_the_extremes_alone(name, x, bad, create_graph):
    numbers = np.array([x, x[::-1]], dtype=float)
    x = Tensor(numbers, requires_grad=True)
    y = getattr(x, name)(axis=1)
    (g,) = grad(y, x, np.full(2, bad), create_graph=create_graph)
    outside = numbers != getattr(numbers, name)(axis=1, keepdims=True)
    assert (g.data[outside] == 0).all()
    assert not (np.isfinite(g.data[~outside])).any()


def test_maxout_gives_the_other_pieces_exactly_0():
    layer = nn.Maxout(1, 1, 3)
    layer.linear.weight.copy_([[1.0], [2.0], [3.0]])
    layer.linear.bias.copy_([0.0, 0.0, -3.0])
    (layer(Tensor([[1.0]])) - 2.0).sqrt().sum().backward()  # infinite at the piece with 2
    np.testing.assert_array_equal(layer.linear.weight.grad.data, [[0], [np.inf], [0]])


@given(n=st.sampled_from([0, 0.0, np.float64(0), np.int64(0)]))
def test_a_power_of_0_has_the_gradient_0(n):
    x = Tensor([0.0, 1.0, -2.0], requires_grad=True)
    with np.errstate(all="ignore"):
        (x**n - 1.0).sqrt().sum().backward()
    np.testing.assert_array_equal(x.grad.data, [0, 0, 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (1,), (0, 2), (3, 4)])
def test_relu_keeps_dtype_and_shape_in_every_layout(shape, order, dtype):
    x = Tensor(np.full(shape, -1.0, dtype, order=order), requires_grad=True)
    (g,) = grad(x.relu(), x, np.full(shape, np.inf, dtype, order=order))
    assert (g.dtype, g.shape) == (x.dtype, shape)
    assert (g.data == 0).all()
