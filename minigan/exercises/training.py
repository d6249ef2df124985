"""`run`: train a GAN on the ring with the lines that the learner has solved in minigan's place."""

import inspect
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from minigan.exercises import child, report, ring
from minigan.exercises.table import EXERCISES
from minigan.metrics import mixture_scores
from minigan.runs.console import RunError
from minigan.runs.files import atomic_write

PICTURE = "ring.png"
GOOD = {  # with minigan's lines, on one core
    "gan": "With minigan's lines, 4,000 steps take about half a minute.\n"
    "Then G draws 8 of 8 modes, and 90% of its samples are on a mode.",
    "wgan_gp": "With minigan's lines, 4,000 steps take about a minute.\n"
    "Then G draws 8 of 8 modes, and 86% of its samples are on a mode.",
}
UNUSED = {"gan": "5.", "wgan_gp": "4."}  # the chapter that a model does not need


def run(folder, model, steps):
    """Train, print which lines are the learner's, and draw a picture. Return the exit status."""
    with in_place_of_minigan(folder, model) as lines:
        if lines:
            print("Yours:")
            for line in lines:
                print(f"  {line}")
            print("All other lines are minigan's.")
        else:
            print("Nothing is solved yet that this training needs. All lines are minigan's.")
        print(f"Training. {GOOD[model]}", flush=True)
        train = ring.train_gan if model == "gan" else ring.train_wgan_gp
        try:
            samples = train(steps)
        except Exception as error:
            told = about(folder, error)
            if told is None:
                raise
            print(told)
            return 1
    scores = mixture_scores(samples, ring.RING.modes, ring.RING.std)
    print(f"G draws {scores['modes']} of 8 modes; {scores['high_quality']:.0%} are on a mode.")
    picture = draw(samples, folder.path / PICTURE)
    print(f"The picture: {picture}" if picture else "No picture: Matplotlib is not installed.")
    return 0


def about(folder, error):
    """The text about an error in the learner's lines, or None if it was not raised there."""
    files = [str(folder.file(exercise)) for exercise in EXERCISES]
    frames = report.learner_frames(files, error)
    if not frames:
        return None
    return report.raised_in(files, error, frames[0][0].f_code.co_name, who="The training")


def is_usable(folder, exercise):
    """Whether the learner's file is solved. One that has changed since then is checked again."""
    if folder.is_changed(exercise):
        print(f"{exercise.name} has changed since it was solved. It is checked again.", flush=True)
        solved, text = child.check_in(folder, exercise, shown=False)
        print(report.headline(exercise, solved))
        if not solved:
            print(f"{text}\n  Until it is solved again, minigan's lines take its place.")
    return folder.is_solved(exercise)


@contextmanager
def in_place_of_minigan(folder, model):
    """Put the learner's solved answers in minigan's place. Gives a list of what is theirs."""
    undo = []

    def put(owner, name, value):
        undo.append((owner, name, vars(owner)[name]))
        setattr(owner, name, value)

    needed = [e for e in EXERCISES if e.place and not e.number.startswith(UNUSED[model])]
    usable = [exercise for exercise in needed if is_usable(folder, exercise)]
    lines = []
    try:
        for exercise in usable:
            path = folder.file(exercise)
            names, problem = child.load(exercise, path)
            if problem:
                raise RunError(f"{path} was solved, but now:\n{problem}\nCheck it again.")
            answer = SimpleNamespace(**{name: names[name] for name in exercise.names})
            exercise.place(answer, put)
            for name in exercise.names:
                lines.append(f"{name}: {path}{line_of(names[name])}")
        yield lines
    finally:
        for owner, name, value in reversed(undo):
            setattr(owner, name, value)


def line_of(thing):
    """ ", line 30" of a class or function in a file, or "" for anything else."""
    with suppress(OSError, TypeError):
        return f", line {inspect.getsourcelines(thing)[1]}"
    return ""


def draw(samples, path):
    """Draw the data and the samples. Return the path, or None without Matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return None
    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.subplots()
    data = ring.RING.sample(1000, np.random.default_rng(1))
    axes.scatter(*data.T, s=2, label="data")
    axes.scatter(*samples[:1000].T, s=2, label="G")
    axes.set_aspect("equal")
    axes.legend()
    with atomic_write(Path(path)) as temporary:
        figure.savefig(temporary, dpi=100)
    return path
