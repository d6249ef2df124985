"""The tools of the project leave a learner's folder in the repository alone."""

import configparser
import re
import shutil
import subprocess
import sys

import pytest
from pages import ROOT

from minigan.exercises.table import EXERCISES

BROKEN = "import os\nraise SystemExit('this file was imported')\n"


@pytest.fixture
def repository(tmp_path):
    """A copy of the settings of the project, and exercises that may not be imported."""
    for name in ("setup.cfg", "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    kept = tmp_path / "exercises" / "kept"
    kept.mkdir(parents=True)
    for exercise in EXERCISES:
        (tmp_path / "exercises" / f"{exercise.stem}.py").write_text(BROKEN)
        (kept / f"{exercise.stem}-1.py").write_text(BROKEN)
    return tmp_path


def run(folder, *args):
    done = subprocess.run(
        [sys.executable, "-m", *args], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )
    return done.returncode, done.stdout + done.stderr


def test_pytest_collects_no_exercise(repository):
    status, printed = run(repository, "pytest", "--collect-only", "-q", ".")
    assert status == pytest.ExitCode.NO_TESTS_COLLECTED, printed
    assert "imported" not in printed


def test_ruff_checks_no_exercise(repository):
    status, printed = run(repository, "ruff", "check", "--no-cache", ".")
    assert status == 0, printed
    (repository / "mine.py").write_text("import os\n")
    assert run(repository, "ruff", "check", "--no-cache", ".")[0] == 1


def test_mypy_leaves_out_the_folder_of_a_learner_and_not_the_package():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    pattern = settings["mypy"]["exclude"]
    assert re.search(pattern, "exercises/1_02_tanh.py")
    assert not re.search(pattern, "minigan/exercises/checker.py")


def test_the_texts_of_the_package_are_no_modules():
    folder = ROOT / "minigan" / "exercises" / "texts"
    assert {path.suffix for path in folder.iterdir()} == {".txt"}
