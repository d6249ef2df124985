"""A Run writes its files. A stopped and resumed run ends the same."""

import csv
import functools
import itertools
import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from example_runs import EXAMPLES
from PIL import Image
from same import assert_same

import minigan
from minigan import nn, optim
from minigan.runs.run import Interrupt
from minigan.trainers import GAN

FLAGS = "--batch_size", 64, "--sample_interval", 5, "--seed", 3, "--lr", 0.003, "--decay_epoch", 2
STEPS = 12  # of 4 epochs of 3 minibatches


def small_generator(latent_dim):
    layers = nn.Linear(latent_dim, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 784), nn.Tanh()
    return nn.Sequential(*layers)


def small_discriminator():
    """With dropout, so that every step draws from the generator of random numbers."""
    layers = nn.Linear(784, 8), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(8, 1), nn.Sigmoid()
    return nn.Sequential(*layers)


@pytest.fixture(scope="session")
def run_small(run_example, data):
    """The main example on small networks."""
    return functools.partial(
        run_example,
        "mnist_gan",
        data=data,
        build_generator=small_generator,
        build_discriminator=small_discriminator,
    )


@pytest.fixture(scope="session")
def uninterrupted(run_small, tmp_path_factory):
    """The --out of a run of four epochs."""
    out = tmp_path_factory.mktemp("runs") / "new" / "uninterrupted"
    return run_small(*FLAGS, "--n_epochs", 4, out=out)


@pytest.fixture
def main(run_small, tmp_path):
    """The same function with more flags, and an --out for this test alone."""
    return lambda *flags: run_small(*FLAGS, *flags, out=tmp_path / "out")


def assert_same_run(out, expected):
    """Networks, moments, step, random generator, fixed noise and losses are equal bit for bit."""
    assert_same(minigan.load(out / "checkpoint.npz"), minigan.load(expected / "checkpoint.npz"))
    for path in (expected / "losses.csv", *expected.glob("samples*.png")):
        assert (out / path.name).read_bytes() == path.read_bytes()


# --- what a run leaves -------------------------------------------------------------------------


def test_files_of_a_run(uninterrupted):
    assert sorted(os.listdir(uninterrupted)) == [
        *("checkpoint.npz", "losses.csv", "losses.png", "samples", "samples.gif", "samples.png"),
        "samples_last.png",
    ]
    grids = sorted(os.listdir(uninterrupted / "samples"))
    assert grids == ["000000.png", "000005.png", "000010.png", "000012.png"]


def test_pictures_of_a_run(uninterrupted):
    side = 10 * 28 + 11 * 2  # ten images of 28 pixels and their frames
    sizes = dict.fromkeys(["samples.png", "samples_last.png"], (2 * side, 2 * side))
    sizes["samples/000005.png"] = side, side
    for name, size in sizes.items():
        with Image.open(uninterrupted / name) as image:
            assert image.size == size
            assert np.asarray(image).std() > 10  # it is not empty
    with Image.open(uninterrupted / "samples.gif") as gif:
        assert (gif.n_frames, gif.size) == (4, (side, side))
    with Image.open(uninterrupted / "losses.png") as curves:
        assert min(curves.size) > 300
        assert np.asarray(curves.convert("L")).std() > 10


def test_grids_show_the_same_noise_through_a_generator_that_learns(uninterrupted):
    grids = [np.asarray(Image.open(path)) for path in sorted((uninterrupted / "samples").iterdir())]
    assert all((a != b).any() for a, b in itertools.pairwise(grids))
    correlation = np.corrcoef(grids[-2].ravel(), grids[-1].ravel())[0, 1]
    assert correlation > 0.8  # of step 10 and step 12; of other noise it is below 0.5


def test_losses_of_a_run(uninterrupted):
    with open(uninterrupted / "losses.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "d_loss", "D(x)", "D(G(z))", "g_loss"]
    assert [int(row["step"]) for row in rows] == list(range(1, STEPS + 1))
    for row in rows:
        assert all(math.isfinite(float(value)) for value in row.values())
        assert 0 < float(row["D(x)"]) < 1
        assert 0 < float(row["D(G(z))"]) < 1
        assert float(row["d_loss"]) > 0


def test_checkpoint_of_a_run(uninterrupted):
    state = minigan.load(uninterrupted / "checkpoint.npz")
    parts = ["generator", "g_optimizer", "discriminator", "d_optimizer"]
    steps = "steps", "trainer", "example"
    assert list(state) == [*parts, "average", *steps, "flags", "fixed_noise", "rng"]
    assert (state["steps"], state["example"]) == (STEPS, "mnist_gan")
    assert state["trainer"] == {"steps": STEPS}
    assert state["fixed_noise"].shape == (100, 100)
    small_discriminator().load_state_dict(state["discriminator"])
    assert state["generator"]["1.num_batches_tracked"] == 2 * STEPS  # in each player's step
    assert all(p["step"] == STEPS for p in state["g_optimizer"]["state"].values())


def test_a_run_depends_on_its_seed_alone(uninterrupted, main, run_small, tmp_path):
    assert_same_run(main("--n_epochs", 4), uninterrupted)
    other = run_small("--seed", 4, "--n_epochs", 1, out=tmp_path / "other")
    noise = [minigan.load(o / "checkpoint.npz")["fixed_noise"] for o in (other, uninterrupted)]
    assert (noise[0] != noise[1]).all()


# --- stopping and resuming ---------------------------------------------------------------------


def test_resumed_run_equals_a_longer_one(uninterrupted, main, capsys):
    out = main("--n_epochs", 2)
    assert minigan.load(out / "checkpoint.npz")["steps"] == 6
    main("--n_epochs", 4, "--resume")
    assert_same_run(out, uninterrupted)
    before = (out / "checkpoint.npz").read_bytes()
    main("--n_epochs", 4, "--resume")  # there is nothing left to do
    assert (out / "checkpoint.npz").read_bytes() == before
    assert "stopped" not in capsys.readouterr().out


@pytest.fixture(scope="session")
def without_average(run_small, tmp_path_factory):
    """The --out of the same run without a running mean: it draws with the last weights."""
    out = tmp_path_factory.mktemp("runs") / "without"
    return run_small(*FLAGS, "--n_epochs", 4, "--average", 0, out=out)


def first_digit(weights, z):
    """The first of the digits that a generator with these weights makes of z: (28, 28)."""
    G = small_generator(100)
    G.load_state_dict(weights)
    with minigan.no_grad():
        return (G.eval()(minigan.Tensor(z)).numpy()[0].reshape(28, 28) + 1) / 2


def test_one_grid_shows_the_running_mean_and_another_the_last_weights(uninterrupted):
    state = minigan.load(uninterrupted / "checkpoint.npz")
    mean, last = state["average"]["module"], state["generator"]
    grids = [(uninterrupted / name).read_bytes() for name in ("samples.png", "samples_last.png")]
    assert grids[0] != grids[1]
    for path, weights in (("samples.png", mean), ("samples_last.png", last)):
        grid = np.asarray(Image.open(uninterrupted / path), dtype=np.float32)[::2, ::2]
        digit = first_digit(weights, state["fixed_noise"])
        assert abs(grid[2:30, 2:30] / 255 - digit).max() < 0.01
    step = np.asarray(Image.open(uninterrupted / "samples" / "000012.png"), dtype=np.float32)
    assert abs(step[2:30, 2:30] / 255 - first_digit(mean, state["fixed_noise"])).max() < 0.01


def test_training_does_not_see_the_average(uninterrupted, without_average):
    for name in ("losses.csv", "samples_last.png"):
        with_average = (uninterrupted / name).read_bytes()
        expected = without_average / name.replace("_last", "")
        assert with_average == expected.read_bytes()
    state, without = (
        minigan.load(out / "checkpoint.npz") for out in (uninterrupted, without_average)
    )
    assert_same(state["generator"], without["generator"])
    assert not (without_average / "samples_last.png").exists()


def test_a_run_from_before_there_were_averages_and_decay_can_be_resumed(main, tmp_path):
    flags = "--average", 0, "--decay_epoch", 0
    out = main("--n_epochs", 4, *flags)
    whole = out.rename(tmp_path / "whole")
    out = main("--n_epochs", 3, *flags)
    state = minigan.load(out / "checkpoint.npz")
    for name in "average", "decay_epoch", "n_epochs":
        del state["flags"][name]
    minigan.save(state, out / "checkpoint.npz")
    assert_same_run(main("--n_epochs", 4, *flags, "--resume"), whole)


def learning_rates(main, monkeypatch, *flags):
    """{(optimizer, its step): learning rate} of a run with these flags."""
    rates, plain = {}, optim.Adam.step

    def step(self):
        rates.setdefault(id(self), []).append(self.lr)
        plain(self)

    with monkeypatch.context() as patch:
        patch.setattr(optim.Adam, "step", step)
        main(*flags)
    return list(rates.values())


def test_the_learning_rate_is_constant_and_then_falls_linearly(main, monkeypatch):
    falling = [0.003 * share / 6 for share in (6, 5, 4, 3, 2, 1)]
    for rates in learning_rates(main, monkeypatch, "--n_epochs", 4):
        assert rates == pytest.approx(6 * [0.003] + falling, rel=1e-12)


@pytest.mark.parametrize("decay_epoch", [0, 4, 9])
def test_a_decay_epoch_of_0_or_one_after_the_end_changes_nothing(main, monkeypatch, decay_epoch):
    flags = "--n_epochs", 4, "--decay_epoch", decay_epoch
    for rates in learning_rates(main, monkeypatch, *flags):
        assert rates == 12 * [0.003]


def test_once_the_learning_rate_has_fallen_the_last_epoch_is_fixed(main):
    """A longer run would have had other learning rates until here."""
    out = main("--n_epochs", 3)  # it has fallen in the third epoch
    before = (out / "checkpoint.npz").read_bytes()
    with pytest.raises(SystemExit, match=r"had --n_epochs 3, not 4: resume it with the same"):
        main("--n_epochs", 4, "--resume")
    assert (out / "checkpoint.npz").read_bytes() == before
    main("--n_epochs", 3, "--resume")
    assert (out / "checkpoint.npz").read_bytes() == before


def test_resumed_run_goes_on_showing_the_noise_of_its_checkpoint(main, uninterrupted):
    """It does not draw new noise, which another version might draw differently."""
    out = main("--n_epochs", 1)
    state = minigan.load(out / "checkpoint.npz")
    state["fixed_noise"] *= 2
    minigan.save(state, out / "checkpoint.npz")
    main("--n_epochs", 4, "--resume")
    resumed, whole = (minigan.load(o / "checkpoint.npz") for o in (out, uninterrupted))
    assert_same(resumed["fixed_noise"], 2 * whole["fixed_noise"])
    assert_same(resumed | {"fixed_noise": 0}, whole | {"fixed_noise": 0})
    assert (out / "samples.png").read_bytes() != (uninterrupted / "samples.png").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "missing"),
    [
        (lambda path: path.unlink(), (1, 6)),
        (lambda path: path.write_bytes(b"\x00\xff\n" * 99), (1, 6)),
        (lambda path: os.truncate(path, path.stat().st_size - 5), (6, 6)),
        (lambda path: os.truncate(path, path.read_bytes().index(b"\r\n3,") + 4), (3, 6)),
    ],
    ids=["missing", "damaged", "last line cut", "cut to half"],
)
def test_resuming_without_all_of_the_losses(uninterrupted, main, capsys, spoil, missing):
    out = main("--n_epochs", 2)
    spoil(out / "losses.csv")
    capsys.readouterr()
    main("--n_epochs", 4, "--resume")
    first, last = missing
    assert f"losses.csv lacks steps {first} to {last}: going on without" in capsys.readouterr().out
    assert_same(*(minigan.load(o / "checkpoint.npz") for o in (out, uninterrupted)))
    losses, whole = ((o / "losses.csv").read_text().splitlines() for o in (out, uninterrupted))
    assert losses == whole[:first] + whole[last + 1 :]
    main("--n_epochs", 4, "--resume")
    assert "lacks" not in capsys.readouterr().out  # which it has said


def at_step(monkeypatch, step, do):
    """Call `do` in the middle of the generator's step number `step`."""
    plain, count = GAN.generator_step, iter(range(1, 1000))

    def generator_step(self, z):
        if next(count) == step:
            do()
        return plain(self, z)

    monkeypatch.setattr(GAN, "generator_step", generator_step)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_run_after_the_step_with_everything_saved(
    signum, uninterrupted, main, monkeypatch, capsys
):
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        at_step(patch, 7, lambda: signal.raise_signal(signum))
        out = main("--n_epochs", 4)
    printed = capsys.readouterr().out
    assert "stopped at step 7 of 12; go on with --resume" in printed
    assert f"in {out}" in printed
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    assert minigan.load(out / "checkpoint.npz")["steps"] == 7
    assert sorted(os.listdir(out)) == sorted(os.listdir(uninterrupted))
    assert (out / "samples" / "000007.png").exists()
    main("--n_epochs", 4, "--resume")
    assert_same_run(out, uninterrupted)


def interrupt_twice():
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


def diverge():
    raise FloatingPointError("the loss is nan")


@pytest.mark.parametrize(
    ("do", "error"), [(interrupt_twice, SystemExit), (diverge, FloatingPointError)]
)
def test_run_that_ends_within_a_step_goes_on_from_its_last_checkpoint(
    do, error, uninterrupted, main, monkeypatch, tmp_path
):
    with monkeypatch.context() as patch:
        at_step(patch, 7, do)
        with pytest.raises(error, match="130" if do is interrupt_twice else "the loss is nan"):
            main("--n_epochs", 4)
    out = tmp_path / "out"
    assert minigan.load(out / "checkpoint.npz")["steps"] == 5
    losses = (out / "losses.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in losses] == ["step", *"123456"]  # two more than that
    main("--n_epochs", 4, "--resume")
    assert_same_run(out, uninterrupted)


def test_signal_before_the_first_step(main, monkeypatch, uninterrupted):
    def request_at_once(interrupt):
        interrupt.requested = True
        interrupt.before = {}
        return interrupt

    with monkeypatch.context() as patch:
        patch.setattr(Interrupt, "__enter__", request_at_once)
        out = main("--n_epochs", 4)
    assert minigan.load(out / "checkpoint.npz")["steps"] == 0
    main("--n_epochs", 4, "--resume")
    assert_same_run(out, uninterrupted)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to another process")
@pytest.mark.parametrize(
    "name", ["SIGINT", *(pytest.param(n, marks=pytest.mark.slow) for n in ("SIGTERM", "SIGHUP"))]
)
def test_ctrl_c_as_a_user_would(data, tmp_path, run_example, name):
    """In a process of its own, with the default --out, at any step."""
    flags = "--batch_size", "64", "--sample_interval", "4"
    command = [sys.executable, str(EXAMPLES / "mnist_gan.py"), "--data", str(data), *flags]
    process = subprocess.Popen(
        [*command, "--n_epochs", "100000"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(EXAMPLES.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out = tmp_path / "runs" / "mnist_gan"
    try:
        deadline = time.monotonic() + 60
        while not (out / "samples" / "000004.png").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(getattr(signal, name))
        printed, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    steps = minigan.load(out / "checkpoint.npz")["steps"]
    assert steps >= 4
    assert f"stopped at step {steps} of 300000; go on with --resume" in printed

    flags = *flags, "--n_epochs", steps // 3 + 1
    run_example("mnist_gan", *flags, "--resume", out=out, data=data)
    whole = run_example("mnist_gan", *flags, out=tmp_path / "whole", data=data)
    assert_same_run(out, whole)
