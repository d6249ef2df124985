"""The GAN trainer follows Algorithm 1: both steps agree with formulas, in the right order."""

import numpy as np
import pytest
from same import assert_same

import minigan
from minigan import losses, nn, optim
from minigan.trainers import GAN

LR = 0.1
NON_SATURATING = losses.non_saturating_generator_loss
MINIMAX = losses.minimax_generator_loss
rng = np.random.default_rng(0)
REAL, Z, Z_AGAIN = rng.standard_normal((5, 2)), *rng.standard_normal((2, 5, 3))


def small_gan(trainer=GAN, **settings):
    """G(z) = A z + a and D(x) = sigmoid(w x + c), in float64, with SGD and the step LR."""
    G = nn.Sequential(nn.Linear(3, 2)).double()
    D = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()).double()
    optimizers = optim.SGD(G.parameters(), LR), optim.SGD(D.parameters(), LR)
    return trainer(G, D, *optimizers, **settings)


def arrays_of(gan):
    """A, a, w, c as they are now."""
    return [p.data.copy() for p in (*gan.generator.parameters(), *gan.discriminator.parameters())]


def gradients_of(network):
    return [None if p.grad is None else p.grad.data.copy() for p in network.parameters()]


def state_of(gan):
    """Everything that a step may change."""
    parts = gan.generator, gan.discriminator, gan.g_optimizer, gan.d_optimizer
    return {"steps": gan.steps, **{str(i): part.state_dict() for i, part in enumerate(parts)}}


def forward(A, a, w, c, x=None, z=None):
    """D's answer to x, or to G(z)."""
    x = z @ A.T + a if x is None else x
    return 1 / (1 + np.exp(-(x @ w.T + c)))


# --- a step of each player, by hand ------------------------------------------------------------


@pytest.mark.parametrize("real_label", [1.0, 0.9])
def test_discriminator_step_by_hand(real_label):
    """With s = sigmoid(l), d/dl of -[t log s + (1 - t) log(1 - s)] is s - t."""
    gan = small_gan(real_label=real_label)
    A, a, w, c = before = arrays_of(gan)
    report = gan.discriminator_step(REAL, Z)

    m, t = len(REAL), real_label
    fake = Z @ A.T + a
    p_real, p_fake = forward(*before, x=REAL), forward(*before, z=Z)
    g_real, g_fake = (p_real - t) / m, p_fake / m  # with respect to l, (m, 1)
    gw = g_real.T @ REAL + g_fake.T @ fake
    gc = g_real.sum(axis=0) + g_fake.sum(axis=0)
    expected = [A, a, w - LR * gw, c - LR * gc]

    for now, then in zip(arrays_of(gan), expected, strict=True):
        np.testing.assert_allclose(now, then, rtol=1e-13)
    for now, then in zip(arrays_of(gan)[:2], before[:2], strict=True):
        np.testing.assert_array_equal(now, then)  # G did not move at all
    assert all(p.grad is None for p in gan.generator.parameters())
    on_real = t * np.log(p_real) + (1 - t) * np.log(1 - p_real)
    d_loss = -on_real.mean() - np.log(1 - p_fake).mean()
    expected = {"d_loss": d_loss, "D(x)": p_real.mean(), "D(G(z))": p_fake.mean()}
    assert report == pytest.approx(expected, rel=1e-13)
    assert gan.steps == 1


@pytest.mark.parametrize("minimax", [False, True])
@pytest.mark.parametrize("after_a_discriminator_step", [False, True])
def test_generator_step_by_hand(minimax, after_a_discriminator_step):
    """d/dl of log(1 - s) is -s, and of -log s is s - 1."""
    gan = small_gan(generator_loss=MINIMAX if minimax else NON_SATURATING)
    if after_a_discriminator_step:  # which leaves its gradients behind
        gan.discriminator_step(REAL, Z_AGAIN)
    d_gradients = gradients_of(gan.discriminator)
    A, a, w, c = before = arrays_of(gan)
    d_optimizer = gan.d_optimizer.state_dict()
    report = gan.generator_step(Z)

    m, p = len(Z), forward(*before, z=Z)
    g = (-p if minimax else p - 1) / m  # with respect to l, (m, 1)
    gx = g @ w  # with respect to G(z), (m, 2)
    expected = [A - LR * gx.T @ Z, a - LR * gx.sum(axis=0), w, c]

    for now, then in zip(arrays_of(gan), expected, strict=True):
        np.testing.assert_allclose(now, then, rtol=1e-13)
    for now, then in zip(arrays_of(gan)[2:], before[2:], strict=True):
        np.testing.assert_array_equal(now, then)  # D did not move at all
    assert_same(gradients_of(gan.discriminator), d_gradients)
    assert_same(gan.d_optimizer.state_dict(), d_optimizer)
    g_loss = np.mean(np.log(1 - p)) if minimax else -np.mean(np.log(p))
    assert report == pytest.approx({"g_loss": g_loss}, rel=1e-13)
    assert all(p.requires_grad for p in gan.discriminator.parameters())


def test_gradients_of_an_earlier_step_are_not_carried_into_the_next():
    twice, once = small_gan(), small_gan()
    once.generator.load_state_dict(twice.generator.state_dict())
    once.discriminator.load_state_dict(twice.discriminator.state_dict())
    twice.discriminator_step(REAL, Z)
    twice.generator_step(Z)
    for part in ("generator", "discriminator"):
        getattr(once, part).load_state_dict(getattr(twice, part).state_dict())
    for gan in (twice, once):
        gan.discriminator_step(-REAL, Z_AGAIN)
        gan.generator_step(Z_AGAIN)
    for a, b in zip(arrays_of(twice), arrays_of(once), strict=True):
        np.testing.assert_array_equal(a, b)


def test_confident_discriminator_leaves_the_minimax_generator_where_it_is():
    """This is why section 3 has another loss: at D(G(z)) = 0, log(1 - D(G(z))) is flat."""
    moved = {}
    for loss in (MINIMAX, NON_SATURATING):
        gan = small_gan(generator_loss=loss)
        gan.discriminator[0].bias.data -= 20
        before = arrays_of(gan)
        gan.generator_step(Z)
        moved[loss] = abs(arrays_of(gan)[0] - before[0]).max()
    assert moved[MINIMAX] < 1e-8
    assert moved[NON_SATURATING] > 1e-3


def test_steps_leave_the_mode_of_the_networks_alone():
    gan = small_gan()
    gan.generator.eval()
    gan.discriminator_step(REAL, Z)
    gan.generator_step(Z)
    assert not gan.generator.training
    assert gan.discriminator.training


def test_data_and_noise_may_be_arrays_or_tensors():
    array, tensor = small_gan(), small_gan()
    for part in ("generator", "discriminator"):
        getattr(tensor, part).load_state_dict(getattr(array, part).state_dict())
    array.discriminator_step(REAL, Z)
    tensor.discriminator_step(minigan.Tensor(REAL), minigan.Tensor(Z))
    assert_same(state_of(array), state_of(tensor))


# --- the order of the steps --------------------------------------------------------------------


class LoggedGAN(GAN):
    """A GAN that lists its steps and their inputs."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        self.log = []

    def discriminator_step(self, real, z):
        self.steps += 1
        self.log.append(("D", int(real[0]), z))
        return {"d": self.steps}

    def generator_step(self, z):
        self.log.append(("G", z))
        return {"g": self.steps}


def logged(k, minibatches=7, steps=0):
    gan, draws = small_gan(LoggedGAN, k=k), iter(range(100))
    gan.steps = steps
    batches = [np.full(4, i) for i in range(minibatches)]
    sizes = []

    def noise(m):
        sizes.append(m)
        return next(draws)

    reports = list(gan.train(batches, noise))
    assert sizes == [4] * len(gan.log)  # as much noise as data, anew for each step
    assert [entry[-1] for entry in gan.log] == list(range(len(gan.log)))
    return gan.log, reports


def test_one_discriminator_step_to_a_generator_step():
    log, reports = logged(k=1, minibatches=3)
    assert log == [("D", 0, 0), ("G", 1), ("D", 1, 2), ("G", 3), ("D", 2, 4), ("G", 5)]
    assert reports == [{"d": i, "g": i} for i in (1, 2, 3)]


@pytest.mark.parametrize(("steps", "expected"), [(0, "DDDGDDDGD"), (1, "DDGDDDGDD")])
def test_k_discriminator_steps_to_a_generator_step_also_after_a_stop(steps, expected):
    log, reports = logged(k=3, steps=steps)
    assert "".join(entry[0] for entry in log) == expected
    assert [entry[1] for entry in log if entry[0] == "D"] == list(range(7))  # each batch once
    assert [set(r) for r in reports] == [
        {"d", "g"} if (steps + i) % 3 == 0 else {"d"} for i in range(1, 8)
    ]


def test_swapped_optimizers_are_refused():
    G, D = nn.Linear(3, 2), nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    g_optimizer, d_optimizer = optim.SGD(G.parameters(), LR), optim.SGD(D.parameters(), LR)
    with pytest.raises(ValueError, match="the generator's optimizer has parameters that are not"):
        GAN(G, D, d_optimizer, g_optimizer)


def test_train_takes_a_step_only_when_it_is_asked_for_one():
    gan = small_gan()
    run = gan.train(iter([REAL, REAL, REAL]), lambda m: Z)
    assert gan.steps == 0
    for steps in (1, 2):
        assert list(next(run)) == ["d_loss", "D(x)", "D(G(z))", "g_loss"]
        assert gan.steps == steps


# --- what is refused, before anything is changed -----------------------------------------------


@pytest.mark.parametrize("k", [0, -1])
def test_k_of_no_steps(k):
    with pytest.raises(ValueError, match=f"discriminator steps to a generator step, is {k}, not 1"):
        small_gan(k=k)


def spoilt(array, value=np.nan):
    array = array.copy()
    array[1, 1] = array[3, 0] = value
    return array


@pytest.mark.parametrize(
    ("diverged", "step", "message"),
    [
        (False, lambda gan: gan.discriminator_step(spoilt(REAL), Z), "discr.* 2 of the 10 numbers"),
        (False, lambda gan: gan.generator_step(spoilt(Z)), "gener.* 2 of the 15 numbers"),
        (True, lambda gan: gan.discriminator_step(REAL, Z), "discr.* is finite.*detect_anomaly"),
        (True, lambda gan: gan.generator_step(Z), "gener.* is finite.*lower the learning rate"),
    ],
    ids=["in the data", "in the noise", "in D at its step", "in D at G's step"],
)
def test_nan_is_found_before_any_update(diverged, step, message):
    gan = small_gan()
    gan.discriminator_step(REAL, Z)
    gan.generator_step(Z)
    if diverged:
        gan.discriminator[0].weight.data[0, 0] = np.nan
    before = state_of(gan)
    with pytest.raises(FloatingPointError, match=message + ".*no parameter was updated"):
        step(gan)
    assert_same(state_of(gan), before)
    assert all(p.requires_grad for p in gan.discriminator.parameters())


@pytest.mark.parametrize(
    ("real", "error", "message"),
    [
        (REAL.astype(np.float32), TypeError, "Linear of float32, float64"),
        ((REAL * 100).astype(np.uint8), TypeError, r"Linear of uint8.*datasets\.to_float"),
        (REAL[:, :1], ValueError, r"expected a minibatch of shape \(m, 2\).*found \(5, 1\)"),
    ],
    ids=["float32", "uint8", "shape"],
)
def test_data_that_does_not_fit_is_refused_before_any_update(real, error, message):
    gan = small_gan()
    before = state_of(gan)
    with pytest.raises(error, match=message):
        gan.discriminator_step(real, Z)
    assert_same(state_of(gan), before)


def test_discriminator_without_a_sigmoid_is_found_out():
    gan = small_gan()
    gan.discriminator = gan.discriminator[:1]
    with pytest.raises(ValueError, match="end the network in a Sigmoid"):
        gan.discriminator_step(100 * REAL, Z)
