"""Check every page: its links, its code, its pictures, and that it takes ten minutes at most.

For writers of pages. Every block of ```python runs, in the order of the page and in one namespace.
A block of ```text below it shows what it prints, or the error that it ends with. `...` stands for
anything. Two markers, on the line above a block, are for code that does not run:

    <!-- from minigan/ops/norm.py -->    quotes lines of that file; comments may be left out
    <!-- not run: REASON -->
"""

import contextlib
import io
import re

import pages
import pytest
from pages import PAGES, ROOT
from PIL import Image

every_page = pytest.mark.parametrize("page", PAGES, ids=pages.name)

SAMPLE = """# A page, and `code`

[ok](#a-page-and-code) [no](#a-page) [gone](gone.md) [far](https://a.b/c) `[not](a-link)`
![a digit](digit.png) [![in a link](inner.png)](docs/lab.md)

## ε = 0.8 [see](x.md)
## ε = 0.8 [see](x.md)

Type `python examples/NAME.py --help`, and not `python` alone or `x.sum(axis=1)`:

    python a.py        # 7 minutes
    y = x + 1

<!-- from a.py -->
```sh
.venv/bin/pip install -e ".[dev]"  # once
A=1 pytest \\
    tests
```

| a | b |
|---|---|
| `git log` | one two |
"""


def test_commands_are_found_in_blocks_and_between_backticks():
    assert pages.commands(SAMPLE) == [
        "python examples/NAME.py --help",
        "python a.py",
        '.venv/bin/pip install -e ".[dev]"',
        "A=1 pytest tests",
        "git log",
    ]
    assert pages.placeholders("python examples/NAME.py --data FOLDER_OR_NPY") == [
        "NAME",
        "FOLDER_OR_NPY",
    ]


def test_links_pictures_and_anchors_are_found():
    targets = ["#a-page-and-code", "#a-page", "gone.md", "https://a.b/c", "digit.png", "inner.png"]
    assert pages.links(SAMPLE) == [*targets, "docs/lab.md", "x.md", "x.md"]
    assert pages.pictures(SAMPLE) == [("a digit", "digit.png"), ("in a link", "inner.png")]
    assert pages.anchors(SAMPLE) == {"a-page-and-code", "ε--08-see", "ε--08-see-1"}


def test_a_link_that_leads_nowhere_is_explained(tmp_path):
    readme = ROOT / "README.md"
    assert missing(readme, "https://nowhere.example/page") is None
    assert missing(readme, "docs/theory.md#an-ε-of-08") is None
    assert missing(readme, "examples") is None
    assert "there is no file docs/gone.md" in missing(readme, "docs/gone.md")
    assert "there is no file" in missing(readme, "../" * 20 + "etc/passwd")
    assert "has no anchors" in missing(readme, "minigan/op.py#L10")
    assert "no heading has the anchor #gone" in missing(readme, "#gone")


def test_minutes_count_sentences_whole_and_tables_and_code_half():
    assert pages.minutes("one two, 3 = — four [five](six.md)\n" * 400) == 10
    assert pages.minutes("| one | two |\n" * 400) == 2
    assert pages.minutes("```\none + two\n```\n" * 400) == 2


def test_a_quotation_may_leave_out_comments():
    assert pages.squeezed("# a\n\n    x = 1  # (N,)\n") == ["x = 1"]


def missing(page, target):
    """Why a link of a page leads nowhere, or None."""
    path, _, anchor = target.partition("#")
    if re.match(r"[a-z]+:", target):
        return None  # another site: its pages are not ours to test
    file = (page.parent / path if path else page).resolve()
    if not file.is_relative_to(ROOT.resolve()) or not file.exists():
        return f"there is no file {path}"
    if anchor and file.suffix != ".md":
        return f"{path} has no anchors: link to the file, and name the function"
    if anchor and anchor not in (known := pages.anchors(file.read_text())):
        return f"no heading has the anchor #{anchor}; the page's are {', '.join(sorted(known))}"
    return None


@every_page
def test_links_lead_somewhere(page):
    wrong = {target: missing(page, target) for target in pages.links(page.read_text())}
    assert not {target: why for target, why in wrong.items() if why}


@every_page
def test_paths_in_the_text_exist(page):
    """`examples/mnist_gan.py` and the like, in text and tables."""
    text = "".join(part.text for part in pages.parts(page.read_text()) if part.kind != "code")
    folders = "benchmarks|docs|examples|minigan|tests"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", text)
    named = [path for path in named if not pages.placeholders(path)]
    assert not [path for path in named if not (ROOT / path).exists()]


@every_page
def test_pictures_can_be_drawn_and_are_described(page):
    for alternative, target in pages.pictures(page.read_text()):
        if "://" not in target:
            with Image.open(page.parent / target) as picture:
                picture.verify()
        assert alternative, f"{target} has no description: write ![what it shows]({target})"


def test_every_picture_is_on_a_page():
    shown = {
        (page.parent / t).resolve() for page in PAGES for _, t in pages.pictures(page.read_text())
    }
    files = {path.resolve() for path in (ROOT / "docs" / "images").iterdir()}
    assert not {path.name for path in files - shown}


@every_page
def test_a_page_takes_ten_minutes_at_most(page):
    minutes = pages.minutes(page.read_text())
    assert minutes <= 10, (
        f"{pages.name(page)} takes {minutes:.1f} minutes (pages.minutes says how it is counted): "
        "make it shorter, or two pages of it"
    )


def outcome(code, where, namespace):
    """What a block of code prints, or the error that it ends with."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, where, "exec"), namespace)
    except Exception as error:
        return f"{printed.getvalue()}{type(error).__name__}: {error}\n"
    return printed.getvalue()


def as_pattern(shown):
    """A regular expression for a block of text. `...` in the block matches anything."""
    return re.escape(shown).replace(re.escape("..."), ".*")


def is_python(part):
    return part.kind == "code" and part.language == "python"


@every_page
def test_code_runs_and_prints_what_the_page_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    blocks = [
        part for part in pages.parts(page.read_text()) if part.kind != "text" or part.text.strip()
    ]
    for part, after in zip(blocks, [*blocks[1:], None], strict=True):
        if is_python(part) and not part.before.startswith(("<!-- from ", "<!-- not run: ")):
            found = outcome(part.text, pages.name(page), namespace)
            if after and after.language == "text":
                assert re.fullmatch(as_pattern(after.text), found, re.DOTALL), (
                    f"{part.text}\nprinted\n{found}\nbut the page shows\n{after.text}"
                )
            else:
                assert not re.search(r"^\w+(Error|Exception): ", found, re.MULTILINE), (
                    f"{part.text}\nended with\n{found}"
                )


@every_page
def test_quoted_lines_are_in_the_file(page):
    for part in pages.parts(page.read_text()):
        if source := re.match(r"<!-- from (\S+) -->", part.before):
            lines = pages.squeezed((ROOT / source[1]).read_text())
            for block in re.split(r"^\s*\.\.\.\s*$", part.text, flags=re.MULTILINE):
                quoted = pages.squeezed(block)
                starts = range(len(lines) - len(quoted) + 1)
                assert any(lines[i : i + len(quoted)] == quoted for i in starts), (
                    f"{source[1]} does not have these lines:\n{block}"
                )
