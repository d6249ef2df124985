"""minigan.backend: the switch, the errors without CuPy or GPU, and the random generator."""

import subprocess
import sys
import types

import numpy as np
import pytest

import minigan
from minigan import backend


class FakeCuPy(types.ModuleType):
    """The part of CuPy that the switch uses, with or without a GPU."""

    class ndarray:
        pass

    def __init__(self, has_gpu=True):
        super().__init__("cupy")

        class CUDARuntimeError(RuntimeError):
            pass

        def count():
            if not has_gpu:
                raise CUDARuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")
            return 1

        runtime = types.SimpleNamespace(getDeviceCount=count, CUDARuntimeError=CUDARuntimeError)
        self.cuda = types.SimpleNamespace(runtime=runtime)


@pytest.fixture
def cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", FakeCuPy())
    return sys.modules["cupy"]


@pytest.fixture(autouse=True)
def fresh_switch(monkeypatch):
    """The switch as at the start of a program. It is restored after the test."""
    monkeypatch.setattr(backend, "_chosen", [])
    monkeypatch.delenv("MINIGAN_BACKEND", raising=False)


# --- use and current ---------------------------------------------------------------------------


def test_numpy_is_the_default():
    assert backend.current() is np


def test_use_switches_for_good(cupy):
    backend.use("cupy")
    assert backend.current() is cupy
    backend.use("numpy")
    assert backend.current() is np


def test_use_switches_for_a_block_and_blocks_nest(cupy):
    with backend.use("cupy"):
        assert backend.current() is cupy
        with backend.use("numpy"):
            with backend.use("cupy"):
                assert backend.current() is cupy
            assert backend.current() is np
        assert backend.current() is cupy
    assert backend.current() is np


def test_switch_within_a_block_ends_with_it(cupy):
    with backend.use("numpy"):
        backend.use("cupy")
    assert backend.current() is np


def test_block_that_raises_puts_the_backend_back(cupy):
    backend.use("numpy")
    with pytest.raises(ZeroDivisionError):
        with backend.use("cupy"), backend.use("cupy"):
            _ = 1 / 0
    assert backend.current() is np


@pytest.mark.parametrize("before", ["numpy", "cupy"])
def test_failing_switch_changes_nothing(cupy, before):
    backend.use(before)
    expected = backend.current()
    with pytest.raises(ValueError, match='no backend \'torch\'; use "numpy" or "cupy"'):
        backend.use("torch")
    assert backend.current() is expected


@pytest.mark.parametrize("name", ["", "NumPy", "cuda", None])
def test_names_that_are_none(name):
    with pytest.raises(ValueError, match=f"there is no backend {name!r}"):
        backend.use(name)


# --- what is missing ---------------------------------------------------------------------------


def test_missing_cupy_is_said_with_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # makes `import cupy` fail, installed or not
    with pytest.raises(ImportError, match=r"CuPy, which is not installed.*\[cuda12\]"):
        backend.use("cupy")
    assert backend.current() is np


def test_missing_gpu_is_said_with_how_to_find_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", FakeCuPy(has_gpu=False))
    with pytest.raises(RuntimeError, match=r"finds no GPU .*no CUDA-capable device.*nvidia-smi"):
        backend.use("cupy")
    assert backend.current() is np


# --- MINIGAN_BACKEND ---------------------------------------------------------------------------


def test_variable_sets_the_first_backend(cupy, monkeypatch):
    monkeypatch.setenv("MINIGAN_BACKEND", "cupy")
    assert backend.current() is cupy
    backend.use("numpy")  # and only the first
    assert backend.current() is np


def test_variable_with_a_wrong_name(monkeypatch):
    monkeypatch.setenv("MINIGAN_BACKEND", "nonsense")
    with pytest.raises(ValueError, match="there is no backend 'nonsense'"):
        minigan.randn(2)


def test_variable_is_overruled_by_use(monkeypatch):
    monkeypatch.setenv("MINIGAN_BACKEND", "nonsense")
    with backend.use("numpy"):
        assert minigan.randn(2).shape == (2,)


def test_import_loads_numpy_and_nothing_heavier():
    heavy = "cupy", "matplotlib", "PIL", "tqdm", "torch", "hypothesis"
    program = f"import sys, minigan; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


# --- arrays ------------------------------------------------------------------------------------


def test_get_array_module_passes_over_what_is_no_array(cupy):
    assert backend.get_array_module() is np
    assert backend.get_array_module(1.0, None, [2], np.float32(3)) is np
    assert backend.get_array_module(np.ones(2), 1.0) is np
    assert backend.get_array_module(1.0, cupy.ndarray()) is cupy


def test_get_array_module_refuses_a_mixture(cupy):
    with pytest.raises(TypeError, match=r"NumPy and CuPy arrays are mixed.*backend\.to_numpy"):
        backend.get_array_module(np.ones(2), cupy.ndarray())


def test_asarray_and_to_numpy_do_not_copy_what_is_right_already():
    x = np.ones(2, np.float32)
    assert backend.asarray(x) is x
    assert backend.to_numpy(x) is x
    assert backend.asarray(x, dtype=np.float64).dtype == np.float64
    assert backend.asarray([1, 2], dtype="float32").tolist() == [1.0, 2.0]


# --- random numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [minigan.randn, minigan.rand])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_seed_one_sequence(draw, dtype):
    minigan.seed(5)
    first, second = draw(3, 4, dtype=dtype).data, draw(3, 4, dtype=dtype).data
    assert first.dtype == dtype
    assert (first != second).all()
    minigan.seed(5)
    np.testing.assert_array_equal(draw(3, 4, dtype=dtype).data, first)
    minigan.seed(6)
    assert (draw(3, 4, dtype=dtype).data != first).all()


def test_noise_is_standard_normal_and_uniform():
    n = 40_000
    z, u = minigan.randn(n).data, minigan.rand(n).data
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / n)
    assert 0 <= u.min() < 0.001 < 0.999 < u.max() < 1
    assert abs(u.mean() - 0.5) < 4 / np.sqrt(12 * n)


def test_the_generator_is_minigans_own():
    state = backend.rng().bit_generator.state
    np.random.default_rng(1).random(5)
    assert backend.rng().bit_generator.state == state
