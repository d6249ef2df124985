"""Mistakes around an operation raise an error at once. It has the operation's name and shapes."""

import numpy as np
import pytest

from minigan import Op, Tensor, detect_anomaly, grad, nn, optim
from minigan.tensor import as_array


def leaf(*numbers):
    return Tensor(np.array(numbers), requires_grad=True)


class Faulty(Op):
    """y = 2 x. Its rule returns what the test gives it."""

    def __init__(self, rule):
        self.rule = rule

    def forward(self, x):
        return 2 * x

    def backward(self, gy, y, x):
        return self.rule(gy)


RULES = {
    "shape": (lambda gy: gy[:1], ValueError, r"returned shape \(1,\) for input 0, .* \(2,\)"),
    "no axes": (lambda gy: gy.sum(), ValueError, r"returned shape \(\) for input 0, .* \(2,\)"),
    "larger": (lambda gy: np.ones((3, 5)), ValueError, r"returned shape \(3, 5\) .* \(2,\)"),
    "dtype": (lambda gy: gy.astype("float32"), TypeError, "returned float32 for input 0"),
    "count": (lambda gy: (gy, gy), ValueError, "gave 2 gradients for 1 inputs"),
}


@pytest.mark.parametrize("rule, error, message", RULES.values(), ids=RULES.keys())
def test_a_rule_that_returns_nonsense_is_named(rule, error, message):
    x = leaf(1.0, 2.0)
    with pytest.raises(error, match=message):
        grad(Faulty(rule)(x).sum(), x)


def test_a_rule_for_arrays_only_is_named_when_a_graph_is_wanted():
    x = leaf(1.0, 2.0)
    y = Faulty(lambda gy: 2 * as_array(gy))(x).sum()
    assert grad(y, x)[0].data.tolist() == [2.0, 2.0]
    with pytest.raises(TypeError, match=r"Faulty\.backward returned an array for input 0"):
        grad(y, x, create_graph=True)


def test_a_missing_rule_is_named():
    class Floor(Op):
        def forward(self, x):
            return np.floor(x)

    y = Floor()(leaf(1.5))
    with pytest.raises(NotImplementedError, match="Floor has no gradient: its backward is not"):
        y.backward()


def test_an_operation_records_one_call():
    op = Faulty(lambda gy: 2 * gy)
    x = leaf(1.0)
    op(x)
    with pytest.raises(RuntimeError, match="this Faulty was used before; make a new one"):
        op(x)


def test_backward_without_a_graph_says_why():
    for y in (Tensor([1.0]), leaf(1.0).detach()):
        with pytest.raises(RuntimeError, match=r"a tensor of shape \(1,\) has no graph"):
            y.backward()


def test_backward_of_several_elements_needs_their_gradient():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"must be a single number, but its shape is \(2,\)"):
        (x * 2).backward()
    with pytest.raises(ValueError, match=r"float64 of shape \(3,\), but the tensor is float64 of "):
        (x * 2).backward(np.ones(3))
    with pytest.raises(ValueError, match="the gradient is float32"):
        (x * 2).backward(np.ones(2, dtype=np.float32))


def test_grad_of_an_input_that_plays_no_part_says_which():
    x, other = leaf(1.0), leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"input 1, of shape \(2,\): it is not in their graph"):
        grad(x * 2, [x, other])
    other.requires_grad_(False)
    with pytest.raises(RuntimeError, match="it has requires_grad=False"):
        grad(x * 2, [x, other])
    gx, nothing = grad(x * 2, [x, other], allow_unused=True)
    assert gx.item() == 2.0
    assert nothing is None


def test_a_parameter_that_was_changed_under_a_graph_is_an_error():
    w = nn.Parameter(np.array([[1.0, 2.0]]))
    loss = (Tensor(np.ones((3, 2))) @ w.T).sum()
    loss.backward()
    optim.SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match=r"was changed after \w+ used it, .* \(2, 1\)"):
        loss.backward()


def test_a_parameter_that_was_changed_does_not_matter_where_no_gradient_passes():
    w, x = nn.Parameter(np.array([1.0])), leaf(2.0)
    y = x * 3 + (w * 2).detach()
    w.data = w.data + 1
    y.backward()
    assert x.grad.item() == 3.0


def test_detect_anomaly_names_the_operation_and_the_line():
    x = Tensor([1.0, -1.0, 0.0])
    with detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        x.log()  # this line
    text = str(caught.value)
    assert "Log made 1 nan and 1 infinite of 3 elements, from inputs that are all finite" in text
    assert "test_graph.py" in text
    assert "x.log()  # this line" in text


def test_detect_anomaly_names_the_rule_and_the_line_of_the_forward_call():
    x = leaf(0.0, 1.0)
    with detect_anomaly(), np.errstate(divide="ignore"):
        y = x.sqrt()  # that line
        with pytest.raises(FloatingPointError) as caught:
            y.sum().backward()
        with pytest.raises(FloatingPointError, match="Div made 0 nan and 1 infinite"):
            y.sum().backward(create_graph=True)  # here it is the division inside the rule
    text = str(caught.value)
    assert text.startswith("Sqrt.backward for input 0 made 0 nan and 1 infinite of 2 elements")
    assert "y = x.sqrt()  # that line" in text
    assert x.grad is None


def test_detect_anomaly_ends_with_its_block():
    with pytest.raises(FloatingPointError), detect_anomaly():
        Tensor([0.0]).log()
    assert Tensor([0.0]).log().item() == -np.inf
