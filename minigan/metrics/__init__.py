"""What a generator's samples are worth, measured; each metric with its source and its flaws.

In reading order: mixtures (modes found), parzen (the 2014 paper's likelihood), features (what two
sets of samples have in common), digits (the same, and more, for MNIST), and below them, arrays.
"""

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
