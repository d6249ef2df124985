"""The gradient checks find every mistake that is planted on purpose."""

import warnings

import numpy as np
import pytest
from cases.every import CASES
from hypothesis import Phase
from ops.mistakes import CACHE, MISTAKES, X
from properties import check_case

from minigan import Tensor
from minigan.gradcheck import GradientError, gradcheck
from minigan.ops.elementwise import ReLU
from minigan.tensor import as_array

AS_IN_CI = {"max_examples": 25, "derandomize": True, "phases": [Phase.generate]}


@pytest.fixture
def planted(request, monkeypatch):
    """The mistake. It is in place during the test."""
    mistake = request.param
    CACHE.clear()
    monkeypatch.setattr(mistake.owner, mistake.attribute, mistake.wrong)
    return mistake


def run_gradcheck(mistake):
    inputs = [np.array(x, order="K") for x in mistake.inputs]  # one of them is changed in place
    gradcheck(mistake.fn, inputs, module=mistake.module)


@pytest.mark.parametrize("planted", MISTAKES, ids=str, indirect=True)
def test_gradcheck_catches(planted):
    with pytest.raises(GradientError, match=planted.message):
        run_gradcheck(planted)


@pytest.mark.parametrize("planted", MISTAKES, ids=str, indirect=True)
def test_the_property_tests_catch(planted):
    (case,) = (case for case in CASES if case.name == planted.case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what wrong numbers lead to
        with pytest.raises((AssertionError, TypeError, ValueError)):
            check_case(case, **AS_IN_CI)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_without_the_mistake_the_same_check_passes(mistake):
    run_gradcheck(mistake)


def test_a_mask_of_relu_in_float64_is_caught_by_the_property_tests_alone(monkeypatch):
    """gradcheck uses float64, in which the rule is right. From float32 it would make float64."""

    def wrong(self, gy, y, x):
        return gy * np.where(as_array(x) > 0, 1.0, 0.0)

    monkeypatch.setattr(ReLU, "backward", wrong)
    gradcheck(Tensor.relu, [X])
    (case,) = (case for case in CASES if case.name == "relu")
    with pytest.raises(TypeError, match="returned float64 for input 0"):
        check_case(case, **AS_IN_CI)
