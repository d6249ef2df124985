"""The first GAN: the 2014 paper's networks on MNIST, trained as in the code released with it.

    python examples/mnist_gan_2014.py

Source: Goodfellow et al. 2014, section 5, and github.com/goodfeli/adversarial, mnist.yaml. The
data, networks, initial weights, dropout, noise and losses are those of the source. So are the
schedules of the learning rate and of the momentum, and the step: both players move at once, which
is not what Algorithm 1 says. One thing differs a little. The source's momentum adds up lr * g, and
SGD here adds up g. The learning rate falls by four millionths at each step, so both give nearly the
same.

The source does not say how long it trains. It names no last epoch, and its momentum rises for 250
epochs. The default here is 40 epochs, about half an hour of CPU. studies/mnist_2014_curve.py trains
for longer, and draws the number of the paper's Table 1 over the epochs.
"""

import numpy as np
from paths import MNIST

import minigan
from minigan import datasets, grad, losses, nn, optim
from minigan.datasets import to_float
from minigan.guards.steps import (
    check_optimizer,
    checked_report,
    checked_step,
)
from minigan.runs import console
from minigan.runs.flags import parse_flags, read
from minigan.runs.run import Run


def build_generator(latent_dim=100):
    """(N, latent_dim) noise -> (N, 784) pixels from 0 to 1"""
    network = nn.Sequential(
        nn.Linear(latent_dim, 1200),
        nn.ReLU(),
        nn.Linear(1200, 1200),
        nn.ReLU(),
        nn.Linear(1200, 784),
        nn.Sigmoid(),
    )
    return initialized(network, 0.05)


def build_discriminator():
    """(N, 784) pixels -> (N, 1), the probability that each image is real"""
    network = nn.Sequential(
        nn.Dropout(0.2),
        nn.Maxout(784, 240, num_pieces=5),
        nn.Dropout(0.5),
        nn.Maxout(240, 240, num_pieces=5),
        nn.Dropout(0.5),
        nn.Linear(240, 1),
        nn.Sigmoid(),
    )
    return initialized(network, 0.005)


def initialized(network, bound):
    """Weights U(-bound, bound), biases 0"""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.uniform_(layer.weight, -bound, bound)
            nn.init.constant_(layer.bias, 0.0)
    return network


def start_at_the_mean(generator, images):
    """Set the generator's last bias to log(p / (1 - p)), where p is the mean image.

    This bias alone gives p. images: (N, 28, 28) uint8. A pixel that is black in all of them counts
    as 1e-7.
    """
    p = np.clip(images.mean(axis=0).reshape(-1) / 255, 1e-7, 1 - 1e-7)
    generator[-2].bias.copy_(np.log(p / (1 - p)).astype(np.float32))


def draw_noise(n, latent_dim):
    """(n, latent_dim) of U(-√3, √3), whose variance is 1"""
    return (2 * minigan.rand(n, latent_dim) - 1) * 3**0.5


def to_pixels(samples):
    """(N, 784) pixels -> (N, 28, 28), both from 0 to 1"""
    return samples.reshape(-1, 28, 28)


def learning_rate(lr, step):
    """lr, divided by 1.000004 at every step, and 1e-6 at least"""
    return max(lr * 1.000004**-step, 1e-6)


def momentum(epoch):
    """0.5 in the first epoch, then rising linearly to 0.7 in the 250th, and 0.7 after that"""
    return 0.5 + 0.2 * min(epoch / 249, 1.0)


class SimultaneousGAN:
    """A GAN whose players step at once, with the same fakes and the same answer of D to them."""

    def __init__(self, generator, discriminator, g_optimizer, d_optimizer):
        check_optimizer(g_optimizer, generator, "generator")
        check_optimizer(d_optimizer, discriminator, "discriminator")
        self.generator = generator
        self.g_optimizer = g_optimizer
        self.discriminator = discriminator
        self.d_optimizer = d_optimizer
        self.steps = 0  # of both

    @checked_step
    def step(self, real, z):
        """Update both on a minibatch `real` and the noise z, with gradients at the old weights."""
        fake = self.generator(z)  # (m, 784)
        p_real = self.discriminator(real)  # (m, 1)
        p_fake = self.discriminator(fake)  # (m, 1)
        d_loss = losses.discriminator_loss(p_real, p_fake) / 2
        g_loss = losses.non_saturating_generator_loss(p_fake)
        report = {"d_loss": d_loss, "D(x)": p_real.mean(), "D(G(z))": p_fake.mean()}
        report = checked_report(report | {"g_loss": g_loss}, real, fake)

        self.set_gradients(self.d_optimizer, d_loss)  # not G's, which the fakes lead to
        self.set_gradients(self.g_optimizer, g_loss)  # not D's, which it passes through
        self.d_optimizer.step()
        self.g_optimizer.step()
        self.steps += 1
        return report

    def set_gradients(self, optimizer, loss):
        """Set the gradients of this player's parameters, and of no others."""
        for p, g in zip(optimizer.params, grad(loss, optimizer.params), strict=True):
            p.grad = g


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=MNIST,
        n_epochs=40,
        batch_size=100,
        lr=0.1,
        latent_dim=100,
        average=0.0,
        sample_interval=500,
    )
    images, _ = read(datasets.mnist, args.data)
    images = images[:50_000]  # the others are for validation
    G, D = build_generator(args.latent_dim), build_discriminator()
    start_at_the_mean(G, images)
    gan = SimultaneousGAN(
        G, D, optim.SGD(G.parameters(), args.lr), optim.SGD(D.parameters(), args.lr)
    )
    noise = draw_noise(100, args.latent_dim)
    with Run(args, gan, fixed_noise=noise, picture=to_pixels) as run:
        for batch in run.minibatches(images):  # (100, 28, 28), uint8
            epoch = run.steps // (len(images) // args.batch_size)
            for optimizer in (gan.d_optimizer, gan.g_optimizer):
                optimizer.lr = learning_rate(args.lr, run.steps)
                optimizer.momentum = momentum(epoch)
            real = to_float(batch, low=0.0).reshape(-1, 784)
            report = gan.step(real, draw_noise(len(real), args.latent_dim))
            run.log(report, real)
    return run.complete


if __name__ == "__main__":
    console.run(main)
