"""Flatten and Unflatten: from images to rows of pixels, and back."""

import math

import numpy as np

from minigan.nn.linear import check_positive
from minigan.nn.module import Module
from minigan.tensor import as_tensor


class Flatten(Module):
    """(N, C, H, W) -> (N, C·H·W): merge all axes after the first into one.

    >>> from minigan import randn
    >>> Flatten()(randn(64, 1, 28, 28)).shape
    (64, 784)

    start_dim: PyTorch's argument. It must be 1. Raises ValueError for an input without a second
    axis.
    """

    def __init__(self, start_dim=1):
        if start_dim != 1:
            raise ValueError(f"Flatten keeps the first axis alone: write x.flatten({start_dim!r})")

    def forward(self, x):
        x = as_tensor(x)
        if x.ndim < 2:
            raise ValueError(f"{self}: expected (N, C, ...), got {x.shape}")
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))


class Unflatten(Module):
    """(N, C·H·W) -> (N, C, H, W): split one dimension into several, as PyTorch's.

    >>> from minigan import randn
    >>> Unflatten(1, (1, 28, 28))(randn(64, 784)).shape
    (64, 1, 28, 28)
    """

    def __init__(self, dim, unflattened_size):
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                f"Unflatten: unflattened_size must be a tuple of sizes, as in (1, 28, 28), and not "
                f"{unflattened_size!r}"
            )
        if not isinstance(dim, (int, np.integer)):
            raise TypeError(f"Unflatten: dim must be an integer, not {dim!r}")
        for size in unflattened_size:
            check_positive(self, size=size)
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

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
