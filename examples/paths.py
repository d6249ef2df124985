"""Where the examples and their data are."""

from pathlib import Path

EXAMPLES = Path(__file__).parent
MNIST = EXAMPLES / "data" / "mnist"  # the data set
TRAINED = EXAMPLES / "data" / "mnist_gan"  # a finished run of mnist_gan.py
