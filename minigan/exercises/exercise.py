"""Exercise: what the checker and the tests know about one exercise.

The text of an exercise is in texts/, as package data. `split` makes two files of it: the file for
the learner, and the solution. Everything else is an Exercise in chapter1.py, chapter2.py, ...
"""

import ast
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

LINES = 60  # the longest file for a learner


@dataclass
class Mistake:
    """A wrong answer that people give, and why it is wrong.

    name: a sentence about the learner's answer, such as "Your gradient has the wrong sign."
    why: one or two sentences that explain it.
    answer: the wrong value for some of the names of the exercise, {name: value}.
    replace: instead of an answer, (old, new): the solution's text with a line replaced. Lines of
    several replacements follow each other: (old, new, old, new).
    also: other ways to write the same mistake that give other numbers or errors. Each is a dict as
    `answer` or a tuple as `replace`.
    """

    name: str
    why: str
    answer: dict[str, Any] = field(default_factory=dict)
    replace: tuple[str, ...] = ()
    also: tuple[dict[str, Any] | tuple[str, ...], ...] = ()


@dataclass
class Seen:
    """One thing that a check looks at: a number or an array, and what it is.

    note: a sentence for the learner in place of the two numbers, if this value is wrong.
    rows: the names of the elements of a list, for the table with both numbers.
    """

    label: str
    value: Any
    note: str = ""
    rows: tuple[str, ...] = ()


def must(condition, note):
    """A condition that has to hold, as a Seen. note: a sentence for the learner if it does not."""
    return Seen("a condition", bool(condition), note)


@dataclass
class Exercise:
    """An exercise.

    number: "1.2": the chapter, and the place in it. name: "tanh", as the learner types it.
    title: some words for the list of exercises.
    names: what the learner's file has to define, in the order of `check("tanh", Tanh)`.
    right: minigan's own answers, {name: value}. If it is empty, the solution is the right answer.
    inputs: a function of a NumPy generator: a list of inputs, the smallest first. An input is a
    dict of named arrays and numbers. The report shows them under these names.
    observe: a generator function observe(answer, inputs, ask) that yields what is compared, each
    as a Seen, the most basic first. answer has the names as attributes. A function of the learner
    is called as ask("tanh(x)", answer.tanh, x), which notes the call for the report.
    mistakes: at least four wrong answers.
    guess: the answer to the question at the top of the file; why_guess: a sentence about it.
    shown: what a right answer has shown: "{n} inputs of {shapes} shapes" is filled in.
    fact: one fact that is worth knowing.
    hints: up to three, from a question to nearly the line.
    where: where the same line stands in minigan, such as "minigan.ops.elementwise.Tanh.backward".
    page: where to read more, such as "docs/design.md#one-rule-both-orders".
    off: minigan's own versions, operations or functions, which raise an error during a check.
    place: a function place(answer, put) that puts the answer in minigan's place, for `run`:
    put(owner, attribute, value). None if minigan has no such place.
    outcome: for a script that trains: a function outcome(exercise, answer, ask) that returns
    (whether it is right, a list of sentences). Then `observe` serves only to recognise mistakes.
    """

    number: str
    name: str
    title: str
    names: tuple[str, ...]
    right: dict[str, Any]
    inputs: Callable
    observe: Callable
    mistakes: list[Mistake]
    guess: Any
    why_guess: str
    shown: str
    fact: str
    hints: tuple[str, ...]
    where: tuple[str, ...]
    page: str
    off: tuple[str, ...] = ()
    place: Callable | None = None
    outcome: Callable | None = None

    @property
    def stem(self):
        """The name of the file without its ending: "1_02_tanh"."""
        chapter, place = self.number.split(".")
        return f"{chapter}_{int(place):02}_{self.name}"

    @property
    def text(self):
        """The file for the learner."""
        return split(self.source)[0]

    @property
    def solution(self):
        """The file with the solution."""
        return split(self.source)[1]

    @property
    def source(self):
        return resources.files(__package__).joinpath("texts", f"{self.stem}.txt").read_text("utf-8")

    def answer(self, **changed):
        """minigan's own answer, with some names changed."""
        right = self.right or vars(self.from_text(self.solution))
        return SimpleNamespace(**right | changed)

    def wrong(self, mistake):
        """The answers of a Mistake, one for each way to write it."""
        return [self.changed(way) for way in (mistake.replace or mistake.answer, *mistake.also)]

    def changed(self, way):
        """The right answer with some values replaced, {name: value}, or some lines, (old, new)."""
        if isinstance(way, dict):
            return self.answer(**way)
        text = self.solution
        for old, new in zip(way[::2], way[1::2], strict=True):
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: the solution has {text.count(old)} times {old!r}")
            text = text.replace(old, new)
        return self.from_text(text)

    @cache  # noqa: B019  # the exercises live as long as the program
    def from_text(self, text):
        """The answer that a text of the file gives."""
        names = {"__name__": self.stem}
        exec(compile(text, f"{self.stem}.py", "exec"), names)
        return SimpleNamespace(**{name: names[name] for name in self.names})

    __hash__ = object.__hash__


def split(source):
    """(the file for the learner, the solution) from a text with marked parts.

    The parts are between the lines `#: exercise`, `#: solution` and `#: end`. Either may be left
    out. Everything else is in both files.

    >>> split("a\\n#: exercise\\n...\\n#: solution\\nb\\n#: end\\nc\\n")
    ('a\\n...\\nc\\n', 'a\\nb\\nc\\n')
    """
    files = {"exercise": "", "solution": ""}
    part = "end"
    for line in source.splitlines(keepends=True):
        mark = re.fullmatch(r"\s*#: (exercise|solution|end)\s*", line)
        if mark:
            part = mark[1]
            continue
        for name in files:
            if part in (name, "end"):
                files[name] += line
    return files["exercise"], files["solution"]


def left_open(source, names):
    """(the line of the first `...` that is still to be replaced, or None; the learner's guess).

    Only the definitions of the asked names count. `a[..., 0]` is no gap. A guess that is no literal
    counts as none, `...`. Raises SyntaxError.
    """
    tree = ast.parse(source)
    asked = [
        node
        for node in tree.body
        if getattr(node, "name", None) in names
        or (isinstance(node, ast.Assign) and any(ast.unparse(t) in names for t in node.targets))
    ]
    indices = {
        part
        for top in asked
        for node in ast.walk(top)
        if isinstance(node, ast.Subscript)
        for part in ast.walk(node.slice)
    }
    lines = [
        node.lineno
        for top in asked
        for node in ast.walk(top)
        if isinstance(node, ast.Constant) and node.value is ... and node not in indices
    ]
    guess = ...
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "guess":
            with contextlib.suppress(ValueError):
                guess = ast.literal_eval(node.value)
    return min(lines, default=None), guess
