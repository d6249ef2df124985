"""Check samples and convert them to rows, and compute the distances between rows."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import math

import numpy as np

from minigan.backend import to_numpy
from minigan.tensor import as_array

BLOCK = 250  # rows of distances at a time: with 10,000 columns they take 20 MB


def as_rows(name, samples, at_least=1):
    """Return `samples`, an array or Tensor, as a NumPy array (N, D) of float32 or float64.

    name: the name of the samples in messages. Raises ValueError for another shape, fewer than
    `at_least` rows or a number that is not finite. Raises TypeError for integers.
    """
    rows = as_numpy(samples)
    if rows.dtype.kind != "f":
        raise TypeError(f"{name} must be floats, not {rows.dtype}; convert with .astype(float)")
    if rows.ndim != 2 or len(rows) < at_least or rows.shape[1] == 0:
        raise ValueError(f"{name} must be (N, D), N at least {at_least}, not {rows.shape}")
    bad = (~np.isfinite(rows)).sum()
    if bad:
        raise ValueError(f"{bad} of the {rows.size} numbers of {name} are NaN or infinite")
    return rows.astype(np.promote_types(rows.dtype, np.float32), copy=False)


def as_pixels(name, images):
    """Return `images`, (N, ...), as NumPy's (N, D) from 0 to 1. Raises the errors of as_rows."""
    images = as_numpy(images)
    if images.dtype.kind != "f":
        remedy = f"datasets.to_float({name}, 0) converts bytes"
        raise TypeError(f"{name} must be floats, not {images.dtype}; {remedy}")
    if images.ndim > 2:
        images = images.reshape(len(images), math.prod(images.shape[1:]))
    pixels = as_rows(name, images)
    low, high = pixels.min(), pixels.max()
    if low < 0 or high > 1:
        remedy = "after a tanh, use (x + 1) / 2" if low < 0 else "if up to 255, divide by 255"
        raise ValueError(
            f"{name} must be pixels from 0 to 1, but they range from {low:.3g} to {high:.3g}; "
            f"{remedy}"
        )
    return pixels


def as_numpy(x):
    """Return an array of any backend, a Tensor or nested lists as a NumPy array."""
    return to_numpy(as_array(x))


def check_widths(**arrays):
    """Raise ValueError, with the names and shapes, unless all have the same number of columns."""
    if len({rows.shape[1] for rows in arrays.values()}) > 1:
        listed = ", ".join(f"{name} {rows.shape}" for name, rows in arrays.items())
        raise ValueError(f"all must have the same number of columns: {listed}")


def squared_distances(x, y):
    """Yield ‖xᵢ - yⱼ‖² = ‖xᵢ‖² + ‖yⱼ‖² - 2 xᵢ·yⱼ in blocks of rows i, in float64.

    x: (M, D), y: (N, D); yields (B, N). The matrix product has the precision of x and y.

    >>> [block.tolist() for block in squared_distances(np.array([[0.0], [1.0]]), np.array([[3.0]]))]
    [[[9.0], [4.0]]]
    """
    y_squares = np.einsum("ij,ij->i", y, y, dtype=np.float64)
    for start in range(0, len(x), BLOCK):
        block = x[start : start + BLOCK]
        squares = (block @ y.T).astype(np.float64)
        squares *= -2
        squares += np.einsum("ij,ij->i", block, block, dtype=np.float64)[:, None]
        squares += y_squares
        yield np.maximum(squares, 0, out=squares)  # rounding can make a distance of 0 negative
