"""Switches and seeds of one thread do not change another thread, also if blocks overlap."""

import functools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
import strict_cupy
from hypothesis import given
from hypothesis import strategies as st
from same import assert_same

import minigan
from minigan import Tensor, backend, detect_anomaly, nn, no_grad, optim, rand, randn, trainers

TIMEOUT = 60


def in_threads(*functions):
    """Run all functions at once. Returns their results, or raises the first error."""
    with ThreadPoolExecutor(len(functions)) as pool:
        return [f.result(TIMEOUT) for f in [pool.submit(f) for f in functions]]


def records():
    return (Tensor(1.0, requires_grad=True) * 2).requires_grad


def finds_anomalies():
    with np.errstate(divide="ignore"):
        try:
            Tensor([0.0]).log()
        except FloatingPointError:
            return True
    return False


def xp():
    return backend.current().__name__


SWITCHES = {
    "no_grad": (no_grad, records, False, True),
    "detect_anomaly": (detect_anomaly, finds_anomalies, True, False),
}


@pytest.fixture
def two_backends(monkeypatch):
    """A backend beside NumPy: the stand-in for CuPy."""
    monkeypatch.setitem(sys.modules, "cupy", strict_cupy.make())
    chosen = backend._chosen[:]
    backend.use("numpy")
    yield
    backend._chosen[:] = chosen


@pytest.mark.parametrize("name", SWITCHES)
def test_overlapping_blocks_of_two_threads_are_their_own(name):
    """The order is: a enters, b enters, a leaves, b leaves. It breaks a switch that is shared."""
    block, look, inside, outside = SWITCHES[name]
    barrier = threading.Barrier(2, timeout=TIMEOUT)
    seen = {"a": [], "b": []}

    def thread(name, enter, leave):
        context = block()
        for moment in range(4):
            if moment == enter:
                context.__enter__()
            if moment == leave:
                context.__exit__(None, None, None)
            barrier.wait()
            seen[name].append(look())
            barrier.wait()

    in_threads(lambda: thread("a", 0, 2), lambda: thread("b", 1, 3))
    assert seen["a"] == [inside, inside, outside, outside]
    assert seen["b"] == [outside, inside, inside, outside]
    assert look() == outside


# What a thread does at each moment: enter one more block, leave one, or nothing.
PLANS = st.lists(st.sampled_from(["enter", "leave", "wait"]), min_size=1, max_size=8)


@pytest.mark.parametrize("name", SWITCHES)
@given(plans=st.lists(PLANS, min_size=2, max_size=3))
def test_nested_blocks_in_any_interleaving_are_their_own(name, plans):
    block, look, inside, outside = SWITCHES[name]
    moments = max(map(len, plans))
    barrier = threading.Barrier(len(plans), timeout=TIMEOUT)

    def thread(plan):
        stack = []
        for act in [*plan, *["wait"] * (moments - len(plan))]:
            if act == "enter":
                stack.append(block())
                stack[-1].__enter__()
            elif act == "leave" and stack:
                stack.pop().__exit__(None, None, None)
            barrier.wait()
            assert look() == (inside if stack else outside)
            barrier.wait()

    in_threads(*[functools.partial(thread, plan) for plan in plans])


@pytest.mark.parametrize("name", SWITCHES)
def test_an_error_in_a_block_switches_it_off(name):
    block, look, _, outside = SWITCHES[name]

    def thread():
        with pytest.raises(KeyError), block(), block():
            raise KeyError
        return look()

    assert in_threads(thread, thread) == [outside, outside]


@pytest.mark.parametrize("name", SWITCHES)
def test_a_new_thread_starts_with_every_switch_off(name):
    block, look, _, outside = SWITCHES[name]
    with block():
        assert in_threads(look) == [outside]


def test_backend_blocks_of_two_threads_are_their_own(two_backends):
    barrier = threading.Barrier(2, timeout=TIMEOUT)
    seen = {"a": [], "b": []}

    def thread(name, enter, leave):
        with nullcontext() as context:
            for moment in range(4):
                barrier.wait()  # nobody looks while a block is entered
                if moment == enter:
                    context = backend.use("cupy")
                    context.__enter__()
                if moment == leave:
                    context.__exit__(None, None, None)
                barrier.wait()
                seen[name].append(xp())

    in_threads(lambda: thread("a", 0, 2), lambda: thread("b", 1, 3))
    assert seen["a"] == ["cupy", "cupy", "numpy", "numpy"]
    assert seen["b"] == ["numpy", "cupy", "cupy", "numpy"]
    assert xp() == "numpy"


def test_a_new_thread_takes_the_backend_that_was_chosen_for_good(two_backends):
    backend.use("cupy")
    assert in_threads(xp, xp) == ["cupy", "cupy"]
    with backend.use("numpy"):
        assert xp() == "numpy"
        assert in_threads(xp) == ["cupy"]
    assert xp() == "cupy"
    backend.use("numpy")
    with backend.use("cupy"):
        assert in_threads(xp) == ["numpy"]
        with backend.use("numpy"):
            assert xp() == "numpy"
        assert xp() == "cupy"
    assert xp() == "numpy"


def test_a_backend_block_can_be_entered_again(two_backends):
    block = backend.use("cupy")
    for _ in range(2):
        with block:
            assert xp() == "cupy"
        assert xp() == "numpy"


def draws():
    """Numbers of every kind that minigan draws."""
    layer = nn.Linear(3, 2)
    dropped = nn.Dropout(0.5)(Tensor(np.ones(9, np.float32)))
    tensors = [randn(3), rand(3), layer.weight, layer.bias, dropped]
    return [x.data.copy() for x in tensors]


@given(seeds=st.lists(st.integers(0, 9), min_size=2, max_size=4))
def test_each_thread_draws_from_its_own_generator(seeds):
    def alone(seed):
        minigan.seed(seed)
        return [draws() for _ in range(3)]

    expected = [in_threads(lambda seed=seed: alone(seed))[0] for seed in seeds]
    barrier = threading.Barrier(len(seeds), timeout=TIMEOUT)

    def together(seed):
        barrier.wait()
        minigan.seed(seed)
        found = []
        for _ in range(3):
            barrier.wait()
            found.append(draws())
        return found

    minigan.seed(5)
    found = in_threads(*[functools.partial(together, seed) for seed in seeds])
    assert_same(found, expected)
    here = draws()
    minigan.seed(5)
    assert_same(here, draws())


def test_threads_that_are_not_seeded_draw_different_numbers():
    a, b = in_threads(lambda: randn(4).data, lambda: randn(4).data)
    assert not np.array_equal(a, b)


def trained(kind, seed, wait=lambda: None):
    """The whole state of a GAN after some steps, with dropout, batch norm and an evaluation."""
    minigan.seed(seed)
    G = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    D = [nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(8, 1)]
    D = nn.Sequential(*D, nn.Sigmoid()) if kind is trainers.GAN else nn.Sequential(*D)
    optimizers = optim.Adam(G.parameters()), optim.Adam(D.parameters())
    average = optim.AveragedModel(G)
    gan = kind(G, D, *optimizers)
    batches = [randn(8, 2).data for _ in range(12)]
    for _ in gan.train(batches, lambda m: randn(m, 2)):
        wait()
        average.update_parameters(G)
        with no_grad(), detect_anomaly():
            G(randn(2, 2))
        wait()
    states = [net.state_dict() for net in (G, D, average.module)]
    return [*states, *[o.state_dict() for o in optimizers], backend.rng().bit_generator.state]


@pytest.mark.parametrize(
    "kinds",
    [
        (trainers.GAN, trainers.GAN),
        (trainers.WGAN, trainers.WGANGP),
        (trainers.GAN, trainers.WGANGP, trainers.WGAN),
    ],
)
def test_seeded_gans_in_threads_train_as_each_does_alone(kinds):
    alone = [trained(kind, seed) for seed, kind in enumerate(kinds)]
    barrier = threading.Barrier(len(kinds), timeout=TIMEOUT)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        together = in_threads(
            *[
                functools.partial(trained, kind, seed, barrier.wait)
                for seed, kind in enumerate(kinds)
            ]
        )
    finally:
        sys.setswitchinterval(interval)
    assert_same(together, alone)


def test_the_state_that_is_saved_is_that_of_the_saving_thread():
    def thread(seed):
        minigan.seed(seed)
        state = backend.rng().bit_generator.state
        return state, randn(3).data

    for (state, drawn), seed in zip(
        in_threads(lambda: thread(1), lambda: thread(2)), (1, 2), strict=True
    ):
        expected = np.random.default_rng(seed)
        assert state == expected.bit_generator.state
        np.testing.assert_array_equal(drawn, expected.standard_normal(3, dtype=np.float32))


def test_two_threads_walk_one_graph_at_once():
    x = Tensor(np.ones(5), requires_grad=True)
    y = x
    for _ in range(200):
        y = (y * x + x).tanh()
    leaves = [x, y]
    expected = [minigan.grad(y.sum(), [leaf])[0].data for leaf in leaves]

    def thread(leaf):
        return [minigan.grad(y.sum(), [leaf])[0].data for _ in range(10)]

    for found, g in zip(
        in_threads(*[functools.partial(thread, leaf) for leaf in leaves]), expected, strict=True
    ):
        assert_same(found, [g] * 10)


# A decorated function whose body runs after the call.


def generator():
    yield records()


async def coroutine():
    return records()


async def asynchronous_generator():
    yield records()


class Holder:
    def method(self):
        yield records()


LATE = {
    "generator": generator,
    "coroutine": coroutine,
    "asynchronous generator": asynchronous_generator,
    "lambda": lambda: (yield records()),
    "partial": functools.partial(generator),
    "static method": staticmethod(generator),
    "bound method": Holder().method,
    "context manager": contextmanager(generator),
    "cached": functools.lru_cache(generator),
    "class": Holder,
}


@pytest.mark.parametrize("name", LATE)
@pytest.mark.parametrize("block", [no_grad, detect_anomaly])
def test_a_block_that_would_end_before_the_code_runs_is_refused(block, name):
    with pytest.raises(TypeError, match="would run after the block"):
        block()(LATE[name])


@pytest.mark.parametrize("wrap", [staticmethod, functools.lru_cache, lambda f: f])
def test_a_function_is_decorated_whatever_else_decorates_it(wrap):
    decorated = no_grad()(wrap(records))
    assert decorated() is False
    assert records()


def test_what_the_error_recommends_works():
    def samples():
        for _ in range(2):
            with no_grad():
                inside = records()
            yield inside, records()

    for inside, outside in samples():
        assert (inside, outside, records()) == (False, True, True)
