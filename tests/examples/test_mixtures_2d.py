"""mixtures_2d.py and its folder: one run at a time, leftovers, wrong results, a full disk."""

import pytest
from example_runs import files, fill_disk, leftovers

from minigan.runs.files import locked_folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_two_runs_of_the_mixtures(example, out):
    out.mkdir()
    with locked_folder(out):
        with pytest.raises(OSError, match="another run is writing in"):
            example("mixtures_2d").main(["--out", str(out)])


def test_leftovers_of_the_mixtures(run_example, out, data):
    leftovers(out, out / "ring-gan-0")
    flags = "--models", "gan", "--seeds", 1, "--steps", 2
    run_example("mixtures_2d", *flags, out=out, data="ring")
    assert not [name for name in files(out) if ".minigan-" in name]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "nul",
        "[" * 10**5,
        '{"data": "ring"}',
        '{"data": "ring", "model": "gan", "seed": 0}',
        '{"data": "ring", "model": "gan", "seed": 0, "modes": 8}',
    ],
)
def test_wrong_content_in_a_result_of_the_mixtures(run_example, out, content):
    out.mkdir()
    (out / "ring-gan-0.json").write_text(content)
    with pytest.raises(SystemExit, match=r"ring-gan-0\.json is not the result of a run .* delete"):
        run_example("mixtures_2d", "--models", "gan", "--seeds", 1, out=out, data="ring")


def test_the_mixtures_on_a_disk_without_room_for_pictures(run_example, out, monkeypatch, capsys):
    fill_disk(monkeypatch, 0, "for ever", (".png", ".gif"))
    flags = "--models", "gan", "--seeds", 1, "--steps", 2
    run_example("mixtures_2d", *flags, out=out, data="ring")
    assert list(files(out)) == ["ring-gan-0.json"]
    assert capsys.readouterr().out.count("no picture: ") == 3
