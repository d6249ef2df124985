"""Reverse-mode differentiation: the walk back through the graph, `backward` and `grad`.

Let y = f(x), and let gy be the gradient of the loss with respect to y. The chain rule gives the
gradient with respect to x: gx = gy · ∂y/∂x, a vector-Jacobian product. The `backward` of each `Op`
computes this product. The walk visits results of a larger generation first. All users of a result
have a larger generation than the result. So its gradient is complete when the walk reaches it.

An ordinary walk gives plain arrays to the rules. With `create_graph=True` it gives them Tensors.
Then the operations inside the rules record a graph of their own, and the gradient can be
differentiated again.
"""

import copy
from contextlib import suppress
from heapq import heappop, heappush
from itertools import compress, count
from operator import attrgetter
from typing import TYPE_CHECKING

from minigan import backend
from minigan.guards import graph, pytorch
from minigan.guards.accepted import check_no_effect
from minigan.op import constant
from minigan.switches import switches
from minigan.tensor import Tensor, as_tensor

# attrgetter is written in C: a debugger's `step` does not stop in it.
REQUIRES_GRAD = attrgetter("_requires_grad")
DATA = attrgetter("_data")


def backward(y, gradient, create_graph):
    """Add the gradients of y to `.grad` of its leaves; see Tensor.backward."""
    for leaf, g in walk([y], [gradient], create_graph):
        if leaf._grad is not None:
            g = leaf._grad + g if create_graph else Tensor(leaf._grad._data + g._data)
        leaf._grad = g


def grad(
    outputs, inputs, grad_outputs=None, *, create_graph=False, allow_unused=False, **other
) -> tuple[Tensor, ...]:
    """The gradients of `outputs` (summed, if several) with respect to `inputs`, as a tuple.

    outputs, inputs: a Tensor or a sequence of Tensors. No `.grad` changes.
    grad_outputs: a gradient for each output. The default is 1, for outputs of one element.
    create_graph: make the result differentiable, for a gradient penalty or a Hessian.
    allow_unused: return None for an input that the outputs do not depend on, instead of raising.
    other: PyTorch's retain_graph and only_inputs, which change nothing.

    >>> x = Tensor(3.0, requires_grad=True)
    >>> (g,) = grad(x * x * x, x, create_graph=True)      # 3x²
    >>> grad(g, x)[0].item()                              # 6x
    18.0
    """
    check_no_effect(other, retain_graph=(True, False), only_inputs=(True,))
    outputs = as_list(outputs)
    inputs = as_list(inputs)
    gradients = [None] * len(outputs) if grad_outputs is None else as_list(grad_outputs)
    found = dict(walk(outputs, gradients, create_graph, wanted=set(inputs)))
    graph.check_used(inputs, found, allow_unused)
    return tuple(found.get(x) for x in inputs)  # type: ignore[misc]  # None if unused


def Variable(data, requires_grad=False, **other) -> Tensor:
    """A leaf that shares the array of `data`. (In PyTorch, a Tensor was a Variable once.)"""
    check_no_effect(other, volatile=(False,))
    return as_tensor(data).detach().requires_grad_(requires_grad)


def as_list(x):
    return list(x) if hasattr(x, "__iter__") and not hasattr(x, "dtype") else [x]


def walk(outputs, gradients, create_graph, wanted=()):
    """Apply the chain rule from the outputs back to the leaves, or to the `wanted` tensors.

    Returns (tensor, gradient) pairs of Tensors. No two share memory, except with create_graph.
    """
    path = path_to(wanted, outputs) if wanted else None
    sums = first_gradients(outputs, gradients, create_graph)  # of the gradients so far, by tensor
    memory = Memory(sums, create_graph)  # adds in place where it may: memory.add(x, a, b) is a + b
    anomaly = switches.anomaly
    found = []
    # A heap. Tensors of one generation come in the order in which gradients first reached them.
    order = count()
    ahead = []
    for y in sums:
        heappush(ahead, (-y.generation, next(order), y))
    while ahead:
        # 1. The gradient of y has arrived: the results that used y are done.
        _, _, y = heappop(ahead)
        gy = sums.pop(y)
        op = y.op
        if op is None or y in wanted:
            found.append((y, memory.own(y, gy)))  # gy, or a copy of it
        if op is None:
            continue
        # Rarely: `grad` wants only some inputs, or a leaf was frozen after the call.
        leaves = op.needed_leaves
        if path is not None or (leaves and not all(map(REQUIRES_GRAD, leaves))):
            op = narrowed(op, path)
            if True not in op.needs:
                continue

        # 2. The rule gives the gradients of the inputs.
        if create_graph:
            gxs = op.backward(gy, y, *op.inputs)
        else:
            gxs = op.backward(gy, y._data, *op.arrays)
            memory.of_others += op.arrays  # the rule may have returned one of these
        if type(gxs) is not tuple:
            gxs = (gxs,)
        if len(gxs) != len(op.inputs) or y._version[0] != op.output_version:
            graph.raise_changed_or_wrong_count(op, y, gxs)

        # 3. Hand each gradient on to its input.
        edges = zip(op.inputs, op.needs, op.input_versions, gxs, strict=True)
        for x, need, version, gx in edges:
            if x._version[0] != version:
                graph.raise_changed_or_wrong_count(op, y, gxs)
            if gx is None or not need:
                continue
            # Rarely: x was broadcast, or the gradient does not fit, which raises an error.
            a = x._data
            if gx.shape != a.shape or gx.dtype != a.dtype or type(gx) is not type(gy) or anomaly:
                gx = fit_to_input(op, x, gx, create_graph)
            if x in sums:
                sums[x] = memory.add(x, sums[x], gx, (gy, *gxs))
            else:
                sums[x] = gx
                heappush(ahead, (-x.generation, next(order), x))
    return found


def first_gradients(outputs, gradients, create_graph):
    """Return {output: its gradient}: 1 if none is given; the sum if an output comes twice."""
    sums = {}
    for y, gy in zip(outputs, gradients, strict=True):
        if not isinstance(gy, (Tensor, bool, type(None))):
            gy = constant(gy, y)
        graph.check_output(y, gy)
        if gy is None:
            gy = Tensor(backend.get_array_module(y._data).array(1, dtype=y.dtype, ndmin=y.ndim))
        gy = gy if create_graph else gy._data
        sums[y] = sums[y] + gy if y in sums else gy
    return sums


def path_to(wanted, outputs):
    """Return the tensors on a path from the outputs back to a wanted tensor."""
    found = set()
    ahead = list(outputs)
    while ahead:
        y = ahead.pop()
        if y not in found:
            found.add(y)
            ahead.extend(needed_inputs(y))
    path = {x for x in wanted if x in found and x._requires_grad}
    for y in sorted(found, key=attrgetter("generation")):
        if not path.isdisjoint(needed_inputs(y)):
            path.add(y)
    return path


def needed_inputs(y):
    """The inputs of y's operation whose gradient is needed."""
    return compress(y.op.inputs, y.op.needs) if y.op is not None else ()


def narrowed(op, path):
    """Return op, or a copy for this walk that needs no gradient of frozen or off-path inputs."""
    pairs = zip(op.inputs, op.needs, strict=True)
    needs = [need and x._requires_grad and (path is None or x in path) for x, need in pairs]
    if needs != op.needs:
        op = copy.copy(op)
        op.needs = needs
    return op


def fit_to_input(op, x, gx, create_graph):
    """Return the gradient gx summed over the axes along which x was broadcast.

    Raises an error if it does not fit the input x then.
    """
    if not isinstance(gx, Tensor):  # a rule on 0-d arrays may return a NumPy scalar
        gx = backend.get_array_module(x._data).asarray(gx)
    with suppress(ValueError, IndexError):  # check_gradient names what is wrong
        gx = sum_to(gx, x.shape)
    graph.check_gradient(op, x, gx, create_graph, switches.anomaly)
    return gx


def sum_to(gx, shape):
    """The array or Tensor gx, summed over the axes along which `shape` was broadcast."""
    new = gx.ndim - len(shape)  # the number of axes that broadcasting added in front
    stretched = [new + i for i, n in enumerate(shape) if n != gx.shape[new + i]]
    return gx.sum(axis=(*range(new), *stretched), keepdims=True).reshape(shape)


class Memory:
    """Adds gradients, in place where no rule and no tensor can hold the array.

    A walk does not own the first gradient of a tensor: a rule may return gy itself, or one of its
    other arguments, or a view of one. The second gradient is an array that the rule made, or a copy
    if somebody else may hold it. The first is added into this array, which the walk owns. So is a
    third. With create_graph the gradients are Tensors, which never change.
    """

    def __init__(self, sums, create_graph):
        self.create_graph = create_graph
        self.first = [*sums.values()]  # kept alive, so that no new array gets the id of one of them
        self.of_others = [*self.first, *map(DATA, sums)]  # arrays that others hold
        self.held = set()  # the ids of these arrays, and of the gradients that `own` returned
        self.ours = set()  # the tensors whose sum is an array that the walk owns

    def add(self, x, total, gx, others):
        """Return total + gx for the tensor x. others: gradients in use; gx may be one of them."""
        if self.create_graph:
            return total + gx
        if x in self.ours:
            total += gx
            return total
        # The second gradient of x: the walk does not own the first. It owns gx if nobody holds it.
        if self.is_held(gx) or sum(g is gx for g in others) > 1:
            gx = gx.copy()
        gx += total
        self.ours.add(x)
        return gx

    def own(self, x, g):
        """Return the gradient g of x as a Tensor that shares memory with nothing else."""
        if self.create_graph:
            return g
        if x.op is not None or self.is_held(g):
            g = g.copy()
        self.held.add(id(g))
        return Tensor(g)

    def is_held(self, g):
        """Whether the array g may belong to a tensor, or share memory with another array."""
        self.held.update(map(id, self.of_others))
        self.of_others.clear()
        return g.base is not None or id(g) in self.held


if not TYPE_CHECKING:  # or an editor would accept any name

    def __getattr__(name):
        raise pytorch.missing("minigan.autograd", name, pytorch.AUTOGRAD)
