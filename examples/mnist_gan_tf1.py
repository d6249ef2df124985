"""The GAN of the TensorFlow 1 tutorial: one hidden layer on each side, and the paper's losses.

    python examples/mnist_gan_tf1.py

Source: github.com/golbin/TensorFlow-Tutorials, "GAN". Networks, initial weights, losses, Adam,
batch size and epochs are the same. Both players use the same noise in a step, as in the source. One
thing differs: in the source log(0) is -inf, which ends the run in NaN; here log is at least -100.
"""

import console
import harness

import minigan
from minigan import datasets, losses, nn, optim
from minigan.guards.steps import (
    check_optimizer,
    check_samples,
    checked_report,
    undo_if_refused,
)
from minigan.nn import frozen
from minigan.tensor import as_tensor


def build_generator(latent_dim=128, n_hidden=256):
    """(N, latent_dim) noise -> (N, 784) pixels from 0 to 1"""
    layers = nn.Linear(latent_dim, n_hidden), nn.ReLU(), nn.Linear(n_hidden, 784), nn.Sigmoid()
    return nn.Sequential(*layers).apply(initialize)


def build_discriminator(n_hidden=256):
    """(N, 784) pixels -> (N, 1), the probability that each image is real"""
    layers = nn.Linear(784, n_hidden), nn.ReLU(), nn.Linear(n_hidden, 1), nn.Sigmoid()
    return nn.Sequential(*layers).apply(initialize)


def initialize(layer):
    """Weights N(0, 0.01²), biases 0"""
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.constant_(layer.bias, 0.0)


class SameNoiseGAN:
    """A GAN whose generator step uses the same noise as the discriminator step before it."""

    def __init__(self, generator, discriminator, g_optimizer, d_optimizer):
        check_optimizer(g_optimizer, generator, "generator")
        check_optimizer(d_optimizer, discriminator, "discriminator")
        self.generator, self.g_optimizer = generator, g_optimizer
        self.discriminator, self.d_optimizer = discriminator, d_optimizer
        self.steps = 0  # discriminator steps

    @undo_if_refused
    def discriminator_step(self, real, z):
        """Update D once by gradient ascent, on a minibatch `real` of data and on G(z)."""
        real, z = as_tensor(real), as_tensor(z)
        with minigan.no_grad():  # G is fixed
            fake = self.generator(z)
        check_samples(real, fake)
        p_real = self.discriminator(real)
        p_fake = self.discriminator(fake)
        loss = losses.discriminator_loss(p_real, p_fake)
        report = {"d_loss": loss, "D(x)": p_real.mean(), "D(G(z))": p_fake.mean()}
        report = checked_report(report, real.data)

        self.d_optimizer.zero_grad()
        loss.backward()
        self.d_optimizer.step()
        self.steps += 1
        return report

    @undo_if_refused
    def generator_step(self, z):
        """Update G once by gradient descent, on the noise z."""
        z = as_tensor(z)
        with frozen(self.discriminator):  # D is fixed
            p_fake = self.discriminator(self.generator(z))
            loss = losses.non_saturating_generator_loss(p_fake)
            report = checked_report({"g_loss": loss}, z.data)

            self.g_optimizer.zero_grad()
            loss.backward()
        self.g_optimizer.step()
        return report

    def train(self, minibatches, noise):
        """Step D and then G on every minibatch, with the same noise. Yields the reports."""
        for real in minibatches:
            z = noise(len(real))
            yield self.discriminator_step(real, z) | self.generator_step(z)


def to_pixels(samples):
    """(N, 784) pixels from 0 to 1 -> (N, 28, 28)"""
    return samples.reshape(-1, 28, 28)


def main(argv=None):
    args = harness.parse_flags(
        __doc__, argv, n_epochs=100, batch_size=100, lr=2e-4, latent_dim=128, sample_interval=550
    )
    images, _ = harness.read(datasets.mnist, args.data)
    G, D = build_generator(args.latent_dim), build_discriminator()
    harness.train(
        args,
        SameNoiseGAN(
            G, D, optim.Adam(G.parameters(), args.lr), optim.Adam(D.parameters(), args.lr)
        ),
        images[5000:],  # TensorFlow's reader sets the first 5,000 aside for validation
        prepare=lambda batch: datasets.to_float(batch, low=0.0).reshape(-1, 784),
        noise=lambda m: minigan.randn(m, args.latent_dim),
        picture=to_pixels,
        n_samples=10,  # in a row
    )


if __name__ == "__main__":
    console.run(main)
