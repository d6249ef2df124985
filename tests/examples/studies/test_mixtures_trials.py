"""mixtures_trials.py: all settings of a trial reach the training, and no trial runs twice."""

import pytest

from minigan import nn, optim
from minigan.trainers import WGANGP

SETTINGS = {
    "steps": 4,
    "batch_size": 6,
    "latent_dim": 3,
    "noise": "uniform",
    "width": 5,
    "hidden_layers": 4,
    "lr": 0.25,
    "b1": 0.25,
    "b2": 0.5,
    "penalty_weight": 0.75,
    "n_critic": 3,
}


@pytest.fixture
def trials(example):
    return example("mixtures_trials")


def test_a_trial_trains_with_its_settings(trials, monkeypatch):
    assert set(SETTINGS) == set(trials.BASE)
    assert not set(SETTINGS.items()) & set(trials.BASE.items()), "each differs from the default"
    seen, plain = [], WGANGP.train

    def train(self, batches, noise):
        batches = list(batches)
        seen.append((self, [len(real) for real in batches], noise(2).shape, noise(1000).data))
        for report in plain(self, batches, noise):
            seen.append((self.g_optimizer.lr, self.c_optimizer.lr))
            yield report

    monkeypatch.setattr(WGANGP, "train", train)
    generators = trials.train(SETTINGS, seed=0)
    (trainer, sizes, shape, z), *rates = seen
    assert (sizes, shape) == ([6] * 4, (2, 3)) and -1 <= z.min() < -0.99 < 0.99 < z.max() <= 1
    assert rates == [(0.25, 0.25), (0.1875, 0.1875), (0.125, 0.125), (0.0625, 0.0625)]
    assert (trainer.penalty_weight, trainer.n_critic) == (0.75, 3)
    for optimizer in (trainer.g_optimizer, trainer.c_optimizer):
        assert (type(optimizer), optimizer.betas) == (optim.Adam, (0.25, 0.5))
    for network, n_in in ((generators["last"], 3), (trainer.critic, 2)):
        linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
        assert [layer.in_features for layer in linear] == [n_in, 5, 5, 5, 5]
    assert set(generators) == {"last", "mean 0.999"}


def test_trials_are_saved_and_not_run_twice(trials, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(trials, "BASE", trials.BASE | {"steps": 4, "width": 8})
    flags = ["--only", "base", "latent_8", "--seeds", "3", "--out", str(tmp_path)]
    trials.main(flags)
    table = capsys.readouterr().out.splitlines()[-6:]
    assert [row[: row.index("mean")] for row in table[3::2]] == [
        "| base | 3 | ",
        "| latent_8 | 3 | ",
    ]
    monkeypatch.setattr(trials, "train", None)
    trials.main(flags)
    assert capsys.readouterr().out.splitlines()[-6:] == table


def test_every_trial_changes_a_setting_that_exists(trials):
    for name, settings in trials.TRIALS.items():
        assert set(settings) <= set(trials.BASE), name
        assert (name == "base") == (not settings)
