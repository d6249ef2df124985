"""The command `python -m minigan.exercises`."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from exercises.in_process import replace_process

from minigan.exercises import __main__ as command
from minigan.exercises import child, ring, training, watch
from minigan.exercises.folder import Folder
from minigan.exercises.table import EXERCISES, find

TANH = find("tanh")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of exercises in an empty current folder. Files are checked in this process."""
    monkeypatch.chdir(tmp_path)
    replace_process(monkeypatch)
    folder = Folder()
    folder.prepare(EXERCISES)
    return folder


@pytest.fixture
def call(capsys):
    """A function of arguments: (the exit status, what the command printed)."""

    def call(*args):
        status = command.main(args)
        return status, capsys.readouterr().out

    return call


def write(folder, exercise, text):
    folder.file(exercise).write_text(text, "utf-8")


def test_without_a_command_it_shows_the_chapters_and_the_next_exercise(call, folder):
    folder.mark(EXERCISES[0], solved=True)
    status, printed = call()
    lines = printed.splitlines()
    assert status == 0
    assert "1 Rules  1 of 6 solved" in lines
    assert "  done  1.1  power              a rule, solved and explained" in lines
    assert "  next  1.2  tanh               the rule of an activation" in lines
    assert f"Next: {folder.file(TANH)}" in lines


def test_check_takes_the_next_exercise_and_remembers_that_it_is_solved(call, folder):
    status, printed = call("check")
    assert (status, printed.splitlines()[0]) == (0, "1.1 power: solved.")
    assert folder.next(EXERCISES) is TANH
    write(folder, TANH, TANH.solution)
    assert call("check")[0] == 0
    assert folder.is_solved(TANH)
    write(folder, TANH, TANH.solution.replace("y * y", "y"))
    status, printed = call("check", "tanh")
    assert status == 1
    assert printed.startswith("1.2 tanh: not yet.\n  Your gradient has 1 - y in place of 1 - y².")
    assert f"file: {folder.file(TANH)}    hint: python -m minigan.exercises hint tanh" in printed
    assert not folder.is_solved(TANH)


def test_the_list_says_where_the_pages_are_unless_they_are_here(call, folder):
    assert "Pages such as docs/glossary.md are in minigan's repository" in call()[1]
    Path("docs").mkdir()
    Path("docs", "exercises.md").touch()
    assert "repository" not in call()[1]


def test_a_check_speaks_of_a_guess_once(call, folder):
    wrong = TANH.solution.replace("guess = ...", "guess = 0.5").replace("gy *", "2 * gy *")
    assert wrong.count("0.5") and "2 * gy" in wrong
    write(folder, TANH, wrong)
    assert "Your guess 0.5" in call("check", "tanh")[1]
    assert "Your guess" not in call("check", "tanh")[1]
    write(folder, TANH, wrong.replace("guess = 0.5", "guess = 0.7"))
    assert "Your guess 0.7" in call("check", "tanh")[1]
    write(folder, TANH, wrong.replace("2 * gy", "gy"))
    call("check", "--all")
    assert "Your guess 0.5" in call("check", "tanh")[1]  # it is told with the answer
    call("reset", "tanh")
    write(folder, TANH, wrong)
    assert "Your guess 0.5" in call("check", "tanh")[1]


def test_check_all_prints_a_line_for_each(call, folder, monkeypatch):
    monkeypatch.setattr(command, "EXERCISES", EXERCISES[:6])
    for exercise in EXERCISES[:3]:
        write(folder, exercise, exercise.solution)
    status, printed = call("check", "--all")
    lines = printed.splitlines()
    assert status == 1
    assert lines[:4] == [
        "1.1 power: solved.",
        "1.2 tanh: solved.",
        "1.3 unbroadcast: solved.",
        "1.4 mean: not yet.",
    ]
    assert lines[-1] == "3 of 6 solved"


def test_all_solved(call, folder):
    for exercise in EXERCISES:
        folder.mark(exercise, solved=True)
    assert "All exercises are solved." in call()[1]
    assert "All exercises are solved." in call("check")[1]
    assert call("watch")[0] == 0


def test_hints_go_from_the_first_to_the_solution(call):
    status, printed = call("hint", "tanh")
    assert status == 0
    assert printed.splitlines()[0] == "Hint 1 of 3 for 1.2 tanh:"
    assert printed.splitlines()[-1] == "More: python -m minigan.exercises hint tanh 2"
    assert call("hint", "1.2", "3")[1].endswith("solution tanh\n")
    assert call("hint", "tanh", "4") == (1, "tanh has 3 hints, and no hint 4.\n")


def test_the_solution_says_where_it_stands_in_minigan(call):
    status, printed = call("solution", "tanh")
    assert status == 0
    assert TANH.solution in printed
    assert "In minigan: minigan/ops/elementwise.py, line " in printed
    assert "To read more: docs/" in printed


def test_reset_says_where_the_file_is_kept(call, folder):
    write(folder, TANH, "mine")
    status, printed = call("reset", "tanh")
    assert status == 0
    assert "Your version is kept in exercises" in printed.replace("\n", " ")
    assert call("reset", "tanh")[1] == f"{folder.file(TANH)} has its first text again.\n"


def test_a_newer_text_is_reported(call, folder):
    write(folder, TANH, "mine")
    (folder.state / f"{TANH.stem}.txt").write_text("an older text", "utf-8")
    assert "tanh has a newer text in this minigan. Your file is as you left it." in call()[1]


def test_a_wrong_name_is_an_error_that_lists_the_names(capsys):
    with pytest.raises(SystemExit) as error:
        command.main(["check", "tahn"])
    assert error.value.code == 2
    assert "there is no exercise 'tahn'; did you mean tanh?" in capsys.readouterr().err


WAIT = object()


class Editor:
    """Stands for `sleep`: each call is a time at which the learner may save the file."""

    def __init__(self, folder, *texts):
        self.folder = folder
        self.texts = list(texts)
        self.calls = 0

    def __call__(self, seconds):
        self.calls += 1
        assert self.calls < 1000, "watch waits and nothing changes"
        if self.calls % 3 == 0:  # so that no text is there for 0.2 s, unless the next one is WAIT
            text = self.texts.pop(0)
            if text is WAIT:
                return
            if text is None:
                raise KeyboardInterrupt
            if text == "gone":
                self.folder.file(TANH).unlink()
            else:
                write(self.folder, TANH, text)


def test_watch_checks_after_a_change_and_goes_on_to_the_next(folder, capsys):
    folder.mark(EXERCISES[0], solved=True)
    checked = []

    def check(exercise):
        checked.append((exercise.name, folder.text(exercise)))
        return 0 if folder.text(exercise) == "right" else 1

    editor = Editor(folder, "a", "ab", "gone", "right", *[WAIT] * 9, None)
    with pytest.raises(KeyboardInterrupt):
        watch.watch(folder, None, check, editor)
    # "a", "ab" and the missing file were never quiet for 0.2 s
    assert checked == [("tanh", "right"), ("unbroadcast", find("unbroadcast").text)]
    assert f"Watching {folder.file(TANH)}. Ctrl-C ends this." in capsys.readouterr().out


def test_watch_checks_again_only_if_the_file_changed(folder):
    checked = []

    def check(exercise):
        checked.append(folder.text(exercise))
        return 1

    class Slow(Editor):
        def __call__(self, seconds):
            self.calls += 1
            if self.calls % 30 == 0:
                text = self.texts.pop(0)
                if text is None:
                    raise KeyboardInterrupt
                write(self.folder, TANH, text)

    with pytest.raises(KeyboardInterrupt):
        watch.watch(folder, TANH, check, Slow(folder, "one", "three", None))
    assert checked == [TANH.text, "one", "three"]


def test_watch_starts_at_any_exercise_and_skips_what_is_solved(folder):
    folder.mark(find("mean"), solved=True)
    assert watch.following(folder, find("unbroadcast")) is find("linear")
    for exercise in EXERCISES[1:]:
        folder.mark(exercise, solved=True)
    assert watch.following(folder, find("unbroadcast")) is EXERCISES[0]


def test_run_trains_with_the_lines_that_are_solved(call, folder, monkeypatch):
    calls = []
    marked = TANH.solution.replace(
        "return gy * (1 - y * y)", "CALLS.append(1)\n        return gy * (1 - y * y)"
    ).replace("class Tanh", "from test_command_calls import CALLS\n\n\nclass Tanh")
    module = type(sys)("test_command_calls")
    module.CALLS = calls
    monkeypatch.setitem(sys.modules, "test_command_calls", module)
    write(folder, TANH, marked)
    assert "Nothing is solved yet that this training needs." in call("run", "--steps", "1")[1]
    assert calls == []
    folder.mark(TANH, solved=True)
    status, printed = call("run", "--steps", "2")
    assert status == 0 and calls
    line = marked.splitlines().index("class Tanh(Op):") + 1
    assert f"  Tanh: {folder.file(TANH)}, line {line}" in printed.splitlines()
    assert "step 2: loss of D " in printed
    assert f"The picture: {folder.path / 'ring.png'}" in printed
    assert (folder.path / "ring.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("model", ["gan", "wgan_gp"])
def test_run_trains_with_the_lines_of_all_exercises_as_with_minigans(folder, model):
    train = {"gan": ring.train_gan, "wgan_gp": ring.train_wgan_gp}[model]
    expected = train(4)
    for exercise in EXERCISES:
        write(folder, exercise, exercise.solution)
        folder.mark(exercise, solved=True)
    with training.in_place_of_minigan(folder, model) as lines:
        found = train(4)
    used = [e for e in EXERCISES if e.place and not e.number.startswith(training.UNUSED[model])]
    assert len(lines) == sum(len(e.names) for e in used)
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert (train(4) == expected).all()  # minigan's own lines are back


def test_run_without_matplotlib_draws_no_picture(call, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert "No picture: Matplotlib is not installed." in call("run", "--steps", "1")[1]


def test_the_list_says_which_files_have_changed_since_they_were_solved(call, folder):
    call("check", "power")
    write(folder, TANH, TANH.solution)
    call("check", "tanh")
    assert "  done  1.2  tanh               the rule of an activation\n" in call()[1]
    write(folder, TANH, TANH.solution + "\n")
    printed = call()[1]
    assert "1 Rules  1 of 6 solved" in printed
    assert (
        "  next  1.2  tanh               the rule of an activation (changed since it was solved)\n"
    ) in printed
    write(folder, TANH, TANH.solution)
    assert "(changed" not in call()[1]


def test_a_file_that_is_saved_during_its_check_is_not_done(folder, monkeypatch):
    def check_file(exercise, path, known):
        path.write_text("saved during the check", "utf-8")
        return True, ""

    monkeypatch.setattr(child, "check_file", check_file)
    child.check_in(folder, TANH)
    assert not folder.is_solved(TANH) and folder.is_changed(TANH)


def test_run_checks_a_file_again_that_has_changed_since_it_was_solved(call, folder):
    folder.mark(TANH, solved=True)
    write(folder, TANH, TANH.solution)
    printed = call("run", "--steps", "1")[1]
    assert printed.startswith(
        "tanh has changed since it was solved. It is checked again.\n1.2 tanh: solved.\nYours:\n"
    )
    write(folder, TANH, TANH.solution.replace("y * y", "y"))
    status, printed = call("run", "--steps", "1")
    assert status == 0
    assert "1.2 tanh: not yet.\n  Your gradient has 1 - y in place of 1 - y²." in printed
    assert "Until it is solved again, minigan's lines take its place." in printed
    assert "All lines are minigan's." in printed and "Yours:" not in printed


def test_an_error_in_the_learners_lines_during_run_is_shown_as_in_a_check(call, folder):
    source = TANH.solution.replace("return gy * (", "return gy @ (")
    write(folder, TANH, source)
    folder.mark(TANH, solved=True)  # a check would not have found it
    status, printed = call("run", "--steps", "1")
    line = next(i for i, text in enumerate(source.splitlines(), 1) if "gy @" in text)
    assert status == 1
    shown = printed[printed.index("  Your code") :].splitlines()
    assert shown[:2] == ["  Your code raised an error.", f"    line {line}, in backward"]
    assert shown[3].startswith("    ValueError: matmul")
    assert shown[-1] == "  The training had called backward."


def test_an_error_in_minigans_lines_during_run_is_not_hidden(folder, monkeypatch):
    def train(steps):
        raise ValueError("a fault of minigan")

    monkeypatch.setattr(ring, "train_gan", train)
    with pytest.raises(ValueError, match="a fault of minigan"):
        training.run(folder, "gan", 1)


@pytest.mark.parametrize("name", ["check", "watch", "run", "reset tanh", "check --all"])
def test_only_the_call_without_a_command_writes_the_exercises(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match=r"^there is no folder of exercises in .*without a command"):
        command.main(name.split())
    assert list(tmp_path.iterdir()) == []


def test_a_training_says_how_long_it_takes_and_then_where_it_is(capsys, monkeypatch):
    monkeypatch.setattr(ring.time, "monotonic", lambda: 105.0)  # 5 s after the start
    for step in range(1, 4001):
        ring.report(step, 4000, 100.0, "...")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "4,000 steps: about 995 seconds"  # 3,980 steps of 5 / 20 s
    assert lines[1:] == [f"step {step}: ..." for step in range(500, 4001, 500)]


def test_run_explains_a_solved_file_that_is_broken_now(folder):
    write(folder, TANH, "def")
    folder.mark(TANH, solved=True)
    with pytest.raises(training.RunError, match=r"was solved, but now:\n  Line 1 is not Python"):
        training.run(folder, "gan", 1)


def test_the_program_ends_with_a_status_and_errors_are_sentences(tmp_path):
    (tmp_path / "exercises").write_text("a file")
    done = subprocess.run(
        [sys.executable, "-m", "minigan.exercises"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: exercises is a file. Nothing was written.")
