"""The networks, in the words that minigan and PyTorch share: `nn` is minigan.nn or torch.nn."""

import itertools

from sizes import CHECK_SIZES, d_sizes, g_sizes


def generator(nn, width=1.0, depth=0):
    """(N, 100) noise -> (N, 784); examples/mnist_gan.py's, where width and depth are left."""
    first, *middle, last = itertools.pairwise(g_sizes(width, depth))
    layers = [nn.Linear(*first), nn.LeakyReLU(0.2)]
    for n_in, n_out in middle:
        layers += [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(*last), nn.Tanh())


def discriminator(nn, width=1.0, depth=0):
    """(N, 784) -> (N, 1) probabilities; examples/mnist_gan.py's, where width and depth are left."""
    *hidden, last = itertools.pairwise(d_sizes(width, depth))
    layers = []
    for n_in, n_out in hidden:
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(*last), nn.Sigmoid())


def tiny(nn):
    """(1, 8) -> (1, 1)"""
    return nn.Sequential(nn.Linear(8, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())


def checked(nn):
    """The network of `gradcheck`, in float64."""
    *hidden, last = itertools.pairwise(CHECK_SIZES)
    layers = [layer for sizes in hidden for layer in (nn.Linear(*sizes), nn.Tanh())]
    return nn.Sequential(*layers, nn.Linear(*last)).double()
