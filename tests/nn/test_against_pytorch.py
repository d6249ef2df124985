"""Layers, losses, state dicts and reprs equal PyTorch's. Skipped without PyTorch."""

import re

import numpy as np
import pytest
from agreement import (
    RNG,
    assert_agree,
    assert_agree_to_second_order,
    assert_same_state,
    build_twice,
    torch,
)

import minigan
from minigan import losses, nn

F = torch.nn.functional

# --- layers ------------------------------------------------------------------------------------

LAYERS = {  # name: (the layer of either library, the shape of its input)
    "Linear": (lambda nn: nn.Linear(5, 4), (3, 5)),
    "Linear of a vector": (lambda nn: nn.Linear(5, 4), (5,)),
    "Linear of sequences": (lambda nn: nn.Linear(5, 4), (2, 3, 5)),
    "Linear without bias": (lambda nn: nn.Linear(5, 4, bias=False), (3, 5)),
    "Maxout": (lambda nn: nn.Maxout(5, 4, num_pieces=3), (6, 5)),
    "Maxout of sequences": (lambda nn: nn.Maxout(5, 4, num_pieces=3), (2, 3, 5)),
    "ReLU": (lambda nn: nn.ReLU(), (4, 5)),
    "LeakyReLU": (lambda nn: nn.LeakyReLU(), (4, 5)),
    "LeakyReLU 0.2": (lambda nn: nn.LeakyReLU(0.2), (4, 5)),
    "LeakyReLU 1.5": (lambda nn: nn.LeakyReLU(1.5), (4, 5)),
    "Sigmoid": (lambda nn: nn.Sigmoid(), (4, 5)),
    "Tanh": (lambda nn: nn.Tanh(), (4, 5)),
    "Softplus": (lambda nn: nn.Softplus(), (4, 5)),
    "Flatten": (lambda nn: nn.Flatten(), (2, 3, 4)),
    "Unflatten": (lambda nn: nn.Unflatten(1, (2, 3)), (4, 6)),
    "Unflatten from the end": (lambda nn: nn.Unflatten(-1, (2, 3)), (4, 5, 6)),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(5), (7, 5)),
    "BatchNorm1d of sequences": (lambda nn: nn.BatchNorm1d(3), (4, 3, 5)),
    "BatchNorm1d with settings": (lambda nn: nn.BatchNorm1d(5, eps=0.8, momentum=0.3), (7, 5)),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(3), (4, 3, 5, 2)),
    "Upsample": (lambda nn: nn.Upsample(scale_factor=2), (2, 3, 4, 5)),
    "LayerNorm": (lambda nn: nn.LayerNorm(5), (3, 5)),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(3), (2, 3, 4, 5)),
    "InstanceNorm2d, affine": (lambda nn: nn.InstanceNorm2d(3, eps=0.1, affine=True), (2, 3, 4, 5)),
    "LayerNorm of two dimensions": (lambda nn: nn.LayerNorm((4, 5), eps=0.1), (3, 4, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_in_training_and_in_use(name):
    build, shape = LAYERS[name]
    ours, theirs = pair = build_twice(build)
    for scale in (1.0, 30.0):  # the second reaches the tails of sigmoid, tanh and softplus
        x = scale * RNG.standard_normal(shape)
        assert_agree_to_second_order(ours, theirs, [x], pair)
        assert_same_state(ours, theirs)  # batch norm's running averages among it
    assert_agree_to_second_order(ours.eval(), theirs.eval(), [x], pair)
    assert_same_state(ours, theirs)


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (6, 5)])
@pytest.mark.parametrize("padding", [0, 1, 2, (1, 0)])
@pytest.mark.parametrize("kernel", [1, 3, 4, 5, (3, 1)])
@pytest.mark.parametrize("stride", [1, 2, (2, 1)])
@pytest.mark.parametrize("channels", [(2, 3), (4, 1)])
def test_convolutions(channels, stride, kernel, padding, size):
    def build(nn):
        return nn.Conv2d(*channels, kernel, stride=stride, padding=padding)

    ours, theirs = pair = build_twice(build)
    assert_agree_to_second_order(ours, theirs, [RNG.standard_normal((2, channels[0], *size))], pair)


@pytest.mark.parametrize("size", [(4, 4), (3, 5)])
@pytest.mark.parametrize("padding", [0, 1, (1, 0)])
@pytest.mark.parametrize("kernel", [3, 4, 5, (5, 3)])
@pytest.mark.parametrize(("stride", "output_padding"), [(1, 0), (2, 0), (2, 1), ((2, 1), (1, 0))])
@pytest.mark.parametrize("channels", [(2, 3), (4, 1), (1, 4)])
def test_transposed_convolutions(channels, stride, output_padding, kernel, padding, size):
    def build(nn):
        settings = {"stride": stride, "padding": padding, "output_padding": output_padding}
        return nn.ConvTranspose2d(*channels, kernel, **settings)

    ours, theirs = pair = build_twice(build)
    assert_agree_to_second_order(ours, theirs, [RNG.standard_normal((2, channels[0], *size))], pair)


def test_dropout_in_use():
    ours, theirs = build_twice(lambda nn: nn.Dropout(0.5).eval())
    assert_agree_to_second_order(ours, theirs, [RNG.standard_normal((3, 5))])


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "LeakyReLU 0.2"])
def test_slope_at_the_kink(name):
    ours, theirs = build_twice(LAYERS[name][0])
    x = np.array([-0.0, 0.0, 1e-300, -1e-300])
    assert_agree_to_second_order(lambda x: ours(x) + 1, lambda t: theirs(t) + 1, [x])


# --- losses ------------------------------------------------------------------------------------

INNER = RNG.uniform(0.05, 0.95, (6, 2))
SOFT = RNG.uniform(0, 1, (6, 2))
LIMITS = np.array([0.0, 1.0, 1e-300, 1e-30, 1e-13, 1e-6, 1 - 1e-6, 1 - 1e-16])
LOGITS = np.array([-1000.0, -30.0, -1e-9, 0.0, 1e-9, 2.0, 30.0, 1000.0])
LABELS = np.array([0, 4, 4, 2])


def in_torch(loss):
    """A loss of torch.nn.functional. It takes labels in an array, or one number for all."""
    return lambda x, t: loss(x, torch.tensor(np.full(x.shape, t) if np.ndim(t) == 0 else t))


BCE = losses.binary_cross_entropy, in_torch(F.binary_cross_entropy)
WITH_LOGITS = losses.binary_cross_entropy_with_logits, in_torch(F.binary_cross_entropy_with_logits)
CROSS_ENTROPY = losses.cross_entropy, in_torch(F.cross_entropy)

LOSSES = {  # name: ((ours, theirs), input, labels, order)
    "BCE, soft labels": (BCE, INNER, SOFT, 2),
    "BCE, label 1": (BCE, INNER, 1.0, 2),
    "BCE, label 0.9": (BCE, INNER, 0.9, 2),
    # To first order: where p (1 - p) < 1e-12, PyTorch's second derivative has a limit of its own.
    "BCE at its limits, label 1": (BCE, LIMITS, 1.0, 1),
    "BCE at its limits, label 0": (BCE, LIMITS, 0.0, 1),
    "BCE at its limits, label 0.9": (BCE, LIMITS, 0.9, 1),
    "BCE with logits, soft labels": (WITH_LOGITS, 3 * INNER - 1, SOFT, 2),
    "BCE with logits, far out, label 1": (WITH_LOGITS, LOGITS, 1.0, 2),
    "BCE with logits, far out, label 0": (WITH_LOGITS, LOGITS, 0.0, 2),
    "cross-entropy": (CROSS_ENTROPY, RNG.standard_normal((4, 5)), LABELS, 2),
    "cross-entropy, far out": (CROSS_ENTROPY, 1000 * RNG.standard_normal((4, 5)), LABELS, 2),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    (ours, theirs), x, labels, order = LOSSES[name]
    assert_agree_to_second_order(
        lambda x: ours(x, labels), lambda t: theirs(t, labels), [x], order=order
    )


def test_gradient_penalty():
    """Its value, and its gradient with respect to the critic (a second-order gradient)."""
    ours, theirs = build_twice(
        lambda nn: nn.Sequential(
            nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 1)
        )
    )
    real, fake = RNG.standard_normal((2, 5, 6))
    eps = RNG.uniform(0, 1, (5, 1))
    penalty = losses.gradient_penalty(ours, real, fake, eps)

    x = torch.tensor(eps * real + (1 - eps) * fake, requires_grad=True)
    (g,) = torch.autograd.grad(theirs(x).sum(), x, create_graph=True)
    their_penalty = ((g.norm(dim=1) - 1) ** 2).mean()

    assert_agree(penalty, their_penalty)
    # Without the last bias, on which no gradient with respect to x depends.
    gs = minigan.grad(penalty, ours.parameters()[:-1])
    their_gs = torch.autograd.grad(their_penalty, list(theirs.parameters())[:-1])
    for a, b in zip(gs, their_gs, strict=True):
        assert_agree(a, b)


# --- state dicts and reprs ---------------------------------------------------------------------


def network(nn):
    return nn.Sequential(
        nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.LeakyReLU(0.2)),
        nn.Linear(6, 8, bias=False),
        nn.LayerNorm(8),
        nn.Dropout(0.3),
        nn.Unflatten(1, (2, 4)),
        nn.BatchNorm1d(2),
        nn.Softplus(),
        nn.Flatten(),
        nn.ReLU(),
        nn.Linear(8, 1),
        nn.Tanh(),
        nn.Sigmoid(),
    )


def test_state_dicts_travel_both_ways():
    ours, theirs, other = network(nn), network(torch.nn).float(), network(torch.nn).float()
    for x in torch.randn(3, 7, 4):  # so that the running averages are not the initial ones
        theirs(x)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    assert_same_state(ours, theirs, tolerance=0)
    other.load_state_dict({k: torch.from_numpy(v) for k, v in ours.state_dict().items()})
    assert_same_state(ours, other, tolerance=0)
    names = [name for name, _ in ours.named_parameters()]
    assert names == [name for name, _ in theirs.named_parameters()]


def test_repr_has_the_same_structure():
    def outline(module):
        """A repr without the settings. PyTorch lists some that minigan does not have."""
        return re.findall(r"^ *(?:\(\d+\): \w+|\w*\(|\))", repr(module), flags=re.MULTILINE)

    assert outline(network(nn)) == outline(network(torch.nn))
    assert len(outline(network(nn))) == 18


@pytest.mark.parametrize(
    "build",
    [
        lambda nn: nn.Linear(2, 3),
        lambda nn: nn.LeakyReLU(0.2),
        lambda nn: nn.Unflatten(1, (2, 3)),
        lambda nn: nn.Conv2d(2, 3, 5, stride=2, padding=1),
        lambda nn: nn.ConvTranspose2d(2, 3, 4, stride=2, padding=1, output_padding=1, bias=False),
        lambda nn: nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Tanh()), nn.Sigmoid()),
    ],
)
def test_repr_is_the_same_to_the_letter(build):
    assert repr(build(nn)) == repr(build(torch.nn))
