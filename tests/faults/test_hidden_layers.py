"""Layers in lists and other places are found or refused. A critic may not end in a Sigmoid."""

import copy
import pickle
from collections import OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import Tensor, nn, optim, randn, trainers

Pair = namedtuple("Pair", "a b")
CONTAINERS = {
    "list": lambda x: [x],
    "tuple": lambda x: (x,),
    "dict": lambda x: {"a": x},
    "key of a dict": lambda x: {x: "a"},
    "set": lambda x: {x},
    "frozenset": lambda x: frozenset({x}),
    "deque": lambda x: deque([x]),
    "OrderedDict": lambda x: OrderedDict(a=x),
    "defaultdict": lambda x: defaultdict(list, a=x),
    "namedtuple": lambda x: Pair(1, x),
    "UserList": lambda x: UserList([x]),
    "UserDict": lambda x: UserDict(a=x),
    "MappingProxyType": lambda x: MappingProxyType({"a": x}),
    "behind others": lambda x: [1, "a", None, {"b": 2}, x],
}
HASHABLE = ("tuple", "frozenset", "namedtuple")


class Net(nn.Module):
    def __init__(self):
        self.head = nn.Linear(2, 2)

    def forward(self, x):
        return self.head(x)


LISTS = {
    "parameters": lambda net: net.parameters(),
    "named_parameters": lambda net: list(net.named_parameters()),
    "state_dict": lambda net: net.state_dict(),
    "load_state_dict": lambda net: net.load_state_dict({}),
    "zero_grad": lambda net: net.zero_grad(),
    "train": lambda net: net.train(),
    "eval": lambda net: net.eval(),
    "modules": lambda net: net.modules(),
    "buffers": lambda net: net.buffers(),
    "apply": lambda net: net.apply(lambda m: None),
    "double": lambda net: net.double(),
    "frozen": lambda net: nn.frozen(net).__enter__(),
    "repr": repr,
    "Adam": lambda net: optim.Adam(net.parameters()),
    "an average": optim.AveragedModel,
    "inside another": lambda net: nn.Sequential(net).parameters(),
}


@pytest.mark.parametrize("hidden", [lambda: nn.Linear(2, 2), lambda: nn.Parameter([1.0])])
@given(names=st.lists(st.sampled_from(list(CONTAINERS)), min_size=1, max_size=4))
def test_a_layer_in_any_nested_container_is_refused(hidden, names):
    value = hidden()
    for i, name in enumerate(names):
        inner = isinstance(value, (nn.Module, Tensor)) or (i and names[i - 1] in HASHABLE)
        if name in ("set", "frozenset", "key of a dict") and not inner:
            name = "list"
        try:
            value = CONTAINERS[name](value)
        except TypeError:  # a tuple of something that cannot be hashed
            value = [value]
    net = Net()
    with pytest.raises(TypeError, match="would not be found"):
        net.layers = value


@pytest.mark.parametrize("way", LISTS)
@pytest.mark.parametrize(
    "append",
    [
        lambda net, layer: net.layers.append(layer),
        lambda net, layer: net.layers.extend([1, layer]),
        lambda net, layer: net.layers[0].append(layer),
        lambda net, layer: net.options.update(layer=layer),
        lambda net, layer: net.options["deep"].append((layer,)),
        lambda net, layer: vars(net).update(other=[layer]),
        lambda net, layer: net.head.__dict__.update(extra=[layer]),
    ],
)
def test_a_layer_that_is_appended_later_is_refused_when_layers_are_listed(append, way):
    net = Net()
    net.layers, net.options = [[]], {"deep": []}
    net.parameters()
    append(net, nn.Linear(2, 2))
    with pytest.raises(TypeError, match="would not be found"):
        LISTS[way](net)


@pytest.mark.parametrize("hidden", [lambda: nn.Linear(2, 2), lambda: nn.Parameter([1.0])])
@pytest.mark.parametrize("container", [lambda x: x, *CONTAINERS.values()])
def test_a_layer_of_the_class_is_refused(hidden, container):
    with pytest.raises(TypeError, match=r"set self.layer in __init__"):
        type("Shared", (nn.Module,), {"layer": container(hidden())})


def test_what_is_in_a_container_without_layers_is_allowed():
    net = Net()
    net.sizes, net.options, net.names = [1, 2], {"a": [1, {}]}, {"x"}
    net.itself = [1]
    net.itself.append(net.itself)
    assert len(net.parameters()) == 2


def test_sequential_finds_what_is_in_a_list():
    layers = [nn.Linear(2, 2) for _ in range(3)]
    assert len(nn.Sequential(*layers).parameters()) == 6
    with pytest.raises(TypeError, match="not a Module"):
        nn.Sequential(layers)


@pytest.mark.parametrize("value", [np.ones(2), Tensor([1.0, 2.0]), 1.0, [1.0], nn.Linear(2, 2)])
def test_a_parameters_place_takes_a_parameter_alone(value):
    layer = nn.Linear(2, 2)
    with pytest.raises(TypeError):
        layer.bias = value
    layer.bias = None
    layer.bias = nn.Parameter([1.0, 2.0])


# References back.


def family(links):
    """A network whose parts refer to each other: a link for each pair (from, to)."""
    net = Net()
    net.a, net.b = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    parts = {"net": net, "a": net.a, "b": net.b, "b0": net.b[0]}
    for i, (start, to) in enumerate(links):
        setattr(parts[start], f"link{i}", parts[to])
    return net


PARTS = st.sampled_from(["net", "a", "b", "b0"])


@given(links=st.lists(st.tuples(PARTS, PARTS), max_size=4))
def test_references_back_end(links):
    net = family(links)
    assert len(net.parameters()) == 6
    assert len(net.modules()) == len({id(m) for m in net.modules()}) == 6
    for way in (repr, copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))):
        way(net)
    net.train().eval().apply(lambda m: None).double().float().zero_grad()
    net.load_state_dict(net.state_dict())
    optim.AveragedModel(net).update_parameters(net)
    with nn.frozen(net):
        pass
    net(randn(3, 2)).sum().backward()
    assert net.head.weight.grad is not None


def test_a_child_that_knows_its_parent():
    parent = Net()
    parent.head.parent = parent
    assert [name for name, _ in parent.named_parameters()] == ["head.weight", "head.bias"]
    assert len(parent.head.parameters()) == 2


def test_a_module_that_is_used_twice_has_one_average():
    net = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2))
    setattr(net, "2", net[0])
    single = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2))
    averages = []
    for model in (net, single):
        average = optim.AveragedModel(model, decay=0.5)
        for value in (1.0, 3.0):
            model[0].running_mean = np.full(2, value, np.float32)
            average.update_parameters(model)
        averages.append(average.module[0].running_mean)
    np.testing.assert_array_equal(*averages)


def test_an_average_may_begin_after_training():
    net = nn.BatchNorm1d(2)
    net(randn(4, 2))
    average = optim.AveragedModel(net)
    net(randn(4, 2))
    average.update_parameters(net)
    assert average.module.num_batches_tracked == 2
    assert type(average.module.num_batches_tracked) is np.ndarray


# What a critic computes last.


class Custom(nn.Module):
    """A critic that is not a Sequential. It applies `last` to its scores."""

    def __init__(self, last):
        self.sigmoid = nn.Sigmoid()  # an attribute alone is no reason
        self.body = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 1))
        self.last = last

    def forward(self, x):
        return self.last(self.body(x))


class SkipsItsEnd(nn.Sequential):
    """Its last layer is a Sigmoid, but forward does not use it."""

    def forward(self, x):
        return self[0](x)


BAD = {
    "method": lambda y: y.sigmoid(),
    "layer": lambda y: nn.Sigmoid()(y),
    "reshaped": lambda y: y.sigmoid().reshape(-1),
    "sliced": lambda y: y.sigmoid()[:, 0],
    "transposed": lambda y: y.sigmoid().T.T,
    "flattened": lambda y: nn.Flatten()(y.sigmoid()),
}
GOOD = {
    "identity": lambda y: y,
    "scaled": lambda y: y * 2.0,
    "of a sigmoid": lambda y: y.sigmoid() * 2.0 - 1.0,
    "tanh": lambda y: y.tanh(),
}


def wgan(kind, critic):
    G = nn.Linear(2, 3)
    return kind(G, critic, optim.SGD(G.parameters(), 0.1), optim.SGD(critic.parameters(), 0.1))


def critic_step(trainer):
    more = [np.full(4, 0.5, np.float32)] if isinstance(trainer, trainers.WGANGP) else []
    return trainer.critic_step(np.ones((4, 3), np.float32), np.ones((4, 2), np.float32), *more)


@pytest.mark.parametrize("kind", [trainers.WGAN, trainers.WGANGP])
@pytest.mark.parametrize("name", BAD)
def test_a_critic_that_ends_in_a_sigmoid_is_refused_before_any_update(kind, name):
    critic = Custom(BAD[name])
    trainer = wgan(kind, critic)
    before = critic.state_dict()
    with pytest.raises(ValueError, match="ends in a Sigmoid"):
        critic_step(trainer)
    for key, array in critic.state_dict().items():
        np.testing.assert_array_equal(array, before[key])
    assert trainer.steps == 0


@pytest.mark.parametrize("kind", [trainers.WGAN, trainers.WGANGP])
@pytest.mark.parametrize("name", GOOD)
def test_a_critic_with_a_sigmoid_elsewhere_is_trained(kind, name):
    critic_step(wgan(kind, Custom(GOOD[name])))


@pytest.mark.parametrize("kind", [trainers.WGAN, trainers.WGANGP])
def test_a_sequential_is_looked_at_in_the_constructor(kind):
    inner = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    for critic in (inner, nn.Sequential(nn.Linear(3, 3), inner), nn.Sequential(inner)):
        with pytest.raises(ValueError, match="ends in a Sigmoid"):
            wgan(kind, critic)
    critic_step(wgan(kind, SkipsItsEnd(nn.Linear(3, 1), nn.Sigmoid())))
    critic_step(wgan(kind, nn.Sequential(nn.Linear(3, 2), nn.Sigmoid(), nn.Linear(2, 1))))
