"""The measurements of docs/questions.md. Each prints the small table of one answer.

python examples/studies/questions.py shapes       # the shapes of images through two networks
python examples/studies/questions.py order        # which player first, and fresh or shared noise
python examples/studies/questions.py smoothing    # labels of 0.9 for real, and of 0.1 for fakes
"""

import argparse

import examples_path  # noqa: F401
import faces_wgan_gp
import numpy as np
from theory_tools import spread
from theory_troubles import BATCH, RING, mlp, noise

import minigan
from minigan import losses, metrics, nn, optim
from minigan.runs import console
from minigan.runs.flags import check_flags
from minigan.trainers import GAN


def shapes(args):
    """Print the shape of one sample after each layer of faces_wgan_gp.py's networks."""
    for size in (32, 64):
        generator = faces_wgan_gp.build_generator(100, size, 3)
        critic = faces_wgan_gp.build_critic(size, 3)
        print(f"--size {size}")
        print("  G: " + shapes_through(generator, (2, 100)))
        print("  f: " + shapes_through(critic, (2, 3, size, size)))


def shapes_through(network, shape):
    """The shapes of one sample through the layers that change it, as text"""
    x = minigan.randn(*shape)
    texts = ["×".join(map(str, x.shape[1:]))]
    for layer in network:
        x, before = layer(x), x.shape
        if x.shape != before:
            texts.append("×".join(map(str, x.shape[1:])))
    return " → ".join(texts)


class OrderedGAN(GAN):
    """A GAN whose player order and noise are settings, to compare them.

    g_first: step G before D. shared: both steps of a pair use the same noise.
    """

    def __init__(self, *players, g_first, shared):
        super().__init__(*players)
        self.g_first, self.shared = g_first, shared

    def train(self, minibatches, noise):
        for real in minibatches:
            z = noise(len(real))
            other = z if self.shared else noise(len(real))
            if self.g_first:
                report = self.generator_step(other) | self.discriminator_step(real, z)
            else:
                report = self.discriminator_step(real, z) | self.generator_step(other)
            yield report


def adam(network):
    return optim.Adam(network.parameters(), 1e-3, betas=(0.5, 0.999))


def order(args):
    """Print the modes of a ring of 8 and the share of good samples, for each order and noise."""
    print("first   noise    modes found, per seed   high quality, median and range")
    for g_first in (False, True):
        for shared in (False, True):
            scores = [ring_scores(seed, args.steps, g_first, shared) for seed in range(args.seeds)]
            modes = " ".join(str(score["modes"]) for score in scores)
            quality = spread([score["high_quality"] for score in scores], ".1%")
            first, draws = "G" if g_first else "D", "shared" if shared else "fresh"
            print(f"{first:7} {draws:8} {modes:23} {quality}")


def ring_scores(seed, steps, g_first, shared):
    minigan.seed(seed)
    rng = np.random.default_rng(seed)
    G, D = mlp(2, 2), nn.Sequential(*mlp(2, 1), nn.Sigmoid())
    gan = OrderedGAN(G, D, adam(G), adam(D), g_first=g_first, shared=shared)
    batches = (RING.sample(BATCH, rng) for _ in range(steps))
    for _ in gan.train(batches, noise):
        pass
    with minigan.no_grad():
        samples = G(noise(2500)).numpy()
    return metrics.mixture_scores(samples, RING.modes, RING.std)


def smoothing(args):
    """Train D for a fixed G with smoothed labels, and print its answers beside the best ones.

    Real samples are N(-1, 0.5²) and fakes N(1, 0.5²). With the labels α for real and β for fakes,
    the best D is (α p_data + β p_g)/(p_data + p_g) (Salimans et al. 2016, section 3.4).
    """
    print("labels (real, fake)   D(-1)   best    D(0)    best    D(1)    best")
    x = np.array([[-1.0], [0.0], [1.0]], dtype=np.float32)
    p_data, p_g = (np.exp(-((x[:, 0] - mean) ** 2) / (2 * 0.5**2)) for mean in (-1, 1))
    for alpha, beta in ((1.0, 0.0), (0.9, 0.0), (0.9, 0.1)):
        D = train_discriminator(alpha, beta, args.steps)
        best = (alpha * p_data + beta * p_g) / (p_data + p_g)
        with minigan.no_grad():
            answers = D(x).numpy()[:, 0]
        cells = "  ".join(f"{a:.3f}   {b:.3f}" for a, b in zip(answers, best, strict=True))
        print(f"{alpha:4}, {beta:3}             {cells}")


def train_discriminator(alpha, beta, steps):
    minigan.seed(0)
    D = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1), nn.Sigmoid())
    optimizer = optim.Adam(D.parameters(), 3e-3)
    for _ in range(steps):
        real, fake = (0.5 * minigan.randn(512, 1) + mean for mean in (-1.0, 1.0))
        loss = losses.binary_cross_entropy(D(real), alpha)
        loss = loss + losses.binary_cross_entropy(D(fake), beta)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return D


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    measurements = {"shapes": shapes, "order": order, "smoothing": smoothing}
    parser.add_argument("name", choices=measurements)
    parser.add_argument("--seed", type=int, default=0, help="seed of `shapes`")
    parser.add_argument("--steps", type=int, default=2000, help="training steps (default: 2000)")
    parser.add_argument("--seeds", type=int, default=5, help="runs of `order` (default: 5)")
    args = parser.parse_args(argv)
    check_flags(parser, args, steps=2000, seeds=5)
    minigan.seed(args.seed)
    measurements[args.name](args)


if __name__ == "__main__":
    console.run(main)
