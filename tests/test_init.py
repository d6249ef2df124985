"""The names of the package: some are there at once, others are loaded when first used."""

import re
import subprocess
import sys

import pytest

import minigan


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
    assert run(program) == ["True", f"minigan.{name}" if name == minigan._LATER[name] else name]


def test_every_module_that_the_docstring_names_is_an_attribute():
    words = re.findall(r"[a-z]+", minigan.__doc__.partition("order:")[2])
    assert len(words) == 18
    program = f"import minigan; [getattr(minigan, name) for name in {words}]"
    assert run(program) == []


def test_a_name_that_there_is_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'minigan' has no attribute 'gan'"):
        minigan.gan  # noqa: B018
    with pytest.raises(ImportError):
        from minigan import gan  # noqa: F401
