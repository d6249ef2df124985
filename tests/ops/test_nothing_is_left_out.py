"""Every operation, layer and loss has a property test, which uses it and has its name.

The tests of an operation stand where its file says: test_FAMILY.py for minigan/ops/FAMILY.py.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
from cases.every import CASES
from hypothesis import given, settings
from properties import operations, run, weights

import minigan
from minigan import Op, grad

HERE = Path(__file__).parent
OPS = Path(minigan.ops.__file__).parent
FAMILIES = sorted(path.stem for path in OPS.glob("*.py") if path.stem != "__init__")
every_family = pytest.mark.parametrize("family", FAMILIES)
COVERED = {covered for case in CASES for covered in case.covers}


def modules():
    for module in pkgutil.walk_packages(minigan.__path__, "minigan."):
        yield importlib.import_module(module.name)


def operations_of(module):
    """Every class of a module that computes something of its own as an Op."""
    for value in vars(module).values():
        defined_here = inspect.isclass(value) and value.__module__ == module.__name__
        if defined_here and issubclass(value, Op) and value.forward is not Op.forward:
            yield value


def all_operations():
    return {op for module in modules() for op in operations_of(module)}


def all_layers():
    bases = {minigan.nn.Module, minigan.nn.Parameter}
    return {getattr(minigan.nn, name) for name in minigan.nn.__all__} & {
        value for value in vars(minigan.nn).values() if inspect.isclass(value)
    } - bases


def all_losses():
    return {
        value
        for name, value in vars(minigan.losses).items()
        if inspect.isfunction(value)
        and value.__module__ == "minigan.losses"
        and not name.startswith("_")
    }


@pytest.mark.parametrize("find", [all_operations, all_layers, all_losses])
def test_everything_has_a_property_test(find):
    found = set(find())
    assert len(found) >= 8
    assert not {thing.__name__ for thing in found - COVERED}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_really_uses_the_operations_that_it_covers(case):
    unused = {covered for covered in case.covers if inspect.isclass(covered)}
    unused = {op for op in unused if issubclass(op, Op)}

    @settings(max_examples=10)
    @given(case.problems)
    def look(problem):
        leaves, outputs = run(problem, np.float64)
        vs = [v.requires_grad_() for v in weights(outputs, np.float64)]
        gradients = grad(outputs, leaves, vs, create_graph=True, allow_unused=True)
        unused.difference_update(type(op) for op in operations([*outputs, *gradients]))

    look()
    assert not unused


@every_family
def test_a_file_of_operations_names_its_file_of_tests(family):
    docstring = ast.get_docstring(ast.parse((OPS / f"{family}.py").read_text()))
    assert docstring.splitlines()[-1] == f"Tests: tests/ops/test_{family}.py."
    assert (HERE / f"test_{family}.py").exists()


@every_family
def test_the_operations_of_a_family_have_their_cases_and_tests_in_its_files(family):
    operations = set(operations_of(importlib.import_module(f"minigan.ops.{family}")))
    if not operations:  # a file of helpers
        return
    cases = importlib.import_module(f"cases.{family}").CASES
    covered = {covered for case in cases for covered in case.covers}
    assert not {op.__name__ for op in operations - covered}
    source = (HERE / f"test_{family}.py").read_text()
    assert f"from cases.{family} import CASES" in source
    docstring = ast.get_docstring(ast.parse(source))
    (example,) = re.findall(r"pytest tests/ops -k (\w+)", docstring)
    assert example in {op.__name__ for op in operations}
    for name in ("rules_by_hand", "planted_mistakes", "nothing_is_left_out"):
        assert f"- test_{name}.py: " in docstring


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_name_of_a_case_has_the_names_of_all_that_it_covers(case):
    """So `pytest -k ReLU` finds every test that has a case of ReLU as its parameter."""
    for covered in case.covers:
        assert covered.__name__.lower() in str(case).lower()
