"""WGAN with a gradient penalty on CIFAR-10: as cifar_wgan.py, and no weight is clipped.

    python examples/cifar_wgan_gp.py --category horse

The generator is that of cifar_wgan.py. The critic is the same too, without batch norm: batch norm
would make the gradient at one image depend on the other images of the batch. The penalty is the
paper's (Gulrajani et al. 2017, Algorithm 1), and so are Adam's settings (those of its CIFAR-10
ResNet). A batch has 16 images where the paper has 64, and a generator step follows two critic steps
where the paper has five: this gives more generator steps in the time of cifar_wgan.py.
"""

import console
import harness
from cifar_wgan import build_generator, load
from mnist_dcgan import initialize

import minigan
from minigan import datasets, nn, optim
from minigan.datasets import CIFAR10_CLASSES
from minigan.trainers import WGANGP


def build_critic():
    """(N, 3, 32, 32) pixels -> (N, 1), a score"""

    def block(n_in, n_out):
        return nn.Conv2d(n_in, n_out, 4, stride=2, padding=1), nn.LeakyReLU(0.2)

    return nn.Sequential(
        *block(3, 64),
        *block(64, 128),
        *block(128, 256),
        nn.Flatten(),
        nn.Linear(256 * 4 * 4, 1),
    ).apply(initialize)


def main(argv=None):
    args = harness.parse_flags(
        __doc__,
        argv,
        data=None,
        data_help="folder of CIFAR-10's binary version (default: downloaded once), or any images",
        category=("horse", *(c for c in CIFAR10_CLASSES if c != "horse")),
        n_steps=8400,
        batch_size=16,
        lr=2e-4,
        b1=0.0,
        b2=0.9,
        n_critic=2,
        penalty_weight=10.0,
        latent_dim=100,
        average=0.999,
        sample_interval=1000,
    )
    images = harness.read(load, args.category, args.data)
    G, f = build_generator(args.latent_dim), build_critic()
    trainer = WGANGP(
        G,
        f,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(f.parameters(), args.lr, betas=(args.b1, args.b2)),
        penalty_weight=args.penalty_weight,
        n_critic=args.n_critic,
    )
    harness.train(
        args,
        trainer,
        images,
        prepare=datasets.to_float,
        noise=lambda m: minigan.randn(m, args.latent_dim),
        picture=harness.picture,
    )


if __name__ == "__main__":
    console.run(main)
