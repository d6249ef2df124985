"""Write the lab as a static folder, in which minigan runs inside the browser, through Pyodide."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

from minigan.lab import data

PAGE = Path(__file__).parent / "page"
PACKAGE = Path(__file__).parent.parent
VERSION = "0.27.7"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
RUNTIME = (
    "pyodide.js",
    "pyodide.mjs",
    "pyodide.asm.js",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
IMAGES = 2000  # of MNIST, which the exported page takes along if they are on this computer
DATE = (1980, 1, 1, 0, 0, 0)  # in the archive, so that the same sources give the same file


def export(folder, pyodide=None):
    """Write the page, minigan and, from the folder `pyodide` if given, the runtime to `folder`.

    Raises ValueError if the folder `pyodide` lacks a file, and FileExistsError if `folder` has
    files that are not of an earlier export.
    """
    folder = Path(folder)
    wheel = _check_runtime(Path(pyodide)) if pyodide else None
    if folder.exists() and any(folder.iterdir()) and not (folder / "lab-config.js").is_file():
        raise FileExistsError(f"{folder} is not empty. Choose a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(PAGE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    config = {
        "transport": "pyodide",
        "pyodide": "pyodide/" if pyodide else CDN,
        "minigan": "minigan.zip",
    }
    text = f"globalThis.MINIGAN_LAB = {json.dumps(config)};\n"
    (folder / "lab-config.js").write_text(text, encoding="utf-8")
    write_package(folder / "minigan.zip")
    if pyodide:
        (folder / "pyodide").mkdir(exist_ok=True)
        for name in (*RUNTIME, wheel):
            shutil.copyfile(Path(pyodide) / name, folder / "pyodide" / name)


def how_to_open(folder):
    """A sentence for the terminal."""
    return (
        f"To try it: python -m http.server --directory {folder}, then open the address it prints."
    )


def write_package(path):
    """Write minigan, its classifier's weights and some of MNIST's images to a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(PACKAGE.rglob("*")):
            if file.suffix not in (".py", ".npz") or PAGE in file.parents:
                continue
            name = file.relative_to(PACKAGE.parent).as_posix()
            _write(archive, name, file.read_bytes())
        if data.mnist_available():
            _write(archive, "minigan/lab/mnist.npy", _npy(data.read_mnist()[:IMAGES]))


def _write(archive, name, content):
    info = zipfile.ZipInfo(name, DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def _npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _check_runtime(folder):
    """The name of NumPy's wheel in a folder that has a whole runtime."""
    missing = [name for name in RUNTIME if not (folder / name).is_file()]
    if missing:
        raise ValueError(
            f"{folder} has no {missing[0]}. It must hold the files of the npm package "
            f"pyodide@{VERSION} and NumPy's wheel."
        )
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    wheel = lock["packages"]["numpy"]["file_name"]
    if not (folder / wheel).is_file():
        raise ValueError(f"{folder} has no {wheel}. It is the wheel that Pyodide {VERSION} names.")
    return wheel
