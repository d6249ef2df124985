"""The Wasserstein GAN on MNIST: the generator of mnist_gan.py, and a critic with clipped weights.

    python examples/mnist_wgan.py

The settings are the paper's (Arjovsky et al. 2017, Algorithm 1). losses.png shows "wasserstein",
the critic's estimate of a multiple of the distance. It falls while digits take shape. Later it
rises although the digits improve. Clipping bounds the slope of the critic, but does not fix it:
examples/studies/critic_slope.py measures the slope.
"""

from mnist_gan import build_generator, to_pixels
from paths import MNIST

from minigan import datasets, nn, optim, randn
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.run import Run
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
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=MNIST,
        n_epochs=20,
        batch_size=64,
        lr=5e-5,
        n_critic=5,
        clip_value=0.01,
        latent_dim=100,
        sample_interval=1000,
    )
    images, _ = read(datasets.mnist, args.data)
    G, f = build_generator(args.latent_dim), build_critic()
    wgan = WGAN(
        G,
        f,
        optim.RMSprop(G.parameters(), args.lr),
        optim.RMSprop(f.parameters(), args.lr),
        clip_value=args.clip_value,
        n_critic=args.n_critic,
    )
    with Run(args, wgan, fixed_noise=randn(100, args.latent_dim), picture=to_pixels) as run:
        for batch in run.minibatches(images):  # (64, 28, 28), uint8
            real = to_float(batch).reshape(-1, 784)
            report = wgan.critic_step(real, randn(len(real), args.latent_dim))
            if wgan.steps % args.n_critic == 0:
                report |= wgan.generator_step(randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
