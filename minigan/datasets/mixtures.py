"""Distributions in the plane that show a GAN's problems: Gaussian mixtures and the swiss roll.

VEEGAN (Srivastava et al. 2017), PacGAN (Lin et al. 2018) and WGAN-GP (Gulrajani et al. 2017) use
them. `metrics.mixture_scores` counts the modes that a generator covers.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import math

import numpy as np

__all__ = ["Mixture", "grid", "ring", "swiss_roll"]


class Mixture:
    """A mixture of round Gaussians of the same width and the same weight.

    modes: the centres, (K, 2). std: the standard deviation σ in each direction.
    Raises ValueError for another shape or σ < 0.

    >>> mixture = Mixture([[-1.0, 0.0], [1.0, 0.0]], std=0.0)
    >>> mixture.sample(4, np.random.default_rng(0))[:, 0]
    array([ 1.,  1.,  1., -1.], dtype=float32)
    """

    def __init__(self, modes, std):
        self.modes, self.std = np.asarray(modes, dtype=np.float64), std
        if self.modes.ndim != 2 or self.modes.shape[1] != 2 or len(self.modes) == 0:
            raise ValueError(f"modes must be (K, 2), K at least 1, not {self.modes.shape}")
        if not std >= 0:
            raise ValueError(f"std must be 0 or more, not {std}")

    def sample(self, n, rng):
        """n points, (n, 2) float32, drawn with `rng`, a NumPy generator."""
        which = rng.integers(len(self.modes), size=n)
        points = self.modes[which] + self.std * rng.standard_normal((n, 2))
        return points.astype(np.float32)

    def __repr__(self):
        return f"Mixture of {len(self.modes)} modes, std={self.std}"


def ring(n_modes=8, *, radius=1.0, std=0.01):
    """Modes evenly around a circle, VEEGAN's and PacGAN's "2D ring" by default.

    >>> ring()
    Mixture of 8 modes, std=0.01
    """
    angle = 2 * math.pi * np.arange(n_modes) / n_modes
    return Mixture(radius * np.stack([np.cos(angle), np.sin(angle)], axis=1), std)


def grid(side=5, *, spacing=2.0, std=0.05):
    """Modes on a square lattice about the origin, VEEGAN's and PacGAN's "2D grid" by default.

    >>> grid().modes[:3].tolist()
    [[-4.0, -4.0], [-4.0, -2.0], [-4.0, 0.0]]
    """
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return Mixture([(x, y) for x in line for y in line], std)


def swiss_roll(n, rng, *, noise=0.25):
    """n points along the spiral (t cos t, t sin t) / 7.5 for t from 1.5π to 4.5π: (n, 2) float32.

    `noise` is the standard deviation before the division. These are the numbers of WGAN-GP's
    Figure 2: a cross-section of scikit-learn's swiss roll.

    >>> swiss_roll(5, np.random.default_rng(0)).shape
    (5, 2)
    """
    t = 1.5 * math.pi * (1 + 2 * rng.random(n))
    points = t[:, None] * np.stack([np.cos(t), np.sin(t)], axis=1)
    return ((points + noise * rng.standard_normal((n, 2))) / 7.5).astype(np.float32)
