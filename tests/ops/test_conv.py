"""Convolutions and their layers: values, first and second derivatives, dtypes, memory.

`pytest tests/ops -k Convolution` runs all tests of one operation. Convolution is its class.
Other files here test these operations, too:

- test_rules_by_hand.py: a rule that is called by hand gives the gradients that grad gives.
- test_planted_mistakes.py: the checks find a mistake in a rule. mistakes.py has the mistakes.
- test_nothing_is_left_out.py: each operation has a case in tests/cases/conv.py.

tests/nn/test_against_pytorch.py compares the layers with PyTorch's.
"""

import numpy as np
import pytest
from cases.conv import CASES, geometries, numpy_T
from hypothesis import given
from hypothesis import strategies as st
from properties import check_case

from minigan.ops import conv
from minigan.ops.conv import Convolution, KernelCorrelation, TransposedConvolution


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)


THREE = [Convolution, TransposedConvolution, KernelCorrelation]


@pytest.mark.parametrize("kind", THREE)
@given(drawn=geometries(), seed=st.integers(0, 2**32 - 1))
def test_the_three_are_each_others_adjoints(kind, drawn, seed):
    geometry, *shapes = drawn
    rng = np.random.default_rng(seed)
    x, W, g = (rng.standard_normal(shape) for shape in shapes)
    total = numpy_T(x, W, g, geometry.stride, geometry.padding)
    if kind is Convolution:
        found, other = Convolution(geometry).forward(x, W), g
    elif kind is TransposedConvolution:
        found, other = TransposedConvolution(geometry, x.shape[2:]).forward(g, W), x
    else:
        found, other = KernelCorrelation(geometry).forward(x, g), W
    assert found.shape == other.shape
    np.testing.assert_allclose((found * other).sum(), total, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", THREE)
@pytest.mark.parametrize("cached", [1, 200, 10**9])
def test_nothing_depends_on_how_many_images_the_cache_holds(cached, kind, monkeypatch):
    rng = np.random.default_rng(0)
    x, W, g = (rng.standard_normal(s) for s in ((5, 2, 6, 6), (3, 2, 3, 3), (5, 3, 3, 3)))
    geometry = conv.Geometry((3, 3), (2, 2), [(1, 1), (1, 1)])

    def computed():
        if kind is Convolution:
            return Convolution(geometry).forward(x, W)
        if kind is TransposedConvolution:
            return TransposedConvolution(geometry, (6, 6)).forward(g, W)
        return KernelCorrelation(geometry).forward(x, g)

    expected = computed()
    monkeypatch.setattr(conv, "CACHED", cached)
    np.testing.assert_allclose(computed(), expected, rtol=1e-12, atol=1e-12)
