"""What the page draws at a position: samples, arrows, D as a heat map, G as a grid, the measures.

Nothing here changes the game: no gradient is left behind, and the noise is always the same.
"""

import sys

import numpy as np

from minigan import Tensor, grad, losses, metrics, nn, no_grad
from minigan.lab.data import IMAGE
from minigan.lab.game import D, G

LAYERS = ("fakes", "arrows", "heat", "grid", "measures")
FAKES, REAL = 200, 500  # samples drawn on the page
SCORED = 1000  # samples that are measured
# The heat map has HEAT × HEAT cells, or COARSE × COARSE while the game plays. Products of matrices
# are slow in a browser.
HEAT, COARSE = (32, 24) if sys.platform == "emscripten" else (50, 32)
LATTICE = 15
REACH = 2.0  # the lattice of normal noise goes from -2 to 2, which holds 91 % of the draws
DIRECTIONS = 32  # of the sliced Wasserstein distance
BINS = 20  # of the histograms, in each direction
IMAGES, SCORED_IMAGES = 36, 200


class Picture:
    """Draws one game. Everything that stays the same during a run is computed once."""

    def __init__(self, game):
        self.game = game
        rng = np.random.default_rng([game.settings["seed"], 2])
        plane = game.data.plane
        self.real = game.data.sample(REAL if plane else IMAGES, rng)
        self.z = game.noise(FAKES if plane else IMAGES, rng)
        self.z_scored = game.noise(SCORED if plane else SCORED_IMAGES, rng)
        self.measure_names = self._names()
        if not plane:
            return
        self.cells = {n: self._cells(n) for n in (HEAT, COARSE)}
        self.lattice, self.shape = self._lattice()
        angle = np.pi * (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
        self.directions = np.stack([np.cos(angle), np.sin(angle)])  # (2, DIRECTIONS)
        reference = game.data.sample(10 * SCORED, rng)
        self.histogram = self._histogram(reference)
        scored = game.data.sample(SCORED, rng)
        self.projections = np.sort(scored @ self.directions, axis=0)
        other = game.data.sample(SCORED, rng)
        for entry in self.measure_names:  # what real samples score, because they are finitely many
            if entry["id"] == "jensen_shannon":
                entry["floor"] = self._jensen_shannon(other)
            if entry["id"] == "wasserstein":
                entry["floor"] = self._wasserstein(other)
        if game.data.modes is not None:
            scores = metrics.mixture_scores(other, game.data.modes, game.data.std)
            self.measure_names[1]["best"] = scores["high_quality"]

    def draw(self, layers=LAYERS, coarse=False):
        """The layers that are asked for, as NumPy arrays and numbers."""
        result, n = {}, COARSE if coarse else HEAT
        with np.errstate(all="ignore"):
            if not self.game.data.plane:
                if "fakes" in layers:
                    images = self._generate(self.z).reshape(6, 6, IMAGE, IMAGE)
                    result["images"] = to_uint8(images)
            else:
                if "fakes" in layers or "arrows" in layers:
                    result |= self._fakes("arrows" in layers)
                if "heat" in layers:
                    heat = self._judge(self.cells[n]).reshape(n, n)
                    result["heat"] = heat
                    result["heat_range"] = [float(heat.min()), float(heat.max())]
                if "grid" in layers:
                    result |= self._grid()
            if "measures" in layers:
                result["measures"] = self.measures()
        return result

    def real_images(self):
        """Real images to show beside the generated ones: (6, 6, 28, 28) uint8"""
        return to_uint8(self.real.reshape(6, 6, IMAGE, IMAGE))

    def measures(self):
        """The scores at the position. They are kept, so that each position is scored once."""
        known = self.game.measures
        if self.game.position not in known:
            known[self.game.position] = self._score()
        return known[self.game.position]

    def _names(self):
        if not self.game.data.plane:
            return [
                {"id": "digits", "label": "Digits found", "max": 10},
                {"id": "confidence", "label": "Confidence of a digit classifier", "max": 1},
            ]
        names = []
        if self.game.data.modes is not None:
            names = [
                {"id": "modes", "label": "Modes found", "max": len(self.game.data.modes)},
                {"id": "high_quality", "label": "High quality", "max": 1},
            ]
        return names + [
            {"id": "jensen_shannon", "label": "Jensen-Shannon divergence", "max": float(np.log(2))},
            {"id": "wasserstein", "label": "Sliced Wasserstein distance", "max": None},
        ]

    def _score(self):
        samples = self._generate(self.z_scored)
        if not np.isfinite(samples).all():
            return {entry["id"]: None for entry in self.measure_names}
        if not self.game.data.plane:
            scores = metrics.digit_scores(samples.clip(0, 1))
            return {
                "digits": int((scores["histogram"] >= 0.02).sum()),
                "confidence": scores["confidence"],
            }
        result = {}
        if self.game.data.modes is not None:
            scores = metrics.mixture_scores(samples, self.game.data.modes, self.game.data.std)
            result = {"modes": scores["modes"], "high_quality": scores["high_quality"]}
        result["jensen_shannon"] = self._jensen_shannon(samples)
        result["wasserstein"] = self._wasserstein(samples)
        return result

    def _generate(self, z):
        with no_grad():
            return self.game.networks[G](Tensor(z)).numpy()

    def _judge(self, points):
        with no_grad():
            return self.game.networks[D](Tensor(points)).numpy()[:, 0]

    def _fakes(self, arrows):
        """Fakes, what D says of each, and for each the way that lowers G's loss: -∂loss/∂x.

        "outside" counts the fakes that are not in the plane, or not finite.

        The loss of a batch is a mean, so the gradient is multiplied by the size of the batch: an
        arrow does not depend on how many fakes are drawn.
        """
        fakes = self._generate(self.z)
        inside = (abs(fakes) <= self.game.data.limit).all(axis=1)
        result = {"fakes": fakes, "outside": int((~inside).sum())}
        if not arrows:
            return result | {"outputs": self._judge(fakes)}
        x = Tensor(fakes, requires_grad=True)
        player = self.game.networks[D]
        with nn.frozen(player):
            outputs = player(x)
            loss = getattr(self.game.trainer, "generator_loss", losses.wasserstein_generator_loss)
            try:
                (gx,) = grad(loss(outputs), x)
                arrows = -len(fakes) * gx.numpy()
            except ValueError:  # D gives NaN, and that is no probability
                arrows = np.full_like(fakes, np.nan)
        longest = np.linalg.norm(arrows, axis=1).max()
        outputs = outputs.numpy()[:, 0]
        return result | {"outputs": outputs, "arrows": arrows, "arrow_max": float(longest)}

    def _cells(self, n):
        """The centres of n × n cells of the plane: (n², 2)"""
        centres = self.game.data.limit * (2 * (np.arange(n, dtype=np.float32) + 0.5) / n - 1)
        x, y = np.meshgrid(centres, centres)
        return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)

    def _lattice(self):
        """Noise on a lattice: (rows · columns, noise_dim), and (rows, columns)."""
        reach = REACH if self.game.settings["noise"] == "normal" else 1.0
        dimensions = self.game.settings["noise_dim"]
        if dimensions == 1:
            return np.linspace(-reach, reach, 61, dtype=np.float32)[:, None], (1, 61)
        line = np.linspace(-reach, reach, LATTICE, dtype=np.float32)
        z = np.zeros((LATTICE * LATTICE, dimensions), dtype=np.float32)
        z[:, 0], z[:, 1] = np.tile(line, LATTICE), np.repeat(line, LATTICE)
        return z, (LATTICE, LATTICE)

    def _grid(self):
        """G of the lattice, and by how much each of its cells has grown."""
        points = self._generate(self.lattice).reshape(*self.shape, 2)
        if self.shape[0] == 1 or self.lattice.shape[1] > 2:  # most samples lie off the grid
            return {"grid": points}
        across = points[1:, 1:] - points[:-1, :-1]
        up = points[1:, :-1] - points[:-1, 1:]
        area = abs(across[..., 0] * up[..., 1] - across[..., 1] * up[..., 0]) / 2
        side = float(self.lattice[1, 0] - self.lattice[0, 0])
        return {"grid": points, "grid_density": (area / side**2).astype(np.float32)}

    def _histogram(self, samples):
        """Shares of the samples in BINS × BINS cells; those outside count in the nearest cell."""
        limit = self.game.data.limit
        cells = ((samples / limit + 1) / 2 * BINS).clip(0, BINS - 1).astype(int)
        count = np.bincount(cells[:, 0] * BINS + cells[:, 1], minlength=BINS * BINS)
        return count / len(samples)

    def _jensen_shannon(self, samples):
        """JSD(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m), m = ½ (p + q), of two histograms, in nats."""
        p, q = self.histogram, self._histogram(samples)
        m = (p + q) / 2
        result = 0.0
        for share in (p, q):
            some = share > 0
            result += 0.5 * (share[some] * np.log(share[some] / m[some])).sum()
        return float(result)

    def _wasserstein(self, samples):
        """The mean over some directions of the Wasserstein-1 distance of the projections.

        In one dimension it is the mean distance of the sorted samples.
        """
        projections = np.sort(samples @ self.directions, axis=0)
        return float(abs(projections - self.projections).mean())


def to_uint8(images):
    """Pixels from 0 to 1 as 0 to 255."""
    return (np.nan_to_num(images).clip(0, 1) * 255).round().astype(np.uint8)
