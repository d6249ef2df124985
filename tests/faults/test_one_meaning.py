"""A method that arrays and Tensors share gives the same number for both."""

import ast
import inspect
import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigan
from minigan import Tensor, losses, nn, ops, optim
from minigan.gradcheck.strategies import arrays, shapes
from minigan.guards.accepted import TensorNames
from minigan.nn import functional

AXES = st.sampled_from([None, 0, 1, -1, (0, 1), (1, 0), [0], ()])
SHARED = {
    "sum": lambda x, axis, keepdims: x.sum(axis=axis, keepdims=keepdims),
    "mean": lambda x, axis, keepdims: x.mean(axis=axis, keepdims=keepdims),
    "max": lambda x, axis, keepdims: x.max(axis=axis, keepdims=keepdims),
    "min": lambda x, axis, keepdims: x.min(axis=axis, keepdims=keepdims),
    "positional axis": lambda x, axis, keepdims: x.sum(axis),
    "clip": lambda x, axis, keepdims: x.clip(-0.5, 0.5),
    "clip, min above max": lambda x, axis, keepdims: x.clip(1.0, 0.5),
    "clip, one bound": lambda x, axis, keepdims: x.clip(0.25),
    "clip by name": lambda x, axis, keepdims: x.clip(max=0.25),
    "reshape": lambda x, axis, keepdims: x.reshape(-1, 1),
    "reshape to a tuple": lambda x, axis, keepdims: x.reshape((1, -1)),
    "transpose": lambda x, axis, keepdims: x.transpose(),
    "transpose of axes": lambda x, axis, keepdims: x.transpose(1, 0),
    "T": lambda x, axis, keepdims: x.T,
    "flatten": lambda x, axis, keepdims: x.flatten(),
    "squeeze": lambda x, axis, keepdims: x[:1].squeeze(0),
    "abs": lambda x, axis, keepdims: abs(x),
    "x[...]": lambda x, axis, keepdims: x[..., -1],
    "**": lambda x, axis, keepdims: x**2,
    "-x": lambda x, axis, keepdims: -x,
    "+x": lambda x, axis, keepdims: +x,
    "len": lambda x, axis, keepdims: np.float64(len(x)),
    "shape": lambda x, axis, keepdims: np.array(x.shape + (x.ndim, x.size)),
    "==": lambda x, axis, keepdims: x == 0.5,
    "<": lambda x, axis, keepdims: x < 0.5,
    "item": lambda x, axis, keepdims: np.float64(x[0, 0].item()),
}


@pytest.mark.parametrize("name", SHARED)
@given(x=arrays(shapes(min_dims=2, max_dims=2, min_side=1)), axis=AXES, keepdims=st.booleans())
def test_a_shared_method_gives_the_same_for_both(name, x, axis, keepdims):
    if isinstance(axis, list):
        axis_of_array, axis = tuple(axis), axis
    else:
        axis_of_array = axis
    expected = SHARED[name](x, axis_of_array, keepdims)
    found = SHARED[name](Tensor(x), axis, keepdims)
    found = found.data if isinstance(found, Tensor) else found
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_every_shared_method_is_compared_or_explained():
    own = set(dir(Tensor)) - set(dir(TensorNames))
    public = [n for n in own if not n.startswith("_") and hasattr(np.ndarray, n)]
    compared = ["sum", "mean", "max", "min", "clip", "reshape", "transpose", "T", "flatten"]
    compared += ["shape", "ndim", "size", "item", "squeeze"]
    explained = ["data", "dtype", "var"]  # the array, not a buffer; the same; refused below
    assert sorted(public) == sorted(compared + explained)


@pytest.mark.parametrize("arguments", [(), (0,), (None, True), ((0, 1),)])
def test_var_needs_a_correction_that_an_array_refuses(arguments):
    x = Tensor(np.arange(6.0).reshape(2, 3))
    with pytest.raises(TypeError, match=r"1 is PyTorch's default \(n - 1\), 0 is NumPy's \(n\)"):
        x.var(*arguments)
    with pytest.raises(TypeError):
        x.var(*arguments, ddof=0)
    with pytest.raises(TypeError, match="correction"):
        x.data.var(correction=1)


@given(
    x=arrays(shapes(min_dims=1, min_side=2, max_dims=2)), correction=st.sampled_from([0, 1, 0.5])
)
def test_var_with_a_correction_is_numpys_with_ddof(x, correction):
    for axis in (None, 0, -1):
        np.testing.assert_allclose(
            Tensor(x).var(axis=axis, correction=correction).data,
            x.var(axis=axis, ddof=correction),
            rtol=1e-10,
            atol=1e-12,
        )


def test_a_tensors_flatten_of_an_axis_is_no_arrays():
    with pytest.raises(TypeError):
        np.ones((2, 3)).flatten(1)


KEYWORD_ONLY = {
    "norm": (lambda: Tensor([[3.0, 4.0]]).norm(2), r"norm\(2\).*write norm\(axis=...\)"),
    "norm of rows": (lambda: Tensor([[3.0, 4.0]]).norm(1, True), r"norm\(axis=...\)"),
    "Upsample": (lambda: nn.Upsample(2), r"write nn.Upsample\(scale_factor=...\)"),
    "Upsample to a size": (lambda: nn.Upsample((2, 2)), r"scale_factor=..."),
}


@pytest.mark.parametrize("name", KEYWORD_ONLY)
def test_an_argument_that_pytorch_reads_otherwise_must_be_named(name):
    call, message = KEYWORD_ONLY[name]
    with pytest.raises(TypeError, match=message):
        call()


def test_what_those_errors_recommend_works():
    assert Tensor([[3.0, 4.0]]).norm(axis=1).item() == 5.0
    assert Tensor([[3.0, 4.0]]).norm().item() == 5.0
    assert nn.Upsample(scale_factor=2)(Tensor(np.ones((1, 1, 2, 2)))).shape == (1, 1, 4, 4)


# The arguments of PyTorch, in its order; those that minigan takes by position must be a beginning.
PYTORCH = {
    nn.Linear: "in_features out_features bias",
    nn.Conv2d: "in_channels out_channels kernel_size stride padding dilation groups bias",
    nn.ConvTranspose2d: "in_channels out_channels kernel_size stride padding output_padding",
    nn.BatchNorm1d: "num_features eps momentum",
    nn.BatchNorm2d: "num_features eps momentum",
    nn.LayerNorm: "normalized_shape eps",
    nn.InstanceNorm2d: "num_features eps momentum",
    nn.BCELoss: "weight size_average",
    nn.MSELoss: "size_average reduce",
    nn.CrossEntropyLoss: "weight size_average",
    nn.ReLU: "inplace",
    nn.Flatten: "start_dim end_dim",
    losses.binary_cross_entropy: "p target weight size_average",
    losses.cross_entropy: "logits labels weight size_average",
    losses.mse_loss: "x target size_average reduce",
    functional.dropout: "x p training inplace",
    functional.leaky_relu: "x negative_slope inplace",
    functional.linear: "x weight bias",
    functional.softmax: "x dim",
    minigan.grad: "outputs inputs grad_outputs retain_graph create_graph",
    minigan.gradcheck: "fn inputs",
    minigan.cat: "tensors dim",
    ops.where: "condition a b",
    Tensor.backward: "self gradient retain_graph create_graph",
    Tensor.sum: "self axis keepdims",
    Tensor.mean: "self axis keepdims",
    Tensor.max: "self",
    Tensor.min: "self",
    Tensor.norm: "self",
    Tensor.clip: "self min max",
    Tensor.flatten: "self start_dim end_dim",
    Tensor.squeeze: "self axis",
    Tensor.unsqueeze: "self axis",
    nn.Module.train: "self mode",
    nn.Module.load_state_dict: "self state_dict strict",
    nn.Module.requires_grad_: "self requires_grad",
    nn.Dropout: "p inplace",
    nn.Dropout2d: "p inplace",
    nn.LeakyReLU: "negative_slope inplace",
    nn.Unflatten: "dim unflattened_size",
    nn.Upsample: "size scale_factor",
    optim.SGD: "params lr momentum dampening weight_decay nesterov",
    optim.RMSprop: "params lr alpha eps weight_decay momentum",
    optim.Adam: "params lr betas eps weight_decay amsgrad",
    nn.init.uniform_: "tensor a b",
    nn.init.normal_: "tensor mean std",
    nn.init.constant_: "tensor val",
}


@pytest.mark.parametrize("f", PYTORCH, ids=lambda f: f.__qualname__)
def test_arguments_by_position_are_pytorchs(f):
    parameters = inspect.signature(f).parameters.values()
    ours = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert ours == PYTORCH[f].split()[: len(ours)]


@pytest.mark.parametrize(
    "f, arguments",
    [
        (nn.Softplus, (2,)),
        (nn.BatchNorm1d, (3, 0.8)),
        (nn.LayerNorm, (3, 1e-5)),
    ],
)
def test_arguments_of_pytorchs_that_are_not_taken_raise(f, arguments):
    with pytest.raises(TypeError):
        f(*arguments)


@pytest.mark.parametrize("shape", [(2, 3), (3, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_transpose_of_two_axes_is_pytorchs_or_refused_with_what_to_write(shape):
    x = Tensor(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
    n = len(shape)
    for i, j in itertools.permutations(range(-n, n), 2):
        exchanged = np.swapaxes(x.data, i, j)
        try:
            y = x.transpose(i, j)
        except TypeError as error:
            (written,) = re.findall(r"write x\.transpose(\(.*\)) to", str(error))
            y = x.transpose(*ast.literal_eval(written))
        except ValueError:  # -1 and 1 of a matrix, for example, are one axis
            assert i % n == j % n
            continue
        np.testing.assert_array_equal(y.data, exchanged)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), ((0, 2, 1),), ()])
def test_a_transpose_with_one_meaning_stays(axes):
    x = np.zeros((2, 3, 4), np.float32)
    assert Tensor(x).transpose(*axes).shape == x.transpose(*axes).shape


@pytest.mark.parametrize("flag", [1, 0, 8, None, "yes", np.ones(1)], ids=repr)
def test_requires_grad_is_a_boolean(flag):
    makers = [
        lambda: Tensor(64, flag),
        lambda: nn.Parameter(64, flag),
        lambda: minigan.tensor([1.0], requires_grad=flag),
        lambda: Tensor([1.0]).requires_grad_(flag),
        lambda: setattr(Tensor([1.0]), "requires_grad", flag),
    ]
    for make in makers:
        with pytest.raises(TypeError, match="requires_grad must be True or False"):
            make()
    for true in (True, np.True_):
        assert Tensor([1.0], true).requires_grad is True


@given(data=st.data())
def test_max_and_min_take_no_argument_by_position(data):
    x = Tensor(data.draw(arrays(shapes(min_dims=1, max_dims=3, min_side=1))))
    name = data.draw(st.sampled_from(["max", "min"]))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    for arguments in ((axis,), (axis, True), (x,), ((0,),)):
        with pytest.raises(TypeError, match=rf"PyTorch also returns the indices.*{name}\(axis="):
            getattr(x, name)(*arguments)
    expected = getattr(x.data, name)(axis=axis)
    np.testing.assert_array_equal(getattr(x, name)(axis=axis).data, expected)


@pytest.mark.parametrize("n", [0, 1, 8, 64, -1])
def test_a_tensor_of_an_int_is_refused_because_pytorch_takes_it_for_a_size(n):
    for kind in Tensor, nn.Parameter:
        with pytest.raises(TypeError, match=rf"write Tensor\({n}\.0\).*minigan\.zeros\({n}\)"):
            kind(n)
    assert Tensor(float(n)).item() == n and minigan.tensor(n).item() == n
    assert (Tensor([2.0]) * n).data == [2.0 * n]


FLAGS = {
    "keepdims": lambda flag: Tensor(np.ones((2, 3))).sum(0, flag),
    "keepdims of a mean": lambda flag: Tensor(np.ones((2, 3))).mean(0, keepdims=flag),
    "keepdims of a norm": lambda flag: Tensor(np.ones((2, 3))).norm(axis=0, keepdims=flag),
    "bias": lambda flag: nn.Linear(2, 3, flag),
    "bias of a convolution": lambda flag: nn.Conv2d(2, 3, 1, bias=flag),
    "affine": lambda flag: nn.BatchNorm1d(3, affine=flag),
    "affine, instance": lambda flag: nn.InstanceNorm2d(3, affine=flag),
    "mode of train": lambda flag: nn.ReLU().train(flag),
    "inplace": lambda flag: nn.ReLU(flag),
    "training": lambda flag: functional.dropout(Tensor([1.0]), 0.5, flag),
    "requires_grad of randn": lambda flag: minigan.randn(2, requires_grad=flag),
}


@pytest.mark.parametrize("flag", [1, 0, 2, None, "no", (0,)], ids=repr)
@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_a_boolean(name, flag):
    with pytest.raises(TypeError, match="must be True or False"):
        FLAGS[name](flag)
    for true_or_false in (True, False):
        FLAGS[name](true_or_false)


@pytest.mark.parametrize("axis", [True, False])
def test_an_axis_is_no_boolean(axis):
    for reduce in (Tensor.sum, Tensor.mean):
        with pytest.raises(TypeError, match="axis must be an integer"):
            reduce(Tensor([1.0]), axis)


@given(data=st.data())
def test_flatten_from_axis_to_axis_is_pytorchs(data):
    x = Tensor(data.draw(arrays(shapes(min_dims=1, max_dims=4))))
    start = data.draw(st.integers(-x.ndim, x.ndim - 1))
    end = data.draw(st.integers(-x.ndim, x.ndim - 1))
    first, last = start % x.ndim, end % x.ndim
    if first > last:
        with pytest.raises(ValueError, match="is after the last"):
            x.flatten(start, end)
        return
    shape = (*x.shape[:first], int(np.prod(x.shape[first : last + 1])), *x.shape[last + 1 :])
    np.testing.assert_array_equal(x.flatten(start, end).data, x.data.reshape(shape))


@given(x=arrays(shapes(max_dims=4)))
def test_size_is_numpys_number_and_pytorchs_call(x):
    size = Tensor(x).size
    assert size == x.size and size() == x.shape
    assert [size(i) for i in range(-x.ndim, x.ndim)] == list(x.shape) * 2


NUMBERS = {
    "negative_slope": nn.LeakyReLU,
    "p": nn.Dropout,
    "eps": lambda flag: nn.BatchNorm1d(3, eps=flag),
    "momentum": lambda flag: nn.BatchNorm1d(3, momentum=flag),
    "lr": lambda flag: optim.SGD([nn.Parameter([1.0])], flag),
    "an exponent": lambda flag: Tensor([2.0]) ** flag,
    "a bound": lambda flag: Tensor([2.0]).clip(flag, 3.0),
    "a gradient": lambda flag: (nn.Parameter([1.0]) * 2).backward(flag),
}


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_no_boolean(name, flag):
    with pytest.raises(TypeError, match=f"not {flag}"):
        NUMBERS[name](flag)


@pytest.mark.parametrize("join", [ops.concatenate, ops.stack, minigan.cat])
def test_tensors_are_joined_as_a_list(join):
    x = Tensor([1.0])
    for arguments in ((x, x), ([x], x), (1.0,)):
        with pytest.raises(TypeError, match=r"takes a list of Tensors, and then the axis"):
            join(*arguments)
    assert join([x, x], 0).size == 2
