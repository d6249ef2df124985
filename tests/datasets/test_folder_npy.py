"""minigan.datasets.folder: images from one .npy file, in each of the usual layouts."""

import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigan.datasets import images


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def put(tmp_path):
    """A function that saves an array as a .npy file, and returns the path."""

    def put(array):
        np.save(tmp_path / "a.npy", array)
        return tmp_path / "a.npy"

    return put


@given(
    n=st.integers(1, 4),
    h=st.integers(4, 12),
    w=st.integers(4, 12),
    c=st.sampled_from([1, 3]),
    size=st.none() | st.integers(1, 12),
    channels=st.sampled_from([1, 3]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_layout_is_the_same_images(put, n, h, w, c, size, channels):
    pixels = noise(n, h, w, c)
    layouts = [pixels, pixels.transpose(0, 3, 1, 2), np.asfortranarray(pixels)]
    if c == 1:
        layouts.append(pixels[..., 0])
        if h == w:
            layouts.append(pixels.reshape(n, h * w))
    first, *others = [images(put(layout), size, channels=channels) for layout in layouts]
    assert first.shape[:2] == (n, channels)
    assert first.flags.c_contiguous and first.flags.writeable
    for other in others:
        np.testing.assert_array_equal(first, other)


@given(st.integers(16, 300), st.integers(16, 300), st.sampled_from([1, 2, 3, 4]), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_single_image_is_refused(put, h, w, channels, first):
    shape = (3, h, w) if first else (h, w, channels)
    with pytest.raises(ValueError, match=r"a\.npy: .*looks like an image .*; save image\[None\]"):
        images(put(np.zeros(shape, np.uint8)))
    with pytest.raises(
        ValueError, match=r"a\.npy: .*looks like a square image; save image\[None\]"
    ):
        images(put(np.zeros((h, h), np.uint8)))


@pytest.mark.parametrize("shape", [(180, 200, 3), (3, 180, 200), (64, 64)])
def test_single_image_is_read_as_its_refusal_says(put, shape):
    image = noise(*shape)
    (found,) = images(put(image[None]))
    assert found.shape == (3, min(shape[-2:]) if shape[0] == 3 else shape[0], found.shape[2])


def test_colour_to_grey_is_luma(put):
    grey = images(put(np.array([[[[255, 0, 0], [0, 255, 0]]] * 2], np.uint8)), channels=1)
    assert grey[0, 0, 0].tolist() == [76, 150]  # 0.299 and 0.587 of 255


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros((2, 8, 8)), TypeError, r"uint8, 0 to 255, found float64; .*np\.rint\(x \* 255"),
        (np.zeros((2, 8, 8), bool), TypeError, "found bool"),
        (np.zeros((2, 8, 8), np.int64), TypeError, "found int64"),
        (np.zeros((0, 8, 8), np.uint8), ValueError, r"found none in an array of \(0, 8, 8\)"),
        (np.zeros((2, 0, 8), np.uint8), ValueError, "found none"),
        (np.zeros((2, 3072), np.uint8), ValueError, r"shape \(N, H, W\).*found \(2, 3072\)"),
        (np.zeros((2, 8, 8, 4), np.uint8), ValueError, r"found \(2, 8, 8, 4\)"),
        (np.zeros((2, 2, 8, 8), np.uint8), ValueError, r"found \(2, 2, 8, 8\)"),
        (np.zeros(784, np.uint8), ValueError, r"found \(784,\)"),
        (np.array(3, np.uint8), ValueError, r"found \(\)"),
        (np.array([b"a", None]), ValueError, "Python objects"),
    ],
)
def test_arrays_that_are_refused(put, array, error, message):
    with pytest.raises(error, match=rf"a\.npy: expected .*{message}"):
        images(put(array))


def test_without_pillow(tmp_path, put, monkeypatch):
    for name in ("PIL", "PIL.Image", "PIL.ImageOps"):
        monkeypatch.setitem(sys.modules, name, None)
    path = put(noise(2, 8, 8))
    assert images(path).shape == (2, 3, 8, 8)  # nothing to scale
    for arguments in (dict(path=path, size=4), dict(path=tmp_path)):
        with pytest.raises(ImportError, match=r"needs Pillow.*pip install pillow"):
            images(**arguments)
