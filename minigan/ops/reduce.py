"""sum, mean, max, min, var, norm and log_softmax: functions that fold axes away.

axis: an int, a tuple of them, or None for all; keepdims: leave each folded axis with length 1.
"""

import math

from minigan.backend import get_array_module
from minigan.op import BroadcastTo, Op
from minigan.ops.elementwise import Exp
from minigan.tensor import as_array


class Reduction(Op):
    """What the operations of this file share: axes, and the way back to the full shape."""

    def __init__(self, axis=None, keepdims=False):
        self.axis, self.keepdims = axis, keepdims

    def unfold(self, y, x):
        """y with its folded axes put back, of length 1, so that it broadcasts against x."""
        if self.keepdims or self.axis is None:  # a single number broadcasts as it is
            return y
        return y.reshape(tuple(1 if i in self.axes(x) else n for i, n in enumerate(x.shape)))

    def axes(self, x):
        """The folded axes as non-negative numbers."""
        if self.axis is None:
            return range(x.ndim)
        axis = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return [i % x.ndim for i in axis]

    def count(self, x):
        """How many elements of x are folded into each of y."""
        if self.axis is None:
            return x.size
        return math.prod(x.shape[i] for i in self.axes(x))


class Sum(Reduction):
    """y = Σ x"""

    def forward(self, x):
        return x.sum(axis=self.axis, keepdims=self.keepdims)

    def backward(self, gy, y, x):
        return BroadcastTo(x.shape)(self.unfold(gy, x))


class Mean(Reduction):
    """y = Σ x / n"""

    def forward(self, x):
        n = self.count(x)
        if n == 0:
            raise ValueError("the mean of no elements")
        return x.sum(axis=self.axis, keepdims=self.keepdims) / n

    def backward(self, gy, y, x):
        return BroadcastTo(x.shape)(self.unfold(gy / self.count(x), x))


class SumOfProducts(Reduction):
    """y = Σ a b over the axes, which stay with length 1; a and b are of one shape

    einsum makes no array of the products on the way, and takes half the time of (a * b).sum().
    """

    def __init__(self, axis):
        super().__init__(axis, keepdims=True)

    def forward(self, a, b):
        every, folded = range(a.ndim), self.axes(a)
        kept = [i for i in every if i not in folded]
        y = get_array_module(a, b).einsum(a, every, b, every, kept)
        return y.reshape([1 if i in folded else n for i, n in enumerate(a.shape)])

    def backward(self, gy, y, a, b):
        return gy * b, gy * a


class Max(Reduction):
    """y = max x; elements that tie share the gradient equally"""

    def forward(self, x):
        return x.max(axis=self.axis, keepdims=self.keepdims)

    def backward(self, gy, y, x):
        chosen = as_array(x) == self.unfold(as_array(y), x)
        share = chosen / chosen.sum(axis=self.axis, keepdims=True, dtype=x.dtype)
        return self.unfold(gy, x) * share


class Norm(Reduction):
    """y = √Σ x², whose slope at x = 0 is taken as 0, in both orders"""

    def forward(self, x):
        return get_array_module(x).sqrt((x * x).sum(axis=self.axis, keepdims=self.keepdims))

    def backward(self, gy, y, x):
        nonzero = as_array(y) != 0
        unit = x / self.unfold(y + ~nonzero, x)  # x / y; x (gy / y) would divide by y² in its rule
        return unit * self.unfold(gy * nonzero, x)


class LogSoftmax(Op):
    """y = x - log Σ eˣ along the last axis"""

    def forward(self, x):
        xp = get_array_module(x)
        x = x - x.max(axis=-1, keepdims=True)
        return x - xp.log(xp.exp(x).sum(axis=-1, keepdims=True))

    def backward(self, gy, y, x):
        return gy - Exp()(y) * gy.sum(axis=-1, keepdims=True)


def var(x, axis=None, keepdims=False, *, correction=1):
    """The variance, divided by n - correction (PyTorch's default is 1, NumPy's 0)."""
    centred = x - x.mean(axis, keepdims=True)
    return (centred * centred).sum(axis, keepdims) / (Sum(axis).count(x) - correction)


def sum_(x, axis=None, keepdims=False):
    return Sum(axis, keepdims)(x)


def mean(x, axis=None, keepdims=False):
    return Mean(axis, keepdims)(x)


def max_(x, axis=None, keepdims=False):
    return Max(axis, keepdims)(x)


def min_(x, axis=None, keepdims=False):
    return -Max(axis, keepdims)(-x)


def norm(x, axis=None, keepdims=False):
    """The Euclidean norm √Σ x² over the axes; its gradient at 0 is 0."""
    return Norm(axis, keepdims)(x)


def log_softmax(x):
    """The logarithm of the softmax along the last axis: (N, classes) -> (N, classes)."""
    return LogSoftmax()(x)
