"""Chapter 1: the rules of operations. `backward` returns the vector-Jacobian product."""

import numpy as np

from minigan import autograd, losses
from minigan.exercises.exercise import Exercise, Mistake, Seen, must
from minigan.exercises.rules import ORDERS, SHOWN, observe_rule, rule
from minigan.op import Op
from minigan.ops import arithmetic, elementwise, matmul, reduce
from minigan.ops.elementwise import Sigmoid
from minigan.ops.shape import BroadcastTo
from minigan.tensor import Tensor, as_array

SHAPES = [(1,), (2,), (3,), (2, 2), (3, 2), (2, 1, 3), (4, 3)]


def elementwise_inputs(draw=lambda rng, shape: rng.normal(size=shape)):
    """Inputs x and gy of one shape, for each of SHAPES."""

    def inputs(rng):
        for shape in SHAPES:
            yield {"x": draw(rng, shape), "gy": rng.normal(size=shape)}

    return inputs


# 1.1 power


def power(backward):
    """A wrong power with this rule."""

    class Wrong(Op):
        def __init__(self, n):
            self.n = n

        def forward(self, x):
            return x**self.n

    Wrong.backward = backward
    return {"Power": Wrong}


def power_inputs(rng):
    for n, shape in zip((2, 3, -1, 2, 4, 3, -2), SHAPES, strict=True):
        x = rng.uniform(0.5, 2.0, shape)
        yield {"n": n, "x": x, "gy": rng.normal(size=shape)}


POWER = Exercise(
    number="1.1",
    name="power",
    title="a rule, solved and explained",
    names=("Power",),
    right={"Power": arithmetic.Pow},
    inputs=power_inputs,
    observe=observe_rule(lambda answer, inputs: answer.Power(inputs["n"]), "Power(n)", "x"),
    mistakes=[
        Mistake(
            "Your gradient does not use gy.",
            "It is ∂y/∂x, the slope of this operation alone. The chain rule multiplies it by gy, "
            "the gradient that comes from the rest of the network.",
            power(lambda self, gy, y, x: self.n * x ** (self.n - 1)),
        ),
        Mistake(
            "Your gradient lacks the factor n.",
            "The derivative of xⁿ is n xⁿ⁻¹.",
            power(lambda self, gy, y, x: gy * x ** (self.n - 1)),
        ),
        Mistake(
            "Your gradient has the exponent n.",
            "The derivative of xⁿ is n xⁿ⁻¹: the exponent falls by one.",
            power(lambda self, gy, y, x: gy * (self.n * x**self.n)),
        ),
        Mistake(
            "Your gradient has the factor n - 1.",
            "The old exponent n becomes the factor, and n - 1 is the new exponent.",
            power(lambda self, gy, y, x: gy * ((self.n - 1) * x ** (self.n - 1))),
        ),
        Mistake(
            "Your rule is right to first order, and its own derivative is wrong.",
            "It takes the array out of the Tensor x. So the second derivative does not know that "
            "the gradient depends on x.",
            power(lambda self, gy, y, x: gy * (self.n * as_array(x) ** (self.n - 1))),
        ),
    ],
    guess=120,
    why_guess="10 · 3 · 2²: the slope is 12, and the gradient of L is 10 times as large.",
    shown=SHOWN,
    fact="A check does the same with your file as with minigan's own code: it draws inputs, runs "
    "both, and compares all numbers. So an answer may be written in any way.",
    hints=(
        "What is the derivative of x³?",
        "The rule returns the derivative times gy.",
        "gy * (self.n * x ** (self.n - 1))",
    ),
    where=("minigan.ops.arithmetic.Pow.backward",),
    page="docs/design.md#one-rule-both-orders",
)


# 1.2 tanh


def tanh(backward):
    return {"Tanh": rule(backward, lambda self, x: np.tanh(x))}


def put_tanh(answer, put):
    put(elementwise.Tanh, "forward", answer.Tanh.forward)
    put(elementwise.Tanh, "backward", answer.Tanh.backward)


TANH = Exercise(
    number="1.2",
    name="tanh",
    title="the rule of an activation",
    names=("Tanh",),
    right={"Tanh": elementwise.Tanh},
    inputs=elementwise_inputs(),
    observe=observe_rule(lambda answer, inputs: answer.Tanh(), "Tanh()", "x"),
    mistakes=[
        Mistake(
            "Your gradient does not use gy.",
            "1 - y² is the slope of tanh alone. The chain rule multiplies it by gy.",
            tanh(lambda self, gy, y, x: 1 - y * y),
        ),
        Mistake(
            "Your gradient has 1 - x² in place of 1 - tanh(x)².",
            "y is tanh(x) already. The derivative is 1 - y².",
            tanh(lambda self, gy, y, x: gy * (1 - x * x)),
        ),
        Mistake(
            "Your gradient has 1 - y in place of 1 - y².",
            "The derivative of tanh is 1 - tanh(x)²: there is a square.",
            tanh(lambda self, gy, y, x: gy * (1 - y)),
        ),
        Mistake(
            "Your gradient takes tanh twice.",
            "y is tanh(x) already, so 1 - tanh(y)² is 1 - tanh(tanh(x))².",
            tanh(lambda self, gy, y, x: gy * (1 - tanh_of(y) ** 2)),
        ),
        Mistake(
            "Your gradient is the rule of the sigmoid, y (1 - y).",
            "The derivative of tanh is 1 - y².",
            tanh(lambda self, gy, y, x: gy * (y * (1 - y))),
        ),
        Mistake(
            "Your gradient has 1 + y², with the wrong sign.",
            "tanh gets flatter for large x, so its slope 1 - y² falls to 0.",
            tanh(lambda self, gy, y, x: gy * (1 + y * y)),
        ),
        Mistake(
            "Your gradient has the wrong sign.",
            "tanh rises everywhere. So the gradient has the sign of gy.",
            tanh(lambda self, gy, y, x: gy * (y * y - 1)),
        ),
        Mistake(
            "Your gradient has 1 / (1 + x²), the derivative of the arctangent.",
            "The derivative of tanh is 1 - tanh(x)².",
            tanh(lambda self, gy, y, x: gy / (1 + x * x)),
        ),
        Mistake(
            "Your rule is right to first order, and its own derivative is wrong.",
            "It takes the array out of the Tensor y. So the second derivative does not know that "
            "the gradient depends on x. Use y itself: operators work on Tensors.",
            tanh(lambda self, gy, y, x: gy * (1 - as_array(y) ** 2)),
        ),
    ],
    guess=0.0,
    why_guess="tanh is flat at 5: 1 - tanh(5)² is 0.0002. A network of such numbers hardly learns.",
    shown=SHOWN,
    fact="The rule needs y and not x. So a library can forget x after forward, and save memory.",
    hints=(
        "Which of gy, y and x is tanh(x) already?",
        "The slope is 1 - y². What does the chain rule do with gy?",
        "gy * (1 - y * ...)",
    ),
    where=("minigan.ops.elementwise.Tanh.backward",),
    page="docs/glossary.md#the-gradients",
    off=("minigan.ops.elementwise.Tanh",),
    place=put_tanh,
)


def tanh_of(y):
    """tanh of an array or a Tensor, without minigan's operation."""
    e = np.e ** (2 * y) if isinstance(y, np.ndarray) else (2 * y).exp()
    return 1 - 2 / (e + 1)


# 1.3 unbroadcast

BROADCASTS = [  # the shape of g, and the shape that was broadcast to it
    ((2,), ()),
    ((2,), (1,)),
    ((2,), (2,)),
    ((2, 3), (3,)),
    ((2, 3), (2, 1)),
    ((3, 2), (1, 2)),
    ((3, 2), ()),
    ((2, 2), (2,)),
    ((2, 2), (2, 1)),
    ((4, 2, 3), (2, 1)),
    ((2, 2, 2), (2, 1)),
    ((3, 3, 3), (3, 1)),
    ((4, 4, 4), (4, 1)),
    ((2, 2, 2, 2), (2, 2, 1)),
    ((2, 3, 2), (1, 3, 1)),
    ((2, 2, 2), (1, 1, 2)),
    ((3, 2, 4), (1,)),
    ((3, 2, 2), (1, 2)),
    ((5, 2, 4, 3), (2, 1, 3)),
    ((2, 3, 5), (1, 5)),  # with different lengths, an error says which axes were summed
    ((3, 5, 2), (5, 1)),
    ((2, 3, 5), (2, 1, 1)),
    ((5, 2, 3), (1, 2, 1)),
    ((2, 3, 5, 7), (5, 1)),
    ((3, 2, 7, 5), (1, 5)),
    ((7, 5, 3, 2), (5, 1, 2)),
    ((2, 7, 3, 5), (1, 3, 1)),
    ((2, 3, 5, 7, 4), (5, 7, 1)),
    ((3, 2, 4, 5, 7), (4, 5, 1)),
    ((2, 5, 3, 4, 7), (3, 4, 1)),
    ((3, 2, 5, 4, 7), (5, 1, 7)),
    ((2, 3, 2, 5), (2, 1)),
    ((5, 3, 5, 4), (5, 1)),
    ((4, 3, 4, 5), (4, 1)),
]


def unbroadcast_inputs(rng):
    for large, small in BROADCASTS:
        yield {"g": rng.normal(size=large), "shape": small}


def observe_unbroadcast(answer, inputs, ask):
    g, shape = inputs["g"], inputs["shape"]
    call = "unbroadcast(g, shape)"
    before = g.copy()
    yield Seen("the result", ask(call, answer.unbroadcast, g, shape))
    yield must(np.array_equal(g, before), "Your code changes g in place. Others still use it.")
    x = Tensor(g, requires_grad=True)
    y = ask(call, answer.unbroadcast, x, shape)
    v = np.arange(1.0, 1 + np.prod(shape, dtype=int)).reshape(shape)
    found = None
    if isinstance(y, Tensor) and y.requires_grad:
        (found,) = autograd.grad(y, [x], Tensor(v), allow_unused=True)
    yield Seen("for a Tensor, the gradient of g", np.zeros(x.shape) if found is None else found)


def axes_of(g, shape):
    """(the new axes, the stretched axes) of g."""
    new = g.ndim - len(shape)
    return (*range(new),), tuple(new + i for i, n in enumerate(shape) if n != g.shape[new + i])


def mean_over(g, shape):
    new, stretched = axes_of(g, shape)
    return g.mean(axis=(*new, *stretched), keepdims=True).reshape(shape)


def first_of(g, shape):
    new, stretched = axes_of(g, shape)
    index = [slice(None)] * g.ndim
    for i in (*new, *stretched):
        index[i] = slice(0, 1)
    return g[tuple(index)].reshape(shape)


def new_only(g, shape):
    new, _ = axes_of(g, shape)
    return g.sum(axis=new)


def stretched_only(g, shape):
    _, stretched = axes_of(g, shape)
    return g.sum(axis=stretched, keepdims=True)


def without_length_1(g, shape):
    new, stretched = axes_of(g, shape)
    return g.sum(axis=(*new, *stretched))


def at_the_wrong_place(g, shape):
    new, _ = axes_of(g, shape)
    stretched = [i for i, n in enumerate(shape) if n != g.shape[i]]
    return g.sum(axis=(*new, *stretched), keepdims=True).reshape(shape)


def axes(text):
    """The solution with another value of `axes`, which the learner writes."""
    return "axes = (*range(new), *stretched)", f"axes = {text}"


def result(text):
    """The solution with another result."""
    return "return g.sum(axis=axes, keepdims=True).reshape(shape)", f"return {text}"


UNBROADCAST = Exercise(
    number="1.3",
    name="unbroadcast",
    title="a broadcast undone by a sum",
    names=("unbroadcast",),
    right={"unbroadcast": autograd.sum_to},
    inputs=unbroadcast_inputs,
    observe=observe_unbroadcast,
    mistakes=[
        Mistake(
            "Your result is a mean over the broadcast axes.",
            "Each copy of the element changed the loss. The chain rule adds what comes back, and "
            "does not divide by the number of copies.",
            {"unbroadcast": mean_over},
        ),
        Mistake(
            "Your result is the gradient of the first copy alone.",
            "The element was used in several places. The gradients of all of them add up.",
            {"unbroadcast": first_of},
        ),
        Mistake(
            "You sum over the new axes only.",
            "An axis that had length 1 was repeated, too. Sum over it with keepdims=True.",
            {"unbroadcast": new_only},
            also=(axes("tuple(range(new))"),),
        ),
        Mistake(
            "You sum over the stretched axes only.",
            "If g has more axes than the shape, the first ones are new. Sum over them, too.",
            {"unbroadcast": stretched_only},
            also=(
                axes("tuple(stretched)"),
                axes("tuple(new + i for i, n in enumerate(shape) if n == 1)"),
            ),
        ),
        Mistake(
            "Your sum drops the axes of length 1.",
            "The result must have the shape `shape`. keepdims=True or a reshape keeps them.",
            {"unbroadcast": without_length_1},
        ),
        Mistake(
            "You look for the stretched axes at the wrong place.",
            "Shapes are compared from their last axis. So the axis i of `shape` is the axis "
            "new + i of g, where new is the number of new axes.",
            {"unbroadcast": at_the_wrong_place},
            also=(
                axes("(*range(new), *[i for i, n in enumerate(shape) if n == 1])"),
                axes("tuple(i for i, n in enumerate(shape) if n != g.shape[i])"),
                axes("tuple(i for i, n in enumerate(shape) if n == 1)"),
                axes("tuple(i for i in range(g.ndim) if g.shape[i] != shape[i])"),
                axes(
                    "tuple(i for i in range(g.ndim) if i >= len(shape) or g.shape[i] != shape[i])"
                ),
            ),
        ),
        Mistake(
            "You sum over all axes.",
            "Where `shape` has its full length, nothing was repeated. Sum over the new and the "
            "stretched axes only.",
            replace=axes("tuple(range(g.ndim))"),
            also=(result("g.sum()"), result("g.sum(keepdims=True)")),
        ),
        Mistake(
            "You always sum over axis 0.",
            "Axis 0 is the batch only if g has one new axis. There may be more new axes, or none, "
            "and each axis may be stretched.",
            replace=axes("0"),
            also=(
                result("g.sum(axis=0)"),
                result("g.sum(axis=0, keepdims=True)"),
            ),
        ),
        Mistake(
            "You always sum over the last axis.",
            "Shapes are compared from their last axis. So the new axes are the first ones, and "
            "each axis may be stretched.",
            replace=axes("-1"),
            also=(result("g.sum(axis=-1)"), result("g.sum(axis=-1, keepdims=True)")),
        ),
        Mistake(
            "You sum over no axis.",
            "A reshape alone does not make g smaller. The gradients of all copies are added.",
            replace=axes("()"),
            also=(result("g"),),
        ),
        Mistake(
            "You sum over the axis number `new`, and not over the new axes.",
            "`new` counts the new axes. They are the axes 0, 1, ..., new - 1: range(new).",
            replace=axes("new"),
            also=(axes("(new, *stretched)"),),
        ),
        Mistake(
            "You take the last axes for the new ones.",
            "Shapes are compared from their last axis. So the new axes come first: range(new).",
            replace=axes("tuple(range(len(shape), g.ndim))"),
            also=(axes("(*range(len(shape), g.ndim), *stretched)"),),
        ),
        Mistake(
            "You look for lengths of `shape` and not for axes.",
            "The number g.shape[i] may stand somewhere else in `shape`. Compare each axis of "
            "`shape` with its own axis of g, new + i.",
            replace=axes("tuple(i for i in range(g.ndim) if g.shape[i] not in shape)"),
        ),
        Mistake(
            "Your result keeps the new axes, with length 1.",
            "The result must have the shape `shape`. Drop the new axes by a reshape.",
            replace=result("g.sum(axis=axes, keepdims=True)"),
        ),
    ],
    guess=20,
    why_guess="5 · 4: axis 0 is new, with length 5, and the axis of length 1 was stretched to 4.",
    shown="Shown: the result and its own gradient agree with minigan on {n} inputs of {shapes} "
    "shapes.",
    fact="minigan has one such function, and its walk calls it. So no rule for +, * or / has to "
    "think of shapes.",
    hints=(
        "Which axes of g did the small array not have? Which did it have with length 1?",
        "The axis i of `shape` was stretched if shape[i] differs from g.shape[new + i].",
        "(*range(new), *[new + i for i, n in enumerate(shape) if n != ...])",
    ),
    where=("minigan.autograd.sum_to",),
    page="docs/design.md#the-walk",
    off=("minigan.autograd.sum_to",),
    place=lambda answer, put: put(autograd, "sum_to", answer.unbroadcast),
)


# 1.4 mean


def mean(backward):
    return {"Mean": rule(backward, lambda self, x: np.asarray(x.mean()))}


def mean_inputs(rng):
    shapes = [(1,), (2,), (3,), (2, 2), (3, 2), (2, 1, 3), (2, 5), (3, 4), (4, 3), (5, 2, 4)]
    for shape in shapes:
        yield {"x": rng.normal(size=shape), "gy": np.asarray(rng.normal())}


def put_mean(answer, put):
    """In place of the mean over all elements. minigan's own has other axes, too."""
    theirs = reduce.Mean.backward

    def backward(self, gy, y, x):
        if self.axis is None and not self.keepdims:
            return answer.Mean().backward(gy, y, x)
        return theirs(self, gy, y, x)

    put(reduce.Mean, "backward", backward)


MEAN = Exercise(
    number="1.4",
    name="mean",
    title="the rule of the mean",
    names=("Mean",),
    right={"Mean": reduce.Mean},
    inputs=mean_inputs,
    observe=observe_rule(lambda answer, inputs: answer.Mean(), "Mean()", "x"),
    mistakes=[
        Mistake(
            "Your gradient is not divided by n.",
            "That is the rule of the sum. Each element has only the n-th part of the mean.",
            mean(lambda self, gy, y, x: BroadcastTo(x.shape)(gy)),
        ),
        Mistake(
            "Your gradient is divided by len(x), the number of rows.",
            "The mean is over all elements, and there are x.size of them.",
            mean(lambda self, gy, y, x: BroadcastTo(x.shape)(gy / len(x))),
        ),
        Mistake(
            "Your gradient is one number.",
            "Each element of x has its own gradient. So the result has the shape of x, also if all "
            "its numbers are equal.",
            mean(lambda self, gy, y, x: gy / x.size),
        ),
        Mistake(
            "Your gradient does not use gy.",
            "1/n is the slope of the mean alone. The chain rule multiplies it by gy.",
            mean(lambda self, gy, y, x: BroadcastTo(x.shape)(0 * gy + 1 / x.size)),
        ),
        Mistake(
            "Your gradient is multiplied by x.",
            "The mean is a sum of the x, each with the factor 1/n. The derivative of x/n is 1/n, "
            "and has no x in it.",
            mean(lambda self, gy, y, x: gy * x / x.size),
        ),
        Mistake(
            "Your gradient is multiplied by y.",
            "The derivative of the mean is 1/n. The value y of the mean is not in it.",
            mean(lambda self, gy, y, x: BroadcastTo(x.shape)(gy * y / x.size)),
        ),
        Mistake(
            "Your gradient is one number, divided by len(x).",
            "The mean is over x.size elements, and each has its own gradient. So the result "
            "has the shape of x.",
            mean(lambda self, gy, y, x: gy / len(x)),
        ),
        Mistake(
            "Your gradient is gy itself.",
            "Each element has the n-th part of the mean. So its gradient is gy / n, and the result "
            "has the shape of x.",
            mean(lambda self, gy, y, x: gy * 1),
        ),
        Mistake(
            "Your gradient is multiplied by n.",
            "Each element has only the n-th part of the mean: gy / n.",
            mean(lambda self, gy, y, x: BroadcastTo(x.shape)(gy * x.size)),
        ),
        Mistake(
            "Your gradient is divided by the length of the last axis.",
            "The mean is over all elements, and there are x.size of them.",
            mean(lambda self, gy, y, x: BroadcastTo(x.shape)(gy / x.shape[-1])),
        ),
        Mistake(
            "Your gradient is divided by the number of axes.",
            "x.ndim counts the axes. The number of elements is x.size.",
            mean(lambda self, gy, y, x: BroadcastTo(x.shape)(gy / x.ndim)),
        ),
        Mistake(
            "Your gradient has the wrong sign.",
            "If an element grows, so does the mean.",
            mean(lambda self, gy, y, x: BroadcastTo(x.shape)(-gy / x.size)),
        ),
    ],
    guess=1 / 128,
    why_guess="There are 64 · 2 elements. So one sample moves the weights less in a larger batch.",
    shown=SHOWN,
    fact="The mean over the batch keeps the gradient as large for 1,024 samples as for 64. With a "
    "sum, the learning rate would have to change with the batch size.",
    hints=(
        "By how much does y change if one element of x grows by 0.01?",
        "Each element gets gy / n, and n is x.size. Which operation makes the shape of x of it?",
        "BroadcastTo(x.shape)(gy / ...)",
    ),
    where=("minigan.ops.reduce.Mean.backward",),
    page="docs/glossary.md#the-gradients",
    off=("minigan.ops.reduce.Mean",),
    place=put_mean,
)


# 1.5 linear


def linear(gx=None, gW=None, gb=None, order=(0, 1, 2)):
    """A wrong Linear: one of its gradients is another function of (gy, x, W, b)."""
    gx = gx or (lambda gy, x, W, b: gy @ W)
    gW = gW or (lambda gy, x, W, b: gy.T @ x)
    gb = gb or (lambda gy, x, W, b: gy.sum(axis=0))

    def backward(self, gy, y, x, W, b):
        gradients = [f(gy, x, W, b) for f in (gx, gW, gb)]
        return tuple(gradients[i] for i in order)

    return {"Linear": rule(backward, lambda self, x, W, b: x @ W.T + b)}


def linear_inputs(rng):
    sizes = [(1, 1, 1), (2, 1, 1), (2, 2, 2), (3, 2, 2), (4, 2, 2), (3, 3, 3), (1, 2, 3), (2, 3, 2)]
    for n, i, o in [*sizes, (2, 4, 3), (5, 3, 1)]:
        yield {
            "x": rng.normal(size=(n, i)),
            "W": rng.normal(size=(o, i)),
            "b": rng.normal(size=o),
            "gy": rng.normal(size=(n, o)),
        }


def put_linear(answer, put):
    put(matmul.Linear, "forward", answer.Linear.forward)
    put(matmul.Linear, "backward", answer.Linear.backward)


LINEAR = Exercise(
    number="1.5",
    name="linear",
    title="the rule of a layer: three gradients",
    names=("Linear",),
    right={"Linear": matmul.Linear},
    inputs=linear_inputs,
    observe=observe_rule(lambda answer, inputs: answer.Linear(), "Linear()", "x W b"),
    mistakes=[
        Mistake(
            "Your gradient of b is the right one divided by the batch size.",
            "Every sample uses b, so its gradient is a sum and not a mean.",
            linear(gb=lambda gy, x, W, b: gy.mean(axis=0)),
        ),
        Mistake(
            "Your gradient of b is not summed over the batch.",
            "Every sample uses the same b. Its gradient is the sum over the samples: "
            "(N, O) -> (O,).",
            linear(gb=lambda gy, x, W, b: gy * 1),
        ),
        Mistake(
            "Your gradient of b is summed over the outputs.",
            "axis=0 is the batch, and axis=1 the outputs. b has one element for each output: sum "
            "over the batch.",
            linear(gb=lambda gy, x, W, b: gy.sum(axis=1)),
        ),
        Mistake(
            "Your gradient of b is one number.",
            "b has one element for each output. Sum over the batch only: axis=0.",
            linear(gb=lambda gy, x, W, b: gy.sum()),
        ),
        Mistake(
            "Your gradient of b keeps the axis of the batch.",
            "b has the shape (O,). keepdims=True gives (1, O).",
            linear(gb=lambda gy, x, W, b: gy.sum(axis=0, keepdims=True)),
        ),
        Mistake(
            "Your gradient of W is the transpose of the right one.",
            "W has one row for each output, (O, I). So its gradient is gyᵀ x: (O, N)(N, I).",
            linear(gW=lambda gy, x, W, b: x.T @ gy),
        ),
        Mistake(
            "Your gradient of W is the right one divided by the batch size.",
            "The product gyᵀ x sums over the samples. The mean over the batch, if there is one, is "
            "in the loss, and so in gy.",
            linear(gW=lambda gy, x, W, b: gy.T @ x / len(x)),
        ),
        Mistake(
            "Your gradient of x is gy Wᵀ.",
            "forward multiplies by Wᵀ, so backward multiplies by W: (N, O)(O, I) -> (N, I).",
            linear(gx=lambda gy, x, W, b: gy @ W.T),
        ),
        Mistake(
            "Your gradients of x and W are exchanged.",
            "They come in the order of the inputs: x, W, b.",
            linear(order=(1, 0, 2)),
        ),
        Mistake(
            "Your gradients of x and W have the wrong sign.",
            "The rule returns the gradient itself. The optimizer subtracts it.",
            linear(gx=lambda gy, x, W, b: -(gy @ W), gW=lambda gy, x, W, b: -(gy.T @ x)),
        ),
        Mistake(
            "Your gradient of x has the wrong sign.",
            "The rule returns the gradient itself. The optimizer subtracts it.",
            linear(gx=lambda gy, x, W, b: -(gy @ W)),
        ),
    ],
    guess=(3, 10),
    why_guess="A gradient has the shape of what it belongs to, and W is (O, I) = (3, 10).",
    shown="Shown: the value, the three gradients, and their own gradients agree with minigan on "
    "{n} inputs of {shapes} shapes.",
    fact="In a network of such layers, the largest part of the time goes into three products: x Wᵀ "
    "in forward, gy W and gyᵀ x in backward.",
    hints=(
        "Each gradient has the shape of its input. Which product of gy with W is (N, I)?",
        "gx = gy W. For the sum over the samples in gW, gy has to be transposed.",
        "gW = gy.T @ x, and gb = gy.sum(axis=...)",
    ),
    where=("minigan.ops.matmul.Linear.backward",),
    page="docs/design.md#one-rule-both-orders",
    off=("minigan.ops.matmul.Linear",),
    place=put_linear,
)


# 1.6 bce_logits


def stable_forward(self, x):
    return np.maximum(x, 0) - x * self.t + np.log1p(np.exp(-np.abs(x)))


def right_backward(self, gy, y, x):
    return gy * (Sigmoid()(x) - self.t)


def bce(forward=stable_forward, backward=right_backward):
    def init(self, t):
        self.t = t

    wrong = rule(backward, forward)
    wrong.__init__ = init
    return {"BCEWithLogits": wrong}


def by_probability(self, x):
    p = 1 / (1 + np.exp(-x))
    return -(self.t * np.log(p) + (1 - self.t) * np.log(1 - p))


def bce_inputs(rng):
    for t, shape in zip((1.0, 0.0, 0.9, 1.0, 0.0, 0.1, 0.9), SHAPES, strict=True):
        x = 2 * rng.normal(size=shape)
        yield {"t": t, "x": x, "gy": rng.normal(size=shape)}
    for t in 1.0, 0.0, 0.9, 0.25, 1.0, 0.0:
        x = rng.uniform(800, 1000, 2) * [1, -1]
        yield {"t": t, "x": x, "gy": rng.normal(size=2)}


def put_bce(answer, put):
    put(losses.BinaryCrossEntropyWithLogits, "forward", answer.BCEWithLogits.forward)
    put(losses.BinaryCrossEntropyWithLogits, "backward", answer.BCEWithLogits.backward)


BCE_LOGITS = Exercise(
    number="1.6",
    name="bce_logits",
    title="a whole operation: the loss of D",
    names=("BCEWithLogits",),
    right={"BCEWithLogits": losses.BinaryCrossEntropyWithLogits},
    inputs=bce_inputs,
    observe=observe_rule(
        lambda answer, inputs: answer.BCEWithLogits(inputs["t"]), "BCEWithLogits(t)", "x"
    ),
    mistakes=[
        Mistake(
            "Your loss takes the logarithm of a probability.",
            "It is right for moderate x. For x = 1000 the sigmoid is exactly 1, and the logarithm "
            "of 1 - p is -∞. Use max(x, 0) - x t + log(1 + e^-|x|).",
            bce(by_probability),
        ),
        Mistake(
            "Your loss computes eˣ, which overflows.",
            "It is right for moderate x. log(1 + eˣ) is max(x, 0) + log(1 + e^-|x|), and e^-|x| is "
            "at most 1.",
            bce(lambda self, x: np.log(1 + np.exp(x)) - x * self.t),
        ),
        Mistake(
            "Your loss exchanges the labels.",
            "Where t is 1 it is the loss of a generated sample. The sign of x t is a minus.",
            bce(lambda self, x: np.maximum(x, 0) - x * (1 - self.t) + np.log1p(np.exp(-np.abs(x)))),
        ),
        Mistake(
            "Your loss has + x t.",
            "A large x is right for a real sample, with t = 1. So x t makes the loss smaller.",
            bce(lambda self, x: np.maximum(x, 0) + x * self.t + np.log1p(np.exp(-np.abs(x)))),
        ),
        Mistake(
            "Your loss computes e^-x without the absolute value.",
            "For x = -1000 it overflows, and for other negative x the sum is wrong, too. It is "
            "max(x, 0) + log(1 + e^-|x|).",
            bce(lambda self, x: np.maximum(x, 0) - x * self.t + np.log1p(np.exp(-x))),
        ),
        Mistake(
            "Your loss computes e^|x| without the minus.",
            "For x = 1000 it overflows. The exponent is -|x|, which is never positive.",
            bce(lambda self, x: np.maximum(x, 0) - x * self.t + np.log1p(np.exp(np.abs(x)))),
        ),
        Mistake(
            "Your loss has log(e^-|x|), without the 1.",
            "log(e^-|x|) is -|x|. The term is log(1 + e^-|x|): np.log1p adds the 1.",
            bce(lambda self, x: np.maximum(x, 0) - x * self.t - np.abs(x)),
        ),
        Mistake(
            "Your loss adds 1 twice.",
            "np.log1p(a) is log(1 + a). So np.log1p(1 + a) is log(2 + a).",
            bce(lambda self, x: np.maximum(x, 0) - x * self.t + np.log1p(1 + np.exp(-np.abs(x)))),
        ),
        Mistake(
            "Your loss leaves out max(x, 0).",
            "log(1 + e^-|x|) is at most log 2. For a large x, log(1 + eˣ) is near x.",
            bce(lambda self, x: np.log1p(np.exp(-np.abs(x))) - x * self.t),
        ),
        Mistake(
            "Your loss does not use the label.",
            "It is log(1 + eˣ), the loss of a generated sample. The term - x t is missing.",
            bce(lambda self, x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))),
        ),
        Mistake(
            "Your loss subtracts t in place of x t.",
            "The label is multiplied by the logit: max(x, 0) - x t.",
            bce(lambda self, x: np.maximum(x, 0) - self.t + np.log1p(np.exp(-np.abs(x)))),
        ),
        Mistake(
            "Your loss has the wrong sign.",
            "A loss is descended: it is -log p for a real sample, which is positive.",
            bce(lambda self, x: -stable_forward(self, x)),
        ),
        Mistake(
            "Your loss is the sum over the elements.",
            "This operation gives the loss of each element. The sum is an operation of its own.",
            bce(lambda self, x: stable_forward(self, x).sum()),
        ),
        Mistake(
            "Your loss is the mean over the elements.",
            "This operation gives the loss of each element. The mean is an operation of its own.",
            bce(lambda self, x: stable_forward(self, x).mean()),
        ),
        Mistake(
            "Your gradient is x - t, without the sigmoid.",
            "The derivative compares the probability with the label: sigmoid(x) - t.",
            bce(backward=lambda self, gy, y, x: gy * (x - self.t)),
        ),
        Mistake(
            "Your gradient has the wrong sign.",
            "For a real sample, t = 1, the loss falls when x grows. So sigmoid(x) - t is negative.",
            bce(backward=lambda self, gy, y, x: gy * (self.t - Sigmoid()(x))),
        ),
        Mistake(
            "Your gradient does not use the label.",
            "sigmoid(x) is the derivative of log(1 + eˣ). The term -x t adds -t.",
            bce(backward=lambda self, gy, y, x: gy * Sigmoid()(x)),
        ),
        Mistake(
            "Your gradient does not use gy.",
            "sigmoid(x) - t is the slope of the loss alone. The chain rule multiplies it by gy.",
            bce(backward=lambda self, gy, y, x: Sigmoid()(x) - self.t),
        ),
        Mistake(
            "Your gradient has the slope of the sigmoid as a factor.",
            "That is the rule of (p - t)²/2. In the cross-entropy, the factor p (1 - p) cancels. "
            "This is the reason why it learns also where D is sure and wrong.",
            bce(backward=lambda self, gy, y, x: gy * slope_of_square(x, self.t)),
        ),
        Mistake(
            "Your gradient is divided by the number of elements.",
            "The mean is an operation of its own. It has divided gy already.",
            bce(backward=lambda self, gy, y, x: gy * (Sigmoid()(x) - self.t) / x.size),
        ),
        Mistake(
            "Your gradient is divided by len(x), the number of rows.",
            "The mean is an operation of its own. It has divided gy already.",
            bce(backward=lambda self, gy, y, x: gy * (Sigmoid()(x) - self.t) / len(x)),
        ),
        Mistake(
            "Your gradient takes the loss y for the probability.",
            "y is the result of forward, the loss. The probability is sigmoid(x).",
            bce(backward=lambda self, gy, y, x: gy * (y - self.t)),
        ),
        Mistake(
            "Your gradient takes the sigmoid of the loss y.",
            "y is the result of forward, the loss. The logit is x.",
            bce(backward=lambda self, gy, y, x: gy * (Sigmoid()(y) - self.t)),
        ),
        Mistake(
            "Your gradient subtracts the label before the sigmoid.",
            "It is sigmoid(x) - t: the probability minus the label.",
            bce(backward=lambda self, gy, y, x: gy * Sigmoid()(x - self.t)),
        ),
        Mistake(
            "Your gradient is multiplied by x.",
            "sigmoid(x) - t is the slope already. The factor x belongs to the weight of a layer "
            "before it.",
            bce(backward=lambda self, gy, y, x: gy * x * (Sigmoid()(x) - self.t)),
        ),
        Mistake(
            "Your rule is right to first order, and its own derivative is wrong.",
            "It takes the array out of the Tensor x. Sigmoid()(x) takes the Tensor itself.",
            bce(backward=lambda self, gy, y, x: gy * (Sigmoid()(as_array(x)) - self.t)),
        ),
    ],
    guess=-0.5,
    why_guess="sigmoid(0) - 1. A step against the gradient makes x larger: more real.",
    shown="Shown: the value, and "
    + ORDERS
    + ", agree with minigan on {n} inputs of {shapes} shapes, also for x = ±1000.",
    fact="This gradient is never flat where D is wrong: for a real sample it is near -1 if D says "
    "0. A squared error would give it nearly 0 there.",
    hints=(
        "What do max(x, 0) and e^-|x| give for x = 1000 and for x = -1000?",
        "forward: np.maximum(x, 0) - x * self.t + np.log1p(...). "
        "backward: the slope sigmoid(x) - t, and the chain rule.",
        "np.log1p(np.exp(-np.abs(x))), and gy * (Sigmoid()(x) - ...)",
    ),
    where=("minigan.losses.BinaryCrossEntropyWithLogits",),
    page="docs/questions.md#log1--d-or-log-d-where-is-bce-in-it",
    off=("minigan.losses.BinaryCrossEntropyWithLogits", "minigan.losses.BinaryCrossEntropy"),
    place=put_bce,
)


def slope_of_square(x, t):
    p = Sigmoid()(x)
    return (p - t) * (p * (1 - p))


EXERCISES = [POWER, TANH, UNBROADCAST, MEAN, LINEAR, BCE_LOGITS]
