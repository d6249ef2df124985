"""Reverse-mode differentiation: what an operation is, and the walk back through the graph.

The chain rule for y = f(x) turns the gradient of a loss with respect to y into the one with respect
to x: gx = gy · ∂y/∂x, a vector-Jacobian product. Each `Op` knows its own product (`backward`). The
walk applies them in reverse order of creation. It is given plain arrays, which is all that an
ordinary gradient takes. With `create_graph=True` it is given Tensors instead, so the operations
inside the rules record a graph of their own, and the gradient can be differentiated again.
"""

from contextlib import contextmanager, suppress

import numpy as np

from minigan import backend, checks
from minigan.tensor import Tensor

_recording = True  # off inside no_grad()
_anomaly = False  # on inside detect_anomaly()


class Op:
    """A differentiable function of arrays. A subclass writes `forward` and `backward`.

    forward(*xs) takes arrays and returns a new array (never one of `xs` changed).
    backward(gy, y, *xs) is given the gradient gy of the loss with respect to y = forward(*xs) and
    returns the gradient for each x (one, or a tuple; None for one that is not wanted, see `needs`).
    All its arguments are arrays, or all Tensors when the gradient must itself be differentiable;
    whatever uses only operators, methods and other operations is right in both cases. A gradient
    may have the shape that x was broadcast to: the walk sums it back.

    Settings go to the constructor, inputs to the call. Called on arrays alone it just computes.

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
    needs = ()  # set by the walk: for each input, whether its gradient is wanted

    def forward(self, *xs):
        raise NotImplementedError(f"{self} has no forward")

    def backward(self, gy, y, *xs):
        raise NotImplementedError(f"{self} has no gradient: its backward is not written")

    def __call__(self, *inputs):
        like = next((x for x in inputs if isinstance(x, Tensor)), None)
        if like is None:
            return self.forward(*inputs)
        tensors = [x if isinstance(x, Tensor) else _constant(x, like) for x in inputs]
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


def backward(self, gradient=None, *, create_graph=False):
    """Add the gradient of this tensor to `.grad` of every leaf that requires one.

    gradient: the gradient of the loss with respect to this tensor, in its shape; may be left out
    for a single element, where it is 1.
    create_graph: make `.grad` differentiable. (Such a `.grad` and its leaf refer to each other;
    `minigan.grad` returns gradients without that cycle.)

    Raises RuntimeError without a graph, for several elements without `gradient`, and when a
    parameter was changed since the graph was made.
    """
    for leaf, g in _walk([self], [gradient], None, create_graph):
        if leaf.grad is None:
            leaf.grad = g
        elif create_graph:
            leaf.grad = leaf.grad + g
        else:
            leaf.grad = Tensor(leaf.grad.data + g.data)


Tensor.backward = backward  # type: ignore[attr-defined]


def grad(outputs, inputs, grad_outputs=None, *, create_graph=False, allow_unused=False):
    """The gradients of `outputs` (summed, if several) with respect to `inputs`, as a tuple.

    outputs, inputs: a Tensor or a sequence of them; leaves no trace in anybody's `.grad`.
    grad_outputs: a gradient for each output; may be left out for outputs of one element.
    create_graph: make the result differentiable, for a gradient penalty or a Hessian.
    allow_unused: give None for an input that the outputs do not depend on, rather than raise.

    >>> x = Tensor(3.0, requires_grad=True)
    >>> (g,) = grad(x * x * x, x, create_graph=True)      # 3x²
    >>> grad(g, x)[0].item()                              # 6x
    18.0
    """
    outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if grad_outputs is None:
        grad_outputs = [None] * len(outputs)
    elif not isinstance(grad_outputs, (list, tuple)):
        grad_outputs = [grad_outputs]
    found = {id(x): g for x, g in _walk(outputs, grad_outputs, inputs, create_graph)}
    for i, x in enumerate(inputs):
        if id(x) not in found and not allow_unused:
            why = "it is not in their graph" if x.requires_grad else "it has requires_grad=False"
            raise RuntimeError(f"the outputs do not depend on input {i}, of shape {x.shape}: {why}")
    return tuple(found.get(id(x)) for x in inputs)


def _walk(outputs, gradients, wanted, create_graph):
    """Carry the outputs' gradients back to the `wanted` tensors, or to every leaf if that is None.

    Returns (tensor, gradient) pairs; the gradients are Tensors, and no two share memory.
    """
    graph = _graph(outputs)
    if wanted is None:
        wanted = [x for x in graph if x.op is None]
    path = _path(graph, wanted)
    wanted = {id(x) for x in wanted}
    sums = _Sums(in_place=not create_graph)
    for y, gy in zip(outputs, gradients, strict=True):
        gy = _gradient_of(y, gy)
        if id(y) in path:
            sums.add(y, gy if create_graph else gy.data, fresh=False)

    result = []
    for y in reversed(graph):  # youngest first: whatever was made from y has been here already
        if id(y) not in sums.total:
            continue
        gy, fresh = sums.pop(y)
        if id(y) in wanted:
            result.append((y, gy if create_graph else Tensor(gy if fresh else gy.copy())))
        op = y.op
        if op is None:
            continue
        op.needs = [id(x) in path for x in op.inputs]
        if not any(op.needs):
            continue
        checks.check_versions(op)
        known = (gy, y, *op.inputs) if create_graph else (gy, y.data, *[x.data for x in op.inputs])
        gxs = op.backward(*known)
        gxs = gxs if isinstance(gxs, tuple) else (gxs,)
        checks.check_count(op, gxs)
        for i, (x, gx) in enumerate(zip(op.inputs, gxs, strict=True)):
            if gx is None or not op.needs[i]:
                continue
            gx = _checked(op, i, gx, x, create_graph)
            others = (*known, *gxs[:i], *gxs[i + 1 :])  # a rule may hand on gy, or one array twice
            fresh = not create_graph and gx.base is None and not any(gx is a for a in others)
            sums.add(x, gx, fresh)
    return result


class _Sums:
    """For each tensor, the sum of the gradients that have reached it.

    The first to arrive is borrowed (unless it is fresh: nobody else holds it); a second makes a
    new array, which is ours; a third is added in place. Tensors are never changed in place.
    """

    def __init__(self, in_place):
        self.in_place = in_place
        self.total = {}
        self.ours = set()

    def add(self, x, gx, fresh):
        key = id(x)
        if key not in self.total:
            self.total[key] = gx
            if fresh:
                self.ours.add(key)
        elif key in self.ours and self.in_place:
            self.total[key] += gx
        else:
            self.total[key] = self.total[key] + gx
            self.ours.add(key)

    def pop(self, x):
        """The sum for x, and whether it is ours alone."""
        return self.total.pop(id(x)), id(x) in self.ours


def _graph(outputs):
    """Every tensor with a gradient that the outputs were made from, oldest first."""
    found, ahead = {}, list(outputs)
    while ahead:
        x = ahead.pop()
        if x.requires_grad and id(x) not in found:
            found[id(x)] = x
            if x.op is not None:
                ahead.extend(x.op.inputs)
    return sorted(found.values(), key=lambda x: x.birth)


def _path(graph, wanted):
    """The ids of the tensors in `graph` through which a gradient reaches a wanted one."""
    path = {id(x) for x in wanted if x.requires_grad}
    for y in graph:
        if y.op is not None and any(id(x) in path for x in y.op.inputs):
            path.add(id(y))
    return path


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


def _constant(x, like):
    """A number or array among Tensors: a constant, in the dtype of the Tensor beside it."""
    checks.check_data(x)
    if not hasattr(x, "dtype") or isinstance(x, np.generic) or x.dtype == bool:
        x = backend.get_array_module(like.data).asarray(x, dtype=like.dtype)
    return Tensor(x)


def _gradient_of(y, gy):
    """The gradient that an output y starts from, as a Tensor: 1 if none is given."""
    if gy is not None and not isinstance(gy, Tensor):
        gy = _constant(gy, y)
    checks.check_output(y, gy)
    return Tensor(backend.get_array_module(y.data).ones_like(y.data)) if gy is None else gy


def _checked(op, i, gx, x, create_graph):
    """What a rule returned for its input x, summed over the axes along which x was broadcast."""
    if create_graph and not isinstance(gx, Tensor):
        raise TypeError(
            f"{op}.backward gave input {i} an array where create_graph needs a Tensor: this rule "
            "is first-order only; write it with operators and operations on its arguments"
        )
    if isinstance(gx, np.generic):
        gx = np.asarray(gx)
    if gx.shape != x.shape and len(gx.shape) >= len(x.shape):
        with suppress(ValueError):  # check_gradient says it, and by name
            gx = SumTo(x.shape)(gx)
    checks.check_gradient(op, i, gx, x)
    if _anomaly:
        data = gx.data if create_graph else gx
        checks.check_finite(data, f"{op}.backward for input {i}", [], op.called_at)
    return gx
