"""Activations: layers that apply a function to each element."""

from minigan.guards.data import class_name
from minigan.nn.module import Module
from minigan.ops import elementwise
from minigan.tensor import as_tensor


class Identity(Module):
    """Return x: a layer that does nothing. It takes any arguments."""

    def __init__(self, *settings, **named):
        pass

    def forward(self, x):
        return as_tensor(x)


class ReLU(Module):
    """max(x, 0)

    inplace: PyTorch's argument. It has no effect: x does not change.
    """

    def __init__(self, inplace=False):
        self.inplace = checked_inplace(self, inplace)

    def forward(self, x):
        return elementwise.ReLU()(as_tensor(x))


class LeakyReLU(Module):
    """x where x > 0, negative_slope · x elsewhere (Maas et al. 2013). DCGAN's slope is 0.2.

    inplace: PyTorch's argument. It has no effect: x does not change.

    >>> from minigan import Tensor
    >>> LeakyReLU(0.2)(Tensor([-1.0, 1.0]))
    Tensor([-0.2,  1. ])
    """

    def __init__(self, negative_slope=0.01, inplace=False):
        self.negative_slope = negative_slope
        self.inplace = checked_inplace(self, inplace)

    def forward(self, x):
        return elementwise.LeakyReLU(self.negative_slope)(as_tensor(x))

    def _checked_setting(self, name, value):
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


def checked_inplace(layer, inplace):
    """Return inplace; TypeError for a number, which was probably meant for another setting."""
    if not isinstance(inplace, bool):
        raise TypeError(
            f"{type(layer).__name__}: inplace must be True or False, not a {class_name(inplace)}; "
            "make the layer, and then call it, as in ReLU()(x)"
        )
    return inplace
