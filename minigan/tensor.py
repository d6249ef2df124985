"""Tensor: an array, its gradient, and the operation that made it.

A result refers to its operation (`op`), and the operation to its inputs (`op.inputs`). This is the
graph; it has no references forwards. Every operator and method below applies an operation of
`minigan/ops`. `backward` is in `minigan/autograd.py`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from minigan import backend
from minigan.guards import graph, pytorch
from minigan.guards.accepted import OnlyOfTheClass, Size, TensorNames, check_no_effect
from minigan.guards.data import (
    FLOATS,
    check_keyword,
    check_transpose,
    constructor_data,
    flat_shape,
    for_numpy,
    log_of_base,
    new_data,
    new_values,
    one_element,
    plain_array,
    plain_copy,
)
from minigan.switches import switches

if TYPE_CHECKING:
    from typing_extensions import Self  # which type checkers bring along


class Tensor(TensorNames):
    """An array of float32 or float64 that remembers how it was made.

    data: an array, which is not copied; or numbers and lists of numbers, which become float32 on
    the backend in use. Integer and boolean arrays serve as labels and masks and have no gradient.
    float16 becomes float32. Another byte order becomes the machine's own. Raises TypeError for
    anything else: text, None, complex numbers, masked arrays, other Tensors. An int raises it too,
    because PyTorch's Tensor(3) has 3 elements.

    Two Tensors that are made separately from one array are not connected: the graph of one does not
    notice a change of the other. It does not notice a write into the array, as `x.data[0] = 1`.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    Tensor([2., 4.])
    """

    __slots__ = ("_data", "_grad", "_requires_grad", "_version", "generation", "op")
    op: Op | None
    _grad: Any
    # attrgetter is written in C: a debugger's `step` does not stop in it.
    shape: tuple[int, ...] = property(attrgetter("_data.shape"))  # type: ignore[assignment]
    ndim: int = property(attrgetter("_data.ndim"))  # type: ignore[assignment]
    dtype: np.dtype[Any] = property(attrgetter("_data.dtype"))  # type: ignore[assignment]

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        plain = type(data) is np.ndarray and data.dtype in FLOATS
        self._data = data if plain else constructor_data(data, requires_grad)
        self._grad = None  # the gradient that `backward` adds up, a Tensor
        self.op = None  # the operation that made this tensor; None for a leaf
        self._requires_grad = False
        self._version = [0]  # how often the data was changed; a list, which views share
        self.generation = 0  # of a result: one more than the largest of the op's inputs
        if requires_grad is not False:
            self.requires_grad_(requires_grad)

    @property
    def size(self) -> Size:
        """The number of elements, NumPy's size. (PyTorch's x.size() is x.shape, and works.)"""
        return Size(self._data.shape)

    @property
    def data(self) -> np.ndarray:
        """The array. Setting it, as in `p.data -= lr * p.grad.data`, counts as a new version.

        Assigning the same array counts for all Tensors that share it (`detach`, `reshape`, ...).
        Assigning another array counts for this Tensor alone. Raises TypeError for a Tensor.
        """
        return self._data

    @data.setter
    def data(self, array: Any) -> None:
        if array is not self._data:
            array = new_data(array, self._requires_grad)
            self._version = self._version[:]
        self._version[0] += 1  # before the change: an interrupt cannot leave a change uncounted
        self._data = array

    @property
    def grad(self) -> Tensor:
        """The gradient that `backward` has added up here; None before that."""
        return self._grad

    @grad.setter
    def grad(self, g: Tensor | np.ndarray | None) -> None:
        self._grad = g if g is None or isinstance(g, Tensor) else Tensor(g)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Ask for a gradient, or stop asking for one; returns self.

        The result of an operation that has a gradient keeps it: True changes nothing there, and
        False raises RuntimeError. Raises TypeError for integers.
        """
        graph.check_leaf(self, requires_grad)
        self._requires_grad = bool(requires_grad)
        return self

    requires_grad: Any = property(attrgetter("_requires_grad"), requires_grad_)  # a bool

    def detach(self) -> Tensor:
        """Return a leaf with the same array: gradients stop here. A change of one changes both."""
        leaf = Tensor(self._data)
        leaf._version = self._version
        return leaf

    def copy_(self, values: Any) -> Self:
        """Overwrite the data with `values`, of the same shape and dtype; returns self.

        Raises ValueError or TypeError, naming both sides, where they differ.
        """
        new = new_values(as_array(values), self._data)
        self._mark_changed()
        self._data[...] = new
        return self

    def _mark_changed(self) -> None:
        """Count a write into the array as a new version: a graph of the old values will raise."""
        self._version[0] += 1

    def backward(self, gradient: Any = None, *, create_graph=False, retain_graph=True) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf that requires one.

        gradient: the gradient of the loss with respect to this tensor, of the same shape. The
        default is 1, for a tensor of one element.
        create_graph: make `.grad` differentiable. (Such a `.grad` and its leaf refer to each other;
        `minigan.grad` returns gradients without that cycle.)
        retain_graph: changes nothing. The graph stays as long as a tensor refers to it.

        Raises RuntimeError without a graph, for several elements without `gradient`, and when a
        tensor of the graph was changed since the graph was made.
        """
        autograd.backward(self, gradient, create_graph)

    def item(self) -> Any:
        """The one element as a Python number; ValueError if there is not exactly one."""
        return one_element(self)

    def numpy(self) -> np.ndarray:
        """The data as a NumPy array (shared, not copied, where it is one already)."""
        return backend.to_numpy(self._data)

    if not TYPE_CHECKING:  # or editors would take `array + tensor` for an array, and x.nothing
        __getattr__ = pytorch.tensor_attribute  # for a name that this class does not have

        def __array__(self, dtype=None, copy=None):
            """For NumPy and Matplotlib, which may be given a Tensor that requires no gradient."""
            return np.array(for_numpy(self), dtype, copy=copy)

        __array_ufunc__ = OnlyOfTheClass()

    def __float__(self) -> float:
        """The one element as a float; ValueError if there is not exactly one."""
        return float(self.item())

    def __int__(self) -> int:
        """The one element as an int, cut off towards 0; ValueError if there is not exactly one."""
        return int(self.item())

    def __bool__(self) -> bool:
        """Whether the one element is not 0; ValueError if there is not exactly one."""
        return bool(self.item())

    def __len__(self) -> int:
        """The length of the first axis; TypeError for a 0-d tensor."""
        return len(self._data)

    def __iter__(self):
        """x[0], x[1], ... as Tensors with their history; TypeError for a 0-d tensor."""
        return (self[i] for i in range(len(self)))  # len raises TypeError for a 0-d tensor

    def __format__(self, spec: str) -> str:
        """f"{x:.3f}" formats the one element, and f"{x}" is str(x)."""
        return format(self.item() if spec else str(self), spec)

    def __repr__(self) -> str:
        """The data, the dtype if it is not float32, and the operation that made it."""
        text = np.array2string(self.numpy(), separator=", ", prefix="Tensor(")
        dtype = "" if self.dtype == np.float32 else f", dtype={self.dtype}"
        leaf = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({text}{dtype}{leaf if self.op is None else f', op={self.op}'})"

    # Arithmetic. One side may be a number or an array; both are broadcast as NumPy does it.

    def __add__(self, other: Any) -> Tensor:
        return arithmetic.Add()(self, other)

    def __sub__(self, other: Any) -> Tensor:
        return arithmetic.Sub()(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return arithmetic.Sub()(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return arithmetic.Mul()(self, other)

    def __truediv__(self, other: Any) -> Tensor:
        return arithmetic.Div()(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return arithmetic.Div()(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        """Refused: the derivative is 0 wherever there is one."""
        raise TypeError("// of a Tensor has no useful gradient: use / , or // on .data")

    def __pow__(self, n: Any) -> Tensor:
        """self ** n for a number n; for an exponent that is a Tensor write (b * a.log()).exp()."""
        return arithmetic.Pow(n)(self)

    def __rpow__(self, base: Any) -> Tensor:
        """base ** self for a number base > 0"""
        return elementwise.Exp()(self * log_of_base(base))

    def __matmul__(self, other: Any) -> Tensor:
        """The matrix product, of vectors, matrices or batches of matrices, as NumPy's @."""
        return matmul.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return matmul.matmul(other, self)

    def __neg__(self) -> Tensor:
        return arithmetic.Neg()(self)

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        """|x|. Its slope at 0 is taken as 0."""
        return elementwise.Abs()(self)

    __radd__ = __add__
    __rmul__ = __mul__
    __rfloordiv__ = __floordiv__

    # Under no_grad(), x += y writes into the array of a leaf x. Elsewhere it makes a new Tensor.

    def __iadd__(self, other: Any) -> Self:
        """self + other, written into self if self is a leaf under no_grad()."""
        return in_place(self, "+", self + other)

    def __isub__(self, other: Any) -> Self:
        """self - other, written into self if self is a leaf under no_grad()."""
        return in_place(self, "-", self - other)

    def __imul__(self, other: Any) -> Self:
        """self * other, written into self if self is a leaf under no_grad()."""
        return in_place(self, "*", self * other)

    def __itruediv__(self, other: Any) -> Self:
        """self / other, written into self if self is a leaf under no_grad()."""
        return in_place(self, "/", self / other)

    def __ipow__(self, n: Any) -> Self:
        """self ** n, written into self if self is a leaf under no_grad()."""
        return in_place(self, "**", self**n)

    # A comparison has no gradient: its result is a boolean array.

    def __eq__(self, other: object) -> Any:
        """Whether each element equals the element of other: a boolean array. False for None."""
        return False if other is None else self._data == as_array(other)

    def __ne__(self, other: object) -> Any:
        """Whether each element differs from the element of other."""
        return True if other is None else self._data != as_array(other)

    def __lt__(self, other: Any) -> Any:
        """Whether each element is less than the element of other."""
        return self._data < as_array(other)

    def __le__(self, other: Any) -> Any:
        """Whether each element is at most the element of other."""
        return self._data <= as_array(other)

    def __gt__(self, other: Any) -> Any:
        """Whether each element is greater than the element of other."""
        return self._data > as_array(other)

    def __ge__(self, other: Any) -> Any:
        """Whether each element is at least the element of other."""
        return self._data >= as_array(other)

    __hash__ = object.__hash__  # by identity, since == compares elements

    # Functions of each element.

    def exp(self) -> Tensor:
        """eˣ"""
        return elementwise.Exp()(self)

    def log(self) -> Tensor:
        """The natural logarithm; -inf at 0, nan below."""
        return elementwise.Log()(self)

    def sqrt(self) -> Tensor:
        """The square root; nan below 0, and an infinite gradient at 0."""
        return elementwise.Sqrt()(self)

    abs = __abs__

    def tanh(self) -> Tensor:
        """The hyperbolic tangent."""
        return elementwise.Tanh()(self)

    def sigmoid(self) -> Tensor:
        """1 / (1 + e⁻ˣ), without overflow."""
        return elementwise.Sigmoid()(self)

    def relu(self) -> Tensor:
        """max(x, 0). Its slope at 0 is taken as 0."""
        return elementwise.ReLU()(self)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """x, with elements below `min` set to `min` and above `max` set to `max`; None is no bound.

        The bounds are numbers. The slope at a bound is taken as 1, as in PyTorch
        before 2.14. (PyTorch's `clamp`.)
        """
        return elementwise.Clip(min, max)(self)

    # Reductions. axis: an int, a tuple of ints, or None for all axes (PyTorch's `dim`). keepdims:
    # keep each reduced axis with length 1 (PyTorch's `keepdim`). other: raises TypeError.

    def sum(self, axis: Any = None, keepdims: bool = False, **other: Any) -> Tensor:
        """The sum over the axes."""
        return reduce.Sum(axis, keepdims, **other)(self)

    def mean(self, axis: Any = None, keepdims: bool = False, **other: Any) -> Tensor:
        """The mean over the axes; ValueError for the mean of no elements."""
        return reduce.Mean(axis, keepdims, **other)(self)

    def var(self, axis: Any = None, keepdims=False, *, correction: Any = None, **other) -> Tensor:
        """The variance: squared deviations from the mean, divided by n - correction.

        `correction` has no default, because PyTorch's default is 1 and NumPy's is 0.
        """
        return reduce.var(self, axis, keepdims, correction, **other)

    def max(self, *positional: Any, axis: Any = None, keepdims=False, **other) -> Tensor:
        """The largest element. Elements that tie share the gradient equally.

        This is PyTorch's `amax`. axis is keyword-only, because PyTorch's `max(1)` also returns the
        indices.
        """
        check_keyword("max", "axis", positional)
        return reduce.Max(axis, keepdims, **other)(self)

    def min(self, *positional: Any, axis: Any = None, keepdims=False, **other) -> Tensor:
        """The smallest element; see `max`."""
        check_keyword("min", "axis", positional)
        return -(-self).max(axis=axis, keepdims=keepdims, **other)

    def norm(self, *positional: Any, axis: Any = None, keepdims=False, **other) -> Tensor:
        """The Euclidean norm √Σ x² over the axes; its gradient at 0 is 0.

        axis is keyword-only, because PyTorch's first argument is the order of the norm.
        """
        check_keyword("norm", "axis", positional)
        return reduce.Norm(axis, keepdims, **other)(self)

    # The same numbers in another shape.

    @property
    def T(self) -> Tensor:
        """The axes in reverse order: the transpose of a matrix."""
        return shape.Transpose()(self)

    def reshape(self, *sizes: Any) -> Tensor:
        """x in another shape: x.reshape(2, 3) or x.reshape((2, 3)); one dimension may be -1."""
        return shape.Reshape(unpacked(sizes))(self)

    def transpose(self, *axes: Any) -> Tensor:
        """x with its axes in the order given, as NumPy's; reversed if none is.

        PyTorch's `transpose(i, j)` exchanges two axes; this is its `permute`. Raises TypeError for
        two axes where PyTorch's result would be another one.
        """
        check_transpose(self.shape, axes)
        return shape.Transpose(unpacked(axes) or None)(self)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """x with these axes made one: `flatten(1)` of images is (N, C·H·W).

        NumPy's `flatten` takes an order of the elements instead, and flattens all axes.
        """
        return shape.Reshape(flat_shape(self.shape, start_dim, end_dim))(self)

    def squeeze(self, axis: Any = None) -> Tensor:
        """x without the axes of length 1, or without those of them that are given.

        ValueError for an axis of another length, as NumPy's; PyTorch leaves it as it is.
        """
        return shape.Reshape(self._data.squeeze(axis).shape)(self)

    def unsqueeze(self, axis: int) -> Tensor:
        """x with a new axis of length 1 there (NumPy's `expand_dims`)."""
        return shape.Reshape(np.expand_dims(np.broadcast_to(0, self.shape), axis).shape)(self)

    def __getitem__(self, index: Any) -> Tensor:
        """x[index], for any index that NumPy takes, and for integer Tensors.

        An index array or mask is copied, so it may be reused before `backward`.
        """
        return shape.GetItem(index)(self)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, **other: Any) -> Tensor:
    """A Tensor that holds its own copy of `data`, float32 unless `data` or `dtype` says otherwise.

    other: PyTorch's device, which must be the one in use.

    >>> tensor([1, 2], dtype="float64")
    Tensor([1., 2.], dtype=float64)
    """
    check_no_effect(other)
    return Tensor(plain_copy(as_array(data), dtype), requires_grad)


def as_array(x: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return x._data if isinstance(x, Tensor) else x


def as_tensor(x: Any) -> Tensor:
    """A Tensor as it is; an array or numbers as a Tensor, without a copy where possible."""
    return x if isinstance(x, Tensor) else Tensor(plain_array(x))


def in_place(x: Tensor, sign: str, y: Tensor) -> Any:
    """Return what `x sign= other` assigns to x. y is `x sign other`; sign is "+", for example."""
    if x.op is not None or not (switches.no_grad or x._requires_grad):
        return y
    graph.check_in_place(not switches.no_grad, sign)
    return x.copy_(y)


# New Tensors. other: PyTorch's device, which must be the one in use.


def randn(*shape: Any, dtype: Any = np.float32, requires_grad=False, **other: Any) -> Tensor:
    """Standard normal noise of the given shape, from `minigan.seed`'s generator.

    >>> randn(64, 100).shape
    (64, 100)
    """
    check_no_effect(other, generator=())
    noise = backend.rng().standard_normal(unpacked(shape), dtype=dtype)
    return Tensor(backend.asarray(noise), requires_grad)


def rand(*shape: Any, dtype: Any = np.float32, requires_grad=False, **other: Any) -> Tensor:
    """Noise uniform on [0, 1) of the given shape, from `minigan.seed`'s generator."""
    check_no_effect(other, generator=())
    noise = backend.rng().random(unpacked(shape), dtype=dtype)
    return Tensor(backend.asarray(noise), requires_grad)


def full(shape: Any, value: Any, dtype: Any = np.float32, requires_grad=False, **other) -> Tensor:
    """A Tensor of this shape, with the same value everywhere.

    >>> full((2, 2), 0.5)
    Tensor([[0.5, 0.5],
            [0.5, 0.5]])
    """
    check_no_effect(other)
    array = backend.current().full(unpacked((shape,)), value, dtype=dtype)
    return Tensor(array, requires_grad)


def zeros(*shape: Any, dtype: Any = np.float32, requires_grad=False, **other: Any) -> Tensor:
    """A Tensor of zeros: zeros(2, 3) or zeros((2, 3))."""
    return full(unpacked(shape), 0.0, dtype, requires_grad, **other)


def ones(*shape: Any, dtype: Any = np.float32, requires_grad=False, **other: Any) -> Tensor:
    """A Tensor of ones: ones(2, 3) or ones((2, 3))."""
    return full(unpacked(shape), 1.0, dtype, requires_grad, **other)


# PyTorch's names for a new Tensor with the shape and dtype of x, and for one that shares an array.


def zeros_like(x: Tensor, **other: Any) -> Tensor:
    return full(x.shape, 0.0, x.dtype, **other)


def ones_like(x: Tensor, **other: Any) -> Tensor:
    return full(x.shape, 1.0, x.dtype, **other)


def full_like(x: Tensor, value: Any, **other: Any) -> Tensor:
    return full(x.shape, value, x.dtype, **other)


def randn_like(x: Tensor, **other: Any) -> Tensor:
    return randn(*x.shape, dtype=x.dtype, **other)


def rand_like(x: Tensor, **other: Any) -> Tensor:
    return rand(*x.shape, dtype=x.dtype, **other)


def from_numpy(array: Any) -> Tensor:
    return Tensor(array)


def unpacked(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """(2, 3) from f(2, 3) and from f((2, 3)) alike; TypeError for f((2, 3), other)."""
    if not args or not isinstance(args[0], (tuple, list)):
        return args
    if len(args) > 1:
        raise TypeError(
            f"{args[1]!r} after the sizes {args[0]} must be named, as in dtype='float64'"
        )
    return tuple(args[0])


# Operators create operations, and operations create Tensors. This is the one circle of imports. It
# is closed here: Tensor is defined now, and no operation has been called yet.
from minigan import autograd  # noqa: E402
from minigan.op import Op  # noqa: E402
from minigan.ops import arithmetic, elementwise, matmul, reduce, shape  # noqa: E402
