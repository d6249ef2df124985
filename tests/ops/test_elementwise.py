"""exp, log, activations, clip, where, maximum: values, extreme inputs, slopes at kinks.

`pytest tests/ops -k ReLU` runs all tests of one operation. ReLU is its class.
Other files here test these operations, too:

- test_rules_by_hand.py: a rule that is called by hand gives the gradients that grad gives.
- test_planted_mistakes.py: the checks find a mistake in a rule. mistakes.py has the mistakes.
- test_nothing_is_left_out.py: each operation has a case in tests/cases/elementwise.py.
- test_masks.py: an element that ReLU, Clip, Where or Maximum does not select gets exactly 0.
"""

import numpy as np
import pytest
from cases.elementwise import CASES
from properties import check_case

from minigan import Tensor, grad, ops

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)


def value_and_slopes(fn, numbers, dtype):
    """f(x), f′(x) and f″(x), each as an array."""
    x = Tensor(np.array(numbers, dtype=dtype), requires_grad=True)
    y = fn(x)
    (first,) = grad(y.sum(), x, create_graph=True)
    second = grad(first.sum(), x)[0].data if first.requires_grad else np.zeros_like(x.data)
    for array in (y.data, first.data, second):
        assert array.dtype == dtype
    return y.data, first.data, second


TINY = {np.float32: 1e-40, np.float64: 1e-310}  # denormal numbers


@DTYPES
def test_sigmoid_is_right_at_the_extremes(dtype):
    t = TINY[dtype]
    y, first, second = value_and_slopes(Tensor.sigmoid, [-1000, -80, -t, 0, t, 80, 1000], dtype)
    low = np.exp(-80.0)
    np.testing.assert_allclose(y, [0, low, 0.5, 0.5, 0.5, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(first, [0, low, 0.25, 0.25, 0.25, 0, 0], rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(second, np.zeros(7), atol=1e-30)


@DTYPES
def test_softplus_is_right_at_the_extremes(dtype):
    t = TINY[dtype]
    y, first, second = value_and_slopes(ops.softplus, [-1000, -80, -t, 0, t, 80, 1000], dtype)
    log2 = np.log(2.0)
    np.testing.assert_allclose(y, [0, np.exp(-80.0), log2, log2, log2, 80, 1000], rtol=1e-6)
    np.testing.assert_allclose(first, [0, np.exp(-80.0), 0.5, 0.5, 0.5, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(second, [0, 0, 0.25, 0.25, 0.25, 0, 0], rtol=1e-6, atol=1e-30)


@DTYPES
def test_tanh_is_right_at_the_extremes(dtype):
    t = TINY[dtype]
    y, first, second = value_and_slopes(Tensor.tanh, [-1000, -t, 0, t, 1000], dtype)
    np.testing.assert_array_equal(y, np.array([-1, -t, 0, t, 1], dtype=dtype))
    np.testing.assert_array_equal(first, [0, 1, 1, 1, 0])
    np.testing.assert_allclose(second, np.zeros(5), atol=1e-30)


@DTYPES
def test_exp_overflows_to_infinity_and_underflows_to_0(dtype):
    with np.errstate(over="ignore"):
        y, first, _ = value_and_slopes(Tensor.exp, [-1000, TINY[dtype], 1000], dtype)
    np.testing.assert_array_equal(y, [0, 1, np.inf])
    np.testing.assert_array_equal(first, y)


@DTYPES
def test_log_is_right_from_a_denormal_to_1000(dtype):
    small = np.array(TINY[dtype], dtype=dtype)
    with np.errstate(over="ignore"):  # the second derivative is 1e76
        y, first, second = value_and_slopes(Tensor.log, [small * 100, 1, 1000], dtype)
    np.testing.assert_allclose(y, [np.log(np.float64(small * 100)), 0, np.log(1000)], rtol=1e-5)
    np.testing.assert_allclose(first, [1 / np.float64(small * 100), 1, 1e-3], rtol=1e-5)
    np.testing.assert_allclose(second[1:], [-1, -1e-6], rtol=1e-6)


@DTYPES
def test_log_of_0_is_minus_infinity_and_of_a_negative_number_nan_without_a_warning(dtype):
    y = Tensor.log(Tensor(np.array([0.0, -1.0, -1000.0], dtype=dtype))).data
    np.testing.assert_array_equal(y, [-np.inf, np.nan, np.nan])


@DTYPES
def test_sqrt_is_right_from_a_denormal_to_1000(dtype):
    t = np.array(TINY[dtype], dtype=dtype)
    with np.errstate(over="ignore"):  # the second derivative is 1e60
        y, first, _ = value_and_slopes(Tensor.sqrt, [t, 1, 1000], dtype)
    exact = np.sqrt(np.array([np.float64(t), 1, 1000]))
    np.testing.assert_allclose(y, exact, rtol=1e-6)
    np.testing.assert_allclose(first, 0.5 / exact, rtol=1e-6)


@DTYPES
def test_sqrt_of_0_is_0_and_of_a_negative_number_nan_without_a_warning(dtype):
    y = Tensor.sqrt(Tensor(np.array([0.0, -1.0], dtype=dtype))).data
    np.testing.assert_array_equal(y, [0, np.nan])


AT_THE_KINK = {
    "abs": (lambda x: x.abs(), 0.0, 0.0),
    "relu": (Tensor.relu, 0.0, 0.0),
    "leaky relu (LeakyReLU)": (lambda x: ops.leaky_relu(x, 0.2), 0.0, 0.2),
    "clip, low": (lambda x: x.clip(-1, 1), -1.0, 1.0),
    "clip, high": (lambda x: x.clip(-1, 1), 1.0, 1.0),
    "maximum": (lambda x: ops.maximum(x, 0.5), 0.5, 0.5),
    "minimum (Maximum)": (lambda x: ops.minimum(x, 0.5), 0.5, 0.5),
}


@DTYPES
@pytest.mark.parametrize("fn, at, slope", AT_THE_KINK.values(), ids=AT_THE_KINK.keys())
def test_the_slope_at_a_kink_is_the_convention(fn, at, slope, dtype):
    _, first, second = value_and_slopes(fn, [at], dtype)
    np.testing.assert_array_equal(first, np.array([slope], dtype=dtype))
    np.testing.assert_array_equal(second, [0])


@DTYPES
def test_equal_elements_of_maximum_and_minimum_share_the_gradient(dtype):
    a, b = (Tensor(np.array([1.0, 2.0, 3.0], dtype=dtype), requires_grad=True) for _ in range(2))
    for fn in (ops.maximum, ops.minimum):
        for g in grad(fn(a, b).sum(), [a, b]):
            np.testing.assert_array_equal(g.data, [0.5, 0.5, 0.5])


@pytest.mark.parametrize("condition", [True, np.True_, np.array(True), [True, True]])
def test_where_takes_any_boolean_condition(condition):
    a, b = (Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    ga, gb = grad(ops.where(condition, a, b).sum(), [a, b])
    assert ga.data.tolist() == [1.0, 1.0]
    assert gb.data.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "condition",
    [1, 0.5, [1, 0], np.array([1, 0]), np.array([0.5, 0]), Tensor([1.0, 0.0]), "x", None],
    ids=str,
)
def test_the_condition_of_where_must_be_boolean(condition):
    with pytest.raises(TypeError, match=r"where|needed"):
        ops.where(condition, Tensor([1.0, 2.0]), 0.0)


@pytest.mark.parametrize(
    "condition", [True, np.True_, [True, False], np.array([True, False]), np.array(True)]
)
def test_where_selects_as_numpys(condition):
    y = ops.where(condition, Tensor([1.0, 2.0]), 0.0)
    np.testing.assert_array_equal(y.data, np.where(condition, [1.0, 2.0], 0.0))


def test_shapes_that_do_not_match_are_named_with_maximum_also_for_minimum():
    message = r"^Maximum of shapes \(2, 3\), \(2,\): operands could not"
    with pytest.raises(ValueError, match=message):
        ops.minimum(Tensor(np.ones((2, 3))), Tensor(np.ones(2)))
