"""minigan.datasets.folder: images are turned upright, cut to the middle, and in order."""

import errno
import io
import os
import subprocess
import tempfile
import warnings
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, features

from minigan.datasets import images


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def middle(image):
    """The largest square in the middle of an (H, W, ...) image."""
    h, w = image.shape[:2]
    side = min(h, w)
    y, x = (h - side) // 2, (w - side) // 2
    return image[y : y + side, x : x + side]


def save(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)


# --- a folder ----------------------------------------------------------------------------------


def test_files_in_sorted_order_from_subfolders_too(tmp_path):
    names = ["b/2.png", "10.PNG", "b/1.bmp", "9.tiff", "a/deep/er/x.gif", "z.webp", "p.ppm"]
    for name in names:
        save(tmp_path / name, np.full((4, 4), 10 * names.index(name), np.uint8), lossless=True)
    for name in ("notes.txt", ".hidden.png", "b/._2.png", ".trash/old.png", "folder.png/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"not an image")
    with pytest.warns(UserWarning, match="left out 2 of 9 files"):
        found = images(str(tmp_path), channels=1)
    order = ["10.PNG", "9.tiff", "a/deep/er/x.gif", "b/1.bmp", "b/2.png", "p.ppm", "z.webp"]
    assert (found.dtype, found.shape) == (np.uint8, (7, 1, 4, 4))
    assert found[:, 0, 0, 0].tolist() == [10 * names.index(name) for name in order]
    assert (found == found[:, :, :1, :1]).all()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    h=st.integers(1, 40),
    w=st.integers(1, 40),
    size=st.none() | st.integers(1, 40),
    colour=st.booleans(),
    channels=st.sampled_from([1, 3]),
)
def test_file_and_array_agree_on_the_middle(tmp_path, h, w, size, colour, channels):
    pixels = noise(2, h, w, 3) if colour else noise(2, h, w)
    for i in range(2):
        save(tmp_path / "folder" / f"{i}.png", pixels[i])
    np.save(tmp_path / "a.npy", pixels)
    found = images(tmp_path / "folder", size, channels=channels)
    np.testing.assert_array_equal(found, images(tmp_path / "a.npy", size, channels=channels))
    side = size or min(h, w)
    assert (found.dtype, found.shape) == (np.uint8, (2, channels, side, side))
    if side == min(h, w) and channels == (3 if colour else 1):  # then it is only cut out
        expected = np.stack([middle(image).reshape(side, side, channels) for image in pixels])
        np.testing.assert_array_equal(found, expected.transpose(0, 3, 1, 2))


def test_flat_areas_keep_their_colour_at_every_size(tmp_path):
    image = np.zeros((30, 50, 3), np.uint8)
    image[:] = 200, 100, 50
    save(tmp_path / "a.png", image)
    for size in (1, 7, 30, 64):
        (found,) = images(tmp_path, size)
        assert (found == np.array([200, 100, 50])[:, None, None]).all()


def test_scaling_down_averages(tmp_path):
    save(tmp_path / "a.png", (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8))
    found = images(tmp_path, 8, channels=1)  # every 8th pixel alone would be black
    assert abs(found.astype(int) - 127.5).max() <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(tmp_path, orientation):
    upright = noise(6, 6, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Each of these undoes what the tag asks for; together they are the eight symmetries.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    save(tmp_path / "a.png", np.ascontiguousarray(stored), exif=exif)
    np.testing.assert_array_equal(images(tmp_path)[0], upright.transpose(2, 0, 1))


def test_transparent_becomes_white(tmp_path):
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = 255, 0, 0, 255
    rgba[0, 1] = 0, 0, 0, 128
    expected = np.array([[[255, 0, 0], [127, 127, 127]], [[255] * 3, [255] * 3]])
    save(tmp_path / "rgba" / "a.png", rgba)
    np.testing.assert_array_equal(images(tmp_path / "rgba")[0].transpose(1, 2, 0), expected)

    grey = np.stack([noise(3, 3), np.zeros((3, 3), np.uint8)], axis=-1)
    save(tmp_path / "la" / "a.png", grey)
    assert (images(tmp_path / "la") == 255).all()

    palette = Image.fromarray(np.array([[0, 1], [1, 1]], np.uint8))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    (tmp_path / "p").mkdir()
    palette.save(tmp_path / "p" / "a.png", transparency=1)
    found = images(tmp_path / "p")[0].transpose(1, 2, 0)
    assert found.reshape(4, 3).tolist() == [[10, 20, 30]] + [[255] * 3] * 3


@pytest.mark.parametrize("mode", ["1", "P", "L", "RGB", "CMYK"])
def test_modes(tmp_path, mode):
    white = Image.new("RGB", (4, 4), "white").convert(mode)
    white.save(tmp_path / "a.tiff")
    assert (images(tmp_path) == 255).all()
    assert (images(tmp_path, channels=1) == 255).all()


def test_sixteen_bits_become_eight(tmp_path):
    save(tmp_path / "a.tiff", np.array([[0, 255], [256, 65535]], np.uint16))
    assert images(tmp_path, channels=1).tolist() == [[[[0, 0], [1, 255]]]]


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_numbers_without_a_range_are_refused(tmp_path, dtype):
    save(tmp_path / "a.tiff", np.ones((2, 2), dtype))
    with pytest.raises(ValueError, match=r"cannot read .*of mode [IF], .*save them as 8 bits"):
        images(tmp_path)


# --- files that cannot be read -------------------------------------------------------------------


@pytest.fixture
def spoilt(tmp_path):
    """A folder of two images and five files that cannot be read, and the names of the five."""
    for name in ("a.png", "f.jpg"):
        save(tmp_path / name, noise(16, 16, 3))
    content = {name: (tmp_path / name).read_bytes() for name in ("a.png", "f.jpg")}
    bad = {
        "b.png": b"<!DOCTYPE html>",
        "c.jpg": content["f.jpg"][: len(content["f.jpg"]) // 2],
        "d.png": content["a.png"][: len(content["a.png"]) // 2],
        "e.png": b"",
        "sub/g.png": content["a.png"][:33] + b"?" * 40 + content["a.png"][73:],
    }
    for name, spoilt in bad.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(spoilt)
    return tmp_path, list(bad)


def test_each_bad_file_is_named(spoilt):
    folder, names = spoilt
    for name in names:
        with pytest.raises(
            ValueError, match=rf"{name}: cannot read this image .*on_error=\"skip\""
        ):
            images(folder)
        (folder / name).unlink()
    assert images(folder).shape == (2, 3, 16, 16)


def test_bad_files_are_left_out_and_counted(spoilt):
    folder, names = spoilt
    message = r"5 of 7 images cannot be read: b\.png, c\.jpg, d\.png, …; they are left out"
    with pytest.warns(UserWarning, match=message) as warned:
        found = images(folder, on_error="skip")
    assert warned[0].filename == __file__
    for name in names:
        (folder / name).unlink()
    np.testing.assert_array_equal(found, images(folder, on_error="skip"))


def test_nothing_but_bad_files(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"1 of 1 images cannot be read: a\.png$"):
        images(tmp_path, on_error="skip")


@pytest.mark.parametrize("limit", [255, 100])  # a warning of Pillow's, and an error
def test_decompression_bomb(tmp_path, monkeypatch, limit):
    save(tmp_path / "a.png", noise(16, 16))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ValueError, match=r"a\.png: cannot read .*bomb"):
        images(tmp_path)


def test_ctrl_c_is_not_a_bad_file(spoilt, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(Image, "open", interrupt)
    with pytest.raises(KeyboardInterrupt):
        images(spoilt[0], on_error="skip")


# --- what is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(size=0), "size must be None or an integer of at least 1, not 0"),
        (dict(size=-8), "size must be .*not -8"),
        (dict(size=64.0), "size must be .*not 64.0"),
        (dict(channels=4), "channels must be 1 or 3, not 4"),
        (dict(on_error="ignore"), 'on_error must be "raise" or "skip", not \'ignore\''),
    ],
)
def test_arguments_that_are_refused(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        images(tmp_path, **arguments)


def test_sizes_that_differ_ask_for_one(tmp_path):
    save(tmp_path / "a.png", noise(20, 16))
    save(tmp_path / "b.png", noise(16, 30))
    save(tmp_path / "c.png", noise(12, 12))
    with pytest.raises(ValueError, match=r"c\.png: .*16 .*a\.png, found 12; .*such as size=12"):
        images(tmp_path)
    assert images(tmp_path, np.int64(12)).shape == (3, 3, 12, 12)


def test_empty_folder(tmp_path):
    (tmp_path / "notes.txt").write_bytes(b"")
    message = r"expected images .*GIF, JPEG, .*found none, but other files .*first is notes\.txt"
    with pytest.raises(FileNotFoundError, match=message):
        images(tmp_path)
    (tmp_path / "notes.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"expected images .*GIF, JPEG, .*found none$"):
        images(tmp_path)


@pytest.mark.parametrize(("name", "found"), [("nowhere", "nothing"), ("a.zip", "another file")])
def test_neither_folder_nor_npy(tmp_path, name, found):
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(FileNotFoundError, match=rf"{name}: expected a folder .*found {found}"):
        images(tmp_path / name)


# --- links ---------------------------------------------------------------------------------------


def link(path, target):
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("cannot make links here")


def test_linked_folders_are_searched_once_each(tmp_path):
    folder, other = tmp_path / "folder", tmp_path / "other"
    for i, path in enumerate(
        [folder / "a.png", folder / "sub" / "b.png", other / "deep" / "c.png"]
    ):
        save(path, np.full((4, 4), 10 * i, np.uint8))
    link(folder / "linked", other)
    link(folder / "again", other)
    link(other / "round", folder)
    link(folder / "sub" / "up", folder)
    link(folder / "linked.png", other / "deep" / "c.png")
    link(folder / ".hidden", other)
    found = images(folder, channels=1)
    assert sorted(found[:, 0, 0, 0].tolist()) == [0, 10, 20, 20]
    link(tmp_path / "folder.link", folder)
    np.testing.assert_array_equal(images(tmp_path / "folder.link", channels=1), found)


def test_broken_link_is_not_passed_over(tmp_path):
    save(tmp_path / "a.png", noise(4, 4))
    link(tmp_path / "b.png", tmp_path / "nowhere.png")
    with pytest.raises(ValueError, match=r"b\.png: cannot read this image"):
        images(tmp_path)
    with pytest.warns(UserWarning, match=r"1 of 2 images cannot be read: b\.png"):
        images(tmp_path, on_error="skip")


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_folder_that_cannot_be_read_is_not_passed_over(tmp_path, monkeypatch):
    save(tmp_path / "a.png", noise(4, 4))
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def closed(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(PermissionError, match="closed"):
        images(tmp_path)


def test_pipe_is_passed_over(tmp_path):
    save(tmp_path / "a.png", noise(4, 4))
    os.mkfifo(tmp_path / "b.png")
    assert len(images(tmp_path)) == 1


# --- other formats -------------------------------------------------------------------------------

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\nshowpage\n"
OTHERS = [
    "DDS",
    "ICNS",
    "ICO",
    "JPEG2000",
    "MSP",
    "PCX",
    "PDF",
    "SGI",
    "TGA",
    "XBM",
]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".tif"])
@pytest.mark.parametrize("format", ["EPS", *OTHERS])
def test_other_formats_are_not_opened_whatever_their_suffix(tmp_path, monkeypatch, format, suffix):
    def run(*args, **settings):
        pytest.fail(f"ran {args}")

    monkeypatch.setattr(subprocess, "Popen", run)
    if format == "EPS":
        (tmp_path / f"cat{suffix}").write_bytes(EPS)
    else:
        mode = {"MSP": "1", "XBM": "1"}.get(format, "L")
        with open(tmp_path / f"cat{suffix}", "wb") as file:
            try:
                Image.new(mode, (16, 16)).save(file, format)
            except (KeyError, OSError):
                pytest.skip("this Pillow does not write it")
    with pytest.raises(ValueError, match=rf"cat\{suffix}: cannot read this image"):
        images(tmp_path)


# --- images by content ---------------------------------------------------------------------------

FORMATS = ["BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"]
FORMATS += ["AVIF"] if "avif" in features.get_supported_modules() else []
UNUSUAL = ["", ".image", ".DAT", ".jpg_large", ".1", ".txt", ".heic", ".jpg~", ".nef"]
NO_IMAGES = [b"", b"a caption", b"P5 a letter that begins like a PGM", b"BM, a list of cars", EPS]


def encoded(format, **options):
    """The bytes of a 6 × 6 image in a format."""
    file = io.BytesIO()
    Image.fromarray(noise(6, 6)).save(file, format, **options)
    return file.getvalue()


ENCODED = {name: encoded(name) for name in FORMATS}
OTHER_CONTENTS = [*NO_IMAGES, encoded("ICO"), encoded("TGA"), encoded("PDF")]
OTHER_CONTENTS += [encoded("TIFF", tiffinfo={254: 1})]  # the preview in a camera's raw file


@settings(max_examples=40, deadline=None)
@given(
    contents=st.lists(st.sampled_from([*ENCODED.values(), *OTHER_CONTENTS]), min_size=1),
    data=st.data(),
)
def test_images_are_recognised_by_content_and_the_others_are_counted(contents, data):
    suffixes = [data.draw(st.sampled_from(UNUSUAL)) for _ in contents]
    names = [f"{i:03}{suffix}" for i, suffix in enumerate(suffixes)]
    good = [content in ENCODED.values() for content in contents]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for name, content in zip(names, contents, strict=True):
            Path(folder, name).write_bytes(content)
        if not any(good):
            with pytest.raises(FileNotFoundError, match="found none, but other files") as caught:
                images(folder)
            told = str(caught.value)
        else:
            assert len(images(folder)) == sum(good)
            told = "".join(str(w.message) for w in warned)
            left_out = f"left out {len(good) - sum(good)} of {len(good)} files"
            assert told.startswith(f"{folder}: {left_out}") == (not all(good))
    others = [(n, s) for n, s, g in zip(names, suffixes, good, strict=True) if not g]
    if others:
        counts = Counter(suffix.lower() or "without a suffix" for _, suffix in others)
        listed = [f"{n} {suffix}" for suffix, n in counts.most_common()]
        listed[5:] = ["…"] if len(listed) > 5 else []
        assert f"({', '.join(listed)}; the first is {others[0][0]})" in told
    else:
        assert not warned


@pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".apng", ".pnm", ".JPG"])
def test_a_suffix_of_the_formats_makes_an_unreadable_file_an_error(tmp_path, suffix):
    (tmp_path / "a").write_bytes(ENCODED["JPEG"])
    (tmp_path / f"b{suffix}").write_bytes(ENCODED["JPEG"])
    assert len(images(tmp_path)) == 2
    (tmp_path / f"b{suffix}").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ValueError, match=rf"b\{suffix}: cannot read this image"):
        images(tmp_path)


def test_a_large_image_is_not_left_out_because_of_its_suffix(tmp_path, monkeypatch):
    (tmp_path / "a.image").write_bytes(ENCODED["PNG"])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ValueError, match=r"a\.image: cannot read this image .*bomb"):
        images(tmp_path)


def test_many_suffixes_are_not_all_listed(tmp_path):
    (tmp_path / "a.png").write_bytes(ENCODED["PNG"])
    for i in range(9):
        (tmp_path / f"b.{i}").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"9 of 10 files \(1 \.\d, .*1 \.\d, …; the first is b\.0"):
        images(tmp_path)


def test_an_array_is_recognised_by_content(tmp_path):
    pixels = noise(5, 4, 4)
    for name in ("a.NPY", "array", "a.bin"):
        with open(tmp_path / name, "wb") as file:
            np.save(file, pixels)
        np.testing.assert_array_equal(images(tmp_path / name, channels=1)[:, 0], pixels)
        (tmp_path / name).unlink()
    (tmp_path / "a.npy").write_bytes(b"no array")
    with pytest.raises(ValueError, match=r"a\.npy: expected a \.npy file"):
        images(tmp_path / "a.npy")


@pytest.mark.parametrize("format", [f for f in FORMATS if f in ("GIF", "PNG", "TIFF", "WEBP")])
def test_files_of_several_images_are_counted(tmp_path, format):
    first, second = (Image.fromarray(noise(6, 6, seed=seed)) for seed in (0, 1))
    options = {"lossless": True} if format == "WEBP" else {}
    first.save(tmp_path / "a.x", format, save_all=True, append_images=[second], **options)
    first.save(tmp_path / "b.x", format, **options)
    message = r"1 of 2 files hold several images \(1 \.x; the first is a\.x\), and only the first"
    with pytest.warns(UserWarning, match=message) as warned:
        found = images(tmp_path, channels=1)
    assert len(warned) == 1 and warned[0].filename == __file__
    np.testing.assert_array_equal(found[0], found[1])


def test_the_preview_beside_a_phone_s_picture_is_not_counted(tmp_path):
    first, second = (Image.fromarray(noise(6, 6, seed=seed)) for seed in (0, 1))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    assert images(tmp_path).shape == (1, 3, 6, 6)


# --- sixteen bits, and large files ---------------------------------------------------------------


def png(pixels, colour_type, bits=16):
    """A PNG file. (Pillow writes colour with 8 bits only.)"""

    def chunk(name, data):
        return (
            len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
        )

    h, w = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(f">u{bits // 8}").tobytes() for row in pixels)
    head = w.to_bytes(4, "big") + h.to_bytes(4, "big") + bytes([bits, colour_type, 0, 0, 0])
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def test_sixteen_bits_of_every_format_become_the_same_eight(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (6, 6), dtype=np.uint16)
    pixels[0, :4] = 0, 255, 256, 65535
    save(tmp_path / "tiff" / "a.tiff", pixels)
    for name in ("png", "pgm", "rgb"):
        (tmp_path / name).mkdir()
    (tmp_path / "png" / "a.png").write_bytes(png(pixels, 0))
    (tmp_path / "rgb" / "a.png").write_bytes(png(np.stack([pixels] * 3, -1), 2))
    (tmp_path / "pgm" / "a.pgm").write_bytes(b"P5 6 6 65535\n" + pixels.astype(">u2").tobytes())
    for name in ("tiff", "png", "pgm", "rgb"):
        found = images(tmp_path / name, channels=1)
        np.testing.assert_array_equal(found, (pixels >> 8).astype(np.uint8)[None, None])


def test_more_pixels_than_allowed_are_refused_before_they_are_unpacked(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(png(np.zeros((8192, 8193, 1), np.uint8), 0, bits=8))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("unpacked"))
    with pytest.raises(ValueError, match=r"a\.png: .*it has more than 67,108,864 pixels"):
        images(tmp_path)


def test_any_flipped_bit_in_the_pixels_of_a_png_file_is_noticed(tmp_path):
    """Pillow alone would decode some of these files to wrong pixels."""
    ramp = np.arange(32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    save(tmp_path / "a.png", ramp)
    whole = (tmp_path / "a.png").read_bytes()
    for at in range(whole.index(b"IDAT"), whole.index(b"IEND") - 4):
        content = bytearray(whole)
        content[at] ^= 1 << at % 8
        (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.png: cannot read this image"):
            images(tmp_path)
