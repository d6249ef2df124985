"""Function: a function of named arrays. Gradient: its gradient, which is a Function too."""

import copy
from contextlib import contextmanager
from functools import partial

import numpy as np

from minigan.autograd import grad
from minigan.backend import get_array_module, to_numpy
from minigan.gradcheck.numeric import flat
from minigan.gradcheck.report import GradientError
from minigan.guards.interrupts import make_changes
from minigan.op import Op
from minigan.tensor import Tensor, as_array


class Function:
    """fn as a function of named variables: its inputs and a module's parameters.

    names: the names of the variables. point: their arrays, at which the derivatives are checked.
    """

    what = "the output"

    def __init__(self, fn, inputs, module=None):
        self.fn = fn
        inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        for i, x in enumerate(inputs):
            _check_float64(f"input {i}", as_array(x), ".astype('float64')")
        self.inputs = [_variable(x) for x in inputs]  # Tensors, if they are variables
        learned = [] if module is None else module.named_parameters()
        learned = [(name, p) for name, p in learned if p.requires_grad]
        self.parameters = [p for _, p in learned]
        self.names = [f"input {i}" for i, x in enumerate(self.inputs) if _is_varied(x)]
        self.names += [f"parameter {name}" for name, _ in learned]
        self.point = [x.data for x in self.inputs if _is_varied(x)]
        self.point += [p.data for p in self.parameters]
        for name, p in learned:
            _check_float64(f"parameter {name}", p.data, "module.double()")
        if not self.names:
            raise ValueError(
                "gradcheck: there is nothing to check: no input is a float array, and no parameter "
                "requires a gradient"
            )

    def __call__(self, point):
        """Record fn at `point`. Returns (the variables, the outputs), both lists of Tensors."""
        arrays = [_like(a, x) for a, x in zip(point, self.point, strict=True)]
        n = len(arrays) - len(self.parameters)
        leaves = [Tensor(a, requires_grad=True) for a in arrays[:n]]
        for p, a in zip(self.parameters, arrays[n:], strict=True):
            p.data = a
        left = iter(leaves)
        args = [next(left) if _is_varied(x) else x for x in self.inputs]
        fn = copy.copy(self.fn) if isinstance(self.fn, Op) else self.fn  # an Op records one call
        outputs = fn(*args)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        if not outputs:
            raise ValueError("gradcheck: there is nothing to check: fn returned no Tensor")
        for y in outputs:
            if not isinstance(y, Tensor):
                raise TypeError(f"gradcheck: fn must return Tensors, not {type(y).__name__}")
            if y.dtype != np.float64:
                raise GradientError(
                    f"fn made {y.dtype} of float64: an operation in it changes the dtype"
                )
        return leaves + self.parameters, outputs

    def output_names(self, n):
        return [self.what] if n == 1 else [f"output {i}" for i in range(n)]

    def values(self, point):
        """Return the outputs at `point` as one new NumPy vector."""
        return flat([to_numpy(y.data) for y in self(point)[1]])


class Gradient(Function):
    """g(x, v) = vᵀ ∂f/∂x: the gradient of a Function f, as a function of x and of v.

    A call records g with create_graph, so that its own gradient can be taken. `values` computes g
    on arrays, as an ordinary backward pass does.
    """

    what = "the gradient"

    def __init__(self, f, outputs, random):
        self.f = f
        vs = [_like(random.standard_normal(y.shape), y.data) for y in outputs]
        self.point = f.point + vs
        numbers = [""] if len(vs) == 1 else [f" {i}" for i in range(len(vs))]
        self.names = f.names + [f"incoming gradient{number}" for number in numbers]

    def output_names(self, n):
        return [f"gradient of {name}" for name in self.f.names]

    def __call__(self, point, create_graph=True):
        n = len(self.f.point)
        leaves, outputs = self.f(point[:n])
        arrays = [_like(v, x) for v, x in zip(point[n:], self.point[n:], strict=True)]
        vs = [Tensor(v, requires_grad=True) for v in arrays]
        return leaves + vs, vjp(outputs, leaves, vs, create_graph)

    def values(self, point):
        return flat([to_numpy(g.data) for g in self(point, create_graph=False)[1]])


def vjp(outputs, leaves, vs, create_graph=False):
    """Return vᵀ ∂(outputs)/∂(leaf) for each leaf: zeros if the outputs do not depend on it."""
    recorded = [(y, v) for y, v in zip(outputs, vs, strict=True) if y.requires_grad]
    if not recorded:
        return [_zeros(x) for x in leaves]
    ys, vs = zip(*recorded, strict=True)
    try:
        gs = grad(ys, leaves, vs, create_graph=create_graph, allow_unused=True)
    except Exception as error:
        if not create_graph:
            raise
        raise GradientError(
            "a backward rule that works on arrays fails on Tensors, so it has no second order "
            f"(order=1 checks the first alone): {type(error).__name__}: {error}"
        ) from error
    return [_zeros(x) if g is None else g for x, g in zip(leaves, gs, strict=True)]


@contextmanager
def unchanged(module):
    """Restore a module after the block: arrays and versions of its parameters, and buffers."""
    if module is None:
        yield
        return
    restore = []
    for p in module.parameters():
        restore.append(partial(setattr, p, "_data", p._data))
        restore.append(partial(setattr, p, "_version", p._version))
        restore.append(partial(p._version.__setitem__, 0, p._version[0]))
    for owner, name, value in module_buffers(module).values():
        restore.append(partial(object.__setattr__, owner, name, value))
    try:
        try:
            yield
        finally:
            make_changes(restore)
    finally:
        make_changes(restore)  # again, if Ctrl-C came just before the first


def module_buffers(module):
    """{dotted name: (module, attribute, a copy)} for all buffers, such as running averages."""
    return {
        f"{prefix}.{name}".lstrip("."): (owner, name, getattr(owner, name).copy())
        for prefix, owner in module.named_modules()
        for name in owner.buffer_names
    }


def _check_float64(name, x, remedy):
    """Raise TypeError for an array of other floats."""
    if hasattr(x, "dtype") and x.dtype.kind == "f" and x.dtype.newbyteorder("=") != np.float64:
        raise TypeError(
            f"gradcheck: {name} is {x.dtype}, whose rounding hides the differences of nearby "
            f"values; convert it with {remedy}"
        )


def _variable(x):
    """Return a Tensor if x holds floats, which makes it a variable; anything else unchanged."""
    array = as_array(x)
    if isinstance(array, float):
        array = np.asarray(array)
    floats = hasattr(array, "dtype") and array.dtype.kind == "f"
    return Tensor(array) if floats else x


def _is_varied(x):
    """Whether an input is a Tensor of floats. Integers, such as labels, are not varied."""
    return isinstance(x, Tensor) and x.dtype.kind == "f"


def _like(array, x):
    """Return the array on the backend of x. It is a copy only if that is a GPU."""
    return get_array_module(x).asarray(array)


def _zeros(x):
    return Tensor(get_array_module(x.data).zeros_like(x.data))
