"""Flatten and Unflatten: from images to rows of pixels, and back."""

import math

from minigan.nn.module import Module
from minigan.tensor import as_tensor


class Flatten(Module):
    """(N, C, H, W) -> (N, C·H·W), or whatever follows the first axis.

    >>> from minigan import randn
    >>> Flatten()(randn(64, 1, 28, 28)).shape
    (64, 784)
    """

    def forward(self, x):
        x = as_tensor(x)
        if x.ndim == 0:
            raise ValueError(f"{self}: expected (N, ...), got {x.shape}")
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))


class Unflatten(Module):
    """(N, C·H·W) -> (N, C, H, W): a dimension unfolded into several, as PyTorch's.

    >>> from minigan import randn
    >>> Unflatten(1, (1, 28, 28))(randn(64, 784)).shape
    (64, 1, 28, 28)
    """

    def __init__(self, dim, unflattened_size):
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x):
        x = as_tensor(x)
        dim = self.dim % x.ndim if -x.ndim <= self.dim < x.ndim else None
        if dim is None or x.shape[dim] != math.prod(self.unflattened_size):
            raise ValueError(
                f"{self}: dimension {self.dim} of an input of shape {x.shape} does not fit"
            )
        return x.reshape(*x.shape[:dim], *self.unflattened_size, *x.shape[dim + 1 :])

    def extra_repr(self):
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
