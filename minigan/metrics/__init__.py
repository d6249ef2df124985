"""Metrics of generated samples. Each docstring gives the source and the flaws of its metric.

In reading order: mixtures (modes covered), parzen (the 2014 paper's likelihood), features (compare
two sets of samples), digits (scores for MNIST), diagnosis (a run that goes wrong), rows (samples as
rows of numbers, which the others use).
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

from minigan.metrics.mixtures import mixture_scores
from minigan.metrics.parzen import parzen_controls, parzen_log_likelihood
from minigan.metrics.features import frechet_distance, precision_recall
from minigan.metrics.digits import build_digit_classifier, digit_classifier, digit_scores

__all__ = [
    "mixture_scores",
    "parzen_log_likelihood",
    "parzen_controls",
    "frechet_distance",
    "precision_recall",
    "digit_scores",
    "digit_classifier",
    "build_digit_classifier",
]
