"""Compare random graphs, such as chains and diamonds, with NumPy and a complex step."""

import numpy as np
from cases import Problem
from hypothesis import given
from hypothesis import strategies as st
from properties import check_problem

from minigan import Tensor
from minigan.gradcheck.strategies import broadcastable_arrays

# Except for tanh and exp, each function is written once, for Tensors and for complex arrays.
# Their values are small, so that ten of them in a row stay well conditioned.
UNARY = {
    "square": lambda f, a: 0.3 * (a * a),
    "negate": lambda f, a: -a,
    "reciprocal": lambda f, a: 1 / (3 + a * a),
    "cube": lambda f, a: 0.1 * a**3,
    "tanh": lambda f, a: f.tanh(a),
    "exp": lambda f, a: f.exp(0.3 * a),
    "sum": lambda f, a: 0.3 * a.sum(axis=a.ndim - 1, keepdims=True) if a.ndim else a * 1,
    "mean of all": lambda f, a: a.sum() / max(a.size, 1),
    "reverse": lambda f, a: a[::-1] if a.ndim else a * 1,
}
BINARY = {
    "add": lambda f, a, b: 0.5 * (a + b),
    "subtract": lambda f, a, b: a - 0.5 * b,
    "multiply": lambda f, a, b: 0.5 * a * b,
    "divide": lambda f, a, b: a / (3 + b * b),
    "mix": lambda f, a, b: f.tanh(a) * b + a,
}


@st.composite
def programs(draw, leaves):
    """Lists of (operation, operands). Each later operation may use each earlier result."""
    program = []
    for i in range(leaves, leaves + draw(st.integers(1, 10))):
        name = draw(st.sampled_from([*UNARY, *BINARY]))
        operands = [draw(st.integers(0, i - 1)) for _ in range(1 if name in UNARY else 2)]
        program.append((name, operands))
    return program


def execute(program, f, leaves):
    """A weighted sum of all values. No two values have the same weight."""
    values = list(leaves)
    for name, operands in program:
        apply = UNARY.get(name) or BINARY[name]
        values.append(apply(f, *[values[i] for i in operands]))
    return sum(value.sum() / (i + 1) for i, value in enumerate(values))


@st.composite
def expressions(draw):
    leaves = draw(broadcastable_arrays(draw(st.integers(1, 3)), low=-1.0, high=1.0))
    program = draw(programs(len(leaves)))
    return Problem(
        lambda *xs: execute(program, Tensor, xs),
        leaves,
        lambda *xs: execute(program, np, xs),
        analytic=True,
    )


@given(expressions())
def test_any_expression_has_the_value_and_derivatives_that_numpy_gives(problem):
    check_problem(problem)
