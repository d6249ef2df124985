"""gradcheck passes correct rules. For a wrong one it says which elements are wrong, and how."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import Op, nn
from minigan.gradcheck import GradientError, gradcheck
from minigan.gradcheck.strategies import arrays
from minigan.tensor import as_array

MODES = pytest.mark.parametrize("mode", ["full", "directional"])
X = np.linspace(-0.9, 1.1, 6).reshape(2, 3)


class Cube(Op):
    """y = x³, correct to any order. Its subclasses are wrong."""

    def forward(self, x):
        return x**3

    def backward(self, gy, y, x):
        return gy * (3 * x**2)


class WrongSign(Cube):
    def backward(self, gy, y, x):
        return gy * (-3 * x**2)


class HalfTheGradient(Cube):
    def backward(self, gy, y, x):
        return gy * (1.5 * x**2)


class OneWrongElement(Cube):
    def backward(self, gy, y, x):
        error = np.zeros(x.shape)
        error[1, 2] = 0.25
        return gy * (3 * x**2 + error)


class FirstOrderOnly(Cube):
    def backward(self, gy, y, x):
        return gy * (3 * as_array(x) ** 2)


class ArraysOnly(Cube):
    def backward(self, gy, y, x):
        return as_array(gy) * (3 * as_array(x) ** 2)


def failure(*args, **options):
    with pytest.raises(GradientError) as caught:
        gradcheck(*args, **options)
    return str(caught.value)


@MODES
@given(data=st.data())
def test_a_right_rule_passes_in_any_shape_and_layout(mode, data):
    gradcheck(Cube(), [data.draw(arrays())], mode=mode)


@MODES
def test_broadcast_memory_passes(mode):
    gradcheck(Cube(), [np.broadcast_to(np.array([1.0, 2.0]), (3, 2))], mode=mode)


def test_a_wrong_sign_is_located_and_recognised():
    text = failure(WrongSign(), [X])
    assert "the derivative of the output with respect to input 0, of shape (2, 3), is wrong" in text
    assert "in 6 of 36 elements" in text
    assert "the output [1, 2]  [1, 2]" in text
    assert "-3.63" in text and " 3.63" in text
    assert "Each of them is -1 times what it should be" in text


def test_a_wrong_factor_is_recognised():
    assert "Each of them is 0.5 times what it should be" in failure(HalfTheGradient(), [X])


@MODES
def test_one_wrong_element_is_found_among_all(mode):
    text = failure(OneWrongElement(), [X], mode=mode)
    assert "[1, 2]" in text
    assert text.count("[") == (2 if mode == "full" else 1)


def test_the_failure_fits_on_a_screen_however_many_elements_are_wrong():
    text = failure(WrongSign(), [np.ones((20, 2))])
    assert "in 40 of 1600 elements" in text
    assert "... and 35 more" in text
    assert len(text.splitlines()) <= 24


@MODES
def test_a_rule_that_is_right_to_first_order_only_fails_the_second(mode):
    gradcheck(FirstOrderOnly(), [X], order=1, mode=mode)
    text = failure(FirstOrderOnly(), [X], mode=mode)
    assert "to second order, the derivative of the gradient with respect to input 0" in text
    assert "a rule drops a term" in text


def test_a_rule_that_knows_arrays_only_is_told_so():
    gradcheck(ArraysOnly(), [X], order=1)
    assert "fails on Tensors, so it has no second order" in failure(ArraysOnly(), [X])


@MODES
def test_a_parameter_is_named(mode):
    class Layer(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(3, 2)

        def forward(self, x):
            return self.inner(x) + HalfTheGradient()(self.inner.weight).sum()

    text = failure(Layer().double(), [X], mode=mode)
    assert "with respect to parameter inner.weight, of shape (2, 3)" in text


def test_several_outputs_are_told_apart():
    text = failure(lambda x: (x * 2, WrongSign()(x)), [X])
    assert "output 1 [1, 2]" in text
    assert "output 0" not in text


def test_a_nan_is_not_an_agreement():
    class NotANumber(Cube):
        def backward(self, gy, y, x):
            return gy * (3 * x**2) * np.array([[1.0, 1.0, np.nan]])

    text = failure(NotANumber(), [X])
    assert (
        "the gradient of input 0, of shape (2, 3), has 2 nan and 0 infinite of 6 elements" in text
    )
    assert "the first at [0, 2]" in text


def test_a_nan_that_only_some_incoming_gradients_lead_to_is_wrong_too():
    class DividesByTheGradient(Cube):
        def backward(self, gy, y, x):
            return gy * gy / gy * (3 * x**2)  # right, but for an element of gy that is 0

    with np.errstate(invalid="ignore"):
        assert "nan" in failure(DividesByTheGradient(), [X])


def test_an_output_that_is_not_finite_has_its_own_message():
    text = failure(lambda x: x.log(), [np.array([1.0, 0.0])])
    assert (
        "the output, of shape (2,), has 0 nan and 1 infinite of 2 elements, the first at [1]"
        in text
    )


def test_a_cut_path_is_an_error_and_not_a_zero_gradient():
    assert "Each of them is 0 and should not be" in failure(lambda x: x.detach() * 2 + x * 0, [X])
    assert "is wrong in 6 of 36 elements" in failure(lambda x: x.detach() * 2, [X])


def test_kinks_are_raised_skipped_or_ignored():
    x = np.array([0.0, 1.0])
    text = failure(lambda x: x.abs(), [x])
    assert "the output [0], as a function of input 0, [0], has a kink" in text
    assert "its slope is -1 on one side and 1 on the other" in text
    report = gradcheck(lambda x: x.abs(), [x], kinks="skip")
    assert [line.kinks for line in report.lines] == [1, 1, 0]
    assert report.kinks == 2
    gradcheck(lambda x: x.abs(), [x], order=1, kinks="ignore")  # by luck: both halves say 0
    assert "is wrong in 1 of 4" in failure(lambda x: x.relu(), [x], kinks="ignore")


def test_kinks_along_random_directions_are_raised_and_skipped():
    x = np.zeros(3)
    text = failure(lambda x: x.abs(), [x], mode="directional")
    assert "v · the output, as a function of input 0, random direction 0, has a kink" in text
    assert gradcheck(lambda x: x.abs(), [x], mode="directional", kinks="skip").kinks > 0


def test_the_edge_of_a_domain_is_told_from_a_kink():
    assert "the edge of its domain" in failure(lambda x: x.log(), [np.array([1e-9])])


def test_the_report_has_the_numbers_and_prints_as_a_table():
    report = gradcheck(lambda x, y: x * y, [X, np.ones(3)])
    assert [(line.order, line.variable, line.compared) for line in report.lines] == [
        (1, "input 0", 36),
        (1, "input 1", 18),
        (2, "input 0", 54),
        (2, "input 1", 27),
        (2, "incoming gradient", 54),
    ]
    assert 0 < report.error < 1e-8
    assert all(line.tolerance < 0.1 for line in report.lines)
    first, head, *rows = repr(report).splitlines()
    assert first == "gradcheck passed"
    assert "with respect to" in head
    assert len(rows) == 5
    assert len({len(row) for row in rows}) == 1


def test_the_same_seed_gives_the_same_report():
    first, again, other = (
        repr(gradcheck(Cube(), [X], mode="directional", seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_reference_finds_what_differences_cannot_see():
    class SlightlyWrong(Cube):
        def backward(self, gy, y, x):
            return gy * ((3 + 1e-10) * x**2)

    gradcheck(SlightlyWrong(), [X])
    text = failure(SlightlyWrong(), [X], reference=lambda x: x**3)
    assert "Numeric: complex step" in text
    report = gradcheck(Cube(), [X], reference=lambda x: x**3, mode="directional")
    assert report.lines[0].error < 1e-14


def test_a_reference_also_holds_the_values():
    text = failure(Cube(), [X], reference=lambda x: x**3 + 1e-9)
    assert text.startswith("fn and its reference differ")


def test_a_reference_gets_the_parameters_after_the_inputs():
    layer = nn.Linear(3, 2).double()
    gradcheck(layer, [X], reference=lambda x, W, b: x @ W.T + b)


def test_an_mlp_of_2000_parameters_takes_a_few_hundred_evaluations():
    """Few evaluations make it fast: it takes about 0.1 s."""
    calls = 0

    class Counted(nn.Sequential):
        def forward(self, x):
            nonlocal calls
            calls += 1
            return super().forward(x)

    net = Counted(nn.Linear(16, 40), nn.Tanh(), nn.Linear(40, 30), nn.Tanh(), nn.Linear(30, 1))
    assert sum(p.size for p in net.parameters()) > 1900
    gradcheck(
        net.double(), [np.random.default_rng(0).standard_normal((32, 16))], mode="directional"
    )
    assert calls < 600


@pytest.mark.parametrize("option", [{"order": 3}, {"mode": "fast"}, {"kinks": "hide"}])
def test_an_unknown_option_is_refused_with_the_known_ones(option):
    with pytest.raises(ValueError, match="is not one of"):
        gradcheck(Cube(), [X], **option)
