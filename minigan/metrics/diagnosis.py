"""Diagnosis: sentences about a training that goes wrong, while it runs.

Every rule compares numbers that a reader also sees in the curves. No rule is a proof. Each sentence
gives the number and the first thing to try.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import numpy as np

from minigan.backend import to_numpy
from minigan.tensor import as_array

__all__ = ["Diagnosis"]

WINDOW = 100  # steps that are averaged, because a single minibatch is mostly noise
CERTAIN = 0.01  # if D's mean answer to the fakes is below this, G may learn little from it
STEEP = 10.0  # a gradient norm, where the penalty asks for 1
ALIKE = 0.3  # of the data's spread
SLOW = 5000  # generator steps after which samples that are alike count as collapsed
START = 5  # windows at the beginning in which the critic may be wrong
ENOUGH = 100  # samples of the data, for their spread
BEHIND = 0.1  # of the largest estimate. Near convergence the estimate is close to 0, of either sign


class Diagnosis:
    """Watches a run's reports and samples, and returns sentences about problems.

    data: some real samples, (N, ...). Their spread is compared with the spread of the fakes.
    Without it, `see` takes them from the first minibatches.
    Raises ValueError if they are all the same.
    A problem is reported when it begins. It is reported again only if it went away in between.

    >>> diagnosis = Diagnosis(np.eye(8))
    >>> for step in range(1, 101):
    ...     sentences = diagnosis.watch(step, {"D(x)": 0.999, "D(G(z))": 0.002})
    >>> print(*sentences)
    step 100: saturated. D gave the fakes 0.0020 on average over 100 steps, and the data 0.9990: it
    is sure of itself, and G may learn little from it. Try a lower learning rate for D.
    """

    def __init__(self, data=None):
        self.data_spread = None if data is None else spread_of_data(data)
        self.seen = []  # minibatches, until there are enough samples for the spread of the data
        self.window = []  # the reports since the last check
        self.windows = 0  # how many there have been
        self.farthest = 0.0  # the largest absolute estimate of the distance
        self.g_steps = 0  # the generator steps so far
        self.has_spread = False  # whether the samples were ever different
        self.losses = {}  # {name of a loss: the mean of its absolute value in each window}
        self.present = set()  # the problems that have been reported and have not gone away

    def see(self, real):
        """Take a minibatch of real samples, (m, ...), in random order, until there are 100.

        Raises ValueError if the first 100 are all the same.
        """
        if self.data_spread is None:
            self.seen.append(to_numpy(as_array(real)))
            if sum(map(len, self.seen)) >= ENOUGH:
                self.data_spread = spread_of_data(np.concatenate(self.seen))
                self.seen = []

    def watch(self, step, report):
        """Record a step's report. Return sentences after every 100 steps, else an empty list."""
        self.window.append(report)
        self.g_steps += "g_loss" in report
        if len(self.window) < WINDOW:
            return []
        values = {}
        for report in self.window:
            for name, value in report.items():
                values.setdefault(name, []).append(value)
        for name in values:
            if name.endswith("loss"):
                self.losses.setdefault(name, []).append(np.mean(np.abs(values[name])))
        self.window = []
        self.windows += 1
        mean = {name: np.mean(values[name]) for name in values}
        if "wasserstein" in values:
            mean["zeros"] = np.mean(np.equal(values["wasserstein"], 0.0))
        self.farthest = max(self.farthest, abs(mean.get("wasserstein", 0.0)))
        found = dict(self._in_reports(mean))
        return self._new(step, found, {"saturated", "dead", "diverging", "steep", "behind"})

    def look(self, step, samples):
        """Return sentences about generated samples, (N, ...), N at least 2.

        The samples of an untrained generator are alike, too. So they count as collapsed only if
        they were different before, or after 5,000 generator steps. Before `see` has enough samples
        of the data, there is no sentence.
        """
        if self.data_spread is None:
            return []
        share = spread(samples) / self.data_spread
        self.has_spread = self.has_spread or share >= ALIKE
        found = {}
        if share < ALIKE and (self.has_spread or self.g_steps >= SLOW):
            found["collapsed"] = (
                f"Two samples are {share:.2f} times as far apart as two of the data, on average: "
                "they are nearly all alike. Try a WGAN-GP, another seed or, of Adam, a smaller β₁."
            )
        return self._new(step, found, {"collapsed"})

    def _in_reports(self, mean):
        """Yield (problem, sentence) for each problem that the means of the last window show."""
        if mean.get("D(G(z))", 1.0) < CERTAIN:
            yield (
                "saturated",
                f"D gave the fakes {mean['D(G(z))']:.4f} on average over {WINDOW} steps, and the "
                f"data {mean['D(x)']:.4f}: it is sure of itself, and G may learn little from it. "
                "Try a lower learning rate for D.",
            )
        if mean.get("zeros", 0.0) > 0.5:
            yield (
                "dead",
                f"The critic's estimate was exactly 0 in {mean['zeros']:.0%} of the last {WINDOW} "
                "steps: the critic gives every sample the same number, so G learns nothing. Start "
                "again with a lower learning rate for the critic, a larger clip value, or fewer "
                "layers.",
            )
        if mean.get("gradient norm", 0.0) > STEEP:
            yield (
                "steep",
                f"The critic's gradient norm was {mean['gradient norm']:.1f} on average over "
                f"{WINDOW} steps, not 1. Try a larger penalty_weight, or a lower learning rate for "
                "the critic.",
            )
        if self.windows <= START:
            return
        if mean.get("wasserstein", 0.0) < -BEHIND * self.farthest:
            yield (
                "behind",
                f"The critic scored the fakes above the data, by {-mean['wasserstein']:.3g} on "
                f"average over {WINDOW} steps: it cannot keep up with G. Try a larger n_critic, or "
                "a lower learning rate for G.",
            )
        for name, sizes in self.losses.items():
            a, b, c, d = sizes[-4:]
            if b > 2 * a and c > 2 * b and d > 2 * c:
                yield (
                    "diverging",
                    f"The size of {name} has more than doubled in each of the last 3 times "
                    f"{WINDOW} steps, from {a:.3g} to {d:.3g}. Try lower learning rates.",
                )

    def _new(self, step, found, kinds):
        """Return the sentences about new problems, and forget problems that went away."""
        new = [f"step {step}: {kind}. {found[kind]}" for kind in found if kind not in self.present]
        self.present = (self.present - kinds) | set(found)
        return new


def spread_of_data(data):
    """The spread of real samples; ValueError if they are all the same."""
    result = spread(data)
    if result == 0:
        raise ValueError(f"the {len(data)} samples of the data are all the same")
    return result


def spread(samples):
    """The mean distance between each sample and the next: (N, ...). The order must be random.

    >>> spread(np.array([[0.0], [3.0], [0.0], [3.0]]))
    3.0
    """
    samples = to_numpy(as_array(samples))
    if len(samples) < 2:
        raise ValueError(f"a spread needs at least two samples, not {len(samples)}")
    flat = samples.reshape(len(samples), -1).astype(np.float64)
    return float(np.linalg.norm(np.diff(flat, axis=0), axis=1).mean())
