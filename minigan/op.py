"""What an operation is: a class with a forward and a backward, and the first pair of them.

SumTo, which the walk back needs to undo broadcasting, and BroadcastTo are each other's gradient.

Reading on: `autograd.py` walks back through what the operations here have recorded.
"""

from contextlib import contextmanager

import numpy as np

from minigan import backend, checks
from minigan.tensor import Tensor

_recording = True  # off inside no_grad()
_anomaly = False  # on inside detect_anomaly()


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
    inputs = None  # the Tensors it was called on, once that call is part of a graph
    versions = ()  # of the inputs, when it was called
    needs = ()  # set by the walk: for each input, whether its gradient is wanted

    def forward(self, *xs):
        raise NotImplementedError(f"{self} has no forward")

    def backward(self, gy, y, *xs):
        raise NotImplementedError(f"{self} has no gradient: its backward is not written")

    def __call__(self, *inputs):
        like = next((x for x in inputs if isinstance(x, Tensor)), None)
        if like is None:
            return self.forward(*inputs)
        tensors = [x if isinstance(x, Tensor) else constant(x, like) for x in inputs]
        arrays = [x.data for x in tensors]
        checks.check_inputs(self, arrays)
        try:
            y = self.forward(*arrays)
        except ValueError as error:
            raise ValueError(f"{self} of shapes {checks.shapes(arrays)}: {error}") from error
        if isinstance(y, np.generic):  # NumPy makes a scalar where there is no axis left
            y = np.asarray(y)
        if _anomaly:
            self.called_at = checks.line_of_the_caller()
            checks.check_finite(y, self, arrays, self.called_at)
        output = Tensor(y)
        if _recording and any(x.requires_grad for x in tensors):
            if self.inputs is not None:
                raise RuntimeError(f"this {self} was used before; make a new one for each call")
            self.inputs = tensors
            self.versions = [x.version for x in tensors]
            output.op, output.requires_grad = self, True
        return output

    def __repr__(self):
        return type(self).__name__


class SumTo(Op):
    """Sum over the axes along which `shape` was broadcast: the adjoint of BroadcastTo."""

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        new = x.ndim - len(self.shape)  # axes that broadcasting put in front
        if new < 0 or any(n not in (1, x.shape[new + i]) for i, n in enumerate(self.shape)):
            raise ValueError(f"shape {self.shape} does not broadcast to {x.shape}")
        stretched = [new + i for i, n in enumerate(self.shape) if n != x.shape[new + i]]
        return x.sum(axis=(*range(new), *stretched), keepdims=True).reshape(self.shape)

    def backward(self, gy, y, x):
        return BroadcastTo(x.shape)(gy)


class BroadcastTo(Op):
    """Repeat along new and stretched axes, without a copy: the adjoint of SumTo."""

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return backend.get_array_module(x).broadcast_to(x, self.shape)

    def backward(self, gy, y, x):
        return SumTo(x.shape)(gy)


@contextmanager
def no_grad():
    """Compute without recording a graph, for evaluation: no memory kept, no gradient. Nests.

    >>> x = Tensor(1.0, requires_grad=True)
    >>> with no_grad():
    ...     (x * 2).requires_grad
    False
    """
    global _recording
    before, _recording = _recording, False
    try:
        yield
    finally:
        _recording = before


@contextmanager
def detect_anomaly():
    """Raise at the first result or gradient that is not finite, and show the line that called it.

    Raises FloatingPointError. Slow: every result is looked through.

    >>> with detect_anomaly():
    ...     Tensor([1.0, 0.0]).log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FloatingPointError: Log made 0 nan and 1 infinite of 2 elements, from inputs that are all ...
    """
    global _anomaly
    before, _anomaly = _anomaly, True
    try:
        yield
    finally:
        _anomaly = before


def looking_for_anomalies():
    """Whether this is inside a detect_anomaly block."""
    return _anomaly


def constant(x, like):
    """A number or array among Tensors: a constant, in the dtype of the Tensor beside it."""
    checks.check_data(x)
    if not hasattr(x, "dtype") or isinstance(x, np.generic) or x.dtype == bool:
        x = backend.get_array_module(like.data).asarray(x, dtype=like.dtype)
    return Tensor(x)
