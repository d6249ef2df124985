"""A recorded step as the page reads it: its lines, its values, the algorithm and the graph."""

import numpy as np

from minigan import Tensor, no_grad
from minigan.lab import source
from minigan.lab.algorithm import algorithm_of
from minigan.lab.data import IMAGE
from minigan.lab.game import G
from minigan.lab.graph import Graph
from minigan.lab.helpers import hidden
from minigan.lab.problems import RequestError
from minigan.lab.recorder import Recorder, thinned


def record(game, player):
    """Run the next step of `player` under the recorder, and put the game back as it was.

    Raises DivergedError, as the step itself does, if the loss is not finite.
    """
    arguments = game.arguments(player, game.position)
    samples = samples_of(game, player, arguments)
    before = game.save()
    recorder = Recorder()
    try:
        recorder.run(game.run, player, arguments)
        digest = game.digest()
    finally:
        game.restore(before)
    return Recording(game, player, recorder, digest, samples)


def samples_of(game, player, arguments):
    """The samples of a step: those of the data, and what G makes of the noise."""
    real, z = (None, arguments[0]) if player == G else arguments[:2]
    with no_grad():
        fake = game.networks[G](Tensor(z)).numpy()
    return [fake] if real is None else [real, fake]


class Recording:
    """What the page needs of one recorded step."""

    def __init__(self, game, player, recorder, digest, samples):
        self.game, self.player, self.recorder = game, player, recorder
        self.position, self.digest = game.position, digest
        self.plane = game.data.plane
        self.parameters = {
            id(p): (who, f"{who}.{name}")
            for who, net in game.networks.items()
            for name, p in net.named_parameters()
        }
        self.samples = self._find(samples)

    def describe(self):
        """The whole recording, but not the numbers inside the arrays."""
        r = self.recorder
        files = list(dict.fromkeys(code.co_filename for code in r.codes))
        functions = [_function(code, files) for code in r.codes]
        graph = Graph(r, self.parameters).describe()
        events = np.array(r.events, dtype=np.int32).reshape(-1, 3)
        last = len(r.events) - 1
        short = [source.short(file) for file in files]
        helpers = hidden(r.calls, functions, short)
        return {
            "position": self.position,
            "player": self.player,
            "digest_after": self.digest,
            "files": short,
            "functions": functions,
            "calls": [
                {
                    "function": code,
                    "parent": parent,
                    "event": event,
                    "end": r.ends.get(i, last),
                    "helper": helpers[i],
                }
                for i, (code, parent, event) in enumerate(r.calls)
            ],
            "events": {
                "call": events[:, 0],
                "line": events[:, 1],
                "kind": events[:, 2].astype(np.uint8),
            },
            "changes": [[n, [list(pair) for pair in pairs]] for n, pairs in r.changes.items()],
            "returns": r.returns,
            "algorithm": algorithm_of(self.game, self.player, r, functions, files),
            "graph": graph,
            "values": self._values({node["value"]: node["id"] for node in graph["nodes"]}),
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
            "points": array if self._image(number) == "points" and not thinned else None,
            "images": self._pixels(array) if self._image(number) == "images" else None,
            "thinned": thinned,
        }

    def _find(self, samples):
        """The numbers of the values that are samples: the real ones, the fakes and the x̂."""
        values, found = self.recorder.values, set()
        named = dict(pair for pairs in self.recorder.changes.values() for pair in pairs)
        if "x_hat" in named:  # of a gradient penalty
            samples = [*samples, values.arrays[named["x_hat"]]]
        for number, (entry, kept) in enumerate(zip(values.entries, values.arrays, strict=True)):
            for array in samples:
                if kept is None or entry["shape"] != list(array.shape):
                    continue
                if kept.size < array.size:
                    array = thinned(array)
                if np.array_equal(kept.reshape(-1), array.reshape(-1)):
                    found.add(number)
        return found

    def _image(self, number):
        """How a value can be drawn: samples as "points" or "images", and all others not at all.

        Other arrays have the same shape: the noise, a gradient, or a weight.
        """
        if number not in self.samples:
            return None
        return "points" if self.plane else "images"

    def _pixels(self, array):
        """A batch of images as uint8 (n, 28, 28), at most 36 of them."""
        if array.ndim != 2:
            return None
        low, high = float(np.nanmin(array)), float(np.nanmax(array))
        if low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        scaled = (array[:36] - low) / ((high - low) or 1.0)
        return (np.nan_to_num(scaled) * 255).astype(np.uint8).reshape(-1, IMAGE, IMAGE)

    def _values(self, node_of_value):
        """What is known of each value: all but its numbers."""
        result = []
        for number, entry in enumerate(self.recorder.values.entries):
            entry = dict(entry)
            if entry.get("array"):
                entry["image"] = self._image(number)
                entry["node"] = node_of_value.get(number)
                for name in ("mean", "std", "min", "max"):
                    if entry[name] is not None:
                        entry[name] = float(f"{entry[name]:.6g}")
            result.append(entry)
        return result


def _function(code, files):
    """A function that ran: its name, its file, its first and its last line."""
    lines = [line for *_, line in code.co_lines() if line]
    return {
        "name": getattr(code, "co_qualname", code.co_name).replace(".<locals>", ""),
        "file": files.index(code.co_filename),
        "first": code.co_firstlineno,
        "last": max(lines, default=code.co_firstlineno),
    }


def _strip(array):
    """An array as a small picture: (rows, columns), at most 64 × 128."""
    matrix = array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)
    down = max(1, -(-matrix.shape[0] // 64))
    across = max(1, -(-matrix.shape[1] // 128))
    return matrix[::down, ::across].astype(np.float32)
