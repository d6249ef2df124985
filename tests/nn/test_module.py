"""Module, Parameter, Sequential: the parameters of a network, their order and their names."""

import numpy as np
import pytest

from minigan import Tensor, nn, randn
from minigan.nn import Linear, Module, Parameter, Sequential


class Scaled(Module):
    """It defines a submodule between two parameters. Its own parameters come first in lists."""

    def __init__(self):
        self.before = Parameter([1.0, 2.0])
        self.inner = Sequential(Linear(2, 3), nn.BatchNorm1d(3), Sequential(Linear(3, 2)))
        self.after = Parameter([[3.0, 4.0]])
        self.not_learned = Tensor([5.0, 6.0])

    def forward(self, x):
        return self.inner(x * self.before) * self.after


PARAMETERS = [
    "before",
    "after",
    "inner.0.weight",
    "inner.0.bias",
    "inner.1.weight",
    "inner.1.bias",
    "inner.2.0.weight",
    "inner.2.0.bias",
]
BUFFERS = ["inner.1.running_mean", "inner.1.running_var", "inner.1.num_batches_tracked"]


def assert_same_arrays(a, b):
    assert list(a) == list(b)
    for name in a:
        assert a[name].dtype == b[name].dtype
        np.testing.assert_array_equal(a[name], b[name])


# --- parameters --------------------------------------------------------------------------------


def test_parameters_have_dotted_names_in_the_order_of_definition():
    module = Scaled()
    assert [name for name, _ in module.named_parameters()] == PARAMETERS
    shapes = [(2,), (1, 2), (3, 2), (3,), (3,), (3,), (2, 3), (2,)]
    assert [p.shape for p in module.parameters()] == shapes
    assert module.parameters()[1] is module.after


def test_modules_are_named_likewise():
    names = [name for name, _ in Scaled().named_modules()]
    assert names == ["", "inner", "inner.0", "inner.1", "inner.2", "inner.2.0"]


def test_shared_parameter_is_listed_once_and_gets_both_gradients():
    module = Sequential(Linear(2, 2, bias=False), Linear(2, 2, bias=False))
    shared = getattr(module, "0").weight
    getattr(module, "1").weight = shared
    assert module.parameters() == [shared]
    assert list(module.state_dict()) == ["0.weight", "1.weight"]  # under both names, as PyTorch

    x = np.array([[1.0, -2.0]], dtype=np.float32)
    module(Tensor(x)).sum().backward()
    W, ones = shared.data, np.ones((1, 2), dtype=np.float32)
    np.testing.assert_allclose(shared.grad.data, ones.T @ (x @ W.T) + (ones @ W).T @ x, rtol=1e-6)


def test_parameter_replaced_or_deleted_is_not_listed_any_more():
    layer = Linear(2, 3)
    layer.weight = Parameter(np.zeros((3, 2)))
    layer.bias = None
    assert layer.parameters() == [layer.weight]
    assert layer(np.ones((1, 2))).dtype == np.float64


@pytest.mark.parametrize("value", [Tensor(np.zeros((3, 2))), np.zeros((3, 2)), 0.0, nn.Tanh()])
def test_parameter_is_not_replaced_by_what_would_not_be_learned(value):
    layer = Linear(2, 3)
    weight = layer.weight
    kind = type(value).__name__
    with pytest.raises(TypeError, match=rf"Linear\.weight .* a {kind} .* weight\.data, or .*Param"):
        layer.weight = value
    assert layer.weight is weight
    assert len(layer.parameters()) == 2


@pytest.mark.parametrize("layers", [[Linear(2, 3)], (nn.Tanh(), None), [Parameter([1.0])]])
def test_list_of_layers_is_not_taken(layers):
    module = Module()
    with pytest.raises(
        TypeError, match=r"Module\.layers: .* a (list|tuple) .*Sequential\(\*layers"
    ):
        module.layers = layers
    assert not hasattr(module, "layers")
    module.sizes = [2, 3]


def test_zero_grad_and_requires_grad():
    module = Scaled()
    module(randn(4, 2)).sum().backward()
    assert all(p.grad is not None for p in module.parameters())
    module.zero_grad()
    assert all(p.grad is None for p in module.parameters())
    assert module.requires_grad_(False) is module
    assert module(randn(4, 2)).requires_grad is False
    module.requires_grad_()
    assert module(randn(4, 2)).requires_grad is True


def test_frozen_holds_parameters_fixed_only_inside_the_block():
    module = Scaled()
    module.after.requires_grad_(False)  # and it is to stay so
    x = randn(4, 2).requires_grad_()
    with nn.frozen(module) as inside:
        assert inside is module
        module(x).sum().backward()
    assert all(p.grad is None for p in module.parameters())
    assert x.grad is not None
    flags = {name: p.requires_grad for name, p in module.named_parameters()}
    assert flags == {name: name != "after" for name in PARAMETERS}


def test_frozen_thaws_after_an_exception():
    module = Linear(2, 2)
    with pytest.raises(ZeroDivisionError), nn.frozen(module):
        _ = 1 / 0
    assert all(p.requires_grad for p in module.parameters())


# --- modes, types, apply -----------------------------------------------------------------------


def test_train_and_eval_reach_every_module():
    module = Scaled()
    assert all(m.training for m in module.modules())
    assert module.eval() is module
    assert not any(m.training for m in module.modules())
    module.inner.train()
    assert [m.training for m in module.modules()] == [False, *[True] * 5]


def test_apply_visits_children_in_order_and_then_their_parent():
    module, visited = Scaled(), []
    assert module.apply(visited.append) is module
    inner = module.inner
    assert visited == [inner[0], inner[1], inner[2][0], inner[2], inner, module]


def test_double_and_float_convert_parameters_and_buffers_but_no_counter():
    module = Scaled()
    module(randn(4, 2)).sum().backward()
    module.before.requires_grad_(False)
    before, first = module.state_dict(), module.before
    assert module.double() is module
    assert module.before is first  # an optimizer holds it
    assert {name: a.dtype for name, a in module.state_dict().items()} == {
        name: np.int64 if "tracked" in name else np.float64 for name in before
    }
    assert all(p.grad is None for p in module.parameters())  # of the other dtype
    assert [p.requires_grad for p in module.parameters()] == [False, *[True] * 7]
    assert module(randn(4, 2, dtype=np.float64)).dtype == np.float64
    assert module.inner[1].running_mean.dtype == np.float64
    assert module.float()(randn(4, 2)).dtype == np.float32


# --- state dicts -------------------------------------------------------------------------------


def test_state_dict_has_parameters_then_buffers_of_each_module():
    names = list(Scaled().state_dict())
    assert names == [*PARAMETERS[:6], *BUFFERS, *PARAMETERS[6:]]


def test_state_dict_round_trip():
    module, other = Scaled(), Scaled()
    module(randn(8, 2))
    state = module.state_dict()
    other.load_state_dict(state)
    assert_same_arrays(other.state_dict(), state)
    x = randn(4, 2)
    np.testing.assert_array_equal(other.eval()(x).data, module.eval()(x).data)


def test_state_dict_is_a_copy_in_both_directions():
    module, other = Scaled(), Scaled()
    module(randn(8, 2))
    state = module.state_dict()
    kept = {name: a.copy() for name, a in state.items()}
    other.load_state_dict(state)
    for m in (module, other):
        m(randn(8, 2))
        for p in m.parameters():
            p.data += 1
    assert_same_arrays(state, kept)
    for array in state.values():
        array[...] = 7
    assert not any((a == 7).any() for a in other.state_dict().values())


def test_loading_changes_the_parameters_in_place_and_counts_as_a_change():
    layer = Linear(2, 2)
    weight, loss = layer.weight, layer(randn(3, 2)).sum()
    layer.load_state_dict(Linear(2, 2).state_dict())
    assert layer.weight is weight
    with pytest.raises(RuntimeError, match="was changed after Linear used it"):
        loss.backward()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s.pop("after"), KeyError, r"missing: \['after'\]; unknown: none"),
        (lambda s: s.update(extra=1), KeyError, r"missing: none; unknown: \['extra'\]"),
        (
            lambda s: s.update({"inner.2.0.bias": np.zeros(3, np.float32)}),
            ValueError,
            r"inner\.2\.0\.bias has shape \(2,\), but \(3,\) was given",
        ),
        (
            lambda s: s.update({"inner.2.0.bias": np.zeros((2, 1), np.float32)}),  # broadcasts
            ValueError,
            r"shape \(2,\), but \(2, 1\)",
        ),
        (
            lambda s: s.update({"inner.1.running_var": np.zeros(3)}),
            TypeError,
            r"inner\.1\.running_var is float32, but float64 .*\.double\(\)",
        ),
    ],
)
def test_state_that_does_not_fit_changes_nothing(change, error, message):
    module, other = Scaled(), Scaled()
    other(randn(8, 2))
    before, state = module.state_dict(), other.state_dict()
    change(state)
    with pytest.raises(error, match=message):
        module.load_state_dict(state)
    assert_same_arrays(module.state_dict(), before)


# --- Sequential and repr -----------------------------------------------------------------------


def test_sequential_is_a_sequence():
    f, g, h = Linear(2, 3), nn.Tanh(), Linear(3, 1)
    module = Sequential(f, g, h)
    assert (list(module), len(module), module[-1]) == ([f, g, h], 3, h)
    assert isinstance(module[:2], Sequential)
    assert list(module[:2]) == [f, g]
    x = randn(4, 2)
    np.testing.assert_array_equal(module(x).data, h(g(f(x))).data)
    assert Sequential()(x) is x


def test_sequential_takes_modules_only():
    with pytest.raises(TypeError, match=r"layer 1 is not a Module but <class .*Tanh"):
        Sequential(Linear(2, 3), nn.Tanh)


def test_module_without_forward():
    with pytest.raises(NotImplementedError, match="Scaler has no forward"):
        type("Scaler", (Module,), {})()(randn(2))


def test_repr_shows_the_structure():
    assert repr(Scaled()) == (
        "Scaled(\n"
        "  (inner): Sequential(\n"
        "    (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "    (1): BatchNorm1d(3, eps=1e-05, momentum=0.1)\n"
        "    (2): Sequential(\n"
        "      (0): Linear(in_features=3, out_features=2, bias=True)\n"
        "    )\n"
        "  )\n"
        ")"
    )
