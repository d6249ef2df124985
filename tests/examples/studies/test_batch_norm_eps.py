"""The study batch_norm_eps.py: its check of the first weights, and its two runs with other ε.

A stand-in replaces the classifier of digits. It classifies images by their brightness.
"""

import functools
import re
from pathlib import Path

import numpy as np
import pytest
from same import assert_same

import minigan
from minigan import metrics, nn
from minigan.runs import plots
from minigan.runs.run import Interrupt

PAGE = Path(__file__).parents[3] / "docs" / "batch_norm_eps.md"


def digit_scores(images):
    """The shares of ten classes, as of the real classifier. A class is a range of brightness."""
    assert images.shape[1:] == (28, 28) and 0 <= images.min() <= images.max() <= 1
    shares = np.histogram(images.mean(axis=(1, 2)), bins=10)[0] / len(images)
    return {"histogram": shares, "kl": float(shares.max()), "confidence": 0.5}


def small_generator(eps):
    blocks = [(nn.Linear(8, 8), nn.BatchNorm1d(8, eps=eps), nn.LeakyReLU(0.2)) for _ in range(3)]
    return nn.Sequential(nn.Linear(100, 8), *sum(blocks, ()), nn.Linear(8, 784), nn.Tanh())


@pytest.fixture(scope="module")  # the stand-in must be gone when other tests import examples
def run(run_example, data):
    """A function that runs the example on a small G and 200 images, three minibatches an epoch.

    Its runs draw no curves. (The tests of tests/runs do.)
    """
    pytest.importorskip("matplotlib")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "digit_scores", digit_scores, raising=False)
        patch.setattr(plots, "save_curves", lambda path, panels: None)
        changes = {"build_generator": small_generator, "compare_first_weights": lambda: None}
        yield functools.partial(run_example, "batch_norm_eps", data=data, **changes)


@pytest.fixture(scope="module")
def whole(run, tmp_path_factory):
    """The --out of a run with two epochs for each ε."""
    return run("--n_epochs", 2, out=tmp_path_factory.mktemp("runs") / "batch_norm_eps")


def files(out):
    return sorted(str(path.relative_to(out)) for path in out.glob("eps_*/generators/*"))


def test_first_weights_are_as_the_mathematics_says(example, capsys):
    """The example asserts it. This checks that the compared numbers differ between the two ε."""
    module = example("batch_norm_eps")
    module.compare_first_weights()
    printed = capsys.readouterr().out
    assert "varies 24.7 times less with z" in printed
    page = re.findall(r"\| (?:ε = .*, predicted|measured) \|(.*)\|", PAGE.read_text())
    predicted_of_small, measured_of_small, predicted, measured = (
        [float(cell) for cell in row.split("|")] for row in page
    )
    rows = zip((measured_of_small, measured), (predicted_of_small, predicted), strict=True)
    for line, (of_page, of_formula) in zip(printed.splitlines()[1:3], rows, strict=True):
        pairs = re.findall(r"([\d.]+) \(([\d.]+)\)", line)
        np.testing.assert_allclose([float(m) for m, _ in pairs], of_page, atol=0.002)
        np.testing.assert_allclose([float(p) for _, p in pairs], of_formula, atol=0.002)
    small, usual = map(module.build_generator, module.EPS)
    assert [layer.eps for layer in module.batch_norms(small)] == [0.8] * 3
    assert [layer.eps for layer in module.batch_norms(usual)] == [1e-5] * 3
    # 1/3, of which LeakyReLU(0.2) leaves 0.418, of which Linear leaves 1/3; then batch norm
    v = 0.41814 / 9
    np.testing.assert_allclose(module.predicted_variances(small[:4])[-2:], [v, v / (v + 0.8)], 1e-4)
    np.testing.assert_allclose(module.predicted_gain(small[:4]), (v + 0.8) ** -0.5, 1e-4)
    np.testing.assert_allclose(module.predicted_variances(usual[:4])[-1], 1, 1e-3)


def test_a_wrong_prediction_does_not_pass(example, monkeypatch):
    module = example("batch_norm_eps")
    right = module.predicted_variances
    monkeypatch.setattr(module, "predicted_variances", lambda G: [1.2 * v for v in right(G)])
    with pytest.raises(AssertionError):
        module.compare_first_weights()


def test_every_epoch_leaves_its_generator_and_the_last_is_the_checkpoint_s(whole):
    assert files(whole) == [
        f"eps_{eps}/generators/{step}.npz"
        for eps in ("0.8", "1e-05")
        for step in ("000003", "000006")
    ]
    for folder in whole.glob("eps_*"):
        generator = minigan.load(folder / "checkpoint.npz")["generator"]
        for name, array in minigan.load(folder / "generators" / "000006.npz").items():
            assert_same(array, generator[name].astype(array.dtype))
            assert array.dtype == np.float16 or name.endswith("num_batches_tracked")


def test_the_two_differ_in_nothing_but_eps(whole):
    a, b = (minigan.load(whole / f"eps_{eps}" / "checkpoint.npz") for eps in ("0.8", "1e-05"))
    assert (a["flags"].pop("eps"), b["flags"].pop("eps")) == (0.8, 1e-5)
    for name in ("flags", "fixed_noise", "rng"):  # as many numbers were drawn, too
        assert_same(a[name], b[name])
    assert (a["generator"]["0.weight"] != b["generator"]["0.weight"]).any()


def test_one_at_a_time_and_in_two_goes_is_the_same(run, whole, tmp_path):
    out = tmp_path / "out"
    run("--n_epochs", 1, "--eps", "1e-5", out=out)
    assert files(out) == ["eps_1e-05/generators/000003.npz"]
    run("--n_epochs", 2, out=out)
    assert files(out) == files(whole)
    for name in files(whole):
        assert_same(minigan.load(out / name), minigan.load(whole / name))
    assert (out / "batch_norm_eps.png").read_bytes() == (whole / "batch_norm_eps.png").read_bytes()


def test_drawing_what_there_is(run, whole, capsys):
    picture, before = whole / "batch_norm_eps.png", files(whole)
    picture.unlink()
    run("--n_epochs", 0, out=whole)
    printed = capsys.readouterr().out
    assert picture.exists() and files(whole) == before
    assert printed.count("\n    2   ") == 2 and "\n    3   " not in printed


def test_nothing_to_draw(run, tmp_path):
    run("--n_epochs", 1, "--eps", "0.8", out=tmp_path)
    with pytest.raises(SystemExit, match="there is no epoch of both in"):
        run("--n_epochs", 0, out=tmp_path)


def test_neither_has_begun(run, tmp_path):
    run("--n_epochs", 0, out=tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--n_epochs", -1], "--n_epochs must be at least 0, not -1"),
        (["--n_epochs", 0, "--eps", "0.8"], "draws the runs of both ε: leave out --eps"),
    ],
)
def test_flags_that_will_not_do(run, tmp_path, capsys, flags, message):
    with pytest.raises(SystemExit):
        run(*flags, out=tmp_path)
    assert message in capsys.readouterr().err


def test_a_run_that_is_stopped_does_not_begin_the_other(run, tmp_path, monkeypatch):
    def request_at_once(interrupt):
        interrupt.requested, interrupt.before = True, {}
        return interrupt

    monkeypatch.setattr(Interrupt, "__enter__", request_at_once)
    run("--n_epochs", 1, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["eps_0.8"]
