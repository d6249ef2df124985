"""The layers: values computed by hand, and errors that name the layer and the shape."""

import numpy as np
import pytest

from minigan import Tensor, grad, nn, no_grad, randn

W = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=np.float32)
B = np.array([0.5, 0.0, -0.5], dtype=np.float32)


def linear(bias=True):
    layer = nn.Linear(2, 3, bias=bias)
    layer.load_state_dict({"weight": W} | ({"bias": B} if bias else {}))
    return layer


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(2,), (1, 2), (5, 2), (4, 5, 2), (2, 3, 4, 2), (0, 2)])
def test_linear_of_any_number_of_dimensions(shape, bias):
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    y = linear(bias)(Tensor(x))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.data, np.inner(x, W) + B * bias, rtol=1e-6, atol=1e-6)


def test_maxout_takes_the_largest_of_its_pieces():
    layer = nn.Maxout(1, 2, num_pieces=3)
    pieces = [[1.0], [-1.0], [0.0], [2.0], [3.0], [-4.0]]  # slopes of output 0, then of output 1
    layer.linear.weight.data = np.array(pieces, dtype=np.float32)
    layer.linear.bias.data = np.array([0, 0, 0.5, 0, 0, 0], dtype=np.float32)
    x = np.array([[0.0], [0.25], [2.0], [-1.0]], dtype=np.float32)
    assert layer(Tensor(x)).data.tolist() == [[0.5, 0.0], [0.5, 0.75], [2.0, 6.0], [1.0, 4.0]]


X = [-1000.0, -2.0, 0.0, 2.0, 1000.0]
ACTIVATIONS = [
    (nn.ReLU(), [0.0, 0.0, 0.0, 2.0, 1000.0]),
    (nn.LeakyReLU(), [-10.0, -0.02, 0.0, 2.0, 1000.0]),
    (nn.LeakyReLU(0.2), [-200.0, -0.4, 0.0, 2.0, 1000.0]),
    (nn.LeakyReLU(1.5), [-1500.0, -3.0, 0.0, 2.0, 1000.0]),
    (nn.Sigmoid(), [0.0, 1 / (1 + np.exp(2.0)), 0.5, 1 / (1 + np.exp(-2.0)), 1.0]),
    (nn.Tanh(), [-1.0, -0.96402758, 0.0, 0.96402758, 1.0]),
    (nn.Softplus(), [0.0, np.log1p(np.exp(-2.0)), np.log(2.0), np.log1p(np.exp(2.0)), 1000.0]),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("layer", "expected"), ACTIVATIONS, ids=lambda v: str(v))
def test_activations(layer, expected, dtype):
    x = Tensor(np.array(X, dtype), requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == dtype
    np.testing.assert_allclose(y.data, expected, rtol=1e-6, atol=1e-7)
    assert np.isfinite(x.grad.data).all()


def test_flatten_and_unflatten_undo_each_other():
    x = randn(4, 2, 3, 5)
    rows = nn.Flatten()(x)
    np.testing.assert_array_equal(rows.data, x.data.reshape(4, 30))
    np.testing.assert_array_equal(nn.Unflatten(1, (2, 3, 5))(rows).data, x.data)
    np.testing.assert_array_equal(nn.Unflatten(-1, (2, 3, 5))(rows).data, x.data)
    assert nn.Flatten()(randn(0, 2, 3)).shape == (0, 6)
    assert nn.Unflatten(0, (2, 2))(rows).shape == (2, 2, 30)


def test_a_network_in_use_records_nothing():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Maxout(4, 2, 2), nn.Tanh())
    with no_grad():
        y = network(randn(5, 3))
    assert y.op is None
    assert not y.requires_grad


def test_dropout2d_drops_whole_channels():
    y = nn.Dropout2d(0.5)(Tensor(np.ones((8, 16, 3, 3), np.float32))).data
    assert set(y[:, :, 0, 0].ravel().tolist()) == {0.0, 2.0}
    assert (y == y[:, :, :1, :1]).all()


@pytest.mark.parametrize(
    ("size", "kernel", "stride"), [(7, 3, 1), (7, 3, 2), (8, 3, 2), (8, 5, 2), (7, 4, 1), (5, 2, 3)]
)
def test_padding_same_gives_as_many_pixels_as_strides_fit(size, kernel, stride):
    layer = nn.Conv2d(1, 1, kernel, stride=stride, padding="same")
    assert layer(randn(1, 1, size, size)).shape == (1, 1, *2 * (-(-size // stride),))


def test_padding_same_has_the_odd_pixel_below_and_right():
    layer = nn.Conv2d(1, 1, 2, padding="same", bias=False)
    layer.weight.data = np.array([[[[1, 10], [100, 1000]]]], dtype=np.float32)
    y = layer(Tensor(np.array([[[[1, 2], [3, 4]]]], dtype=np.float32)))
    assert y.data.tolist() == [[[[4321, 402], [43, 4]]]]


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Linear(784, 9), (64, 783), r"Linear\(in.*\(\.\.\., 784\), got \(64, 783\)"),
        (nn.Linear(784, 9), (64, 28, 28), r"expected .*784\), got \(64, 28, 28\)"),
        (nn.Linear(1, 9), (), r"Linear\(.*got \(\)"),
        (nn.Maxout(3, 2, 2), (5, 4), r"Linear\(in_features=3, .*got \(5, 4\)"),
        (nn.BatchNorm1d(3), (5, 4), r"BatchNorm1d\(3, .*expected \(N, 3, \.\.\.\), got \(5, 4\)"),
        (nn.BatchNorm1d(3), (3,), r"BatchNorm1d\(3, .*got \(3,\)"),
        (nn.BatchNorm1d(3), (2, 3, 4, 5), r"BatchNorm1d\(3, .*got \(2, 3, 4, 5\)"),
        (nn.BatchNorm1d(3), (1, 3), r"BatchNorm1d\(3, .*one value .*larger batch or eval"),
        (nn.BatchNorm1d(3), (0, 3), r"BatchNorm1d\(3, .*one value .*larger batch or eval"),
        (nn.BatchNorm2d(3), (5, 3), r"BatchNorm2d\(3, .*expected \(N, 3, H, W\), got \(5, 3\)"),
        (nn.BatchNorm2d(3), (2, 4, 5, 5), r"BatchNorm2d\(3, .*got \(2, 4, 5, 5\)"),
        (nn.Dropout2d(), (5, 3), r"Dropout2d\(p=0.5\): expected \(N, C, H, W\), got \(5, 3\)"),
        (nn.Conv2d(3, 9, 3), (2, 1, 8, 8), r"Conv2d\(3, .*\(N, 3, H, W\), got \(2, 1, 8, 8\)"),
        (nn.Conv2d(3, 9, 3), (3, 8, 8), r"Conv2d\(3, .*got \(3, 8, 8\)"),
        (nn.Conv2d(3, 9, 5), (2, 3, 8, 4), r"kernel of \(5, 5\) does not fit .*\(8, 4\)"),
        (nn.ConvTranspose2d(3, 9, 4), (2, 4, 8, 8), r"ConvTranspose2d\(3, .*\(N, 3, H, W\), got"),
        (nn.ConvTranspose2d(3, 9, 1, padding=1), (2, 3, 2, 2), r"size \(0, 0\)"),
        (nn.UpsampleConv2d(3, 9, 3), (2, 1, 8, 8), r"UpsampleConv2d\(3, .*got \(2, 1, 8, 8\)"),
        (nn.Upsample(scale_factor=2), (2, 8, 8), r"Upsample\(scale_factor=2\): .*got \(2, 8, 8\)"),
        (nn.LayerNorm((2, 3)), (5, 3, 2), r"LayerNorm\(\(2, 3\), .*got \(5, 3, 2\)"),
        (nn.LayerNorm((2, 3)), (3,), r"LayerNorm\(\(2, 3\), .*got \(3,\)"),
        (nn.Unflatten(1, (2, 3)), (4, 7), r"Unflatten\(dim=1, .*dimension 1 .*\(4, 7\)"),
        (nn.Unflatten(2, (2, 2)), (4, 4), r"Unflatten\(dim=2, .*dimension 2 .*\(4, 4\)"),
    ],
    ids=str,
)
def test_input_that_does_not_fit_is_refused_with_the_layer_and_both_shapes(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer(randn(*shape))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nn.Linear(0, 3), "Linear: in_features must be at least 1, not 0"),
        (lambda: nn.Linear(3, -1), "Linear: out_features must be at least 1, not -1"),
        (lambda: nn.Maxout(3, 2, 0), "Maxout: num_pieces must be at least 1, not 0"),
        (lambda: nn.Maxout(3, 0, 2), "Maxout: out_features must be at least 1, not 0"),
        (lambda: nn.Conv2d(0, 3, 3), "Conv2d: in_channels must be at least 1, not 0"),
        (lambda: nn.Conv2d(3, 3, 0), "kernel_size must be an integer or two, at least 1, not 0"),
        (lambda: nn.Conv2d(3, 3, 3, stride=0), "stride must be .* at least 1, not 0"),
        (lambda: nn.Conv2d(3, 3, 3, padding=-1), "padding must be .* at least 0, not -1"),
        (lambda: nn.Conv2d(3, 3, 3, padding="valid"), "padding must be .*, not 'valid'"),
        (lambda: nn.Conv2d(3, 3, (3, 3, 3)), r"kernel_size must be .*, not \(3, 3, 3\)"),
        (
            lambda: nn.ConvTranspose2d(3, 3, 3, output_padding=1),
            "output_padding 1 is not less than",
        ),
        (lambda: nn.UpsampleConv2d(3, 3, 4), "UpsampleConv2d: kernel_size must be an odd .* not 4"),
        (lambda: nn.UpsampleConv2d(3, 3, (3, 3)), "kernel_size must be an odd integer, not"),
        (
            lambda: nn.Upsample(scale_factor=1.5),
            "scale_factor must be an integer or two, at least 1, not 1.5",
        ),
        (lambda: nn.Dropout(1.0), r"Dropout: p must be in \[0, 1\), not 1.0"),
        (lambda: nn.Dropout(-0.1), r"Dropout: p must be in \[0, 1\), not -0.1"),
    ],
)
def test_settings_out_of_range(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_batch_norm_takes_no_eps_by_position():
    with pytest.raises(TypeError, match="positional"):
        nn.BatchNorm1d(3, 0.8)


WITH_PARAMETERS = [
    nn.Linear(3, 2),
    nn.Linear(3, 2, bias=False),
    nn.Maxout(3, 2, 2),
    nn.BatchNorm1d(3),
    nn.BatchNorm1d(3).eval(),
    nn.LayerNorm(3),
    nn.Sequential(nn.Flatten(), nn.LeakyReLU(0.2), nn.Linear(3, 2)),
]


@pytest.mark.parametrize("as_tensor", [Tensor, lambda x: x], ids=["Tensor", "array"])
@pytest.mark.parametrize("layer", WITH_PARAMETERS, ids=str)
def test_float64_data_is_not_mixed_with_float32_parameters(layer, as_tensor):
    before = layer.state_dict()
    with pytest.raises(TypeError) as caught:
        layer(as_tensor(np.ones((4, 3))))
    for part in ("float64", "float32", ".astype", ".double()"):
        assert part in str(caught.value)
    after = layer.state_dict()
    assert {k: v.dtype for k, v in after.items()} == {k: v.dtype for k, v in before.items()}
    assert layer(as_tensor(np.ones((4, 3), np.float32))).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
@pytest.mark.parametrize("layer", [*WITH_PARAMETERS, nn.ReLU(), nn.Tanh(), nn.Flatten()], ids=str)
def test_integer_images_are_refused_with_the_remedy(layer, dtype):
    with pytest.raises(TypeError, match=rf"{np.dtype(dtype)}.*images with datasets\.to_float"):
        layer(Tensor(np.ones((4, 3), dtype)))


# --- Upsample and Conv2d in a Sequential ----------------------------------------------------------

JOINED = [dict(kernel_size=3, padding=1), dict(kernel_size=5, padding="same"), dict(kernel_size=1)]
APART = [
    dict(kernel_size=3),
    dict(kernel_size=2, padding="same"),
    dict(kernel_size=(3, 1), padding=(1, 0)),
    dict(kernel_size=3, padding=1, stride=2),
    dict(kernel_size=3, padding=(1, 0)),
]


def generator(scale_factor=2, **settings):
    upsample, conv = nn.Upsample(scale_factor=scale_factor), nn.Conv2d(2, 3, **settings)
    return nn.Sequential(upsample, conv, nn.Tanh()).double()


def of_each_layer(net, x):
    for layer in net:
        x = layer(x)
    return x


def both_orders(run, net, x):
    """The output, and the first and second gradients of x and of all parameters."""
    inputs = [x, *net.parameters()]
    y = run(net, x)
    first = grad((y * y).sum(), inputs, create_graph=True)
    second = grad(sum((g * g).sum() for g in first), inputs)
    return [y, *first, *second]


@pytest.mark.parametrize("settings", [*JOINED, *APART], ids=str)
def test_a_sequential_gives_what_its_upsample_and_conv2d_give_one_after_the_other(settings):
    net = generator(**settings)
    x = randn(2, 2, 3, 4, dtype="float64").requires_grad_()
    pairs = zip(
        both_orders(nn.Sequential.__call__, net, x),
        both_orders(of_each_layer, net, x),
        strict=True,
    )
    for together, apart in pairs:
        np.testing.assert_allclose(together.data, apart.data, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("net", "joined"),
    [
        *[(generator(**settings), True) for settings in JOINED],
        *[(generator(**settings), False) for settings in APART],
        (generator(scale_factor=3, kernel_size=3, padding=1), False),
        (generator(scale_factor=(2, 1), kernel_size=3, padding=1), False),
        (nn.Sequential(nn.Upsample(scale_factor=2), nn.UpsampleConv2d(2, 3, 3)).double(), False),
    ],
)
def test_which_pairs_run_as_one(net, joined):
    assert (net[0].fused_with(net[1]) is not None) == joined


def test_a_layer_of_ones_own_is_never_left_out():
    class Doubled(nn.Conv2d):
        def forward(self, x):
            return 2 * super().forward(x)

    conv = Doubled(2, 3, 3, padding=1)
    net = nn.Sequential(nn.Upsample(scale_factor=2), conv)
    x = randn(1, 2, 3, 3)
    np.testing.assert_array_equal(net(x).data, of_each_layer(net, x).data)


def test_a_pair_that_runs_as_one_keeps_its_state_dict_and_its_errors():
    net = generator(kernel_size=3, padding=1)
    assert list(net.state_dict()) == ["1.weight", "1.bias"]
    with pytest.raises(ValueError, match=r"Conv2d\(2, 3, .*got \(1, 5, 3, 3\)"):
        net(randn(1, 5, 3, 3, dtype="float64"))
