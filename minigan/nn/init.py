"""Initial weights: fill a Parameter in place with numbers from `minigan.seed`'s generator.

NumPy draws the numbers, also for CuPy, so a seed gives the same weights on both backends. Each
function also takes an array, as in `normal_(p.data, 0.0, 0.02)`.
"""

import math
from typing import TYPE_CHECKING

from minigan import backend
from minigan.guards import pytorch
from minigan.tensor import as_array


def uniform_(tensor, a=0.0, b=1.0):
    """Fill with draws from U[a, b). Returns the tensor.

    >>> from minigan import tensor
    >>> bool((uniform_(tensor([0.0] * 99), 2.0, 3.0) >= 2.0).all())
    True
    """
    draw = backend.rng().random(tensor.shape, dtype=tensor.dtype)
    draw *= b - a
    draw += a
    return _filled(tensor, backend.asarray(draw))


def normal_(tensor, mean=0.0, std=1.0):
    """Fill with draws from N(mean, std²). Returns the tensor."""
    draw = backend.rng().standard_normal(tensor.shape, dtype=tensor.dtype)
    draw *= std
    draw += mean
    return _filled(tensor, backend.asarray(draw))


def constant_(tensor, val):
    """Fill with one value. Returns the tensor."""
    array = as_array(tensor)
    return _filled(tensor, backend.get_array_module(array).full_like(array, val))


def default_(tensor, fan_in):
    """Fill with draws from U(-1/√fan_in, 1/√fan_in), as PyTorch's Linear and Conv layers do.

    (PyTorch writes it kaiming_uniform_(a=√5); the gain √(2/(1+5)) times √3/√fan_in is 1/√fan_in.)
    """
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    return uniform_(tensor, -bound, bound)


def _filled(tensor, values):
    """Overwrite the Tensor or array with `values`, and return it."""
    if hasattr(tensor, "copy_"):
        return tensor.copy_(values)
    tensor[...] = values
    return tensor


if not TYPE_CHECKING:  # or an editor would accept any name

    def __getattr__(name):
        raise pytorch.missing("nn.init", name, pytorch.INIT)
