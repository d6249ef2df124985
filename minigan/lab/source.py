"""The source of minigan's own files, with the kind of each token, for the page to colour."""

import io
import keyword
import tokenize
from functools import cache
from pathlib import Path

from minigan.lab.problems import RequestError

PACKAGE = Path(__file__).parent.parent  # the folder minigan/
_KINDS = {
    tokenize.STRING: "string",
    tokenize.COMMENT: "comment",
    tokenize.NUMBER: "number",
    tokenize.OP: "operator",
}


def short(path):
    """The name of a file of minigan as the page knows it: minigan/trainers/gan.py"""
    return Path(path).relative_to(PACKAGE.parent).as_posix()


def describe(file):
    """The lines of one of minigan's files, and for each line its coloured pieces."""
    lines, tokens = read(file)
    return {"file": file, "lines": lines, "tokens": tokens}


def lines_of(file):
    return read(file)[0]


@cache
def read(file):
    """(lines, tokens). Raises RequestError for anything but a Python file of minigan."""
    text = _path(file).read_text(encoding="utf-8")
    lines = text.splitlines()
    tokens = [[] for _ in lines]
    previous = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = _KINDS.get(token.type)
        if token.type == tokenize.NAME:
            if keyword.iskeyword(token.string):
                kind = "keyword"
            else:
                kind = "definition" if previous in ("def", "class") else "name"
        if token.string.strip():
            previous = token.string
        if kind is None:
            continue
        (first, start), (last, end) = token.start, token.end
        for number in range(first, last + 1):  # a docstring has several lines
            line = lines[number - 1]
            a = start if number == first else 0
            b = end if number == last else len(line)
            if a < b:
                tokens[number - 1].append([_utf16(line, a), _utf16(line, b), kind])
    return lines, tokens


def _path(file):
    """The path of a file that a request names, if it is one of minigan's."""
    known = {short(path): path for path in PACKAGE.rglob("*.py")}
    if not isinstance(file, str) or file not in known:
        raise RequestError(f"{file!r} is not one of minigan's Python files.")
    return known[file]


def _utf16(line, column):
    """A column as JavaScript counts it."""
    return len(line[:column].encode("utf-16-le")) // 2
