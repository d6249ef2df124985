"""The Wasserstein GAN on MNIST: the generator of mnist_gan.py, and a critic with clipped weights.

    python examples/mnist_wgan.py

The settings are the paper's (Arjovsky et al. 2017, Algorithm 1). losses.png shows "wasserstein",
the critic's estimate of the distance. It falls while digits take shape. Later it rises slowly
although the digits improve, because the critic becomes steeper: clipping bounds its slope but does
not fix it.
"""

import console
import harness
from mnist_gan import build_generator, to_pixels

import minigan
from minigan import datasets, nn, optim
from minigan.trainers import WGAN


def build_critic():
    """(N, 784) pixels -> (N, 1), a score: the discriminator of mnist_gan.py without its Sigmoid"""
    return nn.Sequential(
        nn.Linear(784, 512),
        nn.LeakyReLU(0.2),
        nn.Linear(512, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 1),
    )


def main(argv=None):
    args = harness.parse_flags(
        __doc__,
        argv,
        n_epochs=20,
        batch_size=64,
        lr=5e-5,
        n_critic=5,
        clip_value=0.01,
        latent_dim=100,
        sample_interval=1000,
    )
    images, _ = harness.read(datasets.mnist, args.data)
    G, f = build_generator(args.latent_dim), build_critic()
    trainer = WGAN(
        G,
        f,
        optim.RMSprop(G.parameters(), args.lr),
        optim.RMSprop(f.parameters(), args.lr),
        clip_value=args.clip_value,
        n_critic=args.n_critic,
    )
    harness.train(
        args,
        trainer,
        images,
        prepare=lambda batch: datasets.to_float(batch).reshape(-1, 784),
        noise=lambda m: minigan.randn(m, args.latent_dim),
        picture=to_pixels,
    )


if __name__ == "__main__":
    console.run(main)
