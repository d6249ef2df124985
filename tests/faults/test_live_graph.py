"""A value that changes between forward and backward raises an error, also through a view."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigan import Tensor, grad, nn, no_grad, ops, optim

X = np.arange(1.0, 13.0).reshape(3, 4)


def leaf():
    return Tensor(X.copy(), requires_grad=True)


# Each gives a tensor that shares memory with x.
VIEWS = {
    "itself": lambda x: x,
    "detach": lambda x: x.detach(),
    "+x": lambda x: +x,
    "x[1:]": lambda x: x[1:],
    "x[1]": lambda x: x[1],
    "x[1, 2]": lambda x: x[1, 2],
    "x[-1, ...]": lambda x: x[-1, ...],
    "x[...]": lambda x: x[...],
    "x[None]": lambda x: x[None],
    "x[::-1, ::2]": lambda x: x[::-1, ::2],
    "x[:, 1:3]": lambda x: x[:, 1:3],
    "x[np.int64(1)]": lambda x: x[np.int64(1)],
    "a row of the loop": lambda x: next(iter(x)),
    "an element of a row": lambda x: list(x.reshape(-1))[5],
    "reshape": lambda x: x.reshape(-1),
    "reshape to a list": lambda x: x.reshape([2, 6]),
    "flatten": lambda x: x.flatten(),
    "T": lambda x: x.T,
    "transpose": lambda x: x.transpose(1, 0),
    "nn.Flatten": lambda x: nn.Flatten()(x),
    "nn.Unflatten": lambda x: nn.Unflatten(1, (2, 2))(x),
    "nn.Dropout in use": lambda x: nn.Dropout(0.5).eval()(x),
    "Parameter": lambda x: nn.Parameter(x),
}
WRITES = {
    "copy_": lambda v: v.copy_(np.full(v.shape, 7.0)),
    "data *=": lambda v: setattr(v, "data", np.multiply(v.data, 2.0, out=v.data)),
    "in place under no_grad": lambda v: with_no_grad(v),
    "nn.init": lambda v: nn.init.constant_(v, 3.0),
    "data = data": lambda v: setattr(v, "data", v.data),
}


def with_no_grad(v):
    with no_grad():
        v.detach().__imul__(2.0)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("first", VIEWS)
@given(rest=st.lists(st.sampled_from(["detach", "reshape", "x[...]", "itself"]), max_size=2))
def test_a_write_through_a_view_of_an_input_is_noticed(first, write, rest):
    x = leaf()
    loss = (x * x).sum()
    view = VIEWS[first](x)
    for name in rest:
        view = VIEWS[name](view)
    assume(np.may_share_memory(view.data, x.data))  # a reshape may have to copy
    WRITES[write](view)
    for walk in (loss.backward, lambda: grad(loss, x), lambda: grad(loss, x, create_graph=True)):
        with pytest.raises(RuntimeError, match="was changed"):
            walk()
    assert x.grad is None


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("name", VIEWS)
def test_a_write_into_an_output_or_a_view_of_it_is_noticed(name, write):
    x = leaf()
    y = (x * 0.1).sigmoid()
    loss = y.sum()
    WRITES[write](VIEWS[name](y))
    with pytest.raises(RuntimeError, match="was changed"):
        loss.backward()


@pytest.mark.parametrize("name", [n for n in VIEWS if n not in ("itself", "+x")])
def test_a_write_into_the_leaf_is_noticed_by_a_graph_of_its_view(name):
    x = leaf()
    y = VIEWS[name](x)
    leaf_of_loss = x if y.op is not None else y.requires_grad_()
    loss = (y * y).sum()
    x.copy_(X * 2)
    with pytest.raises(RuntimeError, match="was changed"):
        grad(loss, leaf_of_loss)


CHANGED_PARAMETERS = {
    "SGD": lambda net: optim.SGD(net.parameters(), lr=0.1).step(),
    "Adam": lambda net: optim.Adam(net.parameters()).step(),
    "RMSprop": lambda net: optim.RMSprop(net.parameters()).step(),
    "load_state_dict": lambda net: net.load_state_dict(net.state_dict()),
    "double": lambda net: net.double(),
    "init": lambda net: nn.init.normal_(net.weight),
    "data =": lambda net: setattr(net.weight, "data", net.weight.data + 1),
}


@pytest.mark.parametrize("name", CHANGED_PARAMETERS)
def test_parameters_that_change_between_forward_and_backward_are_noticed(name):
    net = nn.Linear(4, 2)
    x = Tensor(X.astype(np.float32), requires_grad=True)
    net(x).sum().backward()  # so that an optimizer has gradients
    loss = (net(x) ** 2).sum()
    CHANGED_PARAMETERS[name](net)
    with pytest.raises(RuntimeError, match="was changed"):
        loss.backward()


def test_the_average_of_a_network_notices_its_update():
    net = nn.Linear(4, 2)
    average = optim.AveragedModel(net)
    x = Tensor(X.astype(np.float32), requires_grad=True)
    loss = (average.module(x) ** 2).sum()
    average.update_parameters(net)
    with pytest.raises(RuntimeError, match="was changed"):
        loss.backward()


UNCONNECTED = {
    "arithmetic": lambda x: x * 1.0,
    "a copy": lambda x: Tensor(x.data.copy()),
    "x[[0, 1]]": lambda x: x[[0, 1]],
    "x[mask]": lambda x: x[x > 2],
    "stack": lambda x: ops.stack([x, x]),
    "sum": lambda x: x.sum(axis=0),
    "relu": lambda x: x.relu(),
}


@pytest.mark.parametrize("name", UNCONNECTED)
def test_a_write_into_other_memory_is_no_change(name):
    x = leaf()
    loss = (x * x).sum()
    other = UNCONNECTED[name](x)
    with no_grad():
        other.copy_(np.zeros(other.shape))
    loss.backward()
    np.testing.assert_array_equal(x.grad.data, 2 * X)


def test_another_array_counts_for_its_tensor_alone():
    x = leaf()
    twin = x.detach().requires_grad_()
    loss_of_x, loss_of_twin = (x * x).sum(), (twin * twin).sum()
    x.data = X + 1
    loss_of_twin.backward()
    np.testing.assert_array_equal(twin.grad.data, 2 * X)
    with pytest.raises(RuntimeError, match="was changed"):
        loss_of_x.backward()


def test_a_single_element_that_is_written_to_is_written():
    x = Tensor([1.0, 2.0, 3.0])
    x[1].copy_(9.0)
    list(x)[2].copy_(8.0)
    np.testing.assert_array_equal(x.data, [1, 9, 8])


def test_the_counter_that_views_share_keeps_no_tensor_alive():
    import gc
    import weakref

    class Watched(np.ndarray):
        pass

    gc.disable()
    try:
        x = leaf()
        view = x.detach()
        dead = weakref.ref(x.data) if hasattr(x.data, "__weakref__") else None
        ids = {id(x)}
        del x
        assert not any(id(o) in ids and isinstance(o, Tensor) for o in gc.get_objects())
        assert view.shape == (3, 4) and (dead is None or dead() is not None)
    finally:
        gc.enable()


def test_an_operation_that_is_called_again_is_refused_and_keeps_its_gradient():
    from minigan.ops.norm import BatchNorm

    x = Tensor(np.random.default_rng(0).standard_normal((4, 2)), requires_grad=True)
    gamma, beta = Tensor(np.ones(2)), Tensor(np.zeros(2))
    expected = grad((BatchNorm((0,), 1e-5)(x, gamma, beta) ** 3).sum(), x)[0].data
    op = BatchNorm((0,), 1e-5)
    loss = (op(x, gamma, beta) ** 3).sum()
    for again in (x, Tensor(X[:, :2] * 5), X[:, :2] * 5):
        with pytest.raises(RuntimeError, match="used before"):
            op(again, gamma, beta)
        with no_grad(), pytest.raises(RuntimeError, match="used before"):
            op(again, gamma, beta)
    with pytest.raises(RuntimeError, match="used before"):
        op(X[:, :2], np.ones(2), np.zeros(2))
    np.testing.assert_array_equal(grad(loss, x)[0].data, expected)
