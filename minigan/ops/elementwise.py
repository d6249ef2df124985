"""Functions of each element alone: exp, log, sqrt, the activations, clip, where, maximum.

A rule that needs a mask takes it from the sign of x. A mask is a constant, an array in both
backward modes: the derivative of a step is 0 wherever there is one.
"""

import numpy as np

from minigan.backend import get_array_module
from minigan.op import Op
from minigan.tensor import Tensor, as_array


class Exp(Op):
    """y = eˣ"""

    def forward(self, x):
        return get_array_module(x).exp(x)

    def backward(self, gy, y, x):
        return gy * y


class Log(Op):
    """y = log x; -inf at 0, nan below, as NumPy and PyTorch have it"""

    def forward(self, x):
        with np.errstate(divide="ignore", invalid="ignore"):
            return get_array_module(x).log(x)

    def backward(self, gy, y, x):
        return gy / x


class Sqrt(Op):
    """y = √x"""

    def forward(self, x):
        with np.errstate(invalid="ignore"):
            return get_array_module(x).sqrt(x)

    def backward(self, gy, y, x):
        return gy / (2 * y)


class Abs(Op):
    """y = |x|, whose slope at 0 is taken as 0"""

    def forward(self, x):
        return get_array_module(x).abs(x)

    def backward(self, gy, y, x):
        x = as_array(x)
        return gy * get_array_module(x).sign(x)


class Tanh(Op):
    """y = tanh x"""

    def forward(self, x):
        return get_array_module(x).tanh(x)

    def backward(self, gy, y, x):
        return gy * (1 - y * y)


class Sigmoid(Op):
    """y = 1 / (1 + e⁻ˣ), and eˣ / (1 + eˣ) where x < 0: neither can overflow"""

    def forward(self, x):
        xp = get_array_module(x)
        e = xp.exp(-xp.abs(x))
        return xp.maximum(e, x >= 0) / (1 + e)  # the numerator: 1, or eˣ where x < 0

    def backward(self, gy, y, x):
        return gy * (y * (1 - y))


class Softplus(Op):
    """y = log(1 + eˣ) = max(x, 0) + log(1 + e^-|x|), which cannot overflow"""

    def forward(self, x):
        xp = get_array_module(x)
        return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))

    def backward(self, gy, y, x):
        return gy * Sigmoid()(x)


class ReLU(Op):
    """y = max(x, 0), whose slope at 0 is taken as 0"""

    def forward(self, x):
        return get_array_module(x).maximum(x, 0)

    def backward(self, gy, y, x):
        return gy * (as_array(x) > 0)


class LeakyReLU(Op):
    """y = x where x > 0, a x elsewhere, for a slope a >= 0; the slope at 0 is a"""

    def __init__(self, slope):
        self.slope = slope

    def forward(self, x):
        xp = get_array_module(x)
        y = xp.asarray(x * self.slope)  # of a 0-d array NumPy makes a scalar
        return (xp.maximum if self.slope <= 1 else xp.minimum)(x, y, out=y)

    def backward(self, gy, y, x):
        x = as_array(x)
        slope = get_array_module(x).multiply(x > 0, 1 - self.slope, dtype=x.dtype)
        slope += self.slope  # 1 where x > 0, the slope elsewhere
        if isinstance(gy, Tensor):
            return gy * slope
        slope *= gy  # new memory would take longer than the product
        return slope


class Maximum(Op):
    """y = max(a, b) elementwise; a tie shares the gradient equally"""

    def forward(self, a, b):
        return get_array_module(a, b).maximum(a, b)

    def backward(self, gy, y, a, b):
        share = _share(as_array(a), as_array(b))
        return gy * share, gy * (1 - share)


class Minimum(Op):
    """y = min(a, b) elementwise; a tie shares the gradient equally"""

    def forward(self, a, b):
        return get_array_module(a, b).minimum(a, b)

    def backward(self, gy, y, a, b):
        share = _share(as_array(a), as_array(b))
        return gy * (1 - share), gy * share


class Clip(Op):
    """y = min(max(x, low), high); the slope is 1 inside and on the bounds (as in PyTorch)"""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def forward(self, x):
        return get_array_module(x).clip(x, self.low, self.high)

    def backward(self, gy, y, x):
        x, y = as_array(x), as_array(y)
        return gy * (x == y)


class Where(Op):
    """y = a where the condition holds, b elsewhere"""

    def __init__(self, condition):
        self.condition = condition

    def forward(self, a, b):
        xp = get_array_module(a, b)
        self.condition = xp.asarray(self.condition, dtype=bool)  # for ~, which is "not"
        return xp.where(self.condition, a, b)

    def backward(self, gy, y, a, b):
        return gy * self.condition, gy * ~self.condition


def _share(a, b):
    """1 where a > b, 0 where a < b, 0.5 where they are equal, in the dtype of a and b."""
    half = a.dtype.type(0.5)
    return (a > b) * half + (a >= b) * half


def exp(x):
    return Exp()(x)


def log(x):
    return Log()(x)


def sqrt(x):
    return Sqrt()(x)


def absolute(x):
    return Abs()(x)


def tanh(x):
    return Tanh()(x)


def sigmoid(x):
    return Sigmoid()(x)


def softplus(x):
    return Softplus()(x)


def relu(x):
    return ReLU()(x)


def leaky_relu(x, negative_slope=0.01):
    return LeakyReLU(negative_slope)(x)


def maximum(a, b):
    """The larger of a and b, elementwise; one of them may be a number."""
    return Maximum()(a, b)


def minimum(a, b):
    """The smaller of a and b, elementwise; one of them may be a number."""
    return Minimum()(a, b)


def clip(x, min=None, max=None):
    """x with what is below `min` or above `max` set to that bound; None is no bound."""
    return Clip(min, max)(x)


def where(condition, a, b):
    """a where the boolean array `condition` holds, b elsewhere; one of a and b may be a number.

    >>> from minigan import Tensor
    >>> x = Tensor([-1.0, 2.0])
    >>> where(x > 0, x, 0.0)
    Tensor([0., 2.])
    """
    return Where(condition)(a, b)
