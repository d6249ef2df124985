"""The cases of the property tests: a strategy of problems for each operation, layer and loss.

Each family has a table of cases, and every.py has all of them. Several tests use the tables: the
gradient checks, the GPU tests, the planted mistakes, and the test that nothing is left out.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

import minigan
from minigan.gradcheck.strategies import arrays, broadcastable_arrays


@dataclass
class Problem:
    """A function and its inputs, as gradcheck takes them, and the same function in NumPy.

    fn: takes Tensors and returns a Tensor or a list of them. inputs: float64 arrays.
    numpy: the same function of arrays. analytic: whether it also takes complex arrays.
    module: the module that fn uses, if it has parameters.
    """

    fn: Any
    inputs: list
    numpy: Any = None
    analytic: bool = False
    module: Any = None


@dataclass(frozen=True)
class Case:
    """A name, the operations, layers or losses that it covers, and a strategy of Problems.

    As a string, which is the name of its tests, it has the names of all that it covers.
    """

    name: str
    covers: tuple
    problems: Any = field(repr=False)

    def __str__(self):
        return with_names(self.name, self.covers)


def with_names(text, things):
    """The text, and the names of the things that it does not have: "a + b" -> "a + b (Add)".

    So `pytest -k Add` finds every test of Add. (-k does not distinguish capital letters.)
    """
    names = [thing.__name__ for thing in things]
    missing = [name for name in names if name.lower() not in text.lower()]
    return f"{text} ({', '.join(missing)})" if missing else text


def case(name, covers, fn, inputs, numpy=None, *, analytic=None):
    """A Case of one function. inputs: a strategy of an array, or of a list of them.

    analytic: whether `numpy` takes complex numbers. The default is yes, if `numpy` is given.
    """
    analytic = numpy is not None if analytic is None else analytic

    @problem_case(name, covers)
    @st.composite
    def draw_problem(draw):
        xs = draw(inputs)
        return Problem(fn, xs if isinstance(xs, list) else [xs], numpy, analytic)

    return draw_problem


def problem_case(name, covers):
    """A decorator of a composite strategy, which draws the Problems of a Case."""

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


def seeded(draw, make):
    """The module that `make` makes, in float64, with weights that depend on a drawn seed only."""
    minigan.seed(draw(st.integers(0, 20)))
    return make().double()


__all__ = [
    "Case",
    "Problem",
    "arrays",
    "axes",
    "case",
    "pairs",
    "problem_case",
    "seeded",
    "with_names",
]
