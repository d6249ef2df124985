"""Checks of what a Run gets: its settings, the objects to save, the packages that it needs."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import numpy as np

from minigan.guards.data import class_name

# What a checkpoint holds beside the objects.
RESERVED = {"average", "steps", "trainer", "example", "flags", "fixed_noise", "rng"}


def checked_settings(settings):
    """Return the settings with Python's numbers; raise unless they say how long the run is.

    A checkpoint holds numbers, text, and tuples or lists of them. A NumPy number would come back
    from it as an array.
    """
    settings = {
        name: value if name in ("out", "data") else plain_setting(name, value)
        for name, value in settings.items()
    }
    if "out" not in settings or "batch_size" not in settings:
        raise TypeError("a Run needs out=, the folder of its files, and batch_size=")
    if ("n_epochs" in settings) == ("n_steps" in settings):
        raise TypeError("a Run needs n_epochs= or n_steps=, one of them: it is complete then")
    if settings["decay_epoch"] and "n_steps" in settings:
        raise TypeError(
            "decay_epoch= needs n_epochs=: the learning rates are 0 after the last epoch"
        )
    for name in "batch_size", "n_epochs", "n_steps", "sample_interval":
        value = settings.get(name, 1)
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} must be an integer of at least 1, not {value!r}")
    for name in "decay_epoch", "seed":
        if type(settings[name]) is not int or settings[name] < 0:
            raise ValueError(f"{name} must be an integer of at least 0, not {settings[name]!r}")
    return settings


def plain_setting(name, value):
    """Return a setting as a checkpoint holds it; TypeError for an object."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (tuple, list)):
        return type(value)(plain_setting(name, item) for item in value)
    if not isinstance(value, (int, float, str, bool, type(None))):
        raise TypeError(
            f"{name}= is of type {class_name(value)}, and a setting is a number or text; to save "
            f"an object, write objects={{{name!r}: ...}}"
        )
    return value


def checked_objects(trainer, objects):
    """Return {name: object} for what a checkpoint saves: of the trainer, and of `objects`."""
    found = {}
    if trainer is not None:
        found = {k: v for k, v in vars(trainer).items() if hasattr(v, "state_dict")}
    found |= objects or {}
    if not found:
        raise TypeError("a Run needs a trainer, or objects={name: network or optimizer} to save")
    for name, part in found.items():
        if name in RESERVED:
            raise ValueError(f"objects: the name {name!r} is taken; choose another")
        if not (hasattr(part, "state_dict") and hasattr(part, "load_state_dict")):
            raise TypeError(
                f"objects[{name!r}] is of type {class_name(part)}, which has no state_dict and "
                "load_state_dict; networks and optimizers have them"
            )
    return found


def holds_a_run(folder, prefix="--", resume_flag="--resume"):
    """The sentence for a folder that cannot take a new run."""
    return (
        f"{folder} holds a run already: go on with it by {resume_flag}, choose another "
        f"{prefix}out, or delete that folder"
    )


def check_packages():
    """Raise ImportError with the remedy if a package that draws or shows progress is missing."""
    try:
        import matplotlib.figure  # noqa: F401
        import PIL.Image  # noqa: F401
        import tqdm  # noqa: F401
    except ImportError as error:
        remedy = "install what a run needs: pip install -e '.[examples]'"
        raise ImportError(f"{error}; {remedy}", name=error.name) from error
