"""mnist_wgan.py and mnist_wgan_gp.py on a few images: their files, and exact resuming."""

import csv

import numpy as np
import pytest

import minigan
from minigan import nn

SMALL = {
    "build_generator": lambda latent_dim: nn.Sequential(nn.Linear(latent_dim, 784), nn.Tanh()),
    "build_critic": lambda: nn.Sequential(nn.Linear(784, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)),
}
REPORTS = {
    "mnist_wgan": {"c_loss", "wasserstein", "g_loss"},
    "mnist_wgan_gp": {"c_loss", "wasserstein", "penalty", "gradient norm", "g_loss"},
}


@pytest.mark.parametrize("name", REPORTS)
def test_files_and_resuming(name, run_example, data, tmp_path):
    flags = ("--batch_size", 32, "--n_critic", 2, "--sample_interval", 4)

    def run(out, *more):
        minigan.seed(99)  # whatever came before, --seed alone decides
        return run_example(name, *flags, *more, data=data, out=tmp_path / out, **SMALL)

    whole = run("whole", "--n_epochs", 2)
    parts = run("parts", "--n_epochs", 1)
    run("parts", "--n_epochs", 2, "--resume")

    with open(whole / "losses.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == REPORTS[name] | {"step"} and len(rows) == 12
    assert [bool(row["g_loss"]) for row in rows] == [False, True] * 6
    states = [minigan.load(out / "checkpoint.npz") for out in (whole, parts)]
    for player in ("generator", "critic"):
        for key, array in states[0][player].items():
            np.testing.assert_array_equal(states[1][player][key], array, err_msg=key)
    for file in ("losses.png", "samples.gif", "samples.png"):
        assert (whole / file).stat().st_size > 0


@pytest.mark.parametrize("name", REPORTS)
def test_the_settings_are_the_paper_s(name, set_up, data, tmp_path):
    made = set_up(name, tmp_path, data)
    trainer = made.trainer
    assert trainer.n_critic == 5 and made.args.batch_size == 64
    if name == "mnist_wgan":
        assert trainer.clip_value == 0.01 and trainer.c_optimizer.lr == 5e-5
    else:
        assert trainer.penalty_weight == 10.0 and trainer.c_optimizer.lr == 1e-4
        assert trainer.c_optimizer.betas == (0.5, 0.9)


@pytest.mark.parametrize(("n_critic", "start"), [(1, 0), (2, 0), (3, 4), (5, 13)])
@pytest.mark.parametrize("name", ["cifar_wgan", "cifar_wgan_gp", "faces_wgan_gp", *REPORTS])
def test_the_generator_steps_after_n_critic_steps_of_the_critic(
    name, set_up, data, tmp_path, n_critic, start
):
    """Also in a run that goes on. Each step draws its own noise."""
    shape = (9, 32, 32) if name == "faces_wgan_gp" else (9, 32, 32, 3)
    np.save(tmp_path / "images.npy", np.zeros(shape, np.uint8))
    folder = data if name in REPORTS else tmp_path / "images.npy"
    made = set_up(
        name, tmp_path / "out", folder, "--n_critic", n_critic,
        start=start, batches=lambda images: [images[:4]] * 9,
    )  # fmt: skip
    expected = []
    for step in range(start + 1, start + 10):
        expected += ["critic_step"] + ["generator_step"] * (step % n_critic == 0)
    assert [step for step, _ in made.calls] == expected
    noise = [args[1 if step == "critic_step" else 0].data for step, args in made.calls]
    assert {z.shape for z in noise} == {(4, 100)}
    assert len({z.tobytes() for z in noise}) == len(noise)
