"""ONNX's own evaluator makes the same images from the exported file as minigan does."""

import sys
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import nn

EXAMPLES = Path(__file__).parents[2] / "examples"
STATE = {"generator": {}, "flags": {}, "steps": 1}


def assert_same_images(model, G, n=3):
    """The images agree to 1e-5, for noise and a batch size that the export did not use."""
    pytest.importorskip("onnx", minversion="1.23")  # the evaluator of older ones takes minutes
    reference = pytest.importorskip("onnx.reference")
    z = np.random.default_rng(0).standard_normal((n, G[0].in_features), dtype=np.float32)
    (images,) = reference.ReferenceEvaluator(model).run(None, {"z": z})
    with minigan.no_grad():
        expected = G.eval()(minigan.Tensor(z)).numpy()
    assert (images.dtype, images.shape) == (expected.dtype, expected.shape)
    assert expected.std() > 0.01
    np.testing.assert_allclose(images, expected, atol=1e-5)


def trained(G, change=0.03):
    """G with random weights, scales, shifts and running averages. None has its initial value."""
    for p in G.parameters():
        p.data += change * minigan.randn(*p.shape).data
    for _ in range(3):
        G(minigan.randn(4, G[0].in_features))
    return G


def test_the_generator_that_comes_with_minigan(example, tmp_path, capsys):
    onnx = pytest.importorskip("onnx")
    module, path = example("export_onnx"), tmp_path / "digits.onnx"
    module.main([str(EXAMPLES / "data" / "mnist_gan"), str(path)])
    assert "13 nodes, from z, (N, 100), to images" in capsys.readouterr().out
    assert_same_images(onnx.load(path), module.load(EXAMPLES / "data" / "mnist_gan"))


@pytest.mark.parametrize("name", ["mnist_dcgan", "quickdraw_gan", "cifar_wgan"])
def test_convolutional_generators(example, name):
    pytest.importorskip("onnx")
    G = trained(example(name).build_generator(10))
    assert_same_images(example("export_onnx").export(G), G, n=2)


def test_layers_of_every_kind_and_setting(example):
    pytest.importorskip("onnx")
    G = nn.Sequential(
        nn.Linear(6, 24, bias=False),
        nn.BatchNorm1d(24, eps=0.8),
        nn.Dropout(0.5),
        nn.Softplus(),
        nn.Unflatten(1, (4, 3, 2)),
        nn.Conv2d(4, 3, (3, 2), stride=(1, 2), padding=(2, 1)),
        nn.LeakyReLU(0.3),
        nn.Upsample(scale_factor=(2, 3)),
        nn.Conv2d(3, 4, 3, stride=2, padding="same", bias=False),
        nn.Dropout2d(0.5),
        nn.ConvTranspose2d(4, 3, (3, 4), stride=(2, 3), padding=1, output_padding=(1, 2)),
        nn.ReLU(),
        nn.UpsampleConv2d(3, 2, 5, bias=False),
        nn.BatchNorm2d(2),
        nn.Sigmoid(),
        nn.Flatten(),
    )
    G = trained(G, change=0.3)
    assert_same_images(example("export_onnx").export(G), G)


def test_same_padding_of_even_and_odd_sizes(example):
    """The larger half of the padding is after the image, as in Keras."""
    pytest.importorskip("onnx")
    for height, width, stride in ((4, 5, 2), (5, 4, 2), (6, 7, 3)):
        conv = nn.Conv2d(1, 2, (3, 4), stride=stride, padding="same")
        G = nn.Sequential(nn.Linear(2, height * width), nn.Unflatten(1, (1, height, width)), conv)
        assert_same_images(example("export_onnx").export(G), G)


NEAREST = {
    "mode": "nearest",
    "coordinate_transformation_mode": "asymmetric",
    "nearest_mode": "floor",
}
BATCH_NORM = ["weight", "bias", "running_mean", "running_var"]  # in the order of ONNX's inputs
NODES = [  # for each layer its nodes: operator, the names of the inputs beside x, settings
    (nn.Linear(3, 4), [("Gemm", ["weight", "bias"], {"transB": 1})]),
    (nn.Linear(3, 4, bias=False), [("Gemm", ["weight"], {"transB": 1})]),
    (nn.ReLU(), [("Relu", [], {})]),
    (nn.Sigmoid(), [("Sigmoid", [], {})]),
    (nn.Softplus(), [("Softplus", [], {})]),
    (nn.Tanh(), [("Tanh", [], {})]),
    (nn.LeakyReLU(0.3), [("LeakyRelu", [], {"alpha": 0.3})]),
    (nn.BatchNorm1d(4, eps=0.8), [("BatchNormalization", BATCH_NORM, {"epsilon": 0.8})]),
    (nn.BatchNorm2d(4), [("BatchNormalization", BATCH_NORM, {"epsilon": 1e-5})]),
    (nn.Dropout(0.5), []),
    (nn.Identity(), []),
    (
        nn.BatchNorm1d(4, affine=False),
        [("BatchNormalization", BATCH_NORM, {"epsilon": 1e-5})],
    ),
    (nn.Dropout2d(0.5), []),
    (nn.Flatten(), [("Flatten", [], {"axis": 1})]),
    (nn.Unflatten(1, (4, 3, 2)), [("Reshape", ["shape"], {})]),
    (
        nn.Conv2d(4, 3, (3, 2), stride=(1, 2), padding=(2, 1)),
        [("Conv", ["weight", "bias"], {"strides": (1, 2), "pads": (2, 1, 2, 1)})],
    ),
    (
        nn.Conv2d(3, 4, 3, stride=2, padding="same", bias=False),
        [("Conv", ["weight"], {"strides": (2, 2), "auto_pad": "SAME_UPPER"})],
    ),
    (
        nn.ConvTranspose2d(4, 3, (3, 4), stride=(2, 3), padding=(1, 0), output_padding=(1, 2)),
        [
            (
                "ConvTranspose",
                ["weight", "bias"],
                {"strides": (2, 3), "pads": (1, 0, 1, 0), "output_padding": (1, 2)},
            )
        ],
    ),
    (nn.Upsample(scale_factor=(2, 3)), [("Resize", ["", "scales"], NEAREST)]),
    (
        nn.UpsampleConv2d(3, 2, 5, bias=False),
        [("Resize", ["", "scales"], NEAREST), ("Conv", ["weight"], {"pads": (2, 2, 2, 2)})],
    ),
]


@pytest.mark.parametrize(("layer", "expected"), NODES, ids=lambda x: str(x)[:40])
def test_the_operators_of_every_layer_are_as_written_here(example, layer, expected):
    nodes = example("export_onnx").translate(layer)
    assert [(operator, list(inputs), settings) for operator, inputs, settings in nodes] == expected
    state = layer.state_dict()
    for _, inputs, _ in nodes:
        for name in inputs.keys() & state.keys():
            np.testing.assert_array_equal(inputs[name], state[name])


def test_shapes_and_scales_are_inputs_of_their_own(example):
    translate = example("export_onnx").translate
    assert translate(nn.Unflatten(1, (4, 3, 2)))[0][1]["shape"].tolist() == [0, 4, 3, 2]
    assert translate(nn.Upsample(scale_factor=(2, 3)))[0][1]["scales"].tolist() == [1, 1, 2, 3]
    assert translate(nn.UpsampleConv2d(3, 2, 5))[0][1]["scales"].tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("mnist_gan", [5]),
        ("mnist_gan_tf1", [5]),
        ("mnist_gan_keras", [5]),
        ("mnist_wgan", [5]),
        ("mnist_wgan_gp", [5]),
        ("mnist_dcgan", [5]),
        ("quickdraw_gan", [5, "transposed"]),
        ("cifar_wgan", [5]),
        ("faces_wgan_gp", [5, 32, 3]),
        ("batch_norm_eps", [0.8]),
    ],
)
def test_there_is_an_operator_for_every_layer_of_the_examples(example, name, settings):
    G = example(name).build_generator(*settings)
    for layer in G:
        example("export_onnx").translate(layer)  # which raises where there is none
        assert type(layer) in {type(known) for known, _ in NODES}


@pytest.mark.parametrize(
    "layer", [nn.Maxout(3, 4, num_pieces=2), nn.LayerNorm(3), nn.Unflatten(-1, (2, 2))]
)
def test_a_layer_that_it_does_not_know(example, layer):
    with pytest.raises(ValueError, match="no ONNX operator is known here for the layer") as caught:
        example("export_onnx").translate(layer)
    assert str(layer) in str(caught.value)


def test_a_generator_that_does_more_than_its_layers(example):
    generator = example("mnist_cgan").build_generator(5)
    with pytest.raises(ValueError, match="ConditionalGenerator has a forward of its own"):
        example("export_onnx").export(generator)


def test_a_run_of_one_s_own(example, run_example, data, tmp_path):
    """The export uses the settings of the run, not the defaults of the example."""
    run = run_example("mnist_wgan", "--n_epochs", 1, "--latent_dim", 5, out=tmp_path, data=data)
    G = example("export_onnx").load(run)
    assert G[0].in_features == 5
    saved = minigan.load(run / "checkpoint.npz")["generator"]
    np.testing.assert_array_equal(G[0].weight.data, saved["0.weight"])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "checkpoint.npz"),
        ({"example": "os"}, "is a run of os, which is none of these examples"),
        (
            STATE | {"example": "mixtures_2d"},
            r"a run of mixtures_2d\.py, which has no build_generator",
        ),
        (STATE | {"example": "paths"}, r"a run of paths\.py, which has no build_generator"),
        ({"step": 3}, "is a run of None"),
        (STATE | {"example": "mnist_gan_keras"}, r"does not fit mnist_gan_keras\.py: .*missing"),
        (STATE | {"example": "faces_wgan_gp"}, "no flag latent_dim, size, channels"),
        (STATE | {"example": "mpi_wgan_gp"}, r"a run of mpi_wgan_gp\.py, which fails: .*mpi4py"),
    ],
)
def test_what_is_no_run(example, tmp_path, state, message, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", sys.modules.get("onnx", sys))
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.delitem(sys.modules, "mpi_wgan_gp", raising=False)
    if state is not None:
        minigan.save(state, tmp_path / "checkpoint.npz")
    with pytest.raises(SystemExit, match=message):
        example("export_onnx").main([str(tmp_path), str(tmp_path / "a.onnx")])


def test_out_that_cannot_be_written(example, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", sys.modules.get("onnx", sys))
    run, main = str(EXAMPLES / "data" / "mnist_gan"), example("export_onnx").main
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SystemExit, match=r"error: .*cannot write in this folder"):
        main([run, str(tmp_path / "file" / "a.onnx")])
    with pytest.raises(SystemExit, match=r"error: .* is a folder; name a file"):
        main([run, str(tmp_path)])


def test_without_the_package(example, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(SystemExit):
        example("export_onnx").main([str(EXAMPLES / "data" / "mnist_gan"), str(tmp_path / "a")])
    assert "install it: pip install -e '.[onnx]'" in capsys.readouterr().err
