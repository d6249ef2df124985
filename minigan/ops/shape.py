"""reshape, transpose, indexing, concatenate, stack: the same numbers in another place.

Each of these is linear, and its rule is the operation that puts the numbers back.
"""

import copy
import math

import numpy as np

from minigan.arrays import check_plain
from minigan.autograd import sum_to
from minigan.backend import get_array_module
from minigan.op import Op
from minigan.tensor import Tensor, as_array


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
        if any(n < -1 for n in self.shape):
            raise ValueError(f"a shape has no negative sizes but one -1, not {self.shape}")
        return x.reshape(self.shape)

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
    """y = x[index], for any index that NumPy takes: the adjoint of Scatter"""

    def __init__(self, index):
        parts = index if isinstance(index, tuple) else (index,)
        parts = [as_array(part) for part in parts]  # and a list or an array is copied
        check_plain([part for part in parts if isinstance(part, (list, np.ma.MaskedArray))])
        self.index = tuple(copy.deepcopy(i) if hasattr(i, "copy") else i for i in parts)

    def forward(self, x):
        y = x[self.index]
        return x[(*self.index, ...)] if isinstance(y, np.generic) else y  # a view, not a copy

    def backward(self, gy, y, x):
        return Scatter(self.index, x.shape)(gy)


class Scatter(Op):
    """y = 0 but for y[index] += x, repeated indices adding up: the adjoint of GetItem"""

    def __init__(self, index, shape):
        self.index, self.shape = index, shape

    def forward(self, x):
        xp = get_array_module(x)
        y = xp.zeros(self.shape, dtype=x.dtype)
        if _may_repeat(self.index):
            xp.add.at(y, self.index, x)
        else:
            y[self.index] = x  # the same, and much faster
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
        gxs, start = [], 0
        for x in xs:
            stop = start + x.shape[self.axis]
            index = [slice(None)] * x.ndim
            index[self.axis] = slice(start, stop)
            gxs.append(gy[tuple(index)])
            start = stop
        return tuple(gxs)


def broadcast_to(x, shape) -> Tensor:
    """x repeated along new and stretched axes.

    >>> from minigan import Tensor
    >>> broadcast_to(Tensor([1.0, 2.0]), (3, 2)).shape
    (3, 2)
    """
    return BroadcastTo(tuple(shape))(x)


def concatenate(tensors, axis=0) -> Tensor:
    """The tensors one after another along `axis`, as NumPy's (and PyTorch's `cat`).

    >>> from minigan import Tensor
    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    return Concatenate(axis)(*tensors)


def stack(tensors, axis=0) -> Tensor:
    """The tensors of one shape side by side along a new axis.

    >>> from minigan import Tensor
    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).shape
    (2, 2)
    """
    n = len(tensors) and tensors[0].ndim + 1
    if not -n <= axis < n:
        raise ValueError(f"stack of {len(tensors)} tensors to {n} axes: there is no axis {axis}")
    new = axis % n
    return concatenate([x.reshape(*x.shape[:new], 1, *x.shape[new:]) for x in tensors], axis=new)


def flat(shape, start):
    """The shape after `flatten(start)`."""
    n = max(1, len(shape))
    if not -n <= start < n:
        raise ValueError(f"flatten: a tensor of shape {shape} has no axis {start}")
    return (*shape[: start % n], math.prod(shape[start % n :]))


def _may_repeat(index):
    """Whether an index can name an element twice: numbers, slices and masks cannot."""
    parts = index if isinstance(index, tuple) else (index,)
    simple = (int, np.integer, slice, type(None), type(Ellipsis))
    return not all(isinstance(i, simple) or _is_mask(i) for i in parts)


def _is_mask(index):
    return hasattr(index, "dtype") and index.dtype.kind == "b"
