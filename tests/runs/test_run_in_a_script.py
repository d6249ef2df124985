"""A Run in a script of one's own: without flags, with networks and steps of its own.

The script is the one of the README's section on resuming.
"""

import csv
import errno
import itertools
import os
import re
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from example_runs import fill_disk
from same import assert_same

import minigan
from minigan import nn, optim
from minigan.datasets import to_float
from minigan.guards.run import RESERVED
from minigan.runs.console import RunError
from minigan.runs.files import in_use, locked_folder
from minigan.runs.run import Run
from minigan.trainers import GAN, WGAN, WGANGP

README = Path(__file__).parents[2] / "README.md"
(SCRIPT,) = re.findall(
    r"<!-- ci: resume -->\n```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL
)
STEPS, INTERVAL = 200, 50  # of the script
FILES = ["checkpoint.npz", "losses.csv", "losses.png", "samples", "samples.gif", "samples.png"]


def state_of(out):
    return minigan.load(out / "checkpoint.npz")


def steps_of(out):
    return state_of(out)["steps"]


def assert_same_run(out, expected):
    """The checkpoint, the losses and the pictures are equal, bit for bit."""
    assert_same(state_of(out), state_of(expected))
    for name in ("losses.csv", "losses.png", "samples.png"):
        assert (out / name).read_bytes() == (expected / name).read_bytes()


# --- the script of the README ------------------------------------------------------------------


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A function that runs the text of the README in a new namespace, and returns its folder."""
    monkeypatch.chdir(tmp_path)

    def script():
        exec(compile(SCRIPT, "README.md", "exec"), {"__name__": "__main__"})
        return tmp_path / "runs" / "rows"

    return script


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of the script's run without a stop."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(SCRIPT, "README.md", "exec"), {"__name__": "__main__"})
    return folder / "runs" / "rows"


def at_step(monkeypatch, step, do):
    """Call `do` in G's update number `step` of a run from its start."""
    plain, count = optim.Adam.step, itertools.count(1)

    def adam_step(self):
        if next(count) == 2 * step:  # the optimizers of D and G take turns
            do()
        plain(self)

    monkeypatch.setattr(optim.Adam, "step", adam_step)


def test_the_script_has_about_25_lines_below_its_networks():
    lines = [line for line in SCRIPT[SCRIPT.index("out = ") :].splitlines() if line]
    assert len(lines) <= 25


def test_the_script_leaves_files_and_learns(whole):
    assert sorted(os.listdir(whole)) == FILES
    grids = [f"{step:06d}.png" for step in range(0, STEPS + 1, INTERVAL)]
    assert sorted(os.listdir(whole / "samples")) == grids
    state = state_of(whole)
    names = ["G", "D", "opt_G", "opt_D", "steps", "example", "flags", "fixed_noise", "rng"]
    assert list(state) == names
    assert (state["steps"], state["example"], state["flags"]) == (
        STEPS,
        None,
        {"batch_size": 64, "lr": 1e-3},
    )
    with open(whole / "losses.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "d_loss", "g_loss"] and len(rows) == STEPS
    assert float(rows[-1]["d_loss"]) != float(rows[0]["d_loss"])


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("step", [1, INTERVAL, 123])
def test_a_script_that_a_signal_stops_goes_on(script, whole, monkeypatch, capsys, name, step):
    with monkeypatch.context() as patch:
        at_step(patch, step, lambda: signal.raise_signal(getattr(signal, name)))
        out = script()
    assert steps_of(out) == step
    assert f"stopped at step {step} of {STEPS}; go on with resume=True" in capsys.readouterr().out
    assert_same_run(script(), whole)


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", [2, INTERVAL, INTERVAL + 1])
def test_a_script_that_an_exception_stops_goes_on_from_its_last_checkpoint(
    script, whole, monkeypatch, tmp_path, error, step
):
    """The exception comes in a step that is half done: it is not saved, but its losses are."""

    def do():
        raise error

    with monkeypatch.context() as patch:
        at_step(patch, step, do)
        with pytest.raises(type(error)):
            script()
    out = tmp_path / "runs" / "rows"
    saved = (step - 1) // INTERVAL * INTERVAL
    assert (out / "checkpoint.npz").exists() == (saved > 0)
    if saved:
        assert steps_of(out) == saved
    with open(out / "losses.csv", newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == list(range(1, step))
    assert not in_use(out)
    assert_same_run(script(), whole)


@pytest.mark.parametrize("n", [4, 9, 14])
def test_a_full_disk_ends_the_script_with_the_step_to_go_on_from(
    script, whole, monkeypatch, tmp_path, n
):
    with monkeypatch.context() as patch:
        fill_disk(patch, n, "for ever")
        with pytest.raises(OSError, match=r"checkpoint\.npz.*|No space left") as caught:
            script()
    out = tmp_path / "runs" / "rows"
    if (out / "checkpoint.npz").exists():
        assert f"go on from step {steps_of(out)} with resume=True" in str(caught.value)
    else:
        assert caught.value.errno == errno.ENOSPC and "go on from" not in str(caught.value)
    assert_same_run(script(), whole)


# --- small runs ----------------------------------------------------------------------------------


DATA = np.random.default_rng(0).random((40, 6), dtype=np.float32)  # five minibatches of 8


def small_gan(kind=GAN, lr=0.01, **settings):
    minigan.seed(0)
    G, last = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.2)), nn.Sigmoid()
    D = nn.Sequential(nn.Linear(6, 1), last if kind is GAN else nn.Identity())
    return kind(G, D, optim.Adam(G.parameters(), lr), optim.Adam(D.parameters(), lr), **settings)


def settings_in(out, **changes):
    return {"out": out, "n_epochs": 3, "batch_size": 8} | changes


def step_of(gan, batch):
    report = gan.discriminator_step(batch, minigan.randn(len(batch), 3))
    return report | gan.generator_step(minigan.randn(len(batch), 3))


def train(out, gan=None, during=lambda run, gan: None, **settings):
    """Train on DATA. Returns the Run and the trainer."""
    gan = small_gan() if gan is None else gan
    with Run(trainer=gan, **settings_in(out, **settings)) as run:
        for batch in run.minibatches(DATA):
            during(run, gan)
            run.log(step_of(gan, batch), batch)
    return run, gan


@pytest.mark.parametrize("steps_before", [0, 1, 4])
@pytest.mark.parametrize("calls", [0, 2, 3])
def test_a_step_that_is_not_logged_once_is_an_error_that_names_run_log(
    tmp_path, steps_before, calls
):
    gan, said = small_gan(), rf"run\.log was called {calls} times for the minibatch of step"
    with pytest.raises(RuntimeError, match=f"{said} {steps_before + 1}; call run.log"):
        with Run(trainer=gan, **settings_in(tmp_path)) as run:
            for batch in run.minibatches(DATA):
                report = step_of(gan, batch)
                for _ in range(1 if run.steps < steps_before else calls):
                    run.log(report, batch)
    assert not (tmp_path / "checkpoint.npz").exists()


@pytest.mark.parametrize("step", [1, 5, 8])
def test_a_break_after_log_saves_everything(tmp_path, step):
    """A run that is stopped in this way goes on as one that was not."""

    def train_to(out, last, **settings):
        gan = small_gan()
        with Run(trainer=gan, **settings_in(out, sample_interval=3, **settings)) as run:
            for batch in run.minibatches(DATA):
                run.log(step_of(gan, batch), batch)
                if run.steps == last:
                    break
        return run

    run = train_to(tmp_path / "parts", step)
    assert (run.steps, run.last_step, run.complete) == (step, 15, False)
    assert steps_of(tmp_path / "parts") == step and len(run.history) == step
    run = train_to(tmp_path / "parts", None, resume=True)
    assert (run.steps, run.complete) == (15, True)
    train_to(tmp_path / "whole", None)
    assert_same(state_of(tmp_path / "parts"), state_of(tmp_path / "whole"))


@pytest.mark.parametrize("settings", [{"n_epochs": 3}, {"n_steps": 15}])
def test_complete_and_last_step(tmp_path, settings):
    seen = []

    def during(run, gan):
        seen.append((run.steps, run.last_step, run.complete))

    gan = small_gan()
    arguments = {"out": tmp_path, "batch_size": 8, **settings}
    with Run(trainer=gan, **arguments) as run:
        assert (run.last_step, run.complete) == (settings.get("n_steps"), False)
        for batch in run.minibatches(DATA):
            during(run, gan)
            run.log(step_of(gan, batch), batch)
    assert seen == [(step, 15, False) for step in range(15)]
    assert (run.steps, run.complete) == (15, True)
    with Run(trainer=small_gan(), resume=True, **arguments) as again:
        assert list(again.minibatches(DATA)) == []
    assert again.complete and again.history == run.history


@pytest.mark.parametrize(
    "names", [{"g_loss": "g_loss"}, {"g_loss": "loss of G"}, {"g_loss": "d_loss too"}, {}]
)
@pytest.mark.parametrize(("kind", "n_critic"), [(GAN, 1), (WGAN, 3), (WGANGP, 2)])
def test_the_mean_is_updated_after_a_step_of_g_whatever_the_report_calls_it(
    tmp_path, kind, n_critic, names
):
    gan = small_gan(kind, **({} if kind is GAN else {"n_critic": n_critic}))
    means = []
    with Run(trainer=gan, average=0.9, **settings_in(tmp_path)) as run:
        for batch in run.minibatches(DATA):
            z = minigan.randn(8, 3)
            if kind is GAN:
                report = gan.discriminator_step(batch, z)
            else:
                eps = [] if kind is WGAN else [minigan.rand(8)]
                report = gan.critic_step(batch, z, *eps)
            if gan.steps % n_critic == 0:
                report |= gan.generator_step(minigan.randn(8, 3))
            report = {names.get(name, name): value for name, value in report.items()}
            run.log(report if names else {}, batch)
            means.append(run.average.n_averaged)
    assert means == [step // n_critic for step in range(1, 16)]


def test_the_mean_follows_a_step_that_gives_new_arrays(tmp_path):
    """Such as p.data = p.data - lr * p.grad.data, in a step of one's own."""
    G = nn.Linear(3, 6)
    moved = []
    arguments = settings_in(tmp_path, average=0.5)
    with Run(objects={"G": G}, generator=G, **arguments) as run:
        for _ in run.minibatches(DATA):
            if run.steps % 4 == 3:
                G.weight.data = G.weight.data - np.float32(0.1)
                moved.append(run.steps)
            run.log({})
    assert run.average.n_averaged == len(moved) == 3


@pytest.mark.parametrize("value", [nn.ReLU(), np.zeros(3), {"lr": 1}, len], ids=repr)
def test_a_setting_that_is_an_object_is_refused_with_the_remedy(tmp_path, value):
    message = r"opt= is of type [\w.]+, and a setting is .*write objects=\{'opt': \.\.\.\}"
    with pytest.raises(TypeError, match=message):
        Run(trainer=small_gan(), opt=value, **settings_in(tmp_path))


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_that_a_checkpoint_needs_itself(tmp_path, name):
    with pytest.raises(ValueError, match=f"the name '{name}' is taken; choose another"):
        Run(objects={name: nn.Linear(1, 1)}, **settings_in(tmp_path))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"out": KeyError}, TypeError, "a Run needs out=, the folder"),
        ({"batch_size": KeyError}, TypeError, "and batch_size="),
        ({"n_epochs": KeyError}, TypeError, "a Run needs n_epochs= or n_steps="),
        ({"n_steps": 5}, TypeError, "n_epochs= or n_steps=, one of them"),
        ({"n_epochs": 0}, ValueError, "n_epochs must be an integer of at least 1, not 0"),
        ({"n_epochs": 2.0}, ValueError, "n_epochs must be an integer of at least 1, not 2.0"),
        ({"batch_size": True}, ValueError, "batch_size must be an integer .*, not True"),
        ({"sample_interval": -1}, ValueError, "sample_interval must be .*, not -1"),
        ({"seed": -1}, ValueError, "seed must be an integer of at least 0, not -1"),
        ({"decay_epoch": 0.5}, ValueError, "decay_epoch must be .* at least 0, not 0.5"),
        ({"average": 1.0}, ValueError, "decay"),
        ({"objects": {"x": 3}}, TypeError, r"objects\['x'\] is of type int, which has no state"),
        ({"picture": len}, TypeError, "fixed_noise and picture go together"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit_are_refused_before_any_work(tmp_path, changes, error, message):
    settings = settings_in(tmp_path / "out") | changes
    settings = {name: value for name, value in settings.items() if value is not KeyError}
    with pytest.raises(error, match=message):
        Run(trainer=small_gan(), **settings)
    assert not (tmp_path / "out").exists()


def test_more_that_does_not_fit(tmp_path):
    settings = settings_in(tmp_path)
    with pytest.raises(TypeError, match="a Run needs a trainer, or objects="):
        Run(**settings)
    with pytest.raises(TypeError, match="generator= is missing: the network that draws"):
        Run(objects={"G": nn.Linear(1, 1)}, average=0.9, **settings)
    settings = {"out": tmp_path, "batch_size": 8, "n_steps": 3}
    with pytest.raises(TypeError, match="decay_epoch= needs n_epochs="):
        Run(trainer=small_gan(), decay_epoch=1, **settings)
    run = Run(trainer=small_gan(), **settings)
    for use in (lambda: run.log({}), lambda: next(run.minibatches(DATA))):
        with pytest.raises(RuntimeError, match="use a Run in a with block"):
            use()
    assert list(tmp_path.iterdir()) == []


def test_errors_of_a_script_name_its_keywords_and_not_flags(tmp_path):
    train(tmp_path, lr=0.01, betas=(0.5, 0.9))
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.*")}
    for changes, message in [
        ({}, r"holds a run already: go on with it by resume=True, choose another out, or delete"),
        ({"lr": 0.02}, r"had lr 0\.01, not 0\.02: resume it with the same settings"),
        ({"betas": (0.0, 0.9)}, r"had betas \(0\.5, 0\.9\), not \(0\.0, 0\.9\)"),
        ({"batch_size": 4}, r"had batch_size 8, not 4"),
        ({"example": "mine"}, r"is one of another script, not of mine\.py: .* another out$"),
        ({"momentum": 0.5}, r"had momentum none, not 0\.5: resume it with the same settings"),
    ]:
        resume = {"resume": True} if changes else {}
        with pytest.raises(RunError, match=message) as caught:
            train(tmp_path, **{"lr": 0.01, "betas": (0.5, 0.9)} | resume | changes)
        assert "--" not in str(caught.value)
        assert {path.name: path.read_bytes() for path in tmp_path.glob("*.*")} == before
    with pytest.raises(RunError, match=r"^there is no run to resume in .*: no checkpoint\.npz"):
        train(tmp_path / "none", resume=True)
    with pytest.raises(RunError, match=r"^batch_size 41 is more than the 40 samples"):
        train(tmp_path / "none", batch_size=41)
    assert list((tmp_path / "none").iterdir()) == []


def test_settings_that_may_change(tmp_path):
    train(tmp_path / "a", lr=0.01, n_epochs=1, data="here")
    (tmp_path / "a").rename(tmp_path / "b")
    changes = {"sample_interval": 2, "data": Path("there"), "resume": True}
    run, _ = train(tmp_path / "b", lr=0.01, n_epochs=2, **changes)
    assert (run.steps, run.complete) == (10, True)


@pytest.mark.parametrize("stop", [2, 5, 9, 12])
def test_falling_learning_rates_go_on(tmp_path, stop):
    """They are constant for two epochs of five steps and 0 after the third."""
    expected = [0.01] * 11 + [0.01 * share / 5 for share in (4, 3, 2, 1)]
    rates = []

    def during(run, gan):
        assert gan.g_optimizer.lr == gan.d_optimizer.lr
        rates.append(gan.g_optimizer.lr)
        if run.steps + 1 == stop:
            run.interrupt.requested = True

    train(tmp_path / "parts", during=during, decay_epoch=2)
    assert len(rates) == stop
    train(tmp_path / "parts", during=during, decay_epoch=2, resume=True)
    assert rates == pytest.approx(expected, rel=1e-12)
    train(tmp_path / "whole", decay_epoch=2)
    assert_same(state_of(tmp_path / "parts"), state_of(tmp_path / "whole"))


@pytest.mark.parametrize(("stop", "refused"), [(9, False), (10, False), (11, True), (14, True)])
def test_the_last_epoch_is_fixed_once_the_learning_rates_have_fallen(tmp_path, stop, refused):
    def during(run, gan):
        run.interrupt.requested |= run.steps + 1 == stop

    train(tmp_path, during=during, decay_epoch=2)
    longer = partial(train, tmp_path, decay_epoch=2, n_epochs=4, resume=True)
    if refused:
        with pytest.raises(RunError, match="had n_epochs 3, not 4: resume it with the same"):
            longer()
        assert steps_of(tmp_path) == stop
    else:
        assert longer()[0].steps == 20


# --- what to write instead -----------------------------------------------------------------------


def values_in(message):
    """The settings that a message tells the reader to write: {name: integer}."""
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", message)}


@pytest.mark.parametrize("n", [1, 2, 3, 31, 32, 40])
def test_a_batch_that_is_too_large_names_one_that_works(tmp_path, n):
    settings = settings_in(tmp_path, n_epochs=1)
    batch_size, data = n + 1, DATA[:n]
    with pytest.raises(RunError, match=rf"^batch_size {n + 1} is more than the {n} sa") as caught:
        with Run(trainer=small_gan(), **settings | {"batch_size": batch_size}) as run:
            list(run.minibatches(data))
    with Run(trainer=small_gan(), **settings | values_in(str(caught.value))) as run:
        for batch in run.minibatches(data):
            run.log({"loss": len(batch)})
    assert run.steps == run.last_step >= 1


def test_no_samples_at_all(tmp_path):
    with pytest.raises(RunError, match=r"is more than the 0 samples; give at least 1$"):
        with Run(trainer=small_gan(), **settings_in(tmp_path)) as run:
            list(run.minibatches(DATA[:0]))


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({"n_epochs": 1}, {"n_epochs": 1}),
        ({"n_epochs": 4}, {"n_epochs": 1}),  # fewer than the run has
        ({"n_epochs": 2, "decay_epoch": 2}, {"n_epochs": 2, "decay_epoch": 2}),  # not fallen yet
        ({"n_steps": 7}, {"n_steps": 7}),
        ({"n_steps": 7}, {"n_steps": 2}),
    ],
)
def test_a_complete_run_says_how_to_go_further(tmp_path, capsys, no_summary, first, later):
    def run(**settings):
        settings = {"out": tmp_path, "batch_size": 8} | settings
        with Run(trainer=(gan := small_gan()), **settings) as run:
            for batch in run.minibatches(DATA):
                run.log(step_of(gan, batch), batch)
        return run, capsys.readouterr().out

    before, printed = run(**first)
    assert "was complete" not in printed
    resumed, printed = run(**later, resume=True)
    assert resumed.steps == before.steps
    assert f"the run was complete already, at step {before.steps}; to go further" in printed
    longer, printed = run(**later | values_in(printed), resume=True)
    assert longer.complete and longer.steps > before.steps
    assert "was complete" not in printed


def test_a_complete_run_whose_learning_rates_fell_cannot_go_further(tmp_path, capsys, no_summary):
    train(tmp_path, decay_epoch=2)
    capsys.readouterr()
    train(tmp_path, decay_epoch=2, resume=True)
    message = "fallen to 0: for a longer run, choose another out and a larger n_epochs"
    assert message in capsys.readouterr().out


# --- checkpoints of older versions ---------------------------------------------------------------


@pytest.mark.parametrize("version", ["0.1", "0.2"])
@pytest.mark.parametrize(("kind", "n_critic"), [(GAN, 1), (WGAN, 3), (WGANGP, 2)])
def test_a_run_of_an_older_version_goes_on(tmp_path, version, kind, n_critic):
    """It has one number of steps. One of 0.1 has no averages, decay_epoch and example, too."""

    def run_to(out, n_epochs, **settings):
        gan = small_gan(kind, **({} if kind is GAN else {"n_critic": n_critic}))
        settings |= settings_in(out, n_epochs=n_epochs, average=0.0, decay_epoch=0)
        with Run(trainer=gan, example="mine", **settings) as run:
            for batch in run.minibatches(DATA):
                if kind is GAN:
                    report = gan.discriminator_step(batch, minigan.randn(8, 3))
                else:
                    eps = [] if kind is WGAN else [minigan.rand(8)]
                    report = gan.critic_step(batch, minigan.randn(8, 3), *eps)
                if gan.steps % n_critic == 0:
                    report |= gan.generator_step(minigan.randn(8, 3))
                run.log(report, batch)
        return out

    whole, out = run_to(tmp_path / "whole", 4), run_to(tmp_path / "out", 2)
    state = state_of(out)
    assert state.pop("trainer") == {"steps": 10}
    if version == "0.1":
        del state["example"]
        for name in "average", "decay_epoch", "n_epochs":
            del state["flags"][name]
    minigan.save(state, out / "checkpoint.npz")
    run_to(out, 4, resume=True)
    assert_same(state_of(out), state_of(whole))


# --- what surrounds the loop ---------------------------------------------------------------------


class NoisyGenerator(nn.Sequential):
    """A generator that draws noise of its own, also for the pictures."""

    def forward(self, z):
        return super().forward(z + minigan.randn(*z.shape))


@pytest.mark.parametrize("stop", [3, 4, 10])
def test_pictures_draw_no_random_numbers_of_the_run(tmp_path, stop):
    def run_to(out, n_epochs, interval, stop=None, **settings):
        minigan.seed(0)
        G = NoisyGenerator(nn.Linear(3, 6), nn.Sigmoid())
        D = nn.Sequential(nn.Linear(6, 1), nn.Sigmoid())
        gan = GAN(G, D, optim.Adam(G.parameters()), optim.Adam(D.parameters()))
        pictures = {
            "fixed_noise": minigan.randn(4, 3),
            "picture": lambda samples: samples.reshape(-1, 2, 3),
        }
        settings |= settings_in(out, n_epochs=n_epochs, sample_interval=interval)
        with Run(trainer=gan, **pictures, **settings) as run:
            for batch in run.minibatches(DATA):
                run.log(step_of(gan, batch), batch)
                if run.steps == stop:
                    break
        return out

    whole = run_to(tmp_path / "whole", 3, interval=100)
    parts = run_to(tmp_path / "parts", 3, interval=2, stop=stop)
    run_to(parts, 3, interval=2, resume=True)
    assert_same(state_of(parts), state_of(whole))


def test_another_run_in_the_folder_is_refused(tmp_path):
    with locked_folder(tmp_path):
        with pytest.raises(OSError, match=r"another run is writing in .*: wait for its end"):
            train(tmp_path)
    train(tmp_path)
    assert not in_use(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_a_number_that_is_not_finite_ends_the_run(tmp_path, value):
    with pytest.raises(FloatingPointError, match=r"step 3: my loss is (nan|inf)"):
        with Run(objects={"G": nn.Linear(1, 1)}, **settings_in(tmp_path)) as run:
            for _ in run.minibatches(DATA):
                run.log({"my loss": value if run.steps == 2 else 1.0})
    assert (tmp_path / "losses.csv").read_text().split() == ["step,my", "loss", "1,1.0", "2,1.0"]
    assert not (tmp_path / "checkpoint.npz").exists()


def test_data_that_are_all_the_same_end_the_run(tmp_path):
    gan = small_gan()
    with pytest.raises(RunError, match="samples of the data are all the same"):
        with Run(trainer=gan, **settings_in(tmp_path, batch_size=100)) as run:
            for batch in run.minibatches(np.full((200, 6), 7, np.uint8)):
                real = to_float(batch)
                run.log(step_of(gan, real), real)


def test_a_trainer_without_steps_and_reports_of_tensors(tmp_path):
    class Player:
        def __init__(self):
            self.network = nn.Linear(6, 1)
            self.optimizer = optim.SGD(self.network.parameters(), 0.1)
            self.name = "nothing to save"

        def step(self, real):
            loss = (self.network(minigan.Tensor(real)) ** 2).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            return {"loss": loss}

    player = Player()
    with Run(trainer=player, **settings_in(tmp_path)) as run:
        for batch in run.minibatches(DATA):
            run.log(player.step(batch))
    assert {"network", "optimizer", "steps"} <= state_of(tmp_path).keys()
    assert "trainer" not in state_of(tmp_path) and "name" not in state_of(tmp_path)
    assert [type(row["loss"]) for row in run.history] == [float] * 15
    assert sorted(os.listdir(tmp_path)) == ["checkpoint.npz", "losses.csv", "losses.png"]
