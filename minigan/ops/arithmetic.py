"""a + b, a - b, a * b, a / b, -a, a ** n, and comparisons.

Both sides are broadcast as NumPy does it; no rule undoes that, because the walk does.
"""

from minigan.op import Op
from minigan.tensor import as_array


class Add(Op):
    """y = a + b"""

    def forward(self, a, b):
        return a + b

    def backward(self, gy, y, a, b):
        return gy, gy


class Sub(Op):
    """y = a - b"""

    def forward(self, a, b):
        return a - b

    def backward(self, gy, y, a, b):
        return gy, -gy if self.needs[1] else None


class Mul(Op):
    """y = a b"""

    def forward(self, a, b):
        return a * b

    def backward(self, gy, y, a, b):
        ga = gy * b if self.needs[0] else None
        gb = gy * a if self.needs[1] else None
        return ga, gb


class Div(Op):
    """y = a / b"""

    def forward(self, a, b):
        return a / b

    def backward(self, gy, y, a, b):
        ga = gy / b
        gb = -ga * y if self.needs[1] else None  # -a/b² = -y/b
        return ga, gb


class Neg(Op):
    """y = -a"""

    def forward(self, a):
        return -a

    def backward(self, gy, y, a):
        return -gy


class Pow(Op):
    """y = aⁿ for a number n"""

    def __init__(self, n):
        self.n = n

    def forward(self, a):
        return a**self.n

    def backward(self, gy, y, a):
        if self.n == 0:
            return gy * 0.0
        if self.n == 1:
            return gy
        return gy * (self.n * a ** (self.n - 1))


def add(a, b):
    return Add()(a, b)


def sub(a, b):
    return Sub()(a, b)


def rsub(a, b):
    return Sub()(b, a)


def mul(a, b):
    return Mul()(a, b)


def div(a, b):
    return Div()(a, b)


def rdiv(a, b):
    return Div()(b, a)


def neg(a):
    return Neg()(a)


def power(a, n):
    """aⁿ elementwise for a number n; for an exponent that is a Tensor write (b * a.log()).exp().

    >>> from minigan import Tensor
    >>> power(Tensor([2.0, 3.0]), 2)
    Tensor([4., 9.])
    """
    if not isinstance(n, (int, float)):
        raise TypeError(f"** takes a number as its exponent, not {type(n).__name__}")
    return Pow(n)(a)


# A comparison has no gradient: its result is a boolean array.


def eq(a, b):
    return a.data == as_array(b)


def ne(a, b):
    return a.data != as_array(b)


def lt(a, b):
    return a.data < as_array(b)


def le(a, b):
    return a.data <= as_array(b)


def gt(a, b):
    return a.data > as_array(b)


def ge(a, b):
    return a.data >= as_array(b)
