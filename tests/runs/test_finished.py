"""FinishedRun: the networks of a run, and the runs that it refuses."""

import sys

import numpy as np
import pytest
from example_runs import EXAMPLES

import minigan
from minigan.runs.finished import FinishedRun, OtherExampleError, best_weights

TRAINED = EXAMPLES / "data" / "mnist_gan"
STATE = minigan.load(TRAINED / "checkpoint.npz")


@pytest.fixture
def finished(example, tmp_path):
    """A function that writes the trained run with changes, and opens it. None removes a key."""

    def finished(names=None, name=None, **changes):
        state = {k: v for k, v in (STATE | changes).items() if v is not None}
        minigan.save(state, tmp_path / "checkpoint.npz")
        return FinishedRun(tmp_path, EXAMPLES, names, name)

    return finished


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_network_has_the_weights_of_the_run(example, player):
    run = FinishedRun(str(TRAINED), EXAMPLES)
    assert (run.folder, run.module.__name__) == (TRAINED, "mnist_gan")
    network = run.network(player)
    assert not network.training
    for name, array in network.state_dict().items():
        assert array.dtype in (np.float32, np.int64)
        np.testing.assert_array_equal(array, STATE[player][name].astype(array.dtype))


def test_a_network_with_other_weights(finished):
    weights = {name: array + 1 for name, array in STATE["generator"].items()}
    run = finished(average={"module": weights})
    for given in (None, best_weights(run.state)):
        network = run.network("generator", given)
        expected = STATE["generator"] if given is None else weights
        for name, array in network.state_dict().items():
            np.testing.assert_array_equal(array, expected[name].astype(array.dtype))


def test_a_network_takes_its_sizes_from_the_run(example, run_example, data, tmp_path):
    flags = "--n_epochs", 1, "--latent_dim", 5
    run_example("mnist_gan", *flags, out=tmp_path, data=data)
    run = FinishedRun(tmp_path, EXAMPLES)
    assert run.network("generator")[0].in_features == 5
    assert run.state["steps"] == 3


def test_averaged_weights_are_taken_where_there_are_such():
    assert best_weights({"generator": "last"}) == "last"
    assert best_weights({"generator": "last", "average": {"module": "mean"}}) == "mean"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"example": None}, "is a run of None, which is none of these examples"),
        ({"example": "os"}, "is a run of os, which is none of these examples"),
        ({"example": "./mnist_gan"}, r"a run of \./mnist_gan, which is none of these examples"),
        ({"example": str(EXAMPLES / "mnist_gan")}, "mnist_gan, which is none of these examples"),
        ({"names": ["mnist_wgan", "mnist_dcgan"]}, "not of one of mnist_wgan, mnist_dcgan"),
        ({"example": "mixtures_2d"}, r"a run of mixtures_2d\.py, which has no build_generator"),
        ({"example": "paths"}, r"a run of paths\.py, which has no build_generator"),
    ],
)
def test_runs_of_other_examples(finished, changes, message):
    with pytest.raises(OtherExampleError, match=message):
        finished(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"example": 3}, "names no example, but has 3"),
        ({"flags": None, "steps": None}, "lacks flags, steps"),
        ({"steps": 1.5}, "has steps of a wrong type"),
        ({"generator": [1]}, "has generator of a wrong type"),
        ({"average": {"decay": 0.9}}, "has an average without its weights"),
    ],
)
def test_checkpoints_that_are_damaged_or_incomplete(finished, changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        finished(**changes)
    assert not isinstance(caught.value, OtherExampleError)


@pytest.mark.parametrize(
    ("changes", "player", "message"),
    [
        ({"flags": {}}, "generator", r"does not fit mnist_gan\.py: no flag latent_dim"),
        ({"discriminator": None}, "discriminator", r"does not fit mnist_gan\.py: no discriminator"),
        ({"flags": {"latent_dim": 7}}, "generator", r"does not fit mnist_gan\.py: "),
        ({"generator": {}}, "generator", r"does not fit mnist_gan\.py: .*missing"),
    ],
)
def test_weights_and_settings_that_do_not_fit(finished, changes, player, message):
    with pytest.raises(ValueError, match=message):
        finished(**changes).network(player)


def test_an_old_run_takes_the_name_that_is_given(finished):
    assert finished(example=None, name="mnist_gan").network("generator")[-1]
    with pytest.raises(OSError, match=r"checkpoint\.npz"):
        FinishedRun(EXAMPLES, EXAMPLES)


def test_an_example_of_another_folder_is_not_imported(example, tmp_path, monkeypatch):
    """Also not one that comes first in sys.path, and has the same name."""
    monkeypatch.delitem(sys.modules, "mnist_gan", raising=False)
    (tmp_path / "mnist_gan.py").write_text(f"open({str(tmp_path / 'was here')!r}, 'w')\n")
    monkeypatch.syspath_prepend(tmp_path)
    message = rf"finds {tmp_path}/mnist_gan\.py, not .*examples/mnist_gan\.py: put the folder"
    with pytest.raises(ValueError, match=message):
        FinishedRun(TRAINED, EXAMPLES)
    assert not (tmp_path / "was here").exists()
