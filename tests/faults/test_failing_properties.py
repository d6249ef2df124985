"""A property that fails is reported by what failed, and not as a missing attribute."""

from functools import cached_property

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigan import Tensor, nn, optim


def fails(name):
    """A getter that asks for a name that is not there."""

    def get(self):
        return getattr(self, name)

    return get


class Descriptor:
    """A descriptor that a user wrote."""

    def __init__(self, get):
        self.get = get

    def __get__(self, owner, cls=None):
        return self if owner is None else self.get(owner)


KINDS = {"property": property, "cached_property": cached_property, "descriptor": Descriptor}
# Names of users, of PyTorch, and of names that minigan accepts.
NAMES = [
    "width",
    "device",
    "half",
    "to",
    "cpu",
    "float",
    "view",
    "param_groups",
    "shape_",
    "_width",
]
OWNERS = {
    "Module": (nn.Module, lambda cls: cls()),
    "Linear": (nn.Linear, lambda cls: cls(2, 2)),
    "Sequential": (nn.Sequential, lambda cls: cls()),
    "Tensor": (Tensor, lambda cls: cls([1.0])),
    "Parameter": (nn.Parameter, lambda cls: cls([1.0])),
    "SGD": (optim.SGD, lambda cls: cls([nn.Parameter([1.0])], lr=0.1)),
    "Adam": (optim.Adam, lambda cls: cls([nn.Parameter([1.0])])),
}


def make_class(base, names):
    """A subclass with properties, each of which asks for the next one."""
    body = {}
    for (name, kind), (following, _) in zip(names, [*names[1:], ("nothing", "")], strict=True):
        body[name] = KINDS[kind](fails(following))
        if kind == "cached_property":
            body[name].__set_name__(None, name)
    return type("Mine", (base,), body)


@given(
    st.sampled_from(sorted(OWNERS)),
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(KINDS))),
        min_size=1,
        max_size=3,
        unique_by=lambda pair: pair[0],
    ),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_the_error_names_what_is_missing(owner, names, inherited):
    base, make = OWNERS[owner]
    cls = make_class(base, names)
    if inherited:
        cls = type("Child", (cls,), {})
    x = make(cls)
    for name, _ in names:
        with pytest.raises(AttributeError, match="no attribute 'nothing'") as caught:
            getattr(x, name)
        assert caught.value.name == "nothing"
        assert not hasattr(x, name)
        assert getattr(x, name, 3) == 3


@pytest.mark.parametrize("owner", OWNERS)
def test_other_errors_of_a_property_pass_through(owner):
    base, make = OWNERS[owner]
    x = make(type("Mine", (base,), {"width": property(lambda self: {}["key"])}))
    with pytest.raises(KeyError, match="key"):
        _ = x.width


@pytest.mark.parametrize("owner", OWNERS)
def test_a_missing_name_still_has_its_sentence(owner):
    base, make = OWNERS[owner]
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = make(base).nothing
