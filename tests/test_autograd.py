"""The walk: its order, sums and pruning. grad and backward: what they change, and what not."""

import numpy as np
import pytest

from minigan import Op, Tensor, grad, no_grad


def leaf(*numbers):
    return Tensor(np.array(numbers), requires_grad=True)


class Recorder(Op):
    """y = a + b. It records which gradients it was asked for."""

    def __init__(self, log=None):
        self.log = [] if log is None else log

    def forward(self, a, b):
        return a + b

    def backward(self, gy, y, a, b):
        self.log.append((type(gy).__name__, list(self.needs)))
        return gy, gy


def test_backward_adds_to_grad_of_every_leaf_and_only_of_leaves():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    z = x * y
    z.sum().backward()
    assert x.grad.data.tolist() == [3.0, 4.0]
    assert y.grad.data.tolist() == [1.0, 2.0]
    assert z.grad is None
    (x * y).sum().backward()
    assert x.grad.data.tolist() == [6.0, 8.0]


def test_backward_of_several_elements_takes_their_gradient():
    x = leaf(1.0, 2.0)
    (x * x).backward(Tensor(np.array([1.0, 10.0])))
    assert x.grad.data.tolist() == [2.0, 40.0]
    x.grad = None
    (x * x).backward([1, 10])
    assert x.grad.data.tolist() == [2.0, 40.0]


def test_grad_leaves_no_trace():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    assert grad(y, x)[0].data.tolist() == [2.0, 4.0]
    assert x.grad is None
    assert grad(y, x)[0].data.tolist() == [2.0, 4.0]


def test_grad_of_something_in_the_middle():
    x = leaf(2.0)
    y = x * x
    z = y * y
    gy, gx = grad(z, [y, x])
    assert gy.item() == 8.0
    assert gx.item() == 32.0


def test_grad_of_several_outputs_is_the_gradient_of_their_sum():
    x = leaf(1.0, 2.0)
    y, z = x * x, x.sum()
    (g,) = grad([y, z], x, [Tensor(np.array([1.0, 0.0])), None])
    assert g.data.tolist() == [3.0, 1.0]
    assert grad([z, z], x)[0].data.tolist() == [2.0, 2.0]


def test_grad_of_a_tensor_with_respect_to_itself_is_what_came_in():
    x = leaf(1.0, 2.0)
    v = Tensor(np.array([3.0, 4.0]))
    (g,) = grad(x, x, v)
    assert g.data.tolist() == [3.0, 4.0]
    assert not np.shares_memory(g.data, v.data)


def test_a_diamond_adds_both_branches_up():
    x = leaf(3.0)
    y = x * 2
    assert grad((y * y + y).sum(), x)[0].item() == 2 * (2 * 6 + 1)


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5])
def test_a_tensor_used_many_times_gets_one_gradient_of_its_own(times):
    """The walk borrows the first one. The second makes a new array, the third adds in place."""
    x, v = leaf(1.0, 2.0), Tensor(np.array([1.0, 10.0]))
    y = x
    for _ in range(times - 1):
        y = y + x
    (g,) = grad(y, x, v)
    assert g.data.tolist() == [times, 10.0 * times]
    assert v.data.tolist() == [1.0, 10.0]
    assert not np.shares_memory(g.data, v.data)


def test_two_leaves_that_get_the_same_gradient_get_an_array_each():
    a, b = leaf(1.0), leaf(2.0)
    (a + b).backward(Tensor(np.array([1.0])))
    assert not np.shares_memory(a.grad.data, b.grad.data)


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_second_backward_leaves_what_the_first_one_shared_alone(create_graph):
    a, b, v = leaf(1.0, 2.0), leaf(3.0, 4.0), Tensor(np.ones(2))
    (a + b).backward(v, create_graph=True)
    (a + b).sum().backward(create_graph=create_graph)
    assert a.grad.data.tolist() == b.grad.data.tolist() == [2.0, 2.0]
    assert v.data.tolist() == [1.0, 1.0]


def test_operations_are_visited_youngest_first_whatever_order_the_graph_is_found_in():
    x = leaf(1.0)
    order = []

    class Named(Op):
        def __init__(self, name):
            self.name = name

        def forward(self, *xs):
            return sum(xs)

        def backward(self, gy, y, *xs):
            order.append(self.name)
            return (gy,) * len(xs)

    a = Named("a")(x)
    b = Named("b")(a)
    c = Named("c")(a, b)
    d = Named("d")(b, c, a)
    assert grad(d, x)[0].item() == 4
    assert order == ["d", "c", "b", "a"]


def test_what_is_not_on_the_way_to_a_wanted_input_is_not_computed():
    x, w, constant = leaf(1.0), leaf(2.0), Tensor(np.array([3.0]))
    log, unused = [], []
    y = Recorder(log)(x, Recorder(unused)(w, constant))
    grad(y, x)
    assert log == [("ndarray", [True, False])]
    assert unused == []
    y.backward()
    assert unused == [("ndarray", [True, False])]


def test_the_rule_gets_arrays_or_tensors_by_the_mode():
    x, log = leaf(1.0), []
    y = Recorder(log)(x, x)
    grad(y, x)
    grad(y, x, create_graph=True)
    assert [kind for kind, _ in log] == ["ndarray", "Tensor"]


def test_a_gradient_without_create_graph_has_no_history():
    x = leaf(2.0)
    (g,) = grad(x * x, x)
    assert g.op is None
    assert not g.requires_grad


def test_derivatives_of_any_order():
    x = leaf(2.0)
    y = x**5
    values = []
    for _ in range(5):
        (y,) = grad(y.sum(), x, create_graph=True)
        values.append(y.item())
    assert values == [80, 160, 240, 240, 120]


def test_broadcasting_is_undone_also_inside_a_second_order():
    x, b = Tensor(np.ones((2, 3)), requires_grad=True), leaf(1.0, 2.0, 3.0)
    (g,) = grad((x * b * b).sum(), b, create_graph=True)
    assert g.shape == (3,)
    gx, gb = grad(g.sum(), [x, b])
    np.testing.assert_array_equal(gx.data, [[2.0, 4.0, 6.0]] * 2)
    np.testing.assert_array_equal(gb.data, [4.0, 4.0, 4.0])


def test_a_chain_of_100_000_operations_goes_backward_and_is_freed():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    assert grad(y, x)[0].item() == 1.0
    del y  # freeing it must not recurse either


def test_a_chain_of_operations_can_be_differentiated_twice():
    x = leaf(1.0)
    y = x
    for _ in range(2_000):
        y = Tensor.tanh(y) + 0.1 * x
    (g,) = grad(y.sum(), x, create_graph=True)
    (second,) = grad(g.sum(), x)
    assert np.isfinite(second.item())


def test_no_grad_records_nothing_nests_and_ends_with_an_error_too():
    x = leaf(1.0)
    with no_grad():
        with no_grad():
            assert not (x * 2).requires_grad
        assert (x * 2).op is None
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * 2).requires_grad


def test_a_constant_made_under_no_grad_stops_the_gradient():
    x = leaf(3.0)
    with no_grad():
        y = x * x
    assert grad(x * y, x)[0].item() == 9.0


def test_frozen_leaves_get_no_gradient_and_thawed_ones_do_again():
    x, w = leaf(2.0), leaf(3.0)
    w.requires_grad_(False)
    (x * w).backward()
    assert w.grad is None
    w.requires_grad_()
    (x * w).backward()
    assert w.grad.item() == 2.0


def test_an_operation_called_on_arrays_just_computes():
    y = Recorder()(np.ones(2), np.ones(2))
    assert type(y) is np.ndarray


def test_a_scalar_result_is_an_array_without_axes():
    y = leaf(1.0, 2.0).sum()
    assert isinstance(y.data, np.ndarray)
    assert y.shape == ()


def test_zero_size_tensors_have_zero_size_gradients():
    x = Tensor(np.ones((0, 3)), requires_grad=True)
    (g,) = grad((x * x).sum(), x)
    assert g.shape == (0, 3)


class Dot(Op):
    """y = Σ a b, whose rule forgets gy, and hands out its own inputs: right as long as gy is 1."""

    def forward(self, a, b):
        return (a * b).sum()

    def backward(self, gy, y, a, b):
        return b, a


def test_a_rule_that_returns_its_own_inputs_does_not_tie_gradients_to_data():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (Dot()(a, b) + Dot()(a, b) + Dot()(a, a)).backward()
    assert a.data.tolist() == [1.0, 2.0]
    assert b.data.tolist() == [3.0, 4.0]
    assert a.grad.data.tolist() == [8.0, 12.0]
    assert b.grad.data.tolist() == [2.0, 4.0]
    for x in (a, b):
        for other in (a, b):
            assert not np.shares_memory(x.grad.data, other.data)


class HalfSquare(Op):
    """y = x² / 2. Its rule returns x itself, so it is correct for gy = 1 only."""

    def forward(self, x):
        return x * x / 2

    def backward(self, gy, y, x):
        return x


def test_a_rule_that_returns_a_result_does_not_change_it():
    """The sum of two gradients is not computed in the array of h."""
    x = leaf(1.0, 2.0)
    h = x.exp()
    before = h.data.copy()
    (HalfSquare()(h).sum() + HalfSquare()(h).sum()).backward()
    assert h.data.tolist() == before.tolist()
    np.testing.assert_allclose(x.grad.data, 2 * before**2)


def test_a_rule_that_returns_a_result_does_not_tie_a_gradient_to_it():
    x = leaf(1.0, 2.0)
    h = x + 1.0
    HalfSquare()(h).sum().backward()
    assert not np.shares_memory(x.grad.data, h.data)
