"""Tests of sum, mean, max, min, var, norm and log_softmax.

`pytest tests/ops -k Max` runs all tests of one operation. Max is its class.
Other files here test these operations, too:

- test_rules_by_hand.py: a rule that is called by hand gives the gradients that grad gives.
- test_planted_mistakes.py: the checks find a mistake in a rule. mistakes.py has the mistakes.
- test_nothing_is_left_out.py: each operation has a case in tests/cases/reduce.py.
- test_precision.py: the mean and the variance of many float32 numbers are accurate.
- test_masks.py: an element that Max does not select gets exactly 0.
"""

import numpy as np
import pytest
from cases.reduce import CASES
from hypothesis import assume, given
from hypothesis import strategies as st
from properties import check_case

from minigan import Tensor, grad, ops
from minigan.gradcheck.strategies import shapes

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)


@pytest.mark.parametrize("method", ["max", "min"])
def test_elements_that_tie_share_the_gradient_of_max_or_min_equally(method):
    x = Tensor([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0], [0.0, 1.0, 0.0]], requires_grad=True)
    (g,) = grad(getattr(x, method)(axis=1).sum(), x)
    expected = {
        "max": [[0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3], [0, 1, 0]],
        "min": [[0, 0, 1], [1 / 3, 1 / 3, 1 / 3], [0.5, 0, 0.5]],
    }
    np.testing.assert_allclose(g.data, expected[method], rtol=1e-6)


@DTYPES
def test_the_norm_at_0_has_a_gradient_of_0_in_both_orders(dtype):
    x = Tensor(np.zeros((2, 3), dtype=dtype), requires_grad=True)
    (g,) = grad(x.norm(axis=1).sum(), x, create_graph=True)
    (second,) = grad((g * g).sum() + g.sum(), x)
    np.testing.assert_array_equal(g.data, np.zeros((2, 3)))
    np.testing.assert_array_equal(second.data, np.zeros((2, 3)))


@DTYPES
@pytest.mark.parametrize("exponent", [-300, -170, -160, -45, -30, -22, -20, -10, 0, 3, 18])
def test_the_norm_of_tiny_and_large_vectors_is_finite_in_both_orders(exponent, dtype):
    """The squares of very small numbers are 0. Then the norm is 0, and so is its gradient."""
    scale = 10.0**exponent
    x = Tensor(np.array([3 * scale, 4 * scale]).astype(dtype), requires_grad=True)
    y = x.norm()
    (g,) = grad(y, x, create_graph=True)
    (second,) = grad(g[0], x)
    if y.item() == 0:
        assert scale < np.sqrt(np.finfo(dtype).tiny)
        expected = [0, 0], [0, 0]
    else:
        expected = [0.6, 0.8], [0.128 / scale, -0.096 / scale]  # (1 - x x / y²) / y
        precise = scale > np.sqrt(np.finfo(dtype).tiny)
        assert y.item() == pytest.approx(5 * scale, rel=1e-5 if precise else 0.1)
    assert np.isfinite(g.data).all()
    assert np.isfinite(second.data).all()
    if y.item() == 0 or precise:
        np.testing.assert_allclose(g.data, expected[0], rtol=1e-5)
        np.testing.assert_allclose(second.data, expected[1], rtol=1e-4)


@DTYPES
def test_LogSoftmax_is_right_at_the_extremes(dtype):
    x = Tensor(np.array([[1000, -1000, 0], [0, 0, 0]], dtype=dtype), requires_grad=True)
    y = ops.log_softmax(x)
    third = -np.log(3)
    np.testing.assert_allclose(y.data, [[0, -2000, -1000], [third] * 3], rtol=1e-6)
    (g,) = grad(y[:, 0].sum(), x)
    np.testing.assert_allclose(g.data, [[0, 0, 0], [2 / 3, -1 / 3, -1 / 3]], rtol=1e-6)


def test_var_divides_by_n_less_the_correction_which_must_be_given():
    x = np.array([[1.0, 2.0, 4.0], [0.0, 0.0, 3.0]])
    with pytest.raises(TypeError, match=r"correction=: 1 is PyTorch's default .* 0 is NumPy's"):
        Tensor(x).var(axis=1)
    with pytest.raises(ValueError, match="correction must be less than the 3 elements, not 3"):
        Tensor(x).var(axis=1, correction=3)
    np.testing.assert_allclose(Tensor(x).var(axis=1, correction=1).data, x.var(axis=1, ddof=1))
    np.testing.assert_allclose(Tensor(x).var(axis=1, correction=0).data, x.var(axis=1))


def test_the_mean_of_no_elements_is_refused():
    with pytest.raises(ValueError, match=r"Mean of shapes \(0, 3\): the mean of no elements"):
        Tensor(np.ones((0, 3))).mean(axis=0)


@pytest.mark.parametrize("method", ["sum", "mean", "max", "norm"])
def test_an_axis_that_is_not_there_is_named_with_the_operation(method):
    with pytest.raises(ValueError, match=rf"{method.title()} of shapes \(2, 3\): axis 2 is out of"):
        getattr(Tensor(np.ones((2, 3))), method)(axis=2)


@given(
    shape=shapes(min_side=1),
    axis=st.one_of(
        st.none(), st.integers(-4, 3), st.tuples(st.integers(-3, 3), st.integers(-3, 3))
    ),
    keepdims=st.booleans(),
)
def test_a_mean_is_refused_where_numpy_refuses_it(shape, axis, keepdims):
    x = np.ones(shape)
    assume(shape != () or axis not in (0, -1))  # NumPy's mean refuses it; its sum does not
    try:
        expected = x.mean(axis=axis, keepdims=keepdims).shape
    except (ValueError, IndexError):
        for method in ("mean", "var"):
            options = {"correction": 0} if method == "var" else {}
            with pytest.raises(ValueError):
                getattr(Tensor(x), method)(axis=axis, keepdims=keepdims, **options)
    else:
        assert Tensor(x).mean(axis=axis, keepdims=keepdims).shape == expected


@pytest.mark.parametrize("shape", [(0, 3), (0, 0), (3, 0), (0,)])
@pytest.mark.parametrize("axis", [-1, 0])
def test_LogSoftmax_of_an_empty_batch_is_empty(shape, axis):
    x = Tensor(np.ones(shape, np.float32), requires_grad=True)
    y = ops.log_softmax(x, axis=axis)
    assert (y.shape, y.dtype) == (shape, np.float32)
    y.sum().backward()
    assert x.grad.shape == shape


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "norm", "var"])
def test_a_number_may_be_reduced_over_axis_0_or_minus_1(name, axis, keepdims):
    options = {"correction": 0} if name == "var" else {}
    for value in (-1.5, 0.0, 2.0):
        x = Tensor(np.array(value), requires_grad=True)
        y = getattr(x, name)(axis=axis, keepdims=keepdims, **options)
        whole = getattr(x, name)(**options)
        assert (y.shape, y.item()) == ((), whole.item())
        (g,) = grad(y, x, create_graph=True)
        assert g.item() == grad(whole, x)[0].item()
        if g.requires_grad:
            assert grad(g, x, allow_unused=True)[0].shape == ()
        for other in (1, -2):
            with pytest.raises((ValueError, IndexError)):
                getattr(x, name)(axis=other, keepdims=keepdims, **options).backward()
