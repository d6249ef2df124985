"""The convolutional GAN of the well-known PyTorch script, on MNIST at 32 × 32 pixels.

    python examples/mnist_dcgan.py

Source: github.com/eriklindernoren/PyTorch-GAN, dcgan.py, after Radford et al. 2015. Networks,
initial weights, Adam and batch are its own. Three things differ: batch norm's eps (see
mnist_gan.py); D steps before G and on noise of its own, as in the paper of 2014; and D's loss is
the sum of its two terms, where the script halves it (Adam does not care).
"""

import harness
import numpy as np

import minigan
from minigan import datasets, nn, optim
from minigan.trainers import GAN

SIZE = 32


def build_generator(latent_dim):
    """(N, latent_dim) noise -> (N, 1, 32, 32) pixels from -1 to 1"""
    return nn.Sequential(
        nn.Linear(latent_dim, 128 * 8 * 8),
        nn.Unflatten(1, (128, 8, 8)),
        nn.BatchNorm2d(128),
        nn.UpsampleConv2d(128, 128, 3),  # the script's Upsample(2) and Conv2d(128, 128, 3), in one
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2),
        nn.UpsampleConv2d(128, 64, 3),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, 3, padding=1),
        nn.Tanh(),
    ).apply(initialize)


def build_discriminator():
    """(N, 1, 32, 32) pixels -> (N, 1), the probability that each image is real"""

    def block(n_in, n_out):
        conv = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)
        return conv, nn.LeakyReLU(0.2), nn.Dropout2d(0.25)

    return nn.Sequential(
        *block(1, 16),
        *block(16, 32),
        nn.BatchNorm2d(32),
        *block(32, 64),
        nn.BatchNorm2d(64),
        *block(64, 128),
        nn.BatchNorm2d(128),
        nn.Flatten(),
        nn.Linear(128 * 2 * 2, 1),
        nn.Sigmoid(),
    ).apply(initialize)


def initialize(layer):
    """DCGAN's initial weights: N(0, 0.02²), and N(1, 0.02²) for batch norm's scale."""
    if isinstance(layer, nn.Conv2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


def resize(images, size=SIZE):
    """(N, H, W) uint8 -> (N, 1, size, size) uint8, bilinear as torchvision's Resize."""
    from PIL import Image

    bilinear = Image.Resampling.BILINEAR
    resized = [Image.fromarray(image).resize((size, size), bilinear) for image in images]
    return np.stack([np.asarray(image) for image in resized])[:, None]


def main(argv=None):
    args = harness.parse_flags(
        __doc__,
        argv,
        n_epochs=2,
        batch_size=64,
        lr=2e-4,
        b1=0.5,
        b2=0.999,
        latent_dim=100,
        sample_interval=200,
    )
    images, _ = harness.read(datasets.mnist, args.data)
    G, D = build_generator(args.latent_dim), build_discriminator()
    trainer = GAN(
        G,
        D,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(D.parameters(), args.lr, betas=(args.b1, args.b2)),
    )
    harness.train(
        args,
        trainer,
        resize(images),
        prepare=datasets.to_float,
        noise=lambda m: minigan.randn(m, args.latent_dim),
        picture=harness.picture,
    )


if __name__ == "__main__":
    main()
