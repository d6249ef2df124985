"""The functions of PyTorch's nn.functional that mean the same here.

Each calls a method of Tensor, an operation or a loss. `inplace` has no effect: x does not change.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

from typing import TYPE_CHECKING

from minigan import nn, ops
from minigan.guards import pytorch
from minigan.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    l1_loss,
    mse_loss,
)
from minigan.tensor import as_tensor

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "dropout"]
__all__ += [
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mse_loss",
    "relu",
    "sigmoid",
    "softmax",
]
__all__ += ["softplus", "tanh"]


def relu(x, inplace=False):
    """max(x, 0)"""
    return as_tensor(x).relu()


def leaky_relu(x, negative_slope=0.01, inplace=False):
    """x where x > 0, negative_slope · x elsewhere"""
    return ops.leaky_relu(as_tensor(x), negative_slope)


def sigmoid(x):
    """1 / (1 + e⁻ˣ)"""
    return as_tensor(x).sigmoid()


def tanh(x):
    """The hyperbolic tangent."""
    return as_tensor(x).tanh()


def softplus(x):
    """log(1 + eˣ)"""
    return ops.softplus(as_tensor(x))


def log_softmax(x, dim):
    """The logarithm of the softmax along an axis."""
    return ops.log_softmax(as_tensor(x), dim)


def softmax(x, dim):
    """eˣ / Σ eˣ along an axis."""
    return ops.log_softmax(as_tensor(x), dim).exp()


def dropout(x, p=0.5, training=True, inplace=False):
    """x with elements set to 0 with probability p, as nn.Dropout."""
    return nn.Dropout(p).train(training)(x)


def linear(x, weight, bias=None):
    """x Wᵀ + b"""
    y = as_tensor(x) @ weight.T
    return y if bias is None else y + bias


if not TYPE_CHECKING:  # or an editor would accept any name

    def __getattr__(name):
        raise pytorch.missing("nn.functional", name, pytorch.FUNCTIONAL)
