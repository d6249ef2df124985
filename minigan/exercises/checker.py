"""The checker: run an answer beside minigan's own, and recognise known mistakes.

`examine` runs the learner's answer, minigan's own and every known mistake through the same function
`observe`, on the same inputs. It compares what they give.
"""

import inspect
import sys
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from types import FunctionType

import numpy as np

from minigan import backend
from minigan.exercises import report
from minigan.exercises.exercise import Mistake
from minigan.exercises.report import functions_of
from minigan.tensor import Tensor

SEED = 0  # of the inputs
RTOL, ATOL = 1e-7, 1e-9  # by which two right answers may differ, because they round differently
CLEAR = 1000  # times the tolerance, by which two mistakes must differ to be told apart
ENOUGH = 3  # inputs on which a mistake must differ from everything else


@dataclass
class Verdict:
    """solved: whether the answer is right. text: what the learner reads.

    mistake: the known mistake, if it was recognised.
    """

    solved: bool
    text: str
    mistake: Mistake | None = None


class NotAnsweredError(Exception):
    """An answer that is missing, or is no number. The message is a sentence for the learner."""


class SwitchedOffError(Exception):
    """A call of minigan's own version of what the exercise asks for."""


class Ask:
    """Calls functions of the learner, and notes the call for the report."""

    called = ""

    def __call__(self, text, function, *args, returns=True):
        """Return function(*args). text: the call as the report shows it, such as "tanh(x)".

        returns: False for a function that returns nothing.
        """
        self.called = text + report.listed_shapes(args)
        result = function(*args)
        if not returns:
            return None
        for part in result if isinstance(result, tuple) else (result,):
            if part is ...:
                raise NotAnsweredError(f"{text} gives `...`: write your answer in its place.")
            if part is None:
                raise NotAnsweredError(f"{text} gives None: is there a `return` missing?")
        return result


@dataclass
class Observation:
    """What observe yielded for one input, and the error that ended it, if any."""

    inputs: dict
    seen: list
    error: BaseException | None
    called: str

    def __getitem__(self, k):
        """The value of the item k; an error's (type, message) in its place; None after an error."""
        if k < len(self.seen):
            return self.seen[k].value
        return (type(self.error), str(self.error)) if k == len(self.seen) else None


def examine(exercise, answer):
    """Return a Verdict about an answer: an object with the exercise's names as attributes."""
    right = known(exercise)[0][1]
    if exercise.outcome:
        return by_outcome(exercise, answer, right)
    with switched_off(exercise.off, answer):
        found = [look(exercise, answer, x) for x in inputs_of(exercise)]
    wrong = first_wrong(found, right)
    if wrong is None:
        return Verdict(True, report.solved(exercise, [o.inputs for o in right]))
    # An error on one input hides the numbers that another input gives. A mistake is in the numbers.
    k, i = first_wrong(found, right, numbers_only=True) or wrong
    mistake = recognise(exercise, found, k)
    if mistake is None:
        k, i = wrong
    text = report.wrong(answer, found[i], right[i], k, mistake)
    return Verdict(False, text, mistake)


def by_outcome(exercise, answer, right):
    """The Verdict about a script: it has to learn, and not to have a known mistake."""
    ask = Ask()
    try:
        with switched_off(exercise.off, answer), quiet():
            outcome = exercise.outcome(exercise, answer, ask)
    except (Exception, SystemExit) as error:
        return Verdict(False, report.raised(answer, error, ask.called))
    if outcome is None:  # a mistake in the exercise, and not in the answer
        raise ValueError(f"the outcome of {exercise.name} must return (solved, sentences)")
    solved, told = outcome
    found = [look(exercise, answer, x) for x in inputs_of(exercise)]
    mistake = recognise(exercise, found, len(right[0].seen) - 1)
    if solved and mistake is None:
        return Verdict(True, report.solved(exercise, [o.inputs for o in right], told))
    return Verdict(False, report.not_trained(told, mistake), mistake)


def inputs_of(exercise):
    """The inputs of an exercise, drawn anew. They are the same at each call."""
    return list(exercise.inputs(np.random.default_rng(SEED)))


def look(exercise, answer, inputs):
    """Run `observe` on one input."""
    ask = Ask()
    seen = []
    error = None
    given = {name: np.copy(x) if isinstance(x, np.ndarray) else x for name, x in inputs.items()}
    try:
        with quiet():
            for item in exercise.observe(answer, given, ask):
                seen.append(replace(item, value=numbers(item, ask)))
    except (Exception, SystemExit) as caught:
        error = caught
    return Observation(inputs, seen, error, ask.called)


@contextmanager
def quiet():
    """Without warnings, and with minigan's seed 0; its random numbers go on as before after it."""
    random = backend.rng().bit_generator
    before = random.state
    try:
        backend.seed(0)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        backend.rng().bit_generator.state = before


def numbers(item, ask):
    """The value of a Seen as an array of numbers."""
    value = item.value.data if isinstance(item.value, Tensor) else item.value
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "bifu":
        raise NotAnsweredError(
            f"{item.label} must be numbers, but {ask.called} gives {report.kind_of(value)}."
        )
    return array.astype(np.float64)


def same(a, b, slack=1.0):
    """Whether two arrays are equal up to rounding, or two errors with their messages."""
    if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
        return type(a) is type(b) and a == b
    if a.shape != b.shape:
        return False
    finite = np.isfinite(b)
    if not np.array_equal(np.where(finite, 0, b), np.where(np.isfinite(a), 0, a), equal_nan=True):
        return False
    a, b = a[finite], b[finite]
    scale = max(1.0, np.abs(b).max(initial=0.0))
    return bool((np.abs(a - b) <= slack * (RTOL * np.abs(b) + ATOL * scale)).all())


def first_wrong(found, right, numbers_only=False):
    """(k, i) of the first item that differs, and of the first input for which it does; or None.

    numbers_only: skip errors.
    """
    for k in range(max(len(o.seen) for o in right)):
        for i, (f, r) in enumerate(zip(found, right, strict=True)):
            length = min(len(f.seen), len(r.seen)) if numbers_only else len(r.seen)
            if k < length and not same(f[k], r[k]):
                return k, i
    return None


@cache
def known(exercise):
    """The Observations of minigan's own answer, and of each way to make each known mistake.

    A list of (None or the Mistake, [Observation for each input]).
    """
    answers = [(None, exercise.answer())]
    for mistake in exercise.mistakes:
        answers += [(mistake, answer) for answer in exercise.wrong(mistake)]
    return [(m, [look(exercise, answer, x) for x in inputs_of(exercise)]) for m, answer in answers]


def recognise(exercise, found, k):
    """The known mistake that gives the same numbers as the learner's answer, or None.

    Up to the item k, which is the first wrong one, all numbers have to agree, on all inputs. On
    three inputs at least, the right answer and all other mistakes give other numbers. A wrong name
    would be worse than none. If two mistakes are equal up to there, all items are compared. Behind
    the item k, the answer may have another mistake, too. But where it is right, the known mistake
    must be right: it says nothing wrong about that part.

    An error counts as a number does, with its message, such as "cannot reshape array of size 6 into
    shape (2,1)". Behind an error there is nothing to compare.
    """
    answers = known(exercise)
    right = answers[0][1]
    for depth in (k, len(right[0].seen) - 1):
        for mistake, its in answers[1:]:
            if all(fits(*three, depth) for three in zip(found, its, right, strict=True)):
                others = [other for name, other in answers if name is not mistake]
                told_apart = [
                    i
                    for i, m in enumerate(its)
                    if not any(agree(m, other[i], depth, CLEAR) for other in others)
                ]
                if len(told_apart) >= ENOUGH:
                    return mistake
    return None


def fits(found, mistake, right, k):
    """Whether an answer agrees with a mistake up to the item k, and is right nowhere else alone."""
    return agree(found, mistake, k) and all(
        same(mistake[j], right[j]) or not same(found[j], right[j])
        for j in range(k + 1, len(right.seen))
    )


def agree(a, b, k, slack=1.0):
    """Whether two Observations agree up to the item k."""
    return all(same(a[j], b[j], slack) for j in range(k + 1))


@contextmanager
def switched_off(places, answer=None):
    """Let minigan's own versions raise an error: operations, methods and functions by their names.

    A function is replaced in all modules of minigan, and where the functions of the answer look for
    their names.
    """
    undo = []

    def put(names, name, value):
        undo.append((names, name, names[name]))
        names[name] = value

    namespaces = [vars(m) for n, m in sys.modules.items() if n.partition(".")[0] == "minigan"]
    namespaces += [f.__globals__ for f in functions_of(answer)] if answer else []
    with ExitStack() as stack:
        stack.callback(lambda: [names.update({name: old}) for names, name, old in reversed(undo)])
        for place in places:
            thing = find(place)
            off = raiser(place, thing)
            owner = find(place.rpartition(".")[0])
            if isinstance(thing, type):
                for method in "__call__", "forward", "backward":
                    stack.enter_context(patched(thing, method, off))
            elif isinstance(owner, type):
                stack.enter_context(patched(owner, thing.__name__, off))
            else:
                for names in namespaces:
                    for name in [n for n, value in names.items() if value is thing]:
                        put(names, name, off)
        yield


@contextmanager
def patched(owner, name, value):
    """Set an attribute of a class during the block."""
    before = vars(owner).get(name, patched)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is patched:  # it was inherited
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def raiser(place, thing):
    """A function that raises SwitchedOffError. If minigan itself calls a function, it works."""

    def off(*args, **settings):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        inside = caller.startswith("minigan.") and not caller.startswith("minigan.exercises")
        if isinstance(thing, FunctionType) and inside:
            return thing(*args, **settings)
        raise SwitchedOffError(
            f"minigan's own {place.removeprefix('minigan.')} is switched off during the check. "
            "This exercise asks you to write it."
        )

    return off


def place_in_minigan(place):
    """Where an object stands: "minigan/ops/elementwise.py, line 75: Tanh.backward".

    A place outside the package, such as "examples/dice_gan.py: jsd", is returned as it is.
    """
    if ": " in place:
        return place
    thing = inspect.unwrap(find(place))
    _, line = inspect.getsourcelines(thing)
    file = thing.__module__.replace(".", "/")
    return f"{file}.py, line {line}: {thing.__qualname__}"


def find(place):
    """The object with a dotted name, such as "minigan.ops.elementwise.Tanh.backward"."""
    parts = place.split(".")
    for end in range(len(parts), 0, -1):
        try:
            thing = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            thing = getattr(thing, part)
        return thing
    raise ModuleNotFoundError(place)
