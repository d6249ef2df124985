"""Train the classifier that scores generated digits (minigan/metrics/digits.py) on MNIST.

    python examples/studies/train_digit_classifier.py

It learns from the 60,000 training images. Every epoch shifts each image a little and adds noise.
Samples of small generators are noisy, and a classifier that has seen no noise reads every noisy
digit as an 8. At the end it is tested on the 10,000 test images. Its weights are written to --out
in float16. This command made the file in the package.
"""

import argparse
from pathlib import Path

import examples_path  # noqa: F401
import numpy as np
from paths import MNIST

import minigan
from minigan import backend, datasets, losses, optim
from minigan.guards.data import batch_size_for
from minigan.metrics import build_digit_classifier, digit_classifier
from minigan.metrics.digits import classify, save_weights
from minigan.runs import console
from minigan.runs.flags import check_flags, check_out_file, read, user_path
from minigan.tensor import as_tensor

SHIFT = 2  # pixels
NOISE = 0.2  # the largest standard deviation, for pixels from 0 to 1


def shifted(images, rng):
    """Shift each of (N, 28, 28) images by -2 to 2 pixels along both axes, and fill with black."""
    padded = np.pad(images, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:], axis=(1, 2))
    dy, dx = rng.integers(2 * SHIFT + 1, size=(2, len(images)))
    return windows[np.arange(len(images)), dy, dx]


def noisy(x, rng):
    """Add normal noise to pixels x, (N, 1, 28, 28). Each image has its own standard deviation."""
    sigma = rng.uniform(0, NOISE, size=(len(x), 1, 1, 1)).astype(np.float32)
    return np.clip(x + sigma * rng.standard_normal(x.shape, dtype=np.float32), 0, 1)


def train(classifier, images, labels, *, n_epochs, batch_size, lr, seed):
    """Train with Adam. The learning rate falls linearly from lr to lr/last_step.

    Yields the mean loss of each epoch.
    """
    rng = np.random.default_rng(seed)
    optimizer = optim.Adam(classifier.parameters(), lr)
    last_step, step = n_epochs * (len(images) // batch_size), 0
    for epoch in range(n_epochs):
        epoch_losses = []
        for i in datasets.minibatches(np.arange(len(images)), batch_size, seed=seed, epoch=epoch):
            x = noisy(datasets.to_float(shifted(images[i], rng), 0.0)[:, None], rng)
            loss = losses.cross_entropy(classifier(as_tensor(backend.asarray(x))), labels[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.lr = optim.linear_decay(lr, step, last_step)
            optimizer.step()
            step += 1
            epoch_losses.append(loss.item())
        yield np.mean(epoch_losses)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    defaults = {"n_epochs": 15, "batch_size": 64, "lr": 2e-3}  # lr of the first step
    for name, default in defaults.items():
        parser.add_argument(
            f"--{name}", type=type(default), default=default, help=f"(default: {default})"
        )
    parser.add_argument("--data", type=user_path, default=MNIST, help="folder of MNIST's files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=user_path, default=Path("runs/digits.npz"), help="file for the weights"
    )
    args = parser.parse_args(argv)
    check_flags(parser, args, **defaults)
    read(check_out_file, args.out)
    images, labels = read(datasets.mnist, args.data)
    test_images, test_labels = read(datasets.mnist, args.data, train=False)
    if args.batch_size > len(images):
        parser.error(
            f"--batch_size {args.batch_size} is more than the {len(images)} images; choose "
            f"--batch_size {batch_size_for(len(images))}"
        )
    minigan.seed(args.seed)
    classifier = build_digit_classifier()
    settings = {"n_epochs": args.n_epochs, "batch_size": args.batch_size, "lr": args.lr}
    for loss in train(classifier, images, labels, **settings, seed=args.seed):
        print(f"loss {loss:.4f}", flush=True)
    save_weights(classifier, args.out)
    _, p = classify(datasets.to_float(test_images, 0.0), digit_classifier(args.out))
    accuracy = (p.argmax(axis=1) == test_labels).mean()
    print(f"{accuracy:.2%} of {len(p)} test images right; the weights are in {args.out}")


if __name__ == "__main__":
    console.run(main)
