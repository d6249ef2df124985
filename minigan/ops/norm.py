"""Normalisation: what batch norm and layer norm have in common.

With μ and σ² the mean and the (biased) variance of x over some axes, and s = 1/√(σ² + ε),

    x̂ = (x - μ) s
    ∂L/∂x = s (g - mean g - x̂ mean(g x̂)),    g = ∂L/∂x̂    (Ioffe & Szegedy 2015, section 3)

where the two means are there because μ and σ depend on every x.
"""

from minigan.op import Op
from minigan.ops.reduce import var
from minigan.tensor import Tensor


class Normalize(Op):
    """x̂ = (x - μ) / √(σ² + ε) over `axes`; .mean and .var hold μ and σ² after the call"""

    def __init__(self, axes, eps):
        self.axes, self.eps = axes, eps

    def forward(self, x):
        self.mean = x.mean(axis=self.axes, keepdims=True)
        y = x - self.mean
        self.var = (y * y).mean(axis=self.axes, keepdims=True)
        self.s = (self.var + self.eps) ** -0.5
        y *= self.s
        return y

    def backward(self, gy, y, x):  # gy is g, and y is x̂
        s = self.s
        if isinstance(x, Tensor):  # to be differentiated again: s depends on x, too
            s = (var(x, self.axes, keepdims=True, correction=0) + self.eps) ** -0.5
        mean_g = gy.mean(axis=self.axes, keepdims=True)
        mean_gx = (gy * y).mean(axis=self.axes, keepdims=True)
        return s * (gy - mean_g - y * mean_gx)
