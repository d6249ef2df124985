"""The second depth: the lines of a trainer's step, beside the algorithm of its paper.

The docstring of a trainer's file has the algorithm, with a number before each line. A comment such
as `# 4: Update D` in the code names the line that it carries out. A line without such a comment is
marked with nothing.
"""

import inspect
import re
import sys

import numpy as np

from minigan.lab import source
from minigan.lab.game import D, G
from minigan.lab.recorder import LINE

BOX_LINE = re.compile(r"    (\d+)  ( *)(\S.*)")  # in the docstring: number, indentation, text
NAMED_LINE = re.compile(r"(?:# |; )(\d+): ([^;]+)")  # in a comment: number, the first words


def algorithm_of(game, player, recorder, functions, files):
    """The lines of the trainer's method: their events, their values, and their lines of the box.

    recorder: has recorded the step. functions, files: as Recording.describe has them.
    """
    code = inspect.unwrap(game.methods[player]).__code__
    index = recorder.codes.index(code)
    call = next(i for i, (function, *_) in enumerate(recorder.calls) if function == index)
    function = functions[index]
    lines = source.lines_of(source.short(code.co_filename))
    numbers = [entry["number"] for entry in algorithm_box(game.trainer)["algorithm"]]
    own = [n for n, event in enumerate(recorder.events) if event[0] == call]
    values = {}  # of each line
    box = {}
    # The line that runs: first the one with "def", whose values are the arguments.
    line = next(n for n in range(function["first"], len(lines)) if "def " in lines[n - 1])
    for n in own:
        _, number, kind = recorder.events[n]
        for name, value in recorder.changes.get(n, ()):  # seen at the event after the line
            if name != "self":
                entry = values.setdefault(line, {})
                entry.pop(name, None)  # the newest comes last
                entry[name] = value
        if kind == LINE:
            line = number
            box[line] = [numbers.index(n) for n in named_lines(lines[line - 1])]
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
    """The algorithm as the trainer's file quotes it, and where its lines are.

    Each entry has the number and the text of a line, its line in the file, and the players whose
    step carries it out.
    """
    module = sys.modules[type(trainer).__module__]
    file = source.short(module.__file__)
    lines = source.lines_of(file)
    title = next(line for line in lines if "Algorithm 1" in line)
    title = title.strip().rstrip(":").split(" (there")[0].split(" (D is")[0]
    box = []
    for line_number, line in enumerate(lines, start=1):
        found = BOX_LINE.fullmatch(line)
        if found:
            number, indentation, text = found.groups()
            entry = {"number": int(number), "text": indentation + text, "line": line_number}
            box.append(entry | {"players": _players(text)})
        elif box:
            break
    return {"algorithm_title": title, "algorithm": box, "trainer_file": file}


def named_lines(line):
    """The numbers of the algorithm's lines that the comment at the end of a line of code names.

    >>> named_lines("self.d_optimizer.step()  # 4: Update D by ascending")
    [4]
    >>> named_lines("for real in minibatches:  # 1: while θ has not converged; 3: m examples x")
    [1, 3]
    """
    return [int(number) for number, _ in NAMED_LINE.findall(line)]


def _players(text):
    if "Update G" in text or ("Sample" in text and text.endswith("prior.")):
        return [G]
    if "Update" in text or "Sample" in text or "x̂ =" in text:
        return [D]
    return []
