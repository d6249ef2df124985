"""If a trainer refuses a batch, no buffer changes, not by one bit."""

import numpy as np
import pytest
from same import assert_same

from minigan import Tensor, detect_anomaly, nn, optim, randn, trainers

KINDS = [trainers.GAN, trainers.WGAN, trainers.WGANGP]


class Counting(nn.Module):
    """A layer that writes into its buffers in place. One of them has no axes."""

    buffer_names = ("seen", "total", "scale")

    def __init__(self):
        self.seen, self.total = np.zeros((), np.int64), np.zeros(3, np.float32)
        self.scale = np.ones((), np.float32)

    def forward(self, x):
        self.seen += 1
        self.total += x.data.mean(axis=0).sum()
        self.scale = self.scale * np.float32(0.5)
        return x


class Poison(nn.Module):
    """A layer that makes a NaN when the test tells it to."""

    poisoned = False

    def forward(self, x):
        return x * float("nan") if self.poisoned else x


class Failing(nn.Module):
    """A layer that raises an error when the test tells it to."""

    poisoned = False

    def forward(self, x):
        if self.poisoned:
            raise KeyError("from inside")
        return x


def trainer(kind, inside=Poison):
    G = nn.Sequential(
        nn.Linear(2, 4), nn.BatchNorm1d(4), Counting(), nn.ReLU(), inside(), nn.Linear(4, 3)
    )
    norm = nn.LayerNorm if kind is trainers.WGANGP else nn.BatchNorm1d
    D = [nn.Linear(3, 4), norm(4), nn.LeakyReLU(0.2), Counting(), inside(), nn.Linear(4, 1)]
    D = nn.Sequential(*D, nn.Sigmoid()) if kind is trainers.GAN else nn.Sequential(*D)
    return kind(G, D, optim.Adam(G.parameters()), optim.Adam(D.parameters()))


def opponent(gan):
    return gan.discriminator if isinstance(gan, trainers.GAN) else gan.critic


def opponent_step(gan, real, z):
    if isinstance(gan, trainers.WGANGP):
        return gan.critic_step(real, z, np.full(len(real), 0.5, np.float32))
    return (gan.discriminator_step if isinstance(gan, trainers.GAN) else gan.critic_step)(real, z)


def state(gan):
    nets = gan.generator, opponent(gan)
    optimizers = gan.g_optimizer, getattr(gan, "d_optimizer", None) or gan.c_optimizer
    return [net.state_dict() for net in nets], [o.state_dict() for o in optimizers], gan.steps


REAL, Z = np.ones((4, 3), np.float32), np.ones((4, 2), np.float32)


def spoilt(array):
    array = array.copy()
    array[1, 1] = np.nan
    return array


def poison(gan, player):
    for module in (
        getattr(gan, player, None).modules() if player == "generator" else opponent(gan).modules()
    ):
        if isinstance(module, (Poison, Failing)):
            module.poisoned = True


SPOIL = {
    "real data": lambda gan: (spoilt(REAL), Z),
    "noise": lambda gan: (REAL, spoilt(Z)),
    "infinite data": lambda gan: (REAL * np.inf, Z),
    "inside the generator": lambda gan: (poison(gan, "generator"), (REAL, Z))[1],
    "inside the opponent": lambda gan: (poison(gan, "opponent"), (REAL, Z))[1],
}


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("name", SPOIL)
@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_step_changes_nothing(kind, name, warm):
    gan = trainer(kind)
    if warm:
        opponent_step(gan, randn(4, 3).data, randn(4, 2).data)
        gan.generator_step(randn(4, 2))
    before = state(gan)
    with np.errstate(all="ignore"):
        real, z = SPOIL[name](gan)
        with pytest.raises(FloatingPointError, match="no parameter was updated"):
            opponent_step(gan, real, z)
        assert_same(state(gan), before)
        if "data" not in name:
            with pytest.raises(FloatingPointError, match="no parameter was updated"):
                gan.generator_step(z)
            assert_same(state(gan), before)


@pytest.mark.parametrize("kind", KINDS)
def test_training_goes_on_after_a_refused_batch_as_if_it_had_not_been(kind):
    import minigan

    def run(refused):
        minigan.seed(0)
        gan = trainer(kind)
        batches = [randn(4, 3).data for _ in range(3)]
        zs = [randn(4, 2).data for _ in range(3)]
        for i, (real, z) in enumerate(zip(batches, zs, strict=True)):
            if refused and i == 1:
                with pytest.raises(FloatingPointError):
                    opponent_step(gan, spoilt(real), z)
            opponent_step(gan, real, z)
            gan.generator_step(z)
        return state(gan)

    assert_same(run(True), run(False))


@pytest.mark.parametrize("player", ["generator", "opponent"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_that_fails_with_another_error_changes_nothing(kind, player):
    gan = trainer(kind, Failing)
    before = state(gan)
    poison(gan, player)
    with pytest.raises(KeyError):
        opponent_step(gan, REAL, Z)
    with pytest.raises(KeyError):
        gan.generator_step(Z)
    assert_same(state(gan), before)


@pytest.mark.parametrize("kind", KINDS)
def test_detect_anomaly_in_a_step_changes_no_buffer(kind):
    gan = trainer(kind)
    before = state(gan)
    with detect_anomaly(), pytest.raises(FloatingPointError, match="made"):
        poison(gan, "opponent")
        opponent_step(gan, REAL, Z)
    assert_same(state(gan), before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_the_wrong_shape_changes_nothing(kind):
    gan = trainer(kind)
    before = state(gan)
    for real, z in [(REAL[:, :2], Z), (REAL, Z[:, :1]), (REAL.astype(int), Z)]:
        with pytest.raises((ValueError, TypeError)):
            opponent_step(gan, real, z)
        assert_same(state(gan), before)


def test_no_layer_searches_its_input():
    """A NaN passes through the layers. Only the loss is checked."""
    layers = [nn.Linear(3, 3), nn.BatchNorm1d(3), nn.LayerNorm(3), nn.ReLU(), nn.Dropout()]
    for layer in layers:
        assert layer(Tensor(np.full((4, 3), np.nan, np.float32))).shape == (4, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_arguments_of_a_step_may_be_named(kind):
    gan = trainer(kind)
    named = {"eps": np.full(4, 0.5, np.float32)} if kind is trainers.WGANGP else {}
    step = gan.discriminator_step if kind is trainers.GAN else gan.critic_step
    step(real=REAL, z=Z, **named)
    gan.generator_step(z=Z)
