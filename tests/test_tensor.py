"""Tensor: its data, its repr, its methods, and the data that it refuses."""

import numpy as np
import pytest

import minigan
from minigan import Tensor, tensor


@pytest.mark.parametrize(
    "data, dtype",
    [
        ([1, 2], np.float32),
        ([1.0, 2.0], np.float32),
        (3.0, np.float32),
        (np.float64(3), np.float64),
        (np.array([1.0]), np.float64),
        (np.array([1], dtype=np.int64), np.int64),
        (np.array([True]), bool),
    ],
)
def test_numbers_become_float32_and_arrays_stay_what_they_are(data, dtype):
    assert Tensor(data).dtype == dtype
    assert isinstance(Tensor(data).data, np.ndarray)


def test_an_array_is_shared_and_tensor_copies():
    a = np.ones(2)
    assert Tensor(a).data is a
    assert not np.shares_memory(tensor(a).data, a)
    assert not np.shares_memory(tensor(Tensor(a)).data, a)


def test_tensor_converts_to_the_dtype_that_is_asked_for():
    assert tensor([1, 2], dtype="float64").dtype == np.float64
    assert tensor(np.array([1, 2]), dtype="float32", requires_grad=True).requires_grad


@pytest.mark.parametrize("data", [None, "1", b"1", Tensor(1.0)])
def test_what_is_no_array_is_refused(data):
    with pytest.raises(TypeError):
        Tensor(data)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_only_floats_can_require_a_gradient(dtype):
    array = np.ones(2, dtype=dtype)
    with pytest.raises(TypeError, match=f"only floats have a gradient, but this data is {dtype}"):
        Tensor(array, requires_grad=True)
    with pytest.raises(TypeError, match="only floats have a gradient"):
        Tensor(array).requires_grad_()


def test_numpy_takes_a_tensor_for_an_array_unless_it_requires_a_gradient():
    a = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    assert np.asarray(Tensor(a)) is a
    assert not np.shares_memory(np.array(Tensor(a)), a)
    assert np.asarray(Tensor(a), dtype=np.float64).dtype == np.float64
    for x in (Tensor(a, requires_grad=True), Tensor(a, requires_grad=True) * 2):
        with pytest.raises(TypeError, match=r"does not record .* use \.numpy"):
            np.asarray(x)


def test_item_and_float_are_for_one_element():
    assert Tensor([[2.5]]).item() == 2.5
    assert float(Tensor(2.5)) == 2.5
    with pytest.raises(ValueError, match=r"item\(\) needs exactly one element; .* shape \(2,\)"):
        Tensor([1.0, 2.0]).item()
    with pytest.raises(ValueError, match="one element"):
        bool(Tensor([1.0, 2.0]))


def test_requires_grad_is_set_on_leaves():
    x = Tensor([1.0])
    assert x.requires_grad_() is x
    assert x.requires_grad
    assert not x.requires_grad_(False).requires_grad
    with pytest.raises(RuntimeError, match="Mul made this tensor, and it stays in the graph"):
        (x.requires_grad_() * 2).requires_grad_(False)


def test_detach_shares_the_array_and_forgets_the_history():
    x = Tensor([1.0], requires_grad=True)
    y = (x * 2).detach()
    assert y.op is None
    assert not y.requires_grad
    assert x.detach().data is x.data


def test_the_repr_shows_numbers_dtype_and_origin():
    x = Tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "Tensor([2., 4.], op=Mul)"
    assert repr(Tensor(np.ones(1))) == "Tensor([1.], dtype=float64)"


def test_setting_data_counts_as_a_new_version():
    x = Tensor([1.0])
    x.data = x.data + 1
    assert x._version == [1]
    x.data += 1
    assert x._version == [2]
    x.copy_(Tensor([5.0]))
    assert x._version == [3]


def test_copy_fills_the_same_array_or_says_what_does_not_fit():
    x = Tensor([1.0, 2.0])
    array = x.data
    x.copy_(Tensor([3.0, 4.0]))
    assert x.data is array
    assert array.tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match=r"the shape is \(2,\), but the new data has shape \(3,\)"):
        x.copy_(np.ones(3, dtype=np.float32))
    with pytest.raises(TypeError, match="the dtype is float32, but the new data has dtype float64"):
        x.copy_(np.ones(2))


def test_one_seed_gives_the_same_noise():
    minigan.seed(7)
    first = minigan.randn(2, 3).data, minigan.rand(4).data
    minigan.seed(7)
    again = minigan.randn(2, 3).data, minigan.rand(4).data
    for a, b in zip(first, again, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_array_equal(a, b)


def test_shape_ndim_size_and_len():
    x = Tensor(np.ones((2, 3)))
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
