"""The operations a + b, a - b, a * b, a / b, -a and a ** n.

Both sides are broadcast as NumPy does it. No rule here undoes that. A gradient may have the shape
to which its input was broadcast, and the walk sums it to the input's shape.

Tests: tests/ops/test_arithmetic.py.
"""

from minigan.guards.data import number
from minigan.op import Op
from minigan.ops.elementwise import Select


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
        self.n = number("** takes a number as its exponent", n)

    def forward(self, a):
        return a**self.n

    def backward(self, gy, y, a):
        if self.n == 0:
            return Select(False)(gy)
        return gy * (self.n * a ** (self.n - 1))
