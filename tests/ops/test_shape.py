"""Tests of reshape, transpose, indexing, concatenate, stack and flatten.

`pytest tests/ops -k GetItem` runs all tests of one operation. GetItem is its class.
Other files here test these operations, too:

- test_rules_by_hand.py: a rule that is called by hand gives the gradients that grad gives.
- test_planted_mistakes.py: the checks find a mistake in a rule. mistakes.py has the mistakes.
- test_nothing_is_left_out.py: each operation has a case in tests/cases/shape.py.
- test_masks.py: an element that an index does not select gets exactly 0.
"""

import numpy as np
import pytest
from cases.shape import CASES
from hypothesis import given
from hypothesis import strategies as st
from properties import check_case

from minigan import Tensor, grad, ops
from minigan.gradcheck.strategies import shapes

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)


def test_an_element_that_getitem_names_twice_gets_both_gradients_by_scatter():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    (g,) = grad((x[[0, 0, 2]] * Tensor([1.0, 10.0, 100.0])).sum(), x)
    assert g.data.tolist() == [11.0, 0.0, 100.0]


INDICES = {
    "number": 1,
    "negative number": -1,
    "slice": np.s_[:, ::-1],
    "ellipsis": np.s_[..., 0],
    "new axis": np.s_[:, None],
    "list": [1, 0, 1],
    "two lists": ([1, 0, 1], [2, 2, 0]),
    "mask": X > 2,
    "mask of rows": np.array([True, False]),
    "empty": np.s_[:0],
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())
def test_getitem_and_scatter_take_any_index_that_numpy_takes(index):
    x = Tensor(X, requires_grad=True)
    np.testing.assert_array_equal(x[index].data, X[index])
    expected = np.zeros_like(X)
    np.add.at(expected, index, 1)
    np.testing.assert_array_equal(grad(x[index].sum(), x)[0].data, expected)


def test_getitem_lets_a_tensor_be_unpacked():
    first, second = Tensor(X)
    assert first.data.tolist() == [0, 1, 2]
    assert second.data.tolist() == [3, 4, 5]


def test_reshape_and_transpose_take_both_ways_to_write_sizes_or_axes():
    x = Tensor(X)
    assert x.reshape(3, 2).shape == x.reshape((3, 2)).shape == x.reshape(3, -1).shape == (3, 2)
    assert x.transpose(1, 0).shape == x.transpose((1, 0)).shape == x.transpose().shape == (3, 2)


ERRORS = {
    "reshape": (lambda x: x.reshape(4), ValueError, r"Reshape of shapes \(2, 3\): cannot reshape"),
    "transpose": (
        lambda x: x.transpose(0),
        ValueError,
        r"Transpose of shapes \(2, 3\): axes don't",
    ),
    "index (GetItem)": (
        lambda x: x[2],
        IndexError,
        "index 2 is out of bounds for axis 0 with size 2",
    ),
    "concatenate": (lambda x: ops.concatenate([x, x.T]), ValueError, r"\(2, 3\), \(3, 2\)"),
    "stack (Concatenate)": (lambda x: ops.stack([x, x.T]), ValueError, r"\(1, 2, 3\), \(1, 3, 2\)"),
    "broadcast (BroadcastTo)": (
        lambda x: ops.broadcast_to(x, (3, 3)),
        ValueError,
        r"BroadcastTo of shapes \(2, 3\)",
    ),
}


@pytest.mark.parametrize("apply, error, message", ERRORS.values(), ids=ERRORS.keys())
def test_what_does_not_fit_is_named(apply, error, message):
    with pytest.raises(error, match=message):
        apply(Tensor(X))


@given(shape=shapes(min_dims=1), axis=st.integers(-4, 4))
def test_stack_by_concatenate_and_flatten_by_reshape_take_the_axes_that_there_are(shape, axis):
    x, n = Tensor(np.ones(shape)), len(shape)
    if -n - 1 <= axis <= n:
        assert ops.stack([x, x], axis).shape == np.stack([x.data] * 2, axis).shape
    else:
        with pytest.raises(ValueError, match=str(axis)):
            ops.stack([x, x], axis)
    if -n <= axis < n:
        start = axis % n
        expected = (*shape[:start], int(np.prod(shape[start:], dtype=int)))
        assert x.flatten(axis).shape == expected
    else:
        with pytest.raises(ValueError, match=str(axis)):
            x.flatten(axis)


@given(shape=shapes(), sizes=st.lists(st.integers(-3, 4), max_size=3))
def test_reshape_takes_what_numpy_takes_and_no_sizes_below_minus_1(shape, sizes):
    x = np.ones(shape)
    try:
        assert all(n >= -1 for n in sizes)
        expected = x.reshape(sizes).shape
    except (ValueError, AssertionError):
        with pytest.raises(ValueError, match=r"Reshape|negative"):
            Tensor(x).reshape(sizes)
    else:
        assert Tensor(x).reshape(sizes).shape == expected
