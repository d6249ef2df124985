"""Derivatives by numbers alone: what a backward rule is compared with.

Along a line, f is a function of one number t. From its values at five points,

    f′(0) = (f(-2h) - 8 f(-h) + 8 f(h) - f(2h)) / 12h + O(h⁴)

and the same five points tell whether that can be believed. Where f is smooth, a third difference
such as f(2h) - 3 f(h) + 3 f(0) - f(-h) is about h³ f‴; where f has a kink between them, it is
about h times the jump of the slope. So if third differences are not small, the step is shrunk; what
is left of them at the smallest step is a kink (or a jump, or the edge of where f is finite).
"""

from dataclasses import dataclass, fields

import numpy as np

from minigan.backend import to_numpy

SHRINK = (1.0, 0.1, 0.01, 0.001)  # the steps to try, as parts of the first
COMPLEX_STEP = 1e-30  # nothing is subtracted, so it may be as small as one likes


@dataclass
class Slopes:
    """The derivative along a line, of each element of a vector: every field is an array (M,)."""

    value: np.ndarray
    left: np.ndarray  # the slopes to either side, which differ at a kink
    right: np.ndarray
    noise: np.ndarray  # what rounding alone can make `value` wrong by
    step: np.ndarray
    smooth: np.ndarray  # whether `value` can be believed


class Differences:
    """Central differences of a Function f.

    eps: the first step. atol, rtol: how small a third difference must be, taken as a slope.
    probe: whether to look for kinks; if not, the first step is the only one.
    """

    method = "central differences"

    def __init__(self, f, eps, atol, rtol, probe):
        self.f, self.eps, self.atol, self.rtol, self.probe = f, eps, atol, rtol, probe
        self.point = [np.array(to_numpy(x)) for x in f.point]
        self.y = f.values(self.point)

    def along(self, i, direction, v=None):
        """The Slopes of f's outputs (M,), or of the one number v · f, as variable i moves."""
        slopes = None
        with np.errstate(all="ignore"):  # stepping over the edge of log's domain is no mistake
            for part in SHRINK if self.probe else SHRINK[:1]:
                new = self._five_points(i, direction, v, self.eps * part)
                slopes = new if slopes is None else _choose(slopes.smooth, slopes, new)
                if slopes.smooth.all():
                    break
        if not self.probe:
            slopes.smooth[:] = True
        return slopes

    def _five_points(self, i, direction, v, h):
        f0 = self.y if v is None else np.array([v @ self.y])
        below2, below, above, above2 = (self._at(i, direction, v, t * h) for t in (-2, -1, 1, 2))
        left, right = (f0 - below) / h, (above - f0) / h
        values = np.array([below2, below, f0, above, above2])
        largest = np.max(np.abs(values), initial=0.0, where=np.isfinite(values))
        noise = 8 * np.finfo(np.float64).eps * largest / h
        third = np.maximum(  # of two, because one alone misses a kink at half a step
            np.abs(above2 - 3 * above + 3 * f0 - below),
            np.abs(above - 3 * f0 + 3 * below - below2),
        )
        steepest = np.maximum(np.abs(left), np.abs(right))
        return Slopes(
            value=(below2 - 8 * below + 8 * above - above2) / (12 * h),
            left=left,
            right=right,
            noise=np.full(f0.shape, noise),
            step=np.full(f0.shape, h),
            smooth=third / h <= self.atol + self.rtol * steepest + noise,  # False for a nan
        )

    def _at(self, i, direction, v, t):
        point = list(self.point)
        point[i] = point[i] + t * direction
        y = self.f.values(point)
        return y if v is None else np.array([v @ y])


class ComplexStep:
    """∂f/∂t as Im f(x + i h u) / h, which has no difference in it and is exact to rounding.

    reference: a NumPy function of f's variables that is analytic, so that it means the same for
    complex numbers: no abs, no comparison, no max (Squire & Trapp 1998, SIAM Review 40).
    """

    method = "complex step"

    def __init__(self, f, reference):
        self.reference = reference
        self.point = [np.array(to_numpy(x)) for x in f.point]
        self.y = flat(reference(*self.point))

    def along(self, i, direction, v=None):
        """As Differences.along. Raises TypeError if the reference loses the imaginary part."""
        point = [x.astype(np.complex128) for x in self.point]
        point[i] += 1j * COMPLEX_STEP * direction
        y = flat(self.reference(*point))
        if y.dtype.kind != "c":
            raise TypeError(
                "gradcheck: the reference made real numbers of complex ones, so a complex step "
                "cannot differentiate it: it must do without abs, max, comparisons and float()"
            )
        slope = y.imag / COMPLEX_STEP
        slope = slope if v is None else np.array([v @ slope])
        zero, smooth = np.zeros(slope.shape), np.ones(slope.shape, dtype=bool)
        return Slopes(slope, slope, slope, zero, zero + COMPLEX_STEP, smooth)


def flat(arrays):
    """One array or several, as one new vector."""
    arrays = arrays if isinstance(arrays, (list, tuple)) else [arrays]
    return np.concatenate([np.zeros(0), *(np.ravel(a) for a in arrays)])


def join(slopes, how):
    """The Slopes of several lines as one, its arrays joined by `how` (np.concatenate, say)."""
    return Slopes(*[how([getattr(s, f.name) for s in slopes]) for f in fields(Slopes)])


def _choose(mask, a, b):
    """The Slopes a where the mask is true, b elsewhere."""
    names = [f.name for f in fields(Slopes)]
    return Slopes(*[np.where(mask, getattr(a, name), getattr(b, name)) for name in names])
