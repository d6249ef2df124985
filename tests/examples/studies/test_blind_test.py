"""The blind test cuts grids into their images, and counts the answers of each source."""

import re

import numpy as np
import pytest

from minigan.runs import plots

pytest.importorskip("PIL")


@pytest.fixture
def blind_test(example):
    return example("blind_test")


@pytest.fixture
def grids(tmp_path):
    """Two grids of 20 images of 8 × 8 pixels. The images of the second are lighter."""
    paths = []
    for k in range(2):
        images = np.stack([np.full((8, 8), (100 * k + i) / 255) for i in range(20)])
        paths.append(tmp_path / f"{k}.png")
        plots.save_images(paths[-1], images, scale=2)
    return paths


def test_the_images_of_a_grid_are_cut_out_whole(grids, blind_test):
    for k, path in enumerate(grids):
        images = blind_test.cut(path, scale=2)
        assert [set(np.asarray(image).ravel()) for image in images] == [
            {100 * k + i} for i in range(20)
        ]
        assert {image.size for image in images} == {(16, 16)}


def test_the_order_depends_on_the_seed_alone_and_takes_as_many_of_each(blind_test):
    order = blind_test.shuffled([20, 50], 10, seed=3)
    assert order == blind_test.shuffled([20, 50], 10, seed=3)
    assert order != blind_test.shuffled([20, 50], 10, seed=4)
    assert len(set(order)) == 20
    assert [source for source, _ in order].count(0) == 10


def test_the_answers_are_counted_for_the_grid_that_each_image_is_from(
    grids, blind_test, tmp_path, capsys
):
    from PIL import Image

    sheet = tmp_path / "sheet.png"
    flags = [*map(str, grids), "--n", "12", "--out", str(sheet)]
    blind_test.main(flags)
    with Image.open(sheet) as picture:
        pixels = np.asarray(picture)
    cell, header = blind_test.CELL, blind_test.HEADER
    light = []
    for k in range(24):
        row, column = divmod(k, 12)
        value = pixels[row * (cell + header) + header + 40, column * cell + 50]
        if value[0] >= 100:
            light.append(str(k + 1))
    capsys.readouterr()
    blind_test.main([*flags, "--yes", *light])
    assert re.findall(r": (\d+) of 12", capsys.readouterr().out) == ["0", "12"]


def test_bad_input_is_refused(grids, blind_test, capsys):
    names = [str(path) for path in grids]
    for flags, message in (
        (["--n", "21"], "a grid has only 20 images"),
        (["--yes", "41"], "numbers from 1 to 40"),
        (["--scale", "3"], "is no grid of 10 columns"),
    ):
        with pytest.raises(SystemExit) as stopped:
            blind_test.main([*names, "--n", "20", *flags])
        assert message in f"{stopped.value} {capsys.readouterr().err}"
