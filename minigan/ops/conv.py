"""Convolution as three operations. Each one is the gradient of the other two.

Let x be images, W kernels, and let g have one number for each kernel at each place where the kernel
can stand. The number

    T(x, W, g) = Σ  g[n, o, p, q] W[o, c, i, j] x[n, c, s p + i, s q + j]
                 n o p q c i j

is linear in x, in W and in g. Its derivative with respect to g is the convolution of x and W (a
cross-correlation, as everywhere in deep learning). With respect to x it is the transposed
convolution of g and W, and with respect to W the correlation of x and g. The derivative of one of
these is another one of them, so the three operations are enough for every order.

    x: (N, C, H, W), padded with zeros    W: (O, C, kH, kW)    g: (N, O, H', W')

Each one is a matrix product. Its rows are windows: the kH·kW·C numbers that a kernel meets at one
place.

    Convolution            y = windows(x) Wᵀ      (N·H'·W', kH·kW·C)(kH·kW·C, O)
    TransposedConvolution  x = add_up(g W)        (N·H'·W', O)(O, kH·kW·C), each window at its place
    KernelCorrelation      Wᵀ = windows(x)ᵀ g     (kH·kW·C, N·H'·W')(N·H'·W', O)

Three things make it fast.
- Windows are made for a few images at a time. They stay in the cache until the product reads them.
- The channels are the last axis in memory. A row of a window is then one run of kW·C numbers. The
  results are such memory, seen as (N, C, H, W). An input may have any memory order.
- With a stride of 1, x and g may change places, with the kernel turned by 180°. The windows are
  then made of the one that has clearly fewer channels.

Tests: tests/ops/test_conv.py.
"""

import numpy as np

from minigan.backend import get_array_module
from minigan.op import Op

# So many numbers are in the windows that are made at a time, unless one image has more. As float32
# they take 2 MiB, which is near the size of a second-level cache. With fewer, products are slower.
CACHED = 2**19


class Geometry:
    """How a kernel moves over an image. Sizes are (height, width)."""

    def __init__(self, kernel, stride, padding):
        self.kernel = kernel
        self.stride = stride
        self.padding = padding

    def output(self, size):
        """The number of places where the kernel can stand in an image of this size, per axis."""
        axes = zip(size, self.kernel, self.stride, self.padding, strict=True)
        places = tuple((n + sum(padding) - k) // s + 1 for n, k, s, padding in axes)
        if min(places) < 1:
            raise ValueError(
                f"a kernel of {self.kernel} does not fit into an image of {tuple(size)} with "
                f"padding {self.padding}"
            )
        return places

    def can_turn(self):
        """Whether x and g may change places."""
        fits = all(p < k for k, both in zip(self.kernel, self.padding, strict=True) for p in both)
        return self.stride == (1, 1) and fits

    def turned(self):
        """How the kernel moves over g, if x and g change places."""
        axes = zip(self.kernel, self.padding, strict=True)
        padding = [(k - 1 - before, k - 1 - after) for k, (before, after) in axes]
        return Geometry(self.kernel, self.stride, padding)

    def pad(self, x):
        """(N, C, H, W) -> (N, Hp, Wp, C), with zeros around the images."""
        return get_array_module(x).pad(x.transpose(0, 2, 3, 1), [(0, 0), *self.padding, (0, 0)])

    def windows(self, x):
        """Yield (a slice of the images, the matrix of their windows) until all images are done.

        (N, C, H, W) -> (n·H'·W', kH·kW·C) for n images
        """
        kh, kw = self.kernel
        sh, sw = self.stride
        h, w = self.output(x.shape[2:])
        x = self.pad(x)
        n = x.shape[0]
        c = x.shape[3]
        # A step to the next place is sh rows or sw pixels, a step inside a window is one.
        image, row, pixel, channel = x.strides
        shape = (n, h, w, kh, kw, c)
        strides = (image, sh * row, sw * pixel, row, pixel, channel)
        view = get_array_module(x).lib.stride_tricks.as_strided(x, shape, strides)
        for some in slices(x, view.size):
            yield some, view[some].reshape(-1, kh * kw * c)


class Convolution(Op):
    """y = ∂T/∂g: every kernel at every place. The layer's b is added while y is in the cache.

    x: (N, C, H, W)  W: (O, C, kH, kW)  b: (O,)  y: (N, O, H', W')
    """

    def __init__(self, geometry):
        self.geometry = geometry

    def forward(self, x, W, b=None):
        n, c, *size = x.shape
        o = len(W)
        places = self.geometry.output(size)
        if self.geometry.can_turn() and o < c // 2:
            return add_up(self.geometry.turned(), places, x, turned(W), b)
        y = get_array_module(x, W).empty((n, *places, o), dtype=x.dtype)
        W = W.transpose(2, 3, 1, 0).reshape(-1, o)  # (kH·kW·C, O)
        for some, windows in self.geometry.windows(x):
            y[some] = (windows @ W).reshape(-1, *places, o)
            if b is not None:
                y[some] += b
        return y.transpose(0, 3, 1, 2)

    def backward(self, gy, y, x, W, b=None):
        gx = TransposedConvolution(self.geometry, x.shape[2:])(gy, W) if self.needs[0] else None
        gW = KernelCorrelation(self.geometry)(x, gy) if self.needs[1] else None
        return (gx, gW) if b is None else (gx, gW, gy.sum(axis=(0, 2, 3)))


class TransposedConvolution(Op):
    """x = ∂T/∂x: every g spreads its kernel. The layer's b is where the sum starts.

    g: (N, O, H', W')  W: (O, C, kH, kW)  b: (C,)  x: (N, C, H, W)
    """

    def __init__(self, geometry, size):
        self.geometry = geometry
        self.size = size

    def forward(self, g, W, b=None):
        o, c = W.shape[:2]
        if self.geometry.can_turn() and o <= 2 * c:
            return Convolution(self.geometry.turned()).forward(g, turned(W), b)
        return add_up(self.geometry, self.size, g, W, b)

    def backward(self, gy, y, g, W, b=None):
        gg = Convolution(self.geometry)(gy, W) if self.needs[0] else None
        gW = KernelCorrelation(self.geometry)(gy, g) if self.needs[1] else None
        return (gg, gW) if b is None else (gg, gW, gy.sum(axis=(0, 2, 3)))


class KernelCorrelation(Op):
    """W = ∂T/∂W: g times the windows of x      x: (N, C, H, W)  g: (N, O, H', W')"""

    def __init__(self, geometry):
        self.geometry = geometry

    def forward(self, x, g):
        c = x.shape[1]
        o = g.shape[1]
        if self.geometry.can_turn() and o < c // 2:
            return turned(KernelCorrelation(self.geometry.turned()).forward(g, x))
        kh, kw = self.geometry.kernel
        W = get_array_module(x, g).zeros((kh * kw * c, o), dtype=x.dtype)
        g = g.transpose(0, 2, 3, 1)
        for some, windows in self.geometry.windows(x):
            W += windows.T @ g[some].reshape(-1, o)
        return W.reshape(kh, kw, c, o).transpose(3, 2, 0, 1)

    def backward(self, gy, y, x, g):
        gx = TransposedConvolution(self.geometry, x.shape[2:])(g, gy) if self.needs[0] else None
        gg = Convolution(self.geometry)(x, gy) if self.needs[1] else None
        return gx, gg


def add_up(geometry, size, g, W, b=None):
    """A transposed convolution: the windows g W, each added at its place, and b."""
    xp = get_array_module(g, W)
    n, o, h, w = g.shape
    _, c, kh, kw = W.shape
    sh, sw = geometry.stride
    (top, bottom), (left, right) = geometry.padding
    x = xp.empty((n, top + size[0] + bottom, left + size[1] + right, c), dtype=g.dtype)
    x[...] = 0 if b is None else b
    g = g.transpose(0, 2, 3, 1)
    W = W.transpose(0, 2, 3, 1).reshape(o, -1)  # (O, kH·kW·C)
    for some in slices(g, n * h * w * kh * kw * c):
        windows = (g[some].reshape(-1, o) @ W).reshape(-1, h, w, kh, kw, c)
        for i, j in np.ndindex(kh, kw):
            x[some, i : i + sh * h : sh, j : j + sw * w : sw] += windows[:, :, :, i, j]
    return x[:, top : top + size[0], left : left + size[1]].transpose(0, 3, 1, 2)


def turned(W):
    """(O, C, kH, kW) -> (C, O, kH, kW), each kernel turned by 180°."""
    return W[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)


def slices(x, total):
    """Slices of the images x. The windows of one slice fit into the cache, if one image's do.

    total: the size of all windows. On a GPU the one slice has all images.
    """
    n = len(x) if get_array_module(x) is not np else CACHED * len(x) // max(1, total)
    return [slice(i, i + max(1, n)) for i in range(0, len(x), max(1, n))]
