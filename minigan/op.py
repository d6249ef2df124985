"""What an operation is: a class with a forward and a backward; and no_grad, detect_anomaly.

Reading on: `autograd.py` walks back through what the operations here have recorded.
"""

from __future__ import annotations

import threading
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction, unwrap
from typing import Any

import numpy as np

from minigan import backend, checks
from minigan.arrays import FLOATS, plain_array
from minigan.tensor import Tensor


class Everything:
    """The `needs` of an operation that is not part of a graph: each input's gradient is wanted."""

    def __getitem__(self, i: int) -> bool:
        return True


class Op:
    """A differentiable function of arrays. A subclass writes `forward` and `backward`.

    forward(*xs) takes arrays and returns a new array; it changes no x and keeps no result.
    backward(gy, y, *xs) is given the gradient gy of the loss with respect to y = forward(*xs) and
    returns the gradient for each x (one, or a tuple; None for one that is not wanted, see `needs`).
    All its arguments are arrays, or all Tensors when the gradient must itself be differentiable;
    whatever uses only operators, methods and other operations is right in both cases. A gradient
    may have the shape that x was broadcast to: the walk sums it back.

    Settings go to the constructor, inputs to the call. Called on arrays alone it just computes.

    >>> from minigan import grad
    >>> class Cube(Op):
    ...     def forward(self, x):
    ...         return x**3
    ...     def backward(self, gy, y, x):
    ...         return gy * (3 * x**2)
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (g,) = grad(Cube()(x).sum(), [x], create_graph=True)
    >>> g.data, grad(g.sum(), [x])[0].data
    (array([ 3., 12.], dtype=float32), array([ 6., 12.], dtype=float32))
    """

    called_at = "an unknown line"  # known only inside detect_anomaly
    # Once a call is part of a graph: the Tensors it was called on, their arrays, and the versions
    # of the output and the inputs at that time.
    inputs: Any = None
    arrays = versions = None
    needs: Any = Everything()  # for each input, whether its gradient is wanted

    def forward(self, *xs: Any, **unused: Any) -> Any:
        raise NotImplementedError(f"{self} has no forward")

    def backward(self, gy: Any, y: Any, *xs: Any, **unused: Any) -> Any:
        raise NotImplementedError(f"{self} has no gradient: its backward is not written")

    def __call__(self, *inputs: Any) -> Any:
        if self.inputs is not None:
            raise RuntimeError(f"this {self} was used before; make a new one for each call")
        tensors = [x for x in inputs if isinstance(x, Tensor)]
        if not tensors:
            return self.forward(*inputs)
        if len(tensors) < len(inputs):
            like = tensors[0]
            tensors = [x if isinstance(x, Tensor) else constant(x, like) for x in inputs]
        arrays = [x._data for x in tensors]
        dtype, kind = arrays[0].dtype, type(arrays[0])
        for a in arrays:
            if a.dtype is not dtype or type(a) is not kind or dtype not in FLOATS:
                checks.check_inputs(self, arrays)
        try:
            y = self.forward(*arrays)
        except ValueError as error:
            raise ValueError(f"{self} of shapes {checks.shapes(arrays)}: {error}") from error
        if isinstance(y, np.generic):  # NumPy makes a scalar where there is no axis left
            y = np.asarray(y)
        if switches.anomaly:
            checks.check_result(self, y, arrays)
        output = Tensor(y)
        if y.base is not None or y is arrays[0]:  # a view changes with its input
            for x, a in zip(tensors, arrays, strict=True):
                if backend.get_array_module(a).may_share_memory(y, a):
                    output._version = x._version
        needs = [x._requires_grad for x in tensors]
        if True in needs and not switches.no_grad:
            self.inputs, self.arrays, self.needs = tensors, arrays, needs
            self.versions = [x._version[:] for x in (output, *tensors)]
            output.op, output._requires_grad = self, True
            output.generation = 1 + max([x.generation for x in tensors])
        return output

    def __repr__(self) -> str:
        return type(self).__name__


class Switches(threading.local):
    """How many blocks of each kind the running thread is in. Each thread counts its own."""

    no_grad = 0
    anomaly = 0


switches = Switches()


class Block:
    """Something that is switched on inside a `with` block or a decorated function. It nests."""

    switch = ""

    def __enter__(self) -> None:
        vars(switches)[self.switch] = getattr(switches, self.switch) + 1

    def __exit__(self, *exc_info: object) -> None:
        vars(switches)[self.switch] -= 1

    def __call__(self, function: Any) -> Any:
        name = getattr(function, "__name__", function)
        if isinstance(function, type) or any(is_late(unwrap(function)) for is_late in LATE):
            raise TypeError(
                f"what {name} does would run after the block: write `with` inside it, around no "
                "yield or await"
            )

        @wraps(function)
        def inside(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return inside


LATE = (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)


class no_grad(Block):
    """Compute without recording a graph, for evaluation: no memory kept, no gradient. It nests.

    It concerns the running thread alone. As a decorator it raises TypeError for a generator.

    >>> x = Tensor(1.0, requires_grad=True)
    >>> with no_grad():
    ...     (x * 2).requires_grad
    False
    """

    switch = "no_grad"


class detect_anomaly(Block):
    """Raise at the first result or gradient that is not finite, and show the line that called it.

    Raises FloatingPointError. Slow: every result is looked through.

    >>> with detect_anomaly():
    ...     Tensor([1.0, 0.0]).log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FloatingPointError: Log made 0 nan and 1 infinite of 2 elements, from inputs that are all ...
    """

    switch = "anomaly"


def constant(x, like):
    """A number or array among Tensors: a constant, in the dtype of the Tensor beside it."""
    if isinstance(x, (float, int)):
        x = backend.get_array_module(like._data).asarray(x, dtype=like._data.dtype)
    elif type(x) is not np.ndarray or x.dtype == bool:
        x = plain_array(x, like._data)
    return Tensor(x)
