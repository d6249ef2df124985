"""Scores of generated digits, by a classifier of digits.

examples/studies/train_digit_classifier.py trained the classifier with minigan. It reads 99 % of
MNIST's test images correctly. It shows which digits a generator draws, how often, and how clearly.
Its features serve to compare generated with real images.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

from pathlib import Path

import numpy as np

from minigan import backend, nn, ops
from minigan.metrics.features import frechet_distance, precision_recall
from minigan.metrics.rows import as_numpy, as_pixels
from minigan.runs.checkpoints import load, save
from minigan.switches import no_grad
from minigan.tensor import Tensor

__all__ = ["build_digit_classifier", "classify", "digit_classifier", "digit_scores", "save_weights"]

WEIGHTS = Path(__file__).with_name("digits.npz")
BATCH = 500  # images at a time


def build_digit_classifier():
    """(N, 1, 28, 28) pixels from 0 to 1 -> (N, 10) logits, untrained

    The input of the last layer is the 64 features.
    """

    def block(n_in, n_out, kernel_size):
        conv = nn.Conv2d(n_in, n_out, kernel_size, stride=2, padding=kernel_size // 2)
        return conv, nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)

    return nn.Sequential(
        *block(1, 16, 5),  # 14 × 14
        *block(16, 32, 3),  # 7 × 7
        *block(32, 64, 3),  # 4 × 4
        nn.Flatten(),
        nn.Linear(64 * 4 * 4, 64),
        nn.BatchNorm1d(64),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.5),
        nn.Linear(64, 10),
    )


def digit_classifier(path=WEIGHTS):
    """Return the trained classifier, a Module in eval mode, with the weights in the package.

    path: another file that `save_weights` wrote. Every call reads the file, which takes 0.01 s, and
    makes a new Module. It does not change the state of minigan's random numbers.
    Raises CheckpointError, naming the file, if it is damaged (each array has a CRC-32),
    FileNotFoundError if it is missing, and KeyError or ValueError if it is of another network.

    >>> digit_classifier()(Tensor(np.zeros((1, 1, 28, 28), dtype=np.float32))).shape
    (1, 10)
    """
    state = {name: _as(np.float32, array) for name, array in load(path).items()}
    drawn = backend.rng().bit_generator.state
    classifier = build_digit_classifier().eval()  # draws initial weights, which are replaced
    backend.rng().bit_generator.state = drawn
    classifier.load_state_dict(state)
    return classifier


def save_weights(module, path):
    """Write a module's weights in float16, which makes the file half as large."""
    state = module.state_dict()
    save({name: _as(np.float16, array) for name, array in state.items()}, path)


def digit_scores(images, real=None):
    """Score generated digits with the classifier, and compare them with real ones if given.

    images: (N, 784), (N, 28, 28) or (N, 1, 28, 28), pixels from 0 to 1.
    real: real images in the same format. Take as many as there are `images` (10,000 test images in
    examples/studies/mnist_scores.py), and at least four of each, which precision_recall needs.

    Returns a dict of
        "histogram": the share of images of each class, (10,)
        "kl": Σ q log(10 q) of those shares q, in nats: 0 for equal shares, log 10 for one class
        "confidence": the mean over the images of the largest probability
    and, if `real` is given,
        "frechet": frechet_distance of the 64 features. It is not the FID.
        "precision", "recall": precision_recall of the same features, k = 3
    Raises ValueError for another shape, too few images, NaN or pixels out of range, and TypeError
    for integers.

    Sources: frechet_distance and precision_recall name theirs. Metz et al. 2016 (arXiv:1611.02163)
    measure mode collapse by the KL of a histogram of predicted classes.

    Flaws: every image counts as some digit, also noise. The classifier can be sure of an image that
    is not a digit. So confidence is useful only for images that look like digits, and it does not
    show whether they differ. MNIST's own classes are not quite even: its 10,000 test images have a
    kl of 0.002. The classifier learned from the training images and is a little surer of them. The
    numbers belong to this classifier and cannot be compared with those of another: two trainings of
    it gave 4,000 samples of one DCGAN a kl of 0.054 and of 0.034, because they read malformed
    digits differently. Between models, a difference of 0.02 means little.

    >>> scores = digit_scores(np.zeros((5, 784)))  # black images, all alike
    >>> float(scores["histogram"].max()), round(scores["kl"], 3)
    (1.0, 2.303)
    """
    images = as_digits("images", images)
    if real is not None:
        real = as_digits("real", real)
        if min(len(images), len(real)) < 4:
            raise ValueError(
                f"a comparison needs at least 4 images and 4 real ones, not {len(images)} and "
                f"{len(real)}"
            )
    features, p = classify(images)
    q = np.bincount(p.argmax(axis=1), minlength=10) / len(p)
    scores = {
        "histogram": q,
        "kl": float((q[q > 0] * np.log(10 * q[q > 0])).sum()),
        "confidence": float(p.max(axis=1).mean()),
    }
    if real is not None:
        real_features, _ = classify(real)
        scores["frechet"] = frechet_distance(real_features, features)
        scores |= precision_recall(real_features, features)
    return scores


def classify(images, classifier=None):
    """Return the features, (N, 64), and the probabilities of the digits, (N, 10), in NumPy.

    classifier: the trained one by default. Raises the errors of `digit_scores`.
    """
    pixels = as_digits("images", images)
    if classifier is None:
        classifier = digit_classifier()
    features, probabilities = [], []
    with no_grad():
        for start in range(0, len(pixels), BATCH):
            x = Tensor(backend.asarray(pixels[start : start + BATCH]))
            f = classifier[:-1](x)
            features.append(f.numpy())
            probabilities.append(ops.log_softmax(classifier[-1](f)).exp().numpy())
    return np.concatenate(features), np.concatenate(probabilities)


def as_digits(name, images):
    """Check images in one of the three shapes and return them as float32 (N, 1, 28, 28)."""
    images = as_numpy(images)
    if images.shape[1:] not in ((784,), (28, 28), (1, 28, 28)):
        raise ValueError(
            f"{name} must be (N, 784), (N, 28, 28) or (N, 1, 28, 28), not {images.shape}"
        )
    return as_pixels(name, images).astype(np.float32, copy=False).reshape(-1, 1, 28, 28)


def _as(dtype, array):
    """Convert floats to dtype. The number of batches stays an integer."""
    return array.astype(dtype) if array.dtype.kind == "f" else array
