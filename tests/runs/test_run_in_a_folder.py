"""A folder takes one run at a time. A killed run leaves no broken files and loses no work."""

import errno
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from example_runs import EXAMPLES, SMALL, files, fill_disk, leftovers

import minigan
from minigan.runs import files as files_of_runs
from minigan.runs import plots, run
from minigan.runs.files import in_use, locked_folder

ROOT = EXAMPLES.parent
FLAGS = "--batch_size", 64, "--sample_interval", 5, "--seed", 3, "--n_epochs", 4
STEPS = 12
PARTS = "checkpoint.npz", "losses.csv", "losses.png", "samples.gif"
PARTS += "samples.png", "samples_last.png"


@pytest.fixture(scope="session")
def train(run_example, data):
    """A function that trains small networks in a folder."""
    return lambda out, *flags: run_example("mnist_gan", *FLAGS, *flags, out=out, data=data, **SMALL)


@pytest.fixture(scope="session")
def whole(train, tmp_path_factory):
    """The files of a run without interruption."""
    return files(train(tmp_path_factory.mktemp("whole") / "out"))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


# --- the lock ----------------------------------------------------------------------------------


def test_a_second_run_in_the_folder_is_refused(train, out):
    out.mkdir()
    with locked_folder(out):
        assert in_use(out)
        with pytest.raises(SystemExit, match=r"error: another run is writing in .*another folder"):
            train(out)
    assert os.listdir(out) == [] and not in_use(out)
    before = files(train(out))
    with locked_folder(out):
        with pytest.raises(SystemExit, match="error: another run is writing in"):
            train(out, "--resume")
    assert files(out) == before


def test_a_run_that_goes_on_is_not_offered_to_be_deleted(train, out, capsys):
    train(out)
    with locked_folder(out):
        with pytest.raises(SystemExit):
            train(out)
    assert f"another run is writing in {out}" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        train(out)
    assert "holds a run already" in capsys.readouterr().err


def test_a_run_that_came_and_went_while_this_one_read_its_data(train, example, out, monkeypatch):
    import mnist_gan

    plain = mnist_gan.GAN

    def build_and_train_another(*args):
        monkeypatch.setattr(mnist_gan, "GAN", plain)
        train(out)
        return plain(*args)

    example("mnist_gan")
    monkeypatch.setattr(mnist_gan, "GAN", build_and_train_another)
    with pytest.raises(
        SystemExit, match=r"error: .* holds a run already: go on with it by --resume"
    ):
        train(out)
    assert minigan.load(out / "checkpoint.npz")["steps"] == STEPS


def test_where_there_are_no_locks_a_run_goes_on_without(train, out, monkeypatch, capsys):
    def lock(file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files_of_runs, "_lock_at_once", lock)
    assert minigan.load(train(out) / "checkpoint.npz")["steps"] == STEPS
    assert "cannot be locked: see that no other run writes in it" in capsys.readouterr().out


# --- leftovers ---------------------------------------------------------------------------------


def test_a_run_removes_leftovers_and_nothing_else(train, out, whole):
    mine = {"notes.txt": b"mine", ".minigan-notes": b"mine", "samples/best.png": b"mine"}
    leftovers(out, out / "samples")
    for name, content in mine.items():
        (out / name).write_bytes(content)
    train(out)
    assert files(out) == whole | mine
    leftovers(out, out / "samples")
    train(out, "--resume")
    assert files(out) == whole | mine


def test_animation_of_more_than_a_million_steps_is_in_order(example, train, out, monkeypatch):
    train(out)
    for step in (999_999, 1_000_000, 10_000_000):
        shutil.copy(out / "samples" / "000012.png", out / "samples" / f"{step}.png")
    drawn = []
    monkeypatch.setattr(plots, "save_animation", lambda path, pictures: drawn.extend(pictures))
    train(out, "--resume")
    steps = [int(path.stem) for path in drawn]
    assert steps == sorted(steps) and len(steps) == 7


# --- signals -----------------------------------------------------------------------------------


def at_save(monkeypatch, step, when, do):
    """Call `do` when this step's checkpoint is saved: before, at the end, or after."""
    plain_save, plain_fsync = run.save, os.fsync
    saving = []

    def save(state, path):
        at = state["steps"] == step
        if at and when == "before":
            do()
        saving.append(at and when == "during")
        plain_save(state, path)
        saving.pop()
        if at and when == "after":
            do()

    def fsync(file):
        if saving and saving[-1]:
            saving[-1] = False
            do()
        plain_fsync(file)

    monkeypatch.setattr(run, "save", save)
    monkeypatch.setattr(os, "fsync", fsync)


SIGNALS = [s for s in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, s)]


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize("when", ["before", "during", "after"])
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("step", [pytest.param(5, marks=pytest.mark.slow), STEPS])
def test_a_signal_during_a_save_loses_nothing(
    train, out, whole, monkeypatch, name, when, times, step
):
    def send():
        for _ in range(times):
            signal.raise_signal(getattr(signal, name))

    with monkeypatch.context() as patch:
        at_save(patch, step, when, send)
        train(out)
    assert minigan.load(out / "checkpoint.npz")["steps"] == step
    train(out, "--resume")
    assert files(out) == whole


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_while_the_last_pictures_are_drawn(train, out, whole, monkeypatch, name):
    plain = plots.save_animation

    def save_animation(*args):
        signal.raise_signal(getattr(signal, name))
        plain(*args)

    monkeypatch.setattr(plots, "save_animation", save_animation)
    train(out)
    assert files(out) == whole


@pytest.mark.parametrize("name", [s for s in SIGNALS if s != "SIGINT"])
def test_signals_that_come_twice_end_a_step_in_peace(train, out, whole, monkeypatch, name):
    """A closed terminal sends SIGHUP twice: from the system and from the shell."""
    from minigan.trainers import GAN

    plain, count = GAN.generator_step, itertools.count(1)

    def generator_step(self, z):
        if next(count) == 7:
            for _ in range(2):
                signal.raise_signal(getattr(signal, name))
        return plain(self, z)

    with monkeypatch.context() as patch:
        patch.setattr(GAN, "generator_step", generator_step)
        train(out)
    assert minigan.load(out / "checkpoint.npz")["steps"] == 7
    train(out, "--resume")
    found = files(out)
    assert all(found[name] == whole[name] for name in PARTS if name != "samples.gif")


# --- a full disk -------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["once", "for ever"])
@pytest.mark.parametrize(
    "n", [n if n in (0, 4, 13) else pytest.param(n, marks=pytest.mark.slow) for n in range(20)]
)
def test_a_full_disk_ends_a_run_with_a_sentence_or_not_at_all(
    train, out, whole, monkeypatch, capsys, n, at
):
    with monkeypatch.context() as patch:
        fill_disk(patch, n, at)
        try:
            train(out)
        except SystemExit as error:
            assert "checkpoint.npz" in str(error) and "No space left" in str(error)
            saved = (out / "checkpoint.npz").exists()
            assert ("with --resume" in str(error)) == saved
        else:
            assert "No space left on device" in capsys.readouterr().out or n > 16
    train(out, *["--resume"] if (out / "checkpoint.npz").exists() else [])
    found = files(out)
    assert found.keys() <= whole.keys()
    assert all(found[name] == whole[name] for name in PARTS if name != "samples.gif")


def test_a_disk_without_room_for_pictures(train, out, whole, monkeypatch, capsys):
    """The training goes on, and its checkpoint is the same."""
    with monkeypatch.context() as patch:
        fill_disk(patch, 0, "for ever", (".png", ".gif", ".csv"))
        train(out)
    assert files(out) == {"checkpoint.npz": whole["checkpoint.npz"]}
    assert "step 5: [Errno 28] cannot write this file" in capsys.readouterr().out


def test_data_that_consists_of_copies_of_one_image(run_example, data, out, tmp_path):
    name = "train-images-idx3-ubyte"
    content = (data / name).read_bytes()
    (tmp_path / name).write_bytes(content[:16] + content[16 : 16 + 784] * 200)
    shutil.copy(data / "train-labels-idx1-ubyte", tmp_path)
    with pytest.raises(SystemExit, match=r"error: the .* samples of the data are all the same"):
        run_example("mnist_gan", out=out, data=tmp_path)


# --- kill -9 -----------------------------------------------------------------------------------

CHILD = f"""
import os, signal, sys
sys.path[:0] = [{str(ROOT)!r}, {str(EXAMPLES)!r}, {str(ROOT / "tests")!r}]
import mnist_gan, tqdm, matplotlib.figure, PIL.Image
from example_runs import SMALL
vars(mnist_gan).update(SMALL)
left = int(sys.argv[1])
moments = "write", "open", "fsync", "replace", "unlink", "mkdir", "flock"

def count(frame, event, argument):
    '''Kill this process at the moment `left`: before one of these calls of a C function.'''
    global left
    if event == "c_call" and argument.__name__ in moments:
        left -= "matplotlib" not in frame.f_code.co_filename  # it opens many files of its own
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.setprofile(count)
mnist_gan.main(sys.argv[2:])
sys.setprofile(None)
print(left)
"""


def run_child(moment, out, data):
    """Train in a process that is killed at this moment. Returns how the process ended."""
    resume = ["--resume"] if (out / "checkpoint.npz").exists() else []
    flags = [*map(str, FLAGS), *resume, "--data", str(data), "--out", str(out)]
    command = [sys.executable, "-c", CHILD, str(moment), *flags]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a process by SIGKILL")
def test_a_run_killed_at_30_random_moments_ends_bit_for_bit_as_a_whole_one(data, tmp_path, whole):
    rng = random.Random(0)
    first = run_child(10**9, tmp_path / "first", data)
    assert first.returncode == 0, first.stderr
    n_moments = 10**9 - int(first.stdout.splitlines()[-1])
    assert files(tmp_path / "first") == whole
    kills, ends, seen = 0, 0, set()
    out = tmp_path / "0"
    while kills < 30:
        done = run_child(rng.randint(1, n_moments), out, data)
        if done.returncode == -signal.SIGKILL:
            kills += 1
            seen |= {name for name in files(out) if ".minigan-" in name}
        else:
            assert done.returncode == 0, done.stderr
            assert files(out) == whole
            ends += 1
            out = tmp_path / str(ends)
    assert seen  # some of the kills left a lock or a temporary file
    done = run_child(10**9, out, data)
    assert done.returncode == 0 and files(out) == whole


# --- resuming from wrong content ---------------------------------------------------------------

WRONG = [
    *(
        None,
        True,
        -1,
        0.5,
        10**30,
        float("nan"),
        "text",
        "",
        [],
        [1],
        {},
        {"a": 1},
        (0.5, 0.5, 0.5),
    ),
    *(np.zeros(0), np.float32(np.nan), np.full((8, 784), np.inf, np.float32), np.array("text")),
    *(np.zeros((100, 100), np.float64), np.arange(3), np.zeros((2, 2), bool)),
]


def places(state, path=()):
    """The path of every value in a nested dict, inner nodes included."""
    for key, value in state.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from places(value, (*path, key))


def put(state, path, value):
    for key in path[:-1]:
        state = state[key]
    if value is KeyError:
        del state[path[-1]]
    else:
        state[path[-1]] = value


@pytest.fixture(scope="session")
def finished(train, tmp_path_factory):
    """The folder of a run with an average of the weights, and its checkpoint."""
    out = train(tmp_path_factory.mktemp("finished") / "out", "--average", 0.9)
    return out, minigan.load(out / "checkpoint.npz")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in (1, 2, 3))])
def test_wrong_content_is_refused_or_goes_on_and_never_gives_a_traceback(
    finished, run_example, data, seed
):
    """Every value of a checkpoint is replaced by a wrong one, or removed."""
    out, state = finished
    flags = [f for f in FLAGS if f not in ("--n_epochs", 4)]
    rng = random.Random(seed)
    refused = 0
    everywhere = list(places(state))
    if seed == 0:  # the quick one
        everywhere = rng.sample(everywhere, 15)
    for path in everywhere:
        wrong = rng.choice([*WRONG, KeyError])
        minigan.save(state, out / "checkpoint.npz")
        spoilt = minigan.load(out / "checkpoint.npz")
        put(spoilt, path, wrong)
        minigan.save(spoilt, out / "checkpoint.npz")
        try:
            run_example(
                "mnist_gan", *flags, "--n_epochs", 5, "--average", 0.9, "--resume",
                out=out, data=data, **SMALL,
            )  # fmt: skip
        except SystemExit as error:
            assert str(error).startswith("error: "), (path, wrong)
            assert str(out) in str(error)
            refused += 1
        except BaseException as error:
            raise AssertionError(f"{path} = {wrong!r}: {error!r}") from error
    assert refused > len(everywhere) / 2
