"""Every operation, layer and loss of the package has a property test, and that test uses it."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from cases import arithmetic, conv, elementwise, losses, matmul, nn, reduce, shape
from hypothesis import given, settings
from properties import operations, run, weights

import minigan
from minigan import Op, grad

FAMILIES = [arithmetic, conv, elementwise, losses, matmul, nn, reduce, shape]
CASES = [case for family in FAMILIES for case in family.CASES]
COVERED = {covered for case in CASES for covered in case.covers}


def modules():
    for module in pkgutil.walk_packages(minigan.__path__, "minigan."):
        yield importlib.import_module(module.name)


def all_operations():
    """Every class in the package that computes something of its own as an Op."""
    for module in modules():
        for value in vars(module).values():
            defined_here = inspect.isclass(value) and value.__module__ == module.__name__
            if defined_here and issubclass(value, Op) and value.forward is not Op.forward:
                yield value


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
