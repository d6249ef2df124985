import pytest
from hypothesis import given, settings
from cases import arithmetic, elementwise, reduce, shape, matmul
from properties import check_problem
@pytest.mark.parametrize("case", [*arithmetic.CASES,*elementwise.CASES,*reduce.CASES,*shape.CASES,*matmul.CASES], ids=str)
def test_p(case):
    @settings(max_examples=25)
    @given(case.problems)
    def f(problem): check_problem(problem)
    f()
