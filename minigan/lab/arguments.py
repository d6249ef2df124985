"""What each call of the experiment takes: the one table, by which every argument is checked."""

from reprlib import repr  # the same, but not longer than a line

from minigan.lab.picture import LAYERS
from minigan.lab.problems import RequestError

MAX_STEPS = 100_000  # of one call


def number(low, high):
    """A check: a number from low to high."""

    def check(name, value):
        a_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not a_number or not low <= value <= high:
            raise RequestError(f"{name} must be a number from {low} to {high}, not {repr(value)}.")
        return value

    return check


def whole(low, high):
    """A check: a whole number from low to high."""

    def check(name, value):
        if number(low, high)(name, value) != int(value):
            raise RequestError(f"{name} must be a whole number, not {repr(value)}.")
        return int(value)

    return check


def one_of(*names):
    """A check: one of these names."""

    def check(name, value):
        if value not in names:
            choices = ", ".join(names)
            raise RequestError(f"{name} must be one of {choices}, not {repr(value)}.")
        return value

    return check


def a(kind, words):
    """A check: a value of this type."""

    def check(name, value):
        if not isinstance(value, kind):
            raise RequestError(f"{name} must be {words}, not {repr(value)}.")
        return value

    return check


def layers(name, value):
    """A check: a list of layers of the picture."""
    if not isinstance(value, list) or not all(layer in LAYERS for layer in value):
        raise RequestError(f"{name} must be a list of {', '.join(LAYERS)}, not {repr(value)}.")
    return value


PLAYER = one_of("next", "D", "G")
MILLISECONDS = number(0, 10_000)
POSITION = whole(0, 100 * MAX_STEPS)

CALLS = {
    "hello": {},
    "reset": {"settings": a(dict, "an object")},
    "describe": {},
    "frame": {"layers": layers},
    "play": {"milliseconds": MILLISECONDS, "steps": whole(0, MAX_STEPS), "layers": layers},
    "step": {"player": PLAYER, "count": whole(1, MAX_STEPS), "layers": layers},
    "back": {"count": whole(1, 100 * MAX_STEPS), "layers": layers},
    "go": {"position": POSITION, "milliseconds": MILLISECONDS, "layers": layers},
    "replay": {
        "moves": a(str, "a text"),
        "position": POSITION,
        "milliseconds": MILLISECONDS,
        "layers": layers,
    },
    "curves": {"points": whole(10, 10_000)},
    "record": {"player": PLAYER},
    "value": {
        "recording": whole(0, 10**9),
        "value": whole(0, 10**9),
        "bins": whole(1, 1000),
        "limit": whole(0, 100_000),
    },
    "source": {"file": a(str, "a text")},
    "lessons": {},
}


def check(method, args):
    """The arguments of a call as they are used. Raises RequestError, which names the wrong one."""
    if not isinstance(method, str) or method not in CALLS:
        raise RequestError("The request names no call of the lab.")
    if not isinstance(args, dict):
        raise RequestError(f"The arguments of {method} must be an object, not {repr(args)}.")
    for name in args:
        if name not in CALLS[method]:
            takes = ", ".join(CALLS[method]) or "none"
            raise RequestError(f"{method} takes no {repr(name)}. Its arguments: {takes}.")
    return {name: CALLS[method][name](name, value) for name, value in args.items()}
