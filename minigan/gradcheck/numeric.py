"""Numerical derivatives, with which backward rules are compared.

Along a line, f is a function of one number t. Its values at five points give

    f′(0) = (f(-2h) - 8 f(-h) + 8 f(h) - f(2h)) / 12h + O(h⁴)

The same five points show whether this is accurate. If f is smooth, a third difference such as
f(2h) - 3 f(h) + 3 f(0) - f(-h) is about h³ f‴. If f has a kink between the points, it is about h
times the jump of the slope. So if third differences are large, a smaller step is tried. If they are
still large at the smallest step, f has a kink, a jump, or the edge of its domain there.
"""

from dataclasses import dataclass, fields

import numpy as np

from minigan.backend import to_numpy

SHRINK = (1.0, 0.1, 0.01, 0.001)  # the steps to try, as factors of the first
COMPLEX_STEP = 1e-30  # it may be this small, because nothing is subtracted


@dataclass
class Slopes:
    """The derivatives of the elements of a vector along a line. Every field is an array (M,)."""

    value: np.ndarray
    left: np.ndarray  # the slopes on both sides, which differ at a kink
    right: np.ndarray
    noise: np.ndarray  # the error of `value` that rounding alone can cause
    step: np.ndarray
    smooth: np.ndarray  # whether `value` is accurate


class Differences:
    """Central differences of a Function f.

    eps: the first step. atol, rtol: the limits of a third difference, divided by the step.
    probe: whether to look for kinks. If not, only the first step is used.
    """

    method = "central differences"

    def __init__(self, f, eps, atol, rtol, probe):
        self.f, self.eps, self.atol, self.rtol, self.probe = f, eps, atol, rtol, probe
        self.point = [np.array(to_numpy(x)) for x in f.point]
        self.y = f.values(self.point)

    def along(self, i, direction, v=None):
        """Return the Slopes of f's outputs (M,), or of the number v · f, as variable i moves."""
        slopes = None
        with np.errstate(all="ignore"):  # a step may leave the domain of log
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
        third = np.maximum(  # of two, because one misses a kink at half a step
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
    """∂f/∂t as Im f(x + i h u) / h. It subtracts nothing and is exact to rounding.

    reference: an analytic NumPy function of f's variables, which has a value for complex numbers:
    no abs, no comparison, no max (Squire & Trapp 1998, SIAM Review 40).
    """

    method = "complex step"

    def __init__(self, f, reference):
        self.reference = reference
        self.point = [np.array(to_numpy(x)) for x in f.point]
        self.y = flat(reference(*self.point))

    def along(self, i, direction, v=None):
        """See Differences.along. Raises TypeError if the reference loses the imaginary part."""
        point = [x.astype(np.complex128) for x in self.point]
        point[i] += 1j * COMPLEX_STEP * direction
        y = flat(self.reference(*point))
        if y.dtype.kind != "c":
            raise TypeError(
                "gradcheck: the reference made real numbers of complex ones, so a complex step "
                "cannot differentiate it: it must not use abs, max, comparisons or float()"
            )
        slope = y.imag / COMPLEX_STEP
        slope = slope if v is None else np.array([v @ slope])
        zero, smooth = np.zeros(slope.shape), np.ones(slope.shape, dtype=bool)
        return Slopes(slope, slope, slope, zero, zero + COMPLEX_STEP, smooth)


def flat(arrays):
    """Join one array or several to one new vector."""
    arrays = arrays if isinstance(arrays, (list, tuple)) else [arrays]
    return np.concatenate([np.zeros(0), *(np.ravel(a) for a in arrays)])


def join(slopes, how):
    """Join the Slopes of several lines to one, with `how`, such as np.concatenate."""
    return Slopes(*[how([getattr(s, f.name) for s in slopes]) for f in fields(Slopes)])


def _choose(mask, a, b):
    """Return the Slopes a where the mask is true, and b elsewhere."""
    names = [f.name for f in fields(Slopes)]
    return Slopes(*[np.where(mask, getattr(a, name), getattr(b, name)) for name in names])
