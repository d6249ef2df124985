"""Which data become a plain array and which are refused, in every function that takes data."""

import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import Tensor, losses, nn, ops, tensor


class Foreign:
    """Like a PyTorch tensor: it has a graph, and an array would lose it."""

    requires_grad = False

    def __array__(self, dtype=None, copy=None):
        return np.ones(3, dtype)


class Frame:
    """Like a pandas object: NumPy can make an array of it."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)

    def __len__(self):
        return len(self.values)


def matrix(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(rows, dtype=np.float32)


REFUSED = {
    "None": lambda: None,
    "text": lambda: "1.0",
    "bytes": lambda: b"12",
    "a bytearray": lambda: bytearray(b"12"),
    "complex": lambda: 1j,
    "a NumPy complex": lambda: np.complex64(1j),
    "an array of complex": lambda: np.ones(3) * 1j,
    "a masked array": lambda: np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
    "a masked array without a mask": lambda: np.ma.array([1.0, 2.0, 3.0]),
    "PyTorch": Foreign,
    "an array of text": lambda: np.array(["1", "2", "3"]),
    "an array of objects": lambda: np.array([1.0, None, 2.0], dtype=object),
    "an array of Tensors": lambda: np.array([Tensor(1.0), None], dtype=object),
    "dates": lambda: np.array(["2020-01-01"] * 3, dtype="M8[D]"),
    "records": lambda: np.zeros(3, dtype=[("a", "f4")]),
    "a frame of text": lambda: Frame(["a", "b", "c"]),
    "a set": lambda: {1.0, 2.0},
    "a dict": lambda: {"a": 1.0},
    "a generator": lambda: (x for x in [1.0]),
    "a function": lambda: len,
    "a decimal": lambda: Decimal("1"),
    "a fraction": lambda: Fraction(1, 3),
    "a ragged list": lambda: [[1.0, 2.0], [1.0]],
    "an extended float": lambda: np.longdouble(1) if np.longdouble().itemsize > 8 else None,
}
LISTS = {
    "alone": lambda x: x,
    "in a list": lambda x: [x],
    "in a tuple": lambda x: (x,),
    "deep in lists": lambda x: [[[x]]],
    "beside numbers": lambda x: [1.0, x, 2.0],
}
WAYS = {
    "Tensor": Tensor,
    "tensor": tensor,
    "Parameter": nn.Parameter,
    "+": lambda x: Tensor([1.0, 2.0, 3.0]) + x,
    "r*": lambda x: x * Tensor([1.0, 2.0, 3.0]),
    "@": lambda x: Tensor([1.0, 2.0, 3.0]) @ x,
    "maximum": lambda x: ops.maximum(Tensor([1.0, 2.0, 3.0]), x),
    "where": lambda x: ops.where(np.ones(3, bool), Tensor([1.0, 2.0, 3.0]), x),
    "copy_": lambda x: Tensor([1.0, 2.0, 3.0]).copy_(x),
    "data": lambda x: setattr(Tensor([1.0, 2.0, 3.0]), "data", x),
    "a label": lambda x: losses.binary_cross_entropy(Tensor([0.5, 0.5, 0.5]), x),
    "a class": lambda x: losses.cross_entropy(Tensor(np.ones((3, 3))), x),
    "nn.Linear": lambda x: nn.Linear(3, 3)(x),
    "nn.ReLU": lambda x: nn.ReLU()(x),
    "nn.Flatten": lambda x: nn.Flatten()(x),
    "nn.Dropout": lambda x: nn.Dropout()(x),
    "p of a loss": lambda x: losses.binary_cross_entropy(x, 1.0),
    "real": lambda x: losses.gradient_penalty(nn.Linear(3, 1), x, x, [0.5]),
    "gradient": lambda x: Tensor([1.0, 2.0, 3.0], requires_grad=True).__mul__(1).backward(x),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("where", LISTS)
def test_what_is_no_array_of_numbers_is_refused(where, way):
    for make in REFUSED.values():
        data = LISTS[where](make())
        if way == "gradient" and data is None:
            continue  # no gradient is given
        with pytest.raises((TypeError, ValueError)):
            WAYS[way](data)


NAMES = {
    "None": "None",
    "text": "'1.0'",
    "PyTorch": "Foreign",
    "a masked array": "masked array",
    "complex": "complex",
    "a set": "set",
    "a dict": "dict",
    "a decimal": "Decimal",
}


@pytest.mark.parametrize("name", NAMES)
def test_the_refusal_names_what_it_is(name):
    with pytest.raises(TypeError, match=NAMES[name]):
        Tensor(REFUSED[name]())


PLAIN = {
    "a matrix": lambda: matrix([[1, 2, 3]]),
    "a frame": lambda: Frame([[1.0, 2.0, 3.0]]),
    "a subclass": lambda: np.ones((1, 3), np.float32).view(np.recarray),
    "a range": lambda: [range(1, 4)],
    "NumPy numbers": lambda: [[np.float64(1), np.int8(2), np.float16(3)]],
    "booleans": lambda: [[True, False, True]],
    "arrays in a list": lambda: [np.ones(3)],
    "a tuple": lambda: ((1, 2, 3),),
}


@pytest.mark.parametrize("make", [Tensor, tensor, nn.Parameter])
@pytest.mark.parametrize("name", PLAIN)
def test_what_numpy_can_hold_becomes_a_plain_array(name, make):
    x = make(PLAIN[name]())
    assert type(x.data) is np.ndarray
    assert x.shape == (1, 3) and x.data.dtype.kind == "f"
    assert (x * x).shape == (1, 3)  # for a matrix, * would be a product of matrices


@given(st.recursive(st.floats(-9, 9, width=32), lambda x: st.lists(x, min_size=1, max_size=1)))
def test_numbers_and_lists_of_them_become_float32(data):
    for x in (Tensor(data), tensor(data)):
        assert x.dtype == np.float32
        np.testing.assert_array_equal(x.data, np.float32(data))


def test_a_number_without_axes_cannot_be_iterated():
    for x in (Tensor(1.0), Tensor([1.0]).sum(), nn.Parameter(1.0)):
        for iterate in (iter, list, sum, max, tuple, lambda x: [*x], lambda x: 1.0 in x):
            with pytest.raises(TypeError):
                next(iterate(x)) if iterate is iter else iterate(x)


def test_a_list_of_tensors_is_refused_with_a_remedy_that_works():
    parts = [Tensor(1.0, requires_grad=True), Tensor(2.0)]
    with pytest.raises(TypeError, match=r"ops.stack"):
        Tensor(parts)
    ops.stack(parts).sum().backward()
    assert parts[0].grad.item() == 1.0


@pytest.mark.parametrize(
    "use",
    [
        lambda m: ops.where(m, Tensor([1.0, 2.0]), 0.0),
        lambda m: Tensor([1.0, 2.0])[m],
        lambda m: Tensor([[1.0, 2.0]])[:, m],
        lambda m: Tensor([1.0, 2.0])[[m]],
    ],
)
def test_a_masked_array_is_no_condition_or_index(use):
    with pytest.raises(TypeError, match="mask"):
        use(np.ma.array([True, False], mask=[True, False]))


def test_a_state_dict_with_a_mask_is_refused():
    layer = nn.Linear(2, 2)
    with pytest.raises(TypeError, match="mask"):
        layer.load_state_dict({k: np.ma.array(v) for k, v in layer.state_dict().items()})
