"""Cases of the layers. Their weights are drawn at random, and every parameter is checked."""

import numpy as np
from hypothesis import strategies as st

import minigan
from cases import Problem, arrays, problem_case
from minigan import backend, nn
from minigan.gradcheck.strategies import linear_layers, shapes
from minigan.ops.norm import BatchNorm, Normalize

BATCHES = st.integers(1, 3)
NO_ZERO = {"away_from": [0.0]}


def seeded(draw, make):
    """The module that `make` makes, in float64, with weights that depend on a drawn seed only."""
    minigan.seed(draw(st.integers(0, 20)))
    return make().double()


@problem_case("Linear", nn.Linear)
@st.composite
def linear(draw):
    arguments, shape = draw(linear_layers())
    layer = seeded(draw, lambda: nn.Linear(**arguments))
    return Problem(layer, [draw(arrays(shape))], numpy_linear, analytic=True, module=layer)


def numpy_linear(x, W, b=0.0):
    return x @ W.T + b


@problem_case("Maxout", nn.Maxout)
@st.composite
def maxout(draw):
    n, i, o, pieces = draw(BATCHES), *(draw(st.integers(1, 3)) for _ in range(3))
    layer = seeded(draw, lambda: nn.Maxout(i, o, num_pieces=pieces))

    def numpy_maxout(x, W, b):
        return (x @ W.T + b).reshape(n, o, pieces).max(axis=2)

    return Problem(layer, [draw(arrays((n, i)))], numpy_maxout, module=layer)


def activation(make, numpy, **options):
    """A Case of an elementwise layer without parameters."""
    name = repr(make())

    @problem_case(name, type(make()))
    @st.composite
    def draw_problem(draw):
        x = draw(arrays(**options))
        analytic = "away_from" not in options
        return Problem(make(), [x], numpy, analytic)

    return draw_problem


ACTIVATIONS = [
    activation(nn.ReLU, lambda x: np.maximum(x, 0), **NO_ZERO),
    activation(nn.LeakyReLU, lambda x: np.where(x > 0, x, 0.01 * x), **NO_ZERO),
    activation(lambda: nn.LeakyReLU(0.2), lambda x: np.where(x > 0, x, 0.2 * x), **NO_ZERO),
    activation(nn.Sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    activation(nn.Tanh, np.tanh),
    activation(nn.Softplus, lambda x: np.log1p(np.exp(x))),
]


def with_noise(layer):
    """A function that computes with the layer and the same random numbers each time."""

    def fn(x):
        minigan.seed(0)
        return layer(x)

    return fn


@problem_case("Dropout in training, the mask held fixed", nn.Dropout)
@st.composite
def dropout(draw):
    layer = nn.Dropout(draw(st.sampled_from([0.0, 0.3, 0.5, 0.9])))
    return Problem(with_noise(layer), [draw(arrays())])


@problem_case("Dropout2d in training, the mask held fixed", nn.Dropout2d)
@st.composite
def dropout2d(draw):
    shape = draw(shapes(min_dims=4, max_dims=4, max_side=2))
    return Problem(with_noise(nn.Dropout2d(0.5)), [draw(arrays(shape))])


@problem_case("Dropout in use", nn.Dropout)
@st.composite
def no_dropout(draw):
    return Problem(nn.Dropout(0.5).eval(), [draw(arrays())], lambda x: x, analytic=True)


@st.composite
def batches_to_normalize(draw, dims):
    """(N, C, ...) with at least two values for a channel, which are not all the same."""
    n, c = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    rest = [draw(st.integers(1, 2)) for _ in range(dims - 2)]
    return draw(arrays((n, c, *rest), distinct=True))


def batch_norm(make, dims):
    """Two Cases: normalising by the batch, and by the running averages."""

    @problem_case(f"{make.__name__} in training, {dims} dimensions", (make, BatchNorm))
    @st.composite
    def training(draw):
        x = draw(batches_to_normalize(dims))
        layer = seeded(draw, lambda: make(x.shape[1], eps=0.1))
        return Problem(layer, [x], numpy_batch_norm, analytic=True, module=shaken(draw, layer))

    @problem_case(f"{make.__name__} in use, {dims} dimensions", make)
    @st.composite
    def in_use(draw):
        x = draw(batches_to_normalize(dims))
        layer = seeded(draw, lambda: make(x.shape[1]))
        layer.running_mean += 0.3
        layer.running_var *= 1.5
        return Problem(layer.eval(), [x], module=shaken(draw, layer))

    @problem_case(f"{make.__name__} without affine, {dims} dimensions", (make, Normalize))
    @st.composite
    def plain(draw):
        x = draw(batches_to_normalize(dims))
        layer = make(x.shape[1], eps=0.1, affine=False)
        return Problem(
            layer, [x], lambda x: numpy_batch_norm(x, 1.0, 0.0), analytic=True, module=layer
        )

    @problem_case(f"{make.__name__} without affine in use, {dims} dimensions", make)
    @st.composite
    def plain_in_use(draw):
        x = draw(batches_to_normalize(dims))
        layer = make(x.shape[1], eps=0.1, affine=False).double().eval()
        layer.running_mean += 0.3
        return Problem(layer, [x], lambda x: (x - 0.3) / np.sqrt(1.1), analytic=True, module=layer)

    return [training, in_use, plain, plain_in_use]


def numpy_batch_norm(x, gamma, beta):
    axes, channels = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2))
    x = x - x.mean(axis=axes, keepdims=True)
    x = x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + 0.1)
    return x * np.reshape(gamma, channels) + np.reshape(beta, channels)


def shaken(draw, layer):
    """The layer with parameters that are not all 0 or 1."""
    for p in layer.parameters():
        p.data += backend.asarray(draw(arrays(p.shape, low=-0.5, high=0.5, strided=False)))
    return layer


@problem_case("LayerNorm", nn.LayerNorm)
@st.composite
def layer_norm(draw):
    x = draw(arrays(shapes(min_dims=1, min_side=1), distinct=True))
    n = draw(st.integers(1, x.ndim))
    layer = seeded(draw, lambda: nn.LayerNorm(x.shape[-n:], eps=0.1))

    def numpy_layer_norm(x, gamma, beta):
        axes = tuple(range(-n, 0))
        x = x - x.mean(axis=axes, keepdims=True)
        return x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + 0.1) * gamma + beta

    return Problem(layer, [x], numpy_layer_norm, analytic=True, module=shaken(draw, layer))


@problem_case("Flatten", nn.Flatten)
@st.composite
def flatten(draw):
    x = draw(arrays(shapes(min_dims=2)))
    flat = (x.shape[0], int(np.prod(x.shape[1:])))
    return Problem(nn.Flatten(), [x], lambda x: x.reshape(flat), analytic=True)


@problem_case("Unflatten", nn.Unflatten)
@st.composite
def unflatten(draw):
    inner = draw(shapes(min_dims=1, max_dims=2, min_side=1))
    x = draw(arrays((draw(BATCHES), int(np.prod(inner)), 2)))
    return Problem(
        nn.Unflatten(draw(st.sampled_from([1, -2])), inner),
        [x],
        lambda x: x.reshape(x.shape[0], *inner, 2),
        analytic=True,
    )


@problem_case("Sequential", nn.Sequential)
@st.composite
def network(draw):
    hidden = draw(st.sampled_from([nn.Tanh, nn.LeakyReLU, nn.Softplus]))
    norm = draw(st.sampled_from([lambda: nn.LayerNorm(5, eps=0.1), nn.Flatten]))
    net = seeded(
        draw,
        lambda: nn.Sequential(nn.Linear(3, 5), norm(), hidden(), nn.Linear(5, 2), nn.Sigmoid()),
    )
    return Problem(net, [draw(arrays((draw(BATCHES), 3)))], module=net)


@problem_case("Identity", nn.Identity)
@st.composite
def identity(draw):
    hidden = nn.Sequential(nn.Identity(3, eps=0.1), nn.Tanh())
    return Problem(hidden, [draw(arrays())], np.tanh, analytic=True)


class Sums(nn.Module):
    """x W₀ᵀ + b₀ + x W₁ᵀ + b₁ + ..."""

    def __init__(self, n):
        self.layers = nn.ModuleList([nn.Linear(3, 2) for _ in range(n)])

    def forward(self, x):
        return sum(layer(x) for layer in self.layers)


@problem_case("ModuleList", nn.ModuleList)
@st.composite
def module_list(draw):
    net = seeded(draw, lambda: Sums(draw(st.integers(1, 3))))

    def numpy_sums(x, *parameters):
        pairs = zip(parameters[::2], parameters[1::2], strict=True)
        return sum(numpy_linear(x, W, b) for W, b in pairs)

    x = draw(arrays((draw(BATCHES), 3)))
    return Problem(net, [x], numpy_sums, analytic=True, module=net)


CASES = [
    linear,
    maxout,
    *ACTIVATIONS,
    dropout,
    dropout2d,
    no_dropout,
    *batch_norm(nn.BatchNorm1d, 2),
    *batch_norm(nn.BatchNorm1d, 3),
    *batch_norm(nn.BatchNorm2d, 4),
    layer_norm,
    flatten,
    unflatten,
    network,
    identity,
    module_list,
]
