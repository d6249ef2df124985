"""The operations a @ b and x Wᵀ + b, the Linear layer's.

MatMul broadcasts the axes before the last two, and the walk sums its gradients back. Linear's rule
returns gradients with the shapes of its inputs.

Tests: tests/ops/test_matmul.py.
"""

import math

import numpy as np

from minigan.op import Op, constant
from minigan.tensor import Tensor


class MatMul(Op):
    """y = a b, over the last two axes; the ones before are a batch, and broadcast

    a: (..., N, K)  b: (..., K, M)  y: (..., N, M)
    """

    def forward(self, a, b):
        if a.ndim == b.ndim == 2 and b.size > a.size:
            # (bᵀ aᵀ)ᵀ is a b, too. NumPy's product is faster with the larger matrix first.
            return (b.T @ a.T).T
        return a @ b

    def backward(self, gy, y, a, b):
        ga = MatMul()(gy, swap(b)) if self.needs[0] else None  # (N, M)(M, K) -> (N, K)
        gb = row_major(swap(a), gy) if self.needs[1] else None  # (K, N)(N, M) -> (K, M)
        return ga, gb


class Linear(Op):
    """y = x Wᵀ + b      x: (N, I)  W: (O, I)  b: (O,)  y: (N, O)"""

    def forward(self, x, W, b):
        y = MatMul()(x, W.T)  # (N, I)(I, O) -> (N, O)
        y += b
        return y

    def backward(self, gy, y, x, W, b):
        gx = MatMul()(gy, W) if self.needs[0] else None  # (N, O)(O, I) -> (N, I)
        gW = row_major(gy.T, x) if self.needs[1] else None  # gyᵀ x: (O, N)(N, I) -> (O, I)
        gb = gy.sum(axis=0) if self.needs[2] else None  # (N, O) -> (O,)
        return gx, gW, gb


def matmul(a, b):
    """The matrix product, of vectors, matrices or batches of matrices, as NumPy's @.

    >>> from minigan import Tensor
    >>> matmul(Tensor([[1.0, 2.0]]), Tensor([3.0, 4.0]))
    Tensor([11.])
    """
    a = a if isinstance(a, Tensor) else constant(a, b)
    b = b if isinstance(b, Tensor) else constant(b, a)
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(f"MatMul of shapes {a.shape}, {b.shape}: a number has no matrix product")
    rows = a if a.ndim > 1 else a.reshape(1, len(a))
    columns = b if b.ndim > 1 else b.reshape(len(b), 1)
    y = MatMul()(rows, columns)
    last = [n for n, x in zip(y.shape[-2:], (a, b), strict=True) if x.ndim > 1]
    return y if len(last) == 2 else y.reshape(*y.shape[:-2], *last)


def row_major(a, b):
    """a @ b in row-major memory, as Adam reads it fast. (N, K)(K, M) -> (N, M)

    NumPy's product takes up to twice as long if the result has as many columns as rows, or more. So
    a few columns are computed at a time. A small product is faster in one call.
    """
    if type(a) is not np.ndarray or a.ndim + b.ndim > 4 or len(a) < 64:
        return a @ b
    n = len(a)
    m = b.shape[1]
    y = np.empty((n, m), dtype=a.dtype)
    step = math.ceil(m / (m // n + 1))
    for i in range(0, m, step):
        np.matmul(a, b[:, i : i + step], out=y[:, i : i + step])
    return y


def swap(a):
    """The last two axes exchanged: the transpose of every matrix of a batch."""
    return a.T if a.ndim == 2 else a.transpose((*range(a.ndim - 2), a.ndim - 1, a.ndim - 2))
