"""minigan.runs.results: a finished run with the same settings is loaded instead of run again."""

import pytest

from minigan.runs import results

SETTINGS = {"data": "ring", "seed": 0, "lr": 0.002, "steps": 60}


def table(results):
    return [result["score"] for result in results]


def test_a_result_is_loaded_as_it_was_saved(tmp_path):
    path = tmp_path / "run.json"
    results.save_result(path, SETTINGS | {"score": 0.1})
    assert results.load_result(path, SETTINGS, table) == SETTINGS | {"score": 0.1}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("value", ["grid", 1, 0.001, None, [0]])
def test_a_result_of_any_other_setting_is_refused(tmp_path, name, value):
    path = tmp_path / "run.json"
    results.save_result(path, SETTINGS | {"score": 0.1})
    expected = rf"run\.json is the result of a run with {name} .*, not .*; choose another"
    with pytest.raises(ValueError, match=expected):
        results.load_result(path, SETTINGS | {name: value}, table)


@pytest.mark.parametrize("missing", [*SETTINGS, "score"])
def test_a_result_that_lacks_a_setting_or_a_score_is_refused(tmp_path, missing):
    path = tmp_path / "run.json"
    saved = SETTINGS | {"score": 0.1}
    del saved[missing]
    results.save_result(path, saved)
    with pytest.raises(ValueError, match=rf"run\.json is not the .*{missing}.*delete it"):
        results.load_result(path, SETTINGS, table)


def test_a_file_that_cannot_be_read_is_not_to_be_deleted(tmp_path):
    with pytest.raises(OSError, match=str(tmp_path.name)) as caught:
        results.load_result(tmp_path, SETTINGS, table)
    assert "delete" not in str(caught.value)
