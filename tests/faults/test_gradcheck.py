"""gradcheck raises an error if there is nothing to compare."""

import numpy as np
import pytest

from minigan import GradientError, Tensor, gradcheck, nn

X = np.array([0.5, -1.5, 2.0])
NOTHING = {
    "integers": (lambda i: Tensor(X)[i], [np.array([0, 1])], {}),
    "no inputs": (lambda: Tensor(X), [], {}),
    "a list of numbers inside": (lambda x: Tensor(x), [[0.5, 1.5]], {}),
    "text": (lambda s: Tensor(X), ["a"], {}),
    "booleans": (lambda m: Tensor(X)[m], [np.array([True, False, True])], {}),
    "an integer Tensor": (lambda t: Tensor(X)[t], [Tensor(np.array([1]))], {}),
    "no outputs": (lambda x: [], [X], {}),
    "no outputs, a tuple": (lambda x: (), [X], {}),
    "frozen": (nn.Linear(2, 2).double().requires_grad_(False), [np.array([[1, 2]])], {}),
    "no directions": (lambda x: x * x, [X], {"mode": "directional", "directions": 0}),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", NOTHING)
def test_where_there_is_nothing_to_check_it_says_so(name, order):
    fn, inputs, options = NOTHING[name]
    with pytest.raises(ValueError, match="nothing to check"):
        gradcheck(fn, inputs, order=order, **options)


@pytest.mark.parametrize("answer", [None, 1.0, X, [X], "a", [None]])
def test_a_function_that_gives_no_tensor_is_refused(answer):
    with pytest.raises(TypeError, match="must return Tensors"):
        gradcheck(lambda x: answer, [X])


@pytest.mark.parametrize(
    "settings",
    [
        {"eps": 0.0},
        {"eps": -1e-4},
        {"eps": float("nan")},
        {"atol": float("inf")},
        {"atol": -1.0},
        {"rtol": float("inf")},
        {"rtol": float("nan")},
        {"order": 3},
        {"order": 0},
        {"mode": "some"},
        {"kinks": "no"},
        {"directions": -1, "mode": "directional"},
    ],
)
def test_settings_with_which_anything_passes_are_refused(settings):
    with pytest.raises(ValueError, match="gradcheck"):
        gradcheck(lambda x: x.detach() * 2.0, [X], **settings)


@pytest.mark.parametrize("mode", ["full", "directional"])
@pytest.mark.parametrize(
    "fn",
    [
        lambda x: x.detach() * 2.0,
        lambda x: Tensor(x.data * 2.0),
        lambda x: x * Tensor(x.data),
        lambda x: [x * 2.0, Tensor(x.data * 3.0)],
    ],
)
def test_a_way_back_that_is_cut_fails(fn, mode):
    with pytest.raises(GradientError):
        gradcheck(fn, [X], mode=mode)


def test_integers_beside_floats_are_handed_on():
    for index in (np.array([0, 2]), Tensor(np.array([0, 2])), [0, 2]):
        report = gradcheck(lambda x, i: x[i] ** 2, [X, index], order=1)
        assert [line.variable for line in report.lines] == ["input 0"]


def test_a_part_that_has_kinks_is_counted_and_the_rest_is_checked():
    report = gradcheck(lambda x: x.abs(), [np.array([0.0, 1.0])], kinks="skip", order=1)
    assert report.kinks > 0 and report.lines[0].compared > 0


def test_a_function_that_does_not_depend_on_its_input_passes():
    gradcheck(lambda x: Tensor(np.ones(2)) + 0.0 * x.sum(), [X])
