"""The GAN that most learners meet first: two small MLPs on MNIST.

    python examples/mnist_gan.py

The generator turns 100 numbers of noise into 784 pixels. The discriminator tells them from real
digits. The results are in runs/mnist_gan: sample grids, losses, an animation, a checkpoint.

The networks and settings are those of well-known scripts, but for one number: they have --b1 0.5.
Adam without momentum, --b1 0, draws much better digits in the same steps (docs/trials.md).

The weights of the two players move around an equilibrium, so their running mean is closer to it
than the last weights are: samples.png shows the mean's digits, samples_last.png the last weights'.
"""

import console
import harness

import minigan
from minigan import datasets, nn, optim
from minigan.trainers import GAN


def build_generator(latent_dim):
    """(N, latent_dim) noise -> (N, 784) pixels from -1 to 1"""

    def block(n_in, n_out):
        # The scripts that this network comes from write BatchNorm1d(n_out, 0.8). That 0.8 is meant
        # as a momentum, but by position it is eps: it goes under the root beside the variance, so
        # no layer is normalised, and some digits vanish from the samples. Here eps is 1e-5.
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
    args = harness.parse_flags(
        __doc__,
        argv,
        n_epochs=7,
        batch_size=64,
        lr=2e-4,
        decay_epoch=0,
        b1=0.0,
        b2=0.999,
        latent_dim=100,
        average=0.999,
        sample_interval=400,
    )
    images, _ = harness.read(datasets.mnist, args.data)
    G, D = build_generator(args.latent_dim), build_discriminator()
    trainer = GAN(
        G,
        D,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(D.parameters(), args.lr, betas=(args.b1, args.b2)),
    )
    return harness.train(
        args,
        trainer,
        images,
        prepare=lambda batch: datasets.to_float(batch).reshape(-1, 784),
        noise=lambda m: minigan.randn(m, args.latent_dim),
        picture=to_pixels,
    )


if __name__ == "__main__":
    console.run(main)
