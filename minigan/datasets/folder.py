"""Read your own images from a folder of files, or from one .npy file, as squares of one size."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import math
import os
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from minigan.datasets.npy import MAGIC, load_npy

__all__ = ["images"]

# The formats that Pillow may open, whatever the suffix. For some others, as EPS, it runs programs.
FORMATS = ["AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"]  # AVIF: since Pillow 11.3
MAY_HOLD_SEVERAL = {"AVIF", "GIF", "PNG", "TIFF", "WEBP"}  # frames or pages
NEW_SUBFILE_TYPE = 254  # a tag of TIFF; its first bit is set for a preview
MAX_PIXELS = 2**26
SMALLEST = 16  # the smallest side, in pixels, of an array that may be a single image
LAYOUTS = "(N, H, W), (N, H, W, 1 or 3), (N, 1 or 3, H, W) or (N, side²)"


def images(path, size=None, *, channels=3, on_error="raise"):
    """Read the images in a folder, or in one .npy file, as squares of `size` pixels a side.

    Args:
        path: a folder or a .npy file. A folder is searched in sorted order with its subfolders,
            also linked ones, each once. The names of subfolders are not used: there are no labels.
            An image is recognised by its content: AVIF (if Pillow has it), BMP, GIF, JPEG, PNG,
            PPM, TIFF or WebP. Hidden files and folders are left out. A .npy file holds uint8:
            (N, H, W), (N, H, W, 1 or 3), (N, 1 or 3, H, W), or (N, side²) for flat squares. If both
            the second and the last axis could hold the channels, the last does. An array that looks
            like a single image raises an error; save `image[None]`.
        size: pixels per side. The largest square in the middle of each image is scaled to it
            (Lanczos). None keeps the size of the squares, which must all be equal.
        channels: 3 for colour, 1 for grey. Images are converted.
        on_error: "raise" or "skip" for a file that cannot be read, or that has more than 67 million
            pixels (2²⁶), which would take too much memory. "skip" warns of the number of files.

    Warns of other files in the folder: how many there are, their suffixes, and the first name. If
    the suffix of a file belongs to one of the formats, and its content does not, the file counts as
    an image that cannot be read. Warns also of files that hold several images, such as the pages of
    a TIFF or the frames of a GIF. The first image of each is taken.

    PNG files have checksums, which are compared. In other files a changed pixel is not noticed.

    Images are turned upright according to their EXIF data. Transparent pixels become white.

    Returns uint8 (N, channels, size, size).

    Raises FileNotFoundError if there is nothing at `path`, or no image in the folder. Raises
    ValueError for a file that cannot be read, naming it, for sizes that differ, and for an array
    that is empty or of another shape. Raises TypeError for an array that is not uint8. Raises
    ImportError without Pillow, unless `path` is a .npy file of the right size.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "faces.npy"
    >>> np.save(path, np.zeros((5, 218, 178, 3), np.uint8))
    >>> images(path, size=64).shape
    (5, 3, 64, 64)
    """
    if size is not None and not (isinstance(size, int | np.integer) and size >= 1):
        raise ValueError(f"size must be None or an integer of at least 1, not {size!r}")
    if channels not in (1, 3):
        raise ValueError(f"channels must be 1 or 3, not {channels!r}")
    if on_error not in ("raise", "skip"):
        raise ValueError(f'on_error must be "raise" or "skip", not {on_error!r}')
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, size, channels, on_error)
    if path.is_file() and (path.suffix.lower() == ".npy" or _begins_as_npy(path)):
        return _read_npy(path, size, channels)
    found = "another file" if path.exists() else "nothing"
    raise FileNotFoundError(f"{path}: expected a folder of images or a .npy file, found {found}")


def _read_folder(folder, size, channels, on_error):
    _need_pillow()
    formats = _formats()
    files, others = _image_files(folder, formats)
    known = ", ".join(formats)
    if not files:
        found = f"none, but other files ({_described(others, folder)})" if others else "none"
        raise FileNotFoundError(
            f"{folder}: expected images in this folder or below, in the formats {known}, "
            f"found {found}"
        )
    if others:
        warnings.warn(
            f"{folder}: left out {len(others)} of {len(files) + len(others)} files "
            f"({_described(others, folder)}), which are not images in the formats {known}; save as "
            "PNG what you need of them",
            stacklevel=3,
        )
    pixels, kept, unreadable, with_several = None, [], [], []
    for file in files:
        try:
            square, several = _read_file(file, size, channels, formats)
        except Exception as error:  # Pillow's decoders can raise anything
            if on_error == "raise":
                raise ValueError(
                    f"{file}: cannot read this image ({error}); mend or delete it, or leave such "
                    'files out with on_error="skip"'
                ) from error
            unreadable.append(file)
            continue
        if pixels is None:
            pixels = np.empty((len(files), *square.shape), np.uint8)
        if square.shape != pixels.shape[1:]:
            sides = pixels.shape[-1], square.shape[-1]
            raise ValueError(
                f"{file}: expected a square of {sides[0]} pixels a side like that of {kept[0]}, "
                f"found {sides[1]}; scale them all to one size, such as size={min(sides)}"
            )
        pixels[len(kept)] = square
        kept.append(file)
        if several:
            with_several.append(file)
    if unreadable:
        names = ", ".join(str(file.relative_to(folder)) for file in unreadable[:3])
        more = ", …" if len(unreadable) > 3 else ""
        message = f"{len(unreadable)} of {len(files)} images cannot be read: {names}{more}"
        if not kept:
            raise ValueError(f"{folder}: {message}")
        warnings.warn(f"{folder}: {message}; they are left out", stacklevel=3)
    if with_several:
        warnings.warn(
            f"{folder}: {len(with_several)} of {len(files)} files hold several images "
            f"({_described(with_several, folder)}), and only the first image of each is taken; "
            "save the others as files of their own if you need them",
            stacklevel=3,
        )
    return pixels[: len(kept)]


def _formats():
    """Return those of FORMATS that Pillow has."""
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _image_files(folder, formats):
    """Return the paths of the images in `folder` and below, and those of the other files.

    Each folder is searched once. A file whose suffix belongs to one of the formats counts as an
    image: if it is none, it raises an error later.
    """
    from PIL import Image

    suffixes = {suffix for suffix, f in Image.registered_extensions().items() if f in formats}
    files, others, seen = [], [], set()
    for place, subfolders, names in os.walk(folder, onerror=_raise, followlinks=True):
        if os.path.realpath(place) in seen:
            subfolders.clear()
            continue
        seen.add(os.path.realpath(place))
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for path in (Path(place, name) for name in names if not name.startswith(".")):
            if path.exists() and not path.is_file():
                continue  # a pipe; a broken link counts as a file
            if path.suffix.lower() in suffixes or _is_image(path, formats):
                files.append(path)
            else:
                others.append(path)
    return sorted(files), sorted(others)


def _raise(error):
    raise error


def _is_image(file, formats):
    """Whether Pillow finds in the content of a file that it is an image of one of the formats."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file, "r", formats) as image:
                return not _is_preview(image)
        except Image.DecompressionBombError:
            return True  # reading it raises an error
        except Exception:  # Pillow's decoders can raise anything
            return False


def _is_preview(image):
    """Whether an image is the small preview of another one, as in the raw files of cameras."""
    return image.format == "TIFF" and bool(image.tag_v2.get(NEW_SUBFILE_TYPE, 0) & 1)


def _described(files, folder):
    """Say which suffixes the files have, and what the first file is called."""
    counts = Counter(file.suffix.lower() or "without a suffix" for file in files).most_common()
    suffixes = ", ".join(f"{n} {suffix}" for suffix, n in counts[:5])
    more = ", …" if len(counts) > 5 else ""
    return f"{suffixes}{more}; the first is {files[0].relative_to(folder)}"


def _begins_as_npy(path):
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _read_file(file, size, channels, formats):
    """Return the pixels of the image in a file, and whether the file holds several images."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        square, several = _middle_of_file(file, formats)
        return _convert(square, size, channels), several


def _middle_of_file(file, formats):
    """Return the largest square in the middle of the image in a file, upright.

    Return also whether the file holds several images.
    """
    from PIL import Image, ImageOps

    with Image.open(file, "r", formats) as image:
        several = image.format in MAY_HOLD_SEVERAL and getattr(image, "is_animated", False)
        if image.format == "PNG":  # Pillow does not compare its checksums when it decodes
            image.verify()
    with Image.open(file, "r", formats) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"it has more than {MAX_PIXELS:,} pixels")
        ImageOps.exif_transpose(image, in_place=True)
        square = _middle(image)
        # 16-bit grey. Some versions of Pillow return 32-bit integers for it.
        wide = image.mode == "I" and image.format in ("PNG", "PPM")
    if wide or square.mode.startswith("I;16"):  # Pillow would clip values above 255
        square = Image.fromarray((np.asarray(square) >> 8).astype(np.uint8))
    return square, several


def _read_npy(path, size, channels):
    pixels = _channels_last(load_npy(path), path)
    n, h, w, c = pixels.shape
    if h == w and size in (None, h) and c in (1, channels):
        pixels = pixels.transpose(0, 3, 1, 2)
        return np.array(np.broadcast_to(pixels, (n, channels, h, w)), order="C")
    _need_pillow()
    from PIL import Image

    size = size or min(h, w)
    squares = np.empty((n, channels, size, size), np.uint8)
    for i in range(n):
        image = Image.fromarray(pixels[i, :, :, 0] if c == 1 else pixels[i])
        squares[i] = _convert(_middle(image), size, channels)
    return squares


def _channels_last(pixels, path):
    """Return a view of the array as (N, H, W, C), where C is 1 or 3."""
    if pixels.dtype != np.uint8:
        raise TypeError(
            f"{path}: expected pixels of uint8, 0 to 255, found {pixels.dtype}; if they are floats "
            "from 0 to 1, save np.rint(x * 255).astype(np.uint8)"
        )
    shape = pixels.shape
    if pixels.size == 0:
        raise ValueError(f"{path}: expected images, found none in an array of {shape}")
    one = {
        "a square image": pixels.ndim == 2 and shape[0] == shape[1] >= SMALLEST,
        "an image (H, W, C)": pixels.ndim == 3 and min(shape[:2]) >= SMALLEST and shape[2] <= 4,
        "an image (C, H, W)": pixels.ndim == 3 and min(shape[1:]) >= SMALLEST and shape[0] == 3,
    }
    for what, applies in one.items():
        if applies:
            raise ValueError(
                f"{path}: expected images of the shape {LAYOUTS}, found {shape}, which looks like "
                f"{what}; save image[None] if it is one, or save the many as (N, H, W, 1)"
            )
    if pixels.ndim == 2 and math.isqrt(shape[1]) ** 2 == shape[1]:
        return pixels.reshape(len(pixels), math.isqrt(shape[1]), -1, 1)
    if pixels.ndim == 3:
        return pixels[:, :, :, None]
    if pixels.ndim == 4 and shape[3] in (1, 3):
        return pixels
    if pixels.ndim == 4 and shape[1] in (1, 3):
        return pixels.transpose(0, 2, 3, 1)
    raise ValueError(f"{path}: expected images of the shape {LAYOUTS}, found {shape}")


def _middle(image):
    """Return the largest square in the middle of a Pillow image."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _convert(image, size, channels):
    """Return a square Pillow image as uint8 (channels, size, size)."""
    from PIL import Image

    if image.mode in ("I", "F"):
        raise ValueError(
            f"its pixels are of mode {image.mode}, without a range; save them as 8 bits"
        )
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("L" if channels == 1 else "RGB")
    if size not in (None, image.width):
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(*image.size, channels).transpose(2, 0, 1)


def _need_pillow():
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "to read or scale images, datasets.images needs Pillow, which is not installed: "
            "pip install pillow"
        ) from error
