"""What must hold for every exercise. test_faults.py plants faults, so that each of these can fail.

`other_styles` has right answers that are written in another way than minigan's.
"""

import contextlib
import itertools
import math

import pytest
from exercises.other_styles import OTHER_STYLES

from minigan.exercises import checker


def solution_passes(exercise):
    errors = [seen.error for seen in checker.known(exercise)[0][1] if seen.error]
    assert not errors, "minigan's own answer raises an error, so that nothing is compared"
    verdict = checker.examine(exercise, exercise.from_text(exercise.solution))
    assert verdict.solved, verdict.text
    assert exercise.fact[:30] in " ".join(verdict.text.split())


def other_styles_pass(exercise):
    for lines in OTHER_STYLES[exercise.name]:
        verdict = checker.examine(exercise, exercise.changed(lines))
        assert verdict.solved, f"{lines}\n{verdict.text}"


def mistakes_are_recognised(exercise):
    if exercise.outcome:
        return mistakes_of_a_script_are_recognised(exercise)
    for mistake, answer in wrong_answers(exercise):
        verdict = checker.examine(exercise, answer)
        assert not verdict.solved, mistake.name
        assert verdict.mistake is mistake, f"{mistake.name}\n{verdict.text}"
        assert mistake.name.split()[-1] in verdict.text


def wrong_answers(exercise):
    return [(m, answer) for m in exercise.mistakes for answer in exercise.wrong(m)]


def mistakes_of_a_script_are_recognised(exercise):
    """Without the trainings, which take time; but the script as it is given does not learn."""
    for mistake, answer in wrong_answers(exercise):
        found = [checker.look(exercise, answer, x) for x in checker.inputs_of(exercise)]
        assert checker.recognise(exercise, found, 0) is mistake
    verdict = checker.examine(exercise, exercise.from_text(exercise.text))
    assert (verdict.solved, verdict.mistake) == (False, exercise.mistakes[0])
    assert "G has learned if W₁ is below 1." in verdict.text


def pairs_are_told_apart(exercise):
    """On three inputs at least, each two answers give clearly different numbers."""
    for (name, one), (other_name, other) in pairs(checker.known(exercise)):
        if name is not other_name:  # not two ways to write one mistake
            different = sum(map(differ, one, other))
            assert different >= 3, f"two answers differ on too few inputs: {name}, {other_name}"


def pairs(items):
    return [(a, b) for i, a in enumerate(items) for b in items[:i]]


def differ(a, b):
    """Whether two Observations differ, by a comparison that the checker does not use."""
    for x, y in zip(a.seen, b.seen, strict=False):
        if x.value.shape != y.value.shape:
            return True
        for u, v in zip(x.value.ravel().tolist(), y.value.ravel().tolist(), strict=True):
            if abs(u - v) > 1e-8 + 1e-6 * abs(v) or math.isfinite(u) != math.isfinite(v):
                return True
    return len(a.seen) != len(b.seen) or repr(a.error) != repr(b.error)


def constants_fail(exercise):
    """An answer that returns the same numbers for all inputs is wrong."""

    first = {}

    class First(checker.Ask):
        def __call__(self, text, function, *args, returns=True):
            if text not in first:
                first[text] = super().__call__(text, function, *args, returns=returns)
            return first[text]

    checker.known(exercise)  # before the answers become constants
    with replaced(checker, "Ask", First):
        verdict = checker.examine(exercise, exercise.from_text(exercise.solution))
    assert not verdict.solved, "a constant passes"
    assert verdict.mistake is None, verdict.text


def mixtures_have_no_name(exercise):
    """An answer that makes two mistakes in turns is wrong, and has no name."""
    known = [observed for _, observed in checker.known(exercise)]
    for a, b in itertools.pairwise(known[1:]):
        for found in ([*b[:1], *a[1:]], [*a[:-1], *b[-1:]]):
            wrong = checker.first_wrong(found, known[0], numbers_only=True)
            if wrong and all(
                any(differ(f, o) for f, o in zip(found, k, strict=True)) for k in known
            ):
                name = checker.recognise(exercise, found, len(known[0][0].seen) - 1)
                assert name is None, name


def own_versions_are_switched_off(exercise):
    for place in exercise.off:
        before = checker.find(place)
        with checker.switched_off([place]):
            thing = checker.find(place)
            methods = [thing.forward, thing.backward] if isinstance(thing, type) else [thing]
            for method in methods:
                with pytest.raises(checker.SwitchedOffError, match="asks you to write it"):
                    with contextlib.suppress(TypeError):  # a call without arguments
                        method()
        assert checker.find(place) is before


@contextlib.contextmanager
def replaced(owner, name, value):
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


EVERY = [
    solution_passes,
    other_styles_pass,
    mistakes_are_recognised,
    pairs_are_told_apart,
    constants_fail,
    mixtures_have_no_name,
    own_versions_are_switched_off,
]
