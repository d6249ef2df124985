"""Every loss, and the gradient penalty: first and second derivatives. See cases/losses.py."""

import numpy as np
import pytest
from cases.losses import CASES
from properties import check_case

from minigan import Tensor, grad, losses, nn

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case):
    check_case(case)


@DTYPES
@pytest.mark.parametrize("target", [0.0, 0.9, 1.0])
def test_cross_entropy_of_logits_is_right_at_the_extremes_to_second_order(target, dtype):
    tiny = np.finfo(dtype).tiny / 16  # a denormal
    x = Tensor(np.array([-1000, -tiny, 0, tiny, 1000], dtype=dtype), requires_grad=True)
    y = losses.binary_cross_entropy_with_logits(x, target) * 5  # the sum
    (first,) = grad(y, x, create_graph=True)
    (second,) = grad(first.sum(), x)
    values = [1000 * target, np.log(2), np.log(2), np.log(2), 1000 * (1 - target)]
    np.testing.assert_allclose(y.item(), sum(values), rtol=1e-6)
    slopes = np.array([0, 0.5, 0.5, 0.5, 1]) - target
    np.testing.assert_allclose(first.data, slopes, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(second.data, [0, 0.25, 0.25, 0.25, 0], rtol=1e-6)


@DTYPES
def test_the_penalty_on_a_constant_critic_is_1_with_gradients_of_0(dtype):
    critic = nn.Linear(3, 1)
    critic.weight.data[...] = 0
    critic = critic.double() if dtype == np.float64 else critic
    real, fake = np.ones((2, 4, 3), dtype=dtype)
    penalty = losses.gradient_penalty(critic, real, fake, np.full(4, 0.5, dtype=dtype))
    assert penalty.item() == 1.0
    (g,) = grad(penalty, critic.weight, create_graph=True)
    np.testing.assert_array_equal(g.data, np.zeros((1, 3)))
