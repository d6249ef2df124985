"""mnist_2014_curve.py: each part of the training continues the one before; none runs twice."""

import csv
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import nn

MNIST = Path(__file__).parents[3] / "examples" / "data" / "mnist"


@pytest.fixture
def curve(example, monkeypatch):
    """The example. Its training only writes a checkpoint. `curve.calls` lists the flags."""
    curve = example("mnist_2014_curve")
    network = nn.Sequential(nn.Linear(3, 784), nn.Sigmoid())
    monkeypatch.setattr(curve.mnist_gan_2014, "build_generator", lambda latent_dim: network)
    weights = network.state_dict()
    curve.calls, curve.complete = [], True

    def train(flags):
        named = dict(zip(flags[::2], flags[1::2], strict=False))
        checkpoint = Path(named["--out"]) / "checkpoint.npz"
        before = minigan.load(checkpoint)["steps"] if checkpoint.exists() else 0
        assert ("--resume" in flags) == (before > 0)
        assert (named["--average"], named["--data"]) == ("0.999", str(MNIST))
        curve.calls.append((int(named["--n_epochs"]), before))
        state = {"example": "mnist_gan_2014", "generator": weights, "flags": {"latent_dim": 3}}
        state |= {"average": {"module": {k: 2 * v for k, v in weights.items()}}}
        minigan.save(state | {"steps": 500 * int(named["--n_epochs"])}, checkpoint)
        return curve.complete

    monkeypatch.setattr(curve.mnist_gan_2014, "main", train)
    return curve


@pytest.fixture
def run(curve, tmp_path):
    def run(*flags):
        curve.calls.clear()
        curve.main(["--out", str(tmp_path / "runs"), "--n_samples", "20", *flags])
        return curve.calls

    return run


def test_each_piece_goes_on_from_the_one_before_and_runs_once(run, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert run("--n_epochs", "20") == [(10, 0), (20, 5000)]
    assert run("--n_epochs", "20") == []
    assert run("--n_epochs", "30") == [(30, 10_000)]
    with open(tmp_path / "runs" / "scores_of_20.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[:2] for row in rows] == [
        [epoch, weights] for epoch in ("10", "20", "30") for weights in ("last", "averaged")
    ]
    assert rows[0][2:] == rows[2][2:] != rows[1][2:]  # the same weights, and others
    assert np.isfinite(np.array(rows)[:, 2:].astype(float)).all()
    assert (tmp_path / "runs" / "curve.png").stat().st_size > 0


def test_a_piece_that_was_stopped_goes_on_from_its_own_checkpoint(
    curve, run, tmp_path, monkeypatch
):
    monkeypatch.setattr(curve, "draw_curve", lambda rows, path: None)  # the test above draws it
    run("--n_epochs", "20")
    checkpoint = tmp_path / "runs" / "epoch_20" / "checkpoint.npz"
    minigan.save(minigan.load(checkpoint) | {"steps": 5200}, checkpoint)
    assert run("--n_epochs", "20") == [(20, 5200)]


def test_an_interrupted_training_ends_the_program_before_any_score(curve, run, tmp_path):
    curve.complete = False
    with pytest.raises(SystemExit, match="go on with the same command"):
        run("--n_epochs", "20")
    assert not (tmp_path / "runs" / "scores_of_20.csv").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--n_epochs", "15"], "--n_epochs must be a multiple of 10, and is 15"),
        (["--n_epochs", "0"], "--n_epochs must be at least 1, not 0"),
        (["--n_samples", "0"], "--n_samples must be at least 1, not 0"),
    ],
)
def test_bad_flags(run, capsys, flags, message):
    with pytest.raises(SystemExit) as caught:
        run(*flags)
    assert caught.value.code == 2 and message in capsys.readouterr().err
