"""Two small players on which a check runs the learner's step of a training."""

import numpy as np

import minigan
from minigan import nn, optim

LR = 0.5  # of SGD, which shows a gradient as it is. Adam would hide a factor.


def players(seed, width=3):
    """G and D, in float64, with weights of this seed. D gives a number: (N, 2) -> (N, 1)."""
    minigan.seed(seed)
    G = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 2)).double()
    D = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 1)).double()
    return G, D


def sgd(network):
    return optim.SGD(network.parameters(), lr=LR)


def weights(network):
    """All weights of a network, in one array."""
    return np.concatenate([p.data.ravel() for p in network.parameters()])


def gradients(network):
    """All gradients of a network, in one array. 0 where there is none."""
    return np.concatenate(
        [np.zeros(p.size) if p.grad is None else p.grad.data.ravel() for p in network.parameters()]
    )


def leave_gradients(network):
    """Add a gradient to each weight, as the step of the other player leaves one."""
    for i, p in enumerate(network.parameters()):
        old = np.full(p.shape, 0.1 * (i + 1))
        p.grad = old if p.grad is None else p.grad.data + old


def batches(rng, sizes=(1, 2, 3, 4, 8)):
    """Inputs of a step: two batches of real samples and of noise, and the seed of the weights."""
    for seed, n in enumerate(sizes):
        yield {
            "real": rng.normal(1.0, 1.0, (n, 2)),
            "z": rng.normal(size=(n, 2)),
            "seed": seed,
        }
