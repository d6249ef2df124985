"""A stand-in for CuPy that computes with NumPy. Code that would fail on a GPU fails with it, too.

- An array becomes a NumPy array only through `asnumpy` or `get`, and a NumPy array becomes one only
  through functions such as `asarray`. The two do not mix.
- A reduction or an index gives an array without axes, as in CuPy. NumPy gives a scalar there.
- The module and its arrays have only CuPy's names. cupy_names.txt lists them.

A test puts it into sys.modules["cupy"]. minigan.backend finds it there.

COUNTS counts what a GPU would do. A launch is a call that computes or copies on the device. Views
and allocations are none. An einsum of two arrays counts as two: a product and a sum. `to_device`
and `to_host` are transfers, and each `to_host` waits for the device.
"""

import operator
import re
import textwrap
import types
from collections import Counter
from pathlib import Path

import numpy as np

LINES = Path(__file__).with_name("cupy_names.txt").read_text().splitlines()
NAMES = frozenset(line for line in LINES if not line.startswith("#"))
NOT_IN_CUPY = {"where", "initial", "subok", "like"}  # arguments of NumPy's functions
FROM_NUMPY = {"array", "asarray"}  # functions that take a NumPy array
ALLOCATIONS = {
    "empty",
    "empty_like",
    "zeros",
    "zeros_like",
    "ones",
    "ones_like",
    "may_share_memory",
}
WAITS = {"sliding_window_view", "nonzero", "argwhere", "unique"}  # the host reads a size or more
COUNTS: Counter = Counter()


class ndarray:
    """An array "on the device". `_host` holds the numbers, and only this file reads it."""

    __slots__ = ("_host",)
    __hash__ = None

    def __init__(self, host):
        assert isinstance(host, np.ndarray)
        self._host = host

    shape = property(lambda self: self._host.shape)
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    nbytes = property(lambda self: self._host.nbytes)
    itemsize = property(lambda self: self._host.itemsize)
    strides = property(lambda self: self._host.strides)
    flags = property(lambda self: self._host.flags)
    T = property(lambda self: ndarray(self._host.T))
    base = property(lambda self: None if self._host.base is None else to_device(self._host.base))

    def get(self):
        """A copy as a NumPy array. This is the only way to get one."""
        COUNTS["to_host"] += 1
        return self._host.copy()

    def item(self):
        return self.get().item()

    def tolist(self):
        return self.get().tolist()

    def __copy__(self):
        return self.copy()

    def __array__(self, *args, **kwargs):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct "
            "a NumPy array explicitly."
        )

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        """Compute `np.float32(2) * x` and np.exp(x). CuPy computes both on the device."""
        if method != "__call__":
            raise TypeError(f"numpy.{ufunc.__name__}.{method} of a CuPy array")
        return call(ufunc, inputs, kwargs)

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        masks = [part for part in index if isinstance(part, (np.ndarray, ndarray))]
        COUNTS["to_host"] += any(mask.dtype == bool for mask in masks)  # how many are True
        if not any(part is Ellipsis for part in index):
            index = (*index, Ellipsis)  # then NumPy, too, makes an array and no scalar
        return counted(ndarray(self._host[to_host(index, numpy_too=True)]), "getitem", [self])

    def __setitem__(self, index, value):
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        COUNTS["launches"] += 1
        self._host[to_host(index, numpy_too=True)] = to_host(value, numpy_too=True)

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self.get())

    def __float__(self):
        return float(self.get())

    def __int__(self):
        return int(self.get())

    def __repr__(self):
        return repr(self._host)

    def __getattr__(self, name):
        """The methods that CuPy's arrays share with NumPy's."""
        if f"ndarray.{name}" not in NAMES:
            raise AttributeError(f"'ndarray' object has no attribute {name!r}")
        method = getattr(self._host, name)
        return lambda *args, **kwargs: call(method, args, kwargs)


def binary(apply, swapped=False):
    """An operator of two operands. The class of the other one, such as Tensor, may handle it."""

    def method(self, other):
        if getattr(other, "__array_ufunc__", self) is None:  # CuPy asks the instance, as here
            return NotImplemented
        return call(apply, (other, self) if swapped else (self, other), {})

    return method


def in_place(apply):
    def method(self, other):
        COUNTS["launches"] += 1
        self._host = apply(self._host, to_host(other))
        return self

    return method


BOTH_WAYS = ("add", "sub", "mul", "truediv", "floordiv", "pow", "matmul", "and", "or", "xor")
for _name in BOTH_WAYS:
    _apply = getattr(operator, f"__{_name}__")
    setattr(ndarray, f"__{_name}__", binary(_apply))
    setattr(ndarray, f"__r{_name}__", binary(_apply, swapped=True))
    setattr(ndarray, f"__i{_name}__", in_place(getattr(operator, f"__i{_name}__")))
for _name in ["eq", "ne", "lt", "le", "gt", "ge"]:
    setattr(ndarray, f"__{_name}__", binary(getattr(operator, f"__{_name}__")))
for _name in ["neg", "pos", "abs", "invert"]:
    _apply = getattr(operator, f"__{_name}__")
    setattr(ndarray, f"__{_name}__", lambda self, apply=_apply: call(apply, (self,), {}))


def call(function, args, kwargs, numpy_too=False):
    """Move the arguments to the host, call the function, and move the result back."""
    if unknown := NOT_IN_CUPY & kwargs.keys():
        name, argument = function.__name__, unknown.pop()
        raise TypeError(f"{name}() got an unexpected keyword argument {argument!r}")
    COUNTS["to_host"] += function.__name__ in WAITS
    args = [to_host(arg, numpy_too) for arg in args]
    kwargs = {name: to_host(arg) for name, arg in kwargs.items()}
    y = to_device(function(*args, **kwargs))
    return counted(y, function.__name__, [getattr(function, "__self__", None), *args], **kwargs)


def counted(y, name, inputs, out=None, **unused):
    """The result y of a call, counted as a launch unless it is a view or a mere allocation."""
    if not isinstance(y, ndarray) or name in ALLOCATIONS:
        return y
    inputs = [to_host(x, numpy_too=True) for x in inputs if isinstance(x, (np.ndarray, ndarray))]
    if out is not None or not any(np.may_share_memory(y._host, x) for x in inputs):
        COUNTS["launches"] += 2 if name == "einsum" and len(inputs) == 2 else 1
    return y


def to_host(x, numpy_too=False):
    if isinstance(x, ndarray):
        return x._host
    if isinstance(x, np.ndarray) and not numpy_too:
        raise TypeError(f"Unsupported type {type(x)}")
    if isinstance(x, (tuple, list)):
        return type(x)(to_host(part, numpy_too) for part in x)
    return x


def to_device(x):
    if isinstance(x, (np.ndarray, np.generic)):
        return ndarray(np.asarray(x))
    if isinstance(x, (tuple, list)):
        return type(x)(to_device(part) for part in x)
    return x


class Function:
    """A function of the module, or a ufunc, which has methods of its own."""

    def __init__(self, name, function):
        self.name, self.function = name, function

    def __call__(self, *args, **kwargs):
        if self.name not in FROM_NUMPY or isinstance(args[0], ndarray):
            return call(self.function, args, kwargs)
        COUNTS["to_device"] += 1
        y = self.function(*args, **kwargs)
        return ndarray(y.copy() if y is args[0] else y)  # shares no memory with the host

    def __getattr__(self, name):
        if f"ufunc.{name}" not in NAMES:
            raise AttributeError(f"'cupy.ufunc' object has no attribute {name!r}")
        return lambda *args, **kwargs: call(getattr(self.function, name), args, kwargs)

    def at(self, a, index, b):
        COUNTS["launches"] += 1
        self.function.at(a._host, to_host(index, numpy_too=True), to_host(b))


class ElementwiseKernel:
    """A kernel whose text is Python as well as C: assignments of formulas to the outputs.

    `T x = ...` declares a variable in C. In Python it is an assignment.
    """

    def __init__(self, in_params, out_params, operation, name):
        self.inputs, self.outputs = names(in_params), names(out_params)
        text = re.sub(r"^T (?=\w+ = )", "", textwrap.dedent(operation), flags=re.MULTILINE)
        self.code = compile(text, name, "exec")

    def __call__(self, *args):
        assert len(args) == len(self.inputs) + len(self.outputs)
        dtypes = {a.dtype for a in args if isinstance(a, ndarray)}
        assert len(dtypes) == 1, f"arrays of several types for one T: {dtypes}"
        (dtype,) = dtypes
        shape = np.broadcast_shapes(*(a.shape for a in args if isinstance(a, ndarray)))
        for a in args[len(self.inputs) :]:
            if not isinstance(a, ndarray):
                raise TypeError("Output arguments type must be cupy.ndarray")
            if a.shape != shape:
                raise ValueError("Out shape is mismatched")
        values = [a._host if isinstance(a, ndarray) else dtype.type(a) for a in args]
        scope = dict(zip(self.inputs + self.outputs, values, strict=True)) | {"sqrt": np.sqrt}
        outputs = [scope[name] for name in self.outputs]
        exec(self.code, scope)
        for name, output in zip(self.outputs, outputs, strict=True):
            assert scope[name].dtype == dtype
            output[...] = scope[name]
        COUNTS["launches"] += 1


def names(params):
    """The names of a kernel's parameters, "T a, T b", which have one type here."""
    pairs = [param.split() for param in params.split(",")]
    assert all(kind == "T" for kind, _ in pairs)
    if ["T", "i"] in pairs:
        raise ValueError("Can not use 'i' as a parameter name")
    return [name for _, name in pairs]


class Module(types.ModuleType):
    """A module of NumPy's functions, as far as CuPy has them."""

    def __init__(self, name, numpy_module, names=None):
        super().__init__(name)
        self._numpy_module, self._names = numpy_module, names

    def __getattr__(self, name):
        if self._names is not None and name not in self._names:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(self._numpy_module, name)
        if isinstance(value, types.ModuleType):
            return Module(f"{self.__name__}.{name}", value)
        if callable(value) and not isinstance(value, type):
            return Function(name, value)
        return value


def make():
    """The stand-in, ready for sys.modules["cupy"]."""
    cupy = Module("cupy", np, NAMES)
    cupy.ndarray, cupy.ElementwiseKernel = ndarray, ElementwiseKernel
    cupy.asnumpy = lambda a: a.get() if isinstance(a, ndarray) else np.asarray(a)
    cupy.cuda = types.SimpleNamespace(
        runtime=types.SimpleNamespace(getDeviceCount=lambda: 1, CUDARuntimeError=RuntimeError)
    )
    return cupy
