"""README.md's short path: its minutes, and its line numbers, which are those of the files."""

from short_path import ROOT, ROW, lines_of, with_lines

README = (ROOT / "README.md").read_text()


def test_the_line_numbers_are_those_of_the_files():
    assert with_lines(README) == README, "python tests/short_path.py writes the numbers anew"


def test_the_path_takes_little_more_than_an_hour_and_ends_at_the_main_example():
    rows = [row.groups() for row in ROW.finditer(README)]
    assert 55 <= sum(int(row[0]) for row in rows) <= 75
    assert rows[0][1].startswith("minigan/ops/")
    assert rows[-1][1] == "examples/mnist_gan.py"
    read = sum(last - first + 1 for first, last in (lines_of(row[1], row[4]) for row in rows))
    assert read <= 600  # ten lines a minute
