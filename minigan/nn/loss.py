"""PyTorch's loss modules. Each calls the function of minigan/losses.py.

reduction: "mean", "sum", or "none" for the loss of each element.
"""

from minigan import losses
from minigan.guards.accepted import check_no_effect
from minigan.guards.data import check_loss_reduction
from minigan.nn.module import Module


class Loss(Module):
    """The base of the loss modules: it keeps the reduction. other: PyTorch's weight=None."""

    def __init__(self, *, reduction="mean", **other):
        check_loss_reduction(reduction)
        check_no_effect(other, weight=(), size_average=(), reduce=(), label_smoothing=(0.0,))
        self.reduction = reduction

    def extra_repr(self):
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"


class BCELoss(Loss):
    """losses.binary_cross_entropy of probabilities p and labels, of one shape.

    >>> from minigan import Tensor
    >>> round(BCELoss()(Tensor([0.5, 0.5]), Tensor([1.0, 0.0])).item(), 4)
    0.6931
    """

    def forward(self, p, target):
        return losses.binary_cross_entropy(p, target, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """losses.binary_cross_entropy_with_logits of numbers x and labels, of one shape."""

    def forward(self, x, target):
        return losses.binary_cross_entropy_with_logits(x, target, reduction=self.reduction)


class CrossEntropyLoss(Loss):
    """losses.cross_entropy of logits (N, classes) and labels (N,), integers."""

    def forward(self, logits, labels):
        return losses.cross_entropy(logits, labels, reduction=self.reduction)


class MSELoss(Loss):
    """losses.mse_loss of two arrays of one shape, or with one number as the target.

    >>> from minigan import Tensor
    >>> MSELoss()(Tensor([1.0, 3.0]), 0.0).item()
    5.0
    """

    def forward(self, x, target):
        return losses.mse_loss(x, target, reduction=self.reduction)


class L1Loss(Loss):
    """losses.l1_loss of two arrays of one shape, or with one number as the target."""

    def forward(self, x, target):
        return losses.l1_loss(x, target, reduction=self.reduction)
