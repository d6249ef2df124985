"""Cases of the three operations of convolutions, and of their layers."""

import numpy as np
from hypothesis import strategies as st

import minigan
from cases import Problem, arrays, problem_case
from minigan import backend
from minigan.gradcheck.strategies import conv_layers
from minigan.nn import Conv2d, ConvTranspose2d, Upsample, UpsampleConv2d
from minigan.ops.conv import Convolution, Geometry, KernelCorrelation, TransposedConvolution


def numpy_T(x, W, g, stride, padding):
    """Σ g[n, o, p, q] W[o, c, i, j] x[n, c, s p + i, s q + j], one term at a time."""
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    total = 0
    for p, q in np.ndindex(*g.shape[2:]):
        for i, j in np.ndindex(*W.shape[2:]):
            pixels = x[:, :, stride[0] * p + i, stride[1] * q + j]
            total = total + np.einsum("no,oc,nc->", g[:, :, p, q], W[:, :, i, j], pixels)
    return total


def numpy_convolution(x, W, stride, padding):
    """∂T/∂g."""
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    places = [(n - k) // s + 1 for n, k, s in zip(x.shape[2:], W.shape[2:], stride, strict=True)]
    y = np.zeros((len(x), len(W), *places), dtype=np.result_type(x, W))
    for i, j in np.ndindex(*W.shape[2:]):
        rows = slice(i, i + stride[0] * (places[0] - 1) + 1, stride[0])
        columns = slice(j, j + stride[1] * (places[1] - 1) + 1, stride[1])
        y += np.einsum("oc,ncpq->nopq", W[:, :, i, j], x[:, :, rows, columns])
    return y


@st.composite
def geometries(draw):
    """Sizes and settings. Each side has its own padding."""
    kernel, stride = ((draw(st.integers(1, 3)), draw(st.integers(1, 3))) for _ in range(2))
    padding = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(2)]
    image = [
        max(1, k - sum(p)) + draw(st.integers(0, 2)) for k, p in zip(kernel, padding, strict=True)
    ]
    n, c, o = draw(st.integers(0, 2)), *(draw(st.sampled_from([1, 2, 4])) for _ in range(2))
    geometry = Geometry(kernel, stride, padding)
    return geometry, (n, c, *image), (o, c, *kernel), (n, o, *geometry.output(image))


@problem_case("convolution", Convolution)
@st.composite
def convolution(draw):
    geometry, x, W, _ = draw(geometries())
    return Problem(
        Convolution(geometry),
        [draw(arrays(x)), draw(arrays(W))],
        lambda x, W: numpy_convolution(x, W, geometry.stride, geometry.padding),
        analytic=True,
    )


@problem_case("transposed convolution: what it makes, times x, is T", TransposedConvolution)
@st.composite
def transposed_convolution(draw):
    geometry, x, W, g = draw(geometries())
    x = draw(arrays(x, strided=False))
    return Problem(
        lambda g, W: (TransposedConvolution(geometry, x.shape[2:])(g, W) * like(x, g)).sum(),
        [draw(arrays(g)), draw(arrays(W))],
        lambda g, W: numpy_T(x, W, g, geometry.stride, geometry.padding),
        analytic=True,
    )


@problem_case("kernel correlation: what it makes, times W, is T", KernelCorrelation)
@st.composite
def kernel_correlation(draw):
    geometry, x, W, g = draw(geometries())
    W = draw(arrays(W, strided=False))
    return Problem(
        lambda x, g: (KernelCorrelation(geometry)(x, g) * like(W, g)).sum(),
        [draw(arrays(x)), draw(arrays(g))],
        lambda x, g: numpy_T(x, W, g, geometry.stride, geometry.padding),
        analytic=True,
    )


def like(constant, tensor):
    return backend.asarray(constant.astype(tensor.dtype))


def pair(setting):
    return setting if isinstance(setting, tuple) else (setting, setting)


@problem_case("Conv2d", Conv2d)
@st.composite
def conv(draw):
    arguments, shape = draw(conv_layers())
    minigan.seed(draw(st.integers(0, 20)))
    layer = Conv2d(**arguments).double()
    padding = [(p, p) for p in pair(arguments["padding"])]

    def numpy_conv(x, W, b=None):
        b = np.zeros(len(W)) if b is None else b
        return numpy_convolution(x, W, pair(arguments["stride"]), padding) + b.reshape(-1, 1, 1)

    return Problem(layer, [draw(arrays(shape))], numpy_conv, analytic=True, module=layer)


@problem_case("Conv2d, padding as Keras's 'same'", Conv2d)
@st.composite
def conv_same(draw):
    arguments, shape = draw(conv_layers())
    minigan.seed(draw(st.integers(0, 20)))
    layer = Conv2d(**{**arguments, "padding": "same"}).double()
    return Problem(layer, [draw(arrays(shape))], module=layer)


@problem_case("ConvTranspose2d", ConvTranspose2d)
@st.composite
def conv_transpose(draw):
    arguments, shape = draw(conv_layers(transposed=True))
    minigan.seed(draw(st.integers(0, 20)))
    layer = ConvTranspose2d(**arguments).double()
    return Problem(layer, [draw(arrays(shape))], module=layer)


@problem_case("Upsample", Upsample)
@st.composite
def upsample(draw):
    shape = [draw(st.integers(0, 2)), *(draw(st.integers(1, 2)) for _ in range(3))]
    height, width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return Problem(
        Upsample(scale_factor=(height, width)),
        [draw(arrays(tuple(shape)))],
        lambda x: x.repeat(height, axis=2).repeat(width, axis=3),
        analytic=True,
    )


@problem_case("UpsampleConv2d", UpsampleConv2d)
@st.composite
def upsample_conv(draw):
    n, c, h, w, o = (draw(st.integers(1, 2)) for _ in range(5))
    k = draw(st.sampled_from([1, 3, 5]))
    minigan.seed(draw(st.integers(0, 20)))
    layer = UpsampleConv2d(c, o, k, bias=draw(st.booleans())).double()

    def numpy_upsample_conv(x, W, b=None):
        x = x.repeat(2, axis=2).repeat(2, axis=3)
        b = np.zeros(o) if b is None else b
        return numpy_convolution(x, W, (1, 1), [(k // 2, k // 2)] * 2) + b.reshape(-1, 1, 1)

    x = draw(arrays((n, c, h, w)))
    return Problem(layer, [x], numpy_upsample_conv, analytic=True, module=layer)


CASES = [
    convolution,
    transposed_convolution,
    kernel_correlation,
    conv,
    conv_same,
    conv_transpose,
    upsample,
    upsample_conv,
]
