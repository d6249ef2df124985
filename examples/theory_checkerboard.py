"""Why do generators with transposed convolutions draw checkerboards?

    python examples/theory_checkerboard.py

Odena et al. 2016, "Deconvolution and Checkerboard Artifacts". A 5 × 5 kernel that moves by 2 pixels
covers its neighbours unevenly: 9 of its weights meet at one pixel, 6 at the next, and 4 at the one
diagonal to it. Random weights then leave pixels of unequal variance, in a pattern of period 2, from
which training has to start. After an upsampling, 25 weights meet at each pixel.

Drawn are the number of weights that meet, the standard deviation of what the untrained generators
of quickdraw_gan.py make, pixel for pixel, and one sample of each.
"""

import console
import numpy as np
from quickdraw_gan import build_generator, grow
from theory_tools import new_figure, parse_flags, save_figure

import minigan
from minigan import nn


def layer(growth, n_in, n_out):
    """The layer by which quickdraw_gan.py makes an image larger, without its bias."""
    grown = grow(growth, n_in, n_out)
    nn.init.constant_(grown.bias, 0.0)
    return grown


def weights_that_meet(growth):
    """How many of a kernel's weights reach each pixel: (28, 28), from an image of ones"""
    ones = layer(growth, 1, 1)
    nn.init.constant_(ones.weight, 1.0)
    return ones(minigan.Tensor(np.ones((1, 1, 14, 14), np.float32))).numpy()[0, 0]


def variances(growth, kernels=512):
    """The variance of white noise after one layer, by the pixel's parity in y and x: (2, 2)"""
    with minigan.no_grad():
        y = layer(growth, 16, kernels)(minigan.randn(32, 16, 9, 9)).numpy()
    inner = (y[:, :, 4:-4, 4:-4] ** 2).mean(axis=(0, 1))  # away from the padding
    return inner.reshape(5, 2, 5, 2).mean(axis=(0, 2))


def share_of_most(variance):
    return f"{(variance / variance.max()).astype(float).round(2).tolist()} of the most"


def main(argv=None):
    args = parse_flags(__doc__, argv, samples=256)
    figure, axes = new_figure(2, 3, (9, 6))
    for row, growth in zip(axes, ("transposed", "upsampling"), strict=True):
        counts, variance = weights_that_meet(growth), variances(growth)
        G = build_generator(100, growth)
        with minigan.no_grad():
            samples = G(minigan.randn(args.samples, 100)).numpy()[:, 0]
        inner = (samples[:, 6:-6, 6:-6] ** 2).mean(axis=0).reshape(8, 2, 8, 2).mean(axis=(0, 2))
        print(f"{growth}: by the parity of the pixel, [[even even, even odd], [odd even, odd odd]]")
        print(f"  weights that meet     {counts[6:8, 6:8].tolist()}")
        print(f"  variance, one layer   {share_of_most(variance)}")
        print(f"  untrained generator   {share_of_most(inner)}")

        expected = np.array([[9, 6], [6, 4]]) if growth == "transposed" else np.full((2, 2), 25)
        assert (counts[6:8, 6:8] == expected).all()
        assert np.allclose(variance / variance.max(), expected / expected.max(), atol=0.03)

        row[0].imshow(counts, cmap="viridis", vmin=0)
        row[1].imshow(samples.std(axis=0), cmap="viridis", vmin=0)
        row[2].imshow(samples[0], cmap="gray")
        row[0].set_ylabel(growth)
        for panel in row:
            panel.set(xticks=[], yticks=[])
    for panel, title in zip(
        axes[0], ("weights that meet", "standard deviation", "a sample"), strict=True
    ):
        panel.set_title(title)
    save_figure(figure, args.out / "checkerboard.png")


if __name__ == "__main__":
    console.run(main)
