"""The GAN that most learners meet first: two small MLPs on MNIST.

    python examples/mnist_gan.py

The generator turns 100 numbers of noise into 784 pixels. The discriminator tells them from real
digits. The results are in runs/mnist_gan: sample grids, losses, an animation, a checkpoint.

The networks and settings are those of well-known scripts, but for one number: they have --b1 0.5.
Adam without momentum, --b1 0, drew much better digits in the same steps (docs/trials.md).

The weights of G move to and fro in the training, and their running mean draws better digits here:
samples.png shows the mean's digits, samples_last.png those of the last weights (docs/results.md).
"""

from paths import MNIST

from minigan import datasets, nn, optim, randn
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.run import Run
from minigan.trainers import GAN


def build_generator(latent_dim):
    """(N, latent_dim) noise -> (N, 784) pixels from -1 to 1"""

    def block(n_in, n_out):
        # Well-known scripts write BatchNorm1d(n_out, 0.8). They mean a momentum, but this 0.8 is
        # eps, which spoils the normalisation (docs/batch_norm_eps.md). Here eps is 1e-5.
        return nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.LeakyReLU(0.2)

    return nn.Sequential(
        nn.Linear(latent_dim, 128),
        nn.LeakyReLU(0.2),
        *block(128, 256),
        *block(256, 512),
        *block(512, 1024),
        nn.Linear(1024, 784),
        nn.Tanh(),
    )


def build_discriminator():
    """(N, 784) pixels -> (N, 1), the probability that each image is real"""
    return nn.Sequential(
        nn.Linear(784, 512),
        nn.LeakyReLU(0.2),
        nn.Linear(512, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 1),
        nn.Sigmoid(),
    )


def to_pixels(samples):
    """(N, 784) pixels from -1 to 1 -> (N, 28, 28) from 0 to 1"""
    return (samples.reshape(-1, 28, 28) + 1) / 2


def main(argv=None):
    args = parse_flags(  # the flags with their defaults; --seed seeds the random numbers
        __file__,
        __doc__,
        argv,
        data=MNIST,
        n_epochs=7,
        batch_size=64,
        lr=2e-4,
        decay_epoch=0,  # the learning rates stay constant
        b1=0.0,
        b2=0.999,
        latent_dim=100,
        average=0.999,  # decay of the running mean of G's weights, which draws the samples
        sample_interval=400,
    )
    images, _ = read(datasets.mnist, args.data)
    G, D = build_generator(args.latent_dim), build_discriminator()
    gan = GAN(
        G,
        D,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(D.parameters(), args.lr, betas=(args.b1, args.b2)),
    )
    with Run(args, gan, fixed_noise=randn(100, args.latent_dim), picture=to_pixels) as run:
        for batch in run.minibatches(images):  # (64, 28, 28), uint8
            real = to_float(batch).reshape(-1, 784)
            report = gan.discriminator_step(real, randn(len(real), args.latent_dim))
            report |= gan.generator_step(randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
