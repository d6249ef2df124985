"""`run`: train a GAN on the ring with the lines that the learner has solved in minigan's place."""

import inspect
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from minigan.exercises import child, ring
from minigan.exercises.table import EXERCISES
from minigan.metrics import mixture_scores
from minigan.runs.console import RunError
from minigan.runs.files import atomic_write

PICTURE = "ring.png"
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
        samples = ring.train_gan(steps) if model == "gan" else ring.train_wgan_gp(steps)
    scores = mixture_scores(samples, ring.RING.modes, ring.RING.std)
    print(f"G draws {scores['modes']} of 8 modes; {scores['high_quality']:.0%} are on a mode.")
    picture = draw(samples, folder.path / PICTURE)
    print(f"The picture: {picture}" if picture else "No picture: Matplotlib is not installed.")
    return 0


@contextmanager
def in_place_of_minigan(folder, model):
    """Put the learner's solved answers in minigan's place. Gives a list of what is theirs."""
    undo = []

    def put(owner, name, value):
        undo.append((owner, name, vars(owner)[name]))
        setattr(owner, name, value)

    lines = []
    try:
        for exercise in EXERCISES:
            used = exercise.place and not exercise.number.startswith(UNUSED[model])
            if used and folder.is_solved(exercise):
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
