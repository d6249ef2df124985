"""What a check looks at: in an operation its value and its rule to both orders; or a result."""

import numpy as np

from minigan.autograd import grad
from minigan.exercises.exercise import Seen, must
from minigan.op import Op
from minigan.tensor import Tensor

ORDERS = "the gradient to first and second order"
SHOWN = "Shown: the value, and " + ORDERS + ", agree with minigan on {n} inputs of {shapes} shapes."
NOT_FLOAT32 = (
    "For float32 inputs your gradient of {} is not float32. Something in the rule makes float64, "
    "such as np.ones(shape) without dtype=."
)


def observe_rule(make, call, names):
    """An `observe` for an operation.

    make: a function of (answer, inputs) that gives the operation. call: how the report writes that,
    such as "Tanh()". names: the names of its inputs, "x W b". The other inputs are gy, and what
    `make` needs.
    """
    names = names.split()
    listed = ", ".join(names)
    count = (
        f"backward has to return one gradient for each input: {listed}. Several are a tuple, as in "
        "`return gx, gW, gb`."
    )

    def observe(answer, inputs, ask):
        xs = [inputs[name] for name in names]
        gy = inputs["gy"]
        before = [x.copy() for x in (gy, *xs)]
        op = ask(call, make, answer, inputs)  # forward may keep something for backward
        y = ask(f"{call}.forward({listed})", op.forward, *xs)
        yield Seen("y", y)
        gxs = ask(f"{call}.backward(gy, y, {listed})", op.backward, gy, y, *xs)
        gxs = gxs if isinstance(gxs, tuple) else (gxs,)
        yield must(len(gxs) == len(names), count)
        for name, gx in zip(names, gxs, strict=True):
            yield Seen(f"the gradient of {name}", gx)
        for name, x, old in zip(("gy", *names), (gy, *xs), before, strict=True):
            note = f"Your code changes {name} in place. Other operations still use this array."
            yield must(np.array_equal(x, old), note)
        yield from second_order(ask(call, make, answer, inputs), call, names, xs, gy, ask)
        yield from in_float32(ask(call, make, answer, inputs), call, names, xs, gy, ask)

    return observe


def observe_function(name, arguments, label):
    """An `observe` for a function of arrays and numbers, and for its result alone.

    name: of the function, which is also the name of the exercise's answer. arguments: the names of
    its arguments among the inputs, "p q". label: what the result is, such as "the distance".
    """
    arguments = arguments.split()
    call = f"{name}({', '.join(arguments)})"

    def observe(answer, inputs, ask):
        yield Seen(label, ask(call, getattr(answer, name), *(inputs[a] for a in arguments)))

    return observe


def second_order(op, call, names, xs, gy, ask):
    """The gradients of Σ v · gx, which the rule gives when it is called with Tensors."""
    xs = [Tensor(x.copy(), requires_grad=True) for x in xs]
    gy = Tensor(gy.copy(), requires_grad=True)

    def gradients(*tensors):
        return grad(op(*tensors), tensors, gy, create_graph=True)

    gxs = ask(f"{call}.backward for grad(..., create_graph=True)", gradients, *xs)
    total = 0.0
    for gx in gxs:
        v = 1 + np.arange(gx.size).reshape(gx.shape) / 7  # different numbers, so that none cancels
        total = total + (gx * v).sum()
    leaves = [gy, *xs]
    found = [None] * len(leaves)
    if total.requires_grad:
        found = grad(total, leaves, allow_unused=True)
    for name, leaf, g in zip(("gy", *names), leaves, found, strict=True):
        zero = np.zeros(leaf.shape)
        yield Seen(f"to second order, the gradient of {name}", zero if g is None else g.data)


def in_float32(op, call, names, xs, gy, ask):
    """Whether float32 stays float32."""
    xs = [x.astype(np.float32) for x in xs]
    y = op.forward(*xs)
    gxs = ask(f"{call}.backward in float32", op.backward, gy.astype(np.float32), y, *xs)
    gxs = gxs if isinstance(gxs, tuple) else (gxs,)
    for name, gx in zip(names, gxs, strict=True):
        is_float32 = np.asarray(gx).dtype == np.float32
        yield must(is_float32, NOT_FLOAT32.format(name))


def rule(backward, forward):
    """An operation of two functions, for a wrong answer: forward(self, *xs), backward(...)."""
    return type("Answer", (Op,), {"forward": forward, "backward": backward})
