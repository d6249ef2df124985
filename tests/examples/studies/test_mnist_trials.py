"""mnist_trials.py: the learning rate's schedule, the averaged weights, the held-out images."""

import json

import numpy as np
import pytest

import minigan
from minigan import nn
from minigan.trainers import GAN

SCORES = {"kl": 0.01, "least": 0.08, "most": 0.12, "confidence": 0.9, "parzen": 200.0}
SCORES["frechet"] = 5.0


@pytest.fixture
def trials(example, monkeypatch):
    """The program with small networks."""
    trials, mnist_gan = example("mnist_trials"), example("mnist_gan")
    G = lambda latent_dim: nn.Sequential(nn.Linear(latent_dim, 784), nn.Tanh())  # noqa: E731
    D = lambda: nn.Sequential(nn.Linear(784, 1), nn.Sigmoid())  # noqa: E731
    monkeypatch.setattr(mnist_gan, "build_generator", G)
    monkeypatch.setattr(mnist_gan, "build_discriminator", D)
    return trials


def images(n):
    return np.random.default_rng(0).integers(0, 256, (n, 28, 28), dtype=np.uint8)


def test_the_learning_rates_fall_linearly_to_0_after_the_constant_part(trials, monkeypatch):
    rates, plain = [], GAN.generator_step

    def generator_step(self, z):
        rates.append((self.g_optimizer.lr, self.d_optimizer.lr))
        return plain(self, z)

    monkeypatch.setattr(GAN, "generator_step", generator_step)
    settings = {"batch_size": 8, "steps": 8, "constant": 0.5, "g_lr": 4.0, "d_lr": 8.0}
    trials.train(trials.DEFAULT | settings, 0, images(20))  # two minibatches to an epoch
    assert rates == [(4, 8)] * 5 + [(3, 6), (2, 4), (1, 2)]
    rates.clear()
    trials.train(trials.DEFAULT | settings | {"constant": 1.0}, 0, images(20))
    assert rates == [(4, 8)] * 8


def test_a_trial_gives_the_last_weights_and_a_mean_for_each_decay(trials):
    settings = trials.DEFAULT | {"batch_size": 8, "steps": 40}
    generators = trials.train(settings, 0, images(20))
    assert list(generators) == ["last", *(f"mean {decay}" for decay in trials.DECAYS)]
    assert not any(G.training for G in generators.values())
    last, mean = (generators[name][0].weight.data for name in ("last", "mean 0.995"))
    assert (last != mean).any()


def test_trials_see_no_held_out_image_and_are_not_run_twice(trials, monkeypatch, tmp_path, capsys):
    seen = []

    def train(settings, seed, images):
        seen.append((settings, seed, len(images)))
        return {"last": "G", "mean": "G'"}

    monkeypatch.setattr(trials, "train", train)
    monkeypatch.setattr(trials, "score", lambda G, held_out, _: SCORES | {"n": len(held_out)})
    monkeypatch.setattr(trials, "classify", lambda pixels: (pixels[:, :64], None))
    flags = ["--only", "batch_32", "--seeds", "3", "4", "--out", str(tmp_path)]
    for _ in range(2):
        trials.main(flags)
        table = capsys.readouterr().out.splitlines()[-4:]
        assert table[0] == "| batch_32 | 3 | last | 0.0100 | 8.0%, 12.0% | 0.900 | 200.0 | 5.00 |"
        assert table[3].startswith("| batch_32 | 4 | mean |")
    settings = trials.DEFAULT | trials.TRIALS["batch_32"]
    assert seen == [(settings, 3, 50_000), (settings, 4, 50_000)]
    assert json.loads((tmp_path / "batch_32-3.json").read_text())["scores"]["last"]["n"] == 10_000
    monkeypatch.setitem(trials.DEFAULT, "g_lr", 1e-3)
    with pytest.raises(SystemExit, match=r"batch_32-3\.json .* with g_lr 0\.0002, not 0\.001"):
        trials.main(flags)


def test_scores_are_of_the_samples_beside_the_held_out_images(trials, monkeypatch):
    held_out = np.random.default_rng(0).random((5000, 784), dtype=np.float32)

    def draw(example, generator, latent_dim, n):
        assert (latent_dim, n) == (100, 10_000)
        return held_out[:n]

    monkeypatch.setattr(trials, "draw", draw)
    monkeypatch.setattr(trials, "parzen_log_likelihood", lambda *_: {"log_likelihood": 1.5})
    features, _ = trials.classify(held_out)
    minigan.seed(5)
    scores = trials.score(nn.Identity(), held_out, features)
    assert scores["frechet"] < 1e-3 and scores["parzen"] == 1.5
    assert scores["least"] <= 0.1 <= scores["most"]
