"""The Wasserstein GAN on MNIST with a gradient penalty in place of clipped weights.

    python examples/mnist_wgan_gp.py

The settings are the paper's (Gulrajani et al. 2017), except for β₁: its Algorithm 1 has 0 (--b1 0).
losses.png shows the "gradient norm", which the penalty keeps near 1.
"""

import console
import harness
from mnist_gan import build_generator, to_pixels
from mnist_wgan import build_critic

import minigan
from minigan import datasets, optim
from minigan.trainers import WGANGP


def main(argv=None):
    args = harness.parse_flags(
        __doc__,
        argv,
        n_epochs=20,
        batch_size=64,
        lr=1e-4,
        b1=0.5,
        b2=0.9,
        n_critic=5,
        penalty_weight=10.0,
        latent_dim=100,
        average=0.0,
        sample_interval=1000,
    )
    images, _ = harness.read(datasets.mnist, args.data)
    G, f = build_generator(args.latent_dim), build_critic()
    trainer = WGANGP(
        G,
        f,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(f.parameters(), args.lr, betas=(args.b1, args.b2)),
        penalty_weight=args.penalty_weight,
        n_critic=args.n_critic,
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
