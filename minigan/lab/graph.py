"""The third depth: the operations behind the loss of a step, and the walks back through them."""

import inspect

import numpy as np

from minigan.lab import source

MATHS = {  # variables of the trainers and losses, as a formula writes them
    "z": "z",
    "real": "x",
    "fake": "G(z)",
    "p_real": "D(x)",
    "p_fake": "D(G(z))",
    "real_scores": "f(x)",
    "fake_scores": "f(G(z))",
    "x_hat": "x̂",
    "scores": "f(x̂)",
    "g": "∇f(x̂)",
    "norms": "‖∇f(x̂)‖",
}


OF_OPERATIONS = (  # what a leaf does not have
    "op", "formula", "module", "file", "first", "last", "forward_first", "forward_last", "inside",
)  # fmt: skip


class Graph:
    """The operations and leaves behind the loss, and the walks back through them.

    recorder: has recorded the step. parameters: for the id of each parameter, (player, name).
    """

    def __init__(self, recorder, parameters):
        self.r, self.parameters = recorder, parameters
        self.nodes, self.tensors = [], []  # a node is a dict; the Tensor of each node
        self.by_tensor, self.by_op = {}, {}  # the number of a node, by the id of what it stands for

    def describe(self):
        """The nodes that lead to the loss, and the walks, as docs/lab_internals.md says."""
        for op, inputs, result, value, event, inside in self.r.made:
            ids = [self._leaf(x, v, event) for x, v in inputs]
            self._operation(op, ids, result, value, event, inside)
        walks = self._walks()
        loss = walks[-1]["steps"][0]["node"] if walks else None
        keep = self._behind([loss] + [walk["steps"][0]["node"] for walk in walks] if walks else [])
        keep |= {step["node"] for walk in walks for step in walk["steps"]}
        new = {old: i for i, old in enumerate(sorted(keep))}
        self._mark_second_graph()
        nodes = []
        for old in sorted(keep):
            node = self.nodes[old]
            node["id"] = new[old]
            node["inputs"] = [new[i] for i in node["inputs"]]
            node["inside"] = new.get(node["inside"])
            if old == loss:
                node["role"] = "loss"
            nodes.append(node)
        for walk in walks:
            for step in walk["steps"]:
                step["node"] = new[step["node"]]
                for entry in step["gradients"]:
                    entry["input"] = new[entry["input"]]
        return {"nodes": nodes, "loss": new.get(loss), "walks": walks}

    def _leaf(self, tensor, value, event):
        """The node of a tensor; a leaf is added when it is first used."""
        if id(tensor) in self.by_tensor:
            return self.by_tensor[id(tensor)]
        player, label = self.parameters.get(id(tensor), (None, None))
        name = self.r.names.get(id(tensor))
        role = {"real": "data", "z": "noise", "fake": "fake", "x_hat": "fake"}.get(name, "constant")
        if label is not None:
            role = "parameter"
        return self._add(
            tensor,
            {
                "kind": "leaf",
                "label": label or MATHS.get(name, name) or "constant",
                "name": None if label else name,
                "role": role,
                "player": player,
                "generation": 0,
                "inputs": [],
                "needs": [],
                "value": value,
                "event": event,
                **dict.fromkeys(OF_OPERATIONS),
            },
        )

    def _operation(self, op, inputs, result, value, event, inside):
        kind = type(op)
        name = self.r.names.get(id(result))
        first, last = _lines(kind.backward)
        forward_first, forward_last = _lines(kind.forward)
        parameters = [self.nodes[i] for i in inputs if self.nodes[i]["role"] == "parameter"]
        owner = parameters[0] if parameters else {"player": None, "label": ""}
        node = self._add(
            result,
            {
                "kind": "op",
                "label": kind.__name__,
                "name": MATHS.get(name, name),
                "role": "op",
                "player": owner["player"],
                "generation": result.generation,
                "inputs": inputs,
                "needs": [bool(self.tensors[i].requires_grad) for i in inputs],
                "value": value,
                "op": kind.__name__,
                "formula": _formula(kind),
                "module": owner["label"].rsplit(".", 1)[0] or None,
                "file": _file(kind.backward),
                "first": first,
                "last": last,
                "forward_first": forward_first,
                "forward_last": forward_last,
                "event": event,
                "inside": inside,
            },
        )
        self.by_op[id(op.inputs)] = node  # the walk may use a copy of op, with the same inputs

    def _add(self, tensor, node):
        node |= {
            "id": len(self.nodes),
            "shape": list(tensor.shape),
            "requires_grad": node["kind"] == "op" or bool(tensor.requires_grad),
            "graph": 1,
        }
        self.nodes.append(node)
        self.tensors.append(tensor)
        self.by_tensor[id(tensor)] = node["id"]
        return node["id"]

    def _walks(self):
        """One entry for each walk: the rules in the order in which it called them."""
        walks = {}
        for rule in self.r.rules:
            if id(rule["op"].inputs) in self.by_op:
                walks.setdefault(rule["walk"], []).append(rule)
        result = []
        for call, rules in walks.items():
            of_gradient = self._ancestor_named(call, "gradient_norms")
            title = "grad(f(x̂), x̂), with create_graph" if of_gradient else "loss.backward()"
            sums = {}  # for each node, the sum of the gradients that have reached it
            result.append(
                {
                    "title": title,
                    "create_graph": rules[0]["create_graph"],
                    "event": self.r.calls[call][2],
                    "end": self.r.ends.get(call, len(self.r.events) - 1),
                    "steps": [self._walk_step(rule, sums) for rule in rules],
                }
            )
        return result

    def _walk_step(self, rule, sums):
        """One rule of a walk: `gy`, and the gradient for each input."""
        node = self.by_op[id(rule["op"].inputs)]
        gradients = []
        for i, x in enumerate(self.nodes[node]["inputs"]):
            g = rule["gradients"][i]
            if g is None or not rule["needs"][i]:
                gradients.append({"input": x, "value": None, "added": False, "sum": None})
                continue
            added, total = x in sums, None
            with np.errstate(all="ignore"):
                g = _summed(g, self.tensors[x].shape)
                sums[x] = sums[x] + g if added else g
            if added:
                total = self.r.values.index(sums[x])
            gradients.append({"input": x, "value": rule["values"][i], "added": added, "sum": total})
        return {
            "node": node,
            "event": rule["event"],
            "end": rule["end"],
            "gy": rule["gy"],
            "gradients": gradients,
        }

    def _ancestor_named(self, call, name):
        """Whether a function of this name made the call, itself or through others."""
        while call >= 0:
            code, parent, _ = self.r.calls[call]
            if self.r.codes[code].co_name == name:
                return True
            call = parent
        return False

    def _behind(self, starts):
        """The nodes that these were made from, and themselves."""
        found, ahead = set(), list(starts)
        while ahead:
            node = ahead.pop()
            if node is not None and node not in found:
                found.add(node)
                ahead.extend(self.nodes[node]["inputs"])
        return found

    def _mark_second_graph(self):
        """`inside` becomes a node; what a rule made belongs to the second graph."""
        for node in self.nodes:
            if node["inside"] is not None:
                node["graph"] = 2
                node["inside"] = self.by_op.get(id(self.r.rules[node["inside"]]["op"].inputs))


def _file(function):
    """The file of minigan that has this function; None for a function of Python itself."""
    try:
        return source.short(inspect.getsourcefile(function))
    except (TypeError, ValueError):
        return None


def _lines(function):
    """The first and the last line of a function; (None, None) if it is not written in Python."""
    code = getattr(function, "__code__", None)
    if code is None:
        return None, None
    last = max((line for *_, line in code.co_lines() if line), default=code.co_firstlineno)
    return code.co_firstlineno, last


def _formula(kind):
    """The first line of an operation's docstring."""
    for base in kind.__mro__:
        text = vars(base).get("__doc__")
        if text and text.strip():
            return text.strip().splitlines()[0]
    return ""


def _summed(gradient, shape):
    """A gradient summed over the axes along which the input was broadcast."""
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(extra)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    return gradient.sum(axis=axes, keepdims=True).reshape(shape)
