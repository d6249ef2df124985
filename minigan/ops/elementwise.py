"""Operations on each element alone: exp, log, sqrt, the activations, clip, where, maximum.

A rule that needs a mask takes it from a comparison. The comparison gives an array, whether the rule
is given arrays or Tensors. The mask is a constant, because the derivative of a step is 0 wherever
it exists. A mask selects elements. A product with the mask would turn 0 · ∞ into NaN.

Two inputs, or an input and a mask, are broadcast as NumPy does it. No rule here undoes that, and
the walk sums a gradient over the axes along which its input was broadcast.

Tests: tests/ops/test_elementwise.py.
"""

import numpy as np

from minigan.backend import get_array_module
from minigan.guards.data import checked_bounds, not_negative, plain_condition
from minigan.op import Op
from minigan.tensor import Tensor, as_array


class Exp(Op):
    """y = eˣ"""

    def forward(self, x):
        return np.exp(x)

    def backward(self, gy, y, x):
        return gy * y


class Log(Op):
    """y = log x; -inf at 0 and nan below 0, as in NumPy and PyTorch"""

    def forward(self, x):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(x)

    def backward(self, gy, y, x):
        return gy / x


class Sqrt(Op):
    """y = √x"""

    def forward(self, x):
        with np.errstate(invalid="ignore"):
            return np.sqrt(x)

    def backward(self, gy, y, x):
        return gy / (2 * y)


class Abs(Op):
    """y = |x|, whose slope at 0 is taken as 0"""

    def forward(self, x):
        return np.abs(x)

    def backward(self, gy, y, x):
        return gy * np.sign(as_array(x))


class Tanh(Op):
    """y = tanh x"""

    def forward(self, x):
        return np.tanh(x)

    def backward(self, gy, y, x):
        return gy * (1 - y * y)


class Sigmoid(Op):
    """y = 1 / (1 + e⁻ˣ), which is 0 where e⁻ˣ overflows"""

    def forward(self, x):
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x))

    def backward(self, gy, y, x):
        return gy * (y * (1 - y))


class Softplus(Op):
    """y = log(1 + eˣ) = max(x, 0) + log(1 + e^-|x|), which cannot overflow"""

    def forward(self, x):
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def backward(self, gy, y, x):
        return gy * Sigmoid()(x)


class Select(Op):
    """y = x where the mask is true, and exactly 0 elsewhere: its own adjoint

    A product with the mask would be NaN where x is infinite. So the bits of a float are taken for
    an integer, and are multiplied by 0 or 1. All bits 0 is 0.0. NumPy's `where` takes many times as
    long for a random mask.
    """

    def __init__(self, mask):
        self.mask = mask

    def forward(self, x):
        return (x.view(f"i{x.dtype.itemsize}") * self.mask).view(x.dtype)

    def backward(self, gy, y, x):
        return Select(self.mask)(gy)


class ReLU(Op):
    """y = max(x, 0), whose slope at 0 is taken as 0"""

    def forward(self, x):
        return np.maximum(x, 0)

    def backward(self, gy, y, x):
        return Select(x > 0)(gy)


class LeakyReLU(Op):
    """y = x where x > 0, slope · x elsewhere, for a slope >= 0, which is the slope at 0, too

    The gradient is a product, as in PyTorch: with slope 0, an infinite gy gives NaN. ReLU selects.
    """

    def __init__(self, slope):
        self.slope = not_negative("a slope", slope)

    def forward(self, x):
        y = get_array_module(x).asarray(x * self.slope)  # of a 0-d array NumPy makes a scalar
        return (np.maximum if self.slope <= 1 else np.minimum)(x, y, out=y)

    def backward(self, gy, y, x):
        # slopes: 1 where x > 0, the slope elsewhere
        if self.slope <= 1:
            slopes = np.maximum(x > 0, self.slope, dtype=x.dtype)
        else:
            slopes = np.maximum((x <= 0) * self.slope, 1, dtype=x.dtype)
        if isinstance(gy, Tensor) or x.ndim == 0:
            return gy * slopes
        return np.multiply(gy, slopes, out=slopes)  # in place: new memory takes longer


class Maximum(Op):
    """y = max(a, b) elementwise; a tie shares the gradient equally"""

    def forward(self, a, b):
        return np.maximum(a, b)

    def backward(self, gy, y, a, b):
        tie = 0.5 * Select(a == b)(gy)
        return Select(a > b)(gy) + tie, Select(b > a)(gy) + tie


class Clip(Op):
    """y = min(max(x, low), high); the slope is 1 inside and on the bounds"""

    def __init__(self, low, high):
        self.low, self.high = checked_bounds(low, high)

    def forward(self, x):
        return get_array_module(x).clip(x, self.low, self.high)

    def backward(self, gy, y, x):
        return Select(x == y)(gy)


class Where(Op):
    """y = a where the condition is true, b elsewhere"""

    def __init__(self, condition):
        self.condition = condition

    def forward(self, a, b):
        return get_array_module(self.condition, a, b).where(self.condition, a, b)

    def backward(self, gy, y, a, b):
        return Select(self.condition)(gy), Select(~self.condition)(gy)


def softplus(x) -> Tensor:
    """log(1 + eˣ), which does not overflow."""
    return Softplus()(x)


def leaky_relu(x, negative_slope=0.01) -> Tensor:
    """x where x > 0, negative_slope · x elsewhere, for a slope >= 0."""
    return LeakyReLU(negative_slope)(x)


def maximum(a, b) -> Tensor:
    """The larger of a and b, elementwise; one of them may be a number."""
    return Maximum()(a, b)


def minimum(a, b) -> Tensor:
    """The smaller of a and b, elementwise; one of them may be a number."""
    return -maximum(-1.0 * a, -1.0 * b)  # -np.uint8(3) is 253


def where(condition, a, b) -> Tensor:
    """a where the boolean array `condition` is true, b elsewhere; one of a and b may be a number.

    The condition is copied to the backend of a and b. Raises TypeError if it is not boolean.

    >>> from minigan import Tensor
    >>> x = Tensor([-1.0, 2.0])
    >>> where(x > 0, x, 0.0)
    Tensor([0., 2.])
    """
    xp = get_array_module(as_array(a), as_array(b))
    return Where(plain_condition(as_array(condition), xp))(a, b)
