"""What a check says, and that it says nothing wrong."""

import dataclasses
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from exercises.verify import replaced

import minigan
from minigan import Op
from minigan.exercises import check, checker, report
from minigan.exercises.exercise import Exercise, Mistake, left_open, split
from minigan.exercises.rules import observe_function, rule
from minigan.exercises.table import find

TANH = find("tanh")
LINEAR = find("linear")


def tanh(backward):
    return SimpleNamespace(Tanh=rule(backward, lambda self, x: np.tanh(x)))


def text_of(exercise, answer):
    verdict = checker.examine(exercise, answer)
    assert not verdict.solved
    return verdict.text


def test_a_known_mistake_is_named_with_the_smallest_input_and_both_numbers():
    answer = tanh(lambda self, gy, y, x: 1 - y * y)
    first = checker.inputs_of(TANH)[0]
    x, gy = first["x"][0], first["gy"][0]
    slope = 1 - np.tanh(x) ** 2
    text = text_of(TANH, answer)
    assert " ".join(text.split()).startswith(
        "Your gradient does not use gy. 1 - y² is the slope of tanh alone. The chain rule "
        "multiplies it by gy. This is wrong: the gradient of x. The smallest input that shows it: "
        f"x = [{x:.4f}]"
    )
    assert [line.split() for line in text.splitlines()[-2:]] == [
        ["yours", "right"],
        ["[0]", f"{slope:.6g}", f"{gy * slope:.6g}"],
    ]


def test_the_sentence_of_a_sum_over_the_batch():
    (mean,) = [m for m in LINEAR.mistakes if m.name.startswith("Your gradient of b is the right")]
    text = " ".join(text_of(LINEAR, LINEAR.wrong(mean)[0]).split())
    assert text.startswith(
        "Your gradient of b is the right one divided by the batch size. "
        "Every sample uses b, so its gradient is a sum and not a mean. "
        "This is wrong: the gradient of b. "
    )


def test_a_mistake_that_nobody_knows_has_no_name():
    verdict = checker.examine(TANH, tanh(lambda self, gy, y, x: gy * (1.01 - y * y)))
    assert (verdict.solved, verdict.mistake) == (False, None)
    assert verdict.text.startswith("  This is wrong: the gradient of x. The smallest input")


def test_a_mistake_on_one_input_alone_has_no_name():
    def backward(self, gy, y, x):
        return (1 - y * y) if x.shape == (1,) else gy * (1 - y * y)

    verdict = checker.examine(TANH, tanh(backward))
    assert (verdict.solved, verdict.mistake) == (False, None)


def test_a_mistake_that_is_wrong_in_more_places_than_the_answer_is_not_named():
    def backward(self, gy, y, x, W, b):
        return gy.T @ x, gy.T @ x, gy.sum(axis=0)  # the second is right, so they are not exchanged

    answer = SimpleNamespace(Linear=rule(backward, lambda self, x, W, b: x @ W.T + b))
    verdict = checker.examine(LINEAR, answer)
    assert (verdict.solved, verdict.mistake) == (False, None)


def test_the_first_of_two_mistakes_is_named():
    def backward(self, gy, y, x, W, b):
        return gy @ W, x.T @ gy, gy.mean(axis=0)

    answer = SimpleNamespace(Linear=rule(backward, lambda self, x, W, b: x @ W.T + b))
    assert checker.examine(LINEAR, answer).mistake.name == (
        "Your gradient of W is the transpose of the right one."
    )


def test_two_mistakes_with_the_same_numbers_have_no_name():
    def exercise(*mistakes):
        return Exercise(
            number="1.9",
            name="double",
            title="",
            names=("double",),
            right={"double": lambda x: 2 * x},
            inputs=lambda rng: [{"x": rng.normal(size=n)} for n in (1, 2, 3)],
            observe=observe_function("double", "x", "the double"),
            mistakes=[Mistake(str(i), "", {"double": f}) for i, f in enumerate(mistakes)],
            guess=0,
            why_guess="",
            shown="",
            fact="",
            hints=("",),
            where=(),
            page="",
        )

    def triple(x):
        return 3 * x

    answer = SimpleNamespace(double=triple)
    assert checker.examine(exercise(triple), answer).mistake.name == "0"
    assert checker.examine(exercise(triple, triple), answer).mistake is None
    nearly = exercise(triple, lambda x: 3 * x + 1e-8)
    assert checker.examine(nearly, answer).mistake is None
    on_two_inputs = exercise(triple, lambda x: 3 * x if len(x) == 1 else 4 * x)
    assert checker.examine(on_two_inputs, answer).mistake is None


@pytest.mark.parametrize(
    ("axes", "name"),
    [
        ("tuple(range(new))", "You sum over the new axes only."),
        ("[0, 1]", None),  # an error that no known mistake has
        ("tuple(range(new)) if new != 2 else (0,)", None),  # another error on a few inputs
    ],
)
def test_a_mistake_that_ends_in_an_error_is_recognised_by_its_message(axes, name):
    exercise = find("unbroadcast")
    answer = exercise.changed(("axes = (*range(new), *stretched)", f"axes = {axes}"))
    verdict = checker.examine(exercise, answer)
    assert (verdict.mistake and verdict.mistake.name) == name
    assert "Your code raised an error." in verdict.text


def test_an_error_shows_the_lines_of_the_learner_alone():
    def backward(self, gy, y, x):
        return gy @ np.ones((7, 7))

    lines = text_of(TANH, tanh(backward)).splitlines()
    line = backward.__code__.co_firstlineno + 1
    assert lines[:3] == [
        "  Your code raised an error.",
        f"    line {line}, in backward",
        "        return gy @ np.ones((7, 7))",
    ]
    assert lines[3].startswith("    ValueError: matmul: ")
    assert " ".join("".join(lines[4:]).split()).endswith(
        "The check had called Tanh().backward(gy, y, x), with arrays of the shapes (1,), (1,), "
        "(1,)."
    )


def test_an_error_inside_minigan_shows_the_lines_of_the_learner_alone():
    def backward(self, gy, y, x):
        return gy * (1 - y * y) + 0 * minigan.Tensor(gy).reshape(7)

    lines = text_of(TANH, tanh(backward)).splitlines()
    assert [line for line in lines if ", in " in line] == [
        f"    line {backward.__code__.co_firstlineno + 1}, in backward"
    ]


def test_a_function_of_numpy_on_a_tensor_is_explained():
    text = text_of(TANH, tanh(lambda self, gy, y, x: gy * (1 - np.tanh(x) ** 2)))
    assert "NumPy's functions do not take Tensors, and arrays have no method" in text
    assert "with Tensors of the shapes (1,)" in " ".join(text.split())


@pytest.mark.parametrize(
    ("backward", "words"),
    [
        (lambda self, gy, y, x: None, "gives None: is there a `return` missing?"),
        (lambda self, gy, y, x: ..., "gives `...`: write your answer in its place."),
        (lambda self, gy, y, x: gy * ..., "The line still has `...`"),
        (lambda self, gy, y, x: "gy", "must be numbers, but Tanh().backward"),
        (lambda self, gy, y, x: [[1.0], [1.0, 2.0]], "gives a list"),
        (lambda self, gy, y, x: sys.exit(), "SystemExit: without a message"),
        (lambda self, gy, y, x: (gy, gy), "one gradient for each input: x."),
        (lambda self, gy: gy, "takes 2 positional arguments but 4 were given"),
        (lambda self, gy, y, x: np.multiply(gy, 1 - y * y, out=gy), "changes gy in place"),
        (
            lambda self, gy, y, x: gy * (1 - y * y) * np.ones(x.shape),
            "your gradient of x is not float32.",
        ),
    ],
)
def test_an_answer_of_another_kind_is_explained_in_a_sentence(backward, words):
    assert words in " ".join(text_of(TANH, tanh(backward)).split())


def test_another_shape_is_shown_with_both_shapes():
    text = text_of(TANH, tanh(lambda self, gy, y, x: (gy * (1 - y * y)).sum()))
    assert "your shape is (), the right one is (1,)" in text


def test_minigans_own_version_raises_a_sentence_while_it_is_checked():
    class Tanh(Op):
        def forward(self, x):
            return np.tanh(x)

        def backward(self, gy, y, x):
            return gy * (1 - minigan.ops.elementwise.Tanh()(x) ** 2)

    text = " ".join(text_of(TANH, SimpleNamespace(Tanh=Tanh)).split())
    assert "minigan's own ops.elementwise.Tanh is switched off during the check." in text
    assert minigan.Tensor([0.0]).tanh().item() == 0.0  # it works again


def test_a_function_is_switched_off_for_the_learner_and_not_for_the_walk():
    from minigan.autograd import sum_to

    def unbroadcast(g, shape):
        return sum_to(g, shape)

    verdict = checker.examine(find("unbroadcast"), SimpleNamespace(unbroadcast=unbroadcast))
    assert verdict.solved  # a name of the function itself; deliberate cheating is no concern
    unbroadcast.__globals__["taken"] = sum_to
    try:
        answer = SimpleNamespace(unbroadcast=lambda g, shape: taken(g, shape))  # noqa: F821
        text = text_of(find("unbroadcast"), answer)
    finally:
        del unbroadcast.__globals__["taken"]
    assert "minigan's own autograd.sum_to is switched off" in text


def test_a_check_leaves_the_random_numbers_and_warnings_as_they_were():
    minigan.seed(7)
    expected = minigan.randn(3).numpy()
    minigan.seed(7)
    checker.examine(TANH, tanh(lambda self, gy, y, x: gy))
    assert (minigan.randn(3).numpy() == expected).all()
    with pytest.warns(RuntimeWarning, match="divide"):
        np.ones(1) / np.zeros(1)


def test_check_prints_in_a_notebook_and_says_how_it_is_called(capsys):
    check("tanh", tanh(lambda self, gy, y, x: gy * (1 - y * y)).Tanh, guess=0.1)
    printed = capsys.readouterr().out
    assert printed.startswith("1.2 tanh: solved.\n  Shown: ")
    assert "Your guess 0.1 was not right. The answer is 0.0." in printed
    with pytest.raises(TypeError, match=r'write check\("tanh", Tanh\), not 2 answers'):
        check("tanh", 1, 2)
    with pytest.raises(KeyError, match="there is no exercise 'tahn'"):
        check("tahn", 1)


@pytest.mark.parametrize(
    ("guess", "answer", "right"),
    [
        (0.42, 0.41997, True),
        (0.43, 0.41997, False),
        (1, 1.0, True),
        ((3, 10), (3, 10), True),
        ((10, 3), (3, 10), False),
        ("larger", "larger", True),
        ("0.5", 0.5, False),
        (0.0002, 0.0, True),
        (0.1, 0.0, False),
        ([0.5], 0.5, False),
    ],
)
def test_a_guess_of_a_number_is_right_to_two_digits(guess, answer, right):
    assert report.is_right(guess, answer) == right


def test_the_answer_to_the_question_is_not_shown_before_there_is_a_guess():
    assert report.guess_lines(TANH, ..., solved=False) == []
    (line,) = report.guess_lines(TANH, ..., solved=True)
    assert line.startswith("  The answer to the question at the top is 0.0.")


def test_a_gap_is_found_where_the_learner_writes():
    source = 'x = ...\nguess = 3\n\ndef f(a):\n    """..."""\n    b = a[..., 0]\n    return ...\n'
    assert left_open(source, ("f",)) == (7, 3)
    assert left_open(source, ("x",)) == (1, 3)
    assert left_open(source, ("g",)) == (None, 3)
    assert left_open("guess = f(x)\n", ("g",)) == (None, ...)


def test_parts_of_a_text_are_split():
    assert split("a\n  #: solution\n  s\n  #: end\nb\n") == ("a\nb\n", "a\n  s\nb\n")


def test_a_replacement_that_fits_nowhere_is_an_error():
    with pytest.raises(ValueError, match="tanh: the solution has 0 times 'nothing'"):
        TANH.wrong(Mistake("", "", replace=("nothing", "")))


class Stream:
    def __init__(self, tty):
        self.isatty = lambda: tty


def test_colours_are_for_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert report.Colours(Stream(False)).green("a") == "a"
    with replaced(report.os, "name", "posix"):
        assert report.Colours(Stream(True)).green("a") == "\033[32ma\033[0m"
    with replaced(report.os, "name", "nt"):
        assert report.Colours(Stream(True)).green("a") == "a"  # an old Windows console
    monkeypatch.setenv("NO_COLOR", "1")
    assert report.Colours(Stream(True)).green("a") == "a"


def test_a_table_names_the_nodes_of_a_list():
    def order(y):
        return [y]

    text = text_of(find("order"), SimpleNamespace(order=order))
    assert [line.split() for line in text.splitlines()[-3:]] == [
        ["yours", "right"],
        ["a", "0", "1"],
        ["y", "1", "1"],
    ]


def test_an_outcome_without_a_result_is_an_error_of_the_exercise_and_not_of_the_answer():
    exercise = dataclasses.replace(find("stuck_gan"), outcome=lambda *args: None)
    with pytest.raises(ValueError, match="the outcome of stuck_gan must return"):
        checker.examine(exercise, exercise.answer())
