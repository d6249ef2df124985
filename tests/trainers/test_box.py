"""A trainer's file quotes its paper's algorithm, and comments say which line carries out which."""

import io
import tokenize
from pathlib import Path

import pytest

from minigan.lab.algorithm import BOX_LINE, NAMED_LINE

TRAINERS = Path(__file__).parents[2] / "minigan" / "trainers"
every_trainer = pytest.mark.parametrize("name", ["gan", "wgan", "wgan_gp"])


def box(source):
    """{number: text} of the algorithm in the docstring."""
    found = [BOX_LINE.fullmatch(line) for line in source.splitlines()]
    return {int(line[1]): line[3] for line in found if line}


def named(source):
    """(number, first words, line of code) for each comment that names a line of the algorithm."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            code = token.line[: token.start[1]].strip()
            for number, words in NAMED_LINE.findall(token.string):
                yield int(number), words.strip(), code


@every_trainer
def test_every_line_of_the_box_has_a_line_of_code(name):
    source = (TRAINERS / f"{name}.py").read_text()
    lines = box(source)
    assert list(lines) == list(range(1, len(lines) + 1)) and len(lines) >= 6
    assert {number for number, _, _ in named(source)} == set(lines)


@every_trainer
def test_a_comment_quotes_the_line_that_it_names(name):
    source = (TRAINERS / f"{name}.py").read_text()
    lines = box(source)
    for number, words, _ in named(source):
        for part in words.replace("[...]", "...").split("..."):
            assert part.strip() in lines[number], (number, words)


@every_trainer
def test_the_update_is_the_last_named_line_of_a_step(name):
    source = (TRAINERS / f"{name}.py").read_text()
    lines = box(source)
    updates = {n for n, text in lines.items() if text.startswith("Update")}
    stepped = {n for n, words, code in named(source) if code.endswith("optimizer.step()")}
    assert stepped == updates
