"""gradcheck takes arrays, numbers, constants, operations and modules, and changes none."""

import numpy as np
import pytest

import minigan
from minigan import Op, Tensor, losses, nn, ops
from minigan.gradcheck import GradientError, gradcheck

X = np.linspace(-0.9, 1.1, 6).reshape(2, 3)


def variables(report):
    return [line.variable for line in report.lines if line.order == 1]


class Scale(Op):
    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        return x * self.factor

    def backward(self, gy, y, x):
        return gy * self.factor


INPUTS = {
    "a list of arrays": [X, np.ones(3)],
    "a list of Tensors": [Tensor(X), Tensor(np.ones(3), requires_grad=True)],
    "one array": X,
    "a number": 0.5,
    "no elements": [np.ones((0, 3)), np.ones((1, 3))],
    "numbers": [0.5, np.float64(1.5)],
}


@pytest.mark.parametrize("inputs", INPUTS.values(), ids=INPUTS.keys())
def test_floats_of_any_kind_are_varied(inputs):
    report = gradcheck(lambda *xs: sum(xs) * xs[0], inputs)
    n = len(inputs) if isinstance(inputs, list) else 1
    assert variables(report) == [f"input {i}" for i in range(n)]


def test_what_is_not_a_float_is_handed_on_as_it_is():
    labels = np.array([2, 0])
    report = gradcheck(losses.cross_entropy, [X, labels])
    assert variables(report) == ["input 0"]


def test_one_instance_of_an_operation_can_be_checked():
    gradcheck(Scale(3.0), [X])


@pytest.mark.parametrize("mode", ["full", "directional"])
def test_a_module_is_checked_by_its_inputs_and_parameters(mode):
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)).double()
    report = gradcheck(net, [X], mode=mode)
    names = ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert variables(report) == ["input 0", *(f"parameter {name}" for name in names)]


def test_a_frozen_parameter_is_not_checked():
    layer = nn.Linear(3, 2).double()
    layer.bias.requires_grad_(False)
    assert variables(gradcheck(layer, [X])) == ["input 0", "parameter weight"]


def test_a_function_of_a_module_is_checked_by_its_parameters():
    critic = nn.Sequential(nn.Linear(3, 2), nn.Softplus(), nn.Linear(2, 1)).double()
    real, fake, eps = X, X[::-1] + 0.3, np.array([0.3, 0.8])
    report = gradcheck(
        lambda: losses.gradient_penalty(critic, real, fake, eps), [], module=critic, order=1
    )
    assert len(variables(report)) == 4


@pytest.mark.parametrize("fails", [False, True])
def test_a_module_is_left_as_it_was(fails):
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2, eps=0.1), nn.Sigmoid()).double()
    weight = net[0].weight
    weight.grad = Tensor(np.ones((2, 3)))
    weight.data = np.asfortranarray(weight.data)
    array, values, version, state = (
        weight.data,
        weight.data.copy(),
        weight._version[0],
        net.state_dict(),
    )

    def fn(x):
        return net(x).detach() if fails else net(x)

    if fails:
        with pytest.raises(GradientError):
            gradcheck(fn, [X], module=net)
    else:
        gradcheck(fn, [X], module=net)
    assert weight.data is array
    np.testing.assert_array_equal(array, values)
    assert weight._version[0] == version
    np.testing.assert_array_equal(weight.grad.data, np.ones((2, 3)))
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, state[name])


def test_a_graph_made_before_can_still_go_backward():
    layer = nn.Linear(3, 2).double()
    loss = layer(Tensor(X)).sum()
    gradcheck(layer, [X])
    loss.backward()
    assert layer.weight.grad is not None


def test_the_inputs_are_left_as_they_were():
    x = Tensor(X.copy(), requires_grad=True)
    gradcheck(lambda x: x * x, [x])
    np.testing.assert_array_equal(x.data, X)
    assert x.grad is None


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_other_floats_are_refused_with_the_remedy(dtype):
    with pytest.raises(TypeError, match=rf"input 1 is {dtype}.*\.astype\('float64'\)"):
        gradcheck(ops.maximum, [X, X.astype(dtype)])


def test_a_module_in_float32_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"parameter weight is float32.*module\.double\(\)"):
        gradcheck(nn.Linear(3, 2), [X])


def test_a_function_that_changes_the_dtype_is_an_error():
    def fn(x):
        return Tensor(x.data.astype("float32"))

    with pytest.raises(GradientError, match="fn made float32 of float64"):
        gradcheck(fn, [X])


def test_a_function_that_returns_no_tensor_is_refused():
    with pytest.raises(TypeError, match="must return Tensors, not ndarray"):
        gradcheck(lambda x: x.data, [X])


def test_what_a_function_raises_comes_through():
    with pytest.raises(ValueError, match=r"Add of shapes \(2, 3\), \(2,\)"):
        gradcheck(lambda x: x + np.ones(2), [X])


def test_a_missing_rule_comes_through_as_what_it_is():
    class Floor(Op):
        def forward(self, x):
            return np.floor(x)

    with pytest.raises(NotImplementedError, match="Floor has no gradient"):
        gradcheck(Floor(), [X])


def test_gradcheck_is_a_function_of_the_package():
    assert minigan.gradcheck is gradcheck
    assert minigan.GradientError is GradientError
