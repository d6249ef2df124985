"""Functions that select elements, each followed by a function with an infinite gradient at 0.

`cases` builds them with the functions of a library. So minigan and PyTorch compute the same.
"""

from cases import with_names

from minigan.ops.arithmetic import Pow
from minigan.ops.elementwise import LeakyReLU, Maximum
from minigan.ops.shape import Concatenate, GetItem

X = {"clip": [-1.0, 0.25, 2.0]}  # where each is computed; else at -1, 0 and 1
# Words of the names below, and the operations that compute them.
OPERATIONS = {
    "minimum": Maximum,
    "leaky_relu": LeakyReLU,
    "[": GetItem,
    "stack": Concatenate,
    "**": Pow,
}
DIRECTION = [1.0, 2.0, 3.0]  # the second order is that of the gradient times this

INNER = {
    "relu(x)": lambda f, x: f.relu(x),
    "maximum(x, 0)": lambda f, x: f.maximum(x, f.number(0.0)),
    "maximum(0, x)": lambda f, x: f.maximum(f.number(0.0), x),
    "maximum(x, -x)": lambda f, x: f.maximum(x, -x),
    "maximum(x, x * x)": lambda f, x: f.maximum(x, x * x),
    "minimum(x, 0) + 1": lambda f, x: f.minimum(x, f.number(0.0)) + 1.0,
    "1 - minimum(x, 1)": lambda f, x: 1.0 - f.minimum(x, f.number(1.0)),
    "where(x > 0, x, 0)": lambda f, x: f.where(x > 0, x, 0.0),
    "where(x >= 0, x, 1)": lambda f, x: f.where(x >= 0, x, 1.0),
    "where(x < 0, 1, x)": lambda f, x: f.where(x < 0, 1.0, x),
    "where(x > 0, x, x * x)": lambda f, x: f.where(x > 0, x, x * x),
    "clip(x, 0, 1)": lambda f, x: f.clip(x, 0.0, 1.0),
    "clip(x, 0, None)": lambda f, x: f.clip(x, 0.0, None),
    "1 - clip(x, None, 1)": lambda f, x: 1.0 - f.clip(x, None, 1.0),
    "leaky_relu(x, 0.2)": lambda f, x: f.leaky_relu(x, 0.2),
    "leaky_relu(x, 0)": lambda f, x: f.leaky_relu(x, 0.0),
    "x[1:]": lambda f, x: x[1:],
    "stack(x, x * x)[1]": lambda f, x: f.stack([x, x * x])[1],
    "concatenate(x, x)[:4]": lambda f, x: f.concatenate([x, x])[:4],
    "abs(x)": lambda f, x: abs(x),
    "relu(relu(x))": lambda f, x: f.relu(f.relu(x)),
    "maximum(relu(x), where(x > 0, x, 0))": lambda f, x: f.maximum(
        f.relu(x), f.where(x > 0, x, 0.0)
    ),
}

OUTER = {
    "log": lambda y: y.log(),
    "sqrt": lambda y: y.sqrt(),
    "** 0.5": lambda y: y**0.5,
    "** -1": lambda y: y**-1.0,
    "** 1.5": lambda y: y**1.5,
    "sqrt of ** 0 - 1": lambda y: (y**0.0 - 1.0).sqrt(),
}


def with_operations(name):
    """The name of a case, and the names of the operations that it does not have."""
    return with_names(name, [op for word, op in OPERATIONS.items() if word in name])


def cases():
    """(name, function of (library, x), the numbers in x) for each pair of the two."""
    for inner, f in INNER.items():
        x = X["clip"] if "clip" in inner else [-1.0, 0.0, 1.0]
        for outer, g in OUTER.items():
            yield f"{inner}, {outer}", lambda lib, x, f=f, g=g: g(f(lib, x)), x
