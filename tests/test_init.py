"""The names of the package: some are there at once, others are loaded when first used."""

import re
import subprocess
import sys

import pytest

import minigan
from minigan.guards.moved import MOVED


def run(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_what_is_beside_the_mathematics_is_not_loaded_by_the_import():
    program = "import sys, minigan; print(*[n for n in minigan._LATER if n in vars(minigan)])"
    assert run(program) == []


@pytest.mark.parametrize("name", minigan._LATER)
def test_a_later_name_is_listed_and_is_there_when_first_asked_for(name):
    program = f"import minigan; print('{name}' in dir(minigan), minigan.{name}.__name__)"
    is_module = name in ("datasets", "metrics", "runs") or f"minigan.{name}" in MOVED
    assert run(program) == ["True", minigan._LATER[name] if is_module else name]


def test_every_module_that_the_docstring_names_can_be_imported():
    _, _, listed = minigan.__doc__.partition(" path")
    words = re.findall(r"(?:: |, |and |\n)([a-z]+)(?= \(|, |\.)", listed)
    assert len(words) == 18
    program = f"import importlib; [importlib.import_module('minigan.' + n) for n in {words}]"
    assert run(program) == []


def test_a_name_that_there_is_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'minigan' has no attribute 'gan'"):
        minigan.gan  # noqa: B018
    with pytest.raises(ImportError):
        from minigan import gan  # noqa: F401


FORMS = [
    "import {old}; print({old}.__name__)",
    "import {old} as it; print(it.__name__)",
    "from minigan import {name}; print({name}.__name__)",
    "from {old} import *; print(sys.modules['{old}'].__name__)",
    "print(importlib.import_module('{old}').__name__)",
    "import {new}, {old}; print({old}.__name__ if {old} is sys.modules['{new}'] else 'twice')",
    "import {old}; print(importlib.reload(sys.modules['{new}']).__name__)",
]


@pytest.mark.parametrize("form", FORMS)
def test_modules_that_moved_have_their_old_names_in_every_form_of_import(form):
    lines = ["import importlib, sys"]
    for old, new in MOVED.items():
        lines.append(form.format(old=old, new=new, name=old.rpartition(".")[2]))
    assert run("\n".join(lines)) == list(MOVED.values())


def test_a_moved_module_gives_its_functions_under_the_old_name():
    from minigan.checkpoint import save  # an example of each form of value: function, class
    from minigan.mixtures import Mixture

    assert save is minigan.save
    assert Mixture.__module__ == "minigan.datasets.mixtures"
