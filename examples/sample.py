"""Draw samples of a trained generator: single images, a grid, and walks between samples.

    python examples/sample.py examples/data/mnist_gan      # the run that comes with minigan
    python examples/sample.py runs/faces_wgan_gp           # a run of yours, of any example
    python examples/sample.py runs/mnist_cgan --labels 7   # sevens of a conditional GAN

The running mean of G's weights draws the samples, if the run has one (--average). The run's folder
is only read. A label is an input of a conditional generator, such as the digit in mnist_cgan.py.

Draws in --out:
    images/0000.png and so on  each sample
    grid.png                   all samples
    interpolation.png          walks from one noise to another, on a line and on an arc
"""

import argparse
from pathlib import Path

import numpy as np
from paths import EXAMPLES
from trained_generator import walks

import minigan
from minigan.runs import console, plots
from minigan.runs.files import check_writable
from minigan.runs.finished import FinishedRun, best_weights
from minigan.runs.flags import check_flags, read, user_path

BATCH = 100  # samples at a time
WALKS = 4  # pairs of noises
STEPS = 12  # images of a walk


def load(folder):
    """Load the run in a folder, and its generator."""
    run = FinishedRun(folder, EXAMPLES)
    return run, run.network("generator", best_weights(run.state))


def draw_inputs(run, n, n_inputs, labels):
    """(n, n_inputs), what G takes: the noise of the run's example, and the labels if it has any."""
    draw_noise = getattr(run.module, "draw_noise", minigan.randn)
    z = draw_noise(n, n_inputs, labels) if labels else draw_noise(n, n_inputs)
    return z.numpy()


def draw_images(run, G, z):
    """The images that G makes of its inputs z, (n, n_inputs): (n, H, W) or (n, H, W, 3), 0 to 1"""
    with minigan.no_grad():
        samples = [
            G(minigan.Tensor(z[start : start + BATCH])).numpy() for start in range(0, len(z), BATCH)
        ]
    samples = np.concatenate(samples)
    # A convolutional generator makes (n, C, H, W). Another example says how its rows are images.
    return plots.to_images(samples) if samples.ndim == 4 else run.module.to_pixels(samples)


def choose_out(parser, folder):
    """The default of --out. Exit with an error if it is in the run's folder."""
    run = folder.resolve()
    out = Path("runs/sample") / run.name
    if run in (out.resolve(), *out.resolve().parents):
        parser.error(f"--out is needed, because its default, {out}, is in the folder of the run")
    return out


def choose_labels(parser, labels, n_labels, name):
    """The labels of the samples, [] for none. Exit with an error if the generator has others."""
    if labels and not n_labels:
        parser.error(f"--labels: the generator of {name}.py takes no labels")
    for label in labels or []:
        if not 0 <= label < n_labels:
            parser.error(f"--labels must be from 0 to {n_labels - 1}, not {label}")
    return labels or list(range(n_labels))


def image_paths(parser, folder, n):
    """The paths of n images. Exit with an error if the folder holds more than these."""
    width = max(4, len(str(n - 1)))
    paths = [folder / f"{i:0{width}}.png" for i in range(n)]
    more = len(set(folder.glob("*.png")) - set(paths))
    if more:
        parser.error(
            f"{folder} holds {more} images of an earlier call, which would stay beside the new "
            "ones: delete them, or choose another --out"
        )
    return paths


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "run", type=user_path, help="folder of a training run, with its checkpoint.npz"
    )
    parser.add_argument("--n_samples", type=int, default=100, help="(default: 100)")
    parser.add_argument(
        "--labels",
        type=int,
        nargs="+",
        help="labels for a conditional generator; each has an equal share of the samples "
        "(default: all)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise (default: 0)")
    parser.add_argument(
        "--out", type=user_path, help="folder for the pictures (default: runs/sample/NAME OF RUN)"
    )
    args = parser.parse_args(argv)
    check_flags(parser, args, n_samples=100)
    run, G = read(load, args.run)
    out = args.out or choose_out(parser, args.run)
    n_inputs = G[0].in_features
    latent_dim = run.state["flags"].get("latent_dim", n_inputs)
    labels = choose_labels(parser, args.labels, n_inputs - latent_dim, run.module.__name__)
    paths = image_paths(parser, out / "images", args.n_samples)
    read(check_writable, out)
    read(check_writable, out / "images")
    minigan.seed(args.seed)

    images = draw_images(run, G, draw_inputs(run, args.n_samples, n_inputs, labels))
    for path, image in zip(paths, images, strict=True):
        plots.save_images(path, image[None], columns=1, margin=0)
    columns = int(np.ceil(np.sqrt(args.n_samples)))
    plots.save_images(out / "grid.png", images, columns=columns, scale=2)

    # The noise changes along a walk. The labels after it stay.
    start, end = (draw_inputs(run, WALKS, n_inputs, labels) for _ in range(2))
    end[:, latent_dim:] = start[:, latent_dim:]
    z = np.repeat(start, 2 * STEPS, axis=0)  # the two walks of a pair, each of 12 steps
    z[:, :latent_dim] = walks(start[:, :latent_dim], end[:, :latent_dim], STEPS)
    picture = out / "interpolation.png"
    plots.save_images(picture, draw_images(run, G, z), columns=STEPS, scale=2)
    print(f"{args.n_samples} samples after {run.state['steps']} steps are in {out}")


if __name__ == "__main__":
    console.run(main)
