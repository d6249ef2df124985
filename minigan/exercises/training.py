"""`run`: train a GAN on the ring with the lines that the learner has solved in minigan's place."""

import inspect
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import minigan
from minigan import losses, nn, optim
from minigan.datasets import mixtures
from minigan.exercises import child
from minigan.exercises.table import EXERCISES
from minigan.metrics import mixture_scores
from minigan.runs.console import RunError
from minigan.runs.files import atomic_write

RING = mixtures.ring(std=0.05)
STEPS = {"gan": 4000, "wgan_gp": 4000}
BATCH = 128
REPORTS = 8  # lines that a training prints
PICTURE = "ring.png"


class Scale(nn.Module):
    """y = x · weight, a factor for each coordinate: (N, 2) -> (N, 2)"""

    def __init__(self, size):
        self.weight = nn.Parameter(np.ones(size, dtype=np.float32))

    def forward(self, x):
        return x * self.weight  # (N, 2)(2,) -> (N, 2): a broadcast


def network(n_out, width=64):
    """(N, 2) -> (N, n_out)"""
    return nn.Sequential(
        nn.Linear(2, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, n_out)
    )


# The steps. Exercises of the chapters 4 and 5 take their place.


def discriminator_step(G, D, opt_D, real, z):
    """Update D once. D(x) is a logit, (N, 1). Return the loss."""
    fake = G(z).detach()  # (N, 2)
    loss = losses.binary_cross_entropy_with_logits(D(real), 1.0)
    loss = loss + losses.binary_cross_entropy_with_logits(D(fake), 0.0)
    opt_D.zero_grad()
    loss.backward()
    opt_D.step()
    return loss


def generator_step(G, D, opt_G, z):
    """Update G once, with the non-saturating loss. Return the loss."""
    loss = losses.binary_cross_entropy_with_logits(D(G(z)), 1.0)
    opt_G.zero_grad()
    loss.backward()
    opt_G.step()
    return loss


def run(folder, steps=None):
    """Train, print which lines are the learner's, and draw a picture. Return the exit status."""
    with in_place_of_minigan(folder) as lines:
        if lines:
            print("Yours:")
            for line in lines:
                print(f"  {line}")
            print("All other lines are minigan's.")
        else:
            print("Nothing is solved yet that a GAN needs. All lines are minigan's.")
        samples = train_gan(steps or STEPS["gan"])
    scores = mixture_scores(samples, RING.modes, RING.std)
    print(f"G draws {scores['modes']} of 8 modes; {scores['high_quality']:.0%} are on a mode.")
    picture = draw(samples, folder.path / PICTURE)
    print(f"The picture: {picture}" if picture else "No picture: Matplotlib is not installed.")
    return 0


@contextmanager
def in_place_of_minigan(folder):
    """Put the learner's solved answers in minigan's place. Gives a list of what is theirs."""
    undo = []

    def put(owner, name, value):
        undo.append((owner, name, vars(owner)[name]))
        setattr(owner, name, value)

    lines = []
    try:
        for exercise in EXERCISES:
            if exercise.place and folder.is_solved(exercise):
                path = folder.file(exercise)
                names, problem = child.load(exercise, path)
                if problem:
                    raise RunError(f"{path} was solved, but now:\n{problem}\nCheck it again.")
                answer = SimpleNamespace(**{name: names[name] for name in exercise.names})
                exercise.place(answer, put)
                for name in exercise.names:
                    line = inspect.getsourcelines(names[name])[1]
                    lines.append(f"{name}: {path}, line {line}")
        yield lines
    finally:
        for owner, name, value in reversed(undo):
            setattr(owner, name, value)


def train_gan(steps):
    """Train G and D in turns. Return 2,500 samples of G, (2500, 2)."""
    minigan.seed(0)
    rng = np.random.default_rng(0)
    G = nn.Sequential(network(2), Scale(2))
    D = network(1)
    opt_G = optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
    opt_D = optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
    for step in range(1, steps + 1):
        real = minigan.Tensor(RING.sample(BATCH, rng))
        d_loss = discriminator_step(G, D, opt_D, real, minigan.randn(BATCH, 2))
        g_loss = generator_step(G, D, opt_G, minigan.randn(BATCH, 2))
        if step % max(1, steps // REPORTS) == 0:
            print(
                f"step {step}: loss of D {float(d_loss):.3f}, of G {float(g_loss):.3f}", flush=True
            )
    with minigan.no_grad():
        return G(minigan.randn(2500, 2)).numpy()


def draw(samples, path):
    """Draw the data and the samples. Return the path, or None without Matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return None
    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.subplots()
    data = RING.sample(1000, np.random.default_rng(1))
    axes.scatter(*data.T, s=2, label="data")
    axes.scatter(*samples[:1000].T, s=2, label="G")
    axes.set_aspect("equal")
    axes.legend()
    with atomic_write(Path(path)) as temporary:
        figure.savefig(temporary, dpi=100)
    return path
