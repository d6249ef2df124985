"""Habits from NumPy and PyTorch work, or the error gives advice, and the advice works."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigan
from minigan import Tensor, losses, nn, no_grad, ops, optim, rand, randn, tensor
from minigan.guards.accepted import AFTER_AN_ARRAY

number = st.floats(-100, 100, width=32)


@given(number)
def test_numbers_are_formatted_as_pythons(value):
    for x in (Tensor(value), Tensor([value]), Tensor([[value]]), Tensor(value) * 1.0):
        for spec in (".3f", "8.2e", "g", "+.1f", ">10.2f", ".0%"):
            assert format(x, spec) == format(float(np.float32(value)), spec)
        assert f"{x:.3f}" == f"{x.item():.3f}"
    assert f"{Tensor(value)}" == str(Tensor(value))


@given(number)
def test_numbers_are_converted_as_pythons(value):
    value = float(np.float32(value))
    for x in (Tensor(value), Tensor([value]), Tensor(value) * 1.0):
        assert (int(x), float(x), bool(x)) == (int(value), value, bool(value))
        assert x.item() == value


def test_several_elements_are_no_number():
    x = Tensor([1.0, 2.0])
    for convert in (int, float, bool, lambda x: f"{x:.3f}", lambda x: x.item()):
        with pytest.raises(ValueError, match="one element"):
            convert(x)


SLOPES = {
    "+x": (lambda x: +x, 1.0),
    "-x": (lambda x: -x, -1.0),
    "abs(x)": (abs, 1.0),
    "2 ** x": (lambda x: 2**x, 8 * np.log(2)),
    "np.float64(2) ** x": (lambda x: np.float64(2) ** x, 8 * np.log(2)),
    "np.int64(2) ** x": (lambda x: np.int64(2) ** x, 8 * np.log(2)),
    "0.5 ** x": (lambda x: 0.5**x, 0.125 * np.log(0.5)),
    "1 ** x": (lambda x: 1**x, 0.0),
    "x ** 2": (lambda x: x**2, 6.0),
    "x ** -1": (lambda x: x**-1, -1 / 9),
    "x ** np.int64(2)": (lambda x: x ** np.int64(2), 6.0),
    "pow(x, 2)": (lambda x: pow(x, 2), 6.0),
    "1 / x": (lambda x: 1 / x, -1 / 9),
    "1 - x": (lambda x: 1 - x, -1.0),
    "sum([x, x])": (lambda x: sum([x, x]), 2.0),
    "x + True": (lambda x: x + True, 1.0),
    "x * a list": (lambda x: x * [2.0], 2.0),
    "a list + x": (lambda x: [2.0] + x, 1.0),
    "an array @ x": (lambda x: np.float64([2.0]) @ x, 2.0),
    "sum(axis=[0])": (lambda x: (x * x).sum(axis=[0]), 6.0),
    "mean(axis=np.int64(0))": (lambda x: x.mean(axis=np.int64(0)), 1.0),
    "max(axis=[0])": (lambda x: x.max(axis=[0]), 1.0),
    "norm(axis=[0])": (lambda x: x.norm(axis=[0]), 1.0),
    "sum(axis=range(1))": (lambda x: x.sum(axis=range(1)), 1.0),
    "reshape([1, 1])": (lambda x: x.reshape([1, 1]), 1.0),
    "reshape(np.int64)": (lambda x: x.reshape(np.int64(1), np.int64(1)), 1.0),
    "transpose([0])": (lambda x: x.transpose([0]), 1.0),
    "flatten(np.int64(0))": (lambda x: x.flatten(np.int64(0)), 1.0),
    "broadcast_to a list": (lambda x: ops.broadcast_to(x, [2, 1]), 2.0),
    "stack, axis=np.int64": (lambda x: ops.stack([x, x], axis=np.int64(0)), 2.0),
    "x[np.int64(0)]": (lambda x: x[np.int64(0)], 1.0),
    "x[..., None]": (lambda x: x[..., None], 1.0),
    "maximum(x, a list)": (lambda x: ops.maximum(x, [1.0]), 1.0),
    "minimum(x, np.uint8)": (lambda x: ops.minimum(x, np.uint8(200)), 1.0),
    "minimum(np.uint8, x)": (lambda x: ops.minimum(np.uint8(200), x), 1.0),
    "unpacking": (lambda x: next(iter(x)), 1.0),
    "reversed": (lambda x: next(reversed(x)), 1.0),
}


@pytest.mark.parametrize("name", SLOPES)
def test_an_expression_has_its_gradient(name):
    f, slope = SLOPES[name]
    x = Tensor(np.array([3.0]), requires_grad=True)
    y = f(x)
    assert isinstance(y, Tensor)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.data, [slope], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("f", [lambda x: x // 2, lambda x: 2 // x, lambda x: x // x])
def test_floor_division_is_refused_in_a_sentence(f):
    with pytest.raises(TypeError, match="no useful gradient: use /"):
        f(Tensor([3.0]))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x % 2,
        lambda x: ~x,
        lambda x: x & x,
        lambda x: divmod(x, 2),
        lambda x: x**x,
        lambda x: [1.0] ** x,
        lambda x: np.ones(2) ** x,
        lambda x: x.__setitem__(0, 1.0),
        lambda x: np.exp(x),
        lambda x: np.add(x, x.detach()),
        lambda x: np.asarray(x),
        lambda x: np.sum(x),
        lambda x: np.mean(x),
        lambda x: np.stack([x, x]),
    ],
)
def test_what_would_lose_the_gradient_raises(f):
    with pytest.raises((TypeError, AttributeError)):
        f(Tensor([3.0, 4.0], requires_grad=True))


class WithLabels(nn.Module):
    def __init__(self):
        self.inner = nn.Linear(2, 2)

    def forward(self, x, labels=None, *, scale=1.0):
        return self.inner(x) * (1.0 if labels is None else Tensor(labels)) * scale


def test_a_module_takes_arguments_by_name():
    net, x, y = WithLabels(), randn(3, 2), np.ones((3, 2), np.float32) * 2
    np.testing.assert_array_equal(net(x, labels=y).data, net(x, y).data)
    np.testing.assert_array_equal(net(x=x, labels=y, scale=2.0).data, net(x, y).data * 2)
    assert nn.Linear(2, 2)(x=x).shape == (3, 2)


def test_a_parameter_of_a_tensor_learns():
    for source in (randn(2), rand(2), tensor([1.0, 2.0]), randn(2) * 2):
        p = nn.Parameter(source)
        assert p.requires_grad and p.op is None
        np.testing.assert_array_equal(p.data, source.data)
        (p * p).sum().backward()
        optim.SGD([p], lr=0.1).step()
        assert p.grad is not None


@pytest.mark.parametrize("integer", [np.int64, np.int32, np.uint8, int])
def test_sizes_may_be_numpys_integers(integer):
    two, three = integer(2), integer(3)
    assert randn(two, three).shape == rand((two, three)).shape == (2, 3)
    assert nn.Linear(two, three)(randn(4, two)).shape == (4, 3)
    assert nn.Conv2d(two, three, three, stride=two, padding=integer(1))(randn(1, 2, 4, 4)).ndim == 4
    assert nn.ConvTranspose2d(two, three, three)(randn(1, 2, 4, 4)).ndim == 4
    assert nn.Upsample(scale_factor=two)(randn(1, 1, 2, 2)).shape == (1, 1, 4, 4)
    assert nn.BatchNorm1d(two)(randn(4, 2)).shape == (4, 2)
    assert nn.LayerNorm(two)(randn(4, 2)).shape == nn.LayerNorm((two,))(randn(4, 2)).shape
    assert nn.Unflatten(integer(1), (two, three))(randn(4, 6)).shape == (4, 2, 3)
    assert nn.Maxout(two, three, two)(randn(4, 2)).shape == (4, 3)
    assert nn.Sequential(nn.Tanh(), nn.ReLU())[integer(1)].__class__ is nn.ReLU
    minigan.seed(two)


LAYERS = {
    "Linear": lambda: nn.Linear(2, 3),
    "Linear without bias": lambda: nn.Linear(2, 3, bias=False),
    "Maxout": lambda: nn.Maxout(2, 3, 2),
    "ReLU": nn.ReLU,
    "LeakyReLU": nn.LeakyReLU,
    "Sigmoid": nn.Sigmoid,
    "Tanh": nn.Tanh,
    "Softplus": nn.Softplus,
    "InstanceNorm2d": lambda: nn.InstanceNorm2d(1),
    "Dropout": nn.Dropout,
    "Dropout in use": lambda: nn.Dropout().eval(),
    "Flatten": nn.Flatten,
    "Unflatten": lambda: nn.Unflatten(1, (1, 2)),
    "BatchNorm1d": lambda: nn.BatchNorm1d(2),
    "BatchNorm1d in use": lambda: nn.BatchNorm1d(2).eval(),
    "LayerNorm": lambda: nn.LayerNorm(2),
    "Sequential": lambda: nn.Sequential(nn.ReLU(), nn.Flatten()),
    "Conv2d": lambda: nn.Conv2d(1, 2, 1),
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(1, 2, 1),
    "Upsample": lambda: nn.Upsample(scale_factor=2),
    "UpsampleConv2d": lambda: nn.UpsampleConv2d(1, 2, 1),
    "BatchNorm2d": lambda: nn.BatchNorm2d(1),
    "Dropout2d": nn.Dropout2d,
}
IMAGES = ("Conv2d", "ConvTranspose2d", "Upsample", "UpsampleConv2d", "BatchNorm2d", "Dropout2d")
IMAGES += ("InstanceNorm2d",)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_takes_lists_and_arrays_and_answers_a_tensor(name):
    rows = [[[[1.0, -2.0], [3.0, 0.5]]]] if name in IMAGES else [[1.0, -2.0], [3.0, 0.5]]
    results = []
    layer = LAYERS[name]()
    for x in (rows, np.float32(rows), Tensor(rows), np.array(rows, ">f4"), np.array(rows, "f2")):
        minigan.seed(0)
        y = layer(x)
        assert isinstance(y, Tensor) and y.dtype == np.float32
        results.append(y.data)
    for y in results:
        np.testing.assert_allclose(y, results[0], rtol=1e-5)


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Softplus", "Dropout"])
def test_an_elementwise_layer_takes_a_number(name):
    y = LAYERS[name]()(2.0)
    assert isinstance(y, Tensor) and y.shape == ()


@pytest.mark.parametrize("name", [n for n in LAYERS if n not in ("Flatten", "Unflatten")])
def test_a_layer_refuses_integers_and_says_what_to_do(name):
    x = np.ones((2, 1, 2, 2) if name in IMAGES else (2, 2), np.uint8)
    if name in ("Dropout in use", "Upsample"):
        return  # they compute nothing with the numbers
    with pytest.raises(TypeError, match="floats are needed"):
        LAYERS[name]()(x)


def test_losses_take_lists_and_arrays_and_answer_tensors():
    p, logits = [[0.5], [0.25]], [[0.1, 0.2], [0.3, 0.4]]
    for convert in (lambda x: x, np.float32, Tensor):
        classes = [0, 1] if convert is Tensor else np.array([0, 1])
        found = [
            losses.binary_cross_entropy(convert(p), convert(p)),
            losses.binary_cross_entropy_with_logits(convert(p), 1.0),
            losses.cross_entropy(convert(logits), classes),
            losses.discriminator_loss(convert(p), convert(p)),
            losses.minimax_generator_loss(convert(p)),
            losses.non_saturating_generator_loss(convert(p)),
            losses.wasserstein_critic_loss(convert(p), convert(p)),
            losses.wasserstein_generator_loss(convert(p)),
            losses.gradient_penalty(nn.Linear(1, 1), convert(p), convert(p), [0.5, 0.5]),
        ]
        for y in found:
            assert isinstance(y, Tensor) and y.shape == () and y.dtype == np.float32
    with pytest.raises(ValueError, match="probabilities"):
        losses.binary_cross_entropy(np.array([2.0]), 1.0)


# Advice.


def test_the_advice_of_dtype_errors_works():
    layer = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=re.escape(".float() or .double()")):
        layer(np.ones((1, 2)))
    layer(np.ones((1, 2)).astype("float32"))
    layer.double()(np.ones((1, 2)))
    with pytest.raises(TypeError, match=re.escape("tensor(x, dtype='float32')")):
        layer(np.ones((1, 2), int))
    layer.float()(tensor(np.ones((1, 2), int), dtype="float32"))


def test_the_advice_of_a_loss_that_is_no_number_works():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"\.mean\(\) or \.sum\(\), or give the gradient"):
        (x * x).backward()
    (x * x).mean().backward()
    (x * x).backward(np.ones(2, np.float32))
    (x * x).backward([1.0, 1.0])


def test_the_advice_for_numpy_works():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"use \.numpy\(\)"):
        np.asarray(x)
    assert type(x.numpy()) is np.ndarray


def test_the_advice_for_an_exponent_that_is_a_tensor_works():
    assert "(b * a.log()).exp()" in Tensor.__pow__.__doc__
    a, b = Tensor([2.0]), Tensor([3.0])
    np.testing.assert_allclose((b * a.log()).exp().data, [8.0], rtol=1e-6)


def test_the_advice_for_a_change_in_place_works():
    p = nn.Parameter([1.0])
    with pytest.raises(RuntimeError, match="to compute with it, `y = p"):
        p += 1.0
    with no_grad():
        p += 1.0
    y = p + 1.0
    assert (p.item(), y.item()) == (2.0, 3.0)


# NumPy's functions.


@given(data=st.data())
def test_every_function_of_numpy_on_a_tensor_says_what_to_write(data):
    """The functions that NumPy itself calls for an operator work; each other one is refused."""
    ufuncs = [f for f in vars(np).values() if isinstance(f, np.ufunc)]
    ufunc = data.draw(st.sampled_from(sorted(set(ufuncs), key=lambda f: f.__name__)))
    x = Tensor([0.5, 2.0], requires_grad=data.draw(st.booleans()))
    first = data.draw(st.integers(0, ufunc.nin - 1))
    operands = [np.float32([1.0, 2.0])] * ufunc.nin
    operands[first] = x
    if first == 1 and ufunc in AFTER_AN_ARRAY and ufunc not in (np.floor_divide, np.power):
        found = ufunc(*operands)
        found = found.data if isinstance(found, Tensor) else found
        expected = ufunc(operands[0], x.data)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    elif first == 0 or ufunc not in AFTER_AN_ARRAY:
        with pytest.raises(TypeError, match=r"does not record operations on a Tensor: write \S"):
            ufunc(*operands)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "var"])
@pytest.mark.parametrize("axis", [None, 0])
def test_a_reduction_of_numpy_says_what_to_write(name, axis):
    for requires_grad in (True, False):
        with pytest.raises(TypeError, match=r"write the method, as x\.mean\(axis\)"):
            getattr(np, name)(Tensor([1.0, 2.0], requires_grad), axis=axis)


def test_a_tensor_is_not_written_into_an_array():
    p = nn.Parameter([1.0, 2.0])
    p.sum().backward()
    for change in (np.add, np.subtract, np.multiply):
        with pytest.raises(TypeError, match=r"p\.data -= lr \* p\.grad\.data"):
            change(p.data, 0.5 * p.grad, out=p.data)
    with pytest.raises(TypeError, match=r"p\.data -= lr \* p\.grad\.data"):
        p.data += -0.5 * p.grad
    p.data += -0.5 * p.grad.data
    assert p.data.tolist() == [0.5, 1.5]


def test_nothing_equals_none():
    for x in (Tensor(1.0), Tensor([1.0, 2.0]), nn.Parameter([[1.0]])):
        assert (x == None) is False and (x != None) is True  # noqa: E711


@pytest.mark.parametrize("index", [[0.0, 1.0], [1.0]])
def test_labels_of_floats_are_refused_with_what_to_write(index):
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    for wrong in (tensor(index), np.array(index)):
        with pytest.raises(IndexError, match=r"write np\.array\(\[0, 1\]\)"):
            x[wrong]
    with pytest.raises(TypeError, match=r"write np\.array\(\[0, 1\]\)"):
        losses.cross_entropy(x, tensor([0, 1]))
    assert x[tensor([0, 1], dtype="int64")].shape == (2, 2)
