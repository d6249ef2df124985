"""Each parameter and buffer has a key of its own in the state dict, or its name is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigan
from minigan import nn

NAMES = st.sampled_from(
    ["a", "b", "0", "a.b", "b.a", "a.b.0", "0.a", ".", "a.", ".b", "", "weight"]
)


def leaf(kind):
    if kind == "parameter":
        return nn.Parameter([1.0])
    return nn.Linear(1, 1) if kind == "layer" else nn.Module()


@st.composite
def assignments(draw):
    """A list of (path of names to a module, name, kind of value)."""
    made = [()]
    steps = []
    for _ in range(draw(st.integers(1, 6))):
        path = draw(st.sampled_from(made))
        name = draw(NAMES)
        kind = draw(st.sampled_from(["parameter", "layer", "module"]))
        if kind == "module":
            made.append((*path, name))
        steps.append((path, name, kind))
    return steps


def build(steps, assign):
    net = nn.Module()
    for path, name, kind in steps:
        owner = net
        for part in path:
            owner = vars(owner).get(part) if isinstance(owner, nn.Module) else None
        if isinstance(owner, nn.Module):
            assign(owner, name, leaf(kind))
    return net


@given(assignments())
@settings(max_examples=100, deadline=None)
def test_a_name_that_could_join_to_another_key_is_refused(steps):
    refused = [name for _, name, _ in steps if not name or "." in name]

    def assign(owner, name, value):
        if name in refused:
            with pytest.raises(ValueError, match="must not be empty and must not have a dot"):
                setattr(owner, name, value)
        else:
            vars(owner).pop(name, None)
            setattr(owner, name, value)

    net = build(steps, assign)
    keys = [name for name, _ in net.named_parameters()]
    assert len(keys) == len(set(keys)) == len(net.state_dict())


@given(assignments())
@settings(max_examples=100, deadline=None)
def test_saving_refuses_two_parameters_with_one_key(steps):
    """Also where the names came into the module by another way than an assignment."""
    net = build(steps, lambda owner, name, value: vars(owner).update({name: value}))
    keys = [name for name, _ in net.named_parameters()]
    if len(keys) == len(set(keys)):
        assert len(net.state_dict()) == len(keys)
    else:
        for action in (net.state_dict, lambda: net.load_state_dict({})):
            with pytest.raises(ValueError, match="two parameters or buffers with the key"):
                action()


def test_a_buffer_has_a_key_of_its_own():
    class Counted(nn.Module):
        buffer_names = ("calls.n", "weight")

    net = Counted()
    with pytest.raises(ValueError, match="dot"):
        setattr(net, "calls.n", np.zeros(1))
    net.__dict__["calls.n"] = np.zeros(1)
    net.weight = nn.Parameter([1.0])
    with pytest.raises(ValueError, match="a parameter is no buffer"):
        net.state_dict()


def test_lists_of_layers_have_keys_of_their_own(tmp_path):
    net = nn.ModuleList([nn.Sequential(nn.Linear(1, 1)), nn.Linear(1, 1)])
    net.append(nn.Linear(1, 1))
    with pytest.raises(ValueError, match="dot"):
        setattr(net, "0.0", nn.Linear(1, 1))
    minigan.save(net.state_dict(), tmp_path / "net.npz")
    assert list(minigan.load(tmp_path / "net.npz")) == [
        f"{name}.{kind}" for name in ("0.0", "1", "2") for kind in ("weight", "bias")
    ]


def test_other_values_may_have_any_name():
    net = nn.Module()
    setattr(net, "a.b", 3)
    assert net.state_dict() == {}
