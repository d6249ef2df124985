"""The Wasserstein GAN on MNIST with a gradient penalty in place of clipped weights.

    python examples/mnist_wgan_gp.py

The settings are the paper's (Gulrajani et al. 2017). β₁ is that of its experiments on MNIST, 0.5.
Its Algorithm 1 has 0 (--b1 0).
losses.png shows the "gradient norm", which the penalty keeps near 1.
"""

from mnist_gan import build_generator, to_pixels
from mnist_wgan import build_critic
from paths import MNIST

from minigan import datasets, optim, rand, randn
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.run import Run
from minigan.trainers import WGANGP


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=MNIST,
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
    images, _ = read(datasets.mnist, args.data)
    G, f = build_generator(args.latent_dim), build_critic()
    wgan_gp = WGANGP(
        G,
        f,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(f.parameters(), args.lr, betas=(args.b1, args.b2)),
        penalty_weight=args.penalty_weight,
        n_critic=args.n_critic,
    )
    with Run(args, wgan_gp, fixed_noise=randn(100, args.latent_dim), picture=to_pixels) as run:
        for batch in run.minibatches(images):  # (64, 28, 28), uint8
            real = to_float(batch).reshape(-1, 784)
            eps = rand(len(real))  # ε of x̂ = ε x + (1 - ε) G(z)
            report = wgan_gp.critic_step(real, randn(len(real), args.latent_dim), eps)
            if wgan_gp.steps % args.n_critic == 0:
                report |= wgan_gp.generator_step(randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
