"""Read the project's pages: their commands, links, code and length.

A page is any Markdown file of the project. tests/test_pages.py and tests/test_commands.py say what
a page has to be like.
"""

import re
import string
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "minigan/**/*.md")
    for path in ROOT.glob(pattern)
)

# The first words of a line that is a command, without a path in front of them.
PROGRAMS = {"apt", "bash", "cd", "curl", "diff", "git", "jupyter", "mpiexec", "mypy", "npm", "pip"}
PROGRAMS |= {"pytest", "python", "python3", "ruff", "run"}
SETTING = re.compile(r"^\w+=\S* ")  # of an environment variable, before a command


@dataclass
class Part:
    """Some lines of a page. kind: "text", "table" or "code"; language: of a fenced block.

    before: the line above, which may be a marker such as <!-- not run: REASON -->.
    """

    kind: str
    language: str
    text: str
    before: str = ""


def name(page):
    return page.relative_to(ROOT).as_posix()


def parts(text):
    """The Parts of a page, in order."""
    found, fence, last = [], None, ""
    for line in text.splitlines():
        opening = re.match(r"\s*(```+)(\w*)", line)
        if fence:
            if line.strip() == fence:
                fence = None
            else:
                found[-1].text += line + "\n"
        elif opening:
            fence = opening[1]
            found.append(Part("code", opening[2], "", before=last))
        else:
            indented = line.startswith("    ") and (not last or last.startswith("    "))
            kind = "code" if indented else "table" if line.startswith("|") else "text"
            if not found or (found[-1].kind, found[-1].language) != (kind, ""):
                found.append(Part(kind, "", "", before=last))
            found[-1].text += line + "\n"
        last = line
    return found


def commands(text):
    """The commands of a page in order, each on one line and without its comment."""
    found = []
    for part in parts(text):
        if part.kind == "code":
            lines = part.text.replace("\\\n", " ").splitlines()
            shell = part.language in ("sh", "bash", "console")
        else:
            lines, shell = re.findall(r"`([^`]+)`", part.text), False
        for line in lines:
            line = " ".join(re.sub(r"(^|\s)#.*", "", line).split())
            if line and (shell or is_command(line)):
                found.append(line)
    return found


def is_command(line):
    """Whether a line starts with a program and tells it to do something."""
    while SETTING.match(line):
        line = SETTING.sub("", line)
    program, _, rest = line.partition(" ")
    return Path(program).name in PROGRAMS and (bool(rest) or program == ".ci/run")


def links(text):
    """The targets of the links and of the pictures of a page."""
    prose = "".join(part.text for part in parts(text) if part.kind != "code")
    prose = re.sub(r"`[^`]*`", "", prose)
    found = re.findall(r"\]\(\s*([^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+\"[^\"]*\")?\s*\)", prose)
    found += re.findall(r"^\[[^\]]+\]:\s*(\S+)", prose, re.MULTILINE)
    found += re.findall(r"\b(?:src|href)=\"([^\"]*)\"", prose)
    return [unquote(target) for target in found]


def pictures(text):
    """[(alternative text, target)] of the pictures of a page."""
    return [
        (alternative, unquote(target))
        for part in parts(text)
        if part.kind != "code"
        for alternative, target in re.findall(r"!\[([^\]]*)\]\(\s*([^\s()]+)", part.text)
    ]


def anchors(text):
    """The anchors that GitHub gives to the headings of a page, and those written by hand."""
    prose = "".join(part.text for part in parts(text) if part.kind == "text")
    found = set(re.findall(r"\b(?:id|name)=\"([^\"]*)\"", prose))
    for heading in re.findall(r"^#{1,6} +(.*?)[ #]*$", prose, re.MULTILINE):
        heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        n = 0
        while (numbered := f"{slug}-{n}" if n else slug) in found:
            n += 1
        found.add(numbered)
    return found


def minutes(text):
    """How many minutes a page takes to read, at 200 words a minute.

    A word in a table or in code counts half, because readers go through them faster. A sign without
    a letter or digit, such as `=` or `|`, is not a word.
    """
    words = {"text": 0, "table": 0, "code": 0}
    for part in parts(text):
        text = re.sub(r"\]\([^)]*\)|<!--.*?-->", "", part.text, flags=re.DOTALL)
        words[part.kind] += sum(any(map(str.isalnum, word)) for word in text.split())
    return (words["text"] + (words["table"] + words["code"]) / 2) / 200


def placeholders(command):
    """The words of a command that the reader has to replace, such as FOLDER."""
    return [word for word in re.findall(r"\b[A-Z_]{3,}\b", command) if set(word) - {"_"}]


def squeezed(code):
    """Lines of code without comments, indentation and blank lines. A quotation must have these."""
    lines = (re.sub(r"\s+#.*|^#.*", "", line).strip(string.whitespace) for line in code.split("\n"))
    return [line for line in lines if line]
