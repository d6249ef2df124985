"""Pictures of a run: grids of samples, their animation, and curves of the losses.

Pillow and Matplotlib are imported when a picture is drawn. Files are written completely or not at
all.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import math

import numpy as np

from minigan.runs.files import atomic_write

SMOOTHING = 100  # steps averaged for the thick line of a curve


def to_images(samples):
    """Samples of a convolutional generator, (N, C, H, W) from -1 to 1, as images of 0 to 1.

    Returns (N, H, W) for one channel, and (N, H, W, 3) for three.

    >>> to_images(np.zeros((2, 3, 8, 8))).shape
    (2, 8, 8, 3)
    """
    images = (samples.transpose(0, 2, 3, 1) + 1) / 2
    return images[..., 0] if images.shape[3] == 1 else images


def tile(images, columns=10, margin=2):
    """Put images side by side in one uint8 picture.

    images: a NumPy array of floats from 0 (black) to 1 (white), clipped; (N, H, W) grey or
    (N, H, W, 3) colour, N at least 1.
    Raises ValueError for another shape, for NaN, or for columns under 1 or a margin under 0;
    TypeError for integers, for a Tensor, or for anything else that is not an array.

    >>> tile(np.zeros((20, 28, 28)), columns=10).shape
    (62, 302)
    """
    if not isinstance(images, np.ndarray):
        raise TypeError(
            "images must be a NumPy array of floats from 0 to 1, not of type "
            f"{type(images).__name__}; for a Tensor x from -1 to 1, which a generator with tanh "
            "gives, pass (x.numpy() + 1) / 2"
        )
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError(
            f"images must be (N, H, W) or (N, H, W, 3), not {images.shape}; reshape them, or use "
            "images.transpose(0, 2, 3, 1) if the channels come before H and W"
        )
    if len(images) == 0:
        raise ValueError("there is no image in images")
    _check_integer("columns", columns, at_least=1)
    _check_integer("margin", margin, at_least=0)
    if images.dtype.kind != "f":
        raise TypeError(f"images must be floats from 0 to 1, not {images.dtype}; divide by 255")
    if np.isnan(images).any():
        raise ValueError("the images hold NaN")
    n, h, w = images.shape[:3]
    rows = math.ceil(n / columns)
    picture = np.full(
        (rows * (h + margin) + margin, columns * (w + margin) + margin, *images.shape[3:]),
        64,  # dark grey, so that the border of a black image is visible
        dtype=np.uint8,
    )
    for i, image in enumerate(images):
        y = i // columns * (h + margin) + margin
        x = i % columns * (w + margin) + margin
        picture[y : y + h, x : x + w] = np.rint(np.clip(image, 0, 1) * 255)
    return picture


def _check_integer(name, value, at_least):
    if not isinstance(value, int | np.integer) or value < at_least:
        raise ValueError(f"{name} must be an integer of at least {at_least}, not {value!r}")


def save_images(path, images, columns=10, scale=1, margin=2):
    """Write `tile(images, columns, margin)` as a picture, each pixel `scale` pixels wide.

    Raises the errors of `tile`, and OSError, naming `path`, if the file cannot be written.
    """
    from PIL import Image

    _check_integer("scale", scale, at_least=1)
    picture = Image.fromarray(tile(images, columns, margin))
    picture = picture.resize(
        (picture.width * scale, picture.height * scale), Image.Resampling.NEAREST
    )
    with atomic_write(path) as temporary:
        picture.save(temporary)


def save_animation(path, pictures, seconds=8.0, hold=2.0):
    """Write picture files as one GIF that lasts `seconds` and then holds its last frame.

    Raises ValueError if the list is empty, or if a picture cannot be read; the message names it.
    """
    from PIL import Image

    if isinstance(pictures, (str, bytes)):
        raise TypeError(f"pictures must be a list of paths, not the one path {pictures!r}")
    frames = []
    for picture in pictures:
        try:
            with Image.open(picture) as image:
                frames.append(image.convert("P"))
        except Exception as error:  # Pillow's decoders raise what they like
            raise ValueError(
                f"{picture}: cannot read this picture ({error}); delete it, or draw it again"
            ) from error
    if not frames:
        raise ValueError("there is no picture to animate")
    each = max(40, int(1000 * seconds / len(frames)))  # browsers slow down frames under 20 ms
    durations = [each] * (len(frames) - 1) + [int(1000 * hold)]
    with atomic_write(path) as temporary:
        frames[0].save(
            temporary, save_all=True, append_images=frames[1:], duration=durations, loop=0
        )


def save_curves(path, panels):
    """Draw curves over the steps of a run, one panel below another.

    panels: {label of the vertical axis: {name of a curve: (steps, values)}}. A noisy curve is drawn
    as a thin line, and its running mean over the last 100 values as a thick one. A value that is
    NaN, infinite or beyond 1e100 leaves a gap.
    """
    from matplotlib.figure import Figure

    form = "{label of the axis: {name of a curve: (steps, values)}}"
    if not isinstance(panels, dict) or not all(isinstance(c, dict) for c in panels.values()):
        raise TypeError(f"panels must be {form}, not of type {type(panels).__name__}")
    if not panels:
        raise ValueError("there is no curve to draw")
    figure = Figure(figsize=(8, 3 * len(panels)), layout="constrained")
    for axes, (label, curves) in zip(
        figure.subplots(len(panels), squeeze=False)[:, 0], panels.items(), strict=True
    ):
        for i, (name, (steps, values)) in enumerate(curves.items()):
            values, mean = _with_gaps(values), _with_gaps(running_mean(values))
            axes.plot(steps, values, color=f"C{i}", alpha=0.25, linewidth=0.5)
            axes.plot(steps, mean, color=f"C{i}", label=name)
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.legend()
    axes.set_xlabel("step")
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=110)


def _with_gaps(values):
    values = np.asarray(values, dtype=np.float64)
    return np.where(np.abs(values) <= 1e100, values, np.nan)  # Matplotlib overflows beyond


def running_mean(values, n=SMOOTHING):
    """The mean of each value and up to n - 1 before it.

    Each mean is computed on its own, not from running totals. So a NaN or a huge value changes only
    the n means that it belongs to.

    >>> running_mean([1.0, 3.0, 5.0, 7.0], n=2)
    array([1., 2., 4., 6.])
    """
    values = np.asarray(values, dtype=np.float64)
    padded = np.concatenate([np.zeros(n), values])
    windows = np.lib.stride_tricks.sliding_window_view(padded, n)[1:]  # (T, n)
    with np.errstate(over="ignore", invalid="ignore"):  # of huge values, and of inf - inf
        return windows.sum(axis=1) / np.minimum(np.arange(1, len(values) + 1), n)
