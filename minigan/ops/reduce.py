"""The operations that fold axes away: sum, mean, max, norm and log_softmax; and the variance.

axis: an int, a tuple of them, or None for all; keepdims: leave each folded axis with length 1.

Tests: tests/ops/test_reduce.py.
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigan.guards.data import check_correction, check_reduction, refuse_keywords
from minigan.op import Op
from minigan.ops.elementwise import Exp, Select
from minigan.ops.shape import BroadcastTo
from minigan.tensor import Tensor

# Up to how many float32 numbers are added up in one way; see accurate_mean. If they are added one
# after the other, each addition rounds by up to 6e-8 of the sum so far. The measured relative error
# of a mean is 1e-6 for FEW numbers and 4e-6 for MANY. It is 4e-5 for a million.
FEW = 2**10
MANY = 2**14
VERY_MANY = 2**16


class Reduction(Op):
    """The base of most operations here: it knows the axes, and how to restore the full shape."""

    def __init__(self, axis=None, keepdims=False, **other):
        self.axis = tuple(axis) if isinstance(axis, (list, range)) else axis
        self.keepdims = keepdims
        if other or type(keepdims) is not bool or type(axis) is bool:
            check_reduction(axis, keepdims, other)

    def axes(self, x):
        """The folded axes in order, as non-negative numbers."""
        if self.axis is None:
            return [*range(x.ndim)]
        if x.ndim == 0:  # a number has no axis, and takes axis 0 or -1 all the same, as in NumPy
            normalize_axis_tuple(self.axis, 1)
            return []
        return sorted(normalize_axis_tuple(self.axis, x.ndim))  # ValueError for one out of range

    def folded_size(self, x):
        """How many elements of x are folded into each of y."""
        return math.prod(x.shape[i] for i in self.axes(x))

    def unfold(self, y, x):
        """y with its folded axes as axes of length 1, so that it broadcasts against x."""
        if self.keepdims or self.axis is None:  # a single number broadcasts as it is
            return y
        axes = self.axes(x)
        return y.reshape(tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


class Sum(Reduction):
    """y = Σ x"""

    def forward(self, x):
        return x.sum(axis=self.axis, keepdims=self.keepdims)

    def backward(self, gy, y, x):
        return BroadcastTo(x.shape)(self.unfold(gy, x))


class Mean(Reduction):
    """y = Σ x / n"""

    def forward(self, x):
        axes = self.axes(x)
        n = self.folded_size(x)
        if n == 0:
            raise ValueError("the mean of no elements")
        y = accurate_mean(x, axes, n)
        return y if self.keepdims else y.squeeze(axis=tuple(axes))

    def backward(self, gy, y, x):
        return BroadcastTo(x.shape)(self.unfold(gy / self.folded_size(x), x))


class MeanOfProducts(Reduction):
    """y = Σ a b / n over the axes, which stay with length 1; a and b have one shape

    einsum makes no array of the products, and takes half the time of (a * b).mean().
    """

    def forward(self, a, b):
        axes = self.axes(a)
        n = self.folded_size(a)
        if not isinstance(a, np.ndarray):  # on a GPU
            return accurate_mean(a * b, axes, n)
        if n <= MANY:
            return sum_by_einsum(axes, a, b) / n
        sums = sum_by_einsum(axes[1:], a, b)
        return accurate_mean(sums, axes[:1], n)  # the first axis is added up last

    def backward(self, gy, y, a, b):
        gy = gy / self.folded_size(a)
        return gy * b, gy * a


class Max(Reduction):
    """y = max x; elements that tie share the gradient equally"""

    def forward(self, x):
        return x.max(axis=self.axis, keepdims=self.keepdims)

    def backward(self, gy, y, x):  # the shapes are those of x: (N, C) and axis=1
        chosen = x == self.unfold(y, x)  # (N, C), boolean
        ties = chosen.sum(axis=self.axis, keepdims=True, dtype=x.dtype)  # (N, 1)
        return Select(chosen)(self.unfold(gy, x) / ties)  # (N, 1) -> (N, C)


class Norm(Reduction):
    """y = √Σ x², whose slope at x = 0 is taken as 0, in both orders"""

    def forward(self, x):
        return np.sqrt((x * x).sum(axis=self.axis, keepdims=self.keepdims))

    def backward(self, gy, y, x):
        nonzero = y != 0
        unit = x / self.unfold(y + ~nonzero, x)  # x / y; x (gy / y) would divide by y² in its rule
        return unit * self.unfold(Select(nonzero)(gy), x)


class LogSoftmax(Op):
    """y = x - log Σ eˣ along an axis. The comments have the shapes for x: (N, C) and axis=1."""

    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, x):
        if x.size == 0:
            return x - x.sum(axis=self.axis, keepdims=True)  # which checks the axis
        x = x - x.max(axis=self.axis, keepdims=True)  # (N, C); no eˣ overflows
        return x - np.log(np.exp(x).sum(axis=self.axis, keepdims=True))  # (N, C) - (N, 1)

    def backward(self, gy, y, x):
        sums = gy.sum(axis=self.axis, keepdims=True)  # (N, 1)
        return gy - Exp()(y) * sums  # (N, C); eʸ is the softmax


def accurate_mean(x, axes, n):
    """The sum of an array over some axes, divided by n, accurate in any memory order.

    The axes stay with length 1. n counts what is added; the elements of x may be sums already.

    Along an axis that is not the last one in memory, NumPy and einsum add one number after the
    other. So the method depends on how many numbers are added:

    - up to FEW: einsum, which is fast in every memory order.
    - up to MANY: NumPy's sum. Along the last axis in memory it adds pairs, then pairs of these.
    - more: the first axis is added up last, so that each sum is shorter. A sum of more than
      VERY_MANY uses float64, which takes more time.

    A GPU always adds pairs, then pairs of these sums, and so on.
    """
    if not isinstance(x, np.ndarray):
        return x.mean(axis=tuple(axes), keepdims=True)
    size = math.prod(x.shape[i] for i in axes)
    if 0 < size <= FEW:
        return sum_by_einsum(axes, x) / n
    if size <= MANY or len(axes) == 1:
        y = sum_by_numpy(axes, x)
    else:
        y = sum_by_numpy(axes[:1], sum_by_numpy(axes[1:], x))
    return (y / n).astype(x.dtype, copy=False)


def sum_by_einsum(axes, *arrays):
    """The sum of an array, or of the products of two, over axes that stay with length 1."""
    shape = arrays[0].shape
    every = range(len(shape))
    operands = []
    for a in arrays:
        operands += [a, every]  # einsum takes each array with the numbers of its axes
    y = np.einsum(*operands, [i for i in every if i not in axes])
    return y.reshape([1 if i in axes else n for i, n in enumerate(shape)])


def sum_by_numpy(axes, x):
    """The sum of an array over axes that stay with length 1, in float64 if it is very long."""
    size = math.prod(x.shape[i] for i in axes)
    dtype = np.float64 if size > VERY_MANY else x.dtype
    return x.sum(axis=tuple(axes), keepdims=True, dtype=dtype)


def var(x, axis, keepdims, correction, **other):
    """Tensor.var, which says what it is."""
    n = Sum(axis, **other).folded_size(x)
    check_correction(correction, n)
    centred = x - x.mean(axis, keepdims=True)
    return (centred * centred).mean(axis, keepdims) * (n / (n - correction))


def log_softmax(x, axis=-1, **other) -> Tensor:
    """The logarithm of the softmax along an axis: (N, classes) -> (N, classes)."""
    if other:
        refuse_keywords(other)
    return LogSoftmax(axis)(x)
