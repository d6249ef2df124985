"""Cases of exp, log, the activations, clip, where and maximum."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cases import Problem, arrays, case, pairs, problem_case
from minigan import Tensor, ops
from minigan.backend import get_array_module
from minigan.ops import elementwise as e

POSITIVE = {"low": 0.3, "high": 3.0}
NO_ZERO = {"away_from": [0.0]}


def numpy_leaky_relu(slope):
    return lambda x: np.where(x > 0, x, slope * x)


@st.composite
def apart(draw):
    """Two arrays that broadcast against each other and are nowhere equal."""
    a, b = draw(pairs())
    a, b = np.round(a, 2), np.round(b, 2) + 0.005  # on different grids
    return [a, b]


@problem_case("where", e.Where)
@st.composite
def where(draw):
    a, b = draw(pairs())
    shape = np.broadcast_shapes(a.shape, b.shape)
    condition = draw(hnp.arrays(bool, shape))
    return Problem(
        lambda a, b: ops.where(condition, a, b),
        [a, b],
        lambda a, b: np.where(condition, a, b),
        analytic=True,
    )


CASES = [
    case("exp", e.Exp, Tensor.exp, arrays(), np.exp),
    case("log", e.Log, Tensor.log, arrays(**POSITIVE), np.log),
    case("sqrt", e.Sqrt, Tensor.sqrt, arrays(**POSITIVE), np.sqrt),
    case("tanh", e.Tanh, Tensor.tanh, arrays(), np.tanh),
    case(
        "sigmoid", e.Sigmoid, Tensor.sigmoid, arrays(low=-6, high=6), lambda x: 1 / (1 + np.exp(-x))
    ),
    case(
        "softplus", e.Softplus, ops.softplus, arrays(low=-6, high=6), lambda x: np.log1p(np.exp(x))
    ),
    case("abs", e.Abs, lambda x: x.abs(), arrays(**NO_ZERO), np.abs, analytic=False),
    case(
        "relu", e.ReLU, Tensor.relu, arrays(**NO_ZERO), lambda x: np.maximum(x, 0), analytic=False
    ),
    *(
        case(
            f"leaky relu, slope {slope}",
            e.LeakyReLU,
            lambda x, slope=slope: ops.leaky_relu(x, slope),
            arrays(**NO_ZERO),
            numpy_leaky_relu(slope),
            analytic=False,
        )
        for slope in (0.0, 0.01, 0.2, 1.0, 1.5)
    ),
    case(
        "clip",
        e.Clip,
        lambda x: x.clip(-0.5, 1.0),
        arrays(away_from=[-0.5, 1.0]),
        lambda x: np.clip(x, -0.5, 1.0),
        analytic=False,
    ),
    case(
        "clip from below",
        e.Clip,
        lambda x: x.clip(min=0.5),
        arrays(away_from=[0.5]),
        lambda x: np.maximum(x, 0.5),
        analytic=False,
    ),
    case(
        "select",
        e.Select,
        lambda x: e.Select(get_array_module(x.data).asarray([True, False]))(x),
        arrays(st.just((3, 2))),
        lambda x: x * [1, 0],
    ),
    case("maximum", e.Maximum, ops.maximum, apart(), np.maximum, analytic=False),
    case("minimum", e.Maximum, ops.minimum, apart(), np.minimum, analytic=False),
    case(
        "maximum with a number",
        e.Maximum,
        lambda x: ops.maximum(x, 0.5),
        arrays(away_from=[0.5]),
        lambda x: np.maximum(x, 0.5),
        analytic=False,
    ),
    where,
]
