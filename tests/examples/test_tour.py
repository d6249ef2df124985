"""The notebook of the tour runs, and its outputs are those that it shows.

After a change of the notebook, this runs it and writes the new outputs into it:

    jupyter execute --inplace --NotebookClient.record_timing=False examples/tour.ipynb
"""

import os
import sys

import pages
import pytest
from pages import ROOT

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
TOUR = ROOT / "examples" / "tour.ipynb"


def printed(notebook):
    """What each cell of code prints, and the number of its pictures."""
    return [
        (
            "".join(output.get("text", "") for output in cell.outputs),
            sum("image/png" in output.get("data", {}) for output in cell.outputs),
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture
def tour():
    return nbformat.read(TOUR, as_version=4)


# What Jupyter's own modules warn of is not minigan's fault.
@pytest.mark.filterwarnings("default")
def test_the_notebook_runs_from_top_to_bottom_and_prints_what_it_shows(tour, monkeypatch):
    shown = printed(tour)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # Agg draws nothing into a notebook
    nbclient.NotebookClient(tour, timeout=300, kernel_name="python3").execute()
    assert printed(tour) == shown
    assert sum(pictures for _, pictures in shown) == 1


def test_the_first_cells_are_the_readmes_shortest_gan(tour):
    section = (ROOT / "README.md").read_text().split("## The shortest GAN")[1]
    shortest = next(part.text for part in pages.parts(section) if part.language == "python")
    trains = pages.squeezed(code(tour)[0])
    assert trains == pages.squeezed(shortest)[: len(trains)]


def test_its_links_lead_somewhere(tour):
    text = "\n".join(cell.source for cell in tour.cells if cell.cell_type == "markdown")
    targets = [target for target in pages.links(text) if "://" not in target]
    assert len(targets) > 5
    for target in targets:
        path, _, anchor = target.partition("#")
        file = (TOUR.parent / path).resolve()
        assert file.exists(), target
        assert not anchor or anchor in pages.anchors(file.read_text()), target
