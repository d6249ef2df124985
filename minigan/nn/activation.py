"""Activations: a function of each element, as a layer."""

from minigan.nn.module import Module
from minigan.ops import elementwise
from minigan.tensor import as_tensor


class ReLU(Module):
    """max(x, 0)"""

    def forward(self, x):
        return elementwise.ReLU()(as_tensor(x))


class LeakyReLU(Module):
    """x where x > 0, negative_slope · x elsewhere (Maas et al. 2013). DCGAN's slope is 0.2.

    >>> from minigan import Tensor
    >>> LeakyReLU(0.2)(Tensor([-1.0, 1.0]))
    Tensor([-0.2,  1. ])
    """

    def __init__(self, negative_slope=0.01):
        self.negative_slope = negative_slope

    def forward(self, x):
        return elementwise.LeakyReLU(self.negative_slope)(as_tensor(x))

    def _checked(self, name, value):
        return elementwise.LeakyReLU(value).slope if name == "negative_slope" else value

    def extra_repr(self):
        return f"negative_slope={self.negative_slope}"


class Sigmoid(Module):
    """1 / (1 + e⁻ˣ)"""

    def forward(self, x):
        return elementwise.Sigmoid()(as_tensor(x))


class Tanh(Module):
    """tanh x"""

    def forward(self, x):
        return elementwise.Tanh()(as_tensor(x))


class Softplus(Module):
    """log(1 + eˣ)"""

    def forward(self, x):
        return elementwise.Softplus()(as_tensor(x))
