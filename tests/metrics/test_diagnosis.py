"""Diagnosis reports each problem once, when it begins, and reports no healthy run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan.metrics.diagnosis import ALIKE, WINDOW, Diagnosis, spread

DATA = np.random.default_rng(0).standard_normal((50, 3))


def watch(reports, start=0):
    """The sentences that the diagnosis says about the reports. Each report lasts for one window."""
    diagnosis, told = Diagnosis(DATA), []
    for i, report in enumerate(reports):
        for step in range(WINDOW):
            told += diagnosis.watch(start + i * WINDOW + step + 1, report)
    return told


def test_a_healthy_gan_and_a_healthy_wgan_gp_are_left_alone():
    gan = {"d_loss": 1.2, "D(x)": 0.6, "D(G(z))": 0.4, "g_loss": 0.8}
    wgan_gp = {"c_loss": -0.5, "wasserstein": 0.6, "penalty": 0.01, "gradient norm": 0.95}
    assert watch([gan] * 10) == watch([wgan_gp] * 10) == []


def test_saturation_is_told_once_and_again_if_it_comes_back():
    sure = {"D(x)": 0.998, "D(G(z))": 0.003}
    unsure = {"D(x)": 0.6, "D(G(z))": 0.4}
    told = watch([unsure, sure, sure, unsure, sure])
    assert [sentence.split(".")[0] for sentence in told] == [
        "step 200: saturated",
        "step 500: saturated",
    ]
    assert "0.0030" in told[0] and "0.9980" in told[0]


def test_divergence():
    told = watch([{"c_loss": -1.0}] * 6 + [{"c_loss": -(2.5**i)} for i in range(1, 5)])
    assert len(told) == 1 and "step 900: diverging. The size of c_loss" in told[0]
    assert "from 1 to 15.6" in told[0]
    assert watch([{"c_loss": 2.5**i} for i in range(6)])[0].startswith("step 600")  # not at first


def test_a_critic_that_is_too_steep_or_cannot_keep_up():
    told = watch([{"gradient norm": 12.0, "wasserstein": -0.2}] * 6)
    assert "step 100: steep. The critic's gradient norm was 12.0" in told[0]
    assert "step 600: behind. The critic scored the fakes above the data, by 0.2" in told[1]


def test_a_critic_that_gives_every_sample_the_same_number_is_dead():
    told = watch([{"wasserstein": 0.2}, {"wasserstein": 0.0}, {"wasserstein": 0.0}])
    assert len(told) == 1
    assert told[0].startswith("step 200: dead. The critic's estimate was exactly 0 in 100%")
    assert watch([{"wasserstein": 1e-9}, {"wasserstein": -1e-9}]) == []


def test_a_generator_that_has_arrived_is_not_ahead_of_its_critic():
    assert watch([{"wasserstein": w} for w in (1.0, 0.5, 0.1, 0.01, 0.01, 0.001, -0.001)]) == []


def test_collapse():
    diagnosis = Diagnosis(DATA)
    for step in range(100):
        assert diagnosis.look(step, DATA * 0.01) == []  # an untrained generator's are alike
    assert diagnosis.look(100, DATA) == []
    (sentence,) = diagnosis.look(150, DATA * 0.1)
    assert "step 150: collapsed. Two samples are 0.10 times as far apart" in sentence
    assert diagnosis.look(200, DATA * 0.1) == [] == diagnosis.look(300, DATA)
    assert len(diagnosis.look(400, DATA * 0.1)) == 1


@pytest.mark.parametrize("n_critic", [1, 5])
def test_a_generator_that_never_spreads_is_told_after_many_steps_of_its_own(n_critic):
    diagnosis, told = Diagnosis(DATA), []
    for step in range(1, 5100 * n_critic):
        report = {"c_loss": -0.5} | ({"g_loss": 0.1} if step % n_critic == 0 else {})
        assert diagnosis.watch(step, report) == []
        if step % 100 == 0:
            told += [step] * len(diagnosis.look(step, DATA * 0.1))
    assert told == [5000 * n_critic]


@given(st.lists(st.sampled_from([0.0, 0.1, 0.29, 0.31, 1.0, 2.0]), max_size=30))
def test_collapse_is_told_only_of_samples_that_were_different_before(shares):
    diagnosis = Diagnosis(DATA)
    for step, share in enumerate(shares):
        told = diagnosis.look(step, DATA * share)
        before = [s >= ALIKE for s in shares[:step]]
        assert bool(told) == (share < ALIKE and before[-1:] == [True])
        assert not told or any(before)


def test_a_spread_needs_two():
    with pytest.raises(ValueError, match="not 1"):
        spread(DATA[:1])


def test_data_that_is_all_the_same_is_refused():
    with pytest.raises(ValueError, match="the 4 samples of the data are all the same"):
        Diagnosis(np.ones((4, 1, 2, 2)))
