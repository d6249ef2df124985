"""A tensor that is frozen in the forward pass, or later, gets no gradient."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import Tensor, grad, nn, no_grad, ops
from minigan.nn import frozen


def networks():
    G = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    D = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2), nn.Linear(4, 1))
    return G, D


Z = np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("inside", [False, True])
def test_a_loss_under_frozen_gives_no_gradient_whenever_backward_runs(inside, create_graph):
    G, D = networks()
    with frozen(D):
        loss = D(G(Z)).mean()
        if inside:
            loss.backward(create_graph=create_graph)
    if not inside:
        loss.backward(create_graph=create_graph)
    assert all(p.grad is None for p in D.parameters())
    assert all(p.grad is not None for p in G.parameters())
    assert all(p.requires_grad for p in D.parameters())
    for p in G.parameters():
        p.grad = None  # with create_graph, the gradient and its leaf refer to each other


@given(
    then=st.lists(st.booleans(), min_size=3, max_size=3),
    later=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_a_leaf_gets_a_gradient_if_it_required_one_then_and_does_now(then, later):
    leaves = [Tensor(np.float32([i + 1.0]), requires_grad=on) for i, on in enumerate(then)]
    a, b, c = leaves
    y = a * b + b * c * a + (c * c)
    for x, on in zip(leaves, later, strict=True):
        x.requires_grad = on
    if not any(then):
        with pytest.raises(RuntimeError, match="no graph"):
            y.backward()
        return
    y.backward()
    expected = [2.0 + 6.0, 1.0 + 3.0, 2.0 + 6.0]
    for x, before, now, g in zip(leaves, then, later, expected, strict=True):
        assert (x.grad is not None) == (before and now)
        if x.grad is not None:
            assert x.grad.item() == g


def test_frozen_blocks_nest_and_end_after_an_error():
    _, D = networks()
    D[0].requires_grad_(False)
    before = [p.requires_grad for p in D.parameters()]
    with pytest.raises(KeyError), frozen(D), frozen(D[2]):
        raise KeyError
    assert [p.requires_grad for p in D.parameters()] == before


@pytest.mark.parametrize("how", ["attribute", "method"])
@pytest.mark.parametrize(
    "make",
    [
        lambda x: x * 2,
        lambda x: x.reshape(-1),
        lambda x: x[0],
        lambda x: x.sum(),
        lambda x: ops.stack([x, x]),
        lambda x: nn.Linear(2, 2)(x),
        lambda x: grad((x * x).sum(), x, create_graph=True)[0],
    ],
)
def test_requires_grad_of_a_result_stays_true(make, how):
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    y = make(x)

    def ask(requires_grad):
        if how == "method":
            y.requires_grad_(requires_grad)
        else:
            y.requires_grad = requires_grad

    ask(True)  # as in (eps * real + (1 - eps) * G(z)).requires_grad_(True)
    assert y.requires_grad and y.op is not None
    with pytest.raises(RuntimeError, match=r"made this tensor.*write x\.detach\(\)"):
        ask(False)
    assert y.requires_grad


@pytest.mark.parametrize("how", ["attribute", "method"])
@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_integers_are_refused_a_gradient(how, dtype):
    x = Tensor(np.ones(3, dtype))
    with pytest.raises(TypeError, match="only floats"):
        if how == "method":
            x.requires_grad_()
        else:
            x.requires_grad = True


def test_a_result_under_no_grad_is_a_leaf():
    x = Tensor([1.0], requires_grad=True)
    with no_grad():
        y = x * 2
    y.requires_grad = True
    (y * y).sum().backward()
    assert y.grad.item() == 4.0 and x.grad is None


def test_frozen_weights_are_not_computed_a_gradient():
    computed = []

    class Watching(ops.arithmetic.Mul):
        def backward(self, gy, y, a, b):
            computed.append(list(self.needs))
            return super().backward(gy, y, a, b)

    x, w = (Tensor(np.ones(2), requires_grad=True) for _ in range(2))
    y = Watching()(x, w)
    w.requires_grad = False
    y.sum().backward()
    w.requires_grad = True
    y.sum().backward()
    grad(y.sum(), [w])
    y.sum().backward()
    assert computed == [[True, False], [True, True], [False, True], [True, True]]


def test_grad_of_a_parameter_that_was_frozen_names_it():
    _, D = networks()
    with frozen(D):
        loss = D(Tensor(np.ones((2, 3), np.float32), requires_grad=True)).mean()
    with pytest.raises(RuntimeError, match="do not depend on input 0"):
        grad(loss, D.parameters())
