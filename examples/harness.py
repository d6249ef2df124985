"""What the training examples share: the progress bar, pictures, checkpoints, resuming; and flags.

There is no mathematics here. An example builds its networks and a trainer, and calls `train`.
"""

import csv
import signal

from flags import parse_flags, read

import minigan
from minigan import backend, plot
from minigan.datasets import minibatches
from minigan.diagnosis import Diagnosis
from minigan.files import atomic_write, check_writable
from minigan.optim import AveragedModel

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
    """Train, and keep in args.out: checkpoint.npz, losses.csv, losses.png, samples/, samples.gif.

    prepare: from a minibatch of `images` to what the discriminator takes.
    noise: from m to z, m draws of noise.
    picture: from what the generator makes to images of 0 to 1, (N, H, W) or (N, H, W, 3).

    Ctrl-C ends it after the step at hand, with everything saved. Returns whether it is complete.
    """
    from tqdm import tqdm

    per_epoch = len(images) // args.batch_size
    if per_epoch == 0:
        raise SystemExit(f"error: --batch_size {args.batch_size} is more than {len(images)} images")
    images = backend.asarray(images)  # to the GPU, if that is where the networks are
    diagnosis = Diagnosis(prepare(images[:n_samples]))
    run = _Run(args, trainer, diagnosis, noise(n_samples), picture, columns)
    if args.resume:
        run.load()
    last_step = args.n_steps if "n_steps" in args else args.n_epochs * per_epoch
    if trainer.steps == 0:
        run.draw_samples()
    with (
        _Interrupt() as interrupt,
        tqdm(total=last_step, initial=trainer.steps, disable=None) as bar,
    ):
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
                        run.draw_samples()
                        run.save()
                    if interrupt.requested or trainer.steps == last_step:
                        break
        finally:  # a run that diverged keeps its losses, and its last good checkpoint
            run.save_losses()
    run.save()
    run.draw_samples()
    if run.history:
        run.draw_summary()
    if trainer.steps < last_step:
        print(f"stopped at step {trainer.steps} of {last_step}; go on with --resume")
    print(f"samples, losses and checkpoint are in {args.out}")
    return trainer.steps == last_step


def picture(x):
    """What `train` wants as pictures of what a convolutional generator makes, (N, C, H, W)."""
    x = (x.transpose(0, 2, 3, 1) + 1) / 2
    return x[..., 0] if x.shape[3] == 1 else x


class _Run:
    """The files of one run."""

    def __init__(self, args, trainer, diagnosis, fixed_noise, picture, columns):
        self.args, self.trainer, self.picture, self.columns = args, trainer, picture, columns
        self.diagnosis, self.fixed_noise = diagnosis, fixed_noise
        self.history = []
        self.checkpoint = args.out / "checkpoint.npz"
        self.parts = {k: v for k, v in vars(trainer).items() if hasattr(v, "state_dict")}
        self.average = None
        if "average" in args and args.average:
            self.average = self.parts["average"] = AveragedModel(trainer.generator, args.average)
        self.flags = {k: v for k, v in vars(args).items() if k not in NOT_IN_THE_MATHEMATICS}

    def save(self):
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state["steps"] = self.trainer.steps
        state["example"] = self.args.example
        state["flags"] = self.flags
        state["fixed_noise"] = self.fixed_noise
        state["rng"] = backend.rng().bit_generator.state
        self.save_losses()
        minigan.save(state, self.checkpoint)

    def load(self):
        out, example = self.args.out, self.args.example
        state = read(minigan.load, self.checkpoint)
        wrote = state.get("example", example)  # which an older checkpoint does not say
        if wrote != example:
            raise SystemExit(
                f"error: the run in {out} is one of {wrote}.py, not of {example}.py: go on with it "
                "by that example, or choose another --out"
            )
        try:
            wrote = {"average": 0.0} | state["flags"]  # older ones had no average
            for name, value in self.flags.items():
                if wrote[name] != value:
                    raise SystemExit(
                        f"error: the run in {out} had --{name} {wrote[name]}, not {value}:"
                        " resume it with the same flags"
                    )
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
            self.trainer.steps = state["steps"]
            self.fixed_noise = minigan.Tensor(backend.asarray(state["fixed_noise"]))
            backend.rng().bit_generator.state = state["rng"]
        except (KeyError, TypeError, ValueError) as error:
            raise SystemExit(
                f"error: {self.checkpoint} does not fit {example}.py; another program, or another "
                f"version of this one, wrote it ({type(error).__name__}: {error})"
            ) from error
        self.load_losses(out / "losses.csv")

    def load_losses(self, path):
        """The history, as much of it as there is: the run can go on without."""
        steps = self.trainer.steps
        try:
            lines = path.read_text().splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]  # the last may be cut short
            rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(whole)]
            self.history = [
                row | {"step": int(row["step"])} for row in rows if row["step"] <= steps
            ]
        except (OSError, ValueError, TypeError, KeyError, csv.Error):
            self.history = []
        last = self.history[-1]["step"] if self.history else 0
        if last < steps:
            self.tell([f"{path} lacks steps {last + 1} to {steps}: going on without their losses"])

    def tell(self, sentences):
        """Print what the diagnosis says, above the progress bar."""
        from tqdm import tqdm

        for sentence in sentences:
            tqdm.write(sentence)

    def draw_samples(self):
        """A picture of what the generator, or its average, makes of the fixed noise."""
        generator = (self.average.module if self.average else self.trainer.generator).eval()
        with minigan.no_grad():
            samples = generator(self.fixed_noise).numpy()
        self.trainer.generator.train()
        self.tell(self.diagnosis.look(self.trainer.steps, samples))
        check_writable(self.args.out / "samples")
        path = self.args.out / "samples" / f"{self.trainer.steps:06d}.png"
        images = self.picture(samples)
        plot.save_images(path, images, self.columns)
        plot.save_images(self.args.out / "samples.png", images, self.columns, scale=2)

    def save_losses(self):
        names = list(dict.fromkeys(name for row in self.history for name in row))
        with atomic_write(self.args.out / "losses.csv") as temporary:
            with open(temporary, "w", newline="") as file:
                writer = csv.DictWriter(file, names)
                writer.writeheader()
                writer.writerows(self.history)

    def draw_summary(self):
        """The curves, losses in one panel and D's mean answers in another, and the animation."""
        curves = {}
        for row in self.history:
            for name, value in row.items():
                if name != "step":
                    steps, values = curves.setdefault(name, ([], []))
                    steps.append(row["step"])
                    values.append(value)
        panels = {}
        for name, curve in curves.items():
            label = "mean probability of being real" if "(" in name else name
            panels.setdefault("loss" if name.endswith("loss") else label, {})[name] = curve
        plot.save_curves(self.args.out / "losses.png", panels)
        pictures = sorted((self.args.out / "samples").glob("*.png"))
        pictures = pictures[:: -max(1, len(pictures) // 60)]  # backward, to keep the last
        plot.save_animation(self.args.out / "samples.gif", pictures[::-1])


class _Interrupt:
    """Turns Ctrl-C (and a polite kill) into a request, so that no step is left half done."""

    requested = False

    def __enter__(self):
        self.before = {s: signal.signal(s, self.request) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def request(self, signum, frame):
        if self.requested:  # asked twice: at once, then
            raise KeyboardInterrupt
        self.requested = True

    def __exit__(self, *exc_info):
        for s, handler in self.before.items():
            signal.signal(s, handler)
