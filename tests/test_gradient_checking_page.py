"""docs/gradient_checking.md: its code runs, and prints or raises what the page shows."""

import contextlib
import io
import re
from pathlib import Path

from mistakes import MISTAKES

PAGE = Path(__file__).parent.parent / "docs" / "gradient_checking.md"
BLOCK = re.compile(r"```python\n(.*?)```\n(?:```text\n(.*?)```)?", re.DOTALL)


def outcome(code, namespace):
    """What a block of code prints, or the error that it ends with."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(PAGE), "exec"), namespace)
    except Exception as error:
        return f"{type(error).__name__}: {error}\n"
    return printed.getvalue()


def test_the_code_does_what_the_page_says():
    namespace = {"__name__": "page"}
    blocks = BLOCK.findall(PAGE.read_text())
    assert len(blocks) >= 6
    for code, shown in blocks:
        found = outcome(code, namespace)
        assert re.fullmatch(re.escape(shown).replace(re.escape("..."), ".*"), found), found


def test_every_planted_mistake_is_on_the_page():
    page = PAGE.read_text()
    assert not [mistake.name for mistake in MISTAKES if f"| {mistake.name} |" not in page]
