"""Tensor: an array, its gradient, and the operation that made it.

A graph of Tensors points only backwards, from a result through `op` to `op.inputs`. What can be
done with a Tensor (`+`, `@`, `.sum()`, ...) is in `minigan/ops`, and the table that gives those
functions their notation in `minigan/ops/__init__.py`; `backward` is in `minigan/autograd.py`.
"""

from itertools import count

import numpy as np

from minigan import backend, checks

_birth = count()  # every Tensor is younger than what it was made from: an order for the walk back


class Tensor:
    """An array of float32 or float64 that remembers how it was made.

    data: an array, which is used as it is; or numbers and lists of them, which become float32 on
    the backend in use. (Integer and boolean arrays may be held, for labels and masks, but have no
    gradient.)

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    Tensor([2., 4.])
    """

    __slots__ = ("_data", "birth", "grad", "op", "requires_grad", "version")
    __array_ufunc__ = None  # `array * tensor` is this class's business, not NumPy's

    def __init__(self, data, requires_grad=False):
        if isinstance(data, Tensor):
            raise TypeError("the data is a Tensor already; use .detach() for one without a history")
        if not isinstance(data, np.ndarray):
            checks.check_data(data)
            if not hasattr(data, "dtype"):
                data = backend.asarray(data, dtype=np.float32)
            elif isinstance(data, np.generic):
                data = backend.asarray(data)
        if requires_grad and data.dtype.kind != "f":
            raise TypeError(f"only floats have a gradient, and this data is {data.dtype}")
        self._data = data
        self.grad = None  # a Tensor, once backward() has been here
        self.requires_grad = requires_grad
        self.op = None  # the Op whose output this is; None for a leaf
        self.birth = next(_birth)
        self.version = 0  # how often the data was changed since

    @property
    def data(self):
        """The array. Setting it, as `p.data -= lr * p.grad.data` does, counts as a new version."""
        return self._data

    @data.setter
    def data(self, array):
        self._data = array
        self.version += 1

    @property
    def shape(self):
        return self._data.shape

    @property
    def ndim(self):
        return self._data.ndim

    @property
    def size(self):
        return self._data.size

    @property
    def dtype(self):
        return self._data.dtype

    def detach(self):
        """The same array as a leaf: gradients stop here."""
        return Tensor(self._data)

    def requires_grad_(self, requires_grad=True):
        """Ask for a gradient, or stop asking for one; returns self.

        Raises RuntimeError on a Tensor that an operation made: only a leaf can be frozen.
        """
        if self.op is not None:
            raise RuntimeError(f"{self.op} made this tensor; requires_grad_ is for leaves")
        if requires_grad and self.dtype.kind != "f":
            raise TypeError(f"only floats have a gradient, and this data is {self.dtype}")
        self.requires_grad = requires_grad
        return self

    def copy_(self, values):
        """Overwrite the data with `values`, of the same shape and dtype; returns self.

        Raises ValueError or TypeError, naming both sides, where they differ.
        """
        values = backend.get_array_module(self._data).asarray(as_array(values))
        if values.shape != self.shape:
            raise ValueError(f"the shape is {self.shape}, and the new data's is {values.shape}")
        if values.dtype != self.dtype:
            raise TypeError(f"the dtype is {self.dtype}, and the new data's is {values.dtype}")
        self._data[...] = values
        self.version += 1
        return self

    def item(self):
        """The one element as a Python number; ValueError if there is not exactly one."""
        if self.size != 1:
            raise ValueError(f"item() is for one element, and this tensor's shape is {self.shape}")
        return self._data.item()

    def numpy(self):
        """The data as a NumPy array (shared, not copied, where it is one already)."""
        return backend.to_numpy(self._data)

    def __array__(self, dtype=None, copy=None):
        """For NumPy and Matplotlib, which may be given a Tensor that requires no gradient."""
        if self.requires_grad:
            raise TypeError("NumPy would not record what it does to this tensor: use .numpy()")
        return np.array(self._data, dtype, copy=copy)

    def __float__(self):
        return float(self.item())

    def __len__(self):
        return len(self._data)

    def __bool__(self):
        return bool(self.item())

    def __repr__(self):
        text = np.array2string(self.numpy(), separator=", ", prefix="Tensor(")
        dtype = "" if self.dtype == np.float32 else f", dtype={self.dtype}"
        if self.op is not None:
            return f"Tensor({text}{dtype}, op={self.op})"
        return f"Tensor({text}{dtype}{', requires_grad=True' if self.requires_grad else ''})"


def tensor(data, dtype=None, requires_grad=False):
    """A Tensor that holds its own copy of `data`, float32 unless `data` or `dtype` says otherwise.

    >>> tensor([1, 2], dtype="float64")
    Tensor([1., 2.], dtype=float64)
    """
    if isinstance(data, Tensor):
        data = data.data
    if dtype is None:
        dtype = getattr(data, "dtype", np.float32)
    return Tensor(backend.asarray(data).astype(dtype), requires_grad)


def as_array(x):
    """The array of a Tensor; anything else as it is."""
    return x.data if isinstance(x, Tensor) else x


def as_tensor(x):
    """A Tensor as it is; an array or numbers as a Tensor, without a copy where possible."""
    return x if isinstance(x, Tensor) else Tensor(x)


def randn(*shape, dtype=np.float32):
    """Standard normal noise of the given shape, from `minigan.seed`'s generator.

    >>> randn(64, 100).shape
    (64, 100)
    """
    return Tensor(backend.asarray(backend.rng().standard_normal(unpacked(shape), dtype=dtype)))


def rand(*shape, dtype=np.float32):
    """Noise uniform on [0, 1) of the given shape, from `minigan.seed`'s generator."""
    return Tensor(backend.asarray(backend.rng().random(unpacked(shape), dtype=dtype)))


def unpacked(args):
    """(2, 3) from f(2, 3) and from f((2, 3)) alike."""
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
