"""The WGAN-GP trainer and its penalty agree with the equation, and refuse wrong arguments."""

import numpy as np
import pytest

import minigan
from minigan import nn, optim
from minigan.losses import gradient_norms, gradient_penalty
from minigan.trainers import WGANGP

REAL = np.array([[0.5, -1.0], [2.0, 0.25], [0.0, 1.5]])
Z = np.array([[1.0], [-2.0], [0.5]])
EPS = np.array([0.25, 0.5, 1.0])
LR = 0.1


class Quadratic(nn.Module):
    """f(x) = (w·x)² / 2, whose gradient (w·x) w depends on where it is taken"""

    def __init__(self, w):
        self.w = nn.Parameter(np.array(w))

    def forward(self, x):
        return (x @ self.w) ** 2 / 2


def quadratic_pair(**settings):
    G, f = nn.Linear(1, 2).double(), Quadratic([0.6, -0.3])
    return WGANGP(G, f, optim.SGD(G.parameters(), LR), optim.SGD(f.parameters(), LR), **settings)


def test_critic_step_by_hand():
    trainer = quadratic_pair(penalty_weight=10.0)
    A, a = (p.data.copy() for p in trainer.generator.parameters())
    w = trainer.critic.w.data.copy()
    fake = Z @ A.T + a

    report = trainer.critic_step(REAL, Z, EPS)

    x_hat = EPS[:, None] * REAL + (1 - EPS[:, None]) * fake
    s, length = x_hat @ w, np.sqrt(w @ w)
    norms = abs(s) * length  # ‖∇f‖ = |w·x̂| ‖w‖
    penalty = ((norms - 1) ** 2).mean()
    distance = ((REAL @ w) ** 2 / 2).mean() - ((fake @ w) ** 2 / 2).mean()
    assert report == pytest.approx(
        {
            "c_loss": 10 * penalty - distance,
            "wasserstein": distance,
            "penalty": penalty,
            "gradient norm": norms.mean(),
        },
        rel=1e-12,
    )
    # ∂‖∇f‖/∂w = sign(w·x̂) ‖w‖ x̂ + |w·x̂| w/‖w‖
    slope = np.sign(s)[:, None] * length * x_hat + abs(s)[:, None] * w / length
    g = 10 * (2 * (norms - 1)[:, None] * slope).mean(axis=0)
    g -= ((REAL @ w)[:, None] * REAL).mean(axis=0) - ((fake @ w)[:, None] * fake).mean(axis=0)
    np.testing.assert_allclose(trainer.critic.w.data, w - LR * g, rtol=1e-12)
    np.testing.assert_array_equal(trainer.generator.weight.data, A)
    np.testing.assert_array_equal(trainer.generator.bias.data, a)
    assert all(p.grad is None for p in trainer.generator.parameters())
    assert trainer.steps == 1


def test_generator_step_by_hand():
    trainer = quadratic_pair()
    A, a = (p.data.copy() for p in trainer.generator.parameters())
    w = trainer.critic.w.data.copy()

    report = trainer.generator_step(Z)

    s = (Z @ A.T + a) @ w
    assert report == pytest.approx({"g_loss": -(s**2 / 2).mean()}, rel=1e-12)
    np.testing.assert_allclose(
        trainer.generator.weight.data, A + LR * np.outer(w, (s * Z[:, 0]).mean()), rtol=1e-12
    )
    np.testing.assert_allclose(trainer.generator.bias.data, a + LR * w * s.mean(), rtol=1e-12)
    np.testing.assert_array_equal(trainer.critic.w.data, w)
    assert trainer.critic.w.grad is None


def test_train_draws_eps_from_the_seeded_generator():
    def run():
        minigan.seed(3)
        trainer = quadratic_pair(n_critic=2)
        batches = [REAL, REAL[:2], REAL[1:]]  # ragged: each draws as many ε as it has samples
        reports = list(trainer.train(batches, lambda m: minigan.randn(m, 1, dtype=np.float64)))
        return reports, trainer.critic.w.data

    (first, w), (again, v) = run(), run()
    assert first == again and ["g_loss" in report for report in first] == [False, True, False]
    np.testing.assert_array_equal(w, v)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_constant_critic_has_penalty_1_and_finite_gradients(dtype):
    w = nn.Parameter(np.zeros(2, dtype))
    ones = np.ones((4, 2), dtype)
    penalty = gradient_penalty(lambda x: x @ w, ones, 0 * ones, np.full(4, 0.5))
    penalty.backward()
    assert penalty.item() == 1 and penalty.dtype == dtype
    np.testing.assert_array_equal(w.grad.data, [0, 0])


def test_it_leaves_no_grad_and_computes_no_weight_gradient_in_the_inner_pass(monkeypatch):
    from minigan.ops.matmul import Linear

    wanted = []
    backward = Linear.backward

    def spy(op, *args):
        wanted.append(list(op.needs))
        return backward(op, *args)

    monkeypatch.setattr(Linear, "backward", spy)
    f = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    x = minigan.Tensor(REAL, requires_grad=True)
    gradient_penalty(f, x, Z @ np.ones((1, 2)), EPS)
    assert wanted == [[True, False, False]] * 2
    assert x.grad is None and all(p.grad is None for p in f.parameters())


CRITICS = {
    "MLP": lambda: nn.Sequential(nn.Linear(6, 5), nn.LeakyReLU(0.2), nn.Linear(5, 1)),
    "tanh, no bias": lambda: nn.Sequential(nn.Linear(6, 5, bias=False), nn.Tanh(), nn.Linear(5, 1)),
    "layer norm": lambda: nn.Sequential(
        nn.Linear(6, 5), nn.LayerNorm(5), nn.Softplus(), nn.Linear(5, 1)
    ),
    "maxout": lambda: nn.Sequential(nn.Maxout(6, 4, 3), nn.Linear(4, 1)),
    "images": lambda: nn.Sequential(nn.Flatten(), nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 1)),
}


@pytest.mark.parametrize("name", CRITICS)
@pytest.mark.parametrize("n", [1, 3])
def test_the_penalty_of_any_critic_against_differences(name, n):
    """∇x f by differences of f, then ∇w of the penalty by differences of the penalty."""
    f = CRITICS[name]().double()
    rng = np.random.default_rng(5)
    shape = (n, 2, 3) if name == "images" else (n, 6)
    real, fake, eps = rng.standard_normal(shape), rng.standard_normal(shape), rng.random((n, 1))

    column = eps.reshape(-1, *[1] * (len(shape) - 1))
    x_hat = column * real + (1 - column) * fake
    g = np.empty(shape)
    h = 1e-6
    for i in np.ndindex(shape):
        step = np.zeros(shape)
        step[i] = h
        upper, lower = (f(minigan.Tensor(x_hat + s * step)).data.sum() for s in (1, -1))
        g[i] = (upper - lower) / (2 * h)
    expected = np.sqrt((g.reshape(n, -1) ** 2).sum(axis=1))
    np.testing.assert_allclose(gradient_norms(f, real, fake, eps).data, expected, rtol=1e-6)

    gradient_penalty(f, real, fake, eps).backward()
    for p in f.parameters():
        i = tuple(rng.integers(size) for size in p.shape)
        value = p.data[i]
        ends = []
        for s in (1, -1):
            p.data[i] = value + s * h
            ends.append(gradient_penalty(f, real, fake, eps).item())
        p.data[i] = value
        slope = 0.0 if p.grad is None else p.grad.data[i]  # a last bias is in no gradient of f
        assert slope == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("eps", [0.5, np.ones(2), np.ones((3, 2)), np.ones((1, 3))])
def test_eps_of_a_wrong_shape(eps):
    with pytest.raises(ValueError, match=r"eps has shape .* but one number for each of the 3"):
        quadratic_pair().critic_step(REAL, Z, np.asarray(eps))


@pytest.mark.parametrize("m", [0, 1])
def test_a_batch_of_fewer_than_two(m):
    trainer = quadratic_pair()
    with pytest.raises(ValueError, match=f"a minibatch of {m}: .* use a larger batch"):
        trainer.critic_step(REAL[:m], Z[:m], EPS[:m])
    assert trainer.steps == 0


def test_eps_out_of_range():
    with pytest.raises(ValueError, match=r"eps must be from 0 to 1"):
        quadratic_pair().critic_step(REAL, Z, EPS + 0.5)


def test_real_and_fake_of_different_shapes():
    with pytest.raises(ValueError, match=r"real has shape \(2, 2\), fake \(3, 2\)"):
        quadratic_pair().critic_step(REAL[:2], Z, EPS[:2])


def test_a_critic_that_does_not_score_each_sample():
    with pytest.raises(ValueError, match=r"the critic gave \(3, 2\) for 3 samples, not \(3, 1\)"):
        gradient_penalty(lambda x: x * x, REAL, REAL, EPS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_critic": 0}, "n_critic.* is 0, not 1 or more"),
        ({"penalty_weight": -1.0}, "penalty_weight, λ, is -1.0"),
        ({"penalty_weight": float("nan")}, "penalty_weight"),
        ({"warm_up": -1}, "warm_up"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        quadratic_pair(**settings)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((nn.Linear(2, 1), nn.Sigmoid()), "ends in a Sigmoid"),
        (
            (nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)),
            "layer '1' .*BatchNorm1d.*LayerNorm",
        ),
    ],
)
def test_critics_that_are_refused(layers, message):
    G, f = nn.Linear(1, 2), nn.Sequential(*layers)
    with pytest.raises(ValueError, match=message):
        WGANGP(G, f, optim.Adam(G.parameters()), optim.Adam(f.parameters()))


def test_layer_norm_and_a_hidden_sigmoid_are_fine():
    G = nn.Linear(1, 2)
    f = nn.Sequential(nn.Linear(2, 4), nn.LayerNorm(4), nn.Sigmoid(), nn.Linear(4, 1))
    WGANGP(G, f, optim.Adam(G.parameters()), optim.Adam(f.parameters()))
