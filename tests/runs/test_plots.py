"""minigan.runs.plots: every pixel is in its place, and other programs can open the files."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import minigan
from minigan.runs import plots

FRAME = 64


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


# --- tile --------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize(
    ("n", "columns", "margin", "rows"), [(6, 3, 2, 2), (7, 3, 1, 3), (2, 5, 0, 1), (1, 1, 3, 1)]
)
def test_tile_puts_images_in_rows_within_a_frame(n, columns, margin, rows, channels):
    h, w = 4, 5
    images = np.random.default_rng(0).random((n, h, w, *channels)) * 0.2 + 0.8  # none as the frame
    picture = plots.tile(images, columns, margin)
    assert picture.dtype == np.uint8
    size = rows * (h + margin) + margin, columns * (w + margin) + margin
    assert picture.shape == (*size, *channels)
    frame = np.ones(size, bool)
    for i, image in enumerate(images):
        y = margin + i // columns * (h + margin)
        x = margin + i % columns * (w + margin)
        np.testing.assert_array_equal(picture[y : y + h, x : x + w], np.rint(image * 255))
        frame[y : y + h, x : x + w] = False
    assert (picture[frame] == FRAME).all()


def test_tile_clips_and_rounds():
    values = np.array([[[-3.0, 0.0, 0.5, 1.0, 7.0, np.inf]]])
    assert plots.tile(values, 1, 0).tolist() == [[0, 0, 128, 255, 255, 255]]


def test_tile_leaves_its_images_alone():
    images = np.full((2, 3, 3), 2.0)
    plots.tile(images)
    assert (images == 2).all()


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((5, 784)), ValueError, r"\(N, H, W\) or \(N, H, W, 3\), not \(5, 784\)"),
        (np.zeros((5, 1, 28, 28)), ValueError, r"not \(5, 1, 28, 28\)"),
        (np.full((1, 2, 2), np.nan), ValueError, "the images hold NaN"),
        (np.zeros((5, 28, 28), np.uint8), TypeError, "floats from 0 to 1, not uint8; divide by"),
        (np.zeros((5, 1, 28, 28)), ValueError, r"transpose\(0, 2, 3, 1\) if the channels"),
        (np.zeros((0, 28, 28)), ValueError, "there is no image"),
        (minigan.Tensor(np.zeros((5, 784))), TypeError, r"not of type Tensor; .*\(x\.numpy\(\)"),
        (minigan.Tensor(np.zeros((5, 28, 28))), TypeError, "not of type Tensor"),
        ([[[0.0]]], TypeError, "not of type list"),
        (None, TypeError, "not of type NoneType"),
    ],
)
def test_images_that_are_refused(images, error, message, tmp_path):
    with pytest.raises(error, match=message):
        plots.tile(images)
    with pytest.raises(error, match=message):
        plots.save_images(tmp_path / "a.png", images)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(columns=0), "columns must be an integer of at least 1, not 0"),
        (dict(columns=-1), "columns .*not -1"),
        (dict(columns=2.5), r"columns .*not 2\.5"),
        (dict(columns="3"), "columns .*not '3'"),
        (dict(scale=0), "scale must be an integer of at least 1, not 0"),
        (dict(scale=1.5), r"scale .*not 1\.5"),
    ],
)
def test_settings_that_are_refused(settings, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        plots.save_images(tmp_path / "a.png", np.zeros((5, 4, 4)), **settings)
    assert os.listdir(tmp_path) == []


def test_margin_that_is_refused():
    with pytest.raises(ValueError, match="margin must be an integer of at least 0, not -1"):
        plots.tile(np.zeros((5, 4, 4)), margin=-1)


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1, 3])
def test_saved_picture_is_the_tiled_one_enlarged_without_a_blur(tmp_path, scale):
    images = np.random.default_rng(0).random((4, 5, 6), dtype=np.float32)
    plots.save_images(tmp_path / "a.png", images, columns=2, scale=scale)
    expected = plots.tile(images, 2).repeat(scale, axis=0).repeat(scale, axis=1)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), expected)
    assert os.listdir(tmp_path) == ["a.png"]


def test_picture_that_cannot_be_made_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="NaN"):
        plots.save_images(path, np.full((1, 2, 2), np.nan))
    with pytest.raises(ValueError, match="unknown file extension"):
        plots.save_images(tmp_path / "a.unknown", np.zeros((1, 2, 2)))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.png"]


def numbered_pictures(folder, n):
    paths = [folder / f"{i:03d}.png" for i in range(n)]
    for i, path in enumerate(paths):
        plots.save_images(path, np.full((1, 4, 4), i / 10), columns=1)
    return paths


@pytest.mark.parametrize(("n", "each"), [(1, None), (5, 1600), (10, 800)])
def test_animation_shows_each_picture_in_order_and_holds_the_last(tmp_path, n, each):
    pictures = numbered_pictures(tmp_path, n)
    plots.save_animation(tmp_path / "a.gif", pictures, seconds=8, hold=2)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == n
        for i in range(n):
            gif.seek(i)
            np.testing.assert_array_equal(np.asarray(gif.convert("L")), read(pictures[i]))
            if n > 1:
                assert gif.info["duration"] == (2000 if i == n - 1 else each)
                assert gif.info["loop"] == 0  # for ever


def test_animation_of_many_pictures_is_no_faster_than_browsers_show_it(tmp_path):
    plots.save_animation(tmp_path / "a.gif", numbered_pictures(tmp_path, 3), seconds=0.01)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.info["duration"] == 40


def test_animation_of_nothing(tmp_path):
    with pytest.raises(ValueError, match="no picture to animate"):
        plots.save_animation(tmp_path / "a.gif", [])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("size", [0, 10, 40, 45])
def test_picture_that_is_not_whole_is_named(tmp_path, size):
    pictures = numbered_pictures(tmp_path, 3)
    pictures[1].write_bytes(pictures[1].read_bytes()[:size])
    with pytest.raises(ValueError, match=r"001\.png: cannot read this picture .*; delete it"):
        plots.save_animation(tmp_path / "a.gif", pictures)
    assert not (tmp_path / "a.gif").exists()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, 1e300, -1.7e308])
def test_curves_of_a_run_that_went_wrong_are_drawn(tmp_path, bad):
    values = np.sin(np.arange(300.0))
    values[100:102] = bad
    plots.save_curves(tmp_path / "a.png", {"loss": {"d_loss": (range(300), values)}})
    assert read(tmp_path / "a.png").shape[0] == 330


def test_curves_are_drawn_a_panel_below_another(tmp_path):
    steps = list(range(50))
    losses = {"d_loss": (steps, np.sin(steps)), "g_loss": (steps[::5], np.cos(steps[::5]))}
    heights = []
    for panels in ({"loss": losses}, {"loss": losses, "probability": {"D(x)": (steps, steps)}}):
        plots.save_curves(tmp_path / "a.png", panels)
        picture = read(tmp_path / "a.png")
        heights.append(picture.shape[0])
        for colour in ([31, 119, 180], [255, 127, 14]):  # Matplotlib's first two
            assert (abs(picture[..., :3].astype(int) - colour).max(axis=-1) < 8).sum() > 200
    assert heights == [330, 660]
    assert os.listdir(tmp_path) == ["a.png"]


# --- running mean ------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_running_mean_is_over_up_to_n_values(n):
    values = np.random.default_rng(0).standard_normal(30)
    expected = [values[max(0, i + 1 - n) : i + 1].mean() for i in range(30)]
    np.testing.assert_allclose(plots.running_mean(values, n), expected, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 100])
def test_running_mean_of_nothing(n):
    assert plots.running_mean([], n).shape == (0,)


@given(
    values=st.lists(st.floats(-10, 10), min_size=1, max_size=40),
    bad=st.lists(
        st.tuples(
            st.integers(0, 39),
            st.sampled_from([np.nan, np.inf, -np.inf, 1e17, -1e17, 1e300, -1.7e308]),
        ),
        max_size=4,
    ),
    n=st.integers(1, 12),
)
def test_running_mean_is_spoilt_only_by_values_that_belong_to_it(values, bad, n):
    spoilt = np.array(values)
    for i, value in bad:
        spoilt[i % len(values)] = value
    found, expected = plots.running_mean(spoilt, n), plots.running_mean(values, n)
    untouched = [(spoilt == values)[max(0, i + 1 - n) : i + 1].all() for i in range(len(values))]
    np.testing.assert_array_equal(found[untouched], expected[untouched])
    if np.isnan(spoilt).any():
        first = np.isnan(spoilt).argmax()
        assert np.isnan(found[first : first + n]).all()
