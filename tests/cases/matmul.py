"""Cases of a @ b (of vectors, matrices and batches of matrices) and of Linear."""

import operator

from hypothesis import strategies as st

from cases import Problem, arrays, problem_case
from minigan.gradcheck.strategies import broadcastable_shapes
from minigan.ops.matmul import Linear, MatMul

SIDE = st.integers(0, 3)


@problem_case("a @ b", MatMul)
@st.composite
def matrices(draw):
    n, k, m = draw(SIDE), draw(SIDE), draw(SIDE)
    if draw(st.booleans()):  # square ones, so that a mistake does not change a shape
        n = k = m = 2
    batch_a, batch_b = draw(broadcastable_shapes(max_dims=2, max_side=2))
    inputs = [draw(arrays((*batch_a, n, k))), draw(arrays((*batch_b, k, m)))]
    return Problem(operator.matmul, inputs, operator.matmul, analytic=True)


@problem_case("a @ b, one of them a vector", MatMul)
@st.composite
def vectors(draw):
    n, k = draw(SIDE), draw(SIDE)
    inputs = draw(
        st.sampled_from([[(k,), (k, n)], [(n, k), (k,)], [(2, n, k), (k,)], [(k,), (2, k, n)]])
    )
    inputs = [draw(arrays(shape)) for shape in inputs]
    return Problem(operator.matmul, inputs, operator.matmul, analytic=True)


@problem_case("a @ b, both vectors", ())
@st.composite
def inner(draw):
    k = draw(SIDE)
    return Problem(
        operator.matmul, [draw(arrays((k,))), draw(arrays((k,)))], operator.matmul, analytic=True
    )


@problem_case("x Wᵀ + b", Linear)
@st.composite
def linear(draw):
    n, i, o = draw(SIDE), draw(SIDE), draw(SIDE)
    inputs = [draw(arrays((n, i))), draw(arrays((o, i))), draw(arrays((o,)))]
    return Problem(Linear(), inputs, lambda x, W, b: x @ W.T + b, analytic=True)


CASES = [matrices, vectors, inner, linear]
