"""The strategies draw what their docstrings say, special cases included."""

import numpy as np
import pytest
from hypothesis import find, given, settings

from minigan import Tensor, nn
from minigan.gradcheck.strategies import (
    GAP,
    all_layouts,
    arrays,
    broadcastable_arrays,
    broadcastable_shapes,
    conv_layers,
    layouts,
    linear_layers,
    shapes,
)

X = np.arange(12.0).reshape(3, 4)


@given(shapes(min_dims=1, max_dims=2, min_side=1, max_side=4))
def test_shapes_keep_their_bounds(shape):
    assert 1 <= len(shape) <= 2
    assert all(1 <= side <= 4 for side in shape)


@given(broadcastable_shapes(3))
def test_broadcastable_shapes_broadcast(drawn):
    assert len(drawn) == 3
    np.broadcast_shapes(*drawn)


@given(arrays(low=-1.0, high=3.0, away_from=[0.0, 2.0]))
def test_values_keep_their_bounds_and_their_distance_from_kinks(x):
    assert x.dtype == np.float64
    assert ((x >= -1.0) & (x <= 3.0)).all()
    for kink in (0.0, 2.0):
        assert (abs(x - kink) >= GAP - 1e-12).all()


@given(arrays(shapes(max_side=3), distinct=True))
def test_distinct_values_are_further_apart_than_the_steps_of_gradcheck(x):
    assert (np.diff(np.sort(x, axis=None)) > 1e-3).all()


@given(arrays((2, 3), dtype="float32", strided=False))
def test_shape_dtype_and_order_can_be_asked_for(x):
    assert (x.shape, x.dtype, x.flags.c_contiguous) == ((2, 3), np.float32, True)


@given(layouts(X))
def test_a_layout_leaves_the_numbers_alone(x):
    np.testing.assert_array_equal(x, X)


def test_there_are_four_layouts_and_they_differ_in_their_strides():
    assert len({x.strides for x in all_layouts(X)}) == 4
    gaps = all_layouts(X)[3]
    assert np.isnan(gaps.base).sum() == gaps.base.size - X.size


@given(broadcastable_arrays(2, shape_options={"min_side": 1}, low=1.0))
def test_options_reach_shapes_and_arrays(xs):
    assert all(x.size and (x >= 1.0).all() for x in xs)


EVERYTHING_THAT_MATTERS = {
    "a scalar": (shapes(), lambda s: s == ()),
    "an empty array": (shapes(), lambda s: 0 in s),
    "three axes": (shapes(), lambda s: len(s) == 3 and min(s) > 1),
    "a new axis": (broadcastable_shapes(), lambda s: len(s[0]) > len(s[1]) > 0),
    "a stretched axis": (broadcastable_shapes(), lambda s: (1,) in s and (3,) in s),
    "both stretched": (
        broadcastable_shapes(min_dims=2, max_dims=2),
        lambda s: s[0][0] > s[1][0] == 1 and s[1][1] > s[0][1] == 1,
    ),
    "backwards": (arrays((2, 3)), lambda x: min(x.strides) < 0),
    "Fortran order": (arrays((2, 3)), lambda x: x.flags.f_contiguous),
    "gaps": (arrays((2, 3)), lambda x: not x.flags.forc and min(x.strides) > 0),
    "a layer without bias": (linear_layers(), lambda drawn: not drawn[0]["bias"]),
    "an empty batch": (linear_layers(), lambda drawn: 0 in drawn[1]),
    "a kernel that is no square": (conv_layers(), lambda d: isinstance(d[0]["kernel_size"], tuple)),
    "a stride": (conv_layers(), lambda drawn: drawn[0]["stride"] == 2),
    "an output padding": (
        conv_layers(transposed=True),
        lambda drawn: drawn[0]["output_padding"] == (1, 0),
    ),
}


@pytest.mark.parametrize(
    "strategy, wanted", EVERYTHING_THAT_MATTERS.values(), ids=EVERYTHING_THAT_MATTERS.keys()
)
def test_it_draws(strategy, wanted):
    found = find(strategy, wanted, settings=settings(max_examples=2000, derandomize=True))
    assert wanted(found)


def test_failures_shrink_to_small_arrays_with_small_numbers():
    smallest = find(arrays(), lambda x: x.size > 1, settings=settings(max_examples=500))
    assert smallest.shape == (2,)
    assert abs(smallest).max() <= 0.01


@given(linear_layers())
def test_an_input_fits_its_linear_layer(drawn):
    arguments, shape = drawn
    x = Tensor(np.ones(shape, dtype=np.float32))
    assert nn.Linear(**arguments)(x).shape == (*shape[:-1], arguments["out_features"])


def as_pair(setting):
    return setting if isinstance(setting, tuple) else (setting, setting)


@given(conv_layers())
def test_a_kernel_fits_into_its_image(drawn):
    arguments, (_, channels, *image) = drawn
    assert channels == arguments["in_channels"]
    for n, k, p in zip(
        image, as_pair(arguments["kernel_size"]), as_pair(arguments["padding"]), strict=True
    ):
        assert n + 2 * p >= k


@given(conv_layers(transposed=True))
def test_a_transposed_convolution_makes_at_least_a_pixel(drawn):
    arguments, (_, _, *image) = drawn
    names = ("kernel_size", "stride", "padding", "output_padding")
    settings = zip(image, *(as_pair(arguments[name]) for name in names), strict=True)
    for n, k, s, p, extra in settings:
        assert extra < s
        assert (n - 1) * s - 2 * p + k + extra >= 1
