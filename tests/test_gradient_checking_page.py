"""docs/gradient_checking.md lists the planted mistakes. (tests/test_pages.py runs its code.)"""

from pathlib import Path

from mistakes import MISTAKES

PAGE = Path(__file__).parent.parent / "docs" / "gradient_checking.md"


def test_every_planted_mistake_is_on_the_page():
    page = PAGE.read_text()
    assert not [mistake.name for mistake in MISTAKES if f"| {mistake.name} |" not in page]
