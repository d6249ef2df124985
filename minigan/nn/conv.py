"""Layers of images, (N, C, H, W): Conv2d, ConvTranspose2d, Upsample and UpsampleConv2d."""

import math
from functools import partial
from typing import Any

import numpy as np

from minigan import backend
from minigan.guards.accepted import check_no_effect
from minigan.guards.data import check_keyword, checked_flag
from minigan.nn import init
from minigan.nn.linear import check_positive, zero_parameter
from minigan.nn.module import Module
from minigan.ops import broadcast_to
from minigan.ops.conv import Convolution, Geometry, TransposedConvolution
from minigan.tensor import as_tensor

# PyTorch's settings of a convolution that have one value here.
NO_EFFECT = {
    "dilation": (1, (1, 1)),
    "groups": (1,),
    "padding_mode": ("zeros",),
    "dtype": (np.float32,),
}


class Conv2d(Module):
    """Every kernel at every place: (N, in_channels, H, W) -> (N, out_channels, H', W')

    H' = ⌊(H + 2 padding - kernel_size) / stride⌋ + 1, and likewise W'. A setting is a number, or
    a pair (for the height, for the width). padding="same" is Keras's: H' = ⌈H / stride⌉, and the
    larger half of an odd padding is below and to the right. (PyTorch's "same" takes stride 1 only.)

    weight: (out_channels, in_channels, kH, kW), bias: (out_channels,). Both start as U(±1/√fan_in)
    with fan_in = in_channels · kH · kW. Raises ValueError for settings out of range, and for an
    input that has another shape or is smaller than the kernel.
    other: PyTorch's dilation=1, groups=1 and padding_mode="zeros", which change nothing.

    >>> from minigan import randn
    >>> Conv2d(1, 16, 3, stride=2, padding=1)(randn(64, 1, 32, 32)).shape
    (64, 16, 16, 16)
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride: Any = 1,
        padding: Any = 0,
        *,
        bias=True,
        **other,
    ):
        check_no_effect(other, **NO_EFFECT)
        bias = checked_flag("bias", bias)
        check_positive(self, in_channels=in_channels, out_channels=out_channels)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.stride = _pair("stride", stride)
        self.padding = padding if padding == "same" else _pair("padding", padding, at_least=0)
        fan_in = in_channels * math.prod(self.kernel_size)
        W = zero_parameter(out_channels, in_channels, *self.kernel_size)
        self.weight = init.default_(W, fan_in)
        self.bias = init.default_(zero_parameter(out_channels), fan_in) if bias else None

    def forward(self, x):
        x = _checked_images(self, x)
        if self.padding == "same":
            sizes = zip(x.shape[2:], self.kernel_size, self.stride, strict=True)
            padding = [_same_padding(n, k, s) for n, k, s in sizes]
        else:
            padding = [(p, p) for p in self.padding]
        geometry = Geometry(self.kernel_size, self.stride, padding)
        return Convolution(geometry)(x, self.weight, *_bias(self))

    def extra_repr(self):
        return _settings_text(self)


class ConvTranspose2d(Module):
    """Every pixel spreads its kernel: (N, in_channels, H, W) -> (N, out_channels, H', W')

    The adjoint of Conv2d with respect to its input. H' = (H - 1) stride - 2 padding + kernel_size +
    output_padding. Conv2d turns several sizes into the same H, and output_padding chooses one.
    weight: (in_channels, out_channels, kH, kW). The rest is as in Conv2d.

    >>> from minigan import randn
    >>> ConvTranspose2d(64, 32, 4, stride=2, padding=1)(randn(8, 64, 7, 7)).shape
    (8, 32, 14, 14)
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        *,
        bias=True,
        **other,
    ):
        check_no_effect(other, **NO_EFFECT)
        bias = checked_flag("bias", bias)
        check_positive(self, in_channels=in_channels, out_channels=out_channels)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.stride = _pair("stride", stride)
        self.padding = _pair("padding", padding, at_least=0)
        self.output_padding = _pair("output_padding", output_padding, at_least=0)
        if any(p >= s for p, s in zip(self.output_padding, self.stride, strict=True)):
            raise ValueError(f"output_padding {output_padding} is not less than stride {stride}")
        fan_in = out_channels * math.prod(self.kernel_size)  # PyTorch's definition
        W = zero_parameter(in_channels, out_channels, *self.kernel_size)
        self.weight = init.default_(W, fan_in)
        self.bias = init.default_(zero_parameter(out_channels), fan_in) if bias else None

    def forward(self, x):
        x = _checked_images(self, x)
        size = tuple(
            (n - 1) * s - 2 * p + k + extra
            for n, k, s, p, extra in zip(
                x.shape[2:],
                self.kernel_size,
                self.stride,
                self.padding,
                self.output_padding,
                strict=True,
            )
        )
        if min(size) < 1:
            raise ValueError(f"{self}: an input of shape {x.shape} leaves an output of size {size}")
        geometry = Geometry(self.kernel_size, self.stride, [(p, p) for p in self.padding])
        return TransposedConvolution(geometry, size)(x, self.weight, *_bias(self))

    def extra_repr(self):
        return _settings_text(self)


class Upsample(Module):
    """Every pixel becomes a square of `scale_factor` by `scale_factor` (nearest neighbour).

    scale_factor is keyword-only, since PyTorch's first argument is the size of the result.
    other: PyTorch's mode="nearest", which changes nothing.

    In a Sequential, Upsample(scale_factor=2) and a Conv2d after it run as one UpsampleConv2d with
    the Conv2d's weight and bias. The Conv2d must have an odd kernel_size, stride 1, and a padding
    that keeps the size. The results differ only by rounding, and take much less time.

    >>> from minigan import Tensor
    >>> Upsample(scale_factor=2)(Tensor([[[[1.0, 2.0]]]]))
    Tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])
    """

    def __init__(self, *size, scale_factor=None, **other):
        check_keyword("nn.Upsample", "scale_factor", size)
        check_no_effect(other, mode=("nearest",), align_corners=())
        self.scale_factor = _pair("scale_factor", scale_factor)

    def forward(self, x):
        x = as_tensor(x)
        if x.ndim != 4:
            raise ValueError(f"{self}: expected (N, C, H, W), got {x.shape}")
        n, c, h, w = x.shape
        sh, sw = self.scale_factor
        y = broadcast_to(x.reshape(n, c, h, 1, w, 1), (n, c, h, sh, w, sw))
        return y.reshape(n, c, h * sh, w * sw)

    def fused_with(self, following):
        if type(self) is not Upsample or type(following) is not Conv2d:
            return None
        k = following.kernel_size[0]
        padding = following.padding
        odd = k % 2 == 1 and following.kernel_size == (k, k)
        same_size = padding in ("same", (k // 2, k // 2)) and following.stride == (1, 1)
        if self.scale_factor != (2, 2) or not odd or not same_size:
            return None
        return partial(_upsample_and_convolve, following)

    def extra_repr(self):
        return f"scale_factor={_short(self.scale_factor)}"


class UpsampleConv2d(Conv2d):
    """Upsample and Conv2d(…, kernel_size, padding=kernel_size // 2) in one, and faster.

    (N, in_channels, H, W) -> (N, out_channels, 2 H, 2 W). kernel_size is odd; weight and bias are
    Conv2d's. Raises ValueError for an even kernel_size, and for an input of another shape.

    It is a transposed convolution of stride 2 with a kernel that is one wider. Along one axis, let
    the convolution have the kernel (a, b, c), and let p, q, r be pixels of the small image. Each is
    there twice after the upsampling; "p 2" is the place of the second p:

        upsampled          p  p  q  q  r  r
        output at p 2      a  b  c              =  (a + b) p + c q
        output at q 1         a  b  c           =  a p + (b + c) q
        output at q 2            a  b  c        =  (a + b) q + c r
        output at r 1               a  b  c     =  a q + (b + c) r

    So q spreads over four outputs. Its weights there are the kernel of the transposed convolution:

        output          p 2   q 1     q 2     r 1
        weight of q     c     b + c   a + b   a

    For kernel_size 3 there are 4² products for each pixel of the small image. The convolution has
    3² for each of its four outputs. 16 / 36 is 0.44.

    >>> from minigan import randn
    >>> UpsampleConv2d(128, 64, 3)(randn(8, 128, 8, 8)).shape
    (8, 64, 16, 16)
    """

    def __init__(self, in_channels, out_channels, kernel_size, *, bias=True):
        if not isinstance(kernel_size, (int, np.integer)) or kernel_size % 2 == 0:
            raise ValueError(
                f"UpsampleConv2d: kernel_size must be an odd integer, not {kernel_size}"
            )
        super().__init__(
            in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=bias
        )

    def forward(self, x):
        return _upsample_and_convolve(self, x)

    def extra_repr(self):
        bias = "" if self.bias is not None else ", bias=False"
        return f"{self.in_channels}, {self.out_channels}, {self.kernel_size[0]}{bias}"


def _upsample_and_convolve(layer, x):
    """A Conv2d layer of x upsampled by 2; see UpsampleConv2d."""
    x = _checked_images(layer, x)
    k = layer.kernel_size[0]
    # A row for each of the k + 1 new weights along one axis: the weights of (a, b, c) in its sum.
    #     c        0 0 1
    #     b + c    0 1 1
    #     a + b    1 1 0
    #     a        1 0 0
    last_first = np.eye(k, dtype=x.dtype)[::-1]
    zero = np.zeros((1, k), dtype=x.dtype)
    one_axis = np.concatenate([last_first, zero]) + np.concatenate([zero, last_first])
    both_axes = backend.asarray(np.kron(one_axis, one_axis))  # ((k+1)², k²)
    kernels = layer.weight.transpose(1, 0, 2, 3).reshape(-1, k * k)  # (in·out, k²)
    W = kernels @ both_axes.T  # (in·out, (k+1)²)
    W = W.reshape(layer.in_channels, layer.out_channels, k + 1, k + 1)
    p = k // 2
    geometry = Geometry((k + 1, k + 1), (2, 2), [(p, p), (p, p)])
    size = (2 * x.shape[2], 2 * x.shape[3])
    return TransposedConvolution(geometry, size)(x, W, *_bias(layer))


def _pair(name, value, at_least=1):
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and n >= at_least for n in pair):
        raise ValueError(f"{name} must be an integer or two, at least {at_least}, not {value!r}")
    return int(pair[0]), int(pair[1])


def _same_padding(n, k, s):
    """Keras's padding (before, after) along an axis with n pixels."""
    total = max((math.ceil(n / s) - 1) * s + k - n, 0)
    return total // 2, total - total // 2


def _checked_images(layer, x):
    x = as_tensor(x)
    if x.ndim != 4 or x.shape[1] != layer.in_channels:
        raise ValueError(f"{layer}: expected (N, {layer.in_channels}, H, W), got {x.shape}")
    return x


def _bias(layer):
    return [] if layer.bias is None else [layer.bias]


def _settings_text(layer):
    text = f"{layer.in_channels}, {layer.out_channels}, kernel_size={layer.kernel_size}"
    text += f", stride={layer.stride}"
    if layer.padding != (0, 0):
        text += f", padding={layer.padding}"
    if getattr(layer, "output_padding", (0, 0)) != (0, 0):
        text += f", output_padding={layer.output_padding}"
    return text if layer.bias is not None else text + ", bias=False"


def _short(pair):
    return pair[0] if pair[0] == pair[1] else pair
