"""The exported folder is complete, and minigan inside Pyodide gives the same results."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from lab.lab import Lab, array

from minigan.lab import __main__ as command
from minigan.lab import export as module

RUNTIME = os.environ.get("MINIGAN_PYODIDE")
SCRIPT = """
import { loadPyodide } from "RUNTIME/pyodide.mjs";
import fs from "fs";
const python = await loadPyodide({ indexURL: "RUNTIME/" });
await python.loadPackage("numpy", { messageCallback: () => {} });
python.unpackArchive(new Uint8Array(fs.readFileSync("ARCHIVE")), "zip");
python.runPython("import sys; sys.path.insert(0, '.')");
const lab = python.runPython("from minigan.lab.experiment import Experiment; Experiment()");
const answers = JSON.parse(fs.readFileSync("REQUESTS")).map((r) => {
  const started = performance.now();
  const answer = JSON.parse(lab.call(JSON.stringify(r)));
  return { ...answer, milliseconds: performance.now() - started };
});
fs.writeFileSync("ANSWERS", JSON.stringify(answers));
"""


@pytest.fixture
def runtime(tmp_path):
    """A folder with the names of a runtime's files."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    for name in module.RUNTIME:
        (folder / name).write_text("{}")
    sha256 = hashlib.sha256(b"wheel").hexdigest()
    lock = {"packages": {"numpy": {"file_name": "numpy-2.whl", "sha256": sha256}}}
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    (folder / "numpy-2.whl").write_text("wheel")
    return folder


def test_an_export_holds_the_page_minigan_and_the_runtime(tmp_path, runtime, capsys):
    out = tmp_path / "out"
    assert command.main(["--export", str(out), "--pyodide", str(runtime)]) == 0
    assert "http.server" in capsys.readouterr().out
    page = {f.relative_to(module.PAGE) for f in module.PAGE.rglob("*") if f.is_file()}
    assert all((out / f).is_file() for f in page)
    config = (out / "lab-config.js").read_text()
    assert '"transport": "pyodide"' in config
    known = read_config(out)["files"]
    assert set(known) == {*module.RUNTIME, "numpy-2.whl", "minigan.zip"}
    for entry in known.values():
        content = (out / entry["url"]).read_bytes()
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert (entry["bytes"], entry["integrity"]) == (len(content), f"sha256-{digest}")
    assert (out / "pyodide" / "numpy-2.whl").is_file()
    with zipfile.ZipFile(out / "minigan.zip") as archive:
        names = set(archive.namelist())
    assert {
        "minigan/__init__.py",
        "minigan/lab/experiment.py",
        "minigan/metrics/digits.npz",
    } <= names
    assert not any("page" in name or name.endswith(".pyc") for name in names)


def read_config(folder):
    """What lab-config.js tells the page."""
    text = (folder / "lab-config.js").read_text()
    return json.loads(text[text.index("{") : text.rindex(";")])


def test_without_a_runtime_the_page_loads_pyodide_from_its_cdn(tmp_path):
    module.export(tmp_path / "out")
    files = read_config(tmp_path / "out")["files"]
    for name in module.PINNED:
        assert files[name]["url"].startswith("https://cdn.jsdelivr.net/")
        assert files[name]["url"].endswith(f"/{name}") and module.VERSION in files[name]["url"]
    assert files["minigan.zip"]["url"] == "minigan.zip"
    assert not (tmp_path / "out" / "pyodide").exists()
    module.export(tmp_path / "out")  # over an earlier one


def test_the_pinned_files_are_those_of_the_runtime(tmp_path):
    if not RUNTIME:
        pytest.skip("MINIGAN_PYODIDE names no folder with Pyodide")
    module.export(tmp_path / "own", RUNTIME)
    module.export(tmp_path / "cdn")
    own, cdn = (read_config(tmp_path / name)["files"] for name in ("own", "cdn"))
    assert [(n, e["bytes"], e["integrity"]) for n, e in own.items()] == [
        (n, e["bytes"], e["integrity"]) for n, e in cdn.items()
    ]


def test_the_same_sources_give_the_same_archive(tmp_path):
    for name in "a.zip", "b.zip":
        module.write_package(tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_what_cannot_be_exported_is_told(tmp_path, runtime, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "work.txt").write_text("keep me")
    assert command.main(["--export", str(tmp_path / "mine")]) == 1
    assert "is not empty" in capsys.readouterr().err
    (runtime / "numpy-2.whl").write_text("whee")
    flags = ["--export", str(tmp_path / "out"), "--pyodide", str(runtime)]
    assert command.main(flags) == 1
    assert "numpy-2.whl is damaged" in capsys.readouterr().err
    (runtime / "numpy-2.whl").unlink()
    assert command.main(flags) == 1
    assert "has no numpy-2.whl" in capsys.readouterr().err
    (runtime / "pyodide.js").unlink()
    assert command.main(flags) == 1
    assert "has no pyodide.js" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def in_pyodide(tmp_path, requests):
    """The answers of an experiment inside Pyodide, run by Node."""
    if not RUNTIME:
        pytest.skip("MINIGAN_PYODIDE names no folder with Pyodide")
    if not shutil.which("node"):
        pytest.skip("there is no Node to run Pyodide without a browser")
    module.write_package(tmp_path / "minigan.zip")
    (tmp_path / "requests.json").write_text(json.dumps(requests))
    script = SCRIPT
    for name, path in [
        ("RUNTIME", Path(RUNTIME).resolve()),
        ("ARCHIVE", tmp_path / "minigan.zip"),
        ("REQUESTS", tmp_path / "requests.json"),
        ("ANSWERS", tmp_path / "answers.json"),
    ]:
        script = script.replace(name, Path(path).as_posix())
    (tmp_path / "run.mjs").write_text(script)
    ran = subprocess.run(
        ["node", tmp_path / "run.mjs"], capture_output=True, text=True, timeout=600
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads((tmp_path / "answers.json").read_text())


def request(method, **args):
    return {"method": method, "args": args}


@pytest.mark.slow
def test_the_first_ten_steps_are_the_same_in_pyodide(tmp_path):
    requests = []
    for model in "gan", "wgan", "wgan_gp":
        requests.append(request("reset", settings={"model": model, "seed": 3}))
        requests += [request("step") for _ in range(10)]
    answers = in_pyodide(tmp_path, requests)
    native = Lab()
    for asked, answer in zip(requests, answers, strict=True):
        ours = native.answer(asked["method"], **asked["args"])["ok"]
        theirs = answer["ok"]
        if asked["method"] == "step":
            for name, value in ours["report"].items():
                assert theirs["report"][name] == pytest.approx(value, abs=1e-4)
            for layer in "fakes", "outputs":
                np.testing.assert_allclose(array(theirs[layer]), array(ours[layer]), atol=1e-4)


@pytest.mark.slow
def test_a_run_in_pyodide_goes_back_to_the_same_bits_and_records_the_same_step(tmp_path):
    answers = in_pyodide(
        tmp_path,
        [
            request("go", position=150),
            request("go", position=300),
            request("back", count=150),
            request("go", position=300),
            request("record"),
            request("step"),
        ],
    )
    middle, end, back, again, recording, step = (answer["ok"] for answer in answers)
    assert back["digest"] == middle["digest"] != end["digest"] == again["digest"]
    assert recording["digest_after"] == step["digest"]
