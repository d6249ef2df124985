"""Use a trained generator: sort its samples, walk between them, and test whether it copies.

    python examples/trained_generator.py                        # the one that comes with minigan
    python examples/trained_generator.py --run runs/mnist_wgan  # one of yours
    python examples/trained_generator.py --run runs/mnist_gan --export examples/data/mnist_gan

The last line makes the one that comes with minigan, from the default run of mnist_gan.py.
It takes runs of mnist_gan, mnist_gan_keras, mnist_wgan and mnist_wgan_gp. In these, the noise is
normal, and an image is a row of 784 pixels.

Draws in --out:
    samples.png        the samples that D finds best and worst among 1,000
    interpolation.png  walks from one noise to another, on a line and on an arc
    neighbours.png     samples, and below each the training images that are nearest to it
"""

import argparse
from pathlib import Path

import numpy as np
from paths import EXAMPLES, MNIST, TRAINED
from theory_tools import new_figure, save_figure

import minigan
from minigan import datasets
from minigan.metrics.rows import squared_distances
from minigan.runs import console, plots
from minigan.runs.files import check_writable
from minigan.runs.finished import FinishedRun, best_weights
from minigan.runs.flags import check_flags, read, user_path

NAMES = ["mnist_gan", "mnist_gan_keras", "mnist_wgan", "mnist_wgan_gp"]


def load(folder):
    """Load from a folder: the Run, its generator, and the discriminator or critic."""
    run = FinishedRun(folder, EXAMPLES, NAMES)
    player = "discriminator" if hasattr(run.module, "build_discriminator") else "critic"
    G = run.network("generator", best_weights(run.state))
    return run, G, run.network(player)


def export(state, folder):
    """Write the two networks of a run in float16, G with its best weights, and no optimizer."""
    opponent = "discriminator" if "discriminator" in state else "critic"
    networks = {"generator": best_weights(state), opponent: state[opponent]}
    kept = {key: state[key] for key in ("example", "steps", "flags")}
    for player, weights in networks.items():
        kept[player] = {
            name: array.astype(np.float16) if array.dtype == np.float32 else array
            for name, array in weights.items()
        }
    minigan.save(kept, check_writable(folder) / "checkpoint.npz")


def lerp(a, b, t):
    """The point at t between a and b on a line. Halfway, Gaussian noise is 0.7 times as long.

    >>> lerp(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.5)
    array([0.5, 0.5])
    """
    return (1 - t) * a + t * b


def slerp(a, b, t):
    """The point at t on the arc between a and b (Shoemake 1985; for GANs: White 2016, section 2.1).

    >>> slerp(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.5).round(3)
    array([0.707, 0.707])
    """
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    if abs(cosine) > 1 - 1e-6:  # one direction, or two opposite ones: there is no single arc
        return lerp(a, b, t)
    angle = np.arccos(cosine)
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def walks(start, end, n):
    """Points on the way from each noise in `start` to that in `end`, both (M, I): (M · 2 · n, I)

    First come the n points on the line of the first pair, then those on its arc.
    """
    times = np.linspace(0, 1, n)
    pairs = zip(start, end, strict=True)
    return np.array([walk(a, b, t) for a, b in pairs for walk in (lerp, slerp) for t in times])


def nearest(samples, images, n):
    """For each sample the indices of, and distances to, the n images that are nearest in pixels."""
    indices, squares = [], []
    for block in squared_distances(samples, images):
        indices.append(np.argpartition(block, range(n), axis=1)[:, :n])  # these n alone are sorted
        squares.append(np.take_along_axis(block, indices[-1], axis=1))
    return np.concatenate(indices), np.sqrt(np.concatenate(squares))


def draw_samples(path, samples, scores):
    """The fifty samples that D finds most real, and the fifty that it finds least."""
    order = np.argsort(-scores)
    figure, panels = new_figure(1, 2, (10, 3.2))
    for axes, title, chosen in (
        (panels[0, 0], "best", order[:50]),
        (panels[0, 1], "worst", order[-50:]),
    ):
        axes.imshow(plots.tile(samples[chosen].reshape(-1, 28, 28)), cmap="gray")
        low, high = scores[chosen].min(), scores[chosen].max()
        axes.set(xticks=[], yticks=[], title=f"{title} of {len(samples)}: {low:.2f} to {high:.2f}")
    save_figure(figure, path)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=user_path, default=TRAINED, help="folder of a run")
    parser.add_argument("--data", type=user_path, default=MNIST, help="folder of the MNIST files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=user_path, default=Path("runs/trained_generator"))
    parser.add_argument("--export", type=user_path, help="folder for a small copy of the run")
    args = parser.parse_args(argv)
    check_flags(parser, args)
    read(check_writable, args.out)
    run, G, D = read(load, args.run)
    if args.export:
        read(export, run.state, args.export)
    images = datasets.to_float(read(datasets.mnist, args.data)[0], 0.0).reshape(-1, 784)
    minigan.seed(args.seed)

    def generate(z):
        """Pixels from 0 to 1, (N, 784), and D's opinion of each, (N,)"""
        with minigan.no_grad():
            pixels = G(minigan.Tensor(np.asarray(z, dtype=np.float32)))
            return run.module.to_pixels(pixels.numpy()).reshape(-1, 784), D(pixels).numpy()[:, 0]

    z = minigan.randn(1000, G[0].in_features).numpy()
    samples, scores = generate(z)
    draw_samples(args.out / "samples.png", samples, scores)

    walked = generate(walks(z[:4], z[4:8], 12))[0].reshape(-1, 28, 28)
    plots.save_images(args.out / "interpolation.png", walked, columns=12, scale=2)

    indices, fake = nearest(samples, images, 5)
    rows = [np.stack([s, *images[i]]) for s, i in zip(samples[:10], indices[:10], strict=True)]
    tiles = np.stack(rows, axis=1).reshape(-1, 28, 28)  # a column for each sample
    plots.save_images(args.out / "neighbours.png", tiles, columns=10, scale=2)

    real = nearest(images[:1000], images, 2)[1][:, 1]
    print("distance to the nearest training image (to the nearest other one for a real image)")
    for name, d in (("real", real), ("generated", fake[:, 0])):
        low, middle, high = np.percentile(d, [1, 50, 99])
        print(f"  {name:10} median {middle:.2f}, 1st percentile {low:.2f}, 99th {high:.2f}")
    print(f"pictures are in {args.out}")


if __name__ == "__main__":
    console.run(main)
