"""Write a checkpoint of each trainer, and the losses of the steps after it, with version 0.1.

    git worktree add /tmp/v0.1 c6e5bcb
    PYTHONPATH=/tmp/v0.1 python tests/data/v0.1/write.py

tests/test_older_checkpoints.py builds the same trainers with the present version, loads these
files, and trains on. They are not written again: they show what version 0.1 wrote.

A layer before batch norm has no bias. The gradient of such a bias is 0 but for rounding, and Adam
and RMSprop would turn the rounding into whole steps, which differ from version to version.
"""

from pathlib import Path

import numpy as np

import minigan
from minigan import backend, nn, optim, trainers
from minigan.optim import AveragedModel

FOLDER = Path(__file__).parent
BATCH, BEFORE, AFTER = 6, 20, 15  # samples in a minibatch, steps before the checkpoint and after it


def gan():
    """Convolutions, batch norm and dropout, with Adam against SGD; 2 × 2 images."""
    G = nn.Sequential(
        nn.Linear(3, 4),
        nn.Unflatten(1, (4, 1, 1)),
        nn.ConvTranspose2d(4, 3, 2, bias=False),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Conv2d(3, 1, 3, padding=1),
        nn.Tanh(),
    )
    D = nn.Sequential(
        nn.Conv2d(1, 4, 2),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(4, 1),
        nn.Sigmoid(),
    )
    g_optimizer = optim.Adam(G.parameters(), lr=1e-2, betas=(0.5, 0.999))
    d_optimizer = optim.SGD(D.parameters(), lr=0.1, momentum=0.5)
    return trainers.GAN(G, D, g_optimizer, d_optimizer, k=2, real_label=0.9), (1, 2, 2)


def wgan():
    """Batch norm in the generator, with RMSprop."""
    G = nn.Sequential(nn.Linear(3, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))
    f = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1))
    optimizers = [optim.RMSprop(network.parameters(), lr=1e-3) for network in (G, f)]
    return trainers.WGAN(G, f, *optimizers, clip_value=0.5, n_critic=3), (2,)


def wgan_gp():
    """Layer norm in the critic, with Adam."""
    G = nn.Sequential(nn.Linear(3, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))
    f = nn.Sequential(nn.Linear(2, 5), nn.LayerNorm(5), nn.LeakyReLU(0.2), nn.Linear(5, 1))
    optimizers = [optim.Adam(net.parameters(), lr=1e-2, betas=(0.0, 0.9)) for net in (G, f)]
    return trainers.WGANGP(G, f, *optimizers, n_critic=3), (2,)


TRAINERS = [gan, wgan, wgan_gp]


def build(make):
    """A trainer, the running average of its generator, and the shape of a sample."""
    trainer, shape = make()
    return trainer, AveragedModel(trainer.generator, decay=0.9), shape


def parts(trainer, average):
    """What has a state, by name."""
    found = {name: part for name, part in vars(trainer).items() if hasattr(part, "state_dict")}
    return found | {"average": average}


def train(trainer, average, shape, n):
    """n steps of the discriminator or critic, and what they report."""
    first = trainer.steps
    batches = [data(first + i, shape) for i in range(n)]
    reports = []
    for report in trainer.train(batches, lambda m: minigan.randn(m, 3)):
        average.update_parameters(trainer.generator)
        reports.append(report)
    return reports


def data(step, shape):
    """The minibatch of a step: a ramp of sines, which needs no generator."""
    t = np.arange(BATCH * int(np.prod(shape)), dtype=np.float64)
    return np.sin(t + step).astype(np.float32).reshape(BATCH, *shape)


def sample(average):
    """What the average makes of fixed noise."""
    noise = np.cos(np.arange(6, dtype=np.float64)).astype(np.float32).reshape(2, 3)
    with minigan.no_grad():
        return average.module(minigan.Tensor(noise)).numpy()


def write(make):
    minigan.seed(1)
    trainer, average, shape = build(make)
    train(trainer, average, shape, BEFORE)
    state = {name: part.state_dict() for name, part in parts(trainer, average).items()}
    state["steps"] = trainer.steps
    state["rng"] = backend.rng().bit_generator.state
    state["expected"] = {"reports": train(trainer, average, shape, AFTER)}
    state["expected"]["sample"] = sample(average)
    minigan.save(state, FOLDER / f"{make.__name__}.npz")


if __name__ == "__main__":
    for make in TRAINERS:
        write(make)
