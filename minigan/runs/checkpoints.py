"""Save and load a training run: a nested dict of arrays, numbers and text, in one `.npz` file.

The file is a zip archive. Each array is an `.npy` entry, named by its path in the dict. The entry
`minigan.json` holds everything else:

    generator/0.weight.npy       the array at obj["generator"]["0.weight"]
    generator/0.bias.npy
    minigan.json                 {"format": "minigan checkpoint", "version": 1, "tree": {
                                    "step": 400,
                                    "generator": {"0.weight": {"/array": "<f4 (256, 64)"}, …}}}

`np.load` and `unzip` open it too. Nothing is ever unpickled. So a file from a stranger may hold
wrong numbers, but it cannot run code.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import io
import json
import os
import zipfile
from typing import Any

import numpy as np

from minigan.backend import to_numpy
from minigan.guards.accepted import check_no_effect
from minigan.runs.files import atomic_write, npy_header

__all__ = ["CheckpointError", "load", "save"]

FORMAT, VERSION, TREE = "minigan checkpoint", 1, "minigan.json"
MAX_UNPACKED = 2**28  # bytes that a smaller, compressed file may unpack to
MAX_TREE = 2**23  # bytes of minigan.json; as Python objects they take up to 30 times as much


class CheckpointError(ValueError):
    """The file is not a checkpoint, or is damaged. The message says what was expected."""


def save(obj, path):
    """Write `obj` to `path`, completely or not at all.

    Args:
        obj: a dict with str keys. Its values are dicts again, lists, tuples, arrays of NumPy or
            CuPy, Tensors (their `.data` is saved), int of any size, float, bool, str or None.
        path: the file. An older file is replaced only when the new one is complete. Any extension
            is possible; other programs recognise `.npz`.

    Raises TypeError for anything else in `obj`, and ValueError for a key that cannot be part of an
    entry's name. Both say where in `obj` it is. Raises ValueError if `obj` without its arrays takes
    more than 8 MiB as JSON. Raises OSError, naming `path`, if the file cannot be written.
    The same `obj` always gives the same bytes.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
    >>> save({"step": 7, "generator": {"0.weight": np.eye(2, dtype=np.float32)}}, path)
    >>> load(path)
    {'step': 7, 'generator': {'0.weight': array([[1., 0.], [0., 1.]], dtype=float32)}}
    """
    if not isinstance(obj, dict):
        remedy = ""
        if hasattr(obj, "state_dict"):
            remedy = "; write save(network.state_dict(), path)"
        elif isinstance(path, dict):
            remedy = "; the path is the second argument"
        raise TypeError(f"save(obj, path) takes a dict to save, not {type(obj).__name__}{remedy}")
    arrays = {}
    tree = _pack(obj, "", arrays)
    text = json.dumps({"format": FORMAT, "version": VERSION, "tree": tree}, indent=1)
    if len(text) > MAX_TREE:
        raise ValueError(
            f"obj takes {len(text):,} bytes as JSON without its arrays, and a checkpoint holds at "
            f"most {MAX_TREE:,}; make arrays of its long lists"
        )
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        # A ZipInfo made here carries no time of day, so equal runs give equal files.
        archive.writestr(zipfile.ZipInfo(TREE), text)
        for name, array in arrays.items():
            # The size is not known beforehand, and past 2 GiB only the 64-bit format will do.
            with archive.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def check_savable(obj):
    """Raise the errors of `save` for what a checkpoint cannot hold, without writing a file.

    >>> check_savable({"step": 7})
    """
    _pack(obj, "", {})


def load(path, **other) -> dict[str, Any]:
    """Read the nested dict that `save` wrote to `path`, bit for bit. `save` has an example.

    Tensors, CuPy arrays and NumPy scalars come back as NumPy arrays.
    other: PyTorch's weights_only=True and map_location="cpu", which change nothing.

    Raises FileNotFoundError if there is no such file. Raises CheckpointError if it is not a
    checkpoint, is cut short or altered (each entry has a CRC-32), lacks an array, or has a newer
    format. The message names the file, what was expected and what was found.

    Limits: all entries together may unpack to 256 MiB, or to the size of the file if that is more.
    `minigan.json` may have 8 MiB. A larger entry raises an error before it is unpacked.
    """
    check_no_effect(other, weights_only=(True,), map_location=("cpu",))
    with open(path, "rb") as file:
        start = file.read(4)
        if start != b"PK\3\4":
            raise CheckpointError(
                f"{path} is not a checkpoint: expected a zip archive, which begins with "
                f"b'PK\\x03\\x04', found {start!r}"
            )
        try:
            archive = zipfile.ZipFile(file)
        except Exception as error:  # zipfile has many ways to fail on bytes that it did not write
            raise CheckpointError(
                f"{path} is cut short or damaged: expected a zip directory at its end, found "
                f"none that can be read ({_said(error)}); copy it again or go back to an earlier "
                "one"
            ) from error
        with archive:
            limit = max(MAX_UNPACKED, os.fstat(file.fileno()).st_size)
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > limit:
                raise CheckpointError(
                    f"{path}: expected entries of at most {limit:,} bytes together, found "
                    f"{unpacked:,}; it was not written by minigan"
                )
            tree = _read_tree(archive, path)
            try:
                return _unpack(tree, "", archive, path)
            except RecursionError as error:
                raise CheckpointError(
                    f"{path}: expected a tree that save wrote, found dicts or lists nested too "
                    "deeply"
                ) from error


def _pack(value, name, arrays):
    """Return `value` as JSON can hold it. Each array goes to `arrays`, and a note takes its place.

    A note is a dict with one key that begins with "/". The user's keys cannot contain "/".
    """
    if isinstance(value, dict):
        return {
            _checked(key, name): _pack(item, _join(name, key), arrays)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = [_pack(item, _join(name, i), arrays) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"/tuple": items}
    if value is None or type(value) in (bool, int, float, str):
        return value
    array = host_array(value, name)
    arrays[name] = array
    return {"/array": _describe(array)}


def _unpack(node, name, archive, path):
    """The inverse of `_pack`."""
    if isinstance(node, list):
        return [_unpack(item, _join(name, i), archive, path) for i, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    if node.keys() == {"/array"}:
        return _read_array(archive, name, node["/array"], path)
    if node.keys() == {"/tuple"} and isinstance(node["/tuple"], list):
        return tuple(_unpack(node["/tuple"], name, archive, path))
    try:
        keys = [_checked(key, name) for key in node]
    except ValueError as error:
        raise CheckpointError(f"{path}: expected a tree that save wrote, found: {error}") from error
    return {key: _unpack(node[key], _join(name, key), archive, path) for key in keys}


def _join(name, key):
    return f"{name}/{key}" if name else str(key)


def _checked(key, name):
    """Return `key`; TypeError or ValueError unless it can be part of a file name everywhere."""
    where = f"obj[{name!r}]" if name else "obj"
    if not isinstance(key, str):
        raise TypeError(f"{where} has the key {key!r}; a checkpoint's keys must be str")
    if not key.isprintable() or set(key) & set("/\\") or key == "":
        raise ValueError(
            f"{where} has the key {key!r}; a checkpoint's keys may not be empty, nor have a "
            "slash, a backslash or an unprintable character in them, because they name the "
            "entries of a zip archive"
        )
    return key


def host_array(value, name):
    """Return the NumPy array of a Tensor, a CuPy array or a NumPy scalar."""
    if not isinstance(value, (np.ndarray, np.generic)):
        data = getattr(value, "data", None)
        if hasattr(data, "dtype"):  # a Tensor's; the .data of a CuPy array is a bare pointer
            value = data
    if not (hasattr(value, "dtype") and hasattr(value, "shape")):
        raise TypeError(
            f"obj[{name!r}] is of type {type(value).__name__}; a checkpoint holds dicts, lists, "
            "tuples, arrays, Tensors, int, float, bool, str and None"
        )
    array = to_numpy(value)
    if array.dtype.kind not in "biufcSUMm":
        raise TypeError(
            f"obj[{name!r}] is an array of dtype {array.dtype}, which cannot be written without "
            "pickling it; convert it to one of numbers"
        )
    return array


def _describe(array):
    return f"{array.dtype.str} {array.shape}"


def _read_tree(archive, path):
    """Read the tree that `_pack` made; CheckpointError unless the file is a checkpoint."""
    if TREE not in archive.namelist():
        found = ", ".join(archive.namelist()[:3]) or "none at all"
        raise CheckpointError(
            f"{path} is a zip archive but not a minigan checkpoint: expected an entry {TREE}, "
            f"found {found:.80}"
        )
    text = _read(archive, TREE, path, MAX_TREE)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: expected JSON in {TREE}, found: {error}") from error
    found = content.get("format") if isinstance(content, dict) else content
    if found != FORMAT:
        raise CheckpointError(f"{path}: expected the format {FORMAT!r}, found {found!r:.80}")
    if content.get("version") != VERSION:
        raise CheckpointError(
            f"{path}: expected format version {VERSION}, found {content.get('version')!r:.80}; "
            "if a newer minigan wrote it, upgrade this one: pip install --upgrade minigan"
        )
    if not isinstance(content.get("tree"), dict):
        raise CheckpointError(f"{path}: expected a dict as the tree in {TREE}, found none")
    return content["tree"]


def _read_array(archive, name, expected, path):
    # Read the entry completely first, because the CRC-32 is checked at its end.
    data = _read(archive, name + ".npy", path)
    try:
        dtype, shape, order, offset = npy_header(io.BytesIO(data), len(data))
        array = np.ndarray(shape, dtype, data, offset, order=order).copy(order="K")
    except ValueError as error:
        raise CheckpointError(f"{path}: expected an array in {name}.npy, found {error}") from error
    if _describe(array) != expected:
        raise CheckpointError(
            f"{path}: expected {expected!s:.80} in {name}.npy, found {_describe(array)}"
        )
    return array


def _read(archive, name, path, limit=None):
    """Read the bytes of one entry of the archive, and check them against their CRC-32."""
    try:
        entry = archive.getinfo(name)
    except KeyError as error:
        raise CheckpointError(
            f"{path}: expected an entry {name}, found none of that name; the file was altered"
        ) from error
    if limit is not None and entry.file_size > limit:
        raise CheckpointError(
            f"{path}: expected at most {limit:,} bytes in {name}, found {entry.file_size:,}"
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise CheckpointError(
            f"{path}: expected an entry {name} that is stored or deflated, found the compression "
            f"type {entry.compress_type}; pack it again without compression"
        )
    try:
        with archive.open(entry) as file:
            data = file.read(entry.file_size)  # with a size, or more might be unpacked at once
        if len(data) != entry.file_size:
            raise EOFError(f"{len(data):,} bytes instead of {entry.file_size:,}")
    except Exception as error:  # as above
        raise CheckpointError(
            f"{path}: expected an intact entry {name}, found a damaged one ({_said(error)}); copy "
            "the file again or go back to an earlier one"
        ) from error
    return data


def _said(error):
    """Return the start of an error's message, or the error's name if it has none."""
    return f"{str(error) or type(error).__name__:.200}"
