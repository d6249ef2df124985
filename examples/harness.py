"""What the training examples share: the progress bar, pictures, checkpoints, resuming; and flags.

There is no mathematics here. An example builds its networks and a trainer, and calls `train`.
"""

import contextlib
import csv
import math
import re
import signal

import numpy as np
from console import SIGNALS, forgiving_output, handle_signals
from flags import has_run, parse_flags, read
from folder import locked, remove_leftovers

import minigan
from minigan import backend
from minigan.datasets import minibatches
from minigan.metrics.diagnosis import Diagnosis
from minigan.optim import AveragedModel, Optimizer
from minigan.runs import plots
from minigan.runs.files import atomic_write, check_writable

__all__ = ["parse_flags", "picture", "read", "train"]

NOT_IN_THE_MATHEMATICS = {
    "example",
    "n_epochs",
    "n_steps",
    "sample_interval",
    "out",
    "resume",
    "data",
    "backend",
}


def train(args, trainer, images, *, prepare, noise, picture, n_samples=100, columns=10):
    """Train, and keep in args.out: checkpoint.npz, losses.csv, losses.png and the samples.

    samples.png shows what the generator makes of a fixed noise, samples/ the same during the
    training, and samples.gif an animation of those. With args.average they show the running mean of
    the generator's weights, and samples_last.png shows the last weights on the same noise.

    prepare: from a minibatch of `images` to what the discriminator takes.
    noise: from m to z, m draws of noise.
    picture: from what the generator makes to images of 0 to 1, (N, H, W) or (N, H, W, 3).

    Ctrl-C, SIGTERM or a closed terminal ends it after the present step, with everything saved.
    Returns whether it is complete. A checkpoint that cannot be written, or another run in args.out,
    ends the program with a sentence.
    """
    from tqdm import tqdm

    per_epoch = len(images) // args.batch_size
    if per_epoch == 0:
        raise SystemExit(f"error: --batch_size {args.batch_size} is more than {len(images)} images")
    last_step = args.n_steps if "n_steps" in args else args.n_epochs * per_epoch
    schedule = _Schedule(args, trainer, per_epoch)
    images = backend.asarray(images)  # to the GPU, if that is where the networks are
    some = images[:: max(1, len(images) // n_samples)]
    diagnosis = read(Diagnosis, prepare(some))
    run = _Run(args, trainer, schedule, diagnosis, noise(n_samples), picture, columns)
    with forgiving_output(), run.alone_in_its_folder(), _Interrupt() as interrupt:
        if args.resume:
            run.load()
        schedule.set_lr(trainer.steps)
        if trainer.steps == 0 or not run.sample_path.exists():
            run.draw_samples()
        with tqdm(total=last_step, initial=trainer.steps, disable=None) as bar:
            try:
                while trainer.steps < last_step and not interrupt.requested:
                    epoch, start = divmod(trainer.steps, per_epoch)
                    batches = minibatches(
                        images, args.batch_size, seed=args.seed, epoch=epoch, start=start
                    )
                    for report in trainer.train(map(prepare, batches), noise):
                        run.history.append({"step": trainer.steps, **report})
                        if run.average and "g_loss" in report:  # there was a generator step
                            run.average.update_parameters(trainer.generator)
                        bar.update()
                        run.tell(diagnosis.watch(trainer.steps, report))
                        if trainer.steps % 20 == 0:
                            bar.set_postfix({k: f"{v:.3f}" for k, v in report.items()})
                        if trainer.steps % args.sample_interval == 0:
                            interrupt.finish(run.save)
                            run.draw_samples()
                        if interrupt.requested or trainer.steps == last_step:
                            break
                        schedule.set_lr(trainer.steps)
            finally:  # a run that diverged keeps its losses, and its last good checkpoint
                interrupt.finish(run.save_losses)
        interrupt.finish(run.save)
        run.draw_samples()
        run.draw_summary()
        if trainer.steps < last_step:
            print(f"stopped at step {trainer.steps} of {last_step}; go on with --resume")
        print(f"samples, losses and checkpoint are in {args.out}")
    return trainer.steps == last_step


def picture(x):
    """What `train` wants as pictures of what a convolutional generator makes, (N, C, H, W)."""
    x = (x.transpose(0, 2, 3, 1) + 1) / 2
    return x[..., 0] if x.shape[3] == 1 else x


class _Schedule:
    """The learning rates. They are constant until args.decay_epoch.

    From there they fall linearly, by the same amount at each step. They would be 0 after the last
    step. Without a decay_epoch, or with 0, they stay constant.
    """

    def __init__(self, args, trainer, per_epoch):
        self.first = {o: o.lr for o in vars(trainer).values() if isinstance(o, Optimizer)}
        self.start = self.end = math.inf
        if "decay_epoch" in args and 0 < args.decay_epoch < args.n_epochs:
            self.start, self.end = args.decay_epoch * per_epoch, args.n_epochs * per_epoch

    def set_lr(self, step):
        """Give the optimizers the learning rates of the step after `step` steps."""
        if self.start <= step < self.end:
            for optimizer, lr in self.first.items():
                optimizer.lr = lr * (self.end - step) / (self.end - self.start)


class _Run:
    """The files of one run."""

    def __init__(self, args, trainer, schedule, diagnosis, fixed_noise, picture, columns):
        self.args, self.trainer, self.picture, self.columns = args, trainer, picture, columns
        self.schedule = schedule
        self.diagnosis, self.fixed_noise = diagnosis, fixed_noise
        self.history = []
        self.saved = None  # the step of the last checkpoint
        self.checkpoint = args.out / "checkpoint.npz"
        self.parts = {k: v for k, v in vars(trainer).items() if hasattr(v, "state_dict")}
        self.average = None
        if "average" in args and args.average:
            self.average = self.parts["average"] = AveragedModel(trainer.generator, args.average)
        self.flags = {k: v for k, v in vars(args).items() if k not in NOT_IN_THE_MATHEMATICS}
        if "decay_epoch" in args:  # the learning rate falls until the last epoch
            self.flags["n_epochs"] = args.n_epochs

    @contextlib.contextmanager
    def alone_in_its_folder(self):
        """Hold the lock of the folder. An OSError inside ends the program with a sentence."""
        try:
            with locked(self.args.out):
                if has_run(self.args):  # since parse_flags
                    raise SystemExit(f"error: {has_run(self.args)}")
                remove_leftovers(self.args.out, self.args.out / "samples")
                yield
        except OSError as error:
            saved = "" if self.saved is None else f"; go on from step {self.saved} with --resume"
            raise SystemExit(f"error: {error}{saved}") from error

    def state(self):
        """What a checkpoint holds."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state["steps"] = self.trainer.steps
        state["example"] = self.args.example
        state["flags"] = self.flags
        state["fixed_noise"] = self.fixed_noise.numpy()
        state["rng"] = backend.rng().bit_generator.state
        return state

    def save(self):
        self.save_losses()
        minigan.save(self.state(), self.checkpoint)
        self.saved = self.trainer.steps

    def load(self):
        state = read(minigan.load, self.checkpoint)
        try:
            self.check_flags(state)
            check_like(self.state(), state)
            check_sound(state["steps"], "steps")
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
                check_sound(part.state_dict(), name)
            self.trainer.steps = self.saved = state["steps"]
            self.fixed_noise = minigan.Tensor(backend.asarray(state["fixed_noise"]))
            backend.rng().bit_generator.state = state["rng"]
        except Exception as error:  # wrong content can raise anything
            raise SystemExit(
                f"error: {self.checkpoint} does not fit {self.args.example}.py; another program, "
                f"or another version of this one, wrote it ({type(error).__name__}: {error})"
            ) from error
        self.load_losses(self.args.out / "losses.csv")

    def check_flags(self, state):
        """Exit with an error if the run is of another example, or had other flags."""
        out, example = self.args.out, self.args.example
        wrote = state.get("example", example)  # which an older checkpoint does not say
        if wrote != example:
            raise SystemExit(
                f"error: the run in {out} is one of {wrote}.py, not of {example}.py: go on with it "
                "by that example, or choose another --out"
            )
        wrote = {"average": 0.0, "decay_epoch": 0} | state["flags"]  # older ones had neither
        if wrote["decay_epoch"] == 0 or state["steps"] <= self.schedule.start:
            wrote["n_epochs"] = self.flags.get("n_epochs")  # the learning rate has not fallen yet
        for name, value in self.flags.items():
            if wrote[name] != value:
                raise SystemExit(
                    f"error: the run in {out} had --{name} {wrote[name]}, not {value}:"
                    " resume it with the same flags"
                )

    def load_losses(self, path):
        """The history, as much of it as there is: the run can go on without."""
        steps = self.trainer.steps
        try:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]  # the last may be cut short
            rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(whole)]
            self.history = [
                row | {"step": int(row["step"])} for row in rows if row["step"] <= steps
            ]
        except (OSError, ValueError, TypeError, KeyError, OverflowError, csv.Error):
            self.history = []
        last = self.history[-1]["step"] if self.history else 0
        if last < steps:
            self.tell([f"{path} lacks steps {last + 1} to {steps}: going on without their losses"])

    def tell(self, sentences):
        """Print what the diagnosis says, above the progress bar."""
        from tqdm import tqdm

        for sentence in sentences:
            tqdm.write(sentence)

    @contextlib.contextmanager
    def for_a_person(self):
        """Write a file that the training does not need: if that fails, tell it and go on."""
        try:
            yield
        except OSError as error:
            self.tell([f"step {self.trainer.steps}: {error}"])

    @property
    def sample_path(self):
        return self.args.out / "samples" / f"{self.trainer.steps:06d}.png"

    def draw_samples(self):
        """Pictures of what the generator makes of the fixed noise: its average, if it has one."""
        last = self.generate(self.trainer.generator)
        samples = self.generate(self.average.module) if self.average else last
        self.tell(self.diagnosis.look(self.trainer.steps, samples))
        images = self.picture(samples)
        with self.for_a_person():
            check_writable(self.args.out / "samples")
            plots.save_images(self.sample_path, images, self.columns)
            plots.save_images(self.args.out / "samples.png", images, self.columns, scale=2)
            if self.average:
                last = self.picture(last)
                plots.save_images(self.args.out / "samples_last.png", last, self.columns, scale=2)

    def generate(self, generator):
        """What a generator in eval mode makes of the fixed noise."""
        with minigan.no_grad():
            samples = generator.eval()(self.fixed_noise).numpy()
        self.trainer.generator.train()
        return samples

    def save_losses(self):
        names = list(dict.fromkeys(name for row in self.history for name in row))
        with self.for_a_person(), atomic_write(self.args.out / "losses.csv") as temporary:
            with open(temporary, "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, names)
                writer.writeheader()
                writer.writerows(self.history)

    def draw_summary(self):
        """The curves, losses in one panel and D's mean answers in another, and the animation."""
        panels = {}
        for row in self.history:
            for name, value in row.items():
                if name == "step":
                    continue
                label = "mean probability of being real" if "(" in name else name
                panel = panels.setdefault("loss" if name.endswith("loss") else label, {})
                steps, values = panel.setdefault(name, ([], []))
                steps.append(row["step"])
                values.append(value)
        folder = self.args.out / "samples"
        with self.for_a_person():
            if panels:
                plots.save_curves(self.args.out / "losses.png", panels)
            numbered = [p for p in folder.iterdir() if re.fullmatch(r"\d+\.png", p.name)]
            pictures = sorted(numbered, key=lambda path: int(path.stem))
            pictures = pictures[:: -max(1, len(pictures) // 60)]  # backward, to keep the last
            plots.save_animation(self.args.out / "samples.gif", pictures[::-1])


def check_like(expected, found, name="the checkpoint"):
    """Raise ValueError unless `found` is of the same kind as `expected`: types, lengths, shapes.

    Keys that one of two dicts lacks are left to `load_state_dict`, which knows which it needs.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in expected.keys() & found.keys():
            check_like(expected[key], found[key], f"{name}[{key!r}]")
    elif isinstance(expected, np.ndarray) and isinstance(found, np.ndarray):
        if (expected.shape, expected.dtype) != (found.shape, found.dtype):
            raise ValueError(
                f"{name} must be {expected.dtype} of shape {expected.shape}, not {found.dtype} of "
                f"shape {found.shape}"
            )
        check_sound(found, name)
    elif isinstance(expected, (list, tuple)) and isinstance(found, (list, tuple)):
        if len(expected) != len(found):
            raise ValueError(f"{name} must have {len(expected)} values, not {len(found)}")
        for i, (e, f) in enumerate(zip(expected, found, strict=True)):
            check_like(e, f, f"{name}[{i}]")
    elif type(expected) is not type(found) and (type(expected), type(found)) != (float, int):
        raise ValueError(f"{name} must be {expected!r} or the like, not {found!r}")


def check_sound(value, name):
    """Raise ValueError unless arrays are finite, numbers from 0 to 2⁵³, and steps integers."""
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, (list, tuple)):
        items = enumerate(value)
    for key, item in items:
        if key == "step" and type(item) is not int:  # an optimizer's
            raise ValueError(f"{name}['step'] must be an integer, not {item!r}")
        check_sound(item, f"{name}[{key!r}]")
    if isinstance(value, np.ndarray) and not np.isfinite(value).all():
        raise ValueError(f"{name} has a value that is not finite")
    if isinstance(value, str) or (isinstance(value, (int, float)) and not 0 <= value <= 2**53):
        raise ValueError(f"{name} must be a number from 0 to 2⁵³, not {value!r}")


class _Interrupt:
    """Turns Ctrl-C, SIGTERM and SIGHUP into a request, so that no step or save is left half done.

    A second Ctrl-C ends a step at once. A save is always finished.
    """

    requested = False
    saving = False

    def __enter__(self):
        self.before = handle_signals(dict.fromkeys(SIGNALS, self.request))
        return self

    def request(self, signum, frame):
        # Systems send SIGTERM and SIGHUP more than once, so a second one says nothing new.
        if self.requested and signum == signal.SIGINT and not self.saving:
            raise KeyboardInterrupt
        self.requested = True

    def finish(self, save):
        """Call `save`, and let no second Ctrl-C end it."""
        self.saving = True
        try:
            save()
        finally:
            self.saving = False

    def __exit__(self, *exc_info):
        handle_signals(self.before)
