"""The GAN of the TensorFlow 1 tutorial: one hidden layer on each side, and the paper's losses.

    python examples/mnist_gan_tf1.py

Source: github.com/golbin/TensorFlow-Tutorials, "GAN". Networks, initial weights, losses, Adam,
batch size and epochs are the same. Both players use the same noise in a step, as in the source. One
thing differs: in the source log(0) is -inf, which ends the run in NaN; here log is at least -100.
"""

from paths import MNIST

from minigan import datasets, nn, optim, randn
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.run import Run
from minigan.trainers import GAN


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


def to_pixels(samples):
    """(N, 784) pixels from 0 to 1 -> (N, 28, 28)"""
    return samples.reshape(-1, 28, 28)


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=MNIST,
        n_epochs=100,
        batch_size=100,
        lr=2e-4,
        latent_dim=128,
        sample_interval=550,
    )
    images, _ = read(datasets.mnist, args.data)
    G, D = build_generator(args.latent_dim), build_discriminator()
    gan = GAN(G, D, optim.Adam(G.parameters(), args.lr), optim.Adam(D.parameters(), args.lr))
    images = images[5000:]  # TensorFlow's reader sets the first 5,000 aside for validation
    with Run(args, gan, fixed_noise=randn(10, args.latent_dim), picture=to_pixels) as run:
        for batch in run.minibatches(images):  # (100, 28, 28), uint8
            real = to_float(batch, low=0.0).reshape(-1, 784)
            z = randn(len(real), args.latent_dim)  # the same noise for both players
            report = gan.discriminator_step(real, z)
            report |= gan.generator_step(z)
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
