"""Op: an operation is a class with a `forward` and a `backward`.

A call records its inputs. `autograd.py` comes next: it walks back through these records.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan import backend
from minigan.guards import graph
from minigan.guards.data import FLOATS, plain_array
from minigan.switches import switches
from minigan.tensor import Tensor


class AllNeeded:
    """The `needs` of an operation outside a graph: True for every input."""

    def __getitem__(self, i: int) -> bool:
        return True


class Op:
    """A differentiable function of arrays. A subclass writes `forward` and `backward`.

    forward(*xs) takes arrays and returns a new array, or a view of an x. It changes no x and keeps
    no result.
    backward(gy, y, *xs) takes the gradient gy of the loss with respect to y = forward(*xs). It
    returns the gradient for each x: one, or a tuple. It may return None where `needs` is False.
    Its arguments are all arrays, or all Tensors if the gradient must itself be differentiable. A
    rule that uses only operators, methods and other operations is correct in both cases. A gradient
    may have the shape that x was broadcast to: the walk sums it back.

    Settings go to the constructor, inputs to the call. A call on arrays returns an array and
    records nothing.

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

    called_at = "an unknown line"  # detect_anomaly sets it
    inputs: Any = None  # the Tensors it was called on, if that call is part of a graph
    needs: Any = AllNeeded()  # for each input, whether its gradient is needed

    def forward(self, *xs: Any, **unused: Any) -> Any:
        raise NotImplementedError(f"{self} has no forward")

    def backward(self, gy: Any, y: Any, /, *xs: Any, **unused: Any) -> Any:
        raise NotImplementedError(f"{self} has no gradient: its backward is not written")

    def __call__(self, *inputs: Any) -> Any:
        if self.inputs is not None:
            raise RuntimeError(f"this {self} was used before; make a new one for each call")
        tensors = [x for x in inputs if isinstance(x, Tensor)]
        if not tensors:
            return self.forward(*inputs)
        if len(tensors) < len(inputs):
            tensors = [x if isinstance(x, Tensor) else constant(x, tensors[0]) for x in inputs]

        # What the record needs, from arrays of one library and one dtype
        kind = type(tensors[0]._data)
        dtype = tensors[0]._data.dtype
        arrays = []
        needs = []
        versions = []
        needed_leaves: tuple[Tensor, ...] = ()  # those that require a gradient
        generation = 0
        for x in tensors:
            a = x._data
            if a.dtype is not dtype or type(a) is not kind or dtype not in FLOATS:
                graph.check_inputs(self, [x._data for x in tensors])
            arrays.append(a)
            needs.append(x._requires_grad)
            versions.append(x._version[0])
            if x._requires_grad and x.op is None:
                needed_leaves += (x,)
            if x.generation >= generation:
                generation = x.generation + 1

        # The result
        try:
            y = self.forward(*arrays)
        except ValueError as error:
            raise ValueError(f"{self} of shapes {graph.listed_shapes(arrays)}: {error}") from error
        if isinstance(y, np.generic):  # NumPy returns a scalar, not an array, if no axis is left
            y = np.asarray(y)
        if switches.anomaly:
            graph.check_result(self, y, arrays)
        output = Tensor(y)
        # A view changes with its input. An operation that returns an input itself returns the first
        # one or the last.
        if y.base is not None or y is arrays[0] or y is arrays[-1]:
            for x, a in zip(tensors, arrays, strict=True):
                if backend.get_array_module(a).may_share_memory(y, a):
                    output._version = x._version

        # The record, for the walk
        if True in needs and not switches.no_grad:
            self.inputs = tensors
            self.arrays = arrays
            self.needs = needs
            self.needed_leaves = needed_leaves
            self.input_versions = versions
            self.output_version = output._version[0]
            output.op = self
            output._requires_grad = True
            output.generation = generation
        return output

    def __repr__(self) -> str:
        return type(self).__name__


def constant(x, like):
    """A number or array as a constant Tensor, in the dtype of the Tensor `like`."""
    if isinstance(x, (float, int)):
        xp = np if type(like._data) is np.ndarray else backend.get_array_module(like._data)
        x = xp.asarray(x, dtype=like._data.dtype)
    elif type(x) is not np.ndarray or x.dtype == bool:
        x = plain_array(x, like._data)
    return Tensor(x)
