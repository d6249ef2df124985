"""The Wasserstein GAN with a gradient penalty on MNIST: as mnist_wgan.py, and no weight is clipped.

    python examples/mnist_wgan_gp.py

The settings are the paper's (Gulrajani et al. 2017); its Algorithm 1 has --b1 0. Watch "gradient
norm" in losses.png, which the penalty holds near 1, where clipping leaves it to chance.
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
