"""Train the 2014 paper's GAN for long, and draw its Parzen log-likelihood over the epochs.

    python examples/studies/mnist_2014_curve.py --n_epochs 20    # the first two points
    python examples/studies/mnist_2014_curve.py                  # all 25 points: hours on one core

Trains mnist_gan_2014.py in pieces of 10 epochs. Each piece has a folder in --out, epoch_10 and so
on, and goes on from the checkpoint of the piece before. 10,000 samples of each checkpoint are
scored, with the last weights and with their running mean, in scores_of_10000.csv. What is there
already is skipped, so the same command goes on after a stop.

The curve uses validation images alone: σ is chosen on the first 1,000, and the value is the mean
over the other 9,000. The test images are for the end, and mnist_scores.py scores them once:

    python examples/studies/mnist_scores.py runs/mnist_2014_curve/epoch_250
"""

import argparse
import csv
import shutil
from pathlib import Path

import examples_path  # noqa: F401
import mnist_gan_2014
from mnist_scores import draw
from paths import EXAMPLES, MNIST
from theory_tools import new_figure, save_figure

import minigan
from minigan import datasets
from minigan.metrics import parzen_log_likelihood
from minigan.runs import console
from minigan.runs.files import atomic_write, check_writable
from minigan.runs.finished import FinishedRun
from minigan.runs.flags import check_flags, read, user_path

PIECE = 10  # epochs
STEPS = 500  # of an epoch: 50,000 images in batches of 100
PAPER = 225, 2  # nats, and their standard error


def train(folder, before, epoch, data):
    """Train up to this epoch in `folder`, from the checkpoint in the folder `before`, if any."""
    checkpoint = folder / "checkpoint.npz"
    if checkpoint.exists() and read(minigan.load, checkpoint)["steps"] >= epoch * STEPS:
        return
    check_writable(folder)
    if before and not checkpoint.exists():
        with atomic_write(checkpoint) as temporary:
            shutil.copyfile(before / "checkpoint.npz", temporary)
    flags = ["--n_epochs", str(epoch), "--average", "0.999", "--sample_interval", "5000"]
    flags += ["--data", str(data), "--out", str(folder)]
    if not mnist_gan_2014.main([*flags, "--resume"] if checkpoint.exists() else flags):
        raise SystemExit("go on with the same command")


def score(folder, validation, n_samples):
    """Rows of the file of scores: epoch, weights, log-likelihood, its standard error, σ."""
    run = FinishedRun(folder, EXAMPLES, ["mnist_gan_2014"])
    weights = {"last": run.state["generator"], "averaged": run.state["average"]["module"]}
    rows = []
    for name, state in weights.items():
        generator = run.network("generator", state)
        minigan.seed(0)
        samples = draw(mnist_gan_2014, generator, generator[0].in_features, n_samples)
        parzen = parzen_log_likelihood(samples, validation[1000:], validation[:1000])
        numbers = f"{parzen['log_likelihood']:.2f}", f"{parzen['standard_error']:.2f}"
        rows.append([run.state["steps"] // STEPS, name, *numbers, f"{parzen['sigma']:.3f}"])
    return rows


def draw_curve(rows, path):
    figure, axes = new_figure(1, 1, (7, 4))
    axes = axes[0, 0]
    for name in ("last", "averaged"):
        points = [(int(row[0]), float(row[2])) for row in rows if row[1] == name]
        axes.plot(*zip(*points, strict=True), ".-", label=f"{name} weights")
    mean, error = PAPER
    axes.axhspan(mean - error, mean + error, color="grey", alpha=0.4, label="the paper: 225 ± 2")
    axes.set(xlabel="epoch", ylabel="Parzen log-likelihood, nats")
    axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    out = Path("runs") / "mnist_2014_curve"
    parser.add_argument("--n_epochs", type=int, default=250, help="a multiple of 10 (default: 250)")
    parser.add_argument("--n_samples", type=int, default=10_000, help="samples to score")
    parser.add_argument("--data", type=user_path, default=MNIST, help="folder of the MNIST files")
    parser.add_argument("--out", type=user_path, default=out, help=f"for results (default: {out})")
    parser.set_defaults(seed=0)
    args = parser.parse_args(argv)
    check_flags(parser, args, n_epochs=250, n_samples=10_000)
    if args.n_epochs % PIECE:
        parser.error(f"--n_epochs must be a multiple of {PIECE}, and is {args.n_epochs}")
    read(check_writable, args.out)
    images, _ = read(datasets.mnist, args.data)
    validation = datasets.to_float(images[50_000:], low=0.0).reshape(-1, 784)

    scores, rows, before = args.out / f"scores_of_{args.n_samples}.csv", [], None
    if scores.exists():
        with open(scores, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    for epoch in range(PIECE, args.n_epochs + 1, PIECE):
        folder = args.out / f"epoch_{epoch}"
        train(folder, before, epoch, args.data)
        before = folder
        if not any(row[0] == str(epoch) for row in rows):
            rows += [
                [str(cell) for cell in row] for row in score(folder, validation, args.n_samples)
            ]
            with atomic_write(scores) as temporary, open(temporary, "w", newline="") as file:
                csv.writer(file).writerows(rows)
        print(*(f"{' '.join(row)}" for row in rows if row[0] == str(epoch)), sep="\n", flush=True)
        draw_curve(rows, args.out / "curve.png")


if __name__ == "__main__":
    console.run(main)
