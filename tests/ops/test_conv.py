"""Convolutions: values, first and second derivatives, dtypes, memory. See cases/conv.py."""

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


@given(geometries(), st.integers(0, 2**32 - 1))
def test_the_three_are_each_others_adjoints(drawn, seed):
    geometry, *shapes = drawn
    rng = np.random.default_rng(seed)
    x, W, g = (rng.standard_normal(shape) for shape in shapes)
    total = numpy_T(x, W, g, geometry.stride, geometry.padding)
    y = Convolution(geometry).forward(x, W)
    x_back = TransposedConvolution(geometry, x.shape[2:]).forward(g, W)
    W_back = KernelCorrelation(geometry).forward(x, g)
    for one, other in ((y, g), (x_back, x), (W_back, W)):
        assert one.shape == other.shape
        np.testing.assert_allclose((one * other).sum(), total, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("cached", [1, 200, 10**9])
def test_nothing_depends_on_how_many_images_the_cache_holds(cached, monkeypatch):
    rng = np.random.default_rng(0)
    x, W, g = (rng.standard_normal(s) for s in ((5, 2, 6, 6), (3, 2, 3, 3), (5, 3, 3, 3)))
    geometry = conv.Geometry((3, 3), (2, 2), [(1, 1), (1, 1)])

    def all_three():
        return [
            Convolution(geometry).forward(x, W),
            TransposedConvolution(geometry, (6, 6)).forward(g, W),
            KernelCorrelation(geometry).forward(x, g),
        ]

    expected = all_three()
    monkeypatch.setattr(conv, "CACHED", cached)
    for ours, theirs in zip(all_three(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
