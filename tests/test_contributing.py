"""CONTRIBUTING.md lists the planted mistakes. (tests/test_pages.py runs its code.)"""

from pathlib import Path

from ops.mistakes import MISTAKES

PAGE = Path(__file__).parent.parent / "CONTRIBUTING.md"


def test_every_planted_mistake_is_on_the_page():
    page = PAGE.read_text()
    rows = [f"| {mistake.name} | `{place(mistake)}` |" for mistake in MISTAKES]
    assert not [row for row in rows if row not in page]


def place(mistake):
    """What the mistake replaces, as the page writes it: the class or the module, then the name."""
    return f"{mistake.owner.__name__.split('.')[-1]}.{mistake.attribute}"
