"""The operations of batch norm and layer norm.

With μ and σ² the mean and the (biased) variance of x over some axes, and s = 1/√(σ² + ε),

    x̂ = (x - μ) s
    ∂L/∂x = s (g - mean g - x̂ mean(g x̂)),    g = ∂L/∂x̂    (Ioffe & Szegedy 2015, section 3)

where the two means are there because μ and σ depend on every x.

Tests: tests/ops/test_norm.py.
"""

from minigan.op import Op
from minigan.ops.compiled import input_gradient_on_gpu, on_gpu
from minigan.ops.reduce import Mean, MeanOfProducts, var
from minigan.tensor import Tensor


class Normalize(Op):
    """x̂ = (x - μ) / √(σ² + ε) over `axes`; .mean and .var hold μ and σ² after the call

    The comments have the shapes of a layer norm: x: (N, C) and axes=(1,).
    """

    def __init__(self, axes, eps):
        self.axes = axes
        self.eps = eps

    def forward(self, x):
        self.mean = Mean(self.axes, keepdims=True)(x)  # (N, 1)
        y = x - self.mean  # (N, C)
        self.var = MeanOfProducts(self.axes)(y, y)  # (N, 1)
        self.s = (self.var + self.eps) ** -0.5  # (N, 1)
        y *= self.s
        return y

    def backward(self, gy, y, x):  # gy is g, and y is x̂
        s = self.s
        if isinstance(x, Tensor):  # to be differentiated again: s depends on x, too
            s = (var(x, self.axes, True, correction=0) + self.eps) ** -0.5
        centred = gy - Mean(self.axes, keepdims=True)(gy)  # (N, C)
        return s * (centred - y * MeanOfProducts(self.axes)(gy, y))  # (N, C)


class BatchNorm(Normalize):
    """y = γ x̂ + β over `axes`, all but the channels'; .mean and .var hold μ and σ² after the call

    x, y: (N, C, ...)  γ, β: (C,)

    One operation instead of three (Normalize, Mul and Add), because every pass over images takes
    time. γ is constant over the axes. With g = ∂L/∂y, the rule above becomes

        ∂L/∂x = γ s (g - mean g - x̂ mean(g x̂)),    x̂ = (x - μ) s

    """

    def forward(self, x, gamma, beta):
        self.mean = Mean(self.axes, keepdims=True)(x)  # (1, C, 1, ...)
        y = x - self.mean  # (N, C, ...)
        self.var = MeanOfProducts(self.axes)(y, y)  # (1, C, 1, ...)
        self.s = (self.var + self.eps) ** -0.5  # (1, C, 1, ...)
        y *= gamma.reshape(self.s.shape) * self.s
        y += beta.reshape(self.s.shape)
        return y

    def backward(self, gy, y, x, gamma, beta):
        mean = self.mean  # (1, C, 1, ...)
        s = self.s  # (1, C, 1, ...)
        if isinstance(x, Tensor):  # to be differentiated again: μ and s depend on x, too
            mean = x.mean(self.axes, keepdims=True)
            s = (var(x, self.axes, True, correction=0) + self.eps) ** -0.5
        centred = x - mean  # (N, C, ...)
        mean_g = Mean(self.axes, keepdims=True)(gy)  # (1, C, 1, ...)
        mean_gx = s * MeanOfProducts(self.axes)(gy, centred)  # (1, C, 1, ...), the mean of g x̂
        # gx = γ s (gy - mean_g - x̂ mean_gx), where x̂ = centred s
        gx = input_gradient(gamma.reshape(s.shape), s, gy, centred, mean_g, mean_gx)  # (N, C, ...)
        n = x.size // gamma.size
        return gx, n * mean_gx.reshape(gamma.shape), n * mean_g.reshape(gamma.shape)


def input_gradient(gamma, s, gy, centred, mean_g, mean_gx):
    """gx = γ s (gy - mean_g - centred s mean_gx), computed in the memory of `centred`.

    New memory takes longer than a pass over the array. So arrays change in place, on a GPU with one
    launch. Of Tensors, the same lines make new ones, which have a graph.
    """
    gx = centred  # (N, C, ...)
    if on_gpu(gx):
        return input_gradient_on_gpu(gamma, s, gy, centred, mean_g, mean_gx)
    gx *= -s * mean_gx
    gx += gy
    gx -= mean_g
    gx *= gamma * s
    return gx
