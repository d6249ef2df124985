"""mnist_scores.py: which runs it accepts, the samples that it draws, and the rows of its table."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from example_runs import LoopRecord

import minigan
from minigan import datasets, nn

EXAMPLES = Path(__file__).parents[3] / "examples"
MNIST = EXAMPLES / "data" / "mnist"
TRAINED = str(EXAMPLES / "data" / "mnist_gan")


@pytest.fixture
def scores(example):
    return example("mnist_scores")


@pytest.fixture
def write_run(tmp_path):
    """A function that writes the committed run with changes. None removes a key."""

    def write_run(**changes):
        state = minigan.load(f"{TRAINED}/checkpoint.npz") | changes
        state = {key: value for key, value in state.items() if value is not None}
        minigan.save(state, tmp_path / "checkpoint.npz")
        return str(tmp_path)

    return write_run


def rows(text):
    return [line.strip("|\n").split("|") for line in text.splitlines()]


def test_the_table_has_the_controls_and_a_row_for_all_weights(scores, write_run, tmp_path, capsys):
    weights = minigan.load(f"{TRAINED}/checkpoint.npz")["generator"]
    run = write_run(average={"module": weights}, example=None)
    out = tmp_path / "new" / "scores.md"
    scores.main([f"mnist_gan={run}", "--n_samples", "100", "--out", str(out)])
    assert capsys.readouterr().out == out.read_text(encoding="utf-8")
    table = [[cell.strip() for cell in row] for row in rows(out.read_text("utf-8"))]
    assert [row[0] for row in table] == [
        *("samples of", "---", "training images", "k-means centres"),
        *("mnist_gan", "mnist_gan, averaged weights"),
    ]
    assert {len(row) for row in table} == {11}
    assert table[4][1:] == table[5][1:]  # the same weights, the same noise
    parzen, precision = ([float(row[i].split()[0]) for row in table[2:5]] for i in (3, 9))
    assert parzen[0] < min(parzen[1:])  # with so few samples, blurred ones are preferred
    assert all(0.3 < p <= 1 for p in precision)


def test_averaged_weights_are_not_the_last_ones(scores, write_run):
    weights = minigan.load(f"{TRAINED}/checkpoint.npz")["generator"]
    average = {name: array + 1 for name, array in weights.items()}
    _, generators, _ = scores.load(write_run(average={"module": average}))
    for generator, expected in zip(generators.values(), (weights, average), strict=True):
        for name, array in generator.state_dict().items():
            assert array.dtype in (np.float32, np.int64)
            np.testing.assert_allclose(array, expected[name].astype(array.dtype))
        assert not generator.training


def test_train_makes_the_runs_of_the_table_and_goes_on_with_them(
    scores, data, tmp_path, monkeypatch, capsys
):
    train = scores.train
    monkeypatch.setattr(scores, "RUNS", tmp_path)
    monkeypatch.setattr(scores, "parzen_controls", lambda train, n: {})  # see the first test
    monkeypatch.setattr(scores, "train", lambda name, out, _: train(name, out, data))
    for n_epochs, steps, has_minutes in (1, "3, 3", True), (2, "6, 6", False):
        flags = ["--n_epochs", str(n_epochs), "--average", "0.9"]
        monkeypatch.setattr(scores, "TABLE", {"a_run": ("mnist_gan", flags)})
        scores.main(["--train", "--n_samples", "10"])
        for row in rows(capsys.readouterr().out)[-2:]:
            assert row[1].strip() == steps
            assert bool(row[2].strip()) == has_minutes


def test_every_example_of_the_table_takes_its_flags(scores, example, monkeypatch, tmp_path):
    record, told = LoopRecord(), []
    monkeypatch.setattr(example("mnist_dcgan"), "resize", lambda images: images)  # has its own test
    for name, _ in scores.TABLE.values():
        monkeypatch.setattr(example(name), "Run", record)
    record.complete = True
    for name in scores.TABLE:
        scores.train(name, tmp_path / name, MNIST)
        told.append(record.args)
    record.complete = False
    assert [args.example for args in told] == [example for example, _ in scores.TABLE.values()]
    assert [args.average for args in told[1:]] == [0.999] * 4
    with pytest.raises(SystemExit, match="go on with the same command"):  # this one was stopped
        scores.train("mnist_gan", tmp_path / "again", MNIST)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"example": None}, "a run of None, not of one of mnist_cgan, .*write EXAMPLE="),
        ({"example": "quickdraw_gan"}, "a run of quickdraw_gan"),
        ({"example": "os"}, "a run of os"),
        ({"example": "mnist_gan_tf1"}, "does not fit mnist_gan_tf1.py"),
        ({"flags": {}}, "does not fit mnist_gan.py: no flag latent_dim"),
        ({"steps": None}, "lacks steps"),
    ],
)
def test_what_is_no_run_of_these_examples(scores, write_run, changes, message):
    with pytest.raises(SystemExit, match=message):
        scores.main([write_run(**changes)])


def test_no_run_and_too_few_samples(scores, tmp_path, capsys):
    with pytest.raises(SystemExit, match=r"checkpoint\.npz"):
        scores.main([str(tmp_path)])
    with pytest.raises(SystemExit):
        scores.main(["--n_samples", "9"])
    assert "--n_samples must be from 10 to 10,000, not 9" in capsys.readouterr().err


def test_a_folder_that_is_called_as_an_example_is(scores, write_run, tmp_path, monkeypatch):
    write_run()
    (tmp_path / "mnist_gan").mkdir()
    (tmp_path / "checkpoint.npz").rename(tmp_path / "mnist_gan" / "checkpoint.npz")
    monkeypatch.chdir(tmp_path)
    assert scores.load("mnist_gan")[2]["example"] == "mnist_gan"


def test_two_runs_of_one_example_are_told_apart(scores, write_run, monkeypatch, capsys):
    monkeypatch.setattr(scores, "parzen_controls", lambda train, n: {})
    monkeypatch.setattr(scores, "score", lambda *_: ["1"])
    run = write_run()
    scores.main([TRAINED, run, "--n_samples", "10"])
    names = [row[0].strip() for row in rows(capsys.readouterr().out)[2:]]
    assert names == [f"mnist_gan ({TRAINED})", f"mnist_gan ({run})"]


def test_what_ends_it_before_any_work(scores, data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scores, "load", lambda path: pytest.fail("it began to work"))
    with pytest.raises(SystemExit, match=r"error: .* is a folder; name a file"):
        scores.main(["--out", str(tmp_path)])
    for part in ("images-idx3", "labels-idx1"):
        for split in ("train", "t10k"):
            shutil.copy(data / f"train-{part}-ubyte", tmp_path / f"{split}-{part}-ubyte")
    with pytest.raises(SystemExit, match=r"51,000 training images and 10,000 test .* 200 and 200"):
        scores.main(["--data", str(tmp_path)])
    with pytest.raises(SystemExit):
        scores.main(["--seed", "-1"])
    assert "--seed must not be negative" in capsys.readouterr().err


class Constant(nn.Module):
    """A generator with a constant output. It records the sizes of its batches."""

    def __init__(self, y):
        self.y, self.given = y, []

    def forward(self, z):
        self.given.append(z.shape)
        return minigan.Tensor(np.repeat(self.y[None], len(z), axis=0))


def test_an_example_says_what_its_generator_takes_and_makes(example, scores):
    grey = np.linspace(-1, 1, 784, dtype=np.float32)
    G = Constant(grey)
    samples = scores.draw(example("mnist_gan"), G, 7, scores.BATCH + 3)
    assert G.given == [(scores.BATCH, 7), (3, 7)]
    np.testing.assert_allclose(samples, np.broadcast_to((grey + 1) / 2, samples.shape))

    tf1 = example("mnist_gan_tf1")
    samples = scores.draw(tf1, Constant(abs(grey)), 7, 2)
    np.testing.assert_array_equal(samples[1], abs(grey))

    class OwnNoise:
        to_pixels = staticmethod(tf1.to_pixels)
        draw_noise = staticmethod(lambda n, latent_dim: minigan.rand(n, 2 * latent_dim))

    G = Constant(grey)
    scores.draw(OwnNoise, G, 7, 2)
    assert G.given == [(2, 14)]


def test_what_dcgan_makes_is_shrunk_to_the_digits_that_were_grown_for_it(example):
    dcgan = example("mnist_dcgan")
    images = datasets.mnist(MNIST, train=False)[0][:50]
    samples = datasets.to_float(dcgan.resize(images))
    pixels = dcgan.to_pixels(samples)
    assert (pixels.shape, pixels.dtype) == ((50, 28, 28), np.float32)
    assert abs(pixels - images / 255).mean() < 0.03
    assert pixels.min() >= 0 and pixels.max() <= 1


def test_every_example_that_can_be_scored_says_what_its_generator_makes(example):
    names = sorted(path.stem for path in EXAMPLES.glob("mnist_*gan*.py"))
    assert len(names) >= 6
    for name in names:
        module = example(name)
        generator = module.build_generator(100).eval()
        samples = generator(minigan.randn(2, generator[0].in_features)).numpy()
        pixels = module.to_pixels(samples)
        assert pixels.shape == (2, 28, 28), name
        assert 0 <= pixels.min() < 0.52 and pixels.max() <= 1, name  # from 0, and not from 1/2
