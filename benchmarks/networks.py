"""The networks, with the names that minigan and PyTorch share: `nn` is minigan.nn or torch.nn."""

import itertools

from sizes import CHECK_SIZES, LATENT, d_sizes, g_sizes


def generator(nn, width=1.0, depth=0):
    """(N, 100) noise -> (N, 784). The default is the network of examples/mnist_gan.py."""
    first, *middle, last = itertools.pairwise(g_sizes(width, depth))
    layers = [nn.Linear(*first), nn.LeakyReLU(0.2)]
    for n_in, n_out in middle:
        layers += [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(*last), nn.Tanh())


def discriminator(nn, width=1.0, depth=0):
    """(N, 784) -> (N, 1) probabilities. The default is that of examples/mnist_gan.py."""
    *hidden, last = itertools.pairwise(d_sizes(width, depth))
    layers = []
    for n_in, n_out in hidden:
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(*last), nn.Sigmoid())


def dcgan(nn):
    """G: (N, 100) noise -> (N, 1, 32, 32) pixels. D: pixels -> (N, 1) probabilities.

    The layers are those of dcgan.py in github.com/eriklindernoren/PyTorch-GAN.
    """

    def grow(n_in, n_out):
        conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        return nn.Upsample(scale_factor=2), conv, nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)

    def shrink(n_in, n_out):
        conv = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)
        return conv, nn.LeakyReLU(0.2), nn.Dropout2d(0.25)

    G = nn.Sequential(
        nn.Linear(LATENT, 128 * 8 * 8), nn.Unflatten(1, (128, 8, 8)), nn.BatchNorm2d(128),
        *grow(128, 128), *grow(128, 64), nn.Conv2d(64, 1, 3, padding=1), nn.Tanh(),
    )  # fmt: skip
    D = nn.Sequential(
        *shrink(1, 16), *shrink(16, 32), nn.BatchNorm2d(32), *shrink(32, 64), nn.BatchNorm2d(64),
        *shrink(64, 128), nn.BatchNorm2d(128), nn.Flatten(), nn.Linear(512, 1), nn.Sigmoid(),
    )  # fmt: skip
    return G, D


def tiny(nn):
    """(1, 8) -> (1, 1)"""
    return nn.Sequential(nn.Linear(8, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())


def checked(nn):
    """The network of `gradcheck`, in float64."""
    *hidden, last = itertools.pairwise(CHECK_SIZES)
    layers = [layer for sizes in hidden for layer in (nn.Linear(*sizes), nn.Tanh())]
    return nn.Sequential(*layers, nn.Linear(*last)).double()
