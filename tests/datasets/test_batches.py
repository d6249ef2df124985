"""minigan.datasets.batches: pixels in the right range, minibatches in the right order."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan.datasets import minibatches, to_float

# --- to_float --------------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1.0), (0, 255), (-0.5, 0.5)])
def test_to_float_ends_where_it_should(low, high):
    pixels = np.arange(256, dtype=np.uint8).reshape(2, 128)
    before = pixels.copy()
    scaled = to_float(pixels, low, high)
    assert (scaled.dtype, scaled.shape) == (np.float32, pixels.shape)
    assert (scaled[0, 0], scaled[-1, -1]) == (low, high)
    exact = low + before / 255 * (high - low)
    np.testing.assert_allclose(scaled, exact, rtol=0, atol=1e-6 * (high - low))
    assert (pixels == before).all()


@pytest.mark.parametrize("images", [np.zeros(2, np.float32), np.zeros(2, int), [0, 255], 3.0])
def test_to_float_takes_bytes_only(images):
    with pytest.raises(TypeError, match=r"uint8 .*found (float32|int64|list|float)"):
        to_float(images)


@pytest.mark.parametrize(("low", "high"), [(1, -1), (0, 0), (0, np.inf), (np.nan, 1)])
def test_to_float_wants_a_range(low, high):
    with pytest.raises(ValueError, match="low < high"):
        to_float(np.zeros(2, np.uint8), low, high)


# --- minibatches -----------------------------------------------------------------------------


@given(
    n=st.integers(1, 50),
    batch_size=st.integers(1, 60),
    seed=st.integers(0, 2**70),
    epoch=st.integers(0, 1000),
    drop_last=st.booleans(),
    data=st.data(),
)
def test_an_epoch_can_go_on_anywhere(n, batch_size, seed, epoch, drop_last, data):
    if drop_last and batch_size > n:
        return
    options = dict(seed=seed, epoch=epoch, drop_last=drop_last)
    batches = list(minibatches(np.arange(n), batch_size, **options))
    assert len(batches) == (n // batch_size if drop_last else -(-n // batch_size))
    seen = np.concatenate(batches)
    assert len(set(seen.tolist())) == len(seen) == (len(batches) * batch_size if drop_last else n)

    start = data.draw(st.integers(0, len(batches)))
    rest = list(minibatches(np.arange(n), batch_size, start=start, **options))
    assert [b.tolist() for b in rest] == [b.tolist() for b in batches[start:]]


def test_order_depends_on_seed_and_epoch_alone():
    def order(**options):
        np.random.default_rng().random()
        return np.concatenate(list(minibatches(np.arange(100), 10, **options))).tolist()

    orders = [order(seed=seed, epoch=epoch) for seed in (0, 1) for epoch in (0, 1, 2)]
    assert all(a != b for a, b in itertools.combinations(orders, 2))
    assert order(seed=1, epoch=2) == orders[-1]
    expected = np.random.default_rng([1, 2]).permutation(100).tolist()
    assert orders[-1] == expected


def test_batches_are_new_arrays_of_the_datas_dtype():
    data = np.arange(24, dtype=np.float32).reshape(6, 2, 2)
    before = data.copy()
    data.flags.writeable = False
    for batch in minibatches(data, 2, seed=0):
        assert (batch.shape, batch.dtype) == ((2, 2, 2), np.float32)
        assert not np.shares_memory(batch, data)
        batch[:] = 0
    assert (data == before).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(batch_size=0), "batch_size to be at least 1, found 0"),
        (dict(batch_size=-3), "batch_size to be at least 1, found -3"),
        (dict(batch_size=11), "at least batch_size=11 samples, found 10; write batch_size=8, or"),
        (dict(data=np.zeros((0, 2))), "at least 1 sample, found 0"),
        (dict(data=np.zeros((0, 2)), drop_last=False), "found 0"),
        (dict(seed=-1), "seed to be at least 0"),
        (dict(epoch=-1), "epoch to be at least 0"),
        (dict(start=-1), "start to be at least 0 and at most 3, found -1"),
        (dict(start=4), "start to be at least 0 and at most 3, found 4"),
    ],
)
def test_values_out_of_range_are_refused_at_the_call(arguments, message):
    with pytest.raises(ValueError, match=message):
        minibatches(**(dict(data=np.arange(10), batch_size=3, seed=0) | arguments))


@given(n=st.integers(1, 300), more=st.integers(1, 1000))
def test_a_batch_that_is_too_large_names_one_that_works(n, more):
    data = np.arange(n)
    with pytest.raises(ValueError, match="batch_size=") as caught:
        minibatches(data, n + more, seed=0)
    _, batch_size = re.findall(r"batch_size=(\d+)", str(caught.value))
    assert n / 2 < int(batch_size) <= n
    assert len(minibatches(data, int(batch_size), seed=0)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(batch_size=2.0), "batch_size to be an integer, found 2.0"),
        (dict(seed=None), "seed to be an integer, found None"),
        (dict(data=[1, 2, 3]), "array .*found list"),
        (dict(data=np.array(3.0)), "array"),
    ],
)
def test_types_are_refused_at_the_call(arguments, message):
    with pytest.raises(TypeError, match=message):
        minibatches(**(dict(data=np.arange(10), batch_size=3, seed=0) | arguments))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_counted_and_placed(dtype, bad):
    data = np.zeros((4, 3, 2), dtype)
    data[2, 1, 0] = data[3, 2, 1] = bad
    with pytest.raises(ValueError, match=r"found 2 NaN or infinite of 24 .* data\[2, 1, 0\]"):
        minibatches(data, 2, seed=0)


@pytest.mark.gpu
def test_batches_of_data_on_the_gpu_stay_there():
    import cupy

    on_gpu = list(minibatches(cupy.arange(10.0), 3, seed=0))
    on_cpu = list(minibatches(np.arange(10.0), 3, seed=0))
    assert all(isinstance(batch, cupy.ndarray) for batch in on_gpu)
    assert [b.tolist() for b in on_gpu] == [b.tolist() for b in on_cpu]


# --- epochs ----------------------------------------------------------------------------------


def listed(batches):
    return [batch.tolist() for batch in batches]


def one_epoch(n, batch_size, epoch, start=0, **options):
    """The batches of an epoch, from a call of its own."""
    return listed(minibatches(np.arange(n), batch_size, epoch=epoch, start=start, **options))


@given(
    n=st.integers(1, 30),
    batch_size=st.integers(1, 8),
    epoch=st.integers(0, 5),
    drop_last=st.booleans(),
    data=st.data(),
)
def test_each_loop_is_the_next_epoch_also_after_a_break(n, batch_size, epoch, drop_last, data):
    if drop_last and batch_size > n:
        return
    options = dict(seed=3, drop_last=drop_last)
    length = len(one_epoch(n, batch_size, 0, **options))
    start = data.draw(st.integers(0, length))
    batches = minibatches(np.arange(n), batch_size, epoch=epoch, start=start, **options)
    assert len(batches) == length
    for i in range(4):
        expected = one_epoch(n, batch_size, epoch + i, start if i == 0 else 0, **options)
        taken = data.draw(st.integers(0, len(expected) + 1))
        found = []
        for batch in batches:
            if len(found) == taken:
                break
            found.append(batch.tolist())
        assert found == expected[:taken]


def test_two_loops_at_once_do_not_disturb_each_other():
    batches = minibatches(np.arange(12), 3, seed=0)
    pairs = [(a.tolist(), b.tolist()) for a, b in zip(batches, batches, strict=True)]
    assert [a for a, _ in pairs] == one_epoch(12, 3, 0, seed=0)
    assert [b for _, b in pairs] == one_epoch(12, 3, 1, seed=0)
    inner = [listed(batches) for _ in batches]  # a loop inside a loop
    assert inner == [one_epoch(12, 3, 3 + i, seed=0) for i in range(4)]


def test_next_goes_through_one_epoch_and_a_loop_begins_another():
    batches = minibatches(np.arange(12), 3, seed=0)
    first = [next(batches).tolist() for _ in range(3)]
    assert first == one_epoch(12, 3, 0, seed=0)[:3]
    assert listed(batches) == one_epoch(12, 3, 1, seed=0)
    assert next(batches).tolist() == one_epoch(12, 3, 0, seed=0)[3]
    with pytest.raises(StopIteration):
        next(batches)


def test_a_new_call_begins_with_the_same_epoch():
    assert one_epoch(12, 3, 0, seed=0) == listed(minibatches(np.arange(12), 3, seed=0))
