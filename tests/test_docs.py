"""The README and the docs say what is so: commands, breakpoints, tables."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BREAKPOINTS = {
    "minigan/trainers/gan.py": "p_real = self.discriminator(real)",
    "minigan/autograd.py": "gxs = op.backward(*known)",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_breakpoints_are_where_the_page_says(page):
    for path, line in re.findall(r"\bb (minigan/[\w/]+\.py):(\d+)", page.read_text()):
        code = (ROOT / path).read_text().splitlines()[int(line) - 1]
        assert code.strip() == BREAKPOINTS[path], f"{page.name} stops at {path}:{line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_debugger_frames_show_the_line_they_name(page):
    frames = r"^>? *((?:minigan|examples)/[\w/]+\.py)\((\d+)\)\w+\(\)\n-> (.*)$"
    for path, line, code in re.findall(frames, page.read_text(), re.MULTILINE):
        found = (ROOT / path).read_text().splitlines()[int(line) - 1]
        assert found.strip() == code, f"{page.name} shows {path}({line})"


def test_no_figure_is_left_open():
    assert "TIME_" not in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_linked_files_exist(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_lists_every_example():
    readme = (ROOT / "README.md").read_text()
    examples = {path.name for path in (ROOT / "examples").glob("*.py")}
    shared = "__init__", "console", "flags", "folder", "harness", "runs", "theory_tools"
    examples -= {f"{name}.py" for name in shared}
    missing = {name for name in examples if f"`{name}`" not in readme}
    assert not missing


def test_the_readme_gan_learns_the_distribution_it_shows(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    mean, std = map(float, capsys.readouterr().out.split())
    assert mean == pytest.approx(3.0, abs=0.25)
    assert std == pytest.approx(0.5, abs=0.25)
