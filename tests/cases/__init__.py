"""What the property tests run on: for each operation, layer and loss, a strategy of problems.

A table a family, so that one test can run the gradient checks over it, another the GPU's, another
the planted mistakes, and another can ask whether anything in the package was left out.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from minigan.testing import arrays, broadcastable_arrays


@dataclass
class Problem:
    """A function at a point: what gradcheck takes, and the value that NumPy gives for it.

    fn: of Tensors, to a Tensor or a list of them. inputs: float64 arrays.
    numpy: the same function of arrays; analytic: it takes complex ones, too.
    module: what fn uses, if it has parameters.
    """

    fn: Any
    inputs: list
    numpy: Any = None
    analytic: bool = False
    module: Any = None


@dataclass(frozen=True)
class Case:
    """A name, the operations, layers or losses that it covers, and a strategy of Problems."""

    name: str
    covers: tuple
    problems: Any = field(repr=False)

    def __str__(self):
        return self.name


def case(name, covers, fn, inputs, numpy=None, *, analytic=None):
    """A Case of one function. inputs: a strategy of an array, or of a list of them.

    analytic: whether `numpy` takes complex numbers; if it is given, the answer is taken to be yes.
    """
    analytic = numpy is not None if analytic is None else analytic

    @problem_case(name, covers)
    @st.composite
    def draw_problem(draw):
        xs = draw(inputs)
        return Problem(fn, xs if isinstance(xs, list) else [xs], numpy, analytic)

    return draw_problem


def problem_case(name, covers):
    """A decorator: the composite strategy below it draws the Problems of a Case."""

    def decorate(draw_problem):
        return Case(name, covers if isinstance(covers, tuple) else (covers,), draw_problem())

    return decorate


def pairs(**options):
    """Lists of two arrays that broadcast against each other."""
    return broadcastable_arrays(2, **options)


def axes(ndim):
    """An axis argument: None, one axis from either end, or a tuple of different ones."""
    if ndim == 0:
        return st.none()
    one = st.integers(-ndim, ndim - 1)
    several = st.lists(one, max_size=ndim, unique_by=lambda i: i % ndim).map(tuple)
    return st.none() | one | several


__all__ = ["Case", "Problem", "arrays", "axes", "case", "pairs", "problem_case"]
