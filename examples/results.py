"""Save the result of a finished run as .json. A program that is started again then loads it."""

import json
from pathlib import Path

from minigan.files import atomic_write


def save_result(path, result):
    """Write a dict of settings and scores."""
    with atomic_write(path) as temporary:
        Path(temporary).write_text(json.dumps(result, indent=1))


def load_result(path, settings, table):
    """Read the result of a run with these settings.

    table: the function that shows a list of results; it raises an error if this one lacks a number.
    Raises OSError if the file cannot be read. Raises ValueError, naming the file, if it is no
    result or the run had another setting.
    """
    text = path.read_bytes()
    try:
        result = json.loads(text)
        table([result])
        other = {name: result[name] for name in settings if result[name] != settings[name]}
    except Exception as error:  # wrong content can raise anything
        raise ValueError(
            f"{path} is not the result of a run ({type(error).__name__}: {error}); delete it, and "
            "the run starts again"
        ) from error
    for name, value in other.items():
        raise ValueError(
            f"{path} is the result of a run with {name} {value}, not {settings[name]}; choose "
            "another --out, or delete the file, and the run starts again"
        )
    return result
