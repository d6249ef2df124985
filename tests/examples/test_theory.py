"""The theory examples run with small settings. Each one asserts its own claims and draws them."""

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def page(name):
    return (DOCS / name).read_text()


POWER = re.compile(r"(?:([\d.]+)·)?10⁻([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")


def numbers(pattern, text):
    """The numbers that a pattern captures, such as 1.6e-07. A page writes 10⁻⁷ and 2·10⁻⁷."""

    def as_number(written):
        if power := POWER.fullmatch(written):
            digits = power[2].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
            return float(f"{power[1] or 1}e-{digits}")
        return float(written)

    found = re.search(pattern, " ".join(text.split()))
    assert found, f"there is no {pattern} in {text}"
    return [as_number(group) for group in found.groups()]


def test_numbers_of_pages_and_programs_are_read():
    assert numbers(r"(\S+), (\S+), (\S+)", "10⁻¹², 2.5·10⁻⁷, 1.6e-07") == [1e-12, 2.5e-7, 1.6e-7]


@pytest.fixture
def run(example, tmp_path, capsys):
    """Run an example's main with flags. Returns what it printed, and the names of its files."""
    pytest.importorskip("matplotlib")

    def run(name, *flags):
        example(name).main(["--out", str(tmp_path), *flags])
        return capsys.readouterr().out, {path.name for path in tmp_path.iterdir()}

    return run


def test_minimax(run):
    out, files = run("theory_minimax")
    assert "after one step x = -1.1, y = 0.1\n" in out and files == {"minimax.png"}
    printed = numbers(r"from 1 to ([\d.]+)", out) + numbers(r"all of them is \((\S+), (\S+)\)", out)
    text = page("theory/10_two_players.md")
    shown = numbers(r"the distance is ([\d.]+)\.", text)
    shown += numbers(r"the mean is \(([\d.]+), ([\d.]+)\)", text)
    assert printed == pytest.approx(shown, abs=0.005)


def test_divergences(run):
    out, files = run("theory_divergences", "--points", "25")
    assert "V(D*, G) = -1.3862943611" in out and files == {"divergences.png"}
    printed = numbers(r"JSD is within (\S+) of log 2, and its slope is under (\S+);", out)
    printed += numbers(r"differs from m by under (\S+) there", out)
    text = page("theory/06_two_losses.md")
    bounds = numbers(r"within (\S+) of log 2, and its slope is under (\S+)\. So", text)
    bounds += numbers(r"differs from m by less than (\S+)\. ", text)
    assert all(bound / 3 < number <= bound for number, bound in zip(printed, bounds, strict=True))


def test_transport(run):
    out, files = run("theory_transport")
    assert files == {"transport.png"}
    found = numbers(r"W = (\S+) .* mean f\(y\) = (\S+)", out)
    (shown,) = numbers(r"W = (\d\.\d+)\. Right", page("theory/07_wasserstein.md"))
    assert found == pytest.approx([shown, shown], abs=0.006)


def test_dirac(run):
    out, files = run("theory_dirac")
    assert files == {"dirac.png"}
    found = numbers(r"outward:.*? end (\S+), and", out)
    found += numbers(r"around .*between from (\S+) to (\S+) at once, with R1", out)
    found += numbers(r"R1.*? at the end (\S+), and", out)
    text = page("theory/10_two_players.md")
    shown = numbers(r"grows to ([\d.]+)\. In turn: it stays from (\S+) to (\S+)\. With", text)
    shown += numbers(r"γ = 0\.3 it falls to ([\d.]+)\. ", text)
    assert found == pytest.approx(shown, abs=0.005)


def test_collapse(run):
    out, files = run("theory_collapse")
    assert files == {"collapse.png"}
    found = numbers(r"second half: \[" + r"(\S+) +" * 5 + r"(\S+?) *\]", out)
    shown = numbers(r"51 to 100 is \(" + r"(\S+), " * 5 + r"(\S+)\)", page("theory/11_collapse.md"))
    assert found == pytest.approx(shown, abs=0.03)


def test_evaluation(run):
    """The medians and ranges of the page are those of the program, up to rounding."""
    out, files = run("evaluation")
    names = "parzen", "inception", "frechet", "precision_and_recall"
    assert files == {f"{name}.png" for name in names}
    text = page("evaluation.md")
    spread = r"(\S+) \((\S+) to (\S+?)\)"
    for name, sentence, tolerance in [
        ("perfect generator", r"own density have (\S+) nats \((\S+) to (\S+)\)", 0.1),
        ("k-means centres", rf"k-means have {spread}", 0.1),
        ("training images", rf"training data score {spread}", 0.1),
        ("Score, data", rf"have a score of {spread}", 0.02),
        ("far outside", rf"as sure as before: {spread}", 0.02),
        ("8 points", rf"each mode scores {spread}", 0.02),
        ("four modes lost", rf"modes have a distance of {spread}", 0.02),
        ("a Gaussian", rf"Gaussian has a distance of {spread}", 0.002),
        ("precision, three of eight modes", rf"have a precision of {spread}", 0.02),
        ("recall, three of eight modes", rf"recall of {spread}", 0.02),
    ]:
        printed = numbers(rf"{name}: {spread}", out)
        assert numbers(sentence, text) == pytest.approx(printed, abs=tolerance), name


def test_saturation(run):
    assert run("theory_saturation")[1] == {"saturation.png"}


@pytest.mark.slow
def test_figure1(run):
    _, files = run("theory_figure1", "--steps", "800", "--seeds", "1")
    assert {"figure1.png", "figure1.gif"} <= files


@pytest.mark.slow
def test_generator_map(run):
    assert run("theory_generator_map", "--steps", "2400", "--seeds", "1")[1] == {
        "generator_map.png"
    }


@pytest.mark.slow
def test_troubles(run):
    out, files = run("theory_troubles", "--steps", "1200", "--seeds", "1")
    assert "GAN, β₁ = 0.5  8\n" in out and files == {"troubles.png"}


def test_checkerboard(run):
    out, files = run("theory_checkerboard", "--samples", "16")
    assert "weights that meet     [[9.0, 6.0], [6.0, 4.0]]" in out and files == {"checkerboard.png"}


def test_mixtures(run, tmp_path, capsys):
    flags = ("--data", "ring", "swiss_roll", "--seeds", "2", "--steps", "3", "--width", "8")
    out, files = run("mixtures_2d", *flags)
    assert "| ring | WGAN-GP | 3, 1 | 2 |" in out and "| ring | PacGAN4 (PacGAN, Table 1) |" in out
    assert "grid" not in out
    assert {"ring-wgan_gp-0.gif", "ring-wgan_gp-0.json", "swiss_roll-gan-1.json"} <= files
    written = (tmp_path / "ring-gan-0.json").stat().st_mtime_ns
    again, _ = run("mixtures_2d", *flags)
    table = out[out.index("| data |") :]
    assert again.endswith(table), "runs that are there are not run again"
    assert (tmp_path / "ring-gan-0.json").stat().st_mtime_ns == written


@pytest.mark.parametrize("flag", ["--steps", "--width", "--batch_size", "--average", "--b1"])
def test_mixtures_do_not_mix_runs_of_other_settings_into_the_table(run, flag):
    flags = ("--data", "ring", "--models", "gan", "--seeds", "1", "--steps", "3", "--width", "8")
    run("mixtures_2d", *flags)
    other = "0.25" if flag in ("--average", "--b1") else "4"
    with pytest.raises(SystemExit, match=rf"ring-gan-0\.json .* with {flag[2:]} .*, not {other}"):
        run("mixtures_2d", *flags, flag, other)


@pytest.mark.parametrize(("flag", "least"), [("--seeds", 1), ("--batch_size", 2)])
def test_mixtures_flags(run, capsys, flag, least):
    with pytest.raises(SystemExit):
        run("mixtures_2d", flag, str(least - 1))
    assert f"{flag} must be at least {least}, not {least - 1}" in capsys.readouterr().err


def test_mixtures_score_the_running_mean_that_is_asked_for(run, example, tmp_path, monkeypatch):
    mixtures_2d, averages = example("mixtures_2d"), []

    class Average(mixtures_2d.optim.AveragedModel):
        def __init__(self, *args):
            super().__init__(*args)
            averages.append(self)

    generate, drawn = mixtures_2d.generate, []
    monkeypatch.setattr(mixtures_2d.optim, "AveragedModel", Average)
    monkeypatch.setattr(mixtures_2d, "generate", lambda G: drawn.append(G) or generate(G))
    flags = (
        "--data",
        "ring",
        "--models",
        "wgan_gp",
        "--seeds",
        "1",
        "--steps",
        "8",
        "--width",
        "8",
    )
    run("mixtures_2d", *flags, "--average", "0.5")
    (average,) = averages
    assert average.n_averaged == 4 and set(map(id, drawn)) == {id(average.module)}
    assert json.loads((tmp_path / "ring-wgan_gp-0.json").read_text())["average"] == 0.5


@pytest.mark.parametrize("flag", ["--average", "--b1"])
def test_mixtures_refuse_a_decay_out_of_range(run, capsys, flag):
    with pytest.raises(SystemExit):
        run("mixtures_2d", flag, "1")
    assert f"{flag} must be at least 0 and less than 1, not 1.0" in capsys.readouterr().err


def test_mixtures_give_b1_to_adam(example):
    for model in ("gan", "wgan_gp"):
        trainer = example("mixtures_2d").build(model, 8, 5e-4, 0.25)
        assert trainer.g_optimizer.betas[0] == 0.25


@pytest.mark.parametrize("name", ["theory_minimax", "mixtures_2d"])
def test_a_place_that_cannot_be_written_ends_the_program_before_any_work(example, tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="cannot write in this folder"):
        example(name).main(["--out", str(tmp_path / "file" / "runs")])
