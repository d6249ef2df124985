"""The session on docs/exercises.md is what the command prints."""

import re

import pages
import pytest
from exercises.in_process import replace_process

from minigan.exercises import __main__ as command
from minigan.exercises.exercise import left_open
from minigan.exercises.folder import Folder
from minigan.exercises.table import EXERCISES, find

PAGE = (pages.ROOT / "docs" / "exercises.md").read_text("utf-8")
(SESSION,) = [part.text for part in pages.parts(PAGE) if part.text.startswith("$ ")]


class Learner:
    """Writes what the lines in brackets say."""

    def __init__(self):
        self.gaps = {}  # {name of a file: the number of the line that the learner writes}

    def write(self, file, what, line):
        path = Folder().path / file
        lines = path.read_text("utf-8").splitlines()
        if what == "guess":
            number = next(i for i, old in enumerate(lines) if old.startswith("guess = "))
        else:
            gap, _ = left_open("\n".join(lines), find(file).names)
            number = self.gaps.setdefault(file, (gap or 0) - 1)
        indent = re.match(" *", lines[number])[0]
        lines[number] = indent + line
        path.write_text("\n".join(lines) + "\n", "utf-8")


def as_pattern(shown):
    """A regular expression for what a command prints. `...` at the end of a line is anything."""
    pattern = ""
    for line in shown.splitlines():
        if line == "...":
            pattern += "(?s:.*)"
        elif line.endswith(" ..."):
            pattern += re.escape(line.removesuffix("...")) + ".*\n"
        else:
            pattern += re.escape(line) + "\n"
    return pattern


def test_the_session(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    replace_process(monkeypatch)
    learner = Learner()
    steps = re.split(r"^(?=\$ |\[)", SESSION, flags=re.MULTILINE)[1:]
    assert len(steps) > 10
    for step in steps:
        if edit := re.fullmatch(r"\[(\S+), (guess|gap): (.*)\]\n", step):
            learner.write(*edit.groups())
            continue
        line, _, shown = step.partition("\n")
        command.main(line.split()[4:])
        printed = capsys.readouterr().out
        assert re.fullmatch(as_pattern(shown), printed), f"{line} printed\n{printed}not\n{shown}"


def test_a_wrong_session_is_found():
    assert re.fullmatch(as_pattern("a\n...\nc ...\n"), "a\nb\nc d\n")
    assert not re.fullmatch(as_pattern("a\n...\n"), "b\n")
    assert not re.fullmatch(as_pattern("`...` a\n"), "`b` a\n")


def test_the_page_has_every_command():
    with pytest.raises(SystemExit):
        command.parse_flags(["--help"])
    names = re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE)
    for name in names:
        with pytest.raises(SystemExit):
            command.parse_flags([name, "--help"])
    assert names == ["check", "watch", "hint", "solution", "reset", "run"]


def test_the_page_has_every_exercise():
    rows = re.findall(r"^\| \d [^|]+ \|(.*)\|$", PAGE, re.MULTILINE)
    assert re.findall(r"`(\w+)`", "".join(rows)) == [exercise.name for exercise in EXERCISES]
