"""Reverse-mode differentiation: the walk back through the graph, `backward` and `grad`.

The chain rule for y = f(x) turns the gradient of a loss with respect to y into the one with respect
to x: gx = gy · ∂y/∂x, a vector-Jacobian product. Each `Op` knows its own product (`backward`). The
walk applies them in reverse order of creation. It is given plain arrays, which is all that an
ordinary gradient takes. With `create_graph=True` it is given Tensors instead, so the operations
inside the rules record a graph of their own, and the gradient can be differentiated again.
"""

from contextlib import suppress
from operator import attrgetter

import numpy as np

from minigan import backend, checks
from minigan.op import SumTo, constant, looking_for_anomalies
from minigan.tensor import Tensor


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

    Returns (tensor, gradient) pairs of Tensors; no two share memory, unless create_graph.
    """
    graph = _graph(outputs)
    if wanted is None:
        wanted = {id(x) for x in graph if x.op is None}
        path = {id(x) for x in graph}
    else:
        wanted = {id(x) for x in wanted if x.requires_grad}
        path = _path(graph, wanted)
    sums = _Sums(in_place=not create_graph)
    for y, gy in zip(outputs, gradients, strict=True):
        gy = _gradient_of(y, gy)
        if id(y) in path:
            sums.add(y, gy if create_graph else gy.data, fresh=False)

    result = []
    for y in reversed(graph):  # youngest first: whatever was made from y has been here already
        gy, ours = sums.pop(y)
        if gy is None:
            continue
        if id(y) in wanted:
            result.append((y, gy if create_graph else Tensor(gy if ours else gy.copy())))
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
            fresh = False
            if id(x) in wanted and not create_graph:  # elsewhere it would not save a copy
                # A rule may hand on gy, or one array twice.
                others = (*known, *gxs[:i], *gxs[i + 1 :])
                fresh = gx.base is None and not any(gx is a for a in others)
            sums.add(x, gx, fresh)
    return result


class _Sums:
    """For each tensor, the sum of the gradients that have reached it.

    The first to arrive is borrowed (unless it is known to be fresh: nobody else holds it); a second
    makes a new array, which is ours; a third is added in place. Tensors are never changed in place.
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
        """The sum for x, None if nothing reached it; and whether it is ours alone."""
        return self.total.pop(id(x), None), id(x) in self.ours


def _graph(outputs):
    """Every tensor with a gradient that the outputs were made from, oldest first."""
    found, ahead = {}, list(outputs)
    while ahead:
        x = ahead.pop()
        if x.requires_grad and id(x) not in found:
            found[id(x)] = x
            if x.op is not None:
                ahead.extend(x.op.inputs)
    return sorted(found.values(), key=attrgetter("birth"))


def _path(graph, wanted):
    """The ids of the tensors in `graph` on a way to a wanted one, whose ids are `wanted`."""
    path = set(wanted)
    for y in graph:
        if y.op is not None and any(id(x) in path for x in y.op.inputs):
            path.add(id(y))
    return path


def _gradient_of(y, gy):
    """The gradient that an output y starts from, as a Tensor: 1 if none is given."""
    if gy is not None and not isinstance(gy, Tensor):
        gy = constant(gy, y)
    checks.check_output(y, gy)
    return Tensor(backend.get_array_module(y.data).ones(y.shape, y.dtype)) if gy is None else gy


def _checked(op, i, gx, x, create_graph):
    """What a rule returned for its input x, summed over the axes along which x was broadcast."""
    if create_graph and not isinstance(gx, Tensor):
        raise TypeError(
            f"{op}.backward gave input {i} an array where create_graph needs a Tensor: this rule "
            "is first-order only; write it with operators and operations on its arguments"
        )
    if isinstance(gx, np.generic):
        gx = np.asarray(gx)
    like = x.data
    if gx.shape != like.shape and len(gx.shape) >= like.ndim:
        with suppress(ValueError):  # check_gradient says it, and by name
            gx = SumTo(like.shape)(gx)
    checks.check_gradient(op, i, gx, like)
    if looking_for_anomalies():
        data = gx.data if create_graph else gx
        checks.check_finite(data, f"{op}.backward for input {i}", [], op.called_at)
    return gx
