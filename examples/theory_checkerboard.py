"""Why do generators with transposed convolutions draw checkerboards?

    python examples/theory_checkerboard.py

Odena et al. 2016, "Deconvolution and Checkerboard Artifacts". A 5 × 5 kernel with stride 2 covers
pixels unevenly: 9 of its weights reach one pixel, 6 the next, and 4 the one diagonal to it. With
random weights the variances of the pixels are unequal, in a pattern of period 2. Training starts
from this pattern. After an upsampling, 25 weights reach each pixel.

The picture shows the number of weights that reach each pixel, the standard deviation of each pixel
of quickdraw_gan.py's untrained generators, and one sample of each.
"""

import numpy as np
from quickdraw_gan import build_generator, grow
from theory_tools import new_figure, save_figure, theory_flags

import minigan
from minigan import nn
from minigan.runs import console


def layer(growth, n_in, n_out):
    """Return the layer with which quickdraw_gan.py enlarges an image, without its bias."""
    grown = grow(growth, n_in, n_out)
    nn.init.constant_(grown.bias, 0.0)
    return grown


def weights_that_meet(growth):
    """The number of a kernel's weights that reach each pixel: (28, 28), from an image of ones"""
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
    args = theory_flags(__doc__, argv, samples=256)
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
