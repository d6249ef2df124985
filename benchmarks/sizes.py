"""The sizes of the networks, and Adam's settings, for all libraries of the benchmark.

All arrays are float32. Only `gradcheck` needs float64.
"""

BATCH = 64
LATENT = 100
G_SIZES = [LATENT, 128, 256, 512, 1024, 784]  # examples/mnist_gan.py
D_SIZES = [784, 512, 256, 1]
ADAM = dict(lr=2e-4, betas=(0.5, 0.999), eps=1e-8)

WGAN_GP_ADAM = dict(lr=1e-4, betas=(0.5, 0.9), eps=1e-8)  # examples/mnist_wgan_gp.py
RMSPROP = dict(lr=5e-5)  # examples/mnist_wgan.py
CLIP_VALUE = 0.01
N_CRITIC = 5
PENALTY_WEIGHT = 10.0

CHAIN = 1000  # operations
CHECK_SIZES, CHECK_BATCH = [8, 16, 16, 1], 4  # the network of `gradcheck`, a Tanh between layers


def g_sizes(width=1.0, depth=0):
    """The generator's sizes: its hidden layers `width` times as wide, and `depth` more of 512.

    >>> g_sizes(0.5, 2)
    [100, 64, 128, 256, 512, 256, 256, 784]
    """
    first, *hidden, last = G_SIZES
    return [first, *scaled(hidden + [512] * depth, width), last]


def d_sizes(width=1.0, depth=0):
    """The discriminator's.

    >>> d_sizes(0.5, 2)
    [784, 256, 256, 256, 128, 1]
    """
    first, wide, *narrow, last = D_SIZES
    return [first, *scaled([wide] + [512] * depth + narrow, width), last]


def scaled(sizes, width):
    return [round(width * size) for size in sizes]
