"""The learner's folder: its files are never overwritten and never lost.

    exercises/1_02_tanh.py         the learner's file
    exercises/kept/1_02_tanh-1.py  what `reset` moved away
    exercises/.minigan/            the texts as they were handed out, and the digest of each file
                                   that was solved

A file of the learner is moved, and never copied or written into. A new file appears completely or
not at all, and only where there is none.
"""

import contextlib
import hashlib
import os
from pathlib import Path

from minigan.runs.files import atomic_write, temporary_path

NAME = "exercises"
STATE = ".minigan"


class FolderError(OSError):
    """The folder cannot be used. The message is a sentence that says what to do."""


class Folder:
    """The folder of exercises in a folder, the current one by default.

    In the folder of exercises itself, it is that folder.
    """

    def __init__(self, where="."):
        where = Path(where)
        self.path = where if where.resolve().name == NAME and is_ours(where) else where / NAME
        self.state = self.path / STATE
        self.kept = self.path / "kept"

    def prepare(self, exercises):
        """Write the files that are missing. Return the exercises that have a newer text.

        A file that the learner has not changed gets the newer text. A changed one stays as it is.
        Raises FolderError, and writes nothing, if the folder is a link, or holds other files.
        """
        self.check()
        self.state.mkdir(parents=True, exist_ok=True)
        newer = []
        for exercise in exercises:
            if not os.path.lexists(self.file(exercise)):
                self.hand_out(exercise)
            elif self.handed_out(exercise) != exercise.text:
                if self.text(exercise) == self.handed_out(exercise):
                    self.reset(exercise)
                elif self.text(exercise) != exercise.text:
                    newer.append(exercise)
        return newer

    def require(self):
        """Raise FolderError if there are no exercises here. Nothing is written."""
        self.check()
        if not is_ours(self.path):
            raise FolderError(
                f"there is no folder of exercises in {Path.cwd()}. Go to the folder in which you "
                "have it. Or call `python -m minigan.exercises` without a command: it writes the "
                f"exercises into {self.path}"
            )

    def check(self):
        """Raise FolderError if the folder is a link, a file, or not one of ours."""
        if self.path.is_symlink():
            raise FolderError(
                f"{self.path} is a link to {os.readlink(self.path)}. Nothing was written. Go to "
                "another folder, or rename the link, and run the command again"
            )
        if self.path.exists() and not self.path.is_dir():
            raise FolderError(
                f"{self.path} is a file. Nothing was written. Go to another folder, or rename the "
                "file, and run the command again"
            )
        if self.path.is_dir() and not is_ours(self.path):
            others = sorted(p.name for p in self.path.iterdir())
            if others:
                raise FolderError(
                    f"{self.path} holds other files, such as {others[0]}. Nothing was written. Go "
                    "to another folder, or rename this one, and run the command again"
                )

    def file(self, exercise):
        return self.path / f"{exercise.stem}.py"

    def text(self, exercise):
        """What the learner's file holds, or None."""
        return read(self.file(exercise))

    def handed_out(self, exercise):
        """The text that the learner's file had at first, or None."""
        return read(self.state / f"{exercise.stem}.txt")

    def hand_out(self, exercise):
        """Write the file of an exercise where there is none."""
        with atomic_write(self.state / f"{exercise.stem}.txt") as temporary:
            temporary.write_text(exercise.text, encoding="utf-8")
        with contextlib.suppress(FileExistsError):  # another process, or the learner, was faster
            write_new(self.file(exercise), exercise.text)

    def reset(self, exercise):
        """Give the file its first text. Return where the learner's version is kept, or None.

        It is not kept if the learner had not changed it.
        """
        kept = self.keep(exercise)
        before = self.handed_out(exercise)
        self.hand_out(exercise)
        self.mark(exercise, solved=False)
        (self.state / f"{exercise.stem}.guess").unlink(missing_ok=True)
        if kept is not None and read(kept) in (before, exercise.text):
            kept.unlink()
            return None
        return kept

    def keep(self, exercise):
        """Move the learner's file to kept/NAME-1.py, or to the next free number. Return the path.

        Return None if there is no file. The new name is taken by an empty file first, so that two
        programs never choose the same one.
        """
        if not os.path.lexists(self.file(exercise)):
            return None
        self.kept.mkdir(exist_ok=True)
        n = 1
        while True:
            target = self.kept / f"{exercise.stem}-{n}.py"
            try:
                with open(target, "x"):
                    break
            except FileExistsError:
                n += 1
        os.replace(self.file(exercise), target)
        return target

    def is_solved(self, exercise):
        """Whether the file was solved, and is the same since then."""
        solved = read(self.solved(exercise))
        return solved is not None and solved == self.digest(exercise)

    def is_changed(self, exercise):
        """Whether the file was solved, and has changed since then."""
        return self.solved(exercise).exists() and not self.is_solved(exercise)

    def solved(self, exercise):
        """The path of the note that an exercise is solved. It holds the digest of the file."""
        return self.state / f"{exercise.stem}.solved"

    def digest(self, exercise):
        """What tells this version of the learner's file from others, or "" without a file."""
        try:
            return hashlib.sha256(self.file(exercise).read_bytes()).hexdigest()
        except OSError:
            return ""

    def mark(self, exercise, solved, digest=None):
        """Remember whether an exercise is solved. digest: of the solved file, as it is now."""
        if solved:
            with atomic_write(self.solved(exercise)) as temporary:
                temporary.write_text(digest or self.digest(exercise), encoding="utf-8")
        else:
            self.solved(exercise).unlink(missing_ok=True)

    def knows(self, exercise, guess):
        """Whether `note` noted this guess last: the learner has read what the check says of it."""
        return read(self.state / f"{exercise.stem}.guess") == repr(guess)

    def note(self, exercise, guess):
        """Note a guess of which the check has spoken."""
        with atomic_write(self.state / f"{exercise.stem}.guess") as temporary:
            temporary.write_text(repr(guess), encoding="utf-8")

    def next(self, exercises):
        """The first exercise that is not solved, or None."""
        return next((e for e in exercises if not self.is_solved(e)), None)


def is_ours(path):
    """Whether a folder is one that `prepare` has made."""
    return (path / STATE).is_dir()


def read(path):
    """The text of a file, or None if there is none, or if it is no text."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8-sig")
    return None


def write_new(path, text):
    """Write a file completely, and only if there is none. FileExistsError otherwise."""
    temporary = temporary_path(path.parent)
    try:
        temporary.write_text(text, encoding="utf-8")
        try:
            os.link(temporary, path)  # unlike a rename, it replaces nothing
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            with open(path, "x", encoding="utf-8") as file:
                file.write(text)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
