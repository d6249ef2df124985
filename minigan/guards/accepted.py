"""Names and keywords of PyTorch and NumPy that minigan accepts, because they mean the same here.

Tensor and Module inherit the classes of this file, so that a reader of tensor.py and nn/module.py
meets each function once, under one name. docs/from_pytorch.md has the whole table.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from minigan import backend
from minigan.guards.data import refuse_keywords, refuse_numpy
from minigan.guards.pytorch import GPU

if TYPE_CHECKING:
    from typing_extensions import Self

    from minigan.tensor import Tensor


# What to write for a keyword whose value is refused: {keyword: the remedy}.
WITHOUT = {
    "amsgrad": "Adam without it is the Adam of the GAN papers, and gives other numbers",
    "align_corners": "it is for bilinear interpolation",
    "centered": "RMSprop without it is the one of the WGAN paper, and gives other numbers",
    "dampening": "SGD without it gives other numbers",
    "dilation": "a convolution of dilation d has zeros between the numbers of its kernel",
    "dtype": "call .float() or .double() on the layer or the network",
    "elementwise_affine": "call requires_grad_(False) on the layer to keep its scale and shift",
    "generator": "minigan.seed(n) sets the seed of the one generator",
    "groups": "write one Conv2d for each group, and join the results with ops.concatenate",
    "label_smoothing": "write the loss with F.log_softmax",
    "map_location": "the arrays are NumPy's, and load_state_dict copies them to the device in use",
    "mode": "other modes than repeated pixels give other numbers",
    "momentum": "RMSprop without it is the one of the WGAN paper, and gives other numbers",
    "nesterov": "SGD without it gives other numbers",
    "padding_mode": "ops.concatenate joins an image and its mirrored or repeated edges",
    "strict": "write net.load_state_dict({**net.state_dict(), **part}) to load a part",
    "track_running_stats": "a norm that tracks is BatchNorm2d, one that does not InstanceNorm2d",
    "volatile": "write no_grad()",
    "weight": "multiply the losses of reduction='none' by the weights, and take the mean",
    "weights_only": "minigan never unpickles, so a file holds arrays and numbers only",
}


class PlaceNames:
    """The methods of Tensors and Modules that ask for a device or a dtype."""

    __slots__ = ()

    def to(self, *targets: Any, **named: Any) -> Self:
        """It, in the dtype that is asked for. RuntimeError for a device that it is not on."""
        return to_device_or_dtype(self, *targets, **named)

    def cpu(self) -> Self:
        """It, unchanged. RuntimeError if it is on a GPU."""
        check_place(self, "cpu")
        return self

    def cuda(self, device: Any = None) -> Self:
        """It, unchanged. RuntimeError if it is on the CPU."""
        check_place(self, "cuda")
        return self


class TensorNames(PlaceNames):
    """The methods of a Tensor that have another name in PyTorch or in NumPy."""

    __slots__ = ()

    def view(self: Any, *sizes: Any) -> Tensor:
        """PyTorch's name of `reshape`."""
        return self.reshape(*sizes)

    def permute(self: Any, *axes: Any) -> Tensor:
        """x with its axes in the order given: NumPy's `transpose`."""
        return self.transpose(axes if len(axes) != 1 else axes[0])

    def clamp(self: Any, min: Any = None, max: Any = None) -> Tensor:
        """PyTorch's name of `clip`."""
        return self.clip(min, max)

    def contiguous(self) -> Self:
        """x itself."""
        return self

    def dim(self: Any) -> int:
        """PyTorch's name of `ndim`."""
        return self.ndim

    def numel(self: Any) -> int:
        """The number of elements, which is NumPy's `size`."""
        return int(self.size)

    def float(self: Any) -> Tensor:
        """x in float32: x itself if it is already. TypeError if it requires a gradient."""
        return as_dtype(self, np.float32)

    def double(self: Any) -> Tensor:
        """x in float64: x itself if it is already. TypeError if it requires a gradient."""
        return as_dtype(self, np.float64)


# Which method computes `array * tensor`, `array < tensor`, ...: {NumPy's function: its name}.
AFTER_AN_ARRAY = {
    np.add: "__radd__",
    np.subtract: "__rsub__",
    np.multiply: "__rmul__",
    np.divide: "__rtruediv__",
    np.floor_divide: "__rfloordiv__",
    np.power: "__rpow__",
    np.matmul: "__rmatmul__",
    np.equal: "__eq__",
    np.not_equal: "__ne__",
    np.less: "__gt__",
    np.less_equal: "__ge__",
    np.greater: "__lt__",
    np.greater_equal: "__le__",
}


class OnlyOfTheClass:
    """Tensor.__array_ufunc__, which NumPy calls for `array * tensor` and for np.log(tensor).

    NumPy asks the class, and gets `apply`. CuPy and masked arrays ask the Tensor, and get None.
    This tells them to leave `array * tensor` to Tensor.
    """

    def __get__(self, x, kind):
        return self.apply if x is None else None

    @staticmethod
    def apply(x, ufunc, method, *inputs, **settings):
        name = AFTER_AN_ARRAY.get(ufunc)
        if name is None or method != "__call__" or settings or inputs[0] is x:
            refuse_numpy(ufunc, method, settings)
        return getattr(x, name)(inputs[0])


class ModuleNames(PlaceNames):
    """The methods of a Module that PyTorch has, and that do nothing new here."""

    def children(self: Any) -> list[Any]:
        """The modules directly inside this one."""
        return [module for _, module in self.named_children()]

    def add_module(self, name: str, module: Any) -> None:
        """Set the attribute `name` to a module."""
        setattr(self, name, module)


class Size(int):
    """The number of elements of a Tensor, NumPy's `x.size`. It can be called as PyTorch's.

    >>> size = Size((4, 2))
    >>> size, size(), size(0)
    (8, (4, 2), 4)
    """

    shape: tuple[int, ...]

    def __new__(cls, shape):
        size = super().__new__(cls, math.prod(shape))
        size.shape = shape
        return size

    def __call__(self, dim: Any = None) -> Any:
        return self.shape if dim is None else self.shape[dim]


T = TypeVar("T")


class Parameters(list[T]):
    """A list of Parameters. `next` takes one after the other, as from PyTorch's generator."""

    def __next__(self) -> T:
        if not hasattr(self, "ahead"):
            self.ahead = iter(self)
        return next(self.ahead)


def as_dtype(x, dtype):
    """Return x in another dtype. Raise TypeError if x requires a gradient."""
    if x.dtype == dtype:
        return x
    if x.requires_grad:
        raise TypeError(
            f"a Tensor of {x.dtype} with a gradient stays what it is: convert the module with "
            ".float() or .double(), and data with .astype"
        )
    return type(x.detach())(x.data.astype(dtype))


def to_device_or_dtype(x, *targets, device=None, dtype=None, non_blocking=False):
    """Return x, with the dtype that is asked for. Raise an error for a device that x is not on."""
    for target in (*targets, *[t for t in (device, dtype) if t is not None]):
        text = getattr(target, "__name__", str(target))
        if "float32" in text:
            x = x.float()
        elif "float64" in text:
            x = x.double()
        else:
            check_place(x, text)
    return x


def check_place(x, device):
    """Raise RuntimeError unless the arrays of a Tensor or a Module are on a device."""
    if device.partition(":")[0] not in ("cpu", "cuda"):
        raise TypeError(f"there is no device or dtype {device!r} to go to")
    arrays = [x.data] if hasattr(x, "op") else [p.data for p in x.parameters()]
    if not arrays:  # a module without parameters works anywhere
        return
    on_gpu = backend.get_array_module(*arrays) is not np
    if device != "cpu" and not on_gpu:
        raise RuntimeError(f"this {type(x).__name__} is on the CPU, and stays there: {GPU}")
    if device == "cpu" and on_gpu:
        raise RuntimeError(
            f"this {type(x).__name__} is on the GPU, and stays there; x.numpy() and state_dict() "
            "are copies"
        )


def check_no_effect(keywords, **accepted):
    """Raise TypeError for a keyword that is not accepted, or has a value that is not.

    accepted: PyTorch's keywords, with the values that ask for what minigan does anyway. `device`
    may always be the one in use, and None stands for PyTorch's default.
    """
    for name, value in keywords.items():
        if name == "device":
            check_device(value)
        elif name not in accepted:
            refuse_keywords({name: value})
        elif value is not None and value not in accepted[name]:
            values = " or ".join(f"{name}={v!r}" for v in accepted[name]) or f"{name}=None"
            remedy = WITHOUT.get(name, "leave it out")
            raise TypeError(f"{name}={value!r}: minigan has only {values}; {remedy}")


def check_device(device):
    """Raise RuntimeError for a device that new arrays are not made on."""
    in_use = "cpu" if backend.current() is np else "cuda"
    if device is not None and str(device).partition(":")[0] != in_use:
        raise RuntimeError(
            f"device={str(device)!r}: all arrays are on the backend in use, {in_use}; {GPU}"
        )
