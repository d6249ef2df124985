"""Cases of broadcast_to, reshape, transpose, indexing, concatenate, stack and flatten."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cases import Problem, arrays, problem_case
from minigan import ops
from minigan.gradcheck.strategies import broadcastable_shapes, shapes
from minigan.ops.shape import BroadcastTo, Concatenate, GetItem, Reshape, Scatter, Transpose


@problem_case("reshape", Reshape)
@st.composite
def reshape(draw):
    x = draw(arrays(shapes(min_dims=2, min_side=2) | shapes()))  # a layout shows from 2 × 2 on
    target = draw(st.permutations([*x.shape, 1]))
    if x.size and draw(st.booleans()):
        target[draw(st.integers(0, len(target) - 1))] = -1
    return Problem(lambda x: x.reshape(*target), [x], lambda x: x.reshape(target), analytic=True)


@problem_case("transpose", Transpose)
@st.composite
def transpose(draw):
    x = draw(arrays())
    axes = draw(st.permutations(range(x.ndim)))
    if x.ndim and draw(st.booleans()):
        axes = [i - x.ndim for i in axes]
    return Problem(lambda x: x.transpose(axes), [x], lambda x: x.transpose(axes), analytic=True)


@problem_case("broadcast_to", BroadcastTo)
@st.composite
def broadcast_to(draw):
    small, large = draw(broadcastable_shapes())
    whole = np.broadcast_shapes(small, large)
    return Problem(
        lambda x: ops.broadcast_to(x, whole),
        [draw(arrays(small))],
        lambda x: np.broadcast_to(x, whole),
        analytic=True,
    )


@problem_case("T", Transpose)
@st.composite
def transposed(draw):
    return Problem(lambda x: x.T, [draw(arrays())], lambda x: x.T, analytic=True)


@st.composite
def simple_indices(draw, shape):
    """Slices, numbers and new axes; or a mask."""
    if draw(st.booleans()):
        return draw(hnp.arrays(bool, shape))
    return draw(hnp.basic_indices(shape, allow_newaxis=True, max_dims=4))


@st.composite
def integer_indices(draw, shape):
    """Arrays of integers for the first axes. Most have repeated indices."""
    n = draw(st.sampled_from([4, 3, 2, 1]))  # of axes with at most 3 places
    axes = draw(st.integers(1, len(shape)))
    places = [st.lists(st.integers(-side, side - 1), min_size=n, max_size=n) for side in shape]
    return tuple(np.array(draw(several)) for several in places[:axes])


@problem_case("x[slices], x[mask]", (GetItem, Scatter))
@st.composite
def getitem(draw):
    x = draw(arrays())
    index = draw(simple_indices(x.shape))
    return Problem(lambda x: x[index], [x], lambda x: x[index], analytic=True)


@problem_case("x[integers]", (GetItem, Scatter))
@st.composite
def getitem_integers(draw):
    x = draw(arrays(shapes(min_dims=1, min_side=1)))
    index = draw(integer_indices(x.shape))
    return Problem(lambda x: x[index], [x], lambda x: x[index], analytic=True)


@problem_case("scatter", (Scatter, GetItem))
@st.composite
def scatter(draw):
    shape = draw(shapes(min_dims=1, min_side=1))
    index = draw(simple_indices(shape) | integer_indices(shape))
    x = draw(arrays(np.zeros(shape)[index].shape))

    def numpy_scatter(x):
        y = np.zeros(shape, dtype=x.dtype)
        np.add.at(y, index, x)
        return y

    return Problem(Scatter(index, shape), [x], numpy_scatter, analytic=True)


@problem_case("concatenate", Concatenate)
@st.composite
def concatenate(draw):
    shape = draw(shapes(min_dims=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    xs = []
    for _ in range(draw(st.integers(1, 3))):
        n = draw(st.integers(0, 2))
        xs.append(draw(arrays((*shape[:axis], n, *shape[axis:][1:]))))
    return Problem(
        lambda *xs: ops.concatenate(xs, axis),
        xs,
        lambda *xs: np.concatenate(xs, axis),
        analytic=True,
    )


@problem_case("stack", (Concatenate, Reshape))
@st.composite
def stack(draw):
    shape = draw(shapes(max_dims=2))
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    xs = [draw(arrays(shape)) for _ in range(draw(st.integers(1, 3)))]
    return Problem(
        lambda *xs: ops.stack(xs, axis), xs, lambda *xs: np.stack(xs, axis), analytic=True
    )


@problem_case("flatten", Reshape)
@st.composite
def flatten(draw):
    x = draw(arrays(shapes(min_dims=1)))
    start = draw(st.integers(0, x.ndim - 1))
    return Problem(
        lambda x: x.flatten(start),
        [x],
        lambda x: x.reshape(*x.shape[:start], int(np.prod(x.shape[start:]))),
        analytic=True,
    )


@problem_case("squeeze", Reshape)
@st.composite
def squeeze(draw):
    ones = draw(st.lists(st.sampled_from([1, 1, 2]), max_size=4))
    x = draw(arrays(tuple(ones)))
    single = [i for i, n in enumerate(ones) if n == 1]
    axis = draw(st.none() | st.sampled_from([*single, *[i - x.ndim for i in single], ()]))
    return Problem(lambda x: x.squeeze(axis), [x], lambda x: x.squeeze(axis), analytic=True)


@problem_case("unsqueeze", Reshape)
@st.composite
def unsqueeze(draw):
    x = draw(arrays())
    axis = draw(st.integers(-x.ndim - 1, x.ndim))
    return Problem(
        lambda x: x.unsqueeze(axis), [x], lambda x: np.expand_dims(x, axis), analytic=True
    )


CASES = [
    broadcast_to,
    reshape,
    transpose,
    transposed,
    getitem,
    getitem_integers,
    scatter,
    concatenate,
    stack,
    flatten,
    squeeze,
    unsqueeze,
]
