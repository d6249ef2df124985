"""A learner's file runs in a child process, and only the asked names are taken from it."""

import inspect
import json
import re

import pytest

from minigan.exercises import child
from minigan.exercises.table import find

TANH = find("tanh")


@pytest.fixture
def check(tmp_path):
    """Check a text in this process: (whether it is solved, the text of the check)."""

    def check(text, name="tanh"):
        path = tmp_path / "answer.py"
        path.write_text(text, "utf-8")
        child.main(name, str(path), str(tmp_path / "result"))
        return json.loads((tmp_path / "result").read_text("utf-8"))

    return check


def in_a_process(tmp_path, text, seconds=120):  # a busy machine is slow
    path = tmp_path / "answer β.py"
    path.write_text(text, "utf-8")
    return child.check_file(TANH, path, seconds)


def test_a_solution_is_solved_in_a_process_and_what_it_prints_is_shown(tmp_path):
    text = TANH.solution.replace(
        "guess = ...", "guess = 0.0\nfor n in range(30):\n    print('β', n)"
    )
    solved, text = in_a_process(tmp_path, text)
    assert solved
    lines = text.splitlines()
    assert lines[:2] == ["  Your file printed:", "    β 0"]
    assert lines[21] == "    and 10 more lines"
    assert lines[22].startswith("  Shown: ")
    assert "Your guess 0.0 was right. The answer is 0.0." in text


def test_a_loop_without_end_is_ended(tmp_path):
    text = TANH.solution.replace("return gy", "while True:\n            pass\n        return gy")
    line = text.splitlines().index("            pass") + 1
    solved, told = in_a_process(tmp_path, text, seconds=8)
    told = " ".join(told.split())
    assert not solved
    assert told.startswith("The check was ended after 8 seconds. Is there a loop without end?")
    assert re.search(rf"It was at line ({line - 1}|{line}) of your file\.$", told)


def test_a_check_has_ten_seconds():
    assert inspect.signature(child.check_file).parameters["seconds"].default == 10


def test_a_process_that_dies_is_reported(tmp_path):
    text = "import os\n" + TANH.solution.replace("return gy", "os._exit(7)\n        return gy")
    solved, text = in_a_process(tmp_path, text)
    assert (solved, text) == (False, "  The check ended with status 7 before it was done.")


def test_a_gap_is_found_without_a_process_and_the_guess_is_shown(tmp_path, monkeypatch):
    monkeypatch.delattr(child, "subprocess")
    line = TANH.text.splitlines().index("        return ...") + 1
    gap = f"  Line {line} still has `...`: write your answer there."
    assert in_a_process(tmp_path, TANH.text) == (False, gap)
    solved, text = in_a_process(tmp_path, TANH.text.replace("guess = ...", "guess = 1"))
    assert (solved, text.splitlines()[-1]) == (False, gap)
    assert text.startswith("  Your guess 1 was not right. The answer is 0.0.")


def test_only_the_asked_names_are_taken(check):
    others = "examine = look = same = Op = None\n\n\nclass Sigmoid:\n    pass\n"
    assert check(TANH.solution + others)[0]
    assert "minigan" not in check(TANH.solution)[1].replace("agree with minigan", "").split("\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "The file does not define Tanh."),
        ("def f(:\n", "Line 1 is not Python: invalid syntax.\n    def f(:"),
        ("\n\nx = 1 / 0\n", "line 3, in <module>\n        x = 1 / 0\n    ZeroDivisionError: "),
        (
            "import sys\nsys.exit(3)\n",
            "line 2, in <module>\n        sys.exit(3)\n    SystemExit: 3",
        ),
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named"),
        ("x = '\0'\n", "source code string cannot contain null bytes"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_explained(check, text, words):
    solved, told = check(text)
    assert not solved
    assert words in told
    assert "minigan/exercises" not in told


def test_a_file_that_is_gone_is_explained(tmp_path):
    child.main("tanh", str(tmp_path / "gone.py"), str(tmp_path / "result"))
    solved, told = json.loads((tmp_path / "result").read_text("utf-8"))
    assert not solved and "FileNotFoundError" in told


def test_minigans_own_is_off_while_the_file_is_loaded(check):
    text = "from minigan import Tensor\n\ny = Tensor([1.0]).tanh()\n" + TANH.solution
    solved, told = check(text)
    assert not solved
    assert "line 3, in <module>" in told
    assert "minigan's own ops.elementwise.Tanh is switched off" in told


def test_a_file_may_define_a_dataclass(check):
    extra = "\nimport dataclasses\n\n\n@dataclasses.dataclass\nclass A:\n    x: 'int' = 1\n"
    assert check(TANH.solution + extra)[0]
