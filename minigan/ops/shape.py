"""reshape, transpose, indexing, concatenate, stack: operations that move numbers.

Each of these is linear. Its rule is the operation that moves the numbers back.

Tests: tests/ops/test_shape.py.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigan.autograd import sum_to
from minigan.backend import get_array_module
from minigan.guards.data import check_list, checked_shape, plain_index, refuse_keywords
from minigan.op import Op
from minigan.tensor import Tensor


class BroadcastTo(Op):
    """y = x repeated along new and stretched axes, without a copy"""

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return get_array_module(x).broadcast_to(x, self.shape)

    def backward(self, gy, y, x):
        return sum_to(gy, x.shape)


class Reshape(Op):
    """y = x in another shape of the same size; one dimension may be -1"""

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return x.reshape(checked_shape(self.shape))

    def backward(self, gy, y, x):
        return gy.reshape(x.shape)


class Transpose(Op):
    """y = x with its axes in another order, reversed if none is given"""

    def __init__(self, axes=None):
        self.axes = axes

    def forward(self, x):
        return x.transpose(self.axes)

    def backward(self, gy, y, x):
        if self.axes is None:
            return gy.transpose()
        return gy.transpose(tuple(int(i) for i in np.argsort([i % x.ndim for i in self.axes])))


class GetItem(Op):
    """y = x[index], for any index that NumPy takes. It is the adjoint of Scatter."""

    def __init__(self, index):
        self.index = plain_index(index)

    def forward(self, x):
        y = x[self.index]
        return x[(*self.index, ...)] if isinstance(y, np.generic) else y  # a view, not a copy

    def backward(self, gy, y, x):
        return Scatter(self.index, x.shape)(gy)


class Scatter(Op):
    """y = 0, then y[index] += x. Repeated indices add up. It is the adjoint of GetItem."""

    def __init__(self, index, shape):
        self.index = index
        self.shape = shape

    def forward(self, x):
        xp = get_array_module(x)
        y = xp.zeros(self.shape, dtype=x.dtype)
        if _may_repeat(self.index):
            xp.add.at(y, self.index, x)
        else:
            y[self.index] = x  # much faster, and the same where no index is repeated
        return y

    def backward(self, gy, y, x):
        return gy[self.index]


class Concatenate(Op):
    """y = the xs one after another along an axis"""

    def __init__(self, axis=0):
        self.axis = axis

    def forward(self, *xs):
        return get_array_module(*xs).concatenate(xs, axis=self.axis)

    def backward(self, gy, y, *xs):
        gxs = []
        start = 0
        before = (slice(None),) * (self.axis % gy.ndim)
        for x in xs:
            stop = start + x.shape[self.axis]
            gxs.append(gy[(*before, slice(start, stop))])
            start = stop
        return tuple(gxs)


def broadcast_to(x, shape) -> Tensor:
    """x repeated along new and stretched axes.

    >>> from minigan import Tensor
    >>> broadcast_to(Tensor([1.0, 2.0]), (3, 2)).shape
    (3, 2)
    """
    return BroadcastTo(tuple(shape))(x)


def concatenate(tensors, axis=0, **other) -> Tensor:
    """Join the tensors along `axis`, as NumPy's `concatenate` and PyTorch's `cat`.

    >>> from minigan import Tensor
    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    if other:
        refuse_keywords(other)
    check_list("concatenate", tensors, axis)
    return Concatenate(axis)(*tensors)


def cat(tensors, dim=0) -> Tensor:
    """PyTorch's name of `concatenate`."""
    return concatenate(tensors, dim)


def stack(tensors, axis=0, **other) -> Tensor:
    """Join tensors of the same shape along a new axis.

    >>> from minigan import Tensor
    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).shape
    (2, 2)
    """
    check_list("stack", tensors, axis)
    i = normalize_axis_index(axis, len(tensors) and tensors[0].ndim + 1, "stack")
    return concatenate([x.reshape(*x.shape[:i], 1, *x.shape[i:]) for x in tensors], i, **other)


def _may_repeat(index):
    """Whether an index can select an element twice. Numbers, slices and masks cannot."""
    parts = index if isinstance(index, tuple) else (index,)
    simple = (int, np.integer, slice, type(None), type(Ellipsis))
    return not all(isinstance(i, simple) or getattr(i, "dtype", "") == np.bool_ for i in parts)
