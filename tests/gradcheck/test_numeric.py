"""The numerical derivatives are accurate where f is smooth, and report a kink elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan.gradcheck.numeric import ComplexStep, Differences


class Curve:
    """A function of one number, as gradcheck's numeric half sees a function."""

    def __init__(self, f, at):
        self.f, self.point = f, [np.array(float(at))]

    def values(self, point):
        return np.atleast_1d(self.f(point[0]))


def slope(f, at, *, probe=True):
    differences = Differences(Curve(f, at), eps=1e-4, atol=1e-8, rtol=1e-6, probe=probe)
    return differences.along(0, np.array(1.0))


SMOOTH = {
    "exp": (np.exp, 0.7, np.exp(0.7)),
    "steep": (lambda x: np.exp(8 * x), 1.0, 8 * np.exp(8)),
    "fast": (lambda x: np.sin(100 * x), 0.3, 100 * np.cos(30)),
    "flat spot": (lambda x: x**3, 0.0, 0.0),
    "pole nearby": (lambda x: 1 / x, 0.02, -2500),
    "edge nearby": (np.log, 1e-3, 1e3),
    "large offset": (lambda x: 1e6 + x, 0.0, 1.0),
    "kink nearby": (np.abs, 1e-6, 1.0),
}


@pytest.mark.parametrize("f, at, exact", SMOOTH.values(), ids=SMOOTH.keys())
def test_where_f_is_smooth_the_slope_is_right_to_the_tolerance_and_believed(f, at, exact):
    found = slope(f, at)
    assert found.smooth.all()
    assert abs(found.value[0] - exact) <= 1e-8 + 1e-6 * abs(exact) + found.noise[0]


@given(st.floats(-1e-8, 1e-8), st.floats(0.01, 100))
def test_a_kink_within_the_smallest_step_is_found_wherever_it_is(offset, jump):
    assert not slope(lambda x: jump * np.maximum(x - offset, 0) + x, 0.0).smooth.any()


@given(st.floats(-1.99, 1.99), st.floats(0.01, 100))
def test_a_kink_between_the_five_points_never_makes_a_wrong_slope_that_is_believed(offset, jump):
    """The kink is anywhere from -2h to 2h, for every h; also where a third difference is 0."""
    for h in (1e-4, 1e-5, 1e-6, 1e-7):
        found = slope(lambda x, h=h: jump * np.maximum(x - offset * h, 0) + x, 0.0)
        exact = 1.0 + jump * (offset < 0)
        believed = found.smooth[0]
        assert (
            not believed
            or abs(found.value[0] - exact) <= 2 * (1e-8 + 1e-6 * exact) + found.noise[0]
        )


@pytest.mark.parametrize(
    "f",
    [np.abs, np.sign, lambda x: np.where(x < 0, x, x + 1e-3), np.sqrt, np.log],
    ids=["kink", "step", "small jump", "edge of sqrt", "edge of log"],
)
def test_what_is_not_smooth_is_not_believed_however_small_the_step(f):
    with np.errstate(all="ignore"):
        assert not slope(f, 0.0).smooth.any()


def test_the_two_slopes_at_a_kink_are_those_of_its_sides():
    found = slope(lambda x: np.maximum(3 * x, -x), 0.0)
    assert found.left[0] == pytest.approx(-1.0)
    assert found.right[0] == pytest.approx(3.0)


def test_without_probing_one_step_is_made_and_believed():
    found = slope(np.abs, 0.0, probe=False)
    assert found.smooth.all()
    assert found.step == 1e-4


def test_each_element_gets_the_largest_step_that_will_do():
    found = slope(lambda x: np.array([x, np.sin(1000 * x)]), 0.2)
    assert found.smooth.all()
    assert found.step[0] == 1e-4
    assert found.step[1] < 1e-4


def test_the_complex_step_is_exact_to_rounding():
    reference = ComplexStep(Curve(None, 0.3), lambda x: np.exp(x) / np.sqrt(np.sin(x) ** 3))
    found = reference.along(0, np.array(1.0)).value[0]
    exact = np.exp(0.3) * (1 - 1.5 / np.tan(0.3)) / np.sin(0.3) ** 1.5
    assert abs(found / exact - 1) < 1e-15


def test_a_reference_that_loses_the_imaginary_part_is_refused():
    reference = ComplexStep(Curve(None, 0.3), np.abs)
    with pytest.raises(TypeError, match="not use abs, max, comparisons"):
        reference.along(0, np.array(1.0))
