"""An error in a learner's lines is explained in a sentence. Each row of the table is seen here."""

import json
import re

import pytest

from minigan.exercises import child, explain
from minigan.exercises.table import find

TANH = "gy * (1 - y * y)"
MEAN = "BroadcastTo(x.shape)(gy / x.size)"
FORWARD = "np.maximum(x, 0) - x * self.t + np.log1p(np.exp(-np.abs(x)))"
BACKWARD = "gy * (Sigmoid()(x) - self.t)"
AXES = "axes = (*range(new), *stretched)"
CHOICE = "max(sums, key=lambda node: node.generation)"
GXS = "gxs = node.rule(g, *[x.value for x in node.inputs])"
SUM = "sums[x] = sums[x] + gx if x in sums else gx"
FAKE = "G(z).detach()"
LOSS = "bce(D(real), 1.0) + bce(D(fake), 0.0)"
STEP = "    opt_D.zero_grad()\n    loss.backward()\n    opt_D.step()\n"
GRAD = "(g,) = grad(f(x_hat).sum(), x_hat, create_graph=True)"
NORM = "g.norm(axis=1)"

RULE = "A rule is called with both. So it uses operators"
APPLY = "Sigmoid is a class of operations. Make one, and then apply it: Sigmoid()(x)."
BROADCAST = "BroadcastTo gets a shape first, and then the array: BroadcastTo(x.shape)(a)."
CALL = "Is there a `()` missing, as in x.sum()?"
NODE = "A Node and a number do not mix. x.value is the number of the Node x."
LAMBDA = "A rule is called with the gradient first, and then with each input on its own."
KEY = "The dict has no such key."
TUPLE = "Take the gradient out of it: (g,) = grad(...)."
PLAYERS = "detach belongs to what a network gives"
NETWORK = "This line uses a network in place of its output."
BCE = "bce needs two things: D's logits, and the label"
NONE = "A value is None here."
NOT_CALLED = "This line calls something that is not a function."
LIST = "A list is no array"
NAMES = "In this function there are: self, gy, y, x."

CASES = [  # the exercise, a line of its solution, what a learner writes, words of the explanation
    ("tanh", TANH, "gy * ...", "The line still has `...`"),
    ("tanh", TANH, "gy * (1 - forward(x) ** 2)", "forward belongs to self. Write self.forward."),
    ("bce_logits", FORWARD, "np.maximum(x, 0) - x * t", "t belongs to self. Write self.t."),
    ("bce_logits", BACKWARD, "gy * (Sigmoid()(x) - t)", "t belongs to self. Write self.t."),
    ("power", "self.n * x", "n * x", "n belongs to self. Write self.n."),
    ("walk", CHOICE, "max(sums, key=node.generation)", "This line uses node before a line"),
    ("mean", MEAN, "np.full(x.shape, gy / x.size)", "does not import NumPy, and you do not need"),
    ("step_d", LOSS, "np.log(D(real))", "Write `import numpy as np` above."),
    ("tanh", TANH, "gy * (1 - math.tanh(x))", "math takes single numbers"),
    ("penalty", NORM, "norm(g)", "norm is a method. Write it behind what it belongs to: x.norm("),
    ("step_d", STEP, "    backward(loss)\n", "loss.backward(...)"),
    ("step_d", STEP, "    zero_grad()\n", "opt.zero_grad(...)"),
    ("tanh", TANH, "gy * (1 - Y * Y)", "Do you mean y?"),
    ("step_d", STEP, "    optD.step()\n", "Do you mean opt_D?"),
    ("bce_logits", BACKWARD, "gy * (sigmoid(x) - self.t)", "Do you mean Sigmoid?"),
    ("tanh", TANH, "gy * (1 - tanh(x) ** 2)", "Do you mean Tanh?"),
    ("bce_logits", FORWARD, "maximum(x, 0)", "maximum is a function of NumPy: np.maximum."),
    ("tanh", TANH, "sqrt(gy)", RULE),
    ("tanh", TANH, "gx", NAMES),
    ("mean", MEAN, "gy / n", NAMES),
    ("mean", MEAN, "BroadcastTo(x)(gy / x.size)", BROADCAST),
    ("mean", MEAN, "BroadcastTo(x.shape, gy)", BROADCAST),
    ("mean", MEAN, "BroadcastTo()(x)", BROADCAST),
    ("mean", MEAN, "BroadcastTo(gy)(x.shape)", BROADCAST),
    ("bce_logits", BACKWARD, "gy * (Sigmoid(x) - self.t)", APPLY),
    ("bce_logits", BACKWARD, "gy * (Sigmoid.forward(x) - self.t)", APPLY),
    ("bce_logits", BACKWARD, "gy * Sigmoid()", APPLY),
    ("bce_logits", BACKWARD, "gy * (Sigmoid() - self.t)", APPLY),
    ("bce_logits", BACKWARD, "gy * 0 + Tensor(gy) * Sigmoid()", APPLY),
    ("bce_logits", BACKWARD, "gy * (Sigmoid - self.t)", "This line uses a class."),
    ("tanh", TANH, "gy * (1 - Tanh(x) ** 2)", APPLY.replace("Sigmoid", "Tanh")),
    ("step_d", FAKE, "G(z).detach", CALL),
    ("penalty", "f(x_hat).sum()", "f(x_hat).sum", CALL),
    ("tanh", TANH, "gy - y.sum", CALL),
    ("tanh", TANH, "gy(1 - y * y)", NOT_CALLED),
    ("mean", MEAN, "gy / x.size()", NOT_CALLED),
    ("walk", CHOICE, "max(sums, key=lambda n: n.generation())", NOT_CALLED),
    ("bce_logits", BACKWARD, "gy * np.sigmoid(x)", "NumPy has no function sigmoid."),
    ("tanh", TANH, "float(gy) * (1 - y * y)", "math take one number, and here are several."),
    ("tanh", TANH, "gy * 0 + float(Tensor(y))", "math take one number, and here are several."),
    ("tanh", TANH, "gy * (1 - np.tanh(x) ** 2)", RULE),
    ("tanh", TANH, "gy * (1 - self.forward(x) ** 2)", RULE),
    ("tanh", TANH, "gy * (1 - y.tanh() ** 2)", RULE),
    (
        "bce_logits",
        FORWARD,
        "x.relu()",
        "This is an array and no Tensor, so it has no method relu.",
    ),
    ("penalty", NORM, "g.data.norm(axis=1)", "so it has no method norm."),
    (
        "bce_logits",
        FORWARD,
        FORWARD.replace("np.maximum", "max"),
        "For each element, forward uses np.maximum(x, 0).",
    ),
    ("tanh", TANH, "gy * max(y, 0)", "max and min compare whole arrays."),
    ("tanh", TANH, "gy if y > 0 else 0 * gy", "`if`, `and` and `or` need one answer"),
    ("tanh", TANH, "gy * (1 - y ^ 2)", "In Python, ^ is no power. Write x**2."),
    ("tanh", TANH, "gy @ y", "@ is the product of matrices"),
    ("linear", "gW = gy.T @ x", "gW = gy @ x", "@ is the product of matrices"),
    (
        "linear",
        "gx = gy @ W",
        "gx = gy * W",
        "A number for each row needs the shape (N, 1): a[:, None]",
    ),
    (
        "unbroadcast",
        AXES,
        "axes = ()",
        "A reshape keeps the number of elements. Here are 2 of them",
    ),
    ("unbroadcast", AXES, "axes = g.ndim", "There is no axis 1 in an array of dimension 1."),
    ("tanh", TANH, "gy * (1 - y.data * y.data)", "Use x itself, without .data."),
    ("penalty", GRAD, GRAD.replace("(g,)", "g"), TUPLE),
    ("penalty", GRAD, GRAD.replace("x_hat,", "f.parameters(),"), TUPLE),
    ("step_d", LOSS, "bce(D(real), 1.0), bce(D(fake), 0.0)", "Is there a comma too many?"),
    ("unbroadcast", AXES, "axes = stretched", LIST),
    ("tanh", TANH, "[a * (1 - b * b) for a, b in zip(gy, y)]", LIST),
    ("walk", SUM, "sums[x] = sums.get(x) + gx", NONE),
    ("penalty", GRAD, "g = f(x_hat).sum().backward()", NONE),
    (
        "w1",
        "return cost.mean()",
        "a, b, c = cost[:1]\n    return a",
        "there are more or fewer names",
    ),
    ("walk", CHOICE, "max(sums)", "Nodes have no order."),
    ("order", "max(waiting, key=lambda node: node.generation)", "max(waiting)", "have no order."),
    ("walk", GXS, "gxs = node.rule(g, *node.inputs)", NODE),
    ("walk", SUM, "sums[x] = sums.get(x, 0) + gx * x", NODE),
    ("second_order", "g * exp(a),", "g * math.exp(a),", NODE),
    ("walk", GXS, "gxs = node.rule(g, node.inputs)", LAMBDA),
    ("second_order", "lambda g, a: (g * exp(a),)", "lambda g: (g * exp(x),)", LAMBDA),
    ("walk", "            continue\n", "", "This is None, as node.rule is for a leaf."),
    ("order", "found.append(node)", "found += node", "A list gets one more thing by append."),
    ("second_order", "(g * exp(a),)", "g * exp(a)", "A tuple of one has a comma: (g,)."),
    ("walk", GXS, "gxs = [x.grad for x in node.inputs]", "A Node has value, inputs, rule and"),
    ("walk", "found[node] = g", "found.append(g)", "A dict gets an entry as in found[node] = g."),
    ("walk", CHOICE, "sums.pop()", "Say what you take: sums.pop(node)."),
    ("order", "waiting.append(x)", "waiting = waiting + x", "A list gets one more thing by append"),
    ("walk", CHOICE, "[*sums]", "A list cannot be a key of a dict"),
    ("penalty", GRAD, GRAD.replace("x_hat,", "x_hat.data,"), "A numpy.ndarray cannot be a key"),
    ("walk", "while sums:", "for node in sums:", "Write `while sums:`"),
    ("walk", SUM, "sums[x] += gx", KEY),
    ("walk", CHOICE, "sums[0]", KEY),
    ("order", "waiting.remove(node)", "waiting.remove(y)", "The list does not hold this."),
    ("tanh", TANH, "self.backward(gy, y, x)", "A function calls itself without end."),
    ("penalty", GRAD, GRAD.replace("f(x_hat).sum()", "f"), NETWORK),
    ("step_d", LOSS, "bce(D, 1.0)", NETWORK),
    ("step_d", FAKE, "G", NETWORK),
    ("step_d", FAKE, "G.detach()", PLAYERS),
    ("step_d", STEP, "    opt_D.backward()\n", PLAYERS),
    ("step_g", "opt_G.zero_grad()", "loss.zero_grad()", PLAYERS),
    ("step_d", STEP, "    loss.backwards()\n", "Do you mean backward?"),
    ("step_d", LOSS, "bce(D(real)) + bce(D(fake))", BCE),
    ("step_g", "bce(D(G(z)), 1.0)", "bce(D, G(z), 1.0)", BCE),
    ("step_d", STEP, "    opt_D.step(loss)\n", "opt.step() has no arguments."),
    ("step_d", LOSS, "bce(real, 1.0) + bce(fake, 0.0)", "No weight is behind this loss"),
    ("penalty", "f(x_hat)", "f(x_hat.detach())", "grad(y, x) takes what is differentiated first."),
    (
        "step_d",
        STEP,
        "    opt_D.step()\n    loss.backward()\n",
        "The order is zero_grad, backward, ",
    ),
    ("tanh", TANH, "gy * (1 - self.y**2)", "y is an argument of this function. Write y without"),
    ("mean", MEAN, "gy / self.n", "Nothing has given self.n a value."),
]


@pytest.fixture
def told(tmp_path):
    """What a check says about the solution with another line, in one line."""

    def told(name, line, wrong):
        _, _, code = find(name).solution.split('"""', 2)
        assert line in code, line
        path = tmp_path / "answer.py"
        path.write_text("from minigan import Tensor\n" + code.replace(line, wrong, 1), "utf-8")
        child.main(name, str(path), str(tmp_path / "result"))
        solved, told = json.loads((tmp_path / "result").read_text("utf-8"))
        assert not solved, wrong
        return " ".join(told.split())

    return told


def test_each_usual_error_is_explained_and_each_row_explains_one(told):
    texts = []
    for name, line, wrong, words in CASES:
        texts.append(told(name, line, wrong))
        assert words in texts[-1], f"{name}: {wrong}\n{texts[-1]}"
    for usual in explain.USUAL:
        sentence = re.sub(r"\\\{\w+\\\}", ".*", re.escape(" ".join(usual.says.split())))
        assert any(re.search(sentence, text) for text in texts), usual


@pytest.mark.parametrize("error", [ValueError("of the learner's own"), OSError("no file")])
def test_an_error_that_no_row_knows_has_no_sentence(error):
    assert explain.explain(error, explain.Place("Tanh().backward(gy, y, x)", "raise")) == ""


def test_the_message_of_the_error_stays_and_a_long_way_to_it_is_cut(told):
    text = told("tanh", TANH, "self.backward(gy, y, x)")
    assert text.count("in backward") == 6
    assert "... line" in text and "RecursionError: maximum recursion depth exceeded" in text
