"""Set up every test: Hypothesis's profile, no display, one seed. Without a GPU, skip GPU tests.

The fixtures `stand_in`, `cupy` and `any_kernel` are for the tests of what runs on a GPU.
With `--compiled`, Numba compiles the updates of parameters of any size.
"""

import os
import sys
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
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True, print_blob=True)
# For code that other tests draw many cases for: the oldest versions, and the compiled updates.
settings.register_profile("few", deadline=None, max_examples=15, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_collection_finish(session):
    """Show minigan's own frames where one of these tests fails; see guards/tracebacks.py."""
    for name, module in list(sys.modules.items()):
        if f"{name}.".startswith("minigan."):
            vars(module).pop("__tracebackhide__", None)


def pytest_addoption(parser):
    text = "compile the optimizers' updates of small parameters, too; needs Numba"
    parser.addoption("--compiled", action="store_true", help=text)


@pytest.fixture(autouse=True)
def also_small_parameters(request, monkeypatch):
    """With --compiled, each parameter of at least two numbers is a large one."""
    if request.config.getoption("--compiled"):
        from minigan import optim

        assert optim.updates_with() == "numba"
        monkeypatch.setattr(optim, "BLOCK", 1)


@pytest.fixture(autouse=True)
def seeded():
    """Each test draws the same weights and noise. The tests before it do not matter."""
    import minigan

    minigan.seed(0)


ON_A_GPU = pytest.param("on a GPU", marks=pytest.mark.gpu)


@pytest.fixture
def stand_in(monkeypatch):
    """The stand-in for CuPy, imported and in use."""
    import strict_cupy

    from minigan import backend

    monkeypatch.setitem(sys.modules, "cupy", strict_cupy.make())
    with backend.use("cupy"):
        yield backend.current()


@pytest.fixture(params=["on the stand-in", ON_A_GPU])
def cupy(request):
    """The stand-in or CuPy, in use."""
    from minigan import backend

    if request.param == "on the stand-in":
        yield request.getfixturevalue("stand_in")
    else:
        with backend.use("cupy"):
            yield backend.current()


@pytest.fixture(params=["as Python", "as C++", ON_A_GPU])
def any_kernel(request):
    """The stand-in, which runs the text of kernels in both languages, or CuPy."""
    import kernel_in_c

    from minigan import backend

    if request.param == "on a GPU":
        with backend.use("cupy"):
            yield backend.current()
        return
    cupy = request.getfixturevalue("stand_in")
    if request.param == "as C++":
        if kernel_in_c.COMPILER is None:
            pytest.skip("there is no C++ compiler")
        cupy.ElementwiseKernel = kernel_in_c.KernelInC
    yield cupy


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
