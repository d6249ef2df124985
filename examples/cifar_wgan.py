"""The Wasserstein GAN with clipped weights on CIFAR-10. The default category is horses.

    python examples/cifar_wgan.py --category horse

Clipping and RMSprop are the paper's (Arjovsky et al. 2017, Algorithm 1). The networks follow DCGAN,
with batch norm in both, for 32 × 32 pixels. As in the authors' code, the critic's scales of batch
norm are clipped like all its weights. The paper has batches of 64, a learning rate of 5e-5 and five
critic steps per generator step, and trains for much longer. In half an hour the generator needs
more and larger steps: here are batches of 16, a learning rate of 2e-4 and two critic steps. The
running mean of G's weights draws the samples.
"""

from mnist_dcgan import initialize

from minigan import datasets, nn, optim, randn
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.plots import to_images
from minigan.runs.run import Run
from minigan.trainers import WGAN


def build_generator(latent_dim):
    """(N, latent_dim) noise -> (N, 3, 32, 32) pixels from -1 to 1"""

    def block(n_in, n_out):
        grow = nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=False)
        return grow, nn.BatchNorm2d(n_out), nn.ReLU()

    return nn.Sequential(
        nn.Linear(latent_dim, 256 * 4 * 4),
        nn.Unflatten(1, (256, 4, 4)),
        nn.BatchNorm2d(256),
        nn.ReLU(),
        *block(256, 128),
        *block(128, 64),
        nn.ConvTranspose2d(64, 3, 4, stride=2, padding=1),
        nn.Tanh(),
    ).apply(initialize)


def build_critic():
    """(N, 3, 32, 32) pixels -> (N, 1), a score"""

    def block(n_in, n_out):
        shrink = nn.Conv2d(n_in, n_out, 4, stride=2, padding=1, bias=False)
        return shrink, nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)

    return nn.Sequential(
        nn.Conv2d(3, 64, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        *block(64, 128),
        *block(128, 256),
        nn.Flatten(),
        nn.Linear(256 * 4 * 4, 1),
    ).apply(initialize)


DATA_FLAGS = {
    "data": None,
    "data_help": "folder of CIFAR-10's binary version (default: downloaded once), or any images",
    "category": ("horse", *(c for c in datasets.CIFAR10_CLASSES if c != "horse")),
    "on_error": ("raise", "skip"),
}


def load(category, data, on_error="raise"):
    """CIFAR-10's training images of a category, from its files or from a .npy or folder of them."""
    patterns = "*_batch*.bin", "*/*_batch*.bin", "cifar-10-*.tar.gz"
    if data is None or any(any(data.glob(pattern)) for pattern in patterns):
        images, labels = datasets.cifar10(data)
        return images[labels == datasets.CIFAR10_CLASSES.index(category)]
    return datasets.images(data, size=32, on_error=on_error)


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        **DATA_FLAGS,
        n_steps=12000,
        batch_size=16,
        lr=2e-4,
        n_critic=2,
        clip_value=0.01,
        latent_dim=100,
        average=0.999,
        sample_interval=1000,
    )
    images = read(load, args.category, args.data, on_error=args.on_error)
    G, f = build_generator(args.latent_dim), build_critic()
    wgan = WGAN(
        G,
        f,
        optim.RMSprop(G.parameters(), args.lr),
        optim.RMSprop(f.parameters(), args.lr),
        clip_value=args.clip_value,
        n_critic=args.n_critic,
    )
    with Run(args, wgan, fixed_noise=randn(100, args.latent_dim), picture=to_images) as run:
        for batch in run.minibatches(images):  # (16, 3, 32, 32), uint8
            real = to_float(batch)
            report = wgan.critic_step(real, randn(len(real), args.latent_dim))
            if wgan.steps % args.n_critic == 0:
                report |= wgan.generator_step(randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
