"""An example refuses wrong flags and wrong data before it trains, and says what is wrong."""

import gzip
import os
import re
import socket
import sys

import numpy as np
import pytest
from example_runs import EXAMPLES, SMALL
from PIL import Image

import minigan
from minigan import backend, datasets, nn
from minigan.trainers import GAN

OWN_IMAGES = ["faces_wgan_gp", "cifar_wgan", "cifar_wgan_gp"]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "runs" / "a"


@pytest.fixture
def refused(example, out, monkeypatch, capsys):
    """A function that runs the example with flags, and returns the message that it ended with."""

    def no_data(*args, **kwargs):
        pytest.fail("it began to work")

    monkeypatch.setattr(backend, "_chosen", [])  # as in a new process
    monkeypatch.setattr(datasets, "mnist", no_data)

    def refused(*flags, by="mnist_gan"):
        with pytest.raises(SystemExit) as caught:
            example(by).main(["--out", str(out), *map(str, flags)])
        assert caught.value.code == 2
        return capsys.readouterr().err.splitlines()[-1]

    return refused


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--n_epochs", 0], "--n_epochs must be at least 1, not 0"),
        (["--batch_size", -3], "--batch_size must be at least 2, not -3"),
        (["--batch_size", 1], "--batch_size must be at least 2, not 1"),
        (["--sample_interval", 0], "--sample_interval must be at least 1, not 0"),
        (["--latent_dim", 1.5], "argument --latent_dim: invalid int value: '1.5'"),
        (["--lr", "fast"], "argument --lr: invalid float value: 'fast'"),
        (["--lr", -0.1], "--lr must be at least 0, not -0.1"),
        (["--lr", "nan"], "--lr must be at least 0, not nan"),
        (["--lr", "inf"], "--lr must be finite"),
        (["--b1", 1.0], "--b1 must be less than 1, not 1.0"),
        (["--b2", 1.5], "--b2 must be less than 1, not 1.5"),
        (["--seed", -1], "--seed must not be negative, and is -1"),
        (["--backend", "torch"], "argument --backend: invalid choice: 'torch'"),
        (["--epochs", 3], "unrecognized arguments: --epochs 3"),
    ],
    ids=str,
)
def test_wrong_values(refused, out, flags, message):
    assert message in refused(*flags)
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "flags", "message"),
    [
        ("quickdraw_gan", ["--n_steps", 0], "--n_steps must be at least 1, not 0"),
        ("quickdraw_gan", ["--growth", "slow"], "argument --growth: invalid choice: 'slow'"),
        ("cifar_wgan", ["--category", "unicorn"], "argument --category: invalid choice: 'unicorn'"),
        ("cifar_wgan", ["--clip_value", 0], "--clip_value must be more than 0"),
        ("cifar_wgan", ["--n_critic", 0], "--n_critic must be at least 1, not 0"),
        ("faces_wgan_gp", [], "the following arguments are required: --data"),
        ("faces_wgan_gp", ["--data", ".", "--size", 48], "argument --size: invalid choice: 48"),
        ("faces_wgan_gp", ["--data", ".", "--penalty_weight", -1], "must be at least 0, not -1.0"),
    ],
)
def test_wrong_values_of_other_examples(refused, out, name, flags, message):
    assert message in refused(*flags, by=name)
    assert not out.exists()


def test_help_lists_every_flag_with_its_default(example, capsys):
    with pytest.raises(SystemExit) as caught:
        example("mnist_gan").main(["--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for flag, default in [("n_epochs", 7), ("batch_size", 64), ("lr", 0.0002), ("b1", 0.0)]:
        assert f"--{flag} {flag.upper()}" in text
        assert f"(default: {default})" in text
    for flag in ("--data", "--seed", "--out", "--resume", "--backend {numpy,cupy}"):
        assert flag in text


# --- where to write ----------------------------------------------------------------------------


def test_out_that_is_a_file(refused, out):
    out.parent.mkdir()
    out.write_text("mine")
    assert "it is a file" in refused()
    assert "choose another" in refused("--out", out / "deeper")
    assert out.read_text() == "mine"


def test_out_that_cannot_be_written(refused, out, monkeypatch):
    def mkdir(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(out), "mkdir", mkdir)
    sentence = refused()
    assert "cannot write in this folder (Permission denied)" in sentence
    assert str(out) in sentence


def test_out_that_holds_a_run_is_refused_with_three_remedies(refused, out):
    out.mkdir(parents=True)
    (out / "checkpoint.npz").write_bytes(b"a run of an hour")
    sentence = refused()
    for remedy in ("--resume", "another --out", "delete that folder"):
        assert remedy in sentence
    assert str(out) in sentence
    assert (out / "checkpoint.npz").read_bytes() == b"a run of an hour"


def test_resume_where_there_is_no_run(refused, out):
    assert f"there is no run to resume in {out}: no checkpoint.npz" in refused("--resume")
    assert not out.exists()


@pytest.fixture
def finished(run_example, out, data):
    """Run one step. Returns the bytes of the run's files."""
    run_example("mnist_gan", "--batch_size", 200, "--n_epochs", 1, out=out, data=data)
    return {name: (out / name).read_bytes() for name in ("checkpoint.npz", "losses.csv")}


def test_resume_of_what_cannot_be_gone_on_with(finished, run_example, out, data):
    def resume(*flags):
        run_example("mnist_gan", "--n_epochs", 2, "--resume", *flags, out=out, data=data)

    with pytest.raises(SystemExit, match=r"had --batch_size 200, not 64: .* the same flags"):
        resume()
    with pytest.raises(SystemExit, match=r"error: the run in .* had --lr 0.0002, not 0.1"):
        resume("--batch_size", 200, "--lr", 0.1)
    assert {name: (out / name).read_bytes() for name in finished} == finished

    with pytest.raises(
        SystemExit, match=r"one of mnist_gan\.py, not of mnist_gan_keras\.py: go on"
    ):
        run_example("mnist_gan_keras", "--resume", out=out, data=data)
    assert {name: (out / name).read_bytes() for name in finished} == finished

    def without(key):
        state = minigan.load(out / "checkpoint.npz")
        del state[key]
        minigan.save(state, out / "checkpoint.npz")

    def foreign():
        np.savez(out / "checkpoint.npz", weights=np.ones(3))

    def other_networks():
        state = minigan.load(out / "checkpoint.npz")
        state["discriminator"] = {"weight": np.ones(3)}
        minigan.save(state, out / "checkpoint.npz")

    for spoil, message in [
        (lambda: os.truncate(out / "checkpoint.npz", 5000), r"npz is cut short or damaged"),
        (foreign, r"npz is a zip archive but not a minigan checkpoint"),
        (lambda: without("flags"), r"does not fit mnist_gan\.py; another .* \(KeyError: 'flags'"),
        (lambda: without("d_optimizer"), r"does not fit .* \(KeyError: 'd_optimizer'"),
        (other_networks, r"does not fit .* \(KeyError: .*missing: .*unknown: \['weight'\]"),
    ]:
        (out / "checkpoint.npz").write_bytes(finished["checkpoint.npz"])
        spoil()
        spoilt = (out / "checkpoint.npz").read_bytes()
        with pytest.raises(SystemExit, match="error: .*" + message):
            resume("--batch_size", 200)
        assert (out / "checkpoint.npz").read_bytes() == spoilt
        assert (out / "losses.csv").read_bytes() == finished["losses.csv"]


def test_checkpoint_from_before_they_named_their_example(finished, run_example, out, data):
    state = minigan.load(out / "checkpoint.npz")
    del state["example"]
    minigan.save(state, out / "checkpoint.npz")
    run_example("mnist_gan", "--n_epochs", 2, "--batch_size", 200, "--resume", out=out, data=data)
    assert minigan.load(out / "checkpoint.npz")["steps"] == 2


# --- on what to run ----------------------------------------------------------------------------


def test_backend_variable_with_a_wrong_name(refused, out, monkeypatch):
    monkeypatch.setenv("MINIGAN_BACKEND", "nonsense")
    assert 'there is no backend \'nonsense\'; use "numpy" or "cupy"' in refused()
    assert not out.exists()


@pytest.mark.parametrize("by_flag", [True, False])
def test_cupy_where_it_is_missing(refused, out, monkeypatch, by_flag):
    monkeypatch.setitem(sys.modules, "cupy", None)
    if not by_flag:
        monkeypatch.setenv("MINIGAN_BACKEND", "cupy")
    sentence = refused(*["--backend", "cupy"] if by_flag else [])
    assert "CuPy, which is not installed; install the extra" in sentence
    assert ".[cuda12]" in sentence
    assert ".[examples]" not in sentence  # which would not help
    assert not out.exists()


@pytest.mark.parametrize("package", ["matplotlib.figure", "PIL.Image", "tqdm"])
def test_package_that_the_examples_need(refused, out, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    sentence = refused()
    assert package in sentence
    assert "pip install -e '.[examples]'" in sentence
    assert not out.exists()


# --- the data ----------------------------------------------------------------------------------

IMAGES = "train-images-idx3-ubyte"


def larger(path):
    """Replace MNIST's images by images of 32 × 32 pixels."""
    side = (32).to_bytes(4, "big")
    path.write_bytes(path.read_bytes()[:8] + side + side + bytes(200 * 32 * 32))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "expected this file.*examples/data/mnist"),
        (lambda path: os.truncate(path, 5000), "expected 156816 bytes.*found 5000"),
        (
            lambda path: path.write_bytes(gzip.compress(path.read_bytes())[:-9]),
            "expected a whole gzip file",
        ),
        (larger, "expected images of 28×28, found 32×32"),
    ],
    ids=["missing", "cut short", "corrupt", "larger"],
)
@pytest.mark.parametrize("name", ["mnist_gan", "mnist_dcgan"])
def test_data_that_cannot_be_read(run_example, data, out, tmp_path, name, spoil, message):
    for file in os.listdir(data):
        (tmp_path / file).write_bytes((data / file).read_bytes())
    spoil(tmp_path / IMAGES)
    with pytest.raises(SystemExit, match=f"error: .*{IMAGES}: .*{message}"):
        run_example(name, out=out, data=tmp_path)
    assert os.listdir(out) == []  # so that the same command will do once the data are there


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("mnist_wgan", {}, "images-idx3-ubyte: expected this file"),
        ("mnist_wgan_gp", {}, "images-idx3-ubyte: expected this file"),
        ("mnist_gan_2014", {}, "images-idx3-ubyte: expected this file"),
        ("mnist_gan_tf1", {}, "images-idx3-ubyte: expected this file"),
        ("mnist_gan_keras", {}, "images-idx3-ubyte: expected this file"),
        ("quickdraw_gan", {}, r"cat\.npy: expected this file, found none; the categories are"),
        ("quickdraw_gan", {"cat.npy": b"<html>"}, r"cat\.npy: expected a \.npy file"),
        ("quickdraw_gan", {"cat.npy": (5, 1024)}, r"cat\.npy: .*\(N, 784\), found .*\(5, 1024\)"),
        ("cifar_wgan", {}, "expected images in this folder or below"),
        ("cifar_wgan", {"data_batch_1.bin": bytes(3073)}, "or data_batch_2.bin .* found neither"),
        (
            "cifar_wgan",
            {f"data_batch_{i}.bin": bytes(3000) for i in range(1, 6)},
            "data_batch_1.bin: expected a multiple of 3073 bytes",
        ),
        ("faces_wgan_gp", {}, "expected images in this folder or below"),
        ("faces_wgan_gp", {"a.png": b"\x89PNG"}, r"a\.png: cannot read this image"),
    ],
)
def test_data_of_other_examples(run_example, out, tmp_path, name, files, message):
    folder = tmp_path / "folder"
    folder.mkdir()
    for file, content in files.items():
        if isinstance(content, tuple):
            np.save(folder / file, np.zeros(content, np.uint8))
        else:
            (folder / file).write_bytes(content)
    with pytest.raises(SystemExit, match=f"error: .*{message}"):
        run_example(name, out=out, data=folder)
    assert os.listdir(out) == []


def test_own_images_that_are_not_pixels(run_example, out, tmp_path):
    np.save(tmp_path / "faces.npy", np.zeros((5, 32, 32)))
    with pytest.raises(SystemExit, match=r"error: .*faces\.npy: expected pixels of uint8"):
        run_example("faces_wgan_gp", out=out, data=tmp_path / "faces.npy")
    with pytest.raises(SystemExit, match=r"nowhere: expected a folder .* found nothing"):
        run_example("faces_wgan_gp", out=out, data=tmp_path / "nowhere")


def test_category_that_does_not_come_from_the_network(example, out, tmp_path, monkeypatch):
    def no_network(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path / "cache"))
    message = r"error: unicorn\.npy is missing and no mirror gave it .*no network.* categories are"
    with pytest.raises(SystemExit, match=message):
        example("quickdraw_gan").main(["--category", "unicorn", "--out", str(out)])
    assert os.listdir(out) == []


def test_mistake_in_training_keeps_its_traceback(run_example, data, out, monkeypatch):
    def discriminator_step(self, real, z):
        raise ValueError("a bug")

    monkeypatch.setattr(GAN, "discriminator_step", discriminator_step)
    with pytest.raises(ValueError, match="a bug"):
        run_example("mnist_gan", out=out, data=data)


def flags_in(message):
    """The flags that a message tells the reader to add, as a command line has them."""
    return [word for flag in re.findall(r"--\w+ \w+", message) for word in flag.split()]


def test_batch_of_more_images_than_there_are(run_example, data, out):
    message = "error: --batch_size 201 is more than the 200 samples; choose --batch_size 128, or"
    with pytest.raises(SystemExit, match=message) as caught:
        run_example("mnist_gan", "--batch_size", 201, out=out, data=data)
    assert os.listdir(out) == []
    flags = "--n_epochs", 1, *flags_in(str(caught.value))
    run_example("mnist_gan", *flags, out=out, data=data, **SMALL)
    assert minigan.load(out / "checkpoint.npz")["steps"] == 1


def test_a_batch_of_one_image(run_example, out, tmp_path):
    """The examples take no batch of one, because of batch norm."""
    np.save(tmp_path / "one.npy", np.zeros((1, 32, 32), np.uint8))
    with pytest.raises(SystemExit, match=r"is more than the 1 samples; give at least 2$"):
        run_example("faces_wgan_gp", "--batch_size", 2, out=out, data=tmp_path / "one.npy")


def test_a_complete_run_says_which_flag_takes_it_further(
    run_example, set_up, data, out, capsys, no_summary
):
    for flags in (["--n_epochs", 2], ["--n_epochs", 2, "--resume"]):
        run_example("mnist_gan", *flags, out=out, data=data, **SMALL)
    printed = capsys.readouterr().out
    assert "complete already, at step 6; to go further, resume it with --n_epochs 4" in printed
    assert set_up("mnist_gan", out, data, *flags_in(printed), "--resume").args.n_epochs == 4


def test_the_examples_that_read_own_images_are_those_below():
    texts = {path.stem: path.read_text("utf-8") for path in EXAMPLES.glob("*.py")}
    found = {
        name for name, text in texts.items() if "datasets.images" in text or "DATA_FLAGS" in text
    }
    assert found == set(OWN_IMAGES)


@pytest.mark.parametrize("name", OWN_IMAGES)
def test_the_flag_for_an_unreadable_image_is_one_of_the_program(
    set_up, out, tmp_path, capsys, name
):
    folder = tmp_path / "mine"
    folder.mkdir()
    for i in range(2):
        Image.new("RGB", (32, 32)).save(folder / f"{i}.png")
    (folder / "page.png").write_text("<!DOCTYPE html>")
    (folder / "list.csv").write_text("a,b")
    with pytest.raises(SystemExit, match=r"page\.png: cannot read this image") as caught:
        set_up(name, out, folder)
    assert "=" not in str(caught.value).split("mend or delete")[1]
    flags = flags_in(str(caught.value))
    assert flags == ["--on_error", "skip"]
    capsys.readouterr()
    assert len(set_up(name, out, folder, *flags).images) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["warning", "warning"]
    assert "left out 1 of 4 files (1 .csv; the first is list.csv)" in lines[0]
    assert "1 of 3 images cannot be read: page.png" in lines[1]


def test_another_choice_for_unreadable_images_does_not_prevent_resuming(
    run_example, tmp_path, out, no_summary
):
    np.save(tmp_path / "a.npy", np.zeros((4, 32, 32), np.uint8))
    small = {
        "build_generator": lambda *_: nn.Sequential(
            nn.Linear(100, 1024), nn.Unflatten(1, (1, 32, 32))
        ),
        "build_critic": lambda *_: nn.Sequential(nn.Flatten(), nn.Linear(1024, 1)),
    }
    for more in (["--n_steps", 1], ["--n_steps", 2, "--resume", "--on_error", "skip"]):
        flags = "--batch_size", 2, *more
        run_example("faces_wgan_gp", *flags, out=out, data=tmp_path / "a.npy", **small)
    assert minigan.load(out / "checkpoint.npz")["steps"] == 2


def test_images_are_those_of_the_data_folder(set_up, out, data):
    images, _ = datasets.mnist(data)
    np.testing.assert_array_equal(set_up("mnist_gan", out, data).images, images)
