"""An impossible setting is refused at once, also if it is set later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import Tensor, losses, nn, ops, optim, trainers

NAN, INF = float("nan"), float("inf")


def x():
    return Tensor([[1.0, 2.0], [3.0, 5.0]])


def gan(kind=trainers.GAN, **settings):
    G, D = nn.Linear(2, 3), nn.Linear(3, 1)
    D = nn.Sequential(D, nn.Sigmoid()) if kind is trainers.GAN else D
    players = G, D, optim.SGD(G.parameters(), lr=0.1), optim.SGD(D.parameters(), lr=0.1)
    return kind(*players, **settings)


def p():
    return [nn.Parameter([1.0])]


# For each setting: a function that takes it, and values that it cannot have.
REFUSED = {
    "eps of BatchNorm1d": (lambda v: nn.BatchNorm1d(2, eps=v), [0, -1, 0.0, -1e-5, NAN, INF, "a"]),
    "eps of BatchNorm2d": (lambda v: nn.BatchNorm2d(2, eps=v), [0, -1e-5, NAN, None]),
    "eps of LayerNorm": (lambda v: nn.LayerNorm(2, eps=v), [0, -1e-5, NAN, INF, [1.0]]),
    "normalized_shape": (nn.LayerNorm, [(), [], (0,), (2, 0), -1, (2, -1)]),
    "momentum": (lambda v: nn.BatchNorm1d(2, momentum=v), [-0.1, 1.1, NAN, None, "a"]),
    "num_features": (nn.BatchNorm1d, [0, -1, 2.0, "2"]),
    "correction": (lambda v: x().var(correction=v), [4, 5, 4.0, NAN, INF, None]),
    "correction of an axis": (lambda v: x().var(axis=0, correction=v), [2, 3, np.float64(2)]),
    "clip": (lambda v: x().clip(*v), [(), (None,), (None, None), (NAN,), (0, NAN), ("a",)]),
    "p": (nn.Dropout, [-0.1, 1, 1.5, NAN, "a", None]),
    "p of Dropout2d": (nn.Dropout2d, [-0.1, 1, NAN]),
    "negative_slope": (nn.LeakyReLU, [-0.1, NAN, INF, "a", None]),
    "slope": (lambda v: ops.leaky_relu(x(), v), [-0.1, NAN, INF, "a"]),
    "in_features": (lambda v: nn.Linear(v, 2), [0, -1, 2.0, "2", None]),
    "out_features": (lambda v: nn.Linear(2, v), [0, -1, 2.0]),
    "num_pieces": (lambda v: nn.Maxout(2, 2, v), [0, 1.5]),
    "kernel_size": (lambda v: nn.Conv2d(1, 1, v), [0, -1, 1.5, (1, 2, 3), "3"]),
    "stride": (lambda v: nn.Conv2d(1, 1, 3, stride=v), [0, -1, 1.5]),
    "padding": (lambda v: nn.Conv2d(1, 1, 3, padding=v), [-1, 0.5, "valid"]),
    "output_padding": (lambda v: nn.ConvTranspose2d(1, 1, 3, output_padding=v), [1, -1]),
    "scale_factor": (lambda v: nn.Upsample(scale_factor=v), [0, -1, 1.5, None]),
    "UpsampleConv2d": (lambda v: nn.UpsampleConv2d(1, 1, v), [2, 0, 1.5]),
    "lr": (lambda v: optim.SGD(p(), lr=v), [-1, NAN, INF, "a", None, [0.1]]),
    "momentum of SGD": (lambda v: optim.SGD(p(), 0.1, momentum=v), [5, 1, -0.1, NAN]),
    "weight_decay": (lambda v: optim.SGD(p(), 0.1, weight_decay=v), [-1, NAN, INF]),
    "alpha": (lambda v: optim.RMSprop(p(), alpha=v), [1, -0.1, NAN]),
    "eps of RMSprop": (lambda v: optim.RMSprop(p(), eps=v), [-1, NAN, INF]),
    "betas": (lambda v: optim.Adam(p(), betas=v), [(1, 0.9), (0.9, 1), (-1, 0.9), 0.9, (0.9,)]),
    "eps of Adam": (lambda v: optim.Adam(p(), eps=v), [-1, NAN, INF]),
    "decay": (lambda v: optim.AveragedModel(nn.Linear(1, 1), v), [1, -0.1, NAN, "a"]),
    "k": (lambda v: gan(k=v), [0, -1, 1.5, NAN, "2", None]),
    "real_label": (lambda v: gan(real_label=v), [-0.1, 1.5, NAN, "a", None, Tensor(0.9, True)]),
    "n_critic": (lambda v: gan(trainers.WGAN, n_critic=v), [0, 1.5, NAN]),
    "n_critic of WGANGP": (lambda v: gan(trainers.WGANGP, n_critic=v), [0, 1.5, NAN]),
    "warm_up": (lambda v: gan(trainers.WGAN, warm_up=v), [-1, 0.5, NAN]),
    "clip_value": (lambda v: gan(trainers.WGAN, clip_value=v), [0, -1, NAN, "a"]),
    "penalty_weight": (lambda v: gan(trainers.WGANGP, penalty_weight=v), [-1, NAN, "a"]),
    "label": (
        lambda v: losses.binary_cross_entropy(Tensor([0.5]), v),
        [-0.1, 1.1, NAN, "1", None, 1j, [NAN], Tensor(1.0, True), Tensor([1.0], True)],
    ),
    "eps of a penalty": (
        lambda v: losses.gradient_penalty(nn.Linear(2, 1), x().data, x().data, v),
        [[0.5], [0.5, 1.5], [-0.5, 0.5], [NAN, 0.5], 0.5, None],
    ),
    "an exponent": (lambda v: x() ** v, ["2", None, [1.0], 1j]),
    "a base": (lambda v: v ** x(), [0, -2, -0.5, NAN]),
    "params": (
        lambda v: optim.SGD(v, lr=0.1),
        [[], {nn.Parameter([1.0])}, frozenset(p()), [1.0], [Tensor([1.0])], nn.Parameter([1.0])]
        + [nn.Parameter(1.0), nn.Linear(1, 1), p() * 2, {"a": p()[0]}, None],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_setting_that_cannot_be_is_refused_where_it_is_given(name):
    take, values = REFUSED[name]
    for value in values:
        with pytest.raises((ValueError, TypeError)):
            take(value)


LATER = {
    "eps of BatchNorm1d": (lambda: nn.BatchNorm1d(2), "eps", [0, -1, NAN, "a"]),
    "momentum": (lambda: nn.BatchNorm2d(2), "momentum", [-1, 2, NAN]),
    "eps of LayerNorm": (lambda: nn.LayerNorm(2), "eps", [0, -1, NAN]),
    "p": (nn.Dropout, "p", [1, -1, NAN]),
    "p of Dropout2d": (nn.Dropout2d, "p", [1, -1, NAN]),
    "negative_slope": (nn.LeakyReLU, "negative_slope", [-1, NAN]),
    "lr": (lambda: optim.SGD(p(), 0.1), "lr", [-1, NAN, "a"]),
    "momentum of SGD": (lambda: optim.SGD(p(), 0.1), "momentum", [5, -1, NAN]),
    "betas": (lambda: optim.Adam(p()), "betas", [(0.9, 1), 0.9]),
    "alpha": (lambda: optim.RMSprop(p()), "alpha", [1, NAN]),
}


@pytest.mark.parametrize("name", LATER)
def test_a_setting_that_cannot_be_is_refused_when_it_is_set_later(name):
    make, attribute, values = LATER[name]
    owner = make()
    before = getattr(owner, attribute)
    for value in values:
        with pytest.raises((ValueError, TypeError)):
            setattr(owner, attribute, value)
        assert getattr(owner, attribute) == before


@given(n=st.integers(1, 6), correction=st.one_of(st.integers(0, 8), st.floats(0, 8)))
def test_a_correction_is_less_than_the_number_of_elements(n, correction):
    numbers = np.arange(float(n))
    if correction < n:
        found = Tensor(numbers).var(correction=correction).item()
        np.testing.assert_allclose(found, numbers.var() * n / (n - correction))
    else:
        with pytest.raises(ValueError, match="correction"):
            Tensor(numbers).var(correction=correction)


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.RMSprop, optim.Adam])
def test_a_read_only_parameter_is_named_before_any_update(optimizer):
    a, b = nn.Parameter([1.0]), nn.Parameter(np.broadcast_to(np.float32(1), (2, 3)))
    for q in (a, b):
        q.grad = np.ones(q.shape, np.float32)
    o = optimizer([a, b], lr=0.1)
    with pytest.raises(ValueError, match=r"parameter 1, of shape \(2, 3\), is read-only"):
        o.step()
    assert a.item() == 1.0
    b.data = b.data.copy()  # what the error recommends
    o.step()
    assert a.item() < 1.0 and (b.data < 1.0).all()


# The second moment forgets at once where its decay is 0.

NO_MEMORY = {
    "Adam, beta2=0": lambda params: optim.Adam(params, lr=0.1, betas=(0.0, 0.0), eps=0.0),
    "RMSprop, alpha=0": lambda params: optim.RMSprop(params, lr=0.1, alpha=0.0, eps=0.0),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NO_MEMORY)
@given(
    gradients=st.lists(
        st.sampled_from([500.0, 0.2, 0.002, -3e4, 1e-6, -7.0]), min_size=2, max_size=5
    )
)
def test_without_memory_every_step_has_the_length_lr(name, dtype, gradients):
    q = nn.Parameter(np.zeros(3, dtype))
    optimizer = NO_MEMORY[name]([q])
    for g in gradients:
        q.copy_(np.zeros(3, dtype))
        q.grad = np.full(3, g, dtype)
        optimizer.step()
        np.testing.assert_allclose(q.data, -0.1 * np.sign(g), rtol=1e-5)


@pytest.mark.parametrize("second", [0.002, 0.2, 20.0])
@pytest.mark.parametrize("decay", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_the_second_moment_is_float64s_after_a_large_gradient(decay, second):
    for make in (
        lambda q: optim.Adam(q, lr=0.1, betas=(0.0, decay)),
        lambda q: optim.RMSprop(q, lr=0.1, alpha=decay),
    ):
        steps = []
        for dtype in ("float32", "float64"):
            q = nn.Parameter(np.zeros(2, dtype))
            optimizer = make([q])
            for g in (500.0, second):
                q.copy_(np.zeros(2, dtype))
                q.grad = np.full(2, g, dtype)
                optimizer.step()
            steps.append(q.data.astype(np.float64))
        np.testing.assert_allclose(steps[0], steps[1], rtol=1e-4)
