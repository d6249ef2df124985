"""no_grad and detect_anomaly: switches that hold inside a `with` block, for one thread."""

import threading
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction, unwrap
from typing import Any


class Switches(threading.local):
    """How many blocks of each kind the running thread is in. Each thread counts its own."""

    no_grad = 0
    anomaly = 0


switches = Switches()


class Block:
    """A switch that is on inside a `with` block or a decorated function. Blocks may nest."""

    switch = ""

    def __enter__(self) -> None:
        vars(switches)[self.switch] = getattr(switches, self.switch) + 1

    def __exit__(self, *exc_info: object) -> None:
        vars(switches)[self.switch] -= 1

    def __call__(self, function: Any) -> Any:
        if isinstance(function, type) or any(is_late(unwrap(function)) for is_late in LATE):
            name = getattr(function, "__name__", function)
            raise TypeError(
                f"the body of {name} would run after the block has ended: write `with` inside it, "
                "and no yield or await inside the `with`"
            )

        @wraps(function)
        def inside(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return inside


LATE = (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)


class no_grad(Block):
    """Compute without recording a graph. Results have no gradient and keep no inputs. Blocks nest.

    Only the running thread is affected. As a decorator it raises TypeError for a generator.

    >>> from minigan import Tensor
    >>> x = Tensor(1.0, requires_grad=True)
    >>> with no_grad():
    ...     (x * 2).requires_grad
    False
    """

    switch = "no_grad"


class detect_anomaly(Block):
    """Raise at the first result or gradient that is not finite, and show the line that called it.

    Raises FloatingPointError. It is slow, because it checks every result.

    >>> from minigan import Tensor
    >>> with detect_anomaly():
    ...     Tensor([1.0, 0.0]).log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FloatingPointError: Log made 0 nan and 1 infinite of 2 elements, from inputs that are all ...
    """

    switch = "anomaly"
