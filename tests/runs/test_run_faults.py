"""What a user's script may do around a Run, and what must not be lost: each was once a fault."""

import itertools
import os
import signal

import numpy as np
import pytest
from same import assert_same

import minigan
from minigan import nn, optim
from minigan.runs.console import RunError
from minigan.runs.run import Run
from minigan.trainers import GAN

DATA = np.random.default_rng(0).random((40, 6), dtype=np.float32)  # five minibatches of 8


def small_gan():
    minigan.seed(0)
    G = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6))
    D = nn.Sequential(nn.Linear(6, 1), nn.Sigmoid())
    return GAN(G, D, optim.Adam(G.parameters()), optim.Adam(D.parameters()))


def step_of(gan, batch):
    report = gan.discriminator_step(batch, minigan.randn(len(batch), 3))
    return report | gan.generator_step(minigan.randn(len(batch), 3))


def train(out, gan=None, stop=None, during=lambda run, gan: None, **settings):
    """Train on DATA, up to the step `stop`. Returns the Run."""
    gan = small_gan() if gan is None else gan
    settings = {"out": out, "n_epochs": 3, "batch_size": 8} | settings
    with Run(trainer=gan, **settings) as run:
        for batch in run.minibatches(DATA):
            report = step_of(gan, batch)
            during(run, gan)
            run.log(report, batch)
            if run.steps == stop:
                break
    return run


def state_of(out):
    return minigan.load(out / "checkpoint.npz")


class Notes:
    """An object of the user's own with any state."""

    def __init__(self, *states):
        self.states = iter(states)
        self.loaded = None

    def state_dict(self):
        return {"value": next(self.states)}

    def load_state_dict(self, state):
        self.loaded = state["value"]


@pytest.mark.parametrize(
    ("saved", "now"),
    [(-1, 0), ("a note", ""), (float("inf"), 1.0), (None, 0.5), (3, 0.5), ([1, 2], [])],
)
def test_an_object_of_the_users_own_has_any_state(tmp_path, saved, now):
    train(tmp_path, objects={"notes": Notes(*[saved] * 5)}, stop=5)
    notes = Notes(*[now] * 9)
    train(tmp_path, objects={"notes": notes}, resume=True, stop=7)
    assert notes.loaded == saved


@pytest.mark.parametrize(
    ("before", "now", "message"),
    [
        ({"lr": 0.01}, {}, "had lr 0.01, not none"),
        ({}, {"lr": 0.01}, "had lr none, not 0.01"),
        ({"seed": 7}, {}, "had seed 7, not 0"),
        ({}, {"seed": 7}, "had seed 0, not 7"),
        ({"average": 0.9}, {}, r"had average 0.9, not 0.0"),
        ({"decay_epoch": 2}, {}, "had decay_epoch 2, not 0"),
    ],
)
def test_a_setting_that_was_left_out_or_added_is_refused(tmp_path, before, now, message):
    train(tmp_path, stop=5, **before)
    state = state_of(tmp_path)
    with pytest.raises(RunError, match=message):
        train(tmp_path, resume=True, **now)
    assert_same(state_of(tmp_path), state)


@pytest.mark.parametrize("settings", [{"seed": 0}, {"average": 0.0}, {"decay_epoch": 0}])
def test_a_default_that_is_written_out_is_no_other_setting(tmp_path, settings):
    train(tmp_path, stop=5)
    assert train(tmp_path, resume=True, **settings).complete


@pytest.mark.parametrize(
    "value",
    [np.float64(0.01), np.float32(0.5), np.int64(3), [64, np.int64(32)], (np.True_,)],
    ids=repr,
)
def test_a_numpy_number_is_a_setting(tmp_path, value):
    train(tmp_path, stop=5, width=value)
    assert train(tmp_path, resume=True, width=value).complete


@pytest.mark.parametrize("step", [7, 10])
def test_weights_that_are_not_finite_do_not_replace_the_last_good_checkpoint(tmp_path, step):
    def during(run, gan):
        if run.steps == step - 1:
            gan.generator[0].weight.data = gan.generator[0].weight.data * np.nan

    with np.errstate(invalid="ignore"):
        with pytest.raises(FloatingPointError):
            train(tmp_path, during=during, sample_interval=5)
    assert state_of(tmp_path)["steps"] == 5
    assert train(tmp_path, resume=True, sample_interval=5).complete


@pytest.mark.parametrize("stepped", [False, True])
def test_a_break_before_log_keeps_the_last_checkpoint_and_says_why(tmp_path, stepped):
    gan = small_gan()
    settings = {"out": tmp_path, "n_epochs": 3, "batch_size": 8, "sample_interval": 3}
    with pytest.raises(RuntimeError, match=r"run\.log was called 0 times .* step 5"):
        with Run(trainer=gan, **settings) as run:
            for batch in run.minibatches(DATA):
                if run.steps == 4 and not stepped:
                    break
                report = step_of(gan, batch)
                if run.steps == 4:
                    break
                run.log(report, batch)
    assert state_of(tmp_path)["steps"] == 3 and len(run.history) == 4


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_loop_that_does_not_ask_for_minibatches(tmp_path, name):
    gan, steps = small_gan(), 0
    with Run(trainer=gan, out=tmp_path, n_steps=20, batch_size=8) as run:
        for batch in itertools.cycle(np.split(DATA, 5)):
            steps += 1
            if steps == 7:
                os.kill(os.getpid(), getattr(signal, name))
            run.log(step_of(gan, batch), batch)
    assert (steps, run.complete, state_of(tmp_path)["steps"]) == (7, False, 7)


def test_a_loop_that_does_not_ask_for_minibatches_ends_after_n_steps(tmp_path, capsys):
    gan = small_gan()
    with Run(trainer=gan, out=tmp_path, n_steps=9, batch_size=8) as run:
        for batch in itertools.cycle(np.split(DATA, 5)):
            run.log(step_of(gan, batch), batch)
    assert run.complete and state_of(tmp_path)["steps"] == 9
    assert "stopped" not in capsys.readouterr().out


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_number_of_a_report_may_have_any_shape_with_one_element(tmp_path, shape):
    gan = small_gan()
    for value in minigan.zeros(shape) + 2.5, np.full(shape, 2.5, np.float32):
        with Run(trainer=gan, out=tmp_path / type(value).__name__, n_steps=1, batch_size=8) as run:
            run.log({"loss": value})
        assert run.history == [{"step": 1, "loss": 2.5}]


@pytest.mark.parametrize(
    ("report", "error", "message"),
    [
        ({"loss": np.ones(2)}, TypeError, r"loss has the shape \(2,\)"),
        ({"step": 3.0}, ValueError, "the name 'step' is taken"),
        ({"loss": float("nan")}, FloatingPointError, "step 1: loss is nan"),
    ],
)
def test_a_report_that_will_not_do_is_refused(tmp_path, report, error, message):
    with pytest.raises(error, match=message):
        with Run(trainer=small_gan(), out=tmp_path, n_steps=1, batch_size=8) as run:
            run.log(report)
    assert not (tmp_path / "checkpoint.npz").exists()


def test_a_picture_does_not_change_the_mode_of_a_layer(tmp_path):
    gan, modes = small_gan(), []
    gan.generator[1].eval()  # a user's choice, as for a frozen batch norm

    def during(run, gan):
        modes.append([module.training for module in gan.generator.modules()])

    pictures = dict(fixed_noise=minigan.randn(2, 3), picture=lambda s: s.reshape(-1, 2, 3))
    train(tmp_path, gan, during=during, sample_interval=2, **pictures)
    assert modes == [[True, True, False]] * 15


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"objects": {"opt/G": optim.SGD([nn.Parameter([1.0])], 0.1)}}, ValueError),
        ({"width": [len]}, TypeError),
        ({"objects": {"notes": Notes(*[len] * 3)}}, TypeError),
    ],
    ids=["name", "setting", "state"],
)
def test_what_cannot_be_saved_is_refused_before_the_first_step(tmp_path, changes, error):
    with pytest.raises(error):
        train(tmp_path, during=lambda run, gan: pytest.fail("it began to train"), **changes)


@pytest.mark.parametrize(
    "noise", [minigan.Tensor(np.ones((1, 3), np.float32)), np.ones((1, 3), np.float32)]
)
def test_fixed_noise_is_an_array_or_a_tensor_of_any_number_of_samples(tmp_path, noise):
    picture = {"fixed_noise": noise, "picture": lambda s: s.reshape(-1, 2, 3)}
    assert train(tmp_path, sample_interval=5, **picture).complete
    assert (tmp_path / "samples.png").exists()


def test_an_error_of_the_loop_stays_what_it_is(tmp_path):
    def during(run, gan):
        if run.steps == 7:
            raise FileNotFoundError(2, "No such file", "labels.csv")

    with pytest.raises(FileNotFoundError) as caught:
        train(tmp_path, during=during, sample_interval=5)
    assert (caught.value.errno, caught.value.filename) == (2, "labels.csv")
    assert state_of(tmp_path)["steps"] == 5


def test_a_damaged_picture_does_not_end_a_run(tmp_path, capsys):
    def during(run, gan):
        if run.steps == 7:
            (tmp_path / "samples" / "000000.png").write_bytes(b"\x89PNG half of")

    pictures = dict(fixed_noise=minigan.randn(4, 3), picture=lambda s: s.reshape(-1, 2, 3))
    assert train(tmp_path, during=during, sample_interval=5, **pictures).complete
    assert "cannot read this picture" in capsys.readouterr().out


def test_log_after_the_block_is_refused(tmp_path):
    run = train(tmp_path)
    with pytest.raises(RuntimeError, match="use a Run in a with block"):
        run.log({"loss": 1.0})


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    train("~/runs/a", stop=2)
    assert state_of(tmp_path / "runs" / "a")["steps"] == 2
