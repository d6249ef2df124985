"""Module: a function with parameters. Parameter: a Tensor to be learned. Sequential: a chain.

A module finds its parameters and submodules among its attributes, in the order of definition, so
that names, order and `state_dict` are PyTorch's.
"""

from __future__ import annotations

from collections import UserDict, UserList, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import setitem
from reprlib import recursive_repr
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from minigan import backend
from minigan.guards import pytorch
from minigan.guards.accepted import ModuleNames, Parameters, check_no_effect
from minigan.guards.data import checked_flag, class_name
from minigan.guards.graph import check_learned
from minigan.guards.interrupts import make_changes
from minigan.tensor import Tensor, as_array

MAPPINGS = (dict, MappingProxyType)
CONTAINERS = (list, tuple, set, frozenset, deque, *MAPPINGS)
WRAPPERS = (UserList, UserDict)  # compared by type(), because isinstance is four times slower


class Parameter(Tensor):
    """A leaf Tensor that requires a gradient. A Module lists it among its parameters.

    data: an array or numbers, as for a Tensor; or a Tensor, whose array is then shared.
    """

    __slots__ = ("_in_module",)  # whether it was an attribute of a Module

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(as_array(data), requires_grad)
        self._in_module = False
        if isinstance(data, Tensor):
            self._version = data._version


def _hides_layers(value):
    """Whether a Python container holds a Module or a Parameter, at any depth."""
    if not isinstance(value, CONTAINERS) and type(value) not in WRAPPERS:
        return False
    ahead = [value]
    seen = set()
    while ahead:
        container = ahead.pop()
        if type(container) in WRAPPERS:
            container = container.data
        if isinstance(container, CONTAINERS) and id(container) not in seen:
            seen.add(id(container))
            items = list(container)
            if isinstance(container, MAPPINGS):
                items += container.values()
            if any(isinstance(item, (Module, Parameter)) for item in items):
                return True
            ahead.extend(items)
    return False


# Types of most attributes. They hold no module, and a look-up takes less time than `isinstance`.
PLAIN = frozenset([Parameter, np.ndarray, int, float, bool, str, type(None)])


class Module(ModuleNames):
    """A function with parameters. A subclass sets them in __init__ and computes in `forward`.

    A Module finds only parameters and modules that are attributes of its own. Modules or Parameters
    in a list, tuple, dict, set or deque raise TypeError, at the latest when the parameters are
    listed. Modules that are attributes of the class raise it too. So does a value that is neither a
    Parameter nor None in place of a Parameter.

    >>> from minigan import nn, randn
    >>> class Twice(nn.Module):
    ...     def __init__(self):
    ...         self.inner = nn.Linear(3, 3)
    ...     def forward(self, x):
    ...         return self.inner(self.inner(x))
    >>> [name for name, _ in Twice().named_parameters()]
    ['inner.weight', 'inner.bias']
    >>> Twice()(randn(5, 3)).shape
    (5, 3)
    """

    training = True  # train() and eval() set it
    # Names of attributes that are state but are not learned, such as batch norm's averages.
    buffer_names: tuple[str, ...] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, value in vars(cls).items():
            if isinstance(value, (Module, Parameter)) or _hides_layers(value):
                raise TypeError(
                    f"{cls.__name__}.{name}: a layer of the class would not be found, nor learned; "
                    f"set self.{name} in __init__"
                )

    def __init__(self, *inputs: Any, **named: Any) -> None:
        if inputs or named:
            raise TypeError(
                f"{type(self).__name__} takes no arguments: make the layer, and then call it, as "
                f"in {type(self).__name__}()(x)"
            )
        super().__init__()

    def __setattr__(self, name: str, value: Any) -> None:
        self._check_layers(name, value)
        self._check_name(name, value)
        value = self._checked_setting(name, value)
        is_parameter = isinstance(vars(self).get(name), Parameter)
        if is_parameter and not (value is None or isinstance(value, Parameter)):
            raise TypeError(
                f"{type(self).__name__}.{name} is a Parameter, and a {type(value).__name__} in its "
                f"place would not be learned; set {name}.data, or assign a Parameter(...)"
            )
        if isinstance(value, Parameter):
            value._in_module = True
        else:
            check_learned(f"{type(self).__name__}.{name}", value)
        super().__setattr__(name, value)

    if not TYPE_CHECKING:  # or an editor would accept any name
        __getattr__ = pytorch.module_attribute  # for a name that this module does not have

    def _checked_setting(self, name: str, value: Any) -> Any:
        """Return the value that `self.name = value` sets. Layers check their settings here."""
        return value

    def _check_name(self, name: str, value: Any) -> None:
        """Raise ValueError for a name that would give two parameters one key of the state dict."""
        if name and "." not in name:
            return
        if isinstance(value, (Module, Parameter)) or name in self.buffer_names:
            raise ValueError(
                f"{type(self).__name__}: the name {name!r} of a {type(value).__name__} must not be "
                "empty and must not have a dot, because the keys of a state dict join names by "
                "dots; choose another name, such as one with _"
            )

    def _check_layers(self, name: str, value: Any) -> None:
        """Raise TypeError if an attribute's value hides layers in a container."""
        if _hides_layers(value):
            raise TypeError(
                f"{type(self).__name__}.{name}: layers in a {type(value).__name__} would not be "
                "found, nor learned; use Sequential(*layers), ModuleList(layers), or an attribute "
                "for each"
            )

    def forward(self, *inputs: Any, **named: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        return self.forward(*inputs, **named)

    def fused_with(self, following: Module) -> Any:
        """Return a function that computes following(self(x)) faster; None if there is none."""
        return None

    def named_children(self) -> list[tuple[str, Module]]:
        """(name, module) for each module directly inside this one."""
        children = []
        for name, value in vars(self).items():
            if type(value) in PLAIN:
                continue
            if isinstance(value, Module):
                children.append((name, value))
            elif isinstance(value, CONTAINERS) or type(value) in WRAPPERS:
                self._check_layers(name, value)  # a layer may have been appended to a list
        return children

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """(dotted name, module) for this module ("") and every one inside it.

        A reference back to an enclosing module (`child.parent = self`) is not followed.
        """
        return self._below(prefix, frozenset())

    def _below(self, prefix: str, around: frozenset[int]) -> Iterator[tuple[str, Module]]:
        """The same. around: the ids of the modules around this one."""
        yield prefix, self
        around = around | {id(self)}
        for name, child in self.named_children():
            if id(child) not in around:
                yield from child._below(_join(prefix, name), around)

    def modules(self) -> list[Module]:
        """This module and every one inside it, each once."""
        return list(dict.fromkeys(module for _, module in self.named_modules()))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """(dotted name, Parameter) in the order of definition. A shared one comes once."""
        seen = set()
        for prefix, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter) and id(value) not in seen:
                    seen.add(id(value))
                    yield _join(prefix, name), value

    def parameters(self) -> Parameters[Parameter]:
        """Every Parameter of this module and those inside it."""
        return Parameters(p for _, p in self.named_parameters())

    def buffers(self):
        """The arrays that are state but are not learned, such as batch norm's running averages."""
        return [getattr(module, name) for module in self.modules() for name in module.buffer_names]

    def zero_grad(self):
        """Set `.grad` of all parameters to None."""
        for p in self.parameters():
            p.grad = None

    def requires_grad_(self, requires_grad=True):
        """Freeze (False) or unfreeze all parameters: what Keras calls `trainable`. Returns self."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def train(self, mode=True):
        """Behave as in training: dropout drops, batch norm uses the batch. Returns self."""
        training = checked_flag("mode", mode)
        for module in self.modules():
            module.training = training
        return self

    def eval(self):
        """Behave as in use: no dropout; batch norm uses its running averages. Returns self."""
        return self.train(False)

    def apply(self, fn):
        """Call fn(module) on every module inside this one, then on itself. Returns self."""
        for module in _inside_first(self, frozenset()):
            fn(module)
        return self

    def float(self):
        """Convert parameters and buffers to float32. Returns self."""
        return self._astype(np.float32)

    def double(self):
        """Convert parameters and buffers to float64. Returns self."""
        return self._astype(np.float64)

    def _astype(self, dtype):
        for module in self.modules():
            for name, value in module._state():
                if value.dtype.kind != "f":
                    continue
                if isinstance(value, Parameter):
                    value.data = value.data.astype(dtype)
                    value.grad = None
                else:
                    setattr(module, name, value.astype(dtype))
        return self

    def _state(self):
        """(name, Parameter or array) for this module's own state, parameters first."""
        state = [(name, p) for name, p in vars(self).items() if isinstance(p, Parameter)]
        return state + [(name, getattr(self, name)) for name in self.buffer_names]

    def _named_state(self):
        """{dotted name: (module, name, Parameter or array)}; ValueError if two have one name."""
        state = {}
        for prefix, module in self.named_modules():
            for name, value in module._state():
                key = _join(prefix, name)
                if key in state:
                    raise ValueError(
                        f"{type(self).__name__} has two parameters or buffers with the key {key!r} "
                        "of the state dict; give one of them, or the module around it, another "
                        "name. A name must not have a dot, and a parameter is no buffer"
                    )
                state[key] = module, name, value
        return state

    def state_dict(self):
        """A copy of parameters and buffers, {dotted name: NumPy array}, keyed as PyTorch's.

        Raises ValueError if two of them have the same key.
        """
        return {
            key: np.array(backend.to_numpy(as_array(value)))
            for key, (_, _, value) in self._named_state().items()
        }

    def load_state_dict(self, state_dict, **other):
        """Overwrite parameters and buffers with those of a `state_dict`.

        other: PyTorch's strict=True, which changes nothing.
        Raises KeyError for missing or unknown names, ValueError for a wrong shape or for two
        parameters with the same key, TypeError for a wrong dtype. In these cases, and if Ctrl-C
        interrupts it, nothing changes.
        """
        check_no_effect(other, strict=(True,))
        make_changes(self._loading(state_dict))

    def _loading(self, state_dict):
        """Return the changes that load a `state_dict`; raise its errors."""
        if not hasattr(state_dict, "keys"):
            raise TypeError(
                "load_state_dict needs a dict, as minigan.load(path) or module.state_dict() gives, "
                f"not {class_name(state_dict)}"
            )
        own = self._named_state()
        missing = own.keys() - state_dict.keys()
        unknown = state_dict.keys() - own.keys()
        if missing or unknown:
            raise KeyError(
                f"missing: {sorted(missing) or 'none'}; unknown: {sorted(unknown) or 'none'}"
            )
        changes = []
        for key, (module, name, value) in own.items():
            new = in_native_byte_order(key, state_dict[key])
            array = as_array(value)
            if new.shape != array.shape:
                raise ValueError(f"{key} has shape {array.shape}, but {new.shape} was given")
            if new.dtype != array.dtype:
                raise TypeError(
                    f"{key} is {array.dtype}, but {new.dtype} was given; convert the array, or "
                    "for float32 and float64 the module first, with .float() or .double()"
                )
            xp = backend.get_array_module(array)
            if isinstance(value, Parameter):
                changes.append(partial(setitem, array, ..., xp.asarray(new)))
            else:
                changes.append(partial(object.__setattr__, module, name, xp.array(new)))
        for p in self.parameters():
            p._mark_changed()
        return changes

    def extra_repr(self):
        """Return the settings, which the repr shows between the brackets."""
        return ""

    @recursive_repr()
    def __repr__(self) -> str:
        name = type(self).__name__
        children = self.named_children()
        if not children:
            return f"{name}({self.extra_repr()})"
        lines = [f"({key}): {child!r}".replace("\n", "\n  ") for key, child in children]
        return f"{name}(\n  " + "\n  ".join(lines) + "\n)"


class Sequential(Module):
    """Modules one after another: Sequential(f, g)(x) = g(f(x)).

    The modules are named "0", "1", ...; a dict gives them its keys for names.

    >>> from minigan import nn
    >>> Sequential(nn.Linear(2, 3), nn.Tanh())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
    )
    """

    def __init__(self, *modules):
        named = {str(i): module for i, module in enumerate(modules)}
        if len(modules) == 1 and isinstance(modules[0], dict):
            named = modules[0]
        for name, module in named.items():
            check_module(f"layer {name}", module)
            setattr(self, name, module)

    def append(self, module):
        """Add a module at the end. Returns self."""
        check_module(f"layer {len(self)}", module)
        setattr(self, str(len(self)), module)
        return self

    def forward(self, x):
        layers = list(self)
        while layers:
            layer = layers.pop(0)
            both = layer.fused_with(layers[0]) if layers else None
            if both is None:
                x = layer(x)
            else:  # one function for this layer and the next, as for Upsample and Conv2d
                layers.pop(0)
                x = both(x)
        return x

    def __iter__(self):
        return (module for _, module in self.named_children())

    def __len__(self):
        return len(self.named_children())

    def __getitem__(self, i) -> Any:
        modules = list(self)[i]
        return Sequential(*modules) if isinstance(i, slice) else modules


class ModuleList(Module):
    """A list of modules that a Module finds. It has no `forward`; its owner calls the modules.

    >>> from minigan import nn, randn
    >>> class Deep(nn.Module):
    ...     def __init__(self):
    ...         self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(4)])
    ...     def forward(self, x):
    ...         for layer in self.layers:
    ...             x = layer(x).relu()
    ...         return x
    >>> Deep()(randn(5, 3)).shape, len(Deep().parameters())
    ((5, 3), 8)
    """

    def __init__(self, modules=()):
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList needs a list of Modules, as in [layer], not {modules!r}")
        self.extend(modules)

    append = Sequential.append

    def extend(self, modules):
        """Add modules at the end. Returns self."""
        for module in modules:
            self.append(module)
        return self

    def __iter__(self):
        return (module for _, module in self.named_children())

    def __len__(self):
        return len(self.named_children())

    def __getitem__(self, i):
        modules = list(self)[i]
        return ModuleList(modules) if isinstance(i, slice) else modules

    def __setitem__(self, i, module):
        check_module(f"layer {i}", module)
        setattr(self, self.named_children()[i][0], module)


@contextmanager
def frozen(module):
    """Freeze a module's parameters inside the block: no gradient is computed for them.

    >>> from minigan import nn, randn
    >>> D, x = nn.Linear(2, 1), randn(5, 2).requires_grad_()
    >>> with frozen(D):
    ...     D(x).sum().backward()
    >>> D.weight.grad is None, x.grad.shape
    (True, (5, 2))
    """
    check_module("what is to be frozen", module)
    learning = [p for p in module.parameters() if p.requires_grad]
    freeze = [partial(setattr, p, "_requires_grad", False) for p in learning]
    thaw = [partial(setattr, p, "_requires_grad", True) for p in learning]
    try:
        try:
            make_changes(freeze)
            yield module
        finally:
            make_changes(thaw)
    finally:
        make_changes(thaw)  # again, if Ctrl-C came just before the first


def check_module(what, module):
    """Raise TypeError unless `module` is a Module. A class of layers or a function is not."""
    if not isinstance(module, Module):
        remedy = ""
        if isinstance(module, type):
            remedy = f"; write {module.__name__}(...), which makes one"
        elif _hides_layers(module) and not any(isinstance(item, Parameter) for item in module):
            remedy = "; write Sequential(*layers)"
        raise TypeError(f"{what} is not a Module but {module!r}{remedy}")


def _inside_first(module, around):
    """Return every module inside `module`, then `module` itself; see `_below`."""
    around = around | {id(module)}
    for _, child in module.named_children():
        if id(child) not in around:
            yield from _inside_first(child, around)
    yield module


def in_native_byte_order(name, array):
    """Return an array of a state dict in the machine's byte order."""
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, and would lose its mask: use .filled(value)")
    array = np.asarray(as_array(array))
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _join(prefix, name):
    return f"{prefix}.{name}" if prefix else name
