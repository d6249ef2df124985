"""train_digit_classifier.py: its data, and a short run."""

import shutil

import numpy as np
import pytest

from minigan.metrics import digit_classifier


@pytest.fixture
def script(example):
    return example("train_digit_classifier")


def test_images_are_moved_by_up_to_two_pixels_each_its_own_way(script):
    images = np.zeros((500, 28, 28), dtype=np.uint8)
    images[:, 10, 20] = 255
    images[:, 0, 0] = 9
    moved = script.shifted(images, np.random.default_rng(0))
    n, y, x = np.nonzero(moved == 255)
    assert n.tolist() == list(range(500))
    assert {*zip(y, x, strict=True)} == {(i, j) for i in range(8, 13) for j in range(18, 23)}
    for image, dy, dx in zip(moved, y - 10, x - 20, strict=True):
        stays = dy >= 0 and dx >= 0
        assert np.count_nonzero(image == 9) == stays
        assert np.count_nonzero(image) == 1 + stays


def test_noise_differs_in_amount_and_stays_among_the_pixels(script):
    x = np.full((400, 1, 28, 28), 0.5, dtype=np.float32)
    noisy = script.noisy(x, np.random.default_rng(0))
    assert noisy.dtype == np.float32 and noisy.min() >= 0 and noisy.max() <= 1
    std = noisy.std(axis=(1, 2, 3))
    assert std.min() < 0.01 and 0.18 < std.max() < 0.22
    assert (x == 0.5).all()


def test_a_short_run_learns_and_leaves_weights_that_can_be_read(script, data, tmp_path, capsys):
    for part in ("images-idx3", "labels-idx1"):
        shutil.copy(data / f"train-{part}-ubyte", tmp_path)
        shutil.copy(data / f"train-{part}-ubyte", tmp_path / f"t10k-{part}-ubyte")
    out = tmp_path / "new" / "digits.npz"
    flags = f"--n_epochs 5 --batch_size 20 --data {tmp_path} --out {out}".split()
    script.main(flags)
    *losses, last = capsys.readouterr().out.splitlines()
    losses = [float(line.split()[1]) for line in losses]
    assert len(losses) == 5 and losses[-1] < 0.5 * losses[0]
    accuracy = float(last.split("%")[0])
    assert accuracy > 90 and str(out) in last
    digit_classifier(out)

    script.main([*flags[:-1], str(tmp_path / "again.npz")])
    assert (tmp_path / "again.npz").read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--n_epochs 0", "--n_epochs must be at least 1, not 0"),
        ("--n_epochs -2", "--n_epochs must be at least 1, not -2"),
        ("--batch_size 1", "--batch_size must be at least 2, not 1"),
        ("--batch_size 201", "--batch_size 201 is more than the 200 images"),
        ("--lr nan", "--lr must be at least 0, not nan"),
        ("--seed -1", "--seed must not be negative, and is -1"),
    ],
)
def test_flags_that_will_not_do(script, data, tmp_path, capsys, flags, message):
    for part in ("images-idx3", "labels-idx1"):
        for split in ("train", "t10k"):
            shutil.copy(data / f"train-{part}-ubyte", tmp_path / f"{split}-{part}-ubyte")
    with pytest.raises(SystemExit):
        script.main([*flags.split(), "--data", str(tmp_path), "--out", str(tmp_path / "a.npz")])
    assert message in capsys.readouterr().err


def test_out_that_cannot_be_written(script, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SystemExit, match=r"error: .*cannot write in this folder"):
        script.main(["--out", str(tmp_path / "file" / "x.npz")])
