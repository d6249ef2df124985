"""A checkpoint of version 0.1 loads, and training continues as in version 0.1."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import backend, optim

FOLDER = Path(__file__).parents[1] / "data" / "v0.1"
spec = importlib.util.spec_from_file_location("write_v0_1", FOLDER / "write.py")
v0_1 = importlib.util.module_from_spec(spec)
spec.loader.exec_module(v0_1)


def loaded(make):
    """From the checkpoint: the trainer, its average, the shape of a sample, and the checkpoint."""
    state = minigan.load(FOLDER / f"{make.__name__}.npz")
    minigan.seed(99)  # other weights than those of the file
    trainer, average, shape = v0_1.build(make)
    for name, part in v0_1.parts(trainer, average).items():
        part.load_state_dict(state[name])
    trainer.steps = state["steps"]
    backend.rng().bit_generator.state = state["rng"]
    return trainer, average, shape, state


@pytest.mark.parametrize("make", v0_1.TRAINERS)
def test_training_goes_on_as_version_0_1_went_on(make):
    trainer, average, shape, state = loaded(make)
    expected = state["expected"]
    reports = v0_1.train(trainer, average, shape, len(expected["reports"]))
    assert sum("g_loss" in report for report in reports) >= 4
    for report, before in zip(reports, expected["reports"], strict=True):
        assert report == pytest.approx(before, rel=1e-4, abs=1e-6)
    np.testing.assert_allclose(v0_1.sample(average), expected["sample"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("make", v0_1.TRAINERS)
def test_what_is_loaded_is_what_the_checkpoint_has(make):
    trainer, average, _, state = loaded(make)
    for name, part in v0_1.parts(trainer, average).items():
        now = part.state_dict()
        if isinstance(part, optim.Optimizer):
            assert "weight_decay" not in state[name]
            assert now.pop("weight_decay") == 0.0
        same(now, state[name])


def same(now, before):
    """Two trees of dicts are equal, bit for bit."""
    if not isinstance(before, dict):
        np.testing.assert_array_equal(now, before, strict=isinstance(before, np.ndarray))
        return
    assert now.keys() == before.keys()
    for key in before:
        same(now[key], before[key])
