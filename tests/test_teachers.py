"""docs/teachers.md agrees with the lab's lessons, the pictures, and an export of the lab."""

import re

from pages import ROOT

from minigan.lab.export import export
from minigan.lab.lessons import LESSONS

PAGE = (ROOT / "docs" / "teachers.md").read_text()


def test_the_table_has_every_lesson_with_its_address():
    rows = re.findall(r"^\| \d \| (.+?) \| `([\w-]+)` \|", PAGE, re.MULTILINE)
    assert rows == [(lesson["title"], lesson["id"]) for lesson in LESSONS]


def test_the_plan_takes_ninety_minutes_and_has_every_lesson():
    section = PAGE.split("## A plan for 90 minutes")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (.*)\|$", section, re.MULTILINE)
    assert sum(int(minutes) for minutes, _ in rows) == 90
    plan = " ".join(text for _, text in rows)
    named = {
        int(number)
        for found in re.findall(r"[Ll]essons? ([\d and]+)", plan)
        for number in re.findall(r"\d", found)
    }
    assert named == set(range(1, len(LESSONS) + 1))


def test_each_picture_of_real_data_has_its_credit():
    section = PAGE.split("## Pictures that you may use")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+\.png)`", section))
    assert named == {path.name for path in (ROOT / "docs/images").glob("real_*")} | {
        "trained_neighbours.png"
    }


def test_an_export_is_as_large_as_the_page_says(tmp_path):
    export(tmp_path / "lab")
    (size,) = map(float, re.findall(r"static folder of about (\S+) MB", PAGE))
    files = [path for path in (tmp_path / "lab").rglob("*") if path.is_file()]
    assert abs(sum(path.stat().st_size for path in files) / 1e6 - size) < 0.3
