"""A recorded step as the page reads it: the lines, the algorithm, and the graph behind the loss."""

import inspect
import sys

import numpy as np

from minigan.lab import source
from minigan.lab.data import IMAGE
from minigan.lab.game import D, G
from minigan.lab.problems import RequestError
from minigan.lab.recorder import LINE, Recorder

# What the paper's box does not mention: checks, a counter and the report that a step returns.
NOT_IN_BOX = (
    "check_",
    "self.steps",
    "return {",
    '"c_loss": c_loss',
    '"wasserstein": (',
    '"penalty": penalty',
    '"gradient norm": norms',
)
# Which lines of a trainer's method carry out which line of the paper's box: the first text that
# occurs in the line of code decides. "" is for every other line, and | is between two lines.
BOX = {
    "GAN.discriminator_step": [
        ("as_tensor", "Sample m noise samples z from the prior, and"),
        ("", "Update D"),
    ],
    "GAN.generator_step": [
        ("as_tensor", "Sample m noise samples z from the prior."),
        ("", "Update G"),
    ],
    "WGAN.critic_step": [
        ("as_tensor", "Sample m noise samples z from the prior, and"),
        ("", "Update f"),
    ],
    "WGAN.generator_step": [
        ("as_tensor", "Sample m noise samples z from the prior."),
        ("", "Update G"),
    ],
    "WGANGP.critic_step": [
        ("as_tensor", "Sample m noise samples z from the prior, m"),
        ("self.generator(z)", "x̂ ="),
        ("gradient_penalty", "x̂ =|Update f"),
        ("", "Update f"),
    ],
    "WGANGP.generator_step": [
        ("as_tensor", "Sample m noise samples z from the prior."),
        ("", "Update G"),
    ],
}


def record(game, player):
    """Run the next step of `player` under the recorder, and put the game back as it was.

    Raises DivergedError, as the step itself does, if the loss is not finite.
    """
    arguments = game.arguments(player, game.position)
    before = game.save()
    recorder = Recorder()
    try:
        recorder.run(game.run, player, arguments)
        digest = game.digest()
    finally:
        game.restore(before)
    return Recording(game, player, recorder, digest)


class Recording:
    """What the page needs of one recorded step."""

    def __init__(self, game, player, recorder, digest):
        self.game, self.player, self.recorder = game, player, recorder
        self.position, self.digest = game.position, digest
        self.plane = game.data.plane
        self.parameters = {
            id(p): (who, f"{who}.{name}")
            for who, net in game.networks.items()
            for name, p in net.named_parameters()
        }

    def describe(self):
        """The whole recording, but not the numbers inside the arrays."""
        r = self.recorder
        self.files = list(dict.fromkeys(code.co_filename for code in r.codes))
        functions = []
        for code in r.codes:
            lines = [line for *_, line in code.co_lines() if line]
            functions.append(
                {
                    "name": _qualified(code),
                    "file": self.files.index(code.co_filename),
                    "first": code.co_firstlineno,
                    "last": max(lines, default=code.co_firstlineno),
                }
            )
        self.functions = functions
        graph = Graph(self).describe()
        events = np.array(r.events, dtype=np.int32).reshape(-1, 3)
        last = len(r.events) - 1
        return {
            "position": self.position,
            "player": self.player,
            "digest_after": self.digest,
            "files": [source.short(file) for file in self.files],
            "functions": functions,
            "calls": [
                {"function": code, "parent": parent, "event": event, "end": r.ends.get(i, last)}
                for i, (code, parent, event) in enumerate(r.calls)
            ],
            "events": {
                "call": events[:, 0],
                "line": events[:, 1],
                "kind": events[:, 2].astype(np.uint8),
            },
            "changes": [[n, [list(pair) for pair in pairs]] for n, pairs in r.changes.items()],
            "returns": r.returns,
            "algorithm": self._algorithm(events),
            "graph": graph,
            "values": self._values(),
        }

    def value(self, number, bins, limit):
        """The numbers behind a value: statistics, a histogram, a picture, or the numbers."""
        values = self.recorder.values
        if isinstance(number, bool) or not isinstance(number, int):
            raise RequestError("A value is named by its number.")
        if not 0 <= number < len(values.arrays) or values.arrays[number] is None:
            raise RequestError(f"Value {number} is not an array of this recording.")
        entry, array = values.entries[number], values.arrays[number]
        size = int(np.prod(entry["shape"]))
        thinned = array.size < size
        if not thinned:
            array = array.reshape(entry["shape"])
        flat = array.reshape(-1).astype(np.float64)
        finite = flat[np.isfinite(flat)]
        counts, edges = np.histogram(finite if finite.size else [0.0], bins=bins)
        if not finite.size:
            counts = counts * 0
        return {
            "value": number,
            "type": entry["type"],
            "shape": entry["shape"],
            "dtype": entry["dtype"],
            **{name: entry[name] for name in ("mean", "std", "min", "max")},
            "nan": int(np.isnan(flat).sum()),
            "infinite": int(np.isinf(flat).sum()),
            "zeros": int((flat == 0).sum()),
            "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
            "strip": _strip(array),
            "numbers": array.tolist() if size <= limit and not thinned else None,
            "points": array if self._image(entry) == "points" and not thinned else None,
            "images": self._pixels(array) if self._image(entry) == "images" else None,
            "thinned": thinned,
        }

    def _image(self, entry):
        """How a value can be drawn as samples, if it can."""
        shape = entry.get("shape", ())
        if len(shape) != 2 or entry["dtype"] != "float32" or shape[0] != self._batch:
            return None
        if shape[1] == 2 and self.plane:
            return "points"
        if shape[1] == IMAGE * IMAGE and not self.plane:
            return "images"
        return None

    @property
    def _batch(self):
        return self.game.settings["batch_size"]

    def _pixels(self, array):
        if array.ndim != 2:
            return None
        low, high = float(np.nanmin(array)), float(np.nanmax(array))
        if low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        scaled = (array[:36] - low) / ((high - low) or 1.0)
        return (np.nan_to_num(scaled) * 255).astype(np.uint8).reshape(-1, IMAGE, IMAGE)

    def _values(self):
        result = []
        for number, entry in enumerate(self.recorder.values.entries):
            entry = dict(entry)
            if entry.get("array"):
                entry["image"] = self._image(entry)
                entry["node"] = self.node_of_value.get(number)
                for name in ("mean", "std", "min", "max"):
                    if entry[name] is not None:
                        entry[name] = float(f"{entry[name]:.6g}")
            result.append(entry)
        return result

    def _algorithm(self, events):
        """The trainer's own lines: which events they are, and what each of them assigned."""
        r = self.recorder
        code = inspect.unwrap(self.game.methods[self.player]).__code__
        call = next(i for i, (index, *_) in enumerate(r.calls) if r.codes[index] is code)
        function = self.functions[r.codes.index(code)]
        lines = source.lines_of(source.short(code.co_filename))
        first, last = function["first"], function["last"]
        own = np.flatnonzero(events[:, 0] == call)
        assigned, line = {}, None
        for n in own:
            for name, value in r.changes.get(n, ()) if line is not None else ():
                entry = assigned.setdefault(line, {})
                entry.pop(name, None)
                entry[name] = value
            if events[n, 2] == LINE:
                line = int(events[n, 1])
        name = function["name"]
        box, texts = {}, [entry["text"] for entry in algorithm_box(self.game.trainer)["algorithm"]]
        ran = sorted({int(line) for line in events[own[events[own, 2] == LINE], 1]})
        for number in ran:
            box[number] = _box_lines(name, lines[number - 1], texts)
        return {
            "file": self.files.index(code.co_filename),
            "call": call,
            "first": first,
            "last": last,
            "events": own,
            "box": box,
            "line_values": {
                number: [list(pair) for pair in pairs.items()] for number, pairs in assigned.items()
            },
        }


class Graph:
    """The operations and leaves behind the loss, and the walks back through them."""

    def __init__(self, recording):
        self.recording, self.r = recording, recording.recorder
        self.nodes, self.by_tensor, self.by_op = [], {}, {}
        self.tensors = []

    def describe(self):
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
        self.recording.node_of_value = {node["value"]: node["id"] for node in nodes}
        return {"nodes": nodes, "loss": new.get(loss), "walks": walks}

    def _leaf(self, tensor, value, event):
        """The node of a tensor; a leaf is added when it is first used."""
        if id(tensor) in self.by_tensor:
            return self.by_tensor[id(tensor)]
        player, label = self.recording.parameters.get(id(tensor), (None, None))
        name = self.r.names.get(id(tensor))
        role = {"real": "data", "z": "noise", "fake": "fake", "x_hat": "fake"}.get(name, "constant")
        if label is not None:
            role = "parameter"
        elif name is None and id(tensor) not in self.by_tensor:
            name = None
        return self._add(
            tensor,
            {
                "kind": "leaf",
                "label": label or _MATHS.get(name, name) or "constant",
                "name": None if label else name,
                "role": role,
                "player": player,
                "generation": 0,
                "inputs": [],
                "needs": [],
                "value": value,
                "op": None,
                "formula": None,
                "module": None,
                "file": None,
                "first": None,
                "last": None,
                "forward_first": None,
                "forward_last": None,
                "event": event,
                "inside": None,
            },
        )

    def _operation(self, op, inputs, result, value, event, inside):
        kind = type(op)
        generation = getattr(result, "generation", None)
        if not isinstance(generation, int):
            generation = 1 + max((self.nodes[i]["generation"] for i in inputs), default=-1)
        first, last = _lines(kind.backward)
        players = {self.nodes[i]["player"] for i in inputs if self.nodes[i]["role"] == "parameter"}
        module = next(
            (
                self.nodes[i]["label"].rsplit(".", 1)[0]
                for i in inputs
                if self.nodes[i]["role"] == "parameter"
            ),
            None,
        )
        forward_first, forward_last = _lines(kind.forward)
        node = self._add(
            result,
            {
                "kind": "op",
                "label": kind.__name__,
                "name": _MATHS.get(self.r.names.get(id(result)), self.r.names.get(id(result))),
                "role": "op",
                "player": players.pop() if players else None,
                "generation": generation,
                "inputs": inputs,
                "needs": [bool(self.tensors[i].requires_grad) for i in inputs],
                "value": value,
                "op": kind.__name__,
                "formula": _formula(kind),
                "module": module,
                "file": self._file(kind.backward),
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
            "requires_grad": bool(node["kind"] == "op" or id(tensor) in self._wanted(tensor)),
            "graph": 1,
        }
        self.nodes.append(node)
        self.tensors.append(tensor)
        self.by_tensor[id(tensor)] = node["id"]
        return node["id"]

    def _wanted(self, tensor):
        return {id(tensor)} if tensor.requires_grad else ()

    def _file(self, function):
        try:
            return source.short(inspect.getsourcefile(function))
        except (TypeError, ValueError):
            return None

    def _walks(self):
        """One entry for each walk: the rules in the order in which it called them."""
        walks = {}
        for rule in self.r.rules:
            if id(rule["op"].inputs) in self.by_op:
                walks.setdefault(rule["walk"], []).append(rule)
        result = []
        for call, rules in walks.items():
            made = self._ancestor_named(call, "gradient_norms")
            create = rules[0]["create_graph"]
            title = "grad(f(x̂), x̂), with create_graph" if made else "loss.backward()"
            event = self.r.calls[call][2]
            end = self.r.ends.get(call, len(self.r.events) - 1)
            steps, sums = [], {}
            for rule in rules:
                steps.append(self._walk_step(rule, sums))
            result.append(
                {
                    "title": title,
                    "create_graph": create,
                    "event": event,
                    "end": end,
                    "steps": steps,
                }
            )
        return result

    def _walk_step(self, rule, sums):
        node = self.by_op[id(rule["op"].inputs)]
        gradients = []
        inputs = self.nodes[node]["inputs"]
        needs = rule["needs"]
        for i, x in enumerate(inputs):
            g = rule["gradients"][i] if i < len(rule["gradients"]) else None
            wanted = g is not None and (len(needs) <= i or needs[i])
            if not wanted:
                gradients.append({"input": x, "value": None, "added": False, "sum": None})
                continue
            added, total = x in sums, None
            with np.errstate(all="ignore"):
                g = _summed(g, self.tensors[x].shape)
                sums[x] = sums[x] + g if added else g
            if added:
                total = self.r.values.index(sums[x])
                self.r.values._kept.append(sums[x])
            gradients.append({"input": x, "value": rule["values"][i], "added": added, "sum": total})
        return {
            "node": node,
            "event": rule["event"],
            "end": rule["end"],
            "gy": rule["gy"],
            "gradients": gradients,
        }

    def _ancestor_named(self, call, name):
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


_MATHS = {  # variables of the trainers and losses, as a formula writes them
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


def algorithm_box(trainer):
    """The paper's algorithm as the trainer's file quotes it, and where its lines are."""
    module = sys.modules[type(trainer).__module__]
    file = source.short(module.__file__)
    lines = source.lines_of(file)
    title, box = "", []
    for number, line in enumerate(lines, start=1):
        if "Algorithm 1" in line and not title:
            title = line.strip().rstrip(":").split(" (there")[0].split(" (D is")[0]
        if title and line.startswith("    "):
            box.append({"text": line[4:], "line": number, "players": _box_players(line)})
        elif box and line.startswith('"""'):
            break
    return {"algorithm_title": title, "algorithm": box, "trainer_file": file}


def _box_players(line):
    if "Update G" in line or ("Sample" in line and line.rstrip().endswith("prior.")):
        return [G]
    if "Update" in line or "Sample" in line or "x̂ =" in line:
        return [D]
    return []


def _box_lines(method, line, texts):
    if any(part in line for part in NOT_IN_BOX):
        return []
    for code, wanted in BOX.get(method, ()):
        if code in line:
            return [i for i, t in enumerate(texts) if any(w in t for w in wanted.split("|"))]
    return []


def _qualified(code):
    return getattr(code, "co_qualname", code.co_name).replace(".<locals>", "")


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


def _strip(array):
    """An array as a small picture: (rows, columns), at most 64 × 128."""
    matrix = array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)
    down = max(1, -(-matrix.shape[0] // 64))
    across = max(1, -(-matrix.shape[1] // 128))
    return matrix[::down, ::across].astype(np.float32)
