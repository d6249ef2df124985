"""Layers that give mean 0 and variance 1, then a scale and shift: batch, layer, instance norm.

eps is keyword-only. Well-known GAN scripts pass 0.8 by position and mean a momentum, but PyTorch
takes it for eps.
"""

import numpy as np

from minigan import backend
from minigan.guards.accepted import check_no_effect
from minigan.guards.data import checked_flag, number
from minigan.nn.linear import check_positive, zero_parameter
from minigan.nn.module import Module
from minigan.ops.compiled import on_gpu, running_averages_on_gpu
from minigan.ops.norm import BatchNorm as BatchNormOp
from minigan.ops.norm import Normalize
from minigan.tensor import Tensor, as_tensor


class BatchNorm(Module):
    """y = γ (x - μ) / √(σ² + ε) + β, a μ and σ² for each channel (Ioffe & Szegedy 2015, Alg. 1).

    In training, μ and σ² are the mean and the biased variance of the batch. In use, they are
    running averages: new = (1 - momentum) · old + momentum · batch, of the mean and of the unbiased
    variance. (Keras's momentum is 1 - this one.) weight is γ, and bias is β, both (num_features,).
    affine: False leaves out γ and β. other: PyTorch's track_running_stats=True changes nothing.
    """

    dims: tuple[int, ...] = ()  # how many dimensions an input may have
    buffer_names = ("running_mean", "running_var", "num_batches_tracked")

    def __init__(self, num_features, *pytorch, eps=1e-5, momentum=0.1, affine=True, **other):
        xp = backend.current()
        refuse_positions(self, num_features, pytorch)
        check_no_effect(other, track_running_stats=(True,), dtype=(np.float32,))
        affine = checked_flag("affine", affine)
        check_positive(self, num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.weight = self.bias = None
        if affine:
            self.weight = zero_parameter(num_features)
            self.bias = zero_parameter(num_features)
            self.weight.data += 1.0
        self.running_mean = xp.zeros(num_features, dtype=np.float32)
        self.running_var = xp.ones(num_features, dtype=np.float32)
        self.num_batches_tracked = np.zeros((), dtype=np.int64)

    def forward(self, x):
        x = as_tensor(x)
        if x.ndim not in self.dims or x.shape[1] != self.num_features:
            rest = "H, W" if self.dims == (4,) else "..."
            raise ValueError(f"{self}: expected (N, {self.num_features}, {rest}), got {x.shape}")
        if self.training:
            return self.normalize(x)
        per_channel = (self.num_features,) + (1,) * (x.ndim - 2)  # broadcasts against x
        mean = self.running_mean.reshape(per_channel)
        s = (self.running_var.reshape(per_channel) + self.eps) ** -0.5
        if self.weight is None:
            return (x - Tensor(mean)) * Tensor(s)
        gamma = self.weight.reshape(per_channel)
        beta = self.bias.reshape(per_channel)
        return (x - Tensor(mean)) * (gamma * Tensor(s)) + beta

    def normalize(self, x):
        """γ x̂ + β, with this batch's mean and variance, which also update the running averages."""
        n = x.size // self.num_features
        if n < 2:
            raise ValueError(
                f"{self}: one value per channel has no variance; use a larger batch or eval()"
            )
        axes = (0, *range(2, x.ndim))
        if self.weight is None:
            op = Normalize(axes, self.eps)
            y = op(x)
        else:
            op = BatchNormOp(axes, self.eps)
            y = op(x, self.weight, self.bias)
        self.track(op.mean.reshape(-1), op.var.reshape(-1), n)
        return y

    def track(self, mean, var, n):
        """Add the mean and the biased variance of a batch of n values to the running averages."""
        m = self.momentum
        unbiased = n / (n - 1)
        if on_gpu(mean) and mean.dtype == self.running_mean.dtype:  # a kernel has one dtype
            averages = self.running_mean, self.running_var
            averages = running_averages_on_gpu(*averages, mean, var, m, unbiased)
            self.running_mean, self.running_var = averages
        else:
            self.running_mean = (1 - m) * self.running_mean + m * mean
            self.running_var = (1 - m) * self.running_var + m * (unbiased * var)
        self.num_batches_tracked = np.asarray(self.num_batches_tracked + 1)  # not a NumPy scalar

    def _checked_setting(self, name, value):
        if name == "eps":
            return positive_eps(self, value)
        return fraction(self, value) if name == "momentum" else value

    def extra_repr(self):
        affine = "" if self.weight is not None else ", affine=False"
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}{affine}"


class BatchNorm1d(BatchNorm):
    """Batch norm of (N, C), or of (N, C, L) over N and L; see BatchNorm.

    Raises ValueError for another shape, and in training for one value per channel.

    >>> from minigan import randn
    >>> y = BatchNorm1d(3)(randn(64, 3))
    >>> bool((abs(y.data.mean(axis=0)) < 1e-6).all())
    True
    """

    dims = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch norm of images (N, C, H, W), over N, H and W; see BatchNorm.

    Raises ValueError for another shape, and in training for one value per channel.

    >>> from minigan import randn
    >>> y = BatchNorm2d(3)(randn(64, 3, 8, 8))
    >>> bool((abs(y.data.mean(axis=(0, 2, 3))) < 1e-6).all())
    True
    """

    dims = (4,)


class LayerNorm(Module):
    """y = γ (x - μ) / √(σ² + ε) + β over each sample's last dimensions (Ba et al. 2016, eq. 4).

    normalized_shape: those dimensions. weight γ and bias β have that shape. Samples stay
    independent, so a WGAN-GP critic may use layer norm. It may not use batch norm.

    >>> from minigan import randn
    >>> LayerNorm(16)(randn(4, 16)).shape
    (4, 16)
    """

    def __init__(self, normalized_shape, *, eps=1e-5, **other):
        check_no_effect(other, elementwise_affine=(True,), bias=(True,), dtype=(np.float32,))
        if isinstance(normalized_shape, (int, np.integer)):
            normalized_shape = (normalized_shape,)
        if not isinstance(normalized_shape, (tuple, list)):
            raise TypeError(
                f"LayerNorm: normalized_shape must be a size or several, not {normalized_shape!r}"
            )
        self.normalized_shape = tuple(normalized_shape)
        if not self.normalized_shape:
            raise ValueError("LayerNorm: normalized_shape is empty: one number has no variance")
        check_positive(self, normalized_shape=min(self.normalized_shape))
        self.eps = eps
        self.weight = zero_parameter(*self.normalized_shape)
        self.bias = zero_parameter(*self.normalized_shape)
        self.weight.data += 1.0

    def forward(self, x):
        x = as_tensor(x)
        n = len(self.normalized_shape)
        if x.shape[x.ndim - n :] != self.normalized_shape:
            raise ValueError(f"{self}: expected (..., {self.normalized_shape}), got {x.shape}")
        return Normalize(tuple(range(-n, 0)), self.eps)(x) * self.weight + self.bias

    def _checked_setting(self, name, value):
        return positive_eps(self, value) if name == "eps" else value

    def extra_repr(self):
        return f"{self.normalized_shape}, eps={self.eps}"


class InstanceNorm2d(Module):
    """y = (x - μ) / √(σ² + ε), a μ and σ² for each channel of each image (Ulyanov et al. 2016).

    x, y: (N, num_features, H, W). Training and use are alike. (arXiv:1607.08022, equation 2.)
    affine: True adds a learned scale, weight, and shift, bias, both (num_features,).
    momentum, other: PyTorch's momentum and track_running_stats=False change nothing.
    Raises ValueError for another shape, and for images of one pixel.

    >>> from minigan import randn
    >>> y = InstanceNorm2d(3)(randn(4, 3, 8, 8))
    >>> bool((abs(y.data.mean(axis=(2, 3))) < 1e-6).all())
    True
    """

    def __init__(self, num_features, *pytorch, eps=1e-5, momentum=0.1, affine=False, **other):
        refuse_positions(self, num_features, pytorch)
        check_no_effect(other, track_running_stats=(False,), dtype=(np.float32,))
        check_positive(self, num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.weight = self.bias = None
        if checked_flag("affine", affine):
            self.weight = zero_parameter(num_features)
            self.bias = zero_parameter(num_features)
            self.weight.data += 1.0

    def forward(self, x):
        x = as_tensor(x)
        if x.ndim != 4 or x.shape[1] != self.num_features:
            raise ValueError(f"{self}: expected (N, {self.num_features}, H, W), got {x.shape}")
        if x.shape[2] * x.shape[3] == 1:
            raise ValueError(f"{self}: one pixel has no variance, and x has shape {x.shape}")
        y = Normalize((2, 3), self.eps)(x)  # (N, C, H, W)
        if self.weight is None:
            return y
        return y * self.weight.reshape(-1, 1, 1) + self.bias.reshape(-1, 1, 1)

    def _checked_setting(self, name, value):
        return positive_eps(self, value) if name == "eps" else value

    def extra_repr(self):
        affine = "" if self.weight is None else ", affine=True"
        return f"{self.num_features}, eps={self.eps}{affine}"


def refuse_positions(layer, num_features, positional):
    """Raise TypeError for a second positional argument, which PyTorch takes for eps."""
    if positional:
        name = type(layer).__name__
        given = ", ".join(map(repr, positional))
        raise TypeError(
            f"{name}({num_features}, {given}): PyTorch takes the second positional argument for "
            f"eps; write {name}({num_features}, eps={positional[0]!r}) for its result, or "
            "momentum= if that was meant"
        )


def positive_eps(layer, eps):
    """eps as a Python number; ValueError unless it is > 0."""
    eps = number(f"{type(layer).__name__}: eps must be a number", eps)
    if not 0 < eps < float("inf"):
        raise ValueError(f"{type(layer).__name__}: eps must be > 0, not {eps}")
    return eps


def fraction(layer, momentum):
    """momentum as a Python number; ValueError unless it is from 0 to 1."""
    momentum = number(f"{type(layer).__name__}: momentum must be a number", momentum)
    if not 0 <= momentum <= 1:
        raise ValueError(f"{type(layer).__name__}: momentum must be from 0 to 1, not {momentum}")
    return momentum
