"""Run: what surrounds a training loop. Files, pictures, a progress bar, checkpoints, resuming.

There is no mathematics here. A program builds its networks, asks a Run for minibatches, steps the
players, and logs the numbers of each step.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import contextlib
import csv
import math
import os
import re
from functools import partial
from pathlib import Path

from minigan import backend
from minigan.datasets.batches import minibatches
from minigan.guards.checkpoint import check_like, check_sound
from minigan.guards.data import batch_size_for
from minigan.guards.interrupts import make_changes
from minigan.guards.run import check_packages, checked_objects, checked_settings, holds_a_run
from minigan.metrics.diagnosis import Diagnosis
from minigan.nn.module import Module
from minigan.optim import AveragedModel, Optimizer, linear_decay
from minigan.runs import plots
from minigan.runs.checkpoints import check_savable, load, save
from minigan.runs.console import Interrupt, RunError, forgiving_output
from minigan.runs.files import atomic_write, check_writable, locked_folder, remove_leftovers
from minigan.switches import no_grad
from minigan.tensor import Tensor, as_array, as_tensor

DEFAULTS = dict(seed=0, resume=False, sample_interval=400, average=0.0, decay_epoch=0, example=None)
# A resumed run may have other values of these settings.
MAY_CHANGE = {"n_epochs", "n_steps", "sample_interval", "out", "resume", "data", "backend"}
MAY_CHANGE |= {"on_error"}  # which, like the data, decides on the images
MAY_CHANGE |= {"example"}  # which has an error of its own


class EndOfRun(BaseException):
    """Ends a loop that does not ask for minibatches: the run is complete, or a signal came."""


class Run:
    """A training run in a folder. Use it in a `with` block, around the loop.

    args: what `parse_flags` returns. Without it, give the settings as keywords.
    trainer: a trainer. Its networks and optimizers are saved under the names of its attributes.
    objects: {name: object} to save in place of a trainer's, or in addition. An object has
    `state_dict` and `load_state_dict`.
    generator: the network that draws the samples. The default is the trainer's.
    fixed_noise: a Tensor, the noise of all sample pictures. None: there are no pictures.
    picture: a function from an array of the generator's samples to images of 0 to 1, (N, H, W) or
    (N, H, W, 3).
    columns: images side by side in a sample picture.
    settings: `out` (the folder), `batch_size`, and `n_epochs` or `n_steps` are needed. Defaults:
    seed=0 (of the order of the data), resume=False, sample_interval=400 (steps between pictures; a
    checkpoint is saved with each), average=0.0 (decay of a running mean of the generator's weights;
    0: no mean) and decay_epoch=0 (the epoch after which the learning rates fall linearly; they are
    0 after the last epoch; 0: constant). Any other setting, such as lr=2e-4, is saved. A resumed
    run must have the same.

    The folder gets checkpoint.npz, losses.csv and losses.png; samples.png (of the running mean, if
    there is one; then samples_last.png shows the last weights), samples/ (during the training) and
    samples.gif. With resume=True the block begins with the state of the checkpoint.

    Ctrl-C, SIGTERM or a closed terminal ends the loop after `log`, and everything is saved. A
    second Ctrl-C ends it at once. An exception keeps the losses and the last checkpoint. A loop
    that does not use `minibatches` calls `log` after each step. It ends in the same way, or after
    n_steps: then the program goes on behind the block.

    Attributes: steps (minibatches so far), complete (whether there were all), history (a dict for
    each step).

    Raises TypeError or ValueError for settings and objects that do not fit, ImportError without
    tqdm, Matplotlib or Pillow, OSError if the folder cannot be written or another run writes in it,
    and RunError if it holds a run already, or none that fits `resume`.
    """

    def __init__(
        self,
        args=None,
        trainer=None,
        *,
        objects=None,
        generator=None,
        fixed_noise=None,
        picture=None,
        columns=10,
        **settings,
    ):
        given = settings if args is None else vars(args) | settings
        self.settings = checked_settings(DEFAULTS | given)
        self.fixed_settings = {k: self.settings[k] for k in given if k not in MAY_CHANGE}
        if "decay_epoch" in given:  # the learning rates fall until the last epoch
            self.fixed_settings["n_epochs"] = self.settings.get("n_epochs")
        # How error messages name a setting and the program.
        self.prefix = "" if args is None else "--"
        self.resume_flag = "resume=True" if args is None else "--resume"
        example = self.settings["example"]
        self.program = f"{example}.py" if example else "this script"
        self.out = Path(os.path.expanduser(self.settings["out"]))
        self.checkpoint = self.out / "checkpoint.npz"
        self.trainer = trainer
        self.objects = checked_objects(trainer, objects)
        self.generator = getattr(trainer, "generator", None) if generator is None else generator
        if (fixed_noise is None) != (picture is None):
            raise TypeError("fixed_noise and picture go together: give both, or neither")
        if self.generator is None and (fixed_noise is not None or self.settings["average"]):
            raise TypeError("generator= is missing: the network that draws the samples")
        self.fixed_noise = None if fixed_noise is None else as_tensor(fixed_noise)
        self.picture = picture
        self.columns = columns
        self.average = None
        if self.settings["average"]:
            self.average = AveragedModel(self.generator, self.settings["average"])
            self.objects["average"] = self.average
        # The learning rates at the start; with decay_epoch they fall later.
        self.first_lr = {o: o.lr for o in self.objects.values() if isinstance(o, Optimizer)}
        self.diagnosis = Diagnosis()
        self.history = []
        self.steps = 0
        self.current_step = 0  # of the minibatch that the loop has; `minibatches` sets it
        self.last_step = self.settings.get("n_steps")  # with n_epochs, `minibatches` sets it
        self.saved_step = None  # the step of the last checkpoint
        self.resumed_step = None  # the step at which a resumed run goes on
        self.saved_n_epochs = None  # of the run that is resumed, if its learning rates fall
        self.learning_rates_fall = False  # `minibatches` sets it
        self.bar = None
        self.interrupt = None  # in the block: whether it is to end

    # The block.

    def __enter__(self):
        check_packages()
        with contextlib.ExitStack() as stack:
            stack.enter_context(forgiving_output())
            check_writable(self.out)
            stack.enter_context(locked_folder(self.out))
            if not self.settings["resume"] and self.checkpoint.exists():
                raise RunError(holds_a_run(self.out, self.prefix, self.resume_flag))
            remove_leftovers(self.out, self.out / "samples")
            self.interrupt = stack.enter_context(Interrupt())
            check_savable(self._state())
            if self.settings["resume"]:
                self._load()
            self.versions = versions_of(self.generator)
            self.stack = stack.pop_all()  # __exit__ closes it
        return self

    def __exit__(self, kind, error, traceback):
        try:
            if self.bar is not None:
                self.bar.close()
            if self.history:  # a run that diverged keeps its losses, and its last good checkpoint
                self.interrupt.finish(self._save_losses)
            if error is None or kind is EndOfRun:
                if self.current_step > self.steps:  # a break, perhaps between a step and its log
                    self._check_log()
                self._finish()
        finally:
            self.stack.close()
            self.interrupt = None
        return kind is EndOfRun

    def _finish(self):
        """Save everything after the loop, and draw the last pictures."""
        self.interrupt.finish(self._save)
        self._draw_samples()
        self._draw_summary()
        if not self.complete:
            steps = f"step {self.steps}" + (f" of {self.last_step}" if self.last_step else "")
            print(f"stopped at {steps}; go on with {self.resume_flag}")
        elif self.resumed_step is not None and self.resumed_step >= self.last_step:
            print(self._how_to_go_further())
        print(f"samples, losses and checkpoint are in {self.out}")

    def _how_to_go_further(self):
        """The sentence for a run that was complete when it was resumed."""
        name = "n_steps" if "n_steps" in self.settings else "n_epochs"
        done = f"the run was complete already, at step {self.resumed_step}"
        if self.learning_rates_fall:
            return (
                f"{done}, and its learning rates have fallen to 0: for a longer run, choose "
                f"another {self.prefix}out and a larger {self.prefix}{name}"
            )
        # The saved run can have more steps than this program asks for.
        times = 1 + math.ceil(self.resumed_step / self.last_step)
        longer = self._flag(name, times * self.settings[name])
        return f"{done}; to go further, resume it with {longer}"

    def _flag(self, name, value):
        """A setting as the user writes it: --n_steps 5 on a command line, n_steps=5 in a script."""
        return f"--{name} {value}" if self.prefix else f"{name}={value}"

    @property
    def complete(self):
        """Whether the run has taken its last step."""
        return self.last_step is not None and self.steps >= self.last_step

    # The loop.

    def minibatches(self, data):
        """Yield minibatches of an array, (N, ...), in random order, until the last step.

        The minibatches are (batch_size, ...), on the backend in use. The order depends on `seed`
        and the epoch only. A resumed run gets those that the stopped run did not.

        Raises RunError for fewer than batch_size samples, and RuntimeError if the loop does not
        call `log` once for each minibatch.
        """
        from tqdm import tqdm

        self._check_in_block()
        batch_size = self.settings["batch_size"]
        per_epoch = len(data) // batch_size
        if per_epoch == 0:
            raise RunError(self._too_large(batch_size, len(data)))
        self._set_last_step(per_epoch)
        if self.steps == 0 or not self._sample_path().exists():
            self._draw_samples()
        data = backend.asarray(data)  # to the GPU, if that is where the networks are
        self.bar = tqdm(total=self.last_step, initial=self.steps, disable=None)
        while not (self.complete or self.interrupt.requested):
            epoch, start = divmod(self.steps, per_epoch)
            seed = self.settings["seed"]
            for batch in minibatches(data, batch_size, seed=seed, epoch=epoch, start=start):
                self._set_lr(per_epoch)
                self.current_step = self.steps + 1
                yield batch
                self._check_log()
                if self.complete or self.interrupt.requested:
                    break

    def log(self, report, real=None):
        """Record the numbers of a step. At a sample_interval, save a checkpoint and draw samples.

        report: {name: number or Tensor of one element}, for the curves. A name that ends in "loss"
        is drawn in the panel of the losses.
        real: the real samples of the step, (m, ...). The diagnosis compares the fakes with them.
        Raises FloatingPointError for a number that is not finite.
        """
        self._check_in_block()
        report = {name: as_number(name, value) for name, value in report.items()}
        for name, value in report.items():
            if name == "step":
                raise ValueError("the name 'step' is taken: the losses have it for the number")
            if not math.isfinite(value):
                raise FloatingPointError(f"step {self.steps + 1}: {name} is {value}")
        self.steps += 1
        self.history.append({"step": self.steps, **report})
        if self.average and self._generator_has_stepped():
            self.average.update_parameters(self.generator)
        if real is not None:
            try:
                self.diagnosis.see(real)
            except ValueError as error:
                raise RunError(str(error)) from error
        self._tell(self.diagnosis.watch(self.steps, report))
        if self.bar is not None:
            self.bar.update()
            if self.steps % 20 == 0:
                self.bar.set_postfix({k: f"{v:.3f}" for k, v in report.items()})
        if self.steps % self.settings["sample_interval"] == 0:
            self.interrupt.finish(self._save)
            self._draw_samples()
        if self.current_step == 0 and (self.complete or self.interrupt.requested):
            raise EndOfRun  # a loop without `minibatches`, which would end it

    def _check_log(self):
        """Raise RuntimeError unless `log` was called once for the minibatch of the loop."""
        calls = self.steps - self.current_step + 1
        if calls != 1:
            raise RuntimeError(
                f"run.log was called {calls} times for the minibatch of step {self.current_step}; "
                "call run.log(report, real) once, at the end of the loop"
            )

    def _check_in_block(self):
        if self.interrupt is None:
            raise RuntimeError("use a Run in a with block: with Run(...) as run:")

    def _too_large(self, batch_size, n):
        """The error for a batch size that is larger than the number of samples n."""
        least = 2 if self.prefix else 1  # the examples need two samples for their batch norm
        if n >= least:
            remedy = f"choose {self._flag('batch_size', batch_size_for(n))}, or give more data"
        else:
            remedy = f"give at least {least}"
        return f"{self.prefix}batch_size {batch_size} is more than the {n} samples; {remedy}"

    def _set_last_step(self, per_epoch):
        n_epochs = self.settings.get("n_epochs")
        self.last_step = self.settings.get("n_steps") or n_epochs * per_epoch
        self.learning_rates_fall = self.steps > self.settings["decay_epoch"] * per_epoch > 0
        if self.learning_rates_fall and self.saved_n_epochs not in (None, n_epochs):
            raise RunError(self._other_setting("n_epochs", self.saved_n_epochs, n_epochs))

    def _set_lr(self, per_epoch):
        """Give the optimizers the learning rates of the next step."""
        start = self.settings["decay_epoch"] * per_epoch
        if 0 < start <= self.steps:
            for optimizer, lr in self.first_lr.items():
                optimizer.lr = linear_decay(lr, self.steps, self.last_step, start=start)

    def _generator_has_stepped(self):
        """Whether a parameter of the generator was changed since the last call."""
        before = self.versions
        self.versions = versions_of(self.generator)
        return self.versions != before

    # Files.

    def _state(self):
        """What a checkpoint holds."""
        state = {name: part.state_dict() for name, part in self.objects.items()}
        state["steps"] = self.steps
        if hasattr(self.trainer, "steps"):
            state["trainer"] = {"steps": self.trainer.steps}
        state["example"] = self.settings["example"]
        state["flags"] = self.fixed_settings
        if self.fixed_noise is not None:
            state["fixed_noise"] = self.fixed_noise.numpy()
        state["rng"] = backend.rng().bit_generator.state
        return state

    def _save(self):
        self._save_losses()
        state = self._state()
        for name in self._own_objects():
            try:
                check_sound(state[name], name)
            except ValueError as error:
                raise FloatingPointError(
                    f"step {self.steps}: {error}; the networks have diverged: lower the learning "
                    "rate, or find the first bad operation with minigan.detect_anomaly(). The "
                    "last good checkpoint is kept"
                ) from error
        try:
            save(state, self.checkpoint)
        except OSError as error:
            if self.saved_step is None:
                raise
            remedy = f"go on from step {self.saved_step} with {self.resume_flag}"
            raise OSError(f"{error}; {remedy}") from error
        self.saved_step = self.steps

    def _own_objects(self):
        """The names of the networks, optimizers and means. Another object checks its own state."""
        own = (Module, Optimizer, AveragedModel)
        return [name for name, part in self.objects.items() if isinstance(part, own)]

    def _load(self):
        """Go on with the state of the checkpoint."""
        if not self.checkpoint.exists():
            raise RunError(f"there is no run to resume in {self.out}: no {self.checkpoint.name}")
        try:
            state = load(self.checkpoint)
        except ValueError as error:
            raise RunError(str(error)) from error
        try:
            self._check_settings(state)
            others = self.objects.keys() - self._own_objects()
            expected = {k: v for k, v in self._state().items() if k not in others}
            check_like(expected, state)
            check_sound(state["steps"], "steps")
            for name, part in self.objects.items():
                part.load_state_dict(state[name])
                if name not in others:
                    check_sound(part.state_dict(), name)
            self.steps = self.saved_step = self.resumed_step = state["steps"]
            if hasattr(self.trainer, "steps"):
                # A checkpoint of 0.2 has one number of steps.
                self.trainer.steps = state.get("trainer", state)["steps"]
            if self.fixed_noise is not None:
                self.fixed_noise = Tensor(backend.asarray(state["fixed_noise"]))
            backend.rng().bit_generator.state = state["rng"]
        except RunError:
            raise
        except Exception as error:  # wrong content can raise anything
            raise RunError(
                f"{self.checkpoint} does not fit {self.program}; another program, or another "
                f"version of this one, wrote it ({type(error).__name__}: {error})"
            ) from error
        self._load_losses(self.out / "losses.csv")

    def _check_settings(self, state):
        """Raise RunError if the checkpoint is of another example, or had other settings."""
        example = self.settings["example"]
        writer = state.get("example", example)  # which an older checkpoint does not say
        if writer != example:
            writer = f"{writer}.py" if writer else "another script"
            raise RunError(
                f"the run in {self.out} is one of {writer}, not of {self.program}: go on with it "
                f"by that program, or choose another {self.prefix}out"
            )
        saved = {"average": 0.0, "decay_epoch": 0} | state["flags"]  # older ones had neither
        if saved["decay_epoch"] != 0:
            self.saved_n_epochs = saved["n_epochs"]  # `minibatches` checks it
        for name in dict.fromkeys([*self.fixed_settings, *saved]):
            if name == "n_epochs":
                continue
            default = DEFAULTS.get(name, "none")
            before = saved.get(name, default)
            now = self.fixed_settings.get(name, default)
            if before != now:
                raise RunError(self._other_setting(name, before, now))

    def _other_setting(self, name, before, now):
        """The error for a setting that a resumed run had with another value."""
        return (
            f"the run in {self.out} had {self.prefix}{name} {before}, not {now}: resume it with "
            f"the same {'flags' if self.prefix else 'settings'}"
        )

    def _load_losses(self, path):
        """Read the history, as much of it as there is: the run can go on without."""
        try:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]  # the last may be cut short
            rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(whole)]
            self.history = [
                row | {"step": int(row["step"])} for row in rows if row["step"] <= self.steps
            ]
        except (OSError, ValueError, TypeError, KeyError, OverflowError, csv.Error):
            self.history = []
        last = self.history[-1]["step"] if self.history else 0
        if last < self.steps:
            lost = f"steps {last + 1} to {self.steps}"
            self._tell([f"{path} lacks {lost}: going on without their losses"])

    def _save_losses(self):
        names = list(dict.fromkeys(name for row in self.history for name in row))
        with self._optional_file(), atomic_write(self.out / "losses.csv") as temporary:
            with open(temporary, "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, names)
                writer.writeheader()
                writer.writerows(self.history)

    # Pictures and sentences, for a person.

    def _tell(self, sentences):
        """Print sentences above the progress bar."""
        from tqdm import tqdm

        for sentence in sentences:
            tqdm.write(sentence)

    @contextlib.contextmanager
    def _optional_file(self):
        """Write a file that the training does not need: if that fails, tell it and go on."""
        try:
            yield
        except (OSError, ValueError) as error:  # ValueError: an older picture is damaged
            self._tell([f"step {self.steps}: {error}"])

    def _sample_path(self):
        return self.out / "samples" / f"{self.steps:06d}.png"

    def _draw_samples(self):
        """Draw what the generator makes of the fixed noise: its running mean, if it has one."""
        if self.fixed_noise is None:
            return
        rng_state = backend.rng().bit_generator.state  # a generator may draw noise of its own
        last = self._samples_of(self.generator)
        samples = self._samples_of(self.average.module) if self.average else last
        backend.rng().bit_generator.state = rng_state
        if len(samples) > 1:
            self._tell(self.diagnosis.look(self.steps, samples))
        images = self.picture(samples)
        with self._optional_file():
            check_writable(self.out / "samples")
            plots.save_images(self._sample_path(), images, self.columns)
            plots.save_images(self.out / "samples.png", images, self.columns, scale=2)
            if self.average:
                images = self.picture(last)
                plots.save_images(self.out / "samples_last.png", images, self.columns, scale=2)

    def _samples_of(self, generator):
        """The samples that a generator in eval mode makes of the fixed noise."""
        modules = generator.modules()
        restore = [partial(object.__setattr__, m, "training", m.training) for m in modules]
        try:
            with no_grad():
                return generator.eval()(self.fixed_noise).numpy()
        finally:
            make_changes(restore)

    def _draw_summary(self):
        """Draw the curves and the animation.

        The losses are in one panel, D(x) and D(G(z)) in another, and each other name has its own.
        """
        panels = {}
        for row in self.history:
            for name, value in row.items():
                if name == "step":
                    continue
                label = "mean probability of being real" if name.startswith("D(") else name
                panel = panels.setdefault("loss" if name.endswith("loss") else label, {})
                steps, values = panel.setdefault(name, ([], []))
                steps.append(row["step"])
                values.append(value)
        folder = self.out / "samples"
        with self._optional_file():
            if panels:
                plots.save_curves(self.out / "losses.png", panels)
            if self.fixed_noise is None:
                return
            numbered = [p for p in folder.iterdir() if re.fullmatch(r"\d+\.png", p.name)]
            pictures = sorted(numbered, key=lambda path: int(path.stem))
            pictures = pictures[:: -max(1, len(pictures) // 60)]  # backward, to keep the last
            plots.save_animation(self.out / "samples.gif", pictures[::-1])


def versions_of(network):
    """How often each parameter was changed. An optimizer's step changes them."""
    return [] if network is None else [p._version[0] for p in network.parameters()]


def as_number(name, value):
    """A number of a report as a float; TypeError for more than one element."""
    array = as_array(value)
    if getattr(array, "size", 1) != 1:
        raise TypeError(f"{name} has the shape {array.shape}, and a report holds single numbers")
    return float(array.item() if hasattr(array, "item") else array)
