"""Hypothesis strategies for property tests of gradients: shapes, arrays, memory layouts, layers.

They draw cases that a hand-written test forgets: an empty batch, an axis of length 1, a transposed
view. Hypothesis shrinks a failure to the smallest input that shows it. `import minigan` does not
load Hypothesis. docs/gradient_checking.md shows examples.

>>> from hypothesis import given
>>> from minigan import gradcheck
>>> @given(arrays())
... def test_the_gradient_of_a_cube(x):
...     gradcheck(lambda x: x**3, [x])
>>> test_the_gradient_of_a_cube()
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

__all__ = [
    "shapes",
    "broadcastable_shapes",
    "arrays",
    "broadcastable_arrays",
    "layouts",
    "all_layouts",
    "linear_layers",
    "conv_layers",
]

GAP = 0.05  # the distance of values from the places in `away_from`; gradcheck's steps are shorter
GRID = 1000  # the number of different values


@st.composite
def shapes(draw, *, min_dims=0, max_dims=3, min_side=0, max_side=3):
    """Shapes of small arrays, also () and empty ones unless min_dims and min_side exclude them."""
    sides = range(max(min_side, 1), max_side + 1)
    sides = [n for n in sides for _ in range(n)]  # the larger ones are more likely to show a bug
    if min_side == 0:
        sides.append(0)
    n = draw(st.integers(min_dims, max_dims))
    return tuple(draw(st.sampled_from(sides)) for _ in range(n))


@st.composite
def broadcastable_shapes(draw, n=2, **options):
    """Tuples of n shapes that broadcast against each other. options: those of `shapes`.

    Each is cut from one shape: some axes become 1, and some in front are left out.
    """
    whole = draw(shapes(**options))
    least = options.get("min_dims", 0)
    cut = []
    for _ in range(n):
        start = draw(st.sampled_from([0, *range(len(whole) - least + 1)]))
        cut.append(tuple(draw(st.sampled_from([side, side, 1])) for side in whole[start:]))
    return tuple(cut)


@st.composite
def arrays(
    draw,
    shape=None,
    *,
    low=-2.0,
    high=2.0,
    away_from=(),
    distinct=False,
    strided=True,
    dtype="float64",
):
    """Arrays with values from low to high, in any memory layout.

    shape: a tuple, or a strategy of them; `shapes()` if left out.
    away_from: the kinks of the function under test. Values keep a distance of 0.05 from them.
    distinct: no two elements are equal, nor closer than (high - low)/1000: for max and sorting.
    strided: not always contiguous (see `layouts`).
    """
    shape = shapes() if shape is None else shape
    shape = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    grid = np.linspace(low, high, GRID + 1)
    for kink in away_from:
        grid = grid[abs(grid - kink) >= GAP]
    grid = grid[np.argsort(abs(grid), kind="stable")]  # small values first: failures shrink to them
    index = st.integers(0, len(grid) - 1)
    picked = draw(hnp.arrays(np.intp, shape, elements=index, unique=distinct, fill=st.nothing()))
    x = np.asarray(grid[picked], dtype=dtype)
    return draw(layouts(x)) if strided else x


@st.composite
def broadcastable_arrays(draw, n=2, shape_options=None, **options):
    """Lists of n arrays whose shapes broadcast against each other.

    shape_options: a dict of those of `shapes`; options: those of `arrays`.
    """
    drawn = draw(broadcastable_shapes(n, **(shape_options or {})))
    return [draw(arrays(shape, **options)) for shape in drawn]


@st.composite
def layouts(draw, x):
    """The array x in different memory layouts: C order, Fortran order, backwards along every axis,
    or with gaps. The gaps hold nan, so that reading one is noticed.

    >>> from hypothesis import given
    >>> @given(layouts(np.arange(6.0).reshape(2, 3)))
    ... def test_sum(x):
    ...     assert x.sum() == 15
    >>> test_sum()
    """
    return draw(st.sampled_from(all_layouts(x)))


def all_layouts(x):
    """The array x in each of the four layouts that `layouts` draws from, as a list."""
    if not x.ndim:
        return 4 * [x]
    flip = (slice(None, None, -1),) * x.ndim
    backwards = np.array(x[flip], order="C")[flip]
    memory = np.full([2 * n + 1 for n in x.shape], np.nan, dtype=x.dtype)
    with_gaps = memory[(slice(1, None, 2),) * x.ndim]
    with_gaps[...] = x
    return [np.array(x, order="C"), np.array(x, order="F"), backwards, with_gaps]


@st.composite
def linear_layers(draw):
    """(the arguments of an nn.Linear as a dict, the shape of an input for it)."""
    arguments = {
        "in_features": draw(st.integers(1, 4)),
        "out_features": draw(st.integers(1, 4)),
        "bias": draw(st.booleans()),
    }
    batch = draw(shapes(min_dims=1, max_dims=2))  # nn.Linear takes any number of leading axes
    return arguments, (*batch, arguments["in_features"])


@st.composite
def conv_layers(draw, *, transposed=False):
    """(the arguments of an nn.Conv2d as a dict, the shape of an input that fits it).

    transposed: draw the arguments of an nn.ConvTranspose2d, including output_padding.
    """
    kernel, stride = draw(_pairs(1, 3)), draw(_pairs(1, 3))
    padding = tuple(draw(st.integers(0, k - 1)) for k in kernel)
    arguments = {
        "in_channels": draw(st.sampled_from([1, 2, 4])),  # 4 to 1 is computed the other way round
        "out_channels": draw(st.sampled_from([1, 2, 4])),
        "kernel_size": _short(kernel),
        "stride": _short(stride),
        "padding": _short(padding),
        "bias": draw(st.booleans()),
    }
    sides = zip(kernel, stride, padding, strict=True)
    if transposed:
        arguments["output_padding"] = tuple(draw(st.integers(0, s - 1)) for s in stride)
        smallest = [1 + (2 * p - k + s) // s for k, s, p in sides]  # makes a pixel at least
    else:
        smallest = [k - 2 * p for k, _, p in sides]  # the kernel fits into it
    image = tuple(draw(st.integers(max(1, n), max(1, n) + 2)) for n in smallest)
    return arguments, (draw(st.integers(1, 2)), arguments["in_channels"], *image)


def _pairs(low, high):
    """(height, width), often the same."""
    one = st.integers(low, high)
    return one.map(lambda n: (n, n)) | st.tuples(one, one)


def _short(pair):
    """A number where both are the same: settings may be written either way."""
    return pair[0] if pair[0] == pair[1] else pair
