"""The operations that fold axes away: sum, mean, max, norm and log_softmax; and the variance.

axis: an int, a tuple of them, or None for all; keepdims: leave each folded axis with length 1.
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigan.guards.data import check_correction, refuse_keywords
from minigan.op import Op
from minigan.ops.elementwise import Exp, Select
from minigan.ops.shape import BroadcastTo
from minigan.tensor import Tensor

MANY = 2**14  # a float32 sum of more numbers, one after the other, loses two digits or more


class Reduction(Op):
    """The base of most operations here: it knows the axes, and how to restore the full shape."""

    def __init__(self, axis=None, keepdims=False, **other):
        self.axis = tuple(axis) if isinstance(axis, (list, range)) else axis
        self.keepdims = keepdims
        if other:
            refuse_keywords(other)

    def axes(self, x):
        """The folded axes in order, as non-negative numbers."""
        if self.axis is None:
            return [*range(x.ndim)]
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

    einsum makes no array of the products, and takes half the time of (a * b).mean(). It adds one
    number after the other, so the first axis of many numbers is added up last.
    """

    def forward(self, a, b):
        every = range(a.ndim)
        folded = self.axes(a)
        n = self.folded_size(a)
        if not isinstance(a, np.ndarray):  # on a GPU
            return accurate_mean(a * b, folded, n)
        first = folded[:1] if n > MANY else []
        kept = [i for i in every if i not in folded or i in first]
        y = np.einsum(a, every, b, every, kept)
        y = y.reshape([n if i in kept else 1 for i, n in enumerate(a.shape)])
        return accurate_mean(y, first, n) if first else y / n

    def backward(self, gy, y, a, b):
        gy = gy / self.folded_size(a)
        return gy * b, gy * a


class Max(Reduction):
    """y = max x; elements that tie share the gradient equally"""

    def forward(self, x):
        return x.max(axis=self.axis, keepdims=self.keepdims)

    def backward(self, gy, y, x):
        chosen = x == self.unfold(y, x)
        ties = chosen.sum(axis=self.axis, keepdims=True, dtype=x.dtype)
        return Select(chosen)(self.unfold(gy, x) / ties)


class Norm(Reduction):
    """y = √Σ x², whose slope at x = 0 is taken as 0, in both orders"""

    def forward(self, x):
        return np.sqrt((x * x).sum(axis=self.axis, keepdims=self.keepdims))

    def backward(self, gy, y, x):
        nonzero = y != 0
        unit = x / self.unfold(y + ~nonzero, x)  # x / y; x (gy / y) would divide by y² in its rule
        return unit * self.unfold(Select(nonzero)(gy), x)


class LogSoftmax(Op):
    """y = x - log Σ eˣ along an axis"""

    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, x):
        if x.size == 0:
            return x - x.sum(axis=self.axis, keepdims=True)  # which checks the axis
        x = x - x.max(axis=self.axis, keepdims=True)
        return x - np.log(np.exp(x).sum(axis=self.axis, keepdims=True))

    def backward(self, gy, y, x):
        return gy - Exp()(y) * gy.sum(axis=self.axis, keepdims=True)


def accurate_mean(x, axes, n):
    """The sum of an array over some axes, divided by n, accurate in any memory order.

    The axes stay with length 1. n counts what is added; the elements of x may be sums already.
    Along an axis that is not the last one in memory, NumPy adds one number after the other. Of a
    sum of a million float32 numbers, two digits are then correct. So the first axis of many numbers
    is added up last. Sums that are still long are added up in float64, which takes more time.
    For few numbers einsum is accurate enough, and is fast in every memory order. A GPU adds up
    pairs, then pairs of these sums, and so on.
    """
    if not isinstance(x, np.ndarray):
        return x.mean(axis=tuple(axes), keepdims=True)
    size = math.prod(x.shape[i] for i in axes)
    if 0 < size <= MANY // 16:
        kept = [i for i in range(x.ndim) if i not in axes]
        y = np.einsum(x, range(x.ndim), kept) / n
        return y.reshape([1 if i in axes else size for i, size in enumerate(x.shape)])
    y = x
    for some in filter(None, [axes[1:], axes[:1]] if size > MANY else [axes]):
        long = math.prod(x.shape[i] for i in some) > 4 * MANY
        y = y.sum(axis=tuple(some), keepdims=True, dtype=np.float64 if long else None)
    return (y / n).astype(x.dtype, copy=False)


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
