"""Helpers that compare minigan with PyTorch, in float64 and to second order.

A test file that imports this one is skipped if PyTorch is not installed.
"""

import numpy as np
import pytest

import minigan
from minigan import nn

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(0)


class TorchMaxout(torch.nn.Module):
    """Maxout, made of PyTorch's operations. (PyTorch has no such layer.)"""

    def __init__(self, in_features, out_features, num_pieces):
        super().__init__()
        self.linear = torch.nn.Linear(in_features, out_features * num_pieces)
        self.num_pieces = num_pieces

    def forward(self, x):
        return self.linear(x).unflatten(-1, (-1, self.num_pieces)).amax(dim=-1)


class TorchNN:
    """torch.nn and Maxout. One function of `nn` can build the same network in both libraries."""

    Maxout = TorchMaxout

    def Softplus(self):
        return torch.nn.Softplus(threshold=500)  # by default it is x past 20, which is 2e-9 off

    def __getattr__(self, name):
        return getattr(torch.nn, name)


def build_twice(build):
    """(ours, theirs): build(nn) for each library's nn, with the same random parameters."""
    ours, theirs = build(nn).double(), build(TorchNN()).double()
    for p in theirs.parameters():  # a norm's scale and shift start at 1 and 0, which hide mistakes
        p.data += 0.3 * torch.tensor(RNG.standard_normal(p.shape))
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    return ours, theirs


def assert_agree(ours, theirs, tolerance=1e-8):
    """The same shape and dtype, and numbers within `tolerance`, absolute plus relative."""
    ours = ours.numpy() if isinstance(ours, minigan.Tensor) else np.asarray(ours)
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def assert_same_state(ours, theirs, tolerance=1e-8):
    """Two modules have the same names in the same order, and the same numbers."""
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert list(ours) == list(theirs)
    for name in ours:
        assert_agree(ours[name], theirs[name], tolerance)


def assert_agree_to_second_order(f, g, inputs, modules=None, order=2):
    """f (ours) and g (theirs) agree at `inputs` in value, gradient, and the gradient's gradient.

    modules: (ours, theirs). If it is given, the gradients of their parameters are compared, too.

    The first gradient is that of Σ r y², which varies with x even where y is linear in it; the
    second is that of the first one's projection on a random direction.
    """
    xs = [minigan.tensor(x, requires_grad=True) for x in inputs]
    ts = [torch.tensor(x, requires_grad=True) for x in inputs]
    y, u = f(*xs), g(*ts)
    assert_agree(y, u)
    if modules is not None:
        xs, ts = xs + modules[0].parameters(), ts + list(modules[1].parameters())

    r = RNG.standard_normal(y.shape)
    gx = minigan.grad((y * y * r).sum(), xs, create_graph=True)
    gt = torch.autograd.grad((u * u * torch.tensor(r)).sum(), ts, create_graph=True)
    for ours, theirs in zip(gx, gt, strict=True):
        assert_agree(ours, theirs)
    if order == 1:
        return

    directions = [RNG.standard_normal(x.shape) for x in xs]
    projection = sum((g * v).sum() for g, v in zip(gx, directions, strict=True))
    their_projection = sum((g * torch.tensor(v)).sum() for g, v in zip(gt, directions, strict=True))
    ggx = minigan.grad(projection, xs)
    ggt = torch.autograd.grad(their_projection, ts)
    for ours, theirs in zip(ggx, ggt, strict=True):
        assert_agree(ours, theirs)
