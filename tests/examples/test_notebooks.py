"""The short notebooks run, show what is stored in them, and lead somewhere.

After a change of a notebook, this runs it and writes the new outputs into it:

    jupyter execute --inplace --NotebookClient.record_timing=False examples/NAME.ipynb
"""

import pages
import pytest

pytest.importorskip("nbformat")
import notebooks
from pages import ROOT

NAMES = sorted(path.stem for path in (ROOT / "examples").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("name", NAMES)


# tests/examples/test_tour.py runs the tour in a kernel of its own.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "tour"])
def test_it_prints_and_draws_what_it_shows(name, monkeypatch):
    notebook = notebooks.read(name)
    found, _ = notebooks.run(notebook, monkeypatch)
    assert found == notebooks.shown(notebook)
    assert sum(pictures for _, pictures in found) >= 1


@every_notebook
def test_its_links_lead_somewhere(name):
    targets = pages.links(notebooks.text(notebooks.read(name)))
    targets = [target for target in targets if "://" not in target]
    assert len(targets) >= 3
    for target in targets:
        path, _, anchor = target.partition("#")
        file = (ROOT / "examples" / path).resolve()
        assert file.exists(), target
        assert not anchor or anchor in pages.anchors(file.read_text()), target


@every_notebook
def test_it_takes_ten_minutes_at_most(name):
    notebook = notebooks.read(name)
    fenced = "".join(f"```\n{cell}\n```\n" for cell in notebooks.code(notebook))
    assert pages.minutes(notebooks.text(notebook) + "\n" + fenced) <= 10
