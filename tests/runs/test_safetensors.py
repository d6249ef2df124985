"""Weights in .safetensors: every array comes back, also from PyTorch; damage is an error."""

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from same import assert_same

import minigan
from minigan import nn
from minigan.runs.checkpoints import CheckpointError
from minigan.runs.safetensors import load_safetensors, save_safetensors


def network():
    """A network with every kind of state: weights, running averages, and a 0-d count."""
    G = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LeakyReLU(0.2), nn.Linear(4, 2))
    G(minigan.randn(5, 3))
    return G


def test_a_network_goes_through_safetensors(tmp_path):
    pytest.importorskip("safetensors")
    path, G, other = tmp_path / "g.safetensors", network(), network()
    save_safetensors(G.state_dict(), path)
    loaded = load_safetensors(path)
    assert {k: v.dtype for k, v in loaded.items()} == {
        k: v.dtype for k, v in G.state_dict().items()
    }
    assert (loaded["1.num_batches_tracked"].shape, loaded["1.num_batches_tracked"]) == ((), 1)
    other.load_state_dict(loaded)
    for name, array in G.state_dict().items():
        assert_same(other.state_dict()[name], array)
    assert os.listdir(tmp_path) == ["g.safetensors"]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(24, dtype=np.float16)[::-3],
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.broadcast_to(np.float32(2), (3, 2)),
        np.zeros((0, 4), np.float32),
        np.array(7),
        np.float64(0.1),
        np.array([0.0, -0.0, np.nan, np.inf, -np.inf]),
        np.array([True, False]),
        np.arange(4, dtype=np.uint8),
    ],
    ids=repr,
)
def test_arrays_of_safetensors_that_are_easy_to_get_wrong(array, tmp_path):
    pytest.importorskip("safetensors")
    save_safetensors({"a": array, "t": minigan.Tensor([1.0, 2.0])}, tmp_path / "a")
    loaded = load_safetensors(tmp_path / "a")
    assert_same(loaded["a"], np.array(array))
    assert_same(loaded["t"], np.float32([1, 2]))
    loaded["a"][...] = 1  # what was loaded is one's own
    assert_same(load_safetensors(tmp_path / "a")["a"], np.array(array))


def test_bytes_in_the_other_order_come_back_in_this_machine_s(tmp_path):
    pytest.importorskip("safetensors")
    save_safetensors(
        {"a": np.arange(4, dtype=">f4"), "b": np.arange(4, dtype="<f4")}, tmp_path / "a"
    )
    for array in load_safetensors(tmp_path / "a").values():
        assert_same(array, np.arange(4, dtype=np.float32))


@pytest.mark.parametrize(
    ("state_dict", "message"),
    [
        ({"generator": {"0.weight": np.ones(2)}}, "'generator' is of type dict, .* one module"),
        ({"step": 3}, "'step' is of type int"),
        ({1: np.ones(2)}, "the key 1"),
        ({"__metadata__": np.ones(2)}, "the key '__metadata__'"),
        ({"a": np.ones(2, complex)}, "'a' is of dtype complex128"),
        ({"a": np.array(["x"])}, "'a' is of dtype <U1"),
        ({"a": np.array([None])}, r"obj\['a'\] is an array of dtype object, .* without pickling"),
        (nn.Linear(2, 3), r"takes a module's state_dict\(\), not Linear"),
    ],
)
def test_what_safetensors_cannot_hold(state_dict, message, tmp_path):
    pytest.importorskip("safetensors")
    with pytest.raises(TypeError, match=message):
        save_safetensors(state_dict, tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_every_truncation_of_safetensors_is_refused(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "a"
    save_safetensors({"w": np.arange(30.0), "n": np.array(1)}, path)
    whole = path.read_bytes()
    np.save(tmp_path / "array.npy", np.ones(9))
    npy = (tmp_path / "array.npy").read_bytes()
    for content in (*(whole[:size] for size in range(len(whole))), b"PK\3\4" * 99, npy):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="a is not a safetensors file"):
            load_safetensors(path)


def test_numbers_that_numpy_has_not(tmp_path):
    pytest.importorskip("safetensors")
    header = json.dumps({"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "a").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(CheckpointError, match="a holds numbers of the type 'BF16'"):
        load_safetensors(tmp_path / "a")


def test_missing_safetensors_file(tmp_path):
    pytest.importorskip("safetensors")
    with pytest.raises(FileNotFoundError, match="none"):
        load_safetensors(tmp_path / "none")


def test_without_the_package(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.delitem(sys.modules, "safetensors.numpy", raising=False)
    for call in (lambda: save_safetensors({}, tmp_path / "a"), lambda: load_safetensors("a")):
        with pytest.raises(ImportError, match=r"pip install -e '\.\[safetensors\]'"):
            call()


@pytest.mark.parametrize("convert", ["float", "double"])
def test_pytorch_reads_and_writes_the_same_safetensors(convert, tmp_path):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("safetensors.torch")

    def build(nn):
        layers = nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)
        image = nn.Unflatten(1, (1, 1, 2)), nn.ConvTranspose2d(1, 2, 4, stride=2, padding=1)
        module = nn.Sequential(*layers, *image, nn.BatchNorm2d(2))
        return getattr(module, convert)()

    path, ours, module, other = tmp_path / "a", build(nn), build(torch.nn), build(torch.nn)
    theirs.save_file(module.state_dict(), path)
    ours.load_state_dict(load_safetensors(path))
    for name, value in module.state_dict().items():
        assert_same(ours.state_dict()[name], value.numpy())

    save_safetensors(ours.state_dict(), path)
    other.load_state_dict(theirs.load_file(path))
    for name, value in module.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)


# --- UpsampleConv2d, which PyTorch does not have -------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "from_pytorch.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(OF_PAIRS,) = re.findall(r"def keys_of_pairs.*?return state\n", PAGE, re.DOTALL)
(IN_PYTORCH,) = [block for block in BLOCKS if "import torch" in block]
exec(compile(OF_PAIRS, "from_pytorch.md", "exec"), namespace := {"nn": nn})
keys_of_pairs = namespace["keys_of_pairs"]


def layers_of(kinds, nn, upsample_conv):
    """The layers of a small generator, of minigan's or PyTorch's nn: {kind: ...} in order.

    upsample_conv: a function from the channels to the layer, or to a pair of layers.
    """
    layers = [nn.Linear(3, 8), nn.Unflatten(1, (2, 2, 2))]
    for kind in kinds:
        if kind == "grow":
            layers += upsample_conv(2, 2, 3)
        elif kind == "norm":
            layers += [nn.BatchNorm2d(2)]
        elif kind == "conv":
            layers += [nn.Conv2d(2, 2, 3, padding=1, bias=False)]
        else:
            layers += [nn.LeakyReLU(0.2)]
    return layers


def one(nn):
    return lambda *channels: [nn.UpsampleConv2d(*channels)]


def pair(nn):
    return lambda n_in, n_out, k: [
        nn.Upsample(scale_factor=2),
        nn.Conv2d(n_in, n_out, k, padding=k // 2),
    ]


KINDS = st.lists(st.sampled_from(["grow", "norm", "conv", "activation"]), max_size=6).filter(
    lambda kinds: kinds.count("grow") <= 3
)


def trained(kinds, upsample_conv):
    """A generator with weights and running averages that are not those of the start."""
    G = nn.Sequential(*layers_of(kinds, nn, upsample_conv))
    for p in G.parameters():
        p.data = p.data + 0.1 * minigan.randn(*p.shape).data
    G(minigan.randn(5, 3))
    return G.eval()


@settings(max_examples=30, deadline=None)
@given(KINDS)
def test_the_page_s_keys_are_those_of_the_pair_of_layers(kinds):
    minigan.seed(0)
    G, pairs = trained(kinds, one(nn)), nn.Sequential(*layers_of(kinds, nn, pair(nn))).eval()
    state = keys_of_pairs(G)
    assert list(state) == list(pairs.state_dict())
    pairs.load_state_dict(state)
    z = minigan.randn(4, 3)
    np.testing.assert_allclose(pairs(z).numpy(), G(z).numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["mnist_dcgan", "quickdraw_gan", "faces_wgan_gp"])
def test_the_page_s_keys_fit_the_pairs_of_the_examples(example, name):
    flags = {"latent_dim": 5} | ({"size": 32, "channels": 1} if name == "faces_wgan_gp" else {})
    G = example(name).build_generator(**flags)
    layers = []
    for layer in G:
        if isinstance(layer, nn.UpsampleConv2d):
            layers.append(nn.Upsample(scale_factor=2))
        layers.append(layer)  # in place of a Conv2d; it has the same keys
    assert (
        list(keys_of_pairs(G)) == list(nn.Sequential(*layers).state_dict()) != list(G.state_dict())
    )


def test_pytorch_computes_the_same_with_the_page_s_layer_and_with_pairs(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("safetensors.torch")
    monkeypatch.chdir(tmp_path)
    minigan.seed(0)
    own = nn.Sequential(
        nn.Linear(2, 8), nn.Unflatten(1, (2, 2, 2)), nn.UpsampleConv2d(2, 4, 3), nn.Tanh()
    )
    save_safetensors(own.state_dict(), "G.safetensors")
    exec(compile(IN_PYTORCH, "from_pytorch.md", "exec"), page := {})
    z = minigan.randn(3, 2)
    with torch.no_grad():
        images = page["G"](torch.from_numpy(z.numpy())).numpy()
    np.testing.assert_allclose(images, own(z).numpy(), atol=1e-6)

    def of_the_page(*channels):
        return [page["UpsampleConv2d"](*channels)]

    kinds = ["grow", "norm", "activation", "conv", "grow", "norm"]
    G, z = trained(kinds, one(nn)), minigan.randn(3, 3)
    for state, upsample_conv in (
        (G.state_dict(), of_the_page),
        (keys_of_pairs(G), pair(torch.nn)),
    ):
        save_safetensors(state, "G.safetensors")
        module = torch.nn.Sequential(*layers_of(kinds, torch.nn, upsample_conv)).eval()
        module.load_state_dict(theirs.load_file("G.safetensors"))
        with torch.no_grad():
            images = module(torch.from_numpy(z.numpy())).numpy()
        np.testing.assert_allclose(images, G(z).numpy(), rtol=1e-4, atol=1e-5)
        theirs.save_file(module.state_dict(), "back.safetensors")
        back = load_safetensors("back.safetensors")
        assert back.keys() == state.keys()
        for name, array in back.items():
            assert_same(array, state[name])


# --- damaged files, and those of others ----------------------------------------------------------


def test_header_that_claims_much_takes_no_memory(tmp_path):
    pytest.importorskip("safetensors")
    for shape, end in (([10**12], 8 * 10**12), ([2**62, 2**62], 16), ([2], 10**18), ([-2], 16)):
        entry = {"dtype": "F64", "shape": shape, "data_offsets": [0, end]}
        header = json.dumps({"a": entry}).encode()
        (tmp_path / "a").write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
        with pytest.raises(CheckpointError, match="a is not a safetensors file"):
            load_safetensors(tmp_path / "a")


def test_other_errors_of_the_package_are_minigan_s_too(tmp_path, monkeypatch):
    safetensors = pytest.importorskip("safetensors.numpy")

    def load(data):
        raise IndexError("list index out of range")

    save_safetensors({"a": np.ones(2)}, tmp_path / "a")
    monkeypatch.setattr(safetensors, "load", load)
    with pytest.raises(CheckpointError, match=r"a is not .*\(list index out of range\)"):
        load_safetensors(tmp_path / "a")
