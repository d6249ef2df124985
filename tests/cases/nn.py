"""Cases of the layers. Their weights are drawn at random, and every parameter is checked.

The cases of the convolutions' layers are in conv.py, and those of the norms' layers in norm.py.
"""

import numpy as np
from hypothesis import strategies as st

import minigan
from cases import Problem, arrays, problem_case, seeded
from minigan import nn
from minigan.gradcheck.strategies import linear_layers, shapes

BATCHES = st.integers(1, 3)
NO_ZERO = {"away_from": [0.0]}


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
    flatten,
    unflatten,
    network,
    identity,
    module_list,
]
