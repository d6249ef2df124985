"""A Parameter that a module cannot find is an error, and what forward keeps is none."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigan
from minigan import Tensor, nn, no_grad, ops

# What people write around a new Parameter, or around several.
COMPUTED = {
    "times": lambda p: p * 0.02,
    "divided": lambda p: p / 3,
    "plus": lambda p: 1 + p,
    "transposed": lambda p: p.T,
    "reshaped": lambda p: p.reshape(-1),
    "view": lambda p: p.view(-1),
    "a row": lambda p: p[0],
    "normed": lambda p: p / p.norm(),
    "tanh": lambda p: p.tanh(),
    "concatenated": lambda p: ops.concatenate([p, nn.Parameter(np.ones((2, 2), "f4"))]),
    "broadcast": lambda p: ops.broadcast_to(p, (3, 2, 2)),
}
SAME_SHAPE = ["divided", "plus", "tanh", "times"]
HELD = {
    "itself": lambda x: x,
    "a list": lambda x: [x],
    "a tuple": lambda x: (1, x),
    "a dict": lambda x: {"w": x},
}
PLACES = ("__init__", "a helper", "outside")


class Net(nn.Module):
    def __init__(self, make, place):
        self.linear = nn.Linear(2, 2)
        if place == "__init__":
            self.w = make()
        elif place == "a helper":
            self.build(make)

    def build(self, make):
        self.w = make()


@given(
    st.sampled_from(sorted(COMPUTED)),
    st.lists(st.sampled_from(SAME_SHAPE), max_size=2),
    st.sampled_from(sorted(HELD)),
    st.sampled_from(PLACES),
)
@settings(max_examples=60, deadline=None)
def test_what_is_computed_from_a_new_parameter_is_refused(first, others, held, place):
    def make():
        x = nn.Parameter(np.ones((2, 2), "f4"))
        for name in (first, *others):
            x = COMPUTED[name](x)
        return HELD[held](x)

    with pytest.raises(TypeError, match=r"Net\.w: \w+ computed this Tensor from a Parameter"):
        net = Net(make, place)
        net.w = make()


def test_the_remedies_of_the_error_work():
    class Scaled(nn.Module):
        def __init__(self):
            self.w = nn.Parameter(0.02 * minigan.randn(8, 4))
            self.v = nn.Parameter(np.ones((8, 4), "f4"))

        def forward(self, x):
            return x @ (self.w + self.v * 0.02)

    net = Scaled()
    net(minigan.randn(2, 8)).sum().backward()
    assert all(p.grad is not None for p in net.parameters()) and len(net.parameters()) == 2


def test_a_leaf_that_requires_a_gradient_and_is_no_parameter_warns():
    for make in (
        lambda: Tensor([1.0], requires_grad=True),
        lambda: minigan.randn(2, 2).requires_grad_(),
        lambda: [minigan.zeros(2, requires_grad=True)],
    ):
        for place in ("__init__", "a helper"):
            with pytest.warns(
                UserWarning, match="is not a Parameter, and would not be learned"
            ) as w:
                Net(make, place)
            assert w[0].filename == __file__


class Keeps(nn.Module):
    """A module that keeps what it computes."""

    def __init__(self):
        self.linear = nn.Linear(2, 2)

    def forward(self, x):
        self.last = self.linear(x)
        self.all = [self.last, x]
        self.by_name = {"hidden": self.last}
        return self.last


def test_results_that_forward_keeps_are_no_error():
    first = Keeps()
    second = Keeps()
    copied = copy.deepcopy(first)
    second(first(minigan.randn(3, 2))).sum().backward()
    second(copied(minigan.randn(3, 2))).sum().backward()
    with no_grad():
        first.constant = nn.Parameter([1.0]) * 2
    first.shared = second.linear.weight
    first.kept = nn.Parameter([1.0]).detach()
    first.kept = (first.linear.weight * 2).sum()
