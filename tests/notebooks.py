"""Run the cells of a notebook in this process, without a kernel, and read what it shows."""

import contextlib
import functools
import io
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

ROOT = Path(__file__).parent.parent


def read(name):
    """The notebook of that name in examples/."""
    return nbformat.read(ROOT / "examples" / f"{name}.ipynb", as_version=4)


def code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def text(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def shown(notebook):
    """What each cell of code prints, and the number of its pictures, as stored in the file."""
    return [
        (
            "".join(output.get("text", "") for output in cell.outputs),
            sum("image/png" in output.get("data", {}) for output in cell.outputs),
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@functools.cache
def run(name):
    """Run the cells once. Returns what each prints and the number of its pictures, and its names.

    `plt.show()` counts the open figures and closes them.
    """
    pictures = []

    def show():
        pictures.extend(plt.get_fignums())
        plt.close("all")

    namespace, found = {"__name__": "notebook"}, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "show", show)
        for i, cell in enumerate(code(read(name))):
            printed = io.StringIO()
            pictures.clear()
            with contextlib.redirect_stdout(printed):
                exec(compile(cell, f"cell {i + 1}", "exec"), namespace)
            assert not plt.get_fignums(), f"cell {i + 1} draws a figure: end it with plt.show()"
            found.append((printed.getvalue(), len(pictures)))
    return found, namespace
