"""The checker is checked: each fault that is planted in it makes a test of the exercises fail.

test_table.py runs the same tests without the faults.
"""

import contextlib

import numpy as np
import pytest
from exercises import verify
from exercises.verify import replaced

from minigan.exercises import checker, rules
from minigan.exercises.table import find

SAME = checker.same
LOOK = checker.look


def same_in_part(a, b, slack=1.0):
    """Without the shapes."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.size == b.size:
        return SAME(a.ravel(), b.ravel(), slack)
    return SAME(a, b, slack)


def loose(a, b, slack=1.0):
    return SAME(a, b, slack * 1e7)


def same_if_finite(a, b, slack=1.0):
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape == b.shape:
        finite = np.isfinite(a) & np.isfinite(b)
        return SAME(np.where(finite, a, 0), np.where(finite, b, 0), slack)
    return SAME(a, b, slack)


def first_input_only(exercise, answer, inputs):
    if inputs["x"].shape == (1,) or answer == exercise.answer():
        return LOOK(exercise, answer, inputs)
    return LOOK(exercise, exercise.answer(), inputs)


@contextlib.contextmanager
def nothing(places, answer=None):
    yield


FAULTS = {  # name: (owner, attribute, the faulty value, the exercise, what fails)
    "everything is right": (
        checker, "first_wrong", lambda *args, **settings: None, "tanh", "mistakes_are_recognised",
    ),
    "everything is equal": (
        checker, "same", lambda a, b, slack=1.0: True, "tanh", "mistakes_are_recognised",
    ),
    "nothing is equal": (
        checker, "same", lambda a, b, slack=1.0: False, "tanh", "solution_passes",
    ),
    "equality to the last bit": (
        checker, "same", lambda a, b, slack=1.0: np.array_equal(a, b), "tanh", "other_styles_pass",
    ),
    "a large tolerance": (checker, "same", loose, "tanh", "mistakes_are_recognised"),
    "shapes are not compared": (
        checker, "same", same_in_part, "linear", "mistakes_are_recognised",
    ),
    "infinities are not compared": (
        checker, "same", same_if_finite, "bce_logits", "mistakes_are_recognised",
    ),
    "one input is compared": (
        checker, "look", first_input_only, "tanh", "pairs_are_told_apart",
    ),
    "a name without its numbers": (
        checker, "agree", lambda a, b, k, slack=1.0: slack == 1, "tanh", "mistakes_are_recognised",
    ),
    "no name at all": (
        checker, "recognise", lambda *args: None, "tanh", "mistakes_are_recognised",
    ),
    "the first name for everything": (
        checker, "recognise", lambda exercise, *args: exercise.mistakes[0], "tanh",
        "mixtures_have_no_name",
    ),
    "the second order is left out": (
        rules, "second_order", lambda *args: iter(()), "tanh", "mistakes_are_recognised",
    ),
    "nothing is switched off": (
        checker, "switched_off", nothing, "tanh", "own_versions_are_switched_off",
    ),
    "the mistakes are right answers": (
        checker, "known", lambda e: [
            (m, [LOOK(e, e.answer(), x) for x in checker.inputs_of(e)]) for m in [None, *e.mistakes]
        ],
        "tanh", "mistakes_are_recognised",
    ),
}  # fmt: skip


@pytest.fixture
def fresh():
    """No numbers from before the fault, and none from the fault afterwards."""
    known = checker.known
    known.cache_clear()
    yield
    known.cache_clear()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault, fresh):
    owner, attribute, value, name, what = FAULTS[fault]
    with replaced(owner, attribute, value):
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            getattr(verify, what)(find(name))


def test_an_answer_that_knows_the_first_input_alone_fails(fresh):
    """`constants_fail` finds a checker that looks at one input."""
    inputs = checker.inputs_of
    with replaced(checker, "inputs_of", lambda exercise: inputs(exercise)[:1]):
        with pytest.raises(AssertionError, match="a constant passes"):
            verify.constants_fail(find("tanh"))
