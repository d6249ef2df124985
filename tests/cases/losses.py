"""Cases of the losses, and of the gradient penalty as a function of a critic's parameters."""

import numpy as np
from hypothesis import strategies as st

import minigan
from cases import Problem, arrays, case, problem_case
from minigan import backend, losses, nn
from minigan.gradcheck.strategies import shapes

BATCH = shapes(min_dims=1, max_dims=2, min_side=1, max_side=4)
PROBABILITIES = {"low": 0.05, "high": 0.95}
LABELS = st.sampled_from([0.0, 1.0, 0.9, 0.3])


REDUCTIONS = {"mean": np.mean, "sum": np.sum, "none": lambda x: x}


def log_loss(p, t, reduction="mean"):
    return REDUCTIONS[reduction](-(t * np.log(p) + (1 - t) * np.log(1 - p)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@st.composite
def targets(draw, shape):
    """One label for all, or one for each."""
    one = draw(st.booleans())
    return draw(LABELS) if one else draw(arrays(shape, low=0.0, high=1.0))


@problem_case("binary_cross_entropy", (losses.BinaryCrossEntropy, losses.binary_cross_entropy))
@st.composite
def binary_cross_entropy(draw):
    p = draw(arrays(BATCH, **PROBABILITIES))
    t, how = draw(targets(p.shape)), draw(st.sampled_from(list(REDUCTIONS)))
    return Problem(
        lambda p: losses.binary_cross_entropy(p, t, reduction=how),
        [p],
        lambda p: log_loss(p, t, how),
        analytic=True,
    )


@problem_case(
    "binary_cross_entropy_with_logits",
    (losses.BinaryCrossEntropyWithLogits, losses.binary_cross_entropy_with_logits),
)
@st.composite
def binary_cross_entropy_with_logits(draw):
    x = draw(arrays(BATCH, low=-4, high=4))
    t, how = draw(targets(x.shape)), draw(st.sampled_from(list(REDUCTIONS)))
    return Problem(
        lambda x: losses.binary_cross_entropy_with_logits(x, t, reduction=how),
        [x],
        lambda x: log_loss(sigmoid(x), t, how),
        analytic=True,
    )


@problem_case("cross_entropy", losses.cross_entropy)
@st.composite
def cross_entropy(draw):
    n, classes = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    labels = np.array(draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)))

    how = draw(st.sampled_from(list(REDUCTIONS)))

    def numpy_cross_entropy(x):
        return REDUCTIONS[how](np.log(np.exp(x).sum(axis=1)) - x[np.arange(n), labels])

    return Problem(
        lambda x: losses.cross_entropy(x, labels, reduction=how),
        [draw(arrays((n, classes)))],
        numpy_cross_entropy,
        analytic=True,
    )


def distance_case(name, function, module, power):
    """The loss of distances, as a function and as a module, with both arguments or one drawn."""

    @problem_case(name, (function, module))
    @st.composite
    def draw_problem(draw):
        x = draw(arrays(BATCH, low=0.5, high=2.0))
        how = draw(st.sampled_from(list(REDUCTIONS)))
        loss = draw(st.sampled_from([module(reduction=how), function]))
        how = "mean" if loss is function else how
        if draw(st.booleans()):
            y = draw(arrays(x.shape, low=-2.0, high=0.0))
            return Problem(loss, [x, y], lambda x, y: REDUCTIONS[how]((x - y) ** power), True)
        target = draw(LABELS) - 1.0  # below x, so that |x - target| has no kink
        return Problem(
            lambda x: loss(x, target), [x], lambda x: REDUCTIONS[how]((x - target) ** power), True
        )

    return draw_problem


def module_case(module, function, low, high):
    """A loss module has the numbers of its function."""

    @problem_case(module.__name__, (module, function))
    @st.composite
    def draw_problem(draw):
        x = draw(arrays(shapes(min_dims=2, max_dims=2, min_side=1), low=low, high=high))
        t = draw(arrays(x.shape, low=0.0, high=1.0))
        how = draw(st.sampled_from(list(REDUCTIONS)))
        if module is nn.CrossEntropyLoss:
            t = t.argmax(axis=1)
            rows = np.arange(len(x))
            expected = lambda x: np.log(np.exp(x).sum(axis=1)) - x[rows, t]  # noqa: E731
        else:
            probability = sigmoid if module is nn.BCEWithLogitsLoss else lambda x: x
            expected = lambda x: log_loss(probability(x), t, "none")  # noqa: E731
        loss = module(reduction=how)
        return Problem(lambda x: loss(x, t), [x], lambda x: REDUCTIONS[how](expected(x)), True)

    return draw_problem


@st.composite
def two_batches(draw, **options):
    return [draw(arrays(BATCH, **options)) for _ in range(2)]


def penalty_case(name, loss, critic, shape):
    """A loss of the critic's gradient, as a function of its parameters. shape: one sample's."""

    @problem_case(f"{loss.__name__} of {name}", loss)
    @st.composite
    def draw_problem(draw):
        minigan.seed(draw(st.integers(0, 20)))
        f = critic().double()
        n = draw(st.integers(1, 3))
        real, fake = (draw(arrays((n, *shape), strided=False)) for _ in range(2))
        eps = draw(arrays((n,), low=0.0, high=1.0, strided=False))

        def fn():
            dtype = f.parameters()[0].dtype
            return loss(f, *[backend.asarray(x, dtype=dtype) for x in (real, fake, eps)])

        return Problem(fn, [], module=f)

    return draw_problem


def image_critic():
    layers = [nn.Linear(4, 5), nn.LayerNorm(5, eps=0.1), nn.LeakyReLU(0.2), nn.Linear(5, 1)]
    return nn.Sequential(nn.Flatten(), *layers)


def smooth_critic():
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))


CASES = [
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    distance_case("mse_loss", losses.mse_loss, nn.MSELoss, 2),
    distance_case("l1_loss", losses.l1_loss, nn.L1Loss, 1),
    module_case(nn.BCELoss, losses.binary_cross_entropy, 0.05, 0.95),
    module_case(nn.BCEWithLogitsLoss, losses.binary_cross_entropy_with_logits, -4, 4),
    module_case(nn.CrossEntropyLoss, losses.cross_entropy, -4, 4),
    case(
        "discriminator_loss",
        losses.discriminator_loss,
        losses.discriminator_loss,
        two_batches(**PROBABILITIES),
        lambda real, fake: log_loss(real, 1) + log_loss(fake, 0),
    ),
    case(
        "minimax_generator_loss",
        losses.minimax_generator_loss,
        losses.minimax_generator_loss,
        arrays(BATCH, **PROBABILITIES),
        lambda p: np.log(1 - p).mean(),
    ),
    case(
        "non_saturating_generator_loss",
        losses.non_saturating_generator_loss,
        losses.non_saturating_generator_loss,
        arrays(BATCH, **PROBABILITIES),
        lambda p: -np.log(p).mean(),
    ),
    case(
        "wasserstein_critic_loss",
        losses.wasserstein_critic_loss,
        losses.wasserstein_critic_loss,
        two_batches(),
        lambda real, fake: fake.mean() - real.mean(),
    ),
    case(
        "wasserstein_generator_loss",
        losses.wasserstein_generator_loss,
        losses.wasserstein_generator_loss,
        arrays(BATCH),
        lambda fake: -fake.mean(),
    ),
    penalty_case("a linear critic", losses.gradient_penalty, lambda: nn.Linear(3, 1), (3,)),
    penalty_case("a smooth critic", losses.gradient_penalty, smooth_critic, (2,)),
    penalty_case("a critic of images", losses.gradient_penalty, image_critic, (1, 2, 2)),
    penalty_case("a smooth critic", losses.gradient_norms, smooth_critic, (2,)),
]
