"""The second depth: the lines of a trainer's step, beside the box of its paper."""

import inspect
import sys

import numpy as np

from minigan.lab import source
from minigan.lab.game import D, G
from minigan.lab.recorder import LINE

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


def algorithm_of(game, player, recorder, functions, files):
    """The lines of the trainer's method: their events, their values, and their lines of the box.

    recorder: has recorded the step. functions, files: as Recording.describe has them.
    """
    code = inspect.unwrap(game.methods[player]).__code__
    index = recorder.codes.index(code)
    call = next(i for i, (function, *_) in enumerate(recorder.calls) if function == index)
    function = functions[index]
    lines = source.lines_of(source.short(code.co_filename))
    texts = [entry["text"] for entry in algorithm_box(game.trainer)["algorithm"]]
    own = [n for n, event in enumerate(recorder.events) if event[0] == call]
    values, box, line = {}, {}, None  # of each line; `line` is the one that runs
    for n in own:
        _, number, kind = recorder.events[n]
        if line is not None:  # a change is seen at the event after the line
            for name, value in recorder.changes.get(n, ()):
                entry = values.setdefault(line, {})
                entry.pop(name, None)  # the newest comes last
                entry[name] = value
        if kind == LINE:
            line = number
            box[line] = _box_lines(function["name"], lines[line - 1], texts)
    return {
        "file": files.index(code.co_filename),
        "call": call,
        "first": function["first"],
        "last": function["last"],
        "events": np.array(own, dtype=np.int32),
        "box": dict(sorted(box.items())),
        "line_values": {
            number: [list(pair) for pair in pairs.items()] for number, pairs in values.items()
        },
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
