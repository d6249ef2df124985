"""Chapter 2: the walk from a result back to the leaves, on Nodes in place of Tensors."""

import math

import numpy as np

from minigan.exercises.exercise import Exercise, Mistake, Seen, must
from minigan.exercises.node import Node

GRAPHS = [  # the leaves, and how the other nodes are computed
    ("a", "y = a * a"),
    ("a b", "c = a + b; y = c * c"),
    ("a b", "c = a * b; y = c + a"),
    ("a b", "c = a * b; y = a * c"),
    ("a b", "c = a * a; d = c * b; y = d + c"),
    ("a b", "c = a + a; d = c * b; e = c * d; y = d + e"),
    ("a b", "c = b * a; d = c + a; e = c * d; y = e * c"),
    ("a b", "c = a + a; d = b * c; e = c * d; y = e + d"),
    ("a b", "c = a * b; d = a + a; e = d + c; f = e * e; y = c * f"),
    ("a b", "c = b * b; d = a + b; e = d * c; f = a * e; y = f + b"),
]


def draw(rng, leaves, low, high):
    """A number for each leaf: {name: number}"""
    sizes = {leaf: rng.uniform(low, high) for leaf in leaves.split()}
    return {leaf: float(round(size * rng.choice([-1, 1]), 2)) for leaf, size in sizes.items()}


def graph_inputs(rng):
    """The nodes of each graph by name: numbers for the leaves, and texts such as "a * b"."""
    for leaves, lines in GRAPHS:
        nodes = dict(line.split(" = ") for line in lines.split("; "))
        yield draw(rng, leaves, 0.5, 2.0) | nodes


def build(inputs, leaf=Node, **functions):
    """The Nodes of such an input: {name: Node}. leaf: makes a leaf of a number."""
    nodes = {}
    for name, value in inputs.items():
        nodes[name] = eval(value, functions, nodes) if isinstance(value, str) else leaf(value)
    return nodes


def leaves_of(nodes):
    return [name for name, node in nodes.items() if not node.inputs]


def leaf_gradients(nodes, found):
    """What is compared of {leaf: gradient}: one array for all leaves."""
    names = leaves_of(nodes)
    note = ""
    if any(nodes[name] not in found for name in names):
        note = "nan stands for a leaf without a gradient. The keys of the dict are Nodes."
    values = [found.get(nodes[name], np.nan) for name in names]
    return Seen(gradients_of(names), values, note, rows=(*names,))


def gradients_of(names):
    one = len(names) == 1
    return f"the gradient of {names[0]}" if one else f"the list of the gradients of {listed(names)}"


def listed(names):
    return " and ".join(names)


def largest(nodes):
    return max(nodes, key=lambda node: node.generation)


def smallest(nodes):
    return min(nodes, key=lambda node: node.generation)


def oldest(nodes):
    return next(iter(nodes))


def newest(nodes):
    return list(nodes)[-1]


def call_rule(g, node):
    return node.rule(g, *[x.value for x in node.inputs])


# 2.1 used_twice


def add(sums, inputs, gxs):
    for x, gx in zip(inputs, gxs, strict=True):
        sums[x] = sums[x] + gx if x in sums else gx


def overwrite(sums, inputs, gxs):
    sums.update(zip(inputs, gxs, strict=True))


def keep_first(sums, inputs, gxs):
    for x, gx in zip(inputs, gxs, strict=True):
        sums.setdefault(x, gx)


def multiply(sums, inputs, gxs):
    for x, gx in zip(inputs, gxs, strict=True):
        sums[x] = sums.get(x, 1.0) * gx


def once_for_each_call(sums, inputs, gxs):
    for x, gx in dict(zip(inputs, gxs, strict=True)).items():
        sums[x] = sums.get(x, 0.0) + gx


def mean_of_two(sums, inputs, gxs):
    for x, gx in zip(inputs, gxs, strict=True):
        sums[x] = (sums[x] + gx) / 2 if x in sums else gx


def walker(hand_on=add, choose=largest, call=call_rule, start=lambda y: 1.0):
    """A walk of which a part may be wrong."""

    def walk(y):
        found = {}
        sums = {y: start(y)}
        while sums:
            node = choose(sums)
            g = sums.pop(node)
            if node.rule is None:
                found[node] = g
            else:
                hand_on(sums, node.inputs, call(g, node))
        return found

    return walk


def observe_hand_on(answer, inputs, ask):
    def hand_on(sums, *given):
        ask("hand_on(sums, inputs, gxs)", answer.hand_on, sums, *given, returns=False)

    nodes = build(inputs)
    yield leaf_gradients(nodes, walker(hand_on)(nodes["y"]))


USED_TWICE = Exercise(
    number="2.1",
    name="used_twice",
    title="a value that is used twice, solved and explained",
    names=("hand_on",),
    right={"hand_on": add},
    inputs=graph_inputs,
    observe=observe_hand_on,
    mistakes=[
        Mistake(
            "Your function overwrites a gradient that arrived before.",
            "A value that is used twice gets a gradient from each use. They are added.",
            {"hand_on": overwrite},
        ),
        Mistake(
            "Your function keeps the first gradient that arrives, and drops the others.",
            "A value that is used twice gets a gradient from each use. They are added.",
            {"hand_on": keep_first},
        ),
        Mistake(
            "Your function multiplies the gradients of two uses.",
            "The chain rule multiplies along one way. The results of different ways are added.",
            {"hand_on": multiply},
        ),
        Mistake(
            "Your function counts x only once in x * x.",
            "A dict or a set of the inputs has x once. In x * x it is an input twice, and both "
            "gradients count.",
            {"hand_on": once_for_each_call},
        ),
        Mistake(
            "Your function takes the mean of two gradients.",
            "If x grows by 0.01, both uses of it change the result. The two effects are added.",
            {"hand_on": mean_of_two},
        ),
    ],
    guess=6,
    why_guess="3 + 3, which is 2x: the derivative of x².",
    shown="Shown: the gradients of all leaves are right in {n} graphs.",
    fact="That is why backward adds to .grad, and why a training calls zero_grad(): backward "
    "cannot know whether the number in .grad comes from another use, or from an old step.",
    hints=(
        "x is used in two places. If x grows by 0.01, by how much does the result grow?",
        "Is there something for x in `sums` already? Then add to it.",
        "sums[x] = sums[x] + gx",
    ),
    where=("minigan.autograd.walk",),
    page="docs/design.md#the-walk",
)


# 2.2 order


def orderer(choose=largest):
    """An order that may choose a wrong node."""

    def order(y):
        found = []
        waiting = [y]
        while waiting:
            node = choose(waiting)
            waiting.remove(node)
            found.append(node)
            waiting += [x for x in dict.fromkeys(node.inputs) if x not in waiting]
        return found

    return order


def depth_first(y):
    """y, then all behind its first input, then all behind the second one."""
    found = []

    def visit(node):
        if node not in found:
            found.append(node)
            for x in node.inputs:
                visit(x)

    visit(y)
    return found


def every_use(y):
    """Largest generation first, but a node comes as often as it is used."""
    found = []
    waiting = [y]
    while waiting:
        node = largest(waiting)
        waiting.remove(node)
        found.append(node)
        waiting += node.inputs
    return found


def twice_for_one_user(y):
    """Right, but a node waits twice if one node uses it twice, as in a * a."""
    found = []
    waiting = [y]
    while waiting:
        node = largest(waiting)
        waiting.remove(node)
        found.append(node)
        waiting += [x for x in node.inputs if x not in waiting]
    return found


LET_WAIT = (  # the lines of the solution
    "        for x in node.inputs:\n"
    "            if x not in waiting:\n"
    "                waiting.append(x)\n"
)


def let_wait(lines):
    """The solution with other lines that let the inputs wait."""
    return LET_WAIT, lines


def observe_order(answer, inputs, ask):
    nodes = build(inputs)
    found = list(ask("order(y)", answer.order, nodes["y"]))
    names = ", ".join(nodes)
    yield Seen(
        f"how often each node is in your list ({names})",
        [sum(x is node for x in found) for node in nodes.values()],
        rows=(*nodes,),
    )
    # Right if the first time that a node is in the list is after the last time of all its users
    first = {node: i for i, node in reversed(list(enumerate(found)))}
    last = {node: i for i, node in enumerate(found)}
    late = []
    for node in nodes.values():
        users = [user for user in nodes.values() if node in user.inputs]
        late.append(all(last.get(user, 0) < first.get(node, 0) for user in users))
    label = f"whether each node comes after all that use it (1: yes; {names})"
    yield Seen(label, late, rows=(*nodes,))


ORDER = Exercise(
    number="2.2",
    name="order",
    title="order by generation",
    names=("order",),
    right={"order": orderer()},
    inputs=graph_inputs,
    observe=observe_order,
    mistakes=[
        Mistake(
            "You take the node that has waited longest.",
            "It may be used by a node that still waits. The largest generation is the safe one.",
            {"order": orderer(oldest)},
        ),
        Mistake(
            "You take the node that came last.",
            "It may be used by a node that still waits. The largest generation is the safe one.",
            {"order": orderer(newest)},
        ),
        Mistake(
            "You take the node with the smallest generation.",
            "These are the leaves, which are used by all others. They come last. The largest "
            "generation comes first.",
            {"order": orderer(smallest)},
        ),
        Mistake(
            "You go along the first input to the end, before the second one.",
            "So you reach nodes that the second input uses, too. Take the largest generation among "
            "all nodes that wait.",
            {"order": depth_first},
        ),
        Mistake(
            "Your list has a node as often as it is used.",
            "Let an input wait only if it is not waiting already: `if x not in waiting`.",
            {"order": every_use},
        ),
        Mistake(
            "Your list has a node twice if another node uses it twice, as in a * a.",
            "In `waiting += [x for x in node.inputs if x not in waiting]`, the whole list is made "
            "before any of it waits. So both inputs are new. Append them one by one in a loop.",
            {"order": twice_for_one_user},
        ),
        Mistake(
            "Your list is in the order in which the values were computed.",
            "That is the order of forward. The walk goes back, from y to the leaves.",
            {"order": lambda y: orderer()(y)[::-1]},
        ),
        Mistake(
            "Your list has y alone.",
            "The inputs of the visited node have to wait, or the walk ends at once.",
            replace=let_wait(""),
        ),
        Mistake(
            "Your list has only the first input of each node.",
            "A node such as a * b has two inputs. Let each of them wait.",
            replace=let_wait(
                "        if node.inputs and node.inputs[0] not in waiting:\n"
                "            waiting.append(node.inputs[0])\n"
            ),
        ),
        Mistake(
            "Your list has only the last input of each node.",
            "A node such as a * b has two inputs. Let each of them wait.",
            replace=let_wait(
                "        if node.inputs and node.inputs[-1] not in waiting:\n"
                "            waiting.append(node.inputs[-1])\n"
            ),
        ),
        Mistake(
            "You forget the nodes that waited before.",
            "`waiting = ...` makes a new list. Append the inputs to the old one.",
            replace=let_wait("        waiting = list(dict.fromkeys(node.inputs))\n"),
            also=(let_wait("        waiting = list(node.inputs)\n"),),
        ),
        Mistake(
            "Your list leaves out the leaves.",
            "A leaf is behind y, too: it is where the gradient arrives.",
            replace=let_wait(
                "        for x in node.inputs:\n"
                "            if x.inputs and x not in waiting:\n"
                "                waiting.append(x)\n"
            ),
        ),
        Mistake(
            "Your list has a node once for each node that uses it.",
            "A set has an input of a * a once. But another node may have let it wait already: "
            "`if x not in waiting`.",
            replace=let_wait("        waiting += dict.fromkeys(node.inputs)\n"),
        ),
    ],
    guess=3,
    why_guess="c has 1, d has 2, and y has 1 + max(2, 0).",
    shown="Shown: in {n} graphs each node comes once, and after all nodes that use it.",
    fact="Another way is to sort the whole graph before the walk, as micrograd does. With "
    "generations, nothing has to be done beforehand: they are known when a node is made.",
    hints=(
        "Can a node with a larger generation than all others be used by one of them?",
        "max(waiting, key=...) gives the node for which key is largest.",
        "max(waiting, key=lambda node: ...), and `if x not in waiting: waiting.append(x)`",
    ),
    where=("minigan.autograd.walk", "minigan.op.Op.__call__"),
    page="docs/design.md#the-walk",
)


# 2.3 walk


def along_every_path(y):
    found = {}

    def visit(node, g):
        if node.rule is None:
            found[node] = found.get(node, 0.0) + g
            return
        for x, gx in zip(node.inputs, call_rule(g, node), strict=True):
            visit(x, gx)

    visit(y, 1.0)
    return found


def count_calls(nodes):
    """Let the rule of each node count its calls. Return the counts, {name: 0}."""
    counts = {}

    def counting(name, rule):
        def counted(*given):
            counts[name] += 1
            return rule(*given)

        return counted

    for name, node in nodes.items():
        if node.rule:
            counts[name] = 0
            node.rule = counting(name, node.rule)
    return counts


def observe_walk(answer, inputs, ask):
    nodes = build(inputs)
    counts = count_calls(nodes)
    found = ask("walk(y)", answer.walk, nodes["y"])
    yield must(isinstance(found, dict), "walk has to return a dict, {leaf: gradient}.")
    yield leaf_gradients(nodes, found)
    yield Seen(
        f"how often the rule of each node was called ({', '.join(counts)})",
        list(counts.values()),
        note="All gradients are right. But a rule should be called once, when the whole gradient "
        "of its result has arrived.",
    )


def rule_without_g(g, node):
    return call_rule(1.0, node)


def rule_times_g(g, node):
    return tuple(g * gx for gx in call_rule(g, node))


def rule_of_the_result(g, node):
    return node.rule(g, *[node.value for _ in node.inputs])


WALK = Exercise(
    number="2.3",
    name="walk",
    title="the walk in 12 lines",
    names=("walk",),
    right={"walk": walker()},
    inputs=graph_inputs,
    observe=observe_walk,
    mistakes=[
        Mistake(
            "Your walk overwrites a gradient that arrived before.",
            "A value that is used twice gets a gradient from each use. They are added.",
            {"walk": walker(overwrite)},
        ),
        Mistake(
            "Your walk keeps the first gradient that arrives, and drops the others.",
            "A value that is used twice gets a gradient from each use. They are added.",
            {"walk": walker(keep_first)},
        ),
        Mistake(
            "Your walk takes the node that has waited longest.",
            "A part of its gradient may still be missing. Take the largest generation.",
            {"walk": walker(choose=oldest)},
        ),
        Mistake(
            "Your walk takes the node that came last.",
            "A part of its gradient may still be missing. So "
            "sums.popitem() is wrong here. Take the largest generation.",
            {"walk": walker(choose=newest)},
        ),
        Mistake(
            "Your walk takes the node with the smallest generation.",
            "That is a leaf, and leaves come last. Take the largest generation.",
            {"walk": walker(choose=smallest)},
        ),
        Mistake(
            "Your walk calls each rule with the gradient 1.",
            "Then it multiplies by nothing of what came before. The rule needs g, the gradient of "
            "this node.",
            {"walk": walker(call=rule_without_g)},
        ),
        Mistake(
            "Your walk multiplies by g once more.",
            "The rule has multiplied by g already: it returns ∂L/∂x and not ∂y/∂x.",
            {"walk": walker(call=rule_times_g)},
        ),
        Mistake(
            "Your walk gives the rule the value of the result.",
            "rule(g, *inputs) needs the values of the inputs: x.value for x in node.inputs.",
            {"walk": walker(call=rule_of_the_result)},
        ),
        Mistake(
            "Your walk goes along every path on its own.",
            "The gradients are right. But the number of paths doubles with each value that is used "
            "twice: 50 of them give 10¹⁵ paths. Wait until the whole gradient of a node is there.",
            {"walk": along_every_path},
        ),
    ],
    guess=6,
    why_guess="b + 1: by the way through c, it is b = 5, and y uses a directly, too.",
    shown="Shown: the gradients of all leaves are right in {n} graphs, and each rule is called "
    "once.",
    fact="The walk takes about as long as the computation itself, times a small constant, for any "
    "number of leaves. That is why a network with a million weights can be trained.",
    hints=(
        "Which node of `sums` has its whole gradient?",
        "node = max(sums, key=lambda node: node.generation), g = sums.pop(node). Then a leaf goes "
        "into `found`, and for all others the rule is called.",
        "for x, gx in zip(node.inputs, node.rule(g, ...)): add gx to sums[x] as in exercise 2.1",
    ),
    where=("minigan.autograd.walk",),
    page="docs/design.md#the-walk",
)


# 2.4 second_order


def exponential(slope):
    """An exp with the rule slope(g, a, exp)."""

    def exp(x):
        return Node(math.exp(x.value), (x,), lambda g, a: (slope(g, a, exp),))

    return exp


def gradient(result=lambda g: g, start=lambda y: Node(1.0), call=None, **parts):
    """A grad of which a part may be wrong."""
    call = call or (lambda g, node: node.rule(g, *node.inputs))
    walk = walker(call=call, start=start, **parts)

    def grad(y, x):
        return result(walk(y).get(x, Node(0.0)))

    return grad


def formula_inputs(rng):
    for leaves, formula in [
        ("a", "a * a * a"),
        ("a", "exp(a)"),
        ("a", "exp(a * a)"),
        ("a", "a * exp(a)"),
        ("a b", "a * a * b + a"),
        ("a b", "exp(a) * b"),
        ("a b", "(a + b) * (a + b) * a"),
        ("a b", "exp(a * b) + a * b"),
        ("a b", "(a + b) * exp(a) * exp(b)"),
        ("a b", "exp(exp(a) * b)"),
    ]:
        yield draw(rng, leaves, 0.3, 1.2) | {"y": formula}


def observe_second_order(answer, inputs, ask):
    made = ask("exp(Node(0.5))", answer.exp, Node(0.5))
    yield must(isinstance(made, Node), "exp has to return a Node.")
    nodes = build(inputs, exp=answer.exp)
    y = nodes["y"]
    yield Seen("the value of y", y.value)
    leaves = leaves_of(nodes)
    first = [ask(f"grad(y, {leaf})", answer.grad, y, nodes[leaf]) for leaf in leaves]
    yield must(all(isinstance(g, Node) for g in first), "grad has to return a Node.")
    yield Seen(gradients_of(leaves), [g.value for g in first])
    for leaf, g in zip(leaves, first, strict=True):
        second = [ask(f"grad(grad(y, {leaf}), {x})", answer.grad, g, nodes[x]) for x in leaves]
        label = f"to second order, the gradient of grad(y, {leaf}) with respect to {listed(leaves)}"
        yield Seen(label, [h.value for h in second])


SECOND_ORDER = Exercise(
    number="2.4",
    name="second_order",
    title="the gradient of a gradient",
    names=("exp", "grad"),
    right={"exp": exponential(lambda g, a, exp: g * exp(a)), "grad": gradient()},
    inputs=formula_inputs,
    observe=observe_second_order,
    mistakes=[
        Mistake(
            "Your rule of exp is right to first order, and its own derivative is wrong.",
            "It takes a number out of the Node, as in math.exp(a.value). The number does not know "
            "that it depends on a. exp(a) is a Node.",
            {"exp": exponential(lambda g, a, exp: g * Node(math.exp(a.value)))},
        ),
        Mistake(
            "Your rule of exp does not use g.",
            "exp(a) is the slope of exp alone. The chain rule multiplies it by g.",
            {"exp": exponential(lambda g, a, exp: exp(a))},
        ),
        Mistake(
            "Your rule of exp is that of a power, a eᵃ⁻¹.",
            "In aⁿ the base changes. In eᵃ the exponent changes, and the derivative is eᵃ.",
            {"exp": exponential(lambda g, a, exp: g * a * exp(a + Node(-1.0)))},
        ),
        Mistake(
            "Your rule of exp multiplies by a in place of eᵃ.",
            "A rule gets the inputs of the operation, and not its result. The slope is exp(a).",
            {"exp": exponential(lambda g, a, exp: g * a)},
        ),
        Mistake(
            "The result of your grad does not remember how it was computed.",
            "Somewhere it makes a new Node of a number, such as Node(g.value) or Node(x.value). "
            "Use the Nodes themselves: g, and node.inputs.",
            {"grad": gradient(result=lambda g: Node(g.value))},
        ),
        Mistake(
            "Your grad gives numbers to the rules, as the walk of exercise 2.3 did.",
            "So the result is a number. Begin with Node(1.0), and give each rule the Nodes in "
            "node.inputs.",
            {"grad": gradient(start=lambda y: 1.0, call=call_rule)},
        ),
        Mistake(
            "Your grad overwrites a gradient that arrived before.",
            "A value that is used twice gets a gradient from each use. They are added.",
            {"grad": gradient(hand_on=overwrite)},
        ),
        Mistake(
            "Your grad begins with y in place of 1.",
            "It begins with ∂y/∂y, which is 1: Node(1.0).",
            {"grad": gradient(start=lambda y: y)},
        ),
        Mistake(
            "Your grad calls each rule with the gradient 1.",
            "The rule needs g, the gradient of this node.",
            {"grad": gradient(call=lambda g, node: node.rule(Node(1.0), *node.inputs))},
        ),
    ],
    guess=12,
    why_guess="The gradient is 3x², and the gradient of 3x² is 6x.",
    shown="Shown: the gradients, and the gradients of the gradients, are right for {n} formulas.",
    fact="You can go on: grad(grad(grad(y, x), x), x) is right, too. No rule was written for it. "
    "The graph grows with each order.",
    hints=(
        "What would remember how the gradient was computed: a number or a Node?",
        "Begin with Node(1.0), and give the rule g and the inputs themselves. In the rule of exp, "
        "use exp.",
        "lambda g, a: (g * exp(...),), and node.rule(g, *node.inputs)",
    ),
    where=("minigan.autograd.grad", "minigan.ops.elementwise.Exp.backward"),
    page="docs/design.md#one-rule-both-orders",
)


EXERCISES = [USED_TWICE, ORDER, WALK, SECOND_ORDER]
