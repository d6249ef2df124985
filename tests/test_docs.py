"""The README and the docs are correct: commands, debugger sessions, tables."""

import itertools
import re
from pathlib import Path

import pages
import pytest
import stepping

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COURSE = [*sorted((ROOT / "docs" / "theory").glob("*.md")), ROOT / "docs" / "evaluation.md"]
SESSIONS = [session for page in stepping.PAGES for session in stepping.sessions(page.read_text())]


def test_no_page_needs_a_line_number():
    for page in PAGES:
        assert not re.findall(r"\b\w+\.py(?::|\()\d+", page.read_text()), page.name


def test_the_contents_of_the_course_list_its_steps_in_order():
    targets = dict.fromkeys(pages.links((ROOT / "docs" / "theory.md").read_text()))
    steps = [target for target in targets if re.match(r"theory/\d\d_[^#]*$|evaluation", target)]
    names = [page.relative_to(ROOT / "docs").as_posix() for page in COURSE]
    names.insert(11, names.pop())  # evaluation.md is step 12
    assert steps == names


def test_each_step_of_the_course_links_the_next_one():
    steps = [*COURSE[:11], COURSE[-1], COURSE[-2]]
    for step, after in itertools.pairwise(steps):
        text = step.read_text()
        linked = {(step.parent / target).resolve() for target in pages.links(text)}
        assert after.resolve() in linked, step.name


@pytest.mark.parametrize("page", COURSE, ids=pages.name)
def test_a_step_of_the_course_has_all_its_parts(page):
    text = page.read_text()
    assert any("examples/" in command for command in pages.commands(text)), "no program"
    prefix = rf"{int(page.stem[:2])}\." if page.stem[0].isdigit() else ""
    figures = re.findall(rf"^\*Figure {prefix}(\d+)\. ", text, re.MULTILINE)
    assert figures, "no picture with a numbered caption"
    assert figures == [str(i + 1) for i in range(len(figures))]
    assert re.search(r"[Pp]roof|Its range is", text), "no proof"
    folded = r"## Questions\n(.*?)<details>\n<summary>Answers</summary>\n(.*?)</details>\n"
    parts = re.search(folded, text, re.DOTALL)
    assert parts, "no questions with folded answers"
    asked, answered = (re.findall(r"^(\d)\. ", part, re.MULTILINE) for part in parts.groups())
    assert asked == answered and 2 <= len(asked) <= 4
    assert "\n## Summary\n" in text


@pytest.mark.parametrize(("line", "blocks"), SESSIONS, ids=["dice", "gan", "wgan_gp"])
def test_debugger_sessions_print_what_the_page_shows(line, blocks):
    written = [pair for block in blocks for pair in stepping.exchanges(block)]
    printed = stepping.answers(line, [command for command, _ in written if command])
    for (command, text), answer in zip(written, printed, strict=True):
        assert stepping.agrees(text, answer), (
            f"{command!r} printed\n{answer}\n\nbut the page has\n{text}\n"
            "python tests/stepping.py writes the pages anew"
        )


@pytest.mark.parametrize(
    ("written", "printed", "agree"),
    [
        ("mean 0.488\n", "mean 0.489", True),
        ("mean 0.488\n", "mean 0.588", False),
        ("(64, 784)\n", "(64, 100)", False),
        ("gx array\n", "gx Tensor", False),
        ("a\nb\n", "a\nb\nc", False),
        ("a\n", "", False),
        ("", "a", False),
        ("...\nc\n", "a\nb\nc", True),
        ("...\nb\n", "a\nb\nc", False),
        ("a\n...\nc\n", "a\nb\nb\nc", True),
        ("a\n...\n", "a\nb", True),
    ],
)
def test_a_page_agrees_with_a_session_up_to_rounding_and_lines_left_out(written, printed, agree):
    assert stepping.agrees(written, printed) == agree


def test_no_figure_is_left_open():
    assert "TIME_" not in (ROOT / "README.md").read_text()


def test_the_readme_lists_every_example():
    readme = (ROOT / "README.md").read_text()
    examples = {path.name for path in (ROOT / "examples").glob("*.py")}
    examples -= {"__init__.py", "paths.py", "theory_tools.py"}  # which the examples share
    studies = {f"examples/studies/{p.name}" for p in (ROOT / "examples/studies").glob("*.py")}
    studies -= {"examples/studies/examples_path.py"}
    missing = {name for name in examples | studies if f"`{name}`" not in readme}
    assert not missing


def test_the_readme_gan_learns_the_distribution_it_shows(capsys):
    readme = (ROOT / "README.md").read_text()
    (code,) = re.findall(r"<!-- ci: shortest -->\n```python\n(.*?)```", readme, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    printed = map(float, capsys.readouterr().out.split())
    spreads = re.search(
        r"the mean is (\S+) to (\S+), and .* is (\S+) to (\S+)\. So", readme
    ).groups()
    low_mean, high_mean, low_std, high_std = map(float, spreads)
    # Another processor rounds differently, which is like another seed.
    for number, low, high in zip(printed, (low_mean, low_std), (high_mean, high_std), strict=True):
        assert 2 * low - high <= number <= 2 * high - low
