"""Every layer: values, first and second derivatives, dtypes, memory. See cases/nn.py."""

import pytest
from cases.nn import CASES
from properties import check_case


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)
