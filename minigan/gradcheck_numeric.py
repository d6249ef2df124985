"""Derivatives by numbers alone: what gradcheck compares a backward rule with.

Along a line, f is a function of one number t. From its values at five points,

    f′(0) = (f(-2h) - 8 f(-h) + 8 f(h) - f(2h)) / 12h + O(h⁴)

and the same five points tell whether that can be believed. Where f is smooth, a third difference
such as f(2h) - 3 f(h) + 3 f(0) - f(-h) is h³ f‴; where it has a kink between them, it is h times
the jump in the slope. So if third differences are not small, the step is shrunk: what is left
of them at the smallest step is a kink (or a jump, or the edge of where f is finite).
"""

from dataclasses import dataclass

import numpy as np

SHRINK = (1.0, 0.1, 0.01, 0.001)  # the steps tried, as parts of the first
COMPLEX_STEP = 1e-30  # nothing is subtracted, so it may be as small as you like


@dataclass
class Slopes:
    """The derivative along one line of each element of a vector: all arrays are (M,)."""

    value: np.ndarray
    left: np.ndarray  # the slopes of the two sides, which differ at a kink
    right: np.ndarray
    noise: np.ndarray  # what rounding alone can make `value` wrong by
    step: np.ndarray
    smooth: np.ndarray  # whether `value` can be believed


def central(f, f0, eps, atol, rtol, probe=True):
    """The derivative of f at 0 by central differences, each element at the largest step that will do.

    f: a function of a number to a float64 vector (M,); f0: its value at 0.
    eps: the first step. atol, rtol: how far a third difference (as a slope) may be from 0.
    probe: look for kinks; if not, the first step is the only one, and all is taken for smooth.
    """
    best = None
    with np.errstate(all="ignore"):  # a step across the edge of log's domain is nobody's mistake
        for part in SHRINK:
            new = _five_points(f, f0, eps * part, atol, rtol)
            if not probe:
                new.smooth[:] = True
            best = new if best is None else _settled(best, new)
            if best.smooth.all():
                break
    return best


def _five_points(f, f0, h, atol, rtol):
    below2, below, above, above2 = f(-2 * h), f(-h), f(h), f(2 * h)
    left, right = (f0 - below) / h, (above - f0) / h
    largest = np.max(np.abs([below2, below, f0, above, above2]), axis=0)
    noise = 8 * np.finfo(np.float64).eps * largest / h
    third = np.maximum(
        np.abs(above2 - 3 * above + 3 * f0 - below),  # two of them, because a kink at the right
        np.abs(above - 3 * f0 + 3 * below - below2),  # distance from the middle can hide from one
    )
    steepest = np.maximum(np.abs(left), np.abs(right))
    return Slopes(
        value=(below2 - 8 * below + 8 * above - above2) / (12 * h),
        left=left,
        right=right,
        noise=noise,
        step=np.full(f0.shape, h),
        smooth=third / h <= atol + rtol * steepest + noise,  # false for a nan
    )


def _settled(old, new):
    """`old` where it can be believed, `new` elsewhere."""
    fields = vars(old)
    return Slopes(**{name: np.where(old.smooth, fields[name], getattr(new, name)) for name in fields})


def complex_step(f, point, i, j):
    """∂f/∂x_j for element j of array i of `point`, as Im f(x + ih)/h: exact to rounding.

    f: a NumPy function of arrays to an array (or several) that is analytic, and so means the same
    for complex numbers: no abs, no comparison, no max. (Squire & Trapp 1998)
    Raises TypeError if the complex numbers do not come through f.
    """
    moved = [x.astype(np.complex128) for x in point]
    moved[i].reshape(-1)[j] += 1j * COMPLEX_STEP
    y = flat(f(*moved))
    if y.dtype.kind != "c":
        raise TypeError(
            "the reference turned complex numbers into real ones, so it cannot be differentiated "
            "by a complex step: it must not use abs, max, comparisons or float()"
        )
    return y.imag / COMPLEX_STEP


def flat(arrays):
    """One array or several as a new vector."""
    arrays = arrays if isinstance(arrays, (list, tuple)) else [arrays]
    return np.concatenate([np.ravel(a) for a in arrays]) if arrays else np.zeros(0)
