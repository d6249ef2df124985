"""Labels, conditions and indices are copied, so they may change between forward and backward."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import Tensor, grad, losses, nn, ops, optim, randn, trainers

X = np.array([[0.1, 0.7, 0.3], [0.9, 0.2, 0.5], [0.4, 0.6, 0.8]])


def fill(a):
    a[...] = 0


def set_true(a):
    a[...] = ~a


INDEX = np.array([0, 2, 2])
USES = {
    # name: (the array, as it is at first; the function that uses it; how it is overwritten)
    "labels": (X.round(), lambda x, a: losses.binary_cross_entropy(x, a), fill),
    "labels of float32": (
        X.round().astype("f4"),
        lambda x, a: losses.binary_cross_entropy(x, a),
        fill,
    ),
    "labels of integers": (
        X.round().astype(int),
        lambda x, a: losses.binary_cross_entropy(x, a),
        fill,
    ),
    "labels of booleans": (X > 0.5, lambda x, a: losses.binary_cross_entropy(x, a), set_true),
    "labels of logits": (
        X.round(),
        lambda x, a: losses.binary_cross_entropy_with_logits(x, a),
        fill,
    ),
    "real_label": (X.round(), lambda x, a: losses.discriminator_loss(x, x, a), fill),
    "classes": (np.array([0, 1, 2]), lambda x, a: losses.cross_entropy(x, a), fill),
    "classes of uint8": (
        np.array([0, 1, 2], np.uint8),
        lambda x, a: losses.cross_entropy(x, a),
        fill,
    ),
    "condition": (X > 0.5, lambda x, a: ops.where(a, x * x, x), set_true),
    "condition of a row": (X[0] > 0.5, lambda x, a: ops.where(a, x * x, x), set_true),
    "index": (INDEX, lambda x, a: x[a] ** 2, fill),
    "index of columns": (INDEX, lambda x, a: x[:, a] ** 2, fill),
    "two indices": (INDEX, lambda x, a: x[a, a] ** 2, fill),
    "index of two dimensions": (np.array([[0, 1], [2, 2]]), lambda x, a: x[a] ** 2, fill),
    "an index without axes": (np.array(2), lambda x, a: x[a] ** 2, fill),
    "mask": (X > 0.5, lambda x, a: x[a] ** 2, set_true),
    "mask of rows": (np.array([True, False, True]), lambda x, a: x[a] ** 2, set_true),
}
KINDS = {
    "an array": lambda a: a,
    "a Tensor": lambda a: Tensor(a),
    "a view": lambda a: a[...],
    "not contiguous": lambda a: np.stack([a, a], axis=-1)[..., 0],
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", USES)
def test_a_constant_that_is_overwritten_does_not_change_the_gradient(name, kind, create_graph):
    first, use, overwrite = USES[name]
    x = Tensor(X.copy(), requires_grad=True)
    (expected,) = grad(use(x, first.copy()).sum(), x)
    a = KINDS[kind](first.copy())
    y = use(x, a).sum()
    overwrite(a.data if isinstance(a, Tensor) else a)
    (g,) = grad(y, x, create_graph=create_graph)
    np.testing.assert_allclose(g.data, expected.data, rtol=1e-14)
    if create_graph and g.requires_grad:
        (again,) = grad((g * g).sum(), x)
        (fresh,) = grad(use(x, first.copy()).sum(), x, create_graph=True)
        np.testing.assert_allclose(again.data, grad((fresh * fresh).sum(), x)[0].data, rtol=1e-14)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=5))
def test_a_list_of_indices_is_copied(index):
    x = Tensor(X.copy(), requires_grad=True)
    (expected,) = grad((x[list(index)] ** 2).sum(), x)
    y = (x[index] ** 2).sum()
    for i in range(len(index)):
        index[i] = 0
    np.testing.assert_array_equal(grad(y, x)[0].data, expected.data)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8"])
@given(index=st.lists(st.integers(0, 2), min_size=1, max_size=4))
def test_an_integer_tensor_is_an_index(dtype, index):
    x = Tensor(X.copy(), requires_grad=True)
    t = Tensor(np.array(index, dtype))
    for a, b in [(x[t], X[index]), (x[0, t], X[0, index]), (x[t, t], X[index, index])]:
        np.testing.assert_array_equal(a.data, b)
    counts = np.bincount(index, minlength=3)
    (g,) = grad(x[t].sum(), x)
    np.testing.assert_array_equal(g.data, np.repeat(counts[:, None], 3, axis=1))


def test_a_tensor_of_another_kind_is_no_index():
    with pytest.raises((IndexError, TypeError)):
        Tensor(X)[Tensor([0.0, 1.0])]
    np.testing.assert_array_equal(Tensor(X)[Tensor(np.array(1))].data, X[1])
    np.testing.assert_array_equal(Tensor(X)[Tensor(X) > 0.5].data, X[X > 0.5])


def test_lists_as_settings_are_copied():
    axes, sizes, order, betas = [0], [9], [1, 0], [0.5, 0.9]
    x = Tensor(X.copy(), requires_grad=True)
    ys = [x.sum(axis=axes) ** 2, x.reshape(sizes) ** 2, x.transpose(order) ** 2]
    ys.append(ops.broadcast_to(x[:1], sizes2 := [3, 3]) ** 2)
    p = nn.Parameter([1.0])
    optimizer = optim.Adam([p], betas=betas)
    shape = [3]
    norm = nn.LayerNorm(shape)
    expected = [grad(y.sum(), x)[0].data for y in ys]
    for setting in (axes, sizes, order, betas, shape, sizes2):
        setting[0] = 1
    for y, g in zip(ys, expected, strict=True):
        np.testing.assert_array_equal(grad(y.sum(), x)[0].data, g)
    assert optimizer.betas == (0.5, 0.9) and norm.normalized_shape == (3,)


def test_eps_of_a_gradient_penalty_and_the_samples_may_be_reused():
    critic = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    arrays = [np.float32(X), np.float32(X) * 2, np.float32([0.1, 0.5, 0.9])]
    expected = grad(
        losses.gradient_penalty(critic, *arrays), critic.parameters(), allow_unused=True
    )
    penalty = losses.gradient_penalty(critic, *arrays)
    for a in arrays:
        a.fill(0)
    found = grad(penalty, critic.parameters(), allow_unused=True)
    for a, b in zip(found, expected, strict=True):
        assert (a is None) == (b is None)
        assert a is None or np.array_equal(a.data, b.data)


def test_the_gradient_given_to_backward_may_be_reused():
    x = Tensor(X.copy(), requires_grad=True)
    gy = np.ones_like(X)
    for y in (x.reshape(3, 3), x + 0.0, x.T.T, +x):
        x.grad = None
        y.backward(gy)
        gy[...] = 5
        np.testing.assert_array_equal(x.grad.data, np.ones_like(X))
        gy[...] = 1


@pytest.mark.parametrize("label", [Tensor(0.9, True), Tensor([[0.9]] * 4, requires_grad=True)])
def test_a_label_that_requires_a_gradient_is_refused(label):
    p = Tensor([[0.5]] * 4, requires_grad=True)
    for loss in (
        losses.binary_cross_entropy,
        losses.binary_cross_entropy_with_logits,
        lambda p, t: losses.discriminator_loss(p, p, t),
    ):
        with pytest.raises(ValueError, match="labels require a gradient"):
            loss(p, label)
        loss(p, label.detach() if label.ndim else label.item())
    G, D = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    players = G, D, optim.Adam(G.parameters()), optim.Adam(D.parameters())
    with pytest.raises(ValueError, match="labels require a gradient"):
        gan = trainers.GAN(*players, real_label=label)
        gan.discriminator_step(randn(4, 3), randn(4, 2))
