"""A minibatch whose samples are not of the shape that G makes is refused, by its shape."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigan import Tensor
from minigan.trainers.checks import check_samples

SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)
COUNTS = st.integers(1, 5)


@given(SHAPES, COUNTS, COUNTS)
def test_samples_of_one_shape_are_accepted_in_any_number(sample, m, n):
    real, fake = np.zeros((m, *sample)), np.zeros((n, *sample))
    for real_like in (real, Tensor(real), real.tolist()):
        check_samples(real_like, fake)
        check_samples(real_like, Tensor(fake))


@given(SHAPES, SHAPES, COUNTS)
def test_samples_of_another_shape_are_refused(shape, sample, m):
    assume(shape[1:] != sample or not shape)
    with pytest.raises(ValueError, match="expected a minibatch of shape") as caught:
        check_samples(np.zeros(shape), np.zeros((m, *sample)))
    assert f"found {shape}" in str(caught.value)
    remedy = "pass minibatches" if shape == sample else "reshape the data, or change the generator"
    assert remedy in str(caught.value)


@given(SHAPES, COUNTS)
def test_one_sample_is_not_a_minibatch(sample, m):
    with pytest.raises(ValueError, match="which is one sample; pass minibatches"):
        check_samples(np.zeros(sample), np.zeros((m, *sample)))
