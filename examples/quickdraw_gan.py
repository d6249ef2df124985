"""The Quick, Draw! GAN: its generator draws one category, and grows images from 7 × 7 pixels.

    python examples/quickdraw_gan.py --category cat

Source: D. Foster, Generative Deep Learning (O'Reilly 2019), chapter 4. Networks, initial weights,
RMSprop and its two learning rates are the book's. Three things differ. D learns from a real and a
generated batch in one step; the book takes one step on each. D's loss is the sum of both. Batch
norm's ε is 1e-5; Keras has 1e-3.

--growth transposed uses transposed convolutions, the book's other choice. docs/images.md shows the
checkerboards that they leave.
"""

from minigan import datasets, nn, optim, randn
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.plots import to_images
from minigan.runs.run import Run
from minigan.trainers import GAN


def grow(growth, n_in, n_out):
    """A layer that makes an image twice as large: (N, n_in, H, W) -> (N, n_out, 2 H, 2 W)"""
    if growth == "upsampling":
        return nn.UpsampleConv2d(n_in, n_out, 5)
    return nn.ConvTranspose2d(n_in, n_out, 5, stride=2, padding=2, output_padding=1)


def build_generator(latent_dim, growth="upsampling"):
    """(N, latent_dim) noise -> (N, 1, 28, 28) pixels from -1 to 1"""
    return nn.Sequential(
        nn.Linear(latent_dim, 64 * 7 * 7),
        nn.BatchNorm1d(64 * 7 * 7),
        nn.ReLU(),
        nn.Unflatten(1, (64, 7, 7)),
        grow(growth, 64, 128),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        grow(growth, 128, 64),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Conv2d(64, 64, 5, padding="same"),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Conv2d(64, 1, 5, padding="same"),
        nn.Tanh(),
    ).apply(initialize)


def build_discriminator():
    """(N, 1, 28, 28) pixels -> (N, 1), the probability that each image is real"""

    def block(n_in, n_out, stride):
        conv = nn.Conv2d(n_in, n_out, 5, stride=stride, padding="same")
        return conv, nn.ReLU(), nn.Dropout(0.4)

    return nn.Sequential(
        *block(1, 64, stride=2),
        *block(64, 64, stride=2),
        *block(64, 128, stride=2),
        *block(128, 128, stride=1),
        nn.Flatten(),
        nn.Linear(128 * 4 * 4, 1),
        nn.Sigmoid(),
    ).apply(initialize)


def initialize(layer):
    """Weights N(0, 0.02²), biases 0."""
    if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(layer.weight, 0.0, 0.02)
        nn.init.constant_(layer.bias, 0.0)


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=None,
        data_help="folder that holds CATEGORY.npy (default: downloaded once)",
        category="cat",
        growth=("upsampling", "transposed"),
        n_steps=500,
        batch_size=64,
        g_lr=4e-4,
        d_lr=8e-4,
        latent_dim=100,
        sample_interval=100,
    )
    images = read(datasets.quickdraw, args.category, args.data)[:, None]
    G, D = build_generator(args.latent_dim, args.growth), build_discriminator()

    def rmsprop(network, lr):  # with Keras's defaults
        return optim.RMSprop(network.parameters(), lr, alpha=0.9, eps=1e-7)

    gan = GAN(G, D, rmsprop(G, args.g_lr), rmsprop(D, args.d_lr))
    with Run(args, gan, fixed_noise=randn(100, args.latent_dim), picture=to_images) as run:
        for batch in run.minibatches(images):  # (64, 1, 28, 28), uint8
            real = to_float(batch)
            report = gan.discriminator_step(real, randn(len(real), args.latent_dim))
            report |= gan.generator_step(randn(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
