"""A minibatch is refused if its samples and G's have different shapes; the error names both."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from same import assert_same

from minigan import Tensor, nn, optim, randn
from minigan.guards.steps import check_samples
from minigan.trainers import GAN, WGAN, WGANGP

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


def players(dim):
    G, D = nn.Linear(3, dim), nn.Linear(dim, 1)
    return G, D, optim.SGD(G.parameters(), 0.1), optim.SGD(D.parameters(), 0.1)


def gan(dim):
    G, D, *_ = players(dim)
    D = nn.Sequential(D, nn.Sigmoid())
    return GAN(G, D, *(optim.SGD(net.parameters(), 0.1) for net in (G, D)))


@pytest.mark.parametrize(
    "build",
    [gan, lambda dim: WGAN(*players(dim)), lambda dim: WGANGP(*players(dim))],
    ids=["GAN", "WGAN", "WGANGP"],
)
@given(dim=st.integers(2, 5), n=st.integers(2, 6), m=st.integers(2, 6))
def test_a_trainer_refuses_rows_in_the_place_of_minibatches(build, dim, n, m):
    trainer = build(dim)
    before = trainer.generator.state_dict()
    data = np.ones((n, dim), np.float32)
    for wrong in (data, [data[0]], [np.ones((m, dim + 1), np.float32)], [np.stack([data, data])]):
        with pytest.raises(ValueError, match=rf"expected a minibatch of shape \(m, {dim}\)"):
            list(trainer.train(wrong, lambda m: randn(m, 3)))
    assert trainer.steps == 0
    assert_same(trainer.generator.state_dict(), before)
    assert len(list(trainer.train([data], lambda m: randn(m, 3)))) == 1
