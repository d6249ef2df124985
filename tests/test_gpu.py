"""Real CuPy on a real GPU gives NumPy's results, for every operation and for a hundred steps.

Run these tests with `pytest -m gpu`. They are skipped without CuPy or without a GPU.
"""

import numpy as np
import pytest
from cases.every import CASES
from devices import compare_with_numpy
from hypothesis import given, settings

import minigan
from minigan import backend, optim, randn, trainers
from minigan import nn as layers
from minigan.gradcheck import gradcheck

pytestmark = pytest.mark.gpu


@pytest.fixture
def cupy():
    """CuPy, in use."""
    with backend.use("cupy"):
        yield backend.current()


@pytest.mark.parametrize("dtype, rtol", [(np.float64, 1e-11), (np.float32, 1e-3)])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_derivatives_are_numpys(case, dtype, rtol, cupy):
    @settings(max_examples=max(10, settings.default.max_examples // 4))
    @given(case.problems)
    def compare(problem):
        compare_with_numpy(problem, dtype, cupy, rtol)

    compare()


def gan_steps(n):
    """Train n steps in float64. Returns the networks' weights and the report of each step."""
    minigan.seed(0)
    G = layers.Sequential(
        layers.Linear(8, 32), layers.BatchNorm1d(32), layers.LeakyReLU(0.2), layers.Linear(32, 16),
        layers.Tanh(),
    )  # fmt: skip
    D = layers.Sequential(
        layers.Linear(16, 32), layers.LeakyReLU(0.2), layers.Dropout(0.3), layers.Linear(32, 1),
        layers.Sigmoid(),
    )  # fmt: skip
    G.double(), D.double()
    gan = trainers.GAN(
        G,
        D,
        optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999)),
        optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999)),
    )
    data = [randn(64, 16, dtype=np.float64).data for _ in range(n)]
    reports = list(gan.train(data, lambda m: randn(m, 8, dtype=np.float64)))
    return reports, G.state_dict() | {f"D.{name}": p for name, p in D.state_dict().items()}


def test_a_hundred_gan_steps_agree_with_numpy(cupy):
    reports, state = gan_steps(100)
    with backend.use("numpy"):
        expected_reports, expected_state = gan_steps(100)
    for report, expected in zip(reports, expected_reports, strict=True):
        assert report == pytest.approx(expected, rel=1e-8)
    for name, value in expected_state.items():
        np.testing.assert_allclose(state[name], value, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("mode", ["full", "directional"])
def test_gradcheck_runs_on_the_gpu(mode, cupy):
    net = layers.Sequential(layers.Linear(3, 2), layers.Softplus(), layers.Linear(2, 1)).double()
    gradcheck(net, [cupy.asarray(np.linspace(-1.0, 1.0, 6).reshape(2, 3))], mode=mode)


def test_arrays_of_both_are_never_mixed(cupy):
    x, y = minigan.Tensor(cupy.ones(2)), minigan.Tensor(np.ones(2))
    for mix in (lambda: x + y, lambda: x * np.ones(2), lambda: y @ x):
        with pytest.raises(TypeError, match="NumPy and CuPy arrays are mixed"):
            mix()
