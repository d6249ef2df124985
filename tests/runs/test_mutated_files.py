"""Run every reader of files on thousands of files that are damaged or made to mislead.

A reader of a format with checksums must return equal data, or raise minigan's own error with the
file's name. Without a checksum, a changed pixel cannot be noticed; then the data must have the
right dtype and as many dimensions as promised. No reader may take more than 1 GiB of memory.

Each reader runs in a process of its own, so that its memory can be measured. This file is also the
program of that process.
"""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

N = 2000
GIB = 2**30
IDX = "train-images-idx3-ubyte"
FORMATS = ["png", "jpg", "gif", "bmp", "tif", "webp", "ppm"]


# --- the readers: each writes a good file in a folder, and says how to read it -------------------


def checkpoint(folder):
    from minigan import load, save

    path = folder / "a.npz"
    state = {"step": 3, "w": np.arange(12.0).reshape(3, 4), "adam": {"betas": (0.5, 0.9)}}
    save(state | {"m": [np.ones(2, np.float32), np.array(7)], "note": "é", "none": None}, path)
    return path, lambda: load(path)


def safetensors(folder):
    from minigan.runs.safetensors import load_safetensors, save_safetensors

    path = folder / "a.safetensors"
    save_safetensors({"w": np.arange(12.0).reshape(3, 4), "b": np.ones(2, np.float32)}, path)
    return path, lambda: load_safetensors(path)


def idx(folder):
    from minigan.datasets import mnist

    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    sizes = b"".join(size.to_bytes(4, "big") for size in images.shape)
    (folder / IDX).write_bytes(bytes([0, 0, 8, 3]) + sizes + images.tobytes())
    (folder / "train-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]))
    return folder / IDX, lambda: mnist(folder)


def idx_gz(folder):
    path, read = idx(folder)
    path.with_name(f"{IDX}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()
    return path.with_name(f"{IDX}.gz"), read


def cifar(folder):
    from minigan.datasets import cifar10

    path = folder / "test_batch.bin"
    path.write_bytes(bytes([7, *np.random.default_rng(0).bytes(3072)]) * 2)
    return path, lambda: cifar10(folder, train=False)


def cifar_archive(folder):
    path, read = cifar(folder)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.add(path, "cifar-10-batches-bin/test_batch.bin")
    path.unlink()
    path = folder / "cifar-10-binary.tar.gz"
    path.write_bytes(gzip.compress(content.getvalue(), mtime=0))
    return path, read


def quickdraw(folder):
    from minigan.datasets import quickdraw

    np.save(folder / "cat.npy", np.arange(784 * 2, dtype=np.uint8).reshape(2, 784))
    return folder / "cat.npy", lambda: quickdraw("cat", folder)


def npy(folder):
    from minigan.datasets import images

    np.save(folder / "a.npy", np.arange(600, dtype=np.uint8).reshape(2, 10, 10, 3))
    return folder / "a.npy", lambda: images(folder / "a.npy", size=8)


def image(folder, format):
    from PIL import Image

    from minigan.datasets import images

    ramp = np.add.outer(np.arange(16) * 9, np.arange(16) * 3)
    pixels = np.stack([ramp, ramp.T, 255 - ramp], axis=-1).astype(np.uint8)
    path = folder / f"a.{format}"
    Image.fromarray(pixels).save(path)
    return path, lambda: images(folder, size=8)


READERS = {f.__name__: f for f in (checkpoint, safetensors, idx, idx_gz, cifar, cifar_archive)}
READERS |= {"quickdraw": quickdraw, "npy": npy}
READERS |= {name: lambda folder, name=name: image(folder, name) for name in FORMATS}
CHECKSUM = {"checkpoint", "idx_gz", "cifar_archive", "png"}


# --- damage --------------------------------------------------------------------------------------


def damaged(content, rng):
    """A copy of some bytes, changed in one to three places."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        size = len(content)
        at = int(rng.integers(0, min(size, 200) if rng.random() < 0.5 else size)) if size else 0
        run = int(rng.integers(1, 9))
        kind = rng.integers(0, 9)
        if kind == 0 and size:
            content[at] ^= 1 << rng.integers(8)
        elif kind == 1:
            content[at : at + run] = rng.bytes(len(content[at : at + run]))
        elif kind == 2:
            content[at : at + run] = b"\xff" * run
        elif kind == 3:
            content[at : at + run] = bytes(run)
        elif kind == 4:
            content[at:at] = rng.bytes(run)
        elif kind == 5:
            del content[at : at + run]
        elif kind == 6:
            del content[at:]
        elif kind == 7:
            content[at:at] = content[at : at + 100 * run]
        else:  # another digit in what may be a number written as text
            digits = [i for i, byte in enumerate(content[:300]) if 48 <= byte <= 57]
            if digits:
                content[rng.choice(digits)] = rng.integers(48, 58)
    return bytes(content)


def damaged_within(name, content, rng):
    """Data damaged behind a checksum that is correct again. None for the other formats."""
    if name in ("idx_gz", "cifar_archive"):
        return gzip.compress(damaged(gzip.decompress(content), rng), 1)
    if name != "checkpoint":
        return None
    packed = io.BytesIO()
    method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(packed, "w") as target:
        chosen = rng.choice(source.namelist())
        for entry in source.namelist():
            data = source.read(entry)
            data = damaged(data, rng) if entry == chosen else data
            target.writestr(entry, data, compress_type=int(method))
    return packed.getvalue()


def plain(data):
    """Arrays as (dtype, shape, bytes), within dicts, lists and tuples."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(plain(value) for value in data)
    return (data.dtype.str, data.shape, data.tobytes()) if isinstance(data, np.ndarray) else data


def shaped(data):
    """The dtype and the number of dimensions: these must be right even without a checksum."""
    return [(array.dtype.str, array.ndim) for array in data]


def run(name, folder):
    """Read the damaged files. Print the count of each outcome, and the peak memory in bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (4 * GIB, resource.getrlimit(resource.RLIMIT_AS)[1]))
    path, read = READERS[name](folder)
    content, whole = path.read_bytes(), read()
    rng = np.random.default_rng(0)
    outcomes = dict(equal=0, different=0, refused=0)
    for i in range(N):
        inner = damaged_within(name, content, rng) if i % 2 else None
        path.write_bytes(damaged(content, rng) if inner is None else inner)
        try:
            data = read()
        except (ValueError, TypeError) as error:
            described = f"{type(error).__name__}: {error}, because of {error.__cause__!r}"
            if name in ("checkpoint", "safetensors"):
                assert type(error).__name__ == "CheckpointError", described
            elif name != "npy":  # where TypeError is for arrays of another dtype
                assert isinstance(error, ValueError), described
            assert str(path) in str(error), described
            assert len(str(error)) < 1000, described
            assert not isinstance(error.__cause__, MemoryError), described
            outcomes["refused"] += 1
            continue
        if plain(data) == plain(whole):
            outcomes["equal"] += 1
            continue
        outcomes["different"] += 1
        assert name not in CHECKSUM or inner is not None, f"mutation {i} went unnoticed"
        if name not in ("checkpoint", "safetensors"):
            tuples = isinstance(data, tuple)
            assert shaped(data if tuples else [data]) == shaped(whole if tuples else [whole])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(outcomes | {"peak": peak * (1 if sys.platform == "darwin" else 1024)}))


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_every_reader_returns_equal_data_or_raises_its_own_error(name, tmp_path):
    pytest.importorskip("resource")
    if name == "safetensors":
        pytest.importorskip("safetensors")
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, name, tmp_path]
    process = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert process.returncode == 0, process.stderr[-2000:]
    outcomes = json.loads(process.stdout)
    peak = outcomes.pop("peak")
    assert sum(outcomes.values()) == N
    assert outcomes["refused"] > N // 10
    assert peak < GIB


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # Pillow's and NumPy's, about files that are odd but sound
    run(sys.argv[1], Path(sys.argv[2]))
