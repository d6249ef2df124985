"""The compiled updates of the optimizers give the bits of the lines, and stay out of the way.

The tests run a kernel's text as Python and as C++, and as Numba compiles it where it is installed.
Other tests of the texts: test_compiled.py, tests/test_strict_cupy.py (as on a GPU).
"""

import re
import signal
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace

import kernel_in_c
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from same import assert_same

import minigan
from minigan import nn, optim, trainers
from minigan.lab.recorder import Recorder
from minigan.ops import compiled

BLOCK = 4  # of these tests: a parameter with more numbers is large
OPTIMIZERS = {
    "SGD": lambda p, **other: optim.SGD(p, lr=0.1, momentum=0.9, **other),
    "RMSprop": lambda p, **other: optim.RMSprop(p, lr=0.01, **other),
    "Adam": lambda p, **other: optim.Adam(p, lr=2e-4, betas=(0.5, 0.999), **other),
}
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def loop_in_numpy(text, outputs, gradient, numbers, dtype):
    """The text as Python, which NumPy runs for whole arrays."""
    names = [*outputs, gradient, *numbers]

    def loop(*args):
        scope = dict(zip(names, args, strict=True)) | {"sqrt": np.sqrt}
        with np.errstate(all="ignore"):
            exec(compiled.as_python(text), scope)
        for name, a in zip(outputs, args, strict=False):
            a[...] = scope[name]

    return loop


NUMBA = compiled.compiled_by_numba
COMPILERS = {"Python": loop_in_numpy, "C++": kernel_in_c.loop_in_c, "Numba": NUMBA}
LOOPS: dict = {name: {} for name in COMPILERS}  # what the tests before have compiled


def use(monkeypatch, compiler, loops):
    """Compile with a function, as at the start of a program with Numba."""
    monkeypatch.setattr(optim, "BLOCK", BLOCK)
    monkeypatch.setattr(compiled, "has_numba", lambda: True)
    monkeypatch.setattr(compiled, "compiled_by_numba", compiler)
    monkeypatch.setattr(compiled, "loops", loops)
    for name in "failures", "messages":
        monkeypatch.setattr(compiled, name, type(getattr(compiled, name))())
    monkeypatch.delenv("MINIGAN_COMPILED", raising=False)


@pytest.fixture(params=COMPILERS)
def every_compiler(request, monkeypatch):
    """Compile with each compiler in turn. Each text is compiled once for all tests."""
    if request.param == "Numba":
        pytest.importorskip("numba")
    if request.param == "C++" and kernel_in_c.COMPILER is None:
        pytest.skip("there is no C++ compiler")
    use(monkeypatch, COMPILERS[request.param], LOOPS[request.param])
    return request.param


@pytest.fixture(params=["Python", "Numba"])
def compiler(request, monkeypatch):
    """The same without C++."""
    if request.param == "Numba":
        pytest.importorskip("numba")
    use(monkeypatch, COMPILERS[request.param], LOOPS[request.param])
    return request.param


@pytest.fixture
def fake(monkeypatch):
    """NumPy stands for Numba, and nothing is compiled yet. Returns the list of what is compiled."""
    texts = []

    def loop(text, *args):
        texts.append(text)
        return loop_in_numpy(text, *args)

    use(monkeypatch, loop, {})
    return texts


@pytest.fixture
def by_lines(monkeypatch):
    """A function: call an action with compiling turned off."""

    def run(action, block=10**9):
        with monkeypatch.context() as patch:
            patch.setenv("MINIGAN_COMPILED", "0")
            patch.setattr(optim, "BLOCK", block)
            return action()

    return run


def stepped(optimizer, *gs):
    for g in gs:
        for p in optimizer.params:
            p.grad = minigan.Tensor(g)
        optimizer.step()
    return optimizer


def is_compiled(optimizer, p):
    """Whether the update of this parameter would run compiled, after a step."""
    return compiled.loops.get(compiled.loop_key(optimizer, p.data)) is not None


def parameter(shape=(3, 5), dtype="f4"):
    return nn.Parameter(np.random.default_rng(0).standard_normal(shape).astype(dtype))


def gradient(seed=0, shape=(3, 5), dtype="f4"):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


# --- the bits ----------------------------------------------------------------------------------


def numbers_of_every_kind(rng, n, dtype):
    """Ordinary numbers, very large and very small ones, and a few that are special."""
    tiny = np.finfo(dtype).smallest_subnormal
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, tiny, -7 * tiny], dtype)
    with np.errstate(over="ignore"):
        a = (rng.standard_normal(n) * 10.0 ** rng.integers(-2, 3, n)).astype(dtype)
        extreme = (rng.standard_normal(n) * 10.0 ** rng.uniform(-45, 39, n)).astype(dtype)
    a = np.where(rng.random(n) < 0.2, extreme, a)
    return np.where(rng.random(n) < 0.1, rng.choice(special, n), a)


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weight_decay", [0, 0.1])
def test_random_steps_give_the_bits_of_the_lines(
    name, dtype, weight_decay, every_compiler, by_lines
):
    """A thousand steps with Numba, and a hundred with the others."""
    if every_compiler == "C++" and (dtype, weight_decay) != ("float32", 0.1):
        pytest.skip("the C++ compiler takes a while, and the text of these is the same")
    rng, n = np.random.default_rng(0), 100
    numbers = numbers_of_every_kind(rng, 100_000, dtype)

    def drawn():
        start = rng.integers(len(numbers) - n)
        return numbers[start : start + n]

    pair = [nn.Parameter(np.ones(n, dtype)) for _ in range(2)]
    fast, plain = (OPTIMIZERS[name]([p], weight_decay=weight_decay) for p in pair)
    for step in range(1000 if every_compiler == "Numba" else 100):
        if step % 20 == 0:
            fast.lr = plain.lr = 10.0 ** rng.uniform(-5, 1)
            if name == "SGD":
                fast.momentum = plain.momentum = rng.choice([0.0, 0.5, 0.9])
            else:
                fast.eps = plain.eps = rng.choice([0.0, 1e-8, 0.1])
        g = drawn()
        with np.errstate(all="ignore"):
            stepped(fast, g)
            by_lines(lambda g=g: stepped(plain, g))
        arrays = [[o.params[0].data, *map(o.state[0].get, o.moments)] for o in (fast, plain)]
        new = rng.random(n) < 0.1  # or all would soon be NaN
        for a, b in zip(*arrays, strict=True):
            assert compiled.same_bits(a, b)
            a[new] = b[new] = drawn()[new]
    assert is_compiled(fast, pair[0])


def strided(a):
    return np.repeat(a, 2, axis=-1)[..., ::2]


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def unaligned(a):
    raw = np.empty(a.nbytes + 1, np.uint8)[1:]
    b = raw.view(a.dtype).reshape(a.shape)
    b[...] = a
    return b


LAYOUTS = {
    "contiguous": np.copy,
    "transposed": lambda a: np.asfortranarray(a),
    "strided": strided,
    "backward": lambda a: a[::-1].copy()[::-1],
    "unaligned": unaligned,
}
OF_A_GRADIENT = LAYOUTS | {"read-only": read_only, "a subclass": lambda a: a.view(np.memmap)}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_shape_and_memory_order_gives_the_bits_of_the_lines(data, compiler, by_lines):
    name = data.draw(st.sampled_from(list(OPTIMIZERS)))
    dtype = data.draw(st.sampled_from(["f4", "f8"]))
    shape = data.draw(st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple))
    layout = data.draw(st.sampled_from(list(LAYOUTS)))
    of_gradient = data.draw(st.sampled_from(list(OF_A_GRADIENT)))
    pair = [nn.Parameter(np.ones(shape, dtype)) for _ in range(2)]
    for p in pair:
        p.data = LAYOUTS[layout](gradient(5, shape, dtype))
    fast, plain = (OPTIMIZERS[name]([p]) for p in pair)
    gs = [OF_A_GRADIENT[of_gradient](gradient(seed, shape, dtype)) for seed in range(3)]
    before = [g.copy() for g in gs]
    stepped(fast, *gs)
    by_lines(lambda: stepped(plain, *gs))
    assert_same(pair[0].data, pair[1].data)
    assert_same(fast.state_dict(), plain.state_dict())
    if layout != "unaligned" and pair[0].size > BLOCK:
        assert is_compiled(fast, pair[0])
    for g, old in zip(gs, before, strict=True):
        np.testing.assert_array_equal(g, old)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_running_average_of_any_numbers_has_the_bits_of_the_line(data, compiler):
    dtype = data.draw(st.sampled_from(["f4", "f8"]))
    shape = data.draw(st.lists(st.integers(1, 7), min_size=2, max_size=2).map(tuple))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    model = nn.Linear(*shape, bias=False)

    def put(p):
        layout = data.draw(st.sampled_from(list(LAYOUTS)))
        p.data = LAYOUTS[layout](numbers_of_every_kind(rng, p.size, dtype).reshape(p.shape))

    put(model.weight)
    average = optim.AveragedModel(model, data.draw(st.sampled_from([0.0, 0.5, 0.999])))
    put(average.module.weight)
    for n in range(3):
        put(model.weight)
        a, p = average.module.weight.data, model.weight.data
        version = average.module.weight._version[0]
        with np.errstate(all="ignore"):
            expected = a + max(1 - average.decay, 9 / (9 + n)) * (p - a)
            average.update_parameters(model)
        assert compiled.same_bits(average.module.weight.data, expected)
        assert average.module.weight._version[0] > version
    weight = average.module.weight
    assert weight.size <= BLOCK or not weight.data.flags.aligned or is_compiled(average, weight)


@pytest.mark.parametrize("shift", [0, 1, -1])
def test_a_gradient_that_shares_memory_with_its_parameter_gives_the_bits_of_the_lines(
    shift, compiler, by_lines
):
    def result():
        memory = gradient(0, (32,))
        p = nn.Parameter(np.zeros(20, "f4"))
        p.data = memory[5:25]
        optimizer = optim.Adam([p], lr=0.1)
        p.grad = minigan.Tensor(memory[5 + shift : 25 + shift])
        optimizer.step()
        return p.data.copy()

    assert_same(result(), by_lines(result, BLOCK))  # the lines may write into the next block


def test_a_text_of_numba_has_no_operation_that_rounds_a_product_and_a_sum_once():
    pytest.importorskip("numba")
    outputs, numbers = ["p", "m", "v"], compiled.ADAM.numbers(optim.Adam([parameter()]), 1)
    loop = NUMBA(compiled.ADAM.text, outputs, "g", [*numbers], "float32")
    for text in loop.inspect_asm().values():
        assert "sqrt" in text
        assert not re.search(r"\bv?fn?m(add|sub|la|ls)\w*", text)


def small_gan():
    minigan.seed(0)
    G = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Linear(8, 3))
    D = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())
    rate = dict(lr=0.01, betas=(0.5, 0.9), weight_decay=0.01)
    return trainers.GAN(
        G, D, optim.Adam(G.parameters(), **rate), optim.Adam(D.parameters(), **rate)
    )


def state_of(gan):
    parts = gan.generator, gan.discriminator, *optimizers(gan)
    return {str(i): part.state_dict() for i, part in enumerate(parts)}


def optimizers(gan):
    return [part for part in vars(gan).values() if isinstance(part, optim.Optimizer)]


def trained(gan, steps):
    for step in steps:
        minigan.seed(step)
        gan.discriminator_step(minigan.randn(4, 3), minigan.randn(4, 2))
        gan.generator_step(minigan.randn(4, 2))
    return gan


@pytest.mark.parametrize("first", ["compiled", "lines"])
def test_a_run_that_is_resumed_with_the_other_setting_ends_with_the_same_bits(
    first, compiler, by_lines, tmp_path
):
    def compiled_run(action):
        return action()

    ways = compiled_run, by_lines
    before, after = ways if first == "compiled" else reversed(ways)
    whole = after(lambda: trained(small_gan(), range(6)))
    gan = before(lambda: trained(small_gan(), range(3)))
    minigan.save(state_of(gan), tmp_path / "state.npz")
    state = minigan.load(tmp_path / "state.npz")
    resumed = small_gan()
    parts = resumed.generator, resumed.discriminator, *optimizers(resumed)
    for i, part in enumerate(parts):
        part.load_state_dict(state[str(i)])
    after(lambda: trained(resumed, range(3, 6)))
    assert_same(state_of(resumed), state_of(whole))
    assert is_compiled(optimizers(gan)[0], gan.generator[0].weight)


# --- when it is in use -------------------------------------------------------------------------


def test_numba_is_in_use_where_it_is_installed(fake, monkeypatch):
    assert optim.updates_with() == "numba"
    monkeypatch.setattr(compiled, "has_numba", lambda: False)
    assert optim.updates_with() == "numpy"
    stepped(optim.Adam([parameter()]), gradient())
    assert fake == []


def test_the_environment_turns_it_off_and_on(fake, monkeypatch):
    optimizer = optim.Adam([parameter()])
    for setting, expected, count in ("0", "numpy", 0), ("1", "numba", 1):
        monkeypatch.setenv("MINIGAN_COMPILED", setting)
        assert optim.updates_with() == expected
        stepped(optimizer, gradient())
        assert len(fake) == count


@pytest.mark.parametrize("setting", ["", "no", "2"])
def test_another_setting_of_the_environment_is_refused_before_an_update(setting, fake, monkeypatch):
    monkeypatch.setenv("MINIGAN_COMPILED", setting)
    p = parameter()
    before = p.data.copy()
    with pytest.raises(ValueError, match=f"MINIGAN_COMPILED must be 0 or 1, not '{setting}'"):
        stepped(optim.Adam([p]), gradient())
    assert_same(p.data, before)


def test_small_parameters_and_other_kinds_of_numbers_are_not_compiled(fake):
    optimizer = optim.SGD([parameter((BLOCK,))], lr=0.1)
    stepped(optimizer, gradient(0, (BLOCK,)))
    assert fake == []
    for dtype in "f2", ">f4", "<c8", "i4":
        assert compiled.loop_key(optimizer, np.ones(9, dtype)) is None
    stepped(optim.SGD([parameter((BLOCK + 1,))], lr=0.1), gradient(0, (BLOCK + 1,)))
    assert len(fake) == 1


def test_a_trace_function_of_the_thread_turns_it_off(fake):
    optimizer = optim.Adam([parameter()])
    before = sys.gettrace()
    sys.settrace(lambda *args: None)
    try:
        inside = optim.updates_with()
        stepped(optimizer, gradient())
    finally:
        sys.settrace(before)
    assert (inside, fake) == ("numpy", [])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12")
def test_a_debugger_that_uses_sys_monitoring_turns_it_off(fake):
    sys.monitoring.use_tool_id(sys.monitoring.DEBUGGER_ID, "a debugger")
    try:
        assert optim.updates_with() == "numpy"
    finally:
        sys.monitoring.free_tool_id(sys.monitoring.DEBUGGER_ID)
    assert optim.updates_with() == "numba"


def test_the_recorder_of_the_lab_records_the_lines(compiler):
    plain, recorded = optim.Adam([parameter()]), optim.Adam([parameter()])
    stepped(plain, gradient(1), gradient(2))
    stepped(recorded, gradient(1))
    assert is_compiled(plain, plain.params[0])
    recorded.params[0].grad = minigan.Tensor(gradient(2))
    recorder = Recorder()
    recorder.run(recorded.step)
    assert optim.Adam.update.__code__ in recorder.codes
    assert_same(recorded.state_dict(), plain.state_dict())
    assert_same(recorded.params[0].data, plain.params[0].data)


SCRIPT = """
import sys
import numpy as np
from minigan import Tensor, nn, optim
p = nn.Parameter(np.ones(40000, np.float32))
p.grad = Tensor(p.data)
small = nn.Parameter(np.ones(3, np.float32))
small.grad = Tensor(small.data)
optim.Adam([small]).step()
print(optim.updates_with(), "numba" in sys.modules)
optim.Adam([p]).step()
print(optim.updates_with(), "numba" in sys.modules)
"""


def output_of(*command, text=""):
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, input=text)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_numba_is_imported_for_the_first_large_parameter():
    pytest.importorskip("numba")
    assert output_of("-W", "error", "-c", SCRIPT).split() == ["numba", "False", "numba", "True"]


def test_the_debugger_stops_in_the_lines(tmp_path):
    pytest.importorskip("numba")
    (tmp_path / "script.py").write_text(SCRIPT.replace("optim.Adam([small]).step()\n", ""))
    command = ["-m", "minigan.debug", "--at", "Adam.update", str(tmp_path / "script.py")]
    printed = output_of(*command, text="c\n")
    assert "-> sqrt = backend.get_array_module(p).sqrt" in printed
    assert "numpy False" in printed


# --- a user's own optimizer --------------------------------------------------------------------


class Half(optim.Adam):
    def update(self, step, p, g, m, v):
        p -= 0.5 * g


class HalfWithAKernel(Half):
    kernel = "p = p - 0.25 * g;"

    def update(self, step, p, g, m, v):
        p -= 0.5 * g


class WithAnotherRate(optim.Adam):
    """The lines of Adam, and numbers of its own for the text, which only a GPU reads."""

    def numbers(self, step):
        return super().numbers(step) | {"rate": 0.0}


@pytest.mark.parametrize("kind", [Half, HalfWithAKernel])
def test_an_update_of_ones_own_runs(kind, fake):
    p = nn.Parameter(np.ones(8, "f4"))
    stepped(kind([p]), np.ones(8, "f4"))
    assert p.data.tolist() == [0.5] * 8
    assert fake == []


def test_a_kernel_of_ones_own_runs_on_a_gpu_with_the_weight_decay(cupy):
    p = nn.Parameter(cupy.ones(8, dtype="float32"))
    p.grad = minigan.Tensor(cupy.ones(8, dtype="float32"))
    HalfWithAKernel([p], weight_decay=1).step()
    assert p.numpy().tolist() == [0.5] * 8  # 1 - 0.25 (1 + 1)


def test_a_method_that_is_set_on_one_optimizer_runs(fake):
    p = nn.Parameter(np.ones(8, "f4"))
    optimizer = optim.SGD([p], lr=0.1)
    optimizer.update = lambda step, p, g, b: p.fill(7)
    stepped(optimizer, np.ones(8, "f4"))
    assert p.data.tolist() == [7] * 8
    assert fake == []


def test_a_subclass_with_the_lines_of_its_parent_is_compiled_and_has_their_bits(compiler, by_lines):
    found, expected = WithAnotherRate([parameter()]), optim.Adam([parameter()])
    stepped(found, gradient())
    by_lines(lambda: stepped(expected, gradient()))
    assert is_compiled(found, found.params[0])
    assert_same(found.params[0].data, expected.params[0].data)


def test_an_edit_of_the_lines_that_the_text_does_not_have_is_found(fake, monkeypatch):
    """A notebook's %autoreload changes the code of a function like this."""

    def edited(self, step, p, g, b):
        p -= 2 * self.lr * g

    p = nn.Parameter(np.ones(8, "f4"))
    stepped(optim.SGD([p], lr=0.25), np.ones(8, "f4"))
    assert p.data.tolist() == [0.75] * 8
    monkeypatch.setattr(optim.SGD.update, "__code__", edited.__code__)
    with pytest.warns(RuntimeWarning, match=r"SGD\.update and its text in .* different numbers"):
        stepped(optim.SGD([p], lr=0.25), np.ones(8, "f4"))
    assert p.data.tolist() == [0.25] * 8
    stepped(optim.SGD([p], lr=0.25), np.ones(8, "f4"))  # without another warning
    assert p.data.tolist() == [-0.25] * 8


# --- faults ------------------------------------------------------------------------------------


def numba_with(**names):
    """A module that stands for Numba."""
    module = ModuleType("numba")
    array = SimpleNamespace(Array=lambda *args, **other: None)
    usual = dict(config=SimpleNamespace(DISABLE_JIT=0), from_dtype=lambda d: d, types=array)
    vars(module).update(usual | names)
    return module


def raises(error):
    def njit(*args, **named):
        raise error

    return njit


def refuses_arguments(*args, **named):
    def loop(*args):
        raise TypeError("No matching definition for argument type(s)")

    return lambda function: loop


NUMBAS = {
    "not there": (None, "ModuleNotFoundError: import of numba halted"),
    "an old version": (numba_with(), "AttributeError: module 'numba' has no attribute 'njit'"),
    "an unknown processor": (numba_with(njit=raises(ValueError("no x87\nat all"))), "no x87"),
    "an error of LLVM": (numba_with(njit=raises(SystemError())), "SystemError: "),
    "no such arrays": (numba_with(njit=refuses_arguments), "TypeError: No matching definition"),
    "no compiling": (numba_with(config=SimpleNamespace(DISABLE_JIT=1)), "NUMBA_DISABLE_JIT is set"),
}


@pytest.mark.parametrize("fault", NUMBAS)
def test_if_numba_fails_one_warning_says_so_and_numpy_runs_the_lines(fault, monkeypatch, by_lines):
    module, reason = NUMBAS[fault]
    use(monkeypatch, NUMBA, {})
    monkeypatch.setitem(sys.modules, "numba", module)
    optimizer = optim.Adam([parameter(), parameter()])
    assert optim.updates_with() == "numba"
    with pytest.warns(RuntimeWarning, match="Numba failed, so NumPy runs the updates") as caught:
        stepped(optimizer, gradient())
    assert [w.filename for w in caught] == [__file__]
    assert reason in str(caught[0].message)
    assert "\n" not in str(caught[0].message)
    stepped(optimizer, gradient())  # without another warning
    assert optim.updates_with() == "numpy"
    expected = optim.Adam([parameter(), parameter()])
    by_lines(lambda: stepped(expected, gradient(), gradient()))
    assert_same(optimizer.state_dict(), expected.state_dict())


def test_a_warning_that_is_an_error_comes_before_any_update(monkeypatch):
    use(monkeypatch, NUMBA, {})
    monkeypatch.setitem(sys.modules, "numba", None)
    small, large = parameter((2,)), parameter((8,))
    optimizer = optim.Adam([small, large])
    small.grad, large.grad = minigan.Tensor(small.data), minigan.Tensor(large.data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="Numba failed"):
            optimizer.step()
    assert optimizer.state == [{}, {}]


def test_a_compiler_that_rounds_in_another_way_is_found(monkeypatch, by_lines):
    """This one computes in float64, as a processor without float32 would do."""

    def loop_in_float64(*args):
        loop = loop_in_numpy(*args)

        def rounded_once(*values):
            wide = [np.float64(value) for value in values]
            loop(*wide)
            for a, b in zip(values, wide, strict=True):
                if a.ndim:
                    a[...] = b

        return rounded_once

    use(monkeypatch, loop_in_float64, {})
    found, expected = optim.Adam([parameter()]), optim.Adam([parameter()])
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="in float32, so NumPy runs"):
        stepped(found, gradient())
    by_lines(lambda: stepped(expected, gradient()))
    assert_same(found.state_dict(), expected.state_dict())


def test_no_thread_for_the_compiler_is_a_fault_like_others(fake, monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.warns(RuntimeWarning, match="can't start new thread"):
        stepped(optim.Adam([parameter()]), gradient())
    assert fake == []


def test_threads_compile_once(monkeypatch):
    n = 4
    at_once = threading.Barrier(n, timeout=60)
    texts = []

    def loop(text, *args):
        texts.append(text)
        return loop_in_numpy(text, *args)

    use(monkeypatch, loop, {})

    def work():
        optimizer = optim.Adam([parameter()])
        at_once.wait()
        return stepped(optimizer, gradient()).params[0].data

    with ThreadPoolExecutor(n) as pool:
        results = [f.result(60) for f in [pool.submit(work) for _ in range(n)]]
    assert texts == [compiled.ADAM.text]
    for result in results[1:]:
        assert_same(result, results[0])


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Windows sends no such signal")
@pytest.mark.parametrize("slow", [False, True])
def test_an_interrupt_of_the_compiler_changes_nothing(slow, compiler, monkeypatch, by_lines):
    """slow: The step comes again while the compiler is still at work."""
    texts, go_on = [], threading.Event()

    def interrupted(text, *args):
        texts.append(text)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        go_on.wait(60)
        return COMPILERS[compiler](text, *args)

    use(monkeypatch, interrupted, {})
    gan = small_gan()
    before = state_of(gan)
    real, z = minigan.randn(4, 3), minigan.randn(4, 2)
    with pytest.raises(KeyboardInterrupt):
        gan.discriminator_step(real, z)
    assert_same(state_of(gan), before)
    if slow:
        threading.Timer(0.05, go_on.set).start()
    else:
        go_on.set()
        with compiled.making:  # until the compiler is ready
            pass
    gan.discriminator_step(real, z)
    assert len(texts) == 1
    assert is_compiled(optimizers(gan)[1], gan.discriminator[0].weight)
    expected = small_gan()
    by_lines(lambda: expected.discriminator_step(real, z))
    assert_same(state_of(gan), state_of(expected))
