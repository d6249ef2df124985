"""The notebook of the tour runs in a kernel, and its outputs are those that it shows.

After a change of the notebook, this runs it and writes the new outputs into it:

    jupyter execute --inplace --NotebookClient.record_timing=False examples/tour.ipynb
"""

import os
import sys

import pages
import pytest
from pages import ROOT

pytest.importorskip("nbformat")
import notebooks

nbclient = pytest.importorskip("nbclient")


@pytest.fixture
def tour():
    return notebooks.read("tour")


# What Jupyter's own modules warn of is not minigan's fault.
@pytest.mark.filterwarnings("default")
def test_the_notebook_runs_from_top_to_bottom_and_prints_what_it_shows(tour, monkeypatch):
    shown = notebooks.shown(tour)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # Agg draws nothing into a notebook
    nbclient.NotebookClient(tour, timeout=300, kernel_name="python3").execute()
    assert notebooks.shown(tour) == shown
    assert sum(pictures for _, pictures in shown) == 1


def test_the_first_cells_are_the_readmes_shortest_gan(tour):
    section = (ROOT / "README.md").read_text().split("## The shortest GAN")[1]
    shortest = next(part.text for part in pages.parts(section) if part.language == "python")
    trains = pages.squeezed(notebooks.code(tour)[0])
    assert trains == pages.squeezed(shortest)[: len(trains)]
