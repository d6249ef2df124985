"""Compare the derivatives that backward computes with numerical ones."""

import math
from dataclasses import dataclass

import numpy as np

from minigan.backend import get_array_module, to_numpy
from minigan.gradcheck.function import vjp
from minigan.gradcheck.numeric import ComplexStep, Differences, join
from minigan.gradcheck.report import (
    WORST,
    GradientError,
    Line,
    kink_text,
    listing,
    place,
    wrong_text,
)
from minigan.tensor import Tensor

EXACT = 1e-12  # the tolerance beside a complex step
PROBED = 200  # the number of single elements to look at when a direction is wrong


@dataclass
class Settings:
    """gradcheck's arguments of the same names. `random` is a generator with its seed."""

    mode: str
    eps: float
    atol: float
    rtol: float
    kinks: str
    directions: int
    random: "np.random.Generator"  # quoted, so that importing minigan does not import numpy.random


def compare(f, how, order, reference=None):
    """Return a Line for each variable of the Function f; GradientError at the first wrong one."""
    if reference is None:
        numbers = Differences(f, how.eps, how.atol, how.rtol, probe=how.kinks != "ignore")
    else:
        numbers = ComplexStep(f, reference)
        y = f.values(numbers.point)
        if y.shape != numbers.y.shape or not np.allclose(y, numbers.y, rtol=EXACT, atol=EXACT):
            differences = listing("fn", y, "reference", numbers.y)
            raise GradientError(f"fn and its reference differ\n{differences}")
    leaves, outputs = f(f.point)
    size = sum(y.size for y in outputs)
    vs = np.eye(size) if how.mode == "full" else how.random.standard_normal((how.directions, size))
    gradients = [_gradient(leaves, outputs, v) for v in vs]  # for each v, one of each variable
    lines = []
    for i, x in enumerate(numbers.point):
        analytic = np.array([gs[i] for gs in gradients]).reshape(len(vs), x.size)
        variable = Variable(f, i, outputs, order, numbers, how)
        if not analytic.size:
            lines.append(variable.nothing())
        elif how.mode == "full":
            lines.append(variable.check_elements(analytic))
        else:
            lines.append(variable.check_directions(analytic, vs))
    return lines


class Variable:
    """One variable of a Function. It compares the analytic with the numeric derivatives."""

    def __init__(self, f, i, outputs, order, numbers, how):
        self.i, self.name, self.shape = i, f.names[i], numbers.point[i].shape
        self.what, self.order, self.numbers, self.how = f.what, order, numbers, how
        self.output_names = f.output_names(len(outputs))
        self.output_shapes = [y.shape for y in outputs]
        exact = isinstance(numbers, ComplexStep)
        self.atol, self.rtol = (EXACT, EXACT) if exact else (how.atol, how.rtol)

    def check_elements(self, analytic):
        """Compare each element. analytic: (elements of the outputs, elements of the variable)."""
        slopes = join(
            [self.numbers.along(self.i, self.unit(j)) for j in range(analytic.shape[1])],
            np.column_stack,
        )

        def place_of(k):
            r, j = divmod(k, analytic.shape[1])
            return self.output_place(r), place(self.shape, j)

        self.check_kinks(slopes, place_of)
        excess = self.excess(analytic, slopes)
        if (excess > 1).any():
            where = f"in {(excess > 1).sum()} of {excess.size} elements"
            self.fail(where, place_of, analytic, slopes, excess)
        return self.line(analytic, slopes, excess)

    def check_directions(self, analytic, vs):
        """Compare vᵀ ∂f/∂x u for random directions u. analytic: vᵀ ∂f/∂x for each v."""
        us = self.how.random.standard_normal(analytic.shape)
        us /= np.linalg.norm(us, axis=1, keepdims=True)
        found = (analytic * us).sum(axis=1)
        slopes = self.along(us, vs)

        def place_of(k):
            return f"v · {self.what}", f"random direction {k}"

        self.check_kinks(slopes, place_of)
        excess = self.excess(found, slopes)
        if (excess > 1).any():
            where = f"along {(excess > 1).sum()} of {excess.size} random directions"
            worst = int(np.argmax(excess))
            self.find_elements(where, analytic[worst], vs[worst])
            self.fail(where, place_of, found, slopes, excess)
        return self.line(found, slopes, excess)

    def find_elements(self, where, analytic, v):
        """Raise GradientError with the elements that make a direction wrong, if they are found."""
        probed = np.sort(self.how.random.permutation(len(analytic))[:PROBED])
        slopes = self.along([self.unit(j) for j in probed], [v] * len(probed))
        excess = self.excess(analytic[probed], slopes)
        wrong = (excess > 1).sum()
        if wrong:

            def place_of(k):
                return f"v · {self.what}", place(self.shape, probed[k])

            where += f"; of {len(probed)} elements probed one by one, {wrong} are wrong"
            self.fail(where, place_of, analytic[probed], slopes, excess)

    def along(self, us, vs):
        """Return the slopes of the number v · f along u, for each pair of u and v."""
        pairs = zip(us, vs, strict=True)
        return join(
            [self.numbers.along(self.i, u.reshape(self.shape), v) for u, v in pairs], np.concatenate
        )

    def unit(self, j):
        """Return the direction in which only element j moves."""
        u = np.zeros(self.shape)
        u.reshape(-1)[j] = 1.0
        return u

    def output_place(self, r):
        """Return the output and its element that belong to row r of the Jacobian."""
        for name, shape in zip(self.output_names, self.output_shapes, strict=True):
            if r < math.prod(shape):
                return f"{name} {place(shape, r)}"
            r -= math.prod(shape)
        raise IndexError(f"the outputs have {r} elements fewer")

    def excess(self, analytic, slopes):
        """Return the error of each derivative as a multiple of the tolerance; 0 at a kink."""
        off = np.abs(analytic - slopes.value)
        largest = np.maximum(np.abs(analytic), np.abs(slopes.value))
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = off / (self.atol + self.rtol * largest + slopes.noise)
        excess[np.isnan(excess)] = np.inf
        excess[(off == 0) | ~slopes.smooth] = 0
        return excess

    def check_kinks(self, slopes, place_of):
        if self.how.kinks != "raise" or slopes.smooth.all():
            return
        k = int(np.argmin(slopes.smooth))
        output, at = place_of(k)
        raise GradientError(
            kink_text(
                f"{output}, as a function of {self.name}, {at},",
                slopes.left.flat[k],
                slopes.right.flat[k],
                slopes.step.flat[k],
            )
        )

    def fail(self, where, place_of, analytic, slopes, excess):
        """Raise GradientError for the elements with an excess above 1. place_of(k) names one."""
        wrong = np.flatnonzero(excess > 1)
        wrong = wrong[np.argsort(-excess.flat[wrong], kind="stable")]  # the worst first
        order = "to second order, " if self.order == 2 else ""
        headline = (
            f"{order}the derivative of {self.what} with respect to {self.name}, of shape "
            f"{self.shape}, is wrong {where}:"
        )
        steps = " or ".join(sorted({f"{h:.0e}" for h in slopes.step.flat[wrong]}))
        how_compared = (
            f"Numeric: {self.numbers.method}, step {steps}; allowed: {self.atol:g} + {self.rtol:g} "
            "times the larger of the two."
        )
        raise GradientError(
            wrong_text(
                headline,
                self.name,
                [place_of(k) for k in wrong[:WORST]],
                analytic.flat[wrong],
                slopes.value.flat[wrong],
                how_compared,
            )
        )

    def line(self, analytic, slopes, excess):
        """Return the Line of a successful comparison."""
        smooth = slopes.smooth
        error = np.abs(analytic - slopes.value)[smooth].max(initial=0.0)
        kinks = int((~smooth).sum())
        return self._line(smooth.size - kinks, kinks, float(error), float(excess.max()))

    def nothing(self):
        """Return the Line of a comparison of no elements."""
        return self._line(0, 0, 0.0, 0.0)

    def _line(self, *numbers):
        return Line(self.order, self.what, self.name, self.shape, *numbers)


def _gradient(leaves, outputs, v):
    """vᵀ ∂(outputs)/∂(each leaf) for a flat v, as flat NumPy vectors."""
    parts = np.split(v, np.cumsum([y.size for y in outputs])[:-1])
    vs = [
        Tensor(get_array_module(y.data).asarray(part.reshape(y.shape)))
        for y, part in zip(outputs, parts, strict=True)
    ]
    return [to_numpy(g.data).reshape(-1) for g in vjp(outputs, leaves, vs)]
