"""The texts of a check: what a right answer has shown, and how a wrong one differs."""

import linecache
import math
import os
import re
import textwrap
import traceback
from types import FunctionType

import numpy as np

from minigan.exercises import explain
from minigan.tensor import Tensor, as_array

WIDTH = 80
ROWS = 6  # of numbers that a table shows
FRAMES = 3  # of an error that are shown, at the beginning and at the end
SMALL = 12  # an input with so many elements is shown


class Colours:
    """Colours for a terminal. Elsewhere, and with NO_COLOR set, text stays as it is."""

    def __init__(self, stream):
        ansi = os.name != "nt" or "WT_SESSION" in os.environ or "ANSICON" in os.environ
        self.on = ansi and stream.isatty() and "NO_COLOR" not in os.environ

    def green(self, text):
        return self.painted(32, text)

    def yellow(self, text):
        return self.painted(33, text)

    def bold(self, text):
        return self.painted(1, text)

    def painted(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.on else text


def headline(exercise, solved):
    return f"{exercise.number} {exercise.name}: {'solved.' if solved else 'not yet.'}"


def solved(exercise, inputs, told=()):
    """The text about a right answer."""
    shapes = {tuple(np.shape(x) for x in each.values()) for each in inputs}
    shown = exercise.shown.format(n=len(inputs), shapes=len(shapes))
    more = ["Good to know: " + exercise.fact, "To read more: " + exercise.page]
    return "\n".join(map(sentence, [*told, shown, *more]))


def wrong(answer, found, right, k, mistake):
    """The text about an answer whose item k differs. found, right: Observations of one input."""
    lines = []
    if k == len(found.seen) and found.error is not None:
        lines.append(raised(answer, found.error, found.called))
        if mistake:
            lines.append(named(mistake))
        return "\n".join(lines)
    mine, expected = found.seen[k], right.seen[k]
    if mistake:
        lines.append(named(mistake))
    elif mine.note:
        lines.append(sentence(mine.note))
    what = "" if mine.note else f"This is wrong: {mine.label}. "
    lines.append(sentence(f"{what}The smallest input that shows it:"))
    lines += [f"    {line}" for line in described(found.inputs)]
    if not mine.note:
        lines += [f"    {line}" for line in table(mine.value, expected.value, expected.rows)]
    return "\n".join(lines)


def not_trained(told, mistake):
    """The text about a training that does not learn."""
    return "\n".join([*([named(mistake)] if mistake else []), *map(sentence, told)])


def named(mistake):
    return sentence(f"{mistake.name} {mistake.why}")


def raised(answer, error, called):
    """The text about an error in an answer."""
    return raised_in(files_of(answer), error, called)


def raised_in(files, error, called, who="The check"):
    """The text about an error: the lines in the learner's files, the error, and what was called.

    who: had called it.
    """
    if type(error).__name__ == "NotAnsweredError":
        return sentence(str(error))
    lines = [sentence("Your code raised an error.")]
    place = explain.Place(called)
    frames = learner_frames(files, error)
    for i, (frame, number) in enumerate(frames):
        if FRAMES <= i < len(frames) - FRAMES:  # a function that calls itself without end
            lines += ["    ..."] if i == FRAMES else []
            continue
        lines.append(f"    line {number}, in {frame.f_code.co_name}")
        linecache.checkcache(frame.f_code.co_filename)  # the learner may have changed the file
        line = linecache.getline(frame.f_code.co_filename, number).strip()
        if line:
            lines.append(f"        {line}")
        place = explain.Place(called, line, frame.f_locals, frame.f_globals)
    lines.append(f"    {type(error).__name__}: {str(error) or 'without a message'}")
    if explained := explain.explain(error, place):
        lines.append(sentence(explained))
    return "\n".join([*lines, sentence(f"{who} had called {called}.")])


def guess_lines(exercise, guess, solved):
    """The learner's guess beside the answer to the question at the top of the file, [text].

    guess: `...` if there is none. Then the answer is shown after the exercise is solved.
    """
    answer = f"{exercise.guess!r}. {exercise.why_guess}"
    if guess is not ...:
        verdict = "right" if is_right(guess, exercise.guess) else "not right"
        return [sentence(f"Your guess {guess!r} was {verdict}. The answer is {answer}")]
    return [sentence(f"The answer to the question at the top is {answer}")] if solved else []


def is_right(guess, answer):
    """Whether a guess is right: a number to 2 %, or to 0.05 if it is 0; anything else exactly."""
    if isinstance(guess, (int, float)) and isinstance(answer, (int, float)):
        return math.isclose(guess, answer, rel_tol=0.02, abs_tol=0.0 if answer else 0.05)
    return repr(guess) == repr(answer)


def described(inputs):
    """The lines that show an input: small arrays with their numbers, others with their shape."""
    lines = []
    for name, value in inputs.items():
        if name == "seed":
            continue  # it draws weights
        if isinstance(value, np.ndarray) and value.size > SMALL:
            lines.append(f"{name}: an array of the shape {value.shape}")
            continue
        start = f"{name} = "
        text = str(value)
        if isinstance(value, np.ndarray):
            text = np.array2string(value, precision=4, separator=", ", prefix=start)
        lines += (start + text).splitlines()
    return lines


def table(found, right, names=()):
    """The lines of a table with the learner's numbers beside the right ones.

    names: of the rows. Without names, a row begins with its index.
    """
    if found.shape != right.shape:
        lines = [f"your shape is {found.shape}, the right one is {right.shape}"]
        if max(found.size, right.size) <= SMALL:
            for name, a in (("yours: ", found), ("right: ", right)):
                lines += (name + np.array2string(a, precision=4, prefix=name)).splitlines()
        return lines
    rows = [("", "yours", "right")]
    places = list(np.ndindex(found.shape))
    for place in places[:ROWS]:
        name = names[place[0]] if names else str(list(place)) if place else ""
        rows.append((name, number(found[place]), number(right[place])))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
    if len(places) > ROWS:
        lines.append(f"and {len(places) - ROWS} more")
    return [line.rstrip() for line in lines]


def number(x):
    return f"{x:.6g}"


def sentence(*texts):
    """Text, wrapped and indented. A formula such as 1 - y² stays on one line."""
    text = re.sub(r" ([-+·=]) ", "\u00a0\\1\u00a0", "".join(texts))  # textwrap does not break there
    lines = textwrap.fill(
        text,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace("\u00a0", " ")


def kind_of(value):
    """What a value is that is no array of numbers."""
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def listed_shapes(args):
    """ ", with arrays of the shapes (2,), (2,)", or nothing if there are none."""
    arrays = [x for x in args if isinstance(x, (np.ndarray, Tensor))]
    if not arrays:
        return ""
    kind = "Tensors" if any(isinstance(x, Tensor) for x in arrays) else "arrays"
    return f", with {kind} of the shapes {', '.join(str(as_array(x).shape) for x in arrays)}"


def learner_frames(files, error):
    """The frames of an error that are in the learner's files: [(frame, number of the line)]."""
    steps = traceback.walk_tb(error.__traceback__)
    return [(frame, number) for frame, number in steps if frame.f_code.co_filename in files]


def files_of(answer):
    """The names of the files in which an answer is defined."""
    return {function.__code__.co_filename for function in functions_of(answer)}


def functions_of(answer):
    """The functions and methods of an answer."""
    found = []
    for value in vars(answer).values():
        parts = [value, *vars(value).values()] if isinstance(value, type) else [value]
        found += [part for part in parts if isinstance(part, FunctionType)]
    return found
