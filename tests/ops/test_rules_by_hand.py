"""Every rule can be called by hand, and then gives all gradients."""

import copy
import re

import numpy as np
import pytest
from cases.every import CASES
from hypothesis import given, settings
from properties import run, weights

from minigan import Op, Tensor, grad
from minigan.autograd import sum_to
from minigan.ops.arithmetic import Add, Div, Mul, Sub
from minigan.ops.elementwise import Maximum, Select, Where
from minigan.ops.matmul import Linear, MatMul
from minigan.ops.norm import BatchNorm, Normalize

BROADCAST = {Add, Sub, Mul, Div, Maximum, Where, Select, MatMul}  # the walk sums their gradients
KEEP = {Normalize, BatchNorm}  # their rules read what forward has kept


def calls_of(problem):
    """(a copy of the operation as it was before the call, its input arrays) for each operation of
    the problem, of its gradient and of the gradient's gradient.
    """
    calls, original = [], Op.__call__

    def call(op, *inputs):
        before = copy.copy(op)
        y = original(op, *inputs)
        if isinstance(y, Tensor) and y.op is op:
            calls.append((before, op.arrays))
        return y

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Op, "__call__", call)
        leaves, outputs = run(problem, np.float64)
        vs = [v.requires_grad_() for v in weights(outputs, np.float64)]
        found = grad(outputs, leaves, vs, create_graph=True, allow_unused=True)
        live = [g.sum() for g in found if g is not None and g.requires_grad]
        grad(live, leaves, create_graph=True, allow_unused=True)
    return calls


def check_rule(op, xs):
    """The rule of a new operation, called by hand, agrees with `grad`."""
    kind, fresh, called = type(op), copy.copy(op), copy.copy(op)
    leaves = [Tensor(x, requires_grad=True) for x in xs]
    output = called(*leaves)
    gy = np.random.default_rng(0).standard_normal(output.shape)
    expected = grad(output, leaves, gy)

    y = op.forward(*xs)
    np.testing.assert_array_equal(y, output.data)
    check_gradients(kind, op.backward(gy, y, *xs), xs, expected)
    if kind not in KEEP:
        check_gradients(kind, fresh.backward(gy, y, *xs), xs, expected)


def check_gradients(kind, gxs, xs, expected):
    gxs = gxs if isinstance(gxs, tuple) else (gxs,)
    for gx, x, g in zip(gxs, xs, expected, strict=True):
        assert gx is not None
        assert not isinstance(gx, Tensor)
        assert kind in BROADCAST or gx.shape == x.shape
        assert gx.dtype == x.dtype
        np.testing.assert_array_equal(sum_to(np.asarray(gx), x.shape), g.data)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_called_by_hand_gives_the_gradients_that_grad_gives(case):
    @settings(max_examples=10)
    @given(case.problems)
    def check(problem):
        for op, xs in calls_of(problem):
            check_rule(op, xs)

    check()


def test_the_rule_of_linear_at_a_prompt():
    x, W, b = np.ones((5, 3)), np.ones((2, 3)), np.ones(2)
    gx, gW, gb = Linear().backward(np.ones((5, 2)), None, x, W, b)
    assert (gx == 2).all() and (gW == 5).all() and (gb == 5).all()
    assert (gx.shape, gW.shape, gb.shape) == (x.shape, W.shape, b.shape)


@pytest.mark.parametrize("family", ["arithmetic", "elementwise", "matmul"])
def test_the_files_whose_rules_leave_broadcasting_to_the_walk_say_so(family):
    module = __import__(f"minigan.ops.{family}", fromlist=["ops"])
    assert re.search(r"the\s+walk sums", module.__doc__)
