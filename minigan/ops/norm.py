"""Normalisation, as batch norm and layer norm do it.

With μ and σ² the mean and the (biased) variance of x over some axes, and s = 1/√(σ² + ε),

    x̂ = (x - μ) s
    ∂L/∂x = s (g - mean g - x̂ mean(g x̂)),    g = ∂L/∂x̂    (Ioffe & Szegedy 2015, section 3)

where the two means are there because μ and σ depend on every x.
"""

from minigan.op import Op
from minigan.ops.reduce import SumOfProducts, var
from minigan.tensor import Tensor


class Normalize(Op):
    """x̂ = (x - μ) / √(σ² + ε) over `axes`; .mean and .var hold μ and σ² after the call"""

    def __init__(self, axes, eps):
        self.axes, self.eps = axes, eps

    def forward(self, x):
        self.mean = x.mean(axis=self.axes, keepdims=True)
        y = x - self.mean
        squares = SumOfProducts(self.axes)
        self.var = squares(y, y) / squares.count(y)
        self.s = (self.var + self.eps) ** -0.5
        y *= self.s
        return y

    def backward(self, gy, y, x):  # gy is g, and y is x̂
        s = self.s
        if isinstance(x, Tensor):  # to be differentiated again: s depends on x, too
            s = (var(x, self.axes, keepdims=True, correction=0) + self.eps) ** -0.5
        mean_g = gy.mean(axis=self.axes, keepdims=True)
        products = SumOfProducts(self.axes)
        mean_gx = products(gy, y) / products.count(y)
        return s * (gy - mean_g - y * mean_gx)


class BatchNorm(Op):
    """y = γ x̂ + β, over all axes but the channels'; .mean and .var hold μ and σ² after the call

    x: (N, C, ...)  γ, β: (C, 1, ...), to broadcast against x

    Normalize, product and sum in one, since images are large: each pass over them that is saved
    counts. With γ constant over the axes, and g now ∂L/∂y, the rule above is

        ∂L/∂x = γ s (g - mean g - x̂ mean(g x̂)) = a g + b (x - μ) + c,
        a = γ s,  b = -a s mean(g x̂),  c = -a mean g
    """

    def __init__(self, eps):
        self.eps = eps

    def forward(self, x, gamma, beta):
        self.axes = (0, *range(2, x.ndim))
        self.mean = x.mean(axis=self.axes, keepdims=True)
        y = x - self.mean
        squares = SumOfProducts(self.axes)
        self.var = squares(y, y) / squares.count(y)
        self.s = (self.var + self.eps) ** -0.5
        y *= gamma * self.s
        y += beta
        return y

    def backward(self, gy, y, x, gamma, beta):
        mean, s = self.mean, self.s
        if isinstance(x, Tensor):  # to be differentiated again: μ and s depend on x, too
            mean = x.mean(self.axes, keepdims=True)
            s = (var(x, self.axes, keepdims=True, correction=0) + self.eps) ** -0.5
        centred = x - mean
        g_beta = gy.sum(axis=self.axes, keepdims=True)
        products = SumOfProducts(self.axes)
        g_gamma = s * products(gy, centred)  # Σ g x̂
        a, n = gamma * s, products.count(x)
        gx = a * gy
        centred *= -a * s * g_gamma / n  # in place for arrays; of Tensors, Python makes new ones
        gx += centred
        gx += -a * g_beta / n
        return gx, g_gamma, g_beta
