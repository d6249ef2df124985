"""WGAN with gradient penalty on faces, or on any images of your own.

    python examples/faces_wgan_gp.py --data folder_of_images

The penalty and the number of critic steps are the paper's (Gulrajani et al. 2017, Algorithm 1).
Adam's lr is 2e-4; the paper has 1e-4. The networks follow DCGAN, with upsampling in the generator.
The critic has no batch norm, because a sample's gradient would then depend on the other samples.
--size 64 takes four to five times as long.
"""

import itertools
import math

from minigan import datasets, nn, optim, rand, randn
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.plots import to_images
from minigan.runs.run import Run
from minigan.trainers import WGANGP


def build_generator(latent_dim, size, channels):
    """(N, latent_dim) noise -> (N, channels, size, size) pixels from -1 to 1"""
    doublings = round(math.log2(size / 4))
    width = 32 * 2**doublings

    def block(n_in, n_out):
        return nn.UpsampleConv2d(n_in, n_out, 3, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()

    blocks = [block(width >> i, width >> i + 1) for i in range(doublings)]
    return nn.Sequential(
        nn.Linear(latent_dim, width * 4 * 4),
        nn.Unflatten(1, (width, 4, 4)),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *(layer for block in blocks for layer in block),
        nn.Conv2d(32, channels, 3, padding=1),
        nn.Tanh(),
    )


def build_critic(size, channels):
    """(N, channels, size, size) pixels -> (N, 1), a score"""
    halvings = round(math.log2(size / 4))
    widths = [channels, *(32 * 2**i for i in range(halvings))]
    layers = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * 4 * 4, 1))


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data_required=True,
        data_help="a folder of images, or a .npy file of images",
        size=(32, 64),
        channels=(1, 3),
        on_error=("raise", "skip"),
        n_steps=3000,
        batch_size=64,
        lr=2e-4,
        b1=0.0,
        b2=0.9,
        n_critic=5,
        penalty_weight=10.0,
        latent_dim=100,
        average=0.0,
        sample_interval=250,
    )
    settings = {"channels": args.channels, "on_error": args.on_error}
    images = read(datasets.images, args.data, args.size, **settings)
    G = build_generator(args.latent_dim, args.size, args.channels)
    f = build_critic(args.size, args.channels)
    wgan_gp = WGANGP(
        G,
        f,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(f.parameters(), args.lr, betas=(args.b1, args.b2)),
        penalty_weight=args.penalty_weight,
        n_critic=args.n_critic,
    )
    with Run(args, wgan_gp, fixed_noise=randn(100, args.latent_dim), picture=to_images) as run:
        for batch in run.minibatches(images):  # (64, channels, size, size), uint8
            real = to_float(batch)
            eps = rand(len(real))  # ε of x̂ = ε x + (1 - ε) G(z)
            report = wgan_gp.critic_step(real, randn(len(real), args.latent_dim), eps)
            if wgan_gp.steps % args.n_critic == 0:
                report |= wgan_gp.generator_step(randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
