"""Mistakes that people make in backward rules. The tests plant them in minigan's operations.

Each one replaces a function of the package by a wrong one. CONTRIBUTING.md lists them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from cases import with_names

from minigan import autograd, losses, nn, ops
from minigan.ops import arithmetic, conv, elementwise, matmul, norm, reduce, shape
from minigan.ops.elementwise import Sigmoid
from minigan.ops.matmul import swap
from minigan.tensor import Tensor, as_array

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
ROW = np.array([0.5, 1.0, -2.0])
POSITIVE = np.abs(X)
SQUARE = np.array([[1.0, 2.0], [-0.5, 3.0]])
MISTAKES = []


@dataclass
class Mistake:
    """`wrong` in the place of owner.attribute.

    gradcheck(fn, inputs) must fail with `message`, and so must the property test of `case`.
    """

    name: str
    owner: Any
    attribute: str
    wrong: Any
    case: str
    fn: Any
    inputs: list
    message: str
    module: Any = None

    def __str__(self):
        return with_names(self.name, [self.owner])


def mistake(name, owner, attribute, *, case, fn, inputs, message, module=None):
    """A decorator: the function below it is the mistake."""

    def add(wrong):
        MISTAKES.append(Mistake(name, owner, attribute, wrong, case, fn, inputs, message, module))
        return wrong

    return add


@mistake(
    "a wrong sign", arithmetic.Sub, "backward",
    case="a - b", fn=lambda a, b: a - b, inputs=[X, X], message="-1 times what it should be",
)  # fmt: skip
def _(self, gy, y, a, b):
    return gy, gy


@mistake(
    "a factor of 2", elementwise.Sqrt, "backward",
    case="sqrt", fn=Tensor.sqrt, inputs=[POSITIVE], message="2 times what it should be",
)  # fmt: skip
def _(self, gy, y, x):
    return gy / y


@mistake(
    "a forgotten 1/n", reduce.Mean, "backward",
    case="mean", fn=lambda x: x.mean(), inputs=[X], message="6 times what it should be",
)  # fmt: skip
def _(self, gy, y, x):
    return shape.BroadcastTo(x.shape)(self.unfold(gy, x))


@mistake(
    "two factors exchanged", reduce.MeanOfProducts, "backward",
    case="mean of products", fn=lambda a, b: reduce.MeanOfProducts((0,))(a, b), inputs=[X, X + 1],
    message="input 0",
)  # fmt: skip
def _(self, gy, y, a, b):
    return gy * a, gy * b


@mistake(
    "a dropped term", norm.Normalize, "backward",
    case="normalize", fn=lambda x: norm.Normalize((0,), 0.1)(x), inputs=[X],
    message="is wrong in 12 of 36",
)  # fmt: skip
def _(self, gy, y, x):
    return (self.var + self.eps) ** -0.5 * (gy - gy.mean(axis=self.axes, keepdims=True))


@mistake(
    "a dropped label", losses.BinaryCrossEntropyWithLogits, "backward",
    case="binary_cross_entropy_with_logits", inputs=[X],
    fn=lambda x: losses.binary_cross_entropy_with_logits(x, 0.9), message="is wrong in 6 of 6",
)  # fmt: skip
def _(self, gy, y, x):
    return gy * Sigmoid()(x)


@mistake(
    "a forgotten sum over a broadcast axis", autograd, "sum_to",
    case="a * b", fn=lambda a, b: a * b, inputs=[X, ROW], message="with respect to input 1",
)  # fmt: skip
def _(gx, shape):
    if not gx.size:
        return gx.sum() * np.zeros(shape, dtype=gx.dtype)
    new = gx.ndim - len(shape)
    first = [slice(0, 1) if n == 1 else slice(None) for n in shape]
    return 1 * gx[tuple([0] * new + first)]


@mistake(
    "a selection whose gradient is not selected", elementwise.Select, "backward",
    case="select", fn=lambda x: elementwise.Select(np.array([True, False]))(x), inputs=[SQUARE],
    message="is wrong in 2 of 16",
)  # fmt: skip
def _(self, gy, y, x):
    return gy * 1


@mistake(
    "a mask of the gradient, not of the input", elementwise.ReLU, "backward",
    case="relu", fn=Tensor.relu, inputs=[X], message="is wrong in",
)  # fmt: skip
def _(self, gy, y, x):
    return gy * (as_array(gy) > 0)


@mistake(
    "a mask from the wrong side", elementwise.LeakyReLU, "backward",
    case="leaky relu, slope 0.2", fn=lambda x: ops.leaky_relu(x, 0.2), inputs=[X],
    message="is wrong in 6 of 36",
)  # fmt: skip
def _(self, gy, y, x):
    return gy * np.where(as_array(x) > 0, self.slope, 1.0)


@mistake(
    "an input changed in place", elementwise.Exp, "forward",
    case="exp", fn=Tensor.exp, inputs=[X], message="fn changed input 0 in place",
)  # fmt: skip
def _(self, x):
    return np.exp(x, out=x)


@mistake(
    "a gradient changed in place", arithmetic.Mul, "backward",
    case="a * b", fn=lambda a, b: a * b, inputs=[X, X],
    message="a backward rule changed the incoming gradient in place",
)  # fmt: skip
def _(self, gy, y, a, b):
    gb = gy * a
    gy *= b
    return gy, gb


@mistake(
    "an aliased gradient", elementwise.Sigmoid, "backward",
    case="sigmoid", fn=Tensor.sigmoid, inputs=[X],
    message="shares memory with itself when computed again",
)  # fmt: skip
def _(self, gy, y, x):
    if isinstance(gy, Tensor):
        return gy * (y * (1 - y))
    self.workspace = vars(self).get("workspace", np.empty_like(y))
    return np.multiply(gy, y * (1 - y), out=self.workspace)


@mistake(
    "right to first order only: tanh", elementwise.Tanh, "backward",
    case="tanh", fn=Tensor.tanh, inputs=[X], message="to second order, the derivative",
)  # fmt: skip
def _(self, gy, y, x):
    return gy * (1 - as_array(y) ** 2)


@mistake(
    "right to first order only: norm", reduce.Norm, "backward",
    case="norm", fn=lambda x: x.norm(axis=1), inputs=[X], message="to second order, the derivative",
)  # fmt: skip
def _(self, gy, y, x):
    return self.unfold(gy / y, x) * as_array(x)


@mistake(
    "right to first order only: normalize", norm.Normalize, "backward",
    case="normalize", fn=lambda x: norm.Normalize((1,), 0.1)(x), inputs=[X],
    message="to second order, the derivative",
)  # fmt: skip
def _(self, gy, y, x):
    mean = gy.mean(axis=self.axes, keepdims=True)
    return self.s * (gy - mean - y * (gy * y).mean(axis=self.axes, keepdims=True))


IMAGES = np.arange(32.0).reshape(1, 2, 4, 4) % 7 - 3
KERNELS = np.arange(36.0).reshape(2, 2, 3, 3) % 5 - 2
GEOMETRY = conv.Geometry((3, 3), (1, 1), [(1, 1), (1, 1)])


def convolve(x, W):
    return conv.Convolution(GEOMETRY)(x, W)


@mistake(
    "a kernel that is not turned", conv.Convolution, "backward",
    case="convolution", fn=convolve, inputs=[IMAGES, KERNELS], message="input 0",
)  # fmt: skip
def _(self, gy, y, x, W):
    turned = W[:, :, ::-1, ::-1]
    gx = conv.TransposedConvolution(self.geometry, x.shape[2:])(gy, turned)
    return gx, conv.KernelCorrelation(self.geometry)(x, gy)


@mistake(
    "a transposed convolution's gradient for a convolution's", conv.TransposedConvolution,
    "backward", case="transposed convolution: what it makes, times x, is T",
    fn=lambda x, W: conv.TransposedConvolution(GEOMETRY, (4, 4))(x, W), inputs=[IMAGES, KERNELS],
    message="input 0",
)  # fmt: skip
def _(self, gy, y, g, W):
    gg = conv.TransposedConvolution(self.geometry, g.shape[2:])(gy, W.transpose(1, 0, 2, 3))
    return gg, conv.KernelCorrelation(self.geometry)(gy, g)


@mistake(
    "right to first order only: a kernel's gradient", conv.KernelCorrelation, "backward",
    case="convolution", fn=convolve, inputs=[IMAGES, KERNELS], message="to second order",
)  # fmt: skip
def _(self, gy, y, x, g):
    return conv.TransposedConvolution(self.geometry, x.shape[2:])(g, gy), None


def normalized(x):
    return norm.BatchNorm((0,), 0.1)(x, np.array([1.0, 2.0, 0.5]), np.zeros(3))


@mistake(
    "a batch norm whose mean does not move", norm.BatchNorm, "backward",
    case="BatchNorm1d in training, 2 dimensions", fn=normalized, inputs=[X], message="input 0",
)  # fmt: skip
def _(self, gy, y, x, gamma, beta):
    x_hat = (x - self.mean) * self.s
    return gamma * self.s * gy, gy * x_hat, gy


@mistake(
    "right to first order only: batch norm", norm.BatchNorm, "backward",
    case="BatchNorm1d in training, 2 dimensions", fn=normalized, inputs=[X],
    message="to second order",
)  # fmt: skip
def _(self, gy, y, x, gamma, beta):
    x_hat, n = as_array(x - self.mean) * self.s, len(x)
    g_gamma, g_beta = (gy * x_hat).sum(axis=0), gy.sum(axis=0)
    return gamma * self.s * (gy - g_beta / n - x_hat * g_gamma / n), g_gamma, g_beta


CACHE: dict = {}


@mistake(
    "a stale cached array", elementwise.Softplus, "backward",
    case="softplus", fn=ops.softplus, inputs=[X], message="to second order, the derivative",
)  # fmt: skip
def _(self, gy, y, x):
    if isinstance(x, Tensor):
        return gy * Sigmoid()(x)
    return gy * CACHE.setdefault(x.shape, Sigmoid()(x))  # of the first x of this shape


@mistake(
    "another gradient for Tensors than for arrays", arithmetic.Div, "backward",
    case="a / b", fn=lambda a, b: a / b, inputs=[X, POSITIVE],
    message="not the same in the two backward modes",
)  # fmt: skip
def _(self, gy, y, a, b):
    return gy / b, -gy * y / (b * 1.001 if isinstance(gy, Tensor) else b)


@mistake(
    "repeated indices that overwrite each other", shape.Scatter, "forward",
    case="x[integers]", fn=lambda x: x[[0, 0, 1]], inputs=[X], message="is wrong in",
)  # fmt: skip
def _(self, x):
    y = np.zeros(self.shape, dtype=x.dtype)
    y[self.index] = x
    return y


@mistake(
    "a matrix that is not transposed", matmul.MatMul, "backward",
    case="a @ b", fn=lambda a, b: a @ b, inputs=[SQUARE, SQUARE + 1],
    message="with respect to input 0",
)  # fmt: skip
def _(self, gy, y, a, b):
    square = b.shape[-1] == b.shape[-2]  # for other shapes the error would be obvious
    return gy @ (b if square else swap(b)), swap(a) @ gy


@mistake(
    "a mistaken memory layout", shape.Reshape, "forward",
    case="reshape", fn=lambda x: x.reshape(3, 2), inputs=[np.asfortranarray(X)],
    message="ignores the layout",
)  # fmt: skip
def _(self, x):
    return x.reshape(self.shape, order="A")


@mistake(
    "a gradient that is lost where two paths meet", autograd.Memory, "add",
    case="one tensor many times", fn=lambda x: x * x, inputs=[X], message="0.5 times",
)  # fmt: skip
def _(self, x, total, gx, others):
    return gx


CRITIC = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()


@mistake(
    "a penalty on a gradient without a graph", losses, "grad",
    case="gradient_penalty of a smooth critic", inputs=[], module=CRITIC,
    fn=lambda: losses.gradient_penalty(CRITIC, X, -X, np.array([0.25, 0.75])),
    message="0 and should not be",
)  # fmt: skip
def _(outputs, inputs, *, create_graph):
    return autograd.grad(outputs, inputs)
