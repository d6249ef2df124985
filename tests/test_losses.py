"""The losses: values computed by hand, and the inputs that they refuse."""

from decimal import Decimal, getcontext

import numpy as np
import pytest

from minigan import Tensor, grad, losses, nn

LOG2 = np.log(2)
BCE, WITH_LOGITS = losses.binary_cross_entropy, losses.binary_cross_entropy_with_logits


def tensor(*values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


# --- binary cross-entropy ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "target", "expected"),
    [
        ([0.5], 1.0, LOG2),
        ([0.5], 0, LOG2),
        ([0.25, 0.5], 1, (np.log(4) + LOG2) / 2),
        ([0.25, 0.5], 0, (np.log(4 / 3) + LOG2) / 2),
        ([0.25], 0.9, 0.9 * np.log(4) + 0.1 * np.log(4 / 3)),
        ([0.25, 0.5], [1, 0], (np.log(4) + LOG2) / 2),
        ([[0.25], [0.5]], [[0.0], [1.0]], (np.log(4 / 3) + LOG2) / 2),
        ([1.0, 0.0], [1.0, 0.0], 0.0),
        ([0.0], 1.0, 100.0),  # each logarithm is at least -100
        ([1.0], 0.0, 100.0),
        ([1e-30], 1.0, 30 * np.log(10)),
        ([0.0, 1.0], 0.5, 50.0),
    ],
)
def test_binary_cross_entropy(p, target, expected):
    target = np.array(target) if isinstance(target, list) else target
    loss = BCE(tensor(*p), target)
    assert loss.shape == ()
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("p", "target", "expected"),
    [
        (0.25, 1.0, -4.0),  # -1/p
        (0.25, 0.0, 4 / 3),  # 1/(1-p)
        (0.25, 0.9, -0.65 / 0.1875),  # (p - t) / (p (1 - p))
        (0.0, 1.0, -1e12),  # the denominator is at least 1e-12
        (1.0, 0.0, 1e12),
        (1.0, 1.0, 0.0),
        (0.0, 0.0, 0.0),
    ],
)
def test_slope_of_binary_cross_entropy(p, target, expected):
    p = tensor(p)
    BCE(p, target).backward()
    np.testing.assert_allclose(p.grad.data, [expected], rtol=1e-14)


@pytest.mark.parametrize(
    ("x", "target", "expected", "slope"),
    [
        (0.0, 1.0, LOG2, -0.5),
        (0.0, 0.0, LOG2, 0.5),
        (2.0, 1.0, np.log1p(np.exp(-2)), 1 / (1 + np.exp(-2)) - 1),
        (-2.0, 0.9, np.log1p(np.exp(-2)) + 2 * 0.9, 1 / (1 + np.exp(2)) - 0.9),
        (1000.0, 1.0, 0.0, 0.0),
        (1000.0, 0.0, 1000.0, 1.0),
        (-1000.0, 1.0, 1000.0, -1.0),
        (-1000.0, 0.25, 250.0, -0.25),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binary_cross_entropy_with_logits(x, target, expected, slope, dtype):
    x = tensor(x, dtype=dtype)
    loss = WITH_LOGITS(x, target)
    loss.backward()
    assert loss.dtype == x.grad.dtype == dtype
    tolerance = 1e-14 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(loss.item(), expected, rtol=tolerance)
    np.testing.assert_allclose(x.grad.data, [slope], rtol=tolerance)


def test_both_forms_agree_where_both_are_accurate():
    x = np.linspace(-20, 20, 101)
    t = np.linspace(0, 1, 101)
    p = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(BCE(Tensor(p), t).item(), WITH_LOGITS(Tensor(x), t).item())


@pytest.mark.parametrize("loss", [BCE, WITH_LOGITS])
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.ones(2), r"shape \(2, 1\), but the labels \(2,\)"),
        (np.ones((1, 1)), r"shape \(2, 1\), but the labels \(1, 1\)"),
        (1.5, "from 0 to 1, not 1.5 to 1.5"),
        (-0.1, "from 0 to 1, not -0.1"),
        (float("nan"), "from 0 to 1, not nan"),
        (np.array([[1.0], [1.1]]), "from 0 to 1, not 1.0 to 1.1"),
        (np.array([[1.0], [np.nan]]), "from 0 to 1, not nan"),
    ],
)
def test_labels_that_are_refused(loss, labels, message):
    with pytest.raises(ValueError, match=message):
        loss(Tensor(np.full((2, 1), 0.5)), labels)


def test_scores_taken_for_probabilities_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"ranges from -3 to 0\.5; end the network in a Sigmoid"):
        BCE(tensor(0.5, -3.0), 1.0)


def test_nan_passes_into_the_loss():
    """The loss passes a NaN on. The trainer says from which minibatch it came."""
    assert np.isnan(BCE(tensor(0.5, np.nan), 1.0).item())


def test_labels_take_the_dtype_of_the_probabilities_and_are_not_changed():
    p, labels = tensor(0.25, 0.5, dtype=np.float32), np.array([1, 0], dtype=np.uint8)
    loss = BCE(p, labels)
    loss.backward()
    assert loss.dtype == p.grad.dtype == np.float32
    assert (labels == [1, 0]).all()


@pytest.mark.parametrize("loss", [BCE, WITH_LOGITS])
def test_empty_batch_has_no_mean(loss):
    with pytest.raises(ValueError, match="mean of no elements"):
        loss(Tensor(np.ones((0, 1))), 1.0)


# --- cross-entropy -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("logits", "labels", "expected"),
    [
        ([[0, 0]], [1], LOG2),
        ([[0, 0, 0, 0], [1, 1, 1, 1]], [3, 0], np.log(4)),
        ([[np.log(3), 0]], [0], np.log(4 / 3)),
        ([[np.log(3), 0], [0, 0]], [1, 0], (np.log(4) + LOG2) / 2),
        ([[1000, 0, -1000]], [0], 0.0),
        ([[1000, 0, -1000]], [2], 2000.0),
    ],
)
@pytest.mark.parametrize("kind", [np.array, lambda labels: Tensor(np.array(labels)), list])
def test_cross_entropy(logits, labels, expected, kind):
    loss = losses.cross_entropy(tensor(*logits), kind(labels))
    assert loss.shape == ()
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("shape", "labels", "error", "message"),
    [
        ((2, 3), [0.0, 1.0], TypeError, "labels must be integers, not float64"),
        ((2, 3), [0, 1, 2], ValueError, r"logits \(2, 3\) and labels \(3,\)"),
        ((2, 3), [[0], [1]], ValueError, r"labels \(2, 1\)"),
        ((2,), [0, 1], ValueError, r"logits \(2,\)"),
        ((2, 3), [0, 3], ValueError, "labels from 0 to 3, but 3 classes"),
        ((2, 3), [-1, 0], ValueError, "labels from -1 to 0, but 3 classes"),
    ],
)
def test_what_cross_entropy_refuses(shape, labels, error, message):
    with pytest.raises(error, match=message):
        losses.cross_entropy(Tensor(np.zeros(shape)), np.array(labels))


# --- the game's losses -------------------------------------------------------------------------

P, Q = tensor(0.25, 0.5), tensor(0.2)  # D(x) and D(G(z)), or the latter in a generator's loss
SCORES, FAKE_SCORES = tensor(1.0, 2.0), tensor(-3.0, 5.0, 1.0)
GAME = {
    "discriminator": (lambda: losses.discriminator_loss(P, Q), np.log(8) / 2 - np.log(0.8)),
    "discriminator, smooth labels": (
        lambda: losses.discriminator_loss(P, Q, 0.9),
        (0.9 * np.log(8) + 0.1 * np.log(8 / 3)) / 2 - np.log(0.8),
    ),
    "generator, minimax": (lambda: losses.minimax_generator_loss(P), np.log(0.75 * 0.5) / 2),
    "generator, non-saturating": (
        lambda: losses.non_saturating_generator_loss(P),
        -np.log(0.25 * 0.5) / 2,
    ),
    "critic": (lambda: losses.wasserstein_critic_loss(SCORES, FAKE_SCORES), 1.0 - 1.5),
    "generator, Wasserstein": (lambda: losses.wasserstein_generator_loss(SCORES), -1.5),
}


@pytest.mark.parametrize("name", GAME)
def test_what_each_player_minimises(name):
    compute, expected = GAME[name]
    np.testing.assert_allclose(compute().item(), expected, rtol=1e-14)


# --- gradient penalty --------------------------------------------------------------------------


def critic_of(*weights):
    """f(x) = w·x, whose gradient is w at every x."""
    critic = nn.Linear(len(weights), 1, bias=False).double()
    critic.weight.data = np.array([weights])
    return critic


@pytest.mark.parametrize(
    ("weights", "expected"), [((3.0, 4.0), 16.0), ((0.6, 0.8), 0.0), ((0.0, 0.0), 1.0)]
)
def test_gradient_penalty_of_a_linear_critic(weights, expected):
    critic, (real, fake) = critic_of(*weights), np.random.default_rng(0).random((2, 5, 2))
    penalty = losses.gradient_penalty(critic, real, fake, np.linspace(0, 1, 5))
    np.testing.assert_allclose(penalty.item(), expected, atol=1e-14)
    (g,) = grad(penalty, [critic.weight])  # of (‖w‖ - 1)²: 2 (‖w‖ - 1) w / ‖w‖, and 0 at w = 0
    length = np.hypot(*weights)
    np.testing.assert_allclose(
        g.data, 2 * (length - 1) * np.array([weights]) / (length or 1), atol=1e-14
    )
    assert critic.weight.grad is None


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_gradient_penalty_is_taken_between_the_samples(shape):
    """f(x) = x₁² / 2 has the gradient (x₁, 0). So the penalty shows at which x it was taken."""
    real, fake = np.array([[2.0, 9.0], [6.0, 9.0]]), np.array([[4.0, 9.0], [0.0, 9.0]])
    eps = np.array([0.25, 0.5]).reshape(shape)
    x = np.array([0.25 * 2 + 0.75 * 4, 0.5 * 6])  # ε goes with the real one
    penalty = losses.gradient_penalty(lambda x: (x[:, 0] ** 2) / 2, Tensor(real), fake, eps)
    np.testing.assert_allclose(penalty.item(), ((x - 1) ** 2).mean())


def test_gradient_penalty_takes_the_norm_over_all_dimensions_of_a_sample():
    x = np.zeros((3, 2, 4, 4))
    penalty = losses.gradient_penalty(lambda x: x.flatten(1).sum(axis=1), x, x, np.ones(3))
    np.testing.assert_allclose(penalty.item(), (np.sqrt(32) - 1) ** 2)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (dict(fake=np.ones((4, 2))), ValueError, r"real has shape \(5, 2\), fake \(4, 2\)"),
        (dict(eps=np.ones(4)), ValueError, r"eps has shape \(4,\).*\(5,\) or \(5, 1\)"),
        (dict(eps=np.ones((5, 2))), ValueError, r"eps has shape \(5, 2\)"),
        (dict(eps=np.ones((1, 5))), ValueError, r"eps has shape \(1, 5\)"),
        (dict(eps=np.full(5, 1.5)), ValueError, "eps must be from 0 to 1, not from 1.5 to 1.5"),
        (dict(real=np.ones((5, 2), np.float32)), TypeError, "penalty of float32, float64"),
        (dict(real=np.ones((5, 2), np.uint8)), TypeError, r"penalty of uint8.*datasets\.to_float"),
    ],
)
def test_what_the_gradient_penalty_refuses(change, error, message):
    arguments = dict(real=np.ones((5, 2)), fake=np.ones((5, 2)), eps=np.ones(5)) | change
    with pytest.raises(error, match=message):
        losses.gradient_penalty(critic_of(1.0, 1.0), **arguments)


# --- precision ----------------------------------------------------------------------------------


def assert_close(found, expected, allowed):
    error = np.abs(np.asarray(found, np.float64) / expected - 1).max()
    assert error <= allowed, error


def exact_log1p(x):
    getcontext().prec = 60
    return float((1 + Decimal(x)).ln())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("p", [1e-8, 1e-12, 1e-30, 3e-5, 0.1, 0.5, 0.999])
def test_binary_cross_entropy_is_accurate_for_any_probability(p, dtype):
    p = np.dtype(dtype).type(p)
    allowed = 4 * np.finfo(dtype).eps
    against_0 = losses.binary_cross_entropy(Tensor(np.array([p])), 0.0).item()
    assert_close(against_0, -exact_log1p(-float(p)), allowed)
    against_1 = losses.binary_cross_entropy(Tensor(np.array([p])), 1.0).item()
    assert_close(against_1, -float(Decimal(float(p)).ln()), allowed)


@pytest.mark.parametrize("x", [-80.0, -20.0, -1.0, 1.0, 20.0, 80.0])
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_binary_cross_entropy_with_logits_is_accurate_for_any_logit(x, label):
    getcontext().prec = 60
    sign = 1 if label == 0 else -1
    expected = float((1 + (Decimal(sign * x)).exp()).ln())
    for dtype in ("float32", "float64"):
        found = losses.binary_cross_entropy_with_logits(Tensor(np.array([x], dtype)), label)
        assert_close(found.item(), expected, 4 * np.finfo(dtype).eps)
