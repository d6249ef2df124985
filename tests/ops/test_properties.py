import pytest
from hypothesis import given, settings
from cases import nn, losses
from properties import check_problem
@pytest.mark.parametrize("case", [*nn.CASES,*losses.CASES], ids=str)
def test_p(case):
    @settings(max_examples=25)
    @given(case.problems)
    def f(problem): check_problem(problem)
    f()
