"""The GAN of the Keras tutorial: D learns from a real and a generated batch in one step.

    python examples/mnist_gan_keras.py

Source: github.com/Zackory/Keras-MNIST-GAN, mnist_gan.py, which many write-ups copy. Networks,
initial weights, dropout, labels (0.9 for real, 0 for generated), Adam, batch size and the order of
the steps are the same. Two things differ. The source draws real images with replacement; here an
epoch uses each image once. In the source both models share one Adam, so its step count is doubled.
"""

import math

from mnist_gan import to_pixels
from paths import MNIST

from minigan import datasets, losses, nn, no_grad, optim, randn, tensor
from minigan.datasets import to_float
from minigan.guards.steps import checked_report, checked_step
from minigan.ops import concatenate
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.run import Run
from minigan.trainers import GAN


def build_generator(latent_dim=100):
    """(N, latent_dim) noise -> (N, 784) pixels from -1 to 1"""
    return initialized(
        nn.Sequential(
            nn.Linear(latent_dim, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 512),
            nn.LeakyReLU(0.2),
            nn.Linear(512, 1024),
            nn.LeakyReLU(0.2),
            nn.Linear(1024, 784),
            nn.Tanh(),
        )
    )


def build_discriminator():
    """(N, 784) pixels -> (N, 1), the probability that each image is real"""
    return initialized(
        nn.Sequential(
            nn.Linear(784, 1024),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(1024, 512),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(512, 256),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(256, 1),
            nn.Sigmoid(),
        )
    )


def initialized(network):
    """The first layer's weights from N(0, 0.02²), the others from Glorot's U(-a, a); biases 0."""
    for i, layer in enumerate(layer for layer in network if isinstance(layer, nn.Linear)):
        bound = math.sqrt(6 / (layer.in_features + layer.out_features))
        nn.init.uniform_(layer.weight, -bound, bound)
        if i == 0:
            nn.init.normal_(layer.weight, std=0.02)
        nn.init.constant_(layer.bias, 0.0)
    return network


class ConcatenatedGAN(GAN):
    """A GAN whose discriminator sees real and generated samples as one batch, with their labels."""

    @checked_step
    def discriminator_step(self, real, z):
        """Update D once, on the minibatch `real` and G(z) as one batch."""
        m = len(real)
        with no_grad():  # G is fixed
            fake = self.generator(z)  # (m, 784)
        x = concatenate([real, fake])  # (2m, 784)
        labels = tensor([[self.real_label]] * m + [[0.0]] * m)  # (2m, 1)
        p = self.discriminator(x)  # (2m, 1)
        loss = losses.binary_cross_entropy(p, labels)
        report = {"d_loss": loss, "D(x)": p[:m].mean(), "D(G(z))": p[m:].mean()}
        report = checked_report(report, real, fake)

        self.d_optimizer.zero_grad()
        loss.backward()
        self.d_optimizer.step()
        self.steps += 1
        return report


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=MNIST,
        n_epochs=20,
        batch_size=128,
        lr=2e-4,
        b1=0.5,
        b2=0.999,
        latent_dim=100,
        sample_interval=468,
    )
    images, _ = read(datasets.mnist, args.data)
    G, D = build_generator(args.latent_dim), build_discriminator()

    def adam(network):
        # 1e-7 is Keras's default
        return optim.Adam(network.parameters(), args.lr, betas=(args.b1, args.b2), eps=1e-7)

    gan = ConcatenatedGAN(G, D, adam(G), adam(D), real_label=0.9)
    with Run(args, gan, fixed_noise=randn(100, args.latent_dim), picture=to_pixels) as run:
        for batch in run.minibatches(images):  # (128, 28, 28), uint8
            real = to_float(batch).reshape(-1, 784)
            report = gan.discriminator_step(real, randn(len(real), args.latent_dim))
            report |= gan.generator_step(randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
