"""A network and a loss with its graph. test_order.py makes them here and in another process."""

import numpy as np

import minigan
from minigan import Tensor, nn

X = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)


def network():
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def built(seed):
    """A network, and a loss with its graph."""
    minigan.seed(seed)
    net = network()
    return net, loss_of(net)


def loss_of(net, features=None):
    y = net(Tensor(X)) if features is None else net[1:](features)
    return (y * y).mean()
