"""Cases of sum, mean, max, min, norm, var and log_softmax, over every kind of axis."""

import numpy as np
from hypothesis import strategies as st

from cases import Problem, arrays, axes, case, problem_case
from minigan import ops
from minigan.autograd import sum_to
from minigan.gradcheck.strategies import broadcastable_shapes, shapes
from minigan.ops.arithmetic import Sub
from minigan.ops.reduce import LogSoftmax, Max, Mean, MeanOfProducts, Norm, Sum
from minigan.ops.shape import BroadcastTo

NOT_EMPTY = shapes(min_side=1)


def numpy_norm(x, axis, keepdims):
    return np.sqrt((x * x).sum(axis=axis, keepdims=keepdims))


def reduction(name, covers, method, numpy, inputs, analytic=True):
    """A Case of a method with an axis and keepdims."""

    @problem_case(name, covers)
    @st.composite
    def draw_problem(draw):
        x = draw(inputs)
        axis, keepdims = draw(axes(x.ndim)), draw(st.booleans())
        return Problem(
            lambda x: method(x, axis, keepdims),
            [x],
            lambda x: numpy(x, axis=axis, keepdims=keepdims),
            analytic,
        )

    return draw_problem


def numpy_log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


@problem_case("sum to a shape, broadcast to a shape", (Sum, BroadcastTo))
@st.composite
def sum_to_a_shape(draw):
    small, large = draw(broadcastable_shapes())
    whole = np.broadcast_shapes(small, large)
    return Problem(
        lambda x: sum_to(ops.broadcast_to(x, whole), small),
        [draw(arrays(large))],
        lambda x: _numpy_sum_to(np.broadcast_to(x, whole), small),
        analytic=True,
    )


def _numpy_sum_to(x, shape):
    x = x.sum(axis=tuple(range(x.ndim - len(shape))))
    for axis, n in enumerate(shape):
        if n == 1:
            x = x.sum(axis=axis, keepdims=True)
    return x


@problem_case("mean of products", MeanOfProducts)
@st.composite
def mean_of_products(draw):
    a = draw(arrays(NOT_EMPTY))
    b = draw(arrays(st.just(a.shape)))
    axis = draw(axes(a.ndim))
    axis = axis if isinstance(axis, tuple) else (*range(a.ndim),) if axis is None else (axis,)
    return Problem(
        lambda a, b: MeanOfProducts(axis)(a, b),
        [a, b],
        lambda a, b: (a * b).mean(axis=axis, keepdims=True),
        analytic=True,
    )


CASES = [
    reduction("sum", Sum, lambda x, *how: x.sum(*how), np.sum, arrays()),
    reduction("mean", Mean, lambda x, *how: x.mean(*how), np.mean, arrays(NOT_EMPTY)),
    reduction(
        "max",
        Max,
        lambda x, axis, keepdims: x.max(axis=axis, keepdims=keepdims),
        np.max,
        arrays(NOT_EMPTY, distinct=True),
        analytic=False,
    ),
    reduction(
        "min",
        Max,
        lambda x, axis, keepdims: x.min(axis=axis, keepdims=keepdims),
        np.min,
        arrays(NOT_EMPTY, distinct=True),
        analytic=False,
    ),
    reduction(
        "norm",
        Norm,
        lambda x, axis, keepdims: x.norm(axis=axis, keepdims=keepdims),
        numpy_norm,
        arrays(away_from=[0.0]),
        analytic=False,
    ),
    reduction(
        "var of a population",
        (Mean, Sub),
        lambda x, *how: x.var(*how, correction=0),
        lambda x, axis, keepdims: ((x - x.mean(axis=axis, keepdims=True)) ** 2).mean(
            axis=axis, keepdims=keepdims
        ),
        arrays(NOT_EMPTY),
    ),
    case(
        "log softmax",
        LogSoftmax,
        ops.log_softmax,
        arrays(shapes(min_side=1, min_dims=1)),
        numpy_log_softmax,
    ),
    sum_to_a_shape,
    mean_of_products,
]
