"""`p -= lr * p.grad` writes into a leaf under no_grad, and elsewhere makes a new tensor."""

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import Tensor, detect_anomaly, grad, nn, no_grad, optim
from minigan.op import Op

SIGNS = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
}
PLAIN = {"+=": operator.add, "-=": operator.sub, "*=": operator.mul, "/=": operator.truediv}
SHAPES = [(), (1,), (3,), (2, 3)]


def leaf(shape=(3,), dtype="float32", kind=nn.Parameter):
    return kind(np.arange(2.0, 2.0 + np.prod(shape, dtype=int)).astype(dtype).reshape(shape))


OTHERS = {
    "a number": lambda p: 2.0,
    "an integer": lambda p: 3,
    "a NumPy number": lambda p: np.float64(0.5),
    "an array": lambda p: np.full(p.shape, 4, p.dtype),
    "a tensor": lambda p: Tensor(np.full(p.shape, 4, p.dtype)),
    "itself": lambda p: p,
    "a broadcast row": lambda p: np.full(p.shape[-1:], 4, p.dtype),
}


@pytest.mark.parametrize("sign", SIGNS)
@given(
    shape=st.sampled_from(SHAPES),
    dtype=st.sampled_from(["float32", "float64"]),
    other=st.sampled_from(list(OTHERS)),
    kind=st.sampled_from([nn.Parameter, Tensor]),
)
def test_under_no_grad_a_leaf_is_written_to(sign, shape, dtype, other, kind):
    p = leaf(shape, dtype, kind)
    same, array, version = p, p.data, p._version[0]
    other = OTHERS[other](p)
    other_array = other.data.copy() if isinstance(other, Tensor) else other
    expected = PLAIN[sign](array.copy(), other_array).astype(dtype)
    with no_grad():
        p = SIGNS[sign](p, other)
    assert p is same and p.data is array and p._version[0] > version
    np.testing.assert_array_equal(array, expected)
    assert p.requires_grad == (kind is nn.Parameter)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(
    "other",
    [np.ones((2, 3), np.float32), np.ones(2, np.float32), np.ones(3), np.ones(3, np.int64), None],
    ids=["larger", "another length", "float64", "integers", "None"],
)
def test_what_does_not_fit_raises_before_anything_is_written(sign, other):
    p = leaf()
    before, version = p.data.copy(), p._version[0]
    with no_grad(), pytest.raises((TypeError, ValueError)):
        SIGNS[sign](p, other)
    np.testing.assert_array_equal(p.data, before)
    assert p._version[0] == version


@pytest.mark.parametrize("sign", SIGNS)
def test_outside_no_grad_a_leaf_with_a_gradient_is_not_changed(sign):
    p = leaf()
    before = p.data.copy()
    with pytest.raises(RuntimeError, match=r"write `with no_grad\(\): p"):
        SIGNS[sign](p, 1.0)
    np.testing.assert_array_equal(p.data, before)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("switch", [None, no_grad, detect_anomaly])
def test_a_result_is_never_changed_where_it_is_part_of_a_graph(sign, switch):
    x = leaf()
    y = first = x * 2.0
    if switch is None:
        y = SIGNS[sign](y, 3.0)
    else:
        with switch():
            y = SIGNS[sign](y, 3.0)
    assert y is not first
    np.testing.assert_array_equal(first.data, x.data * 2)
    np.testing.assert_array_equal(y.data, PLAIN[sign](x.data * 2, 3))
    if switch is not no_grad:
        (g,) = grad(y.sum(), x)
        np.testing.assert_allclose(g.data, {"*=": 6, "/=": 2 / 3}.get(sign, 2), rtol=1e-6)


def test_a_penalty_is_added_to_a_loss():
    w = leaf()
    loss = first = (w * w).sum()
    loss += 0.5 * w.sum()
    loss /= 2
    loss -= w.mean()
    assert loss is not first
    loss.backward()
    np.testing.assert_allclose(w.grad.data, w.data + 0.25 - 1 / 3, rtol=1e-6)


def test_losses_are_summed_from_the_number_0():
    w = leaf()
    total = 0
    for i in range(3):
        total += (w * float(i)).sum()
    total.backward()
    np.testing.assert_array_equal(w.grad.data, [3, 3, 3])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_update_of_pytorchs_tutorial_is_gradient_descent(shape):
    p, q = leaf(shape), leaf(shape)
    optimizer = optim.SGD([q], lr=0.1)
    for _ in range(3):
        for x in (p, q):
            x.grad = None
            (x * x).sum().backward()
        with no_grad():
            p -= 0.1 * p.grad
            p.grad = None
        optimizer.step()
    np.testing.assert_allclose(p.data, q.data, rtol=1e-6)
    assert not np.allclose(p.data, leaf(shape).data)


def test_an_update_is_noticed_by_a_graph_that_was_made_before():
    p = leaf()
    loss = (p * p).sum()
    with no_grad():
        p -= 0.1
    with pytest.raises(RuntimeError, match="was changed"):
        loss.backward()


@pytest.mark.parametrize("write", ["into the module", "into a loop variable"])
def test_a_modules_parameters_are_updated_in_place(write):
    layer = nn.Linear(2, 2)
    layer(Tensor(np.ones((1, 2), np.float32))).sum().backward()
    before = layer.bias.data.copy()
    with no_grad():
        if write == "into the module":
            layer.bias -= 0.1 * layer.bias.grad
        else:
            for p in layer.parameters():
                p -= 0.1 * p.grad
    np.testing.assert_allclose(layer.bias.data, before - 0.1, rtol=1e-6)
    assert isinstance(layer.bias, nn.Parameter)


# A rule changes what it made itself, under every switch.


class Quadratic(Op):
    def forward(self, x):
        y = x * x
        y += x
        return y

    def backward(self, gy, y, x):
        gx = x * 2.0
        gx += 1.0
        gx *= gy
        gx /= 2.0
        gx -= gx * 0.0
        gx *= 2.0
        return gx


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("switch", [None, no_grad, detect_anomaly])
def test_a_rule_may_write_into_what_it_made(switch, create_graph):
    x = leaf(dtype="float64")
    y = Quadratic()(x).sum()
    before = x.data.copy()
    if switch is None:
        (g,) = grad(y, x, create_graph=create_graph)
    else:
        with switch():
            (g,) = grad(y, x, create_graph=create_graph)
    np.testing.assert_array_equal(g.data, 2 * before + 1)
    np.testing.assert_array_equal(x.data, before)
    if create_graph and switch is not no_grad:
        np.testing.assert_array_equal(grad(g.sum(), x)[0].data, [2, 2, 2])


# The data, assigned.

REFUSED = {
    "data - lr * grad": lambda p: p.data - 0.1 * p.grad,
    "the parameter less its gradient": lambda p: p - 0.1 * p.grad,
    "the gradient": lambda p: p.grad,
    "a parameter": lambda p: nn.Parameter([1.0, 2.0, 3.0]),
    "a list of tensors": lambda p: [Tensor(1.0), Tensor(2.0), Tensor(3.0)],
    "text": lambda p: "1",
    "None": lambda p: None,
    "integers": lambda p: np.arange(3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_data_takes_an_array_of_floats_and_no_tensor(name):
    p = leaf()
    p.sum().backward()
    array, version = p.data, p._version[0]
    with pytest.raises(TypeError):
        p.data = REFUSED[name](p)
    assert p.data is array and p._version[0] == version


def test_data_minus_the_gradient_in_place_is_refused():
    p = leaf()
    p.sum().backward()
    with pytest.raises(TypeError):  # NumPy's own
        p.data -= 0.1 * p.grad
    with pytest.raises(TypeError, match=r"p.data -= lr \* p.grad.data"):
        p.data = p.data - 0.1 * p.grad
    p.data -= 0.1 * p.grad.data  # what the error recommends
    np.testing.assert_allclose(p.data, leaf().data - 0.1, rtol=1e-6)


UPDATES = {
    "p.data = p.data - 0.5": lambda p: setattr(p, "data", p.data - 0.5),
    "p.data -= 0.5": lambda p: setattr(p, "data", operator.isub(p.data, 0.5)),
    "clip": lambda p: setattr(p, "data", p.data.clip(-0.5, 0.5)),
    "a NumPy number": lambda p: setattr(p, "data", np.float32(0.5)),
    "a sum": lambda p: setattr(p, "data", p.data.sum(keepdims=True).reshape(p.shape)[...]),
}


@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize(
    "optimizer", [optim.SGD, optim.RMSprop, optim.Adam], ids=lambda o: o.__name__
)
def test_a_parameter_without_axes_learns_after_each_update(name, optimizer):
    p = leaf(())
    optimizer = optimizer([p], lr=0.001)
    for _ in range(2):
        UPDATES[name](p)
        assert type(p.data) is np.ndarray and p.dtype == np.float32
        before = p.item()
        p.grad = None
        (p * p).backward()
        optimizer.step()
        assert p.item() < before
        with no_grad():
            p -= 0.01


# The gradient, assigned.


@pytest.mark.parametrize("array", [np.float32([1, 2, 3]), [1.0, 2.0, 3.0], Tensor([1.0, 2.0, 3.0])])
def test_grad_takes_an_array(array):
    p = leaf()
    p.grad = array
    assert isinstance(p.grad, Tensor)
    optim.SGD([p], lr=1.0).step()
    np.testing.assert_allclose(p.data, leaf().data - [1, 2, 3])


@pytest.mark.parametrize("wrong", ["text", 1j, np.ma.array([1.0, 2.0, 3.0]), {1: 2}])
def test_grad_refuses_what_is_no_array_at_once(wrong):
    p = leaf()
    with pytest.raises(TypeError):
        p.grad = wrong
    assert p.grad is None


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.RMSprop, optim.Adam])
@pytest.mark.parametrize("shape, dtype", [((1,), "f4"), ((), "f4"), ((2, 3), "f4"), ((3,), "f8")])
def test_a_gradient_that_does_not_fit_is_refused_before_any_update(optimizer, shape, dtype):
    p, q = leaf(), leaf()
    p.grad, q.grad = np.ones(3, np.float32), np.ones(shape, dtype)
    with pytest.raises((ValueError, TypeError), match="parameter 1"):
        optimizer([p, q], lr=0.1).step()
    np.testing.assert_array_equal(p.data, leaf().data)
