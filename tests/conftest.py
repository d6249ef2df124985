"""Set up every test: Hypothesis's profile, no display, one seed. Without a GPU, skip GPU tests."""

import os
import warnings

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
# NumPy reads these when it is imported. One thread is enough, because the tests run on all cores.
# Some tests compare bits between processes. More threads could change the order of a sum.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# No profile has a deadline. A busy machine is slow, and this is not a bug in minigan.
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(autouse=True)
def seeded():
    """Each test draws the same weights and noise. The tests before it do not matter."""
    import minigan

    minigan.seed(0)


def pytest_collection_modifyitems(items):
    """Skip the tests marked `gpu` where CuPy or a GPU is missing, and say which."""
    on_gpu = [item for item in items if item.get_closest_marker("gpu")]
    reason = _why_no_gpu() if on_gpu else None
    if reason:
        for item in on_gpu:
            item.add_marker(pytest.mark.skip(reason=reason))


def _why_no_gpu():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import cupy
        except ImportError:
            return "CuPy is not installed"
        try:
            cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError as error:
            return f"CuPy finds no GPU: {error}"
    return None
