"""Explain an error that a learner's lines raised, in a sentence or two.

Python's message says what is wrong for Python: "Sigmoid() takes no arguments". A learner needs to
know what is meant instead: Sigmoid()(x). One table holds the usual errors. The first row that fits
gives the sentence. An error that fits no row is shown without one.
"""

import difflib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigan.op import Op
from minigan.optim import Optimizer
from minigan.tensor import Tensor


@dataclass
class Place:
    """Where an error was raised: the last of the learner's lines.

    called: what the check had called. line: the text of the line. own: the names in the function,
    {name: value}. above: the names in the file.
    """

    called: str = ""
    line: str = ""
    own: dict[str, Any] = field(default_factory=dict)
    above: dict[str, Any] = field(default_factory=dict)

    def value(self, name):
        return self.own.get(name, self.above.get(name))


@dataclass
class Usual:
    """A usual error.

    error: its type. message, line: regular expressions for its message, and for the learner's line.
    when: a further condition, when(place, *groups), with the groups that `message` has found. It
    returns whether it holds, or a dict of fields for the sentence.
    says: the sentence. "{0}" stands for the first group.
    """

    error: type | tuple[type, ...]
    message: str
    says: str
    line: str = ""
    when: Callable | None = None


def explain(error, place):
    """The sentence about an error, or "" if it fits no row of USUAL."""
    for usual in USUAL:
        found = re.search(usual.message, str(error))
        if not (isinstance(error, usual.error) and found and re.search(usual.line, place.line)):
            continue
        fields = usual.when(place, *found.groups()) if usual.when else True
        if fields:
            return usual.says.format(*found.groups(), **(fields if fields is not True else {}))
    return ""


def is_attribute_of_self(place, name):
    return "self" in place.own and hasattr(place.own["self"], name)


def is_argument(place, name):
    return name in place.own


def is_operation(place, name):
    kind = place.value(name)
    if not (isinstance(kind, type) and issubclass(kind, Op)):
        return False
    return {"settings": "" if kind.__init__ is object.__init__ else "..."}


def owner_of_method(place, name):
    """What a method belongs to that was called as a function, such as norm(g)."""
    if is_rule(place) and not hasattr(np.ndarray, name):
        return False
    for owner, kind in ("opt", Optimizer), ("loss" if name == "backward" else "x", Tensor):
        if inspect.isfunction(getattr(kind, name, None)):
            return {"owner": owner}
    return False


def near_name(place, name):
    names = [n for n in (*place.own, *place.above) if not n.startswith("__")]
    near = difflib.get_close_matches(name, names, 1, 0.7) if len(name) > 3 else []
    near += [n for n in names if n.lower() == name.lower()]
    return bool(near) and {"near": near[0]}


def is_function_of_numpy(place, name):
    return "np" in place.above and hasattr(np, name) and not is_rule(place)


def is_method_of_tensor_in_rule(place, name):
    return is_rule(place) and hasattr(Tensor, name)


def names_in_sight(place, name):
    return {"names": ", ".join(place.own) or "none"}


def near_method_of_tensor(place, name):
    found = difflib.get_close_matches(name, dir(Tensor), 1, 0.75)
    return bool(found) and {"near": found[0]}


def is_rule(place, *groups):
    return ".backward" in place.called


def uses_grad(place, *groups):
    """Whether a tuple in sight came from `grad`."""
    return "grad" in place.above and any(
        isinstance(value, tuple) and value and isinstance(value[0], Tensor)
        for value in place.own.values()
    )


RULE = (
    "NumPy's functions do not take Tensors, and arrays have no method tanh or exp. A rule is "
    "called with both. So it uses operators, y, methods such as x.sum(), and minigan's operations, "
    "such as Sigmoid()(x)."
)
TUPLE = (
    "grad returns a tuple, with one gradient for each input that it was given. Take the gradient "
    "out of it: (g,) = grad(...)."
)
COMMA = "Somewhere there is a tuple: values with a comma between them. Is there a comma too many?"
CALL = "This line names a method and does not call it. Is there a `()` missing, as in x.sum()?"
APPLY = "{0} is a class of operations. Make one, and then apply it: {0}({settings})(x)."
BROADCAST = "BroadcastTo gets a shape first, and then the array: BroadcastTo(x.shape)(a)."
NODE = "A Node and a number do not mix. x.value is the number of the Node x."
NETWORK = "This line uses a network in place of its output. Apply it to samples, as in D(x)."
PLAYERS = (
    "zero_grad and step belong to the optimizer, backward belongs to the loss, and detach belongs "
    "to what a network gives: G(z).detach()."
)
BCE = "bce needs two things: D's logits, and the label, as in bce(D(x), 1.0)."
TRUTH = "`if`, `and` and `or` need one answer, and here each element gives one. "
NO_CALL = (
    "This line calls something that is not a function. x.shape, x.size, x.T, x.value and "
    "x.generation have no brackets behind them. A product needs its `*`: a * (b + c)."
)
MATRIX = (
    "@ is the product of matrices: in (N, O) @ (O, I) the inner lengths must be equal. For a "
    "product of each element, write *."
)
SHAPES = (
    "Shapes are compared from their last axis. A number for each row needs the shape (N, 1): "
    "a[:, None]. For a matrix product, write @."
)
ONE_NUMBER = (
    "float() and the functions of the module math take one number, and here are several. Use "
    "operators, or NumPy's functions where there are arrays only."
)
LIST = "A list is no array, and axes are a tuple: write tuple(...), or np.array(...) for numbers."
NONE = (
    "A value is None here. A function that returns nothing gives None, such as loss.backward() or "
    "a.append(b). dict.get gives None if there is no such key: sums.get(x, 0.0) gives 0.0."
)
KEY = (
    "The dict has no such key. (The keys of `sums` are Nodes.) sums.get(x, 0.0) gives 0.0 for a "
    "key that is not there."
)
RULE_OF_NODE = (
    "A rule is called with the gradient first, and then with each input on its own. So it is made "
    "as `lambda g, a: ...`, and called as node.rule(g, *[...])."
)

USUAL = [
    Usual(Exception, r"'ellipsis'", "The line still has `...`: write your answer in its place."),
    # names
    Usual(
        UnboundLocalError,
        r"variable '(\w+)'",
        "This line uses {0} before a line of this function has given it a value.",
    ),
    Usual(
        NameError,
        r"name '(\w+)' is not defined",
        "{0} belongs to self. Write self.{0}.",
        when=is_attribute_of_self,
    ),
    Usual(
        NameError,
        r"name 'np' is not defined",
        "This file does not import NumPy, and you do not need it: a rule uses operators, methods "
        "such as x.sum(), and minigan's operations.",
        when=is_rule,
    ),
    Usual(NameError, r"name 'np' is not defined", "Write `import numpy as np` above."),
    Usual(
        NameError,
        r"name 'math' is not defined",
        "math takes single numbers, and x holds many. Use operators and methods.",
    ),
    Usual(
        NameError,
        r"name '(\w+)' is not defined",
        "{0} is a function of NumPy: np.{0}.",
        when=is_function_of_numpy,
    ),
    Usual(
        NameError,
        r"name '(\w+)' is not defined",
        "{0} is a method. Write it behind what it belongs to: {owner}.{0}(...).",
        when=owner_of_method,
    ),
    Usual(NameError, r"name '(\w+)' is not defined", "Do you mean {near}?", when=near_name),
    Usual(NameError, r"name '(\w+)' is not defined", RULE, when=is_method_of_tensor_in_rule),
    Usual(
        NameError,
        r"name '(\w+)' is not defined",
        "A name comes from an argument, from a line before or from an import. In this function "
        "there are: {names}.",
        when=names_in_sight,
    ),
    # operations
    Usual(
        (TypeError, ValueError),
        r"BroadcastTo|as an integer|truth value|axis remapping|broadcast shape",
        BROADCAST,
        line=r"\bBroadcastTo\b",
    ),
    Usual(
        TypeError,
        r"(\w+)(?:\.__init__)?\(\) takes (?:no arguments|\d+ positional arguments? but)",
        APPLY,
        when=is_operation,
    ),
    Usual(
        TypeError,
        r"(\w+)\.forward\(\) missing",
        APPLY,
        when=is_operation,
    ),
    Usual(TypeError, r"for .*: (?:.* and )?'(\w+)'", APPLY, when=is_operation),
    Usual(TypeError, r"for .*: '(\w+)' and", APPLY, when=is_operation),
    Usual(
        TypeError,
        r"\.elementwise\.(\w+) gives an array of object",
        APPLY,
        when=is_operation,
    ),
    Usual(
        TypeError,
        r"for .*'type'|type gives an array of object",
        "This line uses a class. Make an operation of it, and apply the operation: Sigmoid()(x).",
    ),
    # nodes
    Usual(
        TypeError,
        r"not supported between instances of 'Node'",
        "Nodes have no order. Say what is compared: key=lambda node: node.generation.",
    ),
    Usual(TypeError, r"<lambda>\(\) (?:missing|takes)", RULE_OF_NODE),
    Usual(
        TypeError,
        r"'NoneType' object is not callable",
        "This is None, as node.rule is for a leaf. A leaf must not come to this line.",
    ),
    Usual(
        TypeError,
        r"'\w+' object is not iterable",
        "This line needs several things and gets one. A tuple of one has a comma: (g,). A list "
        "gets one more thing by append.",
    ),
    Usual(
        AttributeError,
        r"'Node' (?:object )?has no attribute",
        "A Node has value, inputs, rule and generation, and the operators + and *.",
    ),
    Usual((TypeError, AttributeError), r"'Node'|not Node|'float' object has no attribute", NODE),
    Usual(
        AttributeError,
        r"'dict' object has no attribute '(?:append|add)'",
        "A dict gets an entry as in found[node] = g.",
    ),
    Usual(TypeError, r"pop expected", "A dict has no order. Say what you take: sums.pop(node)."),
    Usual(TypeError, r"can only concatenate list", "A list gets one more thing by append."),
    Usual(
        TypeError,
        r"unhashable type: '([\w.]+)'",
        "A {0} cannot be a key of a dict, or the input of grad. Keys are Nodes or Tensors.",
    ),
    Usual(
        RuntimeError,
        r"dictionary (?:keys )?changed",
        "The loop goes through the dict, and changes it. Write `while sums:`, and take out one "
        "entry at a time.",
    ),
    Usual(KeyError, "", KEY),
    Usual(
        ValueError,
        r"not in list",
        "The list does not hold this. waiting.remove(node) needs a node that is still in it.",
    ),
    Usual(
        RecursionError,
        "",
        "A function calls itself without end. Does it ask for its own result, as in "
        "self.forward(x) within forward?",
    ),
    # methods and functions
    Usual(TypeError, r"'method'|\bmethod gives|'builtin_function_or_method'|type method", CALL),
    Usual(AttributeError, r"'(?:method|function|builtin_function_or_method)' object", CALL),
    Usual(TypeError, r"object is not callable", NO_CALL),
    Usual(
        AttributeError,
        r"module 'numpy' has no attribute '(\w+)'",
        "NumPy has no function {0}. The sigmoid is 1 / (1 + np.exp(-x)), and in a rule "
        "Sigmoid()(x).",
    ),
    Usual(TypeError, r"only .* arrays can be converted|element", ONE_NUMBER, line=r"float|math\."),
    Usual(ValueError, r"exactly one element", ONE_NUMBER, line=r"float|math\."),
    Usual(TypeError, r"Tensor", RULE, line=r"\bnp\.", when=is_rule),
    Usual(TypeError, r"does not record operations on a Tensor", RULE, when=is_rule),
    Usual(AttributeError, r"'numpy\.ndarray' object has no attribute '\w+'", RULE, when=is_rule),
    Usual(
        AttributeError,
        r"'numpy\.ndarray' object has no attribute '(\w+)'",
        "This is an array and no Tensor, so it has no method {0}. NumPy's functions take arrays, "
        "as in np.exp(x). x.data and x.numpy() take the array out of a Tensor.",
    ),
    # several answers where one is needed
    Usual(
        ValueError,
        r"truth value",
        "max and min compare whole arrays. For each element, forward uses np.maximum(x, 0).",
        line=r"(?<![.\w])(?:max|min|sorted)\(",
    ),
    Usual(
        ValueError,
        r"truth value|exactly one element",
        TRUTH + "Write a formula that holds for all elements. forward may use np.where.",
    ),
    Usual(
        TypeError,
        r"'bitwise_xor'|for \^",
        "In Python, ^ is no power. Write x**2.",
    ),
    Usual(ValueError, r"matmul|not aligned", MATRIX),
    Usual(ValueError, r"could not be broadcast", SHAPES),
    Usual(
        ValueError,
        r"cannot reshape array of size (\d+) into shape",
        "A reshape keeps the number of elements. Here are {0} of them, which do not fit: too many "
        "axes were summed before, or too few.",
    ),
    Usual(
        (ValueError, IndexError),
        r"axis (-?\d+) is out of bounds for array of dimension (\d+)",
        "There is no axis {0} in an array of dimension {1}. Axes are counted from 0.",
    ),
    Usual(TypeError, r"memoryview", "x.data is no array here. Use x itself, without .data."),
    # tuples, lists and None
    Usual((TypeError, AttributeError), r"'tuple'|a list contains a minigan", TUPLE, when=uses_grad),
    Usual((TypeError, AttributeError), r"'tuple'", COMMA),
    Usual((TypeError, AttributeError), r"'list'", LIST),
    Usual(
        (TypeError, AttributeError), r"NoneType' (?!object is not call)|'NoneType'$|not None", NONE
    ),
    Usual(ValueError, r"values to unpack", TUPLE, line=r"\bgrad\("),
    Usual(
        ValueError,
        r"values to unpack",
        "Left of the = there are more or fewer names than values on the right.",
    ),
    # players
    Usual(AttributeError, r"\w+ has no attribute 'op'", NETWORK),
    Usual(AttributeError, r"\w+ has no attribute '(?:detach|step|backward)'", PLAYERS),
    Usual(AttributeError, r"a Tensor has no attribute '(?:zero_grad|step)'", PLAYERS),
    Usual(
        AttributeError,
        r"a Tensor has no attribute '(\w+)'",
        "Do you mean {near}?",
        when=near_method_of_tensor,
    ),
    Usual(TypeError, r"nn\.\S+ gives an array of object", NETWORK),
    Usual(TypeError, r"binary_cross_entropy_with_logits\(\)", BCE),
    Usual(TypeError, r"step\(\) takes 1 positional", "opt.step() has no arguments."),
    Usual(
        RuntimeError,
        r"has no graph",
        "No weight is behind this loss, so there is nothing to learn. Is a network missing, as in "
        "bce(D(x), 1.0)? Or is D's output detached?",
    ),
    Usual(
        RuntimeError,
        r"do not depend on input",
        "grad(y, x) takes what is differentiated first. y must be computed from this x, and not "
        "from a detached copy.",
    ),
    Usual(
        RuntimeError,
        r"was changed after",
        "The order is zero_grad, backward, step. backward needs the weights with which the loss "
        "was computed.",
    ),
    Usual(
        AttributeError,
        r"'(\w+)' object has no attribute '(\w+)'",
        "{1} is an argument of this function. Write {1} without self.",
        line=r"\bself\.",
        when=lambda place, kind, name: is_argument(place, name),
    ),
    Usual(
        AttributeError,
        r"'(\w+)' object has no attribute '(\w+)'",
        "Nothing has given self.{1} a value.",
        line=r"\bself\.",
    ),
]
