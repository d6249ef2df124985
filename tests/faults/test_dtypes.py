"""A setting never changes a dtype; float16 and foreign byte orders are converted or refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigan
from minigan import Tensor, gradcheck, losses, nn, ops, optim, rand, randn, tensor, trainers

SCALARS = [np.float64, np.float32, np.float16, np.array]
INTEGERS = [np.int64, np.int8, np.uint8]

# For each: a function of (x, setting) and a setting that it may have.
SETTINGS = {
    "clip, min": (lambda x, s: x.clip(s), 0.5),
    "clip, max": (lambda x, s: x.clip(max=s), 0.5),
    "clip, both": (lambda x, s: x.clip(s, s), 0.5),
    "**": (lambda x, s: x**s, 2.0),
    "** a fraction": (lambda x, s: x**s, 0.5),
    "number **": (lambda x, s: s**x, 2.0),
    "slope": (lambda x, s: ops.leaky_relu(x - 2.0, s), 0.25),
    "slope above 1": (lambda x, s: ops.leaky_relu(x - 2.0, s), 2.0),
    "nn.LeakyReLU": (lambda x, s: nn.LeakyReLU(s)(x - 2.0), 0.25),
    "nn.Dropout": (lambda x, s: nn.Dropout(s)(x), 0.5),
    "eps of LayerNorm": (lambda x, s: nn.LayerNorm(3, eps=s)(x), 0.5),
    "eps of BatchNorm": (lambda x, s: nn.BatchNorm1d(3, eps=s)(x), 0.5),
    "eps of BatchNorm in use": (lambda x, s: nn.BatchNorm1d(3, eps=s).eval()(x), 0.5),
    "momentum": (lambda x, s: nn.BatchNorm1d(3, momentum=s)(x), 0.5),
    "correction": (lambda x, s: x.var(axis=0, correction=s), 1.0),
    "maximum": (lambda x, s: ops.maximum(x, s), 2.0),
    "minimum": (lambda x, s: ops.minimum(x, s), 2.0),
    "where": (lambda x, s: ops.where(x > 2, x, s), 2.0),
    "a label": (lambda x, s: losses.binary_cross_entropy(x.sigmoid(), s), 0.5),
    "a label of logits": (lambda x, s: losses.binary_cross_entropy_with_logits(x, s), 0.5),
    "real_label": (lambda x, s: losses.discriminator_loss(x.sigmoid(), x.sigmoid(), s), 0.5),
}
OPERATORS = {
    "+": lambda x, s: x + s,
    "r+": lambda x, s: s + x,
    "-": lambda x, s: x - s,
    "r-": lambda x, s: s - x,
    "*": lambda x, s: x * s,
    "r*": lambda x, s: s * x,
    "/": lambda x, s: x / s,
    "r/": lambda x, s: s / x,
}


def inputs():
    return Tensor(np.float32([[1, 2, 3], [3, 2, 0.5]]), requires_grad=True)


@pytest.mark.parametrize("scalar", [*SCALARS, *INTEGERS], ids=lambda s: s.__name__)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_numpy_keeps_float32(name, scalar):
    f, setting = SETTINGS[name]
    operand = name in ("maximum", "minimum", "where") or "label" in name
    if (scalar in INTEGERS and int(setting) != setting) or (scalar is np.array and operand):
        pytest.skip("not a setting of this kind")
    results = []
    for s in (setting, scalar(setting)):
        minigan.seed(0)
        x = inputs()
        y = f(x, s)
        y.sum().backward()
        assert y.dtype == x.grad.dtype == np.float32
        results.append((y.data, x.grad.data))
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("scalar", [np.float64, np.float32, np.float16, *INTEGERS])
@pytest.mark.parametrize("name", OPERATORS)
def test_a_numpy_number_as_an_operand_keeps_float32(name, scalar):
    x = inputs()
    y = OPERATORS[name](x, scalar(2))
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32
    np.testing.assert_array_equal(y.data, OPERATORS[name](inputs(), 2.0).data)


LAYERS = {
    "BatchNorm1d, eps": (lambda: nn.BatchNorm1d(3), "eps", 0.5),
    "BatchNorm1d, momentum": (lambda: nn.BatchNorm1d(3), "momentum", 0.5),
    "LayerNorm, eps": (lambda: nn.LayerNorm(3), "eps", 0.5),
    "LeakyReLU, negative_slope": (lambda: nn.LeakyReLU(), "negative_slope", 0.5),
    "Dropout, p": (lambda: nn.Dropout(), "p", 0.25),
}


@pytest.mark.parametrize("scalar", [np.float64, np.float16, np.array])
@pytest.mark.parametrize("name", LAYERS)
def test_a_setting_of_a_layer_that_is_set_later_keeps_float32(name, scalar):
    make, attribute, value = LAYERS[name]
    layer = make()
    setattr(layer, attribute, scalar(value))
    assert type(getattr(layer, attribute)) is float
    x = inputs()
    for module in (layer, layer.eval()):
        y = module(x)
        y.sum().backward()
        assert y.dtype == x.grad.dtype == np.float32
    for buffer in layer.buffers():
        assert buffer.dtype in (np.float32, np.int64)


@pytest.mark.parametrize(
    "make",
    [
        lambda p, s: optim.SGD(p, lr=s(0.5), momentum=s(0.5), weight_decay=s(0.5)),
        lambda p, s: optim.RMSprop(p, lr=s(0.5), alpha=s(0.5), eps=s(0.5), weight_decay=s(0.5)),
        lambda p, s: optim.Adam(p, lr=s(0.5), betas=(s(0.5), s(0.5)), eps=s(0.5)),
    ],
)
@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("scalar", [np.float64, np.float16, np.array])
def test_settings_of_an_optimizer_keep_float32(make, scalar, shape, later):
    p, q = (nn.Parameter(np.ones(shape, np.float32)) for _ in range(2))
    optimizer, expected = make([p], scalar), make([q], float)
    for o in (optimizer, expected):
        for _ in range(2):
            if later:
                o.lr = scalar(0.25) if o is optimizer else 0.25
            o.params[0].grad = np.full(shape, 2, np.float32)
            o.step()
    assert p.dtype == np.float32
    np.testing.assert_array_equal(p.data, q.data)
    for state in optimizer.state:
        for name, moment in state.items():
            assert name == "step" or moment.dtype == np.float32


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("kind", [trainers.GAN, trainers.WGAN, trainers.WGANGP])
def test_settings_of_a_trainer_keep_float32(kind, later):
    name = {"GAN": "real_label", "WGAN": "clip_value", "WGANGP": "penalty_weight"}[kind.__name__]
    G, D = nn.Linear(2, 3), nn.Linear(3, 1)
    D = nn.Sequential(D, nn.Sigmoid()) if kind is trainers.GAN else D
    players = G, D, optim.SGD(G.parameters(), lr=0.1), optim.SGD(D.parameters(), lr=0.1)
    if later:
        trainer = kind(*players)
        setattr(trainer, name, np.float64(0.5))
    else:
        trainer = kind(*players, **{name: np.float64(0.5)})
    for _ in trainer.train([randn(4, 3).data] * 6, lambda m: randn(m, 2)):
        pass
    for net in (G, D):
        for p in net.parameters():
            assert p.dtype == np.float32
            assert p.grad is None or p.grad.dtype == np.float32


def test_an_average_keeps_float32():
    net = nn.BatchNorm1d(3)
    average = optim.AveragedModel(net, decay=np.float64(0.5))
    for _ in range(3):
        net(randn(4, 3))
        average.update_parameters(net)
    for a, b in zip(average.module._state(), net._state(), strict=True):
        assert a[1].dtype == b[1].dtype


# float16 and byte orders.

FOREIGN = ["<f2", ">f2", ">f4", ">f8"]
NATIVE = {"<f2": "float32", ">f2": "float32", ">f4": "float32", ">f8": "float64"}


@pytest.mark.parametrize("dtype", FOREIGN)
@pytest.mark.parametrize(
    "make",
    [
        Tensor,
        tensor,
        nn.Parameter,
        lambda a: Tensor(np.zeros(3, NATIVE[a.dtype.str])).copy_(a),
    ],
    ids=["Tensor", "tensor", "Parameter", "copy_"],
)
def test_foreign_floats_are_converted(make, dtype):
    x = make(np.array([1, 2, 3], dtype))
    assert x.dtype == NATIVE[dtype] and x.dtype.isnative
    np.testing.assert_array_equal(x.data, [1, 2, 3])
    x.requires_grad_()
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [2, 4, 6])


@pytest.mark.parametrize("dtype", FOREIGN)
@pytest.mark.parametrize("name", OPERATORS)
def test_foreign_arrays_are_operands(name, dtype):
    a = np.array([1, 2, 3], dtype)
    x = Tensor(np.ones(3, NATIVE[dtype]), requires_grad=True)
    y = OPERATORS[name](x, a)
    assert y.dtype == NATIVE[dtype] and isinstance(y, Tensor)
    np.testing.assert_array_equal(y.data, OPERATORS[name](x.data, a.astype(NATIVE[dtype])))


@pytest.mark.parametrize("dtype", FOREIGN[:3])
def test_a_gan_takes_foreign_batches(dtype):
    G, D = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    gan = trainers.GAN(G, D, optim.Adam(G.parameters()), optim.Adam(D.parameters()))
    gan.discriminator_step(np.ones((4, 3), dtype), np.ones((4, 2), dtype))
    gan.generator_step(np.ones((4, 2), dtype))
    critic = nn.Linear(3, 1)
    eps = np.full(4, 0.5, dtype)
    losses.gradient_penalty(critic, np.ones((4, 3), dtype), np.zeros((4, 3), dtype), eps).backward()
    assert critic.weight.grad.dtype == np.float32


@pytest.mark.parametrize("dtype", FOREIGN)
def test_labels_of_any_float_are_taken(dtype):
    p = Tensor([0.5, 0.25], requires_grad=True)
    loss = losses.binary_cross_entropy(p, np.array([1, 0], dtype))
    loss.backward()
    assert loss.dtype == p.grad.dtype == np.float32


@pytest.mark.parametrize("dtype", ["float16", "longdouble", "complex64", "int32", "U3", object])
def test_a_dtype_that_is_no_gradients_is_converted_or_refused(dtype):
    for make in (randn, rand):
        with pytest.raises(TypeError):
            make(3, dtype=dtype)


def test_a_state_of_another_byte_order_is_loaded():
    layer = nn.Linear(2, 2)
    state = {k: v.astype(v.dtype.newbyteorder()) for k, v in layer.state_dict().items()}
    other = nn.Linear(2, 2)
    other.load_state_dict(state)
    np.testing.assert_array_equal(other.weight.data, layer.weight.data)
    assert other.weight.dtype.isnative


def test_a_state_of_float16_is_refused_and_the_advice_works():
    layer = nn.Linear(2, 2)
    state = {k: v.astype("f2") for k, v in layer.state_dict().items()}
    with pytest.raises(TypeError, match="convert the array"):
        layer.load_state_dict(state)
    layer.load_state_dict({k: v.astype("f4") for k, v in state.items()})


def test_gradcheck_takes_doubles_of_any_byte_order():
    gradcheck(lambda x: x * x, [np.arange(3.0).astype(">f8")])
    for dtype in ("f2", "f4", ">f4"):
        with pytest.raises(TypeError, match="rounding"):
            gradcheck(lambda x: x * x, [np.arange(3.0).astype(dtype)])


@given(st.sampled_from(["float32", "float64"]), st.sampled_from(["float32", "float64"]))
def test_two_dtypes_in_one_operation_are_refused_with_a_remedy(a, b):
    x, y = Tensor(np.ones(2, a)), Tensor(np.ones(2, b))
    if a == b:
        assert (x + y).dtype == a
    else:
        with pytest.raises(TypeError, match="dtypes must agree"):
            x + y
