"""What gradcheck checks besides numbers. Each operation here breaks one of these demands."""

import numpy as np
import pytest

import minigan
from minigan import Op, Tensor, nn
from minigan.gradcheck import GradientError, gradcheck

X = np.linspace(-0.9, 1.1, 6).reshape(2, 3)


class Double(Op):
    """y = 2 x, correct. Each of its subclasses breaks one demand."""

    def forward(self, x):
        return 2 * x

    def backward(self, gy, y, x):
        return 2 * gy


class ChangesItsInput(Double):
    def forward(self, x):
        x *= 2
        return x.copy()


class ChangesItsInputGoingBack(Double):
    def backward(self, gy, y, x):
        if isinstance(x, np.ndarray):
            x *= 1.5
        return 2 * gy


class ChangesTheIncomingGradient(Double):
    def backward(self, gy, y, x):
        if isinstance(gy, np.ndarray):
            gy *= 2
            return gy
        return 2 * gy


class ReturnsWhatItStores(Double):
    def __init__(self):
        self.slope = np.full((2, 3), 2.0)

    def backward(self, gy, y, x):
        return self.slope


class RemembersTheLastGradient(Double):
    def __init__(self):
        self.sum = np.zeros((2, 3))

    def backward(self, gy, y, x):
        if isinstance(gy, Tensor):
            return 2 * gy
        self.sum = self.sum + 2 * gy
        return self.sum.copy()


class DiffersBetweenTheModes(Double):
    def backward(self, gy, y, x):
        return (2.001 if isinstance(gy, Tensor) else 2) * gy


class MistakesTheLayout(Double):
    def forward(self, x):
        return 2 * x.ravel(order="K").reshape(x.shape)


class ReturnsItsInput(Double):
    """A view of the input: the output is copied before the input moves, or nothing would differ."""

    def forward(self, x):
        return x.reshape(x.shape)

    def backward(self, gy, y, x):
        return gy


BROKEN = {
    ChangesItsInput: "fn changed input 0 in place",
    ChangesItsInputGoingBack: "a backward rule changed input 0 in place",
    ChangesTheIncomingGradient: "a backward rule changed the incoming gradient in place",
    ReturnsWhatItStores: "the gradient of input 0 shares memory with itself when computed again",
    RemembersTheLastGradient: "comes out different when the same graph is walked a second time",
    DiffersBetweenTheModes: "is not the same in the two backward modes",
    MistakesTheLayout: "ignores the layout",
}


@pytest.mark.parametrize("mode", ["full", "directional"])
@pytest.mark.parametrize("broken", BROKEN, ids=lambda op: op.__name__)
def test_a_broken_rule_is_named(broken, mode):
    with pytest.raises(GradientError, match=BROKEN[broken]):
        gradcheck(broken(), [np.asfortranarray(X)], mode=mode)


@pytest.mark.parametrize("op", [Double, ReturnsItsInput])
def test_a_right_rule_is_not(op):
    gradcheck(op(), [np.asfortranarray(X)])


def not_repeatable(fn, **options):
    with pytest.raises(GradientError) as caught:
        gradcheck(fn, [X], **options)
    text = str(caught.value)
    assert text.startswith("fn gives different results for the same inputs: ")
    assert "Call .eval() on the module" in text
    return text


def test_dropout_is_named():
    net = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5)).double()
    assert "1 (Dropout) draws a new mask for each call" in not_repeatable(net)
    gradcheck(net.eval(), [X])


def test_dropout_with_the_same_mask_each_time_can_be_checked():
    layer = nn.Dropout(0.5)

    def fn(x):
        minigan.seed(0)
        return layer(x)

    gradcheck(fn, [X])


def test_a_running_average_that_enters_the_result_is_named():
    class RunningMean(nn.Module):
        buffer_names = ("average",)

        def __init__(self):
            self.average = np.zeros(3)

        def forward(self, x):
            self.average = 0.9 * self.average + 0.1 * x.data.mean(axis=0)
            return x - Tensor(self.average)

    net = nn.Sequential(RunningMean(), nn.Tanh())
    assert "the buffer 0.average changes from call to call" in not_repeatable(net)


def test_batch_norm_in_training_can_be_checked_since_its_averages_do_not_enter_the_result():
    gradcheck(nn.BatchNorm1d(3, eps=0.1).double(), [np.random.default_rng(0).normal(size=(4, 3))])


def test_other_noise_has_a_general_answer():
    random = np.random.default_rng(0)
    assert "it draws random numbers, perhaps" in not_repeatable(lambda x: x * random.normal())
