"""A learner's file is never lost or overwritten."""

import os
import sys

import pytest

from minigan.exercises import folder as folder_module
from minigan.exercises.exercise import Exercise
from minigan.exercises.folder import Folder, FolderError
from minigan.exercises.table import EXERCISES, find
from minigan.runs import files

TANH = find("tanh")
TWO = [find("power"), TANH]
MINE = "# β: what the learner wrote\n"


class Newer(Exercise):
    """An exercise with another text."""

    source = "# a newer text\n"


@pytest.fixture
def newer():
    return Newer(**{name: getattr(TANH, name) for name in Exercise.__dataclass_fields__})


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    folder.prepare(TWO)
    return folder


def everything(path):
    """{path: content} of all files below a folder that hold anything."""
    found = {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    return {name: content for name, content in found.items() if content}


def test_the_first_call_writes_the_files_and_the_second_changes_nothing(tmp_path):
    folder = Folder(tmp_path)
    assert folder.prepare(EXERCISES) == []
    for exercise in EXERCISES:
        assert folder.file(exercise).read_text("utf-8") == exercise.text
    before = everything(tmp_path)
    assert folder.prepare(EXERCISES) == []
    assert everything(tmp_path) == before
    assert folder.next(EXERCISES) is EXERCISES[0]


def test_inside_the_folder_of_exercises_it_is_that_folder(folder, monkeypatch):
    monkeypatch.chdir(folder.path)
    assert Folder().file(TANH).resolve() == folder.file(TANH).resolve()


@pytest.mark.parametrize("what", ["a link", "a file", "other files"])
def test_a_folder_of_another_kind_is_refused_and_nothing_is_written(what, tmp_path):
    path = tmp_path / "exercises"
    if what == "a link":
        (tmp_path / "elsewhere").mkdir()
        path.symlink_to(tmp_path / "elsewhere")
        words = "is a link to .*elsewhere"
    elif what == "a file":
        path.write_text("mine")
        words = "is a file"
    else:
        path.mkdir()
        (path / "homework.txt").write_text("mine")
        words = "holds other files, such as homework.txt"
    before = everything(tmp_path)
    with pytest.raises(FolderError, match=f"{words}. Nothing was written. Go to another folder"):
        Folder(tmp_path).prepare(TWO)
    assert everything(tmp_path) == before
    assert not (tmp_path / "elsewhere" / ".minigan").exists()


def test_a_file_of_the_learner_stays_as_it_is(folder):
    folder.file(TANH).write_text(MINE, "utf-8")
    assert folder.prepare(TWO) == []
    assert folder.text(TANH) == MINE


def test_a_missing_file_is_written_again(folder):
    folder.file(TANH).unlink()
    folder.prepare(TWO)
    assert folder.text(TANH) == TANH.text


def test_a_newer_text_replaces_a_file_that_nobody_changed(folder, newer):
    assert folder.prepare([newer]) == []
    assert folder.text(TANH) == "# a newer text\n"
    assert list(folder.kept.iterdir()) == []


def test_a_newer_text_leaves_a_changed_file_and_is_reported(folder, newer):
    folder.file(TANH).write_text(MINE, "utf-8")
    for _ in range(2):
        assert folder.prepare([newer]) == [newer]
        assert folder.text(TANH) == MINE
    kept = folder.reset(newer)
    assert kept.read_text("utf-8") == MINE
    assert folder.text(TANH) == "# a newer text\n"
    assert folder.prepare([newer]) == []


def test_a_file_with_the_line_ends_of_windows_counts_as_unchanged(folder, newer):
    folder.file(TANH).write_bytes(TANH.text.replace("\n", "\r\n").encode())
    assert folder.prepare([newer]) == []
    assert folder.text(TANH) == "# a newer text\n"


def test_reset_keeps_every_version_under_the_next_free_number(folder):
    for n in 1, 2, 3:
        folder.file(TANH).write_text(f"{MINE}{n}", "utf-8")
        folder.mark(TANH, solved=True)
        kept = folder.reset(TANH)
        assert kept.relative_to(folder.path).as_posix() == f"kept/1_02_tanh-{n}.py"
        assert folder.text(TANH) == TANH.text
        assert not folder.is_solved(TANH)
    texts = [(folder.kept / f"1_02_tanh-{n}.py").read_text("utf-8") for n in (1, 2, 3)]
    assert texts == [f"{MINE}{n}" for n in (1, 2, 3)]


def test_reset_of_an_unchanged_file_keeps_nothing(folder):
    assert folder.reset(TANH) is None
    assert list(folder.kept.iterdir()) == []
    assert folder.text(TANH) == TANH.text


def test_reset_of_a_file_that_is_gone_writes_it(folder):
    folder.file(TANH).unlink()
    assert folder.reset(TANH) is None
    assert folder.text(TANH) == TANH.text


def test_reset_of_a_link_moves_the_link_and_not_what_it_leads_to(folder, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(MINE, "utf-8")
    folder.file(TANH).unlink()
    folder.file(TANH).symlink_to(mine)
    kept = folder.reset(TANH)
    assert kept.is_symlink() and mine.read_text("utf-8") == MINE
    assert not folder.file(TANH).is_symlink() and folder.text(TANH) == TANH.text


def test_a_file_that_is_no_text_is_kept_too(folder):
    folder.file(TANH).write_bytes(b"\xff\xfe\x00")
    assert folder.prepare(TWO) == []
    assert folder.reset(TANH).read_bytes() == b"\xff\xfe\x00"


def test_without_hard_links_nothing_is_overwritten(folder, monkeypatch):
    def link(*args):
        raise PermissionError

    monkeypatch.setattr(os, "link", link)
    folder.file(TANH).write_text(MINE, "utf-8")
    assert folder.reset(TANH).read_text("utf-8") == MINE
    assert folder.text(TANH) == TANH.text
    with pytest.raises(FileExistsError):
        folder_module.write_new(folder.file(TANH), "other")
    assert folder.text(TANH) == TANH.text


class InterruptAt:
    """Raises KeyboardInterrupt at the n-th line that runs in the code that writes files."""

    def __init__(self, n):
        self.left = n
        self.files = {folder_module.__file__, files.__file__}

    def trace(self, frame, event, arg):
        if frame.f_code.co_filename not in self.files:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self.trace

    def run(self, function, *args):
        """Call a function. Return whether it was interrupted."""
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            function(*args)
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False


def interrupted_everywhere(make, tmp_path):
    """For each line: run make(folder), interrupted there, in a new folder. Yields the folder."""
    n = 0
    while True:
        n += 1
        where = tmp_path / str(n)
        where.mkdir()
        folder = Folder(where)
        interrupt = InterruptAt(n)
        if not interrupt.run(*make(folder)):
            assert n > 20, "the function has hardly any lines"
            return
        yield folder


# An interrupt between `open` and `with` leaves the file to Python's garbage collector, which warns.
interrupts = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def no_wait(monkeypatch):
    """Without waiting for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@interrupts
def test_ctrl_c_at_any_line_of_the_first_call_loses_nothing(tmp_path, no_wait):
    for folder in interrupted_everywhere(lambda folder: (folder.prepare, [TANH]), tmp_path):
        for path in folder.path.glob("*.py"):
            assert path.read_text("utf-8") == TANH.text  # completely, or not at all
        folder.prepare([TANH])
        assert folder.text(TANH) == TANH.text


@interrupts
def test_ctrl_c_at_any_line_of_reset_loses_nothing(tmp_path, no_wait):
    def make(folder):
        folder.prepare([TANH])
        folder.file(TANH).write_text(MINE, "utf-8")
        folder.kept.mkdir()
        (folder.kept / "1_02_tanh-1.py").write_text("an older version", "utf-8")
        return folder.reset, TANH

    for folder in interrupted_everywhere(make, tmp_path):
        contents = everything(folder.path)
        assert MINE.encode() in contents.values()
        assert contents["kept/1_02_tanh-1.py"] == b"an older version"
        folder.prepare([TANH])
        assert folder.text(TANH) in (MINE, TANH.text)
        assert MINE.encode() in everything(folder.path).values()


@interrupts
def test_ctrl_c_at_any_line_of_a_newer_text_loses_nothing(tmp_path, newer, no_wait):
    def make(folder):
        folder.prepare([TANH])
        return folder.prepare, [newer]

    for folder in interrupted_everywhere(make, tmp_path):
        folder.prepare([newer])
        assert folder.text(TANH) == newer.text


def test_an_interrupt_that_comes_with_a_change_of_the_learner_loses_nothing(folder, newer):
    """The learner saves after `prepare` has compared the file and before it is moved."""
    keep = Folder.keep

    def late(self, exercise):
        self.file(exercise).write_text(MINE, "utf-8")
        return keep(self, exercise)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "keep", late)
        folder.prepare([newer])
    assert MINE.encode() in everything(folder.path).values()
