"""What an example says, before any training, of a command line or a data set that will not do."""

import gzip
import os
import sys

import numpy as np
import pytest

import minigan
from minigan import backend, datasets


@pytest.fixture
def out(tmp_path):
    return tmp_path / "runs" / "a"


@pytest.fixture
def refused(example, out, monkeypatch, capsys):
    """A function that gives the example flags, and returns the sentence that it ended with."""

    def no_data(*args, **kwargs):
        pytest.fail("it began to work")

    monkeypatch.setattr(backend, "_xp", None)  # as in a new process
    monkeypatch.setattr(datasets, "mnist", no_data)

    def refused(*flags):
        with pytest.raises(SystemExit) as caught:
            example("mnist_gan").main(["--out", str(out), *map(str, flags)])
        assert caught.value.code == 2
        return capsys.readouterr().err.splitlines()[-1]

    return refused


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--n_epochs", 0], "--n_epochs must be at least 1, not 0"),
        (["--batch_size", -3], "--batch_size must be at least 1, not -3"),
        (["--sample_interval", 0], "--sample_interval must be at least 1, not 0"),
        (["--latent_dim", 1.5], "argument --latent_dim: invalid int value: '1.5'"),
        (["--lr", "fast"], "argument --lr: invalid float value: 'fast'"),
        (["--lr", -0.1], "--lr must be at least 0, not -0.1"),
        (["--lr", "nan"], "--lr must be at least 0, not nan"),
        (["--seed", -1], "--seed must not be negative, and is -1"),
        (["--backend", "torch"], "argument --backend: invalid choice: 'torch'"),
        (["--epochs", 3], "unrecognized arguments: --epochs 3"),
    ],
    ids=str,
)
def test_wrong_values(refused, out, flags, message):
    assert message in refused(*flags)
    assert not out.exists()


def test_help_lists_every_flag_with_its_default(example, capsys):
    with pytest.raises(SystemExit) as caught:
        example("mnist_gan").main(["--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for flag, default in [("n_epochs", 7), ("batch_size", 64), ("lr", 0.0002), ("b1", 0.5)]:
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
    """A run of one step; the bytes of its files."""
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

    (out / "checkpoint.npz").write_bytes(finished["checkpoint.npz"][:-1000])
    with pytest.raises(minigan.CheckpointError, match=r"checkpoint\.npz is cut short or damaged"):
        resume("--batch_size", 200)


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


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda path: path.unlink(), FileNotFoundError, "expected this file.*examples/data/mnist"),
        (lambda path: os.truncate(path, 5000), ValueError, "expected 156816 bytes.*found 5000"),
        (
            lambda path: path.write_bytes(gzip.compress(path.read_bytes())[:-9]),
            ValueError,
            "expected a whole gzip file",
        ),
    ],
    ids=["missing", "cut short", "corrupt"],
)
def test_data_that_cannot_be_read(run_example, data, out, tmp_path, spoil, error, message):
    for name in os.listdir(data):
        (tmp_path / name).write_bytes((data / name).read_bytes())
    spoil(tmp_path / IMAGES)
    with pytest.raises(error, match=f"{IMAGES}: .*{message}"):
        run_example("mnist_gan", out=out, data=tmp_path)
    assert os.listdir(out) == []  # so that the same command will do once the data are there


def test_batch_of_more_images_than_there_are(run_example, data, out):
    with pytest.raises(SystemExit, match="error: --batch_size 201 is more than 200 images"):
        run_example("mnist_gan", "--batch_size", 201, out=out, data=data)
    assert os.listdir(out) == []


def test_images_are_those_of_the_data_folder(set_up, out, data):
    images, _ = datasets.mnist(data)
    np.testing.assert_array_equal(set_up("mnist_gan", out, data)["images"], images)
