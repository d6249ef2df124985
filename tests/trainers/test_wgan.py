"""The WGAN trainer agrees with Algorithm 1, computed by hand, and refuses wrong arguments."""

import numpy as np
import pytest

from minigan import nn, optim
from minigan.trainers import WGAN
from minigan.trainers.warm_up import generator_is_due

REAL = np.array([[0.5, -1.0], [2.0, 0.25], [0.0, 1.5]])
Z = np.array([[1.0], [-2.0], [0.5]])
LR = 0.1


def linear_pair(**settings):
    """G(z) = A z + a and f(x) = w·x + b, in float64, with SGD. Its gradients are simple."""
    G, f = nn.Linear(1, 2).double(), nn.Linear(2, 1).double()
    return WGAN(G, f, optim.SGD(G.parameters(), LR), optim.SGD(f.parameters(), LR), **settings)


def arrays(module):
    return [p.data.copy() for p in module.parameters()]


def test_critic_step_by_hand():
    trainer = linear_pair(clip_value=0.3)
    A, a = arrays(trainer.generator)
    w, b = arrays(trainer.critic)
    fake = Z @ A.T + a

    report = trainer.critic_step(REAL, Z)

    # The loss is mean w·G(z) - mean w·x (b cancels): its gradient is the difference of means.
    distance = (REAL @ w.T).mean() - (fake @ w.T).mean()
    assert report == pytest.approx({"c_loss": -distance, "wasserstein": distance}, rel=1e-12)
    new_w = np.clip(w - LR * (fake.mean(axis=0) - REAL.mean(axis=0)), -0.3, 0.3)
    assert abs(new_w).max() == 0.3, "the example is to show clipping"
    np.testing.assert_allclose(trainer.critic.weight.data, new_w, rtol=1e-12)
    np.testing.assert_allclose(trainer.critic.bias.data, np.clip(b, -0.3, 0.3), rtol=1e-12)
    np.testing.assert_array_equal(arrays(trainer.generator)[0], A)
    np.testing.assert_array_equal(arrays(trainer.generator)[1], a)
    assert trainer.steps == 1


def test_generator_step_by_hand():
    trainer = linear_pair()
    A, a = arrays(trainer.generator)
    w, b = arrays(trainer.critic)

    report = trainer.generator_step(Z)

    assert report == pytest.approx({"g_loss": -((Z @ A.T + a) @ w.T + b).mean()}, rel=1e-12)
    new_A, new_a = arrays(trainer.generator)
    np.testing.assert_allclose(new_A, A + LR * w.T * Z.mean(), rtol=1e-12)
    np.testing.assert_allclose(new_a, a + LR * w[0], rtol=1e-12)
    np.testing.assert_array_equal(trainer.critic.weight.data, w)  # unclipped: it is not its turn
    assert trainer.critic.weight.grad is None and trainer.critic.weight.requires_grad
    assert trainer.steps == 0


def test_the_bound_holds_after_every_critic_step():
    G, f = nn.Linear(1, 2), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    trainer = WGAN(G, f, optim.RMSprop(G.parameters(), 5e-5), optim.RMSprop(f.parameters(), 5e-5))
    for _ in range(3):
        trainer.critic_step(REAL.astype("float32"), Z.astype("float32"))
        assert max(abs(p.data).max() for p in f.parameters()) <= np.float32(0.01)


def test_train_counts_critic_steps_across_calls_and_draws_fresh_noise_for_each_step():
    trainer = linear_pair(n_critic=3)
    drawn = []

    def noise(m):
        drawn.append(np.random.default_rng(len(drawn)).standard_normal((m, 1)))
        return drawn[-1]

    batches = [REAL, REAL[:2]] * 4  # a ragged one every other time
    reports = list(trainer.train(batches[:2], noise)) + list(trainer.train(batches[2:7], noise))

    assert ["g_loss" in report for report in reports] == [
        False,
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert [len(z) for z in drawn] == [
        3,
        2,
        3,
        3,
        2,
        3,
        2,
        2,
        3,
    ]  # one more for each generator step
    assert trainer.steps == 7


def test_warm_up_gives_the_first_generator_steps_a_hundred_critic_steps_each():
    due = [n for n in range(1, 2520) if generator_is_due(n, n_critic=5, warm_up=25)]
    assert due == [*range(100, 2501, 100), 2505, 2510, 2515]


@pytest.mark.parametrize("m", [0, 1])
def test_a_batch_of_fewer_than_two_is_refused_before_any_update(m):
    trainer = linear_pair()
    before = arrays(trainer.critic)
    with pytest.raises(ValueError, match=f"a minibatch of {m}: .* use a larger batch"):
        trainer.critic_step(REAL[:m], Z[:m])
    for old, new in zip(before, arrays(trainer.critic), strict=True):
        np.testing.assert_array_equal(old, new)
    assert trainer.steps == 0
    trainer.generator_step(Z[:1])  # a generator's step measures nothing


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_critic": 0}, "n_critic.* is 0, not 1 or more"),
        ({"clip_value": -0.01}, r"clip_value.* is -0.01, not > 0"),
        ({"clip_value": 0.0}, "clip_value"),
        ({"clip_value": float("nan")}, "clip_value"),
        ({"warm_up": -1}, "warm_up.* is -1"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        linear_pair(**settings)


def test_a_critic_that_ends_in_a_sigmoid_is_refused():
    G, f = nn.Linear(1, 2), nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    with pytest.raises(ValueError, match=r"ends in a Sigmoid.*leave the Sigmoid out"):
        WGAN(G, f, optim.RMSprop(G.parameters()), optim.RMSprop(f.parameters()))


def test_a_nan_in_the_data_is_named_and_nothing_moves():
    trainer = linear_pair()
    before = arrays(trainer.critic)
    with pytest.raises(FloatingPointError, match="critic's loss is nan: 1 of the 6 numbers"):
        trainer.critic_step(np.where(REAL == 2.0, np.nan, REAL), Z)
    for old, new in zip(before, arrays(trainer.critic), strict=True):
        np.testing.assert_array_equal(old, new)
    assert trainer.steps == 0
