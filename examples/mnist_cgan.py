"""A conditional GAN: ask for a digit, and the generator draws that digit.

    python examples/mnist_cgan.py

Source: Mirza & Osindero 2014, "Conditional Generative Adversarial Nets", arXiv:1411.1784. The
networks are the two MLPs of mnist_gan.py. Both get ten more inputs: the label, as a one-hot vector.
The trainer is minigan.trainers.GAN as it is, since a label is one more part of a sample. G hands
its label on to D, so D sees an image and a label, and tells real pairs from fake ones.

Each row of the sample grid is one digit. At the end a classifier reads 1,000 samples of each digit.
The program prints the share that it reads as the digit asked for. If the run is complete, --resume
prints it again. docs/conditional.md explains the example.
"""

import mnist_gan
import numpy as np
from paths import EXAMPLES, MNIST

import minigan
from minigan import backend, datasets, nn, ops, optim
from minigan.metrics.digits import classify
from minigan.runs import console
from minigan.runs.finished import FinishedRun, best_weights
from minigan.runs.flags import parse_flags, read
from minigan.runs.run import Run
from minigan.trainers import GAN


class ConditionalGenerator(nn.Sequential):
    """(N, latent_dim + 10) noise and labels -> (N, 784 + 10) pixels and the same labels"""

    def forward(self, z):
        return ops.concatenate([super().forward(z), z[:, -10:]], axis=1)


def build_generator(latent_dim):
    return ConditionalGenerator(*mnist_gan.build_generator(latent_dim + 10))


def build_discriminator():
    """(N, 784 + 10) pixels and labels -> (N, 1), the probability that each pair is real"""
    _, *others = mnist_gan.build_discriminator()
    return nn.Sequential(nn.Linear(784 + 10, 512), *others)


def one_hot(digits):
    """(N,) integers from 0 to 9 -> (N, 10) float32, on the device of the digits"""
    return backend.get_array_module(digits).eye(10, dtype=np.float32)[digits]


def with_labels(images, labels):
    """(N, 28, 28) and (N,) -> (N, 785) uint8: each row has the pixels of an image and its label."""
    return np.concatenate([images.reshape(-1, 784), labels[:, None]], axis=1)


def with_one_hot(rows):
    """(m, 785) uint8, as `with_labels` gives -> (m, 784 + 10), what D takes"""
    xp = backend.get_array_module(rows)
    return xp.concatenate([datasets.to_float(rows[:, :784]), one_hot(rows[:, 784])], axis=1)


def draw_noise(n, n_inputs, labels=range(10)):
    """(n, n_inputs), what G takes: normal noise, and each of the labels in an equal share."""
    digits = np.array(labels)[np.arange(n) * len(labels) // n]
    digits = minigan.Tensor(one_hot(backend.asarray(digits)))
    return ops.concatenate([minigan.randn(n, n_inputs - 10), digits], axis=1)


def to_pixels(samples):
    """(N, 784 + 10) -> (N, 28, 28) pixels from 0 to 1"""
    return mnist_gan.to_pixels(samples[:, :784])


def read_rates(generator, n=10_000):
    """For each digit, the share of n / 10 samples that the classifier reads as this digit: (10,)"""
    with minigan.no_grad():
        samples = generator(draw_noise(n, generator[0].in_features)).numpy()
    _, probabilities = classify(to_pixels(samples))
    return np.mean(probabilities.argmax(axis=1).reshape(10, -1) == np.arange(10)[:, None], axis=1)


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=MNIST,
        n_epochs=10,
        batch_size=64,
        lr=2e-4,
        b1=0.5,
        b2=0.999,
        latent_dim=100,
        average=0.999,
        sample_interval=400,
    )
    images, labels = read(datasets.mnist, args.data)
    G, D = build_generator(args.latent_dim), build_discriminator()
    gan = GAN(
        G,
        D,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(D.parameters(), args.lr, betas=(args.b1, args.b2)),
    )
    n_inputs = args.latent_dim + 10
    with Run(args, gan, fixed_noise=draw_noise(100, n_inputs), picture=to_pixels) as run:
        for rows in run.minibatches(with_labels(images, labels)):  # (64, 785), uint8
            real = with_one_hot(rows)  # (64, 784 + 10)
            report = gan.discriminator_step(real, draw_noise(len(real), n_inputs))
            report |= gan.generator_step(draw_noise(len(real), n_inputs))
            run.log(report, real)
    if run.complete:
        finished = FinishedRun(args.out, EXAMPLES)
        minigan.seed(args.seed)
        rates = read_rates(finished.network("generator", best_weights(finished.state)))
        print("samples that the classifier reads as the digit asked for:")
        print(*(f"{digit}: {rate:.1%}" for digit, rate in enumerate(rates)), sep="   ")
        print(f"all digits: {rates.mean():.2%}")
    return run.complete


if __name__ == "__main__":
    console.run(main)
