"""The convolutional GAN of the well-known PyTorch script, on MNIST at 32 × 32 pixels.

    python examples/mnist_dcgan.py

Source: github.com/eriklindernoren/PyTorch-GAN, dcgan.py, after Radford et al. 2015. Networks,
initial weights, Adam and the order of the steps are the same. Three things differ. Batch norm's eps
is 1e-5 (see mnist_gan.py). The script trains 200 epochs with batches of 64; here there are three
epochs with batches of 32, which gives twice the steps. The script draws samples with the last
weights of G; here their running mean draws them. `--batch_size 64 --average 0` is as in the script.
"""

import numpy as np
from paths import MNIST

from minigan import datasets, losses, nn, optim, randn
from minigan.datasets import to_float
from minigan.guards.steps import (
    check_optimizer,
    checked_report,
    checked_step,
)
from minigan.nn import frozen
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.plots import to_images
from minigan.runs.run import Run

SIZE = 32


def build_generator(latent_dim):
    """(N, latent_dim) noise -> (N, 1, 32, 32) pixels from -1 to 1"""
    return nn.Sequential(
        nn.Linear(latent_dim, 128 * 8 * 8),
        nn.Unflatten(1, (128, 8, 8)),
        nn.BatchNorm2d(128),
        nn.UpsampleConv2d(128, 128, 3),  # the script's Upsample and Conv2d(128, 128, 3) in one
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
    """DCGAN's initial weights of convolutions, N(0, 0.02²), and of batch norm, N(1, 0.02²)."""
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


class SameFakesGAN:
    """A GAN in which G steps first, and D then learns from the same fakes."""

    def __init__(self, generator, discriminator, g_optimizer, d_optimizer):
        check_optimizer(g_optimizer, generator, "generator")
        check_optimizer(d_optimizer, discriminator, "discriminator")
        self.generator = generator
        self.g_optimizer = g_optimizer
        self.discriminator = discriminator
        self.d_optimizer = d_optimizer
        self.steps = 0  # steps of both players

    @checked_step
    def step(self, real, z):
        """Update both players, on a minibatch `real` of data and on G(z)."""
        fake = self.generator(z)  # (m, 1, 32, 32)
        with frozen(self.discriminator):  # D is fixed
            g_loss = losses.non_saturating_generator_loss(self.discriminator(fake))
        p_real = self.discriminator(real)  # (m, 1)
        p_fake = self.discriminator(fake.detach())  # (m, 1)
        d_loss = losses.discriminator_loss(p_real, p_fake) / 2
        report = {"d_loss": d_loss, "D(x)": p_real.mean(), "D(G(z))": p_fake.mean()}
        report = checked_report(report | {"g_loss": g_loss}, real, fake)

        self.g_optimizer.zero_grad()
        g_loss.backward()
        self.g_optimizer.step()

        self.d_optimizer.zero_grad()
        d_loss.backward()
        self.d_optimizer.step()
        self.steps += 1
        return report


def resize(images, size=SIZE):
    """(N, H, W) uint8 -> (N, 1, size, size) uint8, bilinear like torchvision's Resize."""
    from PIL import Image

    bilinear = Image.Resampling.BILINEAR
    resized = [Image.fromarray(image).resize((size, size), bilinear) for image in images]
    return np.stack([np.asarray(image) for image in resized])[:, None]


def to_pixels(samples):
    """(N, 1, 32, 32) from -1 to 1 -> (N, 28, 28) from 0 to 1 in steps of 1/255, for metrics."""
    images = np.rint((samples[:, 0] + 1) * 127.5).astype(np.uint8)
    return to_float(resize(images, 28)[:, 0], 0.0)


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=MNIST,
        n_epochs=3,
        batch_size=32,
        lr=2e-4,
        b1=0.5,
        b2=0.999,
        latent_dim=100,
        average=0.999,
        sample_interval=200,
    )
    images, _ = read(datasets.mnist, args.data)
    G, D = build_generator(args.latent_dim), build_discriminator()
    gan = SameFakesGAN(
        G,
        D,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(D.parameters(), args.lr, betas=(args.b1, args.b2)),
    )
    with Run(args, gan, fixed_noise=randn(100, args.latent_dim), picture=to_images) as run:
        for batch in run.minibatches(resize(images)):  # (32, 1, 32, 32), uint8
            real = to_float(batch)
            report = gan.step(real, randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
