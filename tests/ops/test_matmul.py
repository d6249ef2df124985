"""Tests of a @ b and of Linear.

`pytest tests/ops -k Linear` runs all tests of one operation. Linear is its class.
Other files here test these operations, too:

- test_rules_by_hand.py: a rule that is called by hand gives the gradients that grad gives.
- test_planted_mistakes.py: the checks find a mistake in a rule. mistakes.py has the mistakes.
- test_nothing_is_left_out.py: each operation has a case in tests/cases/matmul.py.
"""

import numpy as np
import pytest
from cases.matmul import CASES
from hypothesis import given
from properties import check_case

from minigan import Tensor
from minigan.gradcheck.strategies import shapes
from minigan.ops.matmul import Linear, row_major


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)


def test_an_array_may_stand_on_either_side():
    x, a = np.ones((2, 3)), np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal((Tensor(x) @ a).data, x @ a)
    np.testing.assert_array_equal((a @ Tensor(x)).data, a @ x)


def test_a_number_has_no_matrix_product():
    with pytest.raises(ValueError, match=r"MatMul of shapes \(2,\), \(\): a number has no matrix"):
        Tensor([1.0, 2.0]) @ Tensor(2.0)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 3), (2,))])
def test_shapes_that_do_not_match_are_named(shapes):
    a, b = (Tensor(np.ones(shape)) for shape in shapes)
    with pytest.raises(ValueError, match=r"^MatMul of shapes \(.*3\), \(2.*\): matmul: "):
        a @ b


def test_a_linear_of_another_width_is_named():
    with pytest.raises(ValueError, match=r"Linear of shapes \(2, 3\), \(5, 4\), \(5,\)"):
        Linear()(Tensor(np.ones((2, 3))), Tensor(np.ones((5, 4))), Tensor(np.ones(5)))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(1, 3, 5), (64, 5, 3), (7, 7, 7), (0, 3, 5)])
def test_the_linear_rule_is_the_textbooks(shape, order):
    rng = np.random.default_rng(0)
    n, i, o = shape
    x, W, b, gy = (
        np.asarray(rng.standard_normal(size), order=order)
        for size in ((n, i), (o, i), (o,), (n, o))
    )
    y = Linear().forward(x, W, b)
    np.testing.assert_allclose(y, x @ W.T + b, rtol=1e-12)
    expected = gy @ W, gy.T @ x, gy.sum(axis=0)
    for g, textbook in zip(Linear().backward(gy, y, x, W, b), expected, strict=True):
        np.testing.assert_allclose(g, textbook, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("orders", ["CC", "CF", "FC", "FF"])
@pytest.mark.parametrize("n", [1, 63, 64, 65])
@pytest.mark.parametrize("m", [1, 63, 64, 65, 127, 128, 129, 400])
def test_a_row_major_product_is_the_textbooks(n, m, orders):
    rng = np.random.default_rng(0)
    a, b = (
        np.asarray(rng.standard_normal(size), order=order)
        for size, order in zip([(n, 5), (5, m)], orders, strict=True)
    )
    y = row_major(a, b)
    assert y.flags.c_contiguous
    np.testing.assert_allclose(y, a @ b, rtol=1e-12, atol=1e-12)


@given(a=shapes(max_dims=3), b=shapes(max_dims=3))
def test_a_product_of_matrices_has_numpys_shape_or_is_refused(a, b):
    x, y = np.ones(a), np.ones(b)
    try:
        expected = (x @ y).shape
    except ValueError:
        with pytest.raises(ValueError, match="MatMul"):
            Tensor(x) @ Tensor(y)
    else:
        assert (Tensor(x) @ Tensor(y)).shape == (Tensor(x) @ y).shape == expected
