"""The line numbers of README.md's short path.

    python tests/short_path.py    # writes the numbers anew

A row of the table has the minutes, the file, the lines, and the names of the first and the last
definition to read: `Exp`, or `Exp` to `Sigmoid`. A method is written as `Tensor.backward`, and the
docstring of the file as `the docstring`.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \| \[`(\S+?)`\]\(\S+?\) \| (\d+) to (\d+) \| (.*) \|$", re.MULTILINE)
NAMES = re.compile(r"`([\w.]+)`(?: to `([\w.]+)`)?")


def definition(tree, name):
    """The node of a definition in a file, such as Tensor.backward."""
    node = tree
    for part in name.split("."):
        node = next(n for n in node.body if getattr(n, "name", None) == part)
    return node


def lines_of(file, text):
    """The first and the last line of what a row says to read."""
    tree = ast.parse((ROOT / file).read_text())
    if text.startswith("the docstring"):
        return tree.body[0].lineno, tree.body[0].end_lineno
    first, last = NAMES.match(text).groups()
    node = definition(tree, first)
    start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return start, definition(tree, last or first).end_lineno


def with_lines(page):
    """The page with the line numbers of today's files."""

    def row(found):
        minutes, file, _, _, text = found.groups()
        first, last = lines_of(file, text)
        link = found[0].split(" | ")[1]
        return f"| {minutes} | {link} | {first} to {last} | {text} |"

    return ROW.sub(row, page)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(with_lines(readme.read_text()))
