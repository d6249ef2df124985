"""The losses of the players. Every loss is the mean over a batch, a single number.
(The three cross-entropies also take PyTorch's reduction="sum" and "none".)

In a GAN, D(x) is the probability that x is real, and both players' losses are cross-entropies. In a
WGAN, the critic's scores are plain numbers, and its loss is the difference of their means.
"""

from typing import TYPE_CHECKING

import numpy as np

from minigan import ops
from minigan.autograd import grad
from minigan.backend import get_array_module, to_numpy
from minigan.guards import pytorch
from minigan.guards.data import check_loss_reduction, check_plain, number, plain_array
from minigan.guards.graph import check_inputs
from minigan.op import Op
from minigan.ops.elementwise import Maximum, Sigmoid
from minigan.tensor import Tensor, as_array, as_tensor


class BinaryCrossEntropy(Op):
    """y = -(t log p + (1 - t) log(1 - p)), elementwise

    ∂y/∂p = (p - t) / (p (1 - p))

    Each logarithm is at least -100, and the denominator is at least 1e-12. So the loss and its
    gradient are finite at p = 0 and p = 1. Both limits are PyTorch's: the documentation of
    torch.nn.BCELoss explains the first, and aten/src/ATen/native/Loss.cpp has both.
    """

    def __init__(self, t):
        self.t = t

    def forward(self, p):
        xp = get_array_module(p)
        with np.errstate(divide="ignore"):
            log_p = xp.maximum(xp.log(p), -100)  # the shape of p, like every array here
            log_q = xp.maximum(xp.log1p(-p), -100)  # q = 1 - p
        return (self.t - 1) * log_q - self.t * log_p

    def backward(self, gy, y, p):
        return gy * (p - self.t) / Maximum()(p * (1 - p), 1e-12)


class BinaryCrossEntropyWithLogits(Op):
    """y = max(x, 0) - x t + log(1 + e^-|x|), elementwise

    This is BinaryCrossEntropy of p = sigmoid(x), without overflow for any x.
    """

    def __init__(self, t):
        self.t = t

    def forward(self, x):
        xp = get_array_module(x)
        return xp.maximum(x, 0) - x * self.t + xp.log1p(xp.exp(-xp.abs(x)))

    def backward(self, gy, y, x):
        return gy * (Sigmoid()(x) - self.t)


def binary_cross_entropy(p, target, *, reduction="mean") -> Tensor:
    """-mean(t log p + (1 - t) log(1 - p)).

    p: probabilities; target: labels in [0, 1] of the same shape, or one number for all.
    reduction: "mean", "sum", or "none" for the loss of each element.
    Raises ValueError for another shape, or for a p or a label outside [0, 1]. On a GPU
    the range is not checked.

    >>> round(binary_cross_entropy(Tensor([0.5, 0.5]), 1.0).item(), 4)
    0.6931
    """
    p = as_tensor(p)
    # NaN passes, for the trainer to tell where it came from. On a GPU this look would cost a wait.
    if isinstance(p.data, np.ndarray) and ((p.data < 0) | (p.data > 1)).any():
        raise ValueError(
            "binary_cross_entropy: p must be probabilities, but it ranges from "
            f"{p.data.min():.3g} to {p.data.max():.3g}; end the network in a Sigmoid, or use "
            "binary_cross_entropy_with_logits"
        )
    return _reduced(BinaryCrossEntropy(_labels(p, target))(p), reduction)


def binary_cross_entropy_with_logits(x, target, *, reduction="mean") -> Tensor:
    """binary_cross_entropy of p = sigmoid(x), accurate for every x. The arguments are the same.

    >>> round(binary_cross_entropy_with_logits(Tensor([0.0, 0.0]), 1.0).item(), 4)
    0.6931
    """
    x = as_tensor(x)
    return _reduced(BinaryCrossEntropyWithLogits(_labels(x, target))(x), reduction)


def cross_entropy(logits, labels, *, reduction="mean") -> Tensor:
    """-mean of the log-probability of each row's label, for p = softmax(logits).

    logits: (N, classes); labels: (N,) integers from 0 to classes - 1; reduction as above.
    Raises ValueError for other shapes or a label out of range, TypeError for labels of floats.

    >>> round(cross_entropy(Tensor([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1])).item(), 4)
    0.6931
    """
    logits = as_tensor(logits)
    labels = as_array(labels)
    check_plain(labels, "the labels")
    labels = to_numpy(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: labels must be integers, not {labels.dtype}; write np.array([0, 1]), "
            "because the lists of a Tensor become float32"
        )
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"cross_entropy of logits {logits.shape} and labels {labels.shape}")
    if labels.size and not 0 <= labels.min() <= labels.max() < logits.shape[1]:
        raise ValueError(
            f"cross_entropy: labels from {labels.min()} to {labels.max()}, "
            f"but {logits.shape[1]} classes"
        )
    log_p = ops.log_softmax(logits)  # (N, classes)
    losses = -log_p[np.arange(len(labels)), labels]  # (N,)
    return _reduced(losses, reduction)


def mse_loss(x, target, *, reduction="mean") -> Tensor:
    """mean (x - target)²: the loss of the least squares GAN (Mao et al. 2017, eq. 2).

    x: numbers of any shape; target: the same shape, or one number for all; reduction as above.
    A target that requires no gradient takes the dtype of x. Raises ValueError for another shape.

    >>> mse_loss(Tensor([1.0, 3.0]), 0.0).item()
    5.0
    """
    x = as_tensor(x)
    difference = x - _target("mse_loss", x, target)
    return _reduced(difference * difference, reduction)


def l1_loss(x, target, *, reduction="mean") -> Tensor:
    """mean |x - target|. The arguments are those of mse_loss."""
    x = as_tensor(x)
    return _reduced(abs(x - _target("l1_loss", x, target)), reduction)


# Goodfellow et al. 2014. D ascends, and G descends, V = E[log D(x)] + E[log(1 - D(G(z)))].


def discriminator_loss(p_real, p_fake, real_label=1.0) -> Tensor:
    """-mean log D(x) - mean log(1 - D(G(z))), which is -V of the paper's equation 1.

    real_label: 0.9 is one-sided label smoothing (Salimans et al. 2016, section 3.4). It keeps D's
    output for real samples from growing without bound. The label of the fakes stays 0.
    """
    # p_real, p_fake: (N, 1), each mean: ()
    return binary_cross_entropy(p_real, real_label) + binary_cross_entropy(p_fake, 0.0)


def minimax_generator_loss(p_fake) -> Tensor:
    """mean log(1 - D(G(z))), as in Algorithm 1. It is flat where D(G(z)) is near 0."""
    return -binary_cross_entropy(p_fake, 0.0)


def non_saturating_generator_loss(p_fake) -> Tensor:
    """-mean log D(G(z)), from section 3. It is steep near D(G(z)) = 0."""
    return binary_cross_entropy(p_fake, 1.0)


# Arjovsky et al. 2017 and Gulrajani et al. 2017. The critic f ascends E[f(x)] - E[f(G(z))].


def wasserstein_critic_loss(real_scores, fake_scores) -> Tensor:
    """mean f(G(z)) - mean f(x), which is minus the estimate of the Wasserstein distance."""
    return as_tensor(fake_scores).mean() - as_tensor(real_scores).mean()  # (N, 1), (N, 1) -> ()


def wasserstein_generator_loss(fake_scores) -> Tensor:
    """-mean f(G(z))"""
    return -as_tensor(fake_scores).mean()


def gradient_penalty(critic, real, fake, eps, *, return_norms=False):
    """mean (‖∇f(x̂)‖ - 1)², without its weight λ (Gulrajani et al. 2017, eq. 3).

    Arguments and errors are those of gradient_norms. The penalty can be differentiated with respect
    to the critic's parameters. return_norms: return (penalty, norms).

    >>> f = lambda x: (3 * x).sum(axis=1)
    >>> gradient_penalty(f, np.ones((4, 1)), np.zeros((4, 1)), np.ones(4)).item()
    4.0
    """
    norms = gradient_norms(critic, real, fake, eps)  # (N,)
    penalty = ((norms - 1) ** 2).mean()  # ()
    return (penalty, norms) if return_norms else penalty


def gradient_norms(critic, real, fake, eps) -> Tensor:
    """‖∇f(x̂)‖ at x̂ = ε x + (1 - ε) G(z), for each of N samples: (N,), differentiable.

    critic: a function f from (N, ...) to (N,) or (N, 1). It must treat samples independently.
    real, fake: arrays or Tensors x and G(z) of the same shape (N, ...), taken as constants.
    eps: ε ~ U[0, 1], one for each sample: (N,) or (N, 1, ...).

    The norm is over all dimensions of a sample. Its slope at 0 is taken as 0. The function computes
    no gradient of the weights and changes no `.grad`.
    Raises ValueError for shapes that do not fit, or an ε outside [0, 1] (not checked on a GPU).
    Raises TypeError if real and fake differ in dtype, or are integers.
    """
    real, fake, eps = _penalty_arrays(real, fake, eps)
    n = len(real)
    x_hat = Tensor(eps * real + (1 - eps) * fake, requires_grad=True)  # (N, ...)
    scores = critic(x_hat)  # (N,) or (N, 1)
    if scores.shape not in ((n,), (n, 1)):
        raise ValueError(
            f"gradient penalty: the critic gave {scores.shape} for {n} samples, not ({n}, 1)"
        )
    (g,) = grad(scores.sum(), x_hat, create_graph=True)  # (N, ...): row i is ∇f(x̂ᵢ)
    x_hat.requires_grad_(False)  # so that loss.backward() computes no gradient for x̂
    return g.flatten(1).norm(axis=1)  # (N, ...) -> (N, D) -> (N,)


def _penalty_arrays(real, fake, eps):
    """The arrays of x, G(z) and ε, checked. ε has as many axes as x, so that the two broadcast."""
    real, fake, eps = [plain_array(as_array(x)) for x in (real, fake, eps)]
    if real.ndim == 0:
        raise ValueError("gradient penalty: real is a number, and a batch is needed")
    n = len(real)
    check_inputs("gradient penalty", [real, fake])
    if real.shape != fake.shape:
        raise ValueError(f"gradient penalty: real has shape {real.shape}, fake {fake.shape}")
    if eps.size != n or eps.shape[:1] != (n,):
        raise ValueError(
            f"gradient penalty: eps has shape {eps.shape}, but one number for each of the "
            f"{n} samples is needed, ({n},) or ({n}, 1)"
        )
    if n and isinstance(eps, np.ndarray) and not 0 <= eps.min() <= eps.max() <= 1:
        raise ValueError(
            f"gradient penalty: eps must be from 0 to 1, not from {eps.min()} to {eps.max()}"
        )
    return real, fake, eps.reshape(-1, *[1] * (real.ndim - 1)).astype(real.dtype)


def _reduced(losses, reduction):
    """Reduce the losses of a batch by their mean, by their sum, or not at all (PyTorch's names)."""
    check_loss_reduction(reduction)
    return losses if reduction == "none" else getattr(losses, reduction)()  # (N, ...) -> ()


def _target(name, x, target):
    """Return a target of x's shape, or a number, in the dtype of x if it has no gradient."""
    if np.shape(as_array(target)) not in ((), x.shape):
        raise ValueError(
            f"{name} of shapes {x.shape} and {np.shape(as_array(target))}, which must be the same"
        )
    if getattr(target, "requires_grad", False):
        return target
    return plain_array(as_array(target), x.data).astype(x.dtype, copy=False)


def _labels(p, target):
    """Return labels as a constant in the dtype of p: a number, or a new array with p's shape."""
    if getattr(target, "requires_grad", False):
        raise ValueError(
            "the labels require a gradient, but they are constants: the network's output is the "
            "first argument, and the labels are the second; or use .detach()"
        )
    target = as_array(target)
    check_plain(target, "the labels")
    if isinstance(target, (int, float, np.generic)):
        is_flag = isinstance(target, (bool, np.bool_))  # True is the label 1
        labels = float(target if is_flag else number("a label must be a number", target))
        lowest = labels
        highest = labels
    else:
        labels = get_array_module(p.data).array(plain_array(target, p.data), dtype=p.dtype)
        if labels.shape != p.shape:
            raise ValueError(
                f"the probabilities have shape {p.shape}, but the labels {labels.shape}"
            )
        can_check = isinstance(labels, np.ndarray) and labels.size  # on a GPU it would cost a wait
        lowest = labels.min() if can_check else 0
        highest = labels.max() if can_check else 1
    if not 0 <= lowest <= highest <= 1:
        raise ValueError(f"labels must be from 0 to 1, not {lowest} to {highest}")
    return labels


if not TYPE_CHECKING:  # or an editor would accept any name

    def __getattr__(name):
        raise pytorch.missing("minigan.losses", name, pytorch.LOSS_FUNCTIONS)
