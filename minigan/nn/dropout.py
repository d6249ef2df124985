"""Dropout: noise that keeps a network from depending on single units."""

from minigan import backend
from minigan.guards.data import number
from minigan.nn.activation import checked_inplace
from minigan.nn.module import Module
from minigan.tensor import as_tensor


class Dropout(Module):
    """Set each element to 0 with probability p, and divide the others by 1 - p, in training.

    The division keeps the expected value. So in use, after `eval()`, Dropout is the identity.
    Source: Hinton et al. 2012, arXiv:1207.0580.
    inplace: PyTorch's argument. It has no effect: x does not change.
    Raises ValueError for p outside [0, 1).

    >>> from minigan import Tensor
    >>> Dropout(0.5).eval()(Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """

    def __init__(self, p=0.5, inplace=False):
        self.p = p
        self.inplace = checked_inplace(self, inplace)

    def forward(self, x):
        x = as_tensor(x)
        if not self.training or self.p == 0:
            return x
        kept = backend.rng().random(self.mask_shape(x), dtype="float32") >= self.p
        return x * (backend.asarray(kept) * x.dtype.type(1 / (1 - self.p)))

    def mask_shape(self, x):
        return x.shape

    def _checked_setting(self, name, value):
        return probability(self, value) if name == "p" else value

    def extra_repr(self):
        return f"p={self.p}"


class Dropout2d(Dropout):
    """Dropout of whole channels of images (N, C, H, W). Raises ValueError for another shape.

    Neighbouring pixels are alike, so the others would tell a single missing pixel (Tompson et al.
    2015, arXiv:1411.4280).
    """

    def mask_shape(self, x):
        if x.ndim != 4:
            raise ValueError(f"{self}: expected (N, C, H, W), got {x.shape}")
        return (*x.shape[:2], 1, 1)


def probability(layer, p):
    """Return p as a Python number; ValueError unless it is in [0, 1)."""
    p = number(f"{type(layer).__name__}: p must be a number", p)
    if not 0 <= p < 1:
        raise ValueError(f"{type(layer).__name__}: p must be in [0, 1), not {p}")
    return p
