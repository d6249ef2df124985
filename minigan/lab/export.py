"""Write the lab as a static folder, in which minigan runs inside the browser, through Pyodide."""

import base64
import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

from minigan.lab import data, lessons

PAGE = Path(__file__).parent / "page"
PACKAGE = Path(__file__).parent.parent
VERSION = "0.27.7"
NPM = f"https://cdn.jsdelivr.net/npm/pyodide@{VERSION}/"  # the files of the npm package
RELEASE = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"  # also has NumPy's wheel
PINNED = {  # of each file that the page loads: its folder, its size in bytes and its SHA-256
    "pyodide.js": (
        NPM,
        14_913,
        "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    ),
    "pyodide.asm.js": (
        NPM,
        1_255_688,
        "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    ),
    "pyodide.asm.wasm": (
        NPM,
        10_105_545,
        "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    ),
    "python_stdlib.zip": (
        NPM,
        2_360_737,
        "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    ),
    "pyodide-lock.json": (
        NPM,
        112_205,
        "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    ),
    "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl": (
        RELEASE,
        3_061_133,
        "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08",
    ),
}
RUNTIME = tuple(name for name in PINNED if not name.endswith(".whl"))
IMAGES = 2000  # of MNIST, which the exported page takes along if they are on this computer
DATE = (1980, 1, 1, 0, 0, 0)  # in the archive, so that the same sources give the same file


def export(folder, pyodide=None):
    """Write the page, minigan and, from the folder `pyodide` if given, the runtime to `folder`.

    Raises ValueError if the folder `pyodide` lacks a file or has a damaged wheel, and
    FileExistsError if `folder` has files that are not of an earlier export.
    """
    folder = Path(folder)
    wheel = _check_runtime(Path(pyodide)) if pyodide else None
    if folder.exists() and any(folder.iterdir()) and not (folder / "lab-config.js").is_file():
        raise FileExistsError(f"{folder} is not empty. Choose a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(PAGE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    write_package(folder / "minigan.zip")
    if pyodide:
        (folder / "pyodide").mkdir(exist_ok=True)
        for name in (*RUNTIME, wheel):
            shutil.copyfile(Path(pyodide) / name, folder / "pyodide" / name)
        files = {name: _file(folder, f"pyodide/{name}") for name in (*RUNTIME, wheel)}
    else:
        files = {name: _entry(f"{at}{name}", *known) for name, (at, *known) in PINNED.items()}
    files["minigan.zip"] = _file(folder, "minigan.zip")
    # With its own copy of the lessons, the page can show them before Python runs.
    config = {"transport": "pyodide", "files": files, "lessons": lessons.LESSONS}
    text = f"globalThis.MINIGAN_LAB = {json.dumps(config)};\n"
    (folder / "lab-config.js").write_text(text, encoding="utf-8")


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


def _file(folder, path):
    """What the page must know of a file of the export."""
    content = (folder / path).read_bytes()
    return _entry(path, len(content), hashlib.sha256(content).hexdigest())


def _entry(url, size, sha256):
    # A browser compares a file with its SHA-256 if it gets the hash in this form.
    integrity = f"sha256-{base64.b64encode(bytes.fromhex(sha256)).decode()}"
    return {"url": url, "bytes": size, "integrity": integrity}


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
    numpy = lock["packages"]["numpy"]
    wheel = numpy["file_name"]
    if not (folder / wheel).is_file():
        raise ValueError(f"{folder} has no {wheel}. It is the wheel that Pyodide {VERSION} names.")
    if hashlib.sha256((folder / wheel).read_bytes()).hexdigest() != numpy["sha256"]:
        raise ValueError(f"{folder / wheel} is damaged: its SHA-256 is not {numpy['sha256']}.")
    return wheel
