"""Linear and Maxout: layers with a weight matrix."""

import numpy as np

from minigan import backend
from minigan.guards.accepted import check_no_effect
from minigan.guards.data import checked_flag
from minigan.nn import init
from minigan.nn.module import Module, Parameter
from minigan.ops.matmul import Linear as LinearOp
from minigan.tensor import as_tensor


class Linear(Module):
    """y = x Wᵀ + b      x: (..., in_features)  y: (..., out_features)

    weight: (out_features, in_features), bias: (out_features,). Both start as U(±1/√in_features).
    Raises ValueError for an input of another width.

    >>> from minigan import randn
    >>> Linear(784, 128)(randn(64, 784)).shape
    (64, 128)
    """

    def __init__(self, in_features, out_features, bias=True, **other):
        check_no_effect(other, dtype=(np.float32,))
        bias = checked_flag("bias", bias)
        check_positive(self, in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = init.default_(zero_parameter(out_features, in_features), in_features)
        self.bias = init.default_(zero_parameter(out_features), in_features) if bias else None

    def forward(self, x):
        x = as_tensor(x)
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            raise ValueError(
                f"{self}: expected an input of shape (..., {self.in_features}), got {x.shape}"
            )
        if self.bias is None:
            return x @ self.weight.T
        if x.ndim == 2:
            return LinearOp()(x, self.weight, self.bias)
        y = LinearOp()(x.reshape(-1, self.in_features), self.weight, self.bias)
        return y.reshape(*x.shape[:-1], self.out_features)

    def extra_repr(self):
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Maxout(Module):
    """y_i = max_j (x Wᵀ + b)_ij: the largest of several maps (Goodfellow et al. 2013, eq. 1).

    x: (N, in_features)  y: (N, out_features). The weight is (out_features · num_pieces,
    in_features): `num_pieces` rows for each output. Maps that tie share the gradient equally.

    >>> from minigan import randn
    >>> Maxout(784, 240, num_pieces=5)(randn(64, 784)).shape
    (64, 240)
    """

    def __init__(self, in_features, out_features, num_pieces):
        check_positive(self, num_pieces=num_pieces, out_features=out_features)
        self.out_features = out_features
        self.num_pieces = num_pieces
        self.linear = Linear(in_features, out_features * num_pieces)

    def forward(self, x):
        pieces = self.linear(x)
        return pieces.reshape(*pieces.shape[:-1], self.out_features, self.num_pieces).max(axis=-1)


def zero_parameter(*shape):
    """A Parameter of zeros, for an initialisation to overwrite."""
    return Parameter(backend.current().zeros(shape, dtype=np.float32))


def check_positive(layer, **sizes):
    """Raise TypeError or ValueError unless every size is an integer, 1 or more."""
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or isinstance(size, bool):
            raise TypeError(f"{type(layer).__name__}: {name} must be an integer, not {size!r}")
        if size < 1:
            raise ValueError(f"{type(layer).__name__}: {name} must be at least 1, not {size}")
