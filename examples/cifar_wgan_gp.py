"""WGAN with a gradient penalty on CIFAR-10, on the images of cifar_wgan.py.

    python examples/cifar_wgan_gp.py --category horse

The generator is that of cifar_wgan.py. The critic is the same with layer norm in place of batch
norm, as the paper recommends (Gulrajani et al. 2017, section 4): with batch norm, the gradient at
one image would depend on the other images of the batch. The penalty is the paper's (Algorithm 1).
Adam's settings are those of its CIFAR-10 ResNet. The paper has batches of 64 and five critic steps
per generator step. Here there are 16 images and two critic steps, which gives more generator steps
in half an hour.
"""

from cifar_wgan import DATA_FLAGS, build_generator, load
from mnist_dcgan import initialize

from minigan import nn, optim, rand, randn
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.plots import to_images
from minigan.runs.run import Run
from minigan.trainers import WGANGP


def build_critic():
    """(N, 3, 32, 32) pixels -> (N, 1), a score"""

    def block(n_in, n_out, size):
        shrink = nn.Conv2d(n_in, n_out, 4, stride=2, padding=1)
        return shrink, nn.LayerNorm((n_out, size, size)), nn.LeakyReLU(0.2)

    return nn.Sequential(
        nn.Conv2d(3, 64, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        *block(64, 128, 8),
        *block(128, 256, 4),
        nn.Flatten(),
        nn.Linear(256 * 4 * 4, 1),
    ).apply(initialize)


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        **DATA_FLAGS,
        n_steps=10000,
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
    images = read(load, args.category, args.data, on_error=args.on_error)
    G, f = build_generator(args.latent_dim), build_critic()
    wgan_gp = WGANGP(
        G,
        f,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(f.parameters(), args.lr, betas=(args.b1, args.b2)),
        penalty_weight=args.penalty_weight,
        n_critic=args.n_critic,
    )
    with Run(args, wgan_gp, fixed_noise=randn(100, args.latent_dim), picture=to_images) as run:
        for batch in run.minibatches(images):  # (16, 3, 32, 32), uint8
            real = to_float(batch)
            eps = rand(len(real))  # ε of x̂ = ε x + (1 - ε) G(z)
            report = wgan_gp.critic_step(real, randn(len(real), args.latent_dim), eps)
            if wgan_gp.steps % args.n_critic == 0:
                report |= wgan_gp.generator_step(randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
