"""How steep do the critics of mnist_wgan.py and mnist_wgan_gp.py become?

    python examples/studies/critic_slope.py                     # clipped weights
    python examples/studies/critic_slope.py --model wgan_gp     # gradient penalty

If the slope of the critic is at most K, then the estimate mean f(x) - mean f(G(z)) is at most K
times the Wasserstein distance. K itself is not known for a network. This program trains as the two
examples do, and prints during the training:

    estimate    the mean of the last 100 critic steps
    mean, max   of ‖∇f‖ at 2,000 points between real samples and fakes; K is at least "max"
    bound       the product of the largest singular values of the layers; K is at most "bound",
                because the slope of a LeakyReLU is at most 1
    distance    the sliced Wasserstein distance between 2,000 test images and 2,000 samples of G.
                The critic does not see it
"""

import argparse

import examples_path  # noqa: F401
import numpy as np
from mnist_gan import build_generator
from mnist_wgan import build_critic
from paths import MNIST

import minigan
from minigan import datasets, losses, nn, optim
from minigan.datasets import to_float
from minigan.runs import console
from minigan.runs.flags import check_flags, read, user_path
from minigan.trainers import WGAN, WGANGP

BATCH, LATENT, N_CRITIC, POINTS = 64, 100, 5, 2000
AT = 100, 300, 700, 1000, 1300, 2000, 3000, 5000, 7500, 10_000, 12_500, 15_000, 18_740


def build(model):
    """The two players and the settings of mnist_wgan.py or mnist_wgan_gp.py."""
    G, f = build_generator(LATENT), build_critic()
    if model == "wgan":
        optimizers = (optim.RMSprop(network.parameters(), 5e-5) for network in (G, f))
        return WGAN(G, f, *optimizers, clip_value=0.01, n_critic=N_CRITIC)
    optimizers = (optim.Adam(network.parameters(), 1e-4, betas=(0.5, 0.9)) for network in (G, f))
    return WGANGP(G, f, *optimizers, penalty_weight=10.0, n_critic=N_CRITIC)


def slopes(critic, real, fake, rng):
    """‖∇f‖ at a random point between each real sample and its fake: (N,)"""
    return losses.gradient_norms(critic, real, fake, rng.random(len(real))).numpy()


def slope_bound(critic):
    """The product of the largest singular values of the Linear layers"""
    weights = [layer.weight.numpy() for layer in critic if isinstance(layer, nn.Linear)]
    return np.prod([np.linalg.norm(W, 2) for W in weights])


def sliced_wasserstein(x, y, rng, directions=64):
    """The mean over random directions of W₁ between projections of (N, D) and (N, D)"""
    u = rng.normal(size=(x.shape[1], directions))
    u = (u / np.linalg.norm(u, axis=0)).astype(x.dtype)
    return abs(np.sort(x @ u, axis=0) - np.sort(y @ u, axis=0)).mean()


def measure(trainer, held_out, seed):
    """The numbers of one row: mean and max of ‖∇f‖, bound, distance."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(len(held_out), LATENT)).astype(np.float32)
    trainer.generator.eval()
    with minigan.no_grad():
        fake = trainer.generator(z).numpy()
    trainer.generator.train()
    found = slopes(trainer.critic, held_out, fake, rng)
    distance = sliced_wasserstein(held_out, fake, rng)
    return found.mean(), found.max(), slope_bound(trainer.critic), distance


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", choices=["wgan", "wgan_gp"], default="wgan")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--steps", type=int, default=AT[-1], help="critic steps (default: %(default)s)"
    )
    parser.add_argument("--data", type=user_path, default=MNIST, help="folder of MNIST")
    args = parser.parse_args(argv)
    check_flags(parser, args, steps=AT[-1])
    images, _ = read(datasets.mnist, args.data)
    test_images, _ = read(datasets.mnist, args.data, train=False)
    held_out = to_float(test_images[:POINTS]).reshape(-1, 784)

    minigan.seed(args.seed)
    trainer = build(args.model)
    batches = datasets.minibatches(images, BATCH, seed=args.seed)
    estimates = []
    print("  step  estimate  ‖∇f‖: mean     max  bound  estimate/max  distance")
    while trainer.steps < args.steps:
        for batch in batches:  # (64, 28, 28), uint8
            real = to_float(batch).reshape(-1, 784)
            z = minigan.randn(BATCH, LATENT)
            eps = [minigan.rand(BATCH)] if args.model == "wgan_gp" else []
            estimates.append(trainer.critic_step(real, z, *eps)["wasserstein"])
            if trainer.steps % N_CRITIC == 0:
                trainer.generator_step(minigan.randn(BATCH, LATENT))
            if trainer.steps in AT or trainer.steps == args.steps:
                estimate = np.mean(estimates[-100:])
                mean, largest, bound, distance = measure(trainer, held_out, args.seed)
                print(
                    f"{trainer.steps:6}  {estimate:8.4f}     {mean:8.4f}{largest:8.4f}{bound:7.2f}"
                    f"{estimate / largest:14.3f}  {distance:8.4f}",
                    flush=True,
                )
            if trainer.steps == args.steps:
                break


if __name__ == "__main__":
    console.run(main)
