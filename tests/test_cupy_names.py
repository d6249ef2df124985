"""Every name of the array module that minigan uses exists in CuPy."""

import ast
import warnings
from pathlib import Path

import pytest
from strict_cupy import NAMES
from write_cupy_names import public_names

import minigan

SOURCES = sorted(Path(minigan.__file__).parent.rglob("*.py"))
MODULES = {"xp", "cupy"}  # the names by which minigan calls an array module
CALLS = {"get_array_module", "current"}  # and the functions that return one


def is_array_module(node):
    """Whether an expression is xp, cupy, get_array_module(...), backend.current()."""
    if isinstance(node, ast.Name):
        return node.id in MODULES
    if isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in CALLS
    if isinstance(node, ast.IfExp):  # xp.maximum if ... else xp.minimum has its names further in
        return is_array_module(node.body) or is_array_module(node.orelse)
    return False


def names_used(source):
    """{name of the array module: the lines where it is used} in some source text."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and is_array_module(node.value):
            found.setdefault(node.attr, []).append(node.lineno)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_name_of_the_array_module_exists_in_cupy(path):
    used = names_used(path.read_text())
    missing = {name: lines for name, lines in used.items() if name not in NAMES | {"__name__"}}
    assert not missing


def test_the_search_finds_each_way_to_name_the_module():
    source = """
xp = get_array_module(x)
xp.exp(x) + get_array_module(x).errstate(y) + backend.current().zeros(2)
cupy.cuda.runtime
np.nothing
(xp.maximum if a else xp.minimum)(x)
"""
    assert set(names_used(source)) == {"exp", "errstate", "zeros", "cuda", "maximum", "minimum"}


def test_enough_names_are_found_for_the_search_to_be_believed():
    used = set().union(*(names_used(path.read_text()) for path in SOURCES))
    assert {"exp", "maximum", "where", "asarray", "asnumpy", "zeros_like", "add"} <= used


def test_the_list_of_names_is_that_of_the_cupy_that_is_installed():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    if cupy.__version__.split(".")[0] != "14":
        pytest.skip(f"the list is that of CuPy 14, and this is {cupy.__version__}")
    assert set(public_names(cupy)) >= NAMES
