"""The works of the benchmark compute what they should, and its tables show the measurements."""

import doctest
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigan import Tensor
from minigan.ops import matmul
from minigan.ops.matmul import MatMul

WORKS = {
    "minigan": ["mlp_gan", "wgan_gp", "dcgan", "adam", "tiny", "chain", "gradcheck", "update"],
    "minigan_upsample": ["dcgan"],
    "numpy": ["mlp_gan", "wgan_gp"],
    "numpy_ordered": ["mlp_gan", "wgan_gp"],
}
SMALL = {
    "mlp_gan": dict(batch=4, width=0.1, depth=1),
    "wgan_gp": dict(batch=4),
    "dcgan": dict(batch=2),
    "chain": dict(operations=20),
    "update": dict(parameters=5),
}


@pytest.fixture
def tables(benchmark):
    return benchmark("tables")


@pytest.fixture
def results(tables):
    """Three rounds; the machine was three times as slow in the second."""
    return {
        "mlp_gan": {
            "minigan": tables.Measured([0.010, 0.030, 0.012], 64.0, 34.0, "0.1", rounds=4),
            "torch": tables.Measured([0.020, 0.060, 0.010], 300.4, 200.4, "2.9", rounds=4),
        }
    }


@pytest.mark.parametrize(
    ("library", "work"), [(library, work) for library, works in WORKS.items() for work in works]
)
def test_every_work_makes_a_step(benchmark, library, work):
    result = getattr(benchmark(f"works_{library}"), work)(**SMALL.get(work, {}))()
    if library.startswith("minigan") and work in ("mlp_gan", "wgan_gp", "dcgan"):
        assert all(math.isfinite(value) for value in result.values())
        assert "g_loss" in result
    elif library == "minigan" and work in ("tiny", "chain"):
        assert math.isfinite(result)
    elif work == "gradcheck":
        assert {line.order for line in result.lines} == {1, 2}


@pytest.mark.parametrize("work", ["mlp_gan", "tiny", "chain"])
@pytest.mark.parametrize("library", ["torch", "jax", "autograd", "mygrad"])
def test_another_library_makes_a_step_too(benchmark, library, work):
    pytest.importorskip(library)
    losses = getattr(benchmark(f"works_{library}"), work)(**SMALL.get(work, {}))()
    assert np.isfinite(losses).all()


def test_the_networks_are_those_of_the_examples(benchmark):
    works = benchmark("works_minigan")
    mnist_gan, mnist_wgan = benchmark("mnist_gan"), benchmark("mnist_wgan")
    assert repr(works.generator()) == repr(mnist_gan.build_generator(100))
    assert repr(works.discriminator()) == repr(mnist_gan.build_discriminator())
    assert repr(works.discriminator()[:-1]) == repr(mnist_wgan.build_critic())


def test_width_and_depth_add_what_they_say(benchmark):
    works, sizes = benchmark("works_minigan"), benchmark("sizes")
    for build, expected in (
        (works.generator, [100, 64, 128, 256, 512, 256, 256, 784]),
        (works.discriminator, [784, 256, 256, 256, 128, 1]),
    ):
        shapes = [p.shape for p in build(0.5, 2).parameters() if p.ndim == 2]
        assert [shapes[0][1], *(n_out for n_out, _ in shapes)] == expected
    assert (sizes.g_sizes(), sizes.d_sizes()) == (sizes.G_SIZES, sizes.D_SIZES)


def test_adams_work_moves_the_parameters_of_both_networks(benchmark):
    step = benchmark("works_minigan").adam()
    parameters = step.__self__.params
    before = [p.data.copy() for p in parameters]
    step()
    assert sum(p.size for p in parameters) == 2_043_537
    assert all((p.data != old).any() for p, old in zip(parameters, before, strict=True))


@pytest.mark.parametrize("work", ["mlp_gan", "wgan_gp"])
def test_the_floor_has_as_many_products_as_the_step(benchmark, monkeypatch, work):
    numpy_works, counted = benchmark("works_numpy"), []

    class Counting(np.ndarray):
        def __matmul__(self, other):
            counted.append(len(self) * other.size)
            return np.asarray(self) @ np.asarray(other)

    def matrix(*shape):
        return numpy_works.matrix(*shape).view(Counting)

    getattr(numpy_works, work)(batch=4, matrix=matrix)()
    step = getattr(benchmark("works_minigan"), work)(batch=4)
    assert sum(counted) == multiplications(step, monkeypatch)


def multiplications(step, monkeypatch):
    """The number of multiplications in the matrix products of minigan's step."""
    counted = []

    def watch(owner, name):
        product = getattr(owner, name)

        def counting(*args):
            *_, a, b = args
            if not isinstance(a, Tensor):  # a product of Tensors is an operation itself
                counted.append(a.size * b.shape[-1])
            return product(*args)

        monkeypatch.setattr(owner, name, counting)

    watch(MatMul, "forward")
    watch(matmul, "row_major")  # which computes the gradients of weights
    step()
    return sum(counted)


def test_a_worker_tells_its_version_and_answers_each_turn():
    answer = run_worker("minigan", "tiny", "{}", turns="3\n1\n")
    about, *turns = answer.splitlines()
    about = json.loads(about)
    assert re.fullmatch(r"[\d.]+ on NumPy \(.*kernel .+\)", about["version"])
    assert about["loaded"] > 1024
    assert len(turns) == 2
    for turn in turns:
        seconds, kilobytes = turn.split()
        assert float(seconds) > 0
        assert int(kilobytes) > 1024


@pytest.mark.parametrize(
    ("library", "work", "why"),
    [
        ("nothing", "tiny", "No module named 'works_nothing'"),
        ("numpy", "tiny", "works_numpy.py has no tiny"),
    ],
)
def test_a_worker_tells_what_is_missing(library, work, why):
    assert run_worker(library, work, "{}", turns="") == f'{{"missing": "{why}"}}\n'


def run_worker(*arguments, turns):
    script = Path(__file__).parents[2] / "benchmarks" / "worker.py"
    command = [sys.executable, script, *arguments]
    return subprocess.run(
        command, input=turns, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


@pytest.mark.parametrize("name", ["sizes", "tables"])
def test_the_examples_in_docstrings_are_so(benchmark, name):
    failed, attempted = doctest.testmod(benchmark(name))
    assert attempted
    assert not failed


def test_a_ratio_is_that_of_the_printed_medians_and_its_spread_that_of_the_rounds(tables):
    ours = tables.Measured([0.0100049, 0.0100049, 0.03])  # printed as 10.0
    theirs = tables.Measured([0.0030049, 0.0050049, 0.0030049])  # printed as 3.00
    ratio, low, high = tables.over(ours, theirs)
    assert ratio == 10.0 / 3.0
    assert (low, high) == (0.0100049 / 0.0050049, 0.03 / 0.0030049)


def test_every_ratio_in_the_table_follows_from_its_own_row(tables):
    rng = np.random.default_rng(0)

    def measured():
        seconds = 10 ** rng.uniform(-4, 1) * rng.uniform(0.9, 1.1, 5)
        loaded = rng.uniform(30, 300)
        return tables.Measured(list(seconds), loaded + rng.uniform(1, 300), loaded, rounds=5)

    names = ["minigan", "minigan_fast", "torch", "jax"]
    works = {f"work {i}": {name: measured() for name in names} for i in range(20)}
    rows = [cells(line) for line in tables.table(works).splitlines()[2:]]
    assert len(rows) == 80
    for i, (_, library, ms, ratio, _, over_fast, _, memory, step, of_memory) in enumerate(rows):
        total, loaded = map(int, memory.split(" - "))
        assert int(step) == total - loaded
        if library != "minigan":
            ours = rows[i - names.index(library)]
            assert ratio == f"{tables.value(ours[2]) / tables.value(ms):.2f}"
            assert of_memory == f"{int(ours[8]) / int(step):.2f}"
        if library != "minigan_fast":
            fast = rows[i - names.index(library) + 1]
            assert over_fast == f"{tables.value(fast[2]) / tables.value(ms):.2f}"


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_round_with_a_stall_is_removed_for_all(tables):
    measured = {
        "minigan": tables.Measured([1.0, 1.6, 1.0, 1.0, 1.1]),
        "torch": tables.Measured([2.0, 2.0, 2.2, 3.4, 2.0]),
    }
    kept = tables.without_stalls(measured)
    assert kept["minigan"].times == [1.0, 1.0, 1.1]
    assert kept["torch"].times == [2.0, 2.2, 2.0]
    assert kept["minigan"].rounds == 5


def test_a_turn_of_exactly_the_limit_is_kept(tables):
    assert tables.kept_rounds([[1.0, 1.0, tables.STALL]]) == [0, 1, 2]


def test_a_stall_in_every_round_is_an_error(tables):
    with pytest.raises(RuntimeError, match="stood still in every round"):
        tables.kept_rounds([[1.0, 9.0, 1.0], [9.0, 1.0, 1.0], [1.0, 1.0, 9.0]])


def test_the_scripts_layers_have_a_table_of_their_own_with_pytorchs_same_time(benchmark):
    names = ["minigan", "minigan_upsample", "before", "before_upsample", "torch"]
    tables = benchmark("measure").split("dcgan", {name: name for name in names})
    assert tables == {
        "dcgan": {"minigan": "minigan", "before": "before", "torch": "torch"},
        "dcgan_upsample": {
            "minigan": "minigan_upsample",
            "before": "before_upsample",
            "torch": "torch",
        },
    }
    assert benchmark("measure").split("tiny", {"torch": 1}) == {"tiny": {"torch": 1}}


def test_the_variables_that_change_numpys_kernel_are_unset_before_numpy_is_loaded(benchmark):
    variables = {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_L2_SIZE": "1"}
    folder = str(Path(benchmark("environment").__file__).parent)
    code = "import sys, os; sys.path.insert(0, {!r}); import {}; print(sorted(os.environ))"
    for module in ("worker", "works_minigan", "works_numpy", "lessons", "measure"):
        done = subprocess.run(
            [sys.executable, "-c", code.format(folder, module)],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "PATH" in done.stdout
        assert not any(name in done.stdout for name in variables)


def test_the_kernel_is_the_one_that_numpy_chooses(benchmark):
    info = pytest.importorskip("threadpoolctl").threadpool_info()
    chosen = [library["architecture"] for library in info if library["user_api"] == "blas"]
    assert chosen
    assert all(f"kernel {name}" in benchmark("environment").blas() for name in chosen)


def test_the_package_at_another_commit_is_what_before_measures(benchmark, monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGAN_BEFORE", "")
    benchmark("measure").export("HEAD", tmp_path)
    assert os.environ["MINIGAN_BEFORE"] == str(tmp_path)
    assert (tmp_path / "minigan" / "__init__.py").exists()


def test_the_middle_half_leaves_out_a_quarter_at_each_end(tables):
    assert tables.middle_half([9.0, 1.0]) == (1.0, 9.0)
    assert tables.middle_half(range(10)) == (2, 7)


def test_the_table_has_the_medians(tables, results):
    assert tables.table(results).splitlines()[2:] == [
        "| `mlp_gan` | minigan | 12.0 |  |  |  | 3 of 4 | 64 - 34 | 30 |  |",
        "| `mlp_gan` | torch | 20.0 | 0.60 | 0.50 to 1.20 |  | 3 of 4 | 300 - 200 | 100 | 0.30 |",
    ]


def test_a_column_of_the_table_is_for_minigan_with_the_extra(tables, results):
    fast = tables.Measured([0.008, 0.020, 0.010], rounds=3)
    results["mlp_gan"]["minigan_fast"] = fast
    rows = [line.split(" | ") for line in tables.table(results).splitlines()[2:]]
    assert [(row[1], row[5].strip()) for row in rows] == [
        ("minigan", "0.83"),
        ("torch", "0.50"),
        ("minigan_fast", ""),
    ]


def test_the_growth_table_has_a_row_for_each_point(tables, results):
    measured = results["mlp_gan"]
    ours = {"minigan": measured["minigan"]}
    lines = tables.growth_table({"batch": {4096: measured}, "width": {0.5: ours}}).splitlines()
    assert lines == [
        "|  | minigan, ms | torch, ms | minigan over torch "
        "| minigan's step, MiB | torch's step, MiB |",
        "|---|---|---|---|---|---|",
        "| batch 4,096 | 12.0 | 20.0 | 0.60 | 30 | 100 |",
        "| width 0.5 | 12.0 |  |  | 30 |  |",
    ]


def test_the_machine_is_named_with_each_version_once(tables, results):
    line = tables.machine(2, [*results.values()] * 2, gpu="a GPU")
    assert line.startswith("a GPU; ")
    assert line.endswith("minigan 0.1; torch 2.9")
    assert line.count("torch") == 1


def test_only_what_is_between_the_markers_is_replaced(tables):
    page = (
        "top\n<!-- a: begin -->\nold\n<!-- a: end -->\nmiddle\n<!-- b: begin -->\n<!-- b: end -->\n"
    )
    new = tables.replace_between(page, "a", "new \\1")
    assert new == page.replace("old", "new \\1")
    assert tables.replace_between(new, "a", "old") == page


@pytest.mark.parametrize(
    "page", ["", "<!-- a: end --> <!-- a: begin -->", "<!-- a: begin --> <!-- a: end -->" * 2]
)
def test_a_page_without_a_place_for_the_table_is_refused(tables, page):
    with pytest.raises(ValueError, match="needs one <!-- a: begin -->"):
        tables.replace_between(page, "a", "new")


def test_both_pictures_are_drawn(benchmark, results, tmp_path):
    pytest.importorskip("matplotlib")
    draw, measured = benchmark("draw"), results["mlp_gan"]
    draw.draw_ratios(tmp_path / "ratios.png", results)
    ours = {"minigan": measured["minigan"]}
    curves = {"batch": {64: measured, 256: measured}, "depth": {0: measured, 4: ours}}
    draw.draw_growth(tmp_path / "growth.png", curves)
    assert (tmp_path / "ratios.png").stat().st_size > 1000
    assert (tmp_path / "growth.png").stat().st_size > 1000


def test_torch_serves_its_compiler_too_unless_that_is_given(benchmark):
    parse, here = benchmark("measure").parse, sys.executable
    given = parse(["--python", f"torch={here}"]).python
    assert given["torch"] == given["torch_compile"] == here
    assert "before" not in parse([]).library
    assert parse(["--before", "HEAD", "--library", "before"]).library == ["minigan", "before"]
    with pytest.raises(SystemExit):
        parse(["--python", "torch=/there/is/no/python"])


def test_a_table_is_not_replaced_by_a_part_of_it(benchmark):
    for part in (["--work", "tiny"], ["--library", "torch"]):
        with pytest.raises(SystemExit):
            benchmark("measure").parse([*part, "--write"])


@pytest.fixture
def workers(benchmark, monkeypatch):
    """Make `measure` use libraries that answer from a list. Returns the steps that they run."""
    turns, ran = benchmark("turns"), []

    class Fake:
        about = {"version": "1", "loaded": 20480}  # noqa: RUF012

        def __init__(self, python, name, work, settings):
            if name == "broken":
                raise turns.WorkerError("it broke")
            self.name = name

        def run(self, n):
            ran.append((self.name, n))
            return (0.1 if self.name == "minigan" else 0.2), 50

        def stop(self):
            ran.append((self.name, "stop"))

    monkeypatch.setattr(turns, "Worker", Fake)
    monkeypatch.setattr(turns, "PAUSE", 0)
    return turns.measure, ran


def test_libraries_take_turns_of_one_length_and_each_comes_first_in_turn(workers, capsys):
    measure, ran = workers
    names = ["minigan", "broken", "torch"]
    measured = measure(dict.fromkeys(names), "tiny", {name: {} for name in names}, rounds=3)
    assert {name: of.times for name, of in measured.items()} == {
        "minigan": [0.1] * 3,
        "torch": [0.2] * 3,
    }
    assert {(of.memory, of.loaded, of.rounds) for of in measured.values()} == {(50, 20, 3)}
    ours, theirs = ("minigan", 5), ("torch", 2)  # 0.5 seconds
    calibration, stop = [("minigan", 3), ("torch", 3)], [("minigan", "stop"), ("torch", "stop")]
    first, second = [ours, theirs, theirs, ours], [ours, theirs]
    assert ran == [*calibration, *first, *stop, *calibration, *second, *stop]
    assert capsys.readouterr().err.count("tiny: broken is left out: it broke") == 2


def test_pytorchs_networks_have_the_same_parameters(benchmark):
    pytest.importorskip("torch")
    ours, theirs = benchmark("works_minigan"), benchmark("works_torch")
    dcgan, networks = benchmark("mnist_dcgan"), benchmark("networks")
    scripts, torch_scripts = networks.dcgan(ours.nn), networks.dcgan(theirs.nn)
    pairs = [
        (ours.generator(0.5, 2), theirs.generator(0.5, 2)),
        (ours.discriminator(0.5, 2), theirs.discriminator(0.5, 2)),
        (dcgan.build_generator(100), torch_scripts[0]),
        (dcgan.build_discriminator(), torch_scripts[1]),
        *zip(scripts, torch_scripts, strict=True),
    ]
    for net, torch_net in pairs:
        shapes = [tuple(p.shape) for p in torch_net.parameters()]
        assert [p.shape for p in net.parameters()] == shapes
