"""Tests of a + b, a - b, a * b, a / b, -a, a ** n, and of comparisons.

`pytest tests/ops -k Mul` runs all tests of one operation. Mul is its class.
Other files here test these operations, too:

- test_rules_by_hand.py: a rule that is called by hand gives the gradients that grad gives.
- test_planted_mistakes.py: the checks find a mistake in a rule. mistakes.py has the mistakes.
- test_nothing_is_left_out.py: each operation has a case in tests/cases/arithmetic.py.
- test_masks.py: a power beside a gradient that is infinite.
"""

import operator

import numpy as np
import pytest
from cases.arithmetic import CASES
from properties import check_case

from minigan import Tensor, grad, ops

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scalar", [2, 2.0, True, np.float64(2.0), np.float32(2.0), np.int64(2)])
@pytest.mark.parametrize("apply", OPERATORS)
def test_a_scalar_takes_the_dtype_of_the_tensor(apply, scalar, dtype):
    x = Tensor(np.array([1.0, 4.0], dtype=dtype), requires_grad=True)
    for y in (apply(x, scalar), apply(scalar, x)):
        assert isinstance(y, Tensor)
        assert y.dtype == dtype
        assert grad(y.sum(), x)[0].dtype == dtype


@pytest.mark.parametrize("apply", OPERATORS)
def test_an_array_may_stand_on_either_side(apply):
    x, a = Tensor([1.0, 4.0]), np.array([2.0, 8.0], dtype=np.float32)
    np.testing.assert_array_equal(apply(x, a).data, apply(x.data, a))
    np.testing.assert_array_equal(apply(a, x).data, apply(a, x.data))


@pytest.mark.parametrize("apply", [*OPERATORS, ops.maximum])
def test_shapes_that_do_not_match_are_named_with_the_operation(apply):
    with pytest.raises(
        ValueError, match=r"^[A-Z]\w+ of shapes \(2, 3\), \(2,\): operands could not"
    ):
        apply(Tensor(np.ones((2, 3))), Tensor(np.ones(2)))


@pytest.mark.parametrize("apply", OPERATORS)
def test_two_float_types_are_refused_and_never_promoted(apply):
    with pytest.raises(TypeError, match=r"of float32, float64.*\.double\(\)"):
        apply(Tensor(np.ones(2, dtype=np.float32)), Tensor(np.ones(2)))
    with pytest.raises(TypeError, match="dtypes must agree"):
        apply(np.ones(2), Tensor(np.ones(2, dtype=np.float32)))


def test_mul_refuses_integers_with_the_remedy():
    with pytest.raises(TypeError, match="Mul of float32, uint8: floats are needed; convert"):
        Tensor([1.0]) * Tensor(np.array([255], dtype=np.uint8))


def test_a_power_takes_a_number_only():
    for exponent in (Tensor([2.0]), np.array([2.0]), "2"):
        with pytest.raises(TypeError, match="takes a number as its exponent"):
            Tensor([1.0]) ** exponent


def test_powers_0_and_1_have_a_gradient_at_0():
    x = Tensor([0.0, 2.0], requires_grad=True)
    assert grad((x**0).sum(), x)[0].data.tolist() == [0.0, 0.0]
    assert grad((x**1).sum(), x)[0].data.tolist() == [1.0, 1.0]
    assert grad((x**2).sum(), x)[0].data.tolist() == [0.0, 4.0]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_a_comparison_gives_a_boolean_array(compare):
    x, y = np.array([1.0, 2.0, 3.0], dtype=np.float32), np.array([3.0, 2.0, 1.0], dtype=np.float32)
    for other in (Tensor(y), y, 2.0):
        expected = compare(x, other.data if isinstance(other, Tensor) else other)
        result = compare(Tensor(x), other)
        assert result.dtype == bool
        np.testing.assert_array_equal(result, expected)


def test_a_tensor_is_a_key_by_identity():
    x, y = Tensor([1.0]), Tensor([1.0])
    assert {x: "x", y: "y"}[x] == "x"
